//! The gate itself.

use crate::{
    BankRules, Decision, ForPurpose, Granted, Offer, PolicyFault, Question, Refusal, RefusalReason, Verdict,
    law::{Law, Policies},
    opinion::{Opinion, opinion},
    reason,
    texts::{PolicyTexts, law_digest},
};
use cedar_policy::PolicyId;
use domain::{AccountId, BankId, Channel, DataClass, Purpose, Tier};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, LazyLock},
};

/// Decides whether bank data may leave. Holds the rules of all banks; pure, so it may be asked inside a
/// database transaction. To change a rule, load a new gate and put it in the place of the old one.
#[derive(Debug)]
pub struct Gate {
    law: Arc<Law>,
    tenants: BTreeMap<BankId, Arc<Tenant>>,
}

/// What the gate would answer. It is not logged and gives no right to anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What would be decided.
    pub decision: Decision,
    /// The bank's own words, where the bank is the one that says no.
    pub said: Option<String>,
}

/// A bank, ready to decide.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) rules: BankRules,
    pub(crate) policies: Policies,
}

impl Gate {
    /// Reads and checks the rules of all banks, or tells everything that is wrong with them.
    pub fn load(banks: Vec<BankRules>) -> Result<Gate, Vec<PolicyFault>> {
        let law = Arc::new(Law::load()?);
        let mut tenants = BTreeMap::new();
        let mut faults = Vec::new();
        for rules in banks {
            match (law.of_bank(&rules), tenants.entry(rules.bank.clone())) {
                (Ok(policies), Entry::Vacant(place)) => {
                    place.insert(Arc::new(Tenant { rules: complete(rules), policies }));
                }
                (Ok(_), Entry::Occupied(_)) => faults.push(twice(&rules.bank)),
                (Err(found), _) => faults.extend(found),
            }
        }
        if faults.is_empty() { Ok(Gate { law, tenants }) } else { Err(faults) }
    }

    /// The same gate with other rules of one bank, or tells everything that is wrong with them. The other banks'
    /// rules are neither read nor copied.
    pub fn with_rules(&self, rules: BankRules) -> Result<Gate, Vec<PolicyFault>> {
        let policies = self.law.of_bank(&rules)?;
        let mut tenants = self.tenants.clone();
        tenants.insert(rules.bank.clone(), Arc::new(Tenant { rules: complete(rules), policies }));
        Ok(Gate { law: Arc::clone(&self.law), tenants })
    }

    /// What the gate would answer to a question for a purpose that is known only now: to test policies, and to
    /// explain them.
    pub fn trial(&self, question: &Question, purpose: Purpose) -> Trial {
        let (decision, said) = self.weigh(question, purpose);
        Trial { decision, said }
    }

    /// Decides a question for the purpose `P`. Whatever goes wrong on the way is a refusal.
    pub fn decide<P: ForPurpose>(&self, question: &Question) -> Verdict<P> {
        let (decision, said) = self.weigh(question, P::PURPOSE);
        match decision.reason.clone() {
            None => Verdict::Allowed(Granted::new(decision)),
            Some(reason) => Verdict::Refused(Refusal { decision, reason, said }),
        }
    }

    /// How data of a class may be shown on a channel at most. Never, for a bank that is not known.
    pub fn max_tier(&self, bank: &BankId, channel: Channel, class: DataClass) -> Tier {
        self.tenants.get(bank).map_or(Tier::Never, |tenant| tenant.rules.max_tier(channel, class))
    }

    /// The digest of what holds at every bank: schema and floor.
    pub fn floor_digest(&self) -> [u8; 32] {
        law_digest()
    }

    /// Whether a bank offers a class of data, and if not, its words.
    pub fn offers(&self, bank: &BankId, class: DataClass) -> &Offer {
        static UNKNOWN: LazyLock<Offer> =
            LazyLock::new(|| Offer::No { reason: "This bank is not known here.".to_owned() });
        self.tenants.get(bank).and_then(|tenant| tenant.rules.offered.get(&class)).unwrap_or(&UNKNOWN)
    }

    /// The rules of a bank, with a No for each class that it does not list. None for a bank that is not known.
    pub fn rules(&self, bank: &BankId) -> Option<&BankRules> {
        self.tenants.get(bank).map(|tenant| &tenant.rules)
    }

    /// All that decides at a bank, as texts. None for a bank that is not known.
    pub fn texts(&self, bank: &BankId) -> Option<&PolicyTexts> {
        self.tenants.get(bank).map(|tenant| &tenant.policies.texts)
    }

    /// The digest of all that decides at a bank, as its decisions carry it. None for a bank that is not known.
    pub fn digest(&self, bank: &BankId) -> Option<[u8; 32]> {
        self.tenants.get(bank).map(|tenant| tenant.policies.digest)
    }

    /// The decision, and the bank's words if it is the bank that says no.
    fn weigh(&self, question: &Question, purpose: Purpose) -> (Decision, Option<String>) {
        let accounts = accounts_meant(question);
        let tenant = self.tenants.get(question.bank);
        let (reason, clauses) = match tenant {
            None => (Some(RefusalReason::UnknownBank), Vec::new()),
            Some(tenant) => {
                let found = reason::find(question, purpose, &accounts, &tenant.rules);
                agree(found, opinion(&self.law, tenant, question, purpose, &accounts))
            }
        };
        let said = tenant.zip(reason.as_ref()).and_then(|(tenant, reason)| words(tenant, question, reason));
        let decision = Decision {
            entry: question.entry.clone(),
            at: question.now,
            bank: question.bank.clone(),
            customer: question.customer.clone(),
            asked_by: question.asker.kind(),
            consent: question.consent.filter(|c| reason::is_theirs(c, question)).map(|c| c.id.clone()),
            purpose,
            data_class: question.data_class,
            accounts,
            payment: question.payment(),
            operation: question.operation(),
            channel: question.channel,
            tier: question.tier,
            allowed: reason.is_none(),
            reason,
            clauses,
            policy_digest: tenant.map_or_else(law_digest, |tenant| tenant.policies.digest),
        };
        (decision, said)
    }
}

/// Cedar decides and the facts explain. Where the two do not fit together, one of them is wrong: a refusal.
fn agree(found: Option<RefusalReason>, opinion: Opinion) -> (Option<RefusalReason>, Vec<String>) {
    match (found, opinion) {
        (None, Opinion::Yes { permits }) => (None, permits),
        (Some(reason), Opinion::No { forbids }) => (Some(reason), forbids),
        (None, Opinion::No { forbids }) => {
            let clauses: Vec<String> = forbids.iter().filter(|id| id.starts_with("bank/")).cloned().collect();
            let reason = match clauses.is_empty() {
                true => RefusalReason::PolicyError { clauses },
                false => RefusalReason::BankPolicy { clauses },
            };
            (Some(reason), forbids)
        }
        (Some(_), Opinion::Yes { .. }) => {
            (Some(RefusalReason::PolicyError { clauses: Vec::new() }), Vec::new())
        }
        (_, Opinion::Failed { policies }) => {
            (Some(RefusalReason::PolicyError { clauses: policies.clone() }), policies)
        }
    }
}

/// The accounts that a question means: those it names, or all that the customer's own consent names.
fn accounts_meant(question: &Question) -> Vec<AccountId> {
    match question.consent {
        Some(consent) if question.accounts.is_empty() && reason::is_theirs(consent, question) => {
            consent.accounts.clone()
        }
        _ => question.accounts.to_vec(),
    }
}

/// The bank's own words, where it has any.
fn words(tenant: &Tenant, question: &Question, reason: &RefusalReason) -> Option<String> {
    match reason {
        RefusalReason::BankNo { number } => {
            tenant.rules.nos.get(number.checked_sub(1)?).map(|no| no.reason.clone())
        }
        RefusalReason::BankPolicy { clauses } => clauses.iter().find_map(|clause| {
            let policy = tenant.policies.set.policy(&PolicyId::new(clause))?;
            policy.annotation("says").map(str::to_owned)
        }),
        RefusalReason::ChannelRefused => tenant.rules.refused_channels.get(&question.channel).cloned(),
        RefusalReason::BankDoesNotOffer { data_class } => match tenant.rules.offered.get(data_class) {
            Some(Offer::No { reason }) => Some(reason.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The rules with a No for each class that the bank does not list.
fn complete(mut rules: BankRules) -> BankRules {
    for class in DataClass::ALL {
        let reason = || format!("This bank does not share {}.", class.in_words());
        rules.offered.entry(*class).or_insert_with(|| Offer::No { reason: reason() });
    }
    rules
}

fn twice(bank: &BankId) -> PolicyFault {
    PolicyFault {
        bank: Some(bank.clone()),
        file: "rules".to_owned(),
        place: None,
        message: format!("the bank `{bank}` has rules twice"),
        help: "give each bank a name of its own".to_owned(),
    }
}
