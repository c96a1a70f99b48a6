//! What customers say of their payments: mine, or not mine.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chance::Dice,
    db::{DbFault, millis},
    ledger::start_of,
    network,
};

/// Whose payment it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentAnswer)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Somebody else made it.
    NotMine,
    /// The customer made it.
    Mine,
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Self::NotMine => "not_mine",
            Self::Mine => "mine",
        }
    }
}

/// A payment that can be reported: money that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reportable {
    pub(crate) account: String,
    /// What its ids have in common, pending or booked.
    pub(crate) movement: String,
    /// Minor units, above zero.
    pub(crate) minor: i64,
    pub(crate) currency: String,
    /// The shop, or what the bank calls the payment.
    pub(crate) payee: String,
}

/// Finds a payment of a customer by the id that it has now, or had while it was pending, on `first_day` or later.
pub(crate) fn find(
    tx: &Transaction<'_>,
    customer: &str,
    id: &str,
    first_day: Date,
) -> Result<Option<Reportable>, DbFault> {
    Ok(tx
        .prepare_cached(
            "SELECT t.account, substr(t.id, 3), -t.signed_minor, a.currency, COALESCE(t.merchant, t.description) \
             FROM transactions t JOIN accounts a ON a.id = t.account WHERE a.customer = ?1 AND (t.id = ?2 OR t.reference = ?2) \
             AND t.signed_minor < 0 AND t.nature = 'usual' AND t.at >= ?3",
        )?
        .query_row(params![customer, id, millis(start_of(first_day))], |row| {
            Ok(Reportable {
                account: row.get(0)?,
                movement: row.get(1)?,
                minor: row.get(2)?,
                currency: row.get(3)?,
                payee: row.get(4)?,
            })
        })
        .optional()?)
}

/// Keeps what the customer says of a payment. What is not theirs has a dispute number, always the same; a later answer
/// counts. The second value is whether this one changed anything.
pub(crate) fn report(
    tx: &Transaction<'_>,
    customer: &str,
    payment: &Reportable,
    (answer, note): (Answer, Option<&str>),
    now: Timestamp,
) -> Result<(Option<String>, bool), DbFault> {
    let movement = payment.movement.as_str();
    let number = Dice::new(0, &[movement, "dispute"]).between(10_000_000, 99_999_999);
    let dispute = (answer == Answer::NotMine).then(|| format!("D-{number}"));
    let changed = tx.execute(
        "INSERT INTO payment_reports (movement, customer, account, answer, dispute, note, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (movement) DO UPDATE SET answer = ?4, dispute = ?5, note = ?6, at = ?7 WHERE answer <> ?4",
        params![movement, customer, payment.account, answer.word(), dispute, note, millis(now)],
    )?;
    if changed == 1 {
        network::reported(tx, movement, answer == Answer::Mine, now)?;
    }
    Ok((dispute, changed == 1))
}

/// Where a payment stands that somebody doubts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) movement: String,
    /// The customer's dispute; none when the bank found the fraud by itself.
    pub(crate) dispute: Option<String>,
}

/// The payments of a customer that are under review: those that were not theirs, and those that the bank takes for fraud.
pub(crate) fn under_review(tx: &Transaction<'_>, customer: &str) -> Result<Vec<Review>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT movement, dispute FROM payment_reports WHERE customer = ?1 AND answer = 'not_mine' UNION ALL \
         SELECT p.movement, NULL FROM network_payments p WHERE p.customer = ?1 AND p.label = 1 AND p.movement IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM payment_reports r WHERE r.movement = p.movement)",
    )?;
    let rows =
        statement.query_map([customer], |row| Ok(Review { movement: row.get(0)?, dispute: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
