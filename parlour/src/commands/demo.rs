//! `parlour demo`: two banks, a sandbox behind each and the gateway, on this machine.

use super::asked_to_stop;
use crate::{
    config::LogFormat,
    demo::{self, DemoConfig, RunningDemo, check},
    rim::SystemClock,
    telemetry,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Two banks, a sandbox behind each and the gateway, on this machine, to try.
#[derive(Args)]
pub struct Demo {
    /// Where everything is kept. Starting again with the same folder goes on where it was.
    #[arg(long, default_value = "parlour-data")]
    data: PathBuf,
    /// The gateway's port; the banks take the two after it.
    #[arg(long, default_value_t = demo::PORT, value_parser = clap::value_parser!(u16).range(1..=65_533))]
    port: u16,
    /// Forget what was there and start over.
    #[arg(long)]
    fresh: bool,
    /// Walk the first journey through real HTTP, say how each step went, and end.
    #[arg(long)]
    check: bool,
}

impl Demo {
    /// Runs it.
    pub async fn run(self) -> ExitCode {
        telemetry::logs(LogFormat::Human);
        telemetry::metrics();
        if self.fresh
            && let Err(why) = forget(&self.data)
        {
            eprintln!("error: {why}");
            return ExitCode::FAILURE;
        }
        let config = DemoConfig {
            data: self.data.clone(),
            port: self.port,
            clock: Arc::new(SystemClock),
            network: !self.check,
        };
        let running = match demo::start(config).await {
            Ok(running) => running,
            Err(fault) => {
                eprintln!("error: {fault}");
                return ExitCode::FAILURE;
            }
        };
        let held = if self.check {
            check::walk(&running).await
        } else {
            print!("{}", table(&running, &self.data));
            asked_to_stop().await;
            println!("\nStopping. Start again with the same command, and everything is as it was.");
            true
        };
        running.stop().await;
        if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Removes a demo's folder; never a folder that is not a demo's.
fn forget(data: &std::path::Path) -> Result<(), String> {
    if !data.exists() {
        return Ok(());
    }
    if !data.join("demo.port").exists() {
        return Err(format!(
            "{} is not a demo's folder, so --fresh does not remove it. Name another with --data.",
            data.display()
        ));
    }
    std::fs::remove_dir_all(data).map_err(|e| format!("{} cannot be removed: {e}", data.display()))
}

/// How the banks' own people get into their consoles.
fn consoles(demo: &RunningDemo) -> String {
    let mut out = String::from(
        "  For the banks' own people, with a passkey. Two officers in two browsers try what needs two:\n",
    );
    for bank in &demo.banks {
        out += &format!("  {:<18} {}console/{}\n", bank.name, demo.gateway_url, bank.id);
        for person in demo.people.iter().filter(|person| person.bank == bank.id) {
            let way = person.link.as_deref().unwrap_or("has a passkey; signs in there");
            out += &format!("    {:<16} {:<13} {way}\n", person.name, person.role.in_words());
        }
    }
    out += "  The links work once and for 15 minutes; start again for new ones.\n\n";
    out
}

fn table(demo: &RunningDemo, data: &std::path::Path) -> String {
    let mut out = String::from("\nParlour is ready.\n\n");
    for bank in &demo.banks {
        out += &format!("  {:<18} {}\n", bank.name, bank.chat);
        out += &format!(
            "  {:<18} {}   sign in there as {} with {}\n\n",
            "  its own site", bank.url, bank.login, bank.password
        );
    }
    out += &consoles(demo);
    out += "  Try  “What’s my balance?”, then the button; “Last transactions”; “What did I spend at the\n";
    out += "       supermarket last week?”; “Where did I shop?” at both banks; “Who looked at my data?”; “Stop”.\n";
    out += "       At Harbour, wait for 45 seconds after linking: somebody tries your card. Answer “no, that wasn't me”.\n";
    out += "       More attacks: “Card network” on the bank's own site.\n\n";
    out += &format!("  Kept in {}. Stop with Ctrl-C.\n", data.display());
    out += &format!(
        "  Check the access log:  parlour log verify --config {}\n\n",
        data.join("parlour.toml").display()
    );
    out
}
