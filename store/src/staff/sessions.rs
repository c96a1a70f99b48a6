//! Sign-ins. The browser holds a token, the store its hash, so that a sign-in can be ended from here.

use super::Person;
use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, SignInId, StaffId};
use jiff::Timestamp;

/// A sign-in of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id, which opens nothing.
    pub id: SignInId,
    /// Whose it is.
    pub staff: StaffId,
    /// The browser, in a few words.
    pub browser: String,
    /// When they signed in.
    pub made_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, however it is used.
    pub expires_at: Timestamp,
}

fn read(row: &Row, from: usize) -> Result<StoredSession, DbError> {
    Ok(StoredSession {
        id: row.parse(from, "sign-in")?,
        staff: row.parse(from + 1, "staff")?,
        browser: row.text(from + 2, "browser")?.to_owned(),
        made_at: row.time(from + 3, "begin of a sign-in")?,
        seen_at: row.time(from + 4, "use of a sign-in")?,
        expires_at: row.time(from + 5, "end of a sign-in")?,
    })
}

/// Keeps a sign-in, and forgets those whose time is over.
pub fn insert(tx: &mut Tx, hash: &[u8; 32], bank: &BankId, session: &StoredSession) -> Result<(), DbError> {
    let now = Arg::Int(micros(session.made_at));
    tx.change("DELETE FROM staff_session WHERE expires_at <= $1", &[now])?;
    tx.change_one(
        "INSERT INTO staff_session(token_hash, bank, staff, id, browser, made_at, seen_at, expires_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            Arg::Blob(hash),
            Arg::Text(bank.as_str()),
            Arg::Text(session.staff.as_str()),
            Arg::Text(session.id.as_str()),
            Arg::Text(&session.browser),
            now,
            Arg::Int(micros(session.seen_at)),
            Arg::Int(micros(session.expires_at)),
        ],
    )
}

/// The sign-in of a token and its person, as they are now. Those who were removed have none.
pub fn find(tx: &mut Tx, hash: &[u8; 32], bank: &BankId) -> Result<Option<(StoredSession, Person)>, DbError> {
    let row = tx.row(
        "SELECT p.bank, p.id, p.name, p.role, p.state, p.made_at, \
                s.id, s.staff, s.browser, s.made_at, s.seen_at, s.expires_at \
         FROM staff_session s JOIN staff p ON p.bank = s.bank AND p.id = s.staff \
         WHERE s.token_hash = $1 AND s.bank = $2 AND p.state = 'active'",
        &[Arg::Blob(hash), Arg::Text(bank.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((read(&row, super::COLUMNS)?, super::read(&row)?)))
}

/// Notes that it was used.
pub fn seen(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<(), DbError> {
    tx.change(
        "UPDATE staff_session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2",
        &[Arg::Blob(hash), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// A person's sign-ins that are not over, newest first.
pub fn of_person(
    tx: &mut Tx,
    bank: &BankId,
    staff: &StaffId,
    now: Timestamp,
) -> Result<Vec<StoredSession>, DbError> {
    let rows = tx.rows(
        "SELECT id, staff, browser, made_at, seen_at, expires_at FROM staff_session \
         WHERE bank = $1 AND staff = $2 AND expires_at > $3 ORDER BY made_at DESC, id DESC",
        &[Arg::Text(bank.as_str()), Arg::Text(staff.as_str()), Arg::Int(micros(now))],
    )?;
    rows.iter().map(|row| read(row, 0)).collect()
}

/// Ends one sign-in of a person. False if it was over.
pub fn end(tx: &mut Tx, bank: &BankId, staff: &StaffId, id: &SignInId) -> Result<bool, DbError> {
    let ended = tx.change(
        "DELETE FROM staff_session WHERE bank = $1 AND staff = $2 AND id = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(staff.as_str()), Arg::Text(id.as_str())],
    )?;
    Ok(ended == 1)
}

/// Ends all sign-ins of a person, and says how many.
pub fn end_all(tx: &mut Tx, bank: &BankId, staff: &StaffId) -> Result<u64, DbError> {
    tx.change(
        "DELETE FROM staff_session WHERE bank = $1 AND staff = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(staff.as_str())],
    )
}

/// Ends all sign-ins of everybody at a bank, and says how many.
pub fn end_of_bank(tx: &mut Tx, bank: &BankId) -> Result<u64, DbError> {
    tx.change("DELETE FROM staff_session WHERE bank = $1", &[Arg::Text(bank.as_str())])
}

/// Ends the sign-in of a token, whosever it is: the browser begins another.
pub fn forget(tx: &mut Tx, hash: &[u8; 32], bank: &BankId) -> Result<(), DbError> {
    tx.change(
        "DELETE FROM staff_session WHERE token_hash = $1 AND bank = $2",
        &[Arg::Blob(hash), Arg::Text(bank.as_str())],
    )?;
    Ok(())
}
