//! What an attempt to link promises.

use crate::fixture::{Customer, Fixture, customer, later, noon, uuid};
use domain::{BankId, LinkId};
use store::{
    DbError, Store,
    links::{self, LinkOutcome, LinkState, Moved, NewLink},
};

const TOKEN: [u8; 32] = [1; 32];
const COOKIE: [u8; 32] = [2; 32];

async fn offered(store: &Store) -> Customer {
    let customer = customer(store).await;
    let new = NewLink {
        id: LinkId::new(uuid()),
        bank: customer.bank.clone(),
        customer: customer.id.clone(),
        conversation: customer.conversation.id.clone(),
        consent: customer.consent.id.clone(),
        token_hash: TOKEN,
        now: noon(),
        expires_at: later(600),
    };
    assert_eq!(store.transact(move |tx| links::insert(tx, &new)).await, Ok::<_, DbError>(true));
    customer
}

fn state(moved: &Moved) -> LinkState {
    match moved {
        Moved::Yes(link) => link.state,
        Moved::No { found } => panic!("not moved: {found:?}"),
    }
}

fn not_moved(moved: Moved) -> Option<LinkState> {
    match moved {
        Moved::Yes(link) => panic!("moved to {}", link.state),
        Moved::No { found } => found.map(|link| link.state),
    }
}

pub async fn an_attempt_goes_through_its_steps_once(fixture: Fixture) {
    let store = fixture.open();
    let customer = offered(&store).await;
    let walked = store.transact(move |tx| {
        let Customer { bank, id, conversation, .. } = &customer;
        assert_eq!(links::by_token(tx, bank, &TOKEN)?.unwrap().state, LinkState::Offered);
        assert!(links::take_returned(tx, &COOKIE, later(1))?.is_none());
        assert_eq!(not_moved(links::send(tx, &COOKIE, b"pending", later(1))?), None);
        assert_eq!(state(&links::open(tx, bank, &TOKEN, &COOKIE, later(1))?), LinkState::Opened);
        assert_eq!(state(&links::send(tx, &COOKIE, b"pending", later(2))?), LinkState::Sent);
        assert_eq!(not_moved(links::send(tx, &COOKIE, b"other", later(2))?), Some(LinkState::Sent));
        assert_eq!(links::awaiting_answer(tx, bank, id, &conversation.id)?, None);
        let (link, pending) = links::take_returned(tx, &COOKIE, later(3))?.unwrap();
        assert_eq!((link.state, pending.as_slice()), (LinkState::Returned, b"pending".as_slice()));
        assert!(links::take_returned(tx, &COOKIE, later(3))?.is_none());
        assert_eq!(links::awaiting_answer(tx, bank, id, &conversation.id)?, Some(link.clone()));
        assert_eq!(state(&links::settle(tx, &link, LinkOutcome::Confirmed, later(4))?), LinkState::Confirmed);
        assert_eq!(
            not_moved(links::settle(tx, &link, LinkOutcome::Refused, later(4))?),
            Some(LinkState::Confirmed)
        );
        let confirmed = links::find(tx, bank, id, &link.id)?.unwrap();
        assert_eq!(
            not_moved(links::settle(tx, &confirmed, LinkOutcome::Failed, later(4))?),
            Some(LinkState::Confirmed)
        );
        assert_eq!(not_moved(links::open(tx, bank, &TOKEN, &[3; 32], later(5))?), Some(LinkState::Confirmed));
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn a_link_that_is_over_moves_no_more(fixture: Fixture) {
    let store = fixture.open();
    let customer = offered(&store).await;
    let walked = store.transact(move |tx| {
        let bank = &customer.bank;
        assert_eq!(not_moved(links::open(tx, bank, &TOKEN, &COOKIE, later(600))?), Some(LinkState::Offered));
        assert_eq!(state(&links::open(tx, bank, &TOKEN, &COOKIE, later(599))?), LinkState::Opened);
        assert_eq!(not_moved(links::send(tx, &COOKIE, b"-", later(600))?), Some(LinkState::Opened));
        assert_eq!(state(&links::send(tx, &COOKIE, b"-", later(599))?), LinkState::Sent);
        assert!(links::take_returned(tx, &COOKIE, later(600))?.is_none());
        let link = links::by_cookie(tx, &COOKIE)?.unwrap();
        assert_eq!(state(&links::settle(tx, &link, LinkOutcome::Expired, later(600))?), LinkState::Expired);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn a_link_of_another_bank_is_not_found(fixture: Fixture) {
    let store = fixture.open();
    offered(&store).await;
    let walked = store.transact(move |tx| {
        let meridian: BankId = "meridian".parse().unwrap();
        assert_eq!(links::by_token(tx, &meridian, &TOKEN)?, None);
        assert_eq!(not_moved(links::open(tx, &meridian, &TOKEN, &COOKIE, later(1))?), None);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn only_what_returned_from_the_bank_can_be_confirmed(fixture: Fixture) {
    let store = fixture.open();
    let customer = offered(&store).await;
    let walked = store.transact(move |tx| {
        let link = links::by_token(tx, &customer.bank, &TOKEN)?.unwrap();
        let moved = links::settle(tx, &link, LinkOutcome::Confirmed, later(1))?;
        assert_eq!(not_moved(moved), Some(LinkState::Offered));
        assert_eq!(state(&links::settle(tx, &link, LinkOutcome::Refused, later(1))?), LinkState::Refused);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn of_two_browsers_one_is_bound(fixture: Fixture) {
    let store = fixture.open();
    let customer = offered(&store).await;
    let browsers: Vec<_> = (10..18)
        .map(|n| {
            let (store, bank) = (store.clone(), customer.bank.clone());
            tokio::spawn(async move {
                let open = store.transact(move |tx| links::open(tx, &bank, &TOKEN, &[n; 32], later(1)));
                (n, open.await.unwrap_or_else(|e: DbError| panic!("{e}")))
            })
        })
        .collect();
    let mut bound = Vec::new();
    for browser in browsers {
        let (n, moved) = browser.await.unwrap();
        match moved {
            Moved::Yes(_) => bound.push(n),
            Moved::No { found } => assert_eq!(found.unwrap().state, LinkState::Opened),
        }
    }
    assert_eq!(bound.len(), 1);
    let found = store.read(move |tx| {
        let mut cookies = Vec::new();
        for n in 10..18 {
            cookies.extend(links::by_cookie(tx, &[n; 32])?.map(|_| n));
        }
        Ok::<_, DbError>(cookies)
    });
    assert_eq!(found.await.unwrap(), bound);
}
