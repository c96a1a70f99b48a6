//! A receipt, checked in the customer's own browser.

use crate::house::House;
use serde_json::Value;
use testkit::browser::{Scripts, Size};

/// How wide a phone is, in CSS pixels. Its browser would lay a page out wider if something on it was.
const PHONE: u32 = 390;

/// Puts a text into the page and checks it.
async fn check(tab: &testkit::browser::Tab, receipt: &str, keys: &str) {
    let (receipt, keys) = (Value::from(receipt), Value::from(keys));
    tab.run(&format!(
        "document.getElementById('verdict').textContent = ''; document.getElementById('receipt').value = {receipt}; \
         document.getElementById('keys').value = {keys}; document.querySelector('#form button').click()"
    ))
    .await;
    tab.until("document.getElementById('verdict').textContent").await;
}

async fn state(tab: &testkit::browser::Tab, check: &str) -> String {
    let state =
        tab.run(&format!("return document.getElementById('check-{check}')?.dataset.state ?? ''")).await;
    state.as_str().unwrap().to_owned()
}

/// Changes one character of base64 at a place, to another that base64 has.
fn changed(text: &str, at: usize) -> String {
    let mut changed = text.to_owned();
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    changed
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_receipt_is_checked_in_the_browser_and_a_changed_one_is_found_out() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    chat.link().await;
    chat.ask("What's my balance?").await;
    chat.ask("Who looked at my data?").await;
    let told = chat.press("Receipts for this").await;
    assert!(told.contains("A receipt proves"), "{told}");
    chat.tab.picture("phone-receipts").await;
    chat.tab.assert_accessible().await;
    // The newest decision let data out. Its receipt may need the moment that publishing takes.
    let receipt = chat
        .tab
        .run(
            "return (async () => { const link = document.querySelector('#thread > li.msg:last-child ul.receipts a'); \
             for (let n = 0; n < 100; n++) { \
               const answer = await fetch(link.href); if (answer.ok) return await answer.text(); \
               await new Promise(done => setTimeout(done, 100)); } return '' })()",
        )
        .await;
    let receipt = receipt.as_str().unwrap().to_owned();
    assert!(receipt.starts_with("c2sp.org/tlog-proof@v1\n"), "{receipt}");
    let key = chat.tab.run("return fetch('/log/harbour/vkey').then(answer => answer.text())").await;
    let key = key.as_str().unwrap().trim().to_owned();

    let tab = &chat.tab;
    tab.open(house.gateway("/verify").as_str()).await;
    let offered = tab.run("return document.getElementById('keys').value").await;
    assert!(offered.as_str().unwrap().contains(&key), "the page knows the log's key");
    check(tab, &receipt, &key).await;
    tab.see("This receipt is genuine").await;
    tab.see("Yes: the data was read").await;
    tab.see("your balances").await;
    for check in ["format", "entry", "signature"] {
        assert_eq!(state(tab, check).await, "good", "{check}");
    }
    tab.picture("phone-verify").await;
    tab.assert_accessible().await;
    assert_eq!(tab.run("return document.documentElement.scrollWidth").await, PHONE, "nothing makes it wider");

    // In the key, which comes first: the record can still be read, and does not make the entry any more.
    let inside_the_key = receipt.find("extra ").unwrap() + 6 + 20;
    check(tab, &changed(&receipt, inside_the_key), &key).await;
    tab.see("This receipt proves nothing").await;
    let states = (state(tab, "format").await, state(tab, "entry").await, state(tab, "signature").await);
    assert_eq!(states, ("good".into(), "bad".into(), "good".into()), "the entry's check says so");

    let signature = receipt.rfind(' ').unwrap() + 20;
    check(tab, &changed(&receipt, signature), &key).await;
    tab.see("This receipt proves nothing").await;
    assert_eq!((state(tab, "entry").await, state(tab, "signature").await), ("good".into(), "bad".into()));

    let root = receipt.find("\n\n").unwrap();
    let root = root + 2 + receipt[root + 2..].match_indices('\n').nth(1).unwrap().0 + 5;
    check(tab, &changed(&receipt, root), &key).await;
    assert_eq!((state(tab, "entry").await, state(tab, "signature").await), ("bad".into(), "bad".into()));

    check(tab, &receipt, "").await;
    assert_eq!(state(tab, "signature").await, "bad", "nobody is believed without a key");
    check(tab, "c2sp.org/tlog-proof@v1\n", &key).await;
    assert_eq!(state(tab, "format").await, "bad");
}
