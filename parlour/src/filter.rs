//! Which of a customer's own things a question means.

use crate::{category, reply::Reply};
use domain::{Account, AccountKind, Money, Nature, Transaction};
use understanding::{AccountHint, Amount, AmountFilter, Comparison, Flow};

/// Whether an account is the one that was named.
pub fn account(hint: &AccountHint, account: &Account) -> bool {
    match hint {
        AccountHint::Kind(kind) => account.kind == *kind,
        AccountHint::LastDigits(digits) => {
            !digits.is_empty() && account.last_digits.ends_with(digits.as_str())
        }
        AccountHint::Words(words) => account.name.to_lowercase().contains(&words.to_lowercase()),
        AccountHint::Other(meant) => !self::account(meant, account),
    }
}

/// Whether a message calls an account by its whole name: "what's in Bills and rent". A name of one or two letters is in too many
/// messages to be meant.
pub fn calls(text: &str, account: &Account) -> bool {
    let words = |text: &str| format!(" {} ", category::plain(text));
    let name = words(&account.name);
    name.trim().len() > 2 && words(text).contains(&name)
}

/// What to say if an account was named that is none of those that are shared. "My card" may be a debit card, which is no
/// account of its own.
pub fn no_such_account(hint: Option<&AccountHint>, accounts: &[&Account]) -> Option<Reply> {
    let hint = hint.filter(|hint| **hint != AccountHint::Kind(AccountKind::Card))?;
    if accounts.is_empty() || accounts.iter().any(|shared| account(hint, shared)) {
        return None;
    }
    let titles: Vec<String> = accounts.iter().map(|account| account.title()).collect();
    let text = format!("I see no such account here. What you share in this chat: {}.", titles.join(", "));
    Some(Reply::text(text).with_quick(&["What’s my balance?", "Change what I share"]))
}

/// Whether an amount, without its sign, is one that was asked for. "About" takes a tenth more or less.
pub fn amount(filter: &AmountFilter, amount: Money) -> bool {
    let units = amount.magnitude().minor_units;
    let said = |minor: i64| {
        let said = Amount { minor, currency: filter.currency };
        said.money(amount.currency).map(|money| money.minor_units)
    };
    let fits = match filter.comparison {
        Comparison::Over(most) => said(most).map(|most| units > most),
        Comparison::Under(least) => said(least).map(|least| units < least),
        Comparison::About(near) => said(near).map(|near| (units - near).abs() <= near / 10),
        Comparison::Exactly(just) => said(just).map(|just| units == just),
        Comparison::Between(low, high) => {
            said(low).zip(said(high)).map(|(low, high)| (low..=high).contains(&units))
        }
    };
    fits.unwrap_or(false)
}

/// Whether money went the way that was asked for.
pub fn flow(flow: Flow, payment: &Transaction) -> bool {
    let into = payment.amount.minor_units > 0 && !category::is_own_transfer(payment);
    match flow {
        Flow::In => into,
        Flow::Out => payment.amount.minor_units < 0 && !category::is_own_transfer(payment),
        Flow::Refund => matches!(payment.nature, Nature::Refund { .. } | Nature::Reversal { .. }),
        Flow::Salary => into && payment.nature == Nature::Usual && category::says_pay(payment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn shared(name: &str, kind: AccountKind) -> Account {
        Account {
            id: "a-1".parse().unwrap(),
            name: name.to_owned(),
            kind,
            last_digits: "5901".to_owned(),
            open: true,
        }
    }

    #[test]
    fn an_account_that_is_not_shared_is_said_to_be_none() {
        let checking = shared("Everyday Checking", AccountKind::Checking);
        let told = |hint: AccountHint| no_such_account(Some(&hint), &[&checking]).is_some();
        assert!(
            told(AccountHint::Kind(AccountKind::Savings)) && told(AccountHint::LastDigits("4520".to_owned()))
        );
        assert!(told(AccountHint::Other(Box::new(AccountHint::Words(String::new())))));
        assert!(
            !told(AccountHint::Kind(AccountKind::Checking))
                && !told(AccountHint::Words("everyday".to_owned()))
        );
        assert!(!told(AccountHint::Kind(AccountKind::Card)), "it may be the card of the account");
        assert!(no_such_account(None, &[&checking]).is_none());
    }

    #[test]
    fn an_account_is_called_by_its_whole_name() {
        let bills = shared("Bills & rent", AccountKind::Checking);
        assert!(calls("what’s in bills & rent?", &bills) && calls("BILLS, RENT: how much", &bills));
        assert!(!calls("my bills", &bills) && !calls("", &bills));
        assert!(!calls("is it a or b", &shared("A", AccountKind::Savings)));
        assert!(!calls("what is my balance", &shared("", AccountKind::Savings)));
    }

    #[test]
    fn the_way_of_money_is_told_by_sign_nature_and_text() {
        let payment = |amount: i64, description: &str, nature: Nature| Transaction {
            id: "t-1".parse().unwrap(),
            was_pending_as: None,
            account: "a-1".parse().unwrap(),
            amount: Money::new(amount, Currency::USD),
            at: "2026-11-20T15:00:00Z".parse().unwrap(),
            status: domain::TransactionStatus::Posted,
            description: description.to_owned(),
            merchant: None,
            category: None,
            nature,
            foreign: None,
        };
        let pay = payment(412_000, "Pay from Alder and Finch Design", Nature::Usual);
        let back = payment(4_847, "NORTHWIND OUTFITTERS", Nature::Refund { of: None });
        let moved = payment(20_000, "Transfer from savings", Nature::Usual);
        let coffee = payment(-424, "BLUE KETTLE", Nature::Usual);
        let fits = |way: Flow| [&pay, &back, &moved, &coffee].map(|payment| flow(way, payment));
        assert_eq!(fits(Flow::Salary), [true, false, false, false]);
        assert_eq!(fits(Flow::Refund), [false, true, false, false]);
        assert_eq!(fits(Flow::In), [true, true, false, false]);
        assert_eq!(fits(Flow::Out), [false, false, false, true]);
    }

    fn over(said: i64, currency: Option<Currency>) -> AmountFilter {
        AmountFilter { comparison: Comparison::Over(said), currency }
    }

    #[test]
    fn an_amount_is_compared_without_its_sign_and_in_its_currency() {
        let spent = Money::new(-5_001, Currency::USD);
        assert!(amount(&over(5_000, None), spent));
        assert!(!amount(&over(5_001, None), spent));
        assert!(!amount(&over(5_000, Some(Currency::EUR)), spent));
    }

    #[test]
    fn fifty_means_fifty_where_there_are_no_cents() {
        let yen: Currency = "JPY".parse().unwrap();
        assert!(amount(&over(5_000, None), Money::new(-51, yen)));
        assert!(!amount(&over(5_000, None), Money::new(-50, yen)));
    }
}
