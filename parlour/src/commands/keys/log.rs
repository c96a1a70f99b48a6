//! `parlour keys rotate-log`: the handover from one key of a log to the next.

use super::Fault;
use crate::{
    commands::config_or_print,
    config::Config,
    keys::Keys as KeyFolder,
    log_ring::LogRing,
    logs::log_folder,
    rim::{self, SystemClock},
};
use access_log::Trust;
use clap::Args;
use domain::{BankId, Clock};
use std::{path::PathBuf, process::ExitCode};

/// Which log, and how.
#[derive(Args)]
pub struct RotateLog {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank whose log it is.
    #[arg(long)]
    bank: BankId,
    /// The present key was stolen: it signs nothing more. Otherwise it signs beside the new one for 35 days.
    #[arg(long)]
    at_once: bool,
}

impl RotateLog {
    /// Runs it. The inner result is how it went, the outer one whether the configuration could be read.
    pub fn run(self) -> Result<Result<(), Fault>, ExitCode> {
        config_or_print(&self.config).map(|config| self.rotate(&config))
    }

    fn rotate(&self, config: &Config) -> Result<(), Fault> {
        let bank = &self.bank;
        if !config.banks.iter().any(|known| known.id == *bank) {
            return Err(format!("{bank} is no bank of {}", config.file.display()).into());
        }
        let keys = KeyFolder::open(config.data.join("keys"))?;
        let ring = keys.log_if_there(bank)?;
        let ring = ring.ok_or("this log has no key yet; the first start makes one")?;
        let trust = Trust::new(&ring.verifier_keys(), &[], 0)?;
        let size = access_log::published(log_folder(&config.data, bank).as_path(), &trust)?.size;
        let ring = keys.change_log(bank, |ring| -> Result<(), Fault> {
            Ok(ring.rotate(rim::random(), size, SystemClock.now(), self.at_once)?)
        })??;
        println!("The access log of {bank} has a new key, from size {size} on:\n");
        print(&ring);
        println!(
            "\nA gateway that runs signs with it within seconds. Publish the new verifier key where people find it \
             apart from the log, and give it to your witnesses."
        );
        if self.at_once {
            println!(
                "Say in public that the old key was stolen, and from when on: whoever knows only the old key still \
                 believes what a thief signs with it."
            );
        }
        Ok(())
    }
}

/// Prints the public halves, the oldest first.
pub fn print(ring: &LogRing) {
    for key in ring.published() {
        let state = key.until.map_or("signs".to_owned(), |until| format!("signs until {until}"));
        println!("  from {:>10}  {state}\n    {}", key.from_size, key.verifier_key);
    }
}
