//! Transactions, and the places where they were made.

use super::{amount, read, text, unwrapped};
use crate::fault::Unreadable;
use domain::{AccountId, Currency, Money, Nature, Place, Transaction, TransactionId, TransactionStatus};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A transaction, and what is needed to see whether two of them are one purchase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub transaction: Transaction,
    /// Whether `at` is the moment of the purchase (and not of the booking).
    pub at_purchase: bool,
}

/// The members that we know. The payee's address is not among them: who asks for transactions does not get
/// places.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    transaction_id: String,
    reference_transaction_id: Option<String>,
    transaction_timestamp: Option<String>,
    posted_timestamp: Option<String>,
    description: Option<String>,
    debit_credit_memo: String,
    status: Option<String>,
    #[serde(borrow)]
    amount: &'a RawValue,
    category: Option<String>,
    sub_category: Option<String>,
    transaction_payee: Option<Payee>,
    transaction_type: Option<String>,
    original_transaction_id: Option<String>,
    #[serde(borrow)]
    foreign_amount: Option<&'a RawValue>,
    foreign_currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payee {
    merchant_name: Option<String>,
}

/// The id of a transaction, to see whether a page repeats it.
pub(crate) fn id(item: &RawValue) -> Result<TransactionId, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Id {
        transaction_id: String,
    }
    let (_, inner) = unwrapped(item, "Transaction")?;
    text::id(&read::<Id>(inner.get())?.transaction_id)
}

/// Reads one transaction, flat or wrapped. None for a memo, which moves no money.
pub(crate) fn transaction(
    item: &RawValue,
    account: &AccountId,
    currency: Currency,
) -> Result<Option<Read>, Unreadable> {
    let (_, inner) = unwrapped(item, "Transaction")?;
    let wire: Wire = read(inner.get())?;
    let Some(amount) = signed(&wire, currency)? else { return Ok(None) };
    let status = match wire.status.as_deref() {
        Some("PENDING" | "AUTHORIZATION" | "MEMO") => TransactionStatus::Pending,
        Some("POSTED") | None => TransactionStatus::Posted,
        Some(_) => return Err(Unreadable::Form),
    };
    let (nature, foreign) = (nature(&wire, amount)?, foreign(&wire, currency));
    let reference = wire.reference_transaction_id.filter(|_| status == TransactionStatus::Posted);
    let at = wire.transaction_timestamp.as_deref().or(wire.posted_timestamp.as_deref());
    let merchant = wire.transaction_payee.and_then(|payee| payee.merchant_name);
    let merchant = merchant.map(|name| text::shown(&name)).filter(|name| !name.is_empty());
    let transaction = Transaction {
        id: text::id(&wire.transaction_id)?,
        was_pending_as: reference.as_deref().map(text::id).transpose()?,
        account: account.clone(),
        amount,
        at: at.map_or(Err(Unreadable::Time), text::moment)?,
        status,
        description: text::shown(wire.description.as_deref().unwrap_or_default()),
        merchant,
        category: wire.category.filter(|code| is_mcc(code, wire.sub_category.as_deref())),
        nature,
        foreign,
    };
    Ok(Some(Read { transaction, at_purchase: wire.transaction_timestamp.is_some() }))
}

/// Whether it undoes another one: the bank says so, or its text for money that came from a merchant begins so.
fn nature(wire: &Wire, amount: Money) -> Result<Nature, Unreadable> {
    let of = wire.original_transaction_id.as_deref().map(text::id).transpose()?;
    let kind = wire.transaction_type.as_deref().unwrap_or_default();
    let from_merchant = amount.minor_units > 0 && wire.transaction_payee.is_some();
    let description = wire.description.as_deref().unwrap_or_default();
    let first = description.split_whitespace().next().unwrap_or_default().to_uppercase();
    let begins = if from_merchant { first.as_str() } else { "" };
    Ok(match (kind, begins) {
        ("REFUND" | "RETURN", _) => Nature::Refund { of },
        ("REVERSAL" | "CHARGEBACK", _) => Nature::Reversal { of },
        (_, "REFUND" | "RETURN") => Nature::Refund { of },
        (_, "REVERSAL" | "REVERSED") => Nature::Reversal { of },
        _ => Nature::Usual,
    })
}

/// What was paid in the merchant's own currency. An amount that is not exact there is left out: it is beside the
/// matter.
fn foreign(wire: &Wire, currency: Currency) -> Option<Money> {
    let own: Currency = wire.foreign_currency.as_deref()?.parse().ok()?;
    let amount = amount::read(wire.foreign_amount?, own).ok()?;
    (own != currency).then(|| amount.magnitude())
}

/// The amount with its sign. FDX amounts have none of their own, so one that has is not understood.
fn signed(wire: &Wire, currency: Currency) -> Result<Option<Money>, Unreadable> {
    let amount = amount::read(wire.amount, currency)?;
    if amount.minor_units < 0 {
        return Err(Unreadable::Amount);
    }
    match wire.debit_credit_memo.as_str() {
        "DEBIT" => Ok(Some(amount.negated())),
        "CREDIT" => Ok(Some(amount)),
        "MEMO" => Ok(None),
        _ => Err(Unreadable::Form),
    }
}

/// A merchant category code (ISO 18245) sits in `category`, marked or not.
fn is_mcc(category: &str, sub_category: Option<&str>) -> bool {
    let marked = sub_category.is_none_or(|mark| mark == "MCC");
    marked && category.len() == 4 && category.bytes().all(|b| b.is_ascii_digit())
}

/// Where a transaction was made and when, if the bank says where.
pub(crate) fn place(item: &RawValue) -> Result<Option<(Place, Timestamp)>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        transaction_id: String,
        transaction_timestamp: Option<String>,
        posted_timestamp: Option<String>,
        transaction_payee: Option<Payee>,
        purchase_mode: Option<String>,
    }
    #[derive(Deserialize)]
    struct Payee {
        address: Option<Address>,
    }
    #[derive(Deserialize)]
    struct Address {
        city: Option<String>,
        country: Option<String>,
    }
    let (_, inner) = unwrapped(item, "Transaction")?;
    let wire: Wire = read(inner.get())?;
    let at = wire.transaction_timestamp.as_deref().or(wire.posted_timestamp.as_deref());
    let at = at.map_or(Err(Unreadable::Time), text::moment)?;
    let Some(address) = wire.transaction_payee.and_then(|payee| payee.address) else { return Ok(None) };
    let city = text::shown(address.city.as_deref().unwrap_or_default());
    let country = address.country.unwrap_or_default();
    let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    if city.is_empty() || !is_country {
        return Ok(None);
    }
    let online = wire.purchase_mode.as_deref() == Some("ONLINE");
    Ok(Some((Place { transaction: text::id(&wire.transaction_id)?, city, country, online }, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAFE: &str = r#"{"accountCategory":"LOC_ACCOUNT","transactionId":"t-9","referenceTransactionId":"auth-9",
        "transactionTimestamp":"2026-11-19T08:00:00Z","postedTimestamp":"2026-11-20T00:00:00Z",
        "description":"CAFE 12","debitCreditMemo":"DEBIT","status":"POSTED","amount":38.90,"category":"5814",
        "subCategory":"MCC","cardNumberDisplay":"4242","transactionPayee":{"merchantName":"Cafe",
        "address":{"city":"Boston","country":"US"}}}"#;

    fn read_one(json: &str) -> Result<Option<Read>, Unreadable> {
        transaction(serde_json::from_str(json).unwrap(), &"a-1".parse().unwrap(), Currency::USD)
    }

    #[test]
    fn a_debit_left_the_account_and_a_credit_came_in() {
        let cents = |memo: &str| {
            read_one(&CAFE.replace("DEBIT", memo)).unwrap().map(|r| r.transaction.amount.minor_units)
        };
        assert_eq!(cents("DEBIT"), Some(-3_890));
        assert_eq!(cents("CREDIT"), Some(3_890));
        assert_eq!(cents("MEMO"), None, "a memo moves no money");
    }

    #[test]
    fn everything_that_a_bank_says_is_kept_but_the_place() {
        let read = read_one(CAFE).unwrap().unwrap();
        let t = &read.transaction;
        assert_eq!(t.was_pending_as, Some("auth-9".parse().unwrap()));
        assert_eq!((t.description.as_str(), t.merchant.as_deref()), ("CAFE 12", Some("Cafe")));
        assert_eq!(t.category.as_deref(), Some("5814"));
        assert_eq!((t.status, read.at_purchase), (TransactionStatus::Posted, true));
        assert_eq!(t.at, "2026-11-19T08:00:00Z".parse().unwrap());
        assert!(!format!("{read:?}").contains("Boston"));
    }

    #[test]
    fn pending_and_authorised_ones_are_marked() {
        for status in ["PENDING", "AUTHORIZATION", "MEMO"] {
            let read = read_one(&CAFE.replace("POSTED", status)).unwrap().unwrap();
            assert_eq!(read.transaction.status, TransactionStatus::Pending, "{status}");
        }
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        let broken = |from: &str, to: &str| read_one(&CAFE.replace(from, to));
        assert_eq!(broken("38.90", "-38.90"), Err(Unreadable::Amount));
        assert_eq!(broken("\"DEBIT\"", "\"SIDEWAYS\""), Err(Unreadable::Form));
        assert_eq!(broken("\"POSTED\"", "\"PERHAPS\""), Err(Unreadable::Form));
        assert_eq!(broken("\"t-9\"", "\"\""), Err(Unreadable::Id));
        assert_eq!(broken("2026-11-19T08:00:00Z", "today"), Err(Unreadable::Time));
    }

    #[test]
    fn a_category_that_is_no_merchant_code_is_dropped() {
        for (from, to) in [("5814", "58145"), ("5814", "FOOD"), ("\"MCC\"", "\"NAICS\"")] {
            assert_eq!(
                read_one(&CAFE.replace(from, to)).unwrap().unwrap().transaction.category,
                None,
                "{to}"
            );
        }
    }

    #[test]
    fn money_that_comes_back_is_known_as_such() {
        let nature = |from: &str, to: &str, more: &str| {
            let json = CAFE.replace(from, to).replace("\"status\"", &format!("{more}\"status\""));
            read_one(&json).unwrap().unwrap().transaction.nature
        };
        let credit = ("\"DEBIT\"", "\"CREDIT\"");
        let of = Some("t-1".parse().unwrap());
        let told = r#""transactionType":"REFUND","originalTransactionId":"t-1","#;
        assert_eq!(nature(credit.0, credit.1, told), Nature::Refund { of: of.clone() });
        let told = told.replace("REFUND", "REVERSAL");
        assert_eq!(nature(credit.0, credit.1, &told), Nature::Reversal { of });
        assert_eq!(
            nature(
                "\"CAFE 12\",\"debitCreditMemo\":\"DEBIT\"",
                "\"REFUND CAFE 12\",\"debitCreditMemo\":\"CREDIT\"",
                ""
            ),
            Nature::Refund { of: None }
        );
        assert_eq!(nature("CAFE 12", "REFUND CAFE", ""), Nature::Usual, "money that leaves is no refund");
        assert_eq!(nature(credit.0, credit.1, ""), Nature::Usual);
    }

    #[test]
    fn what_was_paid_in_another_currency_is_kept_if_it_is_exact() {
        let foreign = |more: &str| {
            let json = CAFE.replace("\"status\"", &format!("{more}\"status\""));
            read_one(&json).unwrap().unwrap().transaction.foreign
        };
        assert_eq!(
            foreign(r#""foreignAmount":36.1,"foreignCurrency":"EUR","#),
            Some(Money::new(3_610, Currency::EUR))
        );
        for none in [
            "",
            r#""foreignAmount":36.1,"foreignCurrency":"USD","#,
            r#""foreignAmount":36.123,"foreignCurrency":"EUR","#,
        ] {
            assert_eq!(foreign(none), None, "{none}");
        }
    }

    #[test]
    fn a_place_is_a_city_and_a_country() {
        let item = |json: &str| place(serde_json::from_str(json).unwrap()).unwrap().map(|(place, _)| place);
        let boston = Place {
            transaction: "t-9".parse().unwrap(),
            city: "Boston".into(),
            country: "US".into(),
            online: false,
        };
        assert_eq!(item(CAFE), Some(boston));
        let online = CAFE.replace("\"status\"", "\"purchaseMode\":\"ONLINE\",\"status\"");
        assert!(item(&online).unwrap().online);
        assert_eq!(item(&CAFE.replace("\"US\"", "\"USA\"")), None);
        assert_eq!(item(&CAFE.replace("\"Boston\"", "\" \"")), None);
    }

    #[test]
    fn a_wrapped_transaction_is_the_same_transaction() {
        let wrapped = format!(r#"{{"locTransaction":{CAFE}}}"#);
        assert_eq!(read_one(&wrapped), read_one(CAFE));
        assert_eq!(id(serde_json::from_str(&wrapped).unwrap()), Ok("t-9".parse().unwrap()));
    }
}
