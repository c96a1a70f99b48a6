//! From one key-encryption key to the next, while stores serve.

use crate::{
    fixture::{Customer, Fixture, customer},
    messages::{all, receive},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use store::{DbError, Kek, KekId, KeyRing, OpenError, Options, Store, keks};

/// Where keys are kept, for several stores at once.
#[derive(Clone)]
struct Kept(Arc<Mutex<Vec<[u8; 32]>>>);

impl Kept {
    fn with(first: u8) -> Kept {
        Kept(Arc::new(Mutex::new(vec![[first; 32]])))
    }

    fn add(&self, key: u8) -> KekId {
        self.0.lock().unwrap().push([key; 32]);
        Kek::new([key; 32]).id().clone()
    }

    fn only(&self, key: u8) {
        *self.0.lock().unwrap() = vec![[key; 32]];
    }

    fn read(&self) -> Vec<Kek> {
        self.0.lock().unwrap().iter().map(|bytes| Kek::new(*bytes)).collect()
    }

    fn ring(&self) -> KeyRing {
        let kept = self.clone();
        KeyRing::new(self.read(), Box::new(move || Some(kept.read())))
    }

    /// Never reads the keys again.
    fn deaf_ring(&self) -> KeyRing {
        KeyRing::new(self.read(), Box::new(|| None))
    }
}

fn open(fixture: &Fixture, ring: KeyRing) -> Store {
    Store::open(&fixture.location, ring, Options::default()).unwrap()
}

async fn rewrap_all(store: &Store) {
    while store.transact(|tx| keks::rewrap(tx, 2)).await.unwrap() > 0 {}
}

async fn says(store: &Store, customer: &Customer) -> Vec<Vec<u8>> {
    all(store, customer).await.into_iter().map(|message| message.body).collect()
}

pub async fn keys_are_wrapped_anew_while_others_serve(fixture: Fixture) {
    // The fixture's database was begun with its own key.
    let kept = Kept::with(42);
    let (serving, turning) = (open(&fixture, kept.ring()), open(&fixture, kept.ring()));
    let mut before = vec![];
    for n in 0..7 {
        let one = customer(&serving).await;
        receive(&serving, &one, "k", &format!("before {n}")).await;
        before.push(one);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (busy, done, known) = (serving.clone(), stop.clone(), before.clone());
    let served = tokio::spawn(async move {
        let mut new = vec![];
        while !done.load(Ordering::Relaxed) {
            let one = customer(&busy).await;
            receive(&busy, &one, "k", "during").await;
            for old in &known {
                assert!(says(&busy, old).await[0].starts_with(b"before"));
            }
            new.push(one);
        }
        new
    });
    let new = kept.add(43);
    let adopted = new.clone();
    assert!(turning.transact(move |tx| keks::adopt(tx, &adopted)).await.unwrap());
    rewrap_all(&turning).await;
    let during = customer(&serving).await;
    stop.store(true, Ordering::Relaxed);
    let mut everybody = served.await.unwrap();
    everybody.extend(before);
    assert_eq!(
        turning.read(keks::remaining).await,
        Ok::<_, DbError>(0),
        "nobody was begun under the old key since"
    );
    assert_eq!(turning.read(keks::in_use).await, Ok::<_, DbError>(new.to_string()));
    // The old key is gone; all is still there, in a store that never had it.
    kept.only(43);
    let fresh = open(&fixture, kept.deaf_ring());
    for one in everybody {
        assert_eq!(says(&fresh, &one).await.len(), 1);
    }
    drop(during);
    let old = Store::open(&fixture.location, Kek::new([42; 32]), Options::default());
    assert!(matches!(old, Err(OpenError::WrongKek)), "the old key opens nothing any more");
}

pub async fn a_change_that_was_broken_off_goes_on(fixture: Fixture) {
    let kept = Kept::with(42);
    let store = open(&fixture, kept.ring());
    let mut people = vec![];
    for _ in 0..5 {
        let one = customer(&store).await;
        receive(&store, &one, "k", "hello").await;
        people.push(one);
    }
    let new = kept.add(43);
    let adopted = new.clone();
    store.transact(move |tx| keks::adopt(tx, &adopted)).await.unwrap();
    assert_eq!(store.transact(|tx| keks::rewrap(tx, 2)).await, Ok::<_, DbError>(2));
    store.close().await;
    // The next process finds both keys and goes on.
    let store = open(&fixture, kept.ring());
    assert_eq!(store.read(keks::remaining).await, Ok::<_, DbError>(3));
    for one in &people {
        assert_eq!(says(&store, one).await, [b"hello"]);
    }
    let again = new.clone();
    assert!(!store.transact(move |tx| keks::adopt(tx, &again)).await.unwrap(), "it is the one already");
    rewrap_all(&store).await;
    assert_eq!(store.read(keks::remaining).await, Ok::<_, DbError>(0));
}

pub async fn a_key_that_is_nowhere_is_named(fixture: Fixture) {
    let kept = Kept::with(42);
    let (store, deaf) = (open(&fixture, kept.ring()), open(&fixture, kept.deaf_ring()));
    let one = customer(&store).await;
    receive(&store, &one, "k", "hello").await;
    let new = kept.add(43);
    let adopted = new.clone();
    store.transact(move |tx| keks::adopt(tx, &adopted)).await.unwrap();
    rewrap_all(&store).await;
    let conversation = one.conversation.clone();
    let read = deaf.read(move |tx| store::messages::after(tx, &conversation, 0, 1).map(|m| m.len())).await;
    assert_eq!(read, Err(DbError::UnknownKek { id: new.to_string() }));
}

/// What a backup, a dead row of PostgreSQL or an old write-ahead log still has of a deleted key.
pub async fn an_old_copy_of_a_key_opens_nothing_after_the_change(fixture: Fixture) {
    let kept = Kept::with(42);
    let store = open(&fixture, kept.ring());
    let one = customer(&store).await;
    receive(&store, &one, "k", "hello").await;
    fixture.tamper("CREATE TABLE old_copy AS SELECT * FROM customer_key");
    let new = kept.add(43);
    let adopted = new.clone();
    store.transact(move |tx| keks::adopt(tx, &adopted)).await.unwrap();
    rewrap_all(&store).await;
    store.close().await;
    kept.only(43);
    let store = open(&fixture, kept.deaf_ring());
    assert_eq!(says(&store, &one).await, [b"hello"], "the key of today opens it");
    let read = |store: Store| {
        let conversation = one.conversation.clone();
        async move { store.read(move |tx| store::messages::after(tx, &conversation, 0, 1).map(|m| m.len())).await }
    };
    // The copy comes back, as it was, or passed off as wrapped by the key of today.
    fixture.tamper("UPDATE customer_key SET wrapped = (SELECT o.wrapped FROM old_copy o), kek = (SELECT o.kek FROM old_copy o)");
    let was = Kek::new([42; 32]).id().to_string();
    assert_eq!(read(store.clone()).await, Err(DbError::UnknownKek { id: was }));
    fixture.tamper(&format!("UPDATE customer_key SET kek = '{new}'"));
    assert!(matches!(read(store).await, Err(DbError::Sealed(_))));
}
