//! Which merchant a message names.

use crate::period::Found;
use crate::words::Word;

/// A name of more words than this is a sentence.
const MAX_NAME_WORDS: usize = 5;

/// Words that end a name.
const AFTER_NAMES: &[&str] = &[
    "in",
    "on",
    "during",
    "since",
    "after",
    "before",
    "against",
    "for",
    "over",
    "under",
    "above",
    "below",
    "between",
    "from",
    "last",
    "this",
    "past",
    "today",
    "yesterday",
    "please",
    "pls",
    "and",
    "or",
    "with",
    "using",
    "more",
    "less",
    "than",
    "vs",
    "versus",
    "compared",
    "so",
    "when",
    "what",
    "how",
    "ever",
    "recently",
    "lately",
    "ago",
    "every",
    "each",
    "thanks",
    "right",
    "come",
    "came",
    "arrive",
    "arrived",
    "land",
    "landed",
    "yet",
    "already",
];

/// After "at" and the like, these begin something that is not a name.
const NOT_NAMES: &[&str] = &[
    "my",
    "your",
    "our",
    "me",
    "it",
    "that",
    "them",
    "those",
    "these",
    "all",
    "least",
    "most",
    "once",
    "home",
    "work",
    "any",
    "which",
    "what",
    "night",
    "noon",
    "anything",
    "everything",
    "something",
    "stuff",
    "average",
    "a",
    "an",
    "present",
    "risk",
    "account",
    "accounts",
    "checking",
    "savings",
    "data",
    "moment",
    "card",
    "bank",
    "weekend",
    "end",
    "time",
    "times",
    "minute",
    "i",
    "we",
    "you",
    "credit",
    "debit",
];

/// Finds a merchant: first a name of the customer's own list, wherever it stands; then what follows "at",
/// "from", "spend on" or "paid to". As the customer wrote it, without "the".
pub(crate) fn find(text: &str, words: &[Word], own: &[String], period: Option<&Found>) -> Option<String> {
    known(text, words, own)
        .or_else(|| withdrawn(words))
        .or_else(|| {
            (0..words.len()).find_map(|at| {
                let introduced = introduces(words, at);
                if introduced { named(text, words, at + 1, period) } else { None }
            })
        })
        .or_else(|| between(text, words))
}

/// "How much did I withdraw", "my withdrawals": cash.
fn withdrawn(words: &[Word]) -> Option<String> {
    const WORDS: &[&str] = &["withdraw", "withdrew", "withdrawn", "withdrawal", "withdrawals"];
    words.iter().any(|word| WORDS.contains(&word.text.as_str())).then(|| "cash".to_owned())
}

/// "Did Netflix charge me", "did Anna send me money", "has my rent gone out", "how much rent did I pay": what stands between two
/// words that say so. At most three words.
fn between(text: &str, words: &[Word]) -> Option<String> {
    const BEGINS: &[(&str, &str)] = &[("how", "much"), ("how", "many")];
    const ENDS: &[&str] = &["charge", "charged", "bill", "billed"];
    /// And those with what has to follow them.
    const PAIRS: &[(&[&str], &[&str])] = &[
        (&["send", "sent", "transfer", "transferred", "wire", "wired", "pay", "paid"], &["me", "us"]),
        (&["go", "gone", "went", "come", "came"], &["out"]),
    ];
    const NOBODY: &[&str] = &[
        "money",
        "cash",
        "did",
        "do",
        "does",
        "have",
        "has",
        "was",
        "is",
        "of",
        "in",
        "more",
        "less",
        "my",
        "the",
        "i",
        "we",
        "you",
        "it",
        "they",
        "anyone",
        "anybody",
        "someone",
        "somebody",
        "total",
        "exactly",
        "time",
        "can",
        "could",
        "altogether",
        "on",
        "to",
        "at",
        "credit",
        "balance",
        "dollars",
        "pounds",
        "euros",
        "bucks",
        "times",
        "payments",
        "transactions",
        "purchases",
        "salary",
        "interest",
        "cards",
        "accounts",
        "went",
        "came",
        "spend",
        "spent",
        "bank",
        "card",
        "atm",
        "extra",
        "fee",
        "fees",
        "been",
        "ive",
        "are",
        "still",
        "left",
        "limit",
        "am",
        "should",
        "would",
        "will",
        "why",
        "what",
        "how",
        "income",
        "refund",
        "refunds",
        "payment",
        "transfer",
        "order",
        "deposit",
        "anything",
        "something",
        "nobody",
        "bill",
        "countries",
        "cities",
        "towns",
        "places",
        "shops",
        "stores",
        "merchants",
        "days",
    ];
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let plain = |range: std::ops::Range<usize>| {
        let fits = (1..=3).contains(&range.len()) && range.clone().all(|at| !NOBODY.contains(&word(at)));
        fits.then(|| text[words[range.start].start..words[range.end - 1].end].to_owned())
    };
    for at in 0..words.len() {
        if BEGINS.contains(&(word(at), word(at + 1))) {
            let end = (at + 2..words.len()).find(|end| matches!(word(*end), "did" | "do" | "have"))?;
            let paid = |at: usize| matches!(word(at), "pay" | "paid" | "spend" | "spent");
            if !(end..words.len()).take(4).any(paid) {
                return None;
            }
            return plain(at + 2..end);
        }
        if matches!(word(at), "did" | "has" | "have") {
            let ends = |end: &usize| {
                let pair = |(first, second): &(&[&str], &[&str])| {
                    first.contains(&word(*end)) && second.contains(&word(end + 1))
                };
                ENDS.contains(&word(*end)) || PAIRS.iter().any(pair)
            };
            let first = at + 1 + usize::from(matches!(word(at + 1), "my" | "the"));
            let end = (first..words.len()).find(ends)?;
            return plain(first..end);
        }
    }
    None
}

/// The longest name of the list that stands in the message.
fn known(text: &str, words: &[Word], own: &[String]) -> Option<String> {
    let mut best: Option<(usize, usize, usize)> = None;
    for name in own {
        let name: Vec<String> = crate::words::split(name).into_iter().map(|word| word.text).collect();
        if name.is_empty() || name.iter().all(|word| word.chars().count() < 3) {
            continue;
        }
        let place = words
            .windows(name.len())
            .position(|window| window.iter().zip(&name).all(|(word, part)| is_or_is_of(&word.text, part)));
        if let Some(at) = place
            && best.is_none_or(|(_, _, length)| name.len() > length)
        {
            best = Some((words[at].start, words[at + name.len() - 1].end, name.len()));
        }
    }
    best.map(|(start, end, _)| text[start..end].to_owned())
}

/// "tesco" is Tesco, and so is "tescos".
fn is_or_is_of(word: &str, name: &str) -> bool {
    word == name || (name.len() > 3 && word.strip_suffix('s') == Some(name))
}

fn introduces(words: &[Word], at: usize) -> bool {
    let before = |wanted: &[&str], reach: usize| {
        words[at.saturating_sub(reach)..at].iter().any(|word| wanted.contains(&word.text.as_str()))
    };
    match words[at].text.as_str() {
        "at" => !before(&["look", "looked", "looking", "looks", "peek", "peeked"], 2),
        "from" => before(
            &[
                "purchases",
                "purchase",
                "bought",
                "buy",
                "transactions",
                "payments",
                "charges",
                "order",
                "orders",
                "money",
                "deposits",
                "deposit",
                "refund",
                "refunds",
                "paid",
                "received",
                "receive",
                "get",
                "got",
            ],
            3,
        ),
        "pay" | "paid" => {
            i_paid(&words[..=at]) && !words.get(at + 1).is_some_and(|next| is_no_payee(&next.text))
        }
        "for" => at > 0 && i_paid(&words[..at]),
        "on" => before(&["spend", "spent", "spending", "spends"], 4),
        "to" => before(&["paid", "pay", "payments", "payment", "go", "went", "been"], 3),
        _ => false,
    }
}

/// Whether these words end with "did I pay" or "have I already paid", which begin a question.
fn i_paid(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let texts: Vec<&str> =
        texts.into_iter().filter(|text| !matches!(*text, "already" | "ever" | "just" | "actually")).collect();
    matches!(texts[..], ["did" | "have" | "has", "i" | "we", "pay" | "paid"])
}

/// What follows "did I pay" and is nobody who is paid: "more", "by card", "interest".
fn is_no_payee(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "for",
        "to",
        "more",
        "less",
        "too",
        "off",
        "back",
        "extra",
        "enough",
        "twice",
        "with",
        "by",
        "in",
        "on",
        "out",
        "fee",
        "fees",
        "tax",
        "interest",
        "charges",
        "bill",
        "bills",
        "much",
        "or",
        "and",
        "already",
        "today",
        "yesterday",
        "money",
        "full",
        "double",
        "late",
        "early",
        "online",
        "cash",
    ];
    WORDS.contains(&word)
}

/// Whether a message asks for a payment of one's own: "did I pay Anna", "have I paid Netflix this month".
pub(crate) fn asks_whether_paid(words: &[Word], merchant: Option<&str>) -> bool {
    let paid = (1..=words.len().min(5)).any(|end| i_paid(&words[..end]));
    paid && merchant.is_some()
}

fn named(text: &str, words: &[Word], at: usize, period: Option<&Found>) -> Option<String> {
    let skipped = usize::from(words.get(at).is_some_and(|word| word.text == "the"));
    let first = at + skipped;
    let in_period = |place: usize| period.is_some_and(|found| (found.from..found.to).contains(&place));
    let mut last = None;
    for (place, word) in words.iter().enumerate().skip(first).take(MAX_NAME_WORDS) {
        let is_amount = word.text.starts_with(|letter: char| "$£€¥₹<>".contains(letter));
        let ends = AFTER_NAMES.contains(&word.text.as_str())
            || (place == first && NOT_NAMES.contains(&word.text.as_str()));
        if in_period(place) || is_amount || ends || is_time(&word.text) {
            break;
        }
        last = Some(word);
        if word.ends_phrase {
            break;
        }
    }
    last.map(|last| text[words[first].start..last.end].to_owned())
}

/// "5pm", "17:30" and plain numbers after "at".
fn is_time(word: &str) -> bool {
    let digits = word.trim_end_matches("am").trim_end_matches("pm");
    !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit() || letter == ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    #[test]
    fn whether_something_was_paid_names_who_was_paid() {
        for (message, payee) in [
            ("did I pay Anna", Some("Anna")),
            ("have we already paid Netflix this month?", Some("Netflix")),
            ("did I pay for parking yesterday", Some("parking")),
            ("did I pay more than last month", None),
            ("have I paid interest", None),
            ("did I pay by card", None),
            ("why did I pay twice", None),
        ] {
            let words = split(message);
            let period = crate::period::find(&words, "2026-11-20".parse().unwrap());
            let found = find(message, &words, &[], period.as_ref());
            assert_eq!(found.as_deref(), payee, "{message}");
            assert_eq!(asks_whether_paid(&words, found.as_deref()), payee.is_some(), "{message}");
        }
    }

    #[test]
    fn a_merchant_may_stand_between_two_words() {
        for (message, name) in [
            ("did Netflix charge me", Some("Netflix")),
            ("has Corner Basket billed me this week", Some("Corner Basket")),
            ("how much rent did I pay this year", Some("rent")),
            ("did Anna send me money", Some("Anna")),
            ("has my rent gone out", Some("rent")),
            ("did my gym membership come out yet", Some("gym membership")),
            ("did you send me a card", None),
            ("has my payment gone out", None),
            ("did anyone send me money", None),
            ("did my card get charged", None),
            ("how much dough have I got left", None),
            ("how much money did I spend", None),
            ("how much did I spend", None),
            ("how many payments did I make", None),
            ("how much have I spent", None),
            ("did anyone charge my card", None),
            ("did you charge me", None),
        ] {
            let words = split(message);
            assert_eq!(find(message, &words, &[], None).as_deref(), name, "{message}");
        }
    }
}
