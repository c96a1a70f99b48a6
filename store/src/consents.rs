//! Consent records. The record is sealed; its state and its end stand beside it, so that the database can
//! guard them.

use crate::{
    DbError, Tx, bank_events, consent_events,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{
    BankId, Consent, ConsentChange, ConsentEvent, ConsentId, ConsentState, ConversationId, CustomerId,
    EntryId, How, consent::NotPossible,
};
use jiff::Timestamp;

/// A change that somebody wants to make.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is to happen.
    pub event: ConsentEvent,
    /// On which way.
    pub how: How,
    /// What the one who makes it says, if anything.
    pub reason: Option<String>,
    /// The entry under which it goes into the log. Its time is moved on if that is needed to put it after every
    /// access that came before the change.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made once per change and taken apart at once; a box would buy nothing"
)]
pub enum Changed {
    /// It took place; this is the consent now, and what was written into its history.
    Yes(Consent, ConsentChange),
    /// Somebody else changed it first; nothing was done.
    LostRace {
        /// The state that it is in.
        now_in: ConsentState,
    },
    /// In the state that it is in, this cannot happen to it; nothing was done.
    NotPossible(NotPossible),
    /// Its customer was erased meanwhile, and the consent with them; nothing was done.
    Gone,
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

/// Stores a new consent and begins its history. False if there is one of this id.
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
        consent_events::begin(tx, consent, now)?;
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
///
/// Here and wherever rows of many customers are read at once, those of a customer without a key are passed over:
/// nobody can open them, and one who was erased must hold up nobody else.
pub fn overdue(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Consent>, DbError> {
    let rows = tx.rows(
        "SELECT id, state, body, bank, customer FROM consent \
         WHERE state IN ('requested', 'given', 'paused') AND expires_at <= $1 \
         AND EXISTS (SELECT 1 FROM customer_key k WHERE k.bank = consent.bank AND k.customer = consent.customer) \
         ORDER BY expires_at LIMIT $2",
        &[Arg::Int(micros(now)), Arg::Int(limit.into())],
    )?;
    let mut consents = Vec::with_capacity(rows.len());
    for row in &rows {
        let (bank, customer) = (row.parse(3, "bank")?, row.parse(4, "customer")?);
        consents.push(read(tx, &bank, &customer, row)?);
    }
    Ok(consents)
}

/// Changes a consent that is still in the state in which the caller saw it, and writes that into its history
/// and, if it opens or ends anything, into the bank's log. `update` may set what the event brings along: the
/// accounts, the bank's own id, a sooner end.
pub fn change(
    tx: &mut Tx,
    consent: &Consent,
    change: &Change,
    update: impl FnOnce(&mut Consent),
) -> Result<Changed, DbError> {
    let state = match consent.state.after(change.event) {
        Ok(state) => state,
        Err(not_possible) => return Ok(Changed::NotPossible(not_possible)),
    };
    if tx.key_if_any(&consent.bank, &consent.customer)?.is_none() {
        return Ok(Changed::Gone);
    }
    let mut changed = consent.clone();
    update(&mut changed);
    changed.state = state;
    let sealed = seal(tx, &changed)?;
    let [bank, customer, id] = key(&consent.bank, &consent.customer, &consent.id);
    let at_bank = changed.at_bank.as_deref().map(bank_events::fingerprint);
    // Time only goes on, even when a clock was set back between two changes.
    let row = tx.row(
        "UPDATE consent SET state = $5, expires_at = $6, body = $8, at_bank = $9, \
         changed_at = CASE WHEN changed_at > $7 THEN changed_at ELSE $7 END \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = $4 RETURNING changed_at",
        &[
            bank,
            customer,
            id,
            Arg::Text(consent.state.as_str()),
            Arg::Text(state.as_str()),
            Arg::Int(micros(changed.expires_at)),
            Arg::Int(micros(change.at)),
            Arg::Blob(&sealed),
            at_bank.as_ref().map_or(Arg::Null, |hash| Arg::Blob(hash)),
        ],
    )?;
    if let Some(row) = row {
        let at = row.time(0, "time of a change")?;
        let written = consent_events::add(tx, consent.state, &changed, change, at)?;
        return Ok(Changed::Yes(changed, written));
    }
    match find(tx, &consent.bank, &consent.customer, &consent.id)? {
        Some(found) => Ok(Changed::LostRace { now_in: found.state }),
        None => Ok(Changed::Gone),
    }
}

/// A consent that a decision rests on, locked until the decision is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The consent.
    pub consent: Consent,
    /// When it changed last. No decision about it is made at an earlier time.
    pub changed_at: Timestamp,
}

/// What a decision in a conversation rests on: the newest consent that is given or paused, or if there is none
/// the newest of all, which says why not. Locked as in [`find_for_decision`].
pub fn held(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Held>, DbError> {
    let key = [Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())];
    let open = tx.row(
        "SELECT id, state, body, changed_at FROM consent \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND state IN ('given', 'paused') \
         ORDER BY made_at DESC, id DESC LIMIT 1 /*pg: FOR SHARE*/",
        &key,
    )?;
    let row = match open {
        Some(row) => Some(row),
        None => tx.row(
            "SELECT id, state, body, changed_at FROM consent \
             WHERE bank = $1 AND customer = $2 AND conversation = $3 ORDER BY made_at DESC, id DESC LIMIT 1",
            &key,
        )?,
    };
    row.map(|row| read_held(tx, bank, customer, &row)).transpose()
}

/// The same of one consent, whichever conversation it belongs to.
pub fn held_by_id(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &ConsentId,
) -> Result<Option<Held>, DbError> {
    let row = tx.row(
        "SELECT id, state, body, changed_at FROM consent \
         WHERE bank = $1 AND customer = $2 AND id = $3 /*pg: FOR SHARE*/",
        &key(bank, customer, id),
    )?;
    row.map(|row| read_held(tx, bank, customer, &row)).transpose()
}

fn read_held(tx: &mut Tx, bank: &BankId, customer: &CustomerId, row: &Row) -> Result<Held, DbError> {
    let changed_at = row.time(3, "time of a change")?;
    Ok(Held { consent: read(tx, bank, customer, row)?, changed_at })
}

/// All consents of a customer, newest first.
pub fn of_customer(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<Consent>, DbError> {
    let rows = tx.rows(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 ORDER BY made_at DESC, id DESC",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    rows.iter().map(|row| read(tx, bank, customer, row)).collect()
}

/// The consents of a conversation that are given or paused, but for one.
pub fn others_open(tx: &mut Tx, but: &Consent) -> Result<Vec<Consent>, DbError> {
    let rows = tx.rows(
        "SELECT id, state, body FROM consent WHERE bank = $1 AND customer = $2 AND id <> $3 \
         AND conversation = $4 AND state IN ('given', 'paused') ORDER BY made_at, id",
        &[
            Arg::Text(but.bank.as_str()),
            Arg::Text(but.customer.as_str()),
            Arg::Text(but.id.as_str()),
            Arg::Text(but.conversation.as_str()),
        ],
    )?;
    rows.iter().map(|row| read(tx, &but.bank, &but.customer, row)).collect()
}

/// The consents of a bank that have not ended, in the order of customer and id, after the one given.
pub fn open_of_bank(
    tx: &mut Tx,
    bank: &BankId,
    after: Option<(&CustomerId, &ConsentId)>,
    limit: u32,
) -> Result<Vec<Consent>, DbError> {
    let (customer, id) = after.map_or(("", ""), |(customer, id)| (customer.as_str(), id.as_str()));
    let rows = tx.rows(
        "SELECT id, state, body, customer FROM consent \
         WHERE bank = $1 AND (customer, id) > ($2, $3) AND state IN ('requested', 'given', 'paused') \
         AND EXISTS (SELECT 1 FROM customer_key k WHERE k.bank = consent.bank AND k.customer = consent.customer) \
         ORDER BY customer, id LIMIT $4",
        &[Arg::Text(bank.as_str()), Arg::Text(customer), Arg::Text(id), Arg::Int(limit.into())],
    )?;
    let mut consents = Vec::with_capacity(rows.len());
    for row in &rows {
        let customer = row.parse(3, "customer")?;
        consents.push(read(tx, bank, &customer, row)?);
    }
    Ok(consents)
}

/// Says when to ask the bank about a consent, and when to remind its customer of the end.
pub fn look_after(
    tx: &mut Tx,
    consent: &Consent,
    look_at: Timestamp,
    remind_at: Option<Timestamp>,
) -> Result<(), DbError> {
    let [bank, customer, id] = key(&consent.bank, &consent.customer, &consent.id);
    tx.change_one(
        "UPDATE consent SET look_at = $4, remind_at = $5 WHERE bank = $1 AND customer = $2 AND id = $3",
        &[
            bank,
            customer,
            id,
            Arg::Int(micros(look_at)),
            remind_at.map_or(Arg::Null, |at| Arg::Int(micros(at))),
        ],
    )
}

/// Takes up to `limit` consents whose bank is to be asked about them, those that wait longest first, and
/// notes when to ask again, so that no other process asks at the same time.
pub fn claim_looks(
    tx: &mut Tx,
    now: Timestamp,
    again: Timestamp,
    limit: u32,
) -> Result<Vec<Consent>, DbError> {
    let rows = tx.rows(
        "WITH c AS MATERIALIZED (SELECT bank, customer, id FROM consent \
           WHERE state IN ('given', 'paused') AND look_at <= $1 \
           AND EXISTS (SELECT 1 FROM customer_key k WHERE k.bank = consent.bank AND k.customer = consent.customer) \
           ORDER BY look_at LIMIT $3 \
           /*pg: FOR UPDATE SKIP LOCKED*/) \
         UPDATE consent SET look_at = $2 WHERE (bank, customer, id) IN (SELECT bank, customer, id FROM c) \
         RETURNING id, state, body, bank, customer",
        &[Arg::Int(micros(now)), Arg::Int(micros(again)), Arg::Int(limit.into())],
    )?;
    let mut consents = Vec::with_capacity(rows.len());
    for row in &rows {
        let (bank, customer) = (row.parse(3, "bank")?, row.parse(4, "customer")?);
        consents.push(read(tx, &bank, &customer, row)?);
    }
    Ok(consents)
}

/// Consents whose customers are to be reminded of the end by now, with the time that was set for it.
pub fn to_remind(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<(Consent, Timestamp)>, DbError> {
    let rows = tx.rows(
        "SELECT id, state, body, bank, customer, remind_at FROM consent \
         WHERE state IN ('given', 'paused') AND remind_at <= $1 \
         AND EXISTS (SELECT 1 FROM customer_key k WHERE k.bank = consent.bank AND k.customer = consent.customer) \
         ORDER BY remind_at LIMIT $2",
        &[Arg::Int(micros(now)), Arg::Int(limit.into())],
    )?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let (bank, customer) = (row.parse(3, "bank")?, row.parse(4, "customer")?);
        due.push((read(tx, &bank, &customer, row)?, row.time(5, "time of a reminder")?));
    }
    Ok(due)
}

/// Notes that the reminder of a time was given. False if somebody else gave it, or the consent has ended.
pub fn reminded(
    tx: &mut Tx,
    consent: &Consent,
    was: Timestamp,
    next: Option<Timestamp>,
) -> Result<bool, DbError> {
    let [bank, customer, id] = key(&consent.bank, &consent.customer, &consent.id);
    let noted = tx.change(
        "UPDATE consent SET remind_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND remind_at = $4 AND state IN ('given', 'paused')",
        &[bank, customer, id, Arg::Int(micros(was)), next.map_or(Arg::Null, |at| Arg::Int(micros(at)))],
    )?;
    Ok(noted == 1)
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
