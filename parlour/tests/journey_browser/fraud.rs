//! A fraud alert as its customer sees it, at both widths: it arrives by itself, and the answer freezes the card.

use crate::{chat::Chat, house::House, steps::holds};
use parlour::alerts::wire::{self, Written};
use serde_json::json;
use testkit::browser::{Scripts, Size};

/// The bank suspects a payment of the customer who is linked.
async fn suspect(house: &House, payment: &str, amount: &str) {
    let (app, bank) = (house.gateway_app(), house.harbour().id);
    let id = bank.clone();
    let open = app.store.read(move |tx| store::consents::open_of_bank(tx, &id, None, 10)).await.unwrap();
    let consent = open.into_iter().next_back().unwrap();
    let now = app.clock.now();
    let account = consent.accounts[0].as_str();
    let written: Written = serde_json::from_value(json!({
        "type": "card.alert", "timestamp": now.to_string(), "data": {
            "paymentId": payment, "cardToken": "c-1", "terminalToken": "t-1", "at": now.to_string(),
            "amount": amount, "currency": "USD", "outcome": "approved",
            "for": [{ "consentId": consent.at_bank, "accountId": account, "cardId": "card-of-the-test",
                      "cardDigits": "4242", "merchant": "Corner Electronics", "city": "Lisbon" }] }
    }))
    .unwrap();
    let event = wire::read(&app.engines.naming(&bank), payment, &written, now).unwrap();
    app.engines.take(&bank, vec![event]).await.unwrap();
}

async fn asked_and_answered(size: Size, name: &str) {
    let house = House::open().await;
    let chat: Chat = house.visit(&house.harbour(), size, Scripts::Run).await;
    chat.link_all().await;
    suspect(&house, "p-1", "842.00").await;
    chat.tab.see("Was this you?").await;
    holds(&chat, &format!("fraud-question-{name}")).await;
    let told = chat.ask("what is this?").await;
    assert!(told.contains("Why I ask"), "{told}");
    holds(&chat, &format!("fraud-details-{name}")).await;
    let told = chat.press("No, not me").await;
    assert!(told.contains("I am freezing your card ··42"), "{told}");
    holds(&chat, &format!("fraud-no-{name}")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_fraud_alert_arrives_and_is_answered_on_a_phone() {
    asked_and_answered(Size::Phone, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_fraud_alert_arrives_and_is_answered_on_a_desktop() {
    asked_and_answered(Size::Desktop, "desktop").await;
}
