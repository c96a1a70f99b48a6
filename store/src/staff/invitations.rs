//! One-time links with which a person makes a passkey.

use crate::{
    DbError, Tx,
    value::{Arg, micros},
};
use domain::{BankId, StaffId};
use jiff::Timestamp;

/// Keeps a new link of a person, in the place of those they had: the newest is the one that works.
pub fn replace(
    tx: &mut Tx,
    hash: &[u8; 32],
    bank: &BankId,
    staff: &StaffId,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let of = [Arg::Text(bank.as_str()), Arg::Text(staff.as_str())];
    tx.change("DELETE FROM staff_invitation WHERE bank = $1 AND staff = $2", &of)?;
    tx.change_one(
        "INSERT INTO staff_invitation(token_hash, bank, staff, expires_at) VALUES($1, $2, $3, $4)",
        &[Arg::Blob(hash), of[0], of[1], Arg::Int(micros(expires_at))],
    )
}

/// Whose link it is, if it still works.
pub fn find(tx: &mut Tx, hash: &[u8; 32], bank: &BankId, now: Timestamp) -> Result<Option<StaffId>, DbError> {
    let row = tx.row(
        "SELECT staff FROM staff_invitation WHERE token_hash = $1 AND bank = $2 AND expires_at > $3",
        &[Arg::Blob(hash), Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )?;
    row.map(|row| row.parse(0, "staff")).transpose()
}

/// Uses a link up. False if it was used, replaced, or its time is over.
pub fn use_up(
    tx: &mut Tx,
    hash: &[u8; 32],
    bank: &BankId,
    staff: &StaffId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let used = tx.change(
        "DELETE FROM staff_invitation WHERE token_hash = $1 AND bank = $2 AND staff = $3 AND expires_at > $4",
        &[Arg::Blob(hash), Arg::Text(bank.as_str()), Arg::Text(staff.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(used == 1)
}
