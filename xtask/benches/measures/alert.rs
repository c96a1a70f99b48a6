//! `alert`: from the bank's word that a payment is suspicious to the question in its customer's chat, over HTTP: alone, and
//! while the bank tells of the payments of other cards. Customers are linked at the sandbox bank. The baseline is one plain
//! transaction that stores an event, on the same store.

use crate::{
    backend::on_disk,
    cards::{self, Signed},
    files,
    load::Connection,
    report::{Times, print, print_times},
    turn::Street,
};
use domain::{BankId, Clock};
use parlour::{consents as cases, rim::SystemClock, room, session::Session};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::{
    DbError, Store,
    card_events::{self, CardEvent},
};
use tokio::time;

/// Customers, each linked by signing in at the bank.
const PEOPLE: u32 = 8;
/// Alerts each way.
const ALERTS: u32 = 400;
/// Payments of other cards a second, beside the alerts.
const OTHERS: u32 = 200;
/// For so many seconds there are such payments: longer than the alerts take.
const OTHERS_LAST: u32 = 90;
/// Connections over which they come.
const CONNECTIONS: usize = 16;
/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Plain transactions.
const PLAIN: u64 = 300;

/// Somebody who is linked, with what the bank knows.
struct Person {
    session: Session,
    consent: String,
    account: String,
    /// The last message of their conversation that was looked at.
    seen: u64,
}

/// Measures and prints.
pub async fn measure() {
    let dir = on_disk();
    let street = Street::open_with(dir.path(), files::write_with_cards).await;
    let mut people = vec![];
    for n in 0..PEOPLE {
        people.push(person(&street, n).await);
    }
    let to = street.gateway.listen;
    let alone = alerts(&street, &mut people, "alone").await;
    let others = cards::payments("other", u64::from(OTHERS * OTHERS_LAST));
    let others = tokio::spawn(cards::at_rate(to, CONNECTIONS, others, OTHERS));
    let beside = alerts(&street, &mut people, "beside").await;
    assert!(!others.is_finished(), "the other payments ended before the alerts");
    others.abort();
    let plain = plain(&street.gateway.app.store).await;
    print_times("alert.alone", &alone);
    print_times("alert.beside_200_a_second", &beside);
    print_times("alert.plain_transaction", &plain);
    print("alert.over_plain.p50", alone.quantile_ms(0.5), "ms", Some(plain.quantile_ms(0.5)));
    street.close().await;
}

async fn person(street: &Street, n: u32) -> Person {
    let session = street.link(n).await;
    let app = &street.gateway.app;
    let open = cases::open_in(app, &session.bank, &session.customer, &session.conversation).await;
    let open = open.unwrap_or_else(|fault| panic!("the store reads: {fault}")).expect("they are linked");
    let account = open.accounts.first().expect("an account is shared").to_string();
    let mut person =
        Person { session, consent: open.at_bank.expect("the bank gave it a name"), account, seen: 0 };
    while news(street, &mut person).await.is_some() {}
    person
}

/// The next message of a conversation that was not looked at, if there is one.
async fn news(street: &Street, person: &mut Person) -> Option<Value> {
    let found = room::thread(&street.gateway.app, &person.session, person.seen, 1).await;
    let found = found.unwrap_or_else(|fault| panic!("the thread is read: {fault}")).pop()?;
    person.seen = found.seq;
    Some(serde_json::to_value(&found.words).expect("words are plain data"))
}

/// One alert after the other, of one person after the other: how long each takes from being sent to being in the chat.
async fn alerts(street: &Street, people: &mut [Person], way: &str) -> Times {
    let mut connection = Connection::open(street.gateway.listen).await;
    let (mut times, bells) = (Times::default(), &street.gateway.app.bells);
    for n in 0..ALERTS {
        let person = &mut people[(n % PEOPLE) as usize];
        let shop = format!("Corner Electronics {way} {n}");
        let id = format!("{way}-{n}");
        let message = Signed::new(id.clone(), suspected(person, &id, &shop).to_string());
        let mut bell = bells.subscribe(&person.session.conversation);
        let rings = bell.borrow_and_update().count;
        let began = Instant::now();
        message.send(&mut connection).await;
        let asked = bell.wait_for(|ring| ring.count > rings);
        let _ = time::timeout(PATIENCE, asked).await.expect("a question comes").expect("the bell stays");
        times.note(began.elapsed());
        let told = news(street, person).await.expect("the question is in the chat").to_string();
        assert!(told.contains(&shop), "{told}");
    }
    times
}

/// A payment that the bank suspects, of a card of its own: further payments on one card wait for the answer to the first.
fn suspected(person: &Person, id: &str, shop: &str) -> Value {
    let at = SystemClock.now().to_string();
    json!({ "type": "card.alert", "timestamp": at, "data": {
        "paymentId": id, "cardToken": id, "terminalToken": id, "at": at, "amount": "842.00", "currency": "USD",
        "merchantCategory": "5732", "merchantCountry": "PT", "entryMode": "online", "outcome": "approved",
        "reason": "velocity",
        "for": [{ "consentId": person.consent, "accountId": person.account, "cardId": id, "cardDigits": "4242",
                  "merchant": shop, "city": "Lisbon" }]
    }})
}

/// Stores an event of the same length, and nothing else, one after the other.
async fn plain(store: &Store) -> Times {
    let bank: BankId = "elsewhere".parse().expect("a plain word is a bank id");
    let mut times = Times::default();
    for seq in 1..=PLAIN {
        let (bank, now) = (bank.clone(), SystemClock.now());
        let event = CardEvent {
            seq,
            id: format!("plain-{seq}"),
            about: None,
            card: 1,
            terminal: 2,
            body: vec![b'1'; 120],
            answer: vec![b'1'; 120],
        };
        let began = Instant::now();
        let put = store.transact(move |tx| card_events::append(tx, &bank, &event, now)).await;
        assert!(put.unwrap_or_else(|fault: DbError| panic!("it is stored: {fault}")), "its place is free");
        times.note(began.elapsed());
    }
    times
}
