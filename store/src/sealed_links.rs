//! One-time links to a page that shows an answer. Only the question is stored, sealed. Each step is a guarded
//! change of the state, so that of two browsers one is bound, and of two openings one shows the page.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{BankId, ConsentId, ConversationId, CustomerId, SealedLinkId};
use jiff::{SignedDuration, Timestamp};
use std::{fmt, str::FromStr};

/// How long a link is remembered after its end, so that whoever comes late can be told why it opens nothing.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedState {
    /// It stands in the conversation.
    Made,
    /// A browser that is not known has it and waits for a word in the conversation.
    Waiting,
    /// It belongs to one browser, which may open it.
    Bound,
    /// That browser is opening it.
    Opening,
    /// Its page was shown.
    Used,
    /// It was closed before its page was shown.
    Closed,
}

/// A text that is not the state of a sealed link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of a sealed link")]
pub struct NotASealedState;

impl SealedState {
    const ALL: [SealedState; 6] = [
        SealedState::Made,
        SealedState::Waiting,
        SealedState::Bound,
        SealedState::Opening,
        SealedState::Used,
        SealedState::Closed,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            SealedState::Made => "made",
            SealedState::Waiting => "waiting",
            SealedState::Bound => "bound",
            SealedState::Opening => "opening",
            SealedState::Used => "used",
            SealedState::Closed => "closed",
        }
    }
}

impl FromStr for SealedState {
    type Err = NotASealedState;
    fn from_str(text: &str) -> Result<Self, NotASealedState> {
        SealedState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotASealedState)
    }
}

impl fmt::Display for SealedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A link as it is stored, without its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedLink {
    /// Its id.
    pub id: SealedLinkId,
    /// The bank.
    pub bank: BankId,
    /// Whose question it keeps.
    pub customer: CustomerId,
    /// Where it was asked.
    pub conversation: ConversationId,
    /// The consent under which it was asked, and under which alone it opens.
    pub consent: Option<ConsentId>,
    /// Where it stands.
    pub state: SealedState,
    /// SHA-256 of the secret in its address.
    pub token_hash: [u8; 32],
    /// The browser that it belongs to: SHA-256 of what that browser holds.
    pub browser: Option<[u8; 32]>,
    /// How often it was tried, openings and refusals together.
    pub tries: u32,
    /// Until when an opening holds it.
    pub lease_until: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it opens (exclusive).
    pub expires_at: Timestamp,
}

/// A link that begins.
#[derive(Clone)]
pub struct NewSealedLink {
    /// Its id.
    pub id: SealedLinkId,
    /// The bank.
    pub bank: BankId,
    /// Who asks.
    pub customer: CustomerId,
    /// Where.
    pub conversation: ConversationId,
    /// The consent under which they ask.
    pub consent: Option<ConsentId>,
    /// SHA-256 of the secret in the address.
    pub token_hash: [u8; 32],
    /// The question. It is sealed.
    pub question: Vec<u8>,
    /// When it is made.
    pub now: Timestamp,
    /// Until when it opens (exclusive).
    pub expires_at: Timestamp,
}

fn place<'a>(bank: &'a BankId, id: &'a SealedLinkId) -> Place<'a> {
    Place { table: "sealed_link", column: "body", row: id.as_str(), bank }
}

impl SealedLink {
    fn key(&self) -> [Arg<'_>; 3] {
        [Arg::Text(self.bank.as_str()), Arg::Text(self.customer.as_str()), Arg::Text(self.id.as_str())]
    }
}

/// Stores a link, and forgets those of this customer that ended more than a day ago. False if there is one of
/// this id.
pub fn insert(tx: &mut Tx, new: &NewSealedLink) -> Result<bool, DbError> {
    let (bank, customer) = (Arg::Text(new.bank.as_str()), Arg::Text(new.customer.as_str()));
    let long_over = micros(new.now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN));
    tx.change(
        "DELETE FROM sealed_link WHERE bank = $1 AND customer = $2 AND expires_at <= $3",
        &[bank, customer, Arg::Int(long_over)],
    )?;
    let sealed = tx.seal(&new.customer, &place(&new.bank, &new.id), &new.question)?;
    let inserted = tx.change(
        "INSERT INTO sealed_link(bank, customer, id, conversation, consent, state, token_hash, tries, \
         lease_until, made_at, expires_at, changed_at, body) \
         VALUES($1, $2, $3, $4, $5, 'made', $6, 0, 0, $7, $8, $7, $9) ON CONFLICT DO NOTHING",
        &[
            bank,
            customer,
            Arg::Text(new.id.as_str()),
            Arg::Text(new.conversation.as_str()),
            new.consent.as_ref().map_or(Arg::Null, |consent| Arg::Text(consent.as_str())),
            Arg::Blob(&new.token_hash),
            Arg::Int(micros(new.now)),
            Arg::Int(micros(new.expires_at)),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(inserted == 1)
}

/// The link of the secret in an address, if it is for this bank. One that is over is found too, so that
/// whoever comes with it can be told.
pub fn by_token(tx: &mut Tx, bank: &BankId, token_hash: &[u8; 32]) -> Result<Option<SealedLink>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, browser_hash, tries, lease_until, made_at, \
         expires_at, token_hash FROM sealed_link WHERE token_hash = $1 AND bank = $2",
        &[Arg::Blob(token_hash), Arg::Text(bank.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// The newest link of a conversation that waits for a word in it and is not over.
pub fn waiting(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
    now: Timestamp,
) -> Result<Option<SealedLink>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, state, browser_hash, tries, lease_until, made_at, \
         expires_at, token_hash FROM sealed_link WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state = 'waiting' AND expires_at > $4 ORDER BY made_at DESC, id DESC LIMIT 1",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(conversation.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    row.as_ref().map(read).transpose()
}

/// Gives the link to the first browser that comes: one that is known may open it, another waits for a word
/// in the conversation. False if another browser was first, or its time is over.
pub fn bind(
    tx: &mut Tx,
    link: &SealedLink,
    browser: &[u8; 32],
    known: bool,
    now: Timestamp,
) -> Result<bool, DbError> {
    let [bank, customer, id] = link.key();
    let state = if known { SealedState::Bound } else { SealedState::Waiting };
    let bound = tx.change(
        "UPDATE sealed_link SET state = $4, browser_hash = $5, changed_at = $6 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'made' AND expires_at > $6",
        &[bank, customer, id, Arg::Text(state.as_str()), Arg::Blob(browser), Arg::Int(micros(now))],
    )?;
    Ok(bound == 1)
}

/// The word was said in the conversation: the waiting browser may open the link. False if it waits no more.
pub fn confirm(tx: &mut Tx, link: &SealedLink, now: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, id] = link.key();
    let confirmed = tx.change(
        "UPDATE sealed_link SET state = 'bound', changed_at = $4 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'waiting' AND expires_at > $4",
        &[bank, customer, id, Arg::Int(micros(now))],
    )?;
    Ok(confirmed == 1)
}

/// Closes a link whose page was not shown; its question goes. False if it was shown or closed before.
pub fn close(tx: &mut Tx, link: &SealedLink, now: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, id] = link.key();
    let closed = tx.change(
        "UPDATE sealed_link SET state = 'closed', body = NULL, changed_at = $4 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state IN ('made', 'waiting', 'bound', 'opening')",
        &[bank, customer, id, Arg::Int(micros(now))],
    )?;
    Ok(closed == 1)
}

/// Counts a try that was refused; the one that makes it `most` closes the link.
pub fn refuse(tx: &mut Tx, link: &SealedLink, most: u32, now: Timestamp) -> Result<(), DbError> {
    let [bank, customer, id] = link.key();
    tx.change(
        "UPDATE sealed_link SET tries = tries + 1, changed_at = $5, \
         body = CASE WHEN tries + 1 < $4 THEN body END, \
         state = CASE WHEN tries + 1 < $4 THEN state ELSE 'closed' END \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state IN ('made', 'waiting', 'bound')",
        &[bank, customer, id, Arg::Int(most.into()), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// Begins an opening by the browser that the link belongs to, and gives the question. One opening at a time
/// holds the link; one that is over without an end is taken over. None if it is another browser, another
/// opening holds it, it was tried `most` times, or its time is over.
pub fn begin(
    tx: &mut Tx,
    link: &SealedLink,
    browser: &[u8; 32],
    most: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<(SealedLink, Vec<u8>)>, DbError> {
    let [bank, customer, id] = link.key();
    let row = tx.row(
        "UPDATE sealed_link SET state = 'opening', tries = tries + 1, lease_until = $7, changed_at = $6 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND browser_hash = $4 AND tries < $5 AND expires_at > $6 \
         AND (state = 'bound' OR (state = 'opening' AND lease_until <= $6)) \
         RETURNING bank, customer, id, conversation, consent, state, browser_hash, tries, lease_until, made_at, \
         expires_at, token_hash, body",
        &[
            bank,
            customer,
            id,
            Arg::Blob(browser),
            Arg::Int(most.into()),
            Arg::Int(micros(now)),
            Arg::Int(micros(lease_until)),
        ],
    )?;
    let Some(row) = row else { return Ok(None) };
    let opening = read(&row)?;
    let sealed = row.blob(12, "question of a sealed link")?;
    let question = tx.unseal(&opening.customer, &place(&opening.bank, &opening.id), sealed)?;
    Ok(Some((opening, question)))
}

/// The page may be shown: the link is used up and its question goes. False if another opening took it over;
/// nothing may be shown then.
pub fn finish(tx: &mut Tx, opening: &SealedLink, now: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, id] = opening.key();
    let used = tx.change(
        "UPDATE sealed_link SET state = 'used', body = NULL, lease_until = 0, changed_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'opening' AND tries = $4",
        &[bank, customer, id, Arg::Int(opening.tries.into()), Arg::Int(micros(now))],
    )?;
    Ok(used == 1)
}

/// The page could not be shown: the same browser may try again while there is time.
pub fn give_back(tx: &mut Tx, opening: &SealedLink, now: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, id] = opening.key();
    let given = tx.change(
        "UPDATE sealed_link SET state = 'bound', lease_until = 0, changed_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'opening' AND tries = $4",
        &[bank, customer, id, Arg::Int(opening.tries.into()), Arg::Int(micros(now))],
    )?;
    Ok(given == 1)
}

fn read(row: &Row) -> Result<SealedLink, DbError> {
    let consent = row.maybe_text(4, "consent")?;
    let browser = row.maybe_blob(6, "browser of a sealed link")?;
    let hash =
        |bytes: &[u8]| bytes.try_into().map_err(|_| DbError::Unreadable { what: "hash of a sealed link" });
    Ok(SealedLink {
        bank: row.parse(0, "bank")?,
        customer: row.parse(1, "customer")?,
        id: row.parse(2, "sealed link")?,
        conversation: row.parse(3, "conversation")?,
        consent: consent
            .map(|text| text.parse().map_err(|_| DbError::Unreadable { what: "consent" }))
            .transpose()?,
        state: row.parse(5, "state of a sealed link")?,
        token_hash: hash(row.blob(11, "hash of a sealed link")?)?,
        browser: browser.map(hash).transpose()?,
        tries: u32::try_from(row.count(7, "tries of a sealed link")?).unwrap_or(u32::MAX),
        lease_until: row.time(8, "lease of a sealed link")?,
        made_at: row.time(9, "time of a sealed link")?,
        expires_at: row.time(10, "end of a sealed link")?,
    })
}
