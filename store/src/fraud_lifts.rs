//! For how long officers lifted the budget of fraud alerts. One lift of a bank at a time.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, StaffId, ids::LiftId};
use jiff::Timestamp;

/// A time for which the budget is or was lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lift {
    /// Its id.
    pub id: LiftId,
    /// Since when.
    pub at: Timestamp,
    /// Until when, unless it is ended.
    pub ends_at: Timestamp,
    /// Why.
    pub why: String,
    /// The name of who lifted it.
    pub by: String,
    /// When it ended, if it is over and that was noted.
    pub ended_at: Option<Timestamp>,
    /// The name of who ended it before its time.
    pub ended_by: Option<String>,
}

fn read(row: &Row) -> Result<Lift, DbError> {
    let ended = row.maybe_count(5, "end of a lift")?;
    Ok(Lift {
        id: row.parse(0, "lift of a budget")?,
        at: row.time(1, "time of a lift")?,
        ends_at: row.time(2, "end of a lift")?,
        why: row.text(3, "reason of a lift")?.to_owned(),
        by: row.text(4, "name of staff")?.to_owned(),
        ended_at: ended.map(|_| row.time(5, "end of a lift")).transpose()?,
        ended_by: row.maybe_text(6, "name of staff")?.map(str::to_owned),
    })
}

/// Lifts the budget from now on. False if it is lifted already.
pub fn insert(
    tx: &mut Tx,
    bank: &BankId,
    id: &LiftId,
    by: &StaffId,
    why: &str,
    (now, ends_at): (Timestamp, Timestamp),
) -> Result<bool, DbError> {
    tx.change(
        "UPDATE fraud_budget_lift SET ended_at = ends_at WHERE bank = $1 AND ended_at IS NULL AND ends_at <= $2",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )?;
    let lifted = tx.change(
        "INSERT INTO fraud_budget_lift(bank, id, at, ends_at, why, by_staff) VALUES($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(id.as_str()),
            Arg::Int(micros(now)),
            Arg::Int(micros(ends_at)),
            Arg::Text(why),
            Arg::Text(by.as_str()),
        ],
    )?;
    Ok(lifted == 1)
}

/// Until when the budget is lifted, if it is.
pub fn until(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<Option<Timestamp>, DbError> {
    let row = tx.row(
        "SELECT ends_at FROM fraud_budget_lift WHERE bank = $1 AND ended_at IS NULL AND ends_at > $2",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )?;
    row.map(|row| row.time(0, "end of a lift")).transpose()
}

/// Ends a lift before its time. False if it is over.
pub fn end(tx: &mut Tx, bank: &BankId, id: &LiftId, by: &StaffId, now: Timestamp) -> Result<bool, DbError> {
    let ended = tx.change(
        "UPDATE fraud_budget_lift SET ended_at = $4, ended_by = $3 \
         WHERE bank = $1 AND id = $2 AND ended_at IS NULL AND ends_at > $4",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(by.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(ended == 1)
}

/// The newest lifts of a bank, the newest first.
pub fn of_bank(tx: &mut Tx, bank: &BankId, most: u32) -> Result<Vec<Lift>, DbError> {
    let rows = tx.rows(
        "SELECT l.id, l.at, l.ends_at, l.why, a.name, l.ended_at, b.name FROM fraud_budget_lift l \
         JOIN staff a ON a.bank = l.bank AND a.id = l.by_staff \
         LEFT JOIN staff b ON b.bank = l.bank AND b.id = l.ended_by \
         WHERE l.bank = $1 ORDER BY l.at DESC, l.id DESC LIMIT $2",
        &[Arg::Text(bank.as_str()), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}
