//! What is decided about an event, and whom to ask about it.

use super::{
    FRESH, FRESH_BY_BANK, Suspect,
    judge::{Judge, Judged, Memory},
    watching::OnTrial,
    wire::Incoming,
};
use crate::rim;
use fraud::{budget::Notice, rules::Outcome};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was decided about an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CardDecision)]
pub struct Decision {
    /// Its place in the bank's log of card events.
    pub seq: u64,
    /// How likely it is fraud, 0 to 1. None of a label, and where no model is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// `none`, or `alert`: it looks like fraud.
    pub action: Action,
    /// Why, in words for the bank's people; the strongest first, three at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The model that decided: the first 16 letters of its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How many customers are asked about it.
    #[serde(default)]
    pub asked: u32,
    /// Why nobody is asked although it looks like fraud: the budget of alerts is used up, or it is one of many at a terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// What is done about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CardAction)]
pub enum Action {
    /// Nothing.
    None,
    /// Its customer is asked, and the bank should look.
    Alert,
    /// It should wait until its customer has confirmed it at the bank.
    StepUp,
    /// It should be declined.
    Decline,
}

impl From<Outcome> for Action {
    fn from(outcome: Outcome) -> Action {
        match outcome {
            Outcome::Pass => Action::None,
            Outcome::Alert => Action::Alert,
            Outcome::StepUp => Action::StepUp,
            Outcome::Decline => Action::Decline,
        }
    }
}

/// An alert to be raised.
#[derive(Clone)]
pub(super) struct Raise {
    /// Its id.
    pub id: String,
    /// By what the consent is found.
    pub consent: [u8; 32],
    /// The payment.
    pub suspect: Suspect,
    /// Whether the customer is asked; else only the bank's people have it.
    pub asks: bool,
}

impl Decision {
    pub(super) fn nothing(seq: u64) -> Decision {
        Decision {
            seq,
            score: None,
            action: Action::None,
            reasons: vec![],
            model: None,
            asked: 0,
            held: None,
        }
    }
}

/// Takes an event in and judges it.
pub(super) fn decide(
    judge: &Judge,
    memory: &mut Memory,
    incoming: &Incoming,
    seq: u64,
    now: Timestamp,
) -> (Decision, Vec<Raise>, Option<OnTrial>) {
    let mut judged = judge.take(memory, &incoming.event);
    let on_trial = judged.as_mut().and_then(|judged| judged.on_trial.take());
    let by_bank = incoming.suspected.is_some();
    let action = judged.as_ref().map_or(Action::None, |judged| judged.outcome.into());
    // What the bank itself suspects is asked about, whatever was thought here.
    let action = if by_bank && action == Action::None { Action::Alert } else { action };
    if action == Action::None {
        let score = judged.and_then(|judged| judged.score);
        let model = score.and_then(|_| judge.name().map(str::to_owned));
        return (Decision { score, model, ..Decision::nothing(seq) }, vec![], on_trial);
    }
    let held = judged.as_ref().filter(|_| !by_bank).and_then(|judged| why_held(judged.notice));
    let raises = raised(incoming, judged.as_ref(), held.is_none(), now);
    let mut reasons: Vec<String> = incoming.suspected.iter().cloned().collect();
    reasons.extend(judged.iter().flat_map(|judged| judged.reasons.iter().cloned()));
    let decision = Decision {
        score: judged.as_ref().and_then(|judged| judged.score),
        action,
        reasons,
        model: judged.as_ref().and_then(|_| judge.name().map(str::to_owned)),
        asked: u32::try_from(raises.iter().filter(|raise| raise.asks).count()).unwrap_or(u32::MAX),
        held,
        ..Decision::nothing(seq)
    };
    (decision, raises, on_trial)
}

/// Why nobody is asked about what looks like fraud.
fn why_held(notice: Notice) -> Option<String> {
    match notice {
        Notice::Held(why) => Some(why.to_string()),
        Notice::Incident { incident, .. } => Some(format!("one of many at a terminal: incident {incident}")),
        Notice::Open { .. } | Notice::Join { .. } | Notice::None => None,
    }
}

/// Whom to ask about a payment. Nobody about one of long ago.
fn raised(incoming: &Incoming, judged: Option<&Judged>, asks: bool, now: Timestamp) -> Vec<Raise> {
    let fresh = if incoming.suspected.is_some() { FRESH_BY_BANK } else { FRESH };
    let recent = |suspect: &Suspect| now.duration_since(suspect.at) <= fresh;
    incoming
        .named
        .iter()
        .filter(|(_, suspect)| recent(suspect))
        .map(|(consent, suspect)| {
            let mut suspect = suspect.clone();
            suspect.reasons = incoming.suspected.iter().cloned().collect();
            suspect.by_bank = incoming.suspected.is_some();
            if let Some(judged) = judged {
                suspect.score = judged.score;
                suspect.model = judged.model.clone();
                suspect.by_engine = judged.outcome != Outcome::Pass;
                suspect.reasons.extend(judged.reasons.iter().cloned());
                suspect.why = judged.mild.clone();
            }
            Raise { id: rim::uuid(now).to_string(), consent: *consent, suspect, asks }
        })
        .collect()
}
