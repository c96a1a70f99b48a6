//! Which alerts lie on the desk of a bank's fraud analysts. Nothing is opened here: what was sealed stays sealed, and nobody
//! is named.

use crate::{
    DbError, Tx,
    fraud_alerts::AlertState,
    value::{Arg, Row, micros},
};
use domain::{BankId, staff::FraudVerdict};
use jiff::Timestamp;

/// What the desk needs of an alert to put it in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The alert.
    pub id: String,
    /// Keyed hash of the card.
    pub card: u64,
    /// Keyed hash of the terminal; 0 if it is not known.
    pub terminal: u64,
    /// Where the alert stands.
    pub state: AlertState,
    /// When it was raised.
    pub made_at: Timestamp,
    /// What was decided last.
    pub verdict: Option<FraudVerdict>,
}

/// How many alerts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Open work.
    pub open: u64,
    /// Those whose customer is asked, or will be.
    pub waiting: u64,
    /// Those that were decided since a time.
    pub decided: u64,
}

fn read(row: &Row) -> Result<Slip, DbError> {
    Ok(Slip {
        id: row.text(0, "id of an alert")?.to_owned(),
        card: row.int(1, "card of an alert")?.cast_unsigned(),
        terminal: row.int(2, "terminal of an alert")?.cast_unsigned(),
        state: row.parse(3, "state of an alert")?,
        made_at: row.time(4, "time of an alert")?,
        verdict: row.maybe_text(5, "verdict")?.map(|_| row.parse(5, "verdict")).transpose()?,
    })
}

/// Open work: the customer said No, or nothing, or could not be asked, and nobody has decided; or they said No after it was
/// decided that the payment is genuine. Those who said No come first, then the oldest.
pub fn open(tx: &mut Tx, bank: &BankId, most: u32) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 \
         AND ((state IN ('not_mine', 'unanswered', 'not_asked') AND decided_at IS NULL) \
           OR (state = 'not_mine' AND verdict = 'genuine' AND changed_at > decided_at)) \
         ORDER BY CASE state WHEN 'not_mine' THEN 0 WHEN 'unanswered' THEN 1 ELSE 2 END, made_at, id LIMIT $2",
        &[Arg::Text(bank.as_str()), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Those whose customer is asked or will be, the oldest first.
pub fn waiting(tx: &mut Tx, bank: &BankId, most: u32) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 \
         AND state IN ('due', 'asked') AND decided_at IS NULL ORDER BY made_at, id LIMIT $2",
        &[Arg::Text(bank.as_str()), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Those that were decided since a time and are not open again, the newest decision first.
pub fn decided(tx: &mut Tx, bank: &BankId, since: Timestamp, most: u32) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 AND decided_at >= $2 \
         AND NOT (state = 'not_mine' AND verdict = 'genuine' AND changed_at > decided_at) \
         ORDER BY decided_at DESC, id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(since)), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Those in a state, decided or not, the newest first.
pub fn in_state(tx: &mut Tx, bank: &BankId, state: AlertState, most: u32) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 AND state = $2 \
         ORDER BY made_at DESC, id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Text(state.as_str()), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Those of a card, in any state, the newest first.
pub fn of_card(tx: &mut Tx, bank: &BankId, card: u64, most: u32) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 AND card = $2 \
         ORDER BY made_at DESC, id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Int(card.cast_signed()), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Those at a terminal from a time to another, both inclusive, in any state, the newest first.
pub fn of_terminal(
    tx: &mut Tx,
    bank: &BankId,
    terminal: u64,
    (from, to): (Timestamp, Timestamp),
    most: u32,
) -> Result<Vec<Slip>, DbError> {
    let rows = tx.rows(
        "SELECT id, card, terminal, state, made_at, verdict FROM fraud_alert WHERE bank = $1 AND terminal = $2 \
         AND made_at >= $3 AND made_at <= $4 ORDER BY made_at DESC, id DESC LIMIT $5",
        &[
            Arg::Text(bank.as_str()),
            Arg::Int(terminal.cast_signed()),
            Arg::Int(micros(from)),
            Arg::Int(micros(to)),
            Arg::Int(most.into()),
        ],
    )?;
    rows.iter().map(read).collect()
}

/// Questions that ended without an answer since a time.
pub fn unanswered(tx: &mut Tx, bank: &BankId, since: Timestamp) -> Result<u64, DbError> {
    let row = tx.row(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM fraud_alert WHERE bank = $1 AND state = 'unanswered' AND changed_at >= $2",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(since))],
    )?;
    row.map_or(Ok(0), |row| row.count(0, "count of alerts"))
}

/// How many there are of each kind; decided ones since a time.
pub fn tally(tx: &mut Tx, bank: &BankId, since: Timestamp) -> Result<Tally, DbError> {
    let row = tx.row(
        "SELECT CAST(COALESCE(SUM(CASE WHEN (state IN ('not_mine', 'unanswered', 'not_asked') AND decided_at IS NULL) \
             OR (state = 'not_mine' AND verdict = 'genuine' AND changed_at > decided_at) THEN 1 ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN state IN ('due', 'asked') AND decided_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN decided_at >= $2 \
             AND NOT (state = 'not_mine' AND verdict = 'genuine' AND changed_at > decided_at) THEN 1 ELSE 0 END), 0) AS BIGINT) \
         FROM fraud_alert WHERE bank = $1",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(since))],
    )?;
    let Some(row) = row else { return Ok(Tally::default()) };
    let count = |at: usize| row.count(at, "count of alerts");
    Ok(Tally { open: count(0)?, waiting: count(1)?, decided: count(2)? })
}
