//! What one entry says in public of a consent that changed: that some consent did, and roughly when. Neither
//! whose it is nor what became of it.

/// The first byte: it tells such an entry from a decision, which begins with 1.
const VERSION: u8 = 2;

/// Length of an encoded entry: version, hour, commitment.
pub const CONSENT_LEAF_BYTES: usize = 1 + 8 + 32;

/// Why bytes are no such entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAConsentLeaf {
    /// The length is not [`CONSENT_LEAF_BYTES`].
    #[error("an entry of a consent has {CONSENT_LEAF_BYTES} bytes, these are {found}")]
    Length {
        /// How many bytes were given.
        found: usize,
    },
    /// The first byte names another layout.
    #[error("an entry of a consent begins with {VERSION}, these begin with {found}")]
    Version {
        /// The first byte.
        found: u8,
    },
}

/// An entry of the log that stands for a consent given, paused, resumed or ended. Like [`crate::Leaf`] it
/// commits to a record that stays with the operator, and two of one customer cannot be told to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentLeaf {
    /// Whole hours since 1970-01-01T00:00Z, rounded down.
    pub hour: i64,
    /// Keyed commitment to the full record: HMAC-SHA-256 under a key of this entry alone.
    pub commitment: [u8; 32],
}

impl ConsentLeaf {
    /// The bytes that go into the log: version (2), hour (8, big endian, two's complement), commitment (32).
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CONSENT_LEAF_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.hour.to_be_bytes());
        bytes.extend_from_slice(&self.commitment);
        bytes
    }

    /// Reads back what [`ConsentLeaf::encode`] wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<ConsentLeaf, NotAConsentLeaf> {
        let wrong_length = NotAConsentLeaf::Length { found: bytes.len() };
        let (&version, rest) = bytes.split_first().ok_or(wrong_length)?;
        if version != VERSION {
            return Err(NotAConsentLeaf::Version { found: version });
        }
        let (hour, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let commitment: &[u8; 32] = rest.try_into().map_err(|_| wrong_length)?;
        Ok(ConsentLeaf { hour: i64::from_be_bytes(*hour), commitment: *commitment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Leaf;

    #[test]
    fn a_change_of_a_consent_reads_back_and_is_no_decision() {
        let leaf = ConsentLeaf { hour: -3, commitment: [9; 32] };
        let bytes = leaf.encode();
        assert_eq!((bytes.len(), bytes[0]), (CONSENT_LEAF_BYTES, 2));
        assert_eq!(ConsentLeaf::decode(&bytes), Ok(leaf));
        assert!(Leaf::decode(&bytes).is_err());
        let decision = Leaf { allowed: true, hour: 1, policy_digest: [1; 32], commitment: [2; 32] }.encode();
        assert_eq!(ConsentLeaf::decode(&decision), Err(NotAConsentLeaf::Version { found: 1 }));
        for length in 0..CONSENT_LEAF_BYTES {
            assert_eq!(ConsentLeaf::decode(&bytes[..length]), Err(NotAConsentLeaf::Length { found: length }));
        }
    }
}
