//! Payments that customers are asked about.

use crate::fixture::{Customer, Fixture, customer, later, noon};
use domain::CustomerId;
use jiff::Timestamp;
use store::{
    DbError, Store, bank_events,
    card_events::{self, CardEvent},
    conversations::Conversation,
    erasures,
    fraud_alerts::{self, Alert, AlertState, NewAlert, Next},
};

/// More than 63 bits, as keyed hashes have.
const CARD: u64 = u64::MAX - 4;
const TERMINAL: u64 = u64::MAX - 5;

/// An alert of a customer, raised so many seconds after noon, about a payment of this name.
async fn raise(store: &Store, of: &Customer, id: &'static str, payment: &'static str, at: i64) -> bool {
    raise_as(store, of, id, payment, at, true).await
}

async fn raise_as(
    store: &Store,
    of: &Customer,
    id: &'static str,
    payment: &'static str,
    at: i64,
    asks: bool,
) -> bool {
    let of = of.clone();
    let body = format!("what is told of {payment}");
    let raised = store.transact(move |tx| {
        let new = NewAlert {
            id,
            bank: &of.bank,
            customer: &of.id,
            conversation: &of.conversation.id,
            consent: &of.consent.id,
            payment: &bank_events::fingerprint(payment),
            card: CARD,
            terminal: TERMINAL,
            body: body.as_bytes(),
            asks,
            now: later(at),
        };
        fraud_alerts::raise(tx, &new)
    });
    raised.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn claim(store: &Store, worker: &'static str, at: i64, most: u32) -> Vec<Alert> {
    let claimed = store.lease(move |tx| fraud_alerts::claim(tx, worker, later(at), later(at + 30), most));
    claimed.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

fn ids(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.id.as_str()).collect()
}

/// They were asked; it is looked at again after an hour.
fn asked(at: i64) -> Next {
    Next { state: AlertState::Asked, messages: 1, at: later(at + 3_600), failed: false }
}

async fn settle(store: &Store, claimed: &Alert, worker: &'static str, next: Next, at: i64) -> bool {
    let claimed = claimed.clone();
    let settled = store.transact(move |tx| fraud_alerts::settle(tx, &claimed, worker, next, later(at)));
    settled.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn answer(
    store: &Store,
    of: &Conversation,
    id: &'static str,
    from: &'static [AlertState],
    to: AlertState,
) -> bool {
    let of = of.clone();
    let moved = store.transact(move |tx| fraud_alerts::answered(tx, &of, id, from, to, later(500)));
    moved.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn all(store: &Store, of: &Customer) -> Vec<Alert> {
    let of = of.clone();
    let read = store.read(move |tx| fraud_alerts::of_customer(tx, &of.bank, &of.id));
    read.await.unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn one(store: &Store, of: &Customer, id: &str) -> Alert {
    all(store, of).await.into_iter().find(|alert| alert.id == id).unwrap()
}

pub async fn a_payment_is_asked_about_once_in_a_conversation(fixture: Fixture) {
    let store = fixture.open();
    let (mine, other) = (customer(&store).await, customer(&store).await);
    assert!(raise(&store, &mine, "a-1", "p-1", 0).await);
    assert!(!raise(&store, &mine, "a-2", "p-1", 1).await, "the same payment");
    assert!(!raise(&store, &mine, "a-1", "p-2", 1).await, "the same alert");
    assert!(raise(&store, &mine, "a-3", "p-2", 1).await);
    assert!(raise(&store, &other, "a-4", "p-1", 1).await, "somebody else who shares the account");
    let [first, second] = all(&store, &mine).await.try_into().unwrap();
    let wanted = Alert {
        id: "a-1".to_owned(),
        bank: mine.bank.clone(),
        customer: mine.id.clone(),
        conversation: mine.conversation.id.clone(),
        consent: mine.consent.id.clone(),
        card: CARD,
        terminal: TERMINAL,
        state: AlertState::Due,
        messages: 0,
        made_at: noon(),
        changed_at: noon(),
        attempts: 0,
        asked_at: None,
        reminded_at: None,
        decided: None,
        body: b"what is told of p-1".to_vec(),
    };
    assert!(first == wanted, "{first:?} {} {}", first.card, first.made_at);
    assert_eq!((second.id.as_str(), second.body.as_slice()), ("a-3", &b"what is told of p-2"[..]));
    assert!(!format!("{first:?}").contains("told of"), "what is sealed is not printed");
}

pub async fn an_alert_is_held_by_one_worker_and_a_lost_lease_changes_nothing(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    raise(&store, &mine, "a-1", "p-1", 0).await;
    let first = claim(&store, "a", 0, 10).await.remove(0);
    assert_eq!((first.state, first.attempts), (AlertState::Due, 1));
    assert!(claim(&store, "b", 29, 10).await.is_empty(), "somebody has it");
    let second = claim(&store, "b", 30, 10).await.remove(0);
    assert_eq!(second.attempts, 2);
    assert!(!settle(&store, &first, "a", asked(31), 31).await, "its lease is lost");
    assert!(!settle(&store, &second, "a", asked(31), 31).await, "it is another worker's");
    let kept = one(&store, &mine, "a-1").await;
    assert_eq!((kept.state, kept.messages, kept.changed_at), (AlertState::Due, 0, noon()));
    assert!(settle(&store, &second, "b", asked(31), 31).await);
    assert!(!settle(&store, &second, "b", asked(32), 32).await, "it is ended once");
    let kept = one(&store, &mine, "a-1").await;
    assert_eq!(
        (kept.state, kept.messages, kept.changed_at, kept.attempts),
        (AlertState::Asked, 1, later(31), 0)
    );
}

pub async fn a_failure_is_counted_and_a_step_that_changes_no_state_leaves_its_time(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    raise(&store, &mine, "a-1", "p-1", 0).await;
    let first = claim(&store, "a", 0, 10).await.remove(0);
    let failed = Next { state: AlertState::Due, messages: 0, at: later(10), failed: true };
    assert!(settle(&store, &first, "a", failed, 5).await);
    assert_eq!(one(&store, &mine, "a-1").await.changed_at, noon());
    assert!(claim(&store, "a", 9, 10).await.is_empty(), "its time has not come");
    let again = claim(&store, "a", 10, 10).await.remove(0);
    assert_eq!(again.attempts, 2, "the failure counts");
    assert!(settle(&store, &again, "a", asked(10), 10).await);
    assert!(claim(&store, "a", 3_609, 10).await.is_empty());
    let reminder = claim(&store, "a", 3_610, 10).await.remove(0);
    assert_eq!((reminder.state, reminder.messages, reminder.attempts), (AlertState::Asked, 1, 1));
    let ended = Next { state: AlertState::Unanswered, messages: 2, at: later(9_000), failed: false };
    assert!(settle(&store, &reminder, "a", ended, 3_611).await);
    assert!(claim(&store, "a", 9_000, 10).await.is_empty(), "nobody waits for an answer any more");
}

pub async fn those_that_wait_longest_are_claimed_first_and_some_of_them_never(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    for (id, payment, at) in [("a-3", "p-3", 30), ("a-1", "p-1", 10), ("a-2", "p-2", 20)] {
        raise(&store, &mine, id, payment, at).await;
    }
    raise_as(&store, &mine, "a-0", "p-0", 0, false).await;
    assert_eq!(one(&store, &mine, "a-0").await.state, AlertState::NotAsked);
    assert!(claim(&store, "w", 9, 10).await.is_empty(), "before any was raised");
    assert_eq!(ids(&claim(&store, "w", 40, 2).await), ["a-1", "a-2"]);
    assert_eq!(ids(&claim(&store, "v", 41, 2).await), ["a-3"]);
    assert!(claim(&store, "w", 42, 2).await.is_empty(), "the bank's people alone have the first");
}

pub async fn an_answer_counts_only_from_where_it_may(fixture: Fixture) {
    const OPEN: &[AlertState] = &[AlertState::Due, AlertState::Asked];
    const OVER: &[AlertState] = &[AlertState::Unanswered, AlertState::Mine];
    let store = fixture.open();
    let (mine, other) = (customer(&store).await, customer(&store).await);
    raise(&store, &mine, "a-1", "p-1", 0).await;
    let claimed = claim(&store, "w", 0, 10).await.remove(0);
    let of = &mine.conversation;
    assert!(!answer(&store, of, "a-1", OVER, AlertState::NotMine).await, "it waits still");
    assert!(!answer(&store, of, "a-1", &[], AlertState::NotMine).await);
    assert!(!answer(&store, of, "a-9", OPEN, AlertState::NotMine).await, "there is no such alert");
    assert!(!answer(&store, &other.conversation, "a-1", OPEN, AlertState::Mine).await, "it is not theirs");
    assert_eq!(one(&store, &mine, "a-1").await.changed_at, noon());
    assert!(answer(&store, of, "a-1", OPEN, AlertState::Mine).await);
    assert!(!answer(&store, of, "a-1", OPEN, AlertState::Mine).await, "it was answered");
    let kept = one(&store, &mine, "a-1").await;
    assert_eq!((kept.state, kept.changed_at), (AlertState::Mine, later(500)));
    assert!(!settle(&store, &claimed, "w", asked(1), 1).await, "whoever answered meanwhile is not asked");
    assert!(answer(&store, of, "a-1", OVER, AlertState::NotMine).await, "a late No");
    assert_eq!(one(&store, &mine, "a-1").await.state, AlertState::NotMine);
    const ANY: &[AlertState] = &[AlertState::NotMine, AlertState::Mine, AlertState::Unanswered];
    assert!(
        answer(&store, of, "a-1", ANY, AlertState::Unanswered).await,
        "where it goes may stand where it comes from"
    );
    assert!(claim(&store, "w", 90_000, 10).await.is_empty());
}

pub async fn what_joined_a_question_is_asked_about_once(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    let ask = |id: &'static str, at: i64| {
        let of = mine.conversation.clone();
        let asked =
            store.transact(move |tx| fraud_alerts::asked_too(tx, &of, id, later(at + 3_600), later(at)));
        async move { asked.await.unwrap_or_else(|e: DbError| panic!("{e}")) }
    };
    raise(&store, &mine, "a-1", "p-1", 0).await;
    raise(&store, &mine, "a-2", "p-2", 1).await;
    assert!(!ask("a-2", 2).await, "it did not join yet");
    let [first, second] = claim(&store, "w", 2, 10).await.try_into().unwrap();
    assert!(settle(&store, &first, "w", asked(2), 2).await);
    let joins = Next { messages: 0, ..asked(2) };
    assert!(settle(&store, &second, "w", joins, 2).await);
    assert!(!ask("a-1", 3).await, "it was asked about by itself");
    assert!(ask("a-2", 3).await);
    assert!(!ask("a-2", 4).await);
    let kept = one(&store, &mine, "a-2").await;
    assert_eq!((kept.state, kept.messages, kept.changed_at), (AlertState::Asked, 1, later(3)));
    assert_eq!(ids(&claim(&store, "w", 3_602, 10).await), ["a-1"]);
    assert_eq!(ids(&claim(&store, "w", 3_603, 10).await), ["a-2"]);
}

/// However many other alerts there are.
pub async fn a_card_is_asked_about_while_its_question_waits(fixture: Fixture) {
    let store = fixture.open();
    let (mine, other) = (customer(&store).await, customer(&store).await);
    let waits = |of: &Customer, card: u64, since: i64| {
        let of = of.conversation.clone();
        let asked = store.read(move |tx| fraud_alerts::card_is_asked(tx, &of, card, later(since)));
        async move { asked.await.unwrap_or_else(|e: DbError| panic!("{e}")) }
    };
    raise(&store, &mine, "a-1", "p-1", 10).await;
    assert!(!waits(&mine, CARD, 0).await, "nobody was asked yet");
    let claimed = claim(&store, "w", 10, 1).await.remove(0);
    assert!(settle(&store, &claimed, "w", asked(10), 10).await);
    assert!(waits(&mine, CARD, 10).await);
    assert!(!waits(&mine, CARD, 11).await, "that was asked before");
    assert!(!waits(&mine, CARD - 1, 0).await && !waits(&other, CARD, 0).await);
    raise(&store, &mine, "a-2", "p-2", 20).await;
    let joins = claim(&store, "w", 20, 1).await.remove(0);
    assert!(settle(&store, &joins, "w", Next { messages: 0, ..asked(20) }, 20).await);
    assert!(waits(&mine, CARD, 0).await);
    assert!(answer(&store, &mine.conversation, "a-1", &[AlertState::Asked], AlertState::Mine).await);
    assert!(!waits(&mine, CARD, 0).await, "what joined is no question by itself");
}

pub async fn a_conversation_has_its_newest_first_and_a_customer_the_oldest(fixture: Fixture) {
    let store = fixture.open();
    let (mine, other) = (customer(&store).await, customer(&store).await);
    // Two of the same moment stand in the order of their ids.
    for (id, payment, at) in [("a-2", "p-2", 10), ("a-3", "p-3", 10), ("a-1", "p-1", 5), ("a-4", "p-4", 20)] {
        raise(&store, &mine, id, payment, at).await;
    }
    raise(&store, &other, "b-1", "p-1", 10).await;
    let of = |since: Timestamp, most: u32| {
        let conversation = mine.conversation.clone();
        let read = store.read(move |tx| fraud_alerts::of_conversation(tx, &conversation, since, most));
        async move { read.await.unwrap_or_else(|e: DbError| panic!("{e}")) }
    };
    assert_eq!(ids(&of(noon(), 10).await), ["a-4", "a-3", "a-2", "a-1"]);
    assert_eq!(ids(&of(noon(), 2).await), ["a-4", "a-3"]);
    assert_eq!(ids(&of(later(10), 10).await), ["a-4", "a-3", "a-2"]);
    assert!(of(later(21), 10).await.is_empty());
    assert_eq!(ids(&all(&store, &mine).await), ["a-1", "a-2", "a-3", "a-4"]);
}

pub async fn what_is_told_of_a_payment_opens_in_its_own_alert_only(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    raise(&store, &mine, "a-1", "p-1", 0).await;
    raise(&store, &mine, "a-2", "p-2", 0).await;
    fixture.tamper(
        "UPDATE fraud_alert SET body = (SELECT f.body FROM fraud_alert f WHERE f.id = 'a-2') WHERE id = 'a-1'",
    );
    let of = mine.clone();
    let read = store.read(move |tx| fraud_alerts::of_customer(tx, &of.bank, &of.id).map(|list| list.len()));
    assert!(matches!(read.await, Err(DbError::Sealed(_))));
}

pub async fn erasing_takes_alerts_and_leaves_the_log_that_names_nobody(fixture: Fixture) {
    let store = fixture.open();
    let (gone, stays) = (customer(&store).await, customer(&store).await);
    raise(&store, &gone, "a-1", "p-1", 0).await;
    raise(&store, &stays, "a-2", "p-2", 0).await;
    let of = gone.clone();
    let erased = store.transact(move |tx| {
        let (body, answer) = (vec![1], vec![2]);
        let event =
            CardEvent { seq: 1, id: "evt-1".to_owned(), about: None, card: 1, terminal: 2, body, answer };
        assert!(card_events::append(tx, &of.bank, &event, noon())?);
        erasures::wipe(tx, &of.bank, &of.id, &[])?;
        card_events::last(tx, &of.bank)
    });
    assert_eq!(erased.await, Ok::<_, DbError>(1));
    let rows = |whose: &CustomerId| {
        fixture.number(&format!("SELECT COUNT(*) FROM fraud_alert WHERE customer = '{whose}'"))
    };
    assert_eq!((rows(&gone.id).as_str(), rows(&stays.id).as_str()), ("0", "1"));
}

pub async fn a_customer_without_a_key_is_passed_over_and_holds_up_nobody(fixture: Fixture) {
    let store = fixture.open();
    let (gone, stays) = (customer(&store).await, customer(&store).await);
    // The first in the line.
    raise(&store, &gone, "a-1", "p-1", 0).await;
    raise(&store, &stays, "a-2", "p-2", 1).await;
    fixture.tamper(&format!("DELETE FROM customer_key WHERE customer = '{}'", gone.id));
    assert_eq!(ids(&claim(&store, "w", 10, 1).await), ["a-2"]);
    // A bank tells of both in one file: what can be stored is.
    let (of_gone, of_stays) = (gone.clone(), stays.clone());
    let raised = store.transact(move |tx| {
        let mut raise = |of: &Customer, id: &str| {
            let new = NewAlert {
                id,
                bank: &of.bank,
                customer: &of.id,
                conversation: &of.conversation.id,
                consent: &of.consent.id,
                payment: &bank_events::fingerprint("p-3"),
                card: CARD,
                terminal: TERMINAL,
                body: b"body",
                asks: true,
                now: later(20),
            };
            fraud_alerts::raise(tx, &new)
        };
        Ok::<_, DbError>((raise(&of_gone, "a-3")?, raise(&of_stays, "a-4")?))
    });
    assert_eq!(raised.await, Ok((false, true)));
    assert_eq!(ids(&all(&store, &stays).await), ["a-2", "a-4"]);
}

pub async fn what_is_over_is_forgotten_and_what_waits_is_not(fixture: Fixture) {
    let store = fixture.open();
    let mine = customer(&store).await;
    for (id, payment) in [("a-1", "p-1"), ("a-2", "p-2"), ("a-3", "p-3"), ("a-4", "p-4")] {
        raise(&store, &mine, id, payment, 0).await;
    }
    raise_as(&store, &mine, "a-5", "p-5", 0, false).await;
    let [_, second, ..] = <[Alert; 4]>::try_from(claim(&store, "w", 0, 10).await).unwrap();
    assert!(settle(&store, &second, "w", asked(0), 0).await);
    answer(&store, &mine.conversation, "a-3", &[AlertState::Due], AlertState::NotMine).await;
    answer(&store, &mine.conversation, "a-4", &[AlertState::Due], AlertState::Mine).await;
    let sweep = |at: i64| {
        let swept = store.transact(move |tx| fraud_alerts::sweep(tx, later(at)));
        async move { swept.await.unwrap_or_else(|e: DbError| panic!("{e}")) }
    };
    assert_eq!(sweep(0).await, 0, "those of that moment stay");
    assert_eq!(sweep(500).await, 1, "the one that nobody was asked about");
    assert_eq!(sweep(501).await, 2);
    assert_eq!(ids(&all(&store, &mine).await), ["a-1", "a-2"], "one is due, one was asked");
    assert_eq!(sweep(1_000_000).await, 0);
}

#[test]
fn a_state_is_read_as_it_was_written() {
    for state in AlertState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    assert!("paid".parse::<AlertState>().is_err());
}
