//! `parlour-verify`: checks a log, its growth, a receipt or evidence. It believes the keys that it is given
//! on the command line, and nothing else; it has nothing of the gateway in it.
//!
//! It ends with 0 when all holds, 1 when something does not, 2 when it could not check: a wrong command, a
//! file that is not there, a host that does not answer.

mod bundle;
mod consistency;
mod fault;
mod input;
mod log;
mod place;
mod receipt;

use clap::{Args, Parser, Subcommand};
use fault::Fault;
use std::process::ExitCode;

/// Checks access logs of c2sp.org/tlog-tiles, receipts and evidence.
#[derive(Parser)]
#[command(name = "parlour-verify", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a whole log: every entry, every tile, the signature.
    Log(log::Log),
    /// Check that a log has only grown since a checkpoint that you kept.
    Consistency(consistency::Consistency),
    /// Check a receipt, offline, and tell what it says.
    Receipt(receipt::Receipt),
    /// Check evidence, offline, and tell what it shows.
    Bundle(bundle::Bundle),
}

/// Whom to believe.
#[derive(Args)]
struct Keys {
    /// A verifier key of the log: name+id+key. Several if it had several over time.
    #[arg(long = "key", required = true, value_name = "VKEY")]
    keys: Vec<String>,
    /// A verifier key of a witness. May be given several times.
    #[arg(long = "witness", value_name = "VKEY")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have signed; all of them if not said.
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
}

impl Keys {
    fn trust(&self) -> Result<access_log::Trust, Fault> {
        let quorum = self.quorum.unwrap_or(self.witnesses.len());
        Ok(access_log::Trust::new(&self.keys, &self.witnesses, quorum)?)
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Log(log) => log.check(),
        Command::Consistency(consistency) => consistency.check(),
        Command::Receipt(receipt) => receipt.check(),
        Command::Bundle(bundle) => bundle.check(),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{}: {fault}", if fault.is_wrong() { "WRONG" } else { "not checked" });
            ExitCode::from(if fault.is_wrong() { 1 } else { 2 })
        }
    }
}
