//! `parlour hold …`: what must be kept although its customer wants it erased.

use super::config_or_print;
use crate::{
    config::Config,
    holds::{HoldFault, NewHold, check},
    keys::{KeyFault, Keys},
    rim::SystemClock,
};
use clap::{Args, Subcommand};
use domain::{
    BankId, Clock, CustomerId,
    erasure::{HoldKind, Keep},
    ids::HoldId,
};
use jiff::Timestamp;
use std::{path::PathBuf, process::ExitCode};
use store::{DbError, OpenError, Store, erasures, holds};

/// What must be kept although its customer wants it erased.
#[derive(Args)]
pub struct Hold {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Subcommand)]
enum HoldCommand {
    /// Keep something of a customer until a day, or until the hold is ended.
    Set(Set),
    /// Show the holds on a customer's data.
    List(Whose),
    /// End a hold. If its customer was to be erased, the rest goes by itself.
    End(End),
}

/// Whose data.
#[derive(Args)]
pub struct Whose {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank.
    #[arg(long)]
    bank: BankId,
    /// The customer, by the number that their export names.
    #[arg(long)]
    customer: CustomerId,
}

/// A hold to set.
#[derive(Args)]
pub struct Set {
    #[command(flatten)]
    whose: Whose,
    /// open_case or legal_hold. The customer is told which.
    #[arg(long)]
    kind: HoldKind,
    /// messages, consents or accesses; may be given several times.
    #[arg(long, required = true)]
    keep: Vec<Keep>,
    /// When it ends by itself (RFC 3339). If not said, only `parlour hold end` ends it.
    #[arg(long)]
    until: Option<Timestamp>,
    /// Who sets it.
    #[arg(long)]
    by: String,
    /// Why, for operators; at most 500 characters, kept sealed.
    #[arg(long)]
    reason: String,
}

/// A hold to end.
#[derive(Args)]
pub struct End {
    #[command(flatten)]
    whose: Whose,
    /// The hold, as `parlour hold list` shows it.
    #[arg(long)]
    hold: HoldId,
}

/// Why a command about holds did not work.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Key(#[from] KeyFault),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] DbError),
    #[error(transparent)]
    Hold(#[from] HoldFault),
    #[error("there is no bank {0} in this configuration")]
    UnknownBank(BankId),
    #[error("there is no such customer at this bank, or they were erased")]
    NoCustomer,
    #[error("there is no such hold, or it has ended")]
    NoHold,
}

impl Hold {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.command.whose().config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match self.command.run(&config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }
}

impl HoldCommand {
    fn whose(&self) -> &Whose {
        match self {
            HoldCommand::Set(Set { whose, .. })
            | HoldCommand::End(End { whose, .. })
            | HoldCommand::List(whose) => whose,
        }
    }

    async fn run(self, config: &Config) -> Result<(), Fault> {
        let bank = &self.whose().bank;
        if !config.banks.iter().any(|known| known.id == *bank) {
            return Err(Fault::UnknownBank(bank.clone()));
        }
        let keys = Keys::open(config.data.join("keys"))?;
        let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
        let outcome = match self {
            HoldCommand::Set(new) => set(&store, new).await,
            HoldCommand::List(whose) => list(&store, whose).await,
            HoldCommand::End(end) => self::end(&store, end).await,
        };
        store.close().await;
        outcome
    }
}

/// Without a key nothing is kept of a customer, so there is nothing to hold.
async fn known(store: &Store, whose: &Whose) -> Result<(), Fault> {
    let (bank, customer) = (whose.bank.clone(), whose.customer.clone());
    match store.read(move |tx| erasures::has_key(tx, &bank, &customer)).await? {
        true => Ok(()),
        false => Err(Fault::NoCustomer),
    }
}

async fn set(store: &Store, new: Set) -> Result<(), Fault> {
    known(store, &new.whose).await?;
    let Whose { bank, customer, .. } = new.whose;
    let (kind, keeps, until) = (new.kind, new.keep, new.until);
    let hold = NewHold { bank, customer, kind, keeps, until, by: new.by, reason: new.reason };
    let hold = check(hold, SystemClock.now())?;
    let id = hold.id.clone();
    store.transact(move |tx| holds::set(tx, &hold)).await?;
    println!("{id} holds");
    Ok(())
}

async fn list(store: &Store, whose: Whose) -> Result<(), Fault> {
    known(store, &whose).await?;
    let now = SystemClock.now();
    let found = store.read(move |tx| holds::active(tx, &whose.bank, &whose.customer, now)).await?;
    if found.is_empty() {
        println!("nothing is held");
    }
    for hold in found {
        let keeps: Vec<&str> = hold.keeps.iter().map(|keep| keep.as_str()).collect();
        let until = hold.until.map_or("it is ended".to_owned(), |until| until.to_string());
        println!(
            "{}  {}  keeps {} until {until}, set by {}: {}",
            hold.id,
            hold.kind,
            keeps.join(", "),
            hold.said.by,
            hold.said.reason
        );
    }
    Ok(())
}

async fn end(store: &Store, end: End) -> Result<(), Fault> {
    let (Whose { bank, customer, .. }, id, now) = (end.whose, end.hold, SystemClock.now());
    match store.transact(move |tx| holds::end(tx, &bank, &customer, &id, now)).await? {
        true => {
            println!("ended");
            Ok(())
        }
        false => Err(Fault::NoHold),
    }
}
