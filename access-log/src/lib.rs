//! An append-only, publicly verifiable log in the C2SP tlog-tiles layout, kept in one folder of plain files
//! that any web server can hand out.
//!
//! - [`LogFolder`] appends entries and publishes a signed [`Checkpoint`] after each batch. A crash between
//!   any two steps repeats work; it never publishes a checkpoint whose tiles are not there.
//! - [`verify_folder`] trusts nothing but the bytes and the public key: it recomputes every hash from the
//!   entries and says which file is wrong, and where.
//! - [`Receipt`] proves to one person, offline, that one entry is in the log, and [`Opening`] what it says.
//! - [`Witness`] cosigns the checkpoints of other people's logs, each only if it goes on from the last.
//! - [`Evidence`] is what an auditor takes home: entries with their proofs, and the texts they were decided by.
//!
//! Formats: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note, c2sp.org/tlog-proof,
//! c2sp.org/tlog-cosignature, c2sp.org/tlog-witness; hashes
//! as in RFC 6962, section 2.1. The crate knows no clock, no random source and no network.

mod bundle;
mod consent_leaf;
mod disk;
mod entry;
mod evidence;
mod files;
mod folder;
mod key;
mod layout;
mod leaf;
mod merkle;
mod note;
mod opening;
mod proof;
mod receipt;
mod trust;
mod verify;
mod witness;

pub use bundle::{BundleFault, MAX_ENTRY_BYTES};
pub use consent_leaf::{CONSENT_LEAF_BYTES, ConsentLeaf, NotAConsentLeaf};
pub use disk::IoFault;
pub use entry::{Entry, NotAnEntry};
pub use evidence::{
    Earlier, Evidence, EvidenceFault, MAX_EVIDENCE_BYTES, MAX_EVIDENCE_ENTRIES, Policy, Proven, Summary,
    Text, check_evidence,
};
pub use files::LogFiles;
pub use folder::{AppendError, LogFolder, OpenError};
pub use key::{BadKey, CosignerKey, LogKey, LogKeys};
pub use layout::{Lasting, MAX_LOG_SIZE, published_file};
pub use leaf::{LEAF_BYTES, Leaf, NotALeaf};
pub use merkle::{Hash, leaf_hash};
pub use note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES};
pub use opening::{BadOpening, Opening};
pub use proof::{
    NotProven, ProofError, check_consistency, check_inclusion, consistency_proof, inclusion_proof,
};
pub use receipt::{BadReceipt, MAX_RECEIPT_BYTES, Receipt, ReceiptFault};
pub use trust::{BadTrust, Cosignature, Trust};
pub use verify::{Fault, Verified, entries_from, published, verify_folder, verify_log};
pub use witness::{AddCheckpoint, BadRequest, MAX_REQUEST_BYTES, Witness, WitnessFault, WitnessOpenError};
