//! What a bank says about its data.

use crate::no::{No, quoted};
use domain::{BankId, Channel, DataClass, Tier};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rules of one bank. They can close what the floor leaves open, never open what it closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRules {
    /// The bank.
    pub bank: BankId,
    /// The time zone of its hours.
    pub zone: TimeZone,
    /// Which data it offers. A class that is not listed is not offered.
    pub offered: BTreeMap<DataClass, Offer>,
    /// How data may be shown at most. Not listed: in the chat on the bank's own page, sealed elsewhere.
    pub tiers: BTreeMap<(Channel, DataClass), Tier>,
    /// Its own Cedar policies.
    pub policies: Vec<PolicyFile>,
    /// The channels it refuses, with its words to customers.
    pub refused_channels: BTreeMap<Channel, String>,
    /// What else it says No to. They are numbered from 1, in this order.
    pub nos: Vec<No>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Its name, as it appears in clause names and faults. Unique within a bank.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl BankRules {
    /// The rules of a bank that offers nothing yet and keeps the hours of UTC.
    pub fn closed(bank: BankId) -> BankRules {
        BankRules {
            bank,
            zone: TimeZone::UTC,
            offered: BTreeMap::new(),
            tiers: BTreeMap::new(),
            policies: Vec::new(),
            refused_channels: BTreeMap::new(),
            nos: Vec::new(),
        }
    }

    /// The rules as Cedar: one permit that opens the bank's own data, and a forbid for each thing that the
    /// bank says No to, with its words. Everything is closed without it.
    pub(crate) fn as_policies(&self) -> String {
        let mut text = format!(
            "@id(\"opens\")\npermit (principal, action in Parlour::Action::\"Release\", resource)\n\
             when {{ resource.bank == Parlour::Bank::\"{}\" }};\n",
            self.bank
        );
        for class in DataClass::ALL.iter().filter(|class| !self.offers(**class)) {
            let says = match self.offered.get(class) {
                Some(Offer::No { reason }) => format!("@says({})\n", quoted(reason)),
                _ => String::new(),
            };
            text += &format!(
                "@id(\"no-{class}\")\n{says}forbid (principal, action, resource)\n\
                 when {{ context.dataClass == Parlour::DataClass::\"{class}\" }};\n"
            );
        }
        for (channel, reason) in &self.refused_channels {
            text += &format!(
                "@id(\"not-on-{channel}\")\n@says({})\nforbid (principal, action, resource)\n\
                 when {{ context.channel == Parlour::Channel::\"{channel}\" }};\n",
                quoted(reason)
            );
        }
        for (i, no) in self.nos.iter().enumerate() {
            text += &no.as_policy(i + 1);
        }
        text
    }

    /// The hour of the bank's clock, 0 to 23.
    pub(crate) fn hour(&self, now: Timestamp) -> u8 {
        u8::try_from(now.to_zoned(self.zone.clone()).hour()).unwrap_or(0)
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
