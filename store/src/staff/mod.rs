//! Staff of a bank: who they are, their passkeys, their sign-ins, what they propose and what they did.
//!
//! Secrets that a browser or a link holds are kept as hashes only. Every statement names the bank, so that
//! staff of one bank are nobody at another.

pub mod ceremonies;
pub mod deeds;
pub mod invitations;
pub mod passkeys;
pub mod proposals;
pub mod sessions;
pub mod vouches;

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{
    BankId, StaffId,
    staff::{Role, StaffState},
};
use jiff::Timestamp;

/// Somebody who works for a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The bank.
    pub bank: BankId,
    /// Their id.
    pub id: StaffId,
    /// Their name, as colleagues know it.
    pub name: String,
    /// What they are there for.
    pub role: Role,
    /// Where their access stands.
    pub state: StaffState,
    /// When they were invited.
    pub made_at: Timestamp,
}

const COLUMNS: usize = 6;

fn read(row: &Row) -> Result<Person, DbError> {
    Ok(Person {
        bank: row.parse(0, "bank")?,
        id: row.parse(1, "staff")?,
        name: row.text(2, "name of staff")?.to_owned(),
        role: row.parse(3, "role")?,
        state: row.parse(4, "state of staff")?,
        made_at: row.time(5, "invitation of staff")?,
    })
}

/// Adds somebody who has no passkey yet. False if the id is taken.
pub fn insert(tx: &mut Tx, person: &Person) -> Result<bool, DbError> {
    let inserted = tx.change(
        "INSERT INTO staff(bank, id, name, role, state, made_at, changed_at) \
         VALUES($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(person.bank.as_str()),
            Arg::Text(person.id.as_str()),
            Arg::Text(&person.name),
            Arg::Text(person.role.as_str()),
            Arg::Text(person.state.as_str()),
            Arg::Int(micros(person.made_at)),
        ],
    )?;
    Ok(inserted == 1)
}

/// Somebody of a bank, whatever their state.
pub fn find(tx: &mut Tx, bank: &BankId, id: &StaffId) -> Result<Option<Person>, DbError> {
    let row = tx.row(
        "SELECT bank, id, name, role, state, made_at FROM staff WHERE bank = $1 AND id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// The same, locked until the transaction ends, so that what they do now they do before they are removed.
/// Only in a transaction that writes.
pub fn find_for_deed(tx: &mut Tx, bank: &BankId, id: &StaffId) -> Result<Option<Person>, DbError> {
    let row = tx.row(
        "SELECT bank, id, name, role, state, made_at FROM staff WHERE bank = $1 AND id = $2 /*pg: FOR SHARE*/",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// Everybody of a bank, those who were removed last, then by time of invitation.
pub fn of_bank(tx: &mut Tx, bank: &BankId) -> Result<Vec<Person>, DbError> {
    let rows = tx.rows(
        "SELECT bank, id, name, role, state, made_at FROM staff WHERE bank = $1 \
         ORDER BY CASE WHEN state = 'removed' THEN 1 ELSE 0 END, made_at, id",
        &[Arg::Text(bank.as_str())],
    )?;
    rows.iter().map(read).collect()
}

/// Says that an invited person has a passkey now. False if they were removed.
pub fn activate(tx: &mut Tx, bank: &BankId, id: &StaffId, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx.change(
        "UPDATE staff SET state = 'active', changed_at = $3 WHERE bank = $1 AND id = $2 AND state <> 'removed'",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(changed == 1)
}

/// Takes somebody's access: passkeys, sign-ins and links end with it. False if it was taken before.
pub fn remove(tx: &mut Tx, bank: &BankId, id: &StaffId, now: Timestamp) -> Result<bool, DbError> {
    let of = [Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Int(micros(now))];
    let removed = tx.change(
        "UPDATE staff SET state = 'removed', changed_at = $3 WHERE bank = $1 AND id = $2 AND state <> 'removed'",
        &of,
    )?;
    if removed == 0 {
        return Ok(false);
    }
    let of = &of[..2];
    tx.change("DELETE FROM staff_passkey WHERE bank = $1 AND staff = $2", of)?;
    tx.change("DELETE FROM staff_session WHERE bank = $1 AND staff = $2", of)?;
    tx.change("DELETE FROM staff_invitation WHERE bank = $1 AND staff = $2", of)?;
    Ok(true)
}
