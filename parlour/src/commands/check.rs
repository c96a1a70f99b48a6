//! `parlour check`: reads all files and policies and says what is wrong and what each bank says No to.

use super::config_or_print;
use crate::config::Config;
use clap::Args;
use gate::{Gate, Offer};
use std::{path::PathBuf, process::ExitCode};

/// Check the configuration and say what to mend.
#[derive(Args)]
pub struct Check {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
}

impl Check {
    /// Checks and prints.
    pub fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let rules = config.banks.iter().map(|bank| bank.rules.clone()).collect();
        if let Err(faults) = Gate::load(rules) {
            for fault in &faults {
                eprintln!("error: {fault}\n");
            }
            eprintln!("{} to mend in the policies.", faults.len());
            return ExitCode::FAILURE;
        }
        print(&config);
        ExitCode::SUCCESS
    }
}

fn print(config: &Config) {
    println!(
        "{} is right: {} banks, listening on {}.",
        config.file.display(),
        config.banks.len(),
        config.listen
    );
    for bank in &config.banks {
        println!("\n{} ({})", bank.name, bank.id);
        println!("  signs in at   {}", bank.issuer);
        println!("  consent       {} days, looking back {} days", bank.consent_days, bank.lookback_days);
        let profile = bank.profile;
        println!(
            "  profile       {} ({}): consents of at most {} days, records kept {} days",
            profile.name, profile.title, profile.consent.max_days, profile.records.keep_days
        );
        for clock in &profile.clocks {
            println!(
                "  incidents     {}: {} hours from when {} ({})",
                clock.name, clock.hours, clock.starts, clock.source
            );
        }
        for (class, offer) in &bank.rules.offered {
            match offer {
                Offer::Yes => println!("  {class:<16} yes"),
                Offer::No { reason } => println!("  {class:<16} no: {reason}"),
            }
        }
        for (channel, reason) in &bank.rules.refused_channels {
            println!("  {channel:<16} refused: {reason}");
        }
    }
}
