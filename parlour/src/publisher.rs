//! Publishes each bank's access log as tiles and signed checkpoints, from the entries that the store has
//! numbered. What is not published yet is safe in the store; this only makes it checkable.
//!
//! A checkpoint is published as soon as it is written, with the log's own signature. The cosignatures of
//! witnesses are put beside it when they come. A folder that cannot be written to is an alarm, not an end:
//! it is opened again, and again, and publishing goes on from what is there.

use crate::{
    app::App,
    keys::KeyFault,
    log_ring::LogRing,
    witnesses::{self, Cosigned},
};
use access_log::{AppendError, Checkpoint, LogFolder, OpenError};
use domain::BankId;
use std::{sync::Arc, time::Duration};
use store::{DbError, access};
use tokio::{
    sync::{mpsc, watch},
    task, time,
};

/// How often to look for new entries.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to look whether the keys were changed, or a handover of keys is over, when nothing is appended.
const KEYS_EVERY: Duration = Duration::from_secs(5);
/// How long to wait before a folder that failed is opened again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How many entries go into one checkpoint at most.
const BATCH: u32 = 4_096;
/// Answers of witnesses that wait to be published. One is enough: the next round has a newer one.
const ANSWERS: usize = 1;

/// Why a log cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] AppendError),
    /// The folder cannot be opened again.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log's keys.
    #[error(transparent)]
    Key(#[from] KeyFault),
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

/// Publishes one bank's log until the gateway stops, and has it witnessed.
pub async fn run(app: Arc<App>, bank: BankId, folder: LogFolder) {
    let (news, for_witnesses) = watch::channel(folder.checkpoint().clone());
    let (tell, answers) = mpsc::channel(ANSWERS);
    let publisher =
        Publisher { app: app.clone(), bank: bank.clone(), keys_seen: time::Instant::now(), news, answers };
    tokio::join!(publisher.until_stopped(folder), witnesses::run(app, bank, for_witnesses, tell));
}

struct Publisher {
    app: Arc<App>,
    bank: BankId,
    keys_seen: time::Instant,
    /// The newest checkpoint, for the witnesses. They end when this goes.
    news: watch::Sender<Checkpoint>,
    answers: mpsc::Receiver<Cosigned>,
}

/// How one look at the log went.
enum Look {
    /// Something was published.
    Wrote,
    /// There was nothing to publish.
    Nothing,
}

impl Publisher {
    async fn until_stopped(mut self, folder: LogFolder) {
        self.is_publishing(true);
        let mut stop = self.app.stop.clone();
        let mut log = self.app.store.wake().log();
        let mut folder = Some(folder);
        loop {
            log.mark_unchanged();
            let stopping = *stop.borrow();
            match self.look(folder.take()).await {
                Ok((open, Look::Wrote)) => folder = Some(open),
                Ok((_, Look::Nothing)) if stopping => return,
                Ok((open, Look::Nothing)) => {
                    tokio::select! {
                        _ = log.changed() => folder = Some(open),
                        () = time::sleep(LOOK_EVERY) => folder = Some(open),
                        _ = stop.changed() => folder = Some(open),
                        Some(cosigned) = self.answers.recv() => folder = self.add(open, cosigned).await,
                    }
                }
                Err(fault) => {
                    self.alarm(&fault);
                    if stopping {
                        return;
                    }
                    tokio::select! { () = time::sleep(AGAIN_AFTER) => {}, _ = stop.changed() => {} }
                }
            }
        }
    }

    /// Publishes what is new. Without a folder, opens it first.
    async fn look(&mut self, folder: Option<LogFolder>) -> Result<(LogFolder, Look), PublishFault> {
        let folder = match folder {
            Some(folder) => folder,
            None => self.open_again().await?,
        };
        let folder = match self.keys_seen.elapsed() < KEYS_EVERY {
            true => folder,
            false => self.with_present_keys(folder).await?,
        };
        self.publish(folder).await
    }

    async fn open_again(&mut self) -> Result<LogFolder, PublishFault> {
        let ring = self.ring()?;
        let path = self.app.logs.folder(&self.bank);
        let opened = task::spawn_blocking(move || LogFolder::open(&path, ring.keys()));
        let folder = opened.await.map_err(|_| PublishFault::Broken)??;
        tracing::info!(bank = %self.bank, size = folder.size(), "the access log is published again");
        self.is_publishing(true);
        Ok(folder)
    }

    /// The log's keys; a handover whose time is over is ended.
    fn ring(&mut self) -> Result<LogRing, KeyFault> {
        self.keys_seen = time::Instant::now();
        let (ring, ended) = self.app.logs.settled_ring(&self.bank, self.app.clock.now())?;
        if ended {
            tracing::info!(bank = %self.bank, "the handover of the log's key is over; the old key signs no more");
        }
        Ok(ring)
    }

    /// Signs with the keys that are in the file now, if they are others than a moment ago.
    async fn with_present_keys(&mut self, folder: LogFolder) -> Result<LogFolder, PublishFault> {
        let keys = self.ring()?.keys();
        if folder.signs_with(&keys) {
            return Ok(folder);
        }
        tracing::info!(bank = %self.bank, "the access log is signed with a new key from now on");
        let folder = self.in_folder(folder, move |folder| folder.change_keys(keys).map(drop)).await?;
        self.news.send_replace(folder.checkpoint().clone());
        Ok(folder)
    }

    async fn publish(&mut self, folder: LogFolder) -> Result<(LogFolder, Look), PublishFault> {
        let (from, log) = (folder.size(), self.bank.clone());
        let read = self.app.store.read(move |tx| -> Result<_, DbError> {
            let leaves = access::leaves(tx, &log, from, BATCH)?;
            Ok((access::size(tx, &log)?, leaves, access::oldest_staged(tx)?))
        });
        let (size, leaves, oldest) = read.await?;
        let waiting = oldest.map_or(0.0, |at| self.app.clock.now().duration_since(at).as_secs_f64());
        metrics::gauge!("parlour_log_unnumbered_seconds").set(waiting.max(0.0));
        metrics::gauge!("parlour_log_size", "bank" => self.bank.to_string()).set(size as f64);
        let unpublished = size.saturating_sub(from);
        metrics::gauge!("parlour_log_unpublished", "bank" => self.bank.to_string()).set(unpublished as f64);
        if from > size {
            return Err(PublishFault::Ahead { folder: from, store: size });
        }
        if leaves.is_empty() {
            return Ok((folder, Look::Nothing));
        }
        let folder = self.with_present_keys(folder).await?;
        let entries: Vec<Vec<u8>> = leaves.into_iter().map(|(_, leaf)| leaf).collect();
        let folder = self.in_folder(folder, move |folder| folder.append(&entries).map(drop)).await?;
        self.news.send_replace(folder.checkpoint().clone());
        Ok((folder, Look::Wrote))
    }

    /// Publishes what witnesses have signed. A failure is an alarm; the folder is then opened again.
    async fn add(&mut self, folder: LogFolder, cosigned: Cosigned) -> Option<LogFolder> {
        let Cosigned { of, lines, quorum_met } = cosigned;
        match self.in_folder(folder, move |folder| folder.cosigned(&of, &lines, quorum_met)).await {
            Ok(folder) => Some(folder),
            Err(fault) => {
                self.alarm(&fault);
                None
            }
        }
    }

    async fn in_folder(
        &self,
        mut folder: LogFolder,
        write: impl FnOnce(&mut LogFolder) -> Result<(), AppendError> + Send + 'static,
    ) -> Result<LogFolder, PublishFault> {
        let written = task::spawn_blocking(move || write(&mut folder).map(|()| folder));
        Ok(written.await.map_err(|_| PublishFault::Broken)??)
    }

    fn alarm(&self, fault: &PublishFault) {
        tracing::error!(bank = %self.bank, %fault, "the access log is not published; decisions are kept in the store, and the folder is tried again");
        self.is_publishing(false);
    }

    fn is_publishing(&self, yes: bool) {
        let figure = metrics::gauge!("parlour_log_publishing", "bank" => self.bank.to_string());
        figure.set(if yes { 1.0 } else { 0.0 });
    }
}
