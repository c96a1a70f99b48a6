//! A receipt, checked in the customer's own browser.

use crate::{house::House, steps::holds};
use serde_json::Value;
use testkit::browser::{Light, Scripts, Size, Tab};

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

/// The text of a receipt that the page has a link to, once it is published, and the verifier key of the log.
async fn fetched(tab: &Tab, link: &str) -> (String, String) {
    let link = Value::from(link);
    let receipt = tab
        .run(&format!(
            "return (async () => {{ const links = document.querySelectorAll({link}); const last = links[links.length - 1]; \
             for (let n = 0; n < 100; n++) {{ \
               const answer = await fetch(last.href); if (answer.ok) return await answer.text(); \
               await new Promise(done => setTimeout(done, 100)); }} return '' }})()"
        ))
        .await;
    let key = tab.run("return fetch('/log/harbour/vkey').then(answer => answer.text())").await;
    (receipt.as_str().unwrap().to_owned(), key.as_str().unwrap().trim().to_owned())
}

/// The record that a receipt holds, and the same receipt with something in the record replaced by something else of
/// the same length.
fn with_record(receipt: &str, from: &str, to: &str) -> (String, String) {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let start = receipt.find("extra ").unwrap() + 6;
    let end = start + receipt[start..].find('\n').unwrap();
    let extra = BASE64_STANDARD.decode(&receipt[start..end]).unwrap();
    let record = String::from_utf8(extra[32..].to_vec()).unwrap();
    let changed = record.replace(from, to);
    assert_ne!(changed, record, "{from} is in {record}");
    let extra = BASE64_STANDARD.encode([&extra[..32], changed.as_bytes()].concat());
    (record, format!("{}{extra}{}", &receipt[..start], &receipt[end..]))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_receipt_of_a_withdrawn_consent_is_checked_in_the_browser() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    let tab = &chat.tab;
    chat.link().await;
    chat.ask("stop").await;
    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.click(".lines a").await;
    tab.see("The sharing ended: you said so in the chat").await;
    tab.see("Check one in your browser").await;
    holds(&chat, "phone-receipt-of-consent").await;
    tab.run("document.querySelector('.lines').scrollIntoView()").await;
    tab.picture("phone-receipt-of-consent-below").await;
    let (receipt, key) = fetched(tab, ".lines a[download]").await;
    assert!(receipt.starts_with("c2sp.org/tlog-proof@v1\n"), "{receipt}");

    tab.open(house.gateway("/verify?bank=harbour").as_str()).await;
    check(tab, &receipt, &key).await;
    tab.see("This receipt is genuine").await;
    tab.see("The customer ended it").await;
    tab.see("in the chat").await;
    tab.see("withdrawn").await;
    holds(&chat, "phone-verify-consent").await;
    tab.run("document.getElementById('record-part').scrollIntoView()").await;
    tab.picture("phone-verify-consent-below").await;
    for check in ["format", "entry", "signature"] {
        assert_eq!(state(tab, check).await, "good", "{check}");
    }
    tab.prefer(Light::Dark).await;
    tab.resize(Size::SmallPhone).await;
    holds(&chat, "small-phone-dark-verify-consent").await;

    // Another event, another moment, another reading of what kind of entry it is, and each other part.
    let (record, _) = with_record(&receipt, "withdraw", "withdraw ");
    let at = record.find("\"at\":\"").unwrap() + 6;
    let hour = &record[at..at + 13];
    let other_hour = if hour.ends_with("00") { "T01" } else { "T00" };
    for (from, to) in [
        ("\"withdraw\"", "\"suspend_\""),
        (hour, &format!("{}{other_hour}", &hour[..10])),
        ("\"event\"", "\"evenT\""),
        ("\"seq\"", "\"allowed\":true,\"seq\""),
    ] {
        let (_, changed) = with_record(&receipt, from, to);
        check(tab, &changed, &key).await;
        tab.see("This receipt proves nothing").await;
        assert_ne!(state(tab, "entry").await, "good", "{from} to {to}");
    }
    let signature = receipt.rfind(' ').unwrap() + 20;
    check(tab, &changed(&receipt, signature), &key).await;
    tab.see("This receipt proves nothing").await;
    assert_eq!((state(tab, "entry").await, state(tab, "signature").await), ("good".into(), "bad".into()));
    holds(&chat, "small-phone-dark-verify-bad").await;
}
