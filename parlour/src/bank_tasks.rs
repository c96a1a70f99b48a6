//! What the bank must be told, told until it confirms: the revocation of a consent, and what answers to fraud alerts call
//! for.

use crate::{
    alerts,
    app::App,
    consents::{self, Receipt, Whole},
    linking::FromBank,
    reply::Reply,
    rim, room,
};
use banks::BankFault;
use domain::{BankId, Channel, ConsentState, ConversationId, MessageId, backoff};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use store::{
    DbError,
    bank_tasks::{self as tasks, ClaimedTask, TaskKind},
    conversations,
};
use tokio::{task::JoinSet, time};

/// What a task to revoke a consent holds, sealed.
#[derive(Serialize, Deserialize)]
pub struct Revocation {
    /// Where to say that the bank has confirmed.
    pub conversation: ConversationId,
    /// What the bank gave: the stored bytes of a [`FromBank`].
    pub from_bank: Vec<u8>,
}

/// How long one attempt may take: the twenty seconds of a question to a bank, and some room. What a killed process had in hand waits for it.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The first wait after a failure.
const FIRST: SignedDuration = SignedDuration::from_secs(1);
/// The longest wait between two attempts. There is no last attempt: a revocation is never given up.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// How often to look for tasks that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many are taken up at once.
const CLAIM: u32 = 16;

/// Works until the gateway stops.
pub async fn run(app: Arc<App>) {
    let mut stop = app.stop.clone();
    let mut tasks_left = app.store.wake().tasks();
    loop {
        tasks_left.mark_unchanged();
        if *stop.borrow() {
            return;
        }
        let due = claim(&app).await;
        let none = due.is_empty();
        // Side by side: a freeze does not wait for another bank that is slow.
        let mut attempts = JoinSet::new();
        for task in due {
            let app = app.clone();
            attempts.spawn(async move { attempt(&app, task).await });
        }
        while attempts.join_next().await.is_some() {}
        if none {
            tokio::select! { _ = tasks_left.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
        }
    }
}

async fn claim(app: &App) -> Vec<ClaimedTask> {
    let (now, worker) = (app.clock.now(), app.settings.worker.clone());
    let claimed = app.store.lease(move |tx| tasks::claim(tx, &worker, now, now + LEASE, CLAIM)).await;
    claimed.unwrap_or_else(|fault: DbError| {
        tracing::warn!(%fault, "tasks for banks could not be claimed; trying again");
        vec![]
    })
}

async fn attempt(app: &Arc<App>, claimed: ClaimedTask) {
    if claimed.task.kind == TaskKind::Order {
        let bank = claimed.task.bank.clone();
        return note(&bank, alerts::acts::attempt(app, claimed).await);
    }
    let (bank, attempt) = (claimed.task.bank.clone(), claimed.task.attempts + 1);
    let Ok(revocation) = serde_json::from_slice::<Revocation>(&claimed.body) else {
        tracing::error!(%bank, task = %claimed.task.id, "a revocation cannot be read; the bank must end it itself");
        let now = app.clock.now();
        let stored = app.store.transact(move |tx| tasks::give_up(tx, &claimed, "unreadable", now)).await;
        return note(&bank, stored.map(drop));
    };
    let stored = match revoke(app, &bank, &revocation).await {
        Ok(()) => confirmed(app, claimed, revocation.conversation).await,
        Err(fault) => {
            let now = app.clock.now();
            let next = backoff::next_try(attempt, now, FIRST, LONGEST, rim::jitter());
            tracing::warn!(%bank, attempt, %fault, %next, "a bank did not take a revocation; it will be told again");
            metrics::counter!("parlour_bank_task_failures_total", "bank" => bank.to_string()).increment(1);
            let kind = fault.kind();
            app.store.transact(move |tx| tasks::retry(tx, &claimed, next, kind, now)).await.map(drop)
        }
    };
    note(&bank, stored);
}

fn note(bank: &BankId, stored: Result<(), DbError>) {
    if let Err(fault) = stored {
        tracing::warn!(%bank, %fault, "the outcome of a task could not be stored; it will be repeated");
    }
}

async fn revoke(app: &App, bank: &BankId, revocation: &Revocation) -> Result<(), BankFault> {
    let tenant = app.tenants.get(bank).ok_or(BankFault::Unreachable { attempts: 0 })?;
    let kept: FromBank = serde_json::from_slice(&revocation.from_bank).map_err(|_| BankFault::Unsendable)?;
    let connector = tenant.connector().await.map_err(|_| BankFault::Unreachable { attempts: 1 })?;
    connector.revoke(&kept.grant).await
}

/// What is said when a bank has confirmed an end, with the receipt; where others' servers read along, with the way
/// to it.
fn confirmation(bank: &str, ended: Option<&Whole>, channel: Channel) -> Reply {
    let superseded = ended.is_some_and(|whole| whole.consent.state == ConsentState::Superseded);
    let mut reply = Reply::text(match superseded {
        true => format!("{bank} has confirmed: your earlier choice has ended there. The new one goes on."),
        false => format!("{bank} has confirmed: the sharing has ended there too."),
    });
    if channel.is_foreign() {
        return reply.with_quick(&["Receipts for this"]);
    }
    if let Some(receipt) = ended.and_then(|whole| Receipt::of(whole, bank)) {
        reply.blocks.extend(Reply::text(receipt.to_string()).blocks);
    }
    reply
}

/// Marks the task as done and says so in the chat, with the receipt, in one transaction.
async fn confirmed(app: &App, claimed: ClaimedTask, id: ConversationId) -> Result<(), DbError> {
    let name = app.tenants.get(&claimed.task.bank).map_or_else(|| "The bank".to_owned(), |t| t.name.clone());
    let now = app.clock.now();
    let (message, conversation) = (MessageId::new(rim::uuid(now)), id.clone());
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            let (bank, customer) = (&claimed.task.bank, &claimed.task.customer);
            if tasks::done(tx, &claimed, now)?
                && let Some(room) = conversations::find(tx, bank, customer, &conversation)?
            {
                let whole = consents::read_whole(tx, bank, customer, &claimed.task.consent)?;
                let reply = confirmation(&name, whole.as_ref(), room.channel);
                room::say_unprompted(tx, &room, &message, &reply, now)?;
            }
            Ok(())
        })
        .await?;
    app.bells.ring(&id);
    Ok(())
}
