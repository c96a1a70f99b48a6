//! `parlour restore`: after a backup was put back, says what the database lacks, and makes it fit to be served.

use super::config_or_print;
use crate::{
    rim::SystemClock,
    serve::{self, Restored},
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// After a backup was put back: say what the database does not know, and with --confirm make it fit to be served.
#[derive(Args)]
pub struct Restore {
    /// The gateway's file. No gateway may run on it.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// Yes, this database comes from a backup. Ends every consent of the banks of which consents changed after it,
    /// tells those banks, and signs all staff out.
    #[arg(long)]
    confirm: bool,
}

impl Restore {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match serve::restore(config, Arc::new(SystemClock), self.confirm).await {
            Ok(restored) => {
                self.tell(&restored);
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    fn tell(&self, restored: &Restored) {
        match (restored.behind.is_empty(), self.confirm) {
            (true, false) => println!("The database knows everything that its logs have published."),
            (true, true) => println!("The database knew everything that its logs have published."),
            (false, _) => println!("The database is older than its logs:"),
        }
        for behind in &restored.behind {
            println!("  {behind}");
        }
        let in_doubt = restored.behind.iter().any(|behind| behind.changes > 0);
        match (restored.behind.is_empty(), in_doubt, self.confirm) {
            (false, true, true) => {
                println!("The consents of these banks were ended; the gateway tells the banks when it runs.")
            }
            (false, false, true) => println!("No consent had changed since. The entries were taken back."),
            (false, true, false) => println!(
                "With --confirm every consent of these banks ends, since nobody can tell which was withdrawn."
            ),
            (false, false, false) => {
                println!("No consent has changed since. With --confirm the entries are taken back.")
            }
            (true, ..) => {}
        }
        if self.confirm {
            println!("{} sign-ins of staff were ended.", restored.signed_out);
        }
        println!("\nThe log does not tell of what follows. Compare it with what you know, and put it right:");
        for person in &restored.people {
            println!(
                "  {} {}: {} ({}), {}",
                person.bank,
                person.id,
                person.name,
                person.role.in_words(),
                person.state
            );
        }
        for stop in &restored.stops {
            println!("  {} says No to {} from its console", stop.bank, stop.what);
        }
        for out in &restored.pulled_out {
            println!("  {} has pulled out since {}, ordered by {}", out.bank, out.at, out.by);
        }
        println!(
            "A person who was removed since is here again: `parlour staff remove`. A No that was said since is not: say it"
        );
        println!("again on the console, or with `parlour pull-out`. docs/keys.md has the whole list.");
    }
}
