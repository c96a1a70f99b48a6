//! The native bank contract: cards and accounts, and what their owner orders. Where the bank has one
//! ([`crate::ConnectorConfig::native`]).
//!
//! Reads give guarded data as the FDX reads do. An order takes a permit for exactly that order and a key of the
//! caller's: the same key may be sent again until the outcome is known, and is carried out once.

mod events;
mod order;
mod reads;
mod wire;

pub use events::{
    BankEvent, MAX_ID as MAX_EVENT_ID, OpenEndpoint, Received, SigningKey, TOLERANCE, Unsigned,
};
pub use order::{Effect, Fact, NotAKey, OrderKey, Outcome};
