//! Reading all that is kept of a customer, a page at a time, oldest first. What opens something else than the
//! customer's own records (tokens, hashes of secrets) is not among it.

use crate::{
    DbError, Tx, access, bank_tasks,
    conversations::{self, Conversation},
    links::{self, Link},
    value::Arg,
};
use domain::{BankId, ConsentId, CustomerId, EntryId};
use jiff::Timestamp;
use zeroize::Zeroizing;

/// Most conversations, consents, links or tasks that one customer's export reads: far more than anybody makes
/// by hand in a lifetime.
pub const MOST: u32 = 100_000;

/// One decision with what opens its entry of the log.
pub struct Opened {
    /// The decision.
    pub entry: EntryId,
    /// The record: canonical JSON.
    pub record: Vec<u8>,
    /// The key of its commitment.
    pub key: Zeroizing<[u8; 32]>,
    /// Its place in the log and the leaf there. None in the moment before it has one.
    pub logged: Option<(u64, Vec<u8>)>,
}

fn whose<'a>(bank: &'a BankId, customer: &'a CustomerId) -> [Arg<'a>; 3] {
    [Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(MOST as i64)]
}

/// When the customer began here. None if they are not here.
pub fn begun_at(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Option<Timestamp>, DbError> {
    let row = tx.row(
        "SELECT begun_at FROM customer WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    row.map(|row| row.time(0, "begin of a customer")).transpose()
}

/// The conversations.
pub fn conversations(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
) -> Result<Vec<Conversation>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, id, channel, begun_at, last_seq FROM conversation \
         WHERE bank = $1 AND customer = $2 ORDER BY begun_at, id LIMIT $3",
        &whose(bank, customer),
    )?;
    rows.iter().map(conversations::read).collect()
}

/// The ids of the consents, oldest first.
pub fn consent_ids(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<ConsentId>, DbError> {
    let rows = tx.rows(
        "SELECT id FROM consent WHERE bank = $1 AND customer = $2 ORDER BY made_at, id LIMIT $3",
        &whose(bank, customer),
    )?;
    rows.iter().map(|row| row.parse(0, "consent")).collect()
}

/// The attempts to link.
pub fn links(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<Link>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at FROM link \
         WHERE bank = $1 AND customer = $2 ORDER BY made_at, id LIMIT $3",
        &whose(bank, customer),
    )?;
    rows.iter().map(links::read).collect()
}

/// What the bank was or is to be told.
pub fn tasks(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<bank_tasks::Task>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, id, consent, kind, state, attempts, next_try, last_fault FROM bank_task \
         WHERE bank = $1 AND customer = $2 ORDER BY made_at, id LIMIT $3",
        &whose(bank, customer),
    )?;
    rows.iter().map(bank_tasks::read).collect()
}

/// Something small that was kept to serve the customer: a one-time page, a browser that is known, a messenger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// `sealed_page`, `known_browser` or `messenger`.
    pub kind: String,
    /// The page, the consent or the conversation that it belongs to.
    pub of: String,
    /// Where it stands.
    pub state: String,
    /// When it came to be.
    pub made_at: Timestamp,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
}

/// The traces, by kind and time. Hashes of secrets and of names at messengers are not told.
pub fn traces(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<Trace>, DbError> {
    let rows = tx.rows(
        "SELECT 'known_browser', consent, state, made_at, expires_at FROM known_browser \
           WHERE bank = $1 AND customer = $2 \
         UNION ALL SELECT 'messenger', conversation, 'begun', begun_at, CAST(NULL AS BIGINT) FROM sender \
           WHERE bank = $1 AND customer = $2 \
         UNION ALL SELECT 'sealed_page', id, state, made_at, expires_at FROM sealed_link \
           WHERE bank = $1 AND customer = $2 \
         ORDER BY 1, 4, 2 LIMIT $3",
        &whose(bank, customer),
    )?;
    let mut traces = Vec::with_capacity(rows.len());
    for row in &rows {
        let expires_at = match row.maybe_count(4, "end of a trace")? {
            Some(_) => Some(row.time(4, "end of a trace")?),
            None => None,
        };
        traces.push(Trace {
            kind: row.text(0, "kind of a trace")?.to_owned(),
            of: row.text(1, "owner of a trace")?.to_owned(),
            state: row.text(2, "state of a trace")?.to_owned(),
            made_at: row.time(3, "time of a trace")?,
            expires_at,
        });
    }
    Ok(traces)
}

/// Decisions about the customer's data after one, oldest first, with what opens their entries.
pub fn accesses(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    after: Option<&EntryId>,
    limit: u32,
) -> Result<Vec<Opened>, DbError> {
    let after = after.map_or("", EntryId::as_str);
    let rows = tx.rows(
        "SELECT a.entry, a.body, e.idx, e.leaf FROM access_record a \
         LEFT JOIN log_entry e ON e.entry = a.entry AND e.log = a.bank \
         WHERE a.bank = $1 AND a.customer = $2 AND a.entry > $3 ORDER BY a.entry LIMIT $4",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(after), Arg::Int(limit.into())],
    )?;
    let mut opened = Vec::with_capacity(rows.len());
    for row in &rows {
        let entry: EntryId = row.parse(0, "log entry")?;
        let record = access::record(tx, bank, customer, row)?;
        let key = tx.key_of(bank, customer)?.of_entry(&entry);
        let logged = match row.maybe_count(2, "index of a log entry")? {
            Some(index) => Some((index, row.blob(3, "leaf of the log")?.to_vec())),
            None => None,
        };
        opened.push(Opened { entry, record, key, logged });
    }
    Ok(opened)
}
