//! What the law of a place asks of a consent, as data: what a notice must say, how long a consent may last, how
//! long its record is kept, and the clocks of an incident. Each with its public source. The files are in
//! `parlour/profiles`; docs/profiles.md explains them.

use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// The rules of one place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name in a bank's file: the name of its own file.
    #[serde(skip)]
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The country or union, by its code.
    pub jurisdiction: String,
    /// How long a consent may last.
    pub consent: Longest,
    /// How long its record is kept after its end.
    pub records: Kept,
    /// What a notice says.
    pub notice: Vec<Demand>,
    /// Until when an incident is reported.
    #[serde(rename = "clock")]
    pub clocks: Vec<IncidentClock>,
}

/// How long a consent may last.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Longest {
    /// In days.
    pub max_days: i64,
    /// Where that is written.
    pub source: String,
}

/// How long a record is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// In days, from the end of the consent.
    pub keep_days: i64,
    /// Where that is written.
    pub source: String,
}

/// Something that a notice must say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Demand {
    /// Its name within the profile.
    pub id: String,
    /// What is demanded, in words.
    pub requires: String,
    /// Where that is written.
    pub source: String,
    /// What the bank's file must say for it.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// How it is met.
    #[serde(flatten)]
    pub met: Met,
}

/// How a demand on the notice is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Met {
    /// By a point that every notice has.
    ByPoint {
        /// The term of that point.
        shown_as: String,
    },
    /// By a point of its own. `{controller}`, `{address}`, `{contact}`, `{authority}`, `{bank}` and `{keep}` are
    /// filled in.
    Added {
        /// The term of the point.
        term: String,
        /// Its text.
        text: String,
    },
}

/// A key of a bank's file that a profile may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// `controller.name`.
    ControllerName,
    /// `controller.address`.
    ControllerAddress,
    /// `controller.contact`.
    ControllerContact,
    /// `controller.authority`.
    ControllerAuthority,
}

impl Need {
    /// The key, as it stands in a bank's file.
    pub fn key(self) -> &'static str {
        match self {
            Need::ControllerName => "controller.name",
            Need::ControllerAddress => "controller.address",
            Need::ControllerContact => "controller.contact",
            Need::ControllerAuthority => "controller.authority",
        }
    }
}

/// Until when an incident is reported to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentClock {
    /// To whom.
    pub name: String,
    /// When it begins.
    pub starts: String,
    /// How many hours.
    pub hours: u32,
    /// What the first report holds.
    pub report: String,
    /// Where that is written.
    pub source: String,
}

const FILES: [(&str, &str); 4] = [
    ("us", include_str!("../profiles/us.toml")),
    ("us-1033-2024", include_str!("../profiles/us-1033-2024.toml")),
    ("uk", include_str!("../profiles/uk.toml")),
    ("eu", include_str!("../profiles/eu.toml")),
];

static ALL: LazyLock<BTreeMap<&'static str, Profile>> = LazyLock::new(|| {
    let read = |(name, text): &(&'static str, &str)| {
        let profile: Profile =
            toml::from_str(text).expect("a test reads every profile that this program carries");
        (*name, Profile { name: (*name).to_owned(), ..profile })
    };
    FILES.iter().map(read).collect()
});

impl Profile {
    /// The profile of a name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        ALL.get(name)
    }

    /// The names of all profiles, for people.
    pub fn names() -> String {
        FILES.map(|(name, _)| name).join(", ")
    }

    /// The keys of a bank's file that the profile needs, each with the first demand that needs it.
    pub fn needs(&self) -> BTreeMap<Need, &Demand> {
        let mut needs = BTreeMap::new();
        for demand in &self.notice {
            for need in &demand.needs {
                needs.entry(*need).or_insert(demand);
            }
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_reads_and_every_rule_names_its_source() {
        for (name, _) in FILES {
            let profile = Profile::named(name).unwrap();
            assert_eq!(profile.name, name);
            assert!((1..=365).contains(&profile.consent.max_days) && profile.records.keep_days >= 365);
            let sources =
                profile.notice.iter().map(|d| &d.source).chain(profile.clocks.iter().map(|c| &c.source));
            assert!(
                sources.chain([&profile.consent.source, &profile.records.source]).all(|s| s.len() > 5),
                "{name}"
            );
            assert!(!profile.clocks.is_empty() && profile.clocks.iter().all(|c| c.hours > 0), "{name}");
        }
        assert!(Profile::named("atlantis").is_none());
    }

    #[test]
    fn every_blank_of_a_text_is_one_that_a_demand_makes_sure_of() {
        for (name, _) in FILES {
            let profile = Profile::named(name).unwrap();
            for demand in &profile.notice {
                let Met::Added { text, .. } = &demand.met else { continue };
                for (blank, need) in [
                    ("{address}", Need::ControllerAddress),
                    ("{contact}", Need::ControllerContact),
                    ("{authority}", Need::ControllerAuthority),
                ] {
                    let needed = profile.needs().contains_key(&need);
                    assert!(!text.contains(blank) || needed, "{name}/{}: {blank}", demand.id);
                }
            }
        }
    }
}
