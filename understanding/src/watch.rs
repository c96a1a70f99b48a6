//! "Tell me when my balance drops below 100", "no alerts between 10pm and 7am", "stop the second one": what a message
//! about alerts asks for. Pure functions of the text.

mod hours;
mod kinds;

pub use hours::{DigestAsk, QuietAsk};

use crate::{
    AccountHint, account,
    amount::{self, Amount},
    merchant,
    words::{self, Word},
};
use domain::AccountKind;
use serde::{Deserialize, Serialize};

/// What somebody wants to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchKind {
    /// A balance falls below an amount.
    LowBalance,
    /// A payment of more than an amount.
    Purchase,
    /// The salary has arrived.
    Salary,
    /// Money comes in.
    MoneyIn,
    /// A subscription costs more than before.
    PriceRise,
    /// Something is paid abroad, or in another currency.
    Foreign,
    /// Anything is paid.
    CardUse,
}

impl WatchKind {
    /// All there are.
    pub const ALL: [WatchKind; 7] = [
        WatchKind::LowBalance,
        WatchKind::Purchase,
        WatchKind::Salary,
        WatchKind::MoneyIn,
        WatchKind::PriceRise,
        WatchKind::Foreign,
        WatchKind::CardUse,
    ];

    /// Whether it says nothing without an amount.
    pub fn needs_amount(self) -> bool {
        matches!(self, WatchKind::LowBalance | WatchKind::Purchase)
    }

    /// Whether an amount makes a difference to it.
    fn takes_amount(self) -> bool {
        matches!(self, WatchKind::LowBalance | WatchKind::Purchase | WatchKind::Salary | WatchKind::MoneyIn)
    }
}

/// What somebody wants to be told of, as far as they said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WatchWish {
    /// Of what.
    pub kind: Option<WatchKind>,
    /// From which amount on.
    pub amount: Option<Amount>,
    /// On which account; none for all that are shared.
    pub account: Option<AccountHint>,
    /// Paid to whom, or coming from whom, as they wrote it.
    pub merchant: Option<String>,
}

/// What a message about alerts asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchAsk {
    /// To be told of something.
    Set(WatchWish),
    /// Not to be disturbed at some hours.
    Quiet(QuietAsk),
    /// To be told once a day.
    Digest(DigestAsk),
    /// Something that no single payment or balance tells: a sum over a month, say.
    Sum,
}

/// Which alerts are to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichWatch {
    /// All of them.
    All,
    /// The one of this number.
    Number(u32),
    /// The one at this place of the list, from 1; 0 is the last.
    Place(u32),
    /// Those of a kind.
    Kind(WatchKind),
    /// The quiet hours.
    Quiet,
    /// The digest.
    Digest,
    /// Nobody said.
    Unsaid,
}

/// Reads what a message about alerts asks for.
pub fn watch(text: &str) -> WatchAsk {
    let words = words::split(&hours::spaced(text));
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some(quiet) = hours::quiet(&words, &texts) {
        return WatchAsk::Quiet(quiet);
    }
    if let Some(digest) = hours::digest(&words, &texts) {
        return WatchAsk::Digest(digest);
    }
    if kinds::is_sum(&texts) {
        return WatchAsk::Sum;
    }
    WatchAsk::Set(wish(text, &words, &texts))
}

/// Whether a message names nothing but the hours at which alerts may come: "only between 9am and 9pm".
pub fn names_waking_hours(text: &str) -> bool {
    hours::names_waking_hours(&words::split(&hours::spaced(text)))
}

/// What the answer to "what shall I tell you of?" says.
pub fn watch_wish(text: &str) -> WatchWish {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    wish(text, &words, &texts)
}

fn wish(text: &str, words: &[Word], texts: &[&str]) -> WatchWish {
    let amount = named_amount(words);
    let kind = kinds::kind(texts, amount.is_some());
    let bare = || if kind.is_some_and(WatchKind::needs_amount) { amount::any(words) } else { None };
    let merchant = match kind {
        None | Some(WatchKind::LowBalance | WatchKind::Foreign) => None,
        Some(_) => kinds::payee(text, words).or_else(|| merchant::find(text, words, &[], None)),
    };
    WatchWish {
        kind,
        amount: amount.or_else(bare).filter(|_| kind.is_none_or(WatchKind::takes_amount)),
        account: account_named(words, texts),
        merchant: merchant.filter(|name| !kinds::is_vocabulary(name)),
    }
}

/// "My card" is whichever card; "my credit card" is an account.
fn account_named(words: &[Word], texts: &[&str]) -> Option<AccountHint> {
    let hint = account::find(words)?;
    let credit = texts.windows(2).any(|pair| pair[0] == "credit" && pair[1].starts_with("card"));
    let vague = matches!(&hint, AccountHint::Kind(AccountKind::Card)) && !credit;
    // "A low balance alert account" names none.
    let worded = matches!(&hint, AccountHint::Words(word) if kinds::is_vocabulary(word));
    (!vague && !worded).then_some(hint)
}

fn named_amount(words: &[Word]) -> Option<Amount> {
    let filter = amount::find(words)?;
    let minor = match filter.comparison {
        amount::Comparison::Over(minor)
        | amount::Comparison::Under(minor)
        | amount::Comparison::About(minor)
        | amount::Comparison::Exactly(minor)
        // "At most 50" is from nothing on.
        | amount::Comparison::Between(0, minor)
        | amount::Comparison::Between(minor, _) => minor,
    };
    Some(Amount { minor, currency: filter.currency })
}

/// The amount in the answer to "below which amount?": also a bare number.
pub fn watch_amount(text: &str) -> Option<Amount> {
    let words = words::split(text);
    named_amount(&words).or_else(|| amount::any(&words)).filter(|amount| amount.minor > 0)
}

/// Which alerts a message wants to stop.
pub fn watch_stop(text: &str) -> WhichWatch {
    let words = words::split(&hours::spaced(text));
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if hours::about_quiet(&texts) {
        return WhichWatch::Quiet;
    }
    if hours::about_digest(&texts) {
        return WhichWatch::Digest;
    }
    if let Some(which) = numbered(&words) {
        return which;
    }
    let amount = named_amount(&words).is_some();
    let plural = ["alerts", "watches", "notifications", "warnings", "everything"];
    let many = texts.iter().any(|word| plural.contains(word));
    let whole = ["all", "every", "any", "everything", "more"];
    let all = many && texts.iter().any(|word| whole.contains(word));
    match kinds::kind(&texts, amount) {
        Some(kind) if !(all && kind == WatchKind::CardUse) => WhichWatch::Kind(kind),
        _ if all || (many && kinds::is_bare(&texts)) => WhichWatch::All,
        _ => WhichWatch::Unsaid,
    }
}

/// "alert 2", "number 2", "the second one", "the last alert".
fn numbered(words: &[Word]) -> Option<WhichWatch> {
    const PLACES: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let named = |word: &str| matches!(word, "alert" | "alerts" | "number" | "no" | "watch" | "nr");
    for (at, word) in words.iter().enumerate() {
        let after_name = at > 0 && named(&words[at - 1].text);
        if after_name && let Some((number, 1)) = words::number(&words[at..]) {
            return Some(WhichWatch::Number(number));
        }
        let next = words.get(at + 1).map_or("", |next| next.text.as_str());
        let pointed = matches!(next, "one" | "alert" | "watch" | "of");
        if let Some(place) = PLACES.iter().position(|known| *known == word.text)
            && pointed
        {
            return Some(WhichWatch::Place(place as u32 + 1));
        }
        if word.text == "last" && pointed {
            return Some(WhichWatch::Place(0));
        }
    }
    None
}
