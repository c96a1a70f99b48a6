//! Leaves a failing bank alone for a while.

use jiff::{SignedDuration, Timestamp};

/// Counts failures in a row. Pure: the caller says what happened and when.
#[derive(Debug)]
pub(crate) struct Breaker {
    opens_after: u32,
    stays_open: SignedDuration,
    state: State,
}

#[derive(Debug)]
enum State {
    /// All requests go through; so many failed in a row.
    Closed { failed: u32 },
    /// None goes through before `until`; then one does, to see.
    Open { until: Timestamp },
}

impl Breaker {
    /// Closed.
    pub(crate) fn new(opens_after: u32, stays_open: SignedDuration) -> Self {
        Breaker { opens_after, stays_open, state: State::Closed { failed: 0 } }
    }

    /// Whether a request may go out now; if not, when. The first one after an open time is the probe: the
    /// next must wait another open time unless the probe succeeds, so a probe that is never heard of again
    /// does no harm.
    pub(crate) fn admit(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < until => Err(until),
            State::Open { .. } => {
                self.open(now);
                Ok(())
            }
        }
    }

    /// The bank answered as a working server does.
    pub(crate) fn succeeded(&mut self) {
        self.state = State::Closed { failed: 0 };
    }

    /// The bank failed or gave no answer.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        match self.state {
            State::Closed { failed } if failed + 1 < self.opens_after => {
                self.state = State::Closed { failed: failed + 1 };
            }
            _ => self.open(now),
        }
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    fn open(&mut self, now: Timestamp) {
        self.state = State::Open { until: now.checked_add(self.stays_open).unwrap_or(Timestamp::MAX) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAYS_OPEN: SignedDuration = SignedDuration::from_secs(30);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn opened_at(second: i64) -> Breaker {
        let mut breaker = Breaker::new(3, STAYS_OPEN);
        for _ in 0..3 {
            breaker.failed(at(second));
        }
        breaker
    }

    #[test]
    fn it_opens_at_the_third_failure_in_a_row_and_not_before() {
        let mut breaker = Breaker::new(3, STAYS_OPEN);
        breaker.failed(at(0));
        breaker.failed(at(1));
        assert_eq!(breaker.admit(at(1)), Ok(()));
        breaker.failed(at(2));
        assert_eq!(breaker.admit(at(2)), Err(at(32)));
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let mut breaker = Breaker::new(3, STAYS_OPEN);
        for _ in 0..5 {
            breaker.failed(at(0));
            breaker.failed(at(0));
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(at(0)), Ok(()));
    }

    #[test]
    fn after_the_open_time_one_probe_goes_and_the_next_waits_for_it() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.admit(at(29)), Err(at(30)));
        assert_eq!(breaker.admit(at(30)), Ok(()));
        assert_eq!(breaker.admit(at(30)), Err(at(60)));
    }

    #[test]
    fn a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_again() {
        let mut breaker = opened_at(0);
        breaker.admit(at(30)).unwrap();
        breaker.failed(at(31));
        assert_eq!(breaker.admit(at(60)), Err(at(61)));
        breaker.admit(at(61)).unwrap();
        breaker.succeeded();
        assert_eq!(breaker.admit(at(61)), Ok(()));
        assert!(!breaker.is_open());
    }
}
