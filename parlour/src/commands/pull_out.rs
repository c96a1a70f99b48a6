//! `parlour pull-out`: a bank ends the consents of its customers, here and at the bank.

use super::config_or_print;
use crate::{
    config::{BankFile, Config},
    consents::pull_out::{self, PullOutFault, Scope},
    keys::Keys,
    linking::offer::count,
    rim::SystemClock,
    staff,
};
use clap::Args;
use domain::{BankId, Channel, Clock, DataClass};
use std::{path::PathBuf, process::ExitCode};
use store::{DbError, Store, pull_outs};

/// Pull a bank out: nothing new is linked, nothing is read, and every consent that it concerns is ended.
#[derive(Args)]
pub struct PullOut {
    /// The gateway's file.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank.
    #[arg(long)]
    bank: BankId,
    /// Only from this channel: web, messenger, whatsapp or matrix.
    #[arg(long)]
    channel: Option<Channel>,
    /// Only the consents to this class of data: accounts, balances, transactions or merchant_places.
    #[arg(long = "class")]
    data_class: Option<DataClass>,
    /// Why, in words for customers. They read it in the chat.
    #[arg(long, required_unless_present = "come_back")]
    reason: Option<String>,
    /// Come back instead: customers can link again. What was ended stays ended.
    #[arg(long, conflicts_with_all = ["channel", "data_class", "reason"])]
    come_back: bool,
}

impl PullOut {
    /// Pulls out, ends the consents, and says how many. May run beside the gateway, which finishes what this leaves
    /// when it is cut off.
    pub async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match self.carry_out(&config).await {
            Ok(said) => {
                println!("{said}");
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    async fn carry_out(&self, config: &Config) -> Result<String, Box<dyn std::error::Error>> {
        let unknown = || PullOutFault::UnknownBank(self.bank.clone());
        let bank = config.banks.iter().find(|bank| bank.id == self.bank).ok_or_else(unknown)?;
        let keys = Keys::open(config.data.join("keys"))?;
        let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
        let said = match self.come_back {
            true => come_back(&store, bank).await?,
            false => self.pull_out(&store, bank).await?,
        };
        store.close().await;
        Ok(said)
    }

    async fn pull_out(&self, store: &Store, bank: &BankFile) -> Result<String, PullOutFault> {
        let scope = Scope { channel: self.channel, data_class: self.data_class };
        let reason = self.reason.as_deref().unwrap_or_default();
        let begun =
            pull_out::begin(store, &bank.id, scope, reason, staff::OPERATOR, SystemClock.now()).await?;
        let done = pull_out::carry_out(store, &begun, &bank.name, || SystemClock.now()).await?;
        Ok(format!(
            "{} has pulled out: {} ended here. The running gateway tells the bank until it confirms. Nothing \
             new is linked until `parlour pull-out --bank {} --come-back`.",
            bank.name,
            count(usize::try_from(done.ended).unwrap_or(usize::MAX), "consent"),
            bank.id
        ))
    }
}

async fn come_back(store: &Store, bank: &BankFile) -> Result<String, DbError> {
    let (id, now) = (bank.id.clone(), SystemClock.now());
    let lifted = store.transact(move |tx| pull_outs::lift(tx, &id, now)).await?;
    Ok(match lifted {
        0 => format!("{} had not pulled out. Nothing was changed.", bank.name),
        _ => format!("{} is back: its customers can link again.", bank.name),
    })
}
