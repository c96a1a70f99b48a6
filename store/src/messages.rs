//! Messages of a conversation, both ways, and the claim by which one worker at a time handles them.
//!
//! The lease is on the conversation, not on a message: so one conversation is handled strictly in order,
//! whatever commits late, and different ones in parallel.

use crate::{
    DbError, Tx,
    conversations::{self, Conversation},
    seal::Place,
    value::{Arg, Row, micros},
    wake::Ring,
};
use domain::{BankId, CustomerId, MessageId};
use jiff::Timestamp;

/// What a customer wrote, as it is to be stored.
pub struct Inbound<'a> {
    /// Where it was written.
    pub conversation: &'a Conversation,
    /// The id that it gets if it is new.
    pub id: MessageId,
    /// What the sender calls it: the same key is the same message.
    pub key: &'a str,
    /// The text, redacted.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// What became of a message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was new.
    Stored {
        /// Its number in the conversation.
        seq: u64,
    },
    /// It had come before; nothing was done.
    Repeated {
        /// Its number in the conversation.
        seq: u64,
    },
}

/// A message to a customer.
#[derive(Clone)]
pub struct NewReply {
    /// Its id.
    pub id: MessageId,
    /// What it says.
    pub body: Vec<u8>,
}

/// A message as it is stored, unsealed. Has no `Debug`, so that it cannot be printed by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number in the conversation, from 1, both directions together.
    pub seq: u64,
    /// Its id.
    pub id: MessageId,
    /// Whether the customer wrote it.
    pub from_customer: bool,
    /// When it was stored.
    pub at: Timestamp,
    /// What it says.
    pub body: Vec<u8>,
    /// Whether it was handled. Replies are handled from the start.
    pub handled: bool,
}

/// A message that a worker has claimed, with its conversation. Has no `Debug`.
#[derive(Clone)]
pub struct Claimed {
    /// The conversation, leased to the worker.
    pub conversation: Conversation,
    /// The oldest of its messages that are not handled.
    pub message: Message,
    /// Who claimed it.
    pub worker: String,
    /// Until when.
    pub lease_until: Timestamp,
    /// How often it was claimed, this time included. More than 1: an earlier worker did not finish.
    pub attempt: u32,
    /// How many messages of the conversation were handled before it. With `attempt` it tells this claim from
    /// every other, whatever the workers are called and whatever their clocks say.
    handled_before: u64,
    /// What the bot remembers of the conversation, unsealed.
    pub context: Option<Vec<u8>>,
}

/// How the handling of a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It is handled, and the replies are stored.
    Done {
        /// The numbers of the replies, in their order.
        seqs: Vec<u64>,
    },
    /// Another worker has the conversation by now; nothing was done.
    LeaseLost,
}

fn place<'a>(bank: &'a BankId, id: &'a MessageId) -> Place<'a> {
    Place { table: "message", column: "body", row: id.as_str(), bank }
}

/// Stores what a customer wrote, once per key, and makes the conversation ready for a worker.
pub fn receive(tx: &mut Tx, inbound: &Inbound) -> Result<Received, DbError> {
    let Inbound { conversation, id, key, body, now } = inbound;
    let [bank, customer, thread] = conversation.key();
    let next = tx.row(
        "UPDATE conversation SET last_seq = last_seq + 1, received = received + 1, \
         ready_at = coalesce(ready_at, $5) \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND NOT EXISTS (SELECT 1 FROM message m \
           WHERE m.bank = $1 AND m.customer = $2 AND m.conversation = $3 AND m.from_customer = 1 \
           AND m.idempotency = $4) \
         RETURNING last_seq",
        &[bank, customer, thread, Arg::Text(key), Arg::Int(micros(*now))],
    )?;
    let Some(next) = next else { return repeated(tx, conversation, true, key) };
    let seq = next.count(0, "number of a message")?;
    let sealed = tx.seal(&conversation.customer, &place(&conversation.bank, id), body)?;
    let row = NewRow { id, key, from_customer: true, seq, at: *now, sealed: &sealed };
    insert(tx, conversation, &row)?;
    tx.ring(Ring::Inbound);
    tx.ring(Ring::Messages(conversation.id.clone()));
    Ok(Received::Stored { seq })
}

fn repeated(tx: &mut Tx, c: &Conversation, from_customer: bool, key: &str) -> Result<Received, DbError> {
    let [bank, customer, thread] = c.key();
    let sql = "SELECT seq FROM message WHERE bank = $1 AND customer = $2 AND conversation = $3 \
               AND from_customer = $4 AND idempotency = $5";
    let row = tx.row(sql, &[bank, customer, thread, Arg::Int(from_customer.into()), Arg::Text(key)])?;
    match row {
        Some(row) => Ok(Received::Repeated { seq: row.count(0, "number of a message")? }),
        None => Err(tx.fail(DbError::Rows { what: "conversation of a message", found: 0, wanted: 1 })),
    }
}

struct NewRow<'a> {
    id: &'a MessageId,
    key: &'a str,
    from_customer: bool,
    seq: u64,
    at: Timestamp,
    sealed: &'a [u8],
}

fn insert(tx: &mut Tx, conversation: &Conversation, new: &NewRow) -> Result<(), DbError> {
    let [bank, customer, thread] = conversation.key();
    let inserted = tx.change(
        "INSERT INTO message(bank, customer, conversation, seq, id, idempotency, from_customer, handled, at, body) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        &[
            bank,
            customer,
            thread,
            Arg::Int(new.seq as i64),
            Arg::Text(new.id.as_str()),
            Arg::Text(new.key),
            Arg::Int(new.from_customer.into()),
            Arg::Int((!new.from_customer).into()),
            Arg::Int(micros(new.at)),
            Arg::Blob(new.sealed),
        ],
    )?;
    // The same key was committed by another transaction after this one had looked, while it waited for the
    // conversation. Looked at again, it is a repetition.
    if inserted == 1 { Ok(()) } else { Err(tx.fail(DbError::Again)) }
}

/// Leases up to `limit` conversations that have messages to handle, those that wait longest first, and gives
/// the oldest message of each. A lease that is over is taken from its worker. Conversations that nobody can open,
/// because their customer has no key, are passed over.
pub fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Claimed>, DbError> {
    let leased = tx.rows(
        "WITH c AS MATERIALIZED (SELECT bank, customer, id FROM conversation \
           WHERE ready_at IS NOT NULL AND lease_until <= $1 \
           AND EXISTS (SELECT 1 FROM customer_key k \
             WHERE k.bank = conversation.bank AND k.customer = conversation.customer) \
           ORDER BY ready_at LIMIT $4 \
           /*pg: FOR UPDATE SKIP LOCKED*/) \
         UPDATE conversation SET lease_until = $2, lease_by = $3, attempts = attempts + 1 \
         WHERE (bank, customer, id) IN (SELECT bank, customer, id FROM c) \
         RETURNING bank, customer, id, channel, begun_at, last_seq, attempts, handled, ready_at, context",
        &[Arg::Int(micros(now)), Arg::Int(micros(lease_until)), Arg::Text(worker), Arg::Int(limit.into())],
    )?;
    let mut claimed = Vec::with_capacity(leased.len());
    for row in &leased {
        let conversation = conversations::read(row)?;
        let attempt = u32::try_from(row.count(6, "attempts")?).unwrap_or(u32::MAX);
        let handled_before = row.count(7, "count of messages")?;
        let ready_at = row.int(8, "time of arrival")?;
        let sealed = row.maybe_blob(9, "context of a conversation")?;
        let context =
            sealed.map(|sealed| conversations::unseal_context(tx, &conversation, sealed)).transpose()?;
        let (message, worker) = (oldest(tx, &conversation)?, worker.to_owned());
        claimed.push((
            ready_at,
            Claimed { conversation, message, worker, lease_until, attempt, handled_before, context },
        ));
    }
    claimed.sort_by_key(|(ready_at, _)| *ready_at);
    Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
}

fn oldest(tx: &mut Tx, conversation: &Conversation) -> Result<Message, DbError> {
    let row = tx.row(
        "SELECT seq, id, from_customer, at, handled, body FROM message \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND handled = 0 ORDER BY seq LIMIT 1",
        &conversation.key(),
    )?;
    match row {
        Some(row) => read(tx, &conversation.bank, &conversation.customer, &row),
        None => Err(tx.fail(DbError::Rows { what: "message of a ready conversation", found: 0, wanted: 1 })),
    }
}

/// Ends a claim: the message is handled, its replies are stored, what is to be remembered too (none: as before), the
/// lease is given back. A conversation with more to handle goes to the end of the line, so that one that is busy keeps nobody waiting.
pub fn finish(
    tx: &mut Tx,
    claimed: &Claimed,
    replies: &[NewReply],
    context: Option<&[u8]>,
    now: Timestamp,
) -> Result<Finish, DbError> {
    let conversation = &claimed.conversation;
    let sealed = context.map(|context| conversations::seal_context(tx, conversation, context)).transpose()?;
    let [bank, customer, thread] = conversation.key();
    let row = tx.row(
        "UPDATE conversation SET handled = handled + 1, last_seq = last_seq + $7, lease_until = 0, \
         lease_by = NULL, attempts = 0, ready_at = CASE WHEN handled + 1 < received THEN CAST($8 AS BIGINT) END, \
         context = coalesce($9, context) \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND lease_by = $4 AND attempts = $5 AND handled = $6 \
         RETURNING last_seq",
        &[
            bank,
            customer,
            thread,
            Arg::Text(&claimed.worker),
            Arg::Int(claimed.attempt.into()),
            Arg::Int(claimed.handled_before as i64),
            Arg::Int(replies.len() as i64),
            Arg::Int(micros(now)),
            sealed.as_deref().map_or(Arg::Null, Arg::Blob),
        ],
    )?;
    let Some(row) = row else { return Ok(Finish::LeaseLost) };
    let first = row.count(0, "number of a message")? + 1 - replies.len() as u64;
    tx.change_one(
        "UPDATE message SET handled = 1 \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND seq = $4 AND handled = 0",
        &[bank, customer, thread, Arg::Int(claimed.message.seq as i64)],
    )?;
    let mut seqs = Vec::with_capacity(replies.len());
    for (reply, seq) in replies.iter().zip(first..) {
        let sealed = tx.seal(&conversation.customer, &place(&conversation.bank, &reply.id), &reply.body)?;
        let key = reply.id.as_str();
        insert(
            tx,
            conversation,
            &NewRow { id: &reply.id, key, from_customer: false, seq, at: now, sealed: &sealed },
        )?;
        seqs.push(seq);
    }
    tx.ring(Ring::Messages(conversation.id.clone()));
    Ok(Finish::Done { seqs })
}

/// Gives a claim back unfinished: the message may be claimed again from `not_before` on. False if another
/// worker has it by now.
pub fn release(tx: &mut Tx, claimed: &Claimed, not_before: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, thread] = claimed.conversation.key();
    let released = tx.change(
        "UPDATE conversation SET lease_until = $7, lease_by = NULL \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND lease_by = $4 AND attempts = $5 AND handled = $6",
        &[
            bank,
            customer,
            thread,
            Arg::Text(&claimed.worker),
            Arg::Int(claimed.attempt.into()),
            Arg::Int(claimed.handled_before as i64),
            Arg::Int(micros(not_before)),
        ],
    )?;
    Ok(released == 1)
}

/// Says something to the customer that answers no message. Once per id; the number in the conversation.
pub fn say(
    tx: &mut Tx,
    conversation: &Conversation,
    reply: &NewReply,
    now: Timestamp,
) -> Result<u64, DbError> {
    let [bank, customer, thread] = conversation.key();
    let next = tx.row(
        "UPDATE conversation SET last_seq = last_seq + 1 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND NOT EXISTS (SELECT 1 FROM message m \
           WHERE m.bank = $1 AND m.customer = $2 AND m.conversation = $3 AND m.from_customer = 0 \
           AND m.idempotency = $4) \
         RETURNING last_seq",
        &[bank, customer, thread, Arg::Text(reply.id.as_str())],
    )?;
    let Some(next) = next else {
        let (Received::Repeated { seq } | Received::Stored { seq }) =
            repeated(tx, conversation, false, reply.id.as_str())?;
        return Ok(seq);
    };
    let seq = next.count(0, "number of a message")?;
    let sealed = tx.seal(&conversation.customer, &place(&conversation.bank, &reply.id), &reply.body)?;
    let key = reply.id.as_str();
    insert(
        tx,
        conversation,
        &NewRow { id: &reply.id, key, from_customer: false, seq, at: now, sealed: &sealed },
    )?;
    tx.ring(Ring::Messages(conversation.id.clone()));
    Ok(seq)
}

/// The messages after a number, oldest first.
pub fn after(
    tx: &mut Tx,
    conversation: &Conversation,
    seq: u64,
    limit: u32,
) -> Result<Vec<Message>, DbError> {
    let [bank, customer, thread] = conversation.key();
    let rows = tx.rows(
        "SELECT seq, id, from_customer, at, handled, body FROM message \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND seq > $4 ORDER BY seq LIMIT $5",
        &[bank, customer, thread, number(seq), Arg::Int(limit.into())],
    )?;
    rows.iter().map(|row| read(tx, &conversation.bank, &conversation.customer, row)).collect()
}

/// The messages before a number, oldest first; those nearest to it.
pub fn before(
    tx: &mut Tx,
    conversation: &Conversation,
    seq: u64,
    limit: u32,
) -> Result<Vec<Message>, DbError> {
    let [bank, customer, thread] = conversation.key();
    let rows = tx.rows(
        "SELECT seq, id, from_customer, at, handled, body FROM message \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND seq < $4 ORDER BY seq DESC LIMIT $5",
        &[bank, customer, thread, number(seq), Arg::Int(limit.into())],
    )?;
    rows.iter().rev().map(|row| read(tx, &conversation.bank, &conversation.customer, row)).collect()
}

/// A number from outside; one that is too large is after everything.
fn number(seq: u64) -> Arg<'static> {
    Arg::Int(i64::try_from(seq).unwrap_or(i64::MAX))
}

fn read(tx: &mut Tx, bank: &BankId, customer: &CustomerId, row: &Row) -> Result<Message, DbError> {
    let id: MessageId = row.parse(1, "message")?;
    let body = tx.unseal(customer, &place(bank, &id), row.blob(5, "body of a message")?)?;
    Ok(Message {
        seq: row.count(0, "number of a message")?,
        from_customer: row.int(2, "direction of a message")? == 1,
        at: row.time(3, "time of a message")?,
        handled: row.int(4, "handling of a message")? == 1,
        id,
        body,
    })
}
