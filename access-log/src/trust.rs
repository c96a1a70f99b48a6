//! Whom a reader believes: the log's own keys, and how many of which witnesses.

use crate::key::{BadKey, Kind, PublicKey};
use crate::note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES, read_body};
use signed_note::{Note, NoteError, Verifier, VerifierList};
use std::collections::BTreeMap;

/// Why a choice of keys is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrust {
    /// Without a key of the log nothing can be believed.
    #[error("name at least one verifier key of the log")]
    NoKey,
    /// A text is not such a key.
    #[error("{key} cannot be used: {fault}")]
    Key {
        /// The text.
        key: String,
        /// Why not.
        fault: BadKey,
    },
    /// The verifier keys are of more than one log.
    #[error("the keys are of two logs, {one} and {other}")]
    TwoLogs {
        /// The first key's log.
        one: String,
        /// Another key's log.
        other: String,
    },
    /// More witnesses must sign than are named.
    #[error("{quorum} witnesses must have signed, and {named} are named")]
    Quorum {
        /// How many must sign.
        quorum: usize,
        /// How many there are.
        named: usize,
    },
}

/// A witness's word on a checkpoint: by this time it had seen no other history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: String,
    /// Seconds since 1970.
    pub time: u64,
}

/// Whom a reader believes.
#[derive(Clone)]
pub struct Trust {
    logs: Vec<PublicKey>,
    witnesses: Vec<PublicKey>,
    quorum: usize,
}

impl Trust {
    /// Believes a checkpoint that any of the log's `verifier_keys` signed, if at least `quorum` of the
    /// witnesses did too. A key that is named twice counts once.
    pub fn new<K: AsRef<str>>(
        verifier_keys: &[K],
        witnesses: &[K],
        quorum: usize,
    ) -> Result<Trust, BadTrust> {
        let logs = read_keys(Kind::Log, verifier_keys)?;
        let witnesses = read_keys(Kind::Cosigner, witnesses)?;
        let first = logs.first().ok_or(BadTrust::NoKey)?;
        if let Some(other) = logs.iter().find(|key| key.name != first.name) {
            return Err(BadTrust::TwoLogs { one: first.name.clone(), other: other.name.clone() });
        }
        if quorum > witnesses.len() {
            return Err(BadTrust::Quorum { quorum, named: witnesses.len() });
        }
        Ok(Trust { logs, witnesses, quorum })
    }

    /// Believes whatever this key of a log signed.
    pub fn key(verifier_key: &str) -> Result<Trust, BadKey> {
        let log = PublicKey::from_text(Kind::Log, verifier_key)?;
        Ok(Trust { logs: vec![log], witnesses: Vec::new(), quorum: 0 })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.logs[0].name
    }

    /// How many witnesses must have signed.
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// Reads a checkpoint and checks its signatures: at least one by the log's keys, at least the quorum by
    /// witnesses, and none that claims to be by a known key and is not. Signatures by other keys are kept
    /// and not judged.
    pub fn open(&self, bytes: &[u8]) -> Result<Checkpoint, CheckpointFault> {
        let (checkpoint, cosigned) = self.read(bytes)?;
        if cosigned.len() < self.quorum {
            return Err(CheckpointFault::Witnesses { found: cosigned.len(), quorum: self.quorum });
        }
        Ok(checkpoint)
    }

    /// The same without asking for witnesses.
    pub(crate) fn open_without_witnesses(&self, bytes: &[u8]) -> Result<Checkpoint, CheckpointFault> {
        self.read(bytes).map(|(checkpoint, _)| checkpoint)
    }

    /// The text of a note that is no checkpoint, once a key of the log is seen to have signed it.
    pub(crate) fn signed(&self, note: &str) -> Result<String, CheckpointFault> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointFault::NotANote)?;
        self.judge(&note)?;
        String::from_utf8(note.text().to_vec()).map_err(|_| CheckpointFault::NotANote)
    }

    /// Which of the witnesses signed a checkpoint, one word each.
    pub fn cosignatures(&self, checkpoint: &Checkpoint) -> Result<Vec<Cosignature>, CheckpointFault> {
        self.read(checkpoint.text.as_bytes()).map(|(_, cosigned)| cosigned)
    }

    fn read(&self, bytes: &[u8]) -> Result<(Checkpoint, Vec<Cosignature>), CheckpointFault> {
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(CheckpointFault::TooLong);
        }
        let note = Note::from_bytes(bytes).map_err(|_| CheckpointFault::NotANote)?;
        let cosigned = self.judge(&note)?;
        let body = std::str::from_utf8(note.text()).map_err(|_| CheckpointFault::NotANote)?;
        let (size, root) = read_body(body, self.origin())?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| CheckpointFault::NotANote)?;
        Ok((Checkpoint { origin: self.origin().to_owned(), size, root, text }, cosigned))
    }

    /// Checks that a key of the log signed the note and that no known key is claimed wrongly, and tells which
    /// witnesses signed.
    fn judge(&self, note: &Note) -> Result<Vec<Cosignature>, CheckpointFault> {
        let known: Vec<Box<dyn Verifier>> =
            self.logs.iter().chain(&self.witnesses).map(|key| Box::new(key.clone()) as _).collect();
        let not_signed =
            || CheckpointFault::NotSignedBy { origin: self.origin().to_owned(), key_id: self.logs[0].id };
        let signed = match note.verify(&VerifierList::new(known)) {
            Ok((signed, _)) => signed,
            Err(NoteError::InvalidSignature { name, id }) => {
                return Err(CheckpointFault::BadSignature { origin: name, key_id: id });
            }
            Err(_) => return Err(not_signed()),
        };
        let by = |key: &PublicKey| signed.iter().find(|s| s.name() == key.name && s.id() == key.id);
        if !self.logs.iter().any(|key| by(key).is_some()) {
            return Err(not_signed());
        }
        let cosigned = self.witnesses.iter().filter_map(|key| {
            let time = PublicKey::time(by(key)?.signature())?;
            Some(Cosignature { witness: key.name.clone(), time })
        });
        Ok(cosigned.collect())
    }
}

/// Reads keys; one that is named twice, under whatever name, is taken once.
fn read_keys<K: AsRef<str>>(kind: Kind, texts: &[K]) -> Result<Vec<PublicKey>, BadTrust> {
    let mut keys = BTreeMap::new();
    let mut order = Vec::new();
    for text in texts {
        let text = text.as_ref().trim();
        let key = PublicKey::from_text(kind, text)
            .map_err(|fault| BadTrust::Key { key: text.chars().take(100).collect(), fault })?;
        let bytes = *key.key.as_bytes();
        if keys.insert(bytes, key).is_none() {
            order.push(bytes);
        }
    }
    Ok(order.iter().filter_map(|bytes| keys.remove(bytes)).collect())
}
