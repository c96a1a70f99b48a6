//! Reads the floor and the banks' policies, and refuses what is not sound before it can decide anything.

use crate::{
    BankRules, PolicyFault, PolicyTexts, Refused, allowing,
    fault::Place,
    rules::floor_tier,
    texts::{FLOOR, FLOOR_FILE, RULES_FILE, SCHEMA, SCHEMA_FILE},
    vocabulary::{self, Vocabulary},
};
use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use domain::{BankId, CustomerId};
use miette::Diagnostic;
use std::{collections::BTreeSet, str::FromStr};

/// The largest policy file, in bytes. Hundreds of clauses fit; a file that does not is a mistake.
pub(crate) const MAX_FILE_BYTES: usize = 64 * 1024;
/// The most policies of one bank's own. Deciding takes time in proportion, about a microsecond each, and more than
/// these nobody reads.
pub(crate) const MAX_POLICIES: usize = 500;
/// The most Nos of one bank, for the same reasons.
pub(crate) const MAX_NOS: usize = 50;

/// What holds at every bank.
#[derive(Debug)]
pub(crate) struct Law {
    pub(crate) schema: Schema,
    pub(crate) vocabulary: Vocabulary,
    floor: Vec<Policy>,
}

/// What holds at one bank: the floor and its own policies, in one set.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) set: PolicySet,
    /// A shorter set that says yes when this one does; see [`allowing`].
    pub(crate) allowing: Option<PolicySet>,
    pub(crate) texts: PolicyTexts,
    pub(crate) digest: [u8; 32],
}

/// A text of policies, read.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    policies: Vec<Policy>,
}

impl Law {
    /// Reads the schema and the floor that this program carries.
    pub(crate) fn load() -> Result<Law, Vec<PolicyFault>> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)
            .map_err(|fault| vec![PolicyFault::of_cedar(None, SCHEMA_FILE, SCHEMA, &fault)])?;
        let floor = read(None, FLOOR_FILE, FLOOR)?
            .iter()
            .enumerate()
            .map(|(i, policy)| rename(policy, "floor/", &(i + 1).to_string()))
            .collect();
        let vocabulary = Vocabulary::new(&schema);
        Ok(Law { schema, vocabulary, floor })
    }

    /// Reads the policies of a bank and checks them together with the floor. All faults are told.
    pub(crate) fn of_bank(&self, rules: &BankRules) -> Result<Policies, Vec<PolicyFault>> {
        let texts = PolicyTexts::of(rules);
        let mut faults = rule_faults(rules);
        let mut sources = Vec::new();
        match read(Some(&rules.bank), RULES_FILE, &texts.rules) {
            Ok(found) => {
                let prefix = format!("bank/{}/", rules.bank);
                let policies = found.iter().map(|policy| rename(policy, &prefix, "?")).collect();
                sources.push(Source { file: RULES_FILE, text: &texts.rules, policies });
            }
            Err(found) => faults.extend(found),
        }
        for file in &rules.policies {
            match read_file(&rules.bank, &file.name, &file.text) {
                Ok(source) => sources.push(source),
                Err(found) => faults.extend(found),
            }
        }
        faults.extend(too_many(&rules.bank, &sources));
        let set = self.merge(&rules.bank, &sources, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let digest = texts.digest();
        let allowing = allowing::of(&set);
        Ok(Policies { set, allowing, texts, digest })
    }

    /// Puts the floor and a bank's policies into one set and validates it.
    fn merge(&self, bank: &BankId, sources: &[Source], faults: &mut Vec<PolicyFault>) -> PolicySet {
        let mut set = PolicySet::new();
        for policy in self.floor.iter().chain(sources.iter().flat_map(|source| &source.policies)) {
            if let Err(fault) = set.add(policy.clone()) {
                faults.push(PolicyFault::of_cedar(Some(bank), policy.id().as_ref(), "", &fault));
            }
        }
        let checked = Validator::new(self.schema.clone()).validate(&set, ValidationMode::Strict);
        let mut told = Vec::new();
        let mut tell = |policy: &PolicyId, found: &dyn Diagnostic| {
            let source = sources.iter().find(|source| source.policies.iter().any(|p| p.id() == policy));
            let (file, text) = source.map_or((FLOOR_FILE, FLOOR), |source| (source.file, source.text));
            told.push(PolicyFault::of_cedar(Some(bank), file, text, found));
        };
        checked.validation_errors().for_each(|found| tell(found.policy_id(), found));
        // Cedar only warns of a policy that can never apply or that hides characters; here it is a mistake.
        checked.validation_warnings().for_each(|found| tell(found.policy_id(), found));
        faults.extend(once_per_place(told));
        set
    }
}

/// Cedar tells a fault again for each action that it concerns. Once is enough, in the order of the text.
fn once_per_place(mut faults: Vec<PolicyFault>) -> Vec<PolicyFault> {
    let position =
        |f: &PolicyFault| (f.file.clone(), f.place.as_ref().map(|place| (place.line, place.column)));
    faults.sort_by_key(|fault| (position(fault), fault.message.clone()));
    faults.dedup_by_key(|fault| (position(fault), fault.help.clone()));
    faults
}

/// The policies of a text, in its order.
fn read(bank: Option<&BankId>, file: &str, text: &str) -> Result<Vec<Policy>, Vec<PolicyFault>> {
    let set = PolicySet::from_str(text).map_err(|faults| {
        faults.iter().map(|fault| PolicyFault::of_cedar(bank, file, text, fault)).collect::<Vec<_>>()
    })?;
    if set.templates().next().is_some() {
        return Err(vec![PolicyFault {
            bank: bank.cloned(),
            file: file.to_owned(),
            place: Place::of_word(text, "?principal").or_else(|| Place::of_word(text, "?resource")),
            message: "a policy with a slot (`?principal`, `?resource`) is a template and decides nothing"
                .to_owned(),
            help: "write the policy without slots".to_owned(),
        }]);
    }
    let mut policies: Vec<Policy> = set.policies().cloned().collect();
    // Cedar names them policy0, policy1, .. in the order of the text.
    policies.sort_by_key(|policy| {
        let id: &str = policy.id().as_ref();
        id.trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    });
    Ok(policies)
}

/// The policies of a bank's texts under the names that decisions give them. A text that is not Cedar (any more)
/// gives none.
pub(crate) fn named(texts: &PolicyTexts) -> Vec<Policy> {
    let read = |file: &str, text: &str| read(None, file, text).unwrap_or_default();
    let ours = |file: &str, text: &str, prefix: &str| -> Vec<Policy> {
        (1..).zip(read(file, text)).map(|(i, policy)| rename(&policy, prefix, &i.to_string())).collect()
    };
    let mut policies = ours(FLOOR_FILE, &texts.floor, "floor/");
    policies.extend(ours(RULES_FILE, &texts.rules, &format!("bank/{}/", texts.bank)));
    for file in &texts.files {
        let name = |i: usize| PolicyId::new(format!("bank/{}/{}#{i}", texts.bank, file.name));
        policies.extend((1..).zip(read(&file.name, &file.text)).map(|(i, policy)| policy.new_id(name(i))));
    }
    policies
}

/// A policy of ours under its own name (`@id`), or under `otherwise` if it has none.
fn rename(policy: &Policy, prefix: &str, otherwise: &str) -> Policy {
    policy.new_id(PolicyId::new(format!("{prefix}{}", policy.annotation("id").unwrap_or(otherwise))))
}

/// The policies of a file that a bank wrote. What it calls them (`@id`) does not count.
fn read_file<'a>(bank: &BankId, file: &'a str, text: &'a str) -> Result<Source<'a>, Vec<PolicyFault>> {
    let about = |message: String, help: &str| PolicyFault {
        bank: Some(bank.clone()),
        file: file.to_owned(),
        place: None,
        message,
        help: help.to_owned(),
    };
    if text.len() > MAX_FILE_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_FILE_BYTES} are read", text.len());
        return Err(vec![about(message, "split the file, or remove policies that are not needed")]);
    }
    let found = read(Some(bank), file, text)?;
    let faults: Vec<PolicyFault> = found
        .iter()
        .flat_map(|policy| policy.entity_literals())
        .filter_map(|named| {
            let (message, help) = stranger(bank, &named.type_name().to_string(), named.id().unescaped())?;
            let place = Place::of_word(text, &format!("\"{}\"", named.id().unescaped()));
            Some(PolicyFault { place, ..about(message, &help) })
        })
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let id = |i: usize| PolicyId::new(format!("bank/{bank}/{file}#{}", i + 1));
    let policies = found.iter().enumerate().map(|(i, policy)| policy.new_id(id(i))).collect();
    Ok(Source { file, text, policies })
}

/// What is wrong with naming an entity in the policies of `bank`, and what helps. Closed lists are checked by
/// Cedar itself.
fn stranger(bank: &BankId, kind: &str, id: &str) -> Option<(String, String)> {
    match kind {
        vocabulary::BANK if id != bank.as_str() => Some((
            format!("these are the policies of the bank `{bank}`, and they name the bank `{id}`"),
            format!("write `{kind}::\"{bank}\"`, or put the policy with the other bank"),
        )),
        vocabulary::CUSTOMER if id.parse::<CustomerId>().is_err() => Some((
            format!("`{id}` is not the id of a customer"),
            "a customer's id is `cus_` and 32 hexadecimal digits".to_owned(),
        )),
        vocabulary::AGENT | vocabulary::STAFF | vocabulary::PARTNER | vocabulary::PLATFORM => Some((
            format!("`{kind}::\"{id}\"` cannot be named; who works where changes without the policies"),
            format!("write `principal is {kind}`, or compare `context.partner`"),
        )),
        vocabulary::DATA_GRANT => Some((
            format!("the data grant `{id}` cannot be named; one is made for each question"),
            "compare `resource.customer` or `resource.dataClasses` instead".to_owned(),
        )),
        _ => None,
    }
}

/// What is wrong with the number of a bank's own policies.
fn too_many(bank: &BankId, sources: &[Source]) -> Option<PolicyFault> {
    let own = sources.iter().filter(|source| source.file != RULES_FILE);
    let count: usize = own.map(|source| source.policies.len()).sum();
    (count > MAX_POLICIES).then(|| PolicyFault {
        bank: Some(bank.clone()),
        file: "policies".to_owned(),
        place: None,
        message: format!("the bank has {count} policies; at most {MAX_POLICIES} are decided by"),
        help: "join policies that close the same thing into one".to_owned(),
    })
}

/// What is wrong with a bank's rules outside its policies' text.
fn rule_faults(rules: &BankRules) -> Vec<PolicyFault> {
    let fault = |file: &str, message: String, help: &str| PolicyFault {
        bank: Some(rules.bank.clone()),
        file: file.to_owned(),
        place: None,
        message,
        help: help.to_owned(),
    };
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for file in &rules.policies {
        if file.name.is_empty() || !names.insert(&file.name) {
            let message = format!("two policy files are called `{}`, or one has no name", file.name);
            faults.push(fault(&file.name, message, "give each file a name of its own"));
        }
    }
    for ((channel, class), tier) in &rules.tiers {
        let most = floor_tier(*channel, *class);
        if *tier > most {
            let message = format!("{class} on {channel} is set to {tier}; the floor allows {most} at most");
            faults.push(fault("tiers", message, "set a lower tier; the floor holds for all banks"));
        }
    }
    faults.extend(no_faults(rules).into_iter().map(|(message, help)| fault("no", message, help)));
    faults
}

/// What is wrong with a bank's Nos, and what helps.
fn no_faults(rules: &BankRules) -> Vec<(String, &'static str)> {
    let mut faults = Vec::new();
    if rules.nos.len() > MAX_NOS {
        let message = format!("the bank has {} Nos; at most {MAX_NOS} are decided by", rules.nos.len());
        faults.push((message, "join Nos that differ in one list, or write a Cedar policy"));
    }
    for (number, no) in (1..).zip(&rules.nos) {
        if no.is_to_everything() {
            let message = format!("No {number} names no condition, so it would refuse everything");
            faults.push((message, "name what, where, from where, when or how much"));
        }
        if no.regions.as_ref().is_some_and(|regions| regions.listed.is_empty() && !regions.unknown) {
            faults.push((format!("No {number} lists no region"), "list regions, or leave the key out"));
        }
        if no.amount_over.is_some_and(|most| most.minor_units < 0) {
            faults.push((format!("No {number} has an amount below zero"), "write the most that may be paid"));
        }
        let never = match no.to {
            Some(Refused::Reading(_)) => Some(("reading", "leave the class of data out")),
            Some(Refused::Orders(_)) => Some(("orders", "leave the kind of order out")),
            _ => None,
        };
        if let (Some(_), Some((what, help))) = (no.amount_over, never) {
            let message = format!("No {number} is to {what} and names an amount, so it never applies");
            faults.push((message, help));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyFile;
    use cedar_policy::Effect;

    fn rules(name: &str, text: String) -> BankRules {
        BankRules {
            policies: vec![PolicyFile { name: name.to_owned(), text }],
            ..BankRules::closed("harbour".parse().unwrap())
        }
    }

    #[test]
    fn the_floor_only_forbids_and_never_computes() {
        let law = Law::load().unwrap();
        assert!(law.floor.iter().all(|policy| policy.effect() == Effect::Forbid));
        let code: String = FLOOR.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for operator in [" + ", " - ", " * "] {
            assert!(!code.contains(operator), "{operator}");
        }
    }

    #[test]
    fn every_policy_of_ours_has_a_name_of_its_own() {
        let policies = Law::load().unwrap().of_bank(&rules("own.cedar", String::new())).unwrap();
        let names: BTreeSet<String> = policies.set.policies().map(|policy| policy.id().to_string()).collect();
        assert_eq!(names.len(), FLOOR.matches("@id(").count() + 1 + domain::DataClass::ALL.len());
        let ours = |name: &str| name.starts_with("floor/") || name.starts_with("bank/harbour/");
        assert!(
            names.iter().all(|name| ours(name) && !name.ends_with(|c: char| c.is_ascii_digit() || c == '?'))
        );
    }

    #[test]
    fn every_clause_of_the_floor_says_what_it_demands() {
        let law = Law::load().unwrap();
        for clause in &law.floor {
            let said = clause.annotation("says").unwrap_or_default();
            assert!(said.len() > 20 && said.ends_with('.'), "{}", clause.id());
        }
    }

    #[test]
    fn as_many_nos_as_the_limit_are_taken_and_one_more_is_refused() {
        let law = Law::load().unwrap();
        let no = crate::No { channel: Some(domain::Channel::Matrix), ..crate::No::because("No.") };
        let with = |count| BankRules { nos: vec![no.clone(); count], ..rules("a.cedar", String::new()) };
        assert!(law.of_bank(&with(MAX_NOS)).is_ok());
        let faults = law.of_bank(&with(MAX_NOS + 1)).unwrap_err();
        assert_eq!(faults[0].message, "the bank has 51 Nos; at most 50 are decided by");
    }

    #[test]
    fn a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
        let law = Law::load().unwrap();
        let filled = |size: usize| rules("big.cedar", format!("//{}", " ".repeat(size - 2)));
        assert!(law.of_bank(&filled(MAX_FILE_BYTES)).is_ok());
        let faults = law.of_bank(&filled(MAX_FILE_BYTES + 1)).unwrap_err();
        assert_eq!(faults[0].message, "the file has 65537 bytes; at most 65536 are read");
    }

    #[test]
    fn policies_over_the_limit_are_refused_and_as_many_as_it_are_read() {
        let law = Law::load().unwrap();
        let many = |count| rules("many.cedar", "forbid (principal, action, resource);\n".repeat(count));
        assert!(law.of_bank(&many(MAX_POLICIES)).is_ok());
        let faults = law.of_bank(&many(MAX_POLICIES + 1)).unwrap_err();
        assert_eq!(faults[0].message, "the bank has 501 policies; at most 500 are decided by");
    }
}
