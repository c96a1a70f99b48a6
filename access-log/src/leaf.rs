//! What one entry of the log says in public: that somebody decided, roughly when, under which policies,
//! and a commitment to the full record. Never who it was about.

/// One entry of the log.
///
/// Everything in it is public. The full record stays with the operator, sealed under the customer's own
/// key; `commitment` binds it. Two leaves of one customer cannot be told to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Whether the decision let data out. Refusals are logged too.
    pub allowed: bool,
    /// Whole hours since 1970-01-01T00:00Z, rounded down: coarse, so that a leaf does not time a person.
    pub hour: i64,
    /// SHA-256 of the policy set that decided.
    pub policy_digest: [u8; 32],
    /// Keyed commitment to the full record: HMAC-SHA-256 under a key of this entry alone.
    pub commitment: [u8; 32],
}

/// The only layout there is so far. A new one gets a new number; old leaves keep theirs for ever.
const VERSION: u8 = 1;

/// Length of an encoded leaf of version 1: version, decision, hour, two digests.
pub const LEAF_BYTES: usize = 1 + 1 + 8 + 32 + 32;

/// Why bytes are not a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALeaf {
    /// The length is not [`LEAF_BYTES`].
    #[error("a leaf has {LEAF_BYTES} bytes, these are {found}")]
    Length {
        /// How many bytes were given.
        found: usize,
    },
    /// The first byte names a layout that this version does not know.
    #[error("a leaf begins with version {VERSION}, these begin with {found}")]
    Version {
        /// The first byte.
        found: u8,
    },
    /// The decision byte is neither 0 nor 1.
    #[error("a decision is 0 (refused) or 1 (allowed), this is {found}")]
    Decision {
        /// The second byte.
        found: u8,
    },
}

impl Leaf {
    /// The bytes that go into the log: version (1), decision (0 or 1), hour (8, big endian, two's
    /// complement), policy digest (32), commitment (32). Exactly [`LEAF_BYTES`] long.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEAF_BYTES);
        bytes.push(VERSION);
        bytes.push(u8::from(self.allowed));
        bytes.extend_from_slice(&self.hour.to_be_bytes());
        bytes.extend_from_slice(&self.policy_digest);
        bytes.extend_from_slice(&self.commitment);
        bytes
    }

    /// Reads back what [`Leaf::encode`] wrote. Every leaf has one encoding, and nothing else decodes.
    pub fn decode(bytes: &[u8]) -> Result<Leaf, NotALeaf> {
        let wrong_length = NotALeaf::Length { found: bytes.len() };
        let (head, rest) = bytes.split_first_chunk::<2>().ok_or(wrong_length)?;
        let (hour, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let (policy_digest, rest) = rest.split_first_chunk::<32>().ok_or(wrong_length)?;
        let commitment: &[u8; 32] = rest.try_into().map_err(|_| wrong_length)?;
        let [version, decision] = *head;
        if version != VERSION {
            return Err(NotALeaf::Version { found: version });
        }
        let allowed = match decision {
            0 => false,
            1 => true,
            found => return Err(NotALeaf::Decision { found }),
        };
        Ok(Leaf {
            allowed,
            hour: i64::from_be_bytes(*hour),
            policy_digest: *policy_digest,
            commitment: *commitment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf() -> Leaf {
        Leaf { allowed: true, hour: 498_730, policy_digest: [7; 32], commitment: [9; 32] }
    }

    proptest! {
        #[test]
        fn a_leaf_reads_back_as_it_was_written(allowed: bool, hour: i64, policy_digest: [u8; 32], commitment: [u8; 32]) {
            let leaf = Leaf { allowed, hour, policy_digest, commitment };
            prop_assert_eq!(leaf.encode().len(), LEAF_BYTES);
            prop_assert_eq!(Leaf::decode(&leaf.encode()), Ok(leaf));
        }

        #[test]
        fn whatever_decodes_is_the_one_encoding_of_its_leaf(bytes in prop::collection::vec(any::<u8>(), LEAF_BYTES)) {
            let mut bytes = bytes;
            bytes[0] = 1;
            bytes[1] %= 3;
            if let Ok(leaf) = Leaf::decode(&bytes) {
                prop_assert_eq!(leaf.encode(), bytes);
            }
        }
    }

    #[test]
    fn the_layout_is_version_decision_hour_digest_commitment() {
        let bytes = leaf().encode();
        assert_eq!(bytes[..2], [1, 1]);
        assert_eq!(bytes[2..10], 498_730_i64.to_be_bytes());
        assert_eq!(bytes[10..42], [7; 32]);
        assert_eq!(bytes[42..], [9; 32]);
    }

    #[test]
    fn a_leaf_that_is_short_long_or_of_another_version_is_refused() {
        let bytes = leaf().encode();
        for length in 0..LEAF_BYTES {
            assert_eq!(Leaf::decode(&bytes[..length]), Err(NotALeaf::Length { found: length }));
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Leaf::decode(&longer), Err(NotALeaf::Length { found: 75 }));
        let newer = [&[2], &bytes[1..]].concat();
        assert_eq!(Leaf::decode(&newer), Err(NotALeaf::Version { found: 2 }));
        let undecided = [&[1, 2], &bytes[2..]].concat();
        assert_eq!(Leaf::decode(&undecided), Err(NotALeaf::Decision { found: 2 }));
    }
}
