//! The bank's time. One clock drives the authorization server, the proofs and the ledger.

use std::{fmt::Debug, panic::AssertUnwindSafe, sync::Arc, time::SystemTime};

use jiff::Timestamp;

/// Tells the bank the time. Tests hold one that they can move.
pub trait BankClock: Send + Sync + Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock: the only place of this crate that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl BankClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock enters the bank")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The bank's clock in the form that the libraries below it ask for.
#[derive(Debug, Clone)]
pub(crate) struct SharedClock(Arc<AssertUnwindSafe<Arc<dyn BankClock>>>);

impl SharedClock {
    pub(crate) fn new(clock: Arc<dyn BankClock>) -> Self {
        Self(Arc::new(AssertUnwindSafe(clock)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl oauth_as::server::Clock for SharedClock {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.now())
    }
}

impl huskarl_resource_server::core::time::Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}
