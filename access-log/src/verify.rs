//! The independent check of a whole log: everything is recomputed from the entries.

use crate::bundle::{self, Broken, BundleFault, MAX_BUNDLE_BYTES};
use crate::disk::IoFault;
use crate::files::LogFiles;
use crate::layout::{
    CHECKPOINT, Kind, LEVELS, Piece, TILE_WIDTH, WITNESSED, decimal, full_pieces, partial_width,
};
use crate::merkle::{self, Edge, HASH_BYTES, Hash, leaf_hash};
use crate::note::{Checkpoint, CheckpointFault, MAX_CHECKPOINT_BYTES};
use crate::trust::{Cosignature, Trust};
use std::path::Path;

/// A log that is whole: every entry, tile and partial tile belongs to the signed root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The log's name.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Which of the named witnesses signed the checkpoint.
    pub cosigned: Vec<Cosignature>,
    /// Files that lie beyond the checkpoint: an append is going on, or was cut off by a crash. They are not
    /// part of the log yet.
    pub unpublished: u64,
}

/// What is wrong with a log, and where. Files are named relative to the folder.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The checkpoint is broken, or of another log, or signed by another key.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointFault),
    /// A file that a tree of this size has is not there.
    #[error("{file} is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A tile has the wrong length.
    #[error("{file} should have {expected} bytes and has {found}")]
    Length {
        /// The file.
        file: String,
        /// Bytes it should have.
        expected: usize,
        /// Bytes it has; for a longer file, at least these.
        found: usize,
    },
    /// An entry bundle breaks off or runs on.
    #[error("{file}, byte {offset}, entry {index}: {fault}")]
    Bundle {
        /// The file.
        file: String,
        /// The entry's place in the log.
        index: u64,
        /// Where in the file.
        offset: usize,
        /// How.
        fault: BundleFault,
    },
    /// An entry is not the one that the tree was built over.
    #[error("{file}, byte {offset}, entry {index}: the tree has {expected}, this entry hashes to {found}")]
    Entry {
        /// The file.
        file: String,
        /// The entry's place in the log.
        index: u64,
        /// Where in the file it begins.
        offset: usize,
        /// Its hash in the level-0 tile.
        expected: Hash,
        /// The hash of what is there.
        found: Hash,
    },
    /// A tile holds a hash that does not follow from the entries.
    #[error("{file}, byte {offset}: the entries make {expected}, the tile has {found}")]
    Tile {
        /// The file.
        file: String,
        /// Where in the file the hash begins.
        offset: usize,
        /// What follows from the entries.
        expected: Hash,
        /// What is there.
        found: Hash,
    },
    /// A partial file of an earlier size is not the beginning of what the piece became.
    #[error("{file}, byte {offset}: differs from what the log has there now")]
    Earlier {
        /// The file.
        file: String,
        /// The first byte that differs, or where the file ends too early or should have ended.
        offset: usize,
    },
    /// Entries and tiles agree with each other but not with the signed root.
    #[error("the checkpoint says root {expected} at size {size}, the entries make {found}")]
    Root {
        /// Entries.
        size: u64,
        /// What the checkpoint says.
        expected: Hash,
        /// What follows from the entries.
        found: Hash,
    },
    /// A file below `tile/` that no log has.
    #[error("{file} does not belong into a log")]
    Stray {
        /// The file.
        file: String,
    },
    /// A file could not be read.
    #[error(transparent)]
    Io(#[from] IoFault),
}

impl Fault {
    /// The file that is wrong, relative to the folder, where one can be named. When entries and tiles agree
    /// with each other and not with the root, that is the checkpoint's word against theirs.
    pub fn file(&self) -> Option<&str> {
        match self {
            Fault::Checkpoint(_) | Fault::Root { .. } => Some(CHECKPOINT),
            Fault::Missing { file }
            | Fault::Length { file, .. }
            | Fault::Bundle { file, .. }
            | Fault::Entry { file, .. }
            | Fault::Tile { file, .. }
            | Fault::Earlier { file, .. }
            | Fault::Stray { file } => Some(file),
            Fault::Io(_) => None,
        }
    }
}

/// Checks the log in a folder against its own checkpoint and this verifier key; see [`verify_log`].
pub fn verify_folder(path: &Path, verifier_key: &str) -> Result<Verified, Fault> {
    verify_log(path, &Trust::key(verifier_key).map_err(CheckpointFault::VerifierKey)?)
}

/// Checks a log against its own checkpoint: the signatures, every entry against its leaf hash, every tile of
/// every level, every partial file that is still there, and the root. If witnesses must have signed, the
/// checkpoint is the newest that they have.
///
/// Keeps one bundle and its hashes in memory, whatever the size of the log. May run while the log grows: a
/// file that is missing because the log has moved on meanwhile is looked for again at the new checkpoint.
pub fn verify_log(files: &(impl LogFiles + ?Sized), trust: &Trust) -> Result<Verified, Fault> {
    let mut checkpoint = published(files, trust)?;
    for _ in 0..CATCH_UPS {
        let verdict = verify_at(files, &checkpoint, trust);
        let newer = match &verdict {
            Err(Fault::Missing { .. }) => published(files, trust)?,
            _ => return verdict,
        };
        if newer.size <= checkpoint.size {
            return verdict;
        }
        checkpoint = newer;
    }
    verify_at(files, &checkpoint, trust)
}

/// How often a check starts again because the log moved on under it. Only a partial file that became full
/// can go missing so, and each start sees a newer checkpoint; a log that outruns this is checked from a copy.
const CATCH_UPS: usize = 3;

/// The checkpoint that is published now, once its signatures are checked. If witnesses must have signed, the
/// newest that they have.
pub fn published(files: &(impl LogFiles + ?Sized), trust: &Trust) -> Result<Checkpoint, Fault> {
    let file = if trust.quorum() > 0 { WITNESSED } else { CHECKPOINT };
    let bytes = files.read(file, MAX_CHECKPOINT_BYTES as u64)?;
    Ok(trust.open(&bytes.ok_or(Fault::Missing { file: file.to_owned() })?)?)
}

fn verify_at<F: LogFiles + ?Sized>(
    files: &F,
    checkpoint: &Checkpoint,
    trust: &Trust,
) -> Result<Verified, Fault> {
    let mut audit = Audit {
        files,
        size: checkpoint.size,
        edge: Edge::default(),
        changed_entry: None,
        changed_piece: None,
    };
    for index in 0..=full_pieces(0, checkpoint.size) {
        audit.bundle(index)?;
    }
    for level in 0..LEVELS {
        let (index, width) = (full_pieces(level, audit.size), partial_width(level, audit.size));
        if width > 0 {
            let hashes = audit.edge.level(level).to_vec();
            let piece = Piece { kind: Kind::Hashes(level), index, width };
            audit.changed_piece = audit.changed_piece.take().or(check_tile(files, piece, &hashes)?);
        }
    }
    audit.judge(checkpoint)?;
    let Checkpoint { origin, size, root, .. } = checkpoint.clone();
    let cosigned = trust.cosignatures(checkpoint)?;
    let unpublished = unpublished(files, "tile", size)?;
    Ok(Verified { origin, size, root, cosigned, unpublished })
}

/// The entries of a published log of `size` entries, from `from` to the end of its bundle (at most 256).
/// None are given past the end.
pub fn entries_from(files: &(impl LogFiles + ?Sized), size: u64, from: u64) -> Result<Vec<Vec<u8>>, Fault> {
    let index = from / u64::from(TILE_WIDTH);
    let width = if index < full_pieces(0, size) { TILE_WIDTH } else { partial_width(0, size) };
    if from >= size {
        return Ok(Vec::new());
    }
    let piece = Piece { kind: Kind::Entries, index, width };
    let bytes = read_bundle(files, piece)?;
    let skipped = (from % u64::from(TILE_WIDTH)) as usize;
    let entries = take_apart(&bytes, piece)?;
    Ok(entries.into_iter().skip(skipped).map(|(_, entry)| entry.to_vec()).collect())
}

/// The bytes of a bundle; of a partial one that is gone since the log grew, the beginning of the full one.
fn read_bundle(files: &(impl LogFiles + ?Sized), piece: Piece) -> Result<Vec<u8>, Fault> {
    let file = piece.path();
    if let Some(bytes) = files.read(&file, MAX_BUNDLE_BYTES)? {
        return Ok(bytes);
    }
    let full = Piece { width: TILE_WIDTH, ..piece };
    match files.read(&full.path(), MAX_BUNDLE_BYTES)? {
        Some(bytes) if full != piece => {
            let whole = take_apart(&bytes, full)?;
            let end = whole.get(usize::from(piece.width)).map_or(bytes.len(), |(offset, _)| *offset);
            Ok(bytes[..end].to_vec())
        }
        _ => Err(Fault::Missing { file }),
    }
}

fn take_apart(bytes: &[u8], piece: Piece) -> Result<Vec<(usize, &[u8])>, Fault> {
    let first = piece.index * u64::from(TILE_WIDTH);
    bundle::entries(bytes, piece.width).map_err(|Broken { entry, offset, fault }| Fault::Bundle {
        file: piece.path(),
        index: first + u64::from(entry),
        offset,
        fault,
    })
}

struct Audit<'a, F: ?Sized> {
    files: &'a F,
    size: u64,
    /// The tree, as it follows from the entries read so far.
    edge: Edge,
    /// The first entry whose hash is not the one in its level-0 tile.
    changed_entry: Option<Fault>,
    /// The first tile or earlier partial file that does not follow from the entries.
    changed_piece: Option<Fault>,
}

impl<F: LogFiles + ?Sized> Audit<'_, F> {
    /// Reads one bundle, hashes its entries and checks every tile that becomes full by them.
    fn bundle(&mut self, index: u64) -> Result<(), Fault> {
        let full = index < full_pieces(0, self.size);
        let width = if full { TILE_WIDTH } else { partial_width(0, self.size) };
        if width == 0 {
            return Ok(());
        }
        let piece = Piece { kind: Kind::Entries, index, width };
        let bytes = read_bundle(self.files, piece)?;
        let entries = take_apart(&bytes, piece)?;
        self.compare_with_leaf_tile(piece, &entries)?;
        let (files, changed) = (self.files, &mut self.changed_piece);
        for (_, entry) in &entries {
            self.edge.push(leaf_hash(entry), |level, index, hashes| {
                let tile = Piece { kind: Kind::Hashes(level), index, width: TILE_WIDTH };
                let fault = check_tile(files, tile, hashes)?;
                *changed = changed.take().or(fault);
                Ok::<(), Fault>(())
            })?;
        }
        let ends: Vec<usize> = entries.iter().map(|(offset, entry)| offset + 2 + entry.len()).collect();
        let earlier = check_earlier(self.files, piece, &bytes, |width| ends[usize::from(width) - 1])?;
        self.changed_piece = self.changed_piece.take().or(earlier);
        Ok(())
    }

    /// Remembers the first entry that the level-0 tile knows by another hash.
    fn compare_with_leaf_tile(&mut self, bundle: Piece, entries: &[(usize, &[u8])]) -> Result<(), Fault> {
        if self.changed_entry.is_some() {
            return Ok(());
        }
        let tile = read_tile(self.files, Piece { kind: Kind::Hashes(0), ..bundle })?;
        let mut pairs = entries.iter().zip(tile).enumerate();
        self.changed_entry = pairs.find_map(|(position, ((offset, entry), expected))| {
            let found = leaf_hash(entry);
            let index = bundle.index * u64::from(TILE_WIDTH) + position as u64;
            (found != expected).then(|| Fault::Entry {
                file: bundle.path(),
                index,
                offset: *offset,
                expected,
                found,
            })
        });
        Ok(())
    }

    /// If the entries make the signed root, they are right and what differs from them is wrong; otherwise
    /// the entries are.
    fn judge(self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        let found = self.edge.root();
        let fault = if found == checkpoint.root {
            self.changed_piece
        } else {
            let root = Fault::Root { size: self.size, expected: checkpoint.root, found };
            Some(self.changed_entry.or(self.changed_piece).unwrap_or(root))
        };
        fault.map_or(Ok(()), Err)
    }
}

/// The hashes of a tile; of a partial one that is gone since the log grew, the beginning of the full one.
fn read_tile(files: &(impl LogFiles + ?Sized), piece: Piece) -> Result<Vec<Hash>, Fault> {
    let file = piece.path();
    let expected = usize::from(piece.width) * HASH_BYTES;
    match files.read(&file, expected as u64)? {
        Some(bytes) if bytes.len() != expected => Err(Fault::Length { file, expected, found: bytes.len() }),
        Some(bytes) => Ok(merkle::from_bytes(&bytes)),
        None if piece.width < TILE_WIDTH => {
            let full = Piece { width: TILE_WIDTH, ..piece };
            let mut hashes = match read_tile(files, full) {
                Err(Fault::Missing { .. }) => return Err(Fault::Missing { file }),
                hashes => hashes?,
            };
            hashes.truncate(usize::from(piece.width));
            Ok(hashes)
        }
        None => Err(Fault::Missing { file }),
    }
}

/// The first hash in which a tile, or an earlier partial file of it, differs from what the entries make.
fn check_tile(
    files: &(impl LogFiles + ?Sized),
    piece: Piece,
    hashes: &[Hash],
) -> Result<Option<Fault>, Fault> {
    let stored = read_tile(files, piece)?;
    let differing = stored.iter().zip(hashes).position(|(found, expected)| found != expected);
    if let Some(place) = differing {
        let (expected, found) = (hashes[place], stored[place]);
        return Ok(Some(Fault::Tile { file: piece.path(), offset: place * HASH_BYTES, expected, found }));
    }
    check_earlier(files, piece, &merkle::to_bytes(hashes), |width| usize::from(width) * HASH_BYTES)
}

/// Compares the partial files of earlier sizes with the beginning of the piece; `end` says at which byte
/// the first so many items end.
fn check_earlier(
    files: &(impl LogFiles + ?Sized),
    piece: Piece,
    now: &[u8],
    end: impl Fn(u16) -> usize,
) -> Result<Option<Fault>, Fault> {
    for (name, _) in files.list(&piece.partials_path())? {
        let Some(width) = decimal(&name).and_then(|width| u16::try_from(width).ok()) else { continue };
        if !(1..piece.width).contains(&width) {
            continue;
        }
        let file = Piece { width, ..piece }.path();
        let expected = &now[..end(width)];
        // Gone since it was listed: the writer removes partial files of full pieces.
        let Some(found) = files.read(&file, expected.len() as u64)? else { continue };
        if found != expected {
            let same = found.iter().zip(expected).take_while(|(found, expected)| found == expected);
            return Ok(Some(Fault::Earlier { file, offset: same.count() }));
        }
    }
    Ok(None)
}

/// Counts the files beyond the checkpoint and refuses those that no log has.
fn unpublished(files: &(impl LogFiles + ?Sized), relative: &str, size: u64) -> Result<u64, Fault> {
    let mut count = 0;
    for (name, is_folder) in files.list(relative)? {
        let file = format!("{relative}/{name}");
        if is_folder {
            count += unpublished(files, &file, size)?;
        } else {
            let piece = Piece::parse(&file).ok_or(Fault::Stray { file })?;
            count += u64::from(!piece.is_within(size));
        }
    }
    Ok(count)
}
