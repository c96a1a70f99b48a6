//! Where the outside comes in: the system's clock and the system's random numbers. Nothing else in this
//! crate asks for either.

use domain::Clock;
use jiff::Timestamp;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the gateway reads the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// `N` random bytes from the operating system.
#[expect(clippy::disallowed_methods, reason = "the one place where the gateway asks for random bytes")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes, or nothing here is safe");
    bytes
}

/// A UUIDv7 of the given moment.
pub fn uuid(now: Timestamp) -> uuid::Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid()
}

/// A random number in 0..1, for spreading retries.
pub fn jitter() -> f64 {
    f64::from(u32::from_le_bytes(random())) / f64::from(u32::MAX)
}
