//! "Export my data": everything, a year of it, and nothing of anybody else.

use crate::house::House;
use domain::{BankId, Channel, CustomerId, DataClass, EntryId, MessageId, Purpose, Tier};
use gate::Decision;
use parlour::{
    demo::guest::Guest,
    export::{self, Piece},
    reply::Reply,
    room::{self, Words},
};
use serde_json::Value;
use store::{DbError, access, conversations::Conversation, exports, messages};
use uuid::Uuid;

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_holds_everything_and_no_token() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest.ask("what did I spend at Greenleaf Market this month?").await.unwrap();
    let said = guest.ask("export my data").await.unwrap().to_string();
    assert!(said.contains("/chat/harbour/export") && said.contains("/v1/chat/harbour/export"), "{said}");
    let mut other = Guest::enter(&house.harbour()).await.unwrap();
    other.ask("my aunt Philippa wants to know").await.unwrap();
    let page = guest.visitor.get(&guest.api("export")).await.unwrap();
    let export: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!((&export["schema"], &export["complete"]), (&"parlour.export/1".into(), &true.into()));
    let thread = guest.visitor.json(&guest.api("messages?limit=200")).await.unwrap();
    let of_thread: Vec<&Value> = thread["messages"].as_array().unwrap().iter().collect();
    let exported: Vec<&Value> =
        export["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
    assert_eq!(exported, of_thread, "word for word what the chat shows");
    assert_eq!(export["consents"][0]["consent"]["state"], "given");
    assert!(export["consents"][0]["record"]["@context"] != Value::Null, "the record of ISO/IEC TS 27560");
    let history = export["consents"][0]["history"].as_array().unwrap();
    assert!(history.iter().any(|change| change["log"]["index"].is_u64()), "{history:?}");
    assert_eq!(export["links"][0]["state"], "confirmed");
    assert!(export["traces"].is_array());
    let looked = guest.visitor.json(&guest.api("access")).await.unwrap();
    assert_eq!(export["accesses"].as_array().unwrap().len(), looked["accesses"].as_array().unwrap().len());
    for secret in ["refresh", "token", "Philippa", "sessionhash"] {
        assert!(!page.body.contains(&format!("\"{secret}")) && !page.body.contains("Philippa"), "{secret}");
    }
    opens_its_entries(&export);
    let read = guest.visitor.get(&guest.chat.join("/chat/harbour/export").unwrap()).await.unwrap();
    for promised in ["What you agreed to", "Greenleaf Market", "Who looked", "This is all"] {
        assert!(read.says(promised), "{promised}");
    }
}

/// Each record and key of the export opens the commitment of its leaf.
fn opens_its_entries(export: &Value) {
    use hmac::{Hmac, KeyInit, Mac};
    let bytes = |hex: &Value| -> Vec<u8> {
        let hex = hex.as_str().unwrap();
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    let accesses = export["accesses"].as_array().unwrap();
    assert!(!accesses.is_empty());
    for access in accesses {
        let log = &access["log"];
        let leaf = access_log::Leaf::decode(&bytes(&log["leaf"])).unwrap();
        let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&bytes(&log["key"])).unwrap();
        mac.update(log["record"].as_str().unwrap().as_bytes());
        assert_eq!(mac.finalize().into_bytes().as_slice(), leaf.commitment);
    }
}

/// As many pages as show that nothing depends on how many there are; `cargo xtask bench export` takes a whole year
/// (20,000 messages and 10,000 decisions), and also looks whether it is whole.
const MESSAGES: u64 = 4_000;
const ACCESSES: u64 = 2_000;
const AT_ONCE: u64 = 1_000;

async fn live_a_year(house: &House, guest: &mut Guest) -> (CustomerId, Conversation) {
    let app = house.app();
    let cookies = guest.visitor.cookies_of(&house.demo().gateway_url);
    let session =
        app.sessions.check(&harbour(), &cookies["__Host-parlour-harbour"], app.clock.now()).unwrap();
    let of = session.customer.clone();
    let threads = app.store.read(move |tx| exports::conversations(tx, &harbour(), &of)).await.unwrap();
    let thread = threads.into_iter().next().unwrap();
    let now = app.clock.now();
    for from in (0..MESSAGES).step_by(AT_ONCE as usize) {
        let to = thread.clone();
        let written = app.store.transact(move |tx| -> Result<(), DbError> {
            for n in from..from + AT_ONCE {
                let id = MessageId::new(Uuid::from_u128((1 << 100) + u128::from(n)));
                let reply = room::stored_reply(
                    Channel::Web,
                    &id,
                    &Reply::text(format!("the {n}th thing that was said")),
                    None,
                );
                messages::say(tx, &to, &reply, now)?;
            }
            Ok(())
        });
        written.await.unwrap();
    }
    for from in (0..ACCESSES).step_by(AT_ONCE as usize) {
        let entries: Vec<EntryId> = (from..from + AT_ONCE)
            .map(|n| EntryId::new(Uuid::from_u128((2 << 100) + u128::from(n))))
            .collect();
        let (ids, of) = (entries.clone(), thread.clone());
        let decided = app.store.decide(entries, move |tx| -> Result<(), DbError> {
            ids.iter().try_for_each(|entry| access::stage(tx, &decision(entry, &of, now)))
        });
        decided.await.unwrap();
    }
    (session.customer, thread)
}

fn decision(entry: &EntryId, of: &Conversation, at: jiff::Timestamp) -> Decision {
    Decision {
        entry: entry.clone(),
        at,
        bank: of.bank.clone(),
        customer: of.customer.clone(),
        asked_by: gate::AskerKind::Customer,
        consent: None,
        purpose: Purpose::AnswerCustomer,
        data_class: DataClass::Balances,
        accounts: vec![],
        payment: None,
        operation: None,
        channel: of.channel,
        tier: Tier::InChat,
        allowed: false,
        reason: None,
        clauses: vec![],
        policy_digest: [7; 32],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_time_is_exported_whole_and_a_part_at_a_time() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.ask("hello").await.unwrap();
    let (customer, _) = live_a_year(&house, &mut guest).await;
    let mut pieces = export::export(house.app(), harbour(), customer);
    let (mut largest, mut counts) = (0, None);
    while let Some(piece) = pieces.recv().await {
        match piece.unwrap() {
            Piece::Messages(_, entries) => largest = largest.max(entries.len()),
            Piece::Accesses(accesses) => largest = largest.max(accesses.len()),
            Piece::End(all) => counts = Some(all),
            _ => {}
        }
    }
    assert!(largest <= 500, "no part is larger than a page, however long the year: {largest}");
    let counts = counts.unwrap();
    assert_eq!((counts.messages, counts.accesses), (MESSAGES + 2, ACCESSES));
    let token = guest.visitor.cookies_of(&house.demo().gateway_url)["__Host-parlour-harbour"].clone();
    // A build with all checks takes longer for a year than a visitor waits.
    let fetch = |url: url::Url| reqwest::Client::new().get(url).bearer_auth(&token).send();
    let body = fetch(guest.api("export")).await.unwrap().text().await.unwrap();
    let export: Value = serde_json::from_str(&body).unwrap();
    let numbers: Vec<u64> = export["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["message"]["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=MESSAGES + 2).collect::<Vec<_>>());
    assert!(matches!(
        serde_json::from_value::<room::Entry>(export["messages"][5]["message"].clone()).unwrap().words,
        Words::Bank { .. }
    ));
    assert_eq!(export["accesses"].as_array().unwrap().len() as u64, ACCESSES);
    let read = fetch(guest.chat.join("/chat/harbour/export").unwrap()).await.unwrap().text().await.unwrap();
    for promised in ["the 0th thing", "the 3999th thing", "This is all: 4002 messages"] {
        assert!(read.contains(promised), "{promised}");
    }
}
