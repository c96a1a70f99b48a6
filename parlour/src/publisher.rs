//! Publishes each bank's access log as tiles and signed checkpoints, from the entries that the store has
//! numbered. What is not published yet is safe in the store; this only makes it checkable.

use crate::app::App;
use access_log::{AppendError, LogFolder};
use domain::BankId;
use std::{sync::Arc, time::Duration};
use store::{DbError, access};
use tokio::{task, time};

/// How often to look for new entries.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many entries go into one checkpoint at most.
const BATCH: u32 = 4_096;

/// Why a log cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] AppendError),
    /// The folder's own thread broke.
    #[error("the writer of the log broke")]
    Broken,
    /// The folder has more entries than the store: it belongs to another database.
    #[error("the folder has {folder} entries and the store {store}: they do not belong together")]
    Ahead {
        /// Entries in the folder.
        folder: u64,
        /// Entries in the store.
        store: u64,
    },
}

/// Publishes one bank's log until the gateway stops.
pub async fn run(app: Arc<App>, bank: BankId, folder: LogFolder) {
    let mut stop = app.stop.clone();
    let mut log = app.store.wake().log();
    metrics::gauge!("parlour_log_publishing", "bank" => bank.to_string()).set(1.0);
    let mut folder = Some(folder);
    while let Some(open) = folder.take() {
        log.mark_unchanged();
        let stopping = *stop.borrow();
        match publish(&app, &bank, open).await {
            Ok((back, wrote)) => {
                folder = Some(back);
                if stopping && !wrote {
                    return;
                }
                if !wrote {
                    tokio::select! { _ = log.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
                }
            }
            Err(fault) => {
                tracing::error!(%bank, %fault, "the access log is no longer published; decisions are still kept in the store");
                metrics::gauge!("parlour_log_publishing", "bank" => bank.to_string()).set(0.0);
                return;
            }
        }
    }
}

async fn publish(app: &App, bank: &BankId, mut folder: LogFolder) -> Result<(LogFolder, bool), PublishFault> {
    let (from, log) = (folder.size(), bank.clone());
    let (size, leaves, oldest) = app
        .store
        .read(move |tx| -> Result<_, DbError> {
            let leaves = access::leaves(tx, &log, from, BATCH)?;
            Ok((access::size(tx, &log)?, leaves, access::oldest_staged(tx)?))
        })
        .await?;
    let waiting = oldest.map_or(0.0, |at| app.clock.now().duration_since(at).as_secs_f64());
    metrics::gauge!("parlour_log_unnumbered_seconds").set(waiting.max(0.0));
    if from > size {
        return Err(PublishFault::Ahead { folder: from, store: size });
    }
    metrics::gauge!("parlour_log_size", "bank" => bank.to_string()).set(size as f64);
    metrics::gauge!("parlour_log_unpublished", "bank" => bank.to_string()).set((size - from) as f64);
    if leaves.is_empty() {
        return Ok((folder, false));
    }
    let written = task::spawn_blocking(move || {
        let entries: Vec<Vec<u8>> = leaves.into_iter().map(|(_, leaf)| leaf).collect();
        folder.append(&entries).map(|_| folder)
    });
    Ok((written.await.map_err(|_| PublishFault::Broken)??, true))
}
