//! `[[no]]` in a bank's file: what it says No to, beyond whole classes of data and whole channels.

use super::fault::{ConfigFault, Source};
use domain::{Channel, Currency, DataClass, Money, Operation};
use gate::{No, Refused, Regions};
use serde::Deserialize;
use std::{fmt, str::FromStr};
use toml::Spanned;

/// The longest words that a bank may give for a No, in characters: they are shown in one bubble of a chat.
pub const LONGEST_REASON: usize = 300;

/// One No, as it is written. All conditions that are named must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenNo {
    data_class: Option<Spanned<String>>,
    action: Option<Spanned<String>>,
    channel: Option<Spanned<String>>,
    partner: Option<Spanned<String>>,
    region: Option<Spanned<Vec<Spanned<String>>>>,
    unknown_region: Option<Spanned<bool>>,
    hours: Option<Spanned<String>>,
    amount_over: Option<Spanned<String>>,
    reason: Spanned<String>,
}

/// The Nos of a file, checked.
pub fn read(source: &Source, written: &[Spanned<WrittenNo>], faults: &mut Vec<ConfigFault>) -> Vec<No> {
    written.iter().map(|no| one(source, no, faults)).collect()
}

fn one(source: &Source, written: &Spanned<WrittenNo>, faults: &mut Vec<ConfigFault>) -> No {
    let span = written.span();
    let written = written.get_ref();
    let mut mend = |span, what: String, remedy: &str| faults.push(source.fault(span, what, remedy));
    let channels = "write one of: web, messenger, whatsapp, matrix";
    let no = No {
        to: to(written, &mut mend),
        channel: word::<Channel>(&written.channel, channels, &mut mend),
        partner: word(&written.partner, "write the company's short name, such as \"acme\"", &mut mend),
        regions: regions(written, &mut mend),
        hours: word(&written.hours, "write two full hours, such as \"22-06\" or \"9-17\"", &mut mend),
        amount_over: written.amount_over.as_ref().and_then(|amount| money(amount, &mut mend)),
        reason: written.reason.get_ref().clone(),
    };
    let length = no.reason.trim().chars().count();
    if !(1..=LONGEST_REASON).contains(&length) {
        let what = format!("a reason has 1 to {LONGEST_REASON} characters; this one has {length}");
        mend(written.reason.span(), what, "write what customers shall read when they meet this No");
    }
    if no == No::because(&no.reason) && nothing_is_written(written) {
        let remedy = "name data_class, action, channel, partner, region, hours or amount_over";
        mend(span, "this No names no condition, so it would refuse everything".to_owned(), remedy);
    }
    if let (Some(Refused::Reading(_) | Refused::Orders(_)), Some(amount)) = (no.to, &written.amount_over) {
        let what = "only a payment has an amount, so this No would never apply".to_owned();
        mend(amount.span(), what, "leave amount_over out, or write action = \"order_payment\"");
    }
    no
}

fn nothing_is_written(written: &WrittenNo) -> bool {
    written.data_class.is_none()
        && written.action.is_none()
        && written.channel.is_none()
        && written.partner.is_none()
        && written.region.is_none()
        && written.unknown_region.as_ref().is_none_or(|unknown| !unknown.get_ref())
        && written.hours.is_none()
        && written.amount_over.is_none()
}

type Mend<'a> = &'a mut dyn FnMut(std::ops::Range<usize>, String, &str);

fn to(written: &WrittenNo, mend: Mend) -> Option<Refused> {
    let classes = "write one of: accounts, balances, transactions, merchant_places, cards, statements, \
                   scheduled_payments, contact";
    let class = word::<DataClass>(&written.data_class, classes, mend).map(Refused::Reading);
    let Some(action) = &written.action else { return class };
    let refused = match (action.get_ref().as_str(), action.get_ref().parse::<Operation>()) {
        ("order_payment", _) => Refused::Payments,
        ("manage_account", _) => Refused::Orders(None),
        (_, Ok(operation)) => Refused::Orders(Some(operation)),
        (found, Err(_)) => {
            let what = format!("`{found}` is not known here");
            let remedy = "write \"order_payment\", \"manage_account\" or one order, such as \"unfreeze_card\"; \
                          reading is named by data_class";
            mend(action.span(), what, remedy);
            return class;
        }
    };
    if let Some(class) = &written.data_class {
        let what = "a No is to reading a class of data or to an action, not to both".to_owned();
        mend(class.span(), what, "write two [[no]], one with data_class and one with action");
    }
    Some(refused)
}

fn regions(written: &WrittenNo, mend: Mend) -> Option<Regions> {
    let unknown = written.unknown_region.as_ref().is_some_and(|unknown| *unknown.get_ref());
    if written.region.is_none() && !unknown {
        return None;
    }
    let mut regions = Regions { unknown, ..Regions::default() };
    if let Some(list) = &written.region {
        if list.get_ref().is_empty() && !unknown {
            mend(list.span(), "this list is empty".to_owned(), "list regions, or leave the key out");
        }
        for region in list.get_ref() {
            match region.get_ref().parse() {
                Ok(region) => drop(regions.listed.insert(region)),
                Err(fault) => {
                    let what = format!("`{}`: {fault}", region.get_ref());
                    mend(region.span(), what, "write two capital letters, such as \"US\"");
                }
            }
        }
    }
    Some(regions)
}

fn word<T: FromStr<Err: fmt::Display>>(
    written: &Option<Spanned<String>>,
    remedy: &str,
    mend: Mend,
) -> Option<T> {
    let written = written.as_ref()?;
    let read = written.get_ref().parse::<T>();
    read.map_err(|fault| mend(written.span(), format!("`{}`: {fault}", written.get_ref()), remedy)).ok()
}

/// Reads an amount that is not negative.
pub fn money(written: &Spanned<String>, mend: Mend) -> Option<Money> {
    match read_money(written.get_ref()) {
        Some(money) if money.minor_units >= 0 => Some(money),
        _ => {
            let what = format!("`{}` is not an amount of money", written.get_ref());
            mend(written.span(), what, "write an amount and its currency, such as \"500.00 USD\"");
            None
        }
    }
}

/// Reads `500.00 USD`.
pub fn read_money(text: &str) -> Option<Money> {
    let (amount, currency) = text.split_once(' ')?;
    let currency: Currency = currency.parse().ok()?;
    Money::from_decimal(amount, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[derive(Debug, Deserialize)]
    struct Page {
        no: Vec<Spanned<WrittenNo>>,
    }

    /// The Nos of a text, and its mistakes: line, column, what.
    fn read_text(text: &str) -> (Vec<No>, Vec<(usize, usize, String)>) {
        let source = Source { file: Path::new("banks/harbour.toml"), text };
        let page: Page = source.parse().unwrap_or_else(|fault| panic!("{fault}"));
        let mut faults = vec![];
        let nos = read(&source, &page.no, &mut faults);
        let told = |fault: ConfigFault| {
            let at = fault.at.unwrap();
            (at.line, at.column, fault.what)
        };
        (nos, faults.into_iter().map(told).collect())
    }

    #[test]
    fn every_condition_of_a_no_is_read() {
        let (nos, faults) = read_text(
            "[[no]]\ndata_class = \"merchant_places\"\nchannel = \"messenger\"\npartner = \"acme\"\n\
             region = [\"KP\", \"IR\"]\nhours = \"22-06\"\nreason = \"No.\"\n\
             [[no]]\naction = \"order_payment\"\nunknown_region = true\namount_over = \"500.00 USD\"\nreason = \"No.\"\n",
        );
        assert_eq!(faults, []);
        let first = No {
            to: Some(Refused::Reading(DataClass::MerchantPlaces)),
            channel: Some(Channel::Messenger),
            partner: Some("acme".parse().unwrap()),
            regions: Some(Regions {
                listed: ["KP", "IR"].map(|r| r.parse().unwrap()).into(),
                unknown: false,
            }),
            hours: Some("22-06".parse().unwrap()),
            ..No::because("No.")
        };
        let second = No {
            to: Some(Refused::Payments),
            regions: Some(Regions { unknown: true, ..Regions::default() }),
            amount_over: Some(Money::new(50_000, Currency::USD)),
            ..No::because("No.")
        };
        assert_eq!(nos, [first, second]);
    }

    #[test]
    fn mistakes_in_a_no_are_told_with_their_place() {
        let one = |text: &str| {
            let (_, faults) = read_text(&format!("[[no]]\nreason = \"No.\"\n{text}\n"));
            assert_eq!(faults.len(), 1, "{faults:?}");
            faults[0].clone()
        };
        assert_eq!(one("").2, "this No names no condition, so it would refuse everything");
        assert_eq!(
            one("unknown_region = false").2,
            "this No names no condition, so it would refuse everything"
        );
        let (line, column, what) = one("data_class = \"advertising\"");
        assert_eq!((line, column), (3, 14));
        assert!(what.starts_with("`advertising`: "), "{what}");
        assert_eq!(one("action = \"read\"").2, "`read` is not known here");
        assert_eq!((one("region = [\"US\", \"usa\"]").0, one("region = [\"US\", \"usa\"]").1), (3, 17));
        assert_eq!(one("region = []").2, "this list is empty");
        assert!(one("hours = \"22-24\"").2.contains("two different numbers from 0 to 23"));
        for amount in ["500", "500 usd", "-1 USD", "1.001 USD", "USD 5", ""] {
            let what = one(&format!("amount_over = \"{amount}\"")).2;
            assert_eq!(what, format!("`{amount}` is not an amount of money"));
        }
        let both = one("data_class = \"balances\"\naction = \"order_payment\"");
        assert_eq!(both.2, "a No is to reading a class of data or to an action, not to both");
        let never = one("data_class = \"balances\"\namount_over = \"5 USD\"");
        assert_eq!(never.2, "only a payment has an amount, so this No would never apply");
    }

    #[test]
    fn the_words_of_a_no_have_a_limit() {
        let told = |length: usize| {
            let text = format!("[[no]]\nchannel = \"web\"\nreason = \"{}\"\n", "x".repeat(length));
            read_text(&text).1.len()
        };
        assert_eq!([told(0), told(1), told(LONGEST_REASON), told(LONGEST_REASON + 1)], [1, 0, 0, 1]);
    }
}
