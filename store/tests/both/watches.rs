//! What customers asked to be told of, and what banks say has happened.

use crate::fixture::{Customer, Fixture, customer, later, noon};
use domain::ConsentEvent;
use store::{
    DbError, Kek, Store,
    bank_events::{self, Claimed, Endpoint, NewEvent, Owner},
    consents, keks, watches,
};

async fn add(store: &Store, customer: &Customer, body: &'static str, most: u32) -> Option<u32> {
    let of = customer.conversation.clone();
    store.transact(move |tx| watches::add(tx, &of, body.as_bytes(), most, noon())).await.unwrap()
}

async fn numbers(store: &Store, customer: &Customer) -> Vec<u32> {
    let of = customer.conversation.clone();
    let found = store.read(move |tx| watches::of(tx, &of)).await.unwrap();
    found.iter().map(|watch| watch.number).collect()
}

fn owner(customer: &Customer) -> Owner {
    Owner {
        customer: customer.id.clone(),
        conversation: customer.conversation.id.clone(),
        consent: customer.consent.id.clone(),
    }
}

async fn receive(store: &Store, customer: &Customer, id: &'static str) -> bool {
    let (bank, owner) = (customer.bank.clone(), owner(customer));
    let received = store.transact(move |tx| {
        bank_events::receive(tx, &NewEvent { bank: &bank, id, owner: &owner, body: b"ids", now: noon() })
    });
    received.await.unwrap()
}

async fn claim(store: &Store, worker: &'static str, at: i64) -> Vec<Claimed> {
    store.lease(move |tx| bank_events::claim(tx, worker, later(at), later(at + 30), 10)).await.unwrap()
}

pub async fn a_number_is_never_given_twice_and_the_most_is_the_most(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    assert_eq!(add(&store, &mine, "one", 2).await, Some(1));
    assert_eq!(add(&store, &mine, "two", 2).await, Some(2));
    assert_eq!(add(&store, &mine, "three", 2).await, None);
    let of = mine.conversation.clone();
    assert!(store.transact(move |tx| watches::remove(tx, &of, 2)).await.unwrap());
    let fourth = add(&store, &mine, "four", 2).await.unwrap();
    assert!(fourth > 2, "{fourth}");
    assert_eq!(numbers(&store, &mine).await, [1, fourth]);
    let other = customer(&store).await;
    assert!(numbers(&store, &other).await.is_empty());
    let of = other.conversation.clone();
    assert!(!store.transact(move |tx| watches::remove(tx, &of, 1)).await.unwrap());
}

pub async fn of_two_changes_of_a_watch_the_second_is_told(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    add(&store, &mine, "one", 20).await;
    let of = mine.conversation.clone();
    let done = store.transact(move |tx| {
        let seen = watches::of(tx, &of)?.remove(0);
        let first = watches::change(tx, &of, &seen, b"first")?;
        let second = watches::change(tx, &of, &seen, b"second")?;
        Ok::<_, DbError>((first, second, watches::of(tx, &of)?.remove(0).body))
    });
    assert_eq!(done.await.unwrap(), (true, false, b"first".to_vec()));
}

pub async fn a_watch_tells_of_a_payment_once_and_never_when_it_is_gone(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    add(&store, &mine, "one", 20).await;
    add(&store, &mine, "two", 20).await;
    let of = mine.conversation.clone();
    let told = store.transact(move |tx| {
        let payment = bank_events::fingerprint("t-1");
        let first = watches::tell_once(tx, &of, 1, &payment, noon())?;
        let again = watches::tell_once(tx, &of, 1, &payment, later(5))?;
        let other = watches::tell_once(tx, &of, 2, &payment, later(5))?;
        let no_such = watches::tell_once(tx, &of, 3, &payment, later(5))?;
        let kept = watches::sweep(tx, later(5))?;
        let swept = watches::sweep(tx, later(6))?;
        Ok::<_, DbError>((first, again, other, no_such, kept, swept))
    });
    assert_eq!(told.await.unwrap(), (true, false, true, false, 0, 2));
}

pub async fn an_event_is_stored_once_and_done_once(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    assert!(receive(&store, &mine, "msg_1").await);
    assert!(!receive(&store, &mine, "msg_1").await);
    let first = claim(&store, "a", 0).await;
    assert_eq!((first.len(), first[0].body.as_slice(), first[0].attempts), (1, &b"ids"[..], 1));
    assert!(claim(&store, "b", 1).await.is_empty(), "somebody has it");
    let taken_over = claim(&store, "b", 31).await;
    assert_eq!(taken_over[0].attempts, 2);
    let (late, ours) = (first[0].clone(), taken_over[0].clone());
    let ended = store
        .transact(move |tx| Ok::<_, DbError>((bank_events::done(tx, &late)?, bank_events::done(tx, &ours)?)));
    assert_eq!(ended.await.unwrap(), (false, true));
    assert!(claim(&store, "c", 100).await.is_empty());
    assert!(!receive(&store, &mine, "msg_1").await, "it is remembered, so that it does nothing again");
    let swept = store.transact(|tx| bank_events::sweep(tx, later(1))).await.unwrap();
    assert_eq!(swept, 1);
}

pub async fn an_event_waits_for_its_hour_and_is_hurried_when_that_changes(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    receive(&store, &mine, "msg_1").await;
    let one = claim(&store, "a", 0).await.remove(0);
    assert!(store.transact(move |tx| bank_events::later(tx, &one, later(3_600), false)).await.unwrap());
    assert!(claim(&store, "a", 3_599).await.is_empty());
    let again = claim(&store, "a", 3_600).await.remove(0);
    assert_eq!(again.attempts, 1, "waiting is no failure");
    assert!(store.transact(move |tx| bank_events::later(tx, &again, later(9_000), true)).await.unwrap());
    let of = mine.conversation.clone();
    store.transact(move |tx| bank_events::hurry(tx, &of, later(3_700))).await.unwrap();
    assert_eq!(claim(&store, "a", 3_700).await[0].attempts, 2);
}

pub async fn a_consent_is_found_by_the_banks_own_id_while_it_is_open(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let (consent, bank) = (mine.consent.clone(), mine.bank.clone());
    let found = store.transact(move |tx| {
        let hash = bank_events::fingerprint("at-the-bank-1");
        let before = bank_events::owner(tx, &bank, &hash)?;
        let pause = crate::fixture::change(ConsentEvent::Pause);
        let consents::Changed::Yes(paused, _) = consents::change(tx, &consent, &pause, |agreed| {
            agreed.at_bank = Some("at-the-bank-1".to_owned())
        })?
        else {
            panic!("it can be paused");
        };
        let open = bank_events::owner(tx, &bank, &hash)?;
        let elsewhere = bank_events::owner(tx, &"meridian".parse().unwrap(), &hash)?;
        consents::change(tx, &paused, &crate::fixture::change(ConsentEvent::Withdraw), |_| {})?;
        Ok::<_, DbError>((before, open, elsewhere, bank_events::owner(tx, &bank, &hash)?))
    });
    assert_eq!(found.await.unwrap(), (None, Some(owner(&mine)), None, None));
}

pub async fn forgetting_leaves_no_watch_and_lets_what_waits_go(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    add(&store, &mine, "one", 20).await;
    receive(&store, &mine, "msg_1").await;
    let of = mine.clone();
    let left = store.transact(move |tx| {
        watches::set_hours(tx, &of.conversation, b"never")?;
        watches::forget(tx, &of.bank, &of.id, &of.conversation.id)?;
        Ok::<_, DbError>((
            watches::any(tx, &of.bank, &of.id, &of.conversation.id)?,
            watches::hours(tx, &of.conversation)?,
            bank_events::waiting(tx, &of.bank, &of.id, &of.conversation.id)?,
        ))
    });
    assert_eq!(left.await.unwrap(), (false, None, 0));
    assert!(claim(&store, "a", 0).await.is_empty());
}

pub async fn the_secret_of_an_endpoint_moves_to_the_next_key(fixture: Fixture) {
    let keys = || vec![crate::fixture::kek(), Kek::new([43; 32])];
    let ring = store::KeyRing::new(keys(), Box::new(|| None));
    let store = Store::open(&fixture.location, ring, store::Options::default()).unwrap();
    let put = |id: &'static str, seen: Option<&'static str>| {
        let new = Endpoint {
            id: id.to_owned(),
            url: "https://chat.example/bank-events/harbour".to_owned(),
            secret: b"whsec".to_vec().into(),
        };
        store.transact(move |tx| {
            bank_events::put_endpoint(tx, &"harbour".parse().unwrap(), &new, seen, noon())
        })
    };
    assert!(put("we-1", None).await.unwrap());
    assert!(!put("we-2", None).await.unwrap(), "there is one");
    assert!(!put("we-2", Some("we-0")).await.unwrap(), "somebody else was faster");
    assert!(put("we-2", Some("we-1")).await.unwrap());
    let other = if store.read(keks::in_use).await.unwrap() == keys()[0].id().as_str() { 1 } else { 0 };
    let next = keys()[other].id().clone();
    store.transact(move |tx| keks::adopt(tx, &next)).await.unwrap();
    assert_eq!(store.read(keks::remaining).await.unwrap(), 1);
    while store.transact(|tx| keks::rewrap(tx, 2)).await.unwrap() > 0 {}
    assert_eq!(store.read(keks::remaining).await.unwrap(), 0);
    let kept =
        store.read(|tx| bank_events::endpoint(tx, &"harbour".parse().unwrap())).await.unwrap().unwrap();
    assert_eq!((kept.id.as_str(), kept.secret.as_slice()), ("we-2", &b"whsec"[..]));
}
