//! Who was erased, as every process knows it: their sessions open nothing any more.

use domain::{BankId, CustomerId};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError, RwLock},
};
use store::{DbError, Store, erasures};

/// How far back is looked again each time, for what another process with another clock has written meanwhile.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// How many are read at once.
const PAGE: u32 = 10_000;

/// The erased, some 100 bytes each.
#[derive(Debug, Default)]
pub struct Forgotten {
    who: RwLock<HashSet<(BankId, CustomerId)>>,
    upto: Mutex<Option<Timestamp>>,
}

impl Forgotten {
    /// Whether somebody was erased.
    pub fn contains(&self, bank: &BankId, customer: &CustomerId) -> bool {
        let who = self.who.read().unwrap_or_else(PoisonError::into_inner);
        !who.is_empty() && who.contains(&(bank.clone(), customer.clone()))
    }

    /// Somebody was.
    pub fn add(&self, bank: &BankId, customer: &CustomerId) {
        let mut who = self.who.write().unwrap_or_else(PoisonError::into_inner);
        who.insert((bank.clone(), customer.clone()));
    }

    /// Learns whom other processes have erased.
    pub async fn refresh(&self, store: &Store) -> Result<(), DbError> {
        let upto = *self.upto.lock().unwrap_or_else(PoisonError::into_inner);
        let mut from = upto.map_or(Timestamp::UNIX_EPOCH, |at| at.checked_sub(OVERLAP).unwrap_or(at));
        loop {
            let found = store.read(move |tx| erasures::carried_out_since(tx, from, PAGE)).await?;
            for (bank, customer, _) in &found {
                self.add(bank, customer);
            }
            let last = found.last().map(|(.., at)| *at);
            *self.upto.lock().unwrap_or_else(PoisonError::into_inner) = last.or(upto);
            match last {
                Some(at) if found.len() == PAGE as usize && at > from => from = at,
                _ => return Ok(()),
            }
        }
    }
}
