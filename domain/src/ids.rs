//! Ids. Those that we make are a three-letter prefix and a UUIDv7 (`cus_0190…`); those that a bank makes
//! are opaque text of a bounded length.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text does not begin with the prefix of this kind of id.
    #[error("an id of this kind starts with `{expected}_`")]
    Prefix {
        /// The prefix that belongs there.
        expected: &'static str,
    },
    /// What follows the prefix is not 32 lowercase hexadecimal digits.
    #[error("after the prefix, 32 lowercase hexadecimal digits are expected")]
    Digits,
    /// The text is empty, too long or has characters that are not allowed.
    #[error("an id has 1 to {max} characters, {allowed}")]
    Text {
        /// The largest length in characters.
        max: usize,
        /// Which characters are allowed, in words.
        allowed: &'static str,
    },
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of this kind of id, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes the id of a UUID (version 7, so that ids sort by time of making).
            pub fn new(uuid: uuid::Uuid) -> Self {
                Self(format!(concat!($prefix, "_{}"), uuid.simple()))
            }

            /// The whole id, prefix included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text
                    .strip_prefix(concat!($prefix, "_"))
                    .ok_or(IdError::Prefix { expected: $prefix })?;
                let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                if digits.len() != 32 || !digits.bytes().all(hex) {
                    return Err(IdError::Digits);
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A person who talks to one bank over one conversation. Unknown to the bank until linked.
    CustomerId, "cus");
id!(
    /// One thread between a customer and a bank on one channel.
    ConversationId, "con");
id!(
    /// One message of a conversation, in either direction.
    MessageId, "msg");
id!(
    /// A consent record (ISO/IEC TS 27560).
    ConsentId, "cst");
id!(
    /// One attempt to link a conversation to a bank.
    LinkId, "lnk");
id!(
    /// One page that shows an answer on the bank's own host, once.
    SealedLinkId, "sea");
id!(
    /// One decision of the gate, before and after it has its index in the access log.
    EntryId, "ent");
id!(
    /// One task for a bank: a revocation, later a freeze or a filing.
    TaskId, "tsk");
id!(
    /// Somebody who works for a bank.
    StaffId, "stf");
id!(
    /// One sign-in of somebody who works for a bank, by which they see and end it.
    SignInId, "sgn");
id!(
    /// One change that needs a second person.
    ProposalId, "prp");
id!(
    /// One set of fraud rules that somebody proposed.
    RuleSetId, "rls");
id!(
    /// One time for which the budget of fraud alerts is lifted.
    LiftId, "lif");
id!(
    /// One line of what staff did.
    DeedId, "dee");
id!(
    /// One reason to keep data whose customer wants it erased.
    HoldId, "hld");
id!(
    /// One pulling out of a bank, from a channel, a class of data or everything.
    PullOutId, "pul");

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $allowed:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The largest length in characters.
            pub const MAX: usize = $max;

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let allowed: fn(char) -> bool = $check;
                if text.is_empty() || text.chars().count() > $max || !text.chars().all(allowed) {
                    return Err(IdError::Text { max: $max, allowed: $allowed });
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A tenant bank, by the name that its file and its addresses carry (`harbour`).
    BankId, 40, "lowercase letters, digits and hyphens",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
text_id!(
    /// A company that carries questions for customers, by a short name.
    PartnerId, 40, "lowercase letters, digits and hyphens",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
text_id!(
    /// An account as its bank names it. Never an account number.
    AccountId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A transaction as its bank names it.
    TransactionId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A card as its bank names it. Never a card number.
    CardId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A travel notice as its bank names it.
    TravelNoticeId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A statement as its bank names it.
    StatementId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A standing order as its bank names it.
    StandingOrderId, 256, "visible ASCII", |c| c.is_ascii_graphic());
text_id!(
    /// A subscription as its bank names it.
    SubscriptionId, 256, "visible ASCII", |c| c.is_ascii_graphic());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_was_written() {
        let id = CustomerId::new(uuid::Uuid::from_u128(7));
        assert_eq!(id.as_str(), "cus_00000000000000000000000000000007");
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = CustomerId::new(uuid::Uuid::from_u128(7));
        assert_eq!(id.as_str().parse::<ConsentId>(), Err(IdError::Prefix { expected: "cst" }));
        assert_eq!("cus_7".parse::<CustomerId>(), Err(IdError::Digits));
        assert_eq!("cus_0000000000000000000000000000000G".parse::<CustomerId>(), Err(IdError::Digits));
    }

    #[test]
    fn a_bank_name_is_short_and_plain() {
        assert!("harbour".parse::<BankId>().is_ok());
        for bad in ["", "Harbour", "har bour", "../etc", &"a".repeat(41)] {
            assert!(bad.parse::<BankId>().is_err(), "{bad}");
        }
    }
}
