//! What banks say about their data, while the gateway runs: the rules in force, how they are renewed, tested,
//! proved, kept and explained.

pub mod explain;
pub mod in_force;
pub mod kept;
pub mod proof;
pub mod reload;
pub mod situation;
pub mod table;

pub use in_force::{InForce, Narrowing, PolicyState, PolicyTrouble};
pub use proof::{ProofRecord, Theorem};

/// A digest in hexadecimal, as files and log entries write it.
pub fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
