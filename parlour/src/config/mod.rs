//! What an operator writes: one `parlour.toml` for the gateway and one file per bank in `banks/`.
//!
//! Every mistake is told with its file, line and remedy, and all of a file's mistakes at once where that
//! is possible. An unknown key is a mistake.

pub mod bank;
pub mod fault;
pub mod fraud;
pub mod gateway;
mod help;
pub mod look;
pub mod no;
mod roots;
mod terms;
pub mod understanding;

pub use bank::BankFile;
pub use fault::ConfigFault;
pub use fraud::Fraud;
pub use gateway::{Config, Limits, LogFormat, WitnessAddress, Witnesses};
pub use look::Look;
pub use understanding::{Understanding, Weights};

use std::path::Path;

/// Reads `parlour.toml` and the files of all banks that it names.
pub fn load(path: &Path) -> Result<Config, Vec<ConfigFault>> {
    gateway::load(path)
}
