//! How many there are of what: figures for a bank's own people. None says anything about one customer.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, Channel, ConsentId, ConsentState, DataClass, staff::Stop};
use jiff::Timestamp;

/// Whom a No would touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// Consents in force (given or paused).
    pub consents: u64,
    /// Accesses that were allowed since the given time.
    pub accesses: u64,
}

/// A consent without its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentFacts {
    /// Its id.
    pub id: ConsentId,
    /// Where it stands.
    pub state: ConsentState,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// What is shared.
    pub data_classes: Vec<DataClass>,
}

/// A bank's consents by state.
pub fn consents_by_state(tx: &mut Tx, bank: &BankId) -> Result<Vec<(ConsentState, u64)>, DbError> {
    let rows = tx.rows(
        "SELECT state, COUNT(*) FROM consent WHERE bank = $1 GROUP BY state ORDER BY state",
        &[Arg::Text(bank.as_str())],
    )?;
    rows.iter().map(|row| Ok((row.parse(0, "state of a consent")?, row.count(1, "consents")?))).collect()
}

/// A bank's tasks by state.
pub fn tasks_by_state(tx: &mut Tx, bank: &BankId) -> Result<Vec<(String, u64)>, DbError> {
    let rows = tx.rows(
        "SELECT state, COUNT(*) FROM bank_task WHERE bank = $1 GROUP BY state ORDER BY state",
        &[Arg::Text(bank.as_str())],
    )?;
    rows.iter().map(|row| Ok((row.text(0, "state of a task")?.to_owned(), row.count(1, "tasks")?))).collect()
}

/// Whom a No would touch, had it been said.
pub fn touched(tx: &mut Tx, bank: &BankId, stop: Stop, since: Timestamp) -> Result<Touched, DbError> {
    let (class, channel) = match stop {
        Stop::Class(class) => (class.as_str(), ""),
        Stop::Channel(channel) => ("", channel.as_str()),
        Stop::Everything => ("", ""),
    };
    let of = [Arg::Text(bank.as_str()), Arg::Text(class), Arg::Text(channel)];
    let consents = tx.row(
        "SELECT COUNT(*) FROM consent c WHERE c.bank = $1 AND c.state IN ('given', 'paused') \
         AND EXISTS (SELECT 1 FROM consent_share s WHERE s.bank = c.bank AND s.consent = c.id \
           AND ($2 = '' OR s.data_class = $2) AND ($3 = '' OR s.channel = $3))",
        &of,
    )?;
    let accesses = tx.row(
        "SELECT COUNT(*) FROM decision_fact f WHERE f.bank = $1 AND f.at >= $4 AND f.allowed = 1 \
         AND ($2 = '' OR f.data_class = $2) AND ($3 = '' OR f.channel = $3)",
        &[of[0], of[1], of[2], Arg::Int(micros(since))],
    )?;
    let count = |row: Option<Row>| row.map_or(Ok(0), |row| row.count(0, "figure"));
    Ok(Touched { consents: count(consents)?, accesses: count(accesses)? })
}

/// A consent by its id.
pub fn consent(tx: &mut Tx, bank: &BankId, id: &ConsentId) -> Result<Option<ConsentFacts>, DbError> {
    let of = [Arg::Text(bank.as_str()), Arg::Text(id.as_str())];
    let row = tx.row(
        "SELECT c.state, c.made_at, c.changed_at, c.expires_at, v.channel FROM consent c \
         JOIN conversation v ON v.bank = c.bank AND v.customer = c.customer AND v.id = c.conversation \
         WHERE c.bank = $1 AND c.id = $2",
        &of,
    )?;
    let Some(row) = row else { return Ok(None) };
    let classes = tx.rows(
        "SELECT data_class FROM consent_share WHERE bank = $1 AND consent = $2 ORDER BY data_class",
        &of,
    )?;
    Ok(Some(ConsentFacts {
        id: id.clone(),
        state: row.parse(0, "state of a consent")?,
        made_at: row.time(1, "begin of a consent")?,
        changed_at: row.time(2, "change of a consent")?,
        expires_at: row.time(3, "end of a consent")?,
        channel: row.parse(4, "channel")?,
        data_classes: classes.iter().map(|r| r.parse(0, "data class")).collect::<Result<_, _>>()?,
    }))
}

/// Keeps which classes a consent shares, beside its sealed body.
pub(crate) fn share(tx: &mut Tx, consent: &domain::Consent) -> Result<(), DbError> {
    for class in &consent.data_classes {
        tx.change(
            "INSERT INTO consent_share(bank, consent, data_class, channel) VALUES($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
            &[
                Arg::Text(consent.bank.as_str()),
                Arg::Text(consent.id.as_str()),
                Arg::Text(class.as_str()),
                Arg::Text(consent.channel.as_str()),
            ],
        )?;
    }
    Ok(())
}
