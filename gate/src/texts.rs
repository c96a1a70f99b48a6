//! The rules as texts: what is proved, what is kept for auditors, and what the digest in each decision is of.

use crate::{BankRules, PolicyFile, law};
use domain::BankId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) const SCHEMA: &str = include_str!("../policies/parlour.cedarschema");
pub(crate) const SCHEMA_FILE: &str = "parlour.cedarschema";
pub(crate) const FLOOR: &str = include_str!("../policies/floor.cedar");
pub(crate) const FLOOR_FILE: &str = "floor.cedar";

/// The name of the policies made of [`BankRules`], in faults and in the digest.
pub(crate) const RULES_FILE: &str = "the bank's offers, channels and Nos";

/// Where the list of purposes begins in the schema.
const PURPOSES: &str = "entity Purpose enum [";

/// What holds at every bank, as this program carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawTexts {
    /// The Cedar schema.
    pub schema: &'static str,
    /// The floor: Cedar policies, each with its `@id` and, in `@says`, what it demands in plain words.
    pub floor: &'static str,
}

/// What holds at every bank, as texts.
pub fn law_texts() -> LawTexts {
    LawTexts { schema: SCHEMA, floor: FLOOR }
}

/// SHA-256 of what holds at every bank: schema and floor. A decision about a bank that is not known carries it.
pub fn law_digest() -> [u8; 32] {
    digest([(SCHEMA_FILE, SCHEMA), (FLOOR_FILE, FLOOR)])
}

impl LawTexts {
    /// The schema with further words in its list of purposes, for a proof that the floor opens nothing for a word
    /// that is not on its own list. The gate itself never uses such a schema.
    pub fn schema_with_purposes(&self, words: &[&str]) -> String {
        let decoys: String = words.iter().map(|word| format!("\"{word}\", ")).collect();
        self.schema.replacen(PURPOSES, &format!("{PURPOSES}{decoys}"), 1)
    }
}

/// All that decides at one bank, as texts. Two sets of the same texts decide the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTexts {
    /// The bank.
    pub bank: BankId,
    /// The Cedar schema.
    pub schema: String,
    /// The floor, which holds at every bank.
    pub floor: String,
    /// Cedar made of the bank's offers, refused channels and Nos, with its words in `@says`.
    pub rules: String,
    /// The bank's own Cedar files, in the order of its configuration.
    pub files: Vec<PolicyFile>,
    /// How data may be shown at most: one line for each channel and class that the bank set.
    pub tiers: String,
    /// The time zone of the bank's hours.
    pub zone: String,
}

impl PolicyTexts {
    /// The texts of a bank's rules, whether they are sound or not.
    pub fn of(rules: &BankRules) -> PolicyTexts {
        PolicyTexts {
            bank: rules.bank.clone(),
            schema: SCHEMA.to_owned(),
            floor: FLOOR.to_owned(),
            rules: rules.as_policies(),
            files: rules.policies.clone(),
            tiers: rules.tiers.iter().map(|((c, d), tier)| format!("{c} {d} {tier}\n")).collect(),
            zone: rules.zone.iana_name().unwrap_or("no name").to_owned(),
        }
    }

    /// SHA-256 of all of them, as decisions carry it: over name and text of each of [`PolicyTexts::named`], both
    /// after their length in bytes (64 bits, most significant first).
    pub fn digest(&self) -> [u8; 32] {
        digest(self.named())
    }

    /// All of them with their names: schema, floor, rules, files, tiers, zone, in this order.
    pub fn named(&self) -> Vec<(&str, &str)> {
        let before = [(SCHEMA_FILE, &*self.schema), (FLOOR_FILE, &*self.floor), (RULES_FILE, &*self.rules)];
        let files = self.files.iter().map(|file| (&*file.name, &*file.text));
        let after = [("tiers", &*self.tiers), ("zone", &*self.zone)];
        before.into_iter().chain(files).chain(after).collect()
    }

    /// Each policy of them, under the name by which decisions call it.
    pub fn clauses(&self) -> Vec<Clause> {
        let clause = |policy: &cedar_policy::Policy| Clause {
            id: policy.id().to_string(),
            says: policy.annotation("says").map(str::to_owned),
            text: policy.to_string(),
        };
        law::named(self).iter().map(clause).collect()
    }

    /// All Cedar policies that decide at the bank, by file: the floor first.
    pub fn policies(&self) -> Vec<(&str, &str)> {
        let ours = [(FLOOR_FILE, &*self.floor), (RULES_FILE, &*self.rules)];
        ours.into_iter().chain(self.files.iter().map(|file| (&*file.name, &*file.text))).collect()
    }
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its name in decisions.
    pub id: String,
    /// What it demands or why it refuses, in plain words (`@says`). What a bank wrote may have none.
    pub says: Option<String>,
    /// Its text.
    pub text: String,
}

fn digest<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (name, text) in texts {
        for part in [name, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::Schema;

    #[test]
    fn a_schema_with_decoys_has_them_and_is_sound() {
        let text = law_texts().schema_with_purposes(&["advertising", "resale"]);
        assert!(text.contains("enum [\"advertising\", \"resale\", \n    \"answer_customer\""));
        assert!(Schema::from_cedarschema_str(&text).is_ok());
        assert_eq!(law_texts().schema_with_purposes(&[]), SCHEMA);
    }

    #[test]
    fn every_clause_that_decides_has_its_text_under_the_same_name() {
        let file = PolicyFile {
            name: "own.cedar".to_owned(),
            text: "@says(\"Never.\")\nforbid (principal, action, resource);".to_owned(),
        };
        let bank = "harbour".parse().unwrap();
        let rules = BankRules { policies: vec![file], ..BankRules::closed(bank) };
        let gate = crate::Gate::load(vec![rules.clone()]).unwrap();
        let clauses = gate.texts(&rules.bank).unwrap().clauses();
        let own = clauses.iter().find(|clause| clause.id == "bank/harbour/own.cedar#1").unwrap();
        assert!(own.says.as_deref() == Some("Never.") && own.text.contains("forbid"));
        let known = law::Law::load().unwrap().of_bank(&rules).unwrap();
        let mut decide: Vec<String> = known.set.policies().map(|policy| policy.id().to_string()).collect();
        let mut told: Vec<String> = clauses.into_iter().map(|clause| clause.id).collect();
        decide.sort();
        told.sort();
        assert_eq!(decide, told);
    }

    #[test]
    fn texts_are_read_back_from_json_with_the_same_digest() {
        let texts = PolicyTexts::of(&BankRules::closed("harbour".parse().unwrap()));
        let json = serde_json::to_string(&texts).unwrap();
        assert_eq!(serde_json::from_str::<PolicyTexts>(&json).unwrap().digest(), texts.digest());
        assert_ne!(texts.digest(), law_digest());
    }
}
