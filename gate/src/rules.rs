//! What a bank says about its data.

use domain::{BankId, Channel, DataClass, Tier};
use std::collections::BTreeMap;

/// The rules of one bank. They can close what the floor leaves open, never open what it closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRules {
    /// The bank.
    pub bank: BankId,
    /// Which data it offers. A class that is not listed is not offered.
    pub offered: BTreeMap<DataClass, Offer>,
    /// How data may be shown at most. Not listed: in the chat on the bank's own page, sealed elsewhere.
    pub tiers: BTreeMap<(Channel, DataClass), Tier>,
    /// Its own Cedar policies.
    pub policies: Vec<PolicyFile>,
    /// The channels it refuses, with its words to customers.
    pub refused_channels: BTreeMap<Channel, String>,
}

/// Whether a bank offers a class of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It does.
    Yes,
    /// It does not.
    No {
        /// Why, in the bank's words to customers.
        reason: String,
    },
}

/// A file of Cedar policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Its name, as it appears in clause names and faults. Unique within a bank.
    pub name: String,
    /// Its text.
    pub text: String,
}
