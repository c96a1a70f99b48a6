//! The ledger follows the clock.

use jiff::SignedDuration;

use crate::{
    House,
    api::{account, transactions},
    client::{link, request},
};

#[tokio::test]
async fn pending_payments_settle_under_a_new_id_and_new_ones_appear() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let card = account(&house, &linked, "CREDITCARD").await;
    let id = card["accountId"].as_str().unwrap();
    let query = "startDate=2026-11-01&endDate=2026-11-18&limit=200";
    let (before, _) = transactions(&house, &linked, id, query).await;
    let pending: Vec<String> = before
        .iter()
        .filter(|t| t["status"] == "PENDING")
        .map(|t| t["transactionId"].as_str().unwrap().to_owned())
        .collect();
    assert!(!pending.is_empty());
    house.clock.advance(SignedDuration::from_hours(72));
    house.bank.as_ref().unwrap().catch_up().await.unwrap();
    let linked = link(&house, "maya", request()).await;
    let (after, _) =
        transactions(&house, &linked, id, "startDate=2026-11-01&endDate=2026-11-21&limit=200").await;
    for old in &pending {
        let posted = after.iter().find(|t| t["referenceTransactionId"] == old.as_str()).expect("it settled");
        assert_eq!(posted["status"], "POSTED");
        assert_ne!(posted["transactionId"], old.as_str());
        assert!(after.iter().all(|t| t["transactionId"] != old.as_str()));
    }
    assert!(after.len() > before.len(), "three days brought something new");
    assert!(after.iter().any(|t| t["status"] == "PENDING"));
}

#[tokio::test]
async fn a_bank_that_slept_for_a_month_has_lived_it_when_it_opens() {
    let mut house = House::open().await;
    house.stop().await;
    house.clock.advance(SignedDuration::from_hours(24 * 30));
    house.start().await;
    let linked = link(&house, "aisha", request()).await;
    let checking = account(&house, &linked, "CHECKING").await;
    let id = checking["accountId"].as_str().unwrap();
    let (month, _) =
        transactions(&house, &linked, id, "startDate=2026-11-19&endDate=2026-12-18&limit=200").await;
    let paid = month.iter().filter(|t| t["description"].as_str().unwrap().starts_with("Pay from")).count();
    assert_eq!(paid, 1);
    assert!(month.iter().any(|t| t["description"].as_str().unwrap().starts_with("Rent")));
}
