//! Fraud alerts on the desk of a bank's people: which work is open, what was decided, and how it goes.

use crate::{
    fixture::{Customer, Fixture, customer, customer_of, harbour, later, noon, uuid},
    staff::person,
};
use domain::{
    BankId,
    staff::{FraudVerdict, Role},
};
use jiff::Timestamp;
use store::{
    DbError, Store,
    card_events::{self, CardEvent},
    erasures,
    fraud_alerts::{self, Alert, AlertState, NewAlert, Next},
    fraud_decisions::{self, NewDecision},
    fraud_desk::{self, Slip, Tally},
};

const WORKER: &str = "w";

/// An alert of a customer, as it is raised.
async fn raise(store: &Store, of: &Customer, card: u64, terminal: u64, at: i64) -> String {
    let (of, id) = (of.clone(), uuid().to_string());
    let name = id.clone();
    let raised = store.transact(move |tx| {
        let mut payment = [0; 32];
        payment[..16].copy_from_slice(&name.as_bytes()[name.len() - 16..]);
        let new = NewAlert {
            id: &name,
            bank: &of.bank,
            customer: &of.id,
            conversation: &of.conversation.id,
            consent: &of.consent.id,
            payment: &payment,
            card,
            terminal,
            body: b"what the bank told",
            asks: true,
            now: later(at),
        };
        fraud_alerts::raise(tx, &new)
    });
    assert!(raised.await.unwrap());
    id
}

async fn find(store: &Store, id: &str) -> Option<Alert> {
    let id = id.to_owned();
    store.read(move |tx| fraud_alerts::of_bank(tx, &harbour(), &id)).await.unwrap()
}

async fn claim(store: &Store, at: i64) -> Vec<Alert> {
    let claim = move |tx: &mut store::Tx| fraud_alerts::claim(tx, WORKER, later(at), later(at + 30), 10);
    store.lease(claim).await.unwrap()
}

/// The customer is asked about all that is due, and again at a time.
async fn ask_all(store: &Store, at: i64, again: i64) {
    for alert in claim(store, at).await {
        let next =
            Next { state: AlertState::Asked, messages: alert.messages + 1, at: later(again), failed: false };
        let settled =
            store.transact(move |tx| fraud_alerts::settle(tx, &alert, WORKER, next, later(at))).await;
        assert!(settled.unwrap());
    }
}

async fn answer(store: &Store, of: &Customer, id: &str, to: AlertState, at: i64) {
    let (of, id) = (of.conversation.clone(), id.to_owned());
    let answered = store
        .transact(move |tx| fraud_alerts::answered(tx, &of, &id, &[AlertState::Due], to, later(at)))
        .await;
    assert!(answered.unwrap());
}

async fn decide(store: &Store, id: &str, number: u32, verdict: FraudVerdict, at: i64) -> bool {
    let by = person(store, Role::FraudAnalyst).await;
    let id = id.to_owned();
    let decided = store.transact(move |tx| {
        let alert = fraud_alerts::of_bank(tx, &harbour(), &id)?.unwrap();
        let new = NewDecision { number, verdict, note: "Copied card.", by: &by.id, now: later(at) };
        fraud_decisions::insert(tx, &alert, &new)
    });
    decided.await.unwrap()
}

fn ids(slips: &[Slip]) -> Vec<&str> {
    slips.iter().map(|slip| slip.id.as_str()).collect()
}

async fn piles(store: &Store) -> (Vec<Slip>, Vec<Slip>, Vec<Slip>, Tally) {
    let read = store.read(|tx| {
        Ok::<_, DbError>((
            fraud_desk::open(tx, &harbour(), 100)?,
            fraud_desk::waiting(tx, &harbour(), 100)?,
            fraud_desk::decided(tx, &harbour(), noon(), 100)?,
            fraud_desk::tally(tx, &harbour(), noon())?,
        ))
    });
    read.await.unwrap()
}

pub async fn open_work_comes_by_what_the_customer_said_and_then_by_age(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let waits = raise(&store, &mine, 1, 7, 0).await;
    let silent = raise(&store, &mine, 2, 7, 1).await;
    let newer = raise(&store, &mine, 3, 7, 3).await;
    let older = raise(&store, &mine, 4, 7, 2).await;
    let yes = raise(&store, &mine, 5, 7, 4).await;
    answer(&store, &mine, &silent, AlertState::Unanswered, 10).await;
    answer(&store, &mine, &newer, AlertState::NotMine, 10).await;
    answer(&store, &mine, &older, AlertState::NotMine, 11).await;
    answer(&store, &mine, &yes, AlertState::Mine, 12).await;
    let (open, waiting, decided, tally) = piles(&store).await;
    assert_eq!(ids(&open), [&older, &newer, &silent]);
    assert_eq!((ids(&waiting), decided.len()), (vec![waits.as_str()], 0));
    assert_eq!(tally, Tally { open: 3, waiting: 1, decided: 0 });
    assert!(decide(&store, &older, 1, FraudVerdict::Fraud, 20).await);
    let (open, _, decided, tally) = piles(&store).await;
    assert_eq!((ids(&open), ids(&decided)), (vec![newer.as_str(), &silent], vec![older.as_str()]));
    assert_eq!(decided[0].verdict, Some(FraudVerdict::Fraud));
    assert_eq!(tally, Tally { open: 2, waiting: 1, decided: 1 });
    let late = store.read(|tx| fraud_desk::decided(tx, &harbour(), later(21), 100)).await;
    assert!(late.unwrap().is_empty(), "decided before that time");
    let never = |since| store.read(move |tx| fraud_desk::unanswered(tx, &harbour(), later(since)));
    assert_eq!(
        (never(10).await.unwrap(), never(11).await.unwrap()),
        (1, 0),
        "who never answered, since a time"
    );
}

pub async fn a_no_after_genuine_is_open_work_again(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let (genuine, fraud) = (raise(&store, &mine, 1, 7, 0).await, raise(&store, &mine, 2, 7, 0).await);
    assert!(decide(&store, &genuine, 1, FraudVerdict::Genuine, 5).await);
    assert!(decide(&store, &fraud, 1, FraudVerdict::Fraud, 5).await);
    assert_eq!(piles(&store).await.0.len(), 0);
    answer(&store, &mine, &genuine, AlertState::NotMine, 6).await;
    answer(&store, &mine, &fraud, AlertState::NotMine, 6).await;
    let (open, _, decided, tally) = piles(&store).await;
    assert_eq!((ids(&open), ids(&decided)), (vec![genuine.as_str()], vec![fraud.as_str()]));
    assert_eq!(tally, Tally { open: 1, waiting: 0, decided: 1 });
    assert!(decide(&store, &genuine, 2, FraudVerdict::Fraud, 7).await);
    assert_eq!(piles(&store).await.3, Tally { open: 0, waiting: 0, decided: 2 });
}

pub async fn a_decision_has_its_number_once_and_a_change_keeps_the_first(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let id = raise(&store, &mine, 1, 7, 0).await;
    assert!(decide(&store, &id, 1, FraudVerdict::Fraud, 5).await);
    assert!(!decide(&store, &id, 1, FraudVerdict::Genuine, 6).await);
    assert!(decide(&store, &id, 2, FraudVerdict::Genuine, 7).await);
    let alert = find(&store, &id).await.unwrap();
    assert_eq!(alert.decided, Some((FraudVerdict::Genuine, later(7))));
    let decisions = store.read(move |tx| fraud_decisions::of_alert(tx, &alert)).await.unwrap();
    let kept: Vec<(u32, FraudVerdict, &str, Timestamp)> =
        decisions.iter().map(|one| (one.number, one.verdict, one.note.as_str(), one.at)).collect();
    assert_eq!(
        kept,
        [
            (1, FraudVerdict::Fraud, "Copied card.", later(5)),
            (2, FraudVerdict::Genuine, "Copied card.", later(7))
        ]
    );
    assert_eq!(decisions[0].name, "Dana Reyes");
    let untaught = store.read(|tx| fraud_decisions::untaught(tx, 10)).await.unwrap();
    assert_eq!(untaught, [(harbour(), id.clone(), 2)], "the newest one is told");
    store.transact(move |tx| fraud_decisions::taught(tx, &harbour(), &id, 2)).await.unwrap();
    assert!(store.read(|tx| fraud_decisions::untaught(tx, 10)).await.unwrap().is_empty());
}

pub async fn of_two_who_decide_an_alert_at_once_one_does(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let id = raise(&store, &mine, 1, 7, 0).await;
    let other = fixture.open();
    let (one, two) = tokio::join!(
        decide(&store, &id, 1, FraudVerdict::Fraud, 5),
        decide(&other, &id, 1, FraudVerdict::Genuine, 5)
    );
    assert!(one != two, "{one} {two}");
    let wanted = if one { FraudVerdict::Fraud } else { FraudVerdict::Genuine };
    assert_eq!(find(&store, &id).await.unwrap().decided, Some((wanted, later(5))));
}

pub async fn a_decided_alert_is_not_asked_about_any_more(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let (due, asked) = (raise(&store, &mine, 1, 7, 50).await, raise(&store, &mine, 2, 7, 0).await);
    ask_all(&store, 1, 60).await;
    let in_hand = claim(&store, 60).await;
    assert_eq!(in_hand.len(), 2);
    for id in [&due, &asked] {
        assert!(decide(&store, id, 1, FraudVerdict::Fraud, 61).await);
    }
    for alert in in_hand {
        let next = Next { state: AlertState::Asked, messages: 2, at: later(70), failed: false };
        let said = store.transact(move |tx| fraud_alerts::settle(tx, &alert, WORKER, next, later(62))).await;
        assert!(!said.unwrap(), "whoever had it in hand says nothing");
    }
    assert!(claim(&store, 1_000_000).await.is_empty());
    let alert = find(&store, &asked).await.unwrap();
    assert_eq!((alert.state, alert.messages, alert.is_asked()), (AlertState::Asked, 1, false));
    assert_eq!((alert.asked_at, alert.reminded_at), (Some(later(1)), None));
}

pub async fn those_that_joined_a_question_are_asked_when_it_ends(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let (asked, joined) = (raise(&store, &mine, 1, 7, 0).await, raise(&store, &mine, 1, 7, 0).await);
    let other_card = raise(&store, &mine, 2, 7, 0).await;
    for alert in claim(&store, 1).await {
        let messages = u32::from(alert.id == asked);
        let next = Next { state: AlertState::Asked, messages, at: later(500), failed: false };
        store.transact(move |tx| fraud_alerts::settle(tx, &alert, WORKER, next, later(1))).await.unwrap();
    }
    let of = find(&store, &asked).await.unwrap();
    assert!(decide(&store, &asked, 1, FraudVerdict::Genuine, 2).await);
    assert_eq!(
        store.transact(move |tx| fraud_alerts::ask_joined(tx, &of, later(2))).await,
        Ok::<_, DbError>(1)
    );
    let due = claim(&store, 2).await;
    assert_eq!(due.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), [&joined]);
    assert_eq!(find(&store, &other_card).await.unwrap().state, AlertState::Asked);
}

pub async fn when_a_customer_was_asked_and_reminded_is_kept(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let id = raise(&store, &mine, 1, 7, 0).await;
    ask_all(&store, 1, 10).await;
    ask_all(&store, 10, 20).await;
    let end = claim(&store, 20).await.remove(0);
    let next = Next { state: AlertState::Unanswered, messages: 3, at: later(20), failed: false };
    store.transact(move |tx| fraud_alerts::settle(tx, &end, WORKER, next, later(20))).await.unwrap();
    let alert = find(&store, &id).await.unwrap();
    assert_eq!((alert.asked_at, alert.reminded_at), (Some(later(1)), Some(later(10))));
    assert_eq!((alert.state, alert.changed_at), (AlertState::Unanswered, later(20)));
}

pub async fn decisions_go_with_their_alert(fixture: Fixture) {
    let store = fixture.open();
    let (gone, stays) = (customer(&store).await, customer(&store).await);
    let (theirs, old) = (raise(&store, &gone, 1, 7, 0).await, raise(&store, &stays, 2, 7, 0).await);
    let new = raise(&store, &stays, 3, 7, 0).await;
    for (id, at) in [(&theirs, 5), (&old, 5), (&new, 50)] {
        assert!(decide(&store, id, 1, FraudVerdict::Fraud, at).await);
    }
    let of = gone.clone();
    store.transact(move |tx| erasures::wipe(tx, &of.bank, &of.id, &[])).await.unwrap();
    assert_eq!(fixture.number("SELECT COUNT(*) FROM fraud_decision"), "2");
    assert!(find(&store, &theirs).await.is_none());
    assert_eq!(store.transact(|tx| fraud_alerts::sweep(tx, later(20))).await, Ok::<_, DbError>(1));
    assert_eq!(fixture.number("SELECT COUNT(*) FROM fraud_decision"), "1");
    assert!(find(&store, &old).await.is_none() && find(&store, &new).await.is_some());
}

pub async fn alerts_of_a_terminal_and_of_a_card_are_those_of_one_bank(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let elsewhere = customer_of(&store, "meridian".parse::<BankId>().unwrap()).await;
    let (first, second) = (raise(&store, &mine, 1, u64::MAX, 0).await, raise(&store, &mine, 1, 8, 5).await);
    let third = raise(&store, &mine, 2, u64::MAX, 9).await;
    raise(&store, &elsewhere, 1, u64::MAX, 0).await;
    let read = store.read(|tx| {
        Ok::<_, DbError>((
            fraud_desk::of_card(tx, &harbour(), 1, 10)?,
            fraud_desk::of_terminal(tx, &harbour(), u64::MAX, (noon(), later(9)), 10)?,
            fraud_desk::of_terminal(tx, &harbour(), u64::MAX, (noon(), later(8)), 10)?,
            fraud_desk::in_state(tx, &harbour(), AlertState::Due, 2)?,
        ))
    });
    let (card, terminal, earlier, due) = read.await.unwrap();
    assert_eq!(ids(&card), [&second, &first]);
    assert_eq!(ids(&terminal), [&third, &first]);
    assert_eq!(ids(&earlier), [&first]);
    assert_eq!(ids(&due), [&third, &second]);
    assert_eq!(terminal[0].terminal, u64::MAX);
}

pub async fn the_events_of_a_card_are_found_from_before_and_from_after(fixture: Fixture) {
    let store = fixture.open();
    for seq in 1..=9 {
        let event = CardEvent {
            seq,
            id: format!("e-{seq}"),
            about: None,
            card: if seq % 3 == 0 { 2 } else { u64::MAX },
            terminal: seq,
            body: vec![],
            answer: vec![],
        };
        let at = later(i64::try_from(seq).unwrap());
        assert!(store.transact(move |tx| card_events::append(tx, &harbour(), &event, at)).await.unwrap());
    }
    let read = store.read(|tx| {
        Ok::<_, DbError>((
            card_events::of_card_until(tx, &harbour(), u64::MAX, later(5), 3)?,
            card_events::of_card_after(tx, &harbour(), u64::MAX, later(5), 10)?,
        ))
    });
    let (until, after) = read.await.unwrap();
    let places = |events: &[CardEvent]| events.iter().map(|event| event.seq).collect::<Vec<_>>();
    assert_eq!((places(&until), places(&after)), (vec![5, 4, 2], vec![7, 8]));
    assert_eq!((until[0].card, until[0].terminal), (u64::MAX, 5));
}
