//! The history of each consent: changes that are only ever added, sealed, with an entry in the bank's log
//! for each that opens or ends something. And what held when a consent was asked for.

use crate::{
    DbError, Tx,
    access::Opening,
    consents::Change,
    record::canonical,
    seal::{Place, commitment},
    value::{Arg, Row, micros},
};
use access_log::ConsentLeaf;
use domain::{
    BankId, Consent, ConsentChange, ConsentId, ConsentState, CustomerId, EntryId, How, Terms,
    consent_history::is_logged,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A change and where it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The change.
    pub change: ConsentChange,
    /// Its place in the bank's log. None if it is not logged, or in the moment before it has one.
    pub index: Option<u64>,
}

fn place<'a>(bank: &'a BankId, row: &'a str) -> Place<'a> {
    Place { table: "consent_event", column: "body", row, bank }
}

/// The row of an event, as its seal names it.
fn row_name(consent: &ConsentId, seq: u32) -> String {
    format!("{consent}/{seq}")
}

fn terms_place<'a>(bank: &'a BankId, consent: &'a ConsentId) -> Place<'a> {
    Place { table: "consent_terms", column: "body", row: consent.as_str(), bank }
}

/// Writes down that the notice was shown.
pub(crate) fn begin(tx: &mut Tx, consent: &Consent, at: Timestamp) -> Result<(), DbError> {
    let first = ConsentChange {
        bank: consent.bank.clone(),
        customer: consent.customer.clone(),
        consent: consent.id.clone(),
        seq: 0,
        at,
        event: None,
        state: consent.state,
        how: How::Chat,
        reason: None,
        entry: None,
        previous: None,
    };
    insert(tx, &first).map(drop)
}

/// Writes down a change that has just been made in this transaction, and stages it for the log.
pub(crate) fn add(
    tx: &mut Tx,
    before: ConsentState,
    consent: &Consent,
    change: &Change,
    at: Timestamp,
) -> Result<ConsentChange, DbError> {
    let (seq, previous) = match newest(tx, consent)? {
        Some((seq, body)) => (seq + 1, Some(hexadecimal(&Sha256::digest(&body)))),
        None => (0, None),
    };
    let entry = match is_logged(before, consent.state) {
        true => Some(after_all_accesses(tx, consent, &change.entry)?),
        false => None,
    };
    let added = ConsentChange {
        bank: consent.bank.clone(),
        customer: consent.customer.clone(),
        consent: consent.id.clone(),
        seq,
        at,
        event: Some(change.event),
        state: consent.state,
        how: change.how,
        reason: change.reason.clone(),
        entry,
        previous,
    };
    let record = insert(tx, &added)?;
    if let Some(entry) = &added.entry {
        stage(tx, &added, entry, &record)?;
    }
    Ok(added)
}

fn insert(tx: &mut Tx, change: &ConsentChange) -> Result<Vec<u8>, DbError> {
    let value = serde_json::to_value(change).map_err(|_| DbError::Unreadable { what: "consent event" })?;
    let record = canonical(&value);
    let name = row_name(&change.consent, change.seq);
    let sealed = tx.seal(&change.customer, &place(&change.bank, &name), &record)?;
    tx.change_one(
        "INSERT INTO consent_event(bank, customer, consent, seq, entry, body) VALUES($1, $2, $3, $4, $5, $6)",
        &[
            Arg::Text(change.bank.as_str()),
            Arg::Text(change.customer.as_str()),
            Arg::Text(change.consent.as_str()),
            Arg::Int(change.seq.into()),
            change.entry.as_ref().map_or(Arg::Null, |entry| Arg::Text(entry.as_str())),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(record)
}

fn stage(tx: &mut Tx, change: &ConsentChange, entry: &EntryId, record: &[u8]) -> Result<(), DbError> {
    let key = tx.key_of(&change.bank, &change.customer)?;
    let leaf = ConsentLeaf {
        hour: change.at.as_second().div_euclid(3600),
        commitment: commitment(&key.of_entry(entry), record),
    };
    tx.change_one(
        "INSERT INTO log_staged(log, entry, at, leaf) VALUES($1, $2, $3, $4)",
        &[
            Arg::Text(change.bank.as_str()),
            Arg::Text(entry.as_str()),
            Arg::Int(micros(change.at)),
            Arg::Blob(&leaf.encode()),
        ],
    )?;
    tx.staged(entry.clone());
    Ok(())
}

/// The newest event of a consent: its number and its canonical bytes.
fn newest(tx: &mut Tx, consent: &Consent) -> Result<Option<(u32, Vec<u8>)>, DbError> {
    let row = tx.row(
        "SELECT seq, body FROM consent_event WHERE bank = $1 AND customer = $2 AND consent = $3 \
         ORDER BY seq DESC LIMIT 1",
        &[
            Arg::Text(consent.bank.as_str()),
            Arg::Text(consent.customer.as_str()),
            Arg::Text(consent.id.as_str()),
        ],
    )?;
    let Some(row) = row else { return Ok(None) };
    let seq = number(&row, 0)?;
    let name = row_name(&consent.id, seq);
    let body = tx.unseal(&consent.customer, &place(&consent.bank, &name), row.blob(1, "consent event")?)?;
    Ok(Some((seq, body)))
}

/// The log numbers what is staged at one time in the order of its ids, which begin with a time. An access that
/// was decided before this change may have a later one, so the change takes a time after theirs: then its place
/// in the log is after every access that it did not stop.
fn after_all_accesses(tx: &mut Tx, consent: &Consent, entry: &EntryId) -> Result<EntryId, DbError> {
    let row = tx.row(
        "SELECT entry FROM access_record WHERE bank = $1 AND customer = $2 ORDER BY entry DESC LIMIT 1",
        &[Arg::Text(consent.bank.as_str()), Arg::Text(consent.customer.as_str())],
    )?;
    let Some(row) = row else { return Ok(entry.clone()) };
    let latest: EntryId = row.parse(0, "log entry")?;
    if latest < *entry {
        return Ok(entry.clone());
    }
    let digits = |id: &EntryId| id.as_str().trim_start_matches("ent_").to_owned();
    let (time, _) = split_time(&digits(&latest))?;
    let ours = digits(entry);
    let (_, rest) = split_time(&ours)?;
    format!("ent_{:012x}{rest}", time + 1).parse().map_err(|_| DbError::Unreadable { what: "log entry" })
}

/// The first 48 bits of a UUIDv7 are its time in milliseconds.
fn split_time(digits: &str) -> Result<(u64, &str), DbError> {
    let split = digits.split_at_checked(12);
    let read = split.and_then(|(time, rest)| Some((u64::from_str_radix(time, 16).ok()?, rest)));
    read.ok_or(DbError::Unreadable { what: "log entry" })
}

/// The history of a consent, oldest first.
pub fn of_consent(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Vec<Told>, DbError> {
    let rows = tx.rows(
        "SELECT v.seq, v.body, e.idx FROM consent_event v \
         LEFT JOIN log_entry e ON e.entry = v.entry AND e.log = v.bank \
         WHERE v.bank = $1 AND v.customer = $2 AND v.consent = $3 ORDER BY v.seq",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())],
    )?;
    let mut told = Vec::with_capacity(rows.len());
    for row in &rows {
        let name = row_name(consent, number(row, 0)?);
        let body = tx.unseal(customer, &place(bank, &name), row.blob(1, "consent event")?)?;
        let change =
            serde_json::from_slice(&body).map_err(|_| DbError::Unreadable { what: "consent event" })?;
        told.push(Told { change, index: row.maybe_count(2, "index of a log entry")? });
    }
    Ok(told)
}

/// What opens the entry of a change of a consent in the log. None if it is not this customer's or has no place
/// yet.
pub fn opening(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    entry: &EntryId,
) -> Result<Option<Opening>, DbError> {
    let row = tx.row(
        "SELECT v.seq, v.body, e.idx, e.leaf, v.consent FROM consent_event v \
         JOIN log_entry e ON e.entry = v.entry AND e.log = v.bank \
         WHERE v.bank = $1 AND v.customer = $2 AND v.entry = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(entry.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let consent: ConsentId = row.parse(4, "consent")?;
    let name = row_name(&consent, number(&row, 0)?);
    let record = tx.unseal(customer, &place(bank, &name), row.blob(1, "consent event")?)?;
    let key = tx.key_of(bank, customer)?.of_entry(entry);
    let leaf = row.blob(3, "leaf of the log")?.to_vec();
    Ok(Some(Opening { index: row.count(2, "index of a log entry")?, leaf, record, key }))
}

/// Stores what held when a consent was asked for, once. False if it was stored before.
pub fn put_terms(tx: &mut Tx, consent: &Consent, terms: &Terms) -> Result<bool, DbError> {
    let body = serde_json::to_vec(terms).map_err(|_| DbError::Unreadable { what: "terms of a consent" })?;
    let sealed = tx.seal(&consent.customer, &terms_place(&consent.bank, &consent.id), &body)?;
    let stored = tx.change(
        "INSERT INTO consent_terms(bank, customer, consent, body) VALUES($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(consent.bank.as_str()),
            Arg::Text(consent.customer.as_str()),
            Arg::Text(consent.id.as_str()),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(stored == 1)
}

/// What held when a consent was asked for.
pub fn terms(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<Terms>, DbError> {
    let row = tx.row(
        "SELECT body FROM consent_terms WHERE bank = $1 AND customer = $2 AND consent = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let body = tx.unseal(customer, &terms_place(bank, consent), row.blob(0, "terms of a consent")?)?;
    serde_json::from_slice(&body).map(Some).map_err(|_| DbError::Unreadable { what: "terms of a consent" })
}

fn number(row: &Row, i: usize) -> Result<u32, DbError> {
    u32::try_from(row.count(i, "number of an event")?)
        .map_err(|_| DbError::Unreadable { what: "number of an event" })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
