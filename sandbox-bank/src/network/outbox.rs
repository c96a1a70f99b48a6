//! What waits to be sent over the stream, in its order.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::events::{CardStreamData, CardStreamEvent};
use crate::{
    consents,
    db::{DbFault, millis},
    limits, webhooks,
};

/// Puts an event into the outbox. One that is there already stays as it is.
pub(super) fn put(
    tx: &Transaction<'_>,
    id: &str,
    payment: Option<&str>,
    what: CardStreamData,
    now: Timestamp,
) -> Result<(), DbFault> {
    let event = CardStreamEvent { id: None, what, timestamp: now.to_string() };
    tx.prepare_cached(
        "INSERT OR IGNORE INTO network_outbox (id, payment, body, made_at, next_at, tries) VALUES (?1, ?2, ?3, ?4, ?4, 0)",
    )?
    .execute(params![id, payment, serde_json::to_string(&event)?, millis(now)])?;
    Ok(())
}

/// Something to be sent.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: String,
    pub(super) payment: Option<String>,
    pub(super) body: String,
    pub(super) tries: u32,
}

/// What is due, in order. Names of consents that have ended since are taken out.
pub(super) fn due(tx: &Transaction<'_>, now: Timestamp) -> Result<Vec<Due>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT id, payment, body, tries FROM network_outbox WHERE sent_at IS NULL AND given_up_at IS NULL \
         AND next_at <= ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map(params![millis(now), limits::STREAM_AT_ONCE], |row| {
        Ok(Due { id: row.get(0)?, payment: row.get(1)?, body: row.get(2)?, tries: row.get(3)? })
    })?;
    let mut due = rows.collect::<Result<Vec<_>, _>>()?;
    for message in due.iter_mut().filter(|message| message.payment.is_some()) {
        message.body = without_ended(tx, &message.body, now)?;
    }
    Ok(due)
}

fn without_ended(tx: &Transaction<'_>, body: &str, now: Timestamp) -> Result<String, DbFault> {
    let mut event: CardStreamEvent = serde_json::from_str(body)?;
    if let CardStreamData::Authorization(payment) | CardStreamData::Alert(payment) = &mut event.what {
        let mut named = Vec::new();
        for name in payment.named.drain(..) {
            if consents::holds(tx, &name.consent_id, now)? {
                named.push(name);
            }
        }
        payment.named = named;
    }
    Ok(serde_json::to_string(&event)?)
}

/// The receiver has it.
pub(super) fn sent(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<(), DbFault> {
    tx.prepare_cached(
        "UPDATE network_outbox SET sent_at = ?2, tries = tries + 1 WHERE id = ?1 AND sent_at IS NULL",
    )?
    .execute(params![id, millis(now)])?;
    Ok(())
}

/// The receiver does not want this one: later again, and one day not any more. `gone` is at once.
pub(super) fn refused(
    tx: &Transaction<'_>,
    message: &Due,
    gone: bool,
    now: Timestamp,
) -> Result<(), DbFault> {
    let tries = message.tries + 1;
    let next = now.saturating_add(SignedDuration::from_secs(webhooks::wait(tries))).unwrap_or(now);
    let given_up = (gone || tries >= limits::WEBHOOK_TRIES).then(|| millis(now));
    tx.execute(
        "UPDATE network_outbox SET tries = ?2, next_at = ?3, given_up_at = ?4 WHERE id = ?1 AND sent_at IS NULL",
        params![message.id, tries, millis(next), given_up],
    )?;
    Ok(())
}

/// How many wait: all, and those of the crowd.
pub(crate) fn waiting(tx: &Transaction<'_>) -> Result<(i64, i64), DbFault> {
    Ok(tx
        .prepare_cached(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE payment IS NULL) FROM network_outbox \
             WHERE sent_at IS NULL AND given_up_at IS NULL",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Forgets what was sent some time ago, what nobody took for a day, and the oldest beyond the most that is kept.
pub(super) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let before = |age: SignedDuration| millis(now.saturating_sub(age).unwrap_or(now));
    tx.execute(
        "DELETE FROM network_outbox WHERE COALESCE(sent_at, given_up_at) <= ?1 OR made_at <= ?2 OR seq IN \
         (SELECT seq FROM network_outbox WHERE sent_at IS NULL ORDER BY seq DESC LIMIT -1 OFFSET ?3)",
        params![
            before(SignedDuration::from_hours(1)),
            before(SignedDuration::from_hours(24)),
            limits::WEBHOOKS_KEPT
        ],
    )?;
    Ok(())
}
