//! Erasing a customer: what goes, what a hold keeps, and who tells the bank.

use crate::{
    fixture::{Customer, Fixture, customer, decision, later, message_id, noon, uuid},
    log::decide,
    messages::{all, receive},
};
use domain::{
    CustomerId, EntryId,
    erasure::{AskedBy, ErasureState, HoldKind, Keep},
    ids::{HoldId, TaskId},
};
use std::collections::BTreeSet;
use store::{
    DbError, Location, Scrubbed, Store, access,
    bank_tasks::{self, NewTask, TaskKind},
    customers, erasures, exports, grants,
    holds::{self, Hold, Said},
    messages::{self, NewReply},
};
use testkit::postgres::Postgres;

/// Writes a message, a reply, a decision, a grant and a task.
async fn live(store: &Store, customer: &Customer) {
    receive(store, customer, "k", "hello").await;
    decide(store, vec![decision(customer, true)]).await.unwrap();
    let of = customer.clone();
    let written = store.transact(move |tx| {
        let reply = NewReply { id: message_id(), body: b"hello to you".to_vec() };
        messages::say(tx, &of.conversation, &reply, noon())?;
        grants::put(tx, &of.bank, &of.id, &of.consent.id, b"token", noon())?;
        let task = NewTask {
            id: TaskId::new(uuid()),
            bank: &of.bank,
            customer: &of.id,
            consent: &of.consent.id,
            key: "revoke",
            kind: TaskKind::RevokeConsent,
            body: b"token and accounts",
            now: noon(),
        };
        bank_tasks::enqueue(tx, &task)?;
        Ok::<_, DbError>(())
    });
    written.await.unwrap();
}

async fn rows_of(store: &Store, customer: &Customer) -> (usize, usize, usize) {
    let of = customer.clone();
    let read = store.read(move |tx| {
        Ok::<_, DbError>((
            exports::conversations(tx, &of.bank, &of.id)?.len(),
            exports::consent_ids(tx, &of.bank, &of.id)?.len(),
            usize::from(erasures::has_key(tx, &of.bank, &of.id)?),
        ))
    });
    read.await.unwrap()
}

async fn wipe(store: &Store, customer: &Customer, kept: &'static [Keep]) -> erasures::Wiped {
    let of = customer.clone();
    store.transact(move |tx| erasures::wipe(tx, &of.bank, &of.id, kept)).await.unwrap()
}

async fn ask(store: &Store, customer: &Customer) -> bool {
    let of = customer.clone();
    let asked = store.transact(move |tx| erasures::ask(tx, &of.bank, &of.id, AskedBy::Customer, noon()));
    asked.await.unwrap()
}

pub async fn an_erased_customer_leaves_no_row_and_the_log_stays_whole(fixture: Fixture) {
    let store = fixture.open();
    let (gone, stays) = (customer(&store).await, customer(&store).await);
    live(&store, &gone).await;
    live(&store, &stays).await;
    let leaves = |store: Store| async move {
        store.read(|tx| access::leaves(tx, &crate::fixture::harbour(), 0, 10)).await
    };
    let before = leaves(store.clone()).await.unwrap();
    let wiped = wipe(&store, &gone, &[]).await;
    assert_eq!((wiped.messages, wiped.consents, wiped.accesses), (2, 1, 1));
    assert_eq!(rows_of(&store, &gone).await, (0, 0, 0));
    let counted: String = erasures::tables()
        .map(|table| format!("SELECT COUNT(*) AS n FROM {table} WHERE customer = '{}'", gone.id))
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    assert_eq!(fixture.number(&format!("SELECT SUM(n) FROM ({counted}) counted")), "0");
    let shares = |of: &Customer| {
        fixture.number(&format!("SELECT COUNT(*) FROM consent_share WHERE consent = '{}'", of.consent.id))
    };
    assert_eq!((shares(&gone).as_str(), shares(&stays).as_str()), ("0", "1"));
    assert_eq!(leaves(store.clone()).await.unwrap(), before, "the log is as it was");
    let of = gone.clone();
    let opened = store.read(move |tx| access::of_customer(tx, &of.bank, &of.id, None, 10)).await.unwrap();
    assert!(opened.is_empty());
    assert_eq!(all(&store, &stays).await.len(), 2, "nobody else lost anything");
}

pub async fn an_erased_customer_does_not_begin_again(fixture: Fixture) {
    let store = fixture.open();
    let gone = customer(&store).await;
    assert!(ask(&store, &gone).await && !ask(&store, &gone).await);
    wipe(&store, &gone, &[]).await;
    let of = gone.clone();
    let begun = store.transact(move |tx| customers::begin(tx, &of.bank, &of.id, noon())).await;
    assert!(matches!(begun, Err(DbError::NoKey { .. })), "{begun:?}");
}

pub async fn what_a_hold_keeps_can_be_read_until_it_ends(fixture: Fixture) {
    let store = fixture.open();
    let held = customer(&store).await;
    live(&store, &held).await;
    let hold = Hold {
        id: HoldId::new(uuid()),
        bank: held.bank.clone(),
        customer: held.id.clone(),
        kind: HoldKind::OpenCase,
        keeps: vec![Keep::Accesses],
        set_at: noon(),
        until: Some(later(100)),
        said: Said { by: "ops".to_owned(), reason: "secret-of-a-hold".to_owned() },
    };
    let new = hold.clone();
    assert!(store.transact(move |tx| holds::set(tx, &new)).await.unwrap());
    wipe(&store, &held, &[Keep::Accesses]).await;
    assert_eq!(rows_of(&store, &held).await, (0, 0, 1), "the key is there for what is kept");
    let of = held.clone();
    let read = store.read(move |tx| {
        Ok::<_, DbError>((
            access::of_customer(tx, &of.bank, &of.id, None, 10)?.len(),
            holds::active(tx, &of.bank, &of.id, later(99))?,
            holds::active(tx, &of.bank, &of.id, later(100))?,
        ))
    });
    let (accesses, before, after) = read.await.unwrap();
    assert_eq!((accesses, before, after), (1, vec![hold.clone()], vec![]));
    let ended = store.transact(move |tx| holds::end(tx, &hold.bank, &hold.customer, &hold.id, later(50)));
    assert!(ended.await.unwrap());
    let of = held.clone();
    let read = store.read(move |tx| holds::active(tx, &of.bank, &of.id, later(60))).await.unwrap();
    assert_eq!(read, []);
    wipe(&store, &held, &[]).await;
    assert_eq!(rows_of(&store, &held).await, (0, 0, 0));
}

pub async fn what_the_bank_must_be_told_outlives_the_key_under_another(fixture: Fixture) {
    let store = fixture.open();
    let gone = customer(&store).await;
    live(&store, &gone).await;
    let heir = CustomerId::new(uuid());
    let (of, to) = (gone.clone(), heir.clone());
    let moved = store.transact(move |tx| {
        let reduce = |body: Vec<u8>| body.split(|b| *b == b' ').next().unwrap_or_default().to_vec();
        let moved = erasures::bequeath(tx, &of.bank, &of.id, &to, noon(), reduce)?;
        erasures::wipe(tx, &of.bank, &of.id, &[])?;
        Ok::<_, DbError>(moved)
    });
    assert_eq!(moved.await.unwrap(), 1);
    let claimed = store.transact(|tx| bank_tasks::claim(tx, "w", later(1), later(60), 10)).await.unwrap();
    let [claim] = claimed.as_slice() else { panic!("one task is due") };
    assert_eq!((&claim.task.customer, claim.body.as_slice()), (&heir, b"token".as_slice()));
    let (bank, of) = (gone.bank.clone(), heir.clone());
    let left = store.read(move |tx| erasures::tasks_left(tx, &bank, &of));
    assert_eq!(left.await.unwrap(), 1);
    let done = claim.clone();
    assert!(store.transact(move |tx| bank_tasks::done(tx, &done, later(2))).await.unwrap());
    let (bank, of) = (gone.bank.clone(), heir);
    assert_eq!(store.read(move |tx| erasures::tasks_left(tx, &bank, &of)).await, Ok::<_, DbError>(0));
}

pub async fn every_table_of_customers_is_known_to_erasing(fixture: Fixture) {
    fixture.open().close().await;
    let sql = match &fixture.location {
        Location::Sqlite(_) => {
            "SELECT group_concat(m.name, ' ') FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             ON c.name = 'customer' WHERE m.type = 'table'"
        }
        Location::Postgres(_) => {
            "SELECT string_agg(table_name::text, ' ') FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name = 'customer'"
        }
    };
    let found = fixture.number(sql);
    let in_database: BTreeSet<&str> = found.split(' ').collect();
    let known: BTreeSet<&str> = erasures::tables().chain(["erasure"]).collect();
    assert_eq!(in_database, known, "a table with rows of customers is erased, or is the note that they were");
}

pub async fn an_erasure_is_found_from_request_to_receipt(fixture: Fixture) {
    let store = fixture.open();
    let gone = customer(&store).await;
    ask(&store, &gone).await;
    let asked = store.read(|tx| erasures::asked(tx, 10)).await.unwrap();
    assert_eq!(
        asked.iter().map(|e| (&e.customer, e.state)).collect::<Vec<_>>(),
        [(&gone.id, ErasureState::Asked)]
    );
    assert!(store.read(|tx| erasures::carried_out_since(tx, noon(), 10)).await.unwrap().is_empty());
    let entry = EntryId::new(uuid());
    let (of, mark) = (gone.clone(), entry.clone());
    let heir = CustomerId::new(uuid());
    let to = heir.clone();
    let settled = store.decide(vec![entry.clone()], move |tx| {
        let of_log = access::Mark { digest: [1; 32], record: b"{}".to_vec(), key: [2; 32] };
        access::stage_mark(tx, &of.bank, &mark, &of_log, later(1))?;
        let settled = erasures::Settled {
            state: ErasureState::Erased,
            heir: Some((to.clone(), later(100))),
            entry: mark.clone(),
            receipt: b"receipt".to_vec(),
        };
        erasures::settle(tx, &of.bank, &of.id, &settled, later(1))
    });
    assert_eq!(settled.await.unwrap().1[0].index(), 0);
    let waiting = store.read(|tx| erasures::waiting(tx, None, 10)).await.unwrap();
    assert_eq!(waiting[0].heir, Some((heir, later(100))));
    let of = gone.clone();
    let found = store.read(move |tx| erasures::find(tx, &of.bank, &of.id)).await.unwrap().unwrap();
    assert_eq!((found.index, found.receipt.as_deref()), (Some(0), Some(b"receipt".as_slice())));
    let since = store.read(|tx| erasures::carried_out_since(tx, noon(), 10)).await.unwrap();
    assert_eq!(since, [(gone.bank.clone(), gone.id.clone(), later(1))]);
    let forgotten = store.transact(|tx| erasures::forget_receipts(tx, later(2))).await;
    assert_eq!(forgotten, Ok::<_, DbError>(1));
}

/// SQLite: the wrapped key is in neither file after scrubbing; it was before, or the search could not find it.
#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_key_is_in_no_file_of_sqlite() {
    let fixture = crate::fixture::sqlite();
    let store = fixture.open();
    let gone = customer(&store).await;
    live(&store, &gone).await;
    let Location::Sqlite(path) = &fixture.location else { unreachable!("this is SQLite") };
    let wrapped: Vec<u8> = {
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT wrapped FROM customer_key WHERE customer = ?1";
        connection.query_row(sql, [gone.id.as_str()], |row| row.get(0)).unwrap()
    };
    let found = || {
        let dir = fixture.dir.as_ref().unwrap().path();
        let files = std::fs::read_dir(dir).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.filter(|bytes| bytes.windows(wrapped.len()).any(|part| part == wrapped)).count()
    };
    assert!(found() > 0, "the search finds a key that is there");
    wipe(&store, &gone, &[]).await;
    assert_eq!(store.scrub().await.unwrap(), Scrubbed::Clean);
    assert_eq!(found(), 0);
}

/// A reader that does not end keeps deleted bytes in the log; that is said, and is mended when it has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_end_is_told_of() {
    let fixture = crate::fixture::sqlite();
    let options = store::Options { patience: std::time::Duration::from_millis(100), ..Default::default() };
    let store = fixture.open_with(options);
    let gone = customer(&store).await;
    let Location::Sqlite(path) = &fixture.location else { unreachable!("this is SQLite") };
    let reader = rusqlite::Connection::open(path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let mut look = reader.prepare("SELECT COUNT(*) FROM customer").unwrap();
    assert_eq!(look.query_row([], |row| row.get::<_, i64>(0)).unwrap(), 1);
    drop(look);
    wipe(&store, &gone, &[]).await;
    assert_eq!(store.scrub().await.unwrap(), Scrubbed::Busy);
    reader.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.scrub().await.unwrap(), Scrubbed::Clean);
}

/// A customer's key as it is stored, in hexadecimal.
fn wrapped(fixture: &crate::fixture::Fixture, customer: &Customer) -> String {
    fixture.number(&format!(
        "SELECT encode(wrapped, 'hex') FROM customer_key WHERE customer = '{}'",
        customer.id
    ))
}

/// In how many files of the database's folder some bytes stand, after everything was written out.
fn files_with(fixture: &crate::fixture::Fixture, hex: &str) -> usize {
    let server = Postgres::shared().unwrap();
    server.sql("postgres", "CHECKPOINT").unwrap();
    let number = fixture.number("SELECT oid FROM pg_database WHERE datname = current_database()");
    let wanted: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let files = std::fs::read_dir(server.files().join("base").join(number)).unwrap();
    files
        .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
        .filter(|bytes| bytes.windows(wanted.len()).any(|part| part == wanted))
        .count()
}

/// PostgreSQL: the place of a destroyed key is free after scrubbing, and the next key is written over it.
#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_key_is_written_over_in_the_files_of_postgres() {
    let fixture = crate::fixture::postgres();
    let store = fixture.open();
    let stays = customer(&store).await;
    let gone = customer(&store).await;
    let (key, other) = (wrapped(&fixture, &gone), wrapped(&fixture, &stays));
    wipe(&store, &gone, &[]).await;
    assert_eq!(files_with(&fixture, &key), 1, "a deleted row is still in its file: there is something to do");
    assert_eq!(store.scrub().await.unwrap(), Scrubbed::Freed);
    customer(&store).await;
    assert_eq!(files_with(&fixture, &key), 0, "the next customer's key lies in its place");
    assert_eq!(files_with(&fixture, &other), 1, "nobody else's was touched");
}
