//! What the bank gave for a consent: tokens and their key, as bytes that only the connector understands.
//! Sealed; one per consent.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, micros},
};
use domain::{BankId, ConsentId, CustomerId};
use jiff::Timestamp;
use zeroize::Zeroizing;

fn place<'a>(bank: &'a BankId, consent: &'a ConsentId) -> Place<'a> {
    Place { table: "bank_grant", column: "secret", row: consent.as_str(), bank }
}

fn key<'a>(bank: &'a BankId, customer: &'a CustomerId, consent: &'a ConsentId) -> [Arg<'a>; 3] {
    [Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())]
}

/// Stores the grant of a consent, in place of an earlier one. A lease stays with who holds it.
pub fn put(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    secret: &[u8],
    now: Timestamp,
) -> Result<(), DbError> {
    let sealed = tx.seal(customer, &place(bank, consent), secret)?;
    let [b, c, id] = key(bank, customer, consent);
    tx.change_one(
        "INSERT INTO bank_grant(bank, customer, consent, lease_until, changed_at, secret) \
         VALUES($1, $2, $3, 0, $4, $5) ON CONFLICT(bank, customer, consent) \
         DO UPDATE SET secret = excluded.secret, changed_at = excluded.changed_at",
        &[b, c, id, Arg::Int(micros(now)), Arg::Blob(&sealed)],
    )
}

/// The grant of a consent, unsealed.
pub fn get(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<Zeroizing<Vec<u8>>>, DbError> {
    let sql = "SELECT secret FROM bank_grant WHERE bank = $1 AND customer = $2 AND consent = $3";
    let Some(row) = tx.row(sql, &key(bank, customer, consent))? else { return Ok(None) };
    let secret = tx.unseal(customer, &place(bank, consent), row.blob(0, "grant")?)?;
    Ok(Some(Zeroizing::new(secret)))
}

/// Forgets the grant of a consent. False if there was none.
pub fn delete(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM bank_grant WHERE bank = $1 AND customer = $2 AND consent = $3";
    Ok(tx.change(sql, &key(bank, customer, consent))? == 1)
}

/// Takes the right to renew the grant, so that two processes do not use one refresh token at once. False if
/// somebody else has it, or there is no grant. A lease that is over is taken.
pub fn lease(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    by: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, DbError> {
    let [b, c, id] = key(bank, customer, consent);
    let leased = tx.change(
        "UPDATE bank_grant SET lease_by = $4, lease_until = $6 \
         WHERE bank = $1 AND customer = $2 AND consent = $3 AND lease_until <= $5",
        &[b, c, id, Arg::Text(by), Arg::Int(micros(now)), Arg::Int(micros(until))],
    )?;
    Ok(leased == 1)
}

/// Stores a renewed grant and gives the lease back. False if somebody else has the lease by now; nothing was
/// done.
pub fn renew(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    by: &str,
    secret: &[u8],
    now: Timestamp,
) -> Result<bool, DbError> {
    let sealed = tx.seal(customer, &place(bank, consent), secret)?;
    let [b, c, id] = key(bank, customer, consent);
    let renewed = tx.change(
        "UPDATE bank_grant SET secret = $6, changed_at = $5, lease_by = NULL, lease_until = 0 \
         WHERE bank = $1 AND customer = $2 AND consent = $3 AND lease_by = $4",
        &[b, c, id, Arg::Text(by), Arg::Int(micros(now)), Arg::Blob(&sealed)],
    )?;
    Ok(renewed == 1)
}

/// Gives the lease back. False if somebody else has it by now.
pub fn release(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    by: &str,
) -> Result<bool, DbError> {
    let [b, c, id] = key(bank, customer, consent);
    let released = tx.change(
        "UPDATE bank_grant SET lease_by = NULL, lease_until = 0 \
         WHERE bank = $1 AND customer = $2 AND consent = $3 AND lease_by = $4",
        &[b, c, id, Arg::Text(by)],
    )?;
    Ok(released == 1)
}
