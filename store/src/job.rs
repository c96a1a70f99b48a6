//! A closure on its way through the queue to a thread of the database, and its answer on the way back.

use crate::{DbError, Tx, Wake, tx::Left};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Whether a job may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    /// A write that a power cut may take back: a lease.
    Lease,
}

/// What is to become of the transaction after the closure has run.
pub(crate) enum Ran {
    /// Commit.
    Keep,
    /// Roll back: the use case refused. Its answer is still the answer.
    Undo,
    /// Roll back: the database (or a panic) decided.
    Failed(DbError),
}

/// A queued closure. It may be run again and again; only the last run counts.
pub(crate) trait Job: Send {
    fn kind(&self) -> Kind;
    fn run(&mut self, tx: Tx) -> Ran;
    /// Whether the last run staged something for the log.
    fn has_staged(&self) -> bool;
    /// Answers the caller. `Ok` means that the last run was kept, or undone as it wished.
    fn done(self: Box<Self>, outcome: Result<(), DbError>, wake: &Wake);
}

struct Call<F, T, E> {
    kind: Kind,
    closure: F,
    answer: Option<Result<T, E>>,
    left: Left,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: Fn(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn kind(&self) -> Kind {
        self.kind
    }

    fn run(&mut self, mut tx: Tx) -> Ran {
        self.left = Left::default();
        let answer = catch_unwind(AssertUnwindSafe(|| (self.closure)(&mut tx)));
        let (failed, left) = tx.end();
        match (failed, answer) {
            (Some(error), _) => Ran::Failed(error),
            (None, Err(_)) => Ran::Failed(DbError::Panicked),
            (None, Ok(Err(refusal))) => {
                self.answer = Some(Err(refusal));
                Ran::Undo
            }
            (None, Ok(Ok(answer))) => {
                self.answer = Some(Ok(answer));
                self.left = left;
                Ran::Keep
            }
        }
    }

    fn has_staged(&self) -> bool {
        !self.left.staged.is_empty()
    }

    fn done(self: Box<Self>, outcome: Result<(), DbError>, wake: &Wake) {
        let Call { answer, left, reply, .. } = *self;
        if outcome.is_ok() {
            wake.ring_all(left.rings);
        }
        let answer = outcome.map_err(E::from).and_then(|()| answer.unwrap_or(Err(DbError::Unknown.into())));
        // A caller that has gone away wants no answer.
        let _ = reply.send(answer);
    }
}

/// Queues a closure and waits for its answer. `waiting` is the length of the queue, for the error.
pub(crate) async fn call<T, E, F>(
    queue: Option<SyncSender<Box<dyn Job>>>,
    waiting: usize,
    kind: Kind,
    closure: F,
) -> Result<T, E>
where
    F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let queue = queue.ok_or(DbError::Closed)?;
    let (reply, answer) = oneshot::channel();
    let job = Call { kind, closure, answer: None, left: Left::default(), reply };
    queue.try_send(Box::new(job)).map_err(|e| match e {
        TrySendError::Full(_) => DbError::Busy { waiting },
        TrySendError::Disconnected(_) => DbError::Closed,
    })?;
    drop(queue);
    // The thread that had the job is gone: a panic of this crate, after which nothing is known.
    answer.await.map_err(|_| DbError::Unknown)?
}

/// The next job of a queue that several threads share; none when the store is closed.
#[expect(clippy::disallowed_methods, reason = "the store's own threads may wait for the queue")]
pub(crate) fn next(queue: &Mutex<Receiver<Box<dyn Job>>>) -> Option<Box<dyn Job>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
