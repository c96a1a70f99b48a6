//! The log of card events: one order per bank, each event once.

use crate::fixture::{Fixture, harbour, later};
use domain::BankId;
use store::{
    DbError, Store,
    card_events::{self, CardEvent},
};

fn event(seq: u64, id: &str) -> CardEvent {
    CardEvent {
        seq,
        id: id.to_owned(),
        about: None,
        card: 1,
        terminal: 2,
        body: format!("body of {id}").into(),
        answer: b"none".to_vec(),
    }
}

fn meridian() -> BankId {
    "meridian".parse().unwrap()
}

async fn append(store: &Store, bank: BankId, event: CardEvent, at: i64) -> bool {
    let put = store.transact(move |tx| card_events::append(tx, &bank, &event, later(at)));
    put.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn last(store: &Store, bank: BankId) -> u64 {
    store.read(move |tx| card_events::last(tx, &bank)).await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn after(store: &Store, bank: BankId, seq: u64, most: u32) -> Vec<CardEvent> {
    let read = store.read(move |tx| card_events::after(tx, &bank, seq, most));
    read.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

fn places(events: &[CardEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

pub async fn a_bank_has_an_order_of_its_own_and_it_is_read_in_parts(fixture: Fixture) {
    let store = fixture.open();
    assert_eq!(last(&store, harbour()).await, 0);
    // Put in another order than theirs, at the same time, beside those of another bank.
    for seq in [2, 1, 3, 4] {
        assert!(append(&store, harbour(), event(seq, &format!("evt-{seq}")), 0).await);
    }
    assert!(append(&store, meridian(), event(1, "evt-1"), 0).await, "ids and places are of one bank");
    assert_eq!((last(&store, harbour()).await, last(&store, meridian()).await), (4, 1));
    let all = after(&store, harbour(), 0, 10).await;
    assert_eq!(all, [1, 2, 3, 4].map(|seq| event(seq, &format!("evt-{seq}"))));
    assert_eq!(places(&after(&store, harbour(), 1, 2).await), [2, 3]);
    assert_eq!(places(&after(&store, harbour(), 4, 10).await), [] as [u64; 0]);
}

pub async fn an_event_is_taken_once_and_a_place_is_given_once(fixture: Fixture) {
    let store = fixture.open();
    assert!(append(&store, harbour(), event(1, "evt-1"), 0).await);
    assert!(!append(&store, harbour(), event(1, "evt-2"), 0).await, "somebody stands there");
    assert!(!append(&store, harbour(), event(2, "evt-1"), 0).await, "it stands somewhere already");
    assert_eq!(after(&store, harbour(), 0, 10).await, [event(1, "evt-1")]);
    let of = |bank: BankId, id: &'static str| store.read(move |tx| card_events::of_id(tx, &bank, id));
    let found = |read: Result<Option<CardEvent>, DbError>| read.unwrap().map(|event| event.seq);
    assert_eq!(found(of(harbour(), "evt-1").await), Some(1));
    assert_eq!(found(of(harbour(), "evt-2").await), None);
    assert_eq!(found(of(meridian(), "evt-1").await), None);
}

/// Puts events at the next place until all of them stand somewhere, as the engine of each process does.
async fn writer(store: Store, name: &'static str, count: u64) -> u64 {
    let (mut next, mut lost, mut put) = (1, 0, 0);
    while put < count {
        if append(&store, harbour(), event(next, &format!("{name}-{put}")), 0).await {
            put += 1;
            next += 1;
        } else {
            lost += 1;
            next = last(&store, harbour()).await + 1;
        }
    }
    lost
}

pub async fn of_two_writers_at_one_place_one_loses_and_the_places_have_no_gap(fixture: Fixture) {
    let (one, other) = (fixture.open(), fixture.open());
    let at_once =
        tokio::join!(append(&one, harbour(), event(1, "a"), 0), append(&other, harbour(), event(1, "b"), 0));
    assert_ne!(at_once.0, at_once.1);
    let ours = tokio::spawn(writer(one.clone(), "one", 40));
    let theirs = tokio::spawn(writer(other, "other", 40));
    let lost = ours.await.unwrap() + theirs.await.unwrap();
    assert!(lost >= 2, "each begins at a place that is taken: {lost}");
    let all = after(&one, harbour(), 0, 1_000).await;
    assert_eq!(places(&all), (1..=81).collect::<Vec<u64>>());
    let mut ids: Vec<_> = all.into_iter().map(|event| event.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 81);
}

pub async fn a_customers_word_finds_the_first_event_about_a_payment(fixture: Fixture) {
    let store = fixture.open();
    // Keyed hashes use all 64 bits; the database has numbers with a sign.
    let (low, high) = (7, u64::MAX - 1);
    for (seq, about) in [(1, None), (2, Some(high)), (3, Some(low)), (4, Some(high))] {
        let event = CardEvent { about, ..event(seq, &format!("evt-{seq}")) };
        assert!(append(&store, harbour(), event, 0).await);
    }
    let of = |bank: BankId, about: u64| {
        let read = store.read(move |tx| card_events::about(tx, &bank, about));
        async move { read.await.unwrap_or_else(|e: DbError| panic!("{e}")).map(|event| (event.seq, event.about)) }
    };
    assert_eq!(of(harbour(), high).await, Some((2, Some(high))));
    assert_eq!(of(harbour(), low).await, Some((3, Some(low))));
    assert_eq!(of(harbour(), 8).await, None);
    assert_eq!(of(meridian(), high).await, None);
}

pub async fn forgetting_leaves_the_last_event_so_that_places_go_on(fixture: Fixture) {
    let store = fixture.open();
    for seq in 1..=4 {
        append(&store, harbour(), event(seq, &format!("evt-{seq}")), i64::try_from(seq).unwrap()).await;
    }
    append(&store, meridian(), event(1, "evt-1"), 0).await;
    let sweep = |at: i64| store.transact(move |tx| card_events::sweep(tx, &harbour(), later(at)));
    assert_eq!(sweep(3).await, Ok::<_, DbError>(2), "those of before, and not the one of that moment");
    assert_eq!(places(&after(&store, harbour(), 0, 10).await), [3, 4]);
    assert_eq!(sweep(1_000).await, Ok::<_, DbError>(1));
    assert_eq!(places(&after(&store, harbour(), 0, 10).await), [4]);
    assert_eq!(sweep(1_000).await, Ok::<_, DbError>(0));
    assert_eq!((last(&store, harbour()).await, last(&store, meridian()).await), (4, 1));
    assert!(!append(&store, harbour(), event(4, "evt-5"), 5).await, "its place is not given again");
    assert!(append(&store, harbour(), event(5, "evt-5"), 5).await);
}
