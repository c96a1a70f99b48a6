//! Holds: what must be kept although its customer wants it erased, for a reason and until a day.

use crate::{app::App, rim};
use domain::{
    BankId, CustomerId,
    erasure::{HoldKind, Keep},
    ids::HoldId,
};
use jiff::Timestamp;
use store::{
    DbError,
    holds::{self, Hold, Said},
};

/// The longest reason, in characters: a sentence or two.
pub const MAX_REASON_CHARS: usize = 500;

/// The longest name of who sets it, in characters.
pub const MAX_BY_CHARS: usize = 100;

/// A hold to be set.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// The bank.
    pub bank: BankId,
    /// Whose data it keeps.
    pub customer: CustomerId,
    /// Why, as a kind; customers are told this.
    pub kind: HoldKind,
    /// What it keeps.
    pub keeps: Vec<Keep>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who sets it.
    pub by: String,
    /// Why, in words for operators.
    pub reason: String,
}

/// Why a hold was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldFault {
    /// It keeps nothing.
    #[error("a hold keeps something: messages, consents or accesses")]
    KeepsNothing,
    /// It is over before it begins.
    #[error("the hold ends at {until}, which is past")]
    Past {
        /// When it ends.
        until: Timestamp,
    },
    /// The reason is empty or too long.
    #[error("a reason has 1 to {MAX_REASON_CHARS} characters, not {chars}")]
    Reason {
        /// How long it is.
        chars: usize,
    },
    /// Nobody is named who sets it, or too much.
    #[error("who sets a hold has a name of 1 to {MAX_BY_CHARS} characters, not {chars}")]
    By {
        /// How long it is.
        chars: usize,
    },
    /// A text that would not be shown as it is.
    #[error("the reason and the name of who sets a hold have no control characters")]
    ControlCharacters,
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Sets a hold. It keeps what is there; what was erased before does not come back.
pub async fn set(app: &App, new: NewHold) -> Result<HoldId, HoldFault> {
    let now = app.clock.now();
    let hold = check(new, now)?;
    let id = hold.id.clone();
    app.store.transact(move |tx| holds::set(tx, &hold)).await?;
    Ok(id)
}

/// A hold as it is stored, if it may be.
pub fn check(new: NewHold, now: Timestamp) -> Result<Hold, HoldFault> {
    let chars = new.reason.trim().chars().count();
    if new.keeps.is_empty() {
        return Err(HoldFault::KeepsNothing);
    }
    if !(1..=MAX_REASON_CHARS).contains(&chars) {
        return Err(HoldFault::Reason { chars });
    }
    let chars = new.by.trim().chars().count();
    if !(1..=MAX_BY_CHARS).contains(&chars) {
        return Err(HoldFault::By { chars });
    }
    if new.reason.trim().chars().chain(new.by.trim().chars()).any(char::is_control) {
        return Err(HoldFault::ControlCharacters);
    }
    if let Some(until) = new.until.filter(|until| *until <= now) {
        return Err(HoldFault::Past { until });
    }
    Ok(Hold {
        id: HoldId::new(rim::uuid(now)),
        bank: new.bank,
        customer: new.customer,
        kind: new.kind,
        keeps: new.keeps,
        set_at: now,
        until: new.until,
        said: Said { by: new.by.trim().to_owned(), reason: new.reason.trim().to_owned() },
    })
}

/// The holds that keep something of a customer now.
pub async fn in_force(app: &App, bank: &BankId, customer: &CustomerId) -> Result<Vec<Hold>, DbError> {
    let (bank, customer, now) = (bank.clone(), customer.clone(), app.clock.now());
    app.store.read(move |tx| holds::active(tx, &bank, &customer, now)).await
}

/// Ends a hold before its time. If its customer was to be erased, the rest goes by itself. False if no such hold
/// holds.
pub async fn end(app: &App, bank: &BankId, customer: &CustomerId, id: &HoldId) -> Result<bool, DbError> {
    let (bank, customer, id, now) = (bank.clone(), customer.clone(), id.clone(), app.clock.now());
    app.store.transact(move |tx| holds::end(tx, &bank, &customer, &id, now)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewHold {
        NewHold {
            bank: "harbour".parse().unwrap(),
            customer: CustomerId::new(uuid::Uuid::from_u128(1)),
            kind: HoldKind::LegalHold,
            keeps: vec![Keep::Consents],
            until: None,
            by: "ops".to_owned(),
            reason: "a claim".to_owned(),
        }
    }

    #[test]
    fn a_hold_is_checked_at_and_over_each_edge() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(check(new(), now).is_ok());
        assert_eq!(check(NewHold { keeps: vec![], ..new() }, now), Err(HoldFault::KeepsNothing));
        let until = Some(now);
        assert_eq!(check(NewHold { until, ..new() }, now), Err(HoldFault::Past { until: now }));
        let reason = "é".repeat(MAX_REASON_CHARS);
        assert!(check(NewHold { reason: reason.clone(), ..new() }, now).is_ok());
        let chars = MAX_REASON_CHARS + 1;
        assert_eq!(check(NewHold { reason: reason + "é", ..new() }, now), Err(HoldFault::Reason { chars }));
        assert_eq!(
            check(NewHold { reason: "  ".to_owned(), ..new() }, now),
            Err(HoldFault::Reason { chars: 0 })
        );
        let by = "é".repeat(MAX_BY_CHARS);
        assert!(check(NewHold { by: by.clone(), ..new() }, now).is_ok());
        let chars = MAX_BY_CHARS + 1;
        assert_eq!(check(NewHold { by: by + "é", ..new() }, now), Err(HoldFault::By { chars }));
        assert_eq!(check(NewHold { by: " ".to_owned(), ..new() }, now), Err(HoldFault::By { chars: 0 }));
        for bad in ["a\u{1b}[2Jb", "a\nb"] {
            let (by, reason) = (bad.to_owned(), bad.to_owned());
            assert_eq!(check(NewHold { by, ..new() }, now), Err(HoldFault::ControlCharacters));
            assert_eq!(check(NewHold { reason, ..new() }, now), Err(HoldFault::ControlCharacters));
        }
    }
}
