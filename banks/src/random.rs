//! The one place of this crate that asks the system for random bytes.

use uuid::Uuid;

/// Why nothing random can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// Random bytes.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that makes random bytes")]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A random number in 0..=1, to spread retries. Without randomness 0.5: a retry is still well spread
/// over processes that started at different times.
pub(crate) fn jitter() -> f64 {
    bytes().map_or(0.5, |b| f64::from(u32::from_le_bytes(b)) / f64::from(u32::MAX))
}

/// A random UUID (version 4) for an interaction with a bank.
pub(crate) fn uuid() -> Uuid {
    uuid::Builder::from_random_bytes(bytes().unwrap_or_default()).into_uuid()
}
