//! What a bank's people decide about an alert: written down once, with a note; the question to the customer ends, and the
//! engine hears of it.

use super::{Suspect, acts, code, tell, wire::Incoming, worker};
use crate::{
    app::App,
    asking::TurnFault,
    reply::Reply,
    rim, room,
    staff::{Line, StaffFault, allowed, sign_ins::SignedIn, text},
    tenant::Tenant,
};
use domain::{
    BankId, ConsentId, ConversationId, MessageId,
    staff::{Act, DeedKind, FraudVerdict},
};
use fraud::event::{Event, Label, Source, Verdict};
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    DbError, Tx, consents,
    conversations::{self, Conversation},
    fraud_alerts::{self, Alert},
    fraud_decisions::{self, NewDecision},
};

/// The longest note, in characters: a few sentences.
pub const MAX_NOTE: usize = 500;
/// Decisions that the engine is told of in one round.
const TAUGHT_AT_ONCE: u32 = 64;

/// What somebody wants to decide.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What they find.
    pub verdict: FraudVerdict,
    /// Why.
    pub note: String,
    /// The number of the decision that they want to change; none for the first one.
    pub change_of: Option<u32>,
}

/// Words to the customer whose question ends with a decision.
#[derive(Clone)]
struct Word {
    room: Conversation,
    consent: ConsentId,
    message: MessageId,
    reply: Reply,
}

/// Decides an alert.
pub async fn decide(
    app: &Arc<App>,
    tenant: &Arc<Tenant>,
    who: &SignedIn,
    id: &str,
    wish: Wish,
) -> Result<(), StaffFault> {
    let now = app.clock.now();
    let note = wish.note.split_whitespace().collect::<Vec<_>>().join(" ");
    let wish = Wish { note: text("note", &note, MAX_NOTE)?, ..wish };
    let (bank, of) = (tenant.id.clone(), id.to_owned());
    let checked = wish.clone();
    let found = app.store.read(move |tx| look(tx, &bank, &of, &checked)).await.map_err(erased)?;
    let word = word(app, tenant, &found, &wish).await?;
    let (me, line, of) = (who.person.clone(), Line::new(now), id.to_owned());
    let (said, wanted) = (word.clone(), wish.clone());
    let stored = app.store.transact(move |tx| -> Result<Option<ConversationId>, StaffFault> {
        let me = allowed(tx, &me.bank, &me.id, Act::Fraud)?;
        let alert = look(tx, &me.bank, &of, &wanted)?;
        let number = wanted.change_of.unwrap_or(0) + 1;
        let new = NewDecision { number, verdict: wanted.verdict, note: &wanted.note, by: &me.id, now };
        if !fraud_decisions::insert(tx, &alert, &new)? {
            // Somebody was faster by a moment: now it can be seen, or the alert is gone.
            look(tx, &me.bank, &of, &wanted)?;
            return Err(StaffFault::Unknown("alert"));
        }
        // The note goes when the alert goes; the history stays, so it has none.
        let detail = format!("Alert {} ({}): {}", code(&alert.id), alert.id, wanted.verdict);
        line.write(tx, &me.bank, Some(&me), DeedKind::FraudDecided, detail, None)?;
        if alert.is_asked() {
            fraud_alerts::ask_joined(tx, &alert, now)?;
        }
        Ok(tell_customer(tx, &alert, said.as_ref(), now)?)
    });
    let told = stored.await.map_err(erased)?;
    if let Some(conversation) = told {
        app.bells.ring(&conversation);
    }
    let bank = tenant.id.to_string();
    metrics::counter!("parlour_fraud_decisions_total", "bank" => bank, "verdict" => wish.verdict.as_str())
        .increment(1);
    if let Err(fault) = teach_what_is_left(app).await {
        tracing::warn!(bank = %tenant.id, %fault, "the fraud engine hears of a decision later");
    }
    Ok(())
}

/// Of somebody who is erased at this moment there is no alert.
fn erased(fault: StaffFault) -> StaffFault {
    match fault {
        StaffFault::Store(DbError::NoKey { .. }) => StaffFault::Unknown("alert"),
        fault => fault,
    }
}

/// The alert, if it can be decided as somebody wants.
fn look(tx: &mut Tx, bank: &BankId, id: &str, wish: &Wish) -> Result<Alert, StaffFault> {
    let alert = fraud_alerts::of_bank(tx, bank, id)?.ok_or(StaffFault::Unknown("alert"))?;
    let decisions = fraud_decisions::of_alert(tx, &alert)?;
    let Some(last) = decisions.last() else {
        return if wish.change_of.is_none() { Ok(alert) } else { Err(StaffFault::Unknown("decision")) };
    };
    let decided =
        || StaffFault::AlertDecided { verdict: last.verdict, by: last.name.clone(), note: last.note.clone() };
    match wish.change_of {
        Some(number) if number == last.number => {}
        _ => return Err(decided()),
    }
    if last.verdict == wish.verdict {
        return Err(StaffFault::SoAlready);
    }
    if decisions.iter().any(|before| before.note == wish.note) {
        return Err(StaffFault::SameNote);
    }
    Ok(alert)
}

/// Whether the customer was asked, and has said nothing yet.
fn is_being_asked(alert: &Alert) -> bool {
    alert.state == fraud_alerts::AlertState::Asked && alert.messages > 0
}

/// What the customer is told, if they were asked and may be told.
async fn word(
    app: &Arc<App>,
    tenant: &Arc<Tenant>,
    alert: &Alert,
    wish: &Wish,
) -> Result<Option<Word>, DbError> {
    let Some(suspect) = Suspect::of(alert).filter(|_| is_being_asked(alert)) else { return Ok(None) };
    let (now, of) = (app.clock.now(), alert.clone());
    let found = app.store.read(move |tx| -> Result<_, DbError> {
        let room = conversations::find(tx, &of.bank, &of.customer, &of.conversation)?;
        Ok((room, consents::current(tx, &of.bank, &of.customer, &of.conversation)?))
    });
    let (room, consent) = found.await?;
    let consent = consent.filter(|consent| consent.id == alert.consent && consent.holds(now));
    let (Some(room), Some(consent)) = (room, consent) else { return Ok(None) };
    let turn = acts::turn(app, tenant, &room);
    let again = wish.change_of.is_some();
    let reply = match worker::leave(&turn, std::slice::from_ref(&suspect)).await {
        Ok(Some((seen, false))) => tell::decided(tenant, &alert.id, &suspect, wish.verdict, again, seen),
        Ok(Some((_, true))) => tell::decided_somehow(tenant),
        Ok(None) => return Ok(None),
        Err(TurnFault::Store(fault)) => return Err(fault),
        Err(fault) => {
            tracing::warn!(bank = %tenant.id, %fault, "leave to tell a customer of a decision could not be had");
            return Ok(None);
        }
    };
    Ok(Some(Word { room, consent: consent.id, message: MessageId::new(rim::uuid(now)), reply }))
}

/// Says it, if the customer has not answered meanwhile and the consent holds.
fn tell_customer(
    tx: &mut Tx,
    alert: &Alert,
    word: Option<&Word>,
    now: Timestamp,
) -> Result<Option<ConversationId>, DbError> {
    let Some(word) = word.filter(|_| is_being_asked(alert)) else { return Ok(None) };
    let held = consents::held_by_id(tx, &alert.bank, &alert.customer, &word.consent)?;
    if !held.is_some_and(|held| held.consent.holds(now.max(held.changed_at))) {
        return Ok(None);
    }
    room::say_unprompted(tx, &word.room, &word.message, &word.reply, now)?;
    Ok(Some(word.room.id.clone()))
}

/// Tells the engines of decisions that they have not heard of: just now, or when they were busy before.
pub async fn teach_what_is_left(app: &App) -> Result<(), DbError> {
    let left = app.store.read(|tx| fraud_decisions::untaught(tx, TAUGHT_AT_ONCE)).await?;
    for (bank, alert, number) in left {
        let (of, id) = (bank.clone(), alert.clone());
        let read = app.store.read(move |tx| -> Result<_, DbError> {
            let Some(alert) = fraud_alerts::of_bank(tx, &of, &id)? else { return Ok(None) };
            let decision =
                fraud_decisions::of_alert(tx, &alert)?.into_iter().find(|one| one.number == number);
            Ok(decision.map(|decision| (alert, decision)))
        });
        let known = match read.await {
            Ok(Some((alert, decision))) => teach(app, &alert, number, decision.verdict, decision.at).await,
            // Erased meanwhile: it goes by itself.
            Ok(None) | Err(DbError::NoKey { .. }) => continue,
            Err(fault) => return Err(fault),
        };
        if known {
            app.store.transact(move |tx| fraud_decisions::taught(tx, &bank, &alert, number)).await?;
        }
    }
    Ok(())
}

/// Tells the bank's engine. False if it cannot hear now.
async fn teach(app: &App, alert: &Alert, number: u32, verdict: FraudVerdict, at: Timestamp) -> bool {
    let Some(suspect) = Suspect::of(alert) else {
        tracing::error!(bank = %alert.bank, "a decided alert cannot be read, so the engine never hears of it");
        return true;
    };
    let seconds = |at: Timestamp| u32::try_from(at.as_second()).unwrap_or(0);
    let label = Label {
        payment: app.engines.naming(&alert.bank).of("payment", &suspect.payment),
        card: alert.card,
        terminal: alert.terminal,
        paid_at: seconds(suspect.at),
        arrived_at: seconds(at),
        verdict: match verdict {
            FraudVerdict::Fraud => Verdict::Fraud,
            FraudVerdict::Genuine => Verdict::Clean,
        },
        source: Source::Agent,
    };
    let event = Incoming {
        id: format!("desk-{}-{number}", alert.id),
        event: Event::Label(label),
        about: None,
        suspected: None,
        named: vec![],
    };
    match app.engines.take(&alert.bank, vec![event]).await {
        Ok(_) | Err(super::engine::EngineFault::NotHere) => true,
        Err(fault) => {
            tracing::warn!(bank = %alert.bank, %fault, "a decision did not reach the fraud engine; trying again");
            false
        }
    }
}
