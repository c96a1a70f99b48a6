//! One transaction, on either database.

use crate::{
    DbError, KeyRing,
    dialect::{for_postgres, tables_for_sqlite},
    seal::{CustomerKey, Place},
    value::{Arg, Row, Value},
    wake::Ring,
};
use domain::{BankId, CustomerId, EntryId};
use std::{collections::HashMap, sync::Arc};

/// Statements that a PostgreSQL connection has prepared, by their text.
pub(crate) type Prepared = HashMap<&'static str, ::postgres::Statement>;

/// Where a transaction runs.
pub(crate) enum On<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut ::postgres::Client, &'c mut Prepared),
}

/// What a transaction leaves behind when it is kept.
#[derive(Default)]
pub(crate) struct Left {
    /// Decisions that it staged for the log.
    pub(crate) staged: Vec<EntryId>,
    /// Who is to be woken.
    pub(crate) rings: Vec<Ring>,
}

/// A transaction. The modules of this crate take it; nobody else can run a statement.
///
/// The first error that a statement meets decides: the transaction is undone, even if the closure goes on
/// and returns `Ok`.
pub struct Tx<'c> {
    on: On<'c>,
    ring: &'c KeyRing,
    keys: Vec<(BankId, CustomerId, Arc<CustomerKey>)>,
    failed: Option<DbError>,
    left: Left,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(on: On<'c>, ring: &'c KeyRing) -> Self {
        Tx { on, ring, keys: Vec::new(), failed: None, left: Left::default() }
    }

    /// The first error, if there was one, and what is left behind.
    pub(crate) fn end(self) -> (Option<DbError>, Left) {
        (self.failed, self.left)
    }

    /// Notes an error, so that the transaction is undone whatever the closure makes of it.
    pub(crate) fn fail(&mut self, error: DbError) -> DbError {
        self.failed.get_or_insert_with(|| error.clone());
        error
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.on, On::Postgres(..))
    }

    pub(crate) fn ring_of_keys(&self) -> &'c KeyRing {
        self.ring
    }

    /// Forgets a customer's key that this transaction has read, because it changed.
    pub(crate) fn forget_key_of(&mut self, bank: &BankId, customer: &CustomerId) {
        self.keys.retain(|(b, c, _)| b != bank || c != customer);
    }

    /// Wakes somebody once the transaction is kept.
    pub(crate) fn ring(&mut self, ring: Ring) {
        self.left.rings.push(ring);
    }

    pub(crate) fn staged(&mut self, entry: EntryId) {
        self.left.staged.push(entry);
    }

    pub(crate) fn has_staged(&self, entry: &EntryId) -> bool {
        self.left.staged.contains(entry)
    }

    /// All rows. Without ORDER BY they come in any order.
    pub(crate) fn rows(&mut self, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, DbError> {
        let rows = match &mut self.on {
            On::Sqlite(connection) => sqlite_rows(connection, sql, args),
            On::Postgres(client, prepared) => postgres_rows(client, prepared, sql, args),
        };
        rows.map_err(|e| self.fail(e))
    }

    /// One row or none; more is an error.
    pub(crate) fn row(&mut self, sql: &'static str, args: &[Arg]) -> Result<Option<Row>, DbError> {
        let mut rows = self.rows(sql, args)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            n => Err(self.fail(DbError::Rows { what: sql, found: n as u64, wanted: 1 })),
        }
    }

    /// Changes rows and counts them.
    pub(crate) fn change(&mut self, sql: &'static str, args: &[Arg]) -> Result<u64, DbError> {
        let count = match &mut self.on {
            On::Sqlite(connection) => sqlite_change(connection, sql, args),
            On::Postgres(client, prepared) => postgres_change(client, prepared, sql, args),
        };
        count.map_err(|e| self.fail(e))
    }

    /// Changes exactly one row; another number is a fault of this crate and undoes the transaction.
    pub(crate) fn change_one(&mut self, sql: &'static str, args: &[Arg]) -> Result<(), DbError> {
        match self.change(sql, args)? {
            1 => Ok(()),
            found => Err(self.fail(DbError::Rows { what: sql, found, wanted: 1 })),
        }
    }

    /// Runs several statements without arguments.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), DbError> {
        let ran = match &mut self.on {
            On::Sqlite(connection) => {
                connection.execute_batch(&tables_for_sqlite(sql)).map_err(DbError::from)
            }
            On::Postgres(client, _) => client.batch_execute(&for_postgres(sql)).map_err(DbError::from),
        };
        ran.map_err(|e| self.fail(e))
    }

    /// The customer's key. It is read once per transaction and never kept longer, so that an erased
    /// customer's key is gone at once, in every process.
    pub(crate) fn key_of(
        &mut self,
        bank: &BankId,
        customer: &CustomerId,
    ) -> Result<Arc<CustomerKey>, DbError> {
        match self.key_if_any(bank, customer)? {
            Some(key) => Ok(key),
            None => Err(self.fail(DbError::NoKey { bank: bank.clone(), customer: customer.clone() })),
        }
    }

    /// The same, or none if the customer has no key: they were erased.
    pub(crate) fn key_if_any(
        &mut self,
        bank: &BankId,
        customer: &CustomerId,
    ) -> Result<Option<Arc<CustomerKey>>, DbError> {
        if let Some((.., key)) = self.keys.iter().find(|(b, c, _)| b == bank && c == customer) {
            return Ok(Some(Arc::clone(key)));
        }
        let Some(key) = crate::customers::key(self, bank, customer)? else { return Ok(None) };
        let key = Arc::new(key);
        self.keys.push((bank.clone(), customer.clone(), Arc::clone(&key)));
        Ok(Some(key))
    }

    /// Seals a value under the customer's key, for one place only.
    pub(crate) fn seal(
        &mut self,
        customer: &CustomerId,
        place: &Place,
        plain: &[u8],
    ) -> Result<Vec<u8>, DbError> {
        Ok(self.key_of(place.bank, customer)?.seal(place, plain))
    }

    /// Opens what was sealed for this place.
    pub(crate) fn unseal(
        &mut self,
        customer: &CustomerId,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Vec<u8>, DbError> {
        let key = self.key_of(place.bank, customer)?;
        key.open(place, sealed).map_err(|e| self.fail(e.into()))
    }
}

fn sqlite_rows(c: &rusqlite::Connection, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, DbError> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    let columns = statement.column_count();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns).map(|i| value(row.get_ref(i)?));
        rows.push(Row(values.collect::<Result<_, DbError>>()?));
    }
    Ok(rows)
}

fn value(stored: rusqlite::types::ValueRef) -> Result<Value, DbError> {
    use rusqlite::types::ValueRef;
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| DbError::Unreadable { what: "text" })?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(_) => return Err(DbError::Unreadable { what: "whole number" }),
    })
}

fn sqlite_change(c: &rusqlite::Connection, sql: &'static str, args: &[Arg]) -> Result<u64, DbError> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    Ok(statement.raw_execute()? as u64)
}

/// `$2` is a name to SQLite, and its position is that of its first appearance.
fn bind(statement: &mut rusqlite::Statement, args: &[Arg]) -> Result<(), DbError> {
    for position in 1..=statement.parameter_count() {
        let name = statement.parameter_name(position).and_then(|name| name.get(1..));
        let number: Option<usize> = name.and_then(|digits| digits.parse().ok());
        let arg = number.and_then(|n| args.get(n.checked_sub(1)?));
        let arg = arg.ok_or(DbError::Rows {
            what: "arguments",
            found: args.len() as u64,
            wanted: position as u64,
        })?;
        statement.raw_bind_parameter(position, arg)?;
    }
    Ok(())
}

fn postgres_rows(
    client: &mut ::postgres::Client,
    prepared: &mut Prepared,
    sql: &'static str,
    args: &[Arg],
) -> Result<Vec<Row>, DbError> {
    let statement = prepare(client, prepared, sql)?;
    let found = client.query(&statement, &parameters(args))?;
    let values = |row: &::postgres::Row| -> Result<Vec<Value>, DbError> {
        (0..row.len()).map(|i| Ok(row.try_get(i)?)).collect()
    };
    found.iter().map(|row| values(row).map(Row)).collect()
}

fn postgres_change(
    client: &mut ::postgres::Client,
    prepared: &mut Prepared,
    sql: &'static str,
    args: &[Arg],
) -> Result<u64, DbError> {
    let statement = prepare(client, prepared, sql)?;
    Ok(client.execute(&statement, &parameters(args))?)
}

fn parameters<'a>(args: &'a [Arg<'a>]) -> Vec<&'a (dyn ::postgres::types::ToSql + Sync)> {
    args.iter().map(|arg| arg as _).collect()
}

fn prepare(
    client: &mut ::postgres::Client,
    prepared: &mut Prepared,
    sql: &'static str,
) -> Result<::postgres::Statement, DbError> {
    if let Some(statement) = prepared.get(sql) {
        return Ok(statement.clone());
    }
    let statement = client.prepare(&for_postgres(sql))?;
    prepared.insert(sql, statement.clone());
    Ok(statement)
}
