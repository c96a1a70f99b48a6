//! Endpoints, and what waits to be sent to them.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde_json::{Value, json};

use super::Event;
use crate::{
    chance,
    db::{DbFault, millis, moment},
    limits,
};

/// Where a client wants to be told.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) events: Vec<Event>,
}

/// An endpoint that was just opened, with the secret that is told this once.
#[derive(Debug)]
pub(crate) struct NewEndpoint {
    pub(crate) endpoint: Endpoint,
    /// `whsec_` and the key in base64, as Standard Webhooks wants it.
    pub(crate) secret: String,
}

/// The open endpoints of a client.
pub(crate) fn endpoints(tx: &Transaction<'_>, client: &str) -> Result<Vec<Endpoint>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT id, url, events FROM webhook_endpoints WHERE client_id = ?1 AND closed_at IS NULL ORDER BY made_at, id",
    )?;
    let rows =
        statement.query_map([client], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, url, events) = row?;
        found.push(Endpoint { id, url, events: serde_json::from_str(&events)? });
    }
    Ok(found)
}

/// Opens an endpoint; none when the client has as many as may be.
pub(crate) fn open_endpoint(
    tx: &Transaction<'_>,
    client: &str,
    url: &str,
    events: &[Event],
    now: Timestamp,
) -> Result<Option<NewEndpoint>, DbFault> {
    let open = i64::try_from(endpoints(tx, client)?.len()).unwrap_or(i64::MAX);
    if open >= limits::ENDPOINTS_MAX {
        return Ok(None);
    }
    let id = format!("we-{}", chance::secret_text());
    let secret = chance::secret::<32>();
    tx.execute(
        "INSERT INTO webhook_endpoints (id, client_id, url, events, secret, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, client, url, serde_json::to_string(events)?, secret.to_vec(), millis(now)],
    )?;
    let endpoint = Endpoint { id, url: url.to_owned(), events: events.to_vec() };
    Ok(Some(NewEndpoint { endpoint, secret: format!("whsec_{}", STANDARD.encode(secret)) }))
}

/// Closes an endpoint: what waits for it is not sent any more. False when there is no such.
pub(crate) fn close_endpoint(
    tx: &Transaction<'_>,
    client: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let rows = tx.execute(
        "UPDATE webhook_endpoints SET closed_at = ?3 WHERE id = ?1 AND client_id = ?2 AND closed_at IS NULL",
        params![id, client, millis(now)],
    )?;
    Ok(rows == 1)
}

/// Puts an event into the outbox, once for each endpoint of the client that wants it.
pub(super) fn put(
    tx: &Transaction<'_>,
    client: &str,
    event: Event,
    data: &Value,
    now: Timestamp,
) -> Result<(), DbFault> {
    for endpoint in endpoints(tx, client)?.iter().filter(|endpoint| endpoint.events.contains(&event)) {
        let payload = json!({ "type": event.word(), "timestamp": now.to_string(), "data": data });
        tx.prepare_cached(
            "INSERT INTO webhook_outbox (id, endpoint, payload, made_at, next_at, tries) VALUES (?1, ?2, ?3, ?4, ?4, 0)",
        )?
        .execute(params![
            format!("msg_{}", chance::secret_text()),
            endpoint.id,
            payload.to_string(),
            millis(now)
        ])?;
    }
    Ok(())
}

/// Something to be sent.
pub(super) struct Due {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) secret: Vec<u8>,
    pub(super) payload: String,
    pub(super) made_at: Timestamp,
    pub(super) tries: u32,
}

/// What is due, the oldest first.
pub(super) fn due(tx: &Transaction<'_>, now: Timestamp) -> Result<Vec<Due>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT o.id, e.url, e.secret, o.payload, o.made_at, o.tries FROM webhook_outbox o \
         JOIN webhook_endpoints e ON e.id = o.endpoint WHERE o.sent_at IS NULL AND o.given_up_at IS NULL \
         AND o.next_at <= ?1 AND e.closed_at IS NULL ORDER BY o.made_at, o.rowid LIMIT 50",
    )?;
    let rows = statement.query_map([millis(now)], |row| {
        let made: i64 = row.get(4)?;
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, made, row.get(5)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, url, secret, payload, made, tries) = row?;
        found.push(Due { id, url, secret, payload, made_at: moment(made)?, tries });
    }
    Ok(found)
}

/// How a try went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// The client took it.
    Taken,
    /// It did not, or nobody knows.
    Not,
    /// The client says that nobody lives there any more (410).
    Gone,
}

/// Seconds until the next try, by the number of tries made.
pub(crate) fn wait(tries: u32) -> i64 {
    [5, 30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600]
        .get(tries.saturating_sub(1) as usize)
        .copied()
        .unwrap_or(86_400)
}

/// Keeps how a try went.
pub(super) fn note(
    tx: &Transaction<'_>,
    id: &str,
    tries: u32,
    went: Went,
    now: Timestamp,
) -> Result<(), DbFault> {
    let made = tries + 1;
    let next = now.saturating_add(jiff::SignedDuration::from_secs(wait(made))).unwrap_or(now);
    let sent = (went == Went::Taken).then(|| millis(now));
    let given_up =
        (went != Went::Taken && (went == Went::Gone || made >= limits::WEBHOOK_TRIES)).then(|| millis(now));
    tx.execute(
        "UPDATE webhook_outbox SET tries = ?2, next_at = ?3, sent_at = ?4, given_up_at = ?5 \
         WHERE id = ?1 AND sent_at IS NULL",
        params![id, made, millis(next), sent, given_up],
    )?;
    if went == Went::Gone {
        tx.execute(
            "UPDATE webhook_endpoints SET closed_at = ?2 \
             WHERE id = (SELECT endpoint FROM webhook_outbox WHERE id = ?1) AND closed_at IS NULL",
            params![id, millis(now)],
        )?;
    }
    Ok(())
}

/// Keeps the outbox within its bounds: what was sent a day ago goes, and the oldest beyond the most that is kept.
pub(crate) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let gone = now.saturating_sub(limits::IDEMPOTENCY_AGE).unwrap_or(now);
    tx.execute(
        "DELETE FROM webhook_outbox WHERE COALESCE(sent_at, given_up_at) <= ?1 OR rowid IN \
         (SELECT rowid FROM webhook_outbox ORDER BY made_at DESC LIMIT -1 OFFSET ?2)",
        params![millis(gone), limits::WEBHOOKS_KEPT],
    )?;
    Ok(())
}
