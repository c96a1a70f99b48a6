//! Consent records. The record is sealed; its state and its end stand beside it, so that the database can
//! guard them.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{
    BankId, Consent, ConsentEvent, ConsentId, ConsentState, ConversationId, CustomerId, consent::NotPossible,
};
use jiff::Timestamp;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made once per change and taken apart at once; a box would buy nothing"
)]
pub enum Changed {
    /// It took place; this is the consent now.
    Yes(Consent),
    /// Somebody else changed it first; nothing was done.
    LostRace {
        /// The state that it is in.
        now_in: ConsentState,
    },
    /// In the state that it is in, this cannot happen to it; nothing was done.
    NotPossible(NotPossible),
}

fn place<'a>(bank: &'a BankId, id: &'a ConsentId) -> Place<'a> {
    Place { table: "consent", column: "body", row: id.as_str(), bank }
}

fn key<'a>(bank: &'a BankId, customer: &'a CustomerId, id: &'a ConsentId) -> [Arg<'a>; 3] {
    [Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(id.as_str())]
}

fn seal(tx: &mut Tx, consent: &Consent) -> Result<Vec<u8>, DbError> {
    let body = serde_json::to_vec(consent).map_err(|_| DbError::Unreadable { what: "consent" })?;
    tx.seal(&consent.customer, &place(&consent.bank, &consent.id), &body)
}

/// Stores a new consent. False if there is one of this id.
pub fn insert(tx: &mut Tx, consent: &Consent, now: Timestamp) -> Result<bool, DbError> {
    let sealed = seal(tx, consent)?;
    let [bank, customer, id] = key(&consent.bank, &consent.customer, &consent.id);
    let inserted = tx.change(
        "INSERT INTO consent(bank, customer, id, conversation, state, made_at, expires_at, changed_at, body) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $6, $8) ON CONFLICT DO NOTHING",
        &[
            bank,
            customer,
            id,
            Arg::Text(consent.conversation.as_str()),
            Arg::Text(consent.state.as_str()),
            Arg::Int(micros(now)),
            Arg::Int(micros(consent.expires_at)),
            Arg::Blob(&sealed),
        ],
    )?;
    if inserted == 1 {
        crate::figures::share(tx, consent)?;
    }
    Ok(inserted == 1)
}

/// The consent of an id, if it is this customer's.
pub fn find(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &ConsentId,
) -> Result<Option<Consent>, DbError> {
    let row = tx.row(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND id = $3",
        &key(bank, customer, id),
    )?;
    row.map(|row| read(tx, bank, customer, &row)).transpose()
}

/// The same for a decision of the gate: until the transaction ends, nobody can change the consent, so an
/// access cannot be allowed on a consent whose withdrawal was acknowledged before. Only in a transaction
/// that writes.
pub fn find_for_decision(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &ConsentId,
) -> Result<Option<Consent>, DbError> {
    let row = tx.row(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND id = $3 /*pg: FOR SHARE*/",
        &key(bank, customer, id),
    )?;
    row.map(|row| read(tx, bank, customer, &row)).transpose()
}

/// The newest consent of a conversation that is given or paused.
pub fn current(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Consent>, DbError> {
    let row = tx.row(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state IN ('given', 'paused') ORDER BY made_at DESC, id DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.map(|row| read(tx, bank, customer, &row)).transpose()
}

/// The same for a decision of the gate, as [`find_for_decision`].
pub fn current_for_decision(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Consent>, DbError> {
    let row = tx.row(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state IN ('given', 'paused') ORDER BY made_at DESC, id DESC LIMIT 1 /*pg: FOR SHARE*/",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.map(|row| read(tx, bank, customer, &row)).transpose()
}

/// The newest consent of a conversation, in whatever state.
pub fn latest(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Consent>, DbError> {
    let row = tx.row(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         ORDER BY made_at DESC, id DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.map(|row| read(tx, bank, customer, &row)).transpose()
}

/// Consents of any bank whose time is over and that are not ended yet, for the worker that ends them.
pub fn overdue(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Consent>, DbError> {
    let rows = tx.rows(
        "SELECT id, state, body, bank, customer FROM consent \
         WHERE state IN ('requested', 'given', 'paused') AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        &[Arg::Int(micros(now)), Arg::Int(limit.into())],
    )?;
    let mut consents = Vec::with_capacity(rows.len());
    for row in &rows {
        let (bank, customer) = (row.parse(3, "bank")?, row.parse(4, "customer")?);
        consents.push(read(tx, &bank, &customer, row)?);
    }
    Ok(consents)
}

/// Changes a consent that is still in the state in which the caller saw it. `update` may set what the event
/// brings along: the accounts, the bank's own id, a sooner end.
pub fn change(
    tx: &mut Tx,
    consent: &Consent,
    event: ConsentEvent,
    now: Timestamp,
    update: impl FnOnce(&mut Consent),
) -> Result<Changed, DbError> {
    let state = match consent.state.after(event) {
        Ok(state) => state,
        Err(not_possible) => return Ok(Changed::NotPossible(not_possible)),
    };
    let mut changed = consent.clone();
    update(&mut changed);
    changed.state = state;
    let sealed = seal(tx, &changed)?;
    let [bank, customer, id] = key(&consent.bank, &consent.customer, &consent.id);
    let count = tx.change(
        "UPDATE consent SET state = $5, expires_at = $6, changed_at = $7, body = $8 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = $4",
        &[
            bank,
            customer,
            id,
            Arg::Text(consent.state.as_str()),
            Arg::Text(state.as_str()),
            Arg::Int(micros(changed.expires_at)),
            Arg::Int(micros(now)),
            Arg::Blob(&sealed),
        ],
    )?;
    if count == 1 {
        return Ok(Changed::Yes(changed));
    }
    match find(tx, &consent.bank, &consent.customer, &consent.id)? {
        Some(found) => Ok(Changed::LostRace { now_in: found.state }),
        None => Err(tx.fail(DbError::Rows { what: "consent to change", found: 0, wanted: 1 })),
    }
}

/// Reads id, state and body. The state that counts is the column's.
fn read(tx: &mut Tx, bank: &BankId, customer: &CustomerId, row: &Row) -> Result<Consent, DbError> {
    let id: ConsentId = row.parse(0, "consent")?;
    let state: ConsentState = row.parse(1, "state of a consent")?;
    let body = tx.unseal(customer, &place(bank, &id), row.blob(2, "body of a consent")?)?;
    let consent: Consent =
        serde_json::from_slice(&body).map_err(|_| DbError::Unreadable { what: "consent" })?;
    Ok(Consent { state, ..consent })
}
