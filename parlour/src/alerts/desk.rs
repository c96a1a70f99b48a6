//! What a bank's fraud analysts see of an alert: what the bank itself told of the payment, by its own id, and how the customer
//! answered. A [`Case`] has no place for who the customer is, what they wrote, their card's digits or the merchant, so no page
//! that is made of one can show them.

use super::{
    Suspect, code,
    decision::{Action, Decision},
    flood, record,
    wire::Naming,
};
use crate::app::App;
use domain::{BankId, Currency, Money, staff::FraudVerdict};
use fraud::event::{Event, Source, Verdict};
use jiff::{SignedDuration, Timestamp};
use store::{
    DbError, Tx,
    card_events::{self, CardEvent},
    fraud_alerts::{self, Alert, AlertState},
    fraud_decisions::{self, Decision as Decided},
    fraud_desk::{self, Slip},
};

/// Payments of the card that are shown from before, and from after.
pub const PAYMENTS: usize = 20;
/// Events of the card that are read for them: some are labels.
const READ: u32 = 60;
/// Alerts at one terminal count as linked that long before and after.
pub const NEAR: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Linked alerts that are listed; all of them are counted, up to [`COUNTED`].
pub const LISTED: usize = 10;
/// Linked alerts that are counted.
const COUNTED: u32 = 10_000;

/// Who suspected a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspector {
    /// The bank's own system.
    Bank,
    /// The model or a rule here.
    Engine,
    /// Both.
    Both,
    /// The customer, by a notice that they had asked for.
    Customer,
}

impl Suspector {
    /// What people read.
    pub fn in_words(self) -> &'static str {
        match self {
            Suspector::Bank => "the bank’s own system",
            Suspector::Engine => "the model or a rule here",
            Suspector::Both => "the bank’s own system, and the model or a rule here",
            Suspector::Customer => "the customer, from a notice of the payment",
        }
    }
}

/// An alert on the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// The bank's own id of the payment.
    pub payment: String,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// Whether the bank declined it.
    pub declined: bool,
    /// Keyed hash of the card.
    pub card: u64,
    /// Keyed hash of the terminal; 0 if it is not known.
    pub terminal: u64,
    /// How likely the model finds fraud.
    pub score: Option<f32>,
    /// That model.
    pub model: Option<String>,
    /// Who suspected it.
    pub suspector: Suspector,
    /// Why.
    pub reasons: Vec<String>,
    /// Where the question to the customer stands.
    pub state: AlertState,
    /// How many messages were sent about it.
    pub messages: u32,
    /// When it was raised.
    pub made_at: Timestamp,
    /// When its customer was asked.
    pub asked_at: Option<Timestamp>,
    /// When they were reminded.
    pub reminded_at: Option<Timestamp>,
    /// When the state changed last.
    pub changed_at: Timestamp,
    /// What was decided last, and when.
    pub decided: Option<(FraudVerdict, Timestamp)>,
}

impl Case {
    /// What the desk may see of an alert. None: another version wrote it.
    pub fn of(alert: &Alert) -> Option<Case> {
        let suspect = Suspect::of(alert)?;
        let suspector = match (suspect.by_bank, suspect.by_engine) {
            (true, true) => Suspector::Both,
            (true, false) => Suspector::Bank,
            (false, true) => Suspector::Engine,
            (false, false) => Suspector::Customer,
        };
        Some(Case {
            id: alert.id.clone(),
            payment: suspect.payment,
            amount: suspect.amount,
            paid_at: suspect.at,
            declined: suspect.declined,
            card: alert.card,
            terminal: alert.terminal,
            score: suspect.score,
            model: suspect.model,
            suspector,
            reasons: suspect.reasons,
            state: alert.state,
            messages: alert.messages,
            made_at: alert.made_at,
            asked_at: alert.asked_at,
            reminded_at: alert.reminded_at,
            changed_at: alert.changed_at,
            decided: alert.decided,
        })
    }

    /// The short name of the alert, which stands on the customer's buttons too.
    pub fn code(&self) -> String {
        code(&self.id)
    }

    /// Where the question stands, in words.
    pub fn state_in_words(&self) -> &'static str {
        state_in_words(self.state, self.messages)
    }

    /// How long the customer took to answer.
    pub fn answered_after(&self) -> Option<SignedDuration> {
        let answered = matches!(self.state, AlertState::Mine | AlertState::NotMine);
        self.asked_at.filter(|_| answered).map(|asked| self.changed_at.duration_since(asked))
    }

    /// Whether the customer said No after it was decided that the payment is genuine.
    pub fn is_open_again(&self) -> bool {
        self.state == AlertState::NotMine
            && matches!(self.decided, Some((FraudVerdict::Genuine, at)) if self.changed_at > at)
    }
}

/// Where a question stands, in words.
pub fn state_in_words(state: AlertState, messages: u32) -> &'static str {
    match (state, messages) {
        (AlertState::Due, _) => "not asked yet",
        (AlertState::Asked, 0) => "waits for another question on this card",
        (AlertState::Asked, _) => "asked, no answer yet",
        (AlertState::NotMine, _) => "answered no: not mine",
        (AlertState::Mine, _) => "answered yes: mine",
        (AlertState::Unanswered, _) => "no answer",
        (AlertState::NotAsked, _) => "was not asked",
    }
}

/// A short name that stands for a card or a terminal: the first eight digits of its keyed hash.
pub fn short(hash: u64) -> String {
    format!("{:08x}", hash >> 32)
}

/// One payment of the card.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// When it was paid.
    pub at: Timestamp,
    /// How much. The log keeps no currency, so it is read in that of the alert.
    pub amount: Money,
    /// Keyed hash of the terminal.
    pub terminal: u64,
    /// What the model said.
    pub score: Option<f32>,
    /// What was advised about it.
    pub action: Action,
    /// Why nobody was asked although it looked like fraud.
    pub held: Option<String>,
    /// What is known of it, and who said so.
    pub known: Option<(Verdict, Source)>,
    /// Whether it is the payment of the alert.
    pub this: bool,
}

/// All that the desk shows about one alert.
pub struct File {
    /// The alert.
    pub case: Case,
    /// What was decided, the first decision first.
    pub decisions: Vec<Decided>,
    /// Payments of the card, the newest first.
    pub payments: Vec<Payment>,
    /// Alerts of the same card, this one too.
    pub of_card: Linked,
    /// Alerts at the same terminal within [`NEAR`], this one too.
    pub of_terminal: Linked,
}

impl File {
    /// Why the customer was not asked, if the engine held the question back.
    pub fn held(&self) -> Option<&str> {
        self.payments.iter().find(|payment| payment.this)?.held.as_deref()
    }
}

/// Alerts that have something in common.
#[derive(Debug, Default)]
pub struct Linked {
    /// The newest [`LISTED`] but this one.
    pub others: Vec<Case>,
    /// How many there are.
    pub alerts: usize,
    /// Of how many cards.
    pub cards: usize,
}

/// Why there is nothing to show.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no such alert at this bank, or not any more.
    Unknown,
    /// Another version wrote it.
    Unreadable,
}

/// Finds an alert with everything around it.
pub async fn file(app: &App, bank: &BankId, id: &str) -> Result<Result<File, Missing>, DbError> {
    let (of, id, naming) = (bank.clone(), id.to_owned(), app.engines.naming(bank));
    let found = app.store.read(move |tx| read(tx, &of, &id, &naming)).await;
    match found {
        // Its customer is being erased.
        Err(DbError::NoKey { .. }) => Ok(Err(Missing::Unknown)),
        found => found,
    }
}

fn read(tx: &mut Tx, bank: &BankId, id: &str, naming: &Naming) -> Result<Result<File, Missing>, DbError> {
    let Some(alert) = fraud_alerts::of_bank(tx, bank, id)? else { return Ok(Err(Missing::Unknown)) };
    let Some(case) = Case::of(&alert) else { return Ok(Err(Missing::Unreadable)) };
    let decisions = fraud_decisions::of_alert(tx, &alert)?;
    let until = card_events::of_card_until(tx, bank, case.card, case.made_at, READ)?;
    let after = card_events::of_card_after(tx, bank, case.card, case.made_at, READ)?;
    let this = naming.of("payment", &case.payment);
    let payments = payments(&until, &after, this, case.amount.currency);
    let same_card = fraud_desk::of_card(tx, bank, case.card, COUNTED)?;
    let same_terminal = match case.terminal {
        0 => vec![],
        terminal => {
            let from = case.made_at.saturating_sub(NEAR).unwrap_or(Timestamp::MIN);
            let to = case.made_at.saturating_add(NEAR).unwrap_or(Timestamp::MAX);
            fraud_desk::of_terminal(tx, bank, terminal, (from, to), COUNTED)?
        }
    };
    let of_card = linked(tx, bank, &case, &same_card)?;
    let of_terminal = linked(tx, bank, &case, &same_terminal)?;
    Ok(Ok(File { case, decisions, payments, of_card, of_terminal }))
}

fn linked(tx: &mut Tx, bank: &BankId, case: &Case, slips: &[Slip]) -> Result<Linked, DbError> {
    let mut others = vec![];
    for slip in slips.iter().filter(|slip| slip.id != case.id).take(LISTED) {
        others.extend(case_of(tx, bank, &slip.id)?);
    }
    Ok(Linked { others, alerts: slips.len(), cards: flood::cards(slips) })
}

/// An alert of the bank, if it can be read. Of somebody who is being erased there is none.
pub(super) fn case_of(tx: &mut Tx, bank: &BankId, id: &str) -> Result<Option<Case>, DbError> {
    Ok(fraud_alerts::of_bank(tx, bank, id)?.as_ref().and_then(Case::of))
}

/// The payments among events of a card: so many until the alert was raised, newest first, and so many after, oldest first. A
/// label belongs to its payment.
fn payments(until: &[CardEvent], after: &[CardEvent], this: u64, currency: Currency) -> Vec<Payment> {
    let mut labels = vec![];
    let mut side = |events: &[CardEvent]| {
        let mut payments = vec![];
        for event in events {
            match record::read(&event.body) {
                Some(Event::Payment(payment)) if payments.len() < PAYMENTS => {
                    let decision = serde_json::from_slice::<Decision>(&event.answer).ok();
                    let shown = Payment {
                        at: Timestamp::from_second(payment.at.into()).unwrap_or(Timestamp::UNIX_EPOCH),
                        amount: Money::new(payment.amount.into(), currency),
                        terminal: payment.terminal,
                        score: decision.as_ref().and_then(|decision| decision.score),
                        action: decision.as_ref().map_or(Action::None, |decision| decision.action),
                        held: decision.and_then(|decision| decision.held),
                        known: None,
                        this: payment.id == this,
                    };
                    payments.push((payment.id, shown));
                }
                Some(Event::Label(label)) => labels.push((event.seq, label)),
                Some(Event::Payment(_)) | None => {}
            }
        }
        payments
    };
    let (before, mut later) = (side(until), side(after));
    later.reverse();
    labels.sort_by_key(|(seq, _)| *seq);
    let mut all: Vec<Payment> = vec![];
    let mut seen = std::collections::HashSet::new();
    for (id, payment) in later.into_iter().chain(before) {
        // The bank may tell of one payment in two messages; the first one that is met stands for both.
        if !seen.insert(id) {
            continue;
        }
        let known = labels.iter().rev().find(|(_, label)| label.payment == id);
        all.push(Payment { known: known.map(|(_, label)| (label.verdict, label.source)), ..payment });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use fraud::event::{Attributes, Label, Payment as Paid};

    fn paid(seq: u64, id: u64) -> CardEvent {
        let payment =
            Paid { id, at: 1_800_000_000, card: 1, terminal: 2, amount: 8_410, more: Attributes::default() };
        event(seq, &Event::Payment(payment))
    }

    fn labelled(seq: u64, payment: u64, verdict: Verdict) -> CardEvent {
        let label = Label {
            payment,
            card: 1,
            terminal: 2,
            paid_at: 1_800_000_000,
            arrived_at: 1_800_000_100,
            verdict,
            source: Source::Agent,
        };
        event(seq, &Event::Label(label))
    }

    fn event(seq: u64, event: &Event) -> CardEvent {
        let decision = Decision {
            seq,
            score: Some(0.5),
            action: Action::None,
            reasons: vec![],
            model: None,
            asked: 0,
            held: None,
        };
        CardEvent {
            seq,
            id: format!("e-{seq}"),
            about: None,
            card: 1,
            terminal: 2,
            body: record::write(event),
            answer: serde_json::to_vec(&decision).unwrap(),
        }
    }

    #[test]
    fn twenty_payments_from_before_and_twenty_from_after_are_shown_newest_first() {
        let until: Vec<CardEvent> = (1..=30).rev().map(|n| paid(n, n)).collect();
        let after: Vec<CardEvent> = (31..=60).map(|n| paid(n, n)).collect();
        let shown = payments(&until, &after, 30, Currency::USD);
        assert_eq!(shown.len(), 2 * PAYMENTS);
        assert!(shown[PAYMENTS].this && shown.iter().filter(|payment| payment.this).count() == 1);
    }

    #[test]
    fn a_payment_shows_the_newest_word_about_it_from_either_side() {
        let until = [labelled(3, 1, Verdict::Clean), paid(2, 2), paid(1, 1)];
        let after = [labelled(4, 1, Verdict::Fraud)];
        let shown = payments(&until, &after, 1, Currency::USD);
        assert_eq!(shown.len(), 2);
        assert_eq!((shown[0].known, shown[1].known), (None, Some((Verdict::Fraud, Source::Agent))));
        assert_eq!(shown[1].amount.to_string(), "$84.10");
    }

    #[test]
    fn a_payment_that_was_told_of_twice_is_shown_once() {
        let shown = payments(&[paid(2, 1), paid(1, 1)], &[paid(3, 1)], 1, Currency::USD);
        assert_eq!(shown.len(), 1);
    }

    #[test]
    fn a_short_name_is_the_beginning_of_the_hash() {
        assert_eq!(short(0x3fa9_c201_0000_0001), "3fa9c201");
        assert_eq!(short(1), "00000000");
    }
}
