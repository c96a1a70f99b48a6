//! The policies of one bank: they stay within the floor, keep to their bank, and say the No's that the bank meant.

use crate::{
    case::{Case, Claim, Promise, Service, Theorem},
    law::{LawFault, Laws, policies, with},
};
use cedar_policy::{PolicyId, PolicySet};
use domain::{Channel, DataClass};
use gate::{BankRules, No, Offer, PolicyTexts, Refused};

/// What is proved of a bank's policies under these laws, which have to be those of the texts. `promises` are the
/// bank's own; [`no_promises`] makes them of its rules.
pub fn bank_case(laws: &Laws, texts: &PolicyTexts, promises: &[Promise]) -> Result<Case, LawFault> {
    let bank = &texts.bank;
    let mut own = policies(&format!("bank/{bank}"), &texts.rules)?;
    for file in &texts.files {
        own = with(&own, &numbered(&format!("bank/{bank}/{}", file.name), &file.text)?)?;
    }
    let own_names = names(&own);
    let rules = with(&laws.floor, &own)?;
    laws.validate(&format!("the policies of {bank}"), &rules)?;
    let own_bank = Promise {
        name: "keeps-to-its-own-bank".to_owned(),
        words: format!("The policies of {bank} open nothing of another bank."),
        goal: format!("resource.bank == Parlour::Bank::\"{bank}\""),
        kept_by: Vec::new(),
    };
    let mut theorems = vec![
        Theorem {
            name: "never-fails".to_owned(),
            words: format!("No policy of {bank} can fail, for any request."),
            claim: Claim::NeverFails,
        },
        Theorem {
            name: "within-the-floor".to_owned(),
            words: format!("The policies of {bank} open nothing that the floor closes."),
            claim: Claim::Within { set: laws.opened.clone(), kept_by: names(&laws.floor) },
        },
        own_bank.theorem()?,
    ];
    for promise in promises {
        theorems.push(Promise { kept_by: own_names.clone(), ..promise.clone() }.theorem()?);
    }
    Ok(Case { name: bank.to_string(), schema: laws.schema.clone(), rules, theorems })
}

fn names(set: &PolicySet) -> Vec<String> {
    set.policies().map(|policy| policy.id().to_string()).collect()
}

/// The policies of a file that a bank wrote, called `<prefix>#<n>` as the gate calls them: what they call
/// themselves does not count.
fn numbered(prefix: &str, text: &str) -> Result<PolicySet, LawFault> {
    let read = policies(prefix, text)?;
    let mut ids: Vec<PolicyId> = read.policies().map(|policy| policy.id().clone()).collect();
    ids.sort();
    let mut numbered = PolicySet::new();
    for (i, policy) in ids.iter().filter_map(|id| read.policy(id)).enumerate() {
        let policy = policy.new_id(PolicyId::new(format!("{prefix}#{}", i + 1)));
        numbered
            .add(policy)
            .map_err(|found| LawFault::Unreadable { name: prefix.to_owned(), found: found.to_string() })?;
    }
    Ok(numbered)
}

/// What a bank says No to, as promises, written from its configuration and not from the policies made of it.
pub fn no_promises(rules: &BankRules) -> Vec<Promise> {
    let classes = DataClass::ALL.iter().filter(|class| rules.offered.get(class) != Some(&Offer::Yes));
    let closed = classes.map(|class| Promise {
        name: format!("says-no-to-{}", hyphens(class.as_str())),
        words: format!("{} shares no {class}.", rules.bank),
        goal: format!("!(context.dataClass == Parlour::DataClass::\"{class}\")"),
        kept_by: Vec::new(),
    });
    let refused = rules.refused_channels.keys().map(|channel| Promise {
        name: format!("silent-on-{}", hyphens(channel.as_str())),
        words: format!("{} says nothing on {channel}.", rules.bank),
        goal: format!("context.channel != Parlour::Channel::\"{channel}\""),
        kept_by: Vec::new(),
    });
    let nos = rules.nos.iter().enumerate().map(|(i, no)| Promise {
        name: format!("says-no-{}", i + 1),
        words: format!("{} refuses what its No {} names: {}", rules.bank, i + 1, no.reason),
        goal: format!("!({})", meant(no)),
        kept_by: Vec::new(),
    });
    closed.chain(refused).chain(nos).collect()
}

/// What has to stay possible at a bank: its customers can read each class that it offers, on its own page.
pub fn still_serves(rules: &BankRules) -> Theorem {
    let offered = DataClass::ALL.iter().filter(|class| rules.offered.get(class) == Some(&Offer::Yes));
    let services = offered.map(|class| Service {
        who: "Customer".to_owned(),
        action: match class {
            DataClass::Accounts => "ReadAccounts",
            DataClass::Balances => "ReadBalances",
            DataClass::Transactions => "ReadTransactions",
            DataClass::MerchantPlaces => "ReadMerchantPlaces",
            DataClass::Cards => "ReadCards",
            DataClass::Statements => "ReadStatements",
            DataClass::ScheduledPayments => "ReadScheduledPayments",
            DataClass::Contact => "ReadContact",
        }
        .to_owned(),
        when: format!(
            "context.purpose == Parlour::Purpose::\"answer_customer\" \
             && context.channel == Parlour::Channel::\"{}\" && context.tier == 2",
            Channel::Web
        ),
    });
    Theorem {
        name: "still-serves".to_owned(),
        words: format!("Customers of {} can read on its page what it offers.", rules.bank),
        claim: Claim::Serves(services.collect()),
    }
}

/// The requests that a No means, as a Cedar condition.
fn meant(no: &No) -> String {
    let mut all = vec!["true".to_owned()];
    match no.to {
        None => {}
        Some(Refused::Payments) => all.push("action == Parlour::Action::\"OrderPayment\"".to_owned()),
        Some(Refused::Orders(kind)) => {
            all.push("action == Parlour::Action::\"ManageAccount\"".to_owned());
            all.extend(kind.map(|kind| {
                format!("context has operation && Parlour::Operation::\"{kind}\" == context.operation")
            }));
        }
        Some(Refused::Reading(class)) => all.push(format!(
            "action != Parlour::Action::\"OrderPayment\" && action != Parlour::Action::\"ManageAccount\" && context.dataClass == Parlour::DataClass::\"{class}\""
        )),
    }
    if let Some(channel) = no.channel {
        all.push(format!("context.channel == Parlour::Channel::\"{channel}\""));
    }
    if let Some(partner) = &no.partner {
        all.push(format!("context has partner && \"{partner}\" == context.partner"));
    }
    if let Some(regions) = &no.regions {
        let mut any: Vec<String> =
            regions.listed.iter().map(|r| format!("context.region == \"{r}\"")).collect();
        any.push("false".to_owned());
        all.push(format!("(if context has region then ({}) else {})", any.join(" || "), regions.unknown));
    }
    if let Some(hours) = no.hours {
        let hours: Vec<String> = (0..24).filter(|h| hours.contains(*h)).map(|h| h.to_string()).collect();
        all.push(format!("[{}].contains(context.hour)", hours.join(", ")));
    }
    if let Some(most) = no.amount_over {
        all.push(format!(
            "context has amount && context.amount.currency == \"{}\" && !(context.amount.minorUnits <= {})",
            most.currency, most.minor_units
        ));
    }
    all.join(" && ")
}

fn hyphens(word: &str) -> String {
    word.replace('_', "-")
}
