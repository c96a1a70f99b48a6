//! Who is woken after a commit, so that nobody has to ask the database in a tight loop.
//!
//! A ring says only that it is worth looking. It reaches this process alone, and it may come for nothing:
//! whoever waits also looks now and then on their own.

use domain::ConversationId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::watch;

/// What a transaction has changed that somebody may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ring {
    /// A customer's message waits for a worker.
    Inbound,
    /// A conversation has new messages, in either direction.
    Messages(ConversationId),
    /// A task for a bank is due.
    Tasks,
    /// A bank said that something has happened.
    BankEvents,
    /// Entries were numbered.
    Log,
    /// A bank said No to something in the console, or said it no longer.
    Stops,
}

/// The bells of a store. Each receiver's number only counts the rings; wait with `changed()`.
#[derive(Debug)]
pub struct Wake {
    inbound: watch::Sender<u64>,
    tasks: watch::Sender<u64>,
    bank_events: watch::Sender<u64>,
    log: watch::Sender<u64>,
    stops: watch::Sender<u64>,
    conversations: Mutex<HashMap<ConversationId, watch::Sender<u64>>>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Wake {
            inbound: watch::Sender::new(0),
            tasks: watch::Sender::new(0),
            bank_events: watch::Sender::new(0),
            log: watch::Sender::new(0),
            stops: watch::Sender::new(0),
            conversations: Mutex::default(),
        }
    }

    /// Rings when a customer's message waits for a worker.
    pub fn inbound(&self) -> watch::Receiver<u64> {
        self.inbound.subscribe()
    }

    /// Rings when a task for a bank was added.
    pub fn tasks(&self) -> watch::Receiver<u64> {
        self.tasks.subscribe()
    }

    /// Rings when a bank said that something has happened.
    pub fn bank_events(&self) -> watch::Receiver<u64> {
        self.bank_events.subscribe()
    }

    /// Rings when entries of the access log were numbered.
    pub fn log(&self) -> watch::Receiver<u64> {
        self.log.subscribe()
    }

    /// Rings when a bank changed what it says No to in the console.
    pub fn stops(&self) -> watch::Receiver<u64> {
        self.stops.subscribe()
    }

    /// Rings when this conversation has new messages.
    pub fn messages_of(&self, conversation: &ConversationId) -> watch::Receiver<u64> {
        let mut bells = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|_, bell| bell.receiver_count() > 0);
        bells.entry(conversation.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(crate) fn ring_all(&self, rings: Vec<Ring>) {
        for ring in rings {
            let count = |n: &mut u64| *n = n.wrapping_add(1);
            match ring {
                Ring::Inbound => self.inbound.send_modify(count),
                Ring::Tasks => self.tasks.send_modify(count),
                Ring::BankEvents => self.bank_events.send_modify(count),
                Ring::Log => self.log.send_modify(count),
                Ring::Stops => self.stops.send_modify(count),
                Ring::Messages(conversation) => {
                    let bells = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(bell) = bells.get(&conversation) {
                        bell.send_modify(count);
                    }
                }
            }
        }
    }
}
