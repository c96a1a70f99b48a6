//! `parlour log verify`: checks a bank's whole access log, byte by byte, against its signed checkpoint and
//! against the store.

use super::config_or_print;
use crate::{
    config::Config,
    keys::Keys,
    logs::{log_folder, log_origin},
};
use access_log::{Trust, verify_log};
use clap::{Args, Subcommand};
use domain::BankId;
use std::{path::PathBuf, process::ExitCode};
use store::{Store, access};

/// The access log.
#[derive(Args)]
pub struct Log {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Check the whole log against its checkpoint. Any changed byte is found and named.
    Verify(Verify),
}

/// What to verify.
#[derive(Args)]
pub struct Verify {
    /// The gateway's file. The demo's is parlour-data/parlour.toml.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// Only this bank.
    #[arg(long)]
    bank: Option<BankId>,
    /// Do not compare with the store; check the published folder alone.
    #[arg(long)]
    folder_only: bool,
}

impl Log {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let LogCommand::Verify(verify) = self.command;
        let config = match config_or_print(&verify.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match verify.all(&config).await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Verify {
    async fn all(&self, config: &Config) -> Result<bool, Box<dyn std::error::Error>> {
        let keys = Keys::open(config.data.join("keys"))?;
        let store = match self.folder_only {
            true => None,
            false => Some(Store::open(&config.database, keys.kek()?, config.store_options())?),
        };
        let mut right = true;
        for bank in
            config.banks.iter().map(|b| &b.id).filter(|id| self.bank.as_ref().is_none_or(|b| b == *id))
        {
            let ring = keys.log(bank, &log_origin(&config.public_url, bank))?;
            let folder = log_folder(&config.data, bank);
            match verify_log(folder.as_path(), &Trust::new(&ring.verifier_keys(), &[], 0)?) {
                Ok(verified) => {
                    println!(
                        "{bank}: {} entries, root {}, signed by {}",
                        verified.size, verified.root, verified.origin
                    );
                    if let Some(store) = &store {
                        right &= agrees(store, bank, &folder, verified.size).await?;
                    }
                }
                Err(fault) => {
                    println!("{bank}: WRONG: {fault}");
                    right = false;
                }
            }
        }
        if let Some(store) = store {
            store.close().await;
        }
        Ok(right)
    }
}

/// Whether the store holds the same entries as the verified folder. The store may be ahead.
async fn agrees(
    store: &Store,
    bank: &BankId,
    folder: &std::path::Path,
    size: u64,
) -> Result<bool, Box<dyn std::error::Error>> {
    let mut index = 0;
    while index < size {
        let published = access_log::entries_from(folder, size, index)?;
        let (log, many) = (bank.clone(), u32::try_from(published.len()).unwrap_or(u32::MAX));
        let stored = store.read(move |tx| access::leaves(tx, &log, index, many)).await?;
        let same = published.iter().zip(&stored).take_while(|(entry, (_, leaf))| *entry == leaf).count();
        if same < published.len() {
            let at = index + same as u64;
            println!(
                "{bank}: WRONG: entry {at} in the store is missing or is not the one that was published"
            );
            return Ok(false);
        }
        index += published.len() as u64;
    }
    println!("{bank}: the store holds the same {size} entries");
    Ok(true)
}
