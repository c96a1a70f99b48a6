//! What a bank tells of card payments, as it is sent: docs/card-events.md has the contract.

use super::Suspect;
use domain::Money;
use fraud::event::{Attributes, Event, Label, Payment, Source, Verdict};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use store::bank_events::fingerprint;
use utoipa::ToSchema;

/// How far in the future a payment may lie: the bank's clock may go before ours.
pub const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// The most consents that one payment may name.
pub const MOST_CONSENTS: usize = 8;
/// The longest text of a bank, in characters.
const LONGEST: usize = 200;

/// What a bank tells.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = CardEvent)]
pub struct Written {
    /// `card.authorization`, `card.alert` or `card.fraud`.
    #[serde(rename = "type")]
    #[schema(example = "card.authorization")]
    pub kind: String,
    /// In a file of many: what is `webhook-id` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was told.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: String,
    /// What.
    pub data: Data,
}

/// Of which payment.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CardEventData)]
pub struct Data {
    /// The bank's id of the payment.
    pub payment_id: String,
    /// Names the card: opaque, always the same for the same card. Never its number.
    pub card_token: String,
    /// Names the terminal or web shop in the same way.
    pub terminal_token: String,
    /// Names the customer in the same way, so that rules see what is done with several cards of one person. Of payments only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_token: Option<String>,
    /// When it was paid.
    #[schema(value_type = String, format = DateTime)]
    pub at: String,
    /// How much, positive, with a point. Not of a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// ISO 18245.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_category: Option<String>,
    /// ISO 3166-1, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_country: Option<String>,
    /// `chip`, `contactless`, `magstripe`, `manual` or `online`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_mode: Option<String>,
    /// `approved` or `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Of `card.alert`: why the bank suspects it, for its own people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of `card.fraud`: whether it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraud: Option<bool>,
    /// Of `card.fraud`: `chargeback` or `bank`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Under which consents it may be told to a customer, with what names it. Empty: to nobody.
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<Named>,
}

/// What names a payment to its customer.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CardEventCustomer)]
pub struct Named {
    /// The bank's id of the consent.
    pub consent_id: String,
    /// The account.
    pub account_id: String,
    /// The card.
    pub card_id: String,
    /// The payment as it stands in the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// The last digits of the card's number, four at most.
    pub card_digits: String,
    /// The merchant.
    pub merchant: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// When the customer's telephone number or e-mail address at the bank changed last, if that was lately (RFC 3339). A Yes soon
    /// after counts only with an approval at the bank: whoever takes a person's number over changes these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_changed_at: Option<String>,
}

/// What was read of an event.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The bank's id of the message.
    pub id: String,
    /// What the engine takes.
    pub event: Event,
    /// What stands for the payment's id in its account.
    pub about: Option<u64>,
    /// Why the bank suspects it. None: it does not say so.
    pub suspected: Option<String>,
    /// Whom it may be told: the fingerprint of the bank's id of a consent, and what is told.
    pub named: Vec<([u8; 32], Suspect)>,
}

/// An event that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {what}")]
pub struct Unreadable {
    /// Which field.
    pub field: String,
    /// What is wrong with it, and what is right.
    pub what: String,
}

fn wrong(field: &str, what: impl Into<String>) -> Unreadable {
    Unreadable { field: field.to_owned(), what: what.into() }
}

/// The key by which cards and shops are named to the engine: of the gateway, another one for each bank.
#[derive(Clone)]
pub struct Naming([u8; 32]);

impl std::fmt::Debug for Naming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Naming(key hidden)")
    }
}

impl Naming {
    /// With the gateway's key and the bank's name.
    pub fn new(key: &[u8; 32], bank: &str) -> Naming {
        Naming(mac(key, "cards of a bank", bank))
    }

    /// A number that stands for a token and tells nothing of it.
    pub fn of(&self, kind: &str, token: &str) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = mac(&self.0, kind, token);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

fn mac(key: &[u8; 32], kind: &str, text: &str) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any length of key");
    mac.update(&(kind.len() as u64).to_be_bytes());
    mac.update(kind.as_bytes());
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Reads an event, told at `now`.
pub fn read(naming: &Naming, id: &str, written: &Written, now: Timestamp) -> Result<Incoming, Unreadable> {
    let data = &written.data;
    let at = moment("data.at", &data.at, now)?;
    let payment = filled("data.paymentId", &data.payment_id)?;
    let card = naming.of("card", filled("data.cardToken", &data.card_token)?);
    let terminal = naming.of("terminal", filled("data.terminalToken", &data.terminal_token)?);
    let customer =
        data.customer_token.as_deref().map(|token| filled("data.customerToken", token)).transpose()?;
    let customer = customer.map(|token| naming.of("customer", token));
    let seconds = seconds("data.at", at)?;
    let payment_key = naming.of("payment", payment);
    let (event, suspected) = match written.kind.as_str() {
        "card.authorization" | "card.alert" => {
            let amount = money(data)?;
            let event = Payment {
                id: payment_key,
                at: seconds,
                card,
                terminal,
                amount: u32::try_from(amount.magnitude().minor_units).unwrap_or(u32::MAX),
                more: Attributes { customer, ..attributes(data)? },
            };
            let by_bank = written.kind == "card.alert";
            let reason =
                data.reason.as_deref().map_or("the bank’s own system suspects it", |reason| reason);
            (Event::Payment(event), by_bank.then(|| super::cut(reason, LONGEST)))
        }
        "card.fraud" => {
            let fraud = data.fraud.ok_or_else(|| wrong("data.fraud", "is missing; write true or false"))?;
            let source = match data.source.as_deref() {
                Some("chargeback") => Source::Chargeback,
                Some("bank") | None => Source::Agent,
                Some(_) => return Err(wrong("data.source", "is not known; write chargeback or bank")),
            };
            let verdict = if fraud { Verdict::Fraud } else { Verdict::Clean };
            let arrived_at = self::seconds("timestamp", now)?;
            let label =
                Label { payment: payment_key, card, terminal, paid_at: seconds, arrived_at, verdict, source };
            (Event::Label(label), None)
        }
        _ => return Err(wrong("type", "is not known; write card.authorization, card.alert or card.fraud")),
    };
    if data.named.len() > MOST_CONSENTS {
        return Err(wrong(
            "data.for",
            format!("names {} consents; at most {MOST_CONSENTS} are taken", data.named.len()),
        ));
    }
    let named = match event {
        Event::Payment(_) => {
            data.named.iter().map(|one| name(data, one, at, now)).collect::<Result<_, _>>()?
        }
        Event::Label(_) => vec![],
    };
    let transaction = data.named.iter().find_map(|named| named.transaction_id.as_deref());
    let about = transaction.map(|id| naming.of("transaction", id));
    Ok(Incoming { id: id.to_owned(), event, about, suspected, named })
}

fn name(
    data: &Data,
    named: &Named,
    at: Timestamp,
    now: Timestamp,
) -> Result<([u8; 32], Suspect), Unreadable> {
    let id = |field: &str, what: &str| wrong(field, format!("is no id: {what}"));
    let transaction = named.transaction_id.as_deref().map(str::parse).transpose();
    if named.card_digits.len() > 4 || !named.card_digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong("data.for.cardDigits", "has more than the last four digits, or other signs"));
    }
    let contact = named.contact_changed_at.as_deref();
    let contact = contact.map(|text| moment("data.for.contactChangedAt", text, now));
    let suspect = Suspect {
        payment: data.payment_id.clone(),
        account: named.account_id.parse().map_err(|_| id("data.for.accountId", "it is empty or too long"))?,
        card: named.card_id.parse().map_err(|_| id("data.for.cardId", "it is empty or too long"))?,
        transaction: transaction.map_err(|_| id("data.for.transactionId", "it is empty or too long"))?,
        digits: named.card_digits.clone(),
        merchant: shown("data.for.merchant", &named.merchant)?,
        city: named.city.as_deref().map(|city| shown("data.for.city", city)).transpose()?,
        amount: money(data)?.magnitude(),
        at,
        declined: data.outcome.as_deref() == Some("declined"),
        contact_changed: contact.transpose()?,
        why: vec![],
        reasons: vec![],
        score: None,
        model: None,
        by_bank: false,
        by_engine: false,
    };
    Ok((fingerprint(filled("data.for.consentId", &named.consent_id)?), suspect))
}

fn filled<'a>(field: &str, text: &'a str) -> Result<&'a str, Unreadable> {
    if (1..=LONGEST).contains(&text.len()) {
        return Ok(text);
    }
    Err(wrong(field, format!("has {} bytes; it needs 1 to {LONGEST}", text.len())))
}

/// A text that people read: without signs that cannot be seen.
fn shown(field: &str, text: &str) -> Result<String, Unreadable> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.is_empty() || clean.chars().count() > LONGEST {
        return Err(wrong(field, format!("has no or more than {LONGEST} characters")));
    }
    Ok(banks::shown(&clean))
}

fn moment(field: &str, text: &str, now: Timestamp) -> Result<Timestamp, Unreadable> {
    let at: Timestamp =
        text.parse().map_err(|_| wrong(field, "is no time; write it as 2026-11-22T00:30:00Z"))?;
    if at > now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
        return Err(wrong(field, format!("lies more than {} seconds in the future", AHEAD.as_secs())));
    }
    Ok(at)
}

fn seconds(field: &str, at: Timestamp) -> Result<u32, Unreadable> {
    u32::try_from(at.as_second()).map_err(|_| wrong(field, "is before 1970 or after 2106"))
}

fn money(data: &Data) -> Result<Money, Unreadable> {
    let amount = data.amount.as_deref().ok_or_else(|| wrong("data.amount", "is missing"))?;
    let currency = data.currency.as_deref().ok_or_else(|| wrong("data.currency", "is missing"))?;
    let currency =
        currency.parse().map_err(|_| wrong("data.currency", "is no code of ISO 4217, such as USD"))?;
    let money = Money::from_decimal(amount, currency);
    let money = money.map_err(|_| wrong("data.amount", "is no amount of that currency, such as 84.10"))?;
    if money.minor_units <= 0 { Err(wrong("data.amount", "is not more than zero")) } else { Ok(money) }
}

fn attributes(data: &Data) -> Result<Attributes, Unreadable> {
    let category = data.merchant_category.as_deref().map(str::parse::<u16>).transpose();
    let country = data.merchant_country.as_deref();
    if country.is_some_and(|country| country.parse::<domain::Region>().is_err()) {
        return Err(wrong("data.merchantCountry", "is no code of ISO 3166-1, such as US"));
    }
    let (entry, online) = match data.entry_mode.as_deref() {
        None => (None, None),
        Some("chip") => (Some(0), Some(false)),
        Some("contactless") => (Some(1), Some(false)),
        Some("magstripe") => (Some(2), Some(false)),
        Some("manual") => (Some(3), Some(false)),
        Some("online") => (None, Some(true)),
        Some(_) => {
            return Err(wrong(
                "data.entryMode",
                "is not known; write chip, contactless, magstripe, manual or online",
            ));
        }
    };
    Ok(Attributes {
        category: category
            .map_err(|_| wrong("data.merchantCategory", "is no code of ISO 18245, such as 5411"))?,
        // Two letters as one number: the engine only asks whether it is the same.
        country: country
            .map(|code| code.bytes().fold(0, |number, letter| number * 32 + u16::from(letter - b'A'))),
        entry,
        online,
        ..Attributes::default()
    })
}
