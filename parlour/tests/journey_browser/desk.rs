//! A fraud analyst at the desk, in a browser: a queue with a flood in it, an alert with everything around it, and deciding it.

use crate::{
    console::{holds, registered},
    house::House,
};
use domain::Consent;
use jiff::{SignedDuration, Timestamp};
use parlour::alerts::wire::{self, Written};
use serde_json::{Value, json};
use store::{
    DbError, consents,
    conversations::{self, Conversation},
    fraud_alerts::{self, AlertState, NewAlert},
};
use testkit::browser::{Light, Scripts, Size};

/// The customer who has linked, as the store knows them.
async fn linked(house: &House) -> (Consent, Conversation) {
    let bank = house.harbour().id;
    let app = house.gateway_app();
    let read = app.store.read(move |tx| -> Result<_, DbError> {
        let consent = consents::open_of_bank(tx, &bank, None, 1)?.remove(0);
        let room = conversations::find(tx, &bank, &consent.customer, &consent.conversation)?.unwrap();
        Ok((consent, room))
    });
    read.await.unwrap()
}

fn at(house: &House, minutes: i64) -> Timestamp {
    house.gateway_app().clock.now() - SignedDuration::from_mins(minutes)
}

/// What the bank tells.
async fn tell(house: &House, id: &str, event: Value) {
    let (app, bank) = (house.gateway_app(), house.harbour().id);
    let written: Written = serde_json::from_value(event).unwrap();
    let event = wire::read(&app.engines.naming(&bank), id, &written, app.clock.now()).unwrap();
    app.engines.take(&bank, vec![event]).await.unwrap();
}

/// A card that is used for weeks, and then for something that the bank suspects.
async fn a_suspicious_payment(house: &House, consent: &Consent) {
    let payment = |n: i64, amount: &str| {
        let paid = at(house, n).to_string();
        json!({ "type": "card.authorization", "timestamp": paid, "data": { "paymentId": format!("auth-77{n}"),
            "cardToken": "c-1", "terminalToken": format!("t-{}", n % 5), "at": paid, "amount": amount, "currency": "USD" } })
    };
    for n in (1..=9).rev() {
        tell(house, &format!("evt-{n}"), payment(n * 1_300, &format!("{}.40", 10 + n * 3))).await;
    }
    let mut alert = payment(1, "842.00");
    alert["type"] = json!("card.alert");
    alert["data"]["reason"] = json!("four payments in ten minutes, far from the last one");
    alert["data"]["for"] = json!([{ "consentId": consent.at_bank, "accountId": consent.accounts[0], "cardId": "crd-1",
        "cardDigits": "4242", "merchant": "Corner Electronics", "city": "Lisbon" }]);
    tell(house, "evt-alert", alert).await;
}

/// An alert that stands somewhere.
async fn plant(house: &House, of: &(Consent, Conversation), n: u64, terminal: u64, to: AlertState) {
    let amount = 4_000 + i64::try_from(n).unwrap() * 1_750;
    let body = json!({ "payment": format!("auth-55{n}"), "account": of.0.accounts[0], "card": "crd-2", "transaction": null,
        "digits": "4242", "merchant": "A shop", "city": null, "amount": { "minor_units": amount, "currency": "USD" },
        "at": at(house, 60), "declined": n.is_multiple_of(3), "why": [], "score": 0.4 + n as f32 / 40.0, "by_engine": true,
        "reasons": ["12 times what this card pays on average", "first payment at this terminal", "at night"] }).to_string();
    let (of, id, now) =
        (of.clone(), uuid::Uuid::from_u128(n.into()).to_string(), at(house, n.cast_signed() * 37));
    let app = house.gateway_app();
    let raised = app.store.transact(move |tx| -> Result<(), DbError> {
        let mut payment = [0; 32];
        payment[..8].copy_from_slice(&n.to_be_bytes());
        let new = NewAlert {
            id: &id,
            bank: &of.0.bank,
            customer: &of.0.customer,
            conversation: &of.1.id,
            consent: &of.0.id,
            payment: &payment,
            card: n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            terminal,
            body: body.as_bytes(),
            asks: false,
            now,
        };
        fraud_alerts::raise(tx, &new)?;
        fraud_alerts::answered(tx, &of.1, &id, &[AlertState::NotAsked], to, now)?;
        Ok(())
    });
    raised.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn an_analyst_works_through_the_queue_on_a_phone_and_at_a_desk() {
    let house = House::open().await;
    let bank = house.harbour();
    let customer = house.visit(&bank, Size::Phone, Scripts::Run).await;
    customer.link().await;
    let of = linked(&house).await;
    let noor = registered(&house, "Noor Haddad", Size::Desktop).await;
    noor.see("No open work.").await;
    holds(&noor, "desktop-desk-empty").await;

    for n in 1..=8 {
        plant(&house, &of, n, 0x3fa9_c201_0000_0001, AlertState::NotMine).await;
    }
    for (n, to) in [(21, AlertState::NotMine), (22, AlertState::Unanswered), (23, AlertState::NotAsked)] {
        plant(&house, &of, n, (0x77aa_0300 + n) << 32, to).await;
    }
    a_suspicious_payment(&house, &of.0).await;
    let desk = |path: &str| house.gateway(&format!("console/{}/fraud{path}", bank.id)).to_string();
    noor.open(&desk("")).await;
    noor.see("terminal 3fa9c201: 8 alerts, 8 cards").await;
    noor.see("$842.00").await;
    for (size, light) in
        [(Size::Desktop, Light::Light), (Size::Phone, Light::Light), (Size::Phone, Light::Dark)]
    {
        noor.resize(size).await;
        noor.prefer(light).await;
        let dark = if light == Light::Dark { "-dark" } else { "" };
        noor.open(&desk("")).await;
        holds(&noor, &format!("{}-desk-queue{dark}", size.name())).await;
        noor.open(&desk("/engine")).await;
        noor.see("Payments and alerts").await;
        holds(&noor, &format!("{}-desk-engine{dark}", size.name())).await;
        noor.open(&desk("?state=asked")).await;
        noor.click("td[data-label='Age'] a").await;
        noor.see("Payment id at the bank").await;
        holds(&noor, &format!("{}-desk-alert{dark}", size.name())).await;
        noor.run("window.scrollTo(0, document.body.scrollHeight)").await;
        noor.picture(&format!("{}-desk-alert{dark}-below", size.name())).await;
    }
    noor.type_into("#note", "Two more cards were used at this terminal today.").await;
    noor.click_text("It is fraud").await;
    noor.see("Noor Haddad decided: fraud").await;
    holds(&noor, "phone-desk-decided-dark").await;
    noor.click_text("Change the decision").await;
    holds(&noor, "phone-desk-change-dark").await;
    noor.resize(Size::Desktop).await;
    noor.prefer(Light::Light).await;
    noor.open(&desk(&format!("/{}", uuid::Uuid::from_u128(1)))).await;
    noor.see("8 alerts on this terminal in 7 days from 8 cards").await;
    holds(&noor, "desktop-desk-flood").await;
    customer.tab.see("found that the payment of $842.00 was fraud").await;
    let errors = noor.console_errors().await;
    assert!(errors.is_empty(), "the desk leaves the browser's console quiet: {errors:#?}");
}
