//! What a message wants to be changed at the bank: limits and switches of a card, a journey, the name of an account, how the bank
//! gets in touch.

use crate::{
    ahead::{self, Ahead},
    amount, countries,
    words::{self, Word},
};
use domain::{ContactWay, Region};
use jiff::civil::Date;

/// What a card is to do from now on. None: nothing was said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitWish {
    /// The most on one day, in hundredths or the smallest unit of its own currency.
    pub per_day: Option<i64>,
    /// The most at once, likewise.
    pub per_payment: Option<i64>,
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
pub fn amount(text: &str) -> Option<i64> {
    sum_of(&words::split(text))
}

fn sum_of(words: &[Word]) -> Option<i64> {
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
    Some(chosen.1.minor).filter(|minor| *minor > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn limits_and_switches_are_read_as_people_write_them() {
        let nothing = LimitWish::default();
        for (text, wish) in [
            ("raise my card limit to 500", LimitWish { per_day: Some(50_000), ..nothing }),
            ("set my daily limit to $300", LimitWish { per_day: Some(30_000), ..nothing }),
            ("at most 50 dollars per payment", LimitWish { per_payment: Some(5_000), ..nothing }),
            (
                "limit single purchases to $1,200.50 on card 4821",
                LimitWish { per_payment: Some(120_050), ..nothing },
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
}
