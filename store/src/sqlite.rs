//! SQLite: one thread writes, a few read.
//!
//! The writer takes what waits in the queue into one transaction, each use case in a savepoint of its own,
//! numbers what they staged for the log, commits once and answers all. One fsync so serves many callers, and
//! a use case that fails takes nobody with it.

use crate::{
    DbError, OpenError,
    job::{Job, Ran},
    migrations,
    open::Shared,
    sequencer::{self, Numbered},
    tx::{On, Tx},
};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc::Receiver},
    time::Duration,
};

/// How long another process may hold the database before a group is given up.
const BUSY: Duration = Duration::from_secs(5);
/// Statements kept prepared per connection: more than this crate has.
const PREPARED: usize = 256;

/// What the promises of this store hang on, as set and as read back.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("secure_delete", "ON", "1"),
    ("trusted_schema", "OFF", "0"),
    ("temp_store", "MEMORY", "2"),
];

/// Opens a connection with all settings, checked.
pub(crate) fn connect(path: &Path) -> Result<Connection, OpenError> {
    make_private(path)?;
    let connection = Connection::open(path).map_err(DbError::from)?;
    connection.busy_timeout(BUSY).map_err(DbError::from)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    for &(name, value, wanted) in SETTINGS {
        connection.pragma_update(None, name, value).map_err(DbError::from)?;
        let read = |row: &rusqlite::Row| match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(n) => Ok(n.to_string()),
            other => Ok(other.as_str()?.to_owned()),
        };
        let found = connection.pragma_query_value(None, name, read).map_err(DbError::from)?;
        if found != wanted {
            return Err(OpenError::Setting { name, found, wanted });
        }
    }
    Ok(connection)
}

/// Makes the file readable for its owner alone; the files beside it get the same rights from SQLite.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|source| OpenError::File { path: path.to_owned(), source })
}

/// Brings the tables up to date and numbers what an earlier run staged.
pub(crate) fn prepare(connection: &Connection, shared: &Shared) -> Result<(), OpenError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut tx = Tx::new(On::Sqlite(connection), &shared.kek);
    let ran = migrations::run(&mut tx).and_then(|()| Ok(sequencer::number_all(&mut tx)?));
    match ran {
        Ok(_) => Ok(execute(connection, "COMMIT")?),
        Err(error) => {
            execute(connection, "ROLLBACK")?;
            Err(error)
        }
    }
}

/// Like [`connect`], for reading alone.
pub(crate) fn connect_reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", "ON").map_err(DbError::from)?;
    Ok(connection)
}

/// The writer's thread. Ends when nobody can send any more and the queue is empty.
#[expect(clippy::disallowed_methods, reason = "the store's own thread may wait for the queue")]
pub(crate) fn write(connection: &Connection, queue: &Receiver<Box<dyn Job>>, shared: &Shared) {
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        while jobs.len() < shared.options.group {
            match queue.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
        write_group(connection, jobs, shared);
    }
    // Leaves no second file behind; if a reader is still there, the next start does it.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the write-ahead log was not folded in at the end");
    }
}

fn write_group(connection: &Connection, mut jobs: Vec<Box<dyn Job>>, shared: &Shared) {
    match group(connection, &mut jobs, shared) {
        Ok((outcomes, numbered)) => {
            if !numbered.is_empty() {
                shared.wake.ring_all(vec![crate::wake::Ring::Log]);
            }
            shared.waiters.tell(numbered);
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                job.done(outcome, &shared.wake);
            }
        }
        Err(error) => {
            if !connection.is_autocommit()
                && let Err(error) = execute(connection, "ROLLBACK")
            {
                tracing::error!(%error, "a group could not be rolled back");
            }
            give_up_or_repeat(connection, jobs, shared, error);
        }
    }
}

/// The whole group failed. If the database itself is not to be had, all fail; else each gets its own try, so
/// that one (too large for the disk, say) does not take the others with it.
fn give_up_or_repeat(connection: &Connection, jobs: Vec<Box<dyn Job>>, shared: &Shared, error: DbError) {
    let error = if error == DbError::Again { DbError::Contended { attempts: 1 } } else { error };
    let alone = jobs.len() == 1 || matches!(error, DbError::Contended { .. });
    for job in jobs {
        if alone {
            job.done(Err(error.clone()), &shared.wake);
        } else {
            write_group(connection, vec![job], shared);
        }
    }
}

/// What became of each job, and what was numbered.
type Group = (Vec<Result<(), DbError>>, Vec<Numbered>);

/// Runs jobs in one transaction. `Err`: nothing of it was kept.
fn group(connection: &Connection, jobs: &mut [Box<dyn Job>], shared: &Shared) -> Result<Group, DbError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs.iter_mut() {
        execute(connection, "SAVEPOINT one")?;
        let ran = job.run(Tx::new(On::Sqlite(connection), &shared.kek));
        if let (true, Ran::Failed(error)) = (connection.is_autocommit(), &ran) {
            // SQLite gave up the whole transaction, with all that earlier jobs did (a full disk does that).
            return Err(error.clone());
        }
        if !matches!(ran, Ran::Keep) {
            execute(connection, "ROLLBACK TO one")?;
        }
        execute(connection, "RELEASE one")?;
        outcomes.push(match ran {
            Ran::Failed(DbError::Again) => Err(DbError::Contended { attempts: 1 }),
            Ran::Failed(error) => Err(error),
            Ran::Keep | Ran::Undo => Ok(()),
        });
    }
    let mut numbered = Vec::new();
    if jobs.iter().any(|job| job.has_staged()) {
        numbered = sequencer::number_all(&mut Tx::new(On::Sqlite(connection), &shared.kek))?;
    }
    execute(connection, "COMMIT")?;
    Ok((outcomes, numbered))
}

/// A reader's thread.
pub(crate) fn read(connection: &Connection, queue: &Mutex<Receiver<Box<dyn Job>>>, shared: &Shared) {
    while let Some(mut job) = next(queue) {
        let outcome = execute(connection, "BEGIN").and_then(|()| {
            let ran = job.run(Tx::new(On::Sqlite(connection), &shared.kek));
            if !connection.is_autocommit() {
                execute(connection, "ROLLBACK")?;
            }
            match ran {
                Ran::Failed(DbError::Again) => Err(DbError::Contended { attempts: 1 }),
                Ran::Failed(error) => Err(error),
                Ran::Keep | Ran::Undo => Ok(()),
            }
        });
        job.done(outcome, &shared.wake);
    }
}

/// The next job of a queue that several threads share; none when the store is closed.
#[expect(clippy::disallowed_methods, reason = "the store's own threads may wait for the queue")]
pub(crate) fn next(queue: &Mutex<Receiver<Box<dyn Job>>>) -> Option<Box<dyn Job>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn execute(connection: &Connection, sql: &str) -> Result<(), DbError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Starts the threads. Each holds `alive` as long as it lives.
pub(crate) fn start(
    path: &Path,
    writes: Receiver<Box<dyn Job>>,
    reads: Receiver<Box<dyn Job>>,
    shared: &Arc<Shared>,
    alive: &tokio::sync::mpsc::Sender<()>,
) -> Result<(), OpenError> {
    let connection = connect(path)?;
    prepare(&connection, shared)?;
    let (ours, held) = (Arc::clone(shared), alive.clone());
    crate::open::spawn("store-writer", move || {
        write(&connection, &writes, &ours);
        drop(held);
    })?;
    let reads = Arc::new(Mutex::new(reads));
    for _ in 0..shared.options.readers {
        let connection = connect_reader(path)?;
        let (ours, reads, held) = (Arc::clone(shared), Arc::clone(&reads), alive.clone());
        crate::open::spawn("store-reader", move || {
            read(&connection, &reads, &ours);
            drop(held);
        })?;
    }
    Ok(())
}
