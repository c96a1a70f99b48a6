//! What the API gives, and to whom.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    House,
    client::{Linked, http, link, request},
};

pub async fn account(house: &House, linked: &Linked, kind: &str) -> Value {
    let answer = linked.get(&format!("{}/fdx/v6/accounts?resultType=details", house.url)).await;
    let accounts = answer.body["accounts"].as_array().unwrap().clone();
    accounts.into_iter().find(|a| a["accountType"] == kind).unwrap()
}

/// All pages of a list of transactions.
pub async fn transactions(house: &House, linked: &Linked, id: &str, query: &str) -> (Vec<Value>, i64) {
    let mut path = format!("/fdx/v6/accounts/{id}/transactions?{query}");
    let (mut all, mut total) = (Vec::new(), 0);
    loop {
        let answer = linked.get(&format!("{}{path}", house.url)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(answer.body["transactions"].as_array().unwrap().clone());
        total = answer.body["page"]["totalElements"].as_i64().unwrap().max(total);
        match answer.body["links"]["next"]["href"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return (all, total),
        }
    }
}

const HALF_YEAR: &str = "startDate=2026-05-10&endDate=2026-11-18";

/// Money in minor units, from a number with two decimals.
fn minor(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 100.0).round() as i64
}

#[tokio::test]
async fn pages_hold_every_transaction_once_newest_first() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let card = account(&house, &linked, "CREDITCARD").await;
    let id = card["accountId"].as_str().unwrap();
    let (all, total) = transactions(&house, &linked, id, &format!("{HALF_YEAR}&limit=37")).await;
    assert!(total > 150, "{total}");
    let ids: BTreeSet<&str> = all.iter().map(|t| t["transactionId"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), all.len()), (usize::try_from(total).unwrap(), ids.len()));
    let times: Vec<&str> = all.iter().map(|t| t["transactionTimestamp"].as_str().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let (whole, _) = transactions(&house, &linked, id, &format!("{HALF_YEAR}&limit=200")).await;
    assert_eq!(all, whole, "the page size changes nothing");
}

#[tokio::test]
async fn the_ledger_is_believable() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let card = account(&house, &linked, "CREDITCARD").await;
    let checking = account(&house, &linked, "CHECKING").await;
    let (on_card, _) = transactions(&house, &linked, card["accountId"].as_str().unwrap(), HALF_YEAR).await;
    let (on_checking, _) =
        transactions(&house, &linked, checking["accountId"].as_str().unwrap(), HALF_YEAR).await;
    let count = |list: &[Value], test: &dyn Fn(&Value) -> bool| list.iter().filter(|t| test(t)).count();
    let pending = count(&on_card, &|t| t["status"] == "PENDING");
    assert!((1..=12).contains(&pending), "{pending}");
    assert!(count(&on_card, &|t| t["foreignCurrency"] == "EUR") >= 10);
    assert!(count(&on_card, &|t| t["debitCreditMemo"] == "CREDIT") >= 2, "refunds and payments");
    assert!(count(&on_checking, &|t| t["transactionPayee"]["merchantName"] == "Greenleaf Market") >= 20);
    assert!(count(&on_checking, &|t| t["category"] == "5411" && t["subCategory"] == "MCC") >= 20);
    for posted in on_card.iter().filter(|t| t["status"] == "POSTED" && t["cardNumberDisplay"].is_string()) {
        assert_ne!(posted["transactionId"], posted["referenceTransactionId"]);
    }
    assert!(minor(&checking["availableBalance"]) > 0);
    assert!(minor(&card["availableCredit"]) > 0);
}

#[tokio::test]
async fn balances_are_what_the_transactions_add_up_to() {
    let house = House::open().await;
    let linked = link(&house, "tomas", request()).await;
    for (kind, opening, line) in
        [("CHECKING", 318_040, 0), ("SAVINGS", 864_500, 0), ("CREDITCARD", -21_370, 600_000)]
    {
        let account = account(&house, &linked, kind).await;
        let id = account["accountId"].as_str().unwrap();
        let (all, _) = transactions(&house, &linked, id, HALF_YEAR).await;
        let signed = |t: &Value| {
            let amount = minor(&t["amount"]);
            if t["debitCreditMemo"] == "DEBIT" { -amount } else { amount }
        };
        let sum = |status: &str| all.iter().filter(|t| t["status"] == status).map(signed).sum::<i64>();
        let current = opening + sum("POSTED");
        let available = current + line + sum("PENDING");
        if kind == "CREDITCARD" {
            assert_eq!(minor(&account["currentBalance"]), -current, "{kind}");
            assert_eq!(minor(&account["availableCredit"]), available, "{kind}");
        } else {
            assert_eq!(minor(&account["currentBalance"]), current, "{kind}");
            assert_eq!(minor(&account["availableBalance"]), available, "{kind}");
        }
    }
}

#[tokio::test]
async fn only_what_the_consent_covers_is_shown() {
    let house = House::open().await;
    let ask = |clusters: Value| {
        json!({ "durationType": "PERSISTENT", "lookbackPeriod": 10,
                "resources": [{ "resourceType": "ACCOUNT", "dataClusters": clusters }] })
    };
    let balances = link(&house, "maya", ask(json!(["BALANCES"]))).await;
    let seen = account(&house, &balances, "CHECKING").await;
    assert!(seen["currentBalance"].is_number() && seen.get("nickname").is_none());
    let id = seen["accountId"].as_str().unwrap();
    let url = format!("{}/fdx/v6/accounts/{id}/transactions", house.url);
    let refused = balances.get(&url).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("602")));

    let movements = link(&house, "maya", ask(json!(["TRANSACTIONS"]))).await;
    let seen = account(&house, &movements, "CHECKING").await;
    assert!(seen.get("currentBalance").is_none());
    let (all, _) = transactions(&house, &movements, id, HALF_YEAR).await;
    assert!(!all.is_empty());
    assert!(all.iter().all(|t| t["transactionPayee"].get("address").is_none()), "places were not asked for");
    assert!(all.iter().all(|t| t["transactionTimestamp"].as_str().unwrap() >= "2026-11-08"), "ten days back");

    let places = link(&house, "maya", request()).await;
    let (all, _) = transactions(&house, &places, id, "startDate=2026-11-01&endDate=2026-11-18").await;
    let market = all.iter().find(|t| t["transactionPayee"]["merchantName"] == "Greenleaf Market").unwrap();
    assert_eq!(market["transactionPayee"]["address"], json!({ "city": "Portland", "country": "US" }));
}

#[tokio::test]
async fn two_customers_cannot_see_each_others_accounts() {
    let house = House::open().await;
    let (maya, aisha) = (link(&house, "maya", request()).await, link(&house, "aisha", request()).await);
    let hers = account(&house, &aisha, "SAVINGS").await;
    let id = hers["accountId"].as_str().unwrap();
    for path in [format!("accounts/{id}"), format!("accounts/{id}/transactions")] {
        let url = format!("{}/fdx/v6/{path}", house.url);
        assert_eq!(aisha.get(&url).await.status, 200);
        let refused = maya.get(&url).await;
        assert_eq!((refused.status, &refused.body["code"]), (404, &json!("701")));
    }
    let url = format!("{}/fdx/v6/consents/{}", house.url, aisha.consent);
    assert_eq!(maya.get(&url).await.status, 403);
}

#[tokio::test]
async fn wrong_questions_get_the_codes_of_the_table() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let checking = account(&house, &linked, "CHECKING").await;
    let id = checking["accountId"].as_str().unwrap();
    for (query, status, code) in [
        ("startDate=2026-11-01", 400, "703"),
        ("startDate=2026-11-10&endDate=2026-11-01", 400, "703"),
        ("startDate=yesterday&endDate=2026-11-01", 400, "702"),
        ("limit=201", 400, "401"),
        ("limit=0", 400, "401"),
        ("limit=many", 400, "401"),
        ("pageKey=zzz", 400, "401"),
    ] {
        let answer = linked.get(&format!("{}/fdx/v6/accounts/{id}/transactions?{query}", house.url)).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{query}");
    }
    let last_week = linked.get(&format!("{}/fdx/v6/accounts/{id}/transactions", house.url)).await;
    let days = last_week.body["transactions"].as_array().unwrap().clone();
    assert!(!days.is_empty());
    assert!(days.iter().all(|t| t["transactionTimestamp"].as_str().unwrap() >= "2026-11-11"));
}

#[tokio::test]
async fn a_call_without_an_interaction_id_is_refused() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts", house.url);
    assert_eq!(linked.get(&url).await.status, 200);
    for named in [None, Some("not-a-uuid")] {
        let mut call = http().get(&url).headers(linked.proof(&http::Method::GET, &url).await.unwrap());
        if let Some(name) = named {
            call = call.header("x-fapi-interaction-id", name);
        }
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.headers().contains_key("x-fapi-interaction-id"));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let house = House::open().await;
    let big = vec![b'a'; sandbox_bank::limits::BODY_BYTES + 1];
    for (method, path) in
        [(http::Method::PUT, "/faults"), (http::Method::POST, "/token"), (http::Method::POST, "/par")]
    {
        let call = http().request(method, format!("{}{path}", house.url)).body(big.clone());
        assert_eq!(call.send().await.unwrap().status(), 413, "{path}");
    }
}
