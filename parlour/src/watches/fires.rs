//! Whether what happened is what a watch waits for. Pure functions of the rule and of what was read.

use super::Rule;
use crate::{category, filter};
use domain::{Account, AccountKind, Balance, Currency, Money, Nature, Place, Subscription, Transaction};
use understanding::{Amount, AmountFilter, Comparison, WatchKind};

/// Countries in which a currency is at home, where that is not the one that its code begins with.
const HOMES: [(&str, &[&str]); 2] = [
    ("USD", &["US", "PR", "VI", "GU", "AS", "MP"]),
    (
        "EUR",
        &[
            "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV",
            "MT", "NL", "PT", "SI", "SK", "AD", "MC", "SM", "VA",
        ],
    ),
];

/// Whether a watch may look at an account.
pub fn account(rule: &Rule, account: &Account) -> bool {
    rule.account.as_ref().is_none_or(|hint| filter::account(hint, account))
}

/// Whether a payment by itself is what a rule waits for. What is abroad by its place, and what costs more than before, is
/// not seen in the payment alone.
pub fn payment(rule: &Rule, payment: &Transaction) -> bool {
    let out = is_spent(payment);
    let into = payment.amount.minor_units > 0;
    let over = rule.amount.is_none_or(|amount| compare(Comparison::Over, amount, payment.amount));
    match rule.kind {
        WatchKind::Purchase => out && over && named(rule, payment),
        WatchKind::CardUse => out && named(rule, payment),
        WatchKind::MoneyIn => into && !category::is_own_transfer(payment) && over && named(rule, payment),
        WatchKind::Salary => {
            let told = rule.merchant.is_some() || rule.amount.is_some();
            into && payment.nature == Nature::Usual
                && !category::is_own_transfer(payment)
                && over
                && named(rule, payment)
                && (told || category::says_pay(payment))
        }
        WatchKind::Foreign => out && payment.foreign.is_some(),
        WatchKind::LowBalance | WatchKind::PriceRise => false,
    }
}

/// Money that left, and was not moved between a person's own accounts or taken back.
pub fn is_spent(payment: &Transaction) -> bool {
    payment.amount.minor_units < 0 && payment.nature == Nature::Usual && !category::is_own_transfer(payment)
}

fn named(rule: &Rule, payment: &Transaction) -> bool {
    rule.merchant.as_ref().is_none_or(|name| is_named(name, payment))
}

fn is_named(name: &str, payment: &Transaction) -> bool {
    !category::paid_to(vec![payment.clone()], name).is_empty()
}

fn compare(how: fn(i64) -> Comparison, amount: Amount, money: Money) -> bool {
    filter::amount(&AmountFilter { comparison: how(amount.minor), currency: amount.currency }, money)
}

/// Whether a payment was made abroad: its place is in a country in which the account's currency is not at home. A shop on
/// the internet is nowhere.
pub fn abroad(payment: &Transaction, place: &Place) -> bool {
    is_spent(payment) && !place.online && !is_home(payment.amount.currency, &place.country)
}

fn is_home(currency: Currency, country: &str) -> bool {
    match HOMES.iter().find(|(code, _)| *code == currency.code()) {
        Some((_, countries)) => countries.contains(&country),
        // The first two letters of a code are those of its country (ISO 4217).
        None => currency.code().starts_with(country),
    }
}

/// What a payment's subscription cost before, if it costs more now, by the bank's own list.
pub fn rise(rule: &Rule, payment: &Transaction, subscriptions: &[Subscription]) -> Option<Money> {
    if !is_spent(payment) || !named(rule, payment) {
        return None;
    }
    let merchant = payment.merchant.as_deref()?;
    let same = |s: &&Subscription| {
        s.account == payment.account
            && s.merchant.eq_ignore_ascii_case(merchant)
            && s.amount.magnitude() == payment.amount.magnitude()
    };
    let before = subscriptions.iter().find(same)?.before?.magnitude();
    let more = before.currency == payment.amount.currency
        && before.minor_units < payment.amount.magnitude().minor_units;
    more.then_some(before)
}

/// What can be spent, or what is there if the bank does not say; a card's is the credit that is left. None where a
/// balance says nothing about being low: on a loan, and on a card that was not named.
pub fn spendable(rule: &Rule, balance: &Balance) -> Option<Money> {
    match balance.account.kind {
        AccountKind::Checking | AccountKind::Savings | AccountKind::Other => {
            Some(balance.available.unwrap_or(balance.current))
        }
        AccountKind::Card if rule.account.is_some() => balance.available,
        AccountKind::Card | AccountKind::Loan => None,
    }
}

/// Whether a balance is below a rule's amount. None if it cannot be compared.
pub fn below(rule: &Rule, balance: &Balance) -> Option<bool> {
    let (amount, left) = (rule.amount?, spendable(rule, balance)?);
    if amount.currency.is_some_and(|currency| currency != left.currency) {
        return None;
    }
    Some(left.minor_units < 0 || compare(Comparison::Under, amount, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Cadence, TransactionStatus};
    use understanding::AccountHint;

    fn rule(kind: WatchKind, amount: Option<i64>, merchant: Option<&str>) -> Rule {
        let amount = amount.map(|minor| Amount { minor, currency: None });
        Rule { kind, amount, account: None, merchant: merchant.map(str::to_owned) }
    }

    fn paid(minor: i64, description: &str, merchant: Option<&str>) -> Transaction {
        Transaction {
            id: "t-1".parse().unwrap(),
            was_pending_as: None,
            account: "a-1".parse().unwrap(),
            amount: Money::new(minor, Currency::USD),
            at: Timestamp::UNIX_EPOCH,
            status: TransactionStatus::Pending,
            description: description.to_owned(),
            merchant: merchant.map(str::to_owned),
            category: None,
            nature: Nature::Usual,
            foreign: None,
        }
    }

    use jiff::Timestamp;

    fn balance(kind: AccountKind, current: i64, available: Option<i64>) -> Balance {
        let money = |minor| Money::new(minor, Currency::USD);
        Balance {
            account: Account {
                id: "a-1".parse().unwrap(),
                kind,
                name: "Everyday".to_owned(),
                last_digits: "4520".to_owned(),
                open: true,
            },
            current: money(current),
            available: available.map(money),
            as_of: Timestamp::UNIX_EPOCH,
            bill: None,
        }
    }

    #[test]
    fn a_big_purchase_is_one_over_the_amount_and_not_at_it() {
        let over = rule(WatchKind::Purchase, Some(5_000), None);
        assert!(payment(&over, &paid(-5_001, "CAFE", Some("Cafe"))));
        assert!(!payment(&over, &paid(-5_000, "CAFE", Some("Cafe"))));
        assert!(!payment(&over, &paid(9_000, "Refund", Some("Cafe"))), "money that comes in is none");
        assert!(!payment(&over, &paid(-9_000, "Transfer to savings", None)), "nor what stays one's own");
        let there = rule(WatchKind::Purchase, Some(5_000), Some("cafe"));
        assert!(payment(&there, &paid(-5_001, "CAFE", Some("Cafe"))));
        assert!(!payment(&there, &paid(-5_001, "SHOP", Some("Shop"))));
    }

    #[test]
    fn a_salary_is_money_that_the_bank_calls_so_or_that_its_customer_named() {
        let any = rule(WatchKind::Salary, None, None);
        assert!(payment(&any, &paid(412_000, "Pay from Alder and Finch Design", None)));
        assert!(payment(&any, &paid(412_000, "ACME PAYROLL 11/26", None)));
        assert!(!payment(&any, &paid(2_000, "Payment received, thank you", None)));
        assert!(!payment(&any, &paid(-412_000, "Pay from Alder", None)));
        let from = rule(WatchKind::Salary, None, Some("Riverside"));
        assert!(payment(&from, &paid(1_000, "CREDIT RIVERSIDE SCHOOL", None)));
        assert!(!payment(&from, &paid(412_000, "Pay from Alder", None)));
        let much = rule(WatchKind::Salary, Some(300_000), None);
        assert!(payment(&much, &paid(300_001, "Credit", None)));
        assert!(!payment(&much, &paid(300_000, "Credit", None)));
        let back = Transaction { nature: Nature::Refund { of: None }, ..paid(412_000, "pay back", None) };
        assert!(!payment(&any, &back));
    }

    #[test]
    fn abroad_is_another_currency_or_a_country_where_the_accounts_own_is_not_at_home() {
        let foreign = rule(WatchKind::Foreign, None, None);
        let home = paid(-1_000, "CAFE", Some("Cafe"));
        assert!(!payment(&foreign, &home));
        let exchanged = Transaction { foreign: Some(Money::new(900, Currency::EUR)), ..home.clone() };
        assert!(payment(&foreign, &exchanged));
        let place = |country: &str, online| Place {
            transaction: "t-1".parse().unwrap(),
            city: "There".to_owned(),
            country: country.to_owned(),
            online,
        };
        assert!(abroad(&home, &place("PT", false)));
        assert!(!abroad(&home, &place("PT", true)) && !abroad(&home, &place("PR", false)));
        let euros = Transaction { amount: Money::new(-1_000, Currency::EUR), ..home.clone() };
        assert!(!abroad(&euros, &place("PT", false)) && abroad(&euros, &place("CH", false)));
        let francs = Transaction { amount: Money::new(-1_000, "CHF".parse().unwrap()), ..home };
        assert!(!abroad(&francs, &place("CH", false)) && abroad(&francs, &place("DE", false)));
    }

    #[test]
    fn a_price_has_risen_when_the_banks_own_list_says_so() {
        let rises = rule(WatchKind::PriceRise, None, None);
        let video = paid(-1_599, "LANTERN VIDEO", Some("Lantern Video"));
        let subscription = |amount: i64, before: Option<i64>| Subscription {
            id: "s-1".parse().unwrap(),
            account: "a-1".parse().unwrap(),
            merchant: "LANTERN video".to_owned(),
            amount: Money::new(amount, Currency::USD),
            before: before.map(|minor| Money::new(minor, Currency::USD)),
            cadence: Cadence::Monthly,
            next: "2026-12-01".parse().unwrap(),
        };
        let was =
            |amount, before| rise(&rises, &video, &[subscription(amount, before)]).map(|m| m.minor_units);
        assert_eq!(was(1_599, Some(1_199)), Some(1_199));
        assert_eq!(was(1_599, Some(1_999)), None, "it costs less");
        assert_eq!(was(1_599, None), None);
        assert_eq!(was(1_299, Some(1_199)), None, "another payment");
        let other = rule(WatchKind::PriceRise, None, Some("Netflix"));
        assert_eq!(rise(&other, &video, &[subscription(1_599, Some(1_199))]), None);
    }

    #[test]
    fn a_balance_is_low_below_the_amount_and_not_at_it() {
        let low = rule(WatchKind::LowBalance, Some(10_000), None);
        let of = |kind, current, available| below(&low, &balance(kind, current, available));
        assert_eq!(of(AccountKind::Checking, 99_999, Some(9_999)), Some(true), "what can be spent counts");
        assert_eq!(of(AccountKind::Checking, 0, Some(10_000)), Some(false));
        assert_eq!(of(AccountKind::Savings, -50_000, None), Some(true), "a debt is low");
        assert_eq!(of(AccountKind::Card, 5_000, Some(100)), None, "a card was not named");
        let card = Rule { account: Some(AccountHint::Kind(AccountKind::Card)), ..low.clone() };
        assert_eq!(below(&card, &balance(AccountKind::Card, 5_000, Some(100))), Some(true));
        let euros = Rule { amount: Some(Amount { minor: 10_000, currency: Some(Currency::EUR) }), ..low };
        assert_eq!(below(&euros, &balance(AccountKind::Checking, 0, None)), None);
    }
}
