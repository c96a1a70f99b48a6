//! Erasing everything that is kept of a customer, and what may stand in its way.

use crate::purpose::{NotKnown, closed};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// Where an erasure stands.
    ErasureState {
        /// It was asked for. Nothing can be read any more; it will be carried out within seconds.
        Asked = "asked",
        /// All is erased but what a hold keeps.
        Held = "held",
        /// All is erased.
        Erased = "erased",
    }
}

closed! {
    /// Who asked for an erasure.
    AskedBy {
        /// The customer.
        Customer = "customer",
        /// The bank, for this customer.
        Bank = "bank",
        /// Nobody anew: a database that came out of a backup had the customer again.
        Restore = "restore",
    }
}

closed! {
    /// Why data is kept although its customer wants it erased (GDPR art. 17(3)(b) and (e)).
    HoldKind {
        /// A case is open that the customer has with the bank, such as a dispute.
        OpenCase = "open_case",
        /// A court or an authority has ordered it, or a claim is to be defended.
        LegalHold = "legal_hold",
    }
}

closed! {
    /// What a hold can keep. Never tokens: nothing needs them after an erasure but their revocation.
    Keep {
        /// What was said.
        Messages = "messages",
        /// What was agreed.
        Consents = "consents",
        /// Who looked.
        Accesses = "accesses",
    }
}

impl Keep {
    /// In words for customers: "what was said in this chat".
    pub fn in_words(self) -> &'static str {
        match self {
            Keep::Messages => "what was said in this chat",
            Keep::Consents => "what you agreed to, and when",
            Keep::Accesses => "who looked at your data, and when",
        }
    }
}

impl HoldKind {
    /// In words for customers: "a case of yours is open".
    pub fn in_words(self) -> &'static str {
        match self {
            HoldKind::OpenCase => "a case of yours with the bank is still open",
            HoldKind::LegalHold => "the law requires it to be kept",
        }
    }
}
