//! What a consent promises.

use crate::fixture::{Customer, Fixture, consent, customer, decision, later, noon};
use domain::{Consent, ConsentEvent, ConsentState, consent::NotPossible};
use gate::Decision;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};
use store::{
    DbError, Store, access,
    consents::{self, Changed},
};

async fn change(store: &Store, seen: &Consent, event: ConsentEvent) -> Changed {
    let seen = seen.clone();
    store
        .transact(move |tx| consents::change(tx, &seen, event, noon(), |_| ()))
        .await
        .unwrap_or_else(|e: DbError| panic!("{e}"))
}

pub async fn the_second_of_two_changes_is_told_what_it_found(fixture: Fixture) {
    let store = fixture.open();
    for _ in 0..10 {
        let seen = customer(&store).await.consent;
        let events = [ConsentEvent::Withdraw, ConsentEvent::Revoke];
        let calls = events.map(|event| {
            let (store, seen) = (store.clone(), seen.clone());
            tokio::spawn(async move { change(&store, &seen, event).await })
        });
        let mut won = Vec::new();
        let mut lost = Vec::new();
        for call in calls {
            match call.await.unwrap() {
                Changed::Yes(consent) => won.push(consent.state),
                Changed::LostRace { now_in } => lost.push(now_in),
                Changed::NotPossible(why) => panic!("{why}"),
            }
        }
        assert_eq!((won.len(), &won), (1, &lost));
    }
}

pub async fn what_cannot_happen_to_a_consent_changes_nothing(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let given = customer.consent.clone();
    let why = NotPossible { state: ConsentState::Given, event: ConsentEvent::Resume };
    assert_eq!(change(&store, &given, ConsentEvent::Resume).await, Changed::NotPossible(why));
    let (bank, id) = (customer.bank, customer.id);
    let changed = store.transact(move |tx| {
        let update = |c: &mut Consent| c.at_bank = Some("grant-7".to_owned());
        let changed = consents::change(tx, &given, ConsentEvent::Pause, noon(), update)?;
        let found = consents::find(tx, &bank, &id, &given.id)?.unwrap();
        assert_eq!(changed, Changed::Yes(found.clone()));
        Ok::<_, DbError>(found)
    });
    let found = changed.await.unwrap();
    assert_eq!((found.state, found.at_bank.as_deref()), (ConsentState::Paused, Some("grant-7")));
}

pub async fn the_newest_consent_that_holds_is_the_current_one(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let newer = consent(&customer.bank, &customer.id, &customer.conversation.id, ConsentState::Requested);
    let wanted = (customer.consent.id.clone(), newer.id.clone());
    let found = store.transact(move |tx| {
        let Customer { bank, id, conversation, .. } = &customer;
        assert!(consents::insert(tx, &newer, later(1))?);
        assert!(!consents::insert(tx, &newer, later(1))?);
        let (current, latest) = (
            consents::current(tx, bank, id, &conversation.id)?.unwrap(),
            consents::latest(tx, bank, id, &conversation.id)?.unwrap(),
        );
        let mut due: Vec<_> = consents::overdue(tx, later(86_400), 10)?.into_iter().map(|c| c.id).collect();
        due.sort();
        assert_eq!(due, [current.id.clone(), latest.id.clone()]);
        assert!(consents::overdue(tx, later(86_399), 10)?.is_empty());
        Ok::<_, DbError>((current.id, latest.id))
    });
    assert_eq!(found.await.unwrap(), wanted);
}

pub async fn a_consent_of_another_customer_is_not_found(fixture: Fixture) {
    let store = fixture.open();
    let (one, other) = (customer(&store).await, customer(&store).await);
    let found = store.transact(move |tx| {
        let ours = consents::find(tx, &one.bank, &one.id, &other.consent.id)?;
        let theirs = consents::current_for_decision(tx, &one.bank, &one.id, &other.conversation.id)?;
        Ok::<_, DbError>((ours, theirs))
    });
    assert_eq!(found.await, Ok((None, None)));
}

/// Decides as a use case does: looks at the consent, then stages a yes or a no.
async fn decide(store: &Store, customer: &Customer, by_id: bool) -> bool {
    let (customer, template) = (customer.clone(), decision(customer, true));
    let decided = store.decide(vec![template.entry.clone()], move |tx| {
        let Customer { bank, id, conversation, consent } = &customer;
        let found = if by_id {
            consents::find_for_decision(tx, bank, id, &consent.id)?
        } else {
            consents::current_for_decision(tx, bank, id, &conversation.id)?
        };
        let allowed = found.is_some_and(|c| c.holds(noon()));
        access::stage(tx, &Decision { allowed, ..template.clone() })?;
        Ok::<_, DbError>(allowed)
    });
    decided.await.unwrap().0
}

/// How many accesses were allowed to a customer, numbered or not.
async fn allowed(store: &Store, customer: &Customer) -> usize {
    let customer = customer.clone();
    let accesses = store.read(move |tx| access::of_customer(tx, &customer.bank, &customer.id, None, 100_000));
    accesses.await.unwrap_or_else(|e: DbError| panic!("{e}")).iter().filter(|a| a.decision.allowed).count()
}

pub async fn nothing_is_allowed_after_an_acknowledged_withdrawal(fixture: Fixture) {
    let store = fixture.open();
    for round in 0..12 {
        let customer = customer(&store).await;
        let withdrawn = Arc::new(AtomicBool::new(false));
        let decided = Arc::new(AtomicUsize::new(0));
        let deciders: Vec<_> = (0..6)
            .map(|n| {
                let (store, customer) = (store.clone(), customer.clone());
                let (withdrawn, decided) = (Arc::clone(&withdrawn), Arc::clone(&decided));
                tokio::spawn(async move {
                    let mut after = 0;
                    while after < 5 {
                        let late = withdrawn.load(SeqCst);
                        let allowed = decide(&store, &customer, n % 2 == 0).await;
                        decided.fetch_add(1, SeqCst);
                        assert!(!(late && allowed), "allowed after the withdrawal was acknowledged");
                        after += u32::from(late);
                    }
                })
            })
            .collect();
        crate::fixture::until("some have decided", || decided.load(SeqCst) > 10 + round).await;
        let ended = change(&store, &customer.consent, ConsentEvent::Withdraw).await;
        // From here on the number of those that were allowed stands, even of those that had begun before.
        let before = allowed(&store, &customer).await;
        withdrawn.store(true, SeqCst);
        assert!(matches!(ended, Changed::Yes(_)));
        for decider in deciders {
            decider.await.unwrap();
        }
        assert_eq!(allowed(&store, &customer).await, before);
        assert!(before > 0);
    }
}
