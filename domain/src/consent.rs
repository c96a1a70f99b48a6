//! A customer's consent: what was asked, what was answered, and what follows from it.
//!
//! The states follow ISO/IEC TS 27560 and DPV. Only [`ConsentState::Given`] lets data out.

use crate::{
    AccountId, BankId, Channel, ConsentId, ConversationId, CustomerId, DataClass, Purpose, purpose::NotKnown,
    purpose::closed,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// No consent lasts longer than this (12 CFR 1033.421(b) names one year; other profiles may say less).
pub const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

closed! {
    /// Where a consent stands.
    ConsentState {
        /// The notice was shown; no answer yet.
        Requested = "requested",
        /// The customer agreed, at the bank and in the conversation.
        Given = "given",
        /// The customer said No.
        Refused = "refused",
        /// The customer asked for a pause; only they can end it.
        Paused = "paused",
        /// The customer ended it.
        Withdrawn = "withdrawn",
        /// The bank ended it.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
        /// A newer consent took its place.
        Superseded = "superseded",
    }
}

closed! {
    /// What can happen to a consent.
    ConsentEvent {
        /// The customer agrees.
        Give = "give",
        /// The customer says No.
        Refuse = "refuse",
        /// The customer asks for a pause.
        Pause = "pause",
        /// The customer ends the pause.
        Resume = "resume",
        /// The customer ends it.
        Withdraw = "withdraw",
        /// The bank ends it.
        Revoke = "revoke",
        /// Its time is over.
        Expire = "expire",
        /// A newer consent takes its place.
        Supersede = "supersede",
    }
}

/// An event that has no meaning in the state that the consent is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a consent that is {state} cannot be changed by `{event}`")]
pub struct NotPossible {
    /// The state.
    pub state: ConsentState,
    /// The event.
    pub event: ConsentEvent,
}

impl ConsentState {
    /// The state after an event.
    pub fn after(self, event: ConsentEvent) -> Result<ConsentState, NotPossible> {
        use ConsentEvent as E;
        use ConsentState as S;
        Ok(match (self, event) {
            (S::Requested, E::Give) => S::Given,
            (S::Requested, E::Refuse) => S::Refused,
            (S::Given, E::Pause) => S::Paused,
            (S::Paused, E::Resume) => S::Given,
            (S::Given | S::Paused, E::Withdraw) => S::Withdrawn,
            (S::Given | S::Paused, E::Revoke) => S::Revoked,
            (S::Given | S::Paused, E::Supersede) => S::Superseded,
            (S::Requested | S::Given | S::Paused, E::Expire) => S::Expired,
            (state, event) => return Err(NotPossible { state, event }),
        })
    }

    /// Whether nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        !matches!(self, ConsentState::Requested | ConsentState::Given | ConsentState::Paused)
    }
}

/// A consent record. The customer, the bank and the channel are part of it, so that it can never be used
/// for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// The bank that the data comes from.
    pub bank: BankId,
    /// The customer who agreed.
    pub customer: CustomerId,
    /// The conversation in which they agreed.
    pub conversation: ConversationId,
    /// The channel of that conversation.
    pub channel: Channel,
    /// Where it stands.
    pub state: ConsentState,
    /// What the data may be used for.
    pub purposes: Vec<Purpose>,
    /// Which data.
    pub data_classes: Vec<DataClass>,
    /// Of which accounts. Empty until the bank has told which ones the customer chose.
    pub accounts: Vec<AccountId>,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when it holds (exclusive).
    pub expires_at: Timestamp,
    /// SHA-256 of the notice that the customer read, in hexadecimal.
    pub notice_sha256: String,
    /// The notice itself.
    pub notice: String,
    /// The language of the notice (BCP 47).
    pub language: String,
    /// The bank's own id of this consent (FDX `grant_id`), once it exists.
    pub at_bank: Option<String>,
}

impl Consent {
    /// Whether it holds now: given, begun and not over.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.state == ConsentState::Given && self.not_before <= now && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = ConsentEvent> {
        proptest::sample::select(ConsentEvent::ALL)
    }

    proptest! {
        #[test]
        fn what_has_ended_never_begins_again(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut state = ConsentState::Requested;
            let mut ended = false;
            for event in events {
                if let Ok(next) = state.after(event) {
                    prop_assert!(!ended, "{state} became {next}");
                    state = next;
                    ended = state.is_final();
                }
            }
        }

        #[test]
        fn nothing_is_given_without_the_customer_giving_it(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut state = ConsentState::Requested;
            let mut gave = false;
            for event in events {
                if let Ok(next) = state.after(event) {
                    gave |= event == ConsentEvent::Give;
                    state = next;
                }
                prop_assert!(state != ConsentState::Given || gave);
            }
        }
    }

    proptest! {
        #[test]
        fn a_pause_ends_only_by_the_customer_or_for_good(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut state = ConsentState::Requested;
            for event in events {
                let Ok(next) = state.after(event) else { continue };
                if state == ConsentState::Paused {
                    prop_assert!(event == ConsentEvent::Resume || next.is_final(), "{event} made {next}");
                }
                prop_assert!(next != ConsentState::Given || matches!(event, ConsentEvent::Give | ConsentEvent::Resume));
                state = next;
            }
        }

        #[test]
        fn time_ends_whatever_is_open_paused_or_not(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut state = ConsentState::Requested;
            for event in events {
                prop_assert_eq!(state.after(ConsentEvent::Expire).is_ok(), !state.is_final());
                state = state.after(event).unwrap_or(state);
            }
        }
    }

    #[test]
    fn a_final_state_takes_no_event() {
        for state in ConsentState::ALL.iter().filter(|s| s.is_final()) {
            for event in ConsentEvent::ALL {
                assert_eq!(state.after(*event), Err(NotPossible { state: *state, event: *event }));
            }
        }
    }
}
