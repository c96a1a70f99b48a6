//! The worker: asks customers about payments, reminds them, and says when no answer is waited for any more. A crash at any
//! point repeats the step; what was said is said once, because that is noted together with the message.

use super::{
    Suspect, live_rules,
    tell::{self, Said},
};
use crate::{
    app::App,
    asking::{Asked, Shown, Turn, TurnFault},
    memory::Memory,
    reply::Seen,
    rim, room, sealed,
    tenant::Tenant,
    watches::PAGE_LASTS,
};
use domain::{Consent, DataClass, MessageId, backoff};
use gate::{CustomerAlert, Guarded};
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};
use store::{
    DbError, Tx, consents,
    conversations::{self, Conversation},
    fraud_alerts::{self, Alert, AlertState, Next},
    fraud_rules, sealed_links,
};
use tokio::{sync::Semaphore, task::JoinSet, time};

/// How long a claim holds: what a process that was killed had in hand is asked about after that. Whoever takes longer finds that it
/// does not hold any more, and says nothing.
const LEASE: SignedDuration = SignedDuration::from_secs(10);
/// How often to look for alerts that nobody announced: another process took them, or their hour has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many are claimed at once.
const CLAIM: u32 = 64;
/// How many conversations are written to at the same time.
const AT_ONCE: usize = 16;
/// The first wait after a failure, and the longest. An alert is never given up before its end.
const WAITS: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(1), SignedDuration::from_mins(5));
/// Another payment on a card that is asked about joins that question for so long.
const JOINS: SignedDuration = SignedDuration::from_hours(24);
/// How long alerts that are over are remembered: as long as a customer can dispute a payment under Reg E (12 CFR 1005.6: 60
/// days after the statement), and a statement's month.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Works until the gateway stops; then finishes what is under way.
pub async fn run(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut stop = app.stop.clone();
    let mut events = app.store.wake().bank_events();
    let mut steps = JoinSet::new();
    while !*stop.borrow() {
        events.mark_unchanged();
        let claimed = claim(&app).await;
        let none = claimed.is_empty();
        for group in by_card(claimed) {
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let app = app.clone();
            steps.spawn(async move {
                take(&app, group).await;
                drop(place);
            });
        }
        while steps.try_join_next().is_some() {}
        if none {
            tokio::select! { _ = events.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
        }
    }
    while steps.join_next().await.is_some() {}
}

/// Forgets alerts that are over for long, and what banks told longer ago than the engine remembers.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let (alerts, events) = (before(KEPT), before(super::engine::KEPT));
    let banks: Vec<_> = app.tenants.values().map(|tenant| tenant.id.clone()).collect();
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            fraud_alerts::sweep(tx, alerts)?;
            fraud_rules::sweep(tx, live_rules::day(&jiff::tz::TimeZone::UTC, now) - live_rules::COUNTS_KEPT)?;
            banks.iter().try_for_each(|bank| store::card_events::sweep(tx, bank, events).map(drop))
        })
        .await
}

async fn claim(app: &App) -> Vec<Alert> {
    let (now, worker) = (app.clock.now(), app.settings.worker.clone());
    let claimed = app.store.lease(move |tx| fraud_alerts::claim(tx, &worker, now, now + LEASE, CLAIM)).await;
    claimed.unwrap_or_else(|fault: DbError| {
        tracing::warn!(%fault, "fraud alerts could not be claimed; trying again");
        vec![]
    })
}

/// Those of one card in one conversation together, the oldest first.
fn by_card(claimed: Vec<Alert>) -> Vec<Vec<Alert>> {
    let mut groups: Vec<Vec<Alert>> = vec![];
    for alert in claimed {
        let same = |group: &&mut Vec<Alert>| {
            let first = &group[0];
            (&first.bank, &first.conversation, first.card) == (&alert.bank, &alert.conversation, alert.card)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(alert),
            None => groups.push(vec![alert]),
        }
    }
    groups
}

async fn take(app: &Arc<App>, group: Vec<Alert>) {
    let bank = group[0].bank.clone();
    match attempt(app, group).await {
        // Whoever was erased meanwhile is asked nothing.
        Ok(()) | Err(DbError::NoKey { .. }) => {}
        Err(fault) => tracing::warn!(%bank, %fault, "a fraud alert could not be handled; it will be again"),
    }
}

/// What is known of the conversation of an alert.
struct Scene {
    consent: Consent,
    room: Conversation,
    /// Whether a question about the same card waits for its answer.
    asked: bool,
}

fn scene(tx: &mut Tx, alert: &Alert, now: Timestamp) -> Result<Option<Scene>, DbError> {
    let room = conversations::find(tx, &alert.bank, &alert.customer, &alert.conversation)?;
    let consent = consents::current(tx, &alert.bank, &alert.customer, &alert.conversation)?;
    let consent = consent.filter(|consent| consent.id == alert.consent && consent.holds(now));
    let (Some(room), Some(consent)) = (room, consent) else { return Ok(None) };
    let asked = card_is_asked(tx, &room, alert.card, now)?;
    Ok(Some(Scene { consent, room, asked }))
}

fn card_is_asked(tx: &mut Tx, room: &Conversation, card: u64, now: Timestamp) -> Result<bool, DbError> {
    let since = now.checked_sub(JOINS).unwrap_or(Timestamp::MIN);
    fraud_alerts::card_is_asked(tx, room, card, since)
}

/// It joins the question about its card that waits, and is asked about after it.
fn joined(at: Timestamp) -> Next {
    Next { state: AlertState::Asked, messages: 0, at, failed: false }
}

async fn attempt(app: &Arc<App>, group: Vec<Alert>) -> Result<(), DbError> {
    let now = app.clock.now();
    let first = group[0].clone();
    let found = app.store.read(move |tx| scene(tx, &first, now)).await?;
    let tenant = app.tenants.get(&group[0].bank);
    let fraud = tenant.as_ref().and_then(|tenant| tenant.fraud.clone());
    let (Some(scene), Some(tenant), Some(fraud)) = (found, tenant, fraud) else {
        return settle(app, &group, |_| Next {
            state: AlertState::NotAsked,
            messages: 0,
            at: now,
            failed: false,
        })
        .await;
    };
    let (new, open): (Vec<Alert>, Vec<Alert>) =
        group.into_iter().partition(|alert| alert.state == AlertState::Due);
    if !new.is_empty() && scene.asked {
        settle(app, &new, |_| joined(now + fraud.end)).await?;
    } else if !new.is_empty() {
        say(app, &tenant, &scene, new, Said::Question).await?;
    }
    for alert in open {
        let over = now >= alert.made_at + fraud.end;
        let said = if over { Said::End } else { Said::Reminder };
        if alert.messages == 0 {
            // It joined another question; with that one it ends.
            settle(app, &[alert], |_| Next {
                state: AlertState::Unanswered,
                messages: 0,
                at: now,
                failed: false,
            })
            .await?;
        } else {
            say(app, &tenant, &scene, vec![alert], said).await?;
        }
    }
    Ok(())
}

async fn settle(app: &App, group: &[Alert], next: impl Fn(&Alert) -> Next) -> Result<(), DbError> {
    let (now, worker) = (app.clock.now(), app.settings.worker.clone());
    let nexts: Vec<(Alert, Next)> = group.iter().map(|alert| (alert.clone(), next(alert))).collect();
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            for (alert, next) in &nexts {
                fraud_alerts::settle(tx, alert, &worker, *next, now)?;
            }
            Ok(())
        })
        .await
}

/// Leave of the gate to tell of these payments, and on a page only if the channel may not carry them.
pub(super) async fn leave(turn: &Turn, suspects: &[Suspect]) -> Result<Option<(Vec<Seen>, bool)>, TurnFault> {
    let accounts = vec![suspects[0].account.clone()];
    let (permit, sealed) = match turn.ask_of::<CustomerAlert>(&[DataClass::Transactions], &accounts).await? {
        Asked::Yes(mut permits, _) => (permits.remove(0), false),
        Asked::OnlyOnItsPage(_) => return Ok(Some((vec![], true))),
        Asked::No(_) => return Ok(None),
    };
    // What the bank told by itself is bank data like what it is asked for: opened by the permit, and told with its place.
    let opened = Guarded::seal(&permit, ()).open(permit)?;
    Ok(Some((vec![Seen::of(&opened)], sealed)))
}

async fn say(
    app: &Arc<App>,
    tenant: &Arc<Tenant>,
    scene: &Scene,
    group: Vec<Alert>,
    said: Said,
) -> Result<(), DbError> {
    let now = app.clock.now();
    let turn = Turn {
        app: app.clone(),
        tenant: tenant.clone(),
        conversation: scene.room.clone(),
        channel: scene.room.channel,
        region: None,
        now,
        shown: Shown::InConversation,
        memory: Memory::default(),
    };
    let suspects: Vec<Suspect> = group.iter().filter_map(Suspect::of).collect();
    if suspects.len() < group.len() {
        tracing::error!(bank = %tenant.id, "a fraud alert was written by another version and cannot be read");
        return settle(app, &group, |_| not_asked(now)).await;
    }
    let (seen, sealed) = match leave(&turn, &suspects).await {
        Ok(Some(leave)) => leave,
        Ok(None) => return settle(app, &group, |_| not_asked(now)).await,
        Err(TurnFault::Store(fault)) => return Err(fault),
        Err(fault) => {
            tracing::warn!(bank = %tenant.id, %fault, "leave to ask about a payment could not be had; trying again");
            return settle(app, &group, |alert| {
                let at = backoff::next_try(alert.attempts, now, WAITS.0, WAITS.1, rim::jitter());
                Next { state: alert.state, messages: alert.messages, at, failed: true }
            })
            .await;
        }
    };
    let fraud = tenant.fraud.clone().expect("only banks that tell of payments have alerts");
    let ids: Vec<String> = group.iter().map(|alert| alert.id.clone()).collect();
    let page = sealed.then(|| {
        let question = sealed::Question::of_fraud(ids.clone());
        sealed::page_of(&turn, question, Some(scene.consent.id.clone()), PAGE_LASTS)
    });
    let reply = match &page {
        Some((_, reply)) => tell::beside_the_page(reply.clone(), &ids),
        None => tell::reply(tenant, &ids, &suspects, said, seen, now),
    };
    let (message, room, consent) =
        (MessageId::new(rim::uuid(now)), scene.room.clone(), scene.consent.id.clone());
    let worker = app.settings.worker.clone();
    let (conversation, ends_after) = (room.id.clone(), fraud.end);
    let nexts: Vec<(Alert, Next)> = group
        .into_iter()
        .enumerate()
        .map(|(place, alert)| {
            let messages = if place == 0 { alert.messages + 1 } else { 0 };
            let at = match said {
                Said::Question => fraud.remind.first().map_or(now + fraud.end, |wait| now + *wait),
                Said::Reminder | Said::End => alert.made_at + fraud.end,
            };
            let state = if said == Said::End { AlertState::Unanswered } else { AlertState::Asked };
            (alert, Next { state, messages, at, failed: false })
        })
        .collect();
    let stored = app.store.transact(move |tx| -> Result<bool, DbError> {
        let held = consents::held_by_id(tx, &room.bank, &room.customer, &consent)?;
        if !held.is_some_and(|held| held.consent.holds(now.max(held.changed_at))) {
            for (alert, _) in &nexts {
                fraud_alerts::settle(tx, alert, &worker, not_asked(now), now)?;
            }
            return Ok(false);
        }
        // Another process may have asked about the card meanwhile.
        if said == Said::Question && card_is_asked(tx, &room, nexts[0].0.card, now)? {
            for (alert, _) in &nexts {
                fraud_alerts::settle(tx, alert, &worker, joined(now + ends_after), now)?;
            }
            return Ok(false);
        }
        let mut says = false;
        for (alert, next) in &nexts {
            says |= fraud_alerts::settle(tx, alert, &worker, *next, now)?;
        }
        // Whoever answered at this moment is not asked.
        if says {
            if let Some((link, _)) = &page {
                sealed_links::insert(tx, link)?;
            }
            room::say_unprompted(tx, &room, &message, &reply, now)?;
        }
        Ok(says)
    });
    if stored.await? {
        app.bells.ring(&conversation);
    }
    Ok(())
}

fn not_asked(now: Timestamp) -> Next {
    Next { state: AlertState::NotAsked, messages: 0, at: now, failed: false }
}
