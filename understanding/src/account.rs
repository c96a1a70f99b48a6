//! Which account, and how many of its transactions.

use crate::words::{Word, number};
use domain::AccountKind;
use serde::{Deserialize, Serialize};

/// How a customer names one of their accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountHint {
    /// By kind: "savings", "credit card".
    Kind(AccountKind),
    /// By its last digits, 2 to 4: "ending in 4520".
    LastDigits(String),
    /// By the word before "account": "joint account".
    Words(String),
    /// Not this one: "the other account".
    Other(Box<AccountHint>),
}

const KINDS: &[(&[&str], AccountKind)] = &[
    // A debit card draws on it.
    (&["checking", "chequing", "current account", "everyday account", "debit card"], AccountKind::Checking),
    (&["savings", "saver", "saving account", "isa"], AccountKind::Savings),
    (&["credit card", "credit cards", "my card"], AccountKind::Card),
    (&["loan", "mortgage"], AccountKind::Loan),
];

/// Words before "account" that do not name one.
const NOT_NAMES: &[&str] = &[
    "my",
    "the",
    "your",
    "our",
    "this",
    "that",
    "an",
    "a",
    "bank",
    "any",
    "each",
    "every",
    "which",
    "all",
    "both",
    "same",
    "other",
    "in",
    "to",
    "of",
    "on",
    "from",
    "and",
    "with",
    "link",
    "connect",
    "unlink",
    "disconnect",
    "new",
];

/// Finds what the message says on which account.
pub(crate) fn find(words: &[Word]) -> Option<AccountHint> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some(digits) = last_digits(&texts) {
        return Some(AccountHint::LastDigits(digits));
    }
    let joined = format!(" {} ", texts.join(" "));
    for (names, kind) in KINDS {
        if names.iter().any(|name| joined.contains(&format!(" {name} "))) {
            return Some(AccountHint::Kind(*kind));
        }
    }
    if is_of_a_card(&texts) {
        return Some(AccountHint::Kind(AccountKind::Card));
    }
    let named = texts.windows(2).find(|pair| {
        let plain = pair[0].chars().all(char::is_alphabetic);
        matches!(pair[1], "account" | "accounts" | "acct") && plain && !NOT_NAMES.contains(&pair[0])
    });
    named.map(|pair| AccountHint::Words(pair[0].to_owned()))
}

/// What only a credit card has: credit that is left, something owed by a day.
fn is_of_a_card(texts: &[&str]) -> bool {
    texts.windows(2).any(|pair| {
        matches!(
            (pair[0], pair[1]),
            ("available" | "availble" | "avaliable" | "availabe" | "remaining" | "left", "credit")
                | ("credit", "left" | "available" | "remaining")
                | ("much", "credit")
                | ("minimum", "payment")
                | ("due", "date")
                | ("payment", "due")
        )
    })
}

fn last_digits(texts: &[&str]) -> Option<String> {
    let after = texts.iter().position(|word| matches!(*word, "ending" | "ends" | "finishing"))? + 1;
    let rest = texts[after..].iter().filter(|word| !matches!(**word, "in" | "with" | "on" | "digits"));
    let digits = rest.into_iter().next()?;
    let fits = (2..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| (*digits).to_owned())
}

/// More than this many transactions are not asked for in a chat.
const MAX_COUNT: u32 = 500;

const LISTED: &[&str] = &[
    "transaction",
    "transactions",
    "payment",
    "payments",
    "purchase",
    "purchases",
    "things",
    "charges",
    "debits",
    "credits",
    "entries",
    "items",
    "transfers",
    "deposits",
    "buys",
    "shops",
    "stores",
    "merchants",
    "retailers",
    "payees",
];

/// Words between a number and what it counts.
const BETWEEN: &[&str] = &[
    "last",
    "latest",
    "recent",
    "most",
    "newest",
    "card",
    "bank",
    "pending",
    "biggest",
    "largest",
    "smallest",
    "cheapest",
    "favourite",
    "favorite",
    "of",
    "my",
];

/// Finds "last 5 transactions", "five latest payments", "my last transaction".
pub(crate) fn count(words: &[Word]) -> Option<u16> {
    for at in 0..words.len() {
        let Some((value, used)) = number(&words[at..]) else { continue };
        let rest = words[at + used..].iter().map(|word| word.text.as_str());
        let counted = rest.into_iter().find(|word| !BETWEEN.contains(word));
        if counted.is_some_and(|word| LISTED.contains(&word)) && (1..=MAX_COUNT).contains(&value) {
            return u16::try_from(value).ok();
        }
    }
    let singular = words.windows(2).any(|pair| {
        matches!(pair[0].text.as_str(), "last" | "latest" | "newest")
            && matches!(pair[1].text.as_str(), "transaction" | "payment" | "purchase")
    });
    singular.then_some(1)
}
