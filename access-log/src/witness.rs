//! A witness: cosigns what other people's logs publish, each checkpoint only if it goes on from the last one
//! it cosigned (c2sp.org/tlog-witness). Who believes a checkpoint that a witness signed knows that nobody was
//! shown another history of that size.

use crate::disk::{self, Disk, IoFault};
use crate::key::{BadKey, CosignerKey};
use crate::layout::decimal;
use crate::merkle::Hash;
use crate::note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES};
use crate::proof::{MAX_PROOF_HASHES, check_consistency};
use crate::trust::{BadTrust, Trust};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;

/// The longest request: its first line, a full proof, and a checkpoint.
pub const MAX_REQUEST_BYTES: usize = 32 + MAX_PROOF_HASHES * 45 + 1 + MAX_CHECKPOINT_BYTES;

/// What a log sends to a witness. `Display` writes the body of the request, [`AddCheckpoint::parse`] reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size at which the witness last cosigned.
    pub old: u64,
    /// The proof that the log of that size is the beginning of this one.
    pub proof: Vec<Hash>,
    /// The checkpoint, signatures and all.
    pub checkpoint: String,
}

/// Why a body is not such a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Longer than [`MAX_REQUEST_BYTES`], or not text.
    #[error("the request is not text of at most {MAX_REQUEST_BYTES} bytes")]
    NotText,
    /// A line is not what the format has there.
    #[error("line {line} should be {expected}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What the format has there.
        expected: &'static str,
    },
    /// The old size is larger than that of the checkpoint.
    #[error("the old size is {old}, and the checkpoint's is {size}")]
    OldSize {
        /// The old size.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
}

impl AddCheckpoint {
    /// Reads a request's body. Says nothing on whether the checkpoint is to be believed.
    pub fn parse(body: &[u8]) -> Result<AddCheckpoint, BadRequest> {
        let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_REQUEST_BYTES);
        let text = text.ok_or(BadRequest::NotText)?;
        let wrong = |line, expected| BadRequest::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(wrong(text.lines().count() + 1, "an empty line and a checkpoint"))?;
        let mut lines = head.split('\n').zip(1..);
        let old = lines.next().and_then(|(line, _)| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or(wrong(1, "old and a plain number"))?;
        let mut proof = Vec::new();
        for (line, number) in lines {
            let hash = Hash::parse(line).filter(|_| proof.len() < MAX_PROOF_HASHES);
            proof.push(hash.ok_or(wrong(number, "a hash in base64"))?);
        }
        Ok(AddCheckpoint { old, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why a witness cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WitnessOpenError {
    /// A file operation failed.
    #[error(transparent)]
    Io(#[from] IoFault),
    /// Another process has the folder open; two witnesses with one memory could cosign two histories.
    #[error("another witness has this folder open")]
    InUse,
    /// A key of a log cannot be used.
    #[error("{key} cannot be used: {fault}")]
    Key {
        /// The text.
        key: String,
        /// Why not.
        fault: BadKey,
    },
    /// The keys do not make sense together.
    #[error(transparent)]
    Keys(#[from] BadTrust),
    /// What was remembered of a log cannot be read. Without it the witness must not cosign that log.
    #[error("what is remembered of {origin} cannot be read: {fault}")]
    Memory {
        /// The log.
        origin: String,
        /// How.
        fault: CheckpointFault,
    },
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFault {
    /// The request cannot be read.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// The first line of the checkpoint names no log that this witness looks after.
    #[error("{origin} is no log that this witness looks after")]
    UnknownLog {
        /// The name.
        origin: String,
    },
    /// The checkpoint is not signed by a key of its log, or is no checkpoint.
    #[error("the checkpoint is not to be believed: {0}")]
    Checkpoint(CheckpointFault),
    /// The witness last cosigned another size than the log thinks.
    #[error("this witness last cosigned size {cosigned}, not {old}")]
    Conflict {
        /// The size it cosigned.
        cosigned: u64,
        /// The size the log thinks.
        old: u64,
    },
    /// The checkpoint does not go on from the one cosigned: somebody is shown another history. Both
    /// checkpoints are kept, and both are signed by the log.
    #[error("this is another history than the one cosigned at size {cosigned}")]
    OtherHistory {
        /// The size at which the histories part at the latest.
        cosigned: u64,
        /// Whether both have the same size and differ in their root; otherwise the proof does not hold.
        same_size: bool,
    },
    /// The new checkpoint could not be remembered, so it was not cosigned.
    #[error(transparent)]
    Io(#[from] IoFault),
}

struct Looked {
    trust: Trust,
    last: Option<Checkpoint>,
}

/// Cosigns checkpoints. One process at a time has its folder.
pub struct Witness {
    key: CosignerKey,
    disk: Disk,
    logs: BTreeMap<String, Looked>,
    _lock: File,
}

impl Witness {
    /// Begins with what the folder remembers. `verifier_keys` are those of the logs to look after; a log may
    /// have several.
    pub fn open(
        folder: &Path,
        key: CosignerKey,
        verifier_keys: &[String],
    ) -> Result<Witness, WitnessOpenError> {
        let disk = Disk::open(folder)?;
        let lock = disk.lock()?.ok_or(WitnessOpenError::InUse)?;
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for text in verifier_keys {
            let fault = |fault| WitnessOpenError::Key { key: text.clone(), fault };
            let origin = Trust::key(text).map_err(fault)?.origin().to_owned();
            keys.entry(origin).or_default().push(text.clone());
        }
        let mut logs = BTreeMap::new();
        for (origin, keys) in keys {
            let kept = disk::read(&folder.join(memory(&origin)), MAX_CHECKPOINT_BYTES as u64)?;
            let last = kept.map(|bytes| Checkpoint::kept(&bytes)).transpose();
            let last = last.map_err(|fault| WitnessOpenError::Memory { origin: origin.clone(), fault })?;
            if let Some(found) = last.as_ref().map(|last| &last.origin).filter(|found| **found != origin) {
                let fault = CheckpointFault::Origin { expected: origin.clone(), found: found.clone() };
                return Err(WitnessOpenError::Memory { origin, fault });
            }
            logs.insert(origin, Looked { trust: Trust::new(&keys, &[], 0)?, last });
        }
        Ok(Witness { key, disk, logs, _lock: lock })
    }

    /// The public key, for those who want to see that this witness signed.
    pub fn verifier_key(&self) -> String {
        self.key.verifier_key()
    }

    /// The size at which each log was last cosigned.
    pub fn sizes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.logs.iter().map(|(origin, log)| (origin.as_str(), log.last.as_ref().map_or(0, |last| last.size)))
    }

    /// Cosigns a checkpoint if it goes on from the last one, and gives the signature line. `now` is in
    /// seconds since 1970. When it returns a line, the checkpoint is remembered for good.
    pub fn add_checkpoint(&mut self, body: &[u8], now: u64) -> Result<String, WitnessFault> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.checkpoint.lines().next().unwrap_or_default();
        let log = self.logs.get_mut(origin);
        let log =
            log.ok_or_else(|| WitnessFault::UnknownLog { origin: origin.chars().take(320).collect() })?;
        let checkpoint = log.trust.open(request.checkpoint.as_bytes()).map_err(WitnessFault::Checkpoint)?;
        let (old, size) = (request.old, checkpoint.size);
        if old > size {
            return Err(BadRequest::OldSize { old, size }.into());
        }
        let last = log.last.as_ref().map_or((0, Hash::EMPTY_TREE), |last| (last.size, last.root));
        let (cosigned, root) = last;
        if cosigned != old {
            return Err(WitnessFault::Conflict { cosigned, old });
        }
        if check_consistency(&request.proof, size, checkpoint.root, cosigned, root).is_err() {
            self.disk.put(&format!("{}.refused", memory(origin)), checkpoint.text.as_bytes())?;
            self.disk.settle()?;
            return Err(WitnessFault::OtherHistory { cosigned, same_size: cosigned == size });
        }
        self.disk.put(&memory(origin), checkpoint.text.as_bytes())?;
        self.disk.settle()?;
        let line = self.key.line(&checkpoint.body(), now);
        log.last = Some(checkpoint);
        Ok(line)
    }
}

/// The file that remembers a log. An origin has slashes and colons; its hash has none.
fn memory(origin: &str) -> String {
    Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect()
}
