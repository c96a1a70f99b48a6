//! Customers and their keys.

use crate::{
    BUCKETS, DbError, Tx, erasures, keks,
    seal::{CustomerKey, KEY_VERSION, Place},
    value::{Arg, micros},
};
use domain::{BankId, CustomerId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub(crate) fn place<'a>(bank: &'a BankId, customer: &'a CustomerId) -> Place<'a> {
    Place { table: "customer_key", column: "wrapped", row: customer.as_str(), bank }
}

/// Begins a customer: makes the key under which everything of theirs is sealed. The first customer of a bank
/// also begins the bank's log. False if the customer was there; [`DbError::NoKey`] if they were erased, since
/// nobody begins twice under one name.
pub fn begin(tx: &mut Tx, bank: &BankId, customer: &CustomerId, now: Timestamp) -> Result<bool, DbError> {
    let bucket = Arg::Int(bucket(bank, customer).into());
    let new = tx.change(
        "INSERT INTO customer(bank, customer, bucket, begun_at) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT) \
         WHERE NOT EXISTS (SELECT 1 FROM erasure e WHERE e.bank = $1 AND e.customer = $2) \
         ON CONFLICT DO NOTHING",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), bucket, Arg::Int(micros(now))],
    )?;
    if new == 0 {
        return match erasures::is_asked(tx, bank, customer)? {
            true => Err(tx.fail(DbError::NoKey { bank: bank.clone(), customer: customer.clone() })),
            false => Ok(false),
        };
    }
    let kek = keks::current(tx)?;
    let wrapped = kek.new_wrapped(&place(bank, customer));
    tx.change_one(
        "INSERT INTO customer_key(bank, customer, version, wrapped, kek) VALUES($1, $2, $3, $4, $5)",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Int(KEY_VERSION),
            Arg::Blob(&wrapped),
            Arg::Text(kek.id().as_str()),
        ],
    )?;
    let head = "INSERT INTO log_head(log, size) VALUES($1, 0) ON CONFLICT DO NOTHING";
    tx.change(head, &[Arg::Text(bank.as_str())])?;
    Ok(true)
}

/// The customer's key, unwrapped. None if there is none (any more).
pub(crate) fn key(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Option<CustomerKey>, DbError> {
    let row = tx.row(
        "SELECT version, wrapped, kek FROM customer_key WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    let Some(row) = row else { return Ok(None) };
    let (version, wrapped) = (row.int(0, "version of a key")?, row.blob(1, "wrapped key")?);
    let kek = keks::find(tx, row.text(2, "name of a key")?)?;
    let key = kek.unwrap_key(&place(bank, customer), version, wrapped);
    key.map(Some).map_err(|e| tx.fail(e.into()))
}

/// The bucket of a customer: the first 12 bits of SHA-256 over bank, a zero byte and customer.
pub fn bucket(bank: &BankId, customer: &CustomerId) -> u16 {
    let mut hash = Sha256::new();
    hash.update(bank.as_str().as_bytes());
    hash.update([0]);
    hash.update(customer.as_str().as_bytes());
    let digest = hash.finalize();
    u16::from_be_bytes([digest[0], digest[1]]) >> (16 - BUCKETS.ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_of_a_customer_never_changes() {
        let bank: BankId = "harbour".parse().unwrap();
        let of = |n: u8| {
            let id: CustomerId = format!("cus_{n:032x}").parse().unwrap();
            bucket(&bank, &id)
        };
        assert_eq!([of(1), of(2), of(3)], [96, 3432, 1967]);
        assert!((0..=255).all(|n| of(n) < BUCKETS));
    }
}
