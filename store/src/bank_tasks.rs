//! What a bank is to be told or asked to do: revocations, later freezes and filings. A task is stored with
//! the change that calls for it and is done after, once or more, until the bank has taken it or a person has
//! to look.

use crate::{
    DbError, Tx, customers,
    seal::Place,
    value::{Arg, Row, micros},
    wake::Ring,
};
use domain::{BankId, ConsentId, CustomerId, ids::TaskId};
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// What a bank is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// End a consent and its tokens.
    RevokeConsent,
    /// Carry out what its customer ordered.
    Order,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// To be done, at its next try.
    Due,
    /// The bank has taken it.
    Done,
    /// Given up: a person has to look.
    GivenUp,
}

/// A text that names no kind or state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no kind or state of a task")]
pub struct NotOfATask;

impl TaskKind {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::RevokeConsent => "revoke_consent",
            TaskKind::Order => "order",
        }
    }
}

impl FromStr for TaskKind {
    type Err = NotOfATask;
    fn from_str(text: &str) -> Result<Self, NotOfATask> {
        [TaskKind::RevokeConsent, TaskKind::Order]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NotOfATask)
    }
}

impl TaskState {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskState::Due => "due",
            TaskState::Done => "done",
            TaskState::GivenUp => "given_up",
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskState {
    type Err = NotOfATask;
    fn from_str(text: &str) -> Result<Self, NotOfATask> {
        let all = [TaskState::Due, TaskState::Done, TaskState::GivenUp];
        all.into_iter().find(|state| state.as_str() == text).ok_or(NotOfATask)
    }
}

/// A task to be stored.
pub struct NewTask<'a> {
    /// Its id.
    pub id: TaskId,
    /// The bank.
    pub bank: &'a BankId,
    /// Whose it is.
    pub customer: &'a CustomerId,
    /// The consent that it is about.
    pub consent: &'a ConsentId,
    /// What makes it the same task: a second one of this key is not stored.
    pub key: &'a str,
    /// What is to be done.
    pub kind: TaskKind,
    /// What the connector needs for it; sealed.
    pub body: &'a [u8],
    /// When it is stored; it is due at once.
    pub now: Timestamp,
}

/// A task as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The bank.
    pub bank: BankId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The consent that it is about.
    pub consent: ConsentId,
    /// What is to be done.
    pub kind: TaskKind,
    /// Where it stands.
    pub state: TaskState,
    /// How often it was claimed.
    pub attempts: u32,
    /// When it is tried next.
    pub next_try: Timestamp,
    /// What was wrong at the last try: a fact of the connector, without personal data.
    pub last_fault: Option<String>,
}

/// A task that a worker has claimed. Has no `Debug`: the body is not for printing.
#[derive(Clone)]
pub struct ClaimedTask {
    /// The task.
    pub task: Task,
    /// What the connector needs.
    pub body: Vec<u8>,
    /// Who claimed it.
    pub worker: String,
    /// Until when.
    pub lease_until: Timestamp,
}

pub(crate) fn place<'a>(bank: &'a BankId, id: &'a TaskId) -> Place<'a> {
    Place { table: "bank_task", column: "body", row: id.as_str(), bank }
}

/// Stores a task, once per key. False if it was there.
pub fn enqueue(tx: &mut Tx, new: &NewTask) -> Result<bool, DbError> {
    let sealed = tx.seal(new.customer, &place(new.bank, &new.id), new.body)?;
    let inserted = tx.change(
        "INSERT INTO bank_task(bank, customer, id, bucket, consent, idempotency, kind, state, attempts, \
         next_try, lease_until, made_at, changed_at, body) \
         VALUES($1, $2, $3, $4, $5, $6, $7, 'due', 0, $8, 0, $8, $8, $9) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.id.as_str()),
            Arg::Int(customers::bucket(new.bank, new.customer).into()),
            Arg::Text(new.consent.as_str()),
            Arg::Text(new.key),
            Arg::Text(new.kind.as_str()),
            Arg::Int(micros(new.now)),
            Arg::Blob(&sealed),
        ],
    )?;
    if inserted == 1 {
        tx.ring(Ring::Tasks);
    }
    Ok(inserted == 1)
}

/// Leases up to `limit` tasks whose next try has come, the oldest first. A lease that is over is taken. What nobody
/// can open, because its customer has no key, is passed over.
pub fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<ClaimedTask>, DbError> {
    let rows = tx.rows(
        "WITH c AS MATERIALIZED (SELECT bank, customer, id FROM bank_task \
           WHERE state = 'due' AND next_try <= $1 AND lease_until <= $1 \
           AND EXISTS (SELECT 1 FROM customer_key k \
             WHERE k.bank = bank_task.bank AND k.customer = bank_task.customer) \
           ORDER BY next_try LIMIT $4 \
           /*pg: FOR UPDATE SKIP LOCKED*/) \
         UPDATE bank_task SET lease_until = $2, lease_by = $3, attempts = attempts + 1 \
         WHERE (bank, customer, id) IN (SELECT bank, customer, id FROM c) \
         RETURNING bank, customer, id, consent, kind, state, attempts, next_try, last_fault, body",
        &[Arg::Int(micros(now)), Arg::Int(micros(lease_until)), Arg::Text(worker), Arg::Int(limit.into())],
    )?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let task = read(row)?;
        let body = tx.unseal(&task.customer, &place(&task.bank, &task.id), row.blob(9, "body of a task")?)?;
        claimed.push(ClaimedTask { task, body, worker: worker.to_owned(), lease_until });
    }
    claimed.sort_by_key(|c| c.task.next_try);
    Ok(claimed)
}

/// The bank has taken it. False if the lease was lost; nothing was done.
pub fn done(tx: &mut Tx, claimed: &ClaimedTask, now: Timestamp) -> Result<bool, DbError> {
    end(tx, claimed, TaskState::Done, now, None, now)
}

/// It did not work and is to be tried again. `fault` is a fact without personal data. False if the lease was
/// lost; nothing was done.
pub fn retry(
    tx: &mut Tx,
    claimed: &ClaimedTask,
    next_try: Timestamp,
    fault: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    end(tx, claimed, TaskState::Due, next_try, Some(fault), now)
}

/// It does not work, and a person has to look. False if the lease was lost; nothing was done.
pub fn give_up(tx: &mut Tx, claimed: &ClaimedTask, fault: &str, now: Timestamp) -> Result<bool, DbError> {
    end(tx, claimed, TaskState::GivenUp, now, Some(fault), now)
}

fn end(
    tx: &mut Tx,
    claimed: &ClaimedTask,
    state: TaskState,
    next_try: Timestamp,
    fault: Option<&str>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let ended = tx.change(
        "UPDATE bank_task SET state = $6, next_try = $7, last_fault = $8, changed_at = $9, lease_until = 0, \
         lease_by = NULL \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'due' AND lease_by = $4 AND attempts = $5",
        &[
            Arg::Text(claimed.task.bank.as_str()),
            Arg::Text(claimed.task.customer.as_str()),
            Arg::Text(claimed.task.id.as_str()),
            Arg::Text(&claimed.worker),
            Arg::Int(claimed.task.attempts.into()),
            Arg::Text(state.as_str()),
            Arg::Int(micros(next_try)),
            fault.map_or(Arg::Null, Arg::Text),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(ended == 1)
}

/// The tasks about a consent, oldest first.
pub fn of_consent(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Vec<Task>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, id, consent, kind, state, attempts, next_try, last_fault FROM bank_task \
         WHERE bank = $1 AND customer = $2 AND consent = $3 ORDER BY made_at, id",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())],
    )?;
    rows.iter().map(read).collect()
}

/// What became of telling the bank that a consent has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where the task stands: due until the bank has taken it.
    pub state: TaskState,
    /// When it came to stand there.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// Whether the bank was told of the end of a consent. None if there was nothing to tell it.
pub fn revocation_of(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<Told>, DbError> {
    let row = tx.row(
        "SELECT state, changed_at, attempts FROM bank_task \
         WHERE bank = $1 AND customer = $2 AND consent = $3 AND kind = 'revoke_consent' \
         ORDER BY made_at DESC, id DESC LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Text(consent.as_str())],
    )?;
    let read = |row: Row| -> Result<Told, DbError> {
        Ok(Told {
            state: row.parse(0, "state of a task")?,
            at: row.time(1, "time of a task")?,
            attempts: u32::try_from(row.count(2, "attempts")?).unwrap_or(u32::MAX),
        })
    };
    row.map(read).transpose()
}

pub(crate) fn read(row: &Row) -> Result<Task, DbError> {
    Ok(Task {
        bank: row.parse(0, "bank")?,
        customer: row.parse(1, "customer")?,
        id: row.parse(2, "task")?,
        consent: row.parse(3, "consent")?,
        kind: row.parse(4, "kind of a task")?,
        state: row.parse(5, "state of a task")?,
        attempts: u32::try_from(row.count(6, "attempts")?).unwrap_or(u32::MAX),
        next_try: row.time(7, "next try")?,
        last_fault: row.maybe_text(8, "fault of a task")?.map(str::to_owned),
    })
}
