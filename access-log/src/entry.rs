//! One entry of the log, of whichever kind.

use crate::{ConsentLeaf, Leaf, NotAConsentLeaf, NotALeaf};

/// One entry. Its first byte says which kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A decision of the gate.
    Decision(Leaf),
    /// A consent that was given, paused, resumed or ended.
    Consent(ConsentLeaf),
}

/// Why bytes are no entry: what each kind says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{decision}; {consent}")]
pub struct NotAnEntry {
    /// Why they are no decision.
    pub decision: NotALeaf,
    /// Why they are no change of a consent.
    pub consent: NotAConsentLeaf,
}

impl Entry {
    /// The bytes that go into the log.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Entry::Decision(leaf) => leaf.encode(),
            Entry::Consent(leaf) => leaf.encode(),
        }
    }

    /// Reads back what [`Entry::encode`] wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Entry, NotAnEntry> {
        Leaf::decode(bytes).map(Entry::Decision).or_else(|decision| {
            ConsentLeaf::decode(bytes).map(Entry::Consent).map_err(|consent| NotAnEntry { decision, consent })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_back_as_the_kind_that_it_is() {
        let leaf = Leaf { allowed: true, hour: 1, policy_digest: [1; 32], commitment: [2; 32] };
        for entry in [Entry::Decision(leaf), Entry::Consent(ConsentLeaf { hour: 1, commitment: [2; 32] })] {
            assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }
        assert!(Entry::decode(&[3, 1]).is_err() && Entry::decode(&[]).is_err());
    }
}
