//! What must be kept although its customer wants it erased: an open case, an order of a court.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, micros},
};
use domain::{
    BankId, CustomerId,
    erasure::{HoldKind, Keep},
    ids::HoldId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// The bank.
    pub bank: BankId,
    /// Whose data it keeps.
    pub customer: CustomerId,
    /// Why, as a kind.
    pub kind: HoldKind,
    /// What it keeps.
    pub keeps: Vec<Keep>,
    /// When it was set.
    pub set_at: Timestamp,
    /// When it ends by itself. None: only when somebody ends it.
    pub until: Option<Timestamp>,
    /// Who set it and why; sealed.
    pub said: Said,
}

/// What was said when a hold was set. For operators; customers are told the kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who set it.
    pub by: String,
    /// Why, in words.
    pub reason: String,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Said(redacted)")
    }
}

fn place<'a>(bank: &'a BankId, id: &'a HoldId) -> Place<'a> {
    Place { table: "hold", column: "body", row: id.as_str(), bank }
}

/// Sets a hold. False if there is one of this id.
pub fn set(tx: &mut Tx, hold: &Hold) -> Result<bool, DbError> {
    let body =
        serde_json::to_vec(&hold.said).map_err(|_| DbError::Unreadable { what: "reason of a hold" })?;
    let sealed = tx.seal(&hold.customer, &place(&hold.bank, &hold.id), &body)?;
    let keeps = hold.keeps.iter().map(|keep| keep.as_str()).collect::<Vec<_>>().join(",");
    let set = tx.change(
        "INSERT INTO hold(bank, customer, id, kind, keeps, set_at, until, body) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(hold.bank.as_str()),
            Arg::Text(hold.customer.as_str()),
            Arg::Text(hold.id.as_str()),
            Arg::Text(hold.kind.as_str()),
            Arg::Text(&keeps),
            Arg::Int(micros(hold.set_at)),
            hold.until.map_or(Arg::Null, |until| Arg::Int(micros(until))),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(set == 1)
}

/// Ends a hold before its time. False if there is none that still holds.
pub fn end(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &HoldId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let ended = tx.change(
        "UPDATE hold SET ended_at = $4 WHERE bank = $1 AND customer = $2 AND id = $3 AND ended_at IS NULL",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(id.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(ended == 1)
}

/// The holds on a customer's data that hold now, oldest first.
pub fn active(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<Vec<Hold>, DbError> {
    let rows = tx.rows(
        "SELECT id, kind, keeps, set_at, until, body FROM hold WHERE bank = $1 AND customer = $2 \
         AND ended_at IS NULL AND (until IS NULL OR until > $3) ORDER BY set_at, id",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    let mut holds = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: HoldId = row.parse(0, "hold")?;
        let body = tx.unseal(customer, &place(bank, &id), row.blob(5, "reason of a hold")?)?;
        let said =
            serde_json::from_slice(&body).map_err(|_| DbError::Unreadable { what: "reason of a hold" })?;
        let keeps = row.text(2, "what a hold keeps")?.split(',').map(str::parse).collect::<Result<_, _>>();
        let keeps = keeps.map_err(|_| DbError::Unreadable { what: "what a hold keeps" })?;
        let until = match row.maybe_count(4, "end of a hold")? {
            Some(_) => Some(row.time(4, "end of a hold")?),
            None => None,
        };
        holds.push(Hold {
            bank: bank.clone(),
            customer: customer.clone(),
            kind: row.parse(1, "kind of a hold")?,
            keeps,
            set_at: row.time(3, "time of a hold")?,
            until,
            said,
            id,
        });
    }
    Ok(holds)
}
