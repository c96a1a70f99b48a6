//! The claim: in order, one worker at a time, nothing forgotten.

use crate::{
    fixture::{Customer, Fixture, customer, later, message_id, noon},
    messages::{all, receive},
};
use domain::ConversationId;
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
};
use store::{
    DbError, Store,
    messages::{self, Claimed, Finish, NewReply},
};

async fn claim(store: &Store, worker: &str, now: Timestamp, until: Timestamp, limit: u32) -> Vec<Claimed> {
    let worker = worker.to_owned();
    store
        .transact(move |tx| messages::claim(tx, &worker, now, until, limit))
        .await
        .unwrap_or_else(|e: DbError| panic!("{e}"))
}

async fn finish(store: &Store, claimed: &Claimed, reply: &str, now: Timestamp) -> Finish {
    let (claimed, reply) = (claimed.clone(), NewReply { id: message_id(), body: reply.as_bytes().to_vec() });
    store
        .transact(move |tx| messages::finish(tx, &claimed, std::slice::from_ref(&reply), None, now))
        .await
        .unwrap_or_else(|e: DbError| panic!("{e}"))
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

/// What the workers of the drill share: a clock that only they move, and which lease holds what.
struct Drill {
    store: Store,
    clock: AtomicI64,
    holds: Mutex<HashMap<ConversationId, Lease>>,
    handled: AtomicU64,
    overlaps: AtomicU64,
}

const CONVERSATIONS: usize = 12;
const MESSAGES: usize = 20;
const LEASE: i64 = 40;

/// From when until when, by the drill's clock. A worker may note its lease long after it got it, when that
/// lease is over and another holds, so leases are compared and not the time of noting.
#[derive(Clone, Copy, PartialEq)]
struct Lease {
    from: i64,
    until: i64,
}

impl Lease {
    fn overlaps(self, other: Lease) -> bool {
        self.from < other.until && other.from < self.until
    }
}

impl Drill {
    /// A worker: claims, now and then dies or is slow, and answers each message with its text.
    async fn work(&self, name: &str, mut luck: u64) {
        while self.handled.load(SeqCst) < (CONVERSATIONS * MESSAGES) as u64 {
            let now = self.clock.fetch_add(1, SeqCst);
            let claims = claim(&self.store, name, later(now), later(now + LEASE), 2).await;
            let ours = Lease { from: now, until: now + LEASE };
            for claimed in &claims {
                let mut holds = self.holds.lock().unwrap();
                let held = holds.entry(claimed.conversation.id.clone()).or_insert(ours);
                if *held != ours && held.overlaps(ours) {
                    self.overlaps.fetch_add(1, SeqCst);
                }
                if held.until < ours.until {
                    *held = ours;
                }
            }
            for claimed in claims {
                luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match (luck >> 33) % 10 {
                    // Dies: the lease has to run out.
                    0 => continue,
                    // Is so slow that the lease is over when it comes to the end.
                    1 => drop(self.clock.fetch_add(LEASE, SeqCst)),
                    _ => {}
                }
                self.answer(&claimed).await;
            }
        }
    }

    async fn answer(&self, claimed: &Claimed) {
        let until = claimed.lease_until.duration_since(noon()).as_secs();
        {
            let mut holds = self.holds.lock().unwrap();
            if holds.get(&claimed.conversation.id).is_some_and(|held| held.until == until) {
                holds.remove(&claimed.conversation.id);
            }
        }
        let reply = text(&claimed.message.body);
        if let Finish::Done { .. } =
            finish(&self.store, claimed, &reply, later(self.clock.load(SeqCst))).await
        {
            self.handled.fetch_add(1, SeqCst);
        }
    }
}

pub async fn messages_are_handled_in_order_and_by_one_worker_at_a_time(fixture: Fixture) {
    let store = fixture.open();
    let mut customers = Vec::new();
    for _ in 0..CONVERSATIONS {
        customers.push(customer(&store).await);
    }
    let drill = Arc::new(Drill {
        store: store.clone(),
        clock: AtomicI64::new(0),
        holds: Mutex::default(),
        handled: AtomicU64::new(0),
        overlaps: AtomicU64::new(0),
    });
    let writers = customers.chunks(CONVERSATIONS / 4).map(|ours| {
        let (store, ours) = (store.clone(), ours.to_vec());
        tokio::spawn(async move {
            for n in 0..MESSAGES {
                for customer in &ours {
                    receive(&store, customer, &format!("{n}"), &format!("message {n}")).await;
                }
            }
        })
    });
    let mut tasks: Vec<_> = writers.collect();
    for worker in 0..6 {
        let drill = Arc::clone(&drill);
        tasks.push(tokio::spawn(async move { drill.work(&format!("worker-{worker}"), worker).await }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(drill.overlaps.load(SeqCst), 0);
    let wanted: Vec<String> = (0..MESSAGES).map(|n| format!("message {n}")).collect();
    for customer in &customers {
        let list = all(&store, customer).await;
        let texts = |from_customer| {
            list.iter()
                .filter(|m| m.from_customer == from_customer)
                .map(|m| text(&m.body))
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(true), wanted);
        assert_eq!(texts(false), wanted, "each is answered once, in order");
        assert!(list.iter().all(|m| m.handled));
        assert_eq!(
            list.iter().map(|m| m.seq).collect::<Vec<_>>(),
            (1..=2 * MESSAGES as u64).collect::<Vec<_>>()
        );
    }
    assert!(claim(&store, "last", later(1_000_000), later(1_000_001), 10).await.is_empty());
}

/// A customer with messages `a`, `b`, ….
async fn with_messages(store: &Store, bodies: &[&str]) -> Customer {
    let customer = customer(store).await;
    for body in bodies {
        receive(store, &customer, body, body).await;
    }
    customer
}

pub async fn a_worker_that_lost_its_lease_stores_nothing(fixture: Fixture) {
    let store = fixture.open();
    let customer = with_messages(&store, &["a"]).await;
    let slow = claim(&store, "slow", noon(), later(10), 1).await.remove(0);
    assert!(claim(&store, "quick", later(9), later(19), 1).await.is_empty(), "the lease holds");
    let quick = claim(&store, "quick", later(10), later(20), 1).await.remove(0);
    assert_eq!((quick.attempt, text(&quick.message.body)), (2, "a".to_owned()));
    assert_eq!(finish(&store, &slow, "too late", later(11)).await, Finish::LeaseLost);
    assert_eq!(finish(&store, &quick, "in time", later(12)).await, Finish::Done { seqs: vec![2] });
    assert_eq!(finish(&store, &quick, "again", later(12)).await, Finish::LeaseLost);
    let list = all(&store, &customer).await;
    assert_eq!(list.iter().map(|m| text(&m.body)).collect::<Vec<_>>(), ["a", "in time"]);
}

pub async fn a_claim_given_back_comes_again_and_is_counted(fixture: Fixture) {
    let store = fixture.open();
    with_messages(&store, &["a"]).await;
    let first = claim(&store, "worker", noon(), later(100), 1).await.remove(0);
    let given = first.clone();
    assert_eq!(store.transact(move |tx| messages::release(tx, &given, later(5))).await, Ok(true));
    assert!(claim(&store, "worker", later(4), later(100), 1).await.is_empty());
    let second = claim(&store, "worker", later(5), later(100), 1).await.remove(0);
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(store.transact(move |tx| messages::release(tx, &first, later(5))).await, Ok(false));
    assert!(matches!(finish(&store, &second, "done", later(6)).await, Finish::Done { .. }));
}

pub async fn a_busy_conversation_goes_to_the_end_of_the_line(fixture: Fixture) {
    let store = fixture.open();
    let busy = with_messages(&store, &["a", "b", "c"]).await;
    let other = customer(&store).await;
    let (conversation, id) = (other.conversation.clone(), message_id());
    let received = store.transact(move |tx| {
        let (id, conversation) = (id.clone(), &conversation);
        messages::receive(tx, &messages::Inbound { conversation, id, key: "x", body: b"x", now: later(1) })
    });
    received.await.unwrap();
    let mut order = Vec::new();
    for n in 0..4 {
        let claimed = claim(&store, "worker", later(10 + n), later(1_000), 1).await.remove(0);
        order.push(text(&claimed.message.body));
        finish(&store, &claimed, "ok", later(10 + n)).await;
    }
    assert_eq!(order, ["a", "x", "b", "c"]);
    assert_eq!(all(&store, &busy).await.len(), 6);
}
