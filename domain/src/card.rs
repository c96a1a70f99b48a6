//! Cards, as a bank tells them, and what their owner may change on them.

use crate::{AccountId, CardId, Money, Region, TravelNoticeId, purpose::NotKnown, purpose::closed};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// What a card draws on. Kinds that a bank has and we do not know are `other`.
    CardKind {
        /// The money on an account.
        Debit = "debit",
        /// A credit line.
        Credit = "credit",
        /// Something else.
        Other = "other",
    }
}

closed! {
    /// Whether a card pays.
    CardState {
        /// It pays.
        Active = "active",
        /// It does not, until somebody unfreezes it.
        Frozen = "frozen",
        /// It never pays again: it was lost, stolen or misused.
        Blocked = "blocked",
        /// It is not in use any more.
        Closed = "closed",
    }
}

closed! {
    /// Who froze a card. What the bank froze, the customer does not unfreeze.
    FrozenBy {
        /// Its owner.
        Customer = "customer",
        /// The bank.
        Bank = "bank",
    }
}

closed! {
    /// How a card got away.
    Loss {
        /// Its owner does not know where it is.
        Lost = "lost",
        /// Somebody took it.
        Stolen = "stolen",
    }
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The bank's id. Never a card number.
    pub id: CardId,
    /// The account that it draws on.
    pub account: AccountId,
    /// The last four digits of its number.
    pub last4: String,
    /// The network, as the bank names it ("VISA").
    pub network: String,
    /// What it draws on.
    pub kind: CardKind,
    /// Whether it pays.
    pub state: CardState,
    /// Who froze it. None unless it is frozen.
    pub frozen_by: Option<FrozenBy>,
    /// How much it pays.
    pub limits: CardLimits,
    /// Where it pays.
    pub switches: CardSwitches,
}

/// How much a card pays at most. None: the bank sets no limit of this kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLimits {
    /// On one day.
    pub per_day: Option<Money>,
    /// At once.
    pub per_payment: Option<Money>,
}

/// Where a card pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSwitches {
    /// By touch.
    pub contactless: bool,
    /// On the internet.
    pub online: bool,
    /// In other countries.
    pub abroad: bool,
}

/// What is to be another limit or switch from now on. None: as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitChange {
    /// The most on one day.
    pub per_day: Option<Money>,
    /// The most at once.
    pub per_payment: Option<Money>,
    /// By touch.
    pub contactless: Option<bool>,
    /// On the internet.
    pub online: Option<bool>,
    /// In other countries.
    pub abroad: Option<bool>,
}

impl LimitChange {
    /// The change that leads back to how a card stands now, as far as this one leads away from it. None: a limit
    /// that was not set before cannot be taken away again, only by the bank.
    pub fn undone(&self, now: &Card) -> Option<LimitChange> {
        let back = |new: Option<Money>, old: Option<Money>| match (new, old) {
            (Some(_), None) => None,
            (new, old) => Some(new.and(old)),
        };
        Some(LimitChange {
            per_day: back(self.per_day, now.limits.per_day)?,
            per_payment: back(self.per_payment, now.limits.per_payment)?,
            contactless: self.contactless.map(|_| now.switches.contactless),
            online: self.online.map(|_| now.switches.online),
            abroad: self.abroad.map(|_| now.switches.abroad),
        })
    }
}

/// Where and when a customer travels, so that the bank takes their payments there for theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelNotice {
    /// The bank's id.
    pub id: TravelNoticeId,
    /// To which countries; at least one.
    pub countries: Vec<Region>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

/// A card that the bank sends in the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The new card.
    pub card: CardId,
    /// The last four digits of its number.
    pub last4: String,
    /// When it should be there.
    pub expected: Date,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn card() -> Card {
        Card {
            id: "card-1".parse().unwrap(),
            account: "acc-1".parse().unwrap(),
            last4: "4242".into(),
            network: "SANDBOX".into(),
            kind: CardKind::Debit,
            state: CardState::Active,
            frozen_by: None,
            limits: CardLimits { per_day: Some(Money::new(50_000, Currency::USD)), per_payment: None },
            switches: CardSwitches { contactless: true, online: true, abroad: false },
        }
    }

    #[test]
    fn undoing_a_change_of_limits_leads_back_and_touches_nothing_else() {
        let more = Some(Money::new(90_000, Currency::USD));
        let change = LimitChange { per_day: more, abroad: Some(true), ..LimitChange::default() };
        let back = change.undone(&card()).unwrap();
        assert_eq!((back.per_day, back.abroad), (card().limits.per_day, Some(false)));
        assert_eq!((back.per_payment, back.contactless, back.online), (None, None, None));
        let first = LimitChange { per_payment: more, ..LimitChange::default() };
        assert_eq!(first.undone(&card()), None, "there was no such limit to go back to");
    }

    #[test]
    fn names_are_the_same_in_text_and_json() {
        for state in CardState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for by in FrozenBy::ALL {
            assert_eq!(serde_json::to_value(by).unwrap(), by.as_str());
        }
    }
}
