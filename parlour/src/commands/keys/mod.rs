//! `parlour keys …`: the gateway's own keys.

pub mod kek;

use clap::{Args, Subcommand};
use std::process::ExitCode;

/// The gateway's own keys.
#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Wrap every customer's key with a new key, while the gateway runs.
    RotateKek(kek::RotateKek),
}

impl Keys {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        match self.command {
            KeysCommand::RotateKek(rotate) => rotate.run().await,
        }
    }
}
