//! How fast a conversation may write: a burst, then a steady pace.

use crate::config::Limits;
use domain::ConversationId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};
use std::num::NonZeroU32;

/// After how many conversations the ones that have been quiet are forgotten.
const SWEEP_AT: usize = 10_000;

/// The pace of all conversations of this process.
pub struct Pace {
    limiter: DefaultKeyedRateLimiter<ConversationId>,
    clock: DefaultClock,
}

/// Too many messages in too short a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFast {
    /// Seconds until the next message is taken, at least 1.
    pub retry_after_s: u64,
}

impl Pace {
    /// By the gateway's limits; a limit of 0 counts as 1.
    pub fn new(limits: &Limits) -> Pace {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(limits.messages_per_minute))
            .allow_burst(at_least_one(limits.messages_burst));
        Pace { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Whether one more message is taken from this conversation now.
    pub fn one_more(&self, conversation: &ConversationId) -> Result<(), TooFast> {
        if self.limiter.len() > SWEEP_AT {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(conversation).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            TooFast { retry_after_s: wait.as_secs() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_pace_holds() {
        let limits = Limits { messages_burst: 3, messages_per_minute: 1, ..Limits::default() };
        let pace = Pace::new(&limits);
        let [a, b] = [1, 2].map(|n| ConversationId::new(uuid::Uuid::from_u128(n)));
        let taken = (0..10).filter(|_| pace.one_more(&a).is_ok()).count();
        assert_eq!(taken, 3);
        assert!(pace.one_more(&a).is_err_and(|e| (1..=61).contains(&e.retry_after_s)));
        assert!(pace.one_more(&b).is_ok(), "another conversation is not held up");
    }
}
