//! Bells: they wake the streams of a conversation when something new is stored, and say whether an
//! answer is being written. They carry no message; the store is the truth.

use domain::ConversationId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::watch;

/// The last ring of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ring {
    /// Goes up by one with each ring.
    pub count: u64,
    /// Whether an answer is being written.
    pub typing: bool,
}

/// One bell per conversation that somebody listens to.
#[derive(Debug, Default)]
pub struct Bells {
    bells: Mutex<Hung>,
}

/// The bells, and at how many of them to take down those that nobody hears any more.
#[derive(Debug, Default)]
struct Hung {
    by: HashMap<ConversationId, watch::Sender<Ring>>,
    sweep_at: usize,
}

/// Below this many bells it is not worth looking for idle ones.
const SWEEP_FROM: usize = 64;

impl Bells {
    /// Listens to a conversation.
    pub fn subscribe(&self, conversation: &ConversationId) -> watch::Receiver<Ring> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        if bells.by.len() >= bells.sweep_at {
            bells.by.retain(|_, bell| bell.receiver_count() > 0);
            bells.sweep_at = (bells.by.len() * 2).max(SWEEP_FROM);
        }
        bells.by.entry(conversation.clone()).or_insert_with(|| watch::channel(Ring::default()).0).subscribe()
    }

    /// Something new is stored.
    pub fn ring(&self, conversation: &ConversationId) {
        self.change(conversation, |ring| ring.count += 1);
    }

    /// An answer is being written, or no longer.
    pub fn typing(&self, conversation: &ConversationId, typing: bool) {
        self.change(conversation, |ring| ring.typing = typing);
    }

    fn change(&self, conversation: &ConversationId, change: impl FnOnce(&mut Ring)) {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.by.get(conversation) {
            bell.send_modify(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_reaches_who_listens_and_nobody_else() {
        let bells = Bells::default();
        let [a, b] = [1, 2].map(|n| ConversationId::new(uuid::Uuid::from_u128(n)));
        let (mut hears_a, mut hears_b) = (bells.subscribe(&a), bells.subscribe(&b));
        bells.ring(&a);
        assert!(hears_a.has_changed().unwrap() && !hears_b.has_changed().unwrap());
        bells.typing(&b, true);
        assert!(hears_b.borrow_and_update().typing && !hears_a.borrow_and_update().typing);
    }

    #[test]
    fn a_bell_that_nobody_hears_is_taken_down() {
        let bells = Bells::default();
        for n in 0..10_000 {
            drop(bells.subscribe(&ConversationId::new(uuid::Uuid::from_u128(n))));
        }
        assert!(bells.bells.lock().unwrap().by.len() <= SWEEP_FROM);
    }
}
