//! What a bank's people decided about its fraud alerts. A decision is never overwritten: a change is one more, with its own
//! note. Notes are sealed with the key of the alert's customer, so that they go with it.

use crate::{
    DbError, Tx,
    fraud_alerts::Alert,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{BankId, StaffId, staff::FraudVerdict};
use jiff::Timestamp;

/// An alert that was decided is not taken up again: as late as a time can be written.
const NEVER: i64 = i64::MAX;

/// A decision about an alert. Has no `Debug`: a note is not for printing.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number, from 1.
    pub number: u32,
    /// What it says.
    pub verdict: FraudVerdict,
    /// Why.
    pub note: String,
    /// Who.
    pub by: StaffId,
    /// Their name.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// A decision to be stored.
pub struct NewDecision<'a> {
    /// Its number: one more than there are.
    pub number: u32,
    /// What it says.
    pub verdict: FraudVerdict,
    /// Why.
    pub note: &'a str,
    /// Who.
    pub by: &'a StaffId,
    /// When.
    pub now: Timestamp,
}

/// The name of a row: alert and number.
fn name(alert: &str, number: u32) -> String {
    format!("{alert}/{number}")
}

fn place<'a>(bank: &'a BankId, row: &'a str) -> Place<'a> {
    Place { table: "fraud_decision", column: "note", row, bank }
}

/// The decisions about an alert, the first one first.
pub fn of_alert(tx: &mut Tx, alert: &Alert) -> Result<Vec<Decision>, DbError> {
    let rows = tx.rows(
        "SELECT d.number, d.verdict, d.note, d.by_staff, s.name, d.at FROM fraud_decision d \
         JOIN staff s ON s.bank = d.bank AND s.id = d.by_staff \
         WHERE d.bank = $1 AND d.alert = $2 ORDER BY d.number",
        &[Arg::Text(alert.bank.as_str()), Arg::Text(&alert.id)],
    )?;
    rows.iter().map(|row| read(tx, alert, row)).collect()
}

fn read(tx: &mut Tx, alert: &Alert, row: &Row) -> Result<Decision, DbError> {
    let number = number(row, 0)?;
    let name = name(&alert.id, number);
    let note = tx.unseal(&alert.customer, &place(&alert.bank, &name), row.blob(2, "note of a decision")?)?;
    Ok(Decision {
        number,
        verdict: row.parse(1, "verdict")?,
        note: String::from_utf8(note).map_err(|_| DbError::Unreadable { what: "note of a decision" })?,
        by: row.parse(3, "staff")?,
        name: row.text(4, "name of staff")?.to_owned(),
        at: row.time(5, "time of a decision")?,
    })
}

fn number(row: &Row, at: usize) -> Result<u32, DbError> {
    let what = "number of a decision";
    u32::try_from(row.count(at, what)?).map_err(|_| DbError::Unreadable { what })
}

/// Stores a decision, and ends the asking. False if one of that number is there, or the alert is gone: then whatever else
/// this transaction did must be undone.
pub fn insert(tx: &mut Tx, alert: &Alert, new: &NewDecision) -> Result<bool, DbError> {
    let row = name(&alert.id, new.number);
    let note = tx.seal(&alert.customer, &place(&alert.bank, &row), new.note.as_bytes())?;
    let of = [Arg::Text(alert.bank.as_str()), Arg::Text(&alert.id)];
    // The engine hears the newest one only.
    tx.change("UPDATE fraud_decision SET taught = 1 WHERE bank = $1 AND alert = $2 AND taught = 0", &of)?;
    let inserted = tx.change(
        "INSERT INTO fraud_decision(bank, alert, number, verdict, note, by_staff, at, taught) \
         VALUES($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT DO NOTHING",
        &[
            of[0],
            of[1],
            Arg::Int(new.number.into()),
            Arg::Text(new.verdict.as_str()),
            Arg::Blob(&note),
            Arg::Text(new.by.as_str()),
            Arg::Int(micros(new.now)),
        ],
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    let ended = tx.change(
        "UPDATE fraud_alert SET decided_at = $3, verdict = $4, next_at = $5, lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND id = $2",
        &[
            of[0],
            of[1],
            Arg::Int(micros(new.now)),
            Arg::Text(new.verdict.as_str()),
            Arg::Int(NEVER),
        ],
    )?;
    Ok(ended == 1)
}

/// Decisions of which the engine was not told, the oldest first, at most `most`: bank, alert and number.
pub fn untaught(tx: &mut Tx, most: u32) -> Result<Vec<(BankId, String, u32)>, DbError> {
    let rows = tx.rows(
        "SELECT bank, alert, number FROM fraud_decision WHERE taught = 0 ORDER BY at LIMIT $1",
        &[Arg::Int(most.into())],
    )?;
    let one =
        |row: &Row| Ok((row.parse(0, "bank")?, row.text(1, "id of an alert")?.to_owned(), number(row, 2)?));
    rows.iter().map(one).collect()
}

/// Notes that the engine knows a decision, or never will.
pub fn taught(tx: &mut Tx, bank: &BankId, alert: &str, number: u32) -> Result<(), DbError> {
    tx.change(
        "UPDATE fraud_decision SET taught = 1 WHERE bank = $1 AND alert = $2 AND number = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(alert), Arg::Int(number.into())],
    )?;
    Ok(())
}
