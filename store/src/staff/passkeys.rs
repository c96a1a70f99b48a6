//! Passkeys: public keys and their counters. There is no secret in them.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, StaffId};
use jiff::Timestamp;

/// A passkey of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The credential's id, as its authenticator chose it, in base64url.
    pub id: String,
    /// Whose it is.
    pub staff: StaffId,
    /// What they call it.
    pub label: String,
    /// The public key with its counter, as the library writes it.
    pub credential: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<StoredPasskey, DbError> {
    Ok(StoredPasskey {
        id: row.text(0, "passkey")?.to_owned(),
        staff: row.parse(1, "staff")?,
        label: row.text(2, "label of a passkey")?.to_owned(),
        credential: row.text(3, "passkey")?.to_owned(),
        made_at: row.time(4, "making of a passkey")?,
        used_at: row
            .maybe_count(5, "use of a passkey")?
            .map(|_| row.time(5, "use of a passkey"))
            .transpose()?,
    })
}

/// Adds a passkey. False if it is registered at this bank already, whosever it is.
pub fn insert(tx: &mut Tx, bank: &BankId, passkey: &StoredPasskey) -> Result<bool, DbError> {
    let inserted = tx.change(
        "INSERT INTO staff_passkey(bank, id, staff, label, credential, made_at) \
         VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(&passkey.id),
            Arg::Text(passkey.staff.as_str()),
            Arg::Text(&passkey.label),
            Arg::Text(&passkey.credential),
            Arg::Int(micros(passkey.made_at)),
        ],
    )?;
    Ok(inserted == 1)
}

/// A passkey by its credential's id.
pub fn find(tx: &mut Tx, bank: &BankId, id: &str) -> Result<Option<StoredPasskey>, DbError> {
    let row = tx.row(
        "SELECT id, staff, label, credential, made_at, used_at FROM staff_passkey WHERE bank = $1 AND id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id)],
    )?;
    row.as_ref().map(read).transpose()
}

/// A person's passkeys, oldest first.
pub fn of_person(tx: &mut Tx, bank: &BankId, staff: &StaffId) -> Result<Vec<StoredPasskey>, DbError> {
    let rows = tx.rows(
        "SELECT id, staff, label, credential, made_at, used_at FROM staff_passkey \
         WHERE bank = $1 AND staff = $2 ORDER BY made_at, id",
        &[Arg::Text(bank.as_str()), Arg::Text(staff.as_str())],
    )?;
    rows.iter().map(read).collect()
}

/// Notes a use. The passkey must be as it was when it was looked at, so that of two answers with one counter
/// one is taken. False if it changed or is gone.
pub fn used(
    tx: &mut Tx,
    bank: &BankId,
    seen: &StoredPasskey,
    credential: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx.change(
        "UPDATE staff_passkey SET credential = $4, used_at = $5 \
         WHERE bank = $1 AND id = $2 AND credential = $3",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(&seen.id),
            Arg::Text(&seen.credential),
            Arg::Text(credential),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(changed == 1)
}

/// Removes a passkey of a person, but never their last. False if there is no such passkey or it is the last.
pub fn remove(tx: &mut Tx, bank: &BankId, staff: &StaffId, id: &str) -> Result<bool, DbError> {
    let of = [Arg::Text(bank.as_str()), Arg::Text(staff.as_str()), Arg::Text(id)];
    // The person's row is the lock: of two removals at once, the second counts what the first left.
    tx.row("SELECT id FROM staff WHERE bank = $1 AND id = $2 /*pg: FOR UPDATE*/", &of[..2])?;
    let removed = tx.change(
        "DELETE FROM staff_passkey WHERE bank = $1 AND staff = $2 AND id = $3 \
         AND (SELECT COUNT(*) FROM staff_passkey WHERE bank = $1 AND staff = $2) > 1",
        &of,
    )?;
    Ok(removed == 1)
}
