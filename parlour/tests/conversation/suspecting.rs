//! Fraud alerts: what the bank tells of card payments becomes a question, and the answer freezes the card or clears the
//! payment. The bank's events are signed here as a bank signs them.

use crate::house::House;
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use parlour::demo::{files, guest::Guest};
use serde_json::{Value, json};
use std::time::Duration;

/// What the sandbox bank knows of the first card that a guest shared.
pub struct Known {
    pub consent: String,
    pub account: String,
    pub card: String,
    pub digits: String,
    pub transaction: String,
}

/// Somebody who is linked, and what the bank knows of them.
pub async fn linked(house: &House) -> (Guest, Known) {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let bank = "harbour".parse().unwrap();
    let open =
        house.app().store.read(move |tx| store::consents::open_of_bank(tx, &bank, None, 10)).await.unwrap();
    let consent = open.into_iter().find_map(|consent| consent.at_bank).unwrap();
    let db = at_the_bank(house);
    let (account, card, digits) = db
        .query_row(
            "SELECT c.account, c.id, c.last4 FROM cards c JOIN consents s ON s.customer = c.customer \
             WHERE s.id = ?1 AND c.status = 'ACTIVE' AND instr(s.accounts, c.account) > 0 AND c.kind = 'CREDIT' LIMIT 1",
            [&consent],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    let known = Known { consent, account, card, digits, transaction: String::new() };
    let transaction = db
        .query_row(
            "SELECT id FROM transactions WHERE account = ?1 AND signed_minor < 0 AND by_card = 1 ORDER BY at DESC LIMIT 1",
            [&known.account],
            |row| row.get(0),
        )
        .unwrap();
    (guest, Known { transaction, ..known })
}

pub fn at_the_bank(house: &House) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(house.data().join("sandbox/harbour/bank.sqlite")).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db
}

pub fn card_status(house: &House, card: &str) -> String {
    at_the_bank(house).query_row("SELECT status FROM cards WHERE id = ?1", [card], |row| row.get(0)).unwrap()
}

pub fn count(house: &House, sql: &str) -> i64 {
    let db = rusqlite::Connection::open(house.data().join("parlour.db")).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A payment that the bank suspects.
pub fn suspected(house: &House, known: &Known, payment: &str, amount: &str) -> Value {
    let at = house.app().clock.now().to_string();
    json!({ "type": "card.alert", "timestamp": at, "data": {
        "paymentId": payment, "cardToken": "c-1", "terminalToken": "t-1", "at": at,
        "amount": amount, "currency": "USD", "merchantCategory": "5732", "merchantCountry": "PT",
        "entryMode": "online", "outcome": "approved", "reason": "velocity",
        "for": [{ "consentId": known.consent, "accountId": known.account, "cardId": known.card,
                  "transactionId": known.transaction, "cardDigits": known.digits, "merchant": "Corner Electronics",
                  "city": "Lisbon" }]
    }})
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// Sends what is signed as the bank signs it.
pub async fn send(house: &House, id: &str, body: &str) -> Answer {
    post(
        house,
        "card-events/harbour",
        "application/json",
        id,
        body,
        &files::card_secret(house.data()).unwrap(),
    )
    .await
}

/// What Standard Webhooks 1.0 asks for.
pub fn signature(secret: &str, id: &str, at: i64, body: &str) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

pub async fn post(house: &House, path: &str, kind: &str, id: &str, body: &str, secret: &str) -> Answer {
    let at = house.app().clock.now().as_second();
    let url = house.demo().gateway_url.join(path).unwrap();
    let answer = reqwest::Client::new()
        .post(url)
        .header("content-type", kind)
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", signature(secret, id, at, body))
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    Answer { status, body: answer.json().await.unwrap_or_default() }
}

pub async fn thread(guest: &mut Guest) -> Vec<Value> {
    let page = guest.visitor.json(&guest.api("messages?limit=200")).await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

/// What the bank's side said with these words, newest last.
pub async fn said(guest: &mut Guest, text: &str) -> Vec<Value> {
    let all = thread(guest).await;
    all.into_iter()
        .filter(|m| m["words"]["from"] == "bank" && m.to_string().contains(text))
        .map(|m| m["words"]["reply"].clone())
        .collect()
}

pub fn text(reply: &Value) -> String {
    reply["blocks"][0]["text"].as_str().unwrap_or_default().to_owned()
}

pub async fn frozen(house: &House, card: &str) {
    for _ in 0..400 {
        if card_status(house, card) == "FROZEN" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the card is {}", card_status(house, card));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspicion_becomes_a_question_and_a_no_freezes_the_card_and_reports_the_payment() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    let answer = send(&house, "evt-1", &suspected(&house, &known, "p-1", "842.00").to_string()).await;
    assert_eq!((answer.status, &answer.body["action"]), (200, &json!("alert")), "{}", answer.body);
    assert_eq!(answer.body["asked"], 1, "{}", answer.body);
    guest.hears("Was this you?").await.unwrap();
    let question = said(&mut guest, "Was this you?").await.remove(0);
    let words = text(&question);
    assert!(words.contains("$842.00 at Corner Electronics in Lisbon"), "{words}");
    assert!(
        words.contains(&format!("··{}", &known.digits[2..])) && !words.contains(&known.digits),
        "{words}"
    );
    assert!(words.chars().count() <= 160 && !words.contains("http"), "{words}");
    assert_eq!(question["seen"][0]["purpose"], "customer_alert", "{question}");
    let reply = guest.ask("no!!").await.unwrap();
    assert!(reply.to_string().contains("I am freezing your card"), "{reply}");
    frozen(&house, &known.card).await;
    guest.hears("has confirmed: your card").await.unwrap();
    guest.hears("Its number for this is").await.unwrap();
    let deeds = guest.ask("what did you change?").await.unwrap();
    assert!(
        deeds.to_string().contains("Freeze card ··") && deeds.to_string().contains("not yours"),
        "{deeds}"
    );
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_mine'"), 1);
    assert_eq!(
        count(&house, "SELECT COUNT(*) FROM card_event"),
        2,
        "the payment, and what its customer said"
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_asks_nothing_and_is_answered_as_before() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    let body = suspected(&house, &known, "p-1", "842.00").to_string();
    let first = send(&house, "evt-1", &body).await;
    let again = send(&house, "evt-1", &body).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    // The bank tells of the same payment in another event: it is asked about once.
    send(&house, "evt-2", &body).await;
    guest.hears("Was this you?").await.unwrap();
    house.restart().await;
    let after = send(&house, "evt-1", &body).await;
    assert_eq!(after.body, first.body);
    guest.ask("my alerts").await.unwrap();
    assert_eq!(said(&mut guest, "Was this you?").await.len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_clears_a_small_payment_and_a_late_no_still_freezes() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    let reply = guest.ask("yes that was me").await.unwrap();
    assert!(reply.to_string().contains("knows now that"), "{reply}");
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'mine'"), 1);
    assert_eq!(card_status(&house, &known.card), "ACTIVE");
    let reply = guest.ask("oh no, that wasn't me").await.unwrap();
    assert!(reply.to_string().contains("I am freezing"), "{reply}");
    frozen(&house, &known.card).await;
    let reply = guest.ask("it was me after all").await.unwrap();
    assert!(reply.to_string().contains("A yes in the chat does not undo that"), "{reply}");
    assert_eq!(card_status(&house, &known.card), "FROZEN");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_banks_limit_a_yes_counts_after_an_approval_at_the_bank() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "500.01").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    let reply = guest.ask("yes").await.unwrap();
    assert!(reply.to_string().contains("on its own site"), "{reply}");
    assert_eq!(
        count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'asked'"),
        1,
        "a yes alone does nothing"
    );
    let door = reply["blocks"].as_array().unwrap().iter().find(|block| block["type"] == "door").unwrap();
    let url = door["href"].as_str().unwrap().parse().unwrap();
    let page = guest.visitor.get(&url).await.unwrap();
    let page = match page.form_with("approve") {
        Ok(_) => page,
        Err(_) => guest.sign_in(&house.harbour(), page).await.unwrap(),
    };
    let form = page.form_with("approve").unwrap();
    guest.visitor.submit(&page.url, &form, Some("approve")).await.unwrap();
    let reply = guest.ask("I have approved it").await.unwrap();
    assert!(reply.to_string().contains("knows that this payment is yours"), "{reply}");
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'mine'"), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_new_chat_and_after_a_change_of_contact_a_yes_counts_after_an_approval_at_the_bank() {
    let mut house = House::open_with_new_days(7).await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    let reply = guest.ask("yes").await.unwrap();
    assert!(reply.to_string().contains("was linked only lately"), "{reply}");
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'asked'"), 1);
    house.forward(SignedDuration::from_hours(24 * 8));
    guest.hears("Our people look into it").await.unwrap();
    let changed = |days: i64| house.app().clock.now() - SignedDuration::from_hours(24 * days);
    for (n, days, wants) in [(2, 6, "changed lately"), (3, 7, "knows now that")] {
        let mut event = suspected(&house, &known, &format!("p-{n}"), &format!("9{n}.00"));
        event["data"]["cardToken"] = json!(format!("c-{n}"));
        event["data"]["for"][0]["contactChangedAt"] = json!(changed(days).to_string());
        let answer = send(&house, &format!("evt-{n}"), &event.to_string()).await;
        assert_eq!(answer.body["asked"], 1, "{}", answer.body);
        guest.hears(&format!("$9{n}.00 at Corner")).await.unwrap();
        let reply = guest.ask(&format!("yes, the $9{n}.00 was me")).await.unwrap();
        assert!(reply.to_string().contains(wants), "{days} days: {reply}");
    }
    let mut event = suspected(&house, &known, "p-9", "84.00");
    event["data"]["for"][0]["contactChangedAt"] = json!("last week");
    let refused = send(&house, "evt-9", &event.to_string()).await;
    assert_eq!(
        (refused.status, &refused.body["fields"][0]["name"]),
        (422, &json!("data.for.contactChangedAt"))
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_customer_who_denies_everything_five_noes_a_month_teach_the_engine() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    for n in 1..=7 {
        let mut event = suspected(&house, &known, &format!("p-{n}"), &format!("3{n}.00"));
        event["data"]["cardToken"] = json!(format!("c-{n}"));
        send(&house, &format!("evt-{n}"), &event.to_string()).await;
        guest.hears(&format!("$3{n}.00 at Corner")).await.unwrap();
        let reply = guest.ask(&format!("no, the $3{n}.00 was not me")).await.unwrap();
        assert!(reply.to_string().contains("freez") || reply.to_string().contains("frozen"), "{n}: {reply}");
    }
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_mine'"), 7);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM card_event"), 7 + 5, "seven payments, and five labels");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_questions_an_answer_that_names_one_is_about_that() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    for (n, amount, merchant) in
        [(1, "31.20", "Corner Electronics"), (2, "45.00", "Harbor Shoes"), (3, "45.00", "Blue Fern")]
    {
        let mut event = suspected(&house, &known, &format!("p-{n}"), amount);
        event["data"]["cardToken"] = json!(format!("c-{n}"));
        event["data"]["for"][0]["merchant"] = json!(merchant);
        send(&house, &format!("evt-{n}"), &event.to_string()).await;
        guest.hears(&format!("at {merchant}")).await.unwrap();
        house.forward(SignedDuration::from_secs(1));
    }
    let reply = guest.ask("yes, I got something for $31.20 there").await.unwrap();
    assert!(reply.to_string().contains("$31.20"), "{reply}");
    let reply = guest.ask("the $45 at harbor shoes was not me!").await.unwrap();
    assert!(reply.to_string().contains("$45.00 at Harbor Shoes"), "{reply}");
    let reply = guest.ask("what is this $45?").await.unwrap();
    assert!(reply.to_string().contains("Blue Fern"), "the one that is still asked about: {reply}");
    let states =
        |state: &str| count(&house, &format!("SELECT COUNT(*) FROM fraud_alert WHERE state = '{state}'"));
    assert_eq!((states("mine"), states("not_mine"), states("asked")), (1, 1, 1));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_reminded_once_and_then_given_to_the_banks_people_and_is_never_a_yes() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    house.forward(SignedDuration::from_hours(24));
    guest.hears("Still open: was this you?").await.unwrap();
    house.forward(SignedDuration::from_hours(48));
    guest.hears("Our people look into it").await.unwrap();
    house.forward(SignedDuration::from_hours(24 * 5));
    guest.ask("hello").await.unwrap();
    let messages = said(&mut guest, "Corner Electronics").await.len();
    assert_eq!(messages, 3, "no more than three messages about one payment");
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'unanswered'"), 1);
    let reply = guest.ask("that was not me").await.unwrap();
    assert!(reply.to_string().contains("I am freezing"), "{reply}");
    frozen(&house, &known.card).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_nobody_is_asked_and_the_banks_people_have_it() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    guest.ask("stop").await.unwrap();
    let answer = send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    guest.ask("hello").await.unwrap();
    assert_eq!(said(&mut guest, "Corner Electronics").await.len(), 0);
    assert_eq!(
        count(&house, "SELECT COUNT(*) FROM fraud_alert"),
        0,
        "nobody is named when nothing is shared"
    );
    assert_eq!(count(&house, "SELECT COUNT(*) FROM card_event"), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn further_payments_on_a_card_wait_for_the_answer_and_are_asked_about_after_it() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    send(&house, "evt-2", &suspected(&house, &known, "p-2", "85.00").to_string()).await;
    house.forward(SignedDuration::from_secs(1));
    send(&house, "evt-3", &suspected(&house, &known, "p-3", "86.00").to_string()).await;
    for _ in 0..400 {
        if count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'asked'") == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(said(&mut guest, "Was this you?").await.len(), 1, "one question a card at a time");
    let reply = guest.ask("No").await.unwrap();
    assert!(reply.to_string().contains("one more payment with it: $85.00"), "{reply}");
    let button = reply["quick"][1]["text"].as_str().unwrap().to_owned();
    assert!(button.starts_with("Yes, it was me ("), "{reply}");
    let reply = guest.ask(&button).await.unwrap();
    assert!(reply.to_string().contains("one more payment: $86.00"), "{reply}");
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'mine'"), 1);
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_mine'"), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_clear_is_asked_once_more_and_then_a_person_helps() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    let reply = guest.ask("what is this?").await.unwrap();
    assert!(reply.to_string().contains("Why I ask") && reply.to_string().contains("Lisbon"), "{reply}");
    let reply = guest.ask("not sure").await.unwrap();
    assert!(reply.to_string().contains("could not tell"), "{reply}");
    let reply = guest.ask("maybe").await.unwrap();
    assert!(reply.to_string().contains("freeze the card now"), "{reply}");
    assert_eq!(card_status(&house, &known.card), "ACTIVE");
    let reply = guest.ask("did you write this?").await.unwrap();
    assert!(reply.to_string().contains("I asked you about a payment here"), "{reply}");
    assert!(reply.to_string().contains("never has a link"), "{reply}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bank_cannot_freeze_the_customer_is_told_the_truth_and_it_is_tried_until_it_is_done() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    guest.hears("Was this you?").await.unwrap();
    house.faults(&json!({ "serverError": {} })).await;
    let reply = guest.ask("no").await.unwrap();
    assert!(reply.to_string().contains("I tell you here when"), "{reply}");
    guest.hears("Not done yet").await.unwrap();
    assert_eq!(card_status(&house, &known.card), "ACTIVE");
    house.faults(&json!({})).await;
    for _ in 0..400 {
        house.forward(SignedDuration::from_secs(30));
        if card_status(&house, &known.card) == "FROZEN" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    frozen(&house, &known.card).await;
    guest.hears("has confirmed: your card").await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_of_the_gateway_loses_no_alert_and_asks_nobody_twice() {
    let mut house = House::open().await;
    let (mut guest, known) = linked(&house).await;
    send(&house, "evt-1", &suspected(&house, &known, "p-1", "84.00").to_string()).await;
    house.restart().await;
    guest.hears("Was this you?").await.unwrap();
    guest.ask("no").await.unwrap();
    house.restart().await;
    frozen(&house, &known.card).await;
    guest.hears("has confirmed: your card").await.unwrap();
    assert_eq!(said(&mut guest, "Was this you?").await.len(), 1);
    assert_eq!(said(&mut guest, "has confirmed: your card").await.len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_me_on_a_notice_of_a_purchase_freezes_the_card() {
    let mut house = House::open().await;
    let (mut guest, _) = linked(&house).await;
    guest.ask("tell me when my card is used").await.unwrap();
    let bank = house.harbour();
    let url = bank.url.join("purchase").unwrap();
    let page = guest.visitor.get(&url).await.unwrap();
    if page.form_with("amount").is_err() {
        guest.sign_in(&bank, page).await.unwrap();
    }
    let page = guest.visitor.get(&url).await.unwrap();
    let form = page.form_with("amount").unwrap().fill("shop", "Willow Pharmacy").fill("amount", "75.13");
    guest.visitor.submit(&page.url, &form, None).await.unwrap();
    guest.hears("You asked me to tell you").await.unwrap();
    let notice = said(&mut guest, "You asked me to tell you").await.pop().unwrap();
    let button = notice["quick"][0].clone();
    assert_eq!(button["label"], "Not me", "{notice}");
    let reply = guest.ask(button["text"].as_str().unwrap()).await.unwrap();
    assert!(reply.to_string().contains("$75.13 at Willow Pharmacy was not you"), "{reply}");
    guest.hears("has confirmed: your card").await.unwrap();
    assert_eq!(count(&house, "SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_mine'"), 1);
    house.stop().await;
}
