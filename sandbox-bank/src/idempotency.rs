//! One key, one deed: what was done under a key is answered again, not done again.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::Value;

use crate::{
    chance,
    db::{DbFault, millis, moment},
    limits,
};

/// Under which key a deed is asked for, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) client_id: String,
    pub(crate) customer: String,
    pub(crate) key: String,
    /// A hash of method, path and body, without the reference to an approval.
    pub(crate) hash: String,
}

/// What is known under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: the caller holds the turn that this text names.
    Turn(String),
    /// It was done, with this answer.
    Done(u16, Value),
    /// The same key was sent with something else.
    OtherBody,
    /// It is being done at this moment.
    InFlight,
}

/// Takes the turn of a key, or says why not. A turn that was never ended is free again after a while: its deed and
/// its end are one transaction, so without an end nothing was done.
pub(crate) fn begin(tx: &Transaction<'_>, asked: &Asked, now: Timestamp) -> Result<Known, DbFault> {
    forget(tx, now)?;
    let row: Option<(String, i64, Option<u16>, Option<String>)> = tx
        .prepare_cached(
            "SELECT body_hash, begun_at, status, answer FROM idempotency \
             WHERE client_id = ?1 AND customer = ?2 AND key = ?3",
        )?
        .query_row([&asked.client_id, &asked.customer, &asked.key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    if let Some((hash, begun_at, status, answer)) = row {
        if hash != asked.hash {
            return Ok(Known::OtherBody);
        }
        if let Some((status, answer)) = status.zip(answer) {
            return Ok(Known::Done(status, serde_json::from_str(&answer)?));
        }
        let free = moment(begun_at)?.saturating_add(limits::TURN_AGE).unwrap_or(Timestamp::MAX);
        if now < free {
            return Ok(Known::InFlight);
        }
    }
    let turn = chance::secret_text();
    tx.execute(
        "INSERT INTO idempotency (client_id, customer, key, body_hash, begun_at, turn) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (client_id, customer, key) DO UPDATE SET begun_at = ?5, turn = ?6 WHERE status IS NULL",
        params![asked.client_id, asked.customer, asked.key, asked.hash, millis(now), turn],
    )?;
    Ok(Known::Turn(turn))
}

/// Keeps the answer of a deed, in the transaction that did it. False when the turn was lost meanwhile.
pub(crate) fn end(
    tx: &Transaction<'_>,
    asked: &Asked,
    turn: &str,
    (status, answer): (u16, &Value),
) -> Result<bool, DbFault> {
    let rows = tx.execute(
        "UPDATE idempotency SET status = ?5, answer = ?6 WHERE client_id = ?1 AND customer = ?2 AND key = ?3 \
         AND turn = ?4 AND status IS NULL",
        params![asked.client_id, asked.customer, asked.key, turn, status, answer.to_string()],
    )?;
    Ok(rows == 1)
}

/// Gives a turn back: nothing was done, the key is as new.
pub(crate) fn give_back(tx: &Transaction<'_>, asked: &Asked, turn: &str) -> Result<(), DbFault> {
    tx.execute(
        "DELETE FROM idempotency WHERE client_id = ?1 AND customer = ?2 AND key = ?3 AND turn = ?4 AND status IS NULL",
        params![asked.client_id, asked.customer, asked.key, turn],
    )?;
    Ok(())
}

fn forget(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let gone = now.saturating_sub(limits::IDEMPOTENCY_AGE).unwrap_or(now);
    tx.prepare_cached("DELETE FROM idempotency WHERE begun_at <= ?1")?.execute([millis(gone)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use jiff::SignedDuration;
    use serde_json::json;

    fn asked(key: &str, hash: &str) -> Asked {
        Asked { client_id: "app".into(), customer: "c".into(), key: key.into(), hash: hash.into() }
    }

    #[test]
    fn a_key_is_done_once_kept_for_a_day_and_free_again_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("bank.sqlite")).unwrap();
        let now: Timestamp = "2026-11-18T10:30:00Z".parse().unwrap();
        let later = |seconds: i64| now + SignedDuration::from_secs(seconds);
        db.transact_here::<_, DbFault, _>(|tx| {
            let Known::Turn(turn) = begin(tx, &asked("k", "a"), now)? else { panic!("a new key has a turn") };
            assert_eq!(begin(tx, &asked("k", "a"), later(59))?, Known::InFlight);
            assert_eq!(begin(tx, &asked("k", "b"), now)?, Known::OtherBody);
            let Known::Turn(second) = begin(tx, &asked("k", "a"), later(60))? else {
                panic!("the turn was left")
            };
            assert!(!end(tx, &asked("k", "a"), &turn, (200, &json!({})))?, "the first turn was lost");
            assert!(end(tx, &asked("k", "a"), &second, (200, &json!({ "n": 1 })))?);
            let day = 24 * 60 * 60;
            assert_eq!(begin(tx, &asked("k", "a"), later(day))?, Known::Done(200, json!({ "n": 1 })));
            assert!(matches!(begin(tx, &asked("k", "b"), later(60 + day))?, Known::Turn(_)), "a day later");
            Ok(())
        })
        .unwrap();
    }
}
