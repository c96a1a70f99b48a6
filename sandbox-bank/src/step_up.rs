//! Deeds that a customer approves on the bank's own site before they are done.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::{
    chance,
    db::{DbFault, millis, moment},
    limits,
};

/// Deeds that the bank may want approved on its own site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StepUp {
    /// Freezing a card.
    Freeze,
    /// Unfreezing a card.
    Unfreeze,
    /// Reporting a card lost or stolen. Another one is sent to the address that the bank has, and to no other.
    ReportLost,
    /// Raising a limit of a card, or switching on where it pays.
    RaiseLimit,
    /// Lowering a limit, or switching off.
    LowerLimit,
    /// Telling of a journey.
    TravelNotice,
    /// Naming an account.
    Rename,
    /// Changing how to be reached.
    Contact,
}

impl StepUp {
    /// What a bank wants approved if nobody says otherwise: what makes a card pay more than before.
    pub fn usual() -> std::collections::BTreeSet<StepUp> {
        [StepUp::Unfreeze, StepUp::RaiseLimit].into()
    }
}

/// Whose deed, through which client, and exactly which.
#[derive(Debug, Clone)]
pub(crate) struct Deed<'a> {
    pub(crate) customer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) client_name: &'a str,
    /// A hash of what is to be done, without the reference.
    pub(crate) hash: &'a str,
    /// What the customer reads.
    pub(crate) words: &'a str,
}

/// An approval that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) client_name: String,
    pub(crate) words: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) answer: Option<bool>,
    pub(crate) used: bool,
}

/// Whether a deed may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leave {
    /// The customer approved it; the approval is used up now.
    Given,
    /// The customer has to approve it first.
    Needed(Approval),
    /// The customer said no to it.
    Refused,
}

/// Looks whether the reference approves this deed, and uses it up. Without one that does, an open question about the
/// same deed is given again, or a new one made.
pub(crate) fn leave(
    tx: &Transaction<'_>,
    deed: &Deed<'_>,
    reference: Option<&str>,
    now: Timestamp,
) -> Result<Leave, DbFault> {
    if let Some(reference) = reference {
        let used = tx.execute(
            "UPDATE step_ups SET used_at = ?5 WHERE id = ?1 AND customer = ?2 AND client_id = ?3 AND deed_hash = ?4 \
             AND answer = 'YES' AND used_at IS NULL AND expires_at > ?5",
            params![reference, deed.customer, deed.client_id, deed.hash, millis(now)],
        )?;
        if used == 1 {
            return Ok(Leave::Given);
        }
        let refused = tx
            .prepare_cached(
                "SELECT 1 FROM step_ups WHERE id = ?1 AND customer = ?2 AND client_id = ?3 AND deed_hash = ?4 \
                 AND answer = 'NO'",
            )?
            .exists([reference, deed.customer, deed.client_id, deed.hash])?;
        if refused {
            return Ok(Leave::Refused);
        }
    }
    let open: Option<String> = tx
        .prepare_cached(
            "SELECT id FROM step_ups WHERE customer = ?1 AND client_id = ?2 AND deed_hash = ?3 AND used_at IS NULL \
             AND expires_at > ?4 AND answer IS NOT 'NO' ORDER BY expires_at DESC LIMIT 1",
        )?
        .query_row(params![deed.customer, deed.client_id, deed.hash, millis(now)], |row| row.get(0))
        .optional()?;
    let id = match open {
        Some(id) => id,
        None => ask(tx, deed, now)?,
    };
    Ok(match find(tx, deed.customer, &id)? {
        Some(approval) => Leave::Needed(approval),
        None => Leave::Refused,
    })
}

fn ask(tx: &Transaction<'_>, deed: &Deed<'_>, now: Timestamp) -> Result<String, DbFault> {
    let id = chance::secret_text();
    let expires = now.saturating_add(limits::STEP_UP_AGE).unwrap_or(now);
    tx.execute(
        "INSERT INTO step_ups (id, customer, client_id, client_name, deed_hash, words, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![id, deed.customer, deed.client_id, deed.client_name, deed.hash, deed.words, millis(expires)],
    )?;
    Ok(id)
}

/// A question to this customer.
pub(crate) fn find(tx: &Transaction<'_>, customer: &str, id: &str) -> Result<Option<Approval>, DbFault> {
    let row: Option<(String, String, i64, Option<String>, bool)> = tx
        .prepare_cached(
            "SELECT client_name, words, expires_at, answer, used_at IS NOT NULL FROM step_ups \
             WHERE id = ?1 AND customer = ?2",
        )?
        .query_row([id, customer], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((client_name, words, expires_at, answer, used)) = row else { return Ok(None) };
    let answer = answer.map(|answer| answer == "YES");
    Ok(Some(Approval {
        id: id.to_owned(),
        client_name,
        words,
        expires_at: moment(expires_at)?,
        answer,
        used,
    }))
}

/// The customer's answer. False when there was one before, or the question has run out.
pub(crate) fn answer(
    tx: &Transaction<'_>,
    customer: &str,
    id: &str,
    yes: bool,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let rows = tx.execute(
        "UPDATE step_ups SET answer = ?3 WHERE id = ?1 AND customer = ?2 AND answer IS NULL AND expires_at > ?4",
        params![id, customer, if yes { "YES" } else { "NO" }, millis(now)],
    )?;
    Ok(rows == 1)
}

/// Removes what has run out a while ago.
pub(crate) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let gone = now.saturating_sub(limits::SESSION_AGE).unwrap_or(now);
    tx.execute("DELETE FROM step_ups WHERE expires_at <= ?1", [millis(gone)])?;
    Ok(())
}
