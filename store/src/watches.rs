//! What customers asked to be told of: their watches, the hours at which they want to be told, and what each watch has
//! told already. What a watch says is sealed.

use crate::{
    DbError, Tx,
    conversations::Conversation,
    seal::Place,
    value::{Arg, micros},
};
use domain::{BankId, ConversationId, CustomerId};
use jiff::Timestamp;

/// A watch as it is stored. Has no `Debug`: the body is not for printing.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the conversation, from 1. No two watches of a conversation ever have the same.
    pub number: u32,
    /// How often it was changed. A change names the version that it saw.
    pub version: u32,
    /// When it was set.
    pub made_at: Timestamp,
    /// What it says.
    pub body: Vec<u8>,
}

/// The name of a row: conversation and number.
fn name(conversation: &ConversationId, number: u32) -> String {
    format!("{conversation}/{number}")
}

fn place<'a>(bank: &'a BankId, row: &'a str) -> Place<'a> {
    Place { table: "watch", column: "body", row, bank }
}

fn hours_place<'a>(bank: &'a BankId, conversation: &'a ConversationId) -> Place<'a> {
    Place { table: "watch_hours", column: "body", row: conversation.as_str(), bank }
}

/// The watches of a conversation, by number.
pub fn of(tx: &mut Tx, of: &Conversation) -> Result<Vec<Stored>, DbError> {
    let rows = tx.rows(
        "SELECT number, version, made_at, body FROM watch WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         ORDER BY number",
        &of.key(),
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let number = small(row.count(0, "number of a watch")?)?;
        let name = name(&of.id, number);
        found.push(Stored {
            number,
            version: small(row.count(1, "version of a watch")?)?,
            made_at: row.time(2, "time of a watch")?,
            body: tx.unseal(&of.customer, &place(&of.bank, &name), row.blob(3, "watch")?)?,
        });
    }
    Ok(found)
}

/// Whether a conversation has any watch. Opens nothing.
pub fn any(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<bool, DbError> {
    let rows = tx.rows(
        "SELECT 1 FROM watch WHERE bank = $1 AND customer = $2 AND conversation = $3 LIMIT 1",
        &whose(bank, customer, conversation),
    )?;
    Ok(!rows.is_empty())
}

fn whose<'a>(bank: &'a BankId, customer: &'a CustomerId, conversation: &'a ConversationId) -> [Arg<'a>; 3] {
    [Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())]
}

/// Stores a watch under the next number, and gives that. None if the conversation has `most` already.
pub fn add(
    tx: &mut Tx,
    of: &Conversation,
    body: &[u8],
    most: u32,
    now: Timestamp,
) -> Result<Option<u32>, DbError> {
    let [bank, customer, id] = of.key();
    let row = tx.row(
        "INSERT INTO watch_hours(bank, customer, conversation, next_number) VALUES($1, $2, $3, 2) \
         ON CONFLICT(bank, customer, conversation) DO UPDATE SET next_number = watch_hours.next_number + 1 \
         RETURNING next_number",
        &[bank, customer, id],
    )?;
    let next = row.map_or(Ok(2), |row| row.count(0, "number of a watch"))?;
    let number = small(next.saturating_sub(1))?;
    let row_name = name(&of.id, number);
    let sealed = tx.seal(&of.customer, &place(&of.bank, &row_name), body)?;
    let added = tx.change(
        "INSERT INTO watch(bank, customer, conversation, number, version, made_at, body) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), 0, CAST($5 AS BIGINT), \
         $6 /*pg: ::bytea*/ WHERE (SELECT COUNT(*) FROM watch w WHERE w.bank = $1 AND w.customer = $2 \
         AND w.conversation = $3) < $7",
        &[
            bank,
            customer,
            id,
            Arg::Int(number.into()),
            Arg::Int(micros(now)),
            Arg::Blob(&sealed),
            Arg::Int(most.into()),
        ],
    )?;
    Ok((added == 1).then_some(number))
}

/// Changes what a watch says, if it is as the caller saw it. False if it was changed or removed meanwhile.
pub fn change(tx: &mut Tx, of: &Conversation, seen: &Stored, body: &[u8]) -> Result<bool, DbError> {
    let row_name = name(&of.id, seen.number);
    let sealed = tx.seal(&of.customer, &place(&of.bank, &row_name), body)?;
    let [bank, customer, id] = of.key();
    let changed = tx.change(
        "UPDATE watch SET body = $6, version = version + 1 \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND number = $4 AND version = $5",
        &[
            bank,
            customer,
            id,
            Arg::Int(seen.number.into()),
            Arg::Int(seen.version.into()),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(changed == 1)
}

/// Removes a watch. False if there is none of this number.
pub fn remove(tx: &mut Tx, of: &Conversation, number: u32) -> Result<bool, DbError> {
    let [bank, customer, id] = of.key();
    let key = [bank, customer, id, Arg::Int(number.into())];
    tx.change(
        "DELETE FROM watch_told WHERE bank = $1 AND customer = $2 AND conversation = $3 AND number = $4",
        &key,
    )?;
    let removed = tx.change(
        "DELETE FROM watch WHERE bank = $1 AND customer = $2 AND conversation = $3 AND number = $4",
        &key,
    )?;
    Ok(removed == 1)
}

/// Forgets all that serves the watches of a conversation, and what the bank has sent for them.
pub fn forget(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<(), DbError> {
    let key = whose(bank, customer, conversation);
    for statement in [
        "DELETE FROM watch WHERE bank = $1 AND customer = $2 AND conversation = $3",
        "DELETE FROM watch_told WHERE bank = $1 AND customer = $2 AND conversation = $3",
        "DELETE FROM watch_hours WHERE bank = $1 AND customer = $2 AND conversation = $3",
        "UPDATE bank_event SET state = 'done', body = NULL WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state = 'due'",
    ] {
        tx.change(statement, &key)?;
    }
    Ok(())
}

/// When the watches of a conversation may tell. None if that was never said.
pub fn hours(tx: &mut Tx, of: &Conversation) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx.row(
        "SELECT body FROM watch_hours WHERE bank = $1 AND customer = $2 AND conversation = $3",
        &of.key(),
    )?;
    let Some(row) = row else { return Ok(None) };
    match row.maybe_blob(0, "hours of watches")? {
        None => Ok(None),
        Some(sealed) => tx.unseal(&of.customer, &hours_place(&of.bank, &of.id), sealed).map(Some),
    }
}

/// Sets when the watches of a conversation may tell.
pub fn set_hours(tx: &mut Tx, of: &Conversation, body: &[u8]) -> Result<(), DbError> {
    let sealed = tx.seal(&of.customer, &hours_place(&of.bank, &of.id), body)?;
    let [bank, customer, id] = of.key();
    tx.change_one(
        "INSERT INTO watch_hours(bank, customer, conversation, next_number, body) VALUES($1, $2, $3, 1, $4) \
         ON CONFLICT(bank, customer, conversation) DO UPDATE SET body = excluded.body",
        &[bank, customer, id, Arg::Blob(&sealed)],
    )
}

/// Notes that a watch tells of something. False if it did before, or the watch is gone: then nothing is to be told. What
/// comes again and again is remembered from its last time on.
pub fn tell_once(
    tx: &mut Tx,
    of: &Conversation,
    number: u32,
    what: &[u8; 32],
    now: Timestamp,
) -> Result<bool, DbError> {
    let [bank, customer, id] = of.key();
    let key = [bank, customer, id, Arg::Int(number.into()), Arg::Blob(what), Arg::Int(micros(now))];
    let before = tx.change(
        "UPDATE watch_told SET at = $6 WHERE bank = $1 AND customer = $2 AND conversation = $3 AND number = $4 \
         AND what = $5",
        &key,
    )?;
    if before == 1 {
        return Ok(false);
    }
    let told = tx.change(
        "INSERT INTO watch_told(bank, customer, conversation, number, what, at) \
         SELECT w.bank, w.customer, w.conversation, w.number, $5 /*pg: ::bytea*/, CAST($6 AS BIGINT) FROM watch w \
         WHERE w.bank = $1 AND w.customer = $2 AND w.conversation = $3 AND w.number = $4 ON CONFLICT DO NOTHING",
        &key,
    )?;
    Ok(told == 1)
}

/// Forgets what was told before a time.
pub fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.change("DELETE FROM watch_told WHERE at < $1", &[Arg::Int(micros(before))])
}

fn small(number: u64) -> Result<u32, DbError> {
    u32::try_from(number).map_err(|_| DbError::Unreadable { what: "number of a watch" })
}
