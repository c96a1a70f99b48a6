//! What went wrong, and whether the log is to blame or the checking.

use access_log::{BadOpening, BadReceipt, BadTrust, EvidenceFault, IoFault, ProofError, ReceiptFault};
use std::{io, path::PathBuf};

/// Why a check did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The keys on the command line make no sense.
    #[error(transparent)]
    Keys(#[from] BadTrust),
    /// A file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is too long for what it should be.
    #[error("{path}: this is longer than {most} bytes, and so not what it should be", path = path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most.
        most: usize,
    },
    /// The log.
    #[error(transparent)]
    Log(#[from] access_log::Fault),
    /// A proof could not be made from the log's tiles.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The log did not only grow.
    #[error(
        "the log of size {old} that you kept is not the beginning of the one of size {size} that is published now: \
         keep both checkpoints, and tell others"
    )]
    OtherHistory {
        /// The kept size.
        old: u64,
        /// The size now.
        size: u64,
    },
    /// The log is shorter than it was.
    #[error("the log had {old} entries when you kept its checkpoint, and has {size} now: it was cut short")]
    CutShort {
        /// The kept size.
        old: u64,
        /// The size now.
        size: u64,
    },
    /// Not a receipt.
    #[error(transparent)]
    NotAReceipt(#[from] BadReceipt),
    /// A receipt without the record.
    #[error("the receipt carries no record, so it cannot say of what it is the proof")]
    NoRecord,
    /// Its record cannot be read.
    #[error(transparent)]
    Opening(#[from] BadOpening),
    /// A receipt that proves nothing.
    #[error("{0}")]
    Receipt(#[from] ReceiptFault),
    /// Evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceFault),
    /// A folder without evidence in it.
    #[error("{path}: there is no evidence (*.jsonl) in this folder", path = path.display())]
    NoEvidence {
        /// The folder.
        path: PathBuf,
    },
}

impl Fault {
    /// Whether what was checked does not hold. Otherwise it could not be checked.
    pub fn is_wrong(&self) -> bool {
        !matches!(
            self,
            Fault::Keys(_)
                | Fault::File { .. }
                | Fault::NoEvidence { .. }
                | Fault::Log(access_log::Fault::Io(_))
                | Fault::Proof(ProofError::Io(_))
        )
    }
}

impl From<IoFault> for Fault {
    fn from(fault: IoFault) -> Fault {
        Fault::Log(fault.into())
    }
}
