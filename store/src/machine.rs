//! The system's clock and random numbers: the only place of this crate that asks for them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Random bytes for keys, nonces and the marks of commits.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that takes random bytes")]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes; `check` asked it at start");
    bytes
}

/// Whether the system gives random bytes at all. Asked once, when a store is opened.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that takes random bytes")]
pub(crate) fn check() -> Result<(), std::io::Error> {
    getrandom::fill(&mut [0; 1]).map_err(std::io::Error::other)
}

/// Microseconds since 1970 for the store's own marks (when a migration ran, how old a mark of a commit is).
/// Never for anything that a use case sees: a test that moves the time must not make these marks look old.
#[expect(clippy::disallowed_methods, reason = "the age of the store's own marks is not domain time")]
pub(crate) fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
