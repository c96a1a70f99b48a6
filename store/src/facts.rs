//! What decisions of the gate were about, and not whom: time, purpose, class, channel, answer, reason and
//! rules. It is what auditors search, since the public log holds commitments and hours only.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, Channel, DataClass, EntryId, Purpose, Tier};
use gate::Decision;
use jiff::Timestamp;

/// One decision without the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// When it was decided.
    pub at: Timestamp,
    /// Its entry in the log, to page by. Nothing leads from it to a person but the customer's own records.
    pub entry: EntryId,
    /// What for.
    pub purpose: Purpose,
    /// Which data.
    pub data_class: DataClass,
    /// Where it would be shown.
    pub channel: Channel,
    /// How.
    pub tier: Tier,
    /// Yes or no.
    pub allowed: bool,
    /// The kind of the reason of a No.
    pub reason: Option<String>,
    /// The policies that led to it, one a line.
    pub clauses: String,
    /// SHA-256 of the rules that held, in hexadecimal.
    pub policy_digest: String,
    /// Its place in the bank's log. None in the moment before it has one.
    pub index: Option<u64>,
}

/// What is looked for. None means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// From when on.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub until: Timestamp,
    /// For which purpose.
    pub purpose: Option<Purpose>,
    /// About which class of data.
    pub data_class: Option<DataClass>,
    /// On which channel.
    pub channel: Option<Channel>,
    /// With which answer.
    pub allowed: Option<bool>,
    /// For which kind of reason.
    pub reason: Option<String>,
}

impl Search {
    /// Everything of a time.
    pub fn all(from: Timestamp, until: Timestamp) -> Search {
        Search { from, until, purpose: None, data_class: None, channel: None, allowed: None, reason: None }
    }
}

/// Writes down what a decision was about. `reason` is the kind of the reason of a No.
pub(crate) fn insert(tx: &mut Tx, decision: &Decision, reason: Option<&str>) -> Result<(), DbError> {
    let digest: String = decision.policy_digest.iter().map(|byte| format!("{byte:02x}")).collect();
    tx.change_one(
        "INSERT INTO decision_fact(bank, at, entry, purpose, data_class, channel, tier, allowed, reason, \
         clauses, policy_digest) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            Arg::Text(decision.bank.as_str()),
            Arg::Int(micros(decision.at)),
            Arg::Text(decision.entry.as_str()),
            Arg::Text(decision.purpose.as_str()),
            Arg::Text(decision.data_class.as_str()),
            Arg::Text(decision.channel.as_str()),
            Arg::Text(decision.tier.as_str()),
            Arg::Int(i64::from(decision.allowed)),
            reason.map_or(Arg::Null, Arg::Text),
            Arg::Text(&decision.clauses.join("\n")),
            Arg::Text(&digest),
        ],
    )
}

/// Decisions that are looked for, newest first; those before one, if one is given.
pub fn search(
    tx: &mut Tx,
    bank: &BankId,
    wanted: &Search,
    before: Option<(Timestamp, &EntryId)>,
    limit: u32,
) -> Result<Vec<Fact>, DbError> {
    let (at, entry) = before.map_or((wanted.until, ""), |(at, entry)| (at, entry.as_str()));
    let rows = tx.rows(
        "SELECT f.at, f.entry, f.purpose, f.data_class, f.channel, f.tier, f.allowed, f.reason, f.clauses, \
         f.policy_digest, e.idx \
         FROM decision_fact f LEFT JOIN log_entry e ON e.entry = f.entry AND e.log = f.bank \
         WHERE f.bank = $1 AND f.at >= $2 AND (f.at, f.entry) < (CAST($3 AS BIGINT), CAST($4 AS TEXT)) \
         AND ($5 = '' OR f.purpose = $5) AND ($6 = '' OR f.data_class = $6) AND ($7 = '' OR f.channel = $7) \
         AND (CAST($8 AS BIGINT) < 0 OR f.allowed = $8) AND ($9 = '' OR f.reason = $9) \
         ORDER BY f.at DESC, f.entry DESC LIMIT $10",
        &[
            Arg::Text(bank.as_str()),
            Arg::Int(micros(wanted.from)),
            Arg::Int(micros(at)),
            Arg::Text(entry),
            Arg::Text(wanted.purpose.map_or("", Purpose::as_str)),
            Arg::Text(wanted.data_class.map_or("", DataClass::as_str)),
            Arg::Text(wanted.channel.map_or("", Channel::as_str)),
            Arg::Int(wanted.allowed.map_or(-1, i64::from)),
            Arg::Text(wanted.reason.as_deref().unwrap_or("")),
            Arg::Int(limit.into()),
        ],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Fact, DbError> {
    Ok(Fact {
        at: row.time(0, "time of a decision")?,
        entry: row.parse(1, "log entry")?,
        purpose: row.parse(2, "purpose")?,
        data_class: row.parse(3, "data class")?,
        channel: row.parse(4, "channel")?,
        tier: row.parse(5, "tier")?,
        allowed: row.int(6, "answer of the gate")? == 1,
        reason: row.maybe_text(7, "reason")?.map(str::to_owned),
        clauses: row.text(8, "clauses")?.to_owned(),
        policy_digest: row.text(9, "digest of the rules")?.to_owned(),
        index: row.maybe_count(10, "index of a log entry")?,
    })
}

/// How many decisions there were since a time, by answer and kind of reason, the most frequent first.
pub fn tally(
    tx: &mut Tx,
    bank: &BankId,
    since: Timestamp,
) -> Result<Vec<(bool, Option<String>, u64)>, DbError> {
    let rows = tx.rows(
        "SELECT allowed, reason, COUNT(*) FROM decision_fact WHERE bank = $1 AND at >= $2 \
         GROUP BY allowed, reason ORDER BY COUNT(*) DESC, allowed DESC, reason",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(since))],
    )?;
    let read = |row: &Row| {
        let reason = row.maybe_text(1, "reason")?.map(str::to_owned);
        Ok((row.int(0, "answer of the gate")? == 1, reason, row.count(2, "number of decisions")?))
    };
    rows.iter().map(read).collect()
}
