//! What a customer's message asks for, and what must not be kept of it. Pure functions: no clock, no I/O,
//! the same answer for the same message.
//!
//! - [`understand`] gives an intent with the entities in the message, or asks back, or says that it does not
//!   know. It knows English phrases; the table of them is in `phrases`.
//! - [`redact`] gives the text that is safe to store.

mod account;
mod ahead;
mod amount;
mod countries;
mod follow_up;
mod intent;
pub mod learned;
mod lexicon;
mod matching;
mod merchant;
mod period;
mod phrases;
mod place;
mod redaction;
pub mod train;
mod watch;
pub mod wishes;
mod words;

pub use account::AccountHint;
pub use ahead::Ahead;
pub use amount::{AmountFilter, Comparison};
pub use countries::{country_name, country_named};
pub use follow_up::{Topic, asks_for_more, follow_up, goes_on};
pub use intent::{Decision, Intent, MAX_CHOICES};
pub use period::Period;
pub use redaction::{Redacted, Secret, redact};
pub use watch::{
    DigestAsk, QuietAsk, WatchAmount, WatchAsk, WatchKind, WatchWish, WhichWatch, watch, watch_amount,
    watch_stop, watch_wish,
};
pub use words::MAX_READ_BYTES;

use domain::TransactionStatus;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What has to be known about the asker to read a message.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// When the message came.
    pub now: Timestamp,
    /// Where the customer's days begin and end.
    pub zone: TimeZone,
    /// Names of merchants in the customer's own transactions, if known: a name on this list is found
    /// wherever it stands in the message.
    pub merchants: &'a [String],
}

/// What a message was understood to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    /// What to do about it.
    pub decision: Decision,
    /// How sure, from 0 to 1. It orders messages; it is not yet measured as a frequency.
    pub intent_probability: f32,
    /// What else the message names.
    pub entities: Entities,
    /// The language, as an IETF tag, when it is known: `en` or nothing.
    pub language: Option<String>,
}

/// What a message names besides its intent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entities {
    /// Which days.
    pub period: Option<Period>,
    /// Which amounts.
    pub amount: Option<AmountFilter>,
    /// Which merchant, as the customer wrote it.
    pub merchant: Option<String>,
    /// Which account.
    pub account: Option<AccountHint>,
    /// How many: "last 5 transactions". From 1 to 500.
    pub count: Option<u16>,
    /// Pending or booked ones only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TransactionStatus>,
    /// What may be a city or a country, as the customer wrote it: "in Reno". Whether it is one, the payments show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Reads a message. Of a very long one, only the first [`MAX_READ_BYTES`] bytes.
pub fn understand(text: &str, about: &Context) -> Understood {
    let words = words::split(text);
    let today = about.now.to_zoned(about.zone.clone()).date();
    let found = period::find(&words, today);
    let amount = amount::find(&words);
    let merchant = merchant::find(text, &words, about.merchants, found.as_ref());
    let (decision, intent_probability) = intent::decide(&words);
    Understood {
        decision,
        intent_probability,
        entities: Entities {
            period: found.map(|found| found.period),
            amount,
            merchant,
            account: account::find(&words),
            count: account::count(&words),
            status: place::status(&words),
            place: place::find(text, &words),
        },
        language: matching::is_english(&words).then(|| "en".to_owned()),
    }
}
