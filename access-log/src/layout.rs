//! Where each piece of the log lies below its folder, and which pieces a tree of a given size has
//! (c2sp.org/tlog-tiles).

/// Hashes in a full tile and entries in a full bundle; c2sp.org/tlog-tiles fixes it.
pub(crate) const TILE_WIDTH: u16 = 256;

/// More entries than this are refused. 2^48 is some nine thousand years at a thousand entries a second, and
/// keeps all index arithmetic, here and in the Merkle crate, far from 64 bits.
pub const MAX_LOG_SIZE: u64 = 1 << 48;

/// Tile levels of the largest log: 2^48 leaves make six levels of 256.
pub(crate) const LEVELS: u8 = 6;

/// The file that names the current size and root.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The newest checkpoint that a quorum of witnesses has signed. Not part of c2sp.org/tlog-tiles.
pub(crate) const WITNESSED: &str = "checkpoint.witnessed";

/// How long what is published under a name stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// Replaced whole, each time the log grows: a checkpoint.
    Replaced,
    /// Never changes: a tile or an entry bundle.
    Settled,
}

/// Whether a published log has a file of this name, and how long it stays as it is. Nothing else in the
/// log's folder is for others: a name that would lead out of it, or to a lock, is no name of a log.
pub fn published_file(name: &str) -> Option<Lasting> {
    if [CHECKPOINT, WITNESSED].contains(&name) {
        return Some(Lasting::Replaced);
    }
    Piece::parse(name).map(|_| Lasting::Settled)
}

/// What a piece holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The entries themselves.
    Entries,
    /// Hashes of this tile level; level 0 are leaf hashes.
    Hashes(u8),
}

/// One file below `tile/`: the `index`-th tile or bundle, of which it holds the first `width` items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) index: u64,
    /// 1 to [`TILE_WIDTH`]; less than that is a partial piece.
    pub(crate) width: u16,
}

impl Piece {
    /// The path relative to the folder, always with `/`: `tile/0/x001/234.p/17`.
    pub(crate) fn path(self) -> String {
        if self.width == TILE_WIDTH {
            self.full_path()
        } else {
            format!("{}/{}", self.partials_path(), self.width)
        }
    }

    /// The folder that holds the partial files of this piece.
    pub(crate) fn partials_path(self) -> String {
        format!("{}.p", self.full_path())
    }

    fn full_path(self) -> String {
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        match self.kind {
            Kind::Entries => format!("tile/entries/{number}"),
            Kind::Hashes(level) => format!("tile/{level}/{number}"),
        }
    }

    /// The piece that has exactly this path, if any does.
    pub(crate) fn parse(path: &str) -> Option<Piece> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(decimal(level).and_then(|level| u8::try_from(level).ok())?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, u16::try_from(decimal(width)?).ok()?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0u64;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let piece = Piece { kind, index, width };
        ((1..=TILE_WIDTH).contains(&width) && piece.path() == path).then_some(piece)
    }

    /// Whether a tree of `size` entries contains this piece, so that its bytes are settled.
    pub(crate) fn is_within(self, size: u64) -> bool {
        let level = match self.kind {
            Kind::Entries => 0,
            Kind::Hashes(level) => level,
        };
        let full = full_pieces(level, size);
        self.index < full || (self.index == full && self.width <= partial_width(level, size))
    }
}

/// How many full tiles of `level` a tree of `size` entries has.
pub(crate) fn full_pieces(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0)
}

/// Width of the last, partial tile of `level`; 0 when there is none.
pub(crate) fn partial_width(level: u8, size: u64) -> u16 {
    let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    (hashes % u64::from(TILE_WIDTH)) as u16
}

/// Reads a number as the formats write it: digits only, no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |kind, index, width| Piece { kind, index, width }.path();
        assert_eq!(path(Kind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Kind::Hashes(2), 0, 5), "tile/2/000.p/5");
        assert_eq!(path(Kind::Entries, 1_000, 256), "tile/entries/x001/000");
        assert_eq!(path(Kind::Entries, 999, 255), "tile/entries/999.p/255");
    }

    #[test]
    fn only_the_canonical_path_names_a_piece() {
        for wrong in [
            "tile/00/000",
            "tile/0/0",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/07",
            "tile/0/x000/001",
            "tile/0/000.p/+7",
            "tile/entry/000",
            "tile/0/001.tmp",
            "checkpoint",
            "tile/0/",
            "tile/0/x001/x002",
        ] {
            assert_eq!(Piece::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_have_no_sign_and_no_leading_zero() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "07", "+7", "-7", " 7", "7 ", "18446744073709551616", "٧"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_piece_is_found_again_by_its_path(index in 0..MAX_LOG_SIZE, width in 1..=TILE_WIDTH, level in 0..=6u8) {
            for kind in [Kind::Entries, Kind::Hashes(level)] {
                let piece = Piece { kind, index, width };
                prop_assert_eq!(Piece::parse(&piece.path()), Some(piece));
            }
        }
    }
}
