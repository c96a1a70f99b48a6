//! Attempts to link a conversation to a bank. Each step happens once: it is a guarded change of the state,
//! and whoever comes second is told what they found.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{BankId, ConsentId, ConversationId, CustomerId, LinkId};
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// The link stands in the conversation.
    Offered,
    /// A browser has opened it and is bound to it.
    Opened,
    /// That browser was sent to the bank.
    Sent,
    /// It came back from the bank.
    Returned,
    /// The customer confirmed it in the conversation.
    Confirmed,
    /// The customer said No.
    Refused,
    /// Its time was over.
    Expired,
    /// It did not work.
    Failed,
}

/// A text that is not the state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of a link")]
pub struct NotALinkState;

impl LinkState {
    const ALL: [LinkState; 8] = [
        LinkState::Offered,
        LinkState::Opened,
        LinkState::Sent,
        LinkState::Returned,
        LinkState::Confirmed,
        LinkState::Refused,
        LinkState::Expired,
        LinkState::Failed,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            LinkState::Offered => "offered",
            LinkState::Opened => "opened",
            LinkState::Sent => "sent",
            LinkState::Returned => "returned",
            LinkState::Confirmed => "confirmed",
            LinkState::Refused => "refused",
            LinkState::Expired => "expired",
            LinkState::Failed => "failed",
        }
    }
}

impl FromStr for LinkState {
    type Err = NotALinkState;
    fn from_str(text: &str) -> Result<Self, NotALinkState> {
        LinkState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotALinkState)
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// The customer confirmed it in the conversation. Only after it returned from the bank.
    Confirmed,
    /// The customer said No, at any step.
    Refused,
    /// Its time is over, at any step.
    Expired,
    /// It did not work, at any step.
    Failed,
}

impl LinkOutcome {
    fn state(self) -> LinkState {
        match self {
            LinkOutcome::Confirmed => LinkState::Confirmed,
            LinkOutcome::Refused => LinkState::Refused,
            LinkOutcome::Expired => LinkState::Expired,
            LinkOutcome::Failed => LinkState::Failed,
        }
    }
}

/// An attempt as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// The bank to link to.
    pub bank: BankId,
    /// Who asked for it.
    pub customer: CustomerId,
    /// Where they asked.
    pub conversation: ConversationId,
    /// The consent that it is for.
    pub consent: ConsentId,
    /// Where it stands.
    pub state: LinkState,
    /// When it was offered.
    pub made_at: Timestamp,
    /// Until when it may be used (exclusive).
    pub expires_at: Timestamp,
}

/// An attempt that begins.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Its id.
    pub id: LinkId,
    /// The bank.
    pub bank: BankId,
    /// Who asks.
    pub customer: CustomerId,
    /// Where.
    pub conversation: ConversationId,
    /// The consent that it is for.
    pub consent: ConsentId,
    /// SHA-256 of the secret in the link.
    pub token_hash: [u8; 32],
    /// When it is offered.
    pub now: Timestamp,
    /// Until when it may be used (exclusive).
    pub expires_at: Timestamp,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It took place; this is the link now.
    Yes(Link),
    /// It did not.
    No {
        /// The link as it stands: in another state, or over. None if there is no such link.
        found: Option<Link>,
    },
}

fn pending_place<'a>(bank: &'a BankId, id: &'a LinkId) -> Place<'a> {
    Place { table: "link", column: "pending", row: id.as_str(), bank }
}

/// Stores an attempt. False if there is one of this id.
pub fn insert(tx: &mut Tx, new: &NewLink) -> Result<bool, DbError> {
    let inserted = tx.change(
        "INSERT INTO link(bank, customer, id, conversation, consent, state, token_hash, made_at, expires_at, \
         changed_at) VALUES($1, $2, $3, $4, $5, 'offered', $6, $7, $8, $7) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.id.as_str()),
            Arg::Text(new.conversation.as_str()),
            Arg::Text(new.consent.as_str()),
            Arg::Blob(&new.token_hash),
            Arg::Int(micros(new.now)),
            Arg::Int(micros(new.expires_at)),
        ],
    )?;
    Ok(inserted == 1)
}

/// The attempt of the secret in a link, if it is for this bank. A used link is found too, so that whoever
/// comes with it can be told.
pub fn by_token(tx: &mut Tx, bank: &BankId, token_hash: &[u8; 32]) -> Result<Option<Link>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at FROM link \
         WHERE token_hash = $1 AND bank = $2",
        &[Arg::Blob(token_hash), Arg::Text(bank.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// The attempt that a browser is bound to, by its cookie.
pub fn by_cookie(tx: &mut Tx, cookie_hash: &[u8; 32]) -> Result<Option<Link>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at FROM link \
         WHERE cookie_hash = $1",
        &[Arg::Blob(cookie_hash)],
    )?;
    row.as_ref().map(read).transpose()
}

/// The attempt of an id, if it is this customer's.
pub fn find(tx: &mut Tx, bank: &BankId, customer: &CustomerId, id: &LinkId) -> Result<Option<Link>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at FROM link \
         WHERE bank = $1 AND customer = $2 AND id = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// The first browser that opens the link is bound to it.
pub fn open(
    tx: &mut Tx,
    bank: &BankId,
    token_hash: &[u8; 32],
    cookie_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Moved, DbError> {
    let moved = tx.row(
        "UPDATE link SET state = 'opened', cookie_hash = $3, changed_at = $4 \
         WHERE token_hash = $1 AND bank = $2 AND state = 'offered' AND expires_at > $4 \
         RETURNING bank, customer, id, conversation, consent, state, made_at, expires_at",
        &[Arg::Blob(token_hash), Arg::Text(bank.as_str()), Arg::Blob(cookie_hash), Arg::Int(micros(now))],
    )?;
    match moved {
        Some(row) => Ok(Moved::Yes(read(&row)?)),
        None => Ok(Moved::No { found: by_token(tx, bank, token_hash)? }),
    }
}

/// The bound browser is sent to the bank; from here on the link in the conversation is used up. `pending` is
/// what the connector needs when the browser comes back; it is sealed.
pub fn send(tx: &mut Tx, cookie_hash: &[u8; 32], pending: &[u8], now: Timestamp) -> Result<Moved, DbError> {
    let Some(link) = by_cookie(tx, cookie_hash)? else { return Ok(Moved::No { found: None }) };
    let sealed = tx.seal(&link.customer, &pending_place(&link.bank, &link.id), pending)?;
    let moved = tx.row(
        "UPDATE link SET state = 'sent', pending = $4, changed_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'opened' AND expires_at > $5 \
         RETURNING bank, customer, id, conversation, consent, state, made_at, expires_at",
        &[
            Arg::Text(link.bank.as_str()),
            Arg::Text(link.customer.as_str()),
            Arg::Text(link.id.as_str()),
            Arg::Blob(&sealed),
            Arg::Int(micros(now)),
        ],
    )?;
    match moved {
        Some(row) => Ok(Moved::Yes(read(&row)?)),
        None => Ok(Moved::No { found: by_cookie(tx, cookie_hash)? }),
    }
}

/// The bound browser is back from the bank: gives what [`send`] left, once. None if it was not sent, came
/// back before, or came too late.
pub fn take_returned(
    tx: &mut Tx,
    cookie_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(Link, Vec<u8>)>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at, pending FROM link \
         WHERE cookie_hash = $1 AND state = 'sent'",
        &[Arg::Blob(cookie_hash)],
    )?;
    let Some(row) = row else { return Ok(None) };
    let link = read(&row)?;
    let taken = tx.change(
        "UPDATE link SET state = 'returned', pending = NULL, changed_at = $4 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'sent' AND expires_at > $4",
        &[
            Arg::Text(link.bank.as_str()),
            Arg::Text(link.customer.as_str()),
            Arg::Text(link.id.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    if taken == 0 {
        return Ok(None);
    }
    let sealed = row.blob(8, "pending link")?;
    let pending = tx.unseal(&link.customer, &pending_place(&link.bank, &link.id), sealed)?;
    Ok(Some((Link { state: LinkState::Returned, ..link }, pending)))
}

/// Ends an attempt that is in the state in which the caller saw it. Nothing ends twice, and only what
/// returned from the bank can be confirmed.
pub fn settle(tx: &mut Tx, link: &Link, outcome: LinkOutcome, now: Timestamp) -> Result<Moved, DbError> {
    let row = tx.row(
        "UPDATE link SET state = $5, pending = NULL, changed_at = $6 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = $4 \
         AND (state = 'returned' OR (state IN ('offered', 'opened', 'sent') AND CAST($5 AS TEXT) <> 'confirmed')) \
         RETURNING bank, customer, id, conversation, consent, state, made_at, expires_at",
        &[
            Arg::Text(link.bank.as_str()),
            Arg::Text(link.customer.as_str()),
            Arg::Text(link.id.as_str()),
            Arg::Text(link.state.as_str()),
            Arg::Text(outcome.state().as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    match row {
        Some(row) => Ok(Moved::Yes(read(&row)?)),
        None => Ok(Moved::No { found: find(tx, &link.bank, &link.customer, &link.id)? }),
    }
}

/// The newest attempt of a conversation that returned from the bank and waits for the customer's answer.
pub fn awaiting_answer(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Link>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, made_at, expires_at FROM link \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND state = 'returned' \
         ORDER BY made_at DESC, id DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

pub(crate) fn read(row: &Row) -> Result<Link, DbError> {
    Ok(Link {
        bank: row.parse(0, "bank")?,
        customer: row.parse(1, "customer")?,
        id: row.parse(2, "link")?,
        conversation: row.parse(3, "conversation")?,
        consent: row.parse(4, "consent")?,
        state: row.parse(5, "state of a link")?,
        made_at: row.time(6, "time of a link")?,
        expires_at: row.time(7, "end of a link")?,
    })
}
