//! Gives each staged decision its place in the bank's log, without gaps, and tells those who wait for it.
//!
//! A use case only stages (bank, entry, leaf): a sequence or a lock on the log's head inside every use case
//! would leave gaps or put all of them in one line. SQLite numbers the staged entries of a group before the
//! group's COMMIT. On PostgreSQL a thread of its own numbers them right after; each process has one, and the
//! lock on the head lets one at a time work. Nobody is told an index before it is durable.

use crate::{
    DbError, KeyRing, Tx,
    value::{Arg, Row},
};
use domain::EntryId;
use gate::Logged;
use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// How many entries are numbered in one go: enough that one fsync serves many, few enough that nobody waits
/// long for the rest.
const AT_ONCE: i64 = 512;
/// How often the thread looks for entries that another process staged or numbered.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An entry and its index.
pub(crate) type Numbered = (EntryId, u64);

/// Says that an entry is in the log. Called for entries whose index has been committed, and nowhere else.
#[expect(clippy::disallowed_methods, reason = "this is the store's sequencer: the index is durable")]
fn attest(entry: EntryId, index: u64) -> Logged {
    Logged::attest(entry, index)
}

/// Numbers everything that is staged in any log, in the transaction at hand.
pub(crate) fn number_all(tx: &mut Tx) -> Result<Vec<Numbered>, DbError> {
    let mut numbered = Vec::new();
    for log in staged_logs(tx)? {
        loop {
            let some = number(tx, &log)?;
            let all = (some.len() as i64) < AT_ONCE;
            numbered.extend(some);
            if all {
                break;
            }
        }
    }
    Ok(numbered)
}

/// The logs that have staged entries.
pub(crate) fn staged_logs(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    let logs = tx.rows(
        "SELECT h.log FROM log_head h WHERE EXISTS (SELECT 1 FROM log_staged s WHERE s.log = h.log)",
        &[],
    )?;
    logs.iter().map(|row| Ok(row.text(0, "name of a log")?.to_owned())).collect()
}

/// Numbers up to [`AT_ONCE`] staged entries of one log, and checks that there is no gap.
pub(crate) fn number(tx: &mut Tx, log: &str) -> Result<Vec<Numbered>, DbError> {
    let (moved, from, to) = if tx.is_postgres() { move_postgres(tx, log)? } else { move_sqlite(tx, log)? };
    let mut numbered = Vec::with_capacity(moved.len());
    for row in &moved {
        numbered.push((row.parse(0, "log entry")?, row.count(1, "index of a log entry")?));
    }
    numbered.sort_by_key(|(_, index)| *index);
    let whole = numbered.iter().zip(from..).all(|((_, index), wanted)| *index == wanted);
    if !whole || to - from != numbered.len() as u64 {
        let found = numbered.len() as u64;
        return Err(tx.fail(DbError::Rows { what: "numbering the log", found, wanted: to - from }));
    }
    Ok(numbered)
}

/// The entries moved, the size of the log before and after.
type Moved = (Vec<Row>, u64, u64);

/// One statement, so that a busy log costs one round trip. The head is locked first; entries that another
/// process took meanwhile are not deleted here and so not inserted.
fn move_postgres(tx: &mut Tx, log: &str) -> Result<Moved, DbError> {
    let moved = tx.rows(
        "WITH head AS MATERIALIZED (SELECT size FROM log_head WHERE log = $1 FOR UPDATE), \
         gone AS (DELETE FROM log_staged WHERE (log, entry) IN \
           (SELECT s.log, s.entry FROM head, log_staged s WHERE s.log = $1 ORDER BY s.entry LIMIT $2) \
           RETURNING entry, leaf), \
         moved AS (INSERT INTO log_entry(log, idx, entry, leaf) \
           SELECT $1, head.size + row_number() OVER (ORDER BY gone.entry) - 1, gone.entry, gone.leaf \
           FROM gone, head RETURNING entry, idx), \
         up AS (UPDATE log_head SET size = size + (SELECT count(*) FROM gone) \
           WHERE log = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING size) \
         SELECT moved.entry, moved.idx, head.size, up.size FROM moved, head, up",
        &[Arg::Text(log), Arg::Int(AT_ONCE)],
    )?;
    match moved.first() {
        None => Ok((moved, 0, 0)),
        Some(first) => {
            let (from, to) = (first.count(2, "size of a log")?, first.count(3, "size of a log")?);
            Ok((moved, from, to))
        }
    }
}

/// The same, one step at a time.
fn move_sqlite(tx: &mut Tx, log: &str) -> Result<Moved, DbError> {
    let head = tx.row("SELECT size FROM log_head WHERE log = $1", &[Arg::Text(log)])?;
    let from = match head {
        Some(row) => row.int(0, "size of a log")?,
        None => return Ok((Vec::new(), 0, 0)),
    };
    let moved = tx.rows(
        "INSERT INTO log_entry(log, idx, entry, leaf) \
         SELECT s.log, CAST($2 AS BIGINT) + row_number() OVER (ORDER BY s.entry) - 1, s.entry, s.leaf \
         FROM (SELECT log, entry, leaf FROM log_staged WHERE log = $1 ORDER BY entry LIMIT $3) s \
         RETURNING entry, idx",
        &[Arg::Text(log), Arg::Int(from), Arg::Int(AT_ONCE)],
    )?;
    let gone = tx.change(
        "DELETE FROM log_staged WHERE log = $1 \
         AND entry IN (SELECT entry FROM log_entry WHERE log = $1 AND idx >= $2)",
        &[Arg::Text(log), Arg::Int(from)],
    )?;
    let up = "UPDATE log_head SET size = size + $3 WHERE log = $1 AND size = $2";
    tx.change_one(up, &[Arg::Text(log), Arg::Int(from), Arg::Int(moved.len() as i64)])?;
    let from = from.unsigned_abs();
    Ok((moved, from, from + gone))
}

/// Which of these entries are in a log, whoever numbered them. PostgreSQL only: a list is one argument.
fn find_postgres(tx: &mut Tx, entries: &[EntryId]) -> Result<Vec<Numbered>, DbError> {
    let list = entries.iter().map(EntryId::as_str).collect::<Vec<_>>().join(",");
    let rows = tx.rows(
        "SELECT entry, idx FROM log_entry WHERE entry = ANY(string_to_array(CAST($1 AS TEXT), ','))",
        &[Arg::Text(&list)],
    )?;
    rows.iter().map(|row| Ok((row.parse(0, "log entry")?, row.count(1, "index of a log entry")?))).collect()
}

struct Waiter {
    tell: oneshot::Sender<u64>,
    /// Whether the use case is committed, so that an index must come.
    committed: bool,
}

#[derive(Default)]
struct State {
    waiters: HashMap<EntryId, Waiter>,
    rung: bool,
    closing: bool,
}

/// Those who wait in this process for a place in the log, and the bell of the sequencer.
#[derive(Default)]
pub(crate) struct Waiters {
    state: Mutex<State>,
    bell: Condvar,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and no step leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to wait, before the transaction is queued.
    pub(crate) fn expect(&self, entries: Vec<EntryId>) -> Result<Waiting<'_>, DbError> {
        let mut waiting = Waiting { waiters: self, places: Vec::with_capacity(entries.len()) };
        let mut state = self.lock();
        for entry in entries {
            if state.waiters.contains_key(&entry) {
                drop(state);
                return Err(DbError::LoggedBefore { entry });
            }
            let (tell, place) = oneshot::channel();
            state.waiters.insert(entry.clone(), Waiter { tell, committed: false });
            waiting.places.push((entry, place));
        }
        drop(state);
        Ok(waiting)
    }

    /// Wakes the sequencer.
    pub(crate) fn ring(&self) {
        self.lock().rung = true;
        self.bell.notify_one();
    }

    /// Makes the sequencer end once nothing is staged.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.bell.notify_one();
    }

    /// Tells those who wait. The entries must be committed.
    pub(crate) fn tell(&self, numbered: Vec<Numbered>) {
        let mut state = self.lock();
        for (entry, index) in numbered {
            if let Some(waiter) = state.waiters.remove(&entry) {
                // Whoever has gone away wants no answer.
                let _ = waiter.tell.send(index);
            }
        }
    }

    /// Waits for a ring or for [`LOOK_EVERY`]. False when the sequencer is to end.
    fn wait(&self) -> bool {
        let state = self.lock();
        let idle = |state: &mut State| !state.rung && !state.closing;
        let waited = self.bell.wait_timeout_while(state, LOOK_EVERY, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        !state.closing
    }

    /// Entries of committed use cases that nobody in this process has numbered.
    fn overdue(&self) -> Vec<EntryId> {
        let state = self.lock();
        let overdue = state.waiters.iter().filter(|(_, w)| w.committed).map(|(entry, _)| entry.clone());
        overdue.take(AT_ONCE as usize).collect()
    }
}

/// A caller that waits for places in the log. Dropping it stops the waiting.
pub(crate) struct Waiting<'w> {
    waiters: &'w Waiters,
    places: Vec<(EntryId, oneshot::Receiver<u64>)>,
}

impl Waiting<'_> {
    /// The transaction is committed: waits for the places, in the order in which they were named.
    pub(crate) async fn places(mut self, patience: Duration) -> Result<Vec<Logged>, DbError> {
        {
            let mut state = self.waiters.lock();
            for (entry, _) in &self.places {
                if let Some(waiter) = state.waiters.get_mut(entry) {
                    waiter.committed = true;
                }
            }
        }
        let mut logged = Vec::with_capacity(self.places.len());
        for (entry, place) in &mut self.places {
            match tokio::time::timeout(patience, place).await {
                Ok(Ok(index)) => logged.push(attest(entry.clone(), index)),
                _ => return Err(DbError::LogBehind { entry: entry.clone(), seconds: patience.as_secs() }),
            }
        }
        Ok(logged)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.waiters.lock();
        for (entry, _) in &self.places {
            state.waiters.remove(entry);
        }
    }
}

/// The thread that numbers on PostgreSQL. Ends after [`Waiters::close`] with nothing left to number.
pub(crate) fn run(
    mut session: crate::postgres::Session,
    ring: &KeyRing,
    waiters: &Waiters,
    wake: &crate::Wake,
) {
    let mut open = true;
    while open {
        open = waiters.wait();
        if let Err(error) = turn(&mut session, ring, waiters, wake) {
            // Entries stay staged; the next turn finds them. Waiters run into their own limit.
            tracing::warn!(%error, "the log's sequencer could not number the staged decisions");
            session.disconnect();
        }
    }
}

fn turn(
    session: &mut crate::postgres::Session,
    ring: &KeyRing,
    waiters: &Waiters,
    wake: &crate::Wake,
) -> Result<(), DbError> {
    session.prune_marks()?;
    for log in session.look(ring, staged_logs)? {
        loop {
            let numbered = session.in_one(ring, |tx| number(tx, &log))?;
            let all = (numbered.len() as i64) < AT_ONCE;
            waiters.tell(numbered);
            wake.ring_all(vec![crate::wake::Ring::Log]);
            if all {
                break;
            }
        }
    }
    let overdue = waiters.overdue();
    if !overdue.is_empty() {
        waiters.tell(session.look(ring, |tx| find_postgres(tx, &overdue))?);
    }
    Ok(())
}
