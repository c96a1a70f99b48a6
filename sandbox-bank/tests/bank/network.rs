//! What the card network tells, to whom, and how often.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sandbox_bank::Population;
use serde_json::{Value, json};

use crate::{
    House,
    client::{link, native_request, request},
    network_ear::{Ear, Heard, buy, connected, press, visitor},
};

/// The amounts of what was told, in order: they tell the purchases of these tests apart.
fn amounts(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["amount"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_payment_is_told_in_order_and_signed() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    for amount in ["11.10", "62.20", "13.30"] {
        assert_eq!(buy(&mut maya, "Greenleaf Market", amount).await.status, 303);
    }
    assert_eq!(buy(&mut maya, "Loft Nine Electronics", "14.40").await.status, 303);
    house.network().await;
    let told = ear.told("card.authorization");
    assert_eq!(amounts(&told), ["11.10", "62.20", "13.30", "14.40"]);
    assert!(ear.heard().iter().all(Heard::signed), "files and events alike");
    assert_eq!(ear.singles()[0].header("webhook-timestamp"), house.clock.read().as_second().to_string());
    let first = &told[0]["data"];
    assert_eq!(
        (&first["currency"], &first["merchantCategory"], &first["merchantCountry"], &first["outcome"]),
        (&json!("USD"), &json!("5411"), &json!("US"), &json!("approved"))
    );
    let modes: Vec<&Value> = told.iter().map(|event| &event["data"]["entryMode"]).collect();
    assert_eq!(modes, ["contactless", "chip", "contactless", "online"]);
    assert_eq!(told[0]["data"]["terminalToken"], told[1]["data"]["terminalToken"], "the same shop");
    assert_ne!(told[0]["data"]["terminalToken"], told[3]["data"]["terminalToken"]);
    let ids: BTreeSet<String> = ear.heard().iter().map(Heard::id).collect();
    assert_eq!(ids.len(), ear.heard().len(), "each has an id of its own");
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_under_the_same_id_and_nothing_overtakes_it() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    ear.answers(500, "");
    for amount in ["11.10", "12.20"] {
        buy(&mut maya, "Greenleaf Market", amount).await;
    }
    for (seconds, times) in [(0, 1), (4, 1), (1, 2), (29, 2), (1, 3)] {
        house.clock.advance(SignedDuration::from_secs(seconds));
        house.network().await;
        assert_eq!(ear.singles().len(), times, "after {seconds} s more");
    }
    ear.answers(200, "{}");
    house.clock.advance(SignedDuration::from_secs(120));
    house.network().await;
    let singles = ear.singles();
    assert_eq!(singles.len(), 5);
    assert!(
        singles[..4].iter().all(|heard| heard.id() == singles[0].id() && heard.json() == singles[0].json())
    );
    assert_eq!(amounts(&[singles[3].json(), singles[4].json()]), ["11.10", "12.20"]);
    house.clock.advance(SignedDuration::from_hours(1));
    house.network().await;
    let again = ear.told("card.authorization");
    assert_eq!(again.len(), 5, "taken, so it is not sent again");
}

#[tokio::test]
async fn whoever_asks_for_time_gets_it() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    for (status, seconds) in [(429, "7"), (503, "40")] {
        let before = ear.singles().len();
        ear.answers_once(status, Some(seconds), "");
        for amount in ["11.10", "12.20"] {
            buy(&mut maya, "Greenleaf Market", amount).await;
        }
        house.network().await;
        house.network().await;
        assert_eq!(ear.singles().len(), before + 1, "{status}: the whole stream waits");
        assert!(maya.get("/network").await.text.contains("The other side does not take any now"));
        let wait: i64 = seconds.parse().unwrap();
        house.clock.advance(SignedDuration::from_secs(wait - 1));
        house.network().await;
        assert_eq!(ear.singles().len(), before + 1, "{status}: not before {seconds} s");
        house.clock.advance(SignedDuration::from_secs(1));
        house.network().await;
        let after = ear.singles();
        assert_eq!(after.len(), before + 3);
        assert_eq!(after[before].id(), after[before + 1].id());
    }
}

#[tokio::test]
async fn one_event_that_is_refused_holds_nothing_up_and_is_given_up_at_last() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    ear.answers_once(422, None, "");
    for amount in ["11.10", "12.20"] {
        buy(&mut maya, "Greenleaf Market", amount).await;
    }
    house.network().await;
    assert_eq!(amounts(&ear.told("card.authorization")), ["11.10", "12.20"]);
    ear.answers(422, "");
    for _ in 0..12 {
        house.clock.advance(SignedDuration::from_hours(13));
        house.network().await;
    }
    let first = ear.singles()[0].id();
    let tries = ear.singles().iter().filter(|heard| heard.id() == first).count();
    assert_eq!(tries, 8);
}

/// Everything that was taken of the history, by its id; fails when a line is there twice.
fn taken(ear: &Ear) -> BTreeMap<String, Value> {
    let mut lines = BTreeMap::new();
    for file in ear.files().iter().filter(|file| file.status == 200) {
        for line in file.lines() {
            let id = line["id"].as_str().unwrap().to_owned();
            assert!(lines.insert(id.clone(), line).is_none(), "{id} is there twice");
        }
    }
    lines
}

#[tokio::test]
async fn the_history_is_told_once_across_restarts_with_its_labels_and_in_order() {
    let ear = Ear::open().await;
    let mut stream = ear.stream();
    stream.population = Population { cards: 130, terminals: 60, per_minute: 0 };
    ear.answers_once(200, None, r#"{"taken":10000,"repeated":0}"#);
    ear.answers(503, "");
    let mut house = House::open_with(Some(stream)).await;
    house.network().await;
    assert_eq!(ear.files().len(), 2, "the second file was not taken");
    house.stop().await;
    house.clock.advance(SignedDuration::from_hours(5));
    ear.answers(200, r#"{"taken":1,"repeated":0}"#);
    house.start().await;
    house.network().await;
    let (files, lines) = (ear.files(), taken(&ear));
    assert!(
        files
            .iter()
            .all(|file| file.signed() && file.lines().len() <= 10_000 && file.body.len() <= 8_000_000)
    );
    assert_eq!(files[1].id(), files[2].id(), "the same file has the same id");
    assert_eq!(files[1].body, files[2].body);
    assert!(lines.len() > 12_000, "{}", lines.len());
    let mut when = Vec::new();
    for file in files.iter().filter(|file| file.status == 200) {
        assert_eq!(file.header("content-type"), "application/x-ndjson");
        when.extend(
            file.lines()
                .iter()
                .map(|line| line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()),
        );
    }
    assert!(when.is_sorted());
    let days = when[when.len() - 1].duration_since(when[0]).as_hours() / 24;
    assert_eq!(days, 34, "five weeks");
    assert!(lines.values().all(|line| line["data"].get("for").is_none()), "the past names nobody");
    labels_follow(&lines);
    let before = ear.files().len();
    house.stop().await;
    house.start().await;
    house.network().await;
    assert_eq!(ear.files().len(), before, "it was told");
}

/// A label comes after its payment, a week later or a little after it, and most payments are genuine.
fn labels_follow(lines: &BTreeMap<String, Value>) {
    let of = |kind: &str| {
        lines
            .values()
            .filter(|line| line["type"] == kind)
            .map(|line| line["data"].clone())
            .collect::<Vec<_>>()
    };
    let (payments, labels) = (of("card.authorization"), of("card.fraud"));
    let paid: BTreeSet<&str> = payments.iter().map(|p| p["paymentId"].as_str().unwrap()).collect();
    assert!(labels.iter().all(|label| paid.contains(label["paymentId"].as_str().unwrap())));
    assert!(labels.len() * 10 > payments.len() * 7 && labels.len() < payments.len());
    let fraud = labels.iter().filter(|label| label["fraud"] == true).count();
    assert!(fraud > 20 && fraud * 20 < labels.len(), "{fraud} of {}", labels.len());
    for source in ["bank", "chargeback"] {
        assert!(labels.iter().any(|label| label["fraud"] == true && label["source"] == source), "{source}");
    }
}

#[tokio::test]
async fn tokens_stay_the_same_across_restarts_and_say_nothing() {
    let (mut house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let cards = linked.get(&format!("{}/parlour-bank/v1/cards", house.url)).await.body["cards"].clone();
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Greenleaf Market", "11.10").await;
    house.network().await;
    house.stop().await;
    house.clock.advance(SignedDuration::from_mins(1));
    house.start().await;
    buy(&mut maya, "Greenleaf Market", "12.20").await;
    house.network().await;
    let told = ear.told("card.authorization");
    let token = |n: usize, name: &str| told[n]["data"][name].as_str().unwrap().to_owned();
    assert_eq!(token(0, "cardToken"), token(1, "cardToken"));
    assert_eq!(token(0, "terminalToken"), token(1, "terminalToken"));
    assert_ne!(token(0, "paymentId"), token(1, "paymentId"));
    let history = ear.files()[0].lines();
    assert!(
        history.iter().any(|line| line["data"]["cardToken"] == token(0, "cardToken").as_str()),
        "also in the past"
    );
    for card in cards.as_array().unwrap() {
        let (id, digits) = (card["cardId"].as_str().unwrap(), card["last4"].as_str().unwrap());
        assert!(!token(0, "cardToken").contains(id.split_once('-').unwrap().1), "{id}");
        assert!(history.iter().all(|line| !line.to_string().contains(id)), "{id}");
        assert!(history.iter().all(|line| !line.to_string().contains(&format!("\"{digits}\""))), "{digits}");
    }
    let (twin, other) = connected().await;
    let same = |heard: &Ear| {
        heard.files()[0]
            .lines()
            .iter()
            .map(|line| line["data"]["cardToken"].to_string())
            .collect::<BTreeSet<_>>()
    };
    assert!(same(&ear).is_disjoint(&same(&other)), "a bank with the same seed has other tokens");
    drop(twin);
}

#[tokio::test]
async fn a_payment_names_somebody_only_for_a_consent_in_force_that_covers_it() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Greenleaf Market", "11.10").await;
    let linked = link(&house, "maya", request()).await;
    let mut nothing_of_places = request();
    nothing_of_places["includePayeeAddress"] = json!(false);
    let second = link(&house, "maya", nothing_of_places).await;
    let mut no_payments = request();
    no_payments["resources"][0]["dataClusters"] = json!(["ACCOUNT_BASIC", "BALANCES"]);
    link(&house, "maya", no_payments).await;
    link(&house, "tomas", request()).await;
    house.clock.advance(SignedDuration::from_secs(1));
    buy(&mut maya, "Riverbend Grill", "12.20").await;
    house.network().await;
    let told = ear.told("card.authorization");
    assert!(told[0]["data"].get("for").is_none(), "nobody had a consent yet");
    let named = told[1]["data"]["for"].as_array().unwrap().clone();
    let of = |consent: &str| named.iter().find(|name| name["consentId"] == consent).unwrap().clone();
    assert_eq!(named.len(), 2, "{named:?}");
    let mine = of(&linked.consent);
    let account = mine["accountId"].as_str().unwrap();
    let url = format!("{}/fdx/v6/accounts/{account}/transactions", house.url);
    let newest = linked.get(&url).await.body["transactions"][0].clone();
    assert_eq!(mine["transactionId"], newest["transactionId"]);
    assert_eq!((&mine["merchant"], &mine["city"]), (&json!("Riverbend Grill"), &json!("Salem")));
    assert!(of(&second.consent).get("city").is_none(), "that consent is not told of places");
    let paid = told[1]["data"].as_object().unwrap();
    let nameless = Value::Object(
        paid.iter().filter(|(name, _)| *name != "for").map(|(k, v)| (k.clone(), v.clone())).collect(),
    );
    assert!(!nameless.to_string().contains("Riverbend") && !nameless.to_string().contains("Salem"));
}

#[tokio::test]
async fn what_waits_names_nobody_any_more_when_the_consent_ends_meanwhile() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", request()).await;
    let mut maya = visitor(&house, "maya").await;
    ear.answers_once(503, Some("60"), "");
    buy(&mut maya, "Greenleaf Market", "11.10").await;
    house.network().await;
    assert_eq!(ear.told("card.authorization")[0]["data"]["for"][0]["consentId"], linked.consent.as_str());
    let url = format!("{}/fdx/v6/consents/{}/revocation", house.url, linked.consent);
    let why = json!({ "reason": "USER_ACTION", "initiator": "INDIVIDUAL" });
    assert_eq!(linked.call(http::Method::PUT, &url, Some(why)).await.unwrap().status, 204);
    house.clock.advance(SignedDuration::from_secs(60));
    house.network().await;
    let told = ear.told("card.authorization");
    assert_eq!((told.len(), told[1]["data"].get("for")), (2, None));
}

#[tokio::test]
async fn a_declined_payment_is_told_as_declined() {
    let (house, ear) = connected().await;
    let linked = link(&house, "maya", native_request()).await;
    let mut maya = visitor(&house, "maya").await;
    let page = maya.get("/cards").await;
    let card = page.text.split("/cards/").nth(2).unwrap().split("/freeze").next().unwrap().to_owned();
    maya.post(&format!("/cards/{card}/freeze"), &[("csrf", &page.csrf())]).await;
    assert_eq!(buy(&mut maya, "Greenleaf Market", "11.10").await.status, 422);
    house.network().await;
    let told = ear.told("card.authorization");
    let name = &told[0]["data"]["for"][0];
    assert_eq!((told.len(), &told[0]["data"]["outcome"]), (1, &json!("declined")));
    assert_eq!((&name["consentId"], &name["cardId"]), (&json!(linked.consent), &json!(card)));
    assert!(name.get("transactionId").is_none(), "there is none");
    assert!(maya.get("/network").await.text.contains("Declined: the card is frozen"));
    house.clock.advance(SignedDuration::from_hours(24));
    house.bank.as_ref().unwrap().catch_up().await.unwrap();
    house.network().await;
    let life = ear.told("card.authorization");
    let outcomes: BTreeSet<String> =
        life[1..].iter().map(|event| event["data"]["outcome"].to_string()).collect();
    assert!(life.len() > 3, "everybody's day is told too");
    assert_eq!(outcomes.len(), 2, "the frozen card's declined, the others' approved: {outcomes:?}");
}

#[tokio::test]
async fn a_payment_that_nobody_doubts_is_known_as_genuine_after_a_week() {
    let (house, ear) = connected().await;
    let mut maya = visitor(&house, "maya").await;
    buy(&mut maya, "Greenleaf Market", "11.10").await;
    house.network().await;
    let paid = ear.told("card.authorization")[0]["data"].clone();
    let labels = |ear: &Ear| {
        let mut labels = ear.told("card.fraud");
        labels.retain(|label| label["data"]["paymentId"] == paid["paymentId"]);
        labels
    };
    house.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    house.network().await;
    assert_eq!(labels(&ear).len(), 0);
    house.clock.advance(SignedDuration::from_secs(1));
    house.network().await;
    house.clock.advance(SignedDuration::from_hours(24));
    house.network().await;
    let label = labels(&ear);
    assert_eq!(
        (label.len(), &label[0]["data"]["fraud"], &label[0]["data"]["source"]),
        (1, &json!(false), &json!("bank"))
    );
    assert_eq!((&label[0]["data"]["at"], &label[0]["data"]["cardToken"]), (&paid["at"], &paid["cardToken"]));
    let all: BTreeSet<String> = ear.singles().iter().map(Heard::id).collect();
    assert_eq!(all.len(), ear.singles().len(), "the labels of the history's last week came once");
    assert!(all.len() > 50);
}

#[tokio::test]
async fn the_crowd_pays_about_once_a_second_until_it_is_paused_or_nobody_takes_it() {
    let ear = Ear::open().await;
    let mut stream = ear.stream();
    stream.population = Population { cards: 20, terminals: 30, per_minute: 60 };
    let house = House::open_with(Some(stream)).await;
    house.network().await;
    let second = async |seconds| {
        house.clock.advance(SignedDuration::from_secs(seconds));
        house.network().await;
    };
    second(20).await;
    let live = ear.told("card.authorization").len();
    assert!((18..=26).contains(&live), "{live} payments in 20 seconds");
    let past: BTreeSet<String> =
        ear.files()[0].lines().iter().map(|line| line["data"]["cardToken"].to_string()).collect();
    assert!(
        ear.told("card.authorization")
            .iter()
            .all(|event| past.contains(&event["data"]["cardToken"].to_string()))
    );
    let mut maya = visitor(&house, "maya").await;
    assert_eq!(press(&mut maya, "/network/pause", &[("live", "pause")]).await.status, 303);
    second(20).await;
    assert_eq!(ear.told("card.authorization").len(), live);
    assert!(maya.get("/network").await.text.contains("Let other people pay again"));
    press(&mut maya, "/network/pause", &[("live", "go")]).await;
    second(10).await;
    assert!(ear.told("card.authorization").len() > live + 5);
    ear.answers(503, "");
    second(10).await;
    for _ in 0..40 {
        second(30).await;
    }
    let text = maya.get("/network").await.text;
    let waiting: i64 = text.split("were taken, ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((500..600).contains(&waiting), "the crowd waits with {waiting} events");
}
