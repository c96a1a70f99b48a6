//! Signed checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): what a log was at one moment.

use crate::key::{BadKey, LogKey};
use crate::layout::{MAX_LOG_SIZE, decimal};
use crate::merkle::Hash;
use crate::trust::Trust;
use signed_note::{Note, Signer};

/// The longest checkpoint that is read: three lines, and the signatures of the log and of some dozen
/// witnesses even if each is post-quantum (about 3.3 kB in base64).
pub const MAX_CHECKPOINT_BYTES: usize = 64 * 1024;

/// What a log was at one moment, with the signed text that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The note as published, with every signature line, also those of witnesses unknown here.
    pub text: String,
}

/// Why a checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// The verifier key given is not one.
    #[error("the verifier key cannot be used: {0}")]
    VerifierKey(BadKey),
    /// Longer than [`MAX_CHECKPOINT_BYTES`].
    #[error("a checkpoint has at most {MAX_CHECKPOINT_BYTES} bytes, this has more")]
    TooLong,
    /// Not UTF-8, no empty line before the signatures, or a broken signature line.
    #[error("not a signed note")]
    NotANote,
    /// No signature line is by the key asked for: another log, or another key.
    #[error("no signature by {origin}, key {key_id:08x}")]
    NotSignedBy {
        /// The name in the verifier key.
        origin: String,
        /// Its key id.
        key_id: u32,
    },
    /// A signature line claims to be by the key and is not.
    #[error("the signature by {origin}, key {key_id:08x}, does not match the text")]
    BadSignature {
        /// The name in the verifier key.
        origin: String,
        /// Its key id.
        key_id: u32,
    },
    /// Signed by the key, but the first line names another log.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Origin {
        /// The name in the verifier key.
        expected: String,
        /// The first line.
        found: String,
    },
    /// The signed text has other than three lines; this log has no extension lines.
    #[error("a checkpoint has 3 lines before the signatures, this has {found}")]
    Lines {
        /// How many.
        found: usize,
    },
    /// The second line is not a plain decimal number up to [`MAX_LOG_SIZE`].
    #[error("the size is not a plain number up to {MAX_LOG_SIZE}")]
    Size,
    /// The third line is not a hash in base64.
    #[error("the root is not a hash in base64")]
    Root,
    /// Too few of the witnesses that must have signed have.
    #[error("{found} of the named witnesses signed it, {quorum} must have")]
    Witnesses {
        /// How many signed.
        found: usize,
        /// How many must have.
        quorum: usize,
    },
}

impl Checkpoint {
    /// Signs with each of the keys, which are of one log and at least one.
    pub(crate) fn sign(keys: &[LogKey], size: u64, root: Hash) -> Checkpoint {
        let origin = keys[0].origin().to_owned();
        let text = signed_text(&format!("{origin}\n{size}\n{root}\n"), keys);
        Checkpoint { origin, size, root, text }
    }

    /// Reads a checkpoint and checks that the holder of this verifier key signed it for its own log.
    /// Further signatures, such as those of witnesses, are kept and not judged; [`Trust`] judges them.
    pub fn open(bytes: &[u8], verifier_key: &str) -> Result<Checkpoint, CheckpointFault> {
        Trust::key(verifier_key).map_err(CheckpointFault::VerifierKey)?.open(bytes)
    }

    /// The text that is signed: three lines.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads a checkpoint that was checked before it was kept; signatures are not looked at.
    pub(crate) fn kept(bytes: &[u8]) -> Result<Checkpoint, CheckpointFault> {
        let note = Note::from_bytes(bytes).map_err(|_| CheckpointFault::NotANote)?;
        let body = std::str::from_utf8(note.text()).map_err(|_| CheckpointFault::NotANote)?;
        let origin = body.lines().next().unwrap_or_default().to_owned();
        let (size, root) = read_body(body, &origin)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| CheckpointFault::NotANote)?;
        Ok(Checkpoint { origin, size, root, text })
    }
}

/// A note of this text, signed with each of the keys.
pub(crate) fn signed_text(body: &str, keys: &[LogKey]) -> String {
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let note = Note::new(body.as_bytes(), &[]).and_then(|mut note| {
        note.add_sigs(&signers)?;
        Ok(note.to_bytes())
    });
    let note = note.expect("names were checked when the keys were made, and Ed25519 signs any text");
    String::from_utf8(note).expect("a note is made of text")
}

pub(crate) fn read_body(body: &str, origin: &str) -> Result<(u64, Hash), CheckpointFault> {
    let lines: Vec<&str> = body.strip_suffix('\n').unwrap_or(body).split('\n').collect();
    let [found, size, root] = lines[..] else {
        return Err(CheckpointFault::Lines { found: lines.len() });
    };
    if found != origin {
        return Err(CheckpointFault::Origin { expected: origin.to_owned(), found: found.to_owned() });
    }
    let size = decimal(size).filter(|size| *size <= MAX_LOG_SIZE).ok_or(CheckpointFault::Size)?;
    Ok((size, Hash::parse(root).ok_or(CheckpointFault::Root)?))
}
