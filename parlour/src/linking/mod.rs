//! Linking a conversation to a bank, so that it cannot be stolen: a one-time address from the chat, a
//! cookie that binds it to one browser, a press of a button, the bank's own sign-in, the way back with the
//! same cookie, and a question in the chat itself. Only the yes to that question opens anything.

pub mod answer;
pub mod journey;
pub mod offer;

pub use answer::{after_fault, answer_if_asked, answer_on_page, awaiting_of};
pub use journey::{Arrived, Departed, LinkCookie, LinkFault, Offer, arrive, depart, look, open};
pub use offer::{OfferFault, offer, offer_because, offer_change, offer_or_say_linked};

use banks::Grant;
use domain::{AccountId, DataClass};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{
    DbError, Tx,
    conversations::Conversation,
    links::{self, Link},
};

/// How long a link works, from the notice to the way back from the bank.
pub const LASTS: SignedDuration = SignedDuration::from_mins(20);
/// How long after that we wait for the answer to "was that you?".
pub const ANSWER_LASTS: SignedDuration = SignedDuration::from_hours(1);

/// What the bank gave at the end of the sign-in. Kept sealed; opens nothing before the customer says yes.
#[derive(Serialize, Deserialize)]
pub struct FromBank {
    /// The right to ask.
    pub grant: Grant,
    /// The bank's id of the consent.
    pub at_bank: String,
    /// The accounts that were chosen.
    pub accounts: Vec<AccountId>,
    /// What of the asked data the bank will give.
    pub data_classes: Vec<DataClass>,
    /// When the bank ends it.
    pub expires_at: Timestamp,
    /// The fingerprint of who signed in, where the bank tells.
    #[serde(default)]
    pub subject: Option<[u8; 32]>,
}

/// What the store keeps of a secret that a browser holds.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The link of this conversation that came back from the bank and waits for its yes or no.
pub fn awaiting(tx: &mut Tx, of: &Conversation, now: Timestamp) -> Result<Option<Link>, DbError> {
    let found = links::awaiting_answer(tx, &of.bank, &of.customer, &of.id)?;
    Ok(found.filter(|link| now < link.expires_at + ANSWER_LASTS))
}
