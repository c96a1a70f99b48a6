//! Money, dates and consents in the words of customers.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    consents::{Consent, ConsentRequest, DataCluster, DurationType, Status},
    services::Service,
};

/// An amount with its currency: `$1,234.50`, `−€3.00`, `SEK 99.00`.
pub(super) fn money(minor: i64, currency: &str) -> String {
    let sign = if minor < 0 { "\u{2212}" } else { "" };
    let symbol = match currency {
        "USD" => "$".to_owned(),
        "EUR" => "\u{20ac}".to_owned(),
        "GBP" => "\u{a3}".to_owned(),
        other => format!("{other}\u{a0}"),
    };
    let whole = (minor.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{symbol}{grouped}.{:02}", minor.unsigned_abs() % 100)
}

/// A day with its weekday: `Sat 21 Nov 2026`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y").to_string()
}

/// A time of day: `14:05 UTC`.
pub(super) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string()
}

/// What a request would let a client see, one line each.
pub(super) fn asked_for(request: &ConsentRequest) -> Vec<String> {
    let statements = request.clusters().contains(&DataCluster::Statements);
    let mut lines: Vec<String> = request
        .clusters()
        .into_iter()
        .map(|cluster| match cluster {
            DataCluster::AccountBasic => {
                "The names and kinds of these accounts, and the last four digits of their numbers".to_owned()
            }
            DataCluster::AccountDetailed => {
                "The names, kinds and last four digits of these accounts, and the terms of cards, such as how \
                 much you may borrow"
                    .to_owned()
            }
            DataCluster::Balances => "How much money is in them, and how much of it you can spend".to_owned(),
            DataCluster::Statements => Service::StatementsRead.plain().to_owned(),
            DataCluster::Transactions => format!(
                "Payments in and out: when, how much and to whom, up to {} days back",
                request.lookback_period
            ),
        })
        .collect();
    let seen = request.services().into_iter().filter(|service| !service.acts());
    lines.extend(seen.filter(|s| *s != Service::StatementsRead || !statements).map(|s| s.plain().to_owned()));
    if request.include_payee_address {
        lines.push("The town and country of the shops you paid".to_owned());
    }
    lines
}

/// What a request would let a client do, one line each.
pub(super) fn deeds(request: &ConsentRequest) -> Vec<&'static str> {
    request.services().into_iter().filter(|service| service.acts()).map(Service::plain).collect()
}

/// What a request tells a client of the person.
pub(super) const WHO: &str = "That it is you: a number that means you to it alone, and not your name";

/// How long a request is for.
pub(super) fn lasts(request: &ConsentRequest, now: Timestamp) -> String {
    match (request.duration_type, request.ends(now)) {
        (DurationType::TimeBound, Some(end)) => {
            format!("For {} days, until {}.", request.duration_period.unwrap_or(0), day(end))
        }
        (DurationType::OneTime, _) => "Once, for the next 15 minutes.".to_owned(),
        _ => "Until you stop it.".to_owned(),
    }
}

/// Where a consent stands, in words.
pub(super) fn standing(consent: &Consent) -> String {
    match (consent.status, consent.expires_at, consent.ending) {
        (Status::Revoked, _, Some(ending)) => format!("Stopped on {}", day(ending.at)),
        (Status::Revoked, _, None) => "Stopped".to_owned(),
        (Status::Expired, Some(end), _) => format!("Ended on {}", day(end)),
        (_, Some(end), _) => format!("Active until {}", day(end)),
        (_, None, _) => "Active until you stop it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_their_currency_and_thousands() {
        assert_eq!(money(123_450, "USD"), "$1,234.50");
        assert_eq!(money(-300, "EUR"), "\u{2212}\u{20ac}3.00");
        assert_eq!(money(100_000_007, "SEK"), "SEK\u{a0}1,000,000.07");
        assert_eq!(money(5, "GBP"), "\u{a3}0.05");
    }

    #[test]
    fn days_are_named_with_their_weekday() {
        let at: Timestamp = "2026-11-21T14:05:00Z".parse().unwrap();
        assert_eq!((day(at).as_str(), time(at).as_str()), ("Sat 21 Nov 2026", "14:05 UTC"));
    }
}
