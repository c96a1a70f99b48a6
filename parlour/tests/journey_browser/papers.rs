//! What somebody takes home: the export, and the receipt of an erasure. At the width of phones, in light and in dark.

use crate::{chat::Chat, house::House, steps::holds};
use domain::erasure::{HoldKind, Keep};
use parlour::holds::{self, NewHold};
use store::DbError;
use testkit::browser::{Light, Scripts, Size};

/// The same page on a phone in light, and on the smallest in the dark; back to the phone.
async fn on_phones(chat: &Chat, name: &str) {
    holds(chat, &format!("phone-{name}")).await;
    chat.tab.run("scrollTo(0, document.body.scrollHeight)").await;
    chat.tab.picture(&format!("phone-{name}-below")).await;
    chat.tab.prefer(Light::Dark).await;
    chat.tab.resize(Size::SmallPhone).await;
    holds(chat, &format!("small-phone-dark-{name}")).await;
    chat.tab.prefer(Light::Light).await;
    chat.tab.resize(Size::Phone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_export_can_be_read_on_a_phone() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    let tab = &chat.tab;
    tab.open(house.gateway("/chat/harbour/export").as_str()).await;
    on_phones(&chat, "export-of-nothing").await;
    tab.open(house.harbour().chat.as_str()).await;
    chat.is_ready().await;
    chat.link().await;
    for question in [
        "What's my balance?",
        "Last transactions",
        "Where did I shop?",
        "What did I spend at Greenleaf Market this month?",
        "Who looked at my data?",
        "Receipts for this",
        "pause",
        "What's my balance?",
    ] {
        chat.ask(question).await;
    }
    let told = chat.ask("export my data").await;
    assert!(told.contains("A page to read"), "{told}");
    on_phones(&chat, "export-chat").await;
    tab.open(house.gateway("/privacy/harbour/copy").as_str()).await;
    on_phones(&chat, "export-copy").await;
    tab.open(house.gateway("/chat/harbour/export").as_str()).await;
    tab.see("What is kept of you here").await;
    let page = tab.text_of("main").await;
    assert!(!page.contains("today") && page.contains("1 consent,"), "what is kept stays true: {page}");
    // Nothing reaches into the margin, on the smallest phone either.
    tab.resize(Size::SmallPhone).await;
    let wide = tab
        .run("const all = [...document.querySelectorAll('main > *')]; const main = document.querySelector('main'); \
              return all.every(one => one.getBoundingClientRect().right <= main.getBoundingClientRect().right + 1)")
        .await;
    assert_eq!(wide, true, "everything keeps to its column");
    tab.resize(Size::Phone).await;
    on_phones(&chat, "export").await;
    assert_eq!(tab.count("script").await, 0, "a page to keep runs no script");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_receipt_of_an_erasure_can_be_read_on_a_phone() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    let tab = &chat.tab;
    chat.link().await;
    chat.ask("What's my balance?").await;
    let app = house.gateway_app();
    let bank = house.harbour().id;
    let (of, now) = (bank.clone(), app.clock.now());
    let found = app.store.read(move |tx| store::consents::open_of_bank(tx, &of, None, 1)).await;
    let customer = found.unwrap_or_else(|fault: DbError| panic!("{fault}")).remove(0).customer;
    let hold = NewHold {
        bank,
        customer,
        kind: HoldKind::OpenCase,
        keeps: vec![Keep::Accesses],
        until: Some(now + jiff::SignedDuration::from_hours(24 * 30)),
        by: "the disputes desk".to_owned(),
        reason: "dispute 12".to_owned(),
    };
    holds::set(&app, hold).await.unwrap_or_else(|fault| panic!("{fault}"));
    chat.ask("erase my data").await;
    on_phones(&chat, "erase-question").await;
    chat.press("Yes, erase everything").await;
    // The session is over within seconds, and the chat leads to the receipt.
    let mut arrived = false;
    for _ in 0..100 {
        tab.open(house.harbour().chat.as_str()).await;
        arrived = tab.url().await.path().starts_with("/erased/harbour/");
        if arrived {
            break;
        }
        tab.run("return new Promise(done => setTimeout(done, 100))").await;
    }
    assert!(arrived, "{}", tab.url().await);
    tab.see("Erased, but for what must be kept").await;
    on_phones(&chat, "erased-and-held").await;
    tab.open(house.gateway("/erased/harbour/nobody").as_str()).await;
    tab.see("There is no such receipt").await;
    on_phones(&chat, "no-such-receipt").await;
}
