//! Telling clients what happens, in the form of Standard Webhooks: written down in the transaction in which it
//! happened, sent from there until the client has taken it.

mod outbox;
mod sender;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

pub(crate) use outbox::{Endpoint, close_endpoint, endpoints, open_endpoint, sweep, wait};
pub use sender::SenderFault;
pub(crate) use sender::{Message, Sender};

use crate::{
    cards::{Card, Status},
    consents::{self, DataCluster},
    db::DbFault,
    services::Service,
};

/// What clients can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(crate) enum Event {
    /// A payment was made and is not booked yet.
    #[serde(rename = "transaction.pending")]
    TransactionPending,
    /// A payment was booked.
    #[serde(rename = "transaction.posted")]
    TransactionPosted,
    /// A card was frozen, unfrozen or blocked.
    #[serde(rename = "card.status.changed")]
    CardStatusChanged,
    /// A consent was ended.
    #[serde(rename = "consent.revoked")]
    ConsentRevoked,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Self::TransactionPending => "transaction.pending",
            Self::TransactionPosted => "transaction.posted",
            Self::CardStatusChanged => "card.status.changed",
            Self::ConsentRevoked => "consent.revoked",
        }
    }
}

/// Whether anybody wants to be told of anything: without that, nothing is looked up.
fn anybody(tx: &Transaction<'_>) -> Result<bool, DbFault> {
    Ok(tx.prepare_cached("SELECT 1 FROM webhook_endpoints WHERE closed_at IS NULL")?.exists([])?)
}

/// Tells of a payment, as it stands now, whoever may read it.
pub(crate) fn moved(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<(), DbFault> {
    if !anybody(tx)? {
        return Ok(());
    }
    let row: Option<(String, String, Option<String>, String)> = tx
        .prepare_cached(
            "SELECT t.account, t.status, t.reference, a.customer FROM transactions t \
             JOIN accounts a ON a.id = t.account WHERE t.id = ?1",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((account, status, reference, customer)) = row else { return Ok(()) };
    let event = if status == "posted" { Event::TransactionPosted } else { Event::TransactionPending };
    for consent in consents::in_force(tx, &customer, now)? {
        if consent.accounts.contains(&account) && consent.covers(DataCluster::Transactions) {
            let data = json!({ "consentId": consent.id, "accountId": account, "transactionId": id,
                               "referenceTransactionId": reference });
            outbox::put(tx, &consent.client_id, event, &data, now)?;
        }
    }
    Ok(())
}

/// Tells that a card has another status.
pub(crate) fn card_changed(
    tx: &Transaction<'_>,
    card: &Card,
    status: Status,
    now: Timestamp,
) -> Result<(), DbFault> {
    if !anybody(tx)? {
        return Ok(());
    }
    let customer: String =
        tx.query_row("SELECT customer FROM cards WHERE id = ?1", params![card.id], |row| row.get(0))?;
    for consent in consents::in_force(tx, &customer, now)? {
        if consent.accounts.contains(&card.account) && consent.allows(Service::CardsRead) {
            let data = json!({ "consentId": consent.id, "accountId": card.account, "cardId": card.id,
                               "status": status });
            outbox::put(tx, &consent.client_id, Event::CardStatusChanged, &data, now)?;
        }
    }
    Ok(())
}

/// Tells that a consent was ended.
pub(crate) fn consent_ended(
    tx: &Transaction<'_>,
    id: &str,
    why: Value,
    now: Timestamp,
) -> Result<(), DbFault> {
    let client: Option<String> = tx
        .prepare_cached("SELECT client_id FROM consents WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(client) = client else { return Ok(()) };
    let mut data = json!({ "consentId": id });
    if let (Some(data), Value::Object(why)) = (data.as_object_mut(), why) {
        data.extend(why);
    }
    outbox::put(tx, &client, Event::ConsentRevoked, &data, now)
}
