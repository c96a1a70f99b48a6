//! What messages name besides their intent.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

use domain::AccountKind;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use understanding::{AccountHint, Comparison, Context, Decision, Entities, Intent, understand};

fn entities(text: &str) -> Entities {
    with_merchants(text, &[])
}

fn with_merchants(text: &str, merchants: &[&str]) -> Entities {
    let merchants: Vec<String> = merchants.iter().map(|name| (*name).to_owned()).collect();
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    understand(text, &Context { now, zone: TimeZone::UTC, merchants: &merchants }).entities
}

#[test]
fn a_merchant_is_what_follows_at_as_the_customer_wrote_it() {
    for (message, merchant) in [
        ("what did I spend at the supermarket last week?", "supermarket"),
        ("how much did I spend at Corner Coffee since monday", "Corner Coffee"),
        ("HOW MUCH AT TESCO?", "TESCO"),
        ("spent at Marks & Spencer in october", "Marks & Spencer"),
        ("spend at Peet’s, last month", "Peet’s"),
        ("transactions at 7-Eleven over $20", "7-Eleven"),
        ("purchases from Amazon yesterday", "Amazon"),
        ("how much did I spend on groceries this month", "groceries"),
        ("how much have I paid to Netflix", "Netflix"),
        ("show payments at Lidl between $5 and $10", "Lidl"),
        ("what did I spend at Café Zürich today", "Café Zürich"),
    ] {
        assert_eq!(entities(message).merchant.as_deref(), Some(merchant), "{message}");
    }
}

#[test]
fn what_is_no_merchant_is_not_taken_for_one() {
    for message in [
        "who looked at my data",
        "who looked at it",
        "transactions at the weekend",
        "payments from my savings",
        "what did I spend at 5pm",
        "spent on my card",
        "transactions from monday",
        "did I spend at least $50",
        "look at Tesco prices",
        "at",
        "what did I spend on friday",
        "purchases from 2026-11-01 to 2026-11-05",
    ] {
        assert_eq!(entities(message).merchant, None, "{message}");
    }
}

#[test]
fn a_merchant_of_the_customers_own_is_found_anywhere() {
    let own = ["Corner Coffee", "Corner Coffee Roasters", "Shell", "Bed Bath & Beyond", "X"];
    for (message, merchant) in [
        ("corner coffee last week?", "corner coffee"),
        ("CORNER COFFEE ROASTERS please", "CORNER COFFEE ROASTERS"),
        ("shell spending", "shell"),
        ("how much in bed bath & beyond", "bed bath & beyond"),
    ] {
        assert_eq!(with_merchants(message, &own).merchant.as_deref(), Some(merchant), "{message}");
    }
    assert_eq!(with_merchants("x marks the spot", &own).merchant, None, "too short to be sure of");
}

#[test]
fn days_of_one_month_and_hours_are_a_period_and_no_amount() {
    let found = entities("spend between 1 and 15 november");
    let days = found.period.unwrap();
    assert_eq!((days.from.to_string(), days.until.to_string()), ("2026-11-01".into(), "2026-11-16".into()));
    assert_eq!(found.amount, None);
    let hours = entities("what did I spend in the last 48 hours").period.unwrap();
    assert_eq!((hours.from.to_string(), hours.until.to_string()), ("2026-11-19".into(), "2026-11-22".into()));
    assert!(entities("payments between 1 and 15 dollars").amount.is_some());
}

#[test]
fn cents_after_of_are_an_amount_and_after_at_a_time() {
    let exactly = |text: &str| entities(text).amount.map(|amount| amount.comparison);
    assert_eq!(exactly("what is the charge of 9.50"), Some(Comparison::Exactly(950)));
    assert_eq!(exactly("payment of 12,99"), Some(Comparison::Exactly(1_299)));
    assert_eq!(exactly("what came at 9.50"), None);
    assert_eq!(exactly("payments of 2026"), None);
}

#[test]
fn credit_that_is_left_and_a_bill_are_of_a_card() {
    for message in
        ["whats my availble credit", "credit left", "when is my payment due", "minimum payment please"]
    {
        assert_eq!(entities(message).account, Some(AccountHint::Kind(AccountKind::Card)), "{message}");
    }
    assert_eq!(entities("is there credit on it").account, None);
}

#[test]
fn an_account_is_named_by_digits_kind_or_word() {
    let digits = |text: &str| Some(AccountHint::LastDigits(text.to_owned()));
    for (message, account) in [
        ("balance of the account ending in 4520", digits("4520")),
        ("card ending 20", digits("20")),
        ("what's in my savings", Some(AccountHint::Kind(AccountKind::Savings))),
        ("balance of my current account", Some(AccountHint::Kind(AccountKind::Checking))),
        ("credit card transactions", Some(AccountHint::Kind(AccountKind::Card))),
        ("joint account balance", Some(AccountHint::Words("joint".to_owned()))),
        ("balance of my account", None),
        ("link bank account", None),
        ("ending soon", None),
    ] {
        assert_eq!(entities(message).account, account, "{message}");
    }
}

#[test]
fn a_count_is_of_transactions() {
    for (message, count) in [
        ("last 5 transactions", Some(5)),
        ("five latest payments", Some(5)),
        ("my last twenty five purchases", Some(25)),
        ("my last transaction", Some(1)),
        ("last 500 transactions", Some(500)),
        ("last 501 transactions", None),
        ("last 0 transactions", None),
        ("transactions of the last 5 days", None),
        ("transactions over 50", None),
    ] {
        assert_eq!(entities(message).count, count, "{message}");
    }
}

#[test]
fn one_message_can_name_everything() {
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    let about = Context { now, zone: TimeZone::UTC, merchants: &[] };
    let understood =
        understand("Show me the last 5 transactions over $50 at Tesco since friday from my savings", &about);
    assert_eq!(understood.decision, Decision::Act(Intent::Transactions));
    let Entities { period, amount, merchant, account, count, .. } = understood.entities;
    assert_eq!(period.unwrap().said, "since friday");
    assert_eq!(amount.unwrap().comparison, Comparison::Over(5_000));
    assert_eq!(merchant.as_deref(), Some("Tesco"));
    assert_eq!(account, Some(AccountHint::Kind(AccountKind::Savings)));
    assert_eq!(count, Some(5));
}

#[test]
fn today_is_the_customers_own_day() {
    let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
    let from = |zone: &str| {
        let about = Context { now, zone: TimeZone::get(zone).unwrap(), merchants: &[] };
        understand("today", &about).entities.period.unwrap().from.to_string()
    };
    assert_eq!(from("Europe/London"), "2026-11-21");
    assert_eq!(from("America/New_York"), "2026-11-20");
    assert_eq!(from("Pacific/Auckland"), "2026-11-21");
}
