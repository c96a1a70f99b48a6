//! What a customer can have done on their accounts and cards. Closed: what is not here cannot be ordered.

use crate::{
    AccountId, CardId, ContactPreferences, DataClass, LimitChange, Loss, Region, TransactionId,
    TravelNoticeId, purpose::NotKnown, purpose::closed,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// A kind of order. No money moves by any of them.
    Operation {
        /// A card stops paying until it is unfrozen.
        FreezeCard = "freeze_card",
        /// A frozen card pays again.
        UnfreezeCard = "unfreeze_card",
        /// A card is lost or stolen: it is blocked and another one is sent.
        ReportCard = "report_card",
        /// Limits and switches of a card.
        SetCardLimits = "set_card_limits",
        /// Where and when the customer travels.
        AddTravelNotice = "add_travel_notice",
        /// They do not travel after all.
        CancelTravelNotice = "cancel_travel_notice",
        /// What an account is called.
        RenameAccount = "rename_account",
        /// How the bank reaches the customer.
        SetContactPreferences = "set_contact_preferences",
        /// A payment is the customer's own, or is not.
        ReportPayment = "report_payment",
    }
}

impl Operation {
    /// What a customer reads: "to …".
    pub fn in_words(self) -> &'static str {
        match self {
            Operation::FreezeCard => "to freeze a card",
            Operation::UnfreezeCard => "to unfreeze a card",
            Operation::ReportCard => "to report a card lost or stolen",
            Operation::SetCardLimits => "to change the limits of a card",
            Operation::AddTravelNotice => "to tell the bank that you travel",
            Operation::CancelTravelNotice => "to take a travel notice back",
            Operation::RenameAccount => "to rename an account",
            Operation::SetContactPreferences => "to change how the bank reaches you",
            Operation::ReportPayment => "to tell the bank whether a payment is yours",
        }
    }

    /// The class of data that it changes. Who orders it must have agreed to share that.
    pub fn data_class(self) -> DataClass {
        match self {
            Operation::FreezeCard
            | Operation::UnfreezeCard
            | Operation::ReportCard
            | Operation::SetCardLimits
            | Operation::AddTravelNotice
            | Operation::CancelTravelNotice => DataClass::Cards,
            Operation::RenameAccount => DataClass::Accounts,
            Operation::SetContactPreferences => DataClass::Contact,
            Operation::ReportPayment => DataClass::Transactions,
        }
    }
}

closed! {
    /// What a customer says of a payment.
    PaymentAnswer {
        /// They made it.
        Mine = "mine",
        /// They did not.
        NotMine = "not_mine",
    }
}

/// The longest name of an account, in characters. Longer ones are cut off on most phones.
pub const NICKNAME_MAX: usize = 40;
/// The most countries of one travel notice.
pub const COUNTRIES_MAX: usize = 20;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Order {
    /// [`Operation::FreezeCard`].
    FreezeCard {
        /// The card.
        card: CardId,
        /// Its account.
        account: AccountId,
    },
    /// [`Operation::UnfreezeCard`].
    UnfreezeCard {
        /// The card.
        card: CardId,
        /// Its account.
        account: AccountId,
    },
    /// [`Operation::ReportCard`].
    ReportCard {
        /// The card.
        card: CardId,
        /// Its account.
        account: AccountId,
        /// How it got away.
        loss: Loss,
    },
    /// [`Operation::SetCardLimits`].
    SetCardLimits {
        /// The card.
        card: CardId,
        /// Its account.
        account: AccountId,
        /// What changes.
        change: LimitChange,
    },
    /// [`Operation::AddTravelNotice`].
    AddTravelNotice {
        /// To which countries, at most [`COUNTRIES_MAX`].
        countries: Vec<Region>,
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// [`Operation::CancelTravelNotice`].
    CancelTravelNotice {
        /// The notice.
        notice: TravelNoticeId,
    },
    /// [`Operation::RenameAccount`].
    RenameAccount {
        /// The account.
        account: AccountId,
        /// Its new name, at most [`NICKNAME_MAX`] characters. Empty: what the bank calls it.
        nickname: String,
    },
    /// [`Operation::SetContactPreferences`].
    SetContactPreferences {
        /// How they shall be.
        preferences: ContactPreferences,
    },
    /// [`Operation::ReportPayment`].
    ReportPayment {
        /// The payment.
        transaction: TransactionId,
        /// Its account.
        account: AccountId,
        /// What the customer says of it.
        answer: PaymentAnswer,
        /// Whether it counts only after the customer's approval on the bank's own site, whatever the bank asks by itself.
        approve: bool,
    },
}

impl Order {
    /// Its kind.
    pub fn operation(&self) -> Operation {
        match self {
            Order::FreezeCard { .. } => Operation::FreezeCard,
            Order::UnfreezeCard { .. } => Operation::UnfreezeCard,
            Order::ReportCard { .. } => Operation::ReportCard,
            Order::SetCardLimits { .. } => Operation::SetCardLimits,
            Order::AddTravelNotice { .. } => Operation::AddTravelNotice,
            Order::CancelTravelNotice { .. } => Operation::CancelTravelNotice,
            Order::RenameAccount { .. } => Operation::RenameAccount,
            Order::SetContactPreferences { .. } => Operation::SetContactPreferences,
            Order::ReportPayment { .. } => Operation::ReportPayment,
        }
    }

    /// The account that it is about. None: it is about the customer.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Order::FreezeCard { account, .. }
            | Order::UnfreezeCard { account, .. }
            | Order::ReportCard { account, .. }
            | Order::SetCardLimits { account, .. }
            | Order::RenameAccount { account, .. }
            | Order::ReportPayment { account, .. } => Some(account),
            Order::AddTravelNotice { .. }
            | Order::CancelTravelNotice { .. }
            | Order::SetContactPreferences { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_back_as_it_was_written() {
        let order = Order::ReportCard {
            card: "card-1".parse().unwrap(),
            account: "acc-1".parse().unwrap(),
            loss: Loss::Stolen,
        };
        let json = serde_json::to_value(&order).unwrap();
        assert_eq!(json["operation"], order.operation().as_str());
        assert_eq!(serde_json::from_value::<Order>(json).unwrap(), order);
    }

    #[test]
    fn every_operation_has_its_name_and_changes_something_that_can_be_shared() {
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse(), Ok(*operation));
            assert!(DataClass::ALL.contains(&operation.data_class()));
            assert!(operation.in_words().starts_with("to "));
        }
    }
}
