//! SQLite: folds the write-ahead log into the database beside the writer, so that no commit waits for it.
//!
//! Left alone, SQLite folds inside the commit that fills a thousand pages: at fifty turns a second that is more than
//! one commit in a hundred, and each of them waits for a second file.

use crate::{OpenError, open, sqlite};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
};

/// Groups that are committed between two foldings. At the few pages that a group writes, the log stays at some
/// megabytes.
const EVERY: u32 = 256;
/// Pages in the log at which a commit folds after all, because the thread does not keep up: 64 MiB of 4 KiB pages.
const BRAKE: u32 = 16_384;

/// The thread that folds, as the writer holds it.
pub(crate) struct Folding {
    since: u32,
    bell: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Folding {
    /// Starts the thread, and tells the writer's connection to leave folding to it.
    pub(crate) fn start(path: &Path, writer: &Connection) -> Result<Folding, OpenError> {
        writer.pragma_update(None, "wal_autocheckpoint", BRAKE).map_err(crate::DbError::from)?;
        let connection = sqlite::connect(path)?;
        let (bell, rings) = sync_channel(1);
        let thread = open::spawn("store-folding", move || fold_at_each(&connection, &rings))?;
        Ok(Folding { since: 0, bell, thread })
    }

    /// Counts a commit, and has the log folded when there were enough.
    pub(crate) fn committed(&mut self) {
        self.since += 1;
        if self.since < EVERY {
            return;
        }
        match self.bell.try_send(()) {
            Ok(()) => self.since = 0,
            // It is still folding; the next commit tries again.
            Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => tracing::error!("the thread that folds the log is gone"),
        }
    }

    /// Ends the thread. Nobody folds after this but the caller.
    pub(crate) fn end(self) {
        drop(self.bell);
        if self.thread.join().is_err() {
            tracing::error!("the thread that folds the log had panicked");
        }
    }
}

/// Folds what no reader needs any more; nobody waits for that.
#[expect(clippy::disallowed_methods, reason = "the store's own thread may wait for the bell")]
fn fold_at_each(connection: &Connection, rings: &Receiver<()>) {
    while rings.recv().is_ok() {
        let folded = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
        if let Err(error) = folded {
            tracing::warn!(%error, "the write-ahead log was not folded in; trying again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_bytes(path: &Path) -> u64 {
        let mut beside = path.as_os_str().to_owned();
        beside.push("-wal");
        std::fs::metadata(beside).map_or(0, |file| file.len())
    }

    fn write_much(writer: &Connection) {
        writer.execute("INSERT INTO t VALUES (zeroblob(1000000))", []).unwrap();
    }

    #[test]
    fn a_log_that_was_folded_beside_the_writer_is_written_over_and_does_not_grow() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        let writer = sqlite::connect(&path).unwrap();
        writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        writer.execute_batch("CREATE TABLE t (b BLOB)").unwrap();
        let beside = sqlite::connect(&path).unwrap();
        write_much(&writer);
        let once = log_bytes(&path);
        for _ in 0..3 {
            let (bell, rings) = sync_channel(1);
            bell.send(()).unwrap();
            drop(bell);
            fold_at_each(&beside, &rings);
            write_much(&writer);
        }
        assert!(log_bytes(&path) < once * 3 / 2, "{} after {once}", log_bytes(&path));
        write_much(&writer);
        assert!(log_bytes(&path) > once * 3 / 2, "unfolded it grows, or this test could not fail");
    }

    #[test]
    fn after_the_end_the_log_can_be_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        let writer = sqlite::connect(&path).unwrap();
        let mut folding = Folding::start(&path, &writer).unwrap();
        writer.execute_batch("CREATE TABLE t (b BLOB)").unwrap();
        for _ in 0..2 * EVERY {
            writer.execute("INSERT INTO t VALUES (zeroblob(100))", []).unwrap();
            folding.committed();
        }
        folding.end();
        assert!(log_bytes(&path) > 0);
        let busy: i64 = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert_eq!((busy, log_bytes(&path)), (0, 0));
    }
}
