//! PostgreSQL: a small pool of threads, each with its own connection.
//!
//! Transactions run at READ COMMITTED; what must not change between look and write is guarded in the
//! statement that writes. A serialization failure, a deadlock or a lost connection repeats the closure. A
//! connection lost in COMMIT leaves open whether it committed: each call writes a mark with its changes, and
//! when the mark is found on the next connection, the first result stands.

use crate::{
    DbError, KeyRing, OpenError,
    job::{self, Job, Kind, Ran},
    machine, migrations,
    open::Shared,
    sequencer,
    tls::Way,
    tx::{On, Prepared, Tx},
};
use ::postgres::{Client, Config, SimpleQueryMessage};
use std::{
    sync::{Arc, Mutex, mpsc::Receiver},
    time::{Duration, Instant},
};

/// How often a transaction may meet others before it is given up.
const MOST_REPEATS: u32 = 20;
/// The first pause before a repeat; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// No pause is longer, so that a database that is back is used at once.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How long a mark of a commit is kept: far longer than any call waits for a database that was lost.
const MARK_AGE: Duration = Duration::from_secs(600);
/// How often old marks are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(30);
/// How long a connection may take to be made, unless the connection string says.
const CONNECT: Duration = Duration::from_secs(5);
/// The oldest version that this store is tested with.
const OLDEST: i64 = 150_000;

/// For each connection: an acknowledged commit is on disk, and no statement hangs for ever.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET client_encoding = 'UTF8'";

/// A connection that is made when it is needed and made again after it was lost.
pub(crate) struct Session {
    config: Config,
    way: Way,
    open: Option<(Client, Prepared)>,
    pruned: Option<Instant>,
}

impl Session {
    pub(crate) fn new(config: Config, way: Way) -> Self {
        Session { config, way, open: None, pruned: None }
    }

    fn client(&mut self) -> Result<(&mut Client, &mut Prepared), DbError> {
        if self.open.as_ref().is_some_and(|(client, _)| client.is_closed()) {
            self.open = None;
        }
        let (client, prepared) = match &mut self.open {
            Some(open) => open,
            closed => {
                let mut client = self.way.connect(&self.config)?;
                client.batch_execute(SESSION)?;
                closed.insert((client, Prepared::new()))
            }
        };
        Ok((client, prepared))
    }

    /// Forgets the connection.
    pub(crate) fn disconnect(&mut self) {
        self.open = None;
    }

    /// Runs a closure of a single statement that only looks.
    pub(crate) fn look<T>(
        &mut self,
        ring: &KeyRing,
        closure: impl FnOnce(&mut Tx) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let (client, prepared) = self.client()?;
        closure(&mut Tx::new(On::Postgres(client, prepared), ring))
    }

    /// Runs a closure in one transaction, once.
    pub(crate) fn in_one<T, E: From<DbError>>(
        &mut self,
        ring: &KeyRing,
        closure: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let (client, prepared) = self.client()?;
        client.batch_execute("BEGIN").map_err(DbError::from)?;
        let answer = closure(&mut Tx::new(On::Postgres(client, prepared), ring));
        let end = if answer.is_ok() { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).map_err(DbError::from)?;
        answer
    }

    /// Removes marks of commits that nobody can ask for any more.
    pub(crate) fn prune_marks(&mut self) -> Result<(), DbError> {
        if self.pruned.is_some_and(|at| at.elapsed() < PRUNE_EVERY) {
            return Ok(());
        }
        let before = machine::micros() - MARK_AGE.as_micros() as i64;
        self.client()?.0.execute("DELETE FROM tx_done WHERE at < $1", &[&before])?;
        self.pruned = Some(Instant::now());
        Ok(())
    }
}

/// Checks the database and brings its tables up to date.
fn prepare(session: &mut Session, ring: &KeyRing) -> Result<(), OpenError> {
    check_settings(session.client()?.0)?;
    match session.in_one(ring, migrations::run) {
        // Two processes began at once and both made the first table (unique_violation, duplicate_table).
        Err(OpenError::Database(DbError::Refused { code, .. })) if code == "23505" || code == "42P07" => {
            session.in_one(ring, migrations::run)
        }
        outcome => outcome,
    }
}

fn check_settings(client: &mut Client) -> Result<(), OpenError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'), \
             datlocprovider::text || ':' || datcollate, current_setting('fsync'), \
             current_setting('full_page_writes'), current_setting('synchronous_commit') \
             FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .map_err(DbError::from)?;
    let version: i64 = row.try_get(0).map_err(DbError::from)?;
    if version < OLDEST {
        let found = version.to_string();
        return Err(OpenError::Setting { name: "server_version_num", found, wanted: "150000 or more" });
    }
    // Text is compared by its bytes in SQLite; ids and pages must have the same order here.
    let wanted: [(usize, &'static str, &[&str], &'static str); 5] = [
        (1, "server_encoding", &["UTF8"], "UTF8"),
        (2, "locale", &["c:C", "c:POSIX"], "C"),
        (3, "fsync", &["on"], "on"),
        (4, "full_page_writes", &["on"], "on"),
        (5, "synchronous_commit", &["on"], "on"),
    ];
    for (column, name, accepted, wanted) in wanted {
        let found: String = row.try_get(column).map_err(DbError::from)?;
        if !accepted.contains(&found.as_str()) {
            return Err(OpenError::Setting { name, found, wanted });
        }
    }
    Ok(())
}

/// What one attempt came to.
enum Step {
    Done(Result<(), DbError>),
    /// Others were in the way; nothing was done.
    Again,
    /// The connection was lost before COMMIT; nothing was done.
    Lost,
    /// The connection was lost in COMMIT.
    Unknown,
}

/// A thread of the pool. Ends when the store is closed and the queue is empty.
fn work(mut session: Session, queue: &Mutex<Receiver<Box<dyn Job>>>, shared: &Shared) {
    while let Some(mut job) = job::next(queue) {
        let outcome = carry_out(&mut session, job.as_mut(), shared);
        if outcome.is_ok() && job.has_staged() {
            shared.waiters.ring();
        }
        job.done(outcome, &shared.wake);
    }
}

/// Repeats a job until its outcome is known, within limits.
fn carry_out(session: &mut Session, job: &mut dyn Job, shared: &Shared) -> Result<(), DbError> {
    let mark: String = machine::random::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let patience = shared.options.patience;
    let (mut attempts, mut pause) = (0, FIRST_PAUSE);
    let mut lost_at: Option<Instant> = None;
    let mut unknown = false;
    loop {
        match attempt(session, job, &mark, &shared.ring) {
            Step::Done(outcome) => return outcome,
            Step::Again => {
                attempts += 1;
                if attempts == MOST_REPEATS {
                    return Err(DbError::Contended { attempts });
                }
            }
            step @ (Step::Lost | Step::Unknown) => {
                session.disconnect();
                unknown |= matches!(step, Step::Unknown);
                if lost_at.get_or_insert_with(Instant::now).elapsed() > patience {
                    let seconds = patience.as_secs();
                    return Err(if unknown { DbError::Unknown } else { DbError::Unreachable { seconds } });
                }
            }
        }
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn attempt(session: &mut Session, job: &mut dyn Job, mark: &str, ring: &KeyRing) -> Step {
    let Ok((client, prepared)) = session.client() else { return Step::Lost };
    match begin(client, job.kind(), mark) {
        Ok(true) => {}
        Ok(false) => {
            // The mark is there: the commit whose outcome was not known took place, with the result at hand.
            return if client.batch_execute("ROLLBACK").is_ok() { Step::Done(Ok(())) } else { Step::Lost };
        }
        Err(DbError::Again) => return roll_back(client, Step::Again),
        Err(_) => return Step::Lost,
    }
    match job.run(Tx::new(On::Postgres(client, prepared), ring)) {
        Ran::Keep if job.kind() != Kind::Read => {
            match client.batch_execute("COMMIT").map_err(DbError::from) {
                Ok(()) => Step::Done(Ok(())),
                Err(DbError::Again) => Step::Again,
                Err(DbError::Lost) => Step::Unknown,
                Err(error) => Step::Done(Err(error)),
            }
        }
        Ran::Keep | Ran::Undo => roll_back(client, Step::Done(Ok(()))),
        Ran::Failed(DbError::Again) => roll_back(client, Step::Again),
        Ran::Failed(DbError::Lost) => Step::Lost,
        Ran::Failed(error) => roll_back(client, Step::Done(Err(error))),
    }
}

/// Begins, and leaves the mark of this call in the same round trip. False if the mark was there before; to
/// see that, the database waits for an earlier connection that is still at its commit.
fn begin(client: &mut Client, kind: Kind, mark: &str) -> Result<bool, DbError> {
    if kind == Kind::Read {
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        return Ok(true);
    }
    let at = machine::micros();
    let patience = if kind == Kind::Lease { "SET LOCAL synchronous_commit = off; " } else { "" };
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; {patience}\
         INSERT INTO tx_done(id, at) VALUES('{mark}', {at}) ON CONFLICT DO NOTHING"
    );
    let answers = client.simple_query(&begin)?;
    Ok(!matches!(answers.last(), Some(SimpleQueryMessage::CommandComplete(0))))
}

fn roll_back(client: &mut Client, step: Step) -> Step {
    if client.batch_execute("ROLLBACK").is_ok() { step } else { Step::Lost }
}

/// Frees the places of keys that were deleted, on a connection of its own: a vacuum takes part in no transaction.
pub(crate) fn vacuum_keys(config: &Config, way: &Way) -> Result<(), DbError> {
    let mut config = config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    let mut client = way.connect(&config)?;
    client.batch_execute(SESSION)?;
    Ok(client.batch_execute("VACUUM customer_key")?)
}

/// Starts the threads. Runs on a thread of its own: the client does not work inside an async runtime.
pub(crate) fn start(
    config: &Config,
    way: &Way,
    queue: Receiver<Box<dyn Job>>,
    shared: &Arc<Shared>,
    workers: &tokio::sync::mpsc::Sender<()>,
    sequencer: &tokio::sync::mpsc::Sender<()>,
) -> Result<(), OpenError> {
    let mut config = config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    let mut first = Session::new(config.clone(), way.clone());
    prepare(&mut first, &shared.ring)?;
    let (ours, held) = (Arc::clone(shared), sequencer.clone());
    crate::open::spawn("store-sequencer", move || {
        sequencer::run(first, &ours.ring, &ours.waiters, &ours.wake);
        drop(held);
    })?;
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..shared.options.connections {
        let session = Session::new(config.clone(), way.clone());
        let (ours, queue, held) = (Arc::clone(shared), Arc::clone(&queue), workers.clone());
        crate::open::spawn("store-postgres", move || {
            work(session, &queue, &ours);
            drop(held);
        })?;
    }
    Ok(())
}
