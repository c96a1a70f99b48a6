//! What can be wrong with a database, as facts.

use crate::seal::Unsealable;
use domain::{BankId, CustomerId, EntryId};

/// Why a transaction did not take place, or is not known to have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The queue is full. Nothing was done; ask the caller to come back.
    #[error("the store has {waiting} calls waiting and takes no more")]
    Busy {
        /// How many calls wait at most.
        waiting: usize,
    },
    /// The store was closed. Nothing was done.
    #[error("the store is closed")]
    Closed,
    /// The closure panicked. Nothing was done.
    #[error("a use case panicked inside its transaction")]
    Panicked,
    /// Other transactions were in the way, again and again. Nothing was done.
    #[error("the transaction met others {attempts} times and was given up")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// The database cannot be reached. Nothing was done.
    #[error("the database could not be reached for {seconds} seconds")]
    Unreachable {
        /// For how long it was tried.
        seconds: u64,
    },
    /// The connection was lost in the commit, and the database did not come back in time to say whether
    /// the commit took place.
    #[error("the database was lost in a commit; its outcome is not known")]
    Unknown,
    /// The connection was lost before the commit. Only seen inside a closure; the store repeats it.
    #[error("the connection to the database was lost")]
    Lost,
    /// Another transaction was in the way. Only seen inside a closure; the store repeats it.
    #[error("another transaction was in the way")]
    Again,
    /// The database refused a statement.
    #[error("the database refused a statement ({code}): {message}")]
    Refused {
        /// Its code: SQLSTATE, or SQLite's extended result code.
        code: String,
        /// Its words. They name tables and columns, never values.
        message: String,
    },
    /// A statement changed or found another number of rows than its meaning allows.
    #[error("{what}: {found} rows, {wanted} wanted")]
    Rows {
        /// What the statement is for.
        what: &'static str,
        /// How many there were.
        found: u64,
        /// How many there should be.
        wanted: u64,
    },
    /// A stored value is not of the kind that its column holds.
    #[error("the stored {what} cannot be read")]
    Unreadable {
        /// What it should have been.
        what: &'static str,
    },
    /// A sealed value does not open.
    #[error(transparent)]
    Sealed(#[from] Unsealable),
    /// The customer is not here, or was erased: there is no key to seal or open with.
    #[error("the customer {customer} of {bank} has no key")]
    NoKey {
        /// The bank.
        bank: BankId,
        /// The customer.
        customer: CustomerId,
    },
    /// A customer's key was wrapped by a key-encryption key that is not known here.
    #[error("the key-encryption key {id} is not known here; put it back where the keys are kept")]
    UnknownKek {
        /// Its name.
        id: String,
    },
    /// An entry of this id was staged before. Nothing was done.
    #[error("the decision {entry} was logged before")]
    LoggedBefore {
        /// The entry.
        entry: EntryId,
    },
    /// The closure promised to stage this decision and did not. Nothing was done.
    #[error("the decision {entry} was not staged for the log")]
    NotStaged {
        /// The entry.
        entry: EntryId,
    },
    /// The decision is stored and will be in the log, but its index is not known yet. Nothing may be opened.
    #[error("the decision {entry} has no place in the log after {seconds} seconds")]
    LogBehind {
        /// The entry.
        entry: EntryId,
        /// How long was waited.
        seconds: u64,
    },
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached, or answers with an error.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] DbError),
    /// The file cannot be made.
    #[error("the database file {path} cannot be made: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The connection string is not one.
    #[error("the connection string of the database cannot be read: {0}")]
    Location(#[source] ::postgres::Error),
    /// The connection string names another machine and does not ask for TLS.
    #[error(
        "the connection to {host} would not be encrypted; add sslmode=require, or sslmode=disable if the network \
         is yours alone"
    )]
    InTheOpen {
        /// The machine.
        host: String,
    },
    /// The certificates to trust cannot be used.
    #[error("the certificates to trust for the database cannot be used: {0}")]
    Roots(String),
    /// A setting that promises hang on has another value, and cannot be changed from here.
    #[error("the database has {name} = {found}; this store needs {wanted}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// The database was changed by a newer version of this program.
    #[error("the database has migration {id}, which this version does not know; use the newer version")]
    UnknownMigration {
        /// The number of the migration.
        id: i64,
    },
    /// A migration was applied with another text than it has now.
    #[error(
        "migration {id} was applied as {applied} and is {here} in this version; use the version it was applied with"
    )]
    ChangedMigration {
        /// The number of the migration.
        id: i64,
        /// SHA-256 of the text that was applied.
        applied: String,
        /// SHA-256 of the text in this program.
        here: String,
    },
    /// None of the key-encryption keys at hand is the one that this database is wrapped with.
    #[error(
        "no key-encryption key at hand opens this database; look in the data folder, PARLOUR_KEK and PARLOUR_KEK_FILE"
    )]
    WrongKek,
    /// The system gives no random bytes or no thread.
    #[error("the system has no {what} to give: {source}")]
    System {
        /// What is missing.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => match failure.code {
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => DbError::Again,
                _ => DbError::Refused {
                    code: failure.extended_code.to_string(),
                    message: message.unwrap_or_else(|| failure.to_string()),
                },
            },
            other => DbError::Refused { code: "client".to_owned(), message: other.to_string() },
        }
    }
}

impl From<::postgres::Error> for DbError {
    fn from(error: ::postgres::Error) -> Self {
        match error.as_db_error() {
            Some(answer) => match answer.code().code() {
                // serialization_failure, deadlock_detected
                "40001" | "40P01" => DbError::Again,
                // connection exceptions; administrator or crash shutdown, cannot connect now
                code if code.starts_with("08") || code.starts_with("57P") => DbError::Lost,
                code => DbError::Refused { code: code.to_owned(), message: answer.message().to_owned() },
            },
            None if error.is_closed() || is_io(&error) => DbError::Lost,
            None => DbError::Refused { code: "client".to_owned(), message: error.to_string() },
        }
    }
}

fn is_io(error: &::postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
