//! The fraud desk over real HTTP: who may see it, what it shows and what not, and what a decision does.

use super::{
    client::{Answer, Ask},
    gateway::Gateway,
    office::{Colleague, Window, colleague, link},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    BankId, Channel, Consent, ConsentEvent, ConsentId, ConsentState, ConversationId, CustomerId, DataClass,
    EntryId, How, Purpose, staff::Role,
};
use fraud::event::{Event, Source, Verdict};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use parlour::alerts::record;
use serde_json::{Value, json};
use std::time::Duration;
use store::{
    DbError, card_events,
    consents::{self, Change, Changed},
    conversations::{self, Conversation, NewConversation},
    customers, erasures,
    fraud_alerts::{self, Alert, AlertState, NewAlert},
    messages,
};
use uuid::Uuid;

/// What no page of the desk may show.
const PLANTED: [&str; 6] =
    ["PlantedMerchant77", "PlantedCity77", "PlantedAccount77", "PlantedCard77", "PlantedTx77", "··91"];
/// The last digits of the card.
const DIGITS: &str = "7391";

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// Somebody who is linked, as the bank knows them by `at_bank`.
#[derive(Clone)]
struct Linked {
    room: Conversation,
    consent: Consent,
    at_bank: String,
}

fn change(event: ConsentEvent, entry: u128, at: Timestamp) -> Change {
    Change { event, how: How::Chat, reason: None, entry: EntryId::new(Uuid::from_u128(entry)), at }
}

async fn linked(gateway: &Gateway, number: u128) -> Linked {
    let app = gateway.app();
    let (now, bank, id) = (app.clock.now(), harbour(), Uuid::from_u128(0xbeef_0000 + number));
    let at_bank = format!("consent-{number}");
    let consent = Consent {
        id: ConsentId::new(id),
        bank: bank.clone(),
        customer: CustomerId::new(id),
        conversation: ConversationId::new(id),
        channel: Channel::Web,
        state: ConsentState::Requested,
        purposes: vec![Purpose::AnswerCustomer, Purpose::CustomerAlert],
        data_classes: vec![DataClass::Transactions],
        accounts: vec![PLANTED[2].parse().unwrap()],
        not_before: now,
        expires_at: now + SignedDuration::from_hours(24 * 90),
        notice_sha256: "00".repeat(32),
        notice: "We read your payments to answer you.".to_owned(),
        language: "en".to_owned(),
        at_bank: None,
    };
    let known = at_bank.clone();
    let begun = app.store.transact(move |tx| -> Result<(Conversation, Consent), DbError> {
        let (bank, customer) = (&consent.bank, &consent.customer);
        customers::begin(tx, bank, customer, now)?;
        let new = NewConversation {
            bank: bank.clone(),
            customer: customer.clone(),
            conversation: consent.conversation.clone(),
            channel: Channel::Web,
            session: [0; 32],
            now,
        };
        conversations::begin(tx, &new)?;
        consents::insert(tx, &consent, now)?;
        let given = change(ConsentEvent::Give, 0xabc0_0000 + number, now);
        let changed = consents::change(tx, &consent, &given, |agreed| agreed.at_bank = Some(known.clone()))?;
        let Changed::Yes(given, _) = changed else { panic!("it can be given") };
        Ok((conversations::find(tx, bank, customer, &consent.conversation)?.unwrap(), given))
    });
    let (room, consent) = begun.await.unwrap();
    Linked { room, consent, at_bank }
}

/// The bank tells of a payment that it suspects, signed.
async fn suspect(gateway: &Gateway, of: &Linked, payment: &str, card: &str, amount: &str) -> Answer {
    let now = gateway.app().clock.now();
    let body = json!({ "type": "card.alert", "timestamp": now.to_string(), "data": {
        "paymentId": payment, "cardToken": card, "terminalToken": "t-1", "at": now.to_string(),
        "amount": amount, "currency": "USD", "outcome": "approved", "reason": "velocity",
        "for": [{ "consentId": of.at_bank, "accountId": PLANTED[2], "cardId": PLANTED[3], "transactionId": PLANTED[4],
                  "cardDigits": DIGITS, "merchant": PLANTED[0], "city": PLANTED[1] }] } })
    .to_string();
    tell(gateway, &format!("evt-{payment}"), body).await
}

/// The bank tells of something, signed.
pub async fn tell(gateway: &Gateway, id: &str, body: String) -> Answer {
    let at = gateway.app().clock.now().as_second();
    let secret = std::fs::read_to_string(gateway.card_secret()).unwrap();
    let key = BASE64_STANDARD.decode(secret.trim().strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    let ask = Ask::post("/card-events/harbour")
        .body("application/json", body)
        .with("webhook-id", id)
        .with("webhook-timestamp", at.to_string())
        .with("webhook-signature", signature);
    let answer = gateway.send(ask).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn alerts_of(gateway: &Gateway, of: &Linked) -> Vec<Alert> {
    let (bank, customer) = (harbour(), of.consent.customer.clone());
    gateway.app().store.read(move |tx| fraud_alerts::of_customer(tx, &bank, &customer)).await.unwrap()
}

/// An alert that stands somewhere, without the way there.
async fn plant(gateway: &Gateway, of: &Linked, number: u64, terminal: u64, state: AlertState) -> String {
    let (now, of, id) =
        (gateway.app().clock.now(), of.clone(), Uuid::from_u128(u128::from(number)).to_string());
    let body = json!({ "payment": format!("pay-{number}"), "account": PLANTED[2], "card": PLANTED[3], "transaction": null,
        "digits": DIGITS, "merchant": PLANTED[0], "city": PLANTED[1],
        "amount": { "minor_units": 10_000, "currency": "USD" }, "at": now, "declined": false, "why": [], "reasons": ["velocity"],
        "score": null, "by_bank": true }).to_string();
    let name = id.clone();
    let planted = gateway.app().store.transact(move |tx| -> Result<(), DbError> {
        let mut payment = [0; 32];
        payment[..8].copy_from_slice(&number.to_be_bytes());
        let new = NewAlert {
            id: &name,
            bank: &of.consent.bank,
            customer: &of.consent.customer,
            conversation: &of.room.id,
            consent: &of.consent.id,
            payment: &payment,
            card: number << 32,
            terminal,
            body: body.as_bytes(),
            asks: false,
            now,
        };
        assert!(fraud_alerts::raise(tx, &new)?);
        assert!(fraud_alerts::answered(tx, &of.room, &name, &[AlertState::NotAsked], state, now)?);
        Ok(())
    });
    planted.await.unwrap();
    id
}

/// What the bank's side said in a conversation.
async fn said(gateway: &Gateway, of: &Linked) -> Vec<Value> {
    let room = of.room.clone();
    let all = gateway.app().store.read(move |tx| messages::after(tx, &room, 0, 100)).await;
    let all: Vec<messages::Message> = all.unwrap_or_else(|fault: DbError| panic!("{fault}"));
    all.iter().map(|message| serde_json::from_slice(&message.body).unwrap()).collect()
}

/// Waits until the first alert of somebody was asked about.
async fn asked(gateway: &Gateway, of: &Linked) -> Alert {
    for _ in 0..800 {
        if let Some(alert) = alerts_of(gateway, of).await.into_iter().find(Alert::is_asked) {
            return alert;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody was asked: {:?}", alerts_of(gateway, of).await)
}

async fn decide(who: &Colleague<'_>, id: &str, form: &[(&str, &str)]) -> Answer {
    who.window.post(&format!("/fraud/{id}/decide"), form).await
}

async fn analyst(gateway: &Gateway, seed: u8) -> Colleague<'_> {
    colleague(gateway, "harbour", Role::FraudAnalyst, seed).await
}

#[tokio::test]
async fn only_fraud_analysts_and_officers_see_the_desk_and_analysts_nothing_else() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let id = plant(&gateway, &mine, 1, 7, AlertState::NotMine).await;
    let (page, form) = (format!("/fraud/{id}"), [("verdict", "fraud"), ("note", "x")]);
    for (role, seed) in [(Role::Viewer, 1), (Role::PolicyEditor, 2), (Role::Auditor, 3)] {
        let who = colleague(&gateway, "harbour", role, seed).await;
        for path in ["/fraud", &page, "/fraud?format=csv"] {
            assert_eq!(who.window.get(path).await.status, 403, "{role} at {path}");
        }
        decide(&who, &id, &form).await.is_problem(403, "role");
        assert!(!who.window.get("/keys").await.body.contains("/fraud\""), "{role} is not led there");
    }
    let nobody = Window::open(&gateway, "harbour");
    assert_eq!(nobody.get("/fraud").await.status, 303);
    nobody.post(&format!("/fraud/{id}/decide"), &form).await.is_problem(401, "signed_out");

    let mut analyst = analyst(&gateway, 4).await;
    assert_eq!(analyst.window.sign_in(&mut analyst.device).await.json()["to"], "/console/harbour/fraud");
    for path in ["/fraud", &page, "/keys"] {
        assert_eq!(analyst.window.get(path).await.status, 200, "an analyst at {path}");
    }
    for path in ["", "/policies", "/no", "/consents", "/refusals", "/staff", "/history"] {
        assert_eq!(analyst.window.get(path).await.status, 403, "an analyst at {path}");
    }
    assert_eq!(analyst.window.visit("/audit/harbour").await.status, 403);
    let proposal = [("wish", "say_no"), ("what", "everything"), ("words", "x"), ("why", "x")];
    analyst.window.post("/proposals", &proposal).await.is_problem(403, "role");

    let officer = colleague(&gateway, "harbour", Role::Officer, 5).await;
    assert!(
        officer.window.get("").await.body.contains("/console/harbour/fraud\""),
        "an officer is led there"
    );
    assert_eq!(decide(&officer, &id, &form).await.status, 303);
    let elsewhere = colleague(&gateway, "meridian", Role::FraudAnalyst, 6).await;
    assert_eq!(elsewhere.window.get(&page).await.status, 404, "another bank's alert");
    assert!(elsewhere.window.get("/fraud").await.body.contains("tells of none now"));
    let there = elsewhere.window.post(&format!("/fraud/{id}/decide"), &form).await;
    there.is_problem(404, "not_found");
}

#[tokio::test]
async fn an_officer_invites_analysts_in_the_console() {
    let gateway = Gateway::start().await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let invited = officer.window.post("/staff", &[("name", "Noor"), ("role", "fraud_analyst")]).await;
    assert!(invited.status == 200 && invited.body.contains("/console/harbour/register/"), "{invited:?}");
}

#[tokio::test]
async fn an_alert_is_decided_once_and_a_change_keeps_what_was_before() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let one = analyst(&gateway, 1).await;
    let two = analyst(&gateway, 2).await;
    suspect(&gateway, &mine, "p-1", "c-1", "842.00").await;
    let id = asked(&gateway, &mine).await.id;
    let first = [("verdict", "fraud"), ("note", "Copied card,\r\nseen before.")];
    assert_eq!(decide(&one, &id, &first).await.status, 303);
    let again = decide(&two, &id, &[("verdict", "genuine"), ("note", "I think not.")]).await;
    let refused = again.is_problem(409, "stale");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("fraud, by Fraud analyst 1") && detail.contains("Copied card, seen before."),
        "{detail}"
    );
    let change = |verdict: &'static str, note: &'static str, of: &'static str| {
        [("verdict", verdict), ("note", note), ("change_of", of)]
    };
    decide(&two, &id, &change("fraud", "I agree.", "1")).await.is_problem(409, "stale");
    decide(&two, &id, &change("genuine", "Copied card, seen before.", "1")).await.is_problem(422, "invalid");
    decide(&two, &id, &change("genuine", "x", "2")).await.is_problem(409, "stale");
    assert_eq!(decide(&two, &id, &change("genuine", "The shop has sent the slip.", "1")).await.status, 303);
    decide(&one, &id, &change("fraud", "No.", "1")).await.is_problem(409, "stale");

    let page = one.window.get(&format!("/fraud/{id}")).await.body;
    for part in [
        "Fraud analyst 1 decided: fraud",
        "Copied card, seen before.",
        "Fraud analyst 2 changed the decision: genuine",
        "The shop has sent the slip.",
        "Change to fraud",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let officer = colleague(&gateway, "harbour", Role::Officer, 3).await;
    let history = officer.window.get("/history").await.body;
    assert_eq!(history.matches("decided a fraud alert").count(), 2, "{history}");
    assert!(
        !history.contains("Copied card") && history.contains(&id),
        "notes go with their alert: {history}"
    );

    for (number, verdict) in [(1, Verdict::Fraud), (2, Verdict::Clean)] {
        let label = format!("desk-{id}-{number}");
        let found = gateway.app().store.read(move |tx| card_events::of_id(tx, &harbour(), &label)).await;
        let found = found.unwrap_or_else(|fault: DbError| panic!("{fault}")).expect("the engine was told");
        let Some(Event::Label(label)) = record::read(&found.body) else { panic!("{found:?}") };
        assert_eq!((label.verdict, label.source), (verdict, Source::Agent));
        let paid = gateway.app().store.read(|tx| card_events::of_id(tx, &harbour(), "evt-p-1")).await;
        let paid = paid.unwrap_or_else(|fault: DbError| panic!("{fault}")).unwrap();
        let Some(Event::Payment(paid)) = record::read(&paid.body) else { panic!("{paid:?}") };
        assert_eq!((label.payment, label.card, label.paid_at), (paid.id, paid.card, paid.at));
    }
}

#[tokio::test]
async fn a_note_has_one_to_five_hundred_characters() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let id = plant(&gateway, &mine, 1, 7, AlertState::NotMine).await;
    let who = analyst(&gateway, 1).await;
    for note in ["", "  \r\n ", &"é".repeat(501)] {
        decide(&who, &id, &[("verdict", "fraud"), ("note", note)]).await.is_problem(422, "invalid");
    }
    decide(&who, &id, &[("verdict", "maybe"), ("note", "x")]).await.is_problem(422, "invalid");
    decide(&who, "nothing", &[("verdict", "fraud"), ("note", "x")]).await.is_problem(404, "not_found");
    decide(&who, &id, &[("verdict", "fraud"), ("note", &"é".repeat(500))]).await;
    assert!(who.window.get(&format!("/fraud/{id}")).await.body.contains(&"é".repeat(500)));
}

#[tokio::test]
async fn a_customer_who_is_still_asked_is_told_and_asked_no_more() {
    let gateway = Gateway::start().await;
    let (mine, other, paused) =
        (linked(&gateway, 1).await, linked(&gateway, 2).await, linked(&gateway, 3).await);
    let mut who = analyst(&gateway, 1).await;
    for (of, payment, card) in [(&mine, "p-1", "c-1"), (&other, "p-2", "c-2"), (&paused, "p-3", "c-3")] {
        suspect(&gateway, of, payment, card, "842.00").await;
    }
    let (fraud, genuine, third) =
        (asked(&gateway, &mine).await, asked(&gateway, &other).await, asked(&gateway, &paused).await);
    let (consent, now) = (paused.consent.clone(), gateway.app().clock.now());
    let pause = change(ConsentEvent::Pause, 9, now);
    gateway.app().store.transact(move |tx| consents::change(tx, &consent, &pause, |_| {})).await.unwrap();
    assert_eq!(decide(&who, &fraud.id, &[("verdict", "fraud"), ("note", "Copied.")]).await.status, 303);
    assert_eq!(
        decide(&who, &genuine.id, &[("verdict", "genuine"), ("note", "Known shop.")]).await.status,
        303
    );
    assert_eq!(decide(&who, &third.id, &[("verdict", "fraud"), ("note", "Copied.")]).await.status, 303);
    let last = said(&gateway, &mine).await.pop().unwrap().to_string();
    assert!(
        last.contains(
            "You need not answer any more: Harbour Bank has looked into it and found that the payment of $842.00 was fraud."
        ),
        "{last}"
    );
    assert!(last.contains("customer_alert"), "it stands in the log why: {last}");
    let last = said(&gateway, &other).await.pop().unwrap().to_string();
    assert!(last.contains("the payment of $842.00 is in order.") && last.contains("No, not me ("), "{last}");
    assert_eq!(said(&gateway, &paused).await.len(), 1, "nothing is said without a consent that holds");

    // A reminder would come now; somebody else's does.
    let next = linked(&gateway, 4).await;
    suspect(&gateway, &next, "p-4", "c-4", "10.00").await;
    asked(&gateway, &next).await;
    gateway.clock.forward(SignedDuration::from_hours(80));
    for _ in 0..800 {
        if said(&gateway, &next).await.len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(said(&gateway, &next).await.len() > 1, "the worker was there");
    assert_eq!((said(&gateway, &mine).await.len(), said(&gateway, &other).await.len()), (2, 2));
    assert_eq!(alerts_of(&gateway, &mine).await[0].state, AlertState::Asked, "where it stood stays");

    // Who changes their mind has told the customer something wrong, and says so.
    assert_eq!(who.window.sign_in(&mut who.device).await.status, 200);
    let change = [("verdict", "genuine"), ("note", "The slip came."), ("change_of", "1")];
    assert_eq!(decide(&who, &fraud.id, &change).await.status, 303);
    let last = said(&gateway, &mine).await.pop().unwrap().to_string();
    assert!(last.contains("I have to correct myself") && last.contains("is in order"), "{last}");
}

fn rows(page: &str) -> usize {
    page.matches("<td data-label=\"Age\"").count()
}

#[tokio::test]
async fn more_than_five_cards_at_one_terminal_are_one_line_that_leads_to_them() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let who = analyst(&gateway, 1).await;
    let terminal = 0x3fa9_c201_0000_0001;
    for number in 1..=5 {
        plant(&gateway, &mine, number, terminal, AlertState::NotMine).await;
    }
    plant(&gateway, &mine, 90, 8, AlertState::NotMine).await;
    assert_eq!(rows(&who.window.get("/fraud").await.body), 6, "five cards are five lines");
    plant(&gateway, &mine, 6, terminal, AlertState::Unanswered).await;
    let page = who.window.get("/fraud").await.body;
    assert_eq!(rows(&page), 2, "{page}");
    assert!(page.contains("terminal 3fa9c201: 6 alerts, 6 cards, $600.00"), "{page}");
    let link = "/console/harbour/fraud?terminal=3fa9c20100000001";
    assert!(page.contains(&format!("href=\"{link}\"")), "{page}");
    let list = who.window.visit(link).await.body;
    assert_eq!(rows(&list), 6, "{list}");
    assert!(list.contains("Terminal 3fa9c201"), "{list}");
    let some = who.window.visit(&format!("{link}&state=unanswered")).await.body;
    assert_eq!(rows(&some), 1, "{some}");
    let case = who.window.get(&format!("/fraud/{}", Uuid::from_u128(1))).await.body;
    assert!(case.contains("6 alerts on this terminal in 7 days from 6 cards"), "{case}");
    for wrong in ["?terminal=1", "?card=zzzzzzzzzzzzzzzz", "?state=lost", "?page=0", "?customer=x"] {
        assert_eq!(who.window.get(&format!("/fraud{wrong}")).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn the_queue_has_its_parts_in_order_pages_and_a_file() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let who = analyst(&gateway, 1).await;
    let empty = who.window.get("/fraud").await.body;
    for words in ["No open work.", "No customer is being asked.", "Nothing was decided in the last 7 days."] {
        assert!(empty.contains(words), "{words}: {empty}");
    }
    for number in 1..=49 {
        plant(&gateway, &mine, number, number << 32, AlertState::NotMine).await;
    }
    let decided = plant(&gateway, &mine, 50, 50 << 32, AlertState::Unanswered).await;
    suspect(&gateway, &mine, "p-51", "c-51", "10.00").await;
    asked(&gateway, &mine).await;
    assert_eq!(decide(&who, &decided, &[("verdict", "fraud"), ("note", "x")]).await.status, 303);
    let first = who.window.get("/fraud").await.body;
    assert_eq!(rows(&first), 50);
    let place = |words: &str| first.find(words).unwrap_or_else(|| panic!("{words}: {first}"));
    assert!(place("<h2>Open work") < place("<h2>Waiting for customers"));
    assert!(!first.contains("<h2>Decided in the last 7 days"), "{first}");
    assert!(first.contains("<dt>Open work</dt><dd>49</dd>"), "{first}");
    let next = first.split('"').find(|part| part.contains("page=2")).unwrap().to_owned();
    let second = who.window.visit(&next).await.body;
    assert_eq!(rows(&second), 1);
    assert!(second.contains("decided: fraud") && !second.contains("page=3"), "{second}");
    for (state, count) in [("open", 49), ("decided", 1), ("asked", 1), ("unanswered", 1), ("mine", 0)] {
        let page = who.window.get(&format!("/fraud?state={state}")).await.body;
        assert_eq!(rows(&page), count, "{state}");
    }
    let file = who.window.get("/fraud?format=csv").await;
    assert_eq!((file.header("content-type"), file.body.lines().count()), ("text/csv; charset=utf-8", 52));
}

#[tokio::test]
async fn no_page_of_the_desk_shows_who_the_customer_is() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    suspect(&gateway, &mine, "p-1", "c-1", "842.00").await;
    suspect(&gateway, &mine, "p-2", "c-1", "85.00").await;
    let id = asked(&gateway, &mine).await.id;
    assert_eq!(decide(&officer, &id, &[("verdict", "fraud"), ("note", "Copied.")]).await.status, 303);
    let alert = alerts_of(&gateway, &mine).await.into_iter().find(|alert| alert.id == id).unwrap();
    let card = format!("/fraud?card={:016x}", alert.card);
    let page = officer.window.get(&format!("/fraud/{id}")).await.body;
    assert!(page.contains("p-1") && page.contains("$842.00") && page.contains("velocity"), "{page}");
    assert!(page.contains(&format!("{:08x}", alert.card >> 32)), "{page}");
    for path in
        ["/fraud", "/fraud?format=csv", "/fraud?state=asked", &card, &format!("/fraud/{id}"), "/history"]
    {
        let answer = officer.window.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(!answer.body.contains("<script"), "{path} works without scripts");
        let customer = [mine.consent.customer.as_str(), mine.room.id.as_str(), mine.consent.id.as_str()];
        for value in PLANTED.iter().chain(&customer) {
            assert!(!answer.body.contains(value), "{path} shows {value}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_erased_customer_leaves_nothing_on_the_desk() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let who = analyst(&gateway, 1).await;
    let id = plant(&gateway, &mine, 1, 7, AlertState::NotMine).await;
    assert_eq!(decide(&who, &id, &[("verdict", "fraud"), ("note", "Copied.")]).await.status, 303);
    let customer = mine.consent.customer.clone();
    let wiped = gateway.app().store.transact(move |tx| erasures::wipe(tx, &harbour(), &customer, &[])).await;
    assert!(wiped.unwrap_or_else(|fault: DbError| panic!("{fault}")).other > 0);
    assert_eq!(who.window.get(&format!("/fraud/{id}")).await.status, 404);
    assert_eq!(rows(&who.window.get("/fraud?state=decided").await.body), 0);
    decide(&who, &id, &[("verdict", "genuine"), ("note", "x"), ("change_of", "1")])
        .await
        .is_problem(404, "not_found");
}

#[tokio::test]
async fn a_decision_that_the_engine_could_not_hear_is_told_later() {
    let gateway = Gateway::start().await;
    let mine = linked(&gateway, 1).await;
    let id = plant(&gateway, &mine, 1, 7, AlertState::NotMine).await;
    let (path, staff) = link(&gateway, "harbour", "Noor", Role::FraudAnalyst).await;
    assert!(path.contains("/register/"));
    let (of, by, now) = (id.clone(), staff.parse().unwrap(), gateway.app().clock.now());
    let stored = gateway.app().store.transact(move |tx| -> Result<bool, DbError> {
        let alert = fraud_alerts::of_bank(tx, &harbour(), &of)?.unwrap();
        let new = store::fraud_decisions::NewDecision {
            number: 1,
            verdict: domain::staff::FraudVerdict::Fraud,
            note: "Copied.",
            by: &by,
            now,
        };
        store::fraud_decisions::insert(tx, &alert, &new)
    });
    assert!(stored.await.unwrap(), "as if the process had ended here");
    parlour::alerts::verdict::teach_what_is_left(gateway.app()).await.unwrap();
    let label = format!("desk-{id}-1");
    let found = gateway.app().store.read(move |tx| card_events::of_id(tx, &harbour(), &label)).await;
    assert!(found.unwrap_or_else(|fault: DbError| panic!("{fault}")).is_some());
    let left = gateway.app().store.read(|tx| store::fraud_decisions::untaught(tx, 10)).await;
    assert!(left.unwrap_or_else(|fault: DbError| panic!("{fault}")).is_empty());
}
