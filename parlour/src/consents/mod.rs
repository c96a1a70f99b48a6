//! A customer's consents, from the notice to the receipt: listed, paused, continued, withdrawn, and told as a
//! record that other programs read. The chat, the privacy page and the bank's console all come here.

pub mod looks;
pub mod pull_out;
pub mod receipt;
pub mod record;
pub mod reminders;
pub mod words;

pub use receipt::{AtBank, Receipt};

use crate::{app::App, rim, withdrawal};
use domain::{
    BankId, Consent, ConsentChange, ConsentEvent, ConsentId, ConsentState, ConversationId, CustomerId,
    EntryId, How, Terms, ids::TaskId,
};
use jiff::Timestamp;
use store::{
    DbError, Tx, bank_tasks, consent_events,
    consent_events::Told,
    consents::{self, Change, Changed},
};

/// What became of a change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once per change and taken apart at once")]
pub enum Outcome {
    /// It took place.
    Done(Consent, ConsentChange),
    /// It cannot, in the state in which the consent is now.
    NotIn(ConsentState),
    /// This customer has no such consent.
    Unknown,
}

/// A change of an event on a way, now.
pub fn change_now(event: ConsentEvent, how: How, now: Timestamp) -> Change {
    Change { event, how, reason: None, entry: EntryId::new(rim::uuid(now)), at: now }
}

/// All consents of a customer, newest first, whatever became of them.
pub async fn list(app: &App, bank: &BankId, customer: &CustomerId) -> Result<Vec<Consent>, DbError> {
    let (bank, customer) = (bank.clone(), customer.clone());
    app.store.read(move |tx| consents::of_customer(tx, &bank, &customer)).await
}

/// The consent of a conversation that is given or paused.
pub async fn open_in(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
) -> Result<Option<Consent>, DbError> {
    let (bank, customer, conversation) = (bank.clone(), customer.clone(), conversation.clone());
    app.store.read(move |tx| consents::current(tx, &bank, &customer, &conversation)).await
}

/// The history of a consent, oldest first. Empty if this customer has no such consent.
pub async fn history(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Vec<Told>, DbError> {
    let (bank, customer, id) = (bank.clone(), customer.clone(), consent.clone());
    app.store.read(move |tx| consent_events::of_consent(tx, &bank, &customer, &id)).await
}

/// Everything that is kept about a consent.
pub struct Whole {
    /// The consent.
    pub consent: Consent,
    /// What held when it was asked for.
    pub terms: Option<Terms>,
    /// What happened to it, oldest first.
    pub history: Vec<Told>,
    /// Whether the bank was told of its end.
    pub told: Option<bank_tasks::Told>,
}

/// Everything that is kept about a consent. None if this customer has no such consent.
pub async fn whole(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<Whole>, DbError> {
    let (bank, customer, id) = (bank.clone(), customer.clone(), consent.clone());
    app.store.read(move |tx| read_whole(tx, &bank, &customer, &id)).await
}

/// The same, in a transaction at hand.
pub fn read_whole(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    id: &ConsentId,
) -> Result<Option<Whole>, DbError> {
    let Some(consent) = consents::find(tx, bank, customer, id)? else { return Ok(None) };
    Ok(Some(Whole {
        consent,
        terms: consent_events::terms(tx, bank, customer, id)?,
        history: consent_events::of_consent(tx, bank, customer, id)?,
        told: bank_tasks::revocation_of(tx, bank, customer, id)?,
    }))
}

/// The consent record as JSON-LD (ISO/IEC TS 27560, DPV). None if this customer has no such consent.
pub async fn record(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<serde_json::Value>, DbError> {
    Ok(whole(app, bank, customer, consent).await?.map(|whole| record::json_ld(&whole)))
}

/// What proves to a customer that a consent has ended. None if it has not, or there is no such consent of theirs.
pub async fn receipt(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
) -> Result<Option<Receipt>, DbError> {
    let name = app.tenants.get(bank).map_or_else(|| bank.to_string(), |tenant| tenant.name.clone());
    let Some(whole) = whole(app, bank, customer, consent).await? else { return Ok(None) };
    let Some(mut receipt) = Receipt::of(&whole, &name) else { return Ok(None) };
    if let Some(entry) = receipt.log.as_ref().map(|log| log.entry.clone()) {
        let (bank, customer) = (bank.clone(), customer.clone());
        let opened = app.store.read(move |tx| consent_events::opening(tx, &bank, &customer, &entry)).await?;
        receipt.open_with(opened);
    }
    Ok(Some(receipt))
}

/// Pauses a consent: nothing is read until the customer continues. Its time runs on.
pub async fn pause(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    how: How,
) -> Result<Outcome, DbError> {
    change(app, bank, customer, consent, ConsentEvent::Pause, how).await
}

/// Ends a pause. Only the customer can, so it is for faces that know that it is them.
pub async fn resume(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    how: How,
) -> Result<Outcome, DbError> {
    change(app, bank, customer, consent, ConsentEvent::Resume, how).await
}

/// Withdraws a consent: ended here when this returns, its secrets gone; the bank is told until it confirms.
pub async fn withdraw(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    how: How,
) -> Result<Outcome, DbError> {
    change(app, bank, customer, consent, ConsentEvent::Withdraw, how).await
}

async fn change(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    consent: &ConsentId,
    event: ConsentEvent,
    how: How,
) -> Result<Outcome, DbError> {
    let now = app.clock.now();
    let (wanted, task) = (change_now(event, how, now), TaskId::new(rim::uuid(now)));
    let (bank, customer, id) = (bank.clone(), customer.clone(), consent.clone());
    let outcome = app.store.transact(move |tx| -> Result<Outcome, DbError> {
        let Some(found) = consents::find(tx, &bank, &customer, &id)? else { return Ok(Outcome::Unknown) };
        Ok(match consents::change(tx, &found, &wanted, |_| {})? {
            Changed::Yes(consent, change) => {
                if consent.state.is_final() {
                    withdrawal::end_grant(tx, &consent, &task, now)?;
                }
                Outcome::Done(consent, change)
            }
            Changed::LostRace { now_in } => Outcome::NotIn(now_in),
            Changed::NotPossible(not) => Outcome::NotIn(not.state),
            Changed::Gone => Outcome::Unknown,
        })
    });
    let outcome = outcome.await?;
    if let Outcome::Done(consent, _) = &outcome {
        app.bells.ring(&consent.conversation);
    }
    Ok(outcome)
}
