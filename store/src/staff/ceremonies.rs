//! Ceremonies with a passkey that have begun: what the server must remember between its challenge and the
//! answer to it.

use crate::{
    DbError, Tx,
    value::{Arg, micros},
};
use domain::BankId;
use jiff::Timestamp;

/// Keeps a ceremony, and forgets those whose time is over.
pub fn begin(
    tx: &mut Tx,
    hash: &[u8; 32],
    bank: &BankId,
    state: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.change("DELETE FROM staff_ceremony WHERE expires_at <= $1", &[Arg::Int(micros(now))])?;
    tx.change_one(
        "INSERT INTO staff_ceremony(token_hash, bank, state, expires_at) VALUES($1, $2, $3, $4)",
        &[Arg::Blob(hash), Arg::Text(bank.as_str()), Arg::Text(state), Arg::Int(micros(expires_at))],
    )
}

/// Takes a ceremony to end it. A second time there is nothing to take, so an answer cannot be given again.
pub fn take(tx: &mut Tx, hash: &[u8; 32], bank: &BankId, now: Timestamp) -> Result<Option<String>, DbError> {
    let row = tx.row(
        "DELETE FROM staff_ceremony WHERE token_hash = $1 AND bank = $2 RETURNING state, expires_at",
        &[Arg::Blob(hash), Arg::Text(bank.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let alive = row.time(1, "end of a ceremony")? > now;
    Ok(alive.then_some(row.text(0, "ceremony")?.to_owned()))
}
