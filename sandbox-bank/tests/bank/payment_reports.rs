//! What customers say of their payments, and what follows from it.

use serde_json::{Value, json};

use crate::{
    House,
    browser::Browser,
    client::{Answer, Linked, http, link, native_request, request},
    network_ear::{Ear, buy, cards, connected, press, visitor},
};

async fn report(house: &House, linked: &Linked, id: &str, key: &str, more: Value) -> Answer {
    let mut body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let url = format!("{}/parlour-bank/v1/payments/{id}/report", house.url);
    linked.call_with(http::Method::POST, &url, Some(body), Some(key)).await.unwrap()
}

/// Attacks the customer's credit card; gives the transactions of the attack.
async fn spree(house: &House, ear: &Ear, browser: &mut Browser) -> Vec<String> {
    let (_, credit) = cards(browser).await;
    press(browser, "/network/attack", &[("card", &credit), ("pattern", "spree")]).await;
    for _ in 0..12 {
        house.network().await;
        house.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    let told = ear.told("card.authorization");
    told.iter().map(|event| event["data"]["for"][0]["transactionId"].as_str().unwrap().to_owned()).collect()
}

fn labels(ear: &Ear) -> Vec<(Value, Value)> {
    ear.told("card.fraud").iter().map(|l| (l["data"]["fraud"].clone(), l["data"]["source"].clone())).collect()
}

fn fraud_by_bank() -> (Value, Value) {
    (json!(true), json!("bank"))
}

#[tokio::test]
async fn what_is_not_mine_is_a_dispute_with_a_number_and_the_attack_is_known_as_fraud() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Saffron Table", "31.50").await;
    let paid = spree(&house, &ear, &mut maya).await;
    assert_eq!(paid.len(), 4);
    let told = json!({ "answer": "not_mine", "note": "I was at home." });
    let first = report(&house, &linked, &paid[1], "k-1", told.clone()).await;
    assert_eq!((first.status, &first.body["status"]), (200, &json!("UNDER_REVIEW")), "{first:?}");
    let number = first.body["dispute"].as_str().unwrap().to_owned();
    assert!(number.starts_with("D-") && number.len() == 10, "{number}");
    assert_eq!(first.body["changed"], true);
    let replayed = report(&house, &linked, &paid[1], "k-1", told.clone()).await;
    assert_eq!(
        (&replayed.body, &replayed.headers["idempotency-replayed"]),
        (&first.body, &"true".parse().unwrap())
    );
    let again = report(&house, &linked, &paid[1], "k-2", told).await;
    assert_eq!((&again.body["dispute"], &again.body["changed"]), (&json!(number), &json!(false)));
    house.network().await;
    assert_eq!(labels(&ear), vec![fraud_by_bank(); 3], "the attack, and nothing of what was her own");
    let own = ear.told("card.authorization")[0]["data"]["paymentId"].clone();
    assert!(ear.told("card.fraud").iter().all(|label| label["data"]["paymentId"] != own));
    for path in ["/network".to_owned(), format!("/accounts/{}", first.body["accountId"].as_str().unwrap())] {
        let page = maya.get(&path).await.text;
        assert!(page.contains(&format!("under review, {number}")), "{path}");
        assert_eq!(page.matches("under review").count(), 3, "{path}");
    }
    assert!(maya.get("/cards").await.text.contains("was not yours"), "it stands among what was done");
}

#[tokio::test]
async fn what_is_mine_after_all_is_cleared() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Saffron Table", "31.50").await;
    house.network().await;
    let name = ear.told("card.authorization")[0]["data"]["for"][0].clone();
    let (id, account) = (name["transactionId"].as_str().unwrap(), name["accountId"].as_str().unwrap());
    report(&house, &linked, id, "k-1", json!({ "answer": "not_mine" })).await;
    let cleared = report(&house, &linked, id, "k-2", json!({ "answer": "mine" })).await;
    assert_eq!((cleared.status, &cleared.body["status"]), (200, &json!("CLEARED")));
    assert!(cleared.body.get("dispute").is_none() && cleared.body["changed"] == true);
    house.network().await;
    assert_eq!(labels(&ear), [fraud_by_bank(), (json!(false), json!("bank"))]);
    let ids: std::collections::BTreeSet<String> =
        ear.singles().iter().map(crate::network_ear::Heard::id).collect();
    assert_eq!(ids.len(), 3, "a second label is a message of its own");
    assert!(!maya.get(&format!("/accounts/{account}")).await.text.contains("under review"));
}

#[tokio::test]
async fn a_payment_is_found_by_its_pending_id_after_it_was_booked() {
    let (house, ear) = connected().await;
    link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Saffron Table", "31.50").await;
    house.network().await;
    let id =
        ear.told("card.authorization")[0]["data"]["for"][0]["transactionId"].as_str().unwrap().to_owned();
    house.clock.advance(jiff::SignedDuration::from_hours(48));
    house.bank.as_ref().unwrap().catch_up().await.unwrap();
    let linked = link(&house, "maya", native_request()).await;
    let late = report(&house, &linked, &id, "k-1", json!({ "answer": "not_mine" })).await;
    assert_eq!((late.status, &late.body["transactionId"]), (200, &json!(id)), "{late:?}");
    let booked = format!("t-{}", id.strip_prefix("a-").unwrap());
    let same = report(&house, &linked, &booked, "k-2", json!({ "answer": "not_mine" })).await;
    assert_eq!((&same.body["dispute"], &same.body["changed"]), (&late.body["dispute"], &json!(false)));
}

#[tokio::test]
async fn a_card_that_is_reported_makes_its_attack_known_as_fraud() {
    for kind in ["STOLEN", "COMPROMISED"] {
        let (house, ear) = connected().await;
        let linked = link(&house, "maya", native_request()).await;
        let mut maya = visitor(&house, "maya").await;
        let (_, credit) = cards(&mut maya).await;
        assert_eq!(spree(&house, &ear, &mut maya).await.len(), 3);
        let url = format!("{}/parlour-bank/v1/cards/{credit}/report-lost", house.url);
        let body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web", "kind": kind });
        let done = linked.call_with(http::Method::POST, &url, Some(body), Some("k-1")).await.unwrap();
        assert_eq!(done.status, 200, "{done:?}");
        house.network().await;
        assert_eq!(labels(&ear), vec![fraud_by_bank(); 3], "{kind}");
        assert_eq!(maya.get("/network").await.text.matches("under review").count(), 3);
        let over = press(&mut maya, "/network/attack", &[("card", &credit), ("pattern", "spree")]).await;
        assert_eq!(over.status, 409, "a blocked card is not attacked any more");
    }
}

#[tokio::test]
async fn a_report_needs_its_service_its_consent_and_a_payment_that_went_out() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let reader = link(&house, "maya", request()).await;
    let tomas = link(&house, "tomas", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Saffron Table", "31.50").await;
    let mine = json!({ "answer": "not_mine" });
    let accounts = linked.get(&format!("{}/fdx/v6/accounts", house.url)).await.body["accounts"].clone();
    let mut paid = Vec::new();
    for account in accounts.as_array().unwrap() {
        let id = account["accountId"].as_str().unwrap();
        let url = format!(
            "{}/fdx/v6/accounts/{id}/transactions?startDate=2026-10-01&endDate=2026-11-18&limit=200",
            house.url
        );
        paid.extend(linked.get(&url).await.body["transactions"].as_array().unwrap().clone());
    }
    let id = |test: &dyn Fn(&Value) -> bool| {
        paid.iter().find(|t| test(t)).unwrap()["transactionId"].as_str().unwrap().to_owned()
    };
    let out = id(&|t| t["status"] == "PENDING" && t["amount"] == 31.5);
    let pay = id(&|t| t["description"].as_str().unwrap().starts_with("Pay from"));
    assert_eq!(
        report(&house, &linked, &out, "k-1", mine.clone()).await.status,
        200,
        "also without a network"
    );
    let refused = report(&house, &reader, &out, "k-2", mine.clone()).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("not-covered")));
    assert_eq!(report(&house, &tomas, &out, "k-3", mine.clone()).await.status, 404, "somebody else's");
    assert_eq!(report(&house, &linked, &pay, "k-4", mine.clone()).await.status, 404, "money that came in");
    assert_eq!(report(&house, &linked, "t-none", "k-5", mine).await.status, 404);
    assert_eq!(report(&house, &linked, &out, "k-6", json!({ "answer": "perhaps" })).await.status, 400);
    let note = |length: usize| json!({ "answer": "mine", "note": "n".repeat(length) });
    assert_eq!(report(&house, &linked, &out, "k-7", note(501)).await.status, 422);
    assert_eq!(report(&house, &linked, &out, "k-8", note(500)).await.status, 200);
    assert_eq!(
        report(&house, &linked, &out, "k-8", note(499)).await.status,
        422,
        "the key was used for something else"
    );
}

#[tokio::test]
async fn the_testers_faults_reach_freezing_and_reports() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    let (_, credit) = cards(&mut maya).await;
    buy(&mut maya, "Saffron Table", "31.50").await;
    house.network().await;
    let id =
        ear.told("card.authorization")[0]["data"]["for"][0]["transactionId"].as_str().unwrap().to_owned();
    let freeze = async |key: &'static str| {
        let url = format!("{}/parlour-bank/v1/cards/{credit}/freeze", house.url);
        let body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web" });
        linked.call_with(http::Method::POST, &url, Some(body), Some(key)).await.unwrap().status
    };
    let doubt =
        async |key: &'static str| report(&house, &linked, &id, key, json!({ "answer": "not_mine" })).await;
    let set = async |switches: Value| {
        let call = http().put(format!("{}/faults", house.url)).json(&switches);
        assert_eq!(call.send().await.unwrap().status().as_u16(), 200);
    };
    set(json!({ "serverError": { "calls": 2 }, "slow": { "millis": 1 } })).await;
    assert_eq!((freeze("k-1").await, doubt("k-2").await.status), (500, 500));
    set(json!({ "tooMany": { "retryAfter": 3, "calls": 2 } })).await;
    assert_eq!((freeze("k-1").await, doubt("k-2").await.status), (429, 429));
    set(json!({ "lostAnswer": { "calls": 2 }, "slowOrder": { "millis": 1 } })).await;
    assert_eq!((freeze("k-1").await, doubt("k-2").await.status), (500, 500), "done, and the answer lost");
    assert_eq!(freeze("k-1").await, 200);
    let known = doubt("k-2").await;
    assert_eq!((known.status, &known.body["changed"]), (200, &json!(true)), "the answer of the first time");
}
