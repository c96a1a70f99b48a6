//! Asking a bank, and asking again: turns, deadline, repeats within a budget, and the breaker.

use crate::{
    breaker::Breaker,
    config::Limits,
    fault::{BankFault, Interaction},
    random,
};
use domain::{BankId, Clock, backoff};
use jiff::SignedDuration;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};

/// A repeat costs this much of the budget; a first try pays 1 in. So at most a fifth of the traffic to a
/// bank that does badly is repeats.
const REPEAT_COSTS: u32 = 5;
/// The most that the budget holds: ten repeats in a burst.
const BUDGET: u32 = 10 * REPEAT_COSTS;

/// One try that gave nothing.
#[derive(Debug)]
pub(crate) struct Miss {
    /// What it means if it is the last try.
    pub fault: BankFault,
    /// Whether another try may help.
    pub again: Again,
    /// Whether the bank answered as a working server does.
    pub working: bool,
    /// The request.
    pub interaction: Option<Interaction>,
}

/// Whether another try may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// No.
    No,
    /// Yes, after the usual wait.
    Soon,
    /// Yes, after the wait that the bank asks for.
    After(Duration),
}

impl Miss {
    /// The bank works and means what it says: no other try.
    pub(crate) fn last(fault: BankFault) -> Self {
        Miss { fault, again: Again::No, working: true, interaction: None }
    }

    /// The bank did not answer, or not as a working server: another try may help.
    pub(crate) fn down(fault: BankFault) -> Self {
        Miss { fault, again: Again::Soon, working: false, interaction: None }
    }

    /// A refusal of the server itself: 429 or 5xx.
    pub(crate) fn status(status: u16, retry_after: Option<Duration>) -> Self {
        let again = retry_after.map_or(Again::Soon, Again::After);
        if status == 429 {
            let fault = BankFault::TooMany { retry_after, interaction: None };
            return Miss { fault, again, working: true, interaction: None };
        }
        let fault = BankFault::Failing { status, attempts: 0, interaction: None };
        Miss { fault, again, working: false, interaction: None }
    }

    /// A failure of the transport.
    pub(crate) fn transport(error: &reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Miss::down(BankFault::TimedOut { attempts: 0 });
        }
        Miss::down(BankFault::Unreachable { attempts: 0 })
    }

    /// The same, of this request.
    pub(crate) fn of(self, interaction: Interaction) -> Self {
        Miss { interaction: Some(interaction), ..self }
    }
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or doing it twice is as doing it once.
    Yes,
    /// It may already have been done.
    No,
}

/// When a question must be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub(crate) fn within(time: Duration) -> Self {
        Deadline(Instant::now() + time)
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Waits, unless the deadline comes first.
    pub(crate) async fn wait(self, time: Duration) -> bool {
        if time >= self.left() {
            return false;
        }
        tokio::time::sleep(time).await;
        true
    }

    /// The value, unless the deadline comes first.
    pub(crate) async fn hold<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0, work).await.ok()
    }
}

/// All requests to one bank pass here.
pub(crate) struct Attempts {
    bank: BankId,
    limits: Limits,
    clock: Arc<dyn Clock>,
    breaker: Mutex<Breaker>,
    budget: Mutex<u32>,
    turns: Semaphore,
}

impl Attempts {
    pub(crate) fn new(bank: BankId, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let stays_open = SignedDuration::try_from(limits.stays_open).unwrap_or(SignedDuration::MAX);
        Attempts {
            breaker: Mutex::new(Breaker::new(limits.opens_after.max(1), stays_open)),
            budget: Mutex::new(BUDGET),
            turns: Semaphore::new(limits.at_once.max(1)),
            bank,
            limits,
            clock,
        }
    }

    /// Tries until it works, another try cannot help, or the attempts, the budget or the time are used up.
    pub(crate) async fn run<T, F, W>(
        &self,
        what: &'static str,
        deadline: Deadline,
        repeat: Repeat,
        attempt: F,
    ) -> Result<T, BankFault>
    where
        F: Fn() -> W,
        W: Future<Output = Result<T, Miss>>,
    {
        let began = Instant::now();
        self.pay_in();
        let mut made = 0;
        let answer = loop {
            let miss = match self.once(deadline, &attempt).await {
                Ok(value) => break Ok(value),
                Err(miss) => miss,
            };
            made += 1;
            let again = repeat == Repeat::Yes && made < self.limits.attempts && miss.again != Again::No;
            if !again || !self.pay_out() || !deadline.wait(self.wait(made, miss.again)).await {
                break Err(miss.fault.of(made, miss.interaction));
            }
            metrics::counter!("parlour_bank_repeats_total", "bank" => self.bank.to_string(), "call" => what)
                .increment(1);
        };
        self.count(what, began, &answer);
        answer
    }

    async fn once<T, F, W>(&self, deadline: Deadline, attempt: &F) -> Result<T, Miss>
    where
        F: Fn() -> W,
        W: Future<Output = Result<T, Miss>>,
    {
        let busy = || Miss::last(BankFault::Busy { at_once: self.limits.at_once });
        let turn = deadline.hold(self.turns.acquire()).await.ok_or_else(busy)?;
        let _turn = turn.map_err(|_| busy())?;
        self.admit()?;
        let answer = match deadline.hold(attempt()).await {
            Some(answer) => answer,
            None => Err(Miss { again: Again::No, ..Miss::down(BankFault::TimedOut { attempts: 0 }) }),
        };
        self.learn(!matches!(&answer, Err(miss) if !miss.working));
        answer
    }

    fn admit(&self) -> Result<(), Miss> {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.admit(self.clock.now()).map_err(|until| Miss::last(BankFault::CircuitOpen { until }))
    }

    fn learn(&self, working: bool) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let was_open = breaker.is_open();
        if working {
            breaker.succeeded()
        } else {
            breaker.failed(self.clock.now())
        }
        let open = breaker.is_open();
        drop(breaker);
        if open != was_open {
            tracing::warn!(bank = %self.bank, open, "the circuit to the bank changed");
            let level = if open { 1.0 } else { 0.0 };
            metrics::gauge!("parlour_bank_circuit_open", "bank" => self.bank.to_string()).set(level);
        }
    }

    fn wait(&self, made: u32, again: Again) -> Duration {
        if let Again::After(asked) = again {
            return asked;
        }
        let long = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let now = self.clock.now();
        let (first, longest) = (long(self.limits.first_wait), long(self.limits.longest_wait));
        let next = backoff::next_try(made, now, first, longest, random::jitter());
        next.duration_since(now).try_into().unwrap_or(self.limits.longest_wait)
    }

    fn pay_in(&self) {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        *budget = (*budget + 1).min(BUDGET);
    }

    fn pay_out(&self) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let left = budget.checked_sub(REPEAT_COSTS);
        *budget = left.unwrap_or(*budget);
        left.is_some()
    }

    fn count<T>(&self, what: &'static str, began: Instant, answer: &Result<T, BankFault>) {
        let outcome = answer.as_ref().err().map_or("ok", BankFault::kind);
        let bank = self.bank.to_string();
        metrics::counter!("parlour_bank_calls_total", "bank" => bank.clone(), "call" => what, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("parlour_bank_call_seconds", "bank" => bank, "call" => what)
            .record(began.elapsed().as_secs_f64());
        if let Err(fault) = answer {
            let interaction = fault.interaction().map(|i| i.to_string());
            tracing::warn!(bank = %self.bank, call = what, outcome, interaction, "the bank gave nothing: {fault}");
        }
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("bank", &self.bank)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Debug)]
    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn attempts(limits: Limits) -> Attempts {
        let limits = Limits { first_wait: Duration::from_millis(1), ..limits };
        Attempts::new("harbour".parse().unwrap(), limits, Arc::new(Still))
    }

    fn soon() -> Deadline {
        Deadline::within(Duration::from_secs(20))
    }

    async fn failing(attempts: &Attempts, repeat: Repeat, miss: fn() -> Miss) -> (BankFault, u32) {
        let tried = AtomicU32::new(0);
        let attempt = || async {
            tried.fetch_add(1, Ordering::Relaxed);
            Err::<(), Miss>(miss())
        };
        let fault = attempts.run("test", soon(), repeat, attempt).await.unwrap_err();
        (fault, tried.into_inner())
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_not_done_again() {
        let attempts = attempts(Limits::default());
        let down = || Miss::down(BankFault::TimedOut { attempts: 0 });
        assert_eq!(failing(&attempts, Repeat::No, down).await, (BankFault::TimedOut { attempts: 1 }, 1));
        assert_eq!(failing(&attempts, Repeat::Yes, down).await, (BankFault::TimedOut { attempts: 3 }, 3));
    }

    #[tokio::test]
    async fn a_refusal_is_not_asked_again() {
        let attempts = attempts(Limits::default());
        let refused = || Miss::last(BankFault::ConsentEnded);
        assert_eq!(failing(&attempts, Repeat::Yes, refused).await, (BankFault::ConsentEnded, 1));
    }

    #[tokio::test]
    async fn who_does_not_get_a_turn_in_time_is_told_so_and_asks_nothing() {
        let attempts = attempts(Limits { at_once: 1, ..Limits::default() });
        let _taken = attempts.turns.acquire().await.unwrap();
        let sent = AtomicU32::new(0);
        let send = || async { Ok::<_, Miss>(sent.fetch_add(1, Ordering::Relaxed)) };
        let deadline = Deadline::within(Duration::from_millis(1));
        let answer = attempts.run("test", deadline, Repeat::Yes, send).await;
        assert_eq!((answer, sent.into_inner()), (Err(BankFault::Busy { at_once: 1 }), 0));
    }

    #[test]
    fn the_bank_s_own_wait_goes_before_ours() {
        let attempts = attempts(Limits::default());
        let hour = Duration::from_secs(3_600);
        assert_eq!(attempts.wait(1, Again::After(hour)), hour);
        for made in 1..60 {
            assert!(attempts.wait(made, Again::Soon) <= Limits::default().longest_wait);
        }
    }

    #[test]
    fn the_budget_holds_ten_repeats_and_five_first_tries_pay_for_one() {
        let attempts = attempts(Limits::default());
        assert_eq!((0..20).filter(|_| attempts.pay_out()).count(), 10);
        (0..4).for_each(|_| attempts.pay_in());
        assert!(!attempts.pay_out());
        attempts.pay_in();
        assert!(attempts.pay_out() && !attempts.pay_out());
    }
}
