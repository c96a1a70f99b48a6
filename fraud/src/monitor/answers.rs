//! What customers answered, and how soon.

use crate::share::Count;
use serde::{Deserialize, Serialize};

/// Upper ends of the steps in which answer times are counted, in seconds. Longer ones fall into a last step.
pub const ANSWER_TIMES: [u32; 10] = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400];

/// Answers to alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answers {
    /// "No, that was not me."
    pub no: u64,
    /// "Yes, that was me."
    pub yes: u64,
    /// Alerts that ended without an answer.
    pub unanswered: u64,
    times: [u64; ANSWER_TIMES.len() + 1],
}

impl Answers {
    /// Counts an answer and the seconds from the alert to it.
    pub fn add(&mut self, not_me: bool, after: u32) {
        if not_me {
            self.no += 1;
        } else {
            self.yes += 1;
        }
        let step = ANSWER_TIMES.partition_point(|end| *end < after);
        if let Some(count) = self.times.get_mut(step) {
            *count += 1;
        }
    }

    /// Adds what somebody else counted.
    pub fn merge(&mut self, other: &Answers) {
        self.no += other.no;
        self.yes += other.yes;
        self.unanswered += other.unanswered;
        self.times.iter_mut().zip(&other.times).for_each(|(one, other)| *one += other);
    }

    /// Answers that were NO, of all: the precision of what customers were asked about.
    pub fn given(&self) -> Count {
        Count { of: self.no, all: self.no + self.yes }
    }

    /// Seconds within which this share of the answers came, as the end of their step; none without answers, or when it was more than a
    /// day.
    pub fn within(&self, share: f64) -> Option<u32> {
        let all: u64 = self.times.iter().sum();
        let mut so_far = 0;
        let step = self.times.iter().position(|count| {
            so_far += count;
            all > 0 && so_far as f64 >= share * all as f64
        })?;
        ANSWER_TIMES.get(step).copied()
    }
}
