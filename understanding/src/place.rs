//! In which place, and whether pending or booked.

use crate::{flow, words::Word};
use domain::TransactionStatus;

/// A name of more words than this is a sentence.
const MAX_WORDS: usize = 3;

/// What follows "in" and is no place.
#[rustfmt::skip]
const NOT_PLACES: &[&str] = &[
    "my", "the", "our", "your", "a", "an", "all", "any", "total", "general", "this", "that", "it", "here", "there", "and", "out", "full",
    "detail", "details", "savings", "checking", "account", "accounts", "bank", "cash", "dollars", "dollar", "euros", "euro", "pounds", "usd",
    "eur", "gbp", "excel", "csv", "pdf", "spreadsheet", "table", "sheets", "numbers", "file", "english", "advance", "which", "what", "store", "stores", "shop", "shops", "cafes", "restaurants",
    "supermarkets", "bars", "person", "particular", "fact", "order", "red", "black", "last", "past", "previous", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
    "sep", "sept", "oct", "nov", "dec", "spring", "summer", "autumn", "fall", "winter", "time", "chat", "one", "two", "case", "need", "touch",
    "yet", "now", "already",
];

/// What ends the name of a place.
#[rustfmt::skip]
const AFTER: &[&str] = &[
    "in", "on", "during", "since", "for", "over", "under", "above", "below", "between", "from", "last", "this", "past", "today", "yesterday",
    "please", "pls", "and", "or", "with", "using", "with", "when", "at", "by", "as", "ever", "recently", "so", "more", "than", "next", "until",
];

/// The place of what was bought on the internet.
pub const ONLINE: &str = "online";

/// The place of what was paid in another currency than the account's.
pub const FOREIGN: &str = "another currency";

/// What stands after "in": "in Reno", "in New York last week"; or [`ONLINE`].
pub(crate) fn find(text: &str, words: &[Word]) -> Option<String> {
    let after_in = (0..words.len()).find_map(|at| {
        let is_in = matches!(words[at].text.as_str(), "in" | "around" | "near");
        let after = at.checked_sub(1).map(|before| words[before].text.as_str());
        // "Came in", "money in": no place follows, unless the money was spent there.
        let goes_in = matches!(after, Some("came" | "come" | "go" | "went" | "goes" | "coming" | "get"))
            || (matches!(after, Some("cash" | "money")) && !flow::tells_of_spending(words));
        if is_in && !goes_in { named(text, words, at + 1) } else { None }
    });
    after_in
        .or_else(|| is_online(words).then(|| ONLINE.to_owned()))
        .or_else(|| is_foreign(words).then(|| FOREIGN.to_owned()))
}

/// "Foreign transactions", "what did I spend abroad".
fn is_foreign(words: &[Word]) -> bool {
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    has(&["foreign", "abroad", "overseas", "international"]) && (has(BOUGHT) || words.len() <= SHORT)
}

#[rustfmt::skip]
const BOUGHT: &[&str] = &[
    "purchases", "purchase", "bought", "buy", "spend", "spent", "spending", "shopping", "shop", "shopped", "orders", "order", "ordered",
    "payments", "payment", "paid", "pay", "transactions", "charges",
];
/// So short a message names little else.
const SHORT: usize = 4;

/// "What did I buy online", "payments on the internet", "only online ones"; not online banking.
fn is_online(words: &[Word]) -> bool {
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    has(&["online", "internet"])
        && !has(&["banking", "bank", "bill"])
        && (has(BOUGHT) || words.len() <= SHORT)
}

fn named(text: &str, words: &[Word], first: usize) -> Option<String> {
    let mut last: Option<&Word> = None;
    for (at, word) in words.iter().enumerate().skip(first).take(MAX_WORDS) {
        let ends =
            AFTER.contains(&word.text.as_str()) || (at == first && NOT_PLACES.contains(&word.text.as_str()));
        if ends || !word.text.chars().all(char::is_alphabetic) {
            break;
        }
        last = Some(word);
        if word.ends_phrase {
            break;
        }
    }
    last.map(|last| text[words[first].start..last.end].to_owned())
}

/// Whether only pending or only booked payments are meant.
pub(crate) fn status(words: &[Word]) -> Option<TransactionStatus> {
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    let pending = has(&["pending", "unbooked", "outstanding", "unsettled"]);
    let booked = has(&["posted", "booked", "settled", "cleared"]);
    match (pending, booked) {
        (true, false) => Some(TransactionStatus::Pending),
        (false, true) => Some(TransactionStatus::Posted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    #[test]
    fn a_place_is_what_stands_after_in() {
        for (message, place) in [
            ("what did I spend in Reno?", Some("Reno")),
            ("payments in New York last week", Some("New York")),
            ("everything in portugal since monday", Some("portugal")),
            ("what did I spend in October", None),
            ("how much is in my account", None),
            ("how much money do I have in savings", None),
            ("my payments in 2026", None),
            ("what came in last week", None),
            ("how do I spend my money in Portugal?", Some("Portugal")),
            ("money in October", None),
            ("what's my balance", None),
            ("what did I buy online", Some(ONLINE)),
            ("how much did I spend on the internet last month", Some(ONLINE)),
            ("only online", Some(ONLINE)),
            ("is online banking down", None),
            ("foreign transactions", Some(FOREIGN)),
            ("what did I spend abroad last month", Some(FOREIGN)),
            ("I am going abroad next week with my card", None),
        ] {
            assert_eq!(find(message, &split(message)).as_deref(), place, "{message}");
        }
    }

    #[test]
    fn pending_and_booked_are_told_apart() {
        for (message, status) in [
            ("anything pending?", Some(TransactionStatus::Pending)),
            ("only posted payments", Some(TransactionStatus::Posted)),
            ("pending or booked", None),
            ("last transactions", None),
        ] {
            assert_eq!(super::status(&split(message)), status, "{message}");
        }
    }
}
