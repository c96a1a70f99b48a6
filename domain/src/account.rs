//! Accounts and balances, as a bank tells them.

use crate::{AccountId, Money, purpose::NotKnown, purpose::closed};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// What kind of account it is. Kinds that a bank has and we do not know are `other`.
    AccountKind {
        /// For everyday payments.
        Checking = "checking",
        /// For saving.
        Savings = "savings",
        /// A credit card.
        Card = "card",
        /// A loan.
        Loan = "loan",
        /// Something else.
        Other = "other",
    }
}

/// An account that the customer shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The bank's id. Never an account number.
    pub id: AccountId,
    /// Its kind.
    pub kind: AccountKind,
    /// What the customer or bank calls it ("Everyday Checking").
    pub name: String,
    /// The last digits that the bank shows (at most 4), such as `20`.
    pub last_digits: String,
    /// Whether it is open.
    pub open: bool,
}

impl Account {
    /// How we name it to its owner: "Everyday Checking ··4520".
    pub fn title(&self) -> String {
        if self.last_digits.is_empty() {
            self.name.clone()
        } else {
            format!("{} ··{}", self.name, self.last_digits)
        }
    }
}

/// How an account stands. For a card, `current` is what is owed (positive) and `available` the credit left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The account.
    pub account: Account,
    /// The booked amount.
    pub current: Money,
    /// What can be spent now, if the bank says so.
    pub available: Option<Money>,
    /// When the bank read it.
    pub as_of: Timestamp,
    /// What a card's bill says, if it is a card and the bank says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<CardBill>,
}

/// What is to be paid on a card, and how much may be owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardBill {
    /// The most that may be owed.
    pub credit_line: Option<Money>,
    /// The least that is to be paid by the due date.
    pub minimum: Option<Money>,
    /// The due date.
    pub due: Option<Date>,
}
