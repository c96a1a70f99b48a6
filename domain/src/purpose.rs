//! Why data may be read, and which data. Both are closed: what is not here cannot be asked for.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A text that names nothing in a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not known; known are: {known}")]
pub struct NotKnown {
    /// What was found, cut to 60 characters.
    pub found: String,
    /// The whole list.
    pub known: String,
}

macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All there are.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name in files, policies and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = NotKnown;
            fn from_str(text: &str) -> Result<Self, NotKnown> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(NotKnown {
                        found: text.chars().take(60).collect(),
                        known: [$($text),+].join(", "),
                    }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use closed;

closed! {
    /// A service that a customer can ask for. There is no variant for advertising, profiling, resale or
    /// training, so such a use of data cannot be expressed.
    Purpose {
        /// To answer a question that the customer asked.
        AnswerCustomer = "answer_customer",
        /// To warn the customer of something that they asked to be warned of, or of fraud.
        CustomerAlert = "customer_alert",
        /// To find the payment that belongs to a merchant's receipt.
        ReceiptMatch = "receipt_match",
        /// To make a payment that the customer ordered.
        CustomerPayment = "customer_payment",
        /// To help with a dispute or complaint that the customer raised.
        DisputeSupport = "dispute_support",
        /// To show the customer where they shopped.
        OwnSpendingMap = "own_spending_map",
        /// To do with cards and accounts what the customer ordered.
        AccountManagement = "account_management",
    }
}

impl Purpose {
    /// What a customer reads: "to …".
    pub fn in_words(self) -> &'static str {
        match self {
            Purpose::AnswerCustomer => "to answer your questions",
            Purpose::CustomerAlert => "to warn you",
            Purpose::ReceiptMatch => "to match your receipts with your payments",
            Purpose::CustomerPayment => "to make payments that you order",
            Purpose::DisputeSupport => "to help with a dispute you raised",
            Purpose::OwnSpendingMap => "to show you where you shopped",
            Purpose::AccountManagement => "to do what you order with your cards and accounts",
        }
    }
}

closed! {
    /// A kind of bank data. A bank offers each or says No to it; a customer shares each or does not.
    DataClass {
        /// That an account exists: its kind, nickname and last digits.
        Accounts = "accounts",
        /// How much is on an account, and how much can be spent.
        Balances = "balances",
        /// What was paid and received: when, how much, from or to whom.
        Transactions = "transactions",
        /// In which city and country purchases were made.
        MerchantPlaces = "merchant_places",
        /// Which cards there are, whether they pay, their limits and travel notices.
        Cards = "cards",
        /// Statements of accounts, as documents.
        Statements = "statements",
        /// What comes again and again: standing orders and subscriptions.
        ScheduledPayments = "scheduled_payments",
        /// How the bank reaches the customer.
        Contact = "contact",
    }
}

impl DataClass {
    /// What a customer reads.
    pub fn in_words(self) -> &'static str {
        match self {
            DataClass::Accounts => "which accounts you have",
            DataClass::Balances => "your balances",
            DataClass::Transactions => "your transactions",
            DataClass::MerchantPlaces => "the places where you shopped",
            DataClass::Cards => "your cards, their limits and your travel notices",
            DataClass::Statements => "your statements",
            DataClass::ScheduledPayments => "your standing orders and subscriptions",
            DataClass::Contact => "how the bank reaches you",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_purpose_but_service_can_be_written_down() {
        for never in ["advertising", "profiling", "resale", "training", "marketing", ""] {
            assert!(never.parse::<Purpose>().is_err(), "{never}");
        }
    }

    #[test]
    fn names_are_the_same_in_text_and_json() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.as_str().parse(), Ok(*purpose));
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
        }
        for class in DataClass::ALL {
            assert_eq!(class.as_str().parse(), Ok(*class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
    }
}
