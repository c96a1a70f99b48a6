//! Sending what is in the outbox.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::StatusCode;
use sha2::Sha256;
use thiserror::Error;
use tokio::sync::Mutex;

use super::outbox::{self, Due, Went};
use crate::{
    db::{Db, DbFault},
    limits,
};

/// The sender could not be made.
#[derive(Debug, Error)]
#[error("the sender of webhooks cannot be made: {0}")]
pub struct SenderFault(#[from] reqwest::Error);

/// A message to be signed and sent.
pub(crate) struct Message<'a> {
    pub(crate) url: &'a str,
    pub(crate) key: &'a [u8],
    pub(crate) id: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// How long the whole call may take.
    pub(crate) wait: Duration,
}

/// Why nobody answered.
#[derive(Debug, Error)]
pub(crate) enum NotSent {
    #[error("the key signs nothing")]
    Key,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

/// Sends webhooks. Follows no redirects, and waits for nobody longer than a moment.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    http: reqwest::Client,
    /// One sends at a time, so that nothing is sent twice.
    turn: Arc<Mutex<()>>,
}

impl Sender {
    pub(crate) fn new() -> Result<Self, SenderFault> {
        // The client wants to know who makes its TLS; whoever was first has said it already.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, turn: Arc::default() })
    }

    /// Sends all that is due, one after the other, so that an endpoint hears of things in their order.
    pub(crate) async fn send_due(&self, db: &Db, now: Timestamp) -> Result<(), DbFault> {
        let _turn = self.turn.lock().await;
        let due = db.transact(move |tx| outbox::due(tx, now)).await?;
        for message in due {
            let went = self.send(&message, now).await;
            let (id, tries) = (message.id, message.tries);
            db.transact(move |tx| outbox::note(tx, &id, tries, went, now)).await?;
        }
        Ok(())
    }

    /// Sends one signed message, whatever its answer is.
    pub(crate) async fn post(&self, message: Message<'_>) -> Result<reqwest::Response, NotSent> {
        let at = message.at.as_second();
        let signature = signature(message.key, message.id, at, &message.body).ok_or(NotSent::Key)?;
        let call = self
            .http
            .post(message.url)
            .timeout(message.wait)
            .header("content-type", message.content_type)
            .header("webhook-id", message.id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(message.body);
        Ok(call.send().await?)
    }

    async fn send(&self, message: &Due, now: Timestamp) -> Went {
        let post = Message {
            url: &message.url,
            key: &message.secret,
            id: &message.id,
            at: now,
            content_type: "application/json",
            body: message.payload.clone(),
            wait: limits::WEBHOOK_WAIT,
        };
        let went = match self.post(post).await.map(|answer| answer.status()) {
            Ok(StatusCode::GONE) => Went::Gone,
            Ok(status) if status.is_success() => Went::Taken,
            _ => Went::Not,
        };
        tracing::debug!(id = message.id, made = %message.made_at, tries = message.tries, ?went, "a webhook was sent");
        went
    }
}

/// The signature of Standard Webhooks: HMAC-SHA256 over id, time and body with points between them.
fn signature(secret: &[u8], id: &str, at: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        // Standard Webhooks, specification, "Signature scheme": the example of its reference libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let made =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}")
                .unwrap();
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_try_waits_longer_than_the_one_before() {
        let waits: Vec<i64> = (1..=limits::WEBHOOK_TRIES).map(outbox::wait).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
    }
}
