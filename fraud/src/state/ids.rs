//! The last so many ids of payments, to know a repeat.

use super::table::FixedMap;
use std::collections::VecDeque;

/// A window over the log: the newest ids, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    order: VecDeque<u64>,
    known: FixedMap<()>,
    limit: usize,
}

impl Ids {
    pub fn new(limit: usize) -> Ids {
        Ids { order: VecDeque::new(), known: FixedMap::default(), limit: limit.max(1) }
    }

    /// True if the id was not in the window; it is now.
    pub fn add(&mut self, id: u64) -> bool {
        if self.known.insert(id, ()).is_some() {
            return false;
        }
        if self.order.len() == self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id);
        true
    }

    /// Looks for the ids of payments that come, and for those that they will push out.
    pub fn warm(&self, coming: &[u64]) -> u32 {
        let oldest = self.order.iter().take(coming.len());
        oldest.chain(coming).map(|id| u32::from(self.known.contains_key(id))).sum()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.order.iter().copied()
    }
}
