//! What a bank sends by itself: signed as Standard Webhooks 1.0 asks, read into facts; and the endpoint to which it
//! sends.

use crate::{
    call::{Ask, Heard},
    connector::Connector,
    fault::{BankFault, Unreadable},
    fdx::{read, text},
    grant::Grant,
};
use ::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{AccountId, TransactionId};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use std::fmt;
use url::Url;
use zeroize::Zeroizing;

/// How far the time of a message may be from ours, either way (Standard Webhooks, "Verifying webhook authenticity").
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Signatures of one message that are looked at. A sender that changes its key sends two.
pub const MAX_SIGNATURES: usize = 8;
/// The longest id of a message.
pub const MAX_ID: usize = 200;
/// The shortest key that a bank may sign with, in bytes, and the longest (Standard Webhooks, "Signature scheme").
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a message is not taken for the bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// A header is missing.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A header is not of the agreed form.
    #[error("the header {0} is not of the agreed form")]
    Form(&'static str),
    /// It was signed too long ago, or in the future.
    #[error("it was signed {off} seconds from now; at most {most} are taken")]
    Time {
        /// How far its time is from ours, in seconds.
        off: i64,
        /// How far it may be.
        most: i64,
    },
    /// No signature is by the bank's key over these bytes.
    #[error("no signature fits")]
    NoneFits,
}

/// The key by which a bank signs what it sends.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

impl SigningKey {
    /// The bytes, as they are kept.
    pub fn from_bytes(bytes: &[u8]) -> SigningKey {
        SigningKey(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes, to be kept sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads `whsec_` and base64, as a bank tells it; 24 to 64 bytes.
    pub fn from_text(text: &str) -> Option<SigningKey> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.strip_prefix("whsec_")?).ok()?);
        KEY_BYTES.contains(&bytes.len()).then_some(SigningKey(bytes))
    }

    /// Whether a message is signed by this key, and not long ago. The comparison takes as long for a wrong signature as
    /// for a right one.
    pub fn verify(&self, message: &Received, now: Timestamp) -> Result<(), Unsigned> {
        let at: i64 = message.timestamp.parse().map_err(|_| Unsigned::Form("webhook-timestamp"))?;
        let off = now.as_second().saturating_sub(at);
        if off.unsigned_abs() > TOLERANCE.as_secs().unsigned_abs() {
            return Err(Unsigned::Time { off, most: TOLERANCE.as_secs() });
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| Unsigned::NoneFits)?;
        // The header itself and not the number: what was signed is what was written.
        mac.update(message.id.as_bytes());
        mac.update(b".");
        mac.update(message.timestamp.as_bytes());
        mac.update(b".");
        mac.update(message.body);
        let signatures = message.signatures.split(' ').take(MAX_SIGNATURES);
        let mut fits = false;
        for given in signatures.filter_map(|signature| signature.strip_prefix("v1,")) {
            let given = BASE64_STANDARD.decode(given).unwrap_or_default();
            fits |= mac.clone().verify_slice(&given).is_ok();
        }
        if fits { Ok(()) } else { Err(Unsigned::NoneFits) }
    }
}

/// A message that came, as it came.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// `webhook-id`: the same when it is sent again.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or several, with spaces between them.
    pub signatures: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl<'a> Received<'a> {
    /// A message of these headers and this body.
    pub fn new(
        id: Option<&'a str>,
        timestamp: Option<&'a str>,
        signatures: Option<&'a str>,
        body: &'a [u8],
    ) -> Result<Received<'a>, Unsigned> {
        let id = id.ok_or(Unsigned::Missing("webhook-id"))?;
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Unsigned::Form("webhook-id"));
        }
        Ok(Received {
            id,
            timestamp: timestamp.ok_or(Unsigned::Missing("webhook-timestamp"))?,
            signatures: signatures.ok_or(Unsigned::Missing("webhook-signature"))?,
            body,
        })
    }
}

/// What a bank says has happened. It names things and does not tell them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BankEvent {
    /// A payment was made, or booked.
    Payment {
        /// The bank's id of the consent by which we may read it.
        consent: String,
        /// The account.
        account: AccountId,
        /// The payment.
        transaction: TransactionId,
        /// The id that it had while it was pending.
        was: Option<TransactionId>,
        /// When it happened at the bank.
        at: Timestamp,
    },
    /// A consent was ended at the bank.
    ConsentEnded {
        /// The bank's id of it.
        consent: String,
    },
    /// Something that is nothing to us.
    Other,
}

impl BankEvent {
    /// Reads the body of a message.
    pub fn read(body: &[u8]) -> Result<BankEvent, Unreadable> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            kind: String,
            timestamp: Option<String>,
            #[serde(default)]
            data: Data,
        }
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Data {
            consent_id: Option<String>,
            account_id: Option<String>,
            transaction_id: Option<String>,
            reference_transaction_id: Option<String>,
        }
        let body = std::str::from_utf8(body).map_err(|_| Unreadable::Form)?;
        let wire: Wire = read(body)?;
        let consent =
            |id: Option<String>| id.filter(|id| (1..=MAX_ID).contains(&id.len())).ok_or(Unreadable::Id);
        Ok(match wire.kind.as_str() {
            "transaction.pending" | "transaction.posted" => BankEvent::Payment {
                consent: consent(wire.data.consent_id)?,
                account: text::id(&wire.data.account_id.ok_or(Unreadable::Id)?)?,
                transaction: text::id(&wire.data.transaction_id.ok_or(Unreadable::Id)?)?,
                was: wire.data.reference_transaction_id.as_deref().map(text::id).transpose()?,
                at: wire.timestamp.as_deref().map_or(Err(Unreadable::Time), text::moment)?,
            },
            "consent.revoked" => BankEvent::ConsentEnded { consent: consent(wire.data.consent_id)? },
            _ => BankEvent::Other,
        })
    }
}

/// An endpoint that a bank has opened for us.
#[derive(Debug, Clone)]
pub struct OpenEndpoint {
    /// The bank's id of it.
    pub id: String,
    /// Our address.
    pub url: String,
    /// What it signs with. Told this once.
    pub key: SigningKey,
}

/// An endpoint in the words of the contract.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEndpoint {
    endpoint_id: String,
    url: String,
    secret: Option<String>,
}

/// What we want to hear of.
const EVENTS: [&str; 3] = ["transaction.pending", "transaction.posted", "consent.revoked"];
const PATH: &str = "webhook-endpoints";

impl Connector {
    /// Whether the bank still has an endpoint of ours.
    pub async fn has_endpoint(&self, grant: &Grant, id: &str, url: &Url) -> Result<bool, BankFault> {
        let found = self.endpoints(grant).await?;
        Ok(found.iter().any(|endpoint| endpoint.endpoint_id == id && endpoint.url == url.as_str()))
    }

    async fn endpoints(&self, grant: &Grant) -> Result<Vec<WireEndpoint>, BankFault> {
        #[derive(Deserialize)]
        struct Wire {
            endpoints: Vec<WireEndpoint>,
        }
        self.check_grant(grant)?;
        let heard = self.inner.api.ask(grant, self.deadline(), &Ask::native("endpoints", &[PATH])).await?;
        Ok(self.understood::<Wire>(&heard)?.endpoints)
    }

    fn understood<T: serde::de::DeserializeOwned>(&self, heard: &Heard) -> Result<T, BankFault> {
        serde_json::from_str(&heard.body).map_err(|_| heard.unreadable(Unreadable::Form))
    }

    /// Has the bank send to `url` what happens to any customer who shares with us. If an answer is lost and the question
    /// repeated, the bank has an endpoint of which nobody knows the key: what it sends there is refused.
    pub async fn open_endpoint(&self, grant: &Grant, url: &Url) -> Result<OpenEndpoint, BankFault> {
        self.check_grant(grant)?;
        let ask = Ask {
            method: Method::POST,
            body: Some(json!({ "url": url.as_str(), "events": EVENTS })),
            ..Ask::native("open_endpoint", &[PATH])
        };
        let heard = self.inner.api.ask(grant, self.deadline(), &ask).await?;
        let wire: WireEndpoint = self.understood(&heard)?;
        let key = wire.secret.as_deref().and_then(SigningKey::from_text);
        let key = key.ok_or_else(|| heard.unreadable(Unreadable::Form))?;
        Ok(OpenEndpoint { id: wire.endpoint_id, url: url.to_string(), key })
    }

    /// Has the bank send nothing more to an endpoint.
    pub async fn close_endpoint(&self, grant: &Grant, id: &str) -> Result<(), BankFault> {
        self.check_grant(grant)?;
        let path = [PATH, id];
        let ask = Ask { method: Method::DELETE, ..Ask::native("close_endpoint", &path) };
        self.inner.api.ask(grant, self.deadline(), &ask).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification ("Signature scheme") and of its reference libraries.
    const EXAMPLE: Received = Received {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        body: br#"{"test": 2432232314}"#,
    };

    fn key() -> SigningKey {
        SigningKey::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const SIGNED: i64 = 1_614_265_330;

    #[test]
    fn the_published_example_is_taken_and_nothing_that_differs_from_it() {
        assert_eq!(key().verify(&EXAMPLE, at(SIGNED)), Ok(()));
        for other in [
            Received { id: "msg_p5jXN8AQM9LWM0D4loKWxJel", ..EXAMPLE },
            Received { timestamp: "1614265331", ..EXAMPLE },
            Received { timestamp: "+1614265330", ..EXAMPLE },
            Received { body: br#"{"test": 2432232315}"#, ..EXAMPLE },
            Received { signatures: "v1,", ..EXAMPLE },
            Received { signatures: "", ..EXAMPLE },
            Received { signatures: "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..EXAMPLE },
            Received { signatures: "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..EXAMPLE },
        ] {
            assert_eq!(key().verify(&other, at(SIGNED)), Err(Unsigned::NoneFits));
        }
        let other = SigningKey::from_bytes(&[7; 32]);
        assert_eq!(other.verify(&EXAMPLE, at(SIGNED)), Err(Unsigned::NoneFits));
    }

    #[test]
    fn of_several_signatures_one_has_to_fit_among_the_first_few() {
        let right = EXAMPLE.signatures;
        let two = format!("v1,AAAA {right}");
        assert_eq!(key().verify(&Received { signatures: &two, ..EXAMPLE }, at(SIGNED)), Ok(()));
        let at_the_end = format!("{}{right}", "v1,AAAA ".repeat(MAX_SIGNATURES - 1));
        assert_eq!(key().verify(&Received { signatures: &at_the_end, ..EXAMPLE }, at(SIGNED)), Ok(()));
        let too_many = format!("{}{right}", "v1,AAAA ".repeat(MAX_SIGNATURES));
        let refused = key().verify(&Received { signatures: &too_many, ..EXAMPLE }, at(SIGNED));
        assert_eq!(refused, Err(Unsigned::NoneFits));
    }

    #[test]
    fn a_message_is_taken_for_five_minutes_either_way_and_not_a_second_longer() {
        for off in [-300, 0, 300] {
            assert_eq!(key().verify(&EXAMPLE, at(SIGNED + off)), Ok(()), "{off}");
        }
        for off in [-301, 301, 1_000_000] {
            let refused = key().verify(&EXAMPLE, at(SIGNED + off));
            assert_eq!(refused, Err(Unsigned::Time { off, most: 300 }));
        }
        let never = Received { timestamp: "yesterday", ..EXAMPLE };
        assert_eq!(key().verify(&never, at(SIGNED)), Err(Unsigned::Form("webhook-timestamp")));
    }

    #[test]
    fn headers_that_are_missing_are_named() {
        let whole = |id, at, signature| Received::new(id, at, signature, b"").err();
        assert_eq!(whole(None, Some("1"), Some("v1,")), Some(Unsigned::Missing("webhook-id")));
        assert_eq!(whole(Some("m"), None, Some("v1,")), Some(Unsigned::Missing("webhook-timestamp")));
        assert_eq!(whole(Some("m"), Some("1"), None), Some(Unsigned::Missing("webhook-signature")));
        let (longest, longer) = ("m".repeat(MAX_ID), "m".repeat(MAX_ID + 1));
        assert_eq!(whole(Some(&longest), Some("1"), Some("v1,")), None);
        for wrong in ["", "a b", "a\u{e9}", longer.as_str()] {
            assert_eq!(
                whole(Some(wrong), Some("1"), Some("v1,")),
                Some(Unsigned::Form("webhook-id")),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_key_that_is_too_short_or_of_another_kind_is_refused() {
        let told = |bytes: usize| {
            SigningKey::from_text(&format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes])))
        };
        assert!(told(24).is_some() && told(64).is_some());
        assert!(told(23).is_none() && told(65).is_none());
        assert!(SigningKey::from_text("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_none());
        assert_eq!(format!("{:?}", key()), "SigningKey(redacted)");
    }

    #[test]
    fn an_event_names_what_happened_and_what_is_unknown_is_nothing_to_us() {
        let payment =
            br#"{"type":"transaction.posted","timestamp":"2026-11-20T15:00:00Z","data":{"consentId":"c-1",
            "accountId":"a-1","transactionId":"t-1","referenceTransactionId":"p-1","extra":1}}"#;
        assert_eq!(
            BankEvent::read(payment),
            Ok(BankEvent::Payment {
                consent: "c-1".to_owned(),
                account: "a-1".parse().unwrap(),
                transaction: "t-1".parse().unwrap(),
                was: Some("p-1".parse().unwrap()),
                at: "2026-11-20T15:00:00Z".parse().unwrap(),
            })
        );
        let ended = br#"{"type":"consent.revoked","timestamp":"x","data":{"consentId":"c-1"}}"#;
        assert_eq!(BankEvent::read(ended), Ok(BankEvent::ConsentEnded { consent: "c-1".to_owned() }));
        assert_eq!(BankEvent::read(br#"{"type":"moon.full"}"#), Ok(BankEvent::Other));
        for wrong in [
            &b"{"[..],
            b"\xff",
            b"[]",
            br#"{"data":{}}"#,
            br#"{"type":"transaction.posted","timestamp":"2026-11-20T15:00:00Z","data":{"consentId":"c-1"}}"#,
            br#"{"type":"consent.revoked","data":{"consentId":""}}"#,
        ] {
            assert!(BankEvent::read(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
    }
}
