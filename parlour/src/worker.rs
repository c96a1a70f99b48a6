//! The worker: claims waiting messages, answers them, and stores each answer together with the mark that
//! its question is handled. A crash at any point repeats the turn; it never answers twice.

use crate::{
    app::App,
    reply::Reply,
    rim, room,
    turn::{self, Answer},
};
use domain::{ConsentId, MessageId};
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};
use store::{DbError, Tx, access, consents, messages};
use tokio::{sync::Semaphore, task::JoinSet, time};

/// How long a claim holds. A turn must be over by then.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long a turn may take before its person is told that it failed.
pub const TURN_LIMIT: Duration = Duration::from_secs(20);
/// How often to look for messages that nobody announced (another process, an expired lease).
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many messages are claimed at once.
const CLAIM: u32 = 64;

/// Works until the gateway stops; then finishes the turns under way.
pub async fn run(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(app.settings.limits.turns_at_once.max(1) as usize));
    let mut stop = app.stop.clone();
    let mut inbound = app.store.wake().inbound();
    let mut turns = JoinSet::new();
    loop {
        inbound.mark_unchanged();
        if *stop.borrow() {
            break;
        }
        let claimed = claim(&app, places.available_permits()).await;
        let none = claimed.is_empty();
        for message in claimed {
            let permit = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let app = app.clone();
            turns.spawn(async move {
                take(app, message).await;
                drop(permit);
            });
        }
        while turns.try_join_next().is_some() {}
        if none {
            tokio::select! { _ = inbound.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
        }
    }
    while turns.join_next().await.is_some() {}
}

async fn claim(app: &Arc<App>, free: usize) -> Vec<messages::Claimed> {
    if free == 0 {
        return vec![];
    }
    let (now, worker) = (app.clock.now(), app.settings.worker.clone());
    let limit = CLAIM.min(u32::try_from(free).unwrap_or(CLAIM));
    let until = now + LEASE;
    let claimed = app.store.lease(move |tx| messages::claim(tx, &worker, now, until, limit)).await;
    claimed.unwrap_or_else(|fault: DbError| {
        tracing::warn!(%fault, "waiting messages could not be claimed; trying again");
        vec![]
    })
}

/// One turn, from claim to stored answer.
async fn take(app: Arc<App>, claimed: messages::Claimed) {
    let conversation = claimed.conversation.id.clone();
    app.bells.typing(&conversation, true);
    let began = app.clock.now();
    let reply = match time::timeout(TURN_LIMIT, compose(app.clone(), claimed.clone())).await {
        Ok(reply) => reply,
        Err(_) => {
            Reply::text("This took too long, so I stopped. Nothing was changed. Please ask again.").into()
        }
    };
    finish(&app, claimed, reply).await;
    app.bells.typing(&conversation, false);
    app.bells.ring(&conversation);
    let took = app.clock.now().duration_since(began).as_secs_f64();
    metrics::histogram!("parlour_turn_seconds").record(took);
}

/// The answer. A panic becomes words, so that one bad turn does not hold its conversation up for ever.
async fn compose(app: Arc<App>, claimed: messages::Claimed) -> Answer {
    let conversation = claimed.conversation.id.clone();
    match tokio::spawn(async move { turn::answer(&app, &claimed).await }).await {
        Ok(reply) => reply,
        Err(panic) => {
            tracing::error!(%conversation, %panic, "a turn broke");
            Reply::text("Something went wrong on our side. Nothing was shown. Please ask again.").into()
        }
    }
}

async fn finish(app: &Arc<App>, claimed: messages::Claimed, Answer { reply, memory }: Answer) {
    let memory = memory.map(|memory| memory.write());
    let now = app.clock.now();
    let (id, channel) = (MessageId::new(rim::uuid(now)), claimed.conversation.channel);
    let answers = Some(claimed.message.seq);
    let said = room::stored_reply(channel, &id, &reply, answers);
    let unsaid = room::stored_reply(channel, &id, &ended_meanwhile(&reply), answers);
    let conversation = claimed.conversation.id.clone();
    let done = app
        .store
        .transact(move |tx| -> Result<_, DbError> {
            let said = if still_agreed(tx, &claimed, &reply, now)? { &said } else { &unsaid };
            messages::finish(tx, &claimed, std::slice::from_ref(said), memory.as_deref(), now)
        })
        .await;
    match done {
        Ok(messages::Finish::Done { .. }) => {}
        Ok(messages::Finish::LeaseLost) => {
            tracing::warn!(%conversation, "another worker took this turn over; our answer is dropped");
        }
        Err(fault) => {
            tracing::warn!(%conversation, %fault, "an answer could not be stored; the turn will be repeated")
        }
    }
}

/// Whether every consent that an answer rests on is still given, in the transaction that stores the answer. It may
/// have been ended while the bank was asked: from the dashboard, at the bank, by the bank, by time.
fn still_agreed(
    tx: &mut Tx,
    claimed: &messages::Claimed,
    reply: &Reply,
    now: Timestamp,
) -> Result<bool, DbError> {
    let (bank, customer) = (&claimed.conversation.bank, &claimed.conversation.customer);
    let mut looked_at: Option<ConsentId> = None;
    for seen in &reply.seen {
        let Some(id) = access::consent_of(tx, bank, customer, &seen.entry)? else { return Ok(false) };
        if looked_at.as_ref() == Some(&id) {
            continue;
        }
        let held = consents::held_by_id(tx, bank, customer, &id)?;
        if !held.is_some_and(|held| held.consent.holds(now.max(held.changed_at))) {
            return Ok(false);
        }
        looked_at = Some(id);
    }
    Ok(true)
}

/// What is said in place of an answer whose consent ended before it could be shown. What was read is dropped; that it was
/// read stays in the log, and is said.
fn ended_meanwhile(reply: &Reply) -> Reply {
    let text = "The sharing ended or was paused while I was asking the bank, so I threw away what I had read. Nothing of \
                it is shown or kept. That I asked stands in the log.";
    let seen = reply.seen.clone();
    Reply { seen, ..Reply::text(text) }.with_quick(&["What do I share?", "Who looked at my data?"])
}
