//! Banks that pull out: from everything, from a channel, from a class of data. A row says that nothing of it
//! may be read or linked any more, from the moment at which it was stored until it is lifted.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, Channel, Consent, DataClass, ids::PullOutId};
use jiff::Timestamp;

/// One pulling out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullOut {
    /// Its id.
    pub id: PullOutId,
    /// The bank.
    pub bank: BankId,
    /// From which channel; none: from all.
    pub channel: Option<Channel>,
    /// From which class of data; none: from all.
    pub data_class: Option<DataClass>,
    /// Why, in the bank's words to its customers.
    pub reason: String,
    /// Who ordered it, as the bank names them. Not a customer.
    pub by: String,
    /// When it began.
    pub at: Timestamp,
    /// How many consents it has ended so far.
    pub ended: u64,
    /// When every consent that it concerns had ended.
    pub done_at: Option<Timestamp>,
    /// When the bank came back.
    pub lifted_at: Option<Timestamp>,
}

impl PullOut {
    /// Whether a consent is one of those that it ends.
    pub fn covers(&self, consent: &Consent) -> bool {
        self.channel.is_none_or(|channel| channel == consent.channel)
            && self.data_class.is_none_or(|class| consent.data_classes.contains(&class))
    }

    /// Whether a class of data may not be asked for on a channel because of it.
    pub fn closes(&self, channel: Channel, class: DataClass) -> bool {
        self.channel.is_none_or(|closed| closed == channel)
            && self.data_class.is_none_or(|closed| closed == class)
    }
}

/// Stores a pulling out that begins. False if there is one of this id.
pub fn begin(tx: &mut Tx, new: &PullOut) -> Result<bool, DbError> {
    let stored = tx.change(
        "INSERT INTO pull_out(bank, id, channel, data_class, reason, by_whom, at, ended) \
         VALUES($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.id.as_str()),
            new.channel.map_or(Arg::Null, |channel| Arg::Text(channel.as_str())),
            new.data_class.map_or(Arg::Null, |class| Arg::Text(class.as_str())),
            Arg::Text(&new.reason),
            Arg::Text(&new.by),
            Arg::Int(micros(new.at)),
        ],
    )?;
    Ok(stored == 1)
}

/// What a bank has pulled out of and not come back to, oldest first.
pub fn standing(tx: &mut Tx, bank: &BankId) -> Result<Vec<PullOut>, DbError> {
    let rows = tx.rows(
        "SELECT bank, id, channel, data_class, reason, by_whom, at, ended, done_at, lifted_at FROM pull_out \
         WHERE bank = $1 AND lifted_at IS NULL ORDER BY at, id",
        &[Arg::Text(bank.as_str())],
    )?;
    rows.iter().map(read).collect()
}

/// What still has consents to end, at any bank, oldest first.
pub fn unfinished(tx: &mut Tx) -> Result<Vec<PullOut>, DbError> {
    let rows = tx.rows(
        "SELECT bank, id, channel, data_class, reason, by_whom, at, ended, done_at, lifted_at FROM pull_out \
         WHERE done_at IS NULL AND lifted_at IS NULL ORDER BY at, bank, id",
        &[],
    )?;
    rows.iter().map(read).collect()
}

/// The pulling out of an id.
pub fn find(tx: &mut Tx, bank: &BankId, id: &PullOutId) -> Result<Option<PullOut>, DbError> {
    let row = tx.row(
        "SELECT bank, id, channel, data_class, reason, by_whom, at, ended, done_at, lifted_at FROM pull_out \
         WHERE bank = $1 AND id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// Counts one more consent that it has ended, in the transaction that ends it.
pub fn count_one(tx: &mut Tx, of: &PullOut) -> Result<(), DbError> {
    tx.change_one(
        "UPDATE pull_out SET ended = ended + 1 WHERE bank = $1 AND id = $2",
        &[Arg::Text(of.bank.as_str()), Arg::Text(of.id.as_str())],
    )
}

/// Notes that nothing is left to end. False if that was noted before.
pub fn finish(tx: &mut Tx, of: &PullOut, now: Timestamp) -> Result<bool, DbError> {
    let finished = tx.change(
        "UPDATE pull_out SET done_at = $3 WHERE bank = $1 AND id = $2 AND done_at IS NULL",
        &[Arg::Text(of.bank.as_str()), Arg::Text(of.id.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(finished == 1)
}

/// The bank comes back: from now on its customers can link again. What was ended stays so. How many were
/// lifted.
pub fn lift(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<u64, DbError> {
    tx.change(
        "UPDATE pull_out SET lifted_at = $2 WHERE bank = $1 AND lifted_at IS NULL",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )
}

/// Lifts one, and no other. False if it was lifted before.
pub fn lift_one(tx: &mut Tx, of: &PullOut, now: Timestamp) -> Result<bool, DbError> {
    let lifted = tx.change(
        "UPDATE pull_out SET lifted_at = $3 WHERE bank = $1 AND id = $2 AND lifted_at IS NULL",
        &[Arg::Text(of.bank.as_str()), Arg::Text(of.id.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(lifted == 1)
}

fn read(row: &Row) -> Result<PullOut, DbError> {
    let maybe_time = |i| match row.maybe_count(i, "time of a pulling out") {
        Ok(None) => Ok(None),
        _ => row.time(i, "time of a pulling out").map(Some),
    };
    Ok(PullOut {
        bank: row.parse(0, "bank")?,
        id: row.parse(1, "pulling out")?,
        channel: maybe(row.maybe_text(2, "channel")?, "channel")?,
        data_class: maybe(row.maybe_text(3, "class of data")?, "class of data")?,
        reason: row.text(4, "reason")?.to_owned(),
        by: row.text(5, "who ordered it")?.to_owned(),
        at: row.time(6, "time of a pulling out")?,
        ended: row.count(7, "count of consents")?,
        done_at: maybe_time(8)?,
        lifted_at: maybe_time(9)?,
    })
}

fn maybe<T: std::str::FromStr>(text: Option<&str>, what: &'static str) -> Result<Option<T>, DbError> {
    text.map(|text| text.parse().map_err(|_| DbError::Unreadable { what })).transpose()
}
