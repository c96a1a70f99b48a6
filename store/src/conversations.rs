//! Conversations: who talks to which bank, where, and what the bot remembers of it.

use crate::{
    DbError, Tx, customers,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{BankId, Channel, ConversationId, CustomerId};
use jiff::Timestamp;

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The bank that talks.
    pub bank: BankId,
    /// The customer who talks.
    pub customer: CustomerId,
    /// Where.
    pub channel: Channel,
    /// When it began.
    pub begun_at: Timestamp,
    /// The number of the last message, in either direction; 0 before the first.
    pub last_seq: u64,
}

/// A conversation that begins.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// The bank.
    pub bank: BankId,
    /// The customer, who was begun before.
    pub customer: CustomerId,
    /// The id.
    pub conversation: ConversationId,
    /// Where it takes place.
    pub channel: Channel,
    /// SHA-256 of the session's secret (web), or of what the messenger knows the customer by. The secret
    /// itself is never stored.
    pub session: [u8; 32],
    /// When it begins.
    pub now: Timestamp,
}

/// Begins a conversation. False if there is one of this id.
pub fn begin(tx: &mut Tx, new: &NewConversation) -> Result<bool, DbError> {
    let bucket = customers::bucket(&new.bank, &new.customer);
    let inserted = tx.change(
        "INSERT INTO conversation(bank, customer, id, bucket, channel, session, begun_at, \
         last_seq, received, handled, lease_until, attempts) \
         VALUES($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.conversation.as_str()),
            Arg::Int(bucket.into()),
            Arg::Text(new.channel.as_str()),
            Arg::Blob(&new.session),
            Arg::Int(micros(new.now)),
        ],
    )?;
    Ok(inserted == 1)
}

/// The conversation of a session at a bank.
pub fn by_session(tx: &mut Tx, bank: &BankId, session: &[u8; 32]) -> Result<Option<Conversation>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, channel, begun_at, last_seq FROM conversation \
         WHERE bank = $1 AND session = $2",
        &[Arg::Text(bank.as_str()), Arg::Blob(session)],
    )?;
    row.as_ref().map(read).transpose()
}

/// The conversation of an id, if it is this customer's.
pub fn find(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &ConversationId,
) -> Result<Option<Conversation>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, channel, begun_at, last_seq FROM conversation \
         WHERE bank = $1 AND customer = $2 AND id = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// Reads bank, customer, id, channel, begin and last number.
pub(crate) fn read(row: &Row) -> Result<Conversation, DbError> {
    Ok(Conversation {
        bank: row.parse(0, "bank")?,
        customer: row.parse(1, "customer")?,
        id: row.parse(2, "conversation")?,
        channel: row.parse(3, "channel")?,
        begun_at: row.time(4, "begin of a conversation")?,
        last_seq: row.count(5, "number of a message")?,
    })
}

impl Conversation {
    pub(crate) fn key(&self) -> [Arg<'_>; 3] {
        [Arg::Text(self.bank.as_str()), Arg::Text(self.customer.as_str()), Arg::Text(self.id.as_str())]
    }

    fn context_place(&self) -> Place<'_> {
        Place { table: "conversation", column: "context", row: self.id.as_str(), bank: &self.bank }
    }
}

/// What the bot remembers of the conversation (the question it asked last, say), unsealed. None before
/// anything was remembered.
pub fn context(tx: &mut Tx, conversation: &Conversation) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx.row(
        "SELECT context FROM conversation WHERE bank = $1 AND customer = $2 AND id = $3",
        &conversation.key(),
    )?;
    let Some(row) = row else { return Ok(None) };
    match row.maybe_blob(0, "context of a conversation")? {
        None => Ok(None),
        Some(sealed) => unseal_context(tx, conversation, sealed).map(Some),
    }
}

pub(crate) fn unseal_context(tx: &mut Tx, of: &Conversation, sealed: &[u8]) -> Result<Vec<u8>, DbError> {
    tx.unseal(&of.customer, &of.context_place(), sealed)
}

pub(crate) fn seal_context(tx: &mut Tx, of: &Conversation, context: &[u8]) -> Result<Vec<u8>, DbError> {
    tx.seal(&of.customer, &of.context_place(), context)
}

/// Remembers something else, sealed.
pub fn set_context(tx: &mut Tx, conversation: &Conversation, context: &[u8]) -> Result<(), DbError> {
    let sealed = seal_context(tx, conversation, context)?;
    let [bank, customer, id] = conversation.key();
    tx.change_one(
        "UPDATE conversation SET context = $4 WHERE bank = $1 AND customer = $2 AND id = $3",
        &[bank, customer, id, Arg::Blob(&sealed)],
    )
}
