//! The commands of the binary: each reads its arguments, does one thing and says how it went.

pub mod check;
pub mod demo;
pub mod fraud;
pub mod hold;
pub mod keys;
pub mod log;
pub mod policy;
pub mod pull_out;
pub mod restore;
pub mod serve;
pub mod staff;
pub mod understand;
pub mod witness;

use crate::config::{self, Config, ConfigFault};
use std::{
    io::{ErrorKind, Write},
    path::Path,
    process::ExitCode,
};

/// Reads the configuration, or prints each mistake.
fn config_or_print(path: &Path) -> Result<Config, ExitCode> {
    config::load(path).map_err(|faults| {
        print_faults(&faults);
        ExitCode::FAILURE
    })
}

fn print_faults(faults: &[ConfigFault]) {
    for fault in faults {
        eprintln!("error: {fault}\n");
    }
    let n = faults.len();
    eprintln!("{n} {} to mend. Nothing was started.", if n == 1 { "mistake" } else { "mistakes" });
}

/// Writes lines to standard output. A reader that went away, as `head` does, has what it wanted: that ends well.
fn say(lines: &[String]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let said = lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
    match said {
        Err(fault) if fault.kind() != ErrorKind::BrokenPipe => {
            eprintln!("error: standard output: {fault}");
            ExitCode::FAILURE
        }
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Waits for Ctrl-C or the system's request to stop.
async fn asked_to_stop() {
    let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(term) => term,
        Err(fault) => {
            tracing::warn!(%fault, "requests to stop from the system cannot be heard; Ctrl-C works");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = term.recv() => {} }
}
