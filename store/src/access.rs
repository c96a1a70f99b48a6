//! Decisions of the gate: the sealed record that the customer can see, and the leaf in the bank's log that
//! everybody can see and nobody can read a person from.

use crate::{
    DbError, Tx,
    record::canonical,
    seal::{Place, commitment},
    value::{Arg, Row, micros},
};
use access_log::Leaf;
use domain::{BankId, ConsentId, CustomerId, EntryId};
use gate::Decision;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// One access, or attempt at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// What was decided.
    pub decision: Decision,
    /// Its place in the bank's log. None in the moment before it has one.
    pub index: Option<u64>,
}

/// What opens one entry of the log to whoever holds it: the record and the key of its commitment.
pub struct Opening {
    /// The place in the bank's log.
    pub index: u64,
    /// The leaf, encoded.
    pub leaf: Vec<u8>,
    /// The record that the leaf commits to: canonical JSON.
    pub record: Vec<u8>,
    /// The key: the commitment is HMAC-SHA-256 of the record under it. It opens no other entry.
    pub key: Zeroizing<[u8; 32]>,
}

fn place<'a>(bank: &'a BankId, entry: &'a EntryId) -> Place<'a> {
    Place { table: "access_record", column: "body", row: entry.as_str(), bank }
}

/// Writes down a decision, yes or no, and stages it for the log. With [`crate::Store::decide`] the caller
/// learns its place.
pub fn stage(tx: &mut Tx, decision: &Decision) -> Result<(), DbError> {
    let Decision { entry, bank, customer, .. } = decision;
    let value = serde_json::to_value(decision).map_err(|_| DbError::Unreadable { what: "decision" })?;
    let record = canonical(&value);
    let key = tx.key_of(bank, customer)?;
    let leaf = leaf(decision, commitment(&key.of_entry(entry), &record)).encode();
    let sealed = key.seal(&place(bank, entry), &record);
    let new = tx.change(
        "INSERT INTO access_record(bank, customer, entry, body) VALUES($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(entry.as_str()),
            Arg::Blob(&sealed),
        ],
    )?;
    if new == 0 {
        return Err(tx.fail(DbError::LoggedBefore { entry: entry.clone() }));
    }
    tx.change_one(
        "INSERT INTO log_staged(log, entry, at, leaf) VALUES($1, $2, $3, $4)",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(entry.as_str()),
            Arg::Int(micros(decision.at)),
            Arg::Blob(&leaf),
        ],
    )?;
    let reason = value.pointer("/reason/kind").and_then(serde_json::Value::as_str);
    crate::facts::insert(tx, decision, reason)?;
    tx.staged(entry.clone());
    Ok(())
}

fn leaf(decision: &Decision, commitment: [u8; 32]) -> Leaf {
    Leaf {
        allowed: decision.allowed,
        hour: decision.at.as_second().div_euclid(3600),
        policy_digest: decision.policy_digest,
        commitment,
    }
}

/// Stages an entry that is no decision about data, such as the mark of an erasure. Nothing of it is kept beside
/// the log: what opens it is the record and the key that the caller has. With [`crate::Store::decide`] the caller
/// learns its place.
pub fn stage_mark(
    tx: &mut Tx,
    bank: &BankId,
    entry: &EntryId,
    mark: &Mark,
    at: Timestamp,
) -> Result<(), DbError> {
    let leaf = Leaf {
        allowed: false,
        hour: at.as_second().div_euclid(3600),
        policy_digest: mark.digest,
        commitment: commitment(&mark.key, &mark.record),
    };
    let head = "INSERT INTO log_head(log, size) VALUES($1, 0) ON CONFLICT DO NOTHING";
    tx.change(head, &[Arg::Text(bank.as_str())])?;
    let staged = tx.change(
        "INSERT INTO log_staged(log, entry, at, leaf) VALUES($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(entry.as_str()),
            Arg::Int(micros(at)),
            Arg::Blob(&leaf.encode()),
        ],
    )?;
    if staged == 0 {
        return Err(tx.fail(DbError::LoggedBefore { entry: entry.clone() }));
    }
    tx.staged(entry.clone());
    Ok(())
}

/// What an entry says that is no decision.
#[derive(Debug, Clone)]
pub struct Mark {
    /// What kind of mark it is, where a decision has the digest of its policies.
    pub digest: [u8; 32],
    /// The record that is committed to: canonical JSON without personal data.
    pub record: Vec<u8>,
    /// The key of the commitment, random and for this entry alone.
    pub key: [u8; 32],
}

/// A customer's accesses, newest first; those before an entry, if one is given.
pub fn of_customer(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    before: Option<&EntryId>,
    limit: u32,
) -> Result<Vec<Access>, DbError> {
    // Entry ids sort by time of making; `~` comes after all of them.
    let before = before.map_or("~", EntryId::as_str);
    let rows = tx.rows(
        "SELECT a.entry, a.body, e.idx FROM access_record a \
         LEFT JOIN log_entry e ON e.entry = a.entry AND e.log = a.bank \
         WHERE a.bank = $1 AND a.customer = $2 AND a.entry < $3 ORDER BY a.entry DESC LIMIT $4",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(before), Arg::Int(limit.into())],
    )?;
    let mut accesses = Vec::with_capacity(rows.len());
    for row in &rows {
        let record = record(tx, bank, customer, row)?;
        let decision = serde_json::from_slice(&record);
        let decision = decision.map_err(|_| DbError::Unreadable { what: "decision" })?;
        accesses.push(Access { decision, index: row.maybe_count(2, "index of a log entry")? });
    }
    Ok(accesses)
}

/// One decision of a bank by its entry, whoever the customer is: for who runs the gateway, and has the keys anyway.
/// None if there is no such entry at this bank.
pub fn by_entry(tx: &mut Tx, bank: &BankId, entry: &EntryId) -> Result<Option<Access>, DbError> {
    let row = tx.row(
        "SELECT a.entry, a.body, e.idx, a.customer FROM access_record a \
         LEFT JOIN log_entry e ON e.entry = a.entry AND e.log = a.bank \
         WHERE a.bank = $1 AND a.entry = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(entry.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let customer: CustomerId = row.parse(3, "customer of a decision")?;
    let record = record(tx, bank, &customer, &row)?;
    let decision = serde_json::from_slice(&record).map_err(|_| DbError::Unreadable { what: "decision" })?;
    Ok(Some(Access { decision, index: row.maybe_count(2, "index of a log entry")? }))
}

/// The consent that a customer's entry rests on. None if the entry is not theirs, or rests on none.
pub fn consent_of(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    entry: &EntryId,
) -> Result<Option<ConsentId>, DbError> {
    let row = tx.row(
        "SELECT entry, body FROM access_record WHERE bank = $1 AND customer = $2 AND entry = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(entry.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let decision: Decision = serde_json::from_slice(&record(tx, bank, customer, &row)?)
        .map_err(|_| DbError::Unreadable { what: "decision" })?;
    Ok(decision.consent)
}

/// What opens one of a customer's entries. None if it is not theirs or has no place yet.
pub fn opening(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    entry: &EntryId,
) -> Result<Option<Opening>, DbError> {
    let row = tx.row(
        "SELECT a.entry, a.body, e.idx, e.leaf FROM access_record a \
         JOIN log_entry e ON e.entry = a.entry AND e.log = a.bank \
         WHERE a.bank = $1 AND a.customer = $2 AND a.entry = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(entry.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let record = record(tx, bank, customer, &row)?;
    let key = tx.key_of(bank, customer)?.of_entry(entry);
    let leaf = row.blob(3, "leaf of the log")?.to_vec();
    Ok(Some(Opening { index: row.count(2, "index of a log entry")?, leaf, record, key }))
}

/// Reads entry and body.
pub(crate) fn record(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    row: &Row,
) -> Result<Vec<u8>, DbError> {
    let entry: EntryId = row.parse(0, "log entry")?;
    tx.unseal(customer, &place(bank, &entry), row.blob(1, "access record")?)
}

/// The leaves of a bank's log from an index on, in order, for the log's files.
pub fn leaves(tx: &mut Tx, bank: &BankId, from: u64, limit: u32) -> Result<Vec<(u64, Vec<u8>)>, DbError> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let rows = tx.rows(
        "SELECT idx, leaf FROM log_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Int(from), Arg::Int(limit.into())],
    )?;
    let leaf =
        |row: &Row| Ok((row.count(0, "index of a log entry")?, row.blob(1, "leaf of the log")?.to_vec()));
    rows.iter().map(leaf).collect()
}

/// How many entries a bank's log has.
pub fn size(tx: &mut Tx, bank: &BankId) -> Result<u64, DbError> {
    let row = tx.row("SELECT size FROM log_head WHERE log = $1", &[Arg::Text(bank.as_str())])?;
    row.map_or(Ok(0), |row| row.count(0, "size of a log"))
}

/// Takes entries back into a log that came out of a backup and is behind what was published: they get the
/// places that they have there. The log must end where they begin; else nothing is done and false is given.
pub fn take_back(tx: &mut Tx, bank: &BankId, from: u64, leaves: &[Vec<u8>]) -> Result<bool, DbError> {
    let start = i64::try_from(from).unwrap_or(i64::MAX);
    tx.change(
        "INSERT INTO log_head(log, size) VALUES($1, 0) ON CONFLICT DO NOTHING",
        &[Arg::Text(bank.as_str())],
    )?;
    let up = tx.change(
        "UPDATE log_head SET size = size + $3 WHERE log = $1 AND size = $2",
        &[Arg::Text(bank.as_str()), Arg::Int(start), Arg::Int(leaves.len() as i64)],
    )?;
    if up == 0 {
        return Ok(false);
    }
    for (leaf, index) in leaves.iter().zip(start..) {
        let name: String = Sha256::new()
            .chain_update(index.to_be_bytes())
            .chain_update(leaf)
            .finalize()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Its own name is lost with the record that it belonged to.
        let entry = format!("{}_{name}", EntryId::PREFIX);
        tx.change_one(
            "INSERT INTO log_entry(log, idx, entry, leaf) VALUES($1, $2, $3, $4)",
            &[Arg::Text(bank.as_str()), Arg::Int(index), Arg::Text(&entry), Arg::Blob(leaf)],
        )?;
    }
    Ok(true)
}

/// When the oldest decision was made that has no place in its log yet. One that is older than a few seconds
/// means that the sequencer does not get on, and calls for an alarm.
pub fn oldest_staged(tx: &mut Tx) -> Result<Option<Timestamp>, DbError> {
    let row = tx.row("SELECT at FROM log_staged ORDER BY at LIMIT 1", &[])?;
    row.map(|row| row.time(0, "time of a decision")).transpose()
}
