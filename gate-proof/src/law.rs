//! The texts under proof: the schema, the floor, and what is added to look at them.

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use std::str::FromStr;

/// A bank that permits everything. What the floor closes under it, it closes under every bank's policies.
const EVERYTHING: &str = "permit (principal, action, resource);";

/// Words that are added to the closed lists of the schema, so that a proof does not lean on their being closed:
/// if somebody adds such a word one day, the floor still holds.
const FURTHER_WORDS: [(&str, &[&str]); 5] = [
    ("Purpose", &["advertising", "resale", "profiling"]),
    ("DataClass", &["contacts"]),
    ("Channel", &["billboard"]),
    ("ConsentState", &["assumed"]),
    ("Operation", &["close_account"]),
];

/// The texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// The schema.
    pub schema: String,
    /// The floor.
    pub floor: String,
}

/// The texts, read and strictly valid.
#[derive(Debug, Clone)]
pub struct Laws {
    /// The schema.
    pub schema: Schema,
    /// The schema with further words in its closed lists. Every request of the schema is one of this, too.
    pub widened: Schema,
    /// The floor. Its clauses are called `floor/<id>`.
    pub floor: PolicySet,
    /// The floor under a bank that permits everything.
    pub opened: PolicySet,
}

/// Why texts are not looked at further.
#[derive(Debug, thiserror::Error)]
pub enum LawFault {
    /// The schema cannot be read.
    #[error("the schema cannot be read: {found}")]
    Schema {
        /// What Cedar found.
        found: String,
    },
    /// Policies cannot be read.
    #[error("{name} cannot be read: {found}")]
    Unreadable {
        /// Which.
        name: String,
        /// What Cedar found.
        found: String,
    },
    /// Policies do not fit the schema.
    #[error("{name} are not strictly valid: {}", .found.join("; "))]
    Invalid {
        /// Which.
        name: String,
        /// What Cedar found, in its order.
        found: Vec<String>,
    },
}

impl Law {
    /// The texts that the gate decides with.
    pub fn shipped() -> Law {
        let texts = gate::law_texts();
        Law { schema: texts.schema.to_owned(), floor: texts.floor.to_owned() }
    }

    /// Reads the texts and validates them strictly.
    pub fn read(&self) -> Result<Laws, LawFault> {
        let floor = policies("floor", &self.floor)?;
        let opened = with(&floor, &policies("any-bank", EVERYTHING)?)?;
        let laws =
            Laws { schema: schema(&self.schema)?, widened: schema(&widened(&self.schema))?, floor, opened };
        laws.validate("the clauses of the floor", &laws.opened)?;
        Ok(laws)
    }
}

impl Laws {
    /// Validates policies strictly. A warning counts as a fault, as it does where the gate loads them.
    pub fn validate(&self, name: &str, policies: &PolicySet) -> Result<(), LawFault> {
        let checked = Validator::new(self.schema.clone()).validate(policies, ValidationMode::Strict);
        let errors = checked.validation_errors().map(ToString::to_string);
        let found: Vec<String> =
            errors.chain(checked.validation_warnings().map(ToString::to_string)).collect();
        if found.is_empty() { Ok(()) } else { Err(LawFault::Invalid { name: name.to_owned(), found }) }
    }
}

/// The policies of a text, called `<prefix>/<id>`, or `<prefix>/<n>` where they name themselves nothing.
pub fn policies(prefix: &str, text: &str) -> Result<PolicySet, LawFault> {
    let unreadable =
        |found: &dyn ToString| LawFault::Unreadable { name: prefix.to_owned(), found: found.to_string() };
    let read = PolicySet::from_str(text).map_err(|found| unreadable(&found))?;
    if read.templates().next().is_some() {
        return Err(unreadable(&"it has a template, and a template decides nothing"));
    }
    let mut named = PolicySet::new();
    for (i, policy) in in_order(&read).into_iter().enumerate() {
        let own = policy.annotation("id").map_or_else(|| (i + 1).to_string(), str::to_owned);
        let policy = policy.new_id(PolicyId::new(format!("{prefix}/{own}")));
        named.add(policy).map_err(|found| unreadable(&found))?;
    }
    Ok(named)
}

/// Both sets in one.
pub(crate) fn with(one: &PolicySet, other: &PolicySet) -> Result<PolicySet, LawFault> {
    let mut both = one.clone();
    for policy in other.policies() {
        both.add(policy.clone()).map_err(|found| LawFault::Unreadable {
            name: policy.id().to_string(),
            found: found.to_string(),
        })?;
    }
    Ok(both)
}

/// Cedar names them policy0, policy1, .. in the order of the text.
fn in_order(set: &PolicySet) -> Vec<Policy> {
    let mut policies: Vec<Policy> = set.policies().cloned().collect();
    policies.sort_by_key(|policy| {
        let id: &str = policy.id().as_ref();
        id.trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    });
    policies
}

fn schema(text: &str) -> Result<Schema, LawFault> {
    let read = Schema::from_cedarschema_str(text);
    read.map(|(schema, _)| schema).map_err(|found| LawFault::Schema { found: found.to_string() })
}

/// The schema's text with the further words that it does not have yet.
fn widened(text: &str) -> String {
    let mut text = text.to_owned();
    for (list, words) in FURTHER_WORDS {
        let head = format!("entity {list} enum [");
        let Some(start) = text.find(&head).map(|at| at + head.len()) else { continue };
        let there = text[start..].split(']').next().unwrap_or("").to_owned();
        let new = words
            .iter()
            .map(|word| format!("\"{word}\", "))
            .filter(|w| !there.contains(w.trim_end_matches(", ")));
        text.insert_str(start, &new.collect::<String>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closed_list_gets_its_further_words_once() {
        let once = widened(&Law::shipped().schema);
        for (list, words) in FURTHER_WORDS {
            let (_, rest) = once.split_once(&format!("entity {list} enum [")).unwrap();
            let there = rest.split(']').next().unwrap();
            assert!(words.iter().all(|word| there.matches(&format!("\"{word}\"")).count() == 1), "{list}");
        }
        assert_eq!(widened(&once), once);
    }

    #[test]
    fn a_template_and_a_name_given_twice_are_refused() {
        let twice = "@id(\"a\") forbid (principal, action, resource);";
        assert!(policies("floor", &format!("{twice}\n{twice}")).is_err());
        assert!(policies("floor", "forbid (principal == ?principal, action, resource);").is_err());
    }
}
