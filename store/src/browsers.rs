//! Browsers that are known for a consent: somebody signed in at the bank in them, and the yes in the
//! conversation came after. A browser is known for that consent and no other: what somebody else links opens
//! nothing of yours.

use crate::{
    DbError, Tx,
    value::{Arg, micros},
};
use domain::{BankId, ConsentId, ConversationId, CustomerId};
use jiff::Timestamp;

/// A browser that came back from the bank.
#[derive(Debug, Clone)]
pub struct NewBrowser {
    /// The bank.
    pub bank: BankId,
    /// Who linked.
    pub customer: CustomerId,
    /// The conversation that was linked.
    pub conversation: ConversationId,
    /// The consent for which somebody signed in.
    pub consent: ConsentId,
    /// SHA-256 of the cookie that the browser got.
    pub browser: [u8; 32],
    /// When it came back.
    pub now: Timestamp,
    /// Until when it is known (exclusive).
    pub expires_at: Timestamp,
}

/// Stores a browser that is not known before the yes in the conversation.
pub fn insert(tx: &mut Tx, new: &NewBrowser) -> Result<(), DbError> {
    tx.change(
        "INSERT INTO known_browser(bank, customer, consent, browser_hash, conversation, state, made_at, expires_at) \
         VALUES($1, $2, $3, $4, $5, 'waiting', $6, $7) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.consent.as_str()),
            Arg::Blob(&new.browser),
            Arg::Text(new.conversation.as_str()),
            Arg::Int(micros(new.now)),
            Arg::Int(micros(new.expires_at)),
        ],
    )?;
    Ok(())
}

/// The yes came: the browser of this consent is known from now on.
pub fn confirm(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<(), DbError> {
    tx.change(
        "UPDATE known_browser SET state = 'known' \
         WHERE bank = $1 AND customer = $2 AND consent = $3 AND state = 'waiting'",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())],
    )?;
    Ok(())
}

/// Whether a browser is known for a consent now.
pub fn is_known(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    browser: &[u8; 32],
    now: Timestamp,
) -> Result<bool, DbError> {
    let row = tx.row(
        "SELECT made_at FROM known_browser WHERE bank = $1 AND customer = $2 AND consent = $3 \
         AND browser_hash = $4 AND state = 'known' AND expires_at > $5",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(consent.as_str()),
            Arg::Blob(browser),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(row.is_some())
}

/// The consent of a conversation for which a browser became known last, whatever became of the consent.
pub fn newest_consent(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<ConsentId>, DbError> {
    let row = tx.row(
        "SELECT consent FROM known_browser WHERE bank = $1 AND customer = $2 AND conversation = $3 \
         AND state = 'known' ORDER BY made_at DESC, consent DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(conversation.as_str())],
    )?;
    row.map(|row| row.parse(0, "consent")).transpose()
}

/// A newer consent of the same sign-in takes the place of another: whoever was known for the one is known for
/// the other.
pub fn carry_over(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    from: &ConsentId,
    to: &ConsentId,
) -> Result<u64, DbError> {
    tx.change(
        "INSERT INTO known_browser(bank, customer, consent, browser_hash, conversation, state, made_at, expires_at) \
         SELECT bank, customer, CAST($4 AS TEXT), browser_hash, conversation, state, made_at, expires_at \
         FROM known_browser WHERE bank = $1 AND customer = $2 AND consent = $3 AND state = 'known' \
         ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(from.as_str()),
            Arg::Text(to.as_str()),
        ],
    )
}
