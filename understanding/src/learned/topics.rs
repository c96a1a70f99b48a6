//! What answers a label: one of our services, a topic of the bank's own answers, or a person. The labels of BANKING77 are finer
//! than our services; the finer label stays known, because the answer differs.

use std::{collections::BTreeMap, sync::LazyLock};

/// The label of messages that are about something else.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// What answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A service of ours, by the name of its sentences.
    Service(String),
    /// A topic of the bank's own answers.
    Faq(String),
    /// A human being, for this matter.
    Person(String),
    /// Nothing here.
    Nothing,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Target::Service(name) => write!(f, "{name}"),
            Target::Faq(topic) => write!(f, "faq {topic}"),
            Target::Person(matter) => write!(f, "person {matter}"),
            Target::Nothing => write!(f, "{OUT_OF_SCOPE}"),
        }
    }
}

/// What answers a label. A label that the table does not have is a service of its own.
pub fn target(label: &str) -> Target {
    static TABLE: LazyLock<BTreeMap<&str, (&str, &str)>> = LazyLock::new(|| {
        let lines = include_str!("../../sentences/topics.tsv").lines().filter(|line| !line.starts_with('#'));
        let cells = lines.map(|line| line.splitn(3, '\t').collect::<Vec<_>>());
        cells.filter_map(|cells| Some((*cells.first()?, (*cells.get(1)?, *cells.get(2)?)))).collect()
    });
    match TABLE.get(label) {
        Some(("faq", topic)) => Target::Faq((*topic).to_owned()),
        Some(("person", matter)) => Target::Person((*matter).to_owned()),
        Some((_, service)) => Target::Service((*service).to_owned()),
        None if label == OUT_OF_SCOPE => Target::Nothing,
        None => Target::Service(label.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_labels_lead_to_what_answers_them() {
        assert_eq!(target("lost_or_stolen_card"), Target::Service("card_lost".to_owned()));
        assert_eq!(target("age_limit"), Target::Faq("bank".to_owned()));
        assert_eq!(target("terminate_account"), Target::Person("account".to_owned()));
        assert_eq!(target("balance"), Target::Service("balance".to_owned()));
        assert_eq!(target(OUT_OF_SCOPE), Target::Nothing);
    }

    #[test]
    fn every_line_of_the_table_is_whole() {
        for line in include_str!("../../sentences/topics.tsv").lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            assert!(["service", "faq", "person"].contains(&cells[1]), "{line}");
        }
    }
}
