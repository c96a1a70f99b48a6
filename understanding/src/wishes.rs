//! What a message wants to be changed at the bank: limits and switches of a card, a journey, the name of an account, how the bank
//! gets in touch.

use crate::{
    ahead::{self, Ahead},
    amount::{self, Amount},
    countries,
    words::{self, Word},
};
use domain::{CardKind, ContactWay, Region};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a card is to do from now on. None: nothing was said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitWish {
    /// The most on one day.
    pub per_day: Option<Amount>,
    /// The most at once.
    pub per_payment: Option<Amount>,
    /// Paying by touch.
    pub contactless: Option<bool>,
    /// Paying on the internet.
    pub online: Option<bool>,
    /// Paying in other countries.
    pub abroad: Option<bool>,
}

impl LimitWish {
    /// Whether nothing was wished.
    pub fn is_empty(&self) -> bool {
        *self == LimitWish::default()
    }
}

/// Which kind of card is meant: "my debit card", "the credit one". None if none or both are named.
pub fn card_kind(text: &str) -> Option<CardKind> {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    // A direct debit is paid with no card.
    let named = |at: usize| at == 0 || texts[at - 1] != "direct";
    let has = |known: &[&str]| (0..texts.len()).any(|at| known.contains(&texts[at]) && named(at));
    match (has(&["debit", "debitcard"]), has(&["credit", "creditcard"])) {
        (true, false) => Some(CardKind::Debit),
        (false, true) => Some(CardKind::Credit),
        _ => None,
    }
}

/// Reads what a card may spend from now on.
pub fn limits(text: &str) -> LimitWish {
    let words = words::split(text);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    let on = has(&["on", "enable", "allow", "activate", "permit", "unblock", "reactivate"]);
    let off =
        has(&["off", "disable", "block", "deactivate", "forbid", "stop", "no", "without", "dont", "prevent"]);
    let switch = (on != off).then_some(on);
    let about = |known: &[&str]| if has(known) { switch } else { None };
    let amount = sum_of(&words);
    let once =
        has(&["payment", "payments", "once", "single", "transaction", "each", "purchase", "purchases"])
            && !has(&["day", "daily", "today"]);
    LimitWish {
        per_day: amount.filter(|_| !once),
        per_payment: amount.filter(|_| once),
        contactless: about(&["contactless", "tap", "touch"]),
        online: about(&["online", "internet", "web"]),
        abroad: about(&["abroad", "foreign", "international", "overseas", "outside"]),
    }
}

/// The amount of a message that is about one: "to 500", "$500", "five hundred dollars". The last digits of a card are none.
pub fn amount(text: &str) -> Option<Amount> {
    sum_of(&words::split(text))
}

fn sum_of(words: &[Word]) -> Option<Amount> {
    let after_digits = |at: usize| {
        let before = at.checked_sub(1).map(|before| words[before].text.as_str());
        matches!(before, Some("ending" | "ends" | "card" | "in" | "finishing" | "digits" | "account"))
    };
    let sums = (0..words.len()).filter_map(|at| amount::sum(&words[at..]).map(|sum| (at, sum)));
    let mut plain: Vec<_> = sums.filter(|(at, sum)| sum.is_money || !after_digits(*at)).collect();
    let money = plain.iter().position(|(_, sum)| sum.is_money);
    let chosen = match money {
        Some(at) => plain.swap_remove(at),
        None => plain.pop()?,
    };
    let (_, sum) = chosen;
    Some(Amount { minor: sum.minor, currency: sum.currency }).filter(|amount| amount.minor > 0)
}

/// Where and when somebody travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TravelWish {
    /// To which countries.
    pub countries: Vec<Region>,
    /// When.
    pub days: Ahead,
    /// Whether they do not travel after all.
    pub cancels: bool,
}

/// Reads where and when somebody travels.
pub fn travel(text: &str, today: Date) -> TravelWish {
    let words = words::split(text);
    let cancels = words.iter().any(|word| {
        matches!(
            word.text.as_str(),
            "cancel" | "cancelled" | "canceled" | "remove" | "delete" | "drop" | "not" | "dont"
        )
    });
    TravelWish { countries: countries::find(&words), days: ahead::find(&words, today), cancels }
}

/// Words that stand before the name that an account is to have.
const BEFORE_NAME: &[&str] = &["to", "as", "into", "it", "named", "called", "name", "nickname", "be"];
/// Words of an account, after which its new name may stand: "call my savings Holidays".
const ACCOUNT_WORDS: &[&str] =
    &["account", "savings", "checking", "current", "saver", "card", "joint", "everyday", "pot"];

/// The name that an account is to have, as it was written: what stands between quotation marks, or at the end.
pub fn new_name(text: &str) -> Option<String> {
    let quoted = |open: char, close: char| {
        let (_, after) = text.split_once(open)?;
        let (name, _) = after.split_once(close)?;
        Some(name)
    };
    let found = quoted('"', '"').or_else(|| quoted('“', '”')).or_else(|| quoted('«', '»'));
    if let Some(name) = found {
        return clean(name);
    }
    let words = words::split(text);
    let is =
        |at: usize, known: &[&str]| words.get(at).is_some_and(|word| known.contains(&word.text.as_str()));
    let of_it = |at: usize| is(at, &["of", "for", "my", "the", "a", "an", "another", "new", "different"]);
    let after = |known: &[&str]| {
        (0..words.len()).rev().find(|at| {
            is(*at, known) && *at + 1 < words.len() && !of_it(at + 1) && !is(at + 1, ACCOUNT_WORDS)
        })
    };
    let calls = words
        .iter()
        .any(|word| matches!(word.text.as_str(), "call" | "name" | "rename" | "label" | "nickname"));
    let at = after(BEFORE_NAME).or_else(|| if calls { after(ACCOUNT_WORDS) } else { None })?;
    clean(&text[words[at + 1].start..])
}

fn clean(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches(['.', '!', '?', ',']).trim();
    let name = name.strip_suffix(" please").or_else(|| name.strip_suffix(" pls")).unwrap_or(name);
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = name.chars().any(char::is_alphanumeric) && !name.chars().any(char::is_control);
    fits.then_some(name)
}

/// How the bank is to get in touch. None: nothing was said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContactWish {
    /// In which way.
    pub way: Option<ContactWay>,
    /// Whether letters come as files.
    pub paperless: Option<bool>,
    /// Whether the bank may send offers.
    pub offers: Option<bool>,
}

impl ContactWish {
    /// Whether nothing was wished.
    pub fn is_empty(&self) -> bool {
        *self == ContactWish::default()
    }
}

/// Reads how the bank is to get in touch.
pub fn contact(text: &str) -> ContactWish {
    let mut words = words::split(text);
    let instead = words.windows(2).position(|pair| {
        matches!((pair[0].text.as_str(), pair[1].text.as_str()), ("instead", "of") | ("rather", "than"))
    });
    words.truncate(instead.unwrap_or(words.len()));
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    let not = has(&[
        "no",
        "stop",
        "dont",
        "without",
        "not",
        "off",
        "never",
        "unsubscribe",
        "end",
        "cancel",
        "fewer",
        "less",
    ]);
    let offers = has(&[
        "offers",
        "offer",
        "marketing",
        "adverts",
        "advertising",
        "promotions",
        "promotional",
        "newsletter",
        "newsletters",
        "ads",
        "unsubscribe",
    ]);
    let paper = has(&["paper", "letters", "letter", "post", "mail"]);
    let paperless = if has(&["paperless"]) {
        Some(!not)
    } else if paper {
        Some(not)
    } else {
        None
    };
    let ways: [(ContactWay, &[&str]); 4] = [
        (ContactWay::Email, &["email", "emails", "e"]),
        (ContactWay::Sms, &["text", "texts", "sms"]),
        (ContactWay::Phone, &["phone", "call", "telephone", "ring"]),
        (ContactWay::Post, &["letters", "letter", "post", "mail"]),
    ];
    let way = ways.iter().find(|(_, known)| has(known)).map(|(way, _)| *way).filter(|_| !offers && !not);
    ContactWish { way, paperless: paperless.filter(|_| !offers), offers: offers.then_some(!not) }
}

/// Whether a message wants money sent or a bill paid: "transfer 50 to Anna", "pay my electricity bill".
pub fn moves_money(text: &str) -> bool {
    const VERBS: &[&str] = &["transfer", "send", "wire", "pay", "zelle", "venmo"];
    const BEFORE: &[&str] = &[
        "please", "pls", "can", "could", "you", "would", "i", "want", "to", "need", "wanna", "like", "id",
        "hi", "hello", "hey", "me", "help", "lets", "u", "we", "how", "do", "may",
    ];
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let Some(at) = texts.iter().position(|word| VERBS.contains(word)) else { return false };
    // "Send me a summary" moves none.
    if texts.get(at + 1).is_some_and(|next| matches!(*next, "me" | "us")) {
        return false;
    }
    let (before, after) = (&texts[..at], &texts[at + 1..]);
    let sums = after.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()));
    let money = after.iter().any(|word| {
        matches!(*word, "money" | "bill" | "bills" | "invoice" | "rent" | "dollars" | "cash" | "bucks")
    });
    before.iter().all(|word| BEFORE.contains(word)) && (sums || money)
}

/// Whether a message asks for a whole number or a secret that is not shown here: "what's my card number", "tell me my PIN".
pub fn asks_for_number(text: &str) -> bool {
    const ASKS: &[&str] = &["what", "whats", "show", "tell", "give", "remind", "know"];
    const SECRETS: &[&str] = &["pin", "cvv", "cvc", "iban", "bic", "swift"];
    const NUMBERED: &[&str] = &["card", "account", "routing", "sort", "security", "customer", "bank"];
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let my = |at: usize| texts[at.saturating_sub(3)..at].contains(&"my");
    let named = (0..texts.len()).any(|at| {
        let next = texts.get(at + 1).copied().unwrap_or_default();
        let numbered =
            NUMBERED.contains(&texts[at]) && matches!(next, "number" | "numbers" | "code" | "details");
        my(at) && (SECRETS.contains(&texts[at]) || numbered)
    });
    // "Change my PIN" and "why was my card number declined" are other matters.
    const OTHER: &[&str] = &[
        "change", "reset", "new", "set", "unblock", "wrong", "declined", "block", "blocked", "update", "who",
        "safe",
    ];
    named && texts.iter().any(|word| ASKS.contains(word)) && !texts.iter().any(|word| OTHER.contains(word))
}

/// Whether a message says no more than that the other one is meant: "no, the other card", "and the other one too".
pub fn means_the_other(text: &str) -> bool {
    const AROUND: &[&str] = &[
        "other", "another", "one", "card", "the", "my", "no", "not", "this", "that", "it", "i", "meant",
        "mean", "want", "please", "pls", "sorry", "actually", "instead", "rather", "and", "now", "ok",
        "okay", "freeze", "block", "unfreeze", "too", "also", "as", "well", "same", "do", "with", "for",
        "to",
    ];
    let words = words::split(text);
    words.iter().any(|word| word.text == "other")
        && words.iter().all(|word| AROUND.contains(&word.text.as_str()))
}

/// Whether a message asks for the same once more: "the other card too".
pub fn as_well(text: &str) -> bool {
    words::split(text).iter().any(|word| matches!(word.text.as_str(), "too" | "also" | "same" | "well"))
}

/// Whether somebody wants another card for the one that they have: "order a replacement", "replace my card".
pub fn replaces_a_card(text: &str) -> bool {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let has = |known: &[&str]| texts.iter().any(|word| known.contains(word));
    let another = has(&["replacement"]) && has(&["order", "card", "need", "want", "send", "get"]);
    another || (has(&["replace", "replaced"]) && has(&["card"]))
}

/// Whether somebody disputes a payment.
pub fn disputes(text: &str) -> bool {
    const WORDS: &[&str] = &["dispute", "disputing", "disputed", "chargeback", "contest"];
    words::split(text).iter().any(|word| WORDS.contains(&word.text.as_str()))
}

/// Whether somebody tells of a theft or a trick: "I'm being scammed", "someone used my card in Paris".
pub fn tells_of_fraud(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "scam",
        "scammed",
        "scammer",
        "scamming",
        "hacked",
        "hacker",
        "phished",
        "phishing",
        "fraud",
        "fraudulent",
        "skimmed",
        "cloned",
    ];
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let by_somebody = texts.first().is_some_and(|first| {
        matches!(*first, "someone" | "somebody" | "someones" | "somebodys" | "people" | "thieves" | "they")
    });
    let uses =
        texts.iter().any(|word| matches!(*word, "used" | "using" | "uses" | "spent" | "spending" | "spends"));
    let mine = texts
        .windows(2)
        .any(|pair| pair[0] == "my" && matches!(pair[1], "card" | "cards" | "money" | "account"));
    texts.iter().any(|word| WORDS.contains(word)) || (by_somebody && uses && mine)
}

/// Whether a message is about a parcel on its way.
pub fn is_about_a_parcel(text: &str) -> bool {
    let words = words::split(text);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    let parcel = has(&["parcel", "parcels", "package", "packages", "shipment", "shipping"]);
    parcel || (has(&["tracking"]) && has(&["number", "code", "order"]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn whole_numbers_and_secrets_are_asked_for_in_these_words() {
        for yes in [
            "what's my card number",
            "tell me my pin",
            "what is my IBAN?",
            "I want to know my account number",
            "show my sort code",
        ] {
            assert!(super::asks_for_number(yes), "{yes}");
        }
        for no in [
            "how do I change my pin",
            "I need a new pin",
            "where do I find my pin",
            "what is the number of my bank",
            "what's my balance",
            "freeze my card",
        ] {
            assert!(!super::asks_for_number(no), "{no}");
        }
    }

    #[test]
    fn the_other_one_is_meant_in_these_words() {
        for yes in
            ["the other card", "no, the other one", "and the other one too", "sorry I meant my other card"]
        {
            assert!(super::means_the_other(yes), "{yes}");
        }
        for no in ["the other account", "what about the other payments", "one card", "another card please"] {
            assert!(!super::means_the_other(no), "{no}");
        }
        assert!(super::as_well("the other one too") && !super::as_well("the other one"));
    }

    #[test]
    fn another_card_is_wanted_in_these_words() {
        for yes in ["order a replacement", "replace my card", "I need a replacement card please"] {
            assert!(super::replaces_a_card(yes), "{yes}");
        }
        for no in
            ["order a card", "what did the replacement part cost", "I need a new card", "replace my alert"]
        {
            assert!(!super::replaces_a_card(no), "{no}");
        }
    }

    #[test]
    fn who_tells_of_a_theft_is_heard() {
        for yes in [
            "I'm being scammed!",
            "someone used my card in Paris",
            "people are using my card",
            "my account was hacked",
        ] {
            assert!(super::tells_of_fraud(yes), "{yes}");
        }
        for no in ["I used my card in Paris", "what did I spend", "did someone look at my account"] {
            assert!(!super::tells_of_fraud(no), "{no}");
        }
    }

    #[test]
    fn a_parcel_is_a_parcel() {
        assert!(
            super::is_about_a_parcel("where's my parcel") && super::is_about_a_parcel("my tracking number")
        );
        assert!(
            !super::is_about_a_parcel("where is my card")
                && !super::is_about_a_parcel("keep tracking my spending")
        );
    }

    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_card_is_meant_by_its_kind() {
        for (message, kind) in [
            ("freeze my debit card", Some(CardKind::Debit)),
            ("the credit one", Some(CardKind::Credit)),
            ("block both, debit and credit", None),
            ("freeze my card, a direct debit was wrong", None),
            ("freeze my card", None),
        ] {
            assert_eq!(card_kind(message), kind, "{message}");
        }
    }

    #[test]
    fn limits_and_switches_are_read_as_people_write_them() {
        let nothing = LimitWish::default();
        let plain = |minor| Some(Amount { minor, currency: None });
        for (text, wish) in [
            ("raise my card limit to 500", LimitWish { per_day: plain(50_000), ..nothing }),
            ("set my daily limit to $300", LimitWish { per_day: plain(30_000), ..nothing }),
            ("at most 50 dollars per payment", LimitWish { per_payment: plain(5_000), ..nothing }),
            (
                "limit single purchases to $1,200.50 on card 4821",
                LimitWish { per_payment: plain(120_050), ..nothing },
            ),
            ("set the limit of the card ending 4821", nothing),
            ("turn off online payments", LimitWish { online: Some(false), ..nothing }),
            ("switch contactless on", LimitWish { contactless: Some(true), ..nothing }),
            ("block payments abroad", LimitWish { abroad: Some(false), ..nothing }),
            (
                "enable foreign and online payments",
                LimitWish { abroad: Some(true), online: Some(true), ..nothing },
            ),
            ("what are my card limits", nothing),
            ("limit 0", nothing),
        ] {
            assert_eq!(limits(text), wish, "{text}");
        }
    }

    #[test]
    fn a_journey_has_countries_and_days() {
        let wish = travel("I'm going to Spain and Portugal from 3 to 10 December", date(2026, 11, 21));
        assert_eq!(wish.countries.iter().map(Region::code).collect::<Vec<_>>(), ["ES", "PT"]);
        assert_eq!((wish.days.from, wish.days.until), (Some(date(2026, 12, 3)), Some(date(2026, 12, 10))));
        assert!(!wish.cancels);
        assert!(travel("cancel my trip", date(2026, 11, 21)).cancels);
    }

    #[test]
    fn the_new_name_is_taken_as_it_was_written() {
        for (text, name) in [
            ("rename my savings account to Rainy Day", Some("Rainy Day")),
            ("call my savings \"Holidays 2027\"", Some("Holidays 2027")),
            ("call my savings account “Ferien”", Some("Ferien")),
            ("call my checking account Bills please", Some("Bills")),
            ("change the name of my savings to Puppy fund!", Some("Puppy fund")),
            ("rename my savings account", None),
            ("give my account another name", None),
            ("rename account", None),
        ] {
            assert_eq!(new_name(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn ways_to_be_reached_are_read() {
        let nothing = ContactWish::default();
        for (text, wish) in [
            ("email me instead of letters", ContactWish { way: Some(ContactWay::Email), ..nothing }),
            ("contact me by text", ContactWish { way: Some(ContactWay::Sms), ..nothing }),
            ("go paperless", ContactWish { paperless: Some(true), ..nothing }),
            ("no more marketing", ContactWish { offers: Some(false), ..nothing }),
            ("i want offers by mail", ContactWish { offers: Some(true), ..nothing }),
            (
                "i want letters by post",
                ContactWish { way: Some(ContactWay::Post), paperless: Some(false), ..nothing },
            ),
            ("stop sending me paper letters", ContactWish { paperless: Some(true), ..nothing }),
            ("how you contact me", nothing),
        ] {
            assert_eq!(contact(text), wish, "{text}");
        }
    }

    #[test]
    fn a_wish_to_move_money_is_known() {
        for yes in [
            "can you transfer 50 to Anna",
            "pay my electricity bill",
            "I want to send $20 to my brother",
            "wire money abroad",
        ] {
            assert!(moves_money(yes), "{yes}");
        }
        for no in [
            "did I pay my bill",
            "how much did I pay",
            "send me statements",
            "my pay",
            "what did I transfer in October",
            "",
        ] {
            assert!(!moves_money(no), "{no}");
        }
    }
}
