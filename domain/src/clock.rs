//! What a rim must offer so that the rest can be told the time.

use jiff::Timestamp;

/// Tells the time. The binary reads the system's clock; tests hold one that they can move.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}
