//! Which key-encryption key wraps the customers' keys, and the way from one to the next while everything runs.
//!
//! The database says which key wraps new customers' keys; each wrapped key carries the name of the one that
//! wrapped it. To change: [`adopt`] the new one, then [`rewrap`] until nothing is [`remaining`]. Both can be
//! repeated, and stopped at any point.

use crate::{
    DbError, OpenError, Tx, bank_events, customers,
    seal::{Kek, KekId},
    value::Arg,
};
use domain::{BankId, CustomerId};
use std::sync::Arc;

const MARK: &str = "mark of the key-encryption key";

/// Sees that the keys at hand are those of this database; a new database begins with the newest of them.
pub(crate) fn check(tx: &mut Tx) -> Result<(), OpenError> {
    let keys = tx.ring_of_keys().all();
    let newest = keys.last().ok_or(OpenError::WrongKek)?;
    tx.change(
        "INSERT INTO store_mark(name, sealed, kek) VALUES('kek', $1, $2) ON CONFLICT DO NOTHING",
        &[Arg::Blob(&newest.seal_mark()), Arg::Text(newest.id().as_str())],
    )?;
    let row = tx.row("SELECT sealed, kek FROM store_mark WHERE name = 'kek'", &[])?;
    let row = row.ok_or(DbError::Unreadable { what: MARK })?;
    let (sealed, id) = (row.blob(0, MARK)?, row.text(1, MARK)?);
    if !id.is_empty() {
        let kek = tx.ring_of_keys().find(id).filter(|kek| kek.opens_mark(sealed));
        return kek.map(drop).ok_or(OpenError::WrongKek);
    }
    // A database from before keys had names.
    let kek = keys.iter().find(|kek| kek.opens_mark(sealed)).ok_or(OpenError::WrongKek)?;
    let named = "UPDATE store_mark SET kek = $1 WHERE name = 'kek' AND kek = ''";
    tx.change(named, &[Arg::Text(kek.id().as_str())])?;
    tx.change("UPDATE customer_key SET kek = $1 WHERE kek = ''", &[Arg::Text(kek.id().as_str())])?;
    Ok(())
}

/// The key that wraps new customers' keys. Until the transaction ends, nobody can adopt another, so no key is
/// wrapped by one that was given up before. Only in a transaction that writes.
pub(crate) fn current(tx: &mut Tx) -> Result<Arc<Kek>, DbError> {
    let row = tx.row("SELECT kek FROM store_mark WHERE name = 'kek' /*pg: FOR SHARE*/", &[])?;
    let Some(row) = row else { return Err(tx.fail(DbError::Unreadable { what: MARK })) };
    find(tx, row.text(0, MARK)?)
}

/// A key by its name.
pub(crate) fn find(tx: &mut Tx, id: &str) -> Result<Arc<Kek>, DbError> {
    match tx.ring_of_keys().find(id) {
        Some(kek) => Ok(kek),
        None => Err(tx.fail(DbError::UnknownKek { id: id.to_owned() })),
    }
}

/// The name of the key that wraps new customers' keys.
pub fn in_use(tx: &mut Tx) -> Result<String, DbError> {
    let row = tx.row("SELECT kek FROM store_mark WHERE name = 'kek'", &[])?;
    let Some(row) = row else { return Err(tx.fail(DbError::Unreadable { what: MARK })) };
    Ok(row.text(0, MARK)?.to_owned())
}

/// From now on this key wraps new customers' keys, in every process. It must be where every process reads its
/// keys. False if it did so already.
pub fn adopt(tx: &mut Tx, id: &KekId) -> Result<bool, DbError> {
    let kek = find(tx, id.as_str())?;
    let adopted = tx.change(
        "UPDATE store_mark SET kek = $1, sealed = $2 WHERE name = 'kek' AND kek <> $1",
        &[Arg::Text(id.as_str()), Arg::Blob(&kek.seal_mark())],
    )?;
    Ok(adopted == 1)
}

/// Wraps up to `limit` customers' keys with the key in use, and all that is sealed for no customer. Gives how many there were to wrap; none means that all
/// is done. Customers are served meanwhile, and one who is erased meanwhile stays erased.
pub fn rewrap(tx: &mut Tx, limit: u32) -> Result<u32, DbError> {
    let secrets = bank_events::rewrap(tx)?;
    let to = current(tx)?;
    let rows = tx.rows(
        "SELECT bank, customer, version, wrapped, kek FROM customer_key WHERE kek <> $1 \
         ORDER BY kek, bank, customer LIMIT $2",
        &[Arg::Text(to.id().as_str()), Arg::Int(limit.into())],
    )?;
    for row in &rows {
        let (bank, customer): (BankId, CustomerId) = (row.parse(0, "bank")?, row.parse(1, "customer")?);
        let (version, id) = (row.int(2, "version of a key")?, row.text(4, "name of a key")?);
        let from = find(tx, id)?;
        let place = customers::place(&bank, &customer);
        let Some(wrapped) = to.rewrap(&from, &place, version, row.blob(3, "wrapped key")?) else {
            return Err(tx.fail(place.unsealable().into()));
        };
        tx.change(
            "UPDATE customer_key SET wrapped = $4, kek = $5 \
             WHERE bank = $1 AND customer = $2 AND kek = $3 AND version = $6",
            &[
                Arg::Text(bank.as_str()),
                Arg::Text(customer.as_str()),
                Arg::Text(id),
                Arg::Blob(&wrapped),
                Arg::Text(to.id().as_str()),
                Arg::Int(version),
            ],
        )?;
    }
    Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX).saturating_add(secrets))
}

/// How many customers' keys, and secrets of no customer, another key than the one in use has wrapped.
pub fn remaining(tx: &mut Tx) -> Result<u64, DbError> {
    let row = tx.row(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT kek FROM customer_key \
         UNION ALL SELECT kek FROM bank_endpoint) k \
         WHERE k.kek <> (SELECT m.kek FROM store_mark m WHERE m.name = 'kek')",
        &[],
    )?;
    row.map_or(Ok(0), |row| row.count(0, "count of keys"))
}
