//! What can be read by whoever has the files: nothing personal.

use crate::{
    fixture::{Customer, Fixture, consent, customer, decision, later, message_id, noon, uuid},
    log::decide,
    messages::{all, receive},
};
use domain::{ConsentState, LinkId, ids::TaskId};
use std::{collections::BTreeSet, process::Command};
use store::{
    DbError, Store,
    bank_tasks::{self, NewTask, TaskKind},
    consents, conversations, grants,
    links::{self, NewLink},
    messages::{self, NewReply},
};
use testkit::postgres::Postgres;

/// What is written into each sealed column.
const SECRETS: [&str; 8] = [
    "secret-of-an-inbound-message",
    "secret-of-a-reply",
    "secret-of-the-context",
    "secret-of-a-notice",
    "secret-of-a-pending-link",
    "secret-of-a-grant",
    "secret-of-a-decision",
    "secret-of-a-task",
];
/// A text that is not sealed, to see that the search finds what is there.
const CLEAR: &str = "clear-idempotency-key";

async fn write_secrets(store: &Store, customer: &Customer) {
    let [inbound, reply, context, notice, pending, grant, account, task] = SECRETS;
    receive(store, customer, CLEAR, inbound).await;
    let accounts = vec![account.parse().unwrap()];
    decide(store, vec![gate::Decision { accounts, ..decision(customer, true) }]).await.unwrap();
    let customer = customer.clone();
    let written = store.transact(move |tx| {
        let Customer { bank, id, conversation, consent: given } = &customer;
        let said = NewReply { id: message_id(), body: reply.into() };
        messages::say(tx, conversation, &said, noon())?;
        conversations::set_context(tx, conversation, context.as_bytes())?;
        let mut asked = consent(bank, id, &conversation.id, ConsentState::Requested);
        asked.notice = notice.to_owned();
        consents::insert(tx, &asked, noon())?;
        let link = NewLink {
            id: LinkId::new(uuid()),
            bank: bank.clone(),
            customer: id.clone(),
            conversation: conversation.id.clone(),
            consent: asked.id,
            token_hash: [1; 32],
            now: noon(),
            expires_at: later(600),
        };
        links::insert(tx, &link)?;
        links::open(tx, bank, &[1; 32], &[2; 32], noon())?;
        links::send(tx, &[2; 32], pending.as_bytes(), noon())?;
        grants::put(tx, bank, id, &given.id, grant.as_bytes(), noon())?;
        let (kind, body) = (TaskKind::RevokeConsent, task.as_bytes());
        let task = NewTask {
            id: TaskId::new(uuid()),
            bank,
            customer: id,
            consent: &given.id,
            key: "k",
            kind,
            body,
            now: noon(),
        };
        bank_tasks::enqueue(tx, &task)?;
        Ok::<_, DbError>(())
    });
    written.await.unwrap();
}

/// Which of the texts are in the files of the database, byte for byte.
fn found_in_files(fixture: &Fixture) -> BTreeSet<String> {
    let dirs = match (&fixture.dir, &fixture.database) {
        (Some(dir), _) => vec![dir.path().to_owned()],
        (None, Some(database)) => {
            let server = Postgres::shared().unwrap();
            server.sql("postgres", "CHECKPOINT").unwrap();
            let number = "SELECT oid FROM pg_database WHERE datname = current_database()";
            let number = server.sql(&database.name, number).unwrap();
            vec![server.files().join("base").join(number), server.files().join("pg_wal")]
        }
        (None, None) => unreachable!("a fixture has a directory or a database"),
    };
    let mut search = Command::new("grep");
    search.env("LC_ALL", "C").args(["-r", "-a", "-o", "-h", "-F"]);
    for text in SECRETS.iter().chain([&CLEAR]) {
        search.args(["-e", text]);
    }
    // A server may remove a file while it is searched, so only what is found counts.
    let found = search.args(&dirs).output().unwrap().stdout;
    String::from_utf8(found).unwrap().lines().map(str::to_owned).collect()
}

pub async fn nothing_personal_can_be_read_in_the_files(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    write_secrets(&store, &customer).await;
    let only_what_is_not_sealed = BTreeSet::from([CLEAR.to_owned()]);
    assert_eq!(found_in_files(&fixture), only_what_is_not_sealed);
    store.close().await;
    assert_eq!(found_in_files(&fixture), only_what_is_not_sealed);
}

pub async fn a_sealed_value_does_not_open_in_another_row(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    receive(&store, &customer, "a", "one").await;
    receive(&store, &customer, "b", "two").await;
    assert_eq!(all(&store, &customer).await[0].body, b"one");
    fixture.tamper("UPDATE message SET body = (SELECT m.body FROM message m WHERE m.seq = 2) WHERE seq = 1");
    let conversation = customer.conversation.clone();
    let read = store.read(move |tx| messages::after(tx, &conversation, 0, 10).map(|list| list.len())).await;
    assert!(matches!(read, Err(DbError::Sealed(_))), "{read:?}");
}

pub async fn without_the_customers_key_nothing_opens(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    receive(&store, &customer, "a", "one").await;
    fixture.tamper("DELETE FROM customer_key");
    let conversation = customer.conversation.clone();
    let read = store.read(move |tx| messages::after(tx, &conversation, 0, 10).map(|list| list.len())).await;
    assert!(matches!(read, Err(DbError::NoKey { .. })), "{read:?}");
}
