//! Attacks on customers' cards, and what the page shows of them.

use std::{collections::BTreeSet, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    House,
    browser::Browser,
    client::{link, native_request, request},
    network_ear::{Ear, buy, cards, connected, press, visitor},
};

async fn attack(house: &House, browser: &mut Browser, card: &str, pattern: &str, seconds: usize) {
    let page = press(browser, "/network/attack", &[("card", card), ("pattern", pattern)]).await;
    assert_eq!((page.status, page.location.as_deref()), (303, Some("/network")), "{}", page.text);
    go_on(house, seconds).await;
}

/// Lets so many seconds pass, one by one.
async fn go_on(house: &House, seconds: usize) {
    house.network().await;
    for _ in 0..seconds {
        house.clock.advance(SignedDuration::from_secs(1));
        house.network().await;
    }
}

fn cents(event: &Value) -> i64 {
    let amount = event["data"]["amount"].as_str().unwrap();
    amount.replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn a_spree_makes_three_real_payments_abroad_within_seconds() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", request()).await;
    let mut maya = visitor(&house, "maya").await;
    let (_, credit) = cards(&mut maya).await;
    attack(&house, &mut maya, &credit, "spree", 15).await;
    let told = ear.told("card.authorization");
    assert_eq!(told.len(), 3);
    for event in &told {
        let data = &event["data"];
        assert_eq!((&data["merchantCategory"], &data["outcome"]), (&json!("5732"), &json!("approved")));
        assert!(data["merchantCountry"] != "US" && cents(event) > 50_000, "{data}");
        assert_eq!(data["for"][0]["consentId"], linked.consent.as_str());
    }
    let terminals: BTreeSet<String> =
        told.iter().map(|event| event["data"]["terminalToken"].to_string()).collect();
    assert_eq!(terminals.len(), 3);
    let account = told[0]["data"]["for"][0]["accountId"].as_str().unwrap();
    let url = format!("{}/fdx/v6/accounts/{account}/transactions", house.url);
    let ledger = linked.get(&url).await.body["transactions"].clone();
    for (event, transaction) in told.iter().rev().zip(ledger.as_array().unwrap()) {
        assert_eq!(event["data"]["for"][0]["transactionId"], transaction["transactionId"]);
        assert_eq!(transaction["status"], "PENDING");
    }
}

#[tokio::test]
async fn an_attack_ends_with_a_frozen_card_and_its_last_try_is_declined() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    let (_, credit) = cards(&mut maya).await;
    attack(&house, &mut maya, &credit, "spree", 0).await;
    let csrf = maya.get("/cards").await.csrf();
    assert_eq!(maya.post(&format!("/cards/{credit}/freeze"), &[("csrf", &csrf)]).await.status, 303);
    go_on(&house, 20).await;
    let outcomes: Vec<Value> =
        ear.told("card.authorization").iter().map(|event| event["data"]["outcome"].clone()).collect();
    assert_eq!(outcomes, ["approved", "declined"]);
    let page = maya.get("/network").await;
    assert!(page.text.contains("Declined: the card is frozen") && page.text.contains("Frozen by you"));
}

#[tokio::test]
async fn an_attack_respects_the_switches_and_limits_of_the_card() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    let (debit, credit) = cards(&mut maya).await;
    let set = async |card: &str, key: &str, more: Value| {
        let mut body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let url = format!("{}/parlour-bank/v1/cards/{card}/limits", house.url);
        let answer = linked.call_with(http::Method::PUT, &url, Some(body), Some(key)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    set(&credit, "k-1", json!({ "abroad": false })).await;
    set(&debit, "k-2", json!({ "perPayment": "100.00" })).await;
    attack(&house, &mut maya, &credit, "spree", 12).await;
    attack(&house, &mut maya, &debit, "spree", 12).await;
    let told = ear.told("card.authorization");
    assert_eq!(told.len(), 6, "three tries on each card");
    assert!(told.iter().all(|event| event["data"]["outcome"] == "declined"));
    let page = maya.get("/network").await.text;
    assert!(
        page.contains("the card may not pay abroad")
            && page.contains("the card may not pay that much at once")
    );
}

#[tokio::test]
async fn a_card_that_is_tried_out_pays_four_tiny_amounts_and_then_a_large_one() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    let (_, credit) = cards(&mut maya).await;
    attack(&house, &mut maya, &credit, "testing", 12).await;
    let told = ear.told("card.authorization");
    let paid: Vec<i64> = told.iter().map(cents).collect();
    assert_eq!(paid.len(), 5);
    assert!(paid[..4].iter().all(|minor| *minor < 200) && paid[4] > 40_000, "{paid:?}");
    assert!(told.iter().all(|event| event["data"]["entryMode"] == "online"));
}

#[tokio::test]
async fn a_copied_card_pays_five_times_as_much_where_it_often_pays() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    let (debit, _) = cards(&mut maya).await;
    attack(&house, &mut maya, &debit, "skimmed", 6).await;
    let told = ear.told("card.authorization");
    assert_eq!(told.len(), 2);
    let history = ear.files()[0].lines();
    for event in &told {
        let mine = |line: &&Value| {
            line["data"]["cardToken"] == event["data"]["cardToken"]
                && line["data"]["terminalToken"] == event["data"]["terminalToken"]
                && line["type"] == "card.authorization"
        };
        let before: Vec<i64> = history.iter().filter(mine).map(cents).collect();
        assert!(before.len() >= 3, "a usual shop");
        let mean = before.iter().sum::<i64>() / before.len() as i64;
        // Five times, one tenth more or less, what was usual in ninety days; the file has thirty-five of them.
        assert!((mean * 3..mean * 8).contains(&cents(event)), "{} after {mean}", cents(event));
        assert_eq!(event["data"]["entryMode"], "magstripe");
    }
}

#[tokio::test]
async fn the_first_consent_brings_one_attack_after_its_time_and_never_another() {
    let ear = Ear::open().await;
    let mut stream = ear.stream();
    stream.attack_after = Some(Duration::from_secs(45));
    let mut house = House::open_with(Some(stream)).await;
    go_on(&house, 0).await;
    house.clock.advance(SignedDuration::from_hours(1));
    go_on(&house, 0).await;
    assert!(ear.told("card.authorization").is_empty(), "nobody without a consent is attacked");
    link(&house, "maya", request()).await;
    go_on(&house, 44).await;
    assert!(ear.told("card.authorization").is_empty());
    go_on(&house, 1).await;
    go_on(&house, 1).await;
    let first = ear.told("card.authorization");
    assert_eq!((first.len(), &first[0]["data"]["merchantCategory"]), (1, &json!("5732")));
    go_on(&house, 30).await;
    assert_eq!(ear.told("card.authorization").len(), 3);
    house.stop().await;
    house.start().await;
    link(&house, "maya", request()).await;
    go_on(&house, 100).await;
    assert_eq!(ear.told("card.authorization").len(), 3, "once for each customer");
    link(&house, "tomas", request()).await;
    go_on(&house, 60).await;
    let cards: BTreeSet<String> =
        ear.told("card.authorization").iter().map(|event| event["data"]["cardToken"].to_string()).collect();
    assert_eq!(cards.len(), 2);
}

#[tokio::test]
async fn the_page_shows_what_was_decided_and_the_banks_own_suspicion_is_told() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", request()).await;
    let mut maya = visitor(&house, "maya").await;
    let page = maya.get("/network").await;
    assert!(page.text.contains("Your cards have paid nothing since"));
    let none = press(&mut maya, "/network/suspect", &[]).await;
    assert!(none.status == 409 && none.text.contains("nothing to suspect"), "{}", none.text);
    ear.answers_once(200, None, r#"{"score":0.934,"action":"step_up","more":[1]}"#);
    buy(&mut maya, "Saffron Table", "81.50").await;
    house.network().await;
    let page = maya.get("/network").await.text;
    assert!(
        page.contains("0.93, wants a second proof")
            && page.contains("Saffron Table")
            && page.contains("$81.50")
    );
    ear.answers_once(200, None, r#"{"score":17,"action":"<script>"}"#);
    buy(&mut maya, "Noodle Harbour", "9.50").await;
    house.network().await;
    let page = maya.get("/network").await.text;
    assert!(page.contains("none yet") && !page.contains("script"), "what is no decision is not shown");
    for _ in 0..2 {
        assert_eq!(press(&mut maya, "/network/suspect", &[]).await.status, 303);
        house.network().await;
    }
    let alerts = ear.told("card.alert");
    let newest = ear.told("card.authorization").pop().unwrap();
    assert_eq!(alerts.len(), 1, "the same suspicion once");
    assert_eq!(alerts[0]["data"]["paymentId"], newest["data"]["paymentId"]);
    assert_eq!(alerts[0]["data"]["for"][0]["consentId"], linked.consent.as_str());
    assert!(!alerts[0]["data"]["reason"].as_str().unwrap().is_empty());
    assert!(maya.get("/network").await.text.contains("suspected by us"));
}

#[tokio::test]
async fn nobody_attacks_a_card_of_somebody_else_nor_one_twice_at_once() {
    let (house, ear) = connected().await;
    let (mut maya, mut tomas) = (visitor(&house, "maya").await, visitor(&house, "tomas").await);
    let (_, of_maya) = cards(&mut maya).await;
    let wrong: [&[(&str, &str)]; 3] = [
        &[("card", &of_maya), ("pattern", "spree")],
        &[("card", "card-none"), ("pattern", "spree")],
        &[("card", &of_maya), ("pattern", "phishing")],
    ];
    for fields in wrong {
        assert_eq!(press(&mut tomas, "/network/attack", fields).await.status, 422, "{fields:?}");
    }
    attack(&house, &mut maya, &of_maya, "spree", 0).await;
    let again = press(&mut maya, "/network/attack", &[("card", &of_maya), ("pattern", "testing")]).await;
    assert!(again.status == 409 && again.text.contains("attacking this card already"));
    let elsewhere = [("csrf", "x"), ("card", of_maya.as_str()), ("pattern", "spree")];
    assert_eq!(maya.post_from("/network/attack", &elsewhere, "cross-site").await.status, 403);
    house.network().await;
    assert_eq!(ear.told("card.authorization").len(), 1);
    assert!(
        tomas.get("/network").await.text.contains("Your cards have paid nothing"),
        "others see nothing of it"
    );
    assert_eq!(Browser::new(&house).get("/network").await.location.as_deref(), Some("/"));
}

#[tokio::test]
async fn a_bank_without_a_card_stream_has_no_network_and_says_so() {
    let house = House::open().await;
    house.network().await;
    let mut maya = visitor(&house, "maya").await;
    let page = maya.get("/network").await;
    assert!(page.status == 404 && page.text.contains("No card network"));
    assert!(!maya.get("/").await.text.contains("/network"));
    let csrf = maya.get("/purchase").await.csrf();
    assert_eq!(maya.post("/network/suspect", &[("csrf", &csrf)]).await.status, 404);
}
