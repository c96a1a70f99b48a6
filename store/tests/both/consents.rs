//! What a consent promises.

use crate::fixture::{self, Customer, Fixture, change_at, consent, customer, decision, later, noon};
use access_log::ConsentLeaf;
use domain::{
    Channel, Consent, ConsentChange, ConsentEvent, ConsentState, Controller, DataClass, EntryId, How, Terms,
    consent::NotPossible, ids::PullOutId,
};
use gate::Decision;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};
use store::{
    DbError, Store, access, consent_events,
    consents::{self, Change, Changed},
    pull_outs::{self, PullOut},
};

async fn change(store: &Store, seen: &Consent, event: ConsentEvent) -> Changed {
    let seen = seen.clone();
    store
        .transact(move |tx| consents::change(tx, &seen, &fixture::change(event), |_| ()))
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
                Changed::Yes(consent, _) => won.push(consent.state),
                Changed::LostRace { now_in } => lost.push(now_in),
                other => panic!("{other:?}"),
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
        let changed = consents::change(tx, &given, &fixture::change(ConsentEvent::Pause), update)?;
        let found = consents::find(tx, &bank, &id, &given.id)?.unwrap();
        assert!(matches!(changed, Changed::Yes(changed, _) if changed == found));
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

/// The log itself tells the order: no allowed access stands after the end of the consent.
async fn every_allowed_access_comes_before(store: &Store, customer: &Customer, end: &EntryId) {
    for _ in 0..200 {
        let (of, end) = (customer.clone(), end.clone());
        let read = store.read(move |tx| {
            let accesses = access::of_customer(tx, &of.bank, &of.id, None, 100_000)?;
            Ok::<_, DbError>((accesses, consent_events::opening(tx, &of.bank, &of.id, &end)?))
        });
        let (accesses, end) = read.await.unwrap();
        if let (Some(end), true) = (end, accesses.iter().all(|a| a.index.is_some())) {
            for access in accesses.iter().filter(|a| a.decision.allowed) {
                assert!(access.index < Some(end.index), "{:?} after {}", access.index, end.index);
            }
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the log did not number all of it");
}

pub async fn the_history_of_a_consent_is_kept_and_each_step_that_counts_is_logged(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let asked = consent(&customer.bank, &customer.id, &customer.conversation.id, ConsentState::Requested);
    let (of, id) = (customer.clone(), asked.id.clone());
    let changed = store.transact(move |tx| {
        assert!(consents::insert(tx, &asked, noon())?);
        let mut now = asked.clone();
        for (n, event) in [ConsentEvent::Give, ConsentEvent::Pause, ConsentEvent::Resume].iter().enumerate() {
            let change = change_at(*event, later(1 + n as i64));
            let Changed::Yes(next, _) = consents::change(tx, &now, &change, |_| ())? else {
                panic!("{event}")
            };
            now = next;
        }
        // The clock was set back by an hour; the history goes on all the same.
        let change = Change {
            how: How::PullOut,
            reason: Some("we stop".to_owned()),
            ..change_at(ConsentEvent::Revoke, later(-3600))
        };
        let Changed::Yes(_, last) = consents::change(tx, &now, &change, |_| ())? else { panic!("revoke") };
        assert_eq!(last.at, later(3));
        Ok::<_, DbError>(last.entry.unwrap())
    });
    let entry = changed.await.unwrap();
    let store = {
        store.close().await;
        fixture.open()
    };
    let read = store.read(move |tx| {
        let told = consent_events::of_consent(tx, &of.bank, &of.id, &id)?;
        Ok::<_, DbError>((told, consent_events::opening(tx, &of.bank, &of.id, &entry)?.unwrap()))
    });
    let (told, opening) = read.await.unwrap();
    let states: Vec<_> = told.iter().map(|t| t.change.state.as_str()).collect();
    assert_eq!(states, ["requested", "given", "paused", "given", "revoked"]);
    let places: Vec<_> = told.iter().map(|t| t.index).collect();
    assert!(
        places[0].is_none() && places[1..].iter().all(Option::is_some) && places[1..].is_sorted(),
        "{places:?}"
    );
    assert!(told[0].change.previous.is_none() && told[1..].iter().all(|t| t.change.previous.is_some()));
    // The commitment in the log opens with this customer's key of this entry and the record, and nothing else.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*opening.key).unwrap();
    mac.update(&opening.record);
    let leaf = ConsentLeaf::decode(&opening.leaf).unwrap();
    assert_eq!(leaf.commitment[..], mac.finalize().into_bytes()[..]);
    assert!(String::from_utf8(opening.record).unwrap().contains("we stop"));
    let hash: String =
        Sha256::digest(canonical(&told[3].change)).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(told[4].change.previous.as_deref(), Some(hash.as_str()));
}

/// What serde_json writes of a map that it sorts is canonical for plain data.
fn canonical(change: &ConsentChange) -> Vec<u8> {
    let value = serde_json::to_value(change).unwrap();
    let sorted: std::collections::BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
    serde_json::to_vec(&sorted).unwrap()
}

pub async fn what_held_when_a_consent_was_asked_for_is_stored_once(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let terms = Terms {
        controller: Controller { name: "Harbour Bank N.A.".to_owned(), ..Controller::default() },
        profile: "us".to_owned(),
        lookback_days: 90,
        keep_record_days: 1095,
        policy_sha256: "11".repeat(32),
        floor_sha256: "22".repeat(32),
        supersedes: None,
    };
    let stored = store.transact(move |tx| {
        let consent = &customer.consent;
        assert!(consent_events::put_terms(tx, consent, &terms)?);
        assert!(!consent_events::put_terms(tx, consent, &Terms { lookback_days: 9, ..terms.clone() })?);
        assert_eq!(
            consent_events::terms(tx, &customer.bank, &customer.id, &consent.id)?.as_ref(),
            Some(&terms)
        );
        Ok::<_, DbError>(())
    });
    stored.await.unwrap();
}

pub async fn a_bank_is_asked_and_a_customer_reminded_once_per_time(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let checked = store.transact(move |tx| {
        let consent = &customer.consent;
        assert!(consents::claim_looks(tx, later(9), later(99), 10)?.is_empty());
        consents::look_after(tx, consent, later(10), Some(later(20)))?;
        assert!(consents::claim_looks(tx, later(9), later(99), 10)?.is_empty());
        assert_eq!(consents::claim_looks(tx, later(10), later(99), 10)?.len(), 1);
        assert!(consents::claim_looks(tx, later(98), later(99), 10)?.is_empty());
        assert!(consents::to_remind(tx, later(19), 10)?.is_empty());
        let due = consents::to_remind(tx, later(20), 10)?;
        assert_eq!(due, [(consent.clone(), later(20))]);
        assert!(consents::reminded(tx, consent, later(20), Some(later(30)))?);
        assert!(!consents::reminded(tx, consent, later(20), None)?, "by somebody else");
        let Changed::Yes(..) =
            consents::change(tx, consent, &fixture::change(ConsentEvent::Withdraw), |_| ())?
        else {
            panic!("it was given")
        };
        assert!(consents::to_remind(tx, later(40), 10)?.is_empty());
        assert!(!consents::reminded(tx, consent, later(30), None)?, "it has ended");
        assert!(consents::claim_looks(tx, later(200), later(300), 10)?.is_empty());
        Ok::<_, DbError>(())
    });
    checked.await.unwrap();
}

pub async fn a_bank_that_pulls_out_is_known_until_it_comes_back(fixture: Fixture) {
    let store = fixture.open();
    let (customer, id) = (customer(&store).await, PullOutId::new(fixture::uuid()));
    let checked = store.transact(move |tx| {
        let bank = &customer.bank;
        let new = PullOut {
            id: id.clone(),
            bank: bank.clone(),
            channel: Some(Channel::Web),
            data_class: None,
            reason: "We talk elsewhere.".to_owned(),
            by: "an officer".to_owned(),
            at: noon(),
            ended: 0,
            done_at: None,
            lifted_at: None,
        };
        assert!(pull_outs::begin(tx, &new)? && !pull_outs::begin(tx, &new)?);
        assert_eq!(pull_outs::standing(tx, bank)?, std::slice::from_ref(&new));
        assert_eq!(pull_outs::unfinished(tx)?, std::slice::from_ref(&new));
        assert!(new.covers(&customer.consent) && new.closes(Channel::Web, DataClass::Balances));
        let open = consents::open_of_bank(tx, bank, None, 10)?;
        assert_eq!(open, std::slice::from_ref(&customer.consent));
        assert!(consents::open_of_bank(tx, bank, Some((&customer.id, &customer.consent.id)), 10)?.is_empty());
        pull_outs::count_one(tx, &new)?;
        assert!(pull_outs::finish(tx, &new, later(5))? && !pull_outs::finish(tx, &new, later(6))?);
        assert!(pull_outs::unfinished(tx)?.is_empty());
        let found = pull_outs::find(tx, bank, &id)?.unwrap();
        assert_eq!((found.ended, found.done_at), (1, Some(later(5))));
        assert_eq!(pull_outs::standing(tx, bank)?.len(), 1);
        assert_eq!(pull_outs::lift(tx, bank, later(7))?, 1);
        assert!(pull_outs::standing(tx, bank)?.is_empty());
        Ok::<_, DbError>(())
    });
    checked.await.unwrap();
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
        let Changed::Yes(_, change) = ended else { panic!("{ended:?}") };
        for decider in deciders {
            decider.await.unwrap();
        }
        assert_eq!(allowed(&store, &customer).await, before);
        assert!(before > 0);
        every_allowed_access_comes_before(&store, &customer, &change.entry.unwrap()).await;
    }
}
