//! A rule as it was written.

use super::action::Action;
use super::expression::{Expr, Literal};
use jiff::civil::Date;

/// A rule. It prints as it can be read again ([`std::fmt::Display`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, unlike every other of the set.
    pub id: String,
    /// Why it is there, in the analyst's words.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it does anything.
    pub expires: Date,
    /// What it does.
    pub action: Action,
    /// For which share of the cards.
    pub share: Share,
    /// From 0 to 100: among rules of one strength that hit, the highest is named first.
    pub priority: u8,
    /// On which payments.
    pub when: Expr,
    /// Payments on which it must hit, and on which it must not.
    pub examples: Vec<Example>,
}

/// A share of the cards, in hundredths of a percent. Which cards is decided by card and rule, and cards of a smaller share are
/// among those of a larger one. With a share of 0% a rule is counted and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// 2^64 split in ten thousand parts.
const PART: u64 = u64::MAX / 10_000;

impl Share {
    /// All cards.
    pub const ALL: Share = Share(10_000);

    /// So many hundredths of a percent, if that is at most 10,000.
    pub fn from_hundredths(hundredths: u16) -> Option<Share> {
        (hundredths <= 10_000).then_some(Share(hundredths))
    }

    /// In hundredths of a percent.
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// Whether a card is in the share of the rule with this salt. A fixed mixing of both (splitmix64), the same everywhere.
    pub(super) fn has(self, card: u64, salt: u64) -> bool {
        self == Share::ALL || mixed(card ^ salt) < u64::from(self.0) * PART
    }
}

fn mixed(key: u64) -> u64 {
    let key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    key ^ (key >> 31)
}

/// A made-up payment, with what the rule must say to it. Fields that are not named are missing.
#[derive(Debug, Clone)]
pub struct Example {
    /// What the rule must do.
    pub must: Must,
    /// Values by the name of their field.
    pub values: Vec<(String, Given)>,
    pub(super) span: super::expression::Span,
    pub(super) spans: Vec<super::expression::Span>,
}

impl PartialEq for Example {
    fn eq(&self, other: &Example) -> bool {
        self.must == other.must && self.values == other.values
    }
}

/// Whether an example must be hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the words of the language")]
pub enum Must {
    Hit,
    Miss,
}

impl Must {
    pub(super) fn word(self) -> &'static str {
        match self {
            Must::Hit => "hit",
            Must::Miss => "miss",
        }
    }
}

/// The value of a field in an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A number, with a minus before it or not.
    Number {
        /// The number and its unit.
        literal: Literal,
        /// Whether a minus stands before it.
        minus: bool,
    },
    /// The text of a code.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Nothing is known.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_about_so_many_cards_and_a_larger_one_has_them_all() {
        let (small, large) = (Share(1_000), Share(5_000));
        let of = |share: Share| (0..100_000u64).filter(|card| share.has(*card, 7)).count();
        assert!((9_700..10_300).contains(&of(small)), "{}", of(small));
        assert!((49_400..50_600).contains(&of(large)), "{}", of(large));
        assert!((0..100_000).all(|card| !small.has(card, 7) || large.has(card, 7)));
        assert_eq!(of(Share(0)), 0);
        assert_eq!(of(Share::ALL), 100_000);
        assert!(Share::ALL.has(u64::MAX, u64::MAX));
    }

    #[test]
    fn rules_choose_their_cards_apart_from_each_other() {
        let both =
            (0..100_000u64).filter(|card| Share(1_000).has(*card, 1) && Share(1_000).has(*card, 2)).count();
        assert!((850..1_150).contains(&both), "a tenth of a tenth: {both}");
    }

    #[test]
    fn a_share_is_at_most_all() {
        assert_eq!(Share::from_hundredths(10_000), Some(Share::ALL));
        assert_eq!(Share::from_hundredths(10_001), None);
    }
}
