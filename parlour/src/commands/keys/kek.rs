//! `parlour keys rotate-kek`: every customer's key is wrapped anew, while gateways serve. Can be stopped and
//! started again at any point.

use crate::{
    commands::config_or_print,
    config::Config,
    kek::{KekPlace, VARIABLE},
    keys::{KeyFault, Keys},
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};
use store::{DbError, OpenError, Store, keks};

/// How many keys are wrapped in one transaction: a few milliseconds, so that nobody waits for it.
const BATCH: u32 = 256;

/// Which gateway.
#[derive(Args)]
pub struct RotateKek {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
}

/// Why a rotation stopped. What was done stays done, and the next start goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RotationFault {
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database, later.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The environment holds one key only.
    #[error(
        "{VARIABLE} holds one key. Put a new one after it, with a comma between (`openssl rand -hex 32` makes one), start \
         every gateway with both, then run this again"
    )]
    NoNewKey,
}

impl RotateKek {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match rotate(&config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }
}

async fn rotate(config: &Config) -> Result<(), RotationFault> {
    let place = Keys::open(config.data.join("keys"))?.kek_place();
    let store = Store::open(&config.database, place.open()?, config.store_options())?;
    let outcome = rotate_in(&store, &place).await;
    store.close().await;
    outcome
}

async fn rotate_in(store: &Store, place: &KekPlace) -> Result<(), RotationFault> {
    let before = store.read(keks::in_use).await?;
    let known = place.read()?.unwrap_or_default();
    let newest = known.last().map(|kek| kek.id().clone());
    // A newer key than the one in use was left by a rotation that was broken off: go on with it.
    let to = match newest.filter(|id| id.as_str() != before) {
        Some(id) => id,
        None if known.len() > 1 => {
            println!("going on with {before}");
            return finish(store, place, &before).await;
        }
        None => place.add()?.ok_or(RotationFault::NoNewKey)?,
    };
    let (adopted, name) = (to.clone(), to.to_string());
    store.transact(move |tx| keks::adopt(tx, &adopted)).await?;
    println!("from {before} to {name}: new customers' keys are wrapped with it from now on");
    finish(store, place, &name).await
}

async fn finish(store: &Store, place: &KekPlace, name: &str) -> Result<(), RotationFault> {
    let mut wrapped = 0_u64;
    loop {
        let some = store.transact(|tx| keks::rewrap(tx, BATCH)).await?;
        wrapped += u64::from(some);
        if some == 0 && store.read(keks::remaining).await? == 0 {
            break;
        }
    }
    store.scrub().await?;
    println!("{wrapped} customers' keys were wrapped anew; none is left under another key");
    for path in place.retire_all_but(name)? {
        println!("the old key is in {}", path.display());
        println!(
            "  keep it with the backups that were made before now, and destroy it with the last of them"
        );
    }
    if *place == KekPlace::Environment {
        println!("take the old key out of {VARIABLE} and start the gateways again");
    }
    Ok(())
}
