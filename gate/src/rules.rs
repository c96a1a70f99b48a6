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

impl BankRules {
    /// The rules as Cedar: one permit that opens the bank's own data, and a forbid for each thing that the
    /// bank says No to. Everything is closed without it.
    pub(crate) fn as_policies(&self) -> String {
        let mut text = format!(
            "@id(\"opens\")\npermit (principal, action in Parlour::Action::\"Release\", resource)\n\
             when {{ resource.bank == Parlour::Bank::\"{}\" }};\n",
            self.bank
        );
        for class in DataClass::ALL.iter().filter(|class| !self.offers(**class)) {
            text += &format!(
                "@id(\"no-{class}\")\nforbid (principal, action, resource)\n\
                 when {{ context.dataClass == Parlour::DataClass::\"{class}\" }};\n"
            );
        }
        for channel in self.refused_channels.keys() {
            text += &format!(
                "@id(\"not-on-{channel}\")\nforbid (principal, action, resource)\n\
                 when {{ context.channel == Parlour::Channel::\"{channel}\" }};\n"
            );
        }
        text
    }

    /// Whether the bank offers a class.
    pub(crate) fn offers(&self, class: DataClass) -> bool {
        self.offered.get(&class) == Some(&Offer::Yes)
    }

    /// How data of a class may be shown on a channel at most, by the bank's tiers and the floor.
    pub(crate) fn max_tier(&self, channel: Channel, class: DataClass) -> Tier {
        let usual = if channel.is_foreign() { Tier::Sealed } else { Tier::InChat };
        let tier = self.tiers.get(&(channel, class)).copied().unwrap_or(usual);
        tier.min(floor_tier(channel, class))
    }
}

/// The most that the floor lets any bank show: places stay off other people's servers
/// (`floor/places-on-foreign-channels`).
pub(crate) fn floor_tier(channel: Channel, class: DataClass) -> Tier {
    if channel.is_foreign() && class == DataClass::MerchantPlaces { Tier::Sealed } else { Tier::InChat }
}
