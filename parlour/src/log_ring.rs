//! The keys of one bank's log over time, as its file keeps them: one line each, the newest last.
//!
//! A line is the key, the size of the log from which on it signs and, for a key that is being replaced, the
//! time until which it still signs beside the new one. When that time is over, the secret half is replaced
//! by the public one.

use access_log::{BadKey, LogKey, LogKeys, Trust};
use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

/// How many days the old key signs beside the new one, unless it was stolen: long enough that whoever looks
/// once a month has seen both on one checkpoint.
pub const HANDOVER_DAYS: i64 = 35;

/// One key of the ring.
#[derive(Debug)]
struct Held {
    key: Half,
    from_size: u64,
    until: Option<Timestamp>,
}

#[derive(Debug)]
enum Half {
    Secret(Box<LogKey>),
    Public(String),
}

impl Half {
    fn verifier_key(&self) -> String {
        match self {
            Half::Secret(key) => key.verifier_key(),
            Half::Public(key) => key.clone(),
        }
    }
}

/// A key as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicKey {
    /// The verifier key.
    pub verifier_key: String,
    /// Checkpoints of this size and larger are signed with it.
    pub from_size: u64,
    /// Until when it signs, once it is being replaced.
    pub until: Option<Timestamp>,
}

/// Why a key cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRotation {
    /// The last handover is not over.
    #[error(
        "the key before this one still signs until {until}; wait, or say --at-once if the present key was stolen"
    )]
    Handover {
        /// When it is.
        until: Timestamp,
    },
    /// No such key.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The end of the handover is beyond the calendar.
    #[error("the handover would end beyond the calendar")]
    Calendar,
}

/// The keys of one bank's log.
#[derive(Debug)]
pub struct LogRing {
    held: Vec<Held>,
}

impl LogRing {
    /// A ring of one new key.
    pub fn new(key: LogKey) -> LogRing {
        LogRing { held: vec![Held { key: Half::Secret(Box::new(key)), from_size: 0, until: None }] }
    }

    /// Reads what [`LogRing::to_text`] wrote, or a lone key. None if it is neither, or if its newest key
    /// cannot sign.
    pub fn from_text(text: &str) -> Option<LogRing> {
        let held = text.lines().filter(|line| !line.is_empty()).map(read_line).collect::<Option<Vec<_>>>()?;
        let newest = held.last()?;
        if newest.until.is_some() || matches!(newest.key, Half::Public(_)) {
            return None;
        }
        let keys: Vec<String> = held.iter().map(|held| held.key.verifier_key()).collect();
        // All are of one log.
        Trust::new(&keys, &[], 0).ok()?;
        Some(LogRing { held })
    }

    /// As the file keeps it. Holds secrets.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for held in &self.held {
            match &held.key {
                Half::Secret(key) => text.push_str(&key.to_text()),
                Half::Public(key) => text.push_str(key),
            }
            text.push_str(&format!(" {}", held.from_size));
            if let Some(until) = held.until {
                text.push_str(&format!(" {until}"));
            }
            text.push('\n');
        }
        text
    }

    /// The keys as the log takes them: the newest signs, those of a handover beside it.
    pub fn keys(self) -> LogKeys {
        let mut held = self.held.into_iter().rev();
        let Some(Held { key: Half::Secret(newest), .. }) = held.next() else {
            unreachable!("the newest key of a ring can sign")
        };
        let keys = held.try_fold(LogKeys::from(*newest), |keys, held| match held.key {
            Half::Secret(key) => keys.beside(*key),
            Half::Public(key) => keys.after(&key),
        });
        keys.expect("all keys of a ring are of one log")
    }

    /// The public halves, the oldest first.
    pub fn published(&self) -> Vec<PublicKey> {
        let public = |held: &Held| PublicKey {
            verifier_key: held.key.verifier_key(),
            from_size: held.from_size,
            until: held.until,
        };
        self.held.iter().map(public).collect()
    }

    /// The public half of the newest key.
    pub fn verifier_key(&self) -> String {
        self.held.last().map(|held| held.key.verifier_key()).unwrap_or_default()
    }

    /// The public halves of all keys that ever signed: the newest first.
    pub fn verifier_keys(&self) -> Vec<String> {
        self.held.iter().rev().map(|held| held.key.verifier_key()).collect()
    }

    /// The key with which evidence is sealed: the newest.
    pub fn newest(&self) -> Option<&LogKey> {
        match &self.held.last()?.key {
            Half::Secret(key) => Some(key),
            Half::Public(_) => None,
        }
    }

    /// Ends handovers whose time is over: their secret halves go. Whether anything changed.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        let mut changed = false;
        for held in &mut self.held {
            if held.until.is_some_and(|until| until <= now) && matches!(held.key, Half::Secret(_)) {
                held.key = Half::Public(held.key.verifier_key());
                changed = true;
            }
        }
        changed
    }

    /// Puts a new key in the place of the newest, from the present size of the log on. The old one signs
    /// beside it for [`HANDOVER_DAYS`], or, when it was stolen, no more.
    pub fn rotate(
        &mut self,
        seed: [u8; 32],
        size: u64,
        now: Timestamp,
        at_once: bool,
    ) -> Result<(), NoRotation> {
        self.settle(now);
        let under_way = self.held.iter().rev().skip(1).find(|held| matches!(held.key, Half::Secret(_)));
        if let (false, Some(until)) = (at_once, under_way.and_then(|held| held.until)) {
            return Err(NoRotation::Handover { until });
        }
        let handover = jiff::SignedDuration::from_hours(24 * HANDOVER_DAYS);
        let until =
            if at_once { now } else { now.checked_add(handover).map_err(|_| NoRotation::Calendar)? };
        let origin = self.newest().map(|key| key.origin().to_owned()).ok_or(BadKey::Malformed)?;
        let next = LogKey::generate(&origin, seed)?;
        for held in &mut self.held {
            held.until = held.until.map_or(Some(until), |before| Some(before.min(until)));
        }
        self.held.push(Held { key: Half::Secret(Box::new(next)), from_size: size, until: None });
        self.settle(now);
        Ok(())
    }
}

fn read_line(line: &str) -> Option<Held> {
    let mut words = line.split_whitespace();
    let key = words.next()?;
    let key = match LogKey::from_text(key) {
        Ok(key) => Half::Secret(Box::new(key)),
        Err(_) => Half::Public(Trust::key(key).ok().map(|_| key.to_owned())?),
    };
    let from_size = words.next().map_or(Some(0), |size| size.parse().ok())?;
    let until = words.next().map(str::parse).transpose().ok()?;
    words.next().is_none().then_some(Held { key, from_size, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "gateway.example/log/harbour";

    fn ring() -> LogRing {
        LogRing::new(LogKey::generate(ORIGIN, [1; 32]).unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn signers(ring: &LogRing) -> usize {
        ring.to_text().matches("PRIVATE+KEY").count()
    }

    #[test]
    fn a_file_with_a_lone_key_is_a_ring_of_one() {
        let key = LogKey::generate(ORIGIN, [1; 32]).unwrap();
        let read = LogRing::from_text(&key.to_text()).unwrap();
        assert_eq!(read.verifier_key(), key.verifier_key());
        assert_eq!(LogRing::from_text(&read.to_text()).unwrap().published(), read.published());
        for wrong in ["", "nonsense", &key.verifier_key(), &format!("{} x", key.to_text().as_str())] {
            assert!(LogRing::from_text(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_old_key_signs_until_the_handover_is_over_and_stays_published() {
        let mut ring = ring();
        let old = ring.verifier_key();
        ring.rotate([2; 32], 1_200, at("2026-11-20T15:00:00Z"), false).unwrap();
        let mut ring = LogRing::from_text(&ring.to_text()).unwrap();
        assert_eq!(signers(&ring), 2);
        assert!(!ring.settle(at("2026-12-25T14:59:59Z")));
        let again = ring.rotate([3; 32], 1_300, at("2026-12-01T00:00:00Z"), false);
        assert_eq!(again, Err(NoRotation::Handover { until: at("2026-12-25T15:00:00Z") }));
        assert!(ring.settle(at("2026-12-25T15:00:00Z")));
        let ring = LogRing::from_text(&ring.to_text()).unwrap();
        assert_eq!(signers(&ring), 1);
        let published = ring.published();
        assert_eq!((published[0].verifier_key.as_str(), published[0].from_size), (old.as_str(), 0));
        assert_eq!((published[1].from_size, published[1].until), (1_200, None));
        assert_eq!(ring.keys().origin(), ORIGIN);
    }

    #[test]
    fn a_stolen_key_signs_nothing_more_at_once() {
        let mut ring = ring();
        ring.rotate([2; 32], 10, at("2026-11-20T15:00:00Z"), false).unwrap();
        ring.rotate([3; 32], 11, at("2026-11-21T15:00:00Z"), true).unwrap();
        assert_eq!((signers(&ring), ring.published().len()), (1, 3));
        assert!(ring.published()[..2].iter().all(|key| key.until == Some(at("2026-11-21T15:00:00Z"))));
    }
}
