//! Entry bundles: up to 256 entries, each after its length as two bytes, big endian.

use crate::layout::TILE_WIDTH;

/// The longest entry a bundle can hold: its length has two bytes.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The largest file that can be a bundle.
pub(crate) const MAX_BUNDLE_BYTES: u64 = TILE_WIDTH as u64 * (2 + MAX_ENTRY_BYTES as u64);

/// How a bundle breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// Fewer bytes are left than the next entry needs.
    #[error("{needed} bytes should follow, {left} do")]
    Short {
        /// Bytes the length and the entry need from here on.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// Bytes follow after the last entry.
    #[error("{left} bytes follow the last entry")]
    Long {
        /// How many.
        left: usize,
    },
}

/// Where in a bundle it breaks off: entry number within the bundle, byte offset, and how.
pub(crate) struct Broken {
    pub(crate) entry: u16,
    pub(crate) offset: usize,
    pub(crate) fault: BundleFault,
}

/// Adds one entry, which must not be longer than [`MAX_ENTRY_BYTES`].
pub(crate) fn push(bundle: &mut Vec<u8>, entry: &[u8]) {
    debug_assert!(entry.len() <= MAX_ENTRY_BYTES, "the caller checks the length");
    bundle.extend_from_slice(&(entry.len() as u16).to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// Takes a bundle of exactly `width` entries apart: each entry with the offset of its length.
pub(crate) fn entries(bytes: &[u8], width: u16) -> Result<Vec<(usize, &[u8])>, Broken> {
    let mut found = Vec::with_capacity(usize::from(width));
    let mut rest = bytes;
    for entry in 0..width {
        let offset = bytes.len() - rest.len();
        let short = |needed, left| Broken { entry, offset, fault: BundleFault::Short { needed, left } };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(short(2, rest.len()))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (body, after) = after.split_at_checked(length).ok_or(short(2 + length, rest.len()))?;
        found.push((offset, body));
        rest = after;
    }
    if rest.is_empty() {
        Ok(found)
    } else {
        let offset = bytes.len() - rest.len();
        Err(Broken { entry: width, offset, fault: BundleFault::Long { left: rest.len() } })
    }
}
