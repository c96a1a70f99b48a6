//! What can be read by whoever has the files: nothing personal.

use crate::{
    fixture::{self, Customer, Fixture, consent, customer, decision, later, message_id, noon, uuid},
    log::decide,
    messages::{all, receive},
};
use domain::{
    ConsentEvent, ConsentState, Controller, LinkId, SealedLinkId, StaffId, Terms,
    erasure::{HoldKind, Keep},
    ids::{HoldId, TaskId},
    staff::FraudVerdict,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};
use store::{
    DbError, Location, Store, Tx, bank_events,
    bank_tasks::{self, NewTask, TaskKind},
    consent_events, consents, conversations,
    fraud_alerts::{self, NewAlert},
    fraud_decisions::{self, NewDecision},
    grants,
    holds::{self, Hold, Said},
    links::{self, NewLink},
    messages::{self, NewReply},
    orders::{self, OrderPlace},
    sealed_links::{self, NewSealedLink},
    watches,
};
use testkit::postgres::Postgres;

/// The sealed columns, and what the test writes into each. A column of bytes that is neither here nor in
/// [`NOT_SEALED`] fails a test, and so does one here that was left empty.
const SECRETS: [(&str, &str); 19] = [
    ("message.body", "secret-of-an-inbound-message"),
    ("message.body", "secret-of-a-reply"),
    ("conversation.context", "secret-of-the-context"),
    ("consent.body", "secret-of-a-notice"),
    ("link.pending", "secret-of-a-pending-link"),
    ("bank_grant.secret", "secret-of-a-grant"),
    ("access_record.body", "secret-of-a-decision"),
    ("bank_task.body", "secret-of-a-task"),
    ("consent_event.body", "secret-of-a-change"),
    ("consent_terms.body", "secret-of-the-terms"),
    ("hold.body", "secret-of-a-hold"),
    ("sealed_link.body", "secret-of-a-question"),
    ("customer_order.body", "secret-of-an-order"),
    ("watch.body", "secret-of-a-watch"),
    ("watch_hours.body", "secret-of-the-hours"),
    ("bank_event.body", "secret-of-an-event"),
    ("bank_endpoint.secret", "secret-of-an-endpoint"),
    ("fraud_alert.body", "secret-of-an-alert-of-842.00-USD"),
    ("fraud_decision.note", "secret-of-a-note"),
];

/// Columns of bytes that hold nothing of a person: hashes, keys that are wrapped, and what the log publishes.
const NOT_SEALED: [(&str, &str); 26] = [
    ("store_mark.sealed", "a known text, sealed, by which a key is recognized"),
    ("customer_key.wrapped", "a key under the key-encryption key"),
    ("conversation.session", "a hash of a session"),
    ("link.token_hash", "a hash of a secret"),
    ("link.cookie_hash", "a hash of a secret"),
    ("sealed_link.token_hash", "a hash of a secret"),
    ("sealed_link.browser_hash", "a hash of a secret"),
    ("known_browser.browser_hash", "a hash of a secret"),
    ("sender.sender", "a keyed hash of what a messenger calls somebody"),
    ("staff_invitation.token_hash", "a hash of a secret"),
    ("staff_ceremony.token_hash", "a hash of a secret"),
    ("staff_session.token_hash", "a hash of a secret"),
    ("log_staged.leaf", "what the log publishes"),
    ("log_entry.leaf", "what the log publishes"),
    ("bank_subject.subject", "a keyed hash of what a bank calls somebody"),
    ("sign_in_attempt.cookie_hash", "a hash of a secret"),
    ("sign_in_attempt.state_hash", "a hash of a secret"),
    ("sign_in_attempt.pending", "sealed under a key that only the browser has"),
    ("sign_in_session.token_hash", "a hash of a secret"),
    ("sign_in_session.subject", "a keyed hash of what a bank calls somebody"),
    ("consent.at_bank", "a hash of the bank's id of a consent"),
    ("watch_told.what", "a hash of the bank's id of a payment"),
    ("card_event.body", "keyed hashes and numbers of a payment that nobody is named in"),
    ("card_event.answer", "what was decided about such a payment"),
    ("fraud_alert.payment", "a hash of the bank's id of a payment"),
    ("erasure.receipt", "counts and times; what the test of receipts looks at"),
];

/// Columns of text in tables of customers: ids, states and names of kinds. No text that anybody wrote.
const PLAIN: [&str; 17] = [
    "asked_by",
    "bank",
    "channel",
    "consent",
    "conversation",
    "customer",
    "entry",
    "heir",
    "id",
    "idempotency",
    "keeps",
    "kek",
    "kind",
    "last_fault",
    "lease_by",
    "state",
    "verdict",
];

/// A text that is not sealed, to see that the search finds what is there.
const CLEAR: &str = "clear-idempotency-key";

async fn write_secrets(store: &Store, customer: &Customer) {
    let [inbound, reply, context, notice, pending, grant, account, task, rest @ ..] =
        SECRETS.map(|(_, secret)| secret);
    receive(store, customer, CLEAR, inbound).await;
    let accounts = vec![account.parse().unwrap()];
    decide(store, vec![gate::Decision { accounts, ..decision(customer, true) }]).await.unwrap();
    let customer = customer.clone();
    let written = store.transact(move |tx| {
        write_more(tx, &customer, rest)?;
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

/// What came with later tables: a change with a reason, terms, a hold, a question behind a sealed link, an alert.
fn write_more(tx: &mut Tx, customer: &Customer, secrets: [&str; 11]) -> Result<(), DbError> {
    let [change, terms, hold, question, order, watch, hours, event, endpoint, alert, note] = secrets;
    let Customer { bank, id, conversation, consent } = customer;
    let pause = consents::Change { reason: Some(change.to_owned()), ..fixture::change(ConsentEvent::Pause) };
    consents::change(tx, consent, &pause, |_| {})?;
    let terms = Terms {
        controller: Controller { name: terms.to_owned(), ..Controller::default() },
        profile: "us".to_owned(),
        lookback_days: 90,
        keep_record_days: 1095,
        policy_sha256: "11".repeat(32),
        floor_sha256: "22".repeat(32),
        supersedes: None,
    };
    consent_events::put_terms(tx, consent, &terms)?;
    let hold = Hold {
        id: HoldId::new(uuid()),
        bank: bank.clone(),
        customer: id.clone(),
        kind: HoldKind::OpenCase,
        keeps: vec![Keep::Messages],
        set_at: noon(),
        until: None,
        said: Said { by: "ops".to_owned(), reason: hold.to_owned() },
    };
    holds::set(tx, &hold)?;
    let link = NewSealedLink {
        id: SealedLinkId::new(uuid()),
        bank: bank.clone(),
        customer: id.clone(),
        conversation: conversation.id.clone(),
        consent: Some(consent.id.clone()),
        token_hash: [3; 32],
        question: question.as_bytes().to_vec(),
        now: noon(),
        expires_at: later(600),
    };
    sealed_links::insert(tx, &link)?;
    let of = OrderPlace {
        bank: bank.clone(),
        customer: id.clone(),
        conversation: conversation.id.clone(),
        id: "k-1".to_owned(),
    };
    orders::write(tx, &of, order.as_bytes(), noon())?;
    watches::add(tx, conversation, watch.as_bytes(), 20, noon())?;
    watches::set_hours(tx, conversation, hours.as_bytes())?;
    let owner = bank_events::Owner {
        customer: id.clone(),
        conversation: conversation.id.clone(),
        consent: consent.id.clone(),
    };
    let new = bank_events::NewEvent { bank, id: "msg_1", owner: &owner, body: event.as_bytes(), now: noon() };
    bank_events::receive(tx, &new)?;
    let endpoint = bank_events::Endpoint {
        id: "we-1".to_owned(),
        url: "https://chat.example".to_owned(),
        secret: endpoint.as_bytes().to_vec().into(),
    };
    bank_events::put_endpoint(tx, bank, &endpoint, None, noon())?;
    write_fraud(tx, customer, alert, note)
}

/// An alert about a payment, and what the bank's people decided about it.
fn write_fraud(tx: &mut Tx, customer: &Customer, body: &str, note: &str) -> Result<(), DbError> {
    let new = NewAlert {
        id: "alert-1",
        bank: &customer.bank,
        customer: &customer.id,
        conversation: &customer.conversation.id,
        consent: &customer.consent.id,
        payment: &[4; 32],
        card: 1,
        terminal: 2,
        body: body.as_bytes(),
        asks: true,
        now: noon(),
    };
    fraud_alerts::raise(tx, &new)?;
    let alert = fraud_alerts::of_bank(tx, &customer.bank, "alert-1")?.expect("it was raised just now");
    let by = StaffId::new(uuid());
    let new = NewDecision { number: 1, verdict: FraudVerdict::Fraud, note, by: &by, now: noon() };
    fraud_decisions::insert(tx, &alert, &new)?;
    Ok(())
}

/// `table.column` of every column of a kind, in tables of customers or in all.
fn columns(fixture: &Fixture, kind: &str, of_customers: bool) -> BTreeSet<String> {
    let sql = match &fixture.location {
        Location::Sqlite(_) => format!(
            "SELECT group_concat(m.name || '.' || c.name, ' ') FROM sqlite_master m \
             JOIN pragma_table_info(m.name) c ON upper(c.type) = '{}' WHERE m.type = 'table' {}",
            if kind == "bytes" { "BLOB" } else { "TEXT" },
            if of_customers {
                "AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) o WHERE o.name = 'customer')"
            } else {
                ""
            }
        ),
        Location::Postgres(_) => format!(
            "SELECT string_agg(c.table_name || '.' || c.column_name, ' ') FROM information_schema.columns c \
             WHERE c.table_schema = 'public' AND c.data_type = '{}' {}",
            if kind == "bytes" { "bytea" } else { "text" },
            if of_customers {
                "AND EXISTS (SELECT 1 FROM information_schema.columns o WHERE o.table_schema = 'public' \
                 AND o.table_name = c.table_name AND o.column_name = 'customer')"
            } else {
                ""
            }
        ),
    };
    fixture.number(&sql).split(' ').map(str::to_owned).collect()
}

pub async fn every_column_that_can_hold_something_personal_is_sealed_and_searched_for(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    write_secrets(&store, &customer).await;
    store.close().await;
    let sealed: BTreeSet<String> = SECRETS.iter().map(|(column, _)| (*column).to_owned()).collect();
    let not: BTreeMap<&str, &str> = NOT_SEALED.into();
    let unknown: Vec<String> = columns(&fixture, "bytes", false)
        .into_iter()
        .filter(|column| !sealed.contains(column) && !not.contains_key(column.as_str()))
        .collect();
    assert!(unknown.is_empty(), "sealed or not? {unknown:?}");
    for column in &sealed {
        let (table, name) = column.split_once('.').unwrap();
        let filled = fixture.number(&format!("SELECT COUNT(*) FROM {table} WHERE {name} IS NOT NULL"));
        assert_ne!(filled, "0", "the test writes something into {column}");
    }
    let written: Vec<String> = columns(&fixture, "text", true)
        .into_iter()
        .filter(|column| !PLAIN.contains(&column.split_once('.').unwrap().1))
        .collect();
    assert!(written.is_empty(), "texts of customers are sealed: {written:?}");
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
    for text in SECRETS.iter().map(|(_, secret)| secret).chain([&CLEAR]) {
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
