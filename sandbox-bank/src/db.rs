//! The bank's one SQLite file. Every read and write of the crate goes through [`Db::transact`].

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use thiserror::Error;

/// The file inside the data folder.
pub(crate) const FILE_NAME: &str = "bank.sqlite";

/// The schema, step by step. A file of an earlier version takes the steps that it lacks.
const SCHEMAS: [&str; 4] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("openid.sql"),
    include_str!("network.sql"),
];

/// Which schema this program writes. A file of a later version is refused, not guessed at.
const SCHEMA_VERSION: i64 = SCHEMAS.len() as i64;

/// The database did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DbFault {
    /// SQLite refused.
    #[error("the bank's database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored record cannot be read back.
    #[error("a record in the bank's database cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    /// The file was written by another version.
    #[error("the bank's database has schema {found}, this program knows {}", SCHEMA_VERSION)]
    Schema {
        /// The version in the file.
        found: i64,
    },
    /// A stored time is outside what the calendar can hold.
    #[error("a stored time is out of range: {0}")]
    Time(#[from] jiff::Error),
    /// The work was cut off because the program is ending.
    #[error("the program ended while the database was working")]
    Interrupted,
}

/// A handle on the database; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    connection: Arc<Mutex<Connection>>,
}

impl Db {
    /// Opens the file, makes the tables of a new one, and refuses one of another version.
    pub(crate) fn open(path: &Path) -> Result<Self, DbFault> {
        let connection = Connection::open(path)?;
        // WAL with NORMAL survives a killed process; only a power cut can lose the last moment,
        // which a sandbox may.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA busy_timeout = 5000;",
        )?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if !(0..=SCHEMA_VERSION).contains(&found) {
            return Err(DbFault::Schema { found });
        }
        for (version, step) in (1..).zip(SCHEMAS).filter(|(version, _)| *version > found) {
            connection.execute_batch(step)?;
            connection.pragma_update(None, "user_version", version)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs a closure in one transaction on a thread that may block. It commits when the closure
    /// is Ok and leaves nothing behind when it is not.
    pub(crate) async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.transact_here(work))
            .await
            .unwrap_or_else(|_| Err(DbFault::Interrupted.into()))
    }

    /// The same on the calling thread, for start-up and tests.
    pub(crate) fn transact_here<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DbFault>,
        F: FnOnce(&Transaction<'_>) -> Result<T, E>,
    {
        // A panic inside a transaction rolled it back when the guard was dropped, so the
        // connection behind a poisoned lock is sound.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let tx =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(DbFault::from)?;
        let value = work(&tx)?;
        tx.commit().map_err(DbFault::from)?;
        Ok(value)
    }
}

/// A moment as it is stored: milliseconds since 1970.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored moment.
pub(crate) fn moment(millis: i64) -> Result<Timestamp, DbFault> {
    Ok(Timestamp::from_millisecond(millis)?)
}
