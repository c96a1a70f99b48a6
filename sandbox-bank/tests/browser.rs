//! The bank's page of cards, and that of the card network, in headless Chromium, on a phone and at a desk.
//!
//! Marked as ignored because they need Chromium: `cargo xtask test --only browser` runs them and installs what is
//! missing. Pictures go to `target/screenshots`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: their names say it, and a panic is how they fail"
)]

use std::sync::Arc;

use sandbox_bank::{Bank, BrandColor, CardStream, Config, Running, StepUp, SystemClock, demo_password};
use testkit::browser::{Browser, Light, Scripts, Size, Tab};
use tokio::net::TcpListener;

async fn bank(folder: &std::path::Path, card_stream: Option<CardStream>) -> Running {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Config {
        name: "Harbour Bank".into(),
        slug: "harbour".into(),
        brand: BrandColor::parse("#0f4a3c").unwrap(),
        public_url: format!("http://localhost:{port}").parse().unwrap(),
        data_dir: folder.to_owned(),
        seed: 11,
        currency: "USD".into(),
        clients: Vec::new(),
        step_up: StepUp::usual(),
        card_stream,
        clock: Arc::new(SystemClock),
    };
    Bank::start(config, listener).await.unwrap()
}

async fn sign_in(tab: &Tab, url: &str) {
    tab.open(url).await;
    tab.type_into("[name=login]", "aisha").await;
    tab.type_into("[name=password]", &demo_password("harbour")).await;
    tab.click_text("Sign in").await;
    tab.see("Your accounts").await;
}

async fn sound(tab: &Tab, name: &str) {
    tab.assert_accessible().await;
    assert!(!tab.overflows().await, "{name} is wider than its view");
    tab.picture(name).await;
}

async fn cards_on(size: Size) {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank(folder.path(), None).await;
    let browser = Browser::start();
    let tab = browser.tab(size, Scripts::Run).await;
    sign_in(&tab, &bank.url).await;
    sound(&tab, &format!("{}-bank-accounts", size.name())).await;
    tab.click_text("Cards").await;
    tab.see("Travel notices").await;
    tab.click("form[action$='/freeze'] button").await;
    tab.see("Frozen by you").await;
    tab.see("this site").await;
    sound(&tab, &format!("{}-bank-cards", size.name())).await;
    tab.prefer(Light::Dark).await;
    sound(&tab, &format!("{}-bank-cards-dark", size.name())).await;
    tab.click("form[action$='/unfreeze'] button").await;
    tab.until("document.querySelectorAll('form[action$=\"/unfreeze\"]').length === 0").await;
    tab.close().await;
    bank.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_with_a_phone_sees_and_freezes_cards_at_the_bank() {
    cards_on(Size::Phone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_at_a_desk_sees_and_freezes_cards_at_the_bank() {
    cards_on(Size::Desktop).await;
}

/// Somebody who finds everything suspicious.
async fn judge() -> CardStream {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/card-events/harbour", listener.local_addr().unwrap());
    let app = axum::Router::new()
        .fallback(async |_: axum::body::Bytes| r#"{"score":0.93,"action":"alert"}"#)
        .layer(axum::extract::DefaultBodyLimit::max(8_000_000));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    CardStream::new(url.parse().unwrap(), "whsec_c2VjcmV0IG9mIHRoZSBqdWRnZSwgbG9uZw==".to_owned())
}

async fn network_on(size: Size) {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank(folder.path(), Some(judge().await)).await;
    bank.network().await.unwrap();
    let browser = Browser::start();
    let tab = browser.tab(size, Scripts::Run).await;
    sign_in(&tab, &bank.url).await;
    tab.click_text("Card network").await;
    tab.see("paid nothing since").await;
    sound(&tab, &format!("{}-bank-network-empty", size.name())).await;
    tab.click("button[value=spree]").await;
    bank.network().await.unwrap();
    tab.click("p a[href='/network']").await;
    tab.see("asks the customer").await;
    tab.click("form[action$='/suspect'] button").await;
    tab.see("suspected by us").await;
    sound(&tab, &format!("{}-bank-network", size.name())).await;
    tab.prefer(Light::Dark).await;
    sound(&tab, &format!("{}-bank-network-dark", size.name())).await;
    tab.close().await;
    bank.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_with_a_phone_attacks_a_card_of_their_own() {
    network_on(Size::Phone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_at_a_desk_attacks_a_card_of_their_own() {
    network_on(Size::Desktop).await;
}
