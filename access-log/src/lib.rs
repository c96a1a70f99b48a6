//! An append-only, publicly verifiable log in the C2SP tlog-tiles layout, kept in one folder of plain files
//! that any web server can hand out.
//!
//! - [`LogFolder`] appends entries and publishes a signed [`Checkpoint`] after each batch. A crash between
//!   any two steps repeats work; it never publishes a checkpoint whose tiles are not there.
//! - [`verify_folder`] trusts nothing but the bytes and the public key: it recomputes every hash from the
//!   entries and says which file is wrong, and where.
//! - [`Receipt`] proves to one person, offline, that one entry is in the log.
//!
//! Formats: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note, c2sp.org/tlog-proof; hashes
//! as in RFC 6962, section 2.1. The crate knows no clock, no random source and no network.

mod bundle;
mod consent_leaf;
mod disk;
mod folder;
mod layout;
mod leaf;
mod merkle;
mod note;
mod proof;
mod receipt;
mod verify;

pub use bundle::{BundleFault, MAX_ENTRY_BYTES};
pub use consent_leaf::{CONSENT_LEAF_BYTES, ConsentLeaf, NotAConsentLeaf};
pub use disk::IoFault;
pub use folder::{AppendError, LogFolder, OpenError};
pub use layout::MAX_LOG_SIZE;
pub use leaf::{LEAF_BYTES, Leaf, NotALeaf};
pub use merkle::{Hash, leaf_hash};
pub use note::{BadKey, Checkpoint, CheckpointFault, LogKey, MAX_CHECKPOINT_BYTES};
pub use proof::{
    NotProven, ProofError, check_consistency, check_inclusion, consistency_proof, inclusion_proof,
};
pub use receipt::{BadReceipt, MAX_RECEIPT_BYTES, Receipt, ReceiptFault};
pub use verify::{Fault, Verified, entries_from, verify_folder};
