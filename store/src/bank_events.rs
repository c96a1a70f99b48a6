//! What banks say has happened, from its arrival to the moment when it was told or let go; and where they say it.

use crate::{
    DbError, Tx,
    conversations::{self, Conversation},
    keks,
    seal::Place,
    value::{Arg, micros},
    wake::Ring,
};
use domain::{BankId, ConsentId, ConversationId, CustomerId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a bank's own id is found by.
pub fn fingerprint(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

/// Where a bank sends its events. Has no `Debug`: the secret is not for printing.
#[derive(Clone)]
pub struct Endpoint {
    /// The bank's id of it.
    pub id: String,
    /// Our address.
    pub url: String,
    /// What signs the events.
    pub secret: Zeroizing<Vec<u8>>,
}

fn secret_place<'a>(bank: &'a BankId, id: &'a str) -> Place<'a> {
    Place { table: "bank_endpoint", column: "secret", row: id, bank }
}

/// Where a bank sends its events now.
pub fn endpoint(tx: &mut Tx, bank: &BankId) -> Result<Option<Endpoint>, DbError> {
    let row = tx
        .row("SELECT id, url, secret, kek FROM bank_endpoint WHERE bank = $1", &[Arg::Text(bank.as_str())])?;
    let Some(row) = row else { return Ok(None) };
    let (id, url) = (row.text(0, "endpoint")?.to_owned(), row.text(1, "address of an endpoint")?.to_owned());
    let kek = keks::find(tx, row.text(3, "name of a key")?)?;
    let place = secret_place(bank, &id);
    let Some(secret) = kek.open_at(&place, row.blob(2, "secret of an endpoint")?) else {
        return Err(tx.fail(place.unsealable().into()));
    };
    Ok(Some(Endpoint { id, url, secret: Zeroizing::new(secret) }))
}

/// Puts an endpoint in the place of the one that the caller saw. False if somebody else was faster; nothing was done.
pub fn put_endpoint(
    tx: &mut Tx,
    bank: &BankId,
    new: &Endpoint,
    seen: Option<&str>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let kek = keks::current(tx)?;
    let sealed = kek.seal_at(&secret_place(bank, &new.id), &new.secret);
    let (bank, now) = (Arg::Text(bank.as_str()), Arg::Int(micros(now)));
    let (id, url, secret) = (Arg::Text(&new.id), Arg::Text(&new.url), Arg::Blob(&sealed));
    let key = Arg::Text(kek.id().as_str());
    let put = match seen {
        None => tx.change(
            "INSERT INTO bank_endpoint(bank, id, url, secret, kek, made_at) VALUES($1, $2, $3, $4, $5, $6) \
             ON CONFLICT DO NOTHING",
            &[bank, id, url, secret, key, now],
        )?,
        Some(seen) => tx.change(
            "UPDATE bank_endpoint SET id = $2, url = $3, secret = $4, kek = $5, made_at = $6 \
             WHERE bank = $1 AND id = $7",
            &[bank, id, url, secret, key, now, Arg::Text(seen)],
        )?,
    };
    Ok(put == 1)
}

/// Seals the secrets of endpoints under the key in use. Gives how many there were to seal.
pub(crate) fn rewrap(tx: &mut Tx) -> Result<u32, DbError> {
    let to = keks::current(tx)?;
    let rows = tx.rows(
        "SELECT bank, id, secret, kek FROM bank_endpoint WHERE kek <> $1",
        &[Arg::Text(to.id().as_str())],
    )?;
    for row in &rows {
        let (bank, id): (BankId, &str) = (row.parse(0, "bank")?, row.text(1, "endpoint")?);
        let from = keks::find(tx, row.text(3, "name of a key")?)?;
        let place = secret_place(&bank, id);
        let Some(secret) = from.open_at(&place, row.blob(2, "secret of an endpoint")?).map(Zeroizing::new)
        else {
            return Err(tx.fail(place.unsealable().into()));
        };
        tx.change(
            "UPDATE bank_endpoint SET secret = $3, kek = $4 WHERE bank = $1 AND id = $2 AND kek = $5",
            &[
                Arg::Text(bank.as_str()),
                Arg::Text(id),
                Arg::Blob(&to.seal_at(&place, &secret)),
                Arg::Text(to.id().as_str()),
                Arg::Text(row.text(3, "name of a key")?),
            ],
        )?;
    }
    Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
}

/// Whose event it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The customer.
    pub customer: CustomerId,
    /// Their conversation.
    pub conversation: ConversationId,
    /// The consent that the event names.
    pub consent: ConsentId,
}

/// Whose consent a bank names by its own id, if it is given or paused.
pub fn owner(tx: &mut Tx, bank: &BankId, at_bank: &[u8; 32]) -> Result<Option<Owner>, DbError> {
    let rows = tx.rows(
        "SELECT customer, conversation, id FROM consent WHERE bank = $1 AND at_bank = $2 \
         AND state IN ('given', 'paused') ORDER BY made_at DESC, id DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Blob(at_bank)],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Owner {
        customer: row.parse(0, "customer")?,
        conversation: row.parse(1, "conversation")?,
        consent: row.parse(2, "consent")?,
    }))
}

/// An event that has come.
pub struct NewEvent<'a> {
    /// The bank.
    pub bank: &'a BankId,
    /// The bank's id of the message, which is the same when it is sent again.
    pub id: &'a str,
    /// Whose it is.
    pub owner: &'a Owner,
    /// What it says: ids, and no more. It is sealed.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// An event that a worker has claimed. Has no `Debug`: the body is not for printing.
#[derive(Clone)]
pub struct Claimed {
    /// The bank's id of the message.
    pub id: String,
    /// The bank.
    pub bank: BankId,
    /// Whose it is.
    pub owner: Owner,
    /// When it came.
    pub received_at: Timestamp,
    /// How often it was taken up, this time included.
    pub attempts: u32,
    /// What it says.
    pub body: Vec<u8>,
    /// Who claimed it.
    pub worker: String,
}

fn place<'a>(bank: &'a BankId, id: &'a str) -> Place<'a> {
    Place { table: "bank_event", column: "body", row: id, bank }
}

/// Stores an event, once per id. False if it was there.
pub fn receive(tx: &mut Tx, new: &NewEvent) -> Result<bool, DbError> {
    let sealed = tx.seal(&new.owner.customer, &place(new.bank, new.id), new.body)?;
    let stored = tx.change(
        "INSERT INTO bank_event(bank, customer, id, conversation, consent, state, received_at, next_try, attempts, \
         lease_until, body) VALUES($1, $2, $3, $4, $5, 'due', $6, $6, 0, 0, $7) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.owner.customer.as_str()),
            Arg::Text(new.id),
            Arg::Text(new.owner.conversation.as_str()),
            Arg::Text(new.owner.consent.as_str()),
            Arg::Int(micros(new.now)),
            Arg::Blob(&sealed),
        ],
    )?;
    if stored == 1 {
        tx.ring(Ring::BankEvents);
    }
    Ok(stored == 1)
}

/// Leases up to `limit` events whose time has come, those of one conversation next to each other, the oldest first. A
/// lease that is over is taken. What nobody can open, because its customer has no key, is passed over.
pub fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Claimed>, DbError> {
    let rows = tx.rows(
        "WITH c AS MATERIALIZED (SELECT bank, id FROM bank_event \
           WHERE state = 'due' AND next_try <= $1 AND lease_until <= $1 \
           AND EXISTS (SELECT 1 FROM customer_key k \
             WHERE k.bank = bank_event.bank AND k.customer = bank_event.customer) \
           ORDER BY next_try, received_at LIMIT $4 \
           /*pg: FOR UPDATE SKIP LOCKED*/) \
         UPDATE bank_event SET lease_until = $2, lease_by = $3, attempts = attempts + 1 \
         WHERE (bank, id) IN (SELECT bank, id FROM c) \
         RETURNING bank, id, customer, conversation, consent, received_at, attempts, body",
        &[Arg::Int(micros(now)), Arg::Int(micros(lease_until)), Arg::Text(worker), Arg::Int(limit.into())],
    )?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let (bank, id): (BankId, String) = (row.parse(0, "bank")?, row.text(1, "event")?.to_owned());
        let customer: CustomerId = row.parse(2, "customer")?;
        let body = tx.unseal(&customer, &place(&bank, &id), row.blob(7, "event")?)?;
        let owner = Owner {
            customer,
            conversation: row.parse(3, "conversation")?,
            consent: row.parse(4, "consent")?,
        };
        claimed.push(Claimed {
            id,
            bank,
            owner,
            received_at: row.time(5, "time of an event")?,
            attempts: u32::try_from(row.count(6, "attempts")?).unwrap_or(u32::MAX),
            body,
            worker: worker.to_owned(),
        });
    }
    claimed.sort_by(|a, b| {
        let key = |c: &Claimed| (c.bank.clone(), c.owner.conversation.clone(), c.received_at, c.id.clone());
        key(a).cmp(&key(b))
    });
    Ok(claimed)
}

/// It was told, or there was nothing to tell: its body goes. False if the lease was lost; nothing was done.
pub fn done(tx: &mut Tx, claimed: &Claimed) -> Result<bool, DbError> {
    let ended = tx.change(
        "UPDATE bank_event SET state = 'done', body = NULL, lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND id = $2 AND state = 'due' AND lease_by = $3 AND attempts = $4",
        &[
            Arg::Text(claimed.bank.as_str()),
            Arg::Text(&claimed.id),
            Arg::Text(&claimed.worker),
            Arg::Int(claimed.attempts.into()),
        ],
    )?;
    Ok(ended == 1)
}

/// It is to be taken up later. If that is not for a failure, this time does not count. False if the lease was lost;
/// nothing was done.
pub fn later(tx: &mut Tx, claimed: &Claimed, at: Timestamp, failed: bool) -> Result<bool, DbError> {
    let put_off = tx.change(
        "UPDATE bank_event SET next_try = $5, attempts = $6, lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND id = $2 AND state = 'due' AND lease_by = $3 AND attempts = $4",
        &[
            Arg::Text(claimed.bank.as_str()),
            Arg::Text(&claimed.id),
            Arg::Text(&claimed.worker),
            Arg::Int(claimed.attempts.into()),
            Arg::Int(micros(at)),
            Arg::Int(claimed.attempts.saturating_sub(u32::from(!failed)).into()),
        ],
    )?;
    Ok(put_off == 1)
}

/// Has all that waits in a conversation looked at now, because the hours at which it may be told have changed.
pub fn hurry(tx: &mut Tx, of: &Conversation, now: Timestamp) -> Result<(), DbError> {
    let [bank, customer, id] = of.key();
    tx.change(
        "UPDATE bank_event SET next_try = $4 WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state = 'due' AND next_try > $4",
        &[bank, customer, id, Arg::Int(micros(now))],
    )?;
    tx.ring(Ring::BankEvents);
    Ok(())
}

/// How many events wait in a conversation.
pub fn waiting(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<u64, DbError> {
    let row = tx.row(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM bank_event WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state = 'due'",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.map_or(Ok(0), |row| row.count(0, "count of events"))
}

/// Forgets events that came before a time and are done.
pub fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.change("DELETE FROM bank_event WHERE received_at < $1 AND state = 'done'", &[Arg::Int(micros(before))])
}

/// The conversation of an event.
pub fn room(tx: &mut Tx, bank: &BankId, owner: &Owner) -> Result<Option<Conversation>, DbError> {
    conversations::find(tx, bank, &owner.customer, &owner.conversation)
}
