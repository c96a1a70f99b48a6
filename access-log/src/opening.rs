//! What opens one entry to whoever holds it: the full record, and the key of its commitment.

use crate::{ConsentLeaf, Entry, leaf::Leaf};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of the key, which come first in a receipt's extra data.
const KEY_BYTES: usize = 32;

/// Seconds of the hour to which a leaf rounds its time down.
const HOUR: i64 = 3_600;

/// A record and the key of its commitment. Opens one entry of the log and no other; `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The record: a JSON object, in the very bytes that were committed to.
    pub record: Vec<u8>,
    /// The key: the commitment is HMAC-SHA-256 of the record under it.
    pub key: Zeroizing<[u8; KEY_BYTES]>,
}

/// Why extra data of a receipt opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOpening {
    /// Too short to hold a key and a record.
    #[error("{found} bytes are no key of {KEY_BYTES} bytes and a record")]
    Short {
        /// How many bytes there are.
        found: usize,
    },
    /// The record is not JSON, or lacks what every entry says in public.
    #[error("the record is not a JSON object with `allowed`, `at` and `policy_digest`: {why}")]
    Record {
        /// What the reader says.
        why: String,
    },
}

/// What a record and its leaf both say.
#[derive(Deserialize)]
struct Public {
    allowed: bool,
    at: Timestamp,
    policy_digest: String,
}

/// What only the record of a change of a consent says.
#[derive(Deserialize)]
struct Change {
    at: Timestamp,
    #[serde(rename = "event")]
    _event: String,
    #[serde(rename = "consent")]
    _consent: String,
    #[serde(rename = "seq")]
    _seq: u32,
}

impl Opening {
    /// As it travels in a receipt: the key, then the record.
    pub fn to_extra(&self) -> Vec<u8> {
        [self.key.as_slice(), &self.record].concat()
    }

    /// Reads what [`Opening::to_extra`] wrote. Proves nothing; see [`Opening::leaf`].
    pub fn from_extra(extra: &[u8]) -> Result<Opening, BadOpening> {
        match extra.split_first_chunk::<KEY_BYTES>() {
            Some((key, record)) if !record.is_empty() => {
                Ok(Opening { record: record.to_vec(), key: Zeroizing::new(*key) })
            }
            _ => Err(BadOpening::Short { found: extra.len() }),
        }
    }

    /// The entry that this record and key make, of whichever kind the record is. If it is in the log, the record is
    /// what was committed to; nothing else can make the same entry.
    pub fn entry(&self) -> Result<Entry, BadOpening> {
        let Ok(change) = serde_json::from_slice::<Change>(&self.record) else {
            return self.leaf().map(Entry::Decision);
        };
        let hour = change.at.as_second().div_euclid(HOUR);
        Ok(Entry::Consent(ConsentLeaf { hour, commitment: self.commitment() }))
    }

    /// The same for the record of a decision alone.
    pub fn leaf(&self) -> Result<Leaf, BadOpening> {
        let wrong = |why: String| BadOpening::Record { why };
        let public: Public = serde_json::from_slice(&self.record).map_err(|e| wrong(e.to_string()))?;
        let policy_digest = hexadecimal(&public.policy_digest)
            .ok_or_else(|| wrong("policy_digest is not 64 hexadecimal digits".to_owned()))?;
        Ok(Leaf {
            allowed: public.allowed,
            hour: public.at.as_second().div_euclid(HOUR),
            policy_digest,
            commitment: self.commitment(),
        })
    }

    fn commitment(&self) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.key.as_slice())
            .expect("HMAC takes a key of any length");
        mac.update(&self.record);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(redacted)")
    }
}

/// 32 bytes in lowercase hexadecimal digits.
pub(crate) fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 64 || !text.bytes().all(digit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Base64, as all formats here write it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads what [`base64`] wrote.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(record: &str) -> Opening {
        Opening { record: record.as_bytes().to_vec(), key: Zeroizing::new([3; 32]) }
    }

    #[test]
    fn the_leaf_follows_from_record_and_key() {
        let digest = "ab".repeat(32);
        let record =
            format!(r#"{{"allowed":true,"at":"2026-11-20T15:59:59.999Z","policy_digest":"{digest}","x":1}}"#);
        let leaf = opening(&record).leaf().unwrap();
        assert_eq!((leaf.allowed, leaf.policy_digest), (true, [0xab; 32]));
        assert_eq!(leaf.hour, 1_795_190_400 / 3_600 - 1, "2026-11-20T16:00:00Z is 1795190400");
        let other = Opening { key: Zeroizing::new([4; 32]), ..opening(&record) };
        assert_ne!(other.leaf().unwrap().commitment, leaf.commitment);
        let changed = opening(&record.replace("\"x\":1", "\"x\":2"));
        assert_ne!(changed.leaf().unwrap().commitment, leaf.commitment);
    }

    #[test]
    fn the_record_of_a_consent_makes_an_entry_of_its_own_kind() {
        let record = r#"{"at":"2026-11-20T15:59:59Z","consent":"cst_1","event":"withdraw","seq":4}"#;
        let Ok(Entry::Consent(leaf)) = opening(record).entry() else { panic!("a change of a consent") };
        assert_eq!(leaf.hour, 1_795_190_400 / 3_600 - 1);
        assert!(opening(record).leaf().is_err(), "it is no decision");
        let digest = "ab".repeat(32);
        let decision = format!(
            r#"{{"allowed":true,"at":"2026-11-20T15:00:00Z","policy_digest":"{digest}","consent":"c"}}"#
        );
        assert!(matches!(opening(&decision).entry(), Ok(Entry::Decision(_))));
    }

    #[test]
    fn what_opens_nothing_is_refused_with_its_reason() {
        assert_eq!(Opening::from_extra(&[0; 32]).unwrap_err(), BadOpening::Short { found: 32 });
        for wrong in ["x", "{}", r#"{"allowed":1,"at":"2026-11-20T15:00:00Z","policy_digest":""}"#] {
            assert!(matches!(opening(wrong).leaf(), Err(BadOpening::Record { .. })), "{wrong}");
        }
    }

    #[test]
    fn an_opening_travels_and_is_not_printed() {
        let opening = opening("{\"card\":\"secret\"}");
        assert_eq!(Opening::from_extra(&opening.to_extra()), Ok(opening.clone()));
        assert_eq!(format!("{opening:?}"), "Opening(redacted)");
    }
}
