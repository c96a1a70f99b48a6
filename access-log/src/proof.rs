//! Proofs that an entry is in the log, and that the log only grew.

use crate::disk::IoFault;
use crate::files::LogFiles;
use crate::layout::{MAX_LOG_SIZE, Piece, TILE_WIDTH};
use crate::merkle::{self, Claim, HASH_BYTES, Hash, Unproven};
use crate::note::Checkpoint;

/// More hashes than this are in no proof: one per level of the largest tree, and one more for the old root
/// in a consistency proof.
pub(crate) const MAX_PROOF_HASHES: usize = MAX_LOG_SIZE.ilog2() as usize + 1;

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The log is not that large.
    #[error("asked for {asked}, the checkpoint covers {size}")]
    Beyond {
        /// The index or old size asked for.
        asked: u64,
        /// Entries the checkpoint covers.
        size: u64,
    },
    /// A tile is not there, neither partial nor full.
    #[error("{file} is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A tile is too short.
    #[error("{file} should have {expected} bytes and has {found}")]
    Short {
        /// The file.
        file: String,
        /// Bytes it should have.
        expected: usize,
        /// Bytes it has.
        found: usize,
    },
    /// The tiles do not make the checkpoint's root: the folder was changed. Verify it.
    #[error("the tiles do not make the root of the checkpoint")]
    Inconsistent,
    /// A file operation failed.
    #[error(transparent)]
    Io(#[from] IoFault),
}

/// A proof does not show what it is said to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct NotProven;

/// The hashes that lead from the entry of this index to the checkpoint's root, leaf side first. Reads only
/// files, so it may run while the log grows.
pub fn inclusion_proof(
    files: &(impl LogFiles + ?Sized),
    checkpoint: &Checkpoint,
    index: u64,
) -> Result<Vec<Hash>, ProofError> {
    if index >= checkpoint.size {
        return Err(ProofError::Beyond { asked: index, size: checkpoint.size });
    }
    prove(files, checkpoint, Claim::Holds(index))
}

/// The hashes that show the log of `old_size` to be the beginning of the one in the checkpoint.
pub fn consistency_proof(
    files: &(impl LogFiles + ?Sized),
    checkpoint: &Checkpoint,
    old_size: u64,
) -> Result<Vec<Hash>, ProofError> {
    if old_size > checkpoint.size {
        return Err(ProofError::Beyond { asked: old_size, size: checkpoint.size });
    }
    if old_size == 0 {
        return Ok(Vec::new());
    }
    prove(files, checkpoint, Claim::Continues(old_size))
}

fn prove(
    files: &(impl LogFiles + ?Sized),
    checkpoint: &Checkpoint,
    claim: Claim,
) -> Result<Vec<Hash>, ProofError> {
    merkle::prove(checkpoint.size, checkpoint.root, claim, |piece| read_tile(files, piece)).map_err(
        |unproven| match unproven {
            Unproven::Read(error) => error,
            Unproven::Inconsistent => ProofError::Inconsistent,
        },
    )
}

/// The hashes of a tile; of a partial one that is gone, the beginning of the full one.
fn read_tile(files: &(impl LogFiles + ?Sized), piece: Piece) -> Result<Vec<u8>, ProofError> {
    let expected = usize::from(piece.width) * HASH_BYTES;
    let full = Piece { width: TILE_WIDTH, ..piece };
    for file in [piece.path(), full.path()] {
        let cap = usize::from(TILE_WIDTH) * HASH_BYTES;
        if let Some(mut bytes) = files.read(&file, cap as u64)? {
            if bytes.len() < expected {
                return Err(ProofError::Short { file, expected, found: bytes.len() });
            }
            bytes.truncate(expected);
            return Ok(bytes);
        }
    }
    Err(ProofError::Missing { file: piece.path() })
}

/// Checks that `leaf` (see [`crate::leaf_hash`]) is the entry of this index in the tree of this root.
pub fn check_inclusion(
    proof: &[Hash],
    size: u64,
    root: Hash,
    index: u64,
    leaf: Hash,
) -> Result<(), NotProven> {
    let plausible = proof.len() <= MAX_PROOF_HASHES && size <= MAX_LOG_SIZE && index < size;
    if plausible && merkle::holds(proof, size, root, index, leaf) { Ok(()) } else { Err(NotProven) }
}

/// Checks that the old tree is the beginning of the new one: nothing was changed or taken away.
pub fn check_consistency(
    proof: &[Hash],
    size: u64,
    root: Hash,
    old_size: u64,
    old_root: Hash,
) -> Result<(), NotProven> {
    let plausible = proof.len() <= MAX_PROOF_HASHES && size <= MAX_LOG_SIZE && old_size <= size;
    let holds = match old_size {
        0 => {
            let new_is_empty_too = size > 0 || root == Hash::EMPTY_TREE;
            proof.is_empty() && old_root == Hash::EMPTY_TREE && new_is_empty_too
        }
        _ => plausible && merkle::continues(proof, size, root, old_size, old_root),
    };
    if plausible && holds { Ok(()) } else { Err(NotProven) }
}
