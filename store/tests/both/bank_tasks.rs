//! What a task for a bank promises.

use crate::fixture::{Customer, Fixture, customer, later, noon, uuid};
use domain::ids::TaskId;
use store::{
    DbError, Tx,
    bank_tasks::{self, NewTask, TaskKind, TaskState},
};

fn enqueue(tx: &mut Tx, customer: &Customer, key: &str) -> Result<bool, DbError> {
    let Customer { bank, id, consent, .. } = customer;
    let kind = TaskKind::RevokeConsent;
    let new = NewTask {
        id: TaskId::new(uuid()),
        bank,
        customer: id,
        consent: &consent.id,
        key,
        kind,
        body: b"grant-7",
        now: noon(),
    };
    bank_tasks::enqueue(tx, &new)
}

pub async fn a_task_is_stored_once_per_key(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let tasks = store.transact(move |tx| {
        assert!(enqueue(tx, &customer, "revoke")?);
        assert!(!enqueue(tx, &customer, "revoke")?);
        assert!(enqueue(tx, &customer, "revoke again")?);
        bank_tasks::of_consent(tx, &customer.bank, &customer.id, &customer.consent.id)
    });
    let tasks = tasks.await.unwrap();
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|t| t.state == TaskState::Due && t.attempts == 0 && t.last_fault.is_none()));
}

pub async fn a_task_is_tried_again_when_its_time_has_come_and_not_before(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let walked = store.transact(move |tx| {
        enqueue(tx, &customer, "revoke")?;
        let first = bank_tasks::claim(tx, "worker", noon(), later(60), 10)?.remove(0);
        assert_eq!((first.body.as_slice(), first.task.attempts), (b"grant-7".as_slice(), 1));
        assert!(bank_tasks::claim(tx, "other", later(59), later(90), 10)?.is_empty());
        assert!(bank_tasks::retry(tx, &first, later(100), "unreachable", later(5))?);
        assert!(bank_tasks::claim(tx, "other", later(99), later(190), 10)?.is_empty());
        let second = bank_tasks::claim(tx, "other", later(100), later(190), 10)?.remove(0);
        assert_eq!((second.task.attempts, second.task.last_fault.as_deref()), (2, Some("unreachable")));
        assert!(bank_tasks::done(tx, &second, later(101))?);
        assert!(bank_tasks::claim(tx, "other", later(9_999), later(9_999), 10)?.is_empty());
        let tasks = bank_tasks::of_consent(tx, &customer.bank, &customer.id, &customer.consent.id)?;
        assert_eq!((tasks[0].state, tasks[0].attempts, &tasks[0].last_fault), (TaskState::Done, 2, &None));
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn a_worker_that_lost_its_lease_ends_nothing(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let walked = store.transact(move |tx| {
        enqueue(tx, &customer, "revoke")?;
        let slow = bank_tasks::claim(tx, "slow", noon(), later(60), 10)?.remove(0);
        let quick = bank_tasks::claim(tx, "quick", later(60), later(120), 10)?.remove(0);
        assert!(!bank_tasks::done(tx, &slow, later(61))?);
        assert!(!bank_tasks::retry(tx, &slow, later(61), "-", later(61))?);
        assert!(bank_tasks::give_up(tx, &quick, "refused", later(62))?);
        assert!(!bank_tasks::done(tx, &quick, later(63))?);
        let tasks = bank_tasks::of_consent(tx, &customer.bank, &customer.id, &customer.consent.id)?;
        assert_eq!(tasks[0].state, TaskState::GivenUp);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}
