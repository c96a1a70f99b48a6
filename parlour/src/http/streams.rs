//! How many streams are open: for each conversation, and in all.

use super::problem::{Kind, Problem};
use domain::ConversationId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Seconds after which it is worth trying again: tabs close, and a browser that left is noticed by then.
const AGAIN_AFTER_S: u64 = 15;

/// The open streams of this process.
#[derive(Debug)]
pub struct Streams {
    open: Mutex<HashMap<ConversationId, u32>>,
    each: u32,
    all: u32,
}

/// One open stream. It is counted until this is dropped.
#[derive(Debug)]
pub struct Open {
    streams: Arc<Streams>,
    conversation: ConversationId,
}

impl Streams {
    /// At most `each` for a conversation, and `all` in all.
    pub fn new(each: u32, all: u32) -> Streams {
        Streams { open: Mutex::default(), each, all }
    }

    /// Opens one more.
    pub fn open(self: &Arc<Self>, conversation: &ConversationId) -> Result<Open, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (mine, all) = (open.get(conversation).copied().unwrap_or(0), open.values().sum::<u32>());
        if mine >= self.each {
            let detail = format!("This conversation is open in {mine} windows; {} are served.", self.each);
            return Err(Kind::TooManyStreams.because(detail).after(AGAIN_AFTER_S));
        }
        if all >= self.all {
            let detail = format!("All {} streams of this gateway are taken.", self.all);
            return Err(Kind::TooManyStreams.because(detail).after(AGAIN_AFTER_S));
        }
        open.insert(conversation.clone(), mine + 1);
        Ok(Open { streams: self.clone(), conversation: conversation.clone() })
    }

    /// How many are open now.
    pub fn count(&self) -> u32 {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = open.get_mut(&self.conversation) {
            *mine -= 1;
            if *mine == 0 {
                open.remove(&self.conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_has_so_many_windows_and_a_closed_one_makes_room() {
        let streams = Arc::new(Streams::new(2, 3));
        let [a, b] = [1, 2].map(|n| ConversationId::new(uuid::Uuid::from_u128(n)));
        let first = streams.open(&a).unwrap();
        let _second = streams.open(&a).unwrap();
        assert_eq!(streams.open(&a).unwrap_err().kind, Kind::TooManyStreams);
        let _other = streams.open(&b).unwrap();
        assert!(streams.open(&b).is_err(), "all streams of the process are taken");
        drop(first);
        assert!(streams.open(&a).is_ok());
        assert_eq!(streams.count(), 2);
    }
}
