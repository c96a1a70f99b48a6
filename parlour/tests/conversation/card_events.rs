//! What a bank tells of card payments, one by one and in files: who may tell it, what is taken, and what the engine makes of
//! floods, rules and the sandbox's card network.

use crate::{
    house::House,
    suspecting::{count, linked, post, said, send, suspected},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use parlour::demo::files;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_old_or_unreadable_is_refused_and_stores_nothing() {
    let mut house = House::open().await;
    let (_, known) = linked(&house).await;
    let right = suspected(&house, &known, "p-1", "84.00");
    let forged = format!("whsec_{}", BASE64_STANDARD.encode([7; 32]));
    let answer =
        post(&house, "card-events/harbour", "application/json", "evt-1", &right.to_string(), &forged).await;
    assert_eq!((answer.status, &answer.body["type"]), (403, &json!("/problems/unsigned")), "{}", answer.body);
    let secret = files::card_secret(house.data()).unwrap();
    let answer =
        post(&house, "card-events/meridian", "application/json", "evt-1", &right.to_string(), &secret).await;
    assert_eq!(answer.status, 404, "{}", answer.body);
    let wrong = |field: &str, value: Value| {
        let mut event = right.clone();
        event["data"][field] = value;
        event.to_string()
    };
    for (body, field) in [
        (wrong("amount", json!("-1.00")), "data.amount"),
        (wrong("amount", json!("lots")), "data.amount"),
        (wrong("currency", json!("dollars")), "data.currency"),
        (wrong("at", json!("2126-01-01T00:00:00Z")), "data.at"),
        (wrong("at", json!("yesterday")), "data.at"),
        (wrong("cardToken", json!("")), "data.cardToken"),
        (wrong("entryMode", json!("telepathy")), "data.entryMode"),
        (wrong("merchantCountry", json!("usa")), "data.merchantCountry"),
    ] {
        let answer = send(&house, "evt-x", &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert_eq!(answer.body["fields"][0]["name"], field, "{}", answer.body);
    }
    assert_eq!(send(&house, "evt-x", "{").await.status, 422);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM card_event"), 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_whole_or_not_at_all_and_once() {
    let mut house = House::open().await;
    let at = house.app().clock.now();
    let line = |number: u32| {
        let at = at.checked_sub(SignedDuration::from_hours(i64::from(number))).unwrap();
        json!({ "id": format!("h-{number}"), "type": "card.authorization", "timestamp": at.to_string(), "data": {
            "paymentId": format!("p-{number}"), "cardToken": "c-1", "terminalToken": "t-1", "at": at.to_string(),
            "amount": "12.00", "currency": "USD" } })
        .to_string()
    };
    let secret = files::card_secret(house.data()).unwrap();
    let lines: Vec<String> = (0..200).rev().map(line).collect();
    let broken = format!("{}\n{}\n", lines[0], lines[1].replace("12.00", "-1"));
    let path = "card-events/harbour/bulk";
    let answer = post(&house, path, "application/x-ndjson", "f-0", &broken, &secret).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body["detail"].as_str().unwrap().contains("Line 2"), "{}", answer.body);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM card_event"), 0);
    let file = lines.join("\n");
    let answer = post(&house, path, "application/x-ndjson", "f-1", &file, &secret).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "taken": 200, "repeated": 0, "alerts": 0 })));
    let answer = post(&house, path, "application/x-ndjson", "f-1", &file, &secret).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "taken": 0, "repeated": 200, "alerts": 0 })));
    let answer = post(&house, path, "application/json", "f-2", &file, &secret).await;
    assert_eq!(answer.status, 415);
    house.stop().await;
}

/// Lets the time pass in the house as it passes outside, so that the card network lives.
async fn live(house: &House, seconds: i64) {
    for _ in 0..seconds {
        house.forward(SignedDuration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_network_attacks_a_card_and_the_engine_asks_its_owner() {
    let mut house = House::open_with_network().await;
    let (mut guest, known) = linked(&house).await;
    // The history of the network is told first: more than a month of a crowd.
    for _ in 0..600 {
        if count(&house, "SELECT COUNT(*) FROM card_event") > 10_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    live(&house, 90).await;
    guest.hears("Was this you?").await.unwrap();
    let question = said(&mut guest, "Was this you?").await.remove(0);
    assert_eq!(question["seen"][0]["purpose"], "customer_alert", "{question}");
    let reply = guest.ask("what is this?").await.unwrap();
    assert!(reply.to_string().contains("Why I ask"), "{reply}");
    guest.ask("no, that was not me").await.unwrap();
    guest.hears("has confirmed: your card").await.unwrap();
    let _ = known;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_at_one_terminal_is_grouped_and_the_budget_holds() {
    let rules = "\
rule too-much
  why \"more than anybody pays here\"
  owner \"fraud desk\"
  expires 2027-06-30
  action alert
  when amount > 1000
  hit { amount = 1500 }
  miss { amount = 20 }
";
    let mut house = House::open_with_rules(rules).await;
    let (mut guest, known) = linked(&house).await;
    let secret = files::card_secret(house.data()).unwrap();
    let at = house.app().clock.now().to_string();
    let line = |number: u32| {
        json!({ "id": format!("f-{number}"), "type": "card.authorization", "timestamp": at, "data": {
            "paymentId": format!("p-{number}"), "cardToken": format!("card-{number}"), "terminalToken": "t-1", "at": at,
            "amount": "1200.00", "currency": "USD" } })
        .to_string()
    };
    let file: Vec<String> = (0..60).map(line).collect();
    let answer =
        post(&house, "card-events/harbour/bulk", "application/x-ndjson", "f", &file.join("\n"), &secret)
            .await;
    assert_eq!((answer.status, &answer.body["alerts"]), (200, &json!(60)), "{}", answer.body);
    // One more, on the card of somebody who could be asked: it is one of the many.
    let mut mine = suspected(&house, &known, "p-mine", "1200.00");
    mine["type"] = json!("card.authorization");
    let answer = send(&house, "evt-mine", &mine.to_string()).await;
    assert!(answer.body["reasons"][0].as_str().unwrap().contains("too-much"), "{}", answer.body);
    assert!(answer.body["held"].as_str().unwrap().contains("one of many at a terminal"), "{}", answer.body);
    assert_eq!(answer.body["asked"], 0, "{}", answer.body);
    guest.ask("hello").await.unwrap();
    assert_eq!(said(&mut guest, "Was this you?").await.len(), 0);
    assert_eq!(
        count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_asked'"),
        1,
        "the bank's people have it"
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_sees_what_a_customer_does_with_several_cards() {
    let rules = r#"
rule all-cards-at-once
  why      "Somebody pays with all cards of a stolen purse"
  owner    "Dana Reyes"
  expires  2026-12-31
  action   decline
  when     customer_cards_1d >= 3 and customer_spent_1d > 300 and customer_since_other < 1h
  hit      { customer_cards_1d = 3, customer_spent_1d = 301, customer_since_other = 5m }
  miss     { customer_cards_1d = 2, customer_spent_1d = 301, customer_since_other = 5m }
"#;
    let mut house = House::open_with_rules(rules).await;
    let at = house.app().clock.now().to_string();
    let event = |number: u32, card: u32, customer: Option<&str>| {
        json!({ "type": "card.authorization", "timestamp": at, "data": { "paymentId": format!("p-{number}"),
            "cardToken": format!("c-{card}"), "terminalToken": format!("t-{number}"), "customerToken": customer, "at": at,
            "amount": "101.00", "currency": "USD" } })
        .to_string()
    };
    // Three cards of one customer, the last of them declined; the same cards of nobody in particular, and of another bank's customer.
    for (number, card, customer, action) in [
        (1, 1, Some("u-1"), "none"),
        (2, 2, Some("u-1"), "none"),
        (3, 3, Some("u-2"), "none"),
        (4, 4, None, "none"),
        (5, 5, Some("u-1"), "decline"),
    ] {
        let answer = send(&house, &format!("evt-{number}"), &event(number, card, customer)).await;
        assert_eq!(
            (answer.status, &answer.body["action"]),
            (200, &json!(action)),
            "{number}: {}",
            answer.body
        );
    }
    house.restart().await;
    let answer = send(&house, "evt-6", &event(6, 6, Some("u-1"))).await;
    assert_eq!(answer.body["action"], "decline", "{}", answer.body);
    house.stop().await;
}
