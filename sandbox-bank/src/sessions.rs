//! Visits to the bank's site: a secret in a cookie, its fingerprint here.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::{
    chance,
    customers::{self, Customer},
    db::{DbFault, millis, moment},
    limits,
};

/// One visit.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Fingerprint of the cookie's secret.
    pub(crate) id: String,
    /// Goes into every form and must come back from it.
    pub(crate) csrf: String,
    /// Who signed in.
    pub(crate) customer: Option<Customer>,
    /// Since when: a sign-in opens a new session.
    pub(crate) since: Timestamp,
}

/// A session that was just opened, with the secret for the cookie.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) secret: String,
    pub(crate) session: Session,
}

/// Opens a session, for a visitor or for somebody who just signed in. Visitors that are too many
/// push out the oldest visitors.
pub(crate) fn open(
    tx: &Transaction<'_>,
    customer: Option<Customer>,
    now: Timestamp,
) -> Result<Opened, DbFault> {
    let secret = chance::secret_text();
    let session =
        Session { id: chance::fingerprint(&secret), csrf: chance::secret_text(), customer, since: now };
    let expires = now.saturating_add(limits::SESSION_AGE).unwrap_or(now);
    tx.execute(
        "INSERT INTO sessions (id, customer, csrf, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            session.id,
            session.customer.as_ref().map(|c| &c.id),
            session.csrf,
            millis(now),
            millis(expires)
        ],
    )?;
    tx.execute(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE customer IS NULL \
         ORDER BY created_at DESC, id LIMIT -1 OFFSET ?1)",
        [limits::ANONYMOUS_SESSIONS_KEPT],
    )?;
    Ok(Opened { secret, session })
}

/// The session that a cookie's secret opens, unless it has run out.
pub(crate) fn find(tx: &Transaction<'_>, secret: &str, now: Timestamp) -> Result<Option<Session>, DbFault> {
    let id = chance::fingerprint(secret);
    let row: Option<(String, Option<String>, i64)> = tx
        .query_row(
            "SELECT csrf, customer, created_at FROM sessions WHERE id = ?1 AND expires_at > ?2",
            params![id, millis(now)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((csrf, customer, since)) = row else { return Ok(None) };
    let customer = match customer {
        Some(customer) => customers::find(tx, &customer)?,
        None => None,
    };
    Ok(Some(Session { id, csrf, customer, since: moment(since)? }))
}

/// Replaces a visit by a signed-in session with a new secret, so that a secret planted before
/// the sign-in is worth nothing after it. Open approval pages move along.
pub(crate) fn sign_in(
    tx: &Transaction<'_>,
    visit: &Session,
    customer: Customer,
    now: Timestamp,
) -> Result<Opened, DbFault> {
    let opened = open(tx, Some(customer), now)?;
    tx.execute("UPDATE interactions SET session = ?2 WHERE session = ?1", [&visit.id, &opened.session.id])?;
    close(tx, visit)?;
    Ok(opened)
}

/// Ends a session.
pub(crate) fn close(tx: &Transaction<'_>, session: &Session) -> Result<(), DbFault> {
    tx.execute("DELETE FROM sessions WHERE id = ?1", [&session.id])?;
    Ok(())
}

/// Removes what has run out.
pub(crate) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    tx.execute("DELETE FROM sessions WHERE expires_at <= ?1", [millis(now)])?;
    // Run-out approval pages are kept a while longer, so that they can say that they ran out.
    let gone = now.saturating_sub(limits::SESSION_AGE).unwrap_or(now);
    tx.execute("DELETE FROM interactions WHERE expires_at <= ?1", [millis(gone)])?;
    Ok(())
}
