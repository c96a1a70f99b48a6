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
mod flow;
mod follow_up;
mod fraud_answer;
mod intent;
mod language;
pub mod learned;
mod lexicon;
mod matching;
mod measure;
mod merchant;
mod period;
mod phrases;
mod place;
mod redaction;
mod requests;
mod tracking;
pub mod train;
mod watch;
pub mod wishes;
mod words;

pub use account::AccountHint;
pub use ahead::Ahead;
pub use amount::{Amount, AmountFilter, Comparison};
pub use countries::{country_name, country_named};
pub use flow::Flow;
pub use follow_up::{Topic, asks_for_more, calls_off, follow_up, goes_on, opens};
pub use fraud_answer::{FraudAnswer, asks_who_wrote, begins_with, fraud_answer};
pub use intent::{Decision, Intent, MAX_CHOICES};
pub use measure::{Every, Measure};
pub use period::Period;
pub use place::{FOREIGN, ONLINE};
pub use redaction::{Redacted, Secret, redact};
pub use requests::{MOST_REQUESTS, Request, requests};
pub use tracking::{Carrier, Tracking, find as tracking};
pub use watch::{
    DigestAsk, QuietAsk, WatchAsk, WatchKind, WatchWish, WhichWatch, names_waking_hours, watch, watch_amount,
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
    /// The language, as an IETF tag, when it is known: one of `en`, `de`, `es`, `fr`, `it`, `nl`, `pt`. Only English is understood.
    pub language: Option<String>,
}

/// What a message names besides its intent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entities {
    /// Which days.
    pub period: Option<Period>,
    /// The days that these are compared with: "October with September".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Period>,
    /// From the day on which pay came in last: "since payday". Which day that is, the payments show.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub since_pay: bool,
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
    /// What may be a city or a country, as the customer wrote it: "in Reno". Whether it is one, the payments show. [`ONLINE`]
    /// for what was bought on the internet, [`FOREIGN`] for what was paid in another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Which way money went, or why it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// How they are looked at: the largest first, or on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// The number of a parcel, as its carrier writes it, without spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
}

/// Reads a message. Of a very long one, only the first [`MAX_READ_BYTES`] bytes.
pub fn understand(text: &str, about: &Context) -> Understood {
    let mut words = words::split(text);
    period::mend(&mut words);
    let today = about.now.to_zoned(about.zone.clone()).date();
    let since_pay = period::since_pay(&words);
    let found = period::find(&words, today).filter(|_| !since_pay);
    let against = found.as_ref().and_then(|first| period::find_against(&words, first, today));
    let amount = amount::find(&words);
    let merchant = merchant::find(text, &words, about.merchants, found.as_ref());
    // "Since I got paid" names days, not pay.
    let flow = flow::find(&words).filter(|flow| !(since_pay && *flow == Flow::Salary));
    let (mut decision, intent_probability) = intent::decide(&words);
    if flow == Some(Flow::Refund) && refunds_are_asked_for(&words, &decision) {
        decision = Decision::Act(Intent::Transactions);
    }
    if !matches!(decision, Decision::Act(_)) && merchant::asks_whether_paid(&words, merchant.as_deref()) {
        decision = Decision::Act(Intent::Transactions);
    }
    Understood {
        decision,
        intent_probability,
        entities: Entities {
            period: found.map(|found| found.period),
            against,
            since_pay,
            amount,
            merchant,
            account: account::find(&words),
            count: account::count(&words),
            status: place::status(&words),
            place: place::find(text, &words),
            flow,
            measure: measure::find(&words),
            tracking: tracking::find(text).map(|tracking| tracking.number),
        },
        language: language::of(&words).map(str::to_owned),
    }
}

/// "Did my refund arrive?" asks to see refunds, though a refund that somebody wants or misses is a matter for other answers.
fn refunds_are_asked_for(words: &[words::Word], decision: &Decision) -> bool {
    let begins =
        words.first().is_some_and(|word| matches!(word.text.as_str(), "did" | "has" | "have" | "any"));
    begins && *decision == Decision::Clarify(vec![Intent::Transactions])
}
