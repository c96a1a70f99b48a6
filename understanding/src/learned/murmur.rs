//! MurmurHash3 (x86, 32 bits), the public-domain hash of Austin Appleby: which bucket an n-gram falls into.

/// The number under which artefacts name this hash.
pub const HASH_ID: u8 = 1;

/// The hash of `bytes` with seed 0.
pub fn murmur3(bytes: &[u8]) -> u32 {
    let mut hash = 0u32;
    let (blocks, tail) = bytes.as_chunks::<4>();
    for block in blocks {
        hash ^= scrambled(u32::from_le_bytes(*block));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = tail.iter().rev().fold(0u32, |last, byte| (last << 8) | u32::from(*byte));
    hash ^= scrambled(last);
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

fn scrambled(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        for (text, hash) in [("", 0), ("hello", 0x248b_fa47), ("hello, world", 0x149b_bb7f)] {
            assert_eq!(murmur3(text.as_bytes()), hash, "{text}");
        }
        assert_eq!(murmur3(b"The quick brown fox jumps over the lazy dog"), 0x2e4f_f723);
    }
}
