//! `parlour`: the one binary that a bank runs.

use clap::{Parser, Subcommand};
use parlour::commands;
use std::process::ExitCode;

/// A private room between a customer and a bank, inside the messenger.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Two banks, a sandbox behind each and the gateway, on this machine, to try.
    Demo(commands::demo::Demo),
    /// Run the gateway.
    Serve(commands::serve::Serve),
    /// Check the configuration and say what to mend.
    Check(commands::check::Check),
    /// The access log.
    Log(commands::log::Log),
    /// What banks say about their data: try it, explain it.
    Policy(commands::policy::Policy),
    /// Read the rules of a bank’s fraud analysts, and try them on its past.
    Fraud(commands::fraud::FraudCommand),
    /// What must be kept although its customer wants it erased.
    Hold(commands::hold::Hold),
    /// The people of a bank who may open its console.
    Staff(commands::staff::Staff),
    /// The keys that others need, and how they are replaced.
    Keys(commands::keys::Keys),
    /// Cosign other people's access logs.
    Witness(commands::witness::Witness),
    /// Show what a message is read as, and which of its words mattered.
    Understand(commands::understand::Understand),
    /// Pull a bank out: end the consents of its customers.
    PullOut(commands::pull_out::PullOut),
    /// After a backup was put back: what the database lacks, and how it can be served again.
    Restore(commands::restore::Restore),
}

fn main() -> ExitCode {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("note: another TLS provider was installed before ours");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("error: the system gives no threads: {e}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        match Cli::parse().command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Check(check) => check.run(),
            Command::Log(log) => log.run().await,
            Command::Policy(policy) => policy.run().await,
            Command::Fraud(fraud) => fraud.run().await,
            Command::Hold(hold) => hold.run().await,
            Command::Staff(staff) => staff.run().await,
            Command::Keys(keys) => keys.run().await,
            Command::Witness(witness) => witness.run().await,
            Command::Understand(understand) => understand.run(),
            Command::PullOut(pull_out) => pull_out.run().await,
            Command::Restore(restore) => restore.run().await,
        }
    })
}
