//! A log in a folder: open it, append to it, publish what it has become.

use crate::bundle::{self, Broken, BundleFault, MAX_BUNDLE_BYTES, MAX_ENTRY_BYTES};
use crate::disk::{self, Disk, IoFault};
use crate::key::{LogKey, LogKeys};
use crate::layout::{
    CHECKPOINT, Kind, LEVELS, MAX_LOG_SIZE, Piece, TILE_WIDTH, WITNESSED, full_pieces, partial_width,
};
use crate::merkle::{self, Edge, HASH_BYTES, Hash, leaf_hash};
use crate::note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES};
use crate::proof::ProofError;
use crate::receipt::Receipt;
use crate::trust::{BadTrust, Trust};
use std::fs::{self, File};
use std::path::Path;

/// Why a folder cannot be opened for appending.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file operation failed.
    #[error(transparent)]
    Io(#[from] IoFault),
    /// Another process, or another value in this one, has the folder open.
    #[error("the log is open elsewhere")]
    InUse,
    /// There are tiles and no checkpoint. A new log begins in an empty folder.
    #[error("the folder has tiles but no checkpoint")]
    NoCheckpoint,
    /// The checkpoint is broken, or of another log, or signed by another key.
    #[error("the checkpoint is not this log's: {0}")]
    Checkpoint(#[from] CheckpointFault),
    /// The keys given do not belong together.
    #[error(transparent)]
    Keys(#[from] BadTrust),
    /// A file that the checkpoint stands on is not there.
    #[error("{file} is missing, and the checkpoint stands on it")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file that the checkpoint stands on has the wrong length.
    #[error("{file} should have {expected} bytes and has {found}")]
    Length {
        /// The file.
        file: String,
        /// Bytes it should have.
        expected: usize,
        /// Bytes it has; for a longer file, at least these.
        found: usize,
    },
    /// The last entry bundle breaks off.
    #[error("{file} breaks off at byte {offset}: {fault}")]
    Bundle {
        /// The file.
        file: String,
        /// Where.
        offset: usize,
        /// How.
        fault: BundleFault,
    },
    /// An entry of the last bundle does not have the hash in the tile.
    #[error("entry {index} in {file} hashes to {found}, its tile says {expected}")]
    Entry {
        /// The file.
        file: String,
        /// The entry's place in the log.
        index: u64,
        /// What the tile says.
        expected: Hash,
        /// What the entry hashes to.
        found: Hash,
    },
    /// The last tiles do not make the root that the checkpoint names.
    #[error("the checkpoint says root {expected} at size {size}, the tiles make {found}")]
    Root {
        /// Entries.
        size: u64,
        /// What the checkpoint says.
        expected: Hash,
        /// What the tiles make.
        found: Hash,
    },
}

/// Why nothing was appended, as far as the checkpoint tells.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// An entry is too long for a bundle. Nothing was written.
    #[error("entry {position} of the batch has {bytes} bytes, more than {MAX_ENTRY_BYTES}")]
    EntryTooLong {
        /// Its place in the batch, from 0.
        position: usize,
        /// Its length.
        bytes: usize,
    },
    /// The log would become too large. Nothing was written.
    #[error("the log would have more than {MAX_LOG_SIZE} entries")]
    LogFull,
    /// A file operation failed. Whether the checkpoint went out is unknown; open the folder again.
    #[error(transparent)]
    Io(#[from] IoFault),
    /// The keys are of another log.
    #[error("the keys are of {found}, which is another log")]
    OtherLog {
        /// The log they are of.
        found: String,
    },
    /// An earlier append failed midway; open the folder again and append from its size.
    #[error("an earlier append failed; open the log again")]
    Broken,
}

/// A log open for appending. One process at a time has it.
#[derive(Debug)]
pub struct LogFolder {
    disk: Disk,
    keys: LogKeys,
    edge: Edge,
    /// The entry bundle of the partial tile of level 0, as its file holds it.
    bundle: Vec<u8>,
    checkpoint: Checkpoint,
    broken: bool,
    _lock: File,
}

impl LogFolder {
    /// Opens the log, or begins one in an empty or absent folder by publishing a checkpoint of size 0.
    ///
    /// Checks the signature, that the growing side of the tree makes the checkpoint's root, and that the
    /// last bundle's entries have the hashes in their tile. It does not read the whole log: that is what
    /// [`crate::verify_folder`] does. Files from beyond the checkpoint, which a crash can leave, are
    /// ignored, and overwritten when the log gets there.
    pub fn open(path: &Path, keys: impl Into<LogKeys>) -> Result<LogFolder, OpenError> {
        let keys = keys.into();
        let trust = Trust::new(&keys.verifier_keys(), &[], 0)?;
        let mut disk = Disk::open(path)?;
        let lock = disk.lock()?.ok_or(OpenError::InUse)?;
        let checkpoint = match disk::read(&path.join(CHECKPOINT), MAX_CHECKPOINT_BYTES as u64)? {
            Some(bytes) => trust.open(&bytes)?,
            None if disk::list(&path.join("tile"))?.is_empty() => begin(&mut disk, &keys)?,
            None => return Err(OpenError::NoCheckpoint),
        };
        let size = checkpoint.size;
        let mut levels: [Vec<Hash>; LEVELS as usize] = Default::default();
        for level in 0..LEVELS {
            levels[usize::from(level)] = read_edge_tile(path, level, size)?;
        }
        let edge = Edge::restore(size, levels);
        if edge.root() != checkpoint.root {
            return Err(OpenError::Root { size, expected: checkpoint.root, found: edge.root() });
        }
        let bundle = read_edge_bundle(path, &edge)?;
        for level in 0..LEVELS {
            if let Some(last) = full_pieces(level, size).checked_sub(1) {
                remove_partials(&disk, level, last);
            }
        }
        Ok(LogFolder { disk, keys, edge, bundle, checkpoint, broken: false, _lock: lock })
    }

    /// How many entries are published; the index that the next one gets.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The checkpoint that is published now.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.keys.origin()
    }

    /// Appends the entries in this order and publishes one checkpoint over them.
    ///
    /// When it returns, tiles, bundles and checkpoint are on the disk for good, the checkpoint last. After
    /// a crash, open the folder again and append from its size: the same entries give the same files.
    /// Whoever appends must give the same entry for the same index again, even if it was not published.
    pub fn append(&mut self, entries: &[Vec<u8>]) -> Result<Checkpoint, AppendError> {
        if self.broken {
            return Err(AppendError::Broken);
        }
        if let Some(position) = entries.iter().position(|entry| entry.len() > MAX_ENTRY_BYTES) {
            return Err(AppendError::EntryTooLong { position, bytes: entries[position].len() });
        }
        if entries.len() as u64 > MAX_LOG_SIZE - self.size() {
            return Err(AppendError::LogFull);
        }
        if entries.is_empty() {
            return Ok(self.checkpoint.clone());
        }
        self.broken = true;
        let old = self.size();
        self.write_pieces(entries)?;
        self.disk.settle()?;
        let checkpoint = Checkpoint::sign(&self.keys.signing, self.size(), self.edge.root());
        publish(&mut self.disk, &checkpoint)?;
        self.checkpoint = checkpoint.clone();
        self.broken = false;
        for level in 0..LEVELS {
            let was_partial = full_pieces(level, old);
            if was_partial < full_pieces(level, self.size()) {
                remove_partials(&self.disk, level, was_partial);
            }
        }
        Ok(checkpoint)
    }

    /// Writes each piece that becomes full, and then the partial pieces of the new size.
    fn write_pieces(&mut self, entries: &[Vec<u8>]) -> Result<(), IoFault> {
        let LogFolder { disk, edge, bundle, .. } = self;
        let old = edge.size();
        for entry in entries {
            bundle::push(bundle, entry);
            edge.push(leaf_hash(entry), |level, index, hashes| {
                if level == 0 {
                    disk.put(&Piece { kind: Kind::Entries, index, width: TILE_WIDTH }.path(), bundle)?;
                    bundle.clear();
                }
                let tile = Piece { kind: Kind::Hashes(level), index, width: TILE_WIDTH };
                disk.put(&tile.path(), &merkle::to_bytes(hashes))
            })?;
        }
        let size = edge.size();
        for level in 0..LEVELS {
            let (index, width) = (full_pieces(level, size), partial_width(level, size));
            let unchanged = old >> (8 * u32::from(level)) == size >> (8 * u32::from(level));
            if width == 0 || unchanged {
                continue;
            }
            if level == 0 {
                disk.put(&Piece { kind: Kind::Entries, index, width }.path(), bundle)?;
            }
            let tile = Piece { kind: Kind::Hashes(level), index, width };
            disk.put(&tile.path(), &merkle::to_bytes(edge.level(level)))?;
        }
        Ok(())
    }

    /// Signs with other keys from now on: publishes the checkpoint that stands again, at the same size, so
    /// that readers see the new key even when nothing is appended. Cosignatures of witnesses go with the old
    /// text; ask for new ones.
    ///
    /// The new keys must include, as one that signs or has signed, a key that readers know already; nothing
    /// here can check that.
    pub fn change_keys(&mut self, keys: LogKeys) -> Result<Checkpoint, AppendError> {
        if self.broken {
            return Err(AppendError::Broken);
        }
        if keys.origin() != self.keys.origin() {
            return Err(AppendError::OtherLog { found: keys.origin().to_owned() });
        }
        self.broken = true;
        let checkpoint = Checkpoint::sign(&keys.signing, self.size(), self.edge.root());
        publish(&mut self.disk, &checkpoint)?;
        self.keys = keys;
        self.checkpoint = checkpoint.clone();
        self.broken = false;
        Ok(checkpoint)
    }

    /// Whether the keys that sign now are these.
    pub fn signs_with(&self, keys: &LogKeys) -> bool {
        let public = |keys: &LogKeys| keys.signing.iter().map(LogKey::verifier_key).collect::<Vec<_>>();
        public(&self.keys) == public(keys)
    }

    /// Publishes a checkpoint of this log with the signature lines that witnesses gave for it: as
    /// `checkpoint.witnessed` when a quorum has signed, and as `checkpoint` while it is still the newest.
    /// `of` must be a checkpoint that this folder published; the lines, all that there are for it, must have been
    /// checked.
    pub fn cosigned(&mut self, of: &Checkpoint, lines: &str, quorum_met: bool) -> Result<(), AppendError> {
        if self.broken {
            return Err(AppendError::Broken);
        }
        let cosigned = Checkpoint { text: format!("{}{lines}", of.text), ..of.clone() };
        if quorum_met {
            self.disk.put(WITNESSED, cosigned.text.as_bytes())?;
        }
        if self.checkpoint.text.starts_with(&of.text) {
            self.disk.put(CHECKPOINT, cosigned.text.as_bytes())?;
            self.checkpoint = cosigned;
        }
        Ok(self.disk.settle()?)
    }

    /// The proof, as text for one person, that the entry of this index is in the log as published now.
    /// `extra` travels along unproven: what the person needs to recompute the entry.
    pub fn receipt(&self, index: u64, extra: Option<Vec<u8>>) -> Result<Receipt, ProofError> {
        Receipt::of(self.disk.root(), &self.checkpoint, index, extra)
    }
}

fn begin(disk: &mut Disk, keys: &LogKeys) -> Result<Checkpoint, IoFault> {
    let checkpoint = Checkpoint::sign(&keys.signing, 0, Hash::EMPTY_TREE);
    publish(disk, &checkpoint)?;
    Ok(checkpoint)
}

fn publish(disk: &mut Disk, checkpoint: &Checkpoint) -> Result<(), IoFault> {
    disk.put(CHECKPOINT, checkpoint.text.as_bytes())?;
    disk.settle()
}

/// Removes the partial files of a piece that is full and published. Readers take the full one instead
/// (c2sp.org/tlog-tiles), so nothing depends on whether this succeeds.
fn remove_partials(disk: &Disk, level: u8, index: u64) {
    let tile = Piece { kind: Kind::Hashes(level), index, width: TILE_WIDTH };
    let entries = Piece { kind: Kind::Entries, ..tile };
    for piece in if level == 0 { vec![tile, entries] } else { vec![tile] } {
        fs::remove_dir_all(disk.root().join(piece.partials_path())).ok();
    }
}

fn read_edge_tile(path: &Path, level: u8, size: u64) -> Result<Vec<Hash>, OpenError> {
    let width = partial_width(level, size);
    if width == 0 {
        return Ok(Vec::new());
    }
    let file = Piece { kind: Kind::Hashes(level), index: full_pieces(level, size), width }.path();
    let expected = usize::from(width) * HASH_BYTES;
    match disk::read(&path.join(&file), expected as u64)? {
        None => Err(OpenError::Missing { file }),
        Some(bytes) if bytes.len() != expected => {
            Err(OpenError::Length { file, expected, found: bytes.len() })
        }
        Some(bytes) => Ok(merkle::from_bytes(&bytes)),
    }
}

fn read_edge_bundle(path: &Path, edge: &Edge) -> Result<Vec<u8>, OpenError> {
    let (index, width) = (full_pieces(0, edge.size()), partial_width(0, edge.size()));
    if width == 0 {
        return Ok(Vec::new());
    }
    let file = Piece { kind: Kind::Entries, index, width }.path();
    let Some(bytes) = disk::read(&path.join(&file), MAX_BUNDLE_BYTES)? else {
        return Err(OpenError::Missing { file });
    };
    match bundle::entries(&bytes, width) {
        Err(Broken { offset, fault, .. }) => return Err(OpenError::Bundle { file, offset, fault }),
        Ok(entries) => {
            for (position, ((_, entry), expected)) in entries.iter().zip(edge.level(0)).enumerate() {
                let (found, expected) = (leaf_hash(entry), *expected);
                if found != expected {
                    let index = index * u64::from(TILE_WIDTH) + position as u64;
                    return Err(OpenError::Entry { file, index, expected, found });
                }
            }
        }
    }
    Ok(bytes)
}
