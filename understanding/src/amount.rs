//! Which amounts a message asks for.

use crate::words::{Word, number};
use domain::{Currency, Money};
use serde::{Deserialize, Serialize};

/// A filter on amounts, without sign: "over $50" means more than 50 in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountFilter {
    /// How to compare, in the currency's smallest unit; in hundredths where no currency is known.
    pub comparison: Comparison,
    /// The currency, where the message is clear: `£`, `€`, `euros`, `USD`. A bare `$` or "bucks" is that of the
    /// account, whichever dollar it is.
    pub currency: Option<Currency>,
}

/// An amount that somebody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// In the currency's smallest unit; in hundredths where no currency is known.
    pub minor: i64,
    /// The currency, where the message is clear. A bare `$` is that of the account.
    pub currency: Option<Currency>,
}

impl Amount {
    /// The same of an account in this currency. None if another one was named.
    pub fn money(self, currency: Currency) -> Option<Money> {
        match self.currency {
            Some(named) if named != currency => None,
            Some(_) => Some(Money::new(self.minor, currency)),
            None => {
                let units = self.minor.saturating_mul(10_i64.pow(currency.decimals())) / 100;
                Some(Money::new(units, currency))
            }
        }
    }
}

/// How amounts compare, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// More than this.
    Over(i64),
    /// Less than this.
    Under(i64),
    /// Near this.
    About(i64),
    /// Just this.
    Exactly(i64),
    /// From the first to the second, both included.
    Between(i64, i64),
}

const OVER: &[&str] = &["over", "above", "exceeding", ">"];
const UNDER: &[&str] = &["under", "below", "<"];
const ABOUT: &[&str] = &["about", "around", "roughly", "approximately", "approx", "~"];
/// Words that compare only with "than" after them.
const MORE_THAN: &[&str] = &["more", "greater", "bigger", "larger", "higher"];
const LESS_THAN: &[&str] = &["less", "smaller", "lower", "cheaper", "fewer"];

/// What follows a number that is not an amount.
const OTHER_UNITS: &[&str] = &[
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "hour",
    "hours",
    "transactions",
    "payments",
    "purchases",
    "times",
    "minutes",
    "percent",
    "people",
    "accounts",
    "cards",
    "oclock",
    "am",
    "pm",
];

const CURRENCY_WORDS: &[(&str, Option<Currency>)] = &[
    ("$", None),
    ("dollar", None),
    ("dollars", None),
    ("buck", None),
    ("bucks", None),
    ("usd", Some(Currency::USD)),
    ("£", Some(Currency::GBP)),
    ("pound", Some(Currency::GBP)),
    ("pounds", Some(Currency::GBP)),
    ("quid", Some(Currency::GBP)),
    ("gbp", Some(Currency::GBP)),
    ("€", Some(Currency::EUR)),
    ("euro", Some(Currency::EUR)),
    ("euros", Some(Currency::EUR)),
    ("eur", Some(Currency::EUR)),
];

/// One amount of money in a message.
pub(crate) struct Sum {
    pub(crate) minor: i64,
    pub(crate) currency: Option<Currency>,
    /// Whether a sign or word said that it is money.
    pub(crate) is_money: bool,
    pub(crate) used: usize,
}

/// Finds the first filter on amounts.
pub(crate) fn find(words: &[Word]) -> Option<AmountFilter> {
    (0..words.len()).find_map(|at| compared(words, at)).or_else(|| {
        (0..words.len()).find_map(|at| {
            // "The charge of 9.50" is an amount without its currency, "at 9.50" is a time.
            let charged = at > 0
                && matches!(words[at - 1].text.as_str(), "of" | "for" | "charge" | "payment" | "exactly");
            let cents = |text: &str| text.rsplit_once(['.', ',']).is_some_and(|(_, cents)| cents.len() == 2);
            let sum = sum(&words[at..]).filter(|sum| sum.is_money || (charged && cents(&words[at].text)))?;
            Some(AmountFilter { comparison: Comparison::Exactly(sum.minor), currency: sum.currency })
        })
    })
}

/// The first amount, also a bare number.
pub(crate) fn any(words: &[Word]) -> Option<Amount> {
    let bare = |at: usize| {
        let (value, _) = number(&words[at..])?;
        Some(Amount { minor: i64::from(value).checked_mul(100)?, currency: None })
    };
    (0..words.len())
        .find_map(|at| sum(&words[at..]).map(|sum| Amount { minor: sum.minor, currency: sum.currency }))
        .or_else(|| (0..words.len()).find_map(bare))
}

fn compared(words: &[Word], at: usize) -> Option<AmountFilter> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    if text(at) == "between" {
        let low = sum(&words[at + 1..])?;
        let and = at + 1 + low.used;
        let high = matches!(text(and), "and" | "to").then(|| sum(&words[and + 1..]))??;
        let currency = low.currency.or(high.currency);
        let comparison = Comparison::Between(low.minor.min(high.minor), low.minor.max(high.minor));
        return Some(AmountFilter { comparison, currency });
    }
    if text(at) == "at" && matches!(text(at + 1), "least" | "most") {
        let sum = sum(&words[at + 2..])?;
        let comparison = if text(at + 1) == "least" { at_least(sum.minor) } else { at_most(sum.minor) };
        return Some(AmountFilter { comparison, currency: sum.currency });
    }
    if let Some(sum) = sum(&words[at..])
        && matches!(text(at + sum.used), "or" | "and")
        && let Some(comparison) = match text(at + sum.used + 1) {
            "more" | "up" | "above" | "over" | "higher" | "upwards" => Some(at_least(sum.minor)),
            "less" | "under" | "below" | "lower" => Some(at_most(sum.minor)),
            _ => None,
        }
    {
        return Some(AmountFilter { comparison, currency: sum.currency });
    }
    let than = text(at + 1) == "than";
    let (compare, after): (fn(i64) -> Comparison, usize) = match text(at) {
        word if OVER.contains(&word) => (Comparison::Over, at + 1),
        word if UNDER.contains(&word) => (Comparison::Under, at + 1),
        word if ABOUT.contains(&word) => (Comparison::About, at + 1),
        word if than && MORE_THAN.contains(&word) => (Comparison::Over, at + 2),
        word if than && LESS_THAN.contains(&word) => (Comparison::Under, at + 2),
        word => {
            // A sign that is not set apart: ">50".
            let sign = word.chars().next().filter(|_| word.len() > 1)?;
            let compare = match sign {
                '>' => Comparison::Over,
                '<' => Comparison::Under,
                '~' => Comparison::About,
                _ => return None,
            };
            let mut rest = words[at..].to_vec();
            rest[0].text.remove(0);
            let sum = sum(&rest)?;
            return Some(AmountFilter { comparison: compare(sum.minor), currency: sum.currency });
        }
    };
    let sum = sum(&words[after..])?;
    Some(AmountFilter { comparison: compare(sum.minor), currency: sum.currency })
}

fn at_least(minor: i64) -> Comparison {
    Comparison::Between(minor, i64::MAX)
}

fn at_most(minor: i64) -> Comparison {
    Comparison::Between(0, minor)
}

/// Reads an amount at the beginning of the words; `None` also for numbers of days and the like.
pub(crate) fn sum(words: &[Word]) -> Option<Sum> {
    let first = words.first()?.text.as_str();
    let (before, rest) = match first.char_indices().find(|(_, letter)| letter.is_ascii_digit()) {
        Some((digit, _)) => first.split_at(digit),
        None => return sum_in_words(words),
    };
    let digits = rest.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let after = &rest[digits.len()..];
    let (thousands, after) = match after.strip_prefix('k') {
        Some(after) => (1_000, after),
        None => (1, after),
    };
    let next = words.get(1).map_or("", |word| word.text.as_str());
    let by_sign = currency(before).or_else(|| currency(after));
    let by_word = currency(next);
    if !before.is_empty() && currency(before).is_none() || !after.is_empty() && currency(after).is_none() {
        return None;
    }
    if OTHER_UNITS.contains(&next) {
        return None;
    }
    let known = by_sign.or(by_word);
    let currency = known.flatten();
    let minor = minor_units(digits, currency)?.checked_mul(thousands)?;
    let used = if by_word.is_some() { 2 } else { 1 };
    Some(Sum { minor, currency, is_money: known.is_some(), used })
}

/// "fifty bucks", "a hundred pounds": words need a currency after them.
fn sum_in_words(words: &[Word]) -> Option<Sum> {
    let (value, used) = number(words)?;
    let currency = currency(words.get(used)?.text.as_str())?;
    Some(Sum {
        minor: i64::from(value) * 10_i64.pow(decimals(currency)),
        currency,
        is_money: true,
        used: used + 1,
    })
}

fn currency(text: &str) -> Option<Option<Currency>> {
    CURRENCY_WORDS.iter().find(|(known, _)| *known == text).map(|(_, currency)| *currency)
}

fn decimals(currency: Option<Currency>) -> u32 {
    currency.map_or(2, |currency| currency.decimals())
}

/// Reads `1200`, `1,200`, `1.200`, `1,200.50`, `1.200,50`, `20.5`: the last mark is the decimal one when one or
/// two digits follow it; all others part thousands.
fn minor_units(digits: &str, currency: Option<Currency>) -> Option<i64> {
    let (whole, fraction) = match digits.rfind(['.', ',']) {
        Some(mark) if (1..=2).contains(&(digits.len() - mark - 1)) => (&digits[..mark], &digits[mark + 1..]),
        _ => (digits, ""),
    };
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let grouped_well = groups.len() == 1
        || ((1..=3).contains(&groups[0].len())
            && !groups[0].starts_with('0')
            && groups[1..].iter().all(|group| group.len() == 3));
    let places = decimals(currency);
    if !grouped_well || fraction.len() > places as usize {
        return None;
    }
    let whole: i64 = groups.concat().parse().ok()?;
    let fraction = format!("{fraction:0<width$}", width = places as usize);
    let fraction: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(10_i64.pow(places))?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;
    use Comparison::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let gbp = Some(Currency::GBP);
        let eur = Some(Currency::EUR);
        for (message, comparison, currency) in [
            ("transactions over $50", Over(5_000), None),
            ("anything over 50?", Over(5_000), None),
            ("more than fifty bucks", Over(5_000), None),
            ("payments above a hundred pounds", Over(10_000), gbp),
            ("payments of £20.50", Exactly(2_050), gbp),
            ("1.200,50 € last month", Exactly(120_050), eur),
            ("€1,200.50", Exactly(120_050), eur),
            ("1.200€", Exactly(120_000), eur),
            ("less than 20 quid", Under(2_000), gbp),
            ("under 9.5", Under(950), None),
            ("around 2k dollars", About(200_000), None),
            ("between $20 and $50", Between(2_000, 5_000), None),
            ("between 50 and 20 euros", Between(2_000, 5_000), eur),
            (">50", Over(5_000), None),
            ("twenty five dollars", Exactly(2_500), None),
            ("100 USD", Exactly(10_000), Some(Currency::USD)),
        ] {
            assert_eq!(find(&split(message)), Some(AmountFilter { comparison, currency }), "{message}");
        }
    }

    #[test]
    fn an_amount_is_of_the_accounts_currency_unless_another_was_named() {
        let yen: Currency = "JPY".parse().unwrap();
        let said = |minor, currency| Amount { minor, currency };
        assert_eq!(said(50_000, None).money(Currency::USD), Some(Money::new(50_000, Currency::USD)));
        assert_eq!(said(50_000, None).money(yen), Some(Money::new(500, yen)), "a yen has no hundredths");
        assert_eq!(said(500, Some(yen)).money(yen), Some(Money::new(500, yen)));
        assert_eq!(said(50_000, Some(Currency::EUR)).money(Currency::USD), None);
    }

    #[test]
    fn other_numbers_are_not_amounts() {
        for message in [
            "last 5 transactions",
            "over 3 days",
            "over the last 2 weeks",
            "since 2026-11-01",
            "ending 4520",
            "about my balance",
            "1.2.3",
            "£",
            "between monday and friday",
            "over 99999999999999999999",
            "$0.123",
        ] {
            assert_eq!(find(&split(message)), None, "{message}");
        }
    }
}
