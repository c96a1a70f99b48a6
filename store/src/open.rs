//! The store itself: opening, calling, closing.

use crate::{
    DbError, KeyRing, OpenError, Tx, Wake,
    job::{self, Job, Kind},
    machine, postgres,
    sequencer::Waiters,
    sqlite,
    tls::Way,
};
use domain::EntryId;
use gate::Logged;
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Where the data is.
#[derive(Clone)]
pub enum Location {
    /// A file, made if it is not there. Its directory must exist.
    Sqlite(PathBuf),
    /// A PostgreSQL connection string (`host=/run/postgresql user=parlour dbname=parlour`). The database
    /// must exist, in UTF-8 with locale C. Another machine is reached with TLS (`sslmode=require`), or
    /// without it only if the string says `sslmode=disable`.
    Postgres(String),
}

/// A connection string may hold a password, so it is not printed.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Location::Postgres(_) => f.write_str("Postgres(redacted)"),
        }
    }
}

/// The limits of a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Calls that may wait. One more is refused as [`DbError::Busy`]. SQLite has a second queue of this
    /// length for reads.
    pub queue: usize,
    /// SQLite: use cases in one commit at most, so that the first of them does not wait long for the last.
    pub group: usize,
    /// SQLite: threads that read.
    pub readers: usize,
    /// PostgreSQL: connections that read and write. More than 8 gained nothing when measured.
    pub connections: usize,
    /// PostgreSQL: how long a call waits for a database that was lost, and a decision for its place in the
    /// log.
    pub patience: Duration,
    /// PostgreSQL: the certificates to trust, as PEM. None: those that the system trusts.
    pub roots: Option<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            queue: 4096,
            group: 512,
            readers: 2,
            connections: 8,
            patience: Duration::from_secs(30),
            roots: None,
        }
    }
}

/// What the threads of a store share.
pub(crate) struct Shared {
    pub(crate) ring: KeyRing,
    pub(crate) options: Options,
    pub(crate) waiters: Waiters,
    pub(crate) wake: Wake,
}

type Queue = Mutex<Option<SyncSender<Box<dyn Job>>>>;

/// Where deleted bytes are to be made away with.
#[derive(Clone)]
enum Files {
    Sqlite(PathBuf),
    Postgres(Box<::postgres::Config>, Way),
}

struct Inner {
    files: Files,
    writes: Queue,
    reads: Queue,
    shared: Arc<Shared>,
    /// Each ends when the last of its threads has.
    workers: tokio::sync::Mutex<mpsc::Receiver<()>>,
    sequencer: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

/// What became of [`Store::scrub`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrubbed {
    /// Nothing that was deleted before the call is in the files any more.
    Clean,
    /// Somebody reads or writes for so long that the log could not be emptied. Try again; if that goes on, an
    /// operator has to look who it is.
    Busy,
    /// PostgreSQL: the places of deleted keys are free, and the next customers' keys are written over them. Until
    /// then, and in the write-ahead log, they are there; a change of the key-encryption key makes them worthless.
    Freed,
}

/// A database with its threads. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens a database, brings its tables up to date and checks what its promises hang on: durable commits,
    /// byte order of texts, the migrations, and that the keys given are those of this database.
    pub fn open(location: &Location, keys: impl Into<KeyRing>, options: Options) -> Result<Store, OpenError> {
        machine::check().map_err(|source| OpenError::System { what: "random bytes", source })?;
        let ring = keys.into();
        let shared = Arc::new(Shared { ring, options, waiters: Waiters::default(), wake: Wake::new() });
        let (writes, write_queue) = sync_channel(shared.options.queue);
        let (worker, workers) = mpsc::channel(1);
        let (sequencer, sequenced) = mpsc::channel(1);
        let (reads, files) = match location {
            Location::Sqlite(path) => {
                let (reads, read_queue) = sync_channel(shared.options.queue);
                sqlite::start(path, write_queue, read_queue, &shared, &worker)?;
                (reads, Files::Sqlite(path.clone()))
            }
            Location::Postgres(text) => {
                let config: ::postgres::Config = text.parse().map_err(OpenError::Location)?;
                let way = Way::of(&config, shared.options.roots.as_deref())?;
                let files = Files::Postgres(Box::new(config.clone()), way.clone());
                let ours = Arc::clone(&shared);
                let starting = spawn("store-start", move || {
                    postgres::start(&config, &way, write_queue, &ours, &worker, &sequencer)
                })?;
                let lost = || std::io::Error::other("the thread that opens the database panicked");
                starting.join().map_err(|_| OpenError::System { what: "thread", source: lost() })??;
                (writes.clone(), files)
            }
        };
        Ok(Store(Arc::new(Inner {
            files,
            writes: Mutex::new(Some(writes)),
            reads: Mutex::new(Some(reads)),
            shared,
            workers: tokio::sync::Mutex::new(workers),
            sequencer: tokio::sync::Mutex::new(sequenced),
        })))
    }

    /// Changes the world: all that the closure does is kept if it returns `Ok`, and durable when this
    /// returns. `Err` undoes all of it.
    ///
    /// The closure may run several times and has no effect but on `tx`. The first error of a statement
    /// decides, even if the closure returns `Ok` after it.
    pub async fn transact<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        job::call(sender(&self.0.writes), self.0.shared.options.queue, Kind::Write, closure).await
    }

    /// Like [`Store::transact`], for taking leases: the commit does not wait for the disk. A power cut may
    /// take it back, together with nothing else; a lease that is lost is only taken again. What is committed
    /// with `transact` later is durable with all that came before it.
    pub async fn lease<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        job::call(sender(&self.0.writes), self.0.shared.options.queue, Kind::Lease, closure).await
    }

    /// Looks at the world, at one moment. A closure that writes is refused by the database.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        job::call(sender(&self.0.reads), self.0.shared.options.queue, Kind::Read, closure).await
    }

    /// Like [`Store::transact`], for use cases that ask the gate: the closure stages each of the named
    /// decisions with [`crate::access::stage`], whether they allow or refuse (a refusal is an `Ok`, or it
    /// would be undone and not logged). Returns when they are durable and have their places in the log, in
    /// the order named.
    ///
    /// [`DbError::NotStaged`] if one was not staged; nothing is kept then. [`DbError::LogBehind`] if a place
    /// did not come in time; all is kept then, and nothing may be opened.
    pub async fn decide<T, E, F>(&self, entries: Vec<EntryId>, closure: F) -> Result<(T, Vec<Logged>), E>
    where
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let waiting = self.0.shared.waiters.expect(entries.clone())?;
        let answer = self.transact(move |tx| -> Result<T, E> {
            let answer = closure(tx)?;
            match entries.iter().find(|entry| !tx.has_staged(entry)) {
                Some(entry) => Err(tx.fail(DbError::NotStaged { entry: entry.clone() }).into()),
                None => Ok(answer),
            }
        });
        let answer = answer.await?;
        let logged = waiting.places(self.0.shared.options.patience).await?;
        Ok((answer, logged))
    }

    /// Makes what was deleted unreadable on the disk: SQLite overwrites it in the database and empties the
    /// write-ahead log (`secure_delete`, then a checkpoint that truncates; no other kind clears the log). Call
    /// it after the erasure is committed, and again as long as it answers [`Scrubbed::Busy`].
    ///
    /// PostgreSQL keeps deleted bytes in its files and its own log until it uses the space again. The table of keys
    /// is vacuumed, so that it does so at the next customer; what makes a deleted key worthless everywhere is
    /// changing the key-encryption key ([`crate::keks`]).
    pub async fn scrub(&self) -> Result<Scrubbed, OpenError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (patience, files) = (self.0.shared.options.patience, self.0.files.clone());
        spawn("store-scrub", move || {
            let scrubbed = match files {
                Files::Sqlite(path) => sqlite::scrub(&path, patience),
                Files::Postgres(config, way) => {
                    postgres::vacuum_keys(&config, &way).map(|()| Scrubbed::Freed).map_err(OpenError::from)
                }
            };
            // A caller that has gone away wants no answer.
            let _ = tell.send(scrubbed);
        })?;
        told.await.map_err(|_| OpenError::Database(DbError::Unknown))?
    }

    /// The bells that ring after commits.
    pub fn wake(&self) -> &Wake {
        &self.0.shared.wake
    }

    /// Takes no more calls, finishes those that wait, and returns when all of it is durable and numbered.
    /// Other clones of this store find it closed.
    pub async fn close(self) {
        drop(take(&self.0.writes));
        drop(take(&self.0.reads));
        let ended = self.0.workers.lock().await.recv().await;
        self.0.shared.waiters.close();
        let numbered = self.0.sequencer.lock().await.recv().await;
        debug_assert!(ended.is_none() && numbered.is_none(), "nothing is ever sent, the channels only end");
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.waiters.close();
    }
}

fn sender(queue: &Queue) -> Option<SyncSender<Box<dyn Job>>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn take(queue: &Queue) -> Option<SyncSender<Box<dyn Job>>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Starts a named thread.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<std::thread::JoinHandle<T>, OpenError> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(body).map_err(|source| OpenError::System { what: "thread", source })
}
