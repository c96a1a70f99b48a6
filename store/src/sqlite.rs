//! SQLite: one thread writes, a few read.
//!
//! The writer takes what waits in the queue into one transaction, each use case in a savepoint of its own,
//! numbers what they staged for the log, commits once and answers all. One fsync so serves many callers, and
//! a use case that fails takes nobody with it.

use crate::{
    DbError, OpenError,
    folding::Folding,
    job::{self, Job, Kind, Ran},
    migrations,
    open::{Scrubbed, Shared},
    sequencer::{self, Numbered},
    tx::{On, Tx},
};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc::Receiver},
    time::{Duration, Instant},
};

/// How long another process may hold the database before a group is given up.
const BUSY: Duration = Duration::from_secs(5);
/// How long to wait before the log is tried to be emptied again: longer than our own readers read.
const SCRUB_PAUSE: Duration = Duration::from_millis(20);
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
    let mut tx = Tx::new(On::Sqlite(connection), &shared.ring);
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

/// Folds the write-ahead log into the database and empties it, so that deleted bytes are in neither. Tries until
/// it has worked, or for `patience`.
pub(crate) fn scrub(path: &Path, patience: Duration) -> Result<Scrubbed, OpenError> {
    let connection = connect(path)?;
    let began = Instant::now();
    loop {
        let busy: i64 = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(DbError::from)?;
        if busy == 0 {
            return Ok(Scrubbed::Clean);
        }
        if began.elapsed() > patience {
            return Ok(Scrubbed::Busy);
        }
        std::thread::park_timeout(SCRUB_PAUSE);
    }
}

/// The writer's thread. Ends when nobody can send any more and the queue is empty.
#[expect(clippy::disallowed_methods, reason = "the store's own thread may wait for the queue")]
pub(crate) fn write(
    connection: &Connection,
    queue: &Receiver<Box<dyn Job>>,
    shared: &Shared,
    mut folding: Folding,
) {
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        while jobs.len() < shared.options.group {
            match queue.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
        write_group(connection, jobs, shared);
        folding.committed();
    }
    folding.end();
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
    // Set before each group, so that no group is ever less durable than its jobs ask for.
    let leases_only = jobs.iter().all(|job| job.kind() == Kind::Lease);
    execute(
        connection,
        if leases_only { "PRAGMA synchronous = NORMAL" } else { "PRAGMA synchronous = FULL" },
    )?;
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs.iter_mut() {
        execute(connection, "SAVEPOINT one")?;
        let ran = job.run(Tx::new(On::Sqlite(connection), &shared.ring));
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
        numbered = sequencer::number_all(&mut Tx::new(On::Sqlite(connection), &shared.ring))?;
    }
    execute(connection, "COMMIT")?;
    Ok((outcomes, numbered))
}

/// A reader's thread.
pub(crate) fn read(connection: &Connection, queue: &Mutex<Receiver<Box<dyn Job>>>, shared: &Shared) {
    while let Some(mut job) = job::next(queue) {
        let outcome = execute(connection, "BEGIN").and_then(|()| {
            let ran = job.run(Tx::new(On::Sqlite(connection), &shared.ring));
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
    let folding = Folding::start(path, &connection)?;
    let (ours, held) = (Arc::clone(shared), alive.clone());
    crate::open::spawn("store-writer", move || {
        write(&connection, &writes, &ours, folding);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kek, Options, Wake, customers, grants, sequencer::Waiters};
    use domain::{BankId, ConsentId, CustomerId};
    use jiff::Timestamp;

    fn customer(n: usize) -> CustomerId {
        format!("cus_{n:032x}").parse().unwrap()
    }

    fn consent() -> ConsentId {
        format!("cst_{:032x}", 1).parse().unwrap()
    }

    /// Every third writes more than the disk has left.
    fn too_large(n: usize) -> bool {
        n % 3 == 1
    }

    fn write_something(tx: &mut Tx, n: usize) -> Result<(), DbError> {
        let bank: BankId = "harbour".parse().unwrap();
        customers::begin(tx, &bank, &customer(n), Timestamp::UNIX_EPOCH)?;
        let secret = vec![0; if too_large(n) { 400_000 } else { 10 }];
        grants::put(tx, &bank, &customer(n), &consent(), &secret, Timestamp::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn a_use_case_that_fills_the_disk_takes_nobody_of_its_group_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(&dir.path().join("test.db")).unwrap();
        let (ring, options) = (Kek::new([1; 32]).into(), Options::default());
        let shared = Shared { ring, options, waiters: Waiters::default(), wake: Wake::new() };
        prepare(&connection, &shared).unwrap();
        connection.pragma_update(None, "max_page_count", 90).unwrap();
        let folding = Folding::start(&dir.path().join("test.db"), &connection).unwrap();
        let (queue, jobs) = std::sync::mpsc::sync_channel(100);
        let calls: Vec<_> = (0..12)
            .map(|n| {
                let call = job::call(Some(queue.clone()), 100, Kind::Write, move |tx| write_something(tx, n));
                tokio::spawn(call)
            })
            .collect();
        drop(queue);
        // All are in the queue before the writer begins, so that they make one group.
        tokio::task::yield_now().await;
        let written = tokio::task::spawn_blocking(move || {
            write(&connection, &jobs, &shared, folding);
            connection
        });
        for (n, call) in calls.into_iter().enumerate() {
            let outcome = call.await.unwrap();
            assert_eq!(outcome.is_err(), too_large(n), "{n}: {outcome:?}");
        }
        let connection = written.await.unwrap();
        let mut count = connection.prepare("SELECT COUNT(*) FROM bank_grant").unwrap();
        assert_eq!(count.query_row([], |row| row.get::<_, i64>(0)).unwrap(), 8);
    }

    /// What the writer waits for at a commit after a job of this kind: 1 for the file, 2 for the disk.
    async fn waits_for(kinds: &'static [Kind]) -> i64 {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(&dir.path().join("test.db")).unwrap();
        let (ring, options) = (Kek::new([1; 32]).into(), Options::default());
        let shared = Shared { ring, options, waiters: Waiters::default(), wake: Wake::new() };
        prepare(&connection, &shared).unwrap();
        let folding = Folding::start(&dir.path().join("test.db"), &connection).unwrap();
        let (queue, jobs) = std::sync::mpsc::sync_channel(10);
        let calls: Vec<_> = kinds
            .iter()
            .map(|kind| tokio::spawn(job::call(Some(queue.clone()), 10, *kind, |_| Ok::<(), DbError>(()))))
            .collect();
        drop(queue);
        tokio::task::yield_now().await;
        let written = tokio::task::spawn_blocking(move || {
            write(&connection, &jobs, &shared, folding);
            connection
        });
        for call in calls {
            call.await.unwrap().unwrap();
        }
        written.await.unwrap().pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn only_a_group_of_leases_does_not_wait_for_the_disk() {
        assert_eq!(waits_for(&[Kind::Lease, Kind::Lease]).await, 1);
        assert_eq!(waits_for(&[Kind::Lease, Kind::Write]).await, 2);
        assert_eq!(waits_for(&[Kind::Write, Kind::Lease]).await, 2);
    }
}
