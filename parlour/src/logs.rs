//! The banks' published logs, as everybody may read them.

use crate::{
    keys::{KeyFault, Keys},
    log_ring::LogRing,
};
use access_log::{BadTrust, Checkpoint, Fault, IoFault, Lasting, LogFiles, Trust, published_file};
use domain::BankId;
use jiff::Timestamp;
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    time::SystemTime,
};
use tokio::task;
use url::Url;

/// The largest file of a log that is handed out: a bundle of 256 entries, of which each has 74 bytes, and
/// any checkpoint, with room to spare.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// Its keys.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// Its keys do not belong together.
    #[error(transparent)]
    Trust(#[from] BadTrust),
    /// Its files.
    #[error(transparent)]
    Files(#[from] Fault),
    /// A file operation failed.
    #[error(transparent)]
    Io(#[from] IoFault),
    /// The thread that read broke.
    #[error("the reader of the log broke")]
    Broken,
}

/// A log, as its page tells it.
#[derive(Debug, Clone)]
pub struct LogNow {
    /// The newest checkpoint.
    pub checkpoint: Checkpoint,
    /// When it was written.
    pub written: Option<SystemTime>,
    /// The newest checkpoint that a quorum of witnesses signed.
    pub witnessed: Option<u64>,
}

/// Where the banks' logs lie.
#[derive(Debug, Clone)]
pub struct Logs {
    data: PathBuf,
    keys: Keys,
    public_url: Url,
}

impl Logs {
    /// Logs below this folder, signed with keys of that one.
    pub fn new(data: PathBuf, keys: Keys, public_url: Url) -> Logs {
        Logs { data, keys, public_url }
    }

    /// The folder for everything that the gateway keeps.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The folder of a bank's log.
    pub fn folder(&self, bank: &BankId) -> PathBuf {
        log_folder(&self.data, bank)
    }

    /// The name of a bank's log.
    pub fn origin(&self, bank: &BankId) -> String {
        log_origin(&self.public_url, bank)
    }

    /// The keys of a bank's log.
    pub fn ring(&self, bank: &BankId) -> Result<LogRing, KeyFault> {
        self.keys.log(bank, &self.origin(bank))
    }

    /// The keys of a bank's log, once handovers whose time is over are ended: then the secret half of the
    /// old key is destroyed. Whether one was.
    pub fn settled_ring(&self, bank: &BankId, now: Timestamp) -> Result<(LogRing, bool), KeyFault> {
        let mut ring = self.ring(bank)?;
        if !ring.settle(now) {
            return Ok((ring, false));
        }
        let changed = self.keys.change_log(bank, |ring| {
            ring.settle(now);
            Ok::<(), Infallible>(())
        })?;
        let Ok(ring) = changed;
        Ok((ring, true))
    }

    /// A file of a bank's log with how long it stays as it is, if a log has files of this name and this one
    /// has it. No other file can be had.
    pub async fn file(&self, bank: &BankId, name: &str) -> Result<Option<(Vec<u8>, Lasting)>, LogFault> {
        let Some(lasting) = published_file(name) else { return Ok(None) };
        let (folder, name) = (self.folder(bank), name.to_owned());
        let read = move || -> Result<_, LogFault> { Ok(folder.as_path().read(&name, MAX_FILE_BYTES)?) };
        let bytes = in_thread(read).await?;
        Ok(bytes.map(|bytes| (bytes, lasting)))
    }

    /// How a bank's log stands.
    pub async fn now(&self, bank: &BankId) -> Result<LogNow, LogFault> {
        let (logs, bank) = (self.clone(), bank.clone());
        in_thread(move || -> Result<_, LogFault> {
            let folder = logs.folder(&bank);
            let trust = Trust::new(&logs.ring(&bank)?.verifier_keys(), &[], 0)?;
            let checkpoint = access_log::published(folder.as_path(), &trust)?;
            let written = folder.join("checkpoint").metadata().and_then(|file| file.modified()).ok();
            let witnessed = witnessed(&folder, &trust)?.map(|witnessed| witnessed.size);
            Ok(LogNow { checkpoint, written, witnessed })
        })
        .await
    }

    /// The checkpoint that proves the entry of an index: the newest that witnesses signed if it covers the
    /// entry, or else the newest. None if the entry is not published yet.
    pub(crate) fn covering(&self, bank: &BankId, index: u64) -> Result<Option<Checkpoint>, LogFault> {
        let folder = self.folder(bank);
        let trust = Trust::new(&self.ring(bank)?.verifier_keys(), &[], 0)?;
        if let Some(witnessed) = witnessed(&folder, &trust)?.filter(|witnessed| witnessed.size > index) {
            return Ok(Some(witnessed));
        }
        let newest = access_log::published(folder.as_path(), &trust)?;
        Ok((newest.size > index).then_some(newest))
    }
}

fn witnessed(folder: &Path, trust: &Trust) -> Result<Option<Checkpoint>, LogFault> {
    let bytes = folder.read("checkpoint.witnessed", MAX_FILE_BYTES)?;
    // Signed by keys of this log, or it is nothing to us.
    Ok(bytes.and_then(|bytes| trust.open(&bytes).ok()))
}

/// Runs what reads files in a thread that may wait.
pub(crate) async fn in_thread<T: Send + 'static, E: From<LogFault> + Send + 'static>(
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    task::spawn_blocking(read).await.unwrap_or_else(|_| Err(LogFault::Broken.into()))
}

/// The folder of a bank's published log.
pub fn log_folder(data: &Path, bank: &BankId) -> PathBuf {
    data.join("log").join(bank.as_str())
}

/// The origin of a bank's log: its address without the scheme.
pub fn log_origin(public_url: &Url, bank: &BankId) -> String {
    let host = public_url.host_str().unwrap_or("localhost");
    match public_url.port() {
        Some(port) => format!("{host}:{port}/log/{bank}"),
        None => format!("{host}/log/{bank}"),
    }
}
