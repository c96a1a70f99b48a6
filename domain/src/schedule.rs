//! What comes again and again: standing orders and subscriptions, as the bank knows them; and statements.

use crate::{
    AccountId, Money, StandingOrderId, StatementId, SubscriptionId, purpose::NotKnown, purpose::closed,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// How often something comes.
    Cadence {
        /// Every week.
        Weekly = "weekly",
        /// Every month.
        Monthly = "monthly",
        /// Every three months.
        Quarterly = "quarterly",
        /// Every year.
        Yearly = "yearly",
    }
}

/// A payment that the customer ordered once and for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOrder {
    /// The bank's id.
    pub id: StandingOrderId,
    /// The account that pays.
    pub account: AccountId,
    /// Who is paid.
    pub payee: String,
    /// How much each time.
    pub amount: Money,
    /// How often.
    pub cadence: Cadence,
    /// When next.
    pub next: Date,
}

/// A merchant who takes the same again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The bank's id.
    pub id: SubscriptionId,
    /// The account that pays.
    pub account: AccountId,
    /// Who takes it.
    pub merchant: String,
    /// How much it took the last time.
    pub amount: Money,
    /// How much it took before that, if that was another amount.
    pub before: Option<Money>,
    /// How often.
    pub cadence: Cadence,
    /// When the bank expects the next one.
    pub next: Date,
}

/// A statement of an account, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The bank's id.
    pub id: StatementId,
    /// The account.
    pub account: AccountId,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// How many pages it has, if the bank says so.
    pub pages: Option<u32>,
}

closed! {
    /// What a statement is written in.
    StatementForm {
        /// A PDF document.
        Pdf = "pdf",
        /// Plain text in UTF-8.
        Text = "text",
    }
}

/// The content of a statement. `Debug` shows how long it is and no more.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementFile {
    /// What it is written in.
    pub form: StatementForm,
    /// What it says.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for StatementFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatementFile({}, {} bytes)", self.form, self.bytes.len())
    }
}

closed! {
    /// How the bank reaches a customer.
    ContactWay {
        /// By e-mail.
        Email = "email",
        /// By text message.
        Sms = "sms",
        /// By telephone.
        Phone = "phone",
        /// By letter.
        Post = "post",
    }
}

/// How a customer wants to hear from the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPreferences {
    /// How the bank reaches them first.
    pub way: ContactWay,
    /// Whether statements come without paper.
    pub paperless: bool,
    /// Whether the bank may send offers of its own.
    pub offers: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_statement_is_not_printed_by_mistake() {
        let file = StatementFile { form: StatementForm::Text, bytes: b"owes 12.00".to_vec() };
        assert_eq!(format!("{file:?}"), "StatementFile(text, 10 bytes)");
    }
}
