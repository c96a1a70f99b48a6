//! What banks stopped from the console, on top of what their files say.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
    wake::Ring,
};
use domain::{BankId, ProposalId, staff::Stop};
use jiff::Timestamp;

/// A No that was said in the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The bank.
    pub bank: BankId,
    /// To what.
    pub what: Stop,
    /// The bank's words to its customers.
    pub words: String,
    /// The proposal that two people agreed on.
    pub proposal: ProposalId,
    /// Since when.
    pub since: Timestamp,
}

/// Says No. False if it is said already.
pub fn insert(tx: &mut Tx, stop: &Stopped) -> Result<bool, DbError> {
    let inserted = tx.change(
        "INSERT INTO bank_stop(bank, what, words, proposal, since) VALUES($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        &[
            Arg::Text(stop.bank.as_str()),
            Arg::Text(&stop.what.to_string()),
            Arg::Text(&stop.words),
            Arg::Text(stop.proposal.as_str()),
            Arg::Int(micros(stop.since)),
        ],
    )?;
    tx.ring(Ring::Stops);
    Ok(inserted == 1)
}

/// Says No no longer. False if it was not said.
pub fn lift(tx: &mut Tx, bank: &BankId, what: Stop) -> Result<bool, DbError> {
    let lifted = tx.change(
        "DELETE FROM bank_stop WHERE bank = $1 AND what = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(&what.to_string())],
    )?;
    tx.ring(Ring::Stops);
    Ok(lifted == 1)
}

/// All stops of all banks, in a settled order.
pub fn all(tx: &mut Tx) -> Result<Vec<Stopped>, DbError> {
    let rows =
        tx.rows("SELECT bank, what, words, proposal, since FROM bank_stop ORDER BY bank, what", &[])?;
    rows.iter().map(read).collect()
}

/// The stops of one bank.
pub fn of_bank(tx: &mut Tx, bank: &BankId) -> Result<Vec<Stopped>, DbError> {
    let rows = tx.rows(
        "SELECT bank, what, words, proposal, since FROM bank_stop WHERE bank = $1 ORDER BY what",
        &[Arg::Text(bank.as_str())],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Stopped, DbError> {
    Ok(Stopped {
        bank: row.parse(0, "bank")?,
        what: row.parse(1, "stop")?,
        words: row.text(2, "words of a stop")?.to_owned(),
        proposal: row.parse(3, "proposal")?,
        since: row.time(4, "begin of a stop")?,
    })
}
