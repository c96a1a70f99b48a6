//! Who writes on a messenger, and which conversation that is. The sender is a keyed hash, so that the table
//! names nobody.

use crate::{
    DbError, Tx,
    conversations::{self, Conversation, NewConversation},
    customers,
    value::{Arg, micros},
};
use domain::BankId;

/// The conversation of a sender at a bank.
pub fn conversation(tx: &mut Tx, bank: &BankId, sender: &[u8; 32]) -> Result<Option<Conversation>, DbError> {
    let row = tx.row(
        "SELECT c.bank, c.customer, c.id, c.channel, c.begun_at, c.last_seq FROM sender s \
         JOIN conversation c ON c.bank = s.bank AND c.customer = s.customer AND c.id = s.conversation \
         WHERE s.bank = $1 AND s.sender = $2",
        &[Arg::Text(bank.as_str()), Arg::Blob(sender)],
    )?;
    row.as_ref().map(conversations::read).transpose()
}

/// Begins the conversation of a sender, its customer included; `new.session` is the sender. If two first
/// messages come at once, one of them begins it and both get that one.
pub fn begin(tx: &mut Tx, new: &NewConversation) -> Result<Conversation, DbError> {
    if let Some(found) = conversation(tx, &new.bank, &new.session)? {
        return Ok(found);
    }
    let first = tx.change(
        "INSERT INTO sender(bank, sender, customer, conversation, begun_at) VALUES($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Blob(&new.session),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.conversation.as_str()),
            Arg::Int(micros(new.now)),
        ],
    )?;
    if first == 1 {
        customers::begin(tx, &new.bank, &new.customer, new.now)?;
        conversations::begin(tx, new)?;
    }
    match conversation(tx, &new.bank, &new.session)? {
        Some(found) => Ok(found),
        None => Err(tx.fail(DbError::Again)),
    }
}
