//! What a revocation leaves behind, so that a write that was under way cannot undo it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth_as::store::RevocationWindow;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::db::DbFault;

/// A moment in the form of the OAuth tables: nanoseconds since 1970, held inside 64 bits.
pub(crate) fn nanos(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// The window of a revocation made at `at` and remembered for `keep`.
pub(crate) fn window(at: SystemTime, keep: Duration) -> RevocationWindow {
    RevocationWindow { recorded_at: at, until: at + keep }
}

/// What a revocation named.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    Client,
    Family,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Family => "family",
        }
    }
}

/// Records a revocation. A second one of the same thing only ever protects more.
pub(crate) fn record(
    tx: &Transaction<'_>,
    scope: Scope,
    identity: &str,
    window: RevocationWindow,
) -> Result<(), DbFault> {
    tx.prepare_cached(
        "INSERT INTO oauth_barriers (scope, identity, recorded_ns, until_ns) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (scope, identity) DO UPDATE SET \
         recorded_ns = max(recorded_ns, excluded.recorded_ns), until_ns = max(until_ns, excluded.until_ns)",
    )?
    .execute(params![scope.word(), identity, nanos(window.recorded_at), nanos(window.until)])?;
    Ok(())
}

/// A write that may have been overtaken by a revocation.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    pub(crate) client: &'a str,
    pub(crate) family: Option<&'a str>,
    pub(crate) consent: Option<&'a str>,
    /// When the customer decided, or the request was pushed.
    pub(crate) decided: SystemTime,
    /// The moment of the write.
    pub(crate) now: SystemTime,
}

/// Whether a revocation covers this write: its client is gone or was removed after the decision,
/// its token family was ended, or its consent does not stand any more.
pub(crate) fn covers(tx: &Transaction<'_>, write: &Write<'_>) -> Result<bool, DbFault> {
    let client: Option<i64> = tx
        .prepare_cached("SELECT recorded_ns FROM oauth_barriers WHERE scope = 'client' AND identity = ?1")?
        .query_row([write.client], |row| row.get(0))
        .optional()?;
    if let Some(recorded) = client {
        let present =
            tx.prepare_cached("SELECT 1 FROM oauth_clients WHERE id = ?1")?.exists([write.client])?;
        if nanos(write.decided) <= recorded || !present {
            return Ok(true);
        }
    }
    let ended = match write.family {
        Some(family) => tx
            .prepare_cached("SELECT 1 FROM oauth_barriers WHERE scope = 'family' AND identity = ?1")?
            .exists([family])?,
        None => false,
    };
    if ended {
        return Ok(true);
    }
    match write.consent {
        Some(consent) => Ok(!stands(tx, consent, write.now)?),
        None => Ok(false),
    }
}

/// Whether tokens may still be written for a consent.
fn stands(tx: &Transaction<'_>, consent: &str, now: SystemTime) -> Result<bool, DbFault> {
    let now_ms = nanos(now) / 1_000_000;
    Ok(tx
        .prepare_cached(
            "SELECT 1 FROM consents WHERE id = ?1 AND status <> 'REVOKED' \
             AND (expires_at IS NULL OR expires_at > ?2)",
        )?
        .exists(params![consent, now_ms])?)
}

/// Ends a token family: its tokens go, and what was being written for it is refused. Gives the
/// number of tokens removed.
pub(crate) fn end_family(
    tx: &Transaction<'_>,
    family: &str,
    window: RevocationWindow,
) -> Result<u64, DbFault> {
    record(tx, Scope::Family, family, window)?;
    let access = tx.execute("DELETE FROM oauth_access_tokens WHERE family = ?1", [family])?;
    let refresh = tx.execute("DELETE FROM oauth_refresh_tokens WHERE family = ?1", [family])?;
    Ok(u64::try_from(access + refresh).unwrap_or(u64::MAX))
}

/// Ends everything that was given out for a consent: codes, tokens, and tokens in the making.
pub(crate) fn end_consent(
    tx: &Transaction<'_>,
    consent: &str,
    window: RevocationWindow,
) -> Result<(), DbFault> {
    let families = tx
        .prepare_cached(
            "SELECT family FROM oauth_access_tokens WHERE consent = ?1 AND family IS NOT NULL \
             UNION SELECT family FROM oauth_refresh_tokens WHERE consent = ?1",
        )?
        .query_map([consent], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    for family in families {
        end_family(tx, &family, window)?;
    }
    tx.execute("DELETE FROM oauth_codes WHERE consent = ?1", [consent])?;
    Ok(())
}
