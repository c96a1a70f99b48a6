//! Accounts and balances.

use super::{amount, read, text, unwrapped};
use crate::fault::Unreadable;
use domain::{Account, AccountId, AccountKind, Balance, CardBill, Currency};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many of the last digits are shown.
const LAST_DIGITS: usize = 4;

/// An account as a list tells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub account: Account,
    /// Its currency, if the list says so.
    pub currency: Option<Currency>,
    /// How it stands, if the list says so.
    pub balance: Option<Balance>,
}

/// The members that we know, of all kinds of account at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    account_id: String,
    account_category: Option<String>,
    account_type: Option<String>,
    nickname: Option<String>,
    product_name: Option<String>,
    account_number_display: Option<String>,
    status: Option<String>,
    currency: Option<WireCurrency>,
    #[serde(borrow)]
    current_balance: Option<&'a RawValue>,
    #[serde(borrow)]
    available_balance: Option<&'a RawValue>,
    #[serde(borrow)]
    available_credit: Option<&'a RawValue>,
    #[serde(borrow)]
    principal_balance: Option<&'a RawValue>,
    balance_as_of: Option<String>,
    #[serde(borrow)]
    credit_line: Option<&'a RawValue>,
    #[serde(borrow)]
    minimum_payment_amount: Option<&'a RawValue>,
    next_payment_date: Option<String>,
    #[serde(borrow, default)]
    bills: Vec<WireBill<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBill<'a> {
    #[serde(borrow)]
    minimum_payment_due: Option<&'a RawValue>,
    due_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCurrency {
    currency_code: String,
}

/// Reads one account, flat or wrapped. `now` is the time of a balance whose time the bank does not say.
pub(crate) fn listed(item: &RawValue, now: Timestamp) -> Result<Listed, Unreadable> {
    let (wrapper, inner) = unwrapped(item, "Account")?;
    let wire: Wire = read(inner.get())?;
    let account = Account {
        id: text::id::<AccountId>(&wire.account_id)?,
        kind: kind(wrapper.as_deref(), &wire),
        name: name(&wire),
        last_digits: last_digits(wire.account_number_display.as_deref().unwrap_or_default()),
        open: !matches!(wire.status.as_deref(), Some("CLOSED" | "PENDINGOPEN" | "PAID")),
    };
    let currency = wire.currency.as_ref().map(|c| c.currency_code.parse()).transpose();
    let currency = currency.map_err(|_| Unreadable::Currency)?;
    let balance = balance(&account, &wire, currency, now)?;
    Ok(Listed { account, currency, balance })
}

/// Kinds that we do not know stay `other`.
fn kind(wrapper: Option<&str>, wire: &Wire) -> AccountKind {
    match wire.account_type.as_deref().unwrap_or_default() {
        "CHECKING" => return AccountKind::Checking,
        "SAVINGS" | "MONEYMARKET" | "CD" => return AccountKind::Savings,
        "CREDITCARD" | "CHARGE" => return AccountKind::Card,
        "LINEOFCREDIT" | "HOMELINEOFCREDIT" => return AccountKind::Loan,
        _ => {}
    }
    match (wire.account_category.as_deref(), wrapper) {
        (Some("LOAN_ACCOUNT"), _) | (None, Some("loanAccount")) => AccountKind::Loan,
        _ => AccountKind::Other,
    }
}

/// What the customer calls it, or the bank, or the kind that the bank names.
fn name(wire: &Wire) -> String {
    let names = [&wire.nickname, &wire.product_name, &wire.account_type, &wire.account_category];
    let shown = names.into_iter().flatten().map(|name| text::shown(name));
    shown.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "Account".to_owned())
}

/// At most the last four digits, whatever else the bank sends.
fn last_digits(display: &str) -> String {
    let digits: Vec<char> = display.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(LAST_DIGITS)..].iter().collect()
}

/// What a card's bill says: the first of the list that has a due date, or what stands beside the list.
fn bill(account: &Account, wire: &Wire, currency: Currency) -> Result<Option<CardBill>, Unreadable> {
    if account.kind != AccountKind::Card {
        return Ok(None);
    }
    let listed = wire.bills.iter().find(|bill| bill.due_date.is_some());
    let minimum = listed.and_then(|bill| bill.minimum_payment_due).or(wire.minimum_payment_amount);
    let due = listed.and_then(|bill| bill.due_date.as_ref()).or(wire.next_payment_date.as_ref());
    let money = |raw: Option<&RawValue>| raw.map(|raw| amount::read(raw, currency)).transpose();
    let bill = CardBill {
        credit_line: money(wire.credit_line)?,
        minimum: money(minimum)?,
        due: due.map(|day| text::day(day)).transpose()?,
    };
    Ok((bill != CardBill::default()).then_some(bill))
}

fn balance(
    account: &Account,
    wire: &Wire,
    currency: Option<Currency>,
    now: Timestamp,
) -> Result<Option<Balance>, Unreadable> {
    let (current, available) = match account.kind {
        AccountKind::Card => (wire.current_balance.or(wire.principal_balance), wire.available_credit),
        AccountKind::Loan => (wire.principal_balance.or(wire.current_balance), wire.available_credit),
        _ => (wire.current_balance, wire.available_balance),
    };
    let Some(current) = current else { return Ok(None) };
    let currency = currency.ok_or(Unreadable::Currency)?;
    Ok(Some(Balance {
        account: account.clone(),
        current: amount::read(current, currency)?,
        available: available.map(|available| amount::read(available, currency)).transpose()?,
        as_of: wire.balance_as_of.as_deref().map_or(Ok(now), text::moment)?,
        bill: bill(account, wire, currency)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Money;

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    fn read_one(json: &str) -> Result<Listed, Unreadable> {
        listed(serde_json::from_str(json).unwrap(), now())
    }

    const CHECKING: &str = r#"{"accountCategory":"DEPOSIT_ACCOUNT","accountId":"a-1","accountType":"CHECKING",
        "nickname":"Everyday Checking","accountNumberDisplay":"x1234","status":"OPEN",
        "currency":{"currencyCode":"USD"},"currentBalance":1399.02,"availableBalance":1350.00,
        "balanceAsOf":"2026-11-20T12:00:00Z"}"#;

    #[test]
    fn a_deposit_account_has_its_booked_and_its_available_amount() {
        let listed = read_one(CHECKING).unwrap();
        assert_eq!(listed.account.title(), "Everyday Checking ··1234");
        assert_eq!(listed.account.kind, AccountKind::Checking);
        let balance = listed.balance.unwrap();
        assert_eq!(balance.current, Money::new(139_902, Currency::USD));
        assert_eq!(balance.available, Some(Money::new(135_000, Currency::USD)));
        assert_eq!(balance.as_of, "2026-11-20T12:00:00Z".parse().unwrap());
    }

    #[test]
    fn flat_and_wrapped_accounts_mean_the_same() {
        let wrapped = format!(r#"{{"depositAccount":{CHECKING}}}"#);
        assert_eq!(read_one(&wrapped), read_one(CHECKING));
        let loan = read_one(
            r#"{"loanAccount":{"accountId":"l-1","accountType":"AUTOLOAN","principalBalance":9000,
                "currency":{"currencyCode":"USD"}}}"#,
        );
        let loan = loan.unwrap();
        assert_eq!(loan.account.kind, AccountKind::Loan);
        assert_eq!(
            loan.balance.map(|b| (b.current, b.as_of)),
            Some((Money::new(900_000, Currency::USD), now()))
        );
    }

    #[test]
    fn a_card_shows_what_is_owed_and_the_credit_that_is_left() {
        let card = read_one(
            r#"{"accountCategory":"LOC_ACCOUNT","accountId":"c-1","accountType":"CREDITCARD","creditLine":5000,
                "currentBalance":120.50,"availableCredit":4879.50,"currency":{"currencyCode":"USD"}}"#,
        );
        let card = card.unwrap();
        assert_eq!(card.account.kind, AccountKind::Card);
        let balance = card.balance.unwrap();
        assert_eq!(balance.current, Money::new(12_050, Currency::USD));
        assert_eq!(balance.available, Some(Money::new(487_950, Currency::USD)));
    }

    #[test]
    fn a_card_says_what_is_to_be_paid_by_when() {
        let card = |more: &str| {
            let json = format!(
                r#"{{"accountCategory":"LOC_ACCOUNT","accountId":"c-1","accountType":"CREDITCARD","creditLine":5000,
                "currentBalance":120.50,"availableCredit":4879.50,"currency":{{"currencyCode":"USD"}}{more}}}"#
            );
            read_one(&json).map(|listed| listed.balance.unwrap().bill.unwrap())
        };
        let usd = |minor| Some(Money::new(minor, Currency::USD));
        let due = Some("2026-12-24".parse().unwrap());
        let billed = card(r#","bills":[{"minimumPaymentDue":25.00,"dueDate":"2026-12-24"}]"#).unwrap();
        assert_eq!(billed, CardBill { credit_line: usd(500_000), minimum: usd(2_500), due });
        let beside = card(r#","minimumPaymentAmount":25,"nextPaymentDate":"2026-12-24""#).unwrap();
        assert_eq!(beside, billed);
        assert_eq!(card("").unwrap(), CardBill { credit_line: usd(500_000), minimum: None, due: None });
        assert_eq!(card(r#","bills":[{"dueDate":"soon"}]"#), Err(Unreadable::Time));
    }

    #[test]
    fn how_old_a_balance_is_stays_known() {
        let old = read_one(&CHECKING.replace("2026-11-20T12:00:00Z", "2026-10-01T00:00:00Z")).unwrap();
        assert_eq!(old.balance.unwrap().as_of, "2026-10-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_kind_that_we_do_not_know_is_kept_as_other() {
        let odd =
            read_one(r#"{"accountCategory":"DIGITAL_WALLET","accountId":"w-1","accountType":"MOONCHEESE"}"#);
        let odd = odd.unwrap();
        assert_eq!((odd.account.kind, odd.account.name.as_str()), (AccountKind::Other, "MOONCHEESE"));
        assert_eq!(odd.balance, None);
    }

    #[test]
    fn never_more_than_four_digits_of_a_number_are_kept() {
        for (display, kept) in [("4111 1111 1111 1234", "1234"), ("**77", "77"), ("", ""), ("IBAN", "")] {
            assert_eq!(last_digits(display), kept, "{display}");
        }
    }

    #[test]
    fn an_account_that_is_not_of_the_agreed_form_is_refused() {
        let broken = |from: &str, to: &str| read_one(&CHECKING.replace(from, to));
        assert_eq!(broken("\"accountId\":\"a-1\",", ""), Err(Unreadable::Form));
        assert_eq!(broken("\"a-1\"", "\"..\""), Err(Unreadable::Id));
        assert_eq!(broken("\"USD\"", "\"usd\""), Err(Unreadable::Currency));
        assert_eq!(broken("1399.02", "1399.021"), Err(Unreadable::Amount));
        assert_eq!(broken("2026-11-20T12:00:00Z", "noon"), Err(Unreadable::Time));
        assert_eq!(read_one("[]"), Err(Unreadable::Form));
    }
}
