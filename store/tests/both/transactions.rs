//! What a transaction promises.

use crate::fixture::{Fixture, customer, decision, harbour, noon, uuid};
use domain::CustomerId;
use std::sync::{Arc, Mutex, mpsc};
use store::{DbError, Options, Store, Tx, access, customers, grants};

/// What a use case of these tests can refuse.
#[derive(Debug, PartialEq)]
enum Refused {
    No,
    Db(DbError),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Refused::Db(error)
    }
}

fn begin(tx: &mut Tx, id: &CustomerId) -> Result<bool, DbError> {
    customers::begin(tx, &harbour(), id, noon())
}

/// Whether a customer is there: beginning them again finds them.
async fn is_there(store: &Store, id: &CustomerId) -> bool {
    let id = id.clone();
    let found = store.transact(move |tx| if begin(tx, &id)? { Err(Refused::No) } else { Ok(()) }).await;
    match found {
        Ok(()) => true,
        Err(Refused::No) => false,
        Err(Refused::Db(error)) => panic!("{error}"),
    }
}

pub async fn a_refusal_undoes_everything(fixture: Fixture) {
    let store = fixture.open();
    let id = CustomerId::new(uuid());
    let ours = id.clone();
    let refused = store.transact(move |tx| {
        assert!(begin(tx, &ours)?);
        Err::<(), _>(Refused::No)
    });
    assert_eq!(refused.await, Err(Refused::No));
    assert!(!is_there(&store, &id).await);
}

pub async fn the_first_error_decides_even_over_ok(fixture: Fixture) {
    let store = fixture.open();
    let (one, other) = (customer(&store).await, customer(&store).await);
    let id = CustomerId::new(uuid());
    let ours = id.clone();
    let swallowed = store.transact(move |tx| {
        begin(tx, &ours)?;
        let first = decision(&one, true);
        access::stage(tx, &first)?;
        // The same entry for another customer: the database refuses the statement.
        let second = gate::Decision { entry: first.entry.clone(), ..decision(&other, true) };
        assert!(access::stage(tx, &second).is_err());
        Ok::<_, DbError>(())
    });
    assert!(matches!(swallowed.await, Err(DbError::Refused { .. })));
    assert!(!is_there(&store, &id).await);
}

pub async fn a_panic_undoes_everything_and_the_store_goes_on(fixture: Fixture) {
    let store = fixture.open();
    let id = CustomerId::new(uuid());
    for _ in 0..20 {
        let ours = id.clone();
        let panicked = store.transact(move |tx| -> Result<(), DbError> {
            begin(tx, &ours)?;
            panic!("a use case with a fault");
        });
        assert_eq!(panicked.await, Err(DbError::Panicked));
    }
    assert!(!is_there(&store, &id).await);
    customer(&store).await;
}

pub async fn a_full_queue_says_so_and_does_nothing(fixture: Fixture) {
    let small = Options { queue: 1, connections: 1, group: 1, ..Options::default() };
    let store = fixture.open_with(small);
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let gates = Arc::new(Mutex::new((begun, may_go_on)));
    let blocker = tokio::spawn({
        let store = store.clone();
        async move {
            let blocked = store.transact(move |_| {
                let gates = gates.lock().unwrap();
                gates.0.send(()).unwrap();
                gates.1.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
                Ok::<_, DbError>(())
            });
            blocked.await
        }
    });
    tokio::task::spawn_blocking(move || has_begun.recv_timeout(std::time::Duration::from_secs(30)))
        .await
        .unwrap()
        .unwrap();
    // The only thread is busy: one call waits, the rest is turned away.
    let ids: Vec<_> = (0..5).map(|_| CustomerId::new(uuid())).collect();
    let (told, mut answers) = tokio::sync::mpsc::unbounded_channel();
    for id in ids.clone() {
        let (store, told) = (store.clone(), told.clone());
        tokio::spawn(async move {
            let ours = id.clone();
            let answer = store.transact(move |tx| begin(tx, &ours)).await;
            told.send((id, answer)).unwrap();
        });
    }
    let mut turned_away = Vec::new();
    for _ in 0..4 {
        let (id, answer) = answers.recv().await.unwrap();
        assert_eq!(answer, Err(DbError::Busy { waiting: 1 }));
        turned_away.push(id);
    }
    go_on.send(()).unwrap();
    assert_eq!(blocker.await.unwrap(), Ok(()));
    let (_, waited) = answers.recv().await.unwrap();
    assert_eq!(waited, Ok(true));
    for id in turned_away {
        assert!(!is_there(&store, &id).await);
    }
}

pub async fn a_reader_cannot_write(fixture: Fixture) {
    let store = fixture.open();
    let id = CustomerId::new(uuid());
    let ours = id.clone();
    let refused = store.read(move |tx| begin(tx, &ours)).await;
    assert!(matches!(refused, Err(DbError::Refused { .. })), "{refused:?}");
    assert!(!is_there(&store, &id).await);
}

pub async fn one_that_fails_takes_nobody_with_it(fixture: Fixture) {
    let store = fixture.open();
    let calls: Vec<_> = (0..60)
        .map(|n| {
            let (store, id) = (store.clone(), CustomerId::new(uuid()));
            tokio::spawn(async move {
                let ours = id.clone();
                let outcome = store.transact(move |tx| {
                    begin(tx, &ours)?;
                    match n % 3 {
                        0 => Ok(()),
                        1 => Err(Refused::No),
                        // There is no such customer, so no key to seal with.
                        _ => Ok(grants::put(
                            tx,
                            &harbour(),
                            &CustomerId::new(uuid()),
                            &consent_id(),
                            b"-",
                            noon(),
                        )?),
                    }
                });
                (n, id, outcome.await.is_ok())
            })
        })
        .collect();
    for call in calls {
        let (n, id, kept) = call.await.unwrap();
        assert_eq!(kept, n % 3 == 0);
        assert_eq!(is_there(&store, &id).await, kept);
    }
}

fn consent_id() -> domain::ConsentId {
    domain::ConsentId::new(uuid())
}

pub async fn closing_finishes_what_waits_and_takes_no_more(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (store, decision) = (store.clone(), decision(&customer, true));
            tokio::spawn(async move {
                let entries = vec![decision.entry.clone()];
                store.decide(entries, move |tx| access::stage(tx, &decision)).await
            })
        })
        .collect();
    store.clone().close().await;
    let mut kept = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => kept += 1,
            Err(error) => assert_eq!(error, DbError::Closed),
        }
    }
    assert_eq!(store.read(|tx| access::size(tx, &harbour())).await, Err(DbError::Closed));
    let again = fixture.open();
    assert_eq!(again.read(|tx| access::size(tx, &harbour())).await, Ok(kept));
}
