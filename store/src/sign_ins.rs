//! Sign-ins of customers at their bank: those that have begun, and those that hold. The browser has a token, the
//! store its hash, so that a sign-in can be ended from here.

use crate::{
    DbError, Tx,
    seal::{self, Place},
    value::{Arg, Row, micros},
};
use domain::{BankId, CustomerId};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A sign-in that begins.
pub struct NewAttempt<'a> {
    /// What the browser holds. Its hash finds the attempt, and a key made of it seals what is pending.
    pub cookie: &'a str,
    /// The bank.
    pub bank: &'a BankId,
    /// SHA-256 of the `state` that comes back with it.
    pub state_hash: [u8; 32],
    /// What is needed when the browser comes back. It is sealed.
    pub pending: &'a [u8],
    /// Until when it may come back (exclusive).
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewAttempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAttempt").field("bank", &self.bank).finish_non_exhaustive()
    }
}

fn place<'a>(bank: &'a BankId, row: &'a str) -> Place<'a> {
    Place { table: "sign_in_attempt", column: "pending", row, bank }
}

/// Keeps an attempt.
pub fn begin(tx: &mut Tx, new: &NewAttempt<'_>) -> Result<(), DbError> {
    let (hash, key) = seal::of_cookie(new.cookie);
    let row = seal::hex(&hash);
    let sealed = key.seal(&place(new.bank, &row), new.pending);
    tx.change_one(
        "INSERT INTO sign_in_attempt(cookie_hash, bank, state_hash, pending, expires_at) \
         VALUES($1, $2, $3, $4, $5)",
        &[
            Arg::Blob(&hash),
            Arg::Text(new.bank.as_str()),
            Arg::Blob(&new.state_hash),
            Arg::Blob(&sealed),
            Arg::Int(micros(new.expires_at)),
        ],
    )
}

/// Whether a browser's attempt is the one that this `state` comes back to. Changes nothing.
pub fn is_of(tx: &mut Tx, cookie: &str, state_hash: &[u8; 32]) -> Result<bool, DbError> {
    let (hash, _) = seal::of_cookie(cookie);
    let row = tx.row(
        "SELECT expires_at FROM sign_in_attempt WHERE cookie_hash = $1 AND state_hash = $2",
        &[Arg::Blob(&hash), Arg::Blob(state_hash)],
    )?;
    Ok(row.is_some())
}

/// The browser is back: ends its attempt and gives what was pending, once. None if there is none, it came back before,
/// or it came too late.
pub fn take(tx: &mut Tx, cookie: &str, now: Timestamp) -> Result<Option<(BankId, Vec<u8>)>, DbError> {
    let (hash, key) = seal::of_cookie(cookie);
    let row = tx.row(
        "DELETE FROM sign_in_attempt WHERE cookie_hash = $1 AND expires_at > $2 RETURNING bank, pending",
        &[Arg::Blob(&hash), Arg::Int(micros(now))],
    )?;
    let Some(row) = row else { return Ok(None) };
    let bank: BankId = row.parse(0, "bank")?;
    let name = seal::hex(&hash);
    let opened = key.open(&place(&bank, &name), row.blob(1, "pending sign-in")?);
    let pending = opened.map_err(|fault| tx.fail(fault.into()))?;
    Ok(Some((bank, pending)))
}

/// Somebody who signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// At which bank.
    pub bank: BankId,
    /// The keyed hash of what the bank calls them.
    pub subject: [u8; 32],
    /// Whom of theirs they chose to see, if they had to choose.
    pub customer: Option<CustomerId>,
    /// When they signed in.
    pub made_at: Timestamp,
    /// When it was used last.
    pub seen_at: Timestamp,
    /// When it ends, however it is used.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("bank", &self.bank)
            .field("made_at", &self.made_at)
            .finish_non_exhaustive()
    }
}

/// Keeps a sign-in.
pub fn open(tx: &mut Tx, hash: &[u8; 32], new: &SignedIn) -> Result<(), DbError> {
    tx.change_one(
        "INSERT INTO sign_in_session(token_hash, bank, subject, customer, made_at, seen_at, expires_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7)",
        &[
            Arg::Blob(hash),
            Arg::Text(new.bank.as_str()),
            Arg::Blob(&new.subject),
            new.customer.as_ref().map_or(Arg::Null, |customer| Arg::Text(customer.as_str())),
            Arg::Int(micros(new.made_at)),
            Arg::Int(micros(new.seen_at)),
            Arg::Int(micros(new.expires_at)),
        ],
    )
}

/// The sign-in of a token, if it holds: its time is not over, and it was used not longer than `idle` ago.
pub fn find(
    tx: &mut Tx,
    hash: &[u8; 32],
    bank: &BankId,
    idle: SignedDuration,
    now: Timestamp,
) -> Result<Option<SignedIn>, DbError> {
    let since = now.checked_sub(idle).unwrap_or(Timestamp::MIN);
    let row = tx.row(
        "SELECT bank, subject, customer, made_at, seen_at, expires_at FROM sign_in_session \
         WHERE token_hash = $1 AND bank = $2 AND expires_at > $3 AND seen_at > $4",
        &[Arg::Blob(hash), Arg::Text(bank.as_str()), Arg::Int(micros(now)), Arg::Int(micros(since))],
    )?;
    row.as_ref().map(read).transpose()
}

/// Notes that it was used.
pub fn seen(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<(), DbError> {
    tx.change(
        "UPDATE sign_in_session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2 AND expires_at > $2",
        &[Arg::Blob(hash), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// They chose whom of theirs to see. False if that is not theirs, or the sign-in is over.
pub fn choose(
    tx: &mut Tx,
    hash: &[u8; 32],
    bank: &BankId,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let chosen = tx.change(
        "UPDATE sign_in_session SET customer = $3 WHERE token_hash = $1 AND bank = $2 AND expires_at > $4 \
         AND EXISTS (SELECT 1 FROM bank_subject s WHERE s.bank = $2 AND s.customer = $3 \
         AND s.subject = sign_in_session.subject)",
        &[Arg::Blob(hash), Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(chosen == 1)
}

/// Forgets what is over: attempts, sign-ins, and with them fingerprints of people who may be nobody's customer here.
pub fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let now = Arg::Int(micros(now));
    let attempts = tx.change("DELETE FROM sign_in_attempt WHERE expires_at <= $1", &[now])?;
    Ok(attempts + tx.change("DELETE FROM sign_in_session WHERE expires_at <= $1", &[now])?)
}

/// Ends a sign-in.
pub fn close(tx: &mut Tx, hash: &[u8; 32]) -> Result<(), DbError> {
    tx.change("DELETE FROM sign_in_session WHERE token_hash = $1", &[Arg::Blob(hash)])?;
    Ok(())
}

fn read(row: &Row) -> Result<SignedIn, DbError> {
    let subject = row.blob(1, "subject")?;
    let customer = row.maybe_text(2, "customer")?;
    Ok(SignedIn {
        bank: row.parse(0, "bank")?,
        subject: subject.try_into().map_err(|_| DbError::Unreadable { what: "subject" })?,
        customer: customer
            .map(|text| text.parse().map_err(|_| DbError::Unreadable { what: "customer" }))
            .transpose()?,
        made_at: row.time(3, "begin of a sign-in")?,
        seen_at: row.time(4, "use of a sign-in")?,
        expires_at: row.time(5, "end of a sign-in")?,
    })
}
