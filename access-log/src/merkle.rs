//! The tree of hashes (RFC 6962, section 2.1). The only file that names the crate `tlog_tiles`.

use crate::layout::{Kind, LEVELS, Piece, TILE_WIDTH};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::cell::RefCell;
use std::fmt;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog;

/// Bytes of a hash in a tile.
pub(crate) const HASH_BYTES: usize = 32;

/// Height of a tile: 2^8 hashes.
const TILE_HEIGHT: u8 = 8;

/// A SHA-256 hash of a leaf, a node or a whole tree. Prints as base64, as checkpoints write it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// The root of a log without entries: SHA-256 of nothing.
    pub const EMPTY_TREE: Hash = Hash(tlog::EMPTY_HASH.0);

    /// Reads what `Display` prints; any other spelling of the same bytes is refused.
    pub fn parse(text: &str) -> Option<Hash> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Hash(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of one entry: SHA-256 of a zero byte and the entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(tlog::record_hash(entry).0)
}

fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(tlog::node_hash(tlog::Hash(left.0), tlog::Hash(right.0)).0)
}

/// The root over a power of two of neighbouring hashes.
fn perfect_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(perfect_root(left), perfect_root(right))
        }
    }
}

/// The growing side of a tree: for each tile level the hashes of its last, not yet full tile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Edge {
    size: u64,
    levels: [Vec<Hash>; LEVELS as usize],
}

impl Edge {
    /// The edge of a tree of `size` entries whose partial tiles hold `levels`, lowest first.
    pub(crate) fn restore(size: u64, levels: [Vec<Hash>; LEVELS as usize]) -> Edge {
        Edge { size, levels }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the partial tile of this level, possibly none.
    pub(crate) fn level(&self, level: u8) -> &[Hash] {
        &self.levels[usize::from(level)]
    }

    /// Adds a leaf; `full` is told of each tile that becomes full by it: level, number, hashes.
    pub(crate) fn push<E>(
        &mut self,
        leaf: Hash,
        mut full: impl FnMut(u8, u64, &[Hash]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.size += 1;
        let mut hash = leaf;
        for level in 0..LEVELS {
            let tile = &mut self.levels[usize::from(level)];
            tile.push(hash);
            if tile.len() < usize::from(TILE_WIDTH) {
                break;
            }
            full(level, (self.size >> (8 * (u32::from(level) + 1))) - 1, tile)?;
            hash = perfect_root(tile);
            tile.clear();
        }
        Ok(())
    }

    /// The root of the tree: the perfect subtrees, from the largest to the smallest, joined from the right.
    pub(crate) fn root(&self) -> Hash {
        let mut subtrees = Vec::new();
        for tile in self.levels.iter().rev() {
            let mut rest = tile.as_slice();
            for power in (0..8).rev() {
                if tile.len() & (1 << power) != 0 {
                    let (perfect, after) = rest.split_at(1 << power);
                    subtrees.push(perfect_root(perfect));
                    rest = after;
                }
            }
        }
        subtrees.into_iter().rev().reduce(|right, left| node_hash(left, right)).unwrap_or(Hash::EMPTY_TREE)
    }
}

/// Joins hashes as a tile file holds them.
pub(crate) fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Takes the bytes of a tile file apart; a rest shorter than a hash is left out.
pub(crate) fn from_bytes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<HASH_BYTES>().0.iter().copied().map(Hash).collect()
}

/// Why a proof could not be made from tiles.
#[derive(Debug)]
pub(crate) enum Unproven<E> {
    /// Reading a tile failed.
    Read(E),
    /// The tiles do not belong to the root they are said to have.
    Inconsistent,
}

/// Where tiles come from; gives exactly `width` hashes or an error.
struct Source<R, E> {
    read: R,
    failed: RefCell<Option<E>>,
}

impl<E, R: Fn(Piece) -> Result<Vec<u8>, E>> TileReader for Source<R, E> {
    fn height(&self) -> u8 {
        TILE_HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let mut data = Vec::with_capacity(tiles.len());
        for tile in tiles {
            let piece = Piece {
                kind: Kind::Hashes(tile.level()),
                index: tile.level_index(),
                width: u16::try_from(tile.width()).map_err(|_| tlog::Error::InvalidTile)?,
            };
            match (self.read)(piece) {
                Ok(bytes) => data.push(bytes),
                Err(error) => {
                    self.failed.replace(Some(error));
                    return Err(tlog::Error::InvalidTile);
                }
            }
        }
        Ok(data)
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// What to prove about a tree.
pub(crate) enum Claim {
    /// The entry of this index is in it.
    Holds(u64),
    /// The tree of this size, at least one, is its beginning.
    Continues(u64),
}

/// Makes a proof from tiles that `read` gives, each checked against `root` first. The claim must be within
/// the tree, and the tree not empty.
pub(crate) fn prove<E>(
    size: u64,
    root: Hash,
    claim: Claim,
    read: impl Fn(Piece) -> Result<Vec<u8>, E>,
) -> Result<Vec<Hash>, Unproven<E>> {
    let source = Source { read, failed: RefCell::new(None) };
    let hashes = TileHashReader::new(size, tlog::Hash(root.0), &source);
    let proof = match claim {
        Claim::Holds(index) => tlog::prove_record(size, index, &hashes),
        Claim::Continues(old) => tlog::prove_tree(size, old, &hashes),
    };
    match proof {
        Ok(proof) => Ok(proof.into_iter().map(|hash| Hash(hash.0)).collect()),
        Err(_) => Err(source.failed.take().map_or(Unproven::Inconsistent, Unproven::Read)),
    }
}

fn outer(proof: &[Hash]) -> Vec<tlog::Hash> {
    proof.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

/// Whether `proof` shows `leaf` at `index` in the tree; `false` for an index outside it.
pub(crate) fn holds(proof: &[Hash], size: u64, root: Hash, index: u64, leaf: Hash) -> bool {
    tlog::check_record(&outer(proof), size, tlog::Hash(root.0), index, tlog::Hash(leaf.0)).is_ok()
}

/// Whether `proof` shows the old tree, not empty, to be the beginning of the new one.
pub(crate) fn continues(proof: &[Hash], size: u64, root: Hash, old_size: u64, old_root: Hash) -> bool {
    tlog::check_tree(&outer(proof), size, tlog::Hash(root.0), old_size, tlog::Hash(old_root.0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962, section 2.1, word for word: split at the largest power of two below the size.
    fn by_the_book(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::EMPTY_TREE,
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(by_the_book(left), by_the_book(right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_rfc_6962_at_every_size() {
        let mut edge = Edge::default();
        let mut leaves = Vec::new();
        for number in 0..1_100_u32 {
            assert_eq!(edge.root(), by_the_book(&leaves), "{number} leaves");
            leaves.push(leaf_hash(&number.to_be_bytes()));
            edge.push(leaves[number as usize], |_, _, _| Ok::<(), ()>(())).unwrap();
        }
    }

    #[test]
    fn known_hashes_come_out() {
        // The empty tree and the hash of an empty leaf, as every RFC 6962 log has them.
        assert_eq!(Hash::EMPTY_TREE.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(leaf_hash(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = leaf_hash(b"x");
        let text = hash.to_string();
        assert_eq!(Hash::parse(&text), Some(hash));
        for wrong in [text.trim_end_matches('=').to_owned(), format!("{text}\n"), text[4..].to_owned()] {
            assert_eq!(Hash::parse(&wrong), None, "{wrong}");
        }
    }
}
