//! What the record of a customer's orders promises.

use crate::fixture::{Customer, Fixture, customer, later, noon};
use store::{
    DbError, Store,
    orders::{self, OrderPlace, OrderState},
};

fn place(of: &Customer, id: &str) -> OrderPlace {
    OrderPlace {
        bank: of.bank.clone(),
        customer: of.id.clone(),
        conversation: of.conversation.id.clone(),
        id: id.to_owned(),
    }
}

async fn written(store: &Store, of: &OrderPlace, body: &'static [u8], at: i64) -> bool {
    let of = of.clone();
    store.transact(move |tx| orders::write(tx, &of, body, later(at))).await.unwrap()
}

async fn heard(store: &Store, of: &OrderPlace, state: OrderState) -> bool {
    let of = of.clone();
    store.transact(move |tx| orders::heard(tx, &of, state, later(60))).await.unwrap()
}

pub async fn an_order_is_written_once_and_what_is_done_stays_done(fixture: Fixture) {
    let store = fixture.open();
    let of = customer(&store).await;
    let order = place(&of, "k-1");
    assert!(!heard(&store, &order, OrderState::Done).await, "there is none yet");
    assert!(written(&store, &order, b"freeze the card", 0).await);
    assert!(!written(&store, &order, b"something else", 5).await, "the same key is the same order");
    assert!(!heard(&store, &order, OrderState::Undone).await, "what is not done cannot be taken back");
    assert!(heard(&store, &order, OrderState::ToApprove).await);
    assert!(heard(&store, &order, OrderState::Refused).await);
    assert!(heard(&store, &order, OrderState::Done).await, "a second try may do it");
    assert!(!heard(&store, &order, OrderState::Refused).await, "what is done stays done");
    assert!(heard(&store, &order, OrderState::Undone).await);
    let read = store.read(move |tx| orders::newest(tx, &of.bank, &of.id, 10));
    let (found, all) = read.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    assert_eq!((found.len(), all), (1, 1));
    assert_eq!((found[0].body.as_slice(), found[0].state), (&b"freeze the card"[..], OrderState::Undone));
    assert_eq!((found[0].made_at, found[0].changed_at), (noon(), later(60)));
}

pub async fn the_newest_orders_come_first_and_are_those_of_one_customer(fixture: Fixture) {
    let store = fixture.open();
    let (of, other) = (customer(&store).await, customer(&store).await);
    for (at, id) in ["k-1", "k-2", "k-3"].into_iter().enumerate() {
        written(&store, &place(&of, id), b"x", at as i64).await;
    }
    written(&store, &place(&other, "k-1"), b"of another", 9).await;
    let read = store.read(move |tx| orders::newest(tx, &of.bank, &of.id, 2));
    let (found, all) = read.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    let ids: Vec<&str> = found.iter().map(|order| order.of.id.as_str()).collect();
    assert_eq!((ids, all), (vec!["k-3", "k-2"], 3));
}
