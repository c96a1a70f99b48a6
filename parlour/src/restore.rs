//! What comes before serving, in case the database came out of a backup. Whoever was erased is erased again. A database
//! that does not know what its log has published is older than that, and is not served before somebody has said that
//! they know (`parlour restore --confirm`): then the log gets back the entries that were published after the backup, and
//! where changes of consents are among them every consent ends, since nobody can tell any more which was withdrawn.

use crate::{
    app::App,
    consents::pull_out::{self, PullOutFault, Scope},
    erasure::{
        ErasureFault, carry_out,
        list::{ListFault, Tombstone},
        worker,
    },
};
use access_log::Entry;
use domain::{BankId, CustomerId, erasure::AskedBy};
use std::{
    fmt,
    path::{Path, PathBuf},
};
use store::{DbError, access, erasures};
use tokio::task;

/// How many lines of the list, or erasures of the database, are looked at in one transaction.
const PAGE: usize = 500;

/// What customers read whose sharing ends because a backup was put back.
const TOLD: &str = "We had to go back to an earlier state of our records, and cannot tell any more whether you had \
                    stopped since. To be safe it is ended. You can link again at any time.";

/// A bank's log that the database is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The bank.
    pub bank: BankId,
    /// How many entries the database knows.
    pub known: u64,
    /// How many were published.
    pub published: u64,
    /// How many of those that it does not know are changes of consents.
    pub changes: u64,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Behind { bank, known, published, changes } = self;
        let unknown = published - known;
        write!(f, "{bank}: {published} entries were published, and the database knows {known}; ")?;
        write!(f, "of the {unknown} that it does not know, {changes} are changes of consents")
    }
}

/// Whether a database that is older than its log is made fit to be served, or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// It is refused with what there is to know about it.
    IsRefused,
    /// Somebody has said that they know.
    IsConfirmed,
}

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
    /// The database is older than what was published from it.
    #[error(
        "it is older than the access log, as a backup is. What was withdrawn since then would come to life again, so \
         nothing is served.\n  {}\n  help: look what there is with `parlour restore`, then end what may have been \
         withdrawn with `parlour restore --confirm`; docs/keys.md says what else to do after a backup was put back",
        joined(.0)
    )]
    Older(Vec<Behind>),
    /// The consents of a bank could not be ended.
    #[error(transparent)]
    PullOut(#[from] PullOutFault),
    /// A thread broke.
    #[error("the reader of the list of erasures broke")]
    Broken,
}

fn joined(behind: &[Behind]) -> String {
    behind.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

/// A bank, the folder of its log, and how many entries were published there.
pub type Published = (BankId, PathBuf, u64);

/// Makes the database fit to be served, or says why it is not. Can be repeated, and cut off at any point.
pub async fn settle(app: &App, logs: &[Published], older: Older) -> Result<(), RestoreFault> {
    let behind = look(app, logs).await?;
    if older == Older::IsRefused && !behind.is_empty() {
        return Err(RestoreFault::Older(behind));
    }
    // Written down first: once the entries are back, nothing else says that consents are in doubt. It ends with the
    // last of them.
    for of in behind.iter().filter(|of| of.changes > 0) {
        let now = app.clock.now();
        pull_out::begin(&app.store, &of.bank, Scope::default(), TOLD, pull_out::RESTORED, now).await?;
    }
    for (bank, folder, size) in logs {
        take_back(app, bank, folder, *size).await?;
    }
    if !behind.is_empty() {
        pull_out::carry_on(app).await?;
    }
    let list = app.erasures.list.clone();
    let stones = task::spawn_blocking(move || list.read()).await.map_err(|_| RestoreFault::Broken)??;
    for page in stones.chunks(PAGE) {
        again(app, page.to_vec()).await?;
    }
    add_to_list(app, &stones).await?;
    Ok(worker::tend(app).await?)
}

/// The banks whose database does not know all that was published.
pub async fn look(app: &App, logs: &[Published]) -> Result<Vec<Behind>, RestoreFault> {
    let mut behind = vec![];
    for (bank, folder, published) in logs {
        let (of, published) = (bank.clone(), *published);
        let known = app.store.read(move |tx| access::size(tx, &of)).await?;
        if known >= published {
            continue;
        }
        let fault = |fault| RestoreFault::Log { bank: bank.clone(), fault: Box::new(fault) };
        let (mut at, mut changes) = (known, 0);
        while at < published {
            let entries = access_log::entries_from(folder.as_path(), published, at).map_err(fault)?;
            if entries.is_empty() {
                return Err(RestoreFault::OtherLog { bank: bank.clone(), index: at });
            }
            let of_consents =
                entries.iter().filter(|entry| !matches!(Entry::decode(entry), Ok(Entry::Decision(_))));
            changes += of_consents.count() as u64;
            at += entries.len() as u64;
        }
        behind.push(Behind { bank: bank.clone(), known, published, changes });
    }
    Ok(behind)
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
