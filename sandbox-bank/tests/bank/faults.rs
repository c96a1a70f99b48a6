//! The switches for testers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    House,
    api::{account, transactions},
    browser::Browser,
    client::{http, link, request},
};

async fn set(house: &House, switches: Value) -> u16 {
    let call = http().put(format!("{}/faults", house.url)).json(&switches);
    call.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn faults_happen_for_the_calls_they_were_set_for() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts", house.url);
    assert_eq!(linked.get(&url).await.status, 200);
    assert_eq!(set(&house, json!({ "tooMany": { "retryAfter": 7, "calls": 1 } })).await, 200);
    let answer = linked.get(&url).await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(answer.body["code"], "1207");
    assert_eq!(linked.get(&url).await.status, 200);
    set(&house, json!({ "serverError": { "calls": 1 }, "slow": { "millis": 1 } })).await;
    assert_eq!(linked.get(&url).await.status, 500);
    assert_eq!(linked.get(&url).await.status, 200);
    set(&house, json!({ "tokenRevoked": {} })).await;
    let answer = linked.get(&url).await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    set(&house, json!({})).await;
    assert_eq!(linked.get(&url).await.status, 200, "the token itself was never touched");
}

#[tokio::test]
async fn the_token_endpoint_has_faults_of_its_own() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    set(&house, json!({ "tokenEndpoint": { "trouble": "invalidGrant", "calls": 1 } })).await;
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
    assert!(linked.renew().await.is_ok());
}

#[tokio::test]
async fn pages_in_disorder_repeat_or_leave_out_an_item() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let card = account(&house, &linked, "CREDITCARD").await;
    let id = card["accountId"].as_str().unwrap();
    let query = "startDate=2026-10-01&endDate=2026-11-18&limit=20";
    let (right, total) = transactions(&house, &linked, id, query).await;
    assert!(right.len() > 25);
    set(&house, json!({ "pages": { "disorder": "duplicate", "calls": 1 } })).await;
    let (twice, _) = transactions(&house, &linked, id, query).await;
    let distinct: BTreeSet<String> = twice.iter().map(|t| t["transactionId"].to_string()).collect();
    assert_eq!(twice[20], twice[19]);
    assert_eq!((distinct.len(), twice.len()), (right.len(), right.len() + 1));
    set(&house, json!({ "pages": { "disorder": "missing", "calls": 1 } })).await;
    let (fewer, still) = transactions(&house, &linked, id, query).await;
    assert_eq!((fewer.len() + 1, still), (right.len(), total));
}

#[tokio::test]
async fn switches_outside_their_limits_or_from_another_site_change_nothing() {
    let house = House::open().await;
    for wrong in [
        json!({ "slow": { "millis": 60_001 } }),
        json!({ "serverError": { "calls": 0 } }),
        json!({ "explode": {} }),
        json!([]),
        json!({ "serverError": [] }),
    ] {
        assert_eq!(set(&house, wrong).await, 400);
    }
    let url = format!("{}/faults", house.url);
    let foreign = http().put(&url).header("sec-fetch-site", "cross-site").json(&json!({ "serverError": {} }));
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let now: Value = http().get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(now, json!({}));
}

#[tokio::test]
async fn the_page_switches_the_same_faults() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    let csrf = browser.get("/faults").await.csrf();
    let form = [("csrf", csrf.as_str()), ("fault", "tooMany"), ("amount", "9"), ("calls", "2")];
    assert_eq!(browser.post("/faults/switch", &form).await.status, 303);
    assert!(browser.get("/faults").await.text.contains("429 with Retry-After 9 s, 2 calls left"));
    let wrong = [("csrf", csrf.as_str()), ("fault", "slow"), ("amount", "-1")];
    assert_eq!(browser.post("/faults/switch", &wrong).await.status, 422);
    let off = [("csrf", csrf.as_str()), ("fault", "off")];
    assert_eq!(browser.post("/faults/switch", &off).await.status, 303);
    let now: Value = http().get(format!("{}/faults", house.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(now, json!({}));
}
