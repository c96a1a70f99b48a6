//! When the bank fails, people are told the truth.

use crate::house::House;
use jiff::SignedDuration;
use parlour::demo::guest::{Guest, block, payments};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_fails_is_told_in_plain_words_and_asked_again_later() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.faults(&json!({ "serverError": {} })).await;
    let reply = guest.ask("What's my balance?").await.unwrap();
    let said = block(&reply, "care").unwrap()["text"].as_str().unwrap().to_owned();
    assert!(said.contains("Harbour Bank") && said.contains("ask again"), "{said}");
    assert!(block(&reply, "balances").is_none());
    house.faults(&json!({})).await;
    house.forward(SignedDuration::from_mins(2));
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "balances").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_not_even_noticed() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.faults(&json!({ "serverError": { "calls": 1 } })).await;
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "balances").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shifts_while_it_is_read_shows_nothing_twice() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.faults(&json!({ "pages": { "disorder": "duplicate", "calls": 2 } })).await;
    let reply = guest.ask("show my last 50 transactions").await.unwrap();
    let rows = payments(&reply);
    let mut once: Vec<String> = rows.iter().map(ToString::to_string).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), rows.len(), "{reply}");
}
