//! Reading under permits.

use crate::{
    bank::{Next, Running},
    permits::{open, permit, permit_of},
};
use banks::{BankFault, Limits, Listing, Mismatch, Period, Unreadable};
use domain::{Currency, DataClass, Money, Transaction, TransactionStatus};
use serde_json::{Value, json};

fn purchase(id: &str, day: u32, amount: &str) -> Value {
    let text = format!(
        r#"{{"transactionId":"{id}","transactionTimestamp":"2026-11-{day:02}T12:00:00Z","debitCreditMemo":"DEBIT",
        "status":"POSTED","amount":{amount},"description":"CAFE","category":"5814","subCategory":"MCC",
        "transactionPayee":{{"merchantName":"Cafe","address":{{"city":"Boston","country":"US"}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn november() -> Period {
    Period::new("2026-11-01".parse().unwrap(), "2026-11-21".parse().unwrap()).unwrap()
}

async fn transactions(
    running: &Running,
    accounts: &[&str],
    limit: usize,
) -> Result<Listing<Transaction>, BankFault> {
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::Transactions, accounts);
    let guarded = connector.transactions(&grant, &permit, november(), limit).await?;
    Ok(open(guarded, permit))
}

#[tokio::test]
async fn balances_are_exact_and_only_of_the_accounts_that_the_permit_names() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::Balances, &["a-1", "a-2"]);
    let guarded = connector.balances(&grant, &permit).await.unwrap();
    let listing = open(guarded, permit);
    let amounts: Vec<(String, Money)> =
        listing.iter().map(|b| (b.account.id.to_string(), b.current)).collect();
    let usd = |cents| Money::new(cents, Currency::USD);
    assert_eq!(amounts, [("a-1".to_owned(), usd(139_902)), ("a-2".to_owned(), usd(10))]);
    assert_eq!(listing[0].as_of, "2026-11-20T12:00:00Z".parse().unwrap());
    assert!(!listing.partial);
    assert_eq!(running.asked("accountIds=a-1%2Ca-2"), 1);
}

#[tokio::test]
async fn accounts_are_named_and_nothing_more() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::Accounts, &["a-2"]);
    let guarded = connector.accounts(&grant, &permit).await.unwrap();
    let titles: Vec<String> = open(guarded, permit).iter().map(|a| a.title()).collect();
    assert_eq!(titles, ["SAVINGS ··1234"]);
    assert_eq!(running.asked("resultType=lightweight"), 1);
}

#[tokio::test]
async fn a_permit_for_something_else_opens_nothing_and_asks_nothing() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    let before = running.asked("");
    let accounts = &["a-1"];
    let mismatch = |what| Err(BankFault::NotPermitted(what));
    let for_balances = permit(DataClass::Balances, accounts);
    let answer = connector.transactions(&grant, &for_balances, november(), 10).await.map(drop);
    assert_eq!(answer, mismatch(Mismatch::DataClass));
    let answer = connector.places(&grant, &for_balances, november()).await.map(drop);
    assert_eq!(answer, mismatch(Mismatch::DataClass));
    let for_transactions = permit(DataClass::Transactions, accounts);
    let answer = connector.places(&grant, &for_transactions, november()).await.map(drop);
    assert_eq!(answer, mismatch(Mismatch::DataClass), "transactions do not include places");
    let of_other_bank = permit_of("meridian", DataClass::Balances, accounts);
    assert_eq!(connector.balances(&grant, &of_other_bank).await.map(drop), mismatch(Mismatch::Bank));
    let mut stranger = serde_json::to_value(&grant).unwrap();
    stranger["customer"] = json!("cus_00000000000000000000000000000099");
    let stranger = serde_json::from_value(stranger).unwrap();
    assert_eq!(connector.balances(&stranger, &for_balances).await.map(drop), mismatch(Mismatch::Customer));
    let mut elsewhere = serde_json::to_value(&grant).unwrap();
    elsewhere["bank"] = json!("meridian");
    let elsewhere = serde_json::from_value(elsewhere).unwrap();
    assert_eq!(
        connector.balances(&elsewhere, &for_balances).await.map(drop),
        mismatch(Mismatch::GrantOfOtherBank)
    );
    assert_eq!(running.asked(""), before);
}

#[tokio::test]
async fn transactions_come_newest_first_and_only_so_many() {
    let running = Running::start().await;
    running.has_transactions("a-1", vec![purchase("t-1", 3, "1.10"), purchase("t-3", 9, "3.30")]);
    running.has_transactions("a-2", vec![purchase("t-2", 5, "2.20")]);
    let listing = transactions(&running, &["a-1", "a-2"], 2).await.unwrap();
    let shown: Vec<(&str, i64)> = listing.iter().map(|t| (t.id.as_str(), t.amount.minor_units)).collect();
    assert_eq!(shown, [("t-3", -330), ("t-2", -220)]);
    assert!(listing.more && !listing.partial);
    assert_eq!(running.asked("transactions?startDate=2026-11-01&endDate=2026-11-21&limit=100"), 2);
}

#[tokio::test]
async fn an_account_without_transactions_or_one_that_is_gone_gives_none() {
    let running = Running::start().await;
    let none = transactions(&running, &["a-1"], 10).await.unwrap();
    assert!(none.is_empty() && !none.partial);
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::MerchantPlaces, &["a-1"]);
    running.then([Next::Answer(404, json!({ "code": 701 }))]);
    let gone = connector.places(&grant, &permit, november()).await.unwrap();
    assert!(open(gone, permit).partial, "what is gone makes the list incomplete");
}

#[tokio::test]
async fn a_purchase_that_is_pending_and_posted_is_shown_once() {
    let running = Running::start().await;
    let mut pending = purchase("auth-1", 19, "38.90");
    pending["status"] = json!("PENDING");
    let mut waiting = pending.clone();
    waiting["transactionId"] = json!("auth-2");
    waiting["transactionTimestamp"] = json!("2026-11-20T12:00:00Z");
    let mut posted = purchase("t-1", 20, "45.00");
    posted["referenceTransactionId"] = json!("auth-1");
    running.has_transactions("a-1", vec![pending, posted, waiting]);
    let listing = transactions(&running, &["a-1"], 10).await.unwrap();
    let shown: Vec<(&str, TransactionStatus)> = listing.iter().map(|t| (t.id.as_str(), t.status)).collect();
    assert_eq!(shown, [("auth-2", TransactionStatus::Pending), ("t-1", TransactionStatus::Posted)]);
}

#[tokio::test]
async fn places_come_only_with_their_own_permit() {
    let running = Running::start().await;
    running.has_transactions("a-1", vec![purchase("t-1", 3, "1.10")]);
    let listing = transactions(&running, &["a-1"], 10).await.unwrap();
    assert!(!format!("{listing:?}").contains("Boston"));
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::MerchantPlaces, &["a-1"]);
    let guarded = connector.places(&grant, &permit, november()).await.unwrap();
    let places = open(guarded, permit);
    let shown: Vec<(&str, &str, &str)> =
        places.iter().map(|p| (p.transaction.as_str(), p.city.as_str(), p.country.as_str())).collect();
    assert_eq!(shown, [("t-1", "Boston", "US")]);
}

#[tokio::test]
async fn what_a_bank_sends_beyond_the_period_is_dropped() {
    let running = Running::start().await;
    let mut old = purchase("t-0", 3, "1.00");
    old["transactionTimestamp"] = json!("2026-09-03T12:00:00Z");
    running.has_transactions("a-1", vec![old, purchase("t-1", 3, "1.10")]);
    assert_eq!(transactions(&running, &["a-1"], 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn long_lists_are_read_page_by_page_to_the_end() {
    let running = Running::start().await;
    let rows = (0..250).map(|n| purchase(&format!("t-{n}"), 1 + n % 20, "1.00")).collect();
    running.has_transactions("a-1", rows);
    assert_eq!(transactions(&running, &["a-1"], 1_000).await.unwrap().len(), 250);
    assert_eq!(running.asked("/transactions"), 3);
}

/// A page that repeats a row of the page before, as when a row came in at the front meanwhile.
fn shifted() -> Next {
    Next::Answer(200, json!({"page": {"totalElements": 3}, "transactions": [purchase("t-1", 2, "1.00")]}))
}

fn first_page() -> Next {
    let rows = [purchase("t-0", 1, "1.00"), purchase("t-1", 2, "1.00")];
    Next::Answer(200, json!({"page": {"totalElements": 3, "nextPageKey": "2"}, "transactions": rows}))
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_read_again_from_its_start_once() {
    let running = Running::start().await;
    let rows = (0..3).map(|n| purchase(&format!("t-{n}"), 1 + n, "1.00")).collect();
    running.has_transactions("a-1", rows);
    let (connector, grant) = running.linked().await;
    let read = async || {
        let permit = permit(DataClass::Transactions, &["a-1"]);
        let answer = connector.transactions(&grant, &permit, november(), 10).await;
        answer.map(|guarded| open(guarded, permit).len())
    };
    assert_eq!(read().await, Ok(3));
    running.then([first_page(), shifted()]);
    assert_eq!(read().await, Ok(3));
    running.then([first_page(), shifted(), first_page(), shifted()]);
    assert_eq!(read().await, Err(BankFault::ShiftingPages));
}

#[tokio::test]
async fn a_list_over_the_limits_is_refused_and_not_cut() {
    let running = Running::start().await;
    let rows = (0..30).map(|n| purchase(&format!("t-{n}"), 1 + n % 20, "1.00")).collect();
    running.has_transactions("a-1", rows);
    for (limits, too_long) in [
        (Limits { page: 10, pages: 3, rows: 30, ..Limits::default() }, None),
        (Limits { page: 10, pages: 2, rows: 30, ..Limits::default() }, Some((2, 30))),
        (Limits { page: 10, pages: 3, rows: 29, ..Limits::default() }, Some((3, 29))),
    ] {
        let connector = running.connect(banks::ConnectorConfig { limits, ..running.config() }).await;
        let grant = running.link(&connector, DataClass::ALL).await.grant;
        let permit = permit(DataClass::Transactions, &["a-1"]);
        let answer = connector.transactions(&grant, &permit, november(), 100).await;
        let expected = too_long.map(|(pages, rows)| BankFault::TooLong { pages, rows });
        assert_eq!(answer.map(drop).err(), expected);
    }
}

#[tokio::test]
async fn an_answer_that_says_that_it_is_partial_is_not_called_complete() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    let permit = permit(DataClass::Balances, &["a-1"]);
    let rows = running.bank.accounts.lock().unwrap().clone();
    running.then([Next::Answer(206, json!({"page": {"totalElements": 9}, "accounts": rows}))]);
    // The first answer is about the nonce, which the bank asks for before it looks further.
    let listing = open(connector.balances(&grant, &permit).await.unwrap(), permit);
    assert!(listing.partial && listing.len() == 1);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_a_fact_with_the_request_that_it_answers() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    let inexact = json!({"accountId": "a-1", "accountType": "CHECKING", "currency": {"currencyCode": "USD"},
        "currentBalance": 1.001});
    for (answer, expected) in [
        (json!({ "accounts": [inexact] }), Unreadable::Amount),
        (json!({ "accounts": [{}] }), Unreadable::Form),
        (json!("hello"), Unreadable::Form),
        (
            json!({ "accounts": [], "x": "x".repeat(3 * 1024 * 1024) }),
            Unreadable::Size { max: 2 * 1024 * 1024 },
        ),
    ] {
        running.then([Next::Answer(200, answer)]);
        let permit = permit(DataClass::Balances, &["a-1"]);
        let fault = connector.balances(&grant, &permit).await.map(drop).unwrap_err();
        assert!(matches!(fault, BankFault::Unreadable { what, .. } if what == expected), "{fault:?}");
        assert!(fault.interaction().is_some());
    }
}
