//! Card events as a bank sends them: signed, over connections that stay open.

use crate::{load::Connection, report::Times};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::Clock;
use hmac::{Hmac, KeyInit, Mac};
use hyper::{StatusCode, body::Bytes};
use jiff::Timestamp;
use parlour::rim::SystemClock;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};

/// What the bank and the gateway share. Nothing but a measure has it.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How many cards there are.
pub const CARDS: u64 = 20_000;
/// How many terminals there are.
const TERMINALS: u64 = 2_000;
/// Where a bank tells of one event.
const ONE: &str = "/card-events/harbour";
/// Where a bank tells of many.
const MANY: &str = "/card-events/harbour/bulk";

/// A message of a bank, ready to be sent.
#[derive(Debug)]
pub struct Signed {
    id: String,
    at: String,
    signature: String,
    body: String,
}

impl Signed {
    /// Signs a message as Standard Webhooks 1.0 asks.
    pub fn new(id: String, body: String) -> Signed {
        let key = SECRET.strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
        let key = key.expect("the secret is base64 after its prefix");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes any length of key");
        let at = SystemClock.now().as_second().to_string();
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        Signed { id, at, signature, body }
    }

    /// Sends it as one event, and gives what was decided.
    pub async fn send(&self, connection: &mut Connection) -> Bytes {
        self.post(connection, ONE, "application/json").await
    }

    /// Sends it as a file.
    pub async fn send_file(&self, connection: &mut Connection) -> Bytes {
        self.post(connection, MANY, "application/x-ndjson").await
    }

    async fn post(&self, connection: &mut Connection, path: &str, kind: &str) -> Bytes {
        let headers = [
            ("content-type", kind),
            ("webhook-id", self.id.as_str()),
            ("webhook-timestamp", self.at.as_str()),
            ("webhook-signature", self.signature.as_str()),
        ];
        let (status, told) = connection.send(path, &headers, self.body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&told));
        told
    }
}

/// A usual payment: the cards come one after the other, in no order that their names show.
pub fn payment(id: &str, n: u64, at: Timestamp) -> Value {
    let cents = 100 + n * 37 % 9_000;
    json!({ "id": id, "type": "card.authorization", "timestamp": at.to_string(), "data": {
        "paymentId": id,
        "cardToken": format!("c-{}", n * 7_919 % CARDS),
        "terminalToken": format!("t-{}", n * 104_729 % TERMINALS),
        "at": at.to_string(),
        "amount": format!("{}.{:02}", cents / 100, cents % 100),
        "currency": "USD",
        "merchantCategory": "5411",
        "merchantCountry": "US",
        "entryMode": "chip",
        "outcome": "approved",
    } })
}

/// So many usual payments of now, each signed.
pub fn payments(name: &str, count: u64) -> Vec<Signed> {
    let now = SystemClock.now();
    (0..count)
        .map(|n| {
            let id = format!("{name}-{n}");
            let body = payment(&id, n, now).to_string();
            Signed::new(id, body)
        })
        .collect()
}

/// Sends each message when it is due, so many a second, whether the ones before were answered or not, over as many
/// connections as are given. Each time counts from the moment at which the message was due.
pub async fn at_rate(to: SocketAddr, connections: usize, all: Vec<Signed>, per_second: u32) -> Times {
    let mut open = vec![];
    for _ in 0..connections {
        open.push(Connection::open(to).await);
    }
    let (all, next) = (Arc::new(all), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut connection in open {
        let (all, next) = (all.clone(), next.clone());
        tasks.spawn(async move {
            let mut times = Times::default();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some(message) = all.get(n) else { break };
                let due = began + Duration::from_secs(n as u64) / per_second;
                time::sleep_until(due).await;
                message.send(&mut connection).await;
                times.note(due.elapsed());
            }
            times
        });
    }
    let mut times = Times::default();
    while let Some(one) = tasks.join_next().await {
        times.add(&one.expect("a sender does not panic"));
    }
    times
}
