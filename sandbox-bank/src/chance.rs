//! Chance, in two kinds: secrets that nobody can guess, and dice that fall the same way each time.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Secret random bytes from the operating system: the only place of this crate that asks for them.
#[expect(clippy::disallowed_methods, reason = "the one place where randomness enters the bank")]
pub(crate) fn secret<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("an operating system without random numbers cannot run a bank");
    bytes
}

/// A secret of 256 bits as URL-safe text.
pub(crate) fn secret_text() -> String {
    URL_SAFE_NO_PAD.encode(secret::<32>())
}

/// What is stored in place of a secret: its SHA-256, as URL-safe text.
pub(crate) fn fingerprint(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// Dice that fall the same way for the same seed and words: the ledger is made with them, so that
/// the same bank comes out of the same seed. Not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Dice for one matter, for example one day of one customer.
    pub(crate) fn new(seed: u64, words: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        for word in words {
            hash.update(word.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let mut state = [0; 8];
        state.copy_from_slice(&digest[..8]);
        Self { state: u64::from_be_bytes(state) }
    }

    /// The next throw (SplitMix64, Steele and others, 2014).
    fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.throw() % span)
    }

    /// Happens this many times in a hundred.
    pub(crate) fn percent(&mut self, chance: i64) -> bool {
        self.between(1, 100) <= chance
    }

    /// One of the choices; there must be at least one.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = i64::try_from(choices.len()).unwrap_or(i64::MAX) - 1;
        let index = usize::try_from(self.between(0, last.max(0))).unwrap_or(0);
        &choices[index]
    }

    /// A readable id with this letter in front, the same for the same dice.
    pub(crate) fn id(&mut self, letter: &str) -> String {
        format!("{letter}-{:016x}", self.throw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_words_fall_the_same_way() {
        let mut a = Dice::new(7, &["maya", "2026-11-21"]);
        let mut b = Dice::new(7, &["maya", "2026-11-21"]);
        let mut c = Dice::new(7, &["maya", "2026-11-22"]);
        let throws = |d: &mut Dice| (0..8).map(|_| d.between(0, 1_000_000)).collect::<Vec<_>>();
        let first = throws(&mut a);
        assert_eq!(first, throws(&mut b));
        assert_ne!(first, throws(&mut c));
    }

    #[test]
    fn both_ends_of_a_range_can_fall() {
        let mut dice = Dice::new(1, &["range"]);
        let seen: std::collections::BTreeSet<i64> = (0..200).map(|_| dice.between(-1, 2)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [-1, 0, 1, 2]);
    }
}
