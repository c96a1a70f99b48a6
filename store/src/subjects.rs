//! Who customers are to their bank: a keyed hash of what the bank calls them, so that the table names nobody. A
//! customer has one at most, from the newest yes to a link.

use crate::{
    DbError, Tx,
    conversations::{self, Conversation},
    value::{Arg, micros},
};
use domain::{BankId, CustomerId};
use jiff::Timestamp;

/// How many conversations of one person are told: more than anybody has with one bank.
const MOST: i64 = 50;

/// A link got its yes: whoever signed in for it takes the place of whoever signed in before. None, where the bank does
/// not tell, leaves nobody.
pub fn put(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    subject: Option<&[u8; 32]>,
    now: Timestamp,
) -> Result<(), DbError> {
    let (bank, customer) = (Arg::Text(bank.as_str()), Arg::Text(customer.as_str()));
    let Some(subject) = subject else {
        tx.change("DELETE FROM bank_subject WHERE bank = $1 AND customer = $2", &[bank, customer])?;
        return Ok(());
    };
    tx.change_one(
        "INSERT INTO bank_subject(bank, customer, subject, made_at) VALUES($1, $2, $3, $4) \
         ON CONFLICT (bank, customer) DO UPDATE SET subject = excluded.subject, made_at = excluded.made_at",
        &[bank, customer, Arg::Blob(subject), Arg::Int(micros(now))],
    )
}

/// Whether it is known who a customer is to the bank, and since when.
pub fn known_since(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Option<Timestamp>, DbError> {
    let row = tx.row(
        "SELECT made_at FROM bank_subject WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    row.map(|row| row.time(0, "time of a subject")).transpose()
}

/// Whether a customer is this person.
pub fn owns(tx: &mut Tx, bank: &BankId, customer: &CustomerId, subject: &[u8; 32]) -> Result<bool, DbError> {
    let row = tx.row(
        "SELECT made_at FROM bank_subject WHERE bank = $1 AND customer = $2 AND subject = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Blob(subject)],
    )?;
    Ok(row.is_some())
}

/// The conversations of a person with a bank, newest link first. Those of customers who are being erased are not among
/// them.
pub fn conversations(tx: &mut Tx, bank: &BankId, subject: &[u8; 32]) -> Result<Vec<Conversation>, DbError> {
    let rows = tx.rows(
        "SELECT c.bank, c.customer, c.id, c.channel, c.begun_at, c.last_seq FROM bank_subject s \
         JOIN conversation c ON c.bank = s.bank AND c.customer = s.customer \
         WHERE s.bank = $1 AND s.subject = $2 AND NOT EXISTS \
         (SELECT 1 FROM erasure e WHERE e.bank = s.bank AND e.customer = s.customer) \
         ORDER BY s.made_at DESC, c.begun_at DESC, c.id LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Blob(subject), Arg::Int(MOST)],
    )?;
    rows.iter().map(conversations::read).collect()
}
