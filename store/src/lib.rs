//! The only SQL: SQLite and PostgreSQL, transactions, sealed columns.
//!
//! A use case changes the world in [`Store::transact`], a plain closure over a [`Tx`]: it finds, decides,
//! saves. It reads in [`Store::read`]. When it asks the gate, it does so in [`Store::decide`], which answers
//! only when the decision is durable and has its place in the bank's access log.
//!
//! The modules are the nouns that are stored, one function per statement. Columns that hold personal data
//! are sealed under the customer's own key inside these functions; no caller sees a sealed byte.

mod dialect;
mod error;
mod folding;
mod job;
mod keyring;
mod machine;
mod migrations;
mod open;
mod postgres;
mod record;
mod seal;
mod sequencer;
mod sqlite;
mod tls;
mod tx;
mod value;
mod wake;

pub mod access;
pub mod bank_events;
pub mod bank_tasks;
pub mod browsers;
pub mod card_events;
pub mod consent_events;
pub mod consents;
pub mod conversations;
pub mod customers;
pub mod erasures;
pub mod exports;
pub mod facts;
pub mod figures;
pub mod fraud_alerts;
pub mod fraud_decisions;
pub mod fraud_desk;
pub mod fraud_lifts;
pub mod fraud_rules;
pub mod grants;
pub mod holds;
pub mod keks;
pub mod links;
pub mod messages;
pub mod orders;
pub mod pull_outs;
pub mod sealed_links;
pub mod senders;
pub mod sign_ins;
pub mod staff;
pub mod stops;
pub mod subjects;
pub mod watches;

pub use error::{DbError, OpenError};
pub use keyring::{KekSource, KeyRing};
pub use open::{Location, Options, Scrubbed, Store};
pub use seal::{Kek, KekId, Unsealable};
pub use tx::Tx;
pub use wake::Wake;

/// Everything that belongs to a customer is in one of this many buckets, which is what shards will be cut
/// along. The number is part of the stored data and never changes.
pub const BUCKETS: u16 = 4096;
