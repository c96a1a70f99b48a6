//! What comes before serving, in case the database came out of a backup: the log gets back the entries that were
//! published after the backup, and whoever was erased is erased again.

use crate::{
    app::App,
    erasure::{
        ErasureFault, carry_out,
        list::{ListFault, Tombstone},
        worker,
    },
};
use domain::{BankId, CustomerId, erasure::AskedBy};
use std::path::{Path, PathBuf};
use store::{DbError, access, erasures};
use tokio::task;

/// How many lines of the list, or erasures of the database, are looked at in one transaction.
const PAGE: usize = 500;

/// Why a database cannot be served. It would contradict what was published, or show somebody who was erased.
#[derive(Debug, thiserror::Error)]
pub enum RestoreFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The list of erasures.
    #[error(transparent)]
    List(#[from] ListFault),
    /// An erasure could not be repeated.
    #[error("an erasure could not be repeated: {0}")]
    Erasure(#[from] ErasureFault),
    /// The published log cannot be read.
    #[error("the published log of {bank} cannot be read: {fault}")]
    Log {
        /// The bank.
        bank: BankId,
        /// Why.
        fault: Box<access_log::Fault>,
    },
    /// The published log and the database disagree.
    #[error(
        "the log of {bank} was published with another entry {index} than this database has; they do not belong together"
    )]
    OtherLog {
        /// The bank.
        bank: BankId,
        /// The first place where they differ, or the place where the database's log ends.
        index: u64,
    },
    /// A thread broke.
    #[error("the reader of the list of erasures broke")]
    Broken,
}

/// Makes the database fit to be served.
pub async fn settle(app: &App, logs: &[(BankId, PathBuf, u64)]) -> Result<(), RestoreFault> {
    for (bank, folder, size) in logs {
        take_back(app, bank, folder, *size).await?;
    }
    let list = app.erasures.list.clone();
    let stones = task::spawn_blocking(move || list.read()).await.map_err(|_| RestoreFault::Broken)??;
    for page in stones.chunks(PAGE) {
        again(app, page.to_vec()).await?;
    }
    add_to_list(app, &stones).await?;
    Ok(worker::tend(app).await?)
}

/// Gives the database the entries of the log that were published and that it does not have.
async fn take_back(app: &App, bank: &BankId, folder: &Path, published: u64) -> Result<(), RestoreFault> {
    let of = bank.clone();
    let mut size = app.store.read(move |tx| access::size(tx, &of)).await?;
    if size >= published {
        return Ok(());
    }
    tracing::warn!(%bank, size, published, "the database is older than the published log; taking entries back");
    let fault = |fault| RestoreFault::Log { bank: bank.clone(), fault: Box::new(fault) };
    if let Some(last) = size.checked_sub(1) {
        let of = bank.clone();
        let ours = app.store.read(move |tx| access::leaves(tx, &of, last, 1)).await?;
        let theirs = access_log::entries_from(folder, published, last).map_err(fault)?;
        if ours.first().map(|(_, leaf)| leaf) != theirs.first() {
            return Err(RestoreFault::OtherLog { bank: bank.clone(), index: last });
        }
    }
    while size < published {
        let entries = access_log::entries_from(folder, published, size).map_err(fault)?;
        if entries.is_empty() {
            return Err(RestoreFault::OtherLog { bank: bank.clone(), index: size });
        }
        let (of, from, many) = (bank.clone(), size, entries.len() as u64);
        if !app.store.transact(move |tx| access::take_back(tx, &of, from, &entries)).await? {
            return Err(RestoreFault::OtherLog { bank: bank.clone(), index: from });
        }
        size += many;
    }
    Ok(())
}

/// Erases again who is on the list and here.
async fn again(app: &App, stones: Vec<Tombstone>) -> Result<(), RestoreFault> {
    let now = app.clock.now();
    let here: Vec<(BankId, CustomerId)> = app
        .store
        .transact(move |tx| -> Result<_, DbError> {
            let mut here = vec![];
            for stone in &stones {
                let (bank, customer) = (&stone.bank, &stone.customer);
                let is_here = erasures::is_here(tx, bank, customer)?;
                let new = erasures::ask(tx, bank, customer, stone.by, stone.at)?;
                match is_here {
                    false => erasures::note_gone(tx, bank, customer, now)?,
                    true if new || is_over(tx, bank, customer)? => {
                        erasures::reopen(tx, bank, customer, now)?;
                        here.push((bank.clone(), customer.clone()));
                    }
                    true => {}
                }
            }
            Ok(here)
        })
        .await?;
    for (bank, customer) in here {
        tracing::warn!(%bank, "somebody who was erased came back with a backup; erasing them again");
        match carry_out(app, &bank, &customer).await {
            Ok(_) | Err(ErasureFault::CarriedOut) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}

/// Whether the database says that this erasure was carried out in full.
fn is_over(tx: &mut store::Tx, bank: &BankId, customer: &CustomerId) -> Result<bool, DbError> {
    let found = erasures::find(tx, bank, customer)?;
    Ok(found.is_some_and(|erasure| erasure.state == domain::erasure::ErasureState::Erased))
}

/// Adds the erasures to the list that the database knows and the list does not: the list is the older one then.
async fn add_to_list(app: &App, stones: &[Tombstone]) -> Result<(), RestoreFault> {
    let listed: std::collections::HashSet<(&BankId, &CustomerId)> =
        stones.iter().map(|stone| (&stone.bank, &stone.customer)).collect();
    let mut after: Option<(BankId, CustomerId)> = None;
    loop {
        let from = after.clone();
        let page = app.store.read(move |tx| erasures::page(tx, from.as_ref(), PAGE as u32)).await?;
        for erasure in page.iter().filter(|e| !listed.contains(&(&e.bank, &e.customer))) {
            let (bank, customer) = (erasure.bank.clone(), erasure.customer.clone());
            let stone = Tombstone { at: erasure.asked_at, bank, customer, by: AskedBy::Restore };
            let list = app.erasures.list.clone();
            task::spawn_blocking(move || list.add(&stone)).await.map_err(|_| RestoreFault::Broken)??;
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some((last.bank.clone(), last.customer.clone())),
            _ => return Ok(()),
        }
    }
}
