//! `parlour check`: reads all files and policies and says what is wrong and what each bank says No to.

use super::config_or_print;
use crate::{
    alerts::models,
    config::{Config, fault::ConfigFault},
    policy::{in_force, proof},
};
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
        let gate = match Gate::load(rules) {
            Ok(gate) => gate,
            Err(faults) => {
                faults.iter().for_each(|fault| eprintln!("error: {fault}\n"));
                eprintln!("{} to mend in the policies.", faults.len());
                return ExitCode::FAILURE;
            }
        };
        let troubles: Vec<_> = config.banks.iter().filter_map(|b| in_force::test(b, &gate).err()).collect();
        if !troubles.is_empty() {
            troubles.iter().for_each(|trouble| eprintln!("error: {trouble}\n"));
            eprintln!("The policies do not answer as their tests expect.");
            return ExitCode::FAILURE;
        }
        let faults = models(&config);
        if !faults.is_empty() {
            faults.iter().for_each(|fault| eprintln!("error: {fault}\n"));
            eprintln!("The gateway would start without these fraud models.");
            return ExitCode::FAILURE;
        }
        print(&config);
        if proofs(&config, &gate) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The files of fraud models that cannot be used.
fn models(config: &Config) -> Vec<ConfigFault> {
    let named = config.banks.iter().filter_map(|bank| bank.fraud.as_ref());
    let files = named.flat_map(|fraud| [&fraud.model, &fraud.shadow]).flatten();
    let wrong = |file: &PathBuf| {
        let fault = models::load(file).err()?;
        Some(ConfigFault::of_file(file, fault.to_string(), fault.remedy()))
    };
    files.filter_map(wrong).collect()
}

/// Says of each bank whether a proof covers its rules. False if one is required and there is none.
fn proofs(config: &Config, gate: &Gate) -> bool {
    let mut right = true;
    for bank in &config.banks {
        let digest = gate.digest(&bank.id).unwrap_or_else(gate::law_digest);
        match proof::look(&config.data, &bank.id, &bank.file, &digest) {
            Ok(at) => println!("{}: the rules were proved on {}", bank.id, at.strftime("%F")),
            Err(why) => {
                right &= !config.require_proof;
                println!("{}: {why}", bank.id);
            }
        }
    }
    if !right {
        eprintln!("error: `require_proof` is set, so the gateway would not start.");
    }
    right
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
        for (number, no) in (1..).zip(&bank.rules.nos) {
            println!("  {:<16} {}", format!("no-{number}"), no.reason);
        }
        println!("  {:<16} {} rows, all as expected", "policy tests", bank.policy_tests.len());
        for (key, file) in
            bank.fraud.iter().flat_map(|of| [("fraud model", &of.model), ("on trial", &of.shadow)])
        {
            if let Some(known) = file.as_ref().and_then(|file| models::load(file).ok()) {
                println!("  {key:<16} {}, learned from {} payments", known.name, known.papers().origin.rows);
            }
        }
    }
}
