//! What an answer calls for at the bank: the card is frozen, the payment reported. Stored with the answer and carried out
//! after it, again and again until the bank has confirmed; the customer is told how it stands, and nothing else.

use crate::{
    app::App,
    asking::{Asked, Shown, Turn, TurnFault},
    memory::Memory,
    orders::{self, Doing},
    reply::{Block, Reply},
    rim, room,
    tenant::Tenant,
};
use banks::{Effect, Fact, Outcome};
use domain::{CardState, ConsentId, ConversationId, MessageId, Order, PaymentAnswer, backoff, ids::TaskId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{
    DbError, Tx,
    bank_tasks::{self, ClaimedTask, NewTask, TaskKind},
    conversations::{self, Conversation},
};

/// What a task to carry an order out holds, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct OrderTask {
    /// Where to say how it stands.
    pub conversation: ConversationId,
    /// What.
    pub order: Order,
    /// What it is about, as the customer reads it.
    pub name: String,
    /// The key of the order.
    pub key: String,
}

/// The first wait after a failure, and the longest.
const WAITS: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(1), SignedDuration::from_mins(10));
/// After the first failure the customer is told that it is not done; after so many, about an hour, once more.
const TOLD_AGAIN: u32 = 14;
/// After so many failures, about three days, a person has to look.
const LAST: u32 = 440;

/// Stores an order to be carried out, in the transaction of the answer that calls for it.
pub fn enqueue(
    tx: &mut Tx,
    of: &Conversation,
    consent: &ConsentId,
    task: &OrderTask,
    now: Timestamp,
) -> Result<(), DbError> {
    let body = serde_json::to_vec(task).expect("a task is plain data");
    let new = NewTask {
        id: TaskId::new(rim::uuid(now)),
        bank: &of.bank,
        customer: &of.customer,
        consent,
        key: &task.key,
        kind: TaskKind::Order,
        body: &body,
        now,
    };
    bank_tasks::enqueue(tx, &new).map(drop)
}

/// How an attempt ended.
enum Ended {
    /// It is done, or will never be: this is said.
    Over(Box<Reply>),
    /// The bank did not answer, or cannot do it now.
    NotYet(String),
}

/// Carries a claimed task out once.
pub async fn attempt(app: &Arc<App>, claimed: ClaimedTask) -> Result<(), DbError> {
    let bank = claimed.task.bank.clone();
    let tenant = app.tenants.get(&bank);
    let Ok(task) = serde_json::from_slice::<OrderTask>(&claimed.body) else {
        tracing::error!(%bank, task = %claimed.task.id, "an order cannot be read; a person at the bank has to look");
        return give_up(app, claimed, "unreadable").await;
    };
    let (of, id) = (claimed.task.clone(), task.conversation.clone());
    let room = app.store.read(move |tx| conversations::find(tx, &of.bank, &of.customer, &id)).await?;
    let (Some(tenant), Some(room)) = (tenant, room) else { return give_up(app, claimed, "nobody").await };
    let turn = turn(app, &tenant, &room);
    let ended = match carry_out(&turn, &task).await {
        Ok(ended) => ended,
        Err(TurnFault::Store(fault)) => return Err(fault),
        Err(fault) => Ended::NotYet(fault.to_string()),
    };
    let attempts = claimed.task.attempts;
    let now = app.clock.now();
    match ended {
        Ended::Over(reply) => say(app, &turn, *reply, move |tx| bank_tasks::done(tx, &claimed, now)).await,
        Ended::NotYet(fault) => {
            tracing::warn!(%bank, attempts, %fault, order = task.order.operation().as_str(), "an order could not be carried out; it is tried again");
            metrics::counter!("parlour_bank_task_failures_total", "bank" => bank.to_string()).increment(1);
            if attempts >= LAST {
                let reply = not_done(&tenant, &task, Late::GivenUp);
                return say(app, &turn, reply, move |tx| bank_tasks::give_up(tx, &claimed, "no answer", now))
                    .await;
            }
            let next = backoff::next_try(attempts, now, WAITS.0, WAITS.1, rim::jitter());
            let put_off = move |tx: &mut Tx| bank_tasks::retry(tx, &claimed, next, "no answer", now);
            match attempts {
                1 => say(app, &turn, not_done(&tenant, &task, Late::First), put_off).await,
                TOLD_AGAIN => say(app, &turn, not_done(&tenant, &task, Late::Long), put_off).await,
                _ => app.store.transact(move |tx| put_off(tx)).await.map(drop),
            }
        }
    }
}

pub(super) fn turn(app: &Arc<App>, tenant: &Arc<Tenant>, room: &Conversation) -> Turn {
    Turn {
        app: app.clone(),
        tenant: tenant.clone(),
        conversation: room.clone(),
        channel: room.channel,
        region: None,
        now: app.clock.now(),
        shown: Shown::InConversation,
        memory: Memory::default(),
    }
}

async fn give_up(app: &App, claimed: ClaimedTask, why: &'static str) -> Result<(), DbError> {
    let now = app.clock.now();
    app.store.transact(move |tx| bank_tasks::give_up(tx, &claimed, why, now)).await.map(drop)
}

/// Says something together with a change of the task; nothing if the task was lost to another worker.
async fn say(
    app: &App,
    turn: &Turn,
    reply: Reply,
    change: impl Fn(&mut Tx) -> Result<bool, DbError> + Send + Sync + 'static,
) -> Result<(), DbError> {
    let now = app.clock.now();
    let (message, room) = (MessageId::new(rim::uuid(now)), turn.conversation.clone());
    let stored = app.store.transact(move |tx| -> Result<(), DbError> {
        if change(tx)? && !reply.blocks.is_empty() {
            room::say_unprompted(tx, &room, &message, &reply, now)?;
        }
        Ok(())
    });
    stored.await?;
    app.bells.ring(&turn.conversation.id);
    Ok(())
}

async fn carry_out(turn: &Turn, task: &OrderTask) -> Result<Ended, TurnFault> {
    let bank = &turn.tenant.name;
    let (permit, consent) = match turn.ask_order(&task.order).await? {
        Asked::Yes(mut permits, consent) => (permits.remove(0), consent),
        Asked::OnlyOnItsPage(_) | Asked::No(_) => {
            return Ok(over(care(format!(
                "I may not do this at {bank} for you ({}), because of what was agreed when this chat was linked. {}",
                what(task),
                reach(&turn.tenant)
            ))));
        }
    };
    let (connector, grant) = turn.reach(&consent).await?;
    let doing = Doing {
        order: &task.order,
        name: &task.name,
        key: &task.key,
        reference: None,
        undo: None,
        takes_back: None,
    };
    orders::write_down(turn, &doing).await?;
    let key = task.key.parse().expect("the key of a task is plain and short");
    let outcome = connector.order(&grant, &permit, &task.order, turn.channel, &key, None).await?;
    orders::heard(turn, &doing, &outcome).await?;
    Ok(match outcome {
        Outcome::Done(effect) | Outcome::AlreadyDone(effect) => {
            over(confirmed(turn, task, &effect.open(permit)?.value))
        }
        Outcome::StepUpNeeded { url, .. } => {
            let text = format!("{bank} wants you to approve this on its own site: {}.", what(task));
            let door = Block::Door { text, href: url.into(), label: format!("Approve at {bank}") };
            over(Reply { blocks: vec![door], ..Reply::default() })
        }
        Outcome::Refused(Fact::CardState) => over(Reply::text(format!(
            "{bank} says that your {} is blocked already, so nobody pays with it.",
            task.name
        ))),
        Outcome::Refused(Fact::NotThere | Fact::NotCovered)
            if matches!(task.order, Order::ReportPayment { .. }) =>
        {
            // The bank takes no reports, or not of this payment: its people have it on their list all the same.
            Ended::Over(Box::default())
        }
        Outcome::Refused(fact) => {
            over(care(format!("{bank} refused this: {} ({fact}). {}", what(task), reach(&turn.tenant))))
        }
        Outcome::Unknown { fault } => Ended::NotYet(fault.to_string()),
    })
}

/// It is over with these words.
fn over(reply: Reply) -> Ended {
    Ended::Over(Box::new(reply))
}

fn care(text: String) -> Reply {
    Reply { blocks: vec![Block::Care { text }], ..Reply::default() }
}

/// "freezing your card ··42".
fn what(task: &OrderTask) -> String {
    match &task.order {
        Order::FreezeCard { .. } => format!("freezing your {}", task.name),
        Order::ReportPayment { answer: PaymentAnswer::NotMine, .. } => {
            format!("reporting that {} is not yours", task.name)
        }
        _ => task.name.clone(),
    }
}

/// What the bank has confirmed.
fn confirmed(turn: &Turn, task: &OrderTask, effect: &Effect) -> Reply {
    let bank = &turn.tenant.name;
    match effect {
        Effect::Card(card) if card.state == CardState::Frozen => Reply::text(format!(
            "{bank} has confirmed: your {} is frozen. Nobody can pay with it until you unfreeze it.",
            task.name
        ))
        .with_quick(&["Last transactions", "My card was stolen"]),
        // It was said with the answer.
        Effect::Reported { answer: PaymentAnswer::Mine, .. } => Reply::default(),
        Effect::Reported { answer, dispute } => {
            Reply::text(orders::reported(turn, *answer, dispute.as_deref()))
        }
        _ => Reply::text(format!("{bank} has confirmed: {}.", what(task))),
    }
}

/// How late it is.
enum Late {
    First,
    Long,
    GivenUp,
}

/// The truth about what is not done yet.
fn not_done(tenant: &Tenant, task: &OrderTask, late: Late) -> Reply {
    let bank = &tenant.name;
    let what = what(task);
    let text = match late {
        Late::First => format!(
            "Not done yet: {bank}’s system does not answer. I keep trying ({what}) and tell you here when it is done. {}",
            reach(tenant)
        ),
        Late::Long => format!(
            "Still not done after many tries: {what}. I keep trying. {bank}’s people have been told. {}",
            reach(tenant)
        ),
        Late::GivenUp => format!("I could not do this: {what}. {}", reach(tenant)),
    };
    care(text)
}

/// How a person is reached when it is urgent.
fn reach(tenant: &Tenant) -> String {
    match &tenant.people.phone {
        Some(phone) => format!("If it cannot wait, call {} at {phone}.", tenant.name),
        None => format!(
            "If it cannot wait, call the number on the back of your card; {} answers there.",
            tenant.name
        ),
    }
}
