//! When to try again.

use jiff::{SignedDuration, Timestamp};

/// When attempt `attempt` (1 = the first one failed) may be repeated: the step doubles from `first` up to
/// `longest`; `jitter` in 0..=1 takes up to half of it away, so that many do not come back at once.
pub fn next_try(
    attempt: u32,
    now: Timestamp,
    first: SignedDuration,
    longest: SignedDuration,
    jitter: f64,
) -> Timestamp {
    let doubled = first.as_millis().saturating_mul(1i128 << attempt.saturating_sub(1).min(40));
    let step = doubled.min(longest.as_millis()).max(0) as f64;
    let wait = step - step / 2.0 * jitter.clamp(0.0, 1.0);
    now.checked_add(SignedDuration::from_millis(wait as i64)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
            attempt in 1u32..1000, jitter in 0.0f64..=1.0
        ) {
            let (first, longest) = (SignedDuration::from_secs(1), SignedDuration::from_secs(300));
            let at = next_try(attempt, Timestamp::UNIX_EPOCH, first, longest, jitter);
            let waited = at.duration_since(Timestamp::UNIX_EPOCH);
            prop_assert!(waited <= longest && waited >= first / 2);
        }
    }
}
