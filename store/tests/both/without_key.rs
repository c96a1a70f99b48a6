//! A customer without a key among others: erased in between, or come back by half with a restored table. Nobody can
//! open what is left of them, and it must hold up nobody else.

use crate::{
    fixture::{self, Customer, Fixture, customer, later, noon, uuid},
    messages::receive,
};
use domain::{ConsentEvent, CustomerId, ids::TaskId};
use std::collections::BTreeSet;
use store::{
    DbError, Store,
    bank_tasks::{self, NewTask, TaskKind},
    consents::{self, Changed},
    erasures, messages,
};

/// As many as have a key: whoever has none takes nobody's place in a batch.
const BATCH: u32 = 2;

/// A customer with something in each line that workers look through.
async fn waits_everywhere(store: &Store) -> Customer {
    let customer = customer(store).await;
    receive(store, &customer, "k", "hello").await;
    let of = customer.clone();
    let written = store.transact(move |tx| {
        consents::look_after(tx, &of.consent, later(10), Some(later(20)))?;
        let task = NewTask {
            id: TaskId::new(uuid()),
            bank: &of.bank,
            customer: &of.id,
            consent: &of.consent.id,
            key: "revoke",
            kind: TaskKind::RevokeConsent,
            body: b"token",
            now: noon(),
        };
        bank_tasks::enqueue(tx, &task)
    });
    assert!(written.await.unwrap_or_else(|e: DbError| panic!("{e}")));
    customer
}

/// Whom each of the batches is about.
async fn batches(store: &Store) -> Vec<(&'static str, BTreeSet<CustomerId>)> {
    let read = store.transact(|tx| {
        let of = |consents: Vec<domain::Consent>| consents.into_iter().map(|c| c.customer).collect();
        let due = consents::to_remind(tx, later(50), BATCH)?;
        let tasks = bank_tasks::claim(tx, "w", later(50), later(80), BATCH)?;
        let spoken = messages::claim(tx, "w", later(50), later(80), BATCH)?;
        Ok::<_, DbError>(vec![
            ("overdue", of(consents::overdue(tx, later(90_000), BATCH)?)),
            ("open of a bank", of(consents::open_of_bank(tx, &fixture::harbour(), None, BATCH)?)),
            ("to remind", of(due.into_iter().map(|(consent, _)| consent).collect())),
            ("to look at", of(consents::claim_looks(tx, later(50), later(99), BATCH)?)),
            ("tasks", tasks.into_iter().map(|claimed| claimed.task.customer).collect()),
            ("messages", spoken.into_iter().map(|claimed| claimed.conversation.customer).collect()),
        ])
    });
    read.await.unwrap_or_else(|fault| panic!("one without a key spoils it for all: {fault}"))
}

pub async fn one_without_a_key_holds_up_nobody_else(fixture: Fixture) {
    let store = fixture.open();
    // The first in every line.
    let gone = waits_everywhere(&store).await;
    let (one, two) = (waits_everywhere(&store).await, waits_everywhere(&store).await);
    fixture.tamper(&format!("DELETE FROM customer_key WHERE customer = '{}'", gone.id));
    let others = BTreeSet::from([one.id, two.id]);
    for (batch, whose) in batches(&store).await {
        assert_eq!(whose, others, "{batch}");
    }
}

pub async fn a_change_finds_that_its_customer_was_erased_meanwhile(fixture: Fixture) {
    let store = fixture.open();
    let (gone, kept) = (customer(&store).await, customer(&store).await);
    let (of, seen) = (gone.clone(), gone.consent.clone());
    let wiped = store.transact(move |tx| erasures::wipe(tx, &of.bank, &of.id, &[]));
    wiped.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    let (other, change) = (kept.consent.clone(), fixture::change(ConsentEvent::Expire));
    let changed = store.transact(move |tx| {
        let first = consents::change(tx, &seen, &change, |_| {})?;
        let change = fixture::change(ConsentEvent::Withdraw);
        Ok::<_, DbError>((first, consents::change(tx, &other, &change, |_| {})?))
    });
    let (first, second) = changed.await.unwrap();
    assert_eq!(first, Changed::Gone);
    assert!(matches!(second, Changed::Yes(..)), "the transaction goes on with the others: {second:?}");
}

pub async fn workers_go_on_while_customers_are_erased(fixture: Fixture) {
    let store = fixture.open();
    let mut all = vec![];
    for _ in 0..12 {
        all.push(waits_everywhere(&store).await);
    }
    let stays = waits_everywhere(&store).await;
    let erasing = {
        let store = store.clone();
        tokio::spawn(async move {
            for gone in all {
                let wiped = store.transact(move |tx| erasures::wipe(tx, &gone.bank, &gone.id, &[]));
                wiped.await.unwrap_or_else(|e: DbError| panic!("{e}"));
            }
        })
    };
    let mut rounds = 0_i64;
    while rounds < 3 || !erasing.is_finished() {
        let at = 100 * rounds;
        let round = store.transact(move |tx| {
            consents::claim_looks(tx, later(50 + at), later(99 + at), 20)?;
            bank_tasks::claim(tx, "w", later(50 + at), later(80 + at), 20)?;
            messages::claim(tx, "w", later(50 + at), later(80 + at), 20)
        });
        round.await.unwrap_or_else(|e: DbError| panic!("round {rounds}: {e}"));
        let looked = store.read(move |tx| {
            consents::overdue(tx, later(90_000), 20)?;
            consents::to_remind(tx, later(50 + at), 20)?;
            consents::open_of_bank(tx, &fixture::harbour(), None, 20)
        });
        let open = looked.await.unwrap_or_else(|e: DbError| panic!("round {rounds}: {e}"));
        assert!(open.iter().any(|consent| consent.customer == stays.id), "round {rounds}");
        rounds += 1;
    }
    erasing.await.unwrap();
}
