//! `parlour keys`: what keys there are, and how one is replaced by another.

pub mod kek;
mod log;

use super::config_or_print;
use crate::{config::Config, keys::Keys as KeyFolder, logs::log_origin};
use clap::{Args, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// The gateway's keys.
#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Wrap every customer's key with a new key, while the gateway runs.
    RotateKek(kek::RotateKek),
    /// Tell the public half of each key that others need.
    List(List),
    /// Sign a bank's access log with a new key from now on.
    RotateLog(log::RotateLog),
}

/// Which gateway.
#[derive(Args)]
pub struct List {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
}

impl Keys {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let done = match self.command {
            KeysCommand::List(list) => {
                config_or_print(&list.config).map(|config| print_all(&config).map_err(Into::into))
            }
            KeysCommand::RotateKek(rotate) => return rotate.run().await,
            KeysCommand::RotateLog(rotate) => rotate.run(),
        };
        match done {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(fault)) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
            Err(code) => code,
        }
    }
}

/// What went wrong, in words.
type Fault = Box<dyn std::error::Error>;

fn print_all(config: &Config) -> Result<(), crate::keys::KeyFault> {
    let keys = KeyFolder::open(config.data.join("keys"))?;
    for bank in config.banks.iter().map(|bank| &bank.id) {
        println!("{bank}: the access log {}", log_origin(&config.public_url, bank));
        match keys.log_if_there(bank)? {
            Some(ring) => log::print(&ring),
            None => println!("  no key yet; the first start makes one"),
        }
    }
    Ok(())
}
