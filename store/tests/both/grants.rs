//! What a grant promises.

use crate::fixture::{Customer, Fixture, customer, later, noon};
use store::{DbError, grants};

pub async fn a_grant_is_given_back_as_it_was_stored(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let walked = store.transact(move |tx| {
        let Customer { bank, id, consent, .. } = &customer;
        assert!(grants::get(tx, bank, id, &consent.id)?.is_none());
        grants::put(tx, bank, id, &consent.id, b"first", noon())?;
        grants::put(tx, bank, id, &consent.id, b"second", noon())?;
        assert_eq!(grants::get(tx, bank, id, &consent.id)?.unwrap().as_slice(), b"second");
        assert!(grants::delete(tx, bank, id, &consent.id)?);
        assert!(!grants::delete(tx, bank, id, &consent.id)?);
        assert!(grants::get(tx, bank, id, &consent.id)?.is_none());
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn one_process_at_a_time_renews_a_grant(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let ours = customer.clone();
    let put =
        store.transact(move |tx| grants::put(tx, &ours.bank, &ours.id, &ours.consent.id, b"old", noon()));
    put.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    let racers: Vec<_> = (0..8)
        .map(|n| {
            let (store, c) = (store.clone(), customer.clone());
            tokio::spawn(async move {
                let by = format!("process-{n}");
                let leased = store.transact(move |tx| {
                    grants::lease(tx, &c.bank, &c.id, &c.consent.id, &by, noon(), later(30))
                        .map(|won| (won, by.clone()))
                });
                leased.await.unwrap_or_else(|e: DbError| panic!("{e}"))
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        let (won, by) = racer.await.unwrap();
        if won {
            winners.push(by);
        }
    }
    assert_eq!(winners.len(), 1);
    let walked = store.transact(move |tx| {
        let Customer { bank, id, consent, .. } = &customer;
        let first = &winners[0];
        assert!(!grants::renew(tx, bank, id, &consent.id, "nobody", b"stolen", later(1))?);
        assert!(grants::lease(tx, bank, id, &consent.id, "later", later(30), later(60))?);
        assert!(!grants::renew(tx, bank, id, &consent.id, first, b"too late", later(31))?);
        assert!(!grants::release(tx, bank, id, &consent.id, first)?);
        assert!(grants::renew(tx, bank, id, &consent.id, "later", b"new", later(31))?);
        assert_eq!(grants::get(tx, bank, id, &consent.id)?.unwrap().as_slice(), b"new");
        assert!(grants::lease(tx, bank, id, &consent.id, first, later(32), later(60))?);
        assert!(grants::release(tx, bank, id, &consent.id, first)?);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}
