//! `parlour staff`: who of a bank may open its console. Whoever takes part in decisions that need two people
//! is invited here and nowhere else.

use super::config_or_print;
use crate::{
    config::Config,
    http::console::list,
    keys::Keys,
    rim::SystemClock,
    staff::{
        By,
        invitation::{self, Invited},
    },
};
use clap::{Args, Subcommand};
use domain::{BankId, Clock, StaffId, staff::Role};
use std::{path::PathBuf, process::ExitCode};
use store::{Store, staff as stored};

/// The people of a bank.
#[derive(Args)]
pub struct Staff {
    #[command(subcommand)]
    command: StaffCommand,
}

#[derive(Subcommand)]
enum StaffCommand {
    /// Invite somebody: prints a link that works once and for 15 minutes.
    Invite(Invite),
    /// Give somebody a new link: the first is too old, or they have a new device.
    Link(One),
    /// List the people of a bank.
    List(At),
    /// Take somebody's access. Passkeys and sign-ins end at once.
    Remove(One),
}

/// Where.
#[derive(Args)]
pub struct At {
    /// The gateway's file. The demo's is parlour-data/parlour.toml.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank.
    #[arg(long)]
    bank: BankId,
}

/// Whom to invite.
#[derive(Args)]
pub struct Invite {
    #[command(flatten)]
    at: At,
    /// Their name, as colleagues know it.
    #[arg(long)]
    name: String,
    /// viewer, policy_editor, officer, auditor or fraud_analyst.
    #[arg(long)]
    role: Role,
}

/// Whom it is about.
#[derive(Args)]
pub struct One {
    #[command(flatten)]
    at: At,
    /// Their id, as `parlour staff list` says it.
    id: StaffId,
}

impl Staff {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let at = match &self.command {
            StaffCommand::Invite(Invite { at, .. }) | StaffCommand::List(at) => at,
            StaffCommand::Link(one) | StaffCommand::Remove(one) => &one.at,
        };
        let config = match config_or_print(&at.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match self.on(&config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    async fn on(&self, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
        let at = match &self.command {
            StaffCommand::Invite(Invite { at, .. }) | StaffCommand::List(at) => at,
            StaffCommand::Link(one) | StaffCommand::Remove(one) => &one.at,
        };
        if !config.banks.iter().any(|bank| bank.id == at.bank) {
            return Err(format!("no bank `{}` is set up in {}", at.bank, config.file.display()).into());
        }
        let keys = Keys::open(config.data.join("keys"))?;
        let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
        let done = self.with(&store, config).await;
        store.close().await;
        done
    }

    async fn with(&self, store: &Store, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
        let (url, now) = (&config.public_url, SystemClock.now());
        match &self.command {
            StaffCommand::Invite(Invite { at, name, role }) => {
                print(&invitation::invite(store, url, &at.bank, name, *role, By::Operator, now).await?);
            }
            StaffCommand::Link(one) => {
                print(&invitation::renew(store, url, &one.at.bank, &one.id, By::Operator, now).await?);
            }
            StaffCommand::List(at) => {
                let bank = at.bank.clone();
                let people = store.read(move |tx| stored::of_bank(tx, &bank)).await?;
                people.iter().for_each(print_person);
                if people.is_empty() {
                    println!("Nobody yet. Invite an officer with `parlour staff invite --role officer`.");
                }
            }
            StaffCommand::Remove(one) => {
                let gone = invitation::remove(store, &one.at.bank, &one.id, By::Operator, now).await?;
                println!("{} has no access any more.", gone.name);
            }
        }
        Ok(())
    }
}

fn print(invited: &Invited) {
    let person = &invited.person;
    println!("{} ({}), {} of {}", person.name, person.id, person.role.in_words(), person.bank);
    println!("  {}", invited.link);
    println!(
        "  Give this link to {} and to nobody else. It works once, until {}.",
        person.name, invited.until
    );
}

fn print_person(person: &stored::Person) {
    let state = list::words(person.state.as_str());
    println!("{}  {:<14} {:<8}  {}", person.id, person.role.in_words(), state, person.name);
}
