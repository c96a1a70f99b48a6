//! `parlour fraud`: reads the rules of a bank's analysts, tries them on what the bank has told of card payments, and shows models.

use super::{config_or_print, say};
use crate::{
    alerts::{
        live_rules, models,
        trial::{self, Setting},
    },
    config::{BankFile, Config, Fraud},
    keys::Keys,
    rim::SystemClock,
};
use clap::{Args, Subcommand};
use domain::{BankId, Clock, Currency};
use fraud::{
    papers,
    rules::{self, Fault, RuleSet},
};
use jiff::civil::Date;
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use store::Store;

/// The rules of a bank's fraud analysts.
#[derive(Args)]
pub struct FraudCommand {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Read a file of rules, try its examples, and say what is in it or all that is wrong with it.
    Check(Check),
    /// Try a file of rules on what a bank has told of card payments: how many alerts, how many of them right, how many
    /// customers are bothered. Nothing goes live by it.
    Backtest(Try),
    /// Show what the file of a model is: its digest, what it learned from, how good it was; or why it cannot be used.
    Model(Show),
}

/// What to show.
#[derive(Args)]
struct Show {
    /// The file.
    file: PathBuf,
}

/// What to read.
#[derive(Args)]
struct Check {
    /// The file.
    file: PathBuf,
    /// The currency of its amounts.
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// What to try.
#[derive(Args)]
struct Try {
    /// The file of rules.
    file: PathBuf,
    /// The gateway's file. The demo's is parlour-data/parlour.toml.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank. Needed unless only one tells of card payments.
    #[arg(long)]
    bank: Option<BankId>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// What cannot be tried.
#[derive(Debug, thiserror::Error)]
enum CannotTry {
    /// There is no such bank, or no file has `[fraud]`.
    #[error("no bank of that name tells of card payments here; its file needs a part [fraud]")]
    NoBank,
    /// Several have.
    #[error("several banks tell of card payments; name one with --bank")]
    WhichBank,
    /// The rules are not right.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Rules(Vec<Fault>),
}

impl FraudCommand {
    /// Carries it out.
    pub async fn run(self) -> ExitCode {
        match self.command {
            What::Check(check) => told(read(&check)),
            What::Model(Show { file }) => told(show(&file)),
            What::Backtest(wanted) => match config_or_print(&wanted.config) {
                Ok(config) => told(backtest(&wanted, &config).await),
                Err(code) => code,
            },
        }
    }
}

fn told(outcome: Result<String, Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(text) => say(&[text]),
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn today(zone: &jiff::tz::TimeZone) -> Date {
    SystemClock.now().to_zoned(zone.clone()).date()
}

fn read(check: &Check) -> Result<String, Box<dyn Error>> {
    let text =
        std::fs::read_to_string(&check.file).map_err(|fault| format!("{}: {fault}", check.file.display()))?;
    let name = check.file.display().to_string();
    let fields = live_rules::fields(check.currency);
    let report = rules::check(&name, &text, &fields, today(&jiff::tz::TimeZone::UTC));
    let report = report.map_err(CannotTry::Rules)?;
    Ok(if check.json { serde_json::to_string(&report)? } else { report.to_string() })
}

fn show(file: &Path) -> Result<String, Box<dyn Error>> {
    match models::load(file) {
        Ok(known) => Ok(papers::card(known.papers())),
        Err(fault) => Err(format!("{}: {fault}\n  help: {}", file.display(), fault.remedy()).into()),
    }
}

async fn backtest(wanted: &Try, config: &Config) -> Result<String, Box<dyn Error>> {
    let (bank, fraud) = of_bank(config, wanted.bank.as_ref())?;
    let text = std::fs::read_to_string(&wanted.file)
        .map_err(|fault| format!("{}: {fault}", wanted.file.display()))?;
    let (fields, today) = (live_rules::fields(fraud.currency), today(&bank.zone));
    let candidate = RuleSet::compile(&wanted.file.display().to_string(), &text, &fields, today);
    let candidate = candidate.map_err(CannotTry::Rules)?;
    let keys = Keys::open(config.data.join("keys"))?;
    let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
    let setting = Setting {
        store: store.clone(),
        bank: bank.id.clone(),
        fraud: Arc::new(fraud.clone()),
        zone: bank.zone.clone(),
        today,
        most: u64::MAX,
    };
    let tried = tokio::task::spawn_blocking(move || trial::run(&setting, &candidate, || false)).await;
    store.close().await;
    let report = tried??.report;
    Ok(if wanted.json { serde_json::to_string(&report)? } else { report.to_string() })
}

fn of_bank<'a>(config: &'a Config, wanted: Option<&BankId>) -> Result<(&'a BankFile, &'a Fraud), CannotTry> {
    let told = |bank: &'a BankFile| bank.fraud.as_ref().map(|fraud| (bank, fraud));
    let mut found =
        config.banks.iter().filter(|bank| wanted.is_none_or(|id| bank.id == *id)).filter_map(told);
    let first = found.next().ok_or(CannotTry::NoBank)?;
    if found.next().is_some() { Err(CannotTry::WhichBank) } else { Ok(first) }
}
