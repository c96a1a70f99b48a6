//! Keeping an eye: alerts set in the chat, fired by the sandbox bank's own events.

use crate::{house::House, messenger::Messenger};
use banks::SigningKey;
use domain::{BankId, Channel};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use parlour::demo::{DemoBank, files, guest::Guest};
use serde_json::{Value, json};
use std::time::Duration;
use store::bank_events;
use tempfile::TempDir;
use testkit::ports;

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// Somebody who is linked, in a house.
async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

/// Buys something on the bank's own page.
async fn buy(guest: &mut Guest, bank: &DemoBank, shop: &str, amount: &str) {
    let url = bank.url.join("purchase").unwrap();
    let mut page = guest.visitor.get(&url).await.unwrap();
    if page.form_with("amount").is_err() {
        guest.sign_in(bank, page).await.unwrap();
        page = guest.visitor.get(&url).await.unwrap();
    }
    let form = page.form_with("amount").unwrap().fill("shop", shop).fill("amount", amount);
    let page = guest.visitor.submit(&page.url, &form, None).await.unwrap();
    let page = guest.visitor.settle(page).await.unwrap();
    assert!(page.says(shop), "{}", page.body);
}

async fn thread(guest: &mut Guest) -> Vec<Value> {
    let page = guest.visitor.json(&guest.api("messages?limit=200")).await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

/// How often the bank's side said something.
async fn times(guest: &mut Guest, text: &str) -> usize {
    thread(guest)
        .await
        .iter()
        .filter(|m| m["words"]["from"] == "bank" && m.to_string().contains(text))
        .count()
}

/// Changes something in the first sandbox bank behind its back.
fn at_the_bank_db(house: &House, sql: &str) {
    let db = rusqlite::Connection::open(house.data().join("sandbox/harbour/bank.sqlite")).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db.execute(sql, []).unwrap();
}

/// How many events the first sandbox bank has not sent yet.
fn unsent(house: &House) -> i64 {
    let db = rusqlite::Connection::open(house.data().join("sandbox/harbour/bank.sqlite")).unwrap();
    let sql = "SELECT COUNT(*) FROM webhook_outbox WHERE sent_at IS NULL AND given_up_at IS NULL";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Waits until nothing that the bank has sent waits to be looked at.
async fn all_is_looked_at(house: &House, stored: usize) {
    // A minute: a bank signs and sends one after the other, and other tests want the machine too.
    for _ in 0..1_200 {
        let done = rows(house, "done").await;
        if done >= stored && unsent(house) == 0 && rows(house, "due").await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("events wait: {} done, {} due", rows(house, "done").await, rows(house, "due").await);
}

/// How many events are stored in a state.
async fn rows(house: &House, state: &str) -> usize {
    let db = rusqlite::Connection::open(house.data().join("parlour.db")).unwrap();
    let sql = "SELECT COUNT(*) FROM bank_event WHERE state = ?1";
    db.query_row(sql, [state], |row| row.get::<_, i64>(0)).unwrap() as usize
}

fn count(house: &House, sql: &str) -> i64 {
    let db = rusqlite::Connection::open(house.data().join("parlour.db")).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_at_the_bank_makes_the_alert_arrive_by_itself_once() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    assert_eq!(count(&house, "SELECT COUNT(*) FROM bank_endpoint"), 0, "nobody asked for anything yet");
    let said = guest.ask("tell me when I spend more than 50").await.unwrap();
    assert!(said.to_string().contains("I will tell you here when more than 50 is paid at once"), "{said}");
    let before = count(&house, "SELECT COUNT(*) FROM access_record");
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "49.00").await;
    all_is_looked_at(&house, 1).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 0, "it was not more than 50");
    assert!(
        count(&house, "SELECT COUNT(*) FROM access_record") > before,
        "to see that, it was read, and logged"
    );
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "75.13").await;
    guest.hears("You asked me to tell you when more than 50 is paid at once").await.unwrap();
    let alert =
        thread(&mut guest).await.into_iter().find(|m| m.to_string().contains("You asked me")).unwrap();
    let reply = &alert["words"]["reply"];
    assert!(reply["blocks"].to_string().contains("75.13"), "{reply}");
    assert_eq!(reply["seen"][0]["purpose"], "customer_alert", "{reply}");
    assert_eq!(reply["quick"][0]["label"], "Not me", "{reply}");
    assert_eq!(reply["quick"][1]["text"], "Stop alert 1", "{reply}");
    // The same payment is booked some days later, under another id: it was told.
    house.forward(SignedDuration::from_hours(72));
    let stored = rows(&house, "done").await;
    all_is_looked_at(&house, stored + 1).await;
    let of_it = thread(&mut guest)
        .await
        .iter()
        .filter(|m| {
            m["words"]["from"] == "bank"
                && m.to_string().contains("You asked me")
                && m.to_string().contains("75.13")
        })
        .count();
    assert_eq!(of_it, 1);
    house_is_closed(house).await;
}

async fn house_is_closed(mut house: House) {
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_balance_is_told_when_it_falls_and_again_only_after_it_was_above() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my balance falls below 1000000").await.unwrap();
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "10.00").await;
    guest.hears("You asked me to tell you when a balance falls below 1000000").await.unwrap();
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "11.00").await;
    all_is_looked_at(&house, 2).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 1);
    at_the_bank_db(&house, "UPDATE accounts SET opening_minor = opening_minor + 500000000");
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "12.00").await;
    all_is_looked_at(&house, 3).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 1, "now it is above");
    at_the_bank_db(&house, "UPDATE accounts SET opening_minor = opening_minor - 500000000");
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "13.00").await;
    all_is_looked_at(&house, 4).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 2, "and fell again");
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_and_nothing_is_stored_for_whom_nobody_watches() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when I spend more than 50").await.unwrap();
    guest.ask("Stop alert 1").await.unwrap();
    let before = count(&house, "SELECT COUNT(*) FROM access_record");
    let body = payment(&house, "t-1").await;
    assert_eq!(send(&house, "harbour", &signed(&house, "msg_1", &body).await).await, (204, String::new()));
    assert_eq!(count(&house, "SELECT COUNT(*) FROM bank_event"), 0);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM access_record"), before);
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_silences_and_a_stop_forgets_every_alert() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    guest.ask("pause").await.unwrap();
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "75.13").await;
    let body = payment(&house, "t-9").await;
    assert_eq!(send(&house, "harbour", &signed(&house, "msg_9", &body).await).await.0, 204);
    all_is_looked_at(&house, 1).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 0);
    guest.ask("continue").await.unwrap();
    let said = guest.ask("my alerts").await.unwrap();
    assert!(said.to_string().contains("1. anything is paid"), "{said}");
    guest.ask("stop").await.unwrap();
    for table in ["watch", "watch_hours", "watch_told"] {
        assert_eq!(count(&house, &format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_alerts_and_an_erasure_takes_them() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my balance falls below 100").await.unwrap();
    guest.ask("quiet hours from 10pm to 7am").await.unwrap();
    let export = guest.visitor.json(&guest.api("export")).await.unwrap();
    let alerts = &export["alerts"][0];
    assert_eq!(alerts["alerts"][0]["told_when"], "a balance falls below 100", "{alerts}");
    assert_eq!(alerts["hours"]["quiet"][0], "22:00:00", "{alerts}");
    guest.ask("erase my data").await.unwrap();
    guest.ask("yes").await.unwrap();
    for _ in 0..400 {
        if count(&house, "SELECT COUNT(*) FROM watch") == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for table in ["watch", "watch_hours", "watch_told", "bank_event"] {
        assert_eq!(count(&house, &format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_takes_the_place_of_another_keeps_the_alerts() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let reply = guest.ask("change what I share").await.unwrap();
    let notice = parlour::demo::guest::block(&reply, "notice").unwrap();
    guest.sign_in_at_bank(&house.harbour(), &Guest::address(&notice).unwrap()).await.unwrap();
    guest.confirm().await.unwrap();
    let said = guest.ask("my alerts").await.unwrap();
    assert!(said.to_string().contains("1. anything is paid"), "{said}");
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "75.13").await;
    guest.hears("You asked me to tell you when anything is paid").await.unwrap();
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_says_has_ended_ends_here_at_once() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let consent = at_the_bank(&house).await;
    let body = json!({ "type": "consent.revoked", "timestamp": house.app().clock.now().to_string(),
                       "data": { "consentId": consent } });
    let sent = signed(&house, "msg_end", &body.to_string()).await;
    assert_eq!(send(&house, "harbour", &sent).await.0, 204);
    guest.hears("the sharing was ended there").await.unwrap();
    assert_eq!(count(&house, "SELECT COUNT(*) FROM watch"), 0);
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_messenger_an_alert_is_a_way_to_a_page_and_says_nothing_of_it() {
    let house = House::open().await;
    let mut person = Messenger::on(&house, Channel::Whatsapp, "wa-1").await;
    person.link().await;
    let said = person.ask("tell me when I spend more than 50").await;
    assert!(said.to_string().contains("I will tell you here when"), "{said}");
    let bank = house.harbour();
    buy(&mut person.guest, &bank, "Willow Pharmacy", "75.13").await;
    person.hears("There is news for you, as you asked.").await;
    let carried = person.carried().await;
    let news = carried.iter().find(|reply| reply.to_string().contains("There is news")).unwrap();
    let href = parlour::demo::guest::block(news, "sealed_link").unwrap()["href"].as_str().unwrap().to_owned();
    // The way itself is chance, and may hold any two digits.
    let words = news["blocks"].to_string().replace(&href, "");
    for never in ["75", "Pharmacy", "more than 50", "seen"] {
        assert!(!words.contains(never), "{never}: {words}");
    }
    house.forward(SignedDuration::from_hours(6));
    let page = person.opens(&href.parse().unwrap()).await;
    assert!(page.says("You asked me to tell you when more than 50 is paid at once"), "{}", page.body);
    assert!(page.says("75.13") && page.says("Willow Pharmacy"), "{}", page.body);
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_abroad_in_ones_own_currency_is_seen_by_its_place() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let said = guest.ask("notify me of any payment abroad").await.unwrap();
    assert!(
        said.to_string().contains("something is paid abroad")
            && !said.to_string().contains("only the currency")
    );
    buy(&mut guest, &house.harbour(), "Willow Pharmacy", "75.13").await;
    all_is_looked_at(&house, 1).await;
    assert_eq!(times(&mut guest, "You asked me to tell you").await, 0, "it was at home");
    let of_it = "FROM transactions WHERE signed_minor = -7513 AND merchant = 'Willow Pharmacy'";
    at_the_bank_db(
        &house,
        &format!("UPDATE transactions SET city = 'Porto', country = 'PT' WHERE id = (SELECT id {of_it})"),
    );
    let (account, transaction) = {
        let db = rusqlite::Connection::open(house.data().join("sandbox/harbour/bank.sqlite")).unwrap();
        let sql = format!("SELECT account, id {of_it}");
        db.query_row(&sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap()
    };
    let body = payment(&house, &transaction).await.replace("acc-1", &account);
    assert_eq!(send(&house, "harbour", &signed(&house, "msg_1", &body).await).await.0, 204);
    guest.hears("You asked me to tell you when something is paid abroad").await.unwrap();
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_as_many_alerts_as_may_be_is_told_so() {
    // Nobody writes so fast; the usual limit is for that.
    let (data, port) = (TempDir::new().unwrap(), ports::free_run(3));
    files::write(data.path(), port).unwrap();
    let file = data.path().join("parlour.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n[limits]\nmessages_burst = 100\n")).unwrap();
    let house = House::begin(data, port).await;
    let mut guest = linked(&house).await;
    for shop in 1..=20 {
        let said = guest.ask(&format!("tell me about payments to Shop{shop}x")).await.unwrap();
        assert!(said.to_string().contains("I will tell you here"), "{said}");
    }
    let said = guest.ask("tell me about payments to Shop21x").await.unwrap();
    assert!(said.to_string().contains("You have 20 alerts, which is the most"), "{said}");
    let said = guest.ask("tell me about payments to Shop7x").await.unwrap();
    assert!(said.to_string().contains("You have this alert already"), "{said}");
    house_is_closed(house).await;
}

/// The bank's id of the consent that is open.
async fn at_the_bank(house: &House) -> String {
    let app = house.app();
    let open = app.store.read(|tx| store::consents::open_of_bank(tx, &harbour(), None, 10)).await.unwrap();
    open.into_iter().find_map(|consent| consent.at_bank).unwrap()
}

/// The body of an event about a payment of the consent that is open.
async fn payment(house: &House, transaction: &str) -> String {
    let data =
        json!({ "consentId": at_the_bank(house).await, "accountId": "acc-1", "transactionId": transaction });
    let at = house.app().clock.now().to_string();
    json!({ "type": "transaction.posted", "timestamp": at, "data": data }).to_string()
}

/// A message with its three headers.
#[derive(Clone)]
struct Sent {
    id: String,
    at: String,
    signature: String,
    body: String,
}

/// A message as the bank would sign it.
async fn signed(house: &House, id: &str, body: &str) -> Sent {
    let app = house.app();
    let endpoint = app.store.read(|tx| bank_events::endpoint(tx, &harbour())).await.unwrap().unwrap();
    sign(&endpoint.secret, id, app.clock.now().as_second(), body)
}

fn sign(key: &[u8], id: &str, at: i64, body: &str) -> Sent {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    Sent { id: id.to_owned(), at: at.to_string(), signature, body: body.to_owned() }
}

/// Sends it to a bank's address; the status and the kind of problem.
async fn send(house: &House, bank: &str, sent: &Sent) -> (u16, String) {
    let url = house.demo().gateway_url.join(&format!("bank-events/{bank}")).unwrap();
    let answer = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &sent.id)
        .header("webhook-timestamp", &sent.at)
        .header("webhook-signature", &sent.signature)
        .body(sent.body.clone())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["type"].as_str().unwrap_or_default().replace("/problems/", ""))
}

fn problem(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_forged_old_too_large_or_for_another_bank_is_refused_and_stores_nothing() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let body = payment(&house, "t-1").await;
    let right = signed(&house, "msg_1", &body).await;
    let now = house.app().clock.now().as_second();
    let endpoint = house.app().store.read(|tx| bank_events::endpoint(tx, &harbour())).await.unwrap().unwrap();
    let refused = problem(403, "unsigned");
    let other_key = sign(&[7; 32], "msg_1", now, &body);
    assert_eq!(send(&house, "harbour", &other_key).await, refused);
    let changed = Sent { body: body.replace("t-1", "t-2"), ..right.clone() };
    assert_eq!(send(&house, "harbour", &changed).await, refused);
    let renamed = Sent { id: "msg_2".to_owned(), ..right.clone() };
    assert_eq!(send(&house, "harbour", &renamed).await, refused);
    for off in [-301, 301] {
        assert_eq!(
            send(&house, "harbour", &sign(&endpoint.secret, "msg_1", now + off, &body)).await,
            refused,
            "{off}"
        );
    }
    let unsigned = Sent { signature: String::new(), ..right.clone() };
    assert_eq!(send(&house, "harbour", &unsigned).await, refused);
    assert_eq!(send(&house, "meridian", &right).await, problem(404, "not_found"), "it sends nothing here");
    assert_eq!(send(&house, "nowhere", &right).await, problem(404, "unknown_bank"));
    let large = format!("{{\"type\":\"{}\"}}", "x".repeat(16 * 1024 - 10));
    assert_eq!(send(&house, "harbour", &signed(&house, "m", &large[..]).await).await.0, 413);
    let broken = signed(&house, "msg_3", "{").await;
    assert_eq!(send(&house, "harbour", &broken).await, problem(422, "invalid"));
    assert_eq!(rows(&house, "due").await + rows(&house, "done").await, 0);
    assert_eq!(SigningKey::from_bytes(&endpoint.secret).bytes(), endpoint.secret.as_slice());
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_does_nothing_and_one_that_is_unknown_is_taken_and_forgotten() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let body = payment(&house, "t-1").await;
    let one = signed(&house, "msg_1", &body).await;
    assert_eq!(send(&house, "harbour", &one).await.0, 204);
    all_is_looked_at(&house, 1).await;
    let looked = count(&house, "SELECT COUNT(*) FROM access_record");
    house.forward(SignedDuration::from_mins(2));
    assert_eq!(send(&house, "harbour", &one).await.0, 204, "within five minutes, as it was sent");
    assert_eq!(send(&house, "harbour", &signed(&house, "msg_1", &body).await).await.0, 204, "signed again");
    assert_eq!(rows(&house, "done").await, 1);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM access_record"), looked, "and nothing was read again");
    let unknown = signed(&house, "msg_2", r#"{"type":"moon.full","data":{}}"#).await;
    assert_eq!(send(&house, "harbour", &unknown).await.0, 204);
    let stranger = body.replace(&at_the_bank(&house).await, "consent-of-somebody-else");
    assert_eq!(send(&house, "harbour", &signed(&house, "msg_3", &stranger).await).await.0, 204);
    assert_eq!(rows(&house, "due").await + rows(&house, "done").await, 1);
    house_is_closed(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_at_the_size_limit_is_read_and_one_byte_over_it_is_not() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let of = |size: usize| {
        let text = r#"{"type":"moon.full","data":{},"pad":""}"#;
        text.replace("\"pad\":\"", &format!("\"pad\":\"{}", "x".repeat(size - text.len())))
    };
    let most = parlour::http::bank_events::MAX_EVENT;
    assert_eq!(of(most).len(), most);
    assert_eq!(send(&house, "harbour", &signed(&house, "m-1", &of(most)).await).await.0, 204);
    assert_eq!(
        send(&house, "harbour", &signed(&house, "m-2", &of(most + 1)).await).await,
        problem(413, "too_large")
    );
    house_is_closed(house).await;
}
