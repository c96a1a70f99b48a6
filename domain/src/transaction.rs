//! Payments in and out, as a bank tells them.

use crate::{AccountId, Money, TransactionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a transaction is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStatus {
    /// Authorised, not yet booked; the amount may still change.
    Pending,
    /// Booked.
    Posted,
}

/// Whether a payment undoes another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Nature {
    /// It does not, as far as the bank tells.
    #[default]
    Usual,
    /// The merchant gives money back for what was bought.
    Refund {
        /// The purchase, if the bank tells it.
        of: Option<TransactionId>,
    },
    /// The payment itself was taken back: it should not have been.
    Reversal {
        /// The payment, if the bank tells it.
        of: Option<TransactionId>,
    },
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The bank's id.
    pub id: TransactionId,
    /// The id that this one had while pending, if the bank tells it.
    pub was_pending_as: Option<TransactionId>,
    /// The account.
    pub account: AccountId,
    /// Signed: negative left the account, positive came in.
    pub amount: Money,
    /// When it took place.
    pub at: Timestamp,
    /// Pending or posted.
    pub status: TransactionStatus,
    /// The bank's text for it.
    pub description: String,
    /// Who was paid, when the bank knows.
    pub merchant: Option<String>,
    /// Merchant category code (ISO 18245), four digits.
    pub category: Option<String>,
    /// Whether it undoes another one.
    #[serde(default)]
    pub nature: Nature,
    /// What was paid in the merchant's own currency, if that is another one. Never negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Money>,
}

/// Where a purchase was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The transaction.
    pub transaction: TransactionId,
    /// The city, as the bank writes it.
    pub city: String,
    /// The country (ISO 3166-1 alpha-2).
    pub country: String,
    /// Whether it was made on the internet; city and country are then those of the seller.
    #[serde(default)]
    pub online: bool,
}
