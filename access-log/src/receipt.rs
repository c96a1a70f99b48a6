//! Receipts: one text that proves, offline, that one entry is in the log (c2sp.org/tlog-proof).

use crate::files::LogFiles;
use crate::layout::{MAX_LOG_SIZE, decimal};
use crate::merkle::{Hash, leaf_hash};
use crate::note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES};
use crate::proof::{self, MAX_PROOF_HASHES, ProofError, check_inclusion};
use crate::trust::Trust;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The most extra data a receipt carries: a canonical record and a key are under a kilobyte.
const MAX_EXTRA_BYTES: usize = 64 * 1024;

/// The longest receipt that is read: extra data in base64, a full proof, a checkpoint, and the lines between.
pub const MAX_RECEIPT_BYTES: usize =
    MAX_EXTRA_BYTES.div_ceil(3) * 4 + MAX_PROOF_HASHES * 45 + MAX_CHECKPOINT_BYTES + 128;

/// A proof for one person that one entry is in the log. `Display` writes the text, [`Receipt::parse`] reads
/// it.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the holder needs to recompute the entry. Nothing proves it: recompute, then check.
    pub extra: Option<Vec<u8>>,
    /// The entry's place in the log.
    pub index: u64,
    /// From the leaf up to the root.
    pub proof: Vec<Hash>,
    /// The checkpoint, signatures and all.
    pub checkpoint: String,
}

/// Why a text is not a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReceipt {
    /// Longer than [`MAX_RECEIPT_BYTES`].
    #[error("a receipt has at most {MAX_RECEIPT_BYTES} bytes, this has {found}")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// A line is not what the format has there.
    #[error("line {line} should be {expected}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What the format has there.
        expected: &'static str,
    },
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// Its checkpoint is not to be believed.
    #[error("the receipt's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointFault),
    /// The entry is not at that place in that log.
    #[error("entry {index} of the log at size {size} is another one")]
    NotThisEntry {
        /// The place the receipt names.
        index: u64,
        /// Entries its checkpoint covers.
        size: u64,
    },
}

impl Receipt {
    /// The proof, as text for one person, that the entry of this index is in the log as it was at this
    /// checkpoint. `extra` travels along unproven: what the person needs to recompute the entry. Reads only
    /// files, so it may run while the log grows.
    pub fn of(
        files: &(impl LogFiles + ?Sized),
        checkpoint: &Checkpoint,
        index: u64,
        extra: Option<Vec<u8>>,
    ) -> Result<Receipt, ProofError> {
        let proof = proof::inclusion_proof(files, checkpoint, index)?;
        Ok(Receipt { extra, index, proof, checkpoint: checkpoint.text.clone() })
    }

    /// Reads a receipt. Says nothing on whether it proves anything; see [`Receipt::check`].
    pub fn parse(text: &str) -> Result<Receipt, BadReceipt> {
        if text.len() > MAX_RECEIPT_BYTES {
            return Err(BadReceipt::TooLong { found: text.len() });
        }
        let wrong = |line, expected| BadReceipt::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(wrong(text.lines().count() + 1, "an empty line and a checkpoint"))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().map(|(line, _)| line) != Some(FIRST_LINE) {
            return Err(wrong(1, "c2sp.org/tlog-proof@v1"));
        }
        let extra = match lines.peek().and_then(|(line, _)| line.strip_prefix("extra ")) {
            None => None,
            Some(extra) => {
                lines.next();
                let extra = STANDARD.decode(extra).ok().filter(|extra| extra.len() <= MAX_EXTRA_BYTES);
                Some(extra.ok_or(wrong(2, "extra and base64"))?)
            }
        };
        let number = 2 + usize::from(extra.is_some());
        let index = lines.next().and_then(|(line, _)| decimal(line.strip_prefix("index ")?));
        let index =
            index.filter(|index| *index < MAX_LOG_SIZE).ok_or(wrong(number, "index and a plain number"))?;
        let mut proof = Vec::new();
        for (line, number) in lines {
            let hash = Hash::parse(line).filter(|_| proof.len() < MAX_PROOF_HASHES);
            proof.push(hash.ok_or(wrong(number, "a hash in base64"))?);
        }
        Ok(Receipt { extra, index, proof, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that this entry is in the log of this key at the place the receipt names, and gives the
    /// checkpoint that says so.
    pub fn check(&self, entry: &[u8], verifier_key: &str) -> Result<Checkpoint, ReceiptFault> {
        self.check_by(entry, &Trust::key(verifier_key).map_err(CheckpointFault::VerifierKey)?)
    }

    /// The same for several keys, or with witnesses that must have signed.
    pub fn check_by(&self, entry: &[u8], trust: &Trust) -> Result<Checkpoint, ReceiptFault> {
        let checkpoint = trust.open(self.checkpoint.as_bytes())?;
        let Checkpoint { size, root, .. } = checkpoint;
        check_inclusion(&self.proof, size, root, self.index, leaf_hash(entry))
            .map_err(|_| ReceiptFault::NotThisEntry { index: self.index, size })?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl fmt::Debug for Receipt {
    /// Leaves out the extra data, which is a person's own record.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("index", &self.index).finish_non_exhaustive()
    }
}
