//! The worker: takes up what banks have said, those of one conversation together, and tells what was asked for. A crash at
//! any point repeats the look; what was told is not told again, because that is noted together with the message.

use super::{
    Event, Happened, Kept, PAGE_LASTS,
    hours::Hours,
    look::{self, Looked, News, What},
    tell,
};
use crate::{
    app::App,
    asking::{Shown, Turn, TurnFault},
    consents::looks,
    memory::Memory,
    rim, room, sealed,
    tenant::Tenant,
};
use banks::BankFault;
use domain::{BankId, Consent, ConsentEvent, How, MessageId, backoff};
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};
use store::{
    DbError, Tx,
    bank_events::{self, Claimed},
    consents,
    conversations::Conversation,
    sealed_links, watches as kept,
};
use tokio::{sync::Semaphore, task::JoinSet, time};

/// How long a claim holds. Longer than the bank may take for all that one look asks.
const LEASE: SignedDuration = SignedDuration::from_secs(180);
/// How long one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(120);
/// How often to look for events that nobody announced: another process took them, or their hour has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many events are claimed at once. All that waited for the end of one person's quiet hours fits.
const CLAIM: u32 = 256;
/// How many conversations are looked at at the same time, so that one slow bank holds up few.
const AT_ONCE: usize = 16;
/// How often a look that failed is tried, in about two hours. News that is older is none.
const ATTEMPTS: u32 = 10;
/// The first wait after a failure, and the longest.
const WAITS: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(2), SignedDuration::from_mins(30));
/// How long an event is remembered, so that the same one does nothing again. Banks try for some days.
const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// How long it is remembered that a payment was told. A payment is pending for some weeks at most.
const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(24 * 60);

/// Works until the gateway stops; then finishes what is under way.
pub async fn run(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut stop = app.stop.clone();
    let mut events = app.store.wake().bank_events();
    let mut looks = JoinSet::new();
    while !*stop.borrow() {
        events.mark_unchanged();
        let claimed = claim(&app).await;
        let none = claimed.is_empty();
        for batch in by_conversation(claimed) {
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let app = app.clone();
            looks.spawn(async move {
                take(&app, batch).await;
                drop(place);
            });
        }
        while looks.try_join_next().is_some() {}
        if none {
            tokio::select! { _ = events.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
        }
    }
    while looks.join_next().await.is_some() {}
}

/// Forgets what is remembered for long enough.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let (events, told) = (before(EVENTS_KEPT), before(TOLD_KEPT));
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            bank_events::sweep(tx, events)?;
            kept::sweep(tx, told).map(drop)
        })
        .await
}

async fn claim(app: &App) -> Vec<Claimed> {
    let (now, worker) = (app.clock.now(), app.settings.worker.clone());
    let claimed = app.store.lease(move |tx| bank_events::claim(tx, &worker, now, now + LEASE, CLAIM)).await;
    claimed.unwrap_or_else(|fault: DbError| {
        tracing::warn!(%fault, "events of banks could not be claimed; trying again");
        vec![]
    })
}

/// They come sorted by conversation.
fn by_conversation(claimed: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut batches: Vec<Vec<Claimed>> = vec![];
    for one in claimed {
        match batches.last_mut() {
            Some(batch) if batch[0].bank == one.bank && batch[0].owner == one.owner => batch.push(one),
            _ => batches.push(vec![one]),
        }
    }
    batches
}

/// What is known of the conversation of some events.
struct Scene {
    consent: Consent,
    room: Conversation,
    watches: Vec<Kept>,
    hours: Hours,
}

fn scene(tx: &mut Tx, bank: &BankId, of: &bank_events::Owner) -> Result<Option<Scene>, DbError> {
    let consent = consents::current(tx, bank, &of.customer, &of.conversation)?;
    let consent = consent.filter(|consent| consent.id == of.consent);
    let (Some(consent), Some(room)) = (consent, bank_events::room(tx, bank, of)?) else { return Ok(None) };
    let watches = super::read(tx, &room)?;
    let hours = Hours::read(kept::hours(tx, &room)?.as_deref());
    Ok(Some(Scene { consent, room, watches, hours }))
}

async fn take(app: &Arc<App>, batch: Vec<Claimed>) {
    let bank = batch[0].bank.clone();
    match attempt(app, batch).await {
        // Whoever was erased meanwhile is told nothing.
        Ok(()) | Err(DbError::NoKey { .. }) => {}
        Err(fault) => {
            tracing::warn!(%bank, %fault, "events of a bank could not be handled; they will be again")
        }
    }
}

async fn attempt(app: &Arc<App>, batch: Vec<Claimed>) -> Result<(), DbError> {
    let (bank, owner, now) = (batch[0].bank.clone(), batch[0].owner.clone(), app.clock.now());
    let found = app.store.read(move |tx| scene(tx, &bank, &owner)).await?;
    let tenant = app.tenants.get(&batch[0].bank);
    let (Some(scene), Some(tenant)) = (found, tenant) else { return settle(app, batch, vec![]).await };
    let says: Vec<Option<Event>> = batch.iter().map(|one| serde_json::from_slice(&one.body).ok()).collect();
    if says.iter().any(|event| matches!(event, Some(Event::ConsentEnded))) {
        looks::end(app, scene.consent, ConsentEvent::Revoke, How::AtBank).await?;
        return settle(app, batch, vec![]).await;
    }
    if scene.watches.is_empty() || !scene.consent.holds(now) {
        return settle(app, batch, vec![]).await;
    }
    let (mut later, mut due, mut events) = (vec![], vec![], vec![]);
    for (one, event) in batch.into_iter().zip(says) {
        let at = scene.hours.due(&tenant.zone, one.received_at, now);
        match event {
            Some(Event::Payment(_)) if at > now => later.push((one, at, false)),
            Some(Event::Payment(happened)) => {
                events.push(happened);
                due.push(one);
            }
            Some(Event::ConsentEnded) | None => due.push(one),
        }
    }
    settle(app, vec![], later).await?;
    if due.is_empty() {
        return Ok(());
    }
    look_and_tell(app, &tenant, scene, due, events).await
}

async fn look_and_tell(
    app: &Arc<App>,
    tenant: &Arc<Tenant>,
    scene: Scene,
    due: Vec<Claimed>,
    events: Vec<Happened>,
) -> Result<(), DbError> {
    let turn = Turn {
        app: app.clone(),
        tenant: tenant.clone(),
        conversation: scene.room.clone(),
        channel: scene.room.channel,
        region: None,
        now: app.clock.now(),
        shown: Shown::InConversation,
        memory: Memory::default(),
    };
    let looked = time::timeout(LOOK_LIMIT, look::look(&turn, &scene.watches, &events)).await;
    let fault = match looked {
        Ok(Ok(looked)) => return tell_it(&turn, scene, due, looked).await,
        Ok(Err(TurnFault::Bank(BankFault::ConsentEnded))) => {
            looks::end(app, scene.consent, ConsentEvent::Revoke, How::AtBank).await?;
            return settle(app, due, vec![]).await;
        }
        Ok(Err(TurnFault::Store(fault))) => return Err(fault),
        Ok(Err(fault)) => fault.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    let (bank, now) = (&tenant.id, turn.now);
    let (mut again, mut given_up) = (vec![], vec![]);
    for one in due {
        let next = backoff::next_try(one.attempts, now, WAITS.0, WAITS.1, rim::jitter());
        if one.attempts < ATTEMPTS { again.push((one, next, true)) } else { given_up.push(one) }
    }
    tracing::warn!(%bank, %fault, again = again.len(), given_up = given_up.len(), "what happened at a bank could not be read");
    metrics::counter!("parlour_alert_failures_total", "bank" => bank.to_string()).increment(1);
    settle(app, given_up, again).await
}

/// Ends some events, and puts others off: until when, and whether that is for a failure.
async fn settle(
    app: &App,
    done: Vec<Claimed>,
    later: Vec<(Claimed, Timestamp, bool)>,
) -> Result<(), DbError> {
    if done.is_empty() && later.is_empty() {
        return Ok(());
    }
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            for one in &done {
                bank_events::done(tx, one)?;
            }
            for (one, at, failed) in &later {
                bank_events::later(tx, one, *at, *failed)?;
            }
            Ok(())
        })
        .await
}

/// Notes what is told, and tells it, in one transaction with the end of the events.
async fn tell_it(turn: &Turn, scene: Scene, due: Vec<Claimed>, looked: Looked) -> Result<(), DbError> {
    let (tenant, now, conversation) = (turn.tenant.clone(), turn.now, scene.room.id.clone());
    let message = MessageId::new(rim::uuid(now));
    let all: Vec<_> = looked.news.iter().map(News::due).collect();
    let page =
        sealed::page_of(turn, sealed::Question::of_alerts(all), Some(scene.consent.id.clone()), PAGE_LASTS);
    let told = turn.app.store.transact(move |tx| -> Result<usize, DbError> {
        for one in &due {
            bank_events::done(tx, one)?;
        }
        let held = consents::held_by_id(tx, &scene.room.bank, &scene.room.customer, &scene.consent.id)?;
        if !held.is_some_and(|held| held.consent.holds(now.max(held.changed_at))) {
            return Ok(0);
        }
        let fresh = fresh(tx, &scene, &looked, now)?;
        if fresh.is_empty() {
            return Ok(0);
        }
        let reply = if looked.sealed {
            sealed_links::insert(tx, &page.0)?;
            page.1.clone()
        } else {
            tell::reply(&tenant, &fresh, looked.seen.clone(), now)
        };
        room::say_unprompted(tx, &scene.room, &message, &reply, now)?;
        Ok(fresh.len())
    });
    let told = told.await?;
    if told > 0 {
        turn.app.bells.ring(&conversation);
        let bank = turn.tenant.id.to_string();
        metrics::counter!("parlour_alerts_total", "bank" => bank).increment(told as u64);
    }
    Ok(())
}

/// What of the news was not told before. Notes that it is told now.
fn fresh(tx: &mut Tx, scene: &Scene, looked: &Looked, now: Timestamp) -> Result<Vec<News>, DbError> {
    let mut lost = vec![];
    for (number, below) in &looked.below {
        let Some(kept) = scene.watches.iter().find(|kept| kept.stored.number == *number) else { continue };
        let watch = super::Watch { below: below.clone(), ..kept.watch.clone() };
        let body = serde_json::to_vec(&watch).map_err(|_| DbError::Unreadable { what: "watch" })?;
        if !kept::change(tx, &scene.room, &kept.stored, &body)? {
            lost.push(*number);
        }
    }
    let mut fresh = vec![];
    for news in &looked.news {
        let is_new = match (&news.what, news.once()) {
            (What::Balance(_), _) => !lost.contains(&news.number),
            (_, Some(what)) => {
                let what = bank_events::fingerprint(&what);
                kept::tell_once(tx, &scene.room, news.number, &what, now)?
            }
            (_, None) => false,
        };
        if is_new {
            fresh.push(news.clone());
        }
    }
    // What one watch tells stands together, in the order of the watches.
    fresh.sort_by_key(|news| news.number);
    Ok(fresh)
}
