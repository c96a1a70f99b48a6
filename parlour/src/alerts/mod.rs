//! Fraud alerts: a bank tells of card payments as they happen; those that look like fraud, to the bank or to us, become a
//! question in the customer's chat; the answer freezes the card or clears the payment. docs/fraud-alerts.md tells it whole.
//!
//! - [`intake`] takes what a bank sends, signed, once and in one order.
//! - [`engine`] is that order: one log per bank, from which everything can be built again; [`decision`] is what it says of an event.
//! - [`live_rules`] puts what the console approved in force there; [`trial`] tries rules on the past.
//! - [`worker`] asks the customers, reminds them once, and says when it ends.
//! - [`answer`] hears what they say; [`acts`] has the bank do it, until it has confirmed.
//! - [`watching`] is how the engine watches itself, and [`standing`] what is told of it; [`models`] are files that may change.
//! - [`queue`] and [`desk`] are what the bank's own people see of it; [`verdict`] is what they decide.

pub mod acts;
pub mod answer;
pub mod decision;
pub mod desk;
pub mod engine;
pub mod flood;
pub mod intake;
pub mod judge;
pub mod live_rules;
pub mod models;
pub mod notice;
pub mod queue;
pub mod record;
mod scores;
mod snapshot;
pub mod standing;
pub mod tell;
pub mod trial;
pub mod verdict;
pub mod watching;
pub mod wire;
pub mod worker;

use domain::{AccountId, CardId, Money, TransactionId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::fraud_alerts::Alert;

/// Payments of longer ago raise no alert: they are history, sent so that the engine knows how a card is used.
pub const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// What the bank's own system suspects may be older: somebody looked at it first.
pub const FRESH_BY_BANK: SignedDuration = SignedDuration::from_hours(72);
/// An answer counts that long after the question; after that, and for other payments, the customer writes about them anew.
pub const ANSWERABLE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A payment that may be fraud, as the bank told of it. Sealed at rest; `Debug` shows none of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The bank's id of the payment in its card events.
    pub payment: String,
    /// The account.
    pub account: AccountId,
    /// The card.
    pub card: CardId,
    /// The payment as it stands in the account, if it stands there.
    pub transaction: Option<TransactionId>,
    /// The last digits of the card's number. Two of them are shown.
    pub digits: String,
    /// The merchant, as people know it.
    pub merchant: String,
    /// Where.
    pub city: Option<String>,
    /// How much, positive.
    pub amount: Money,
    /// When it was paid.
    pub at: Timestamp,
    /// Whether the bank declined it.
    pub declined: bool,
    /// When the customer's telephone number or e-mail address at the bank changed last, as the bank told with the payment.
    #[serde(default)]
    pub contact_changed: Option<Timestamp>,
    /// Why it is asked about, in words for the customer.
    pub why: Vec<String>,
    /// Why, in words for the bank's people.
    pub reasons: Vec<String>,
    /// The score, 0 to 1. None: no model was asked.
    pub score: Option<f32>,
    /// The model that gave the score.
    #[serde(default)]
    pub model: Option<String>,
    /// Whether the bank's own system suspects it.
    #[serde(default)]
    pub by_bank: bool,
    /// Whether the model or a rule here does.
    #[serde(default)]
    pub by_engine: bool,
}

impl std::fmt::Debug for Suspect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Suspect(..)")
    }
}

impl Suspect {
    /// Reads what an alert keeps. None: another version wrote it.
    pub fn of(alert: &Alert) -> Option<Suspect> {
        serde_json::from_slice(&alert.body).ok()
    }

    /// "··42": no more of a card's number is ever in a message.
    pub fn card_in_words(&self) -> String {
        let two = self.digits.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
        format!("card ··{}", &self.digits[two..])
    }

    /// "$842.00 at Corner Electronics in Lisbon", with the merchant and the place cut to so many characters. 0: no place.
    pub fn in_words(&self, room: usize, place: usize) -> String {
        let merchant = cut(&self.merchant, room);
        let city = self.city.as_ref().filter(|_| place > 0);
        let city = city.map(|city| format!(" in {}", cut(city, place))).unwrap_or_default();
        format!("{} at {merchant}{city}", self.amount)
    }
}

/// At most so many characters, with a mark where something was left out.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The short name of an alert, by which a button's words bind to it: "K7Q2".
pub fn code(id: &str) -> String {
    use sha2::{Digest, Sha256};
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let digest = Sha256::digest(id.as_bytes());
    digest.iter().take(4).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
