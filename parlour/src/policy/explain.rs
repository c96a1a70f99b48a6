//! "Why was this refused?" and "who could read this?", in plain words.

use super::{
    hex,
    situation::{Asks, Situation, WHO},
    table,
};
use domain::{BankId, Channel, Purpose};
use gate::{Decision, Gate, PolicyTexts, RefusalReason as Why, Trial};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Who says a no.
pub fn who_says(reason: &Why) -> &'static str {
    match reason {
        Why::UnknownBank
        | Why::NotTheirs { .. }
        | Why::NotForCases { .. }
        | Why::NotAPayment
        | Why::NotAnOrder => "the floor, which holds at every bank",
        Why::ChannelRefused | Why::BankDoesNotOffer { .. } | Why::BankNo { .. } | Why::BankPolicy { .. } => {
            "the bank"
        }
        Why::NoConsent
        | Why::ConsentEnded { .. }
        | Why::ConsentPaused
        | Why::ConsentExpired { .. }
        | Why::NotYet { .. }
        | Why::PurposeNotAgreed { .. }
        | Why::ClassNotAgreed { .. }
        | Why::AccountNotShared { .. }
        | Why::NoAccountShared => "the customer's consent",
        Why::TierTooHigh { .. } => "what the bank and the floor allow to be shown there",
        Why::PolicyError { .. } => "nobody: the rules themselves failed, and then nothing is opened",
    }
}

/// A decision in plain words: facts, answer, and each clause that led to it. No customer and no account is named.
/// `texts` are the rules that decided, if they are kept; `said` the bank's words, if they are known apart.
pub fn decision(
    decision: &Decision,
    texts: Option<&PolicyTexts>,
    said: Option<&str>,
    zone: &TimeZone,
) -> String {
    let mut out = String::new();
    let what = match (decision.payment, decision.operation) {
        (Some(_), _) => "to order a payment".to_owned(),
        (None, Some(operation)) => operation.in_words().to_owned(),
        (None, None) => format!("to read {}", decision.data_class),
    };
    let mut line = |name: &str, value: &str| writeln!(out, "  {name:<10} {value}").unwrap_or_default();
    line("when", &when_in(decision.at, zone));
    line("bank", decision.bank.as_str());
    line("asked", &format!("{what}, {} ({})", decision.purpose.in_words(), decision.purpose));
    line("by", decision.asked_by.in_words());
    line("on", &format!("{}, shown {}", decision.channel, decision.tier));
    line("answer", if decision.allowed { "yes" } else { "no" });
    if let Some(reason) = &decision.reason {
        line("because", &because(reason));
        line("said by", who_says(reason));
    }
    if let Some(said) = said {
        line("its words", &format!("“{said}”"));
    }
    line("rules", &hex(&decision.policy_digest));
    out += &clauses(&decision.clauses, texts);
    out
}

fn when_in(at: jiff::Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%F %H:%M %Z").to_string()
}

/// The reason without what it says of a person: an account's name stays out.
fn because(reason: &Why) -> String {
    match reason {
        Why::AccountNotShared { .. } => {
            "an account was asked for that the customer did not choose".to_owned()
        }
        reason => format!("{reason} ({})", table::kind(reason)),
    }
}

/// Clauses with what they demand.
fn clauses(ids: &[String], texts: Option<&PolicyTexts>) -> String {
    let known = texts.map(PolicyTexts::clauses).unwrap_or_default();
    let mut out = String::new();
    for id in ids {
        let clause = known.iter().find(|clause| clause.id == *id);
        let says = clause.and_then(|clause| clause.says.as_deref()).unwrap_or(match clause {
            Some(_) => "(it says nothing in plain words; its text follows)",
            None => "(its text is not kept here)",
        });
        writeln!(out, "\n  {id}\n    {says}").unwrap_or_default();
        if let Some(clause) = clause {
            let lines = clause.text.lines().filter(|line| !line.starts_with('@'));
            lines.for_each(|line| writeln!(out, "    | {line}").unwrap_or_default());
        }
    }
    out
}

/// The clauses about who may ask, the plainest first.
const ABOUT_WHO: [&str; 5] =
    ["floor/who", "floor/own-data", "floor/own-bank", "floor/open-case", "floor/customers-pay"];

/// The clause that tells most of a refusal: for one about who asks, the clause about that; for one by the bank, the
/// bank's; else the first.
fn telling(reason: &Why, clauses: &[String]) -> String {
    let about_who = || ABOUT_WHO.iter().find(|id| clauses.iter().any(|clause| clause == *id)).copied();
    let of = |start: &str| clauses.iter().find(|clause| clause.starts_with(start)).map(String::as_str);
    let found = match reason {
        Why::NotTheirs { .. } => about_who(),
        Why::BankNo { .. } | Why::ChannelRefused | Why::BankPolicy { .. } => of("bank/"),
        _ => of("floor/"),
    };
    found.or_else(|| of("")).unwrap_or("no clause").to_owned()
}

/// What is refused and why, for everybody who might ask, on every channel, for every purpose, if the customer
/// agreed to everything that can be agreed to: who could read this at most?
pub fn who_can(asks: Asks, gate: &Gate, bank: &BankId) -> String {
    let mut yes: BTreeMap<&str, BTreeMap<Channel, Vec<Purpose>>> = BTreeMap::new();
    let mut no: BTreeMap<(&str, String), (usize, BTreeSet<String>)> = BTreeMap::new();
    let clauses = gate.texts(bank).map(PolicyTexts::clauses).unwrap_or_default();
    for (name, who) in WHO {
        for channel in Channel::ALL {
            for purpose in Purpose::ALL {
                let mut situation = Situation::usual(asks);
                (situation.who, situation.channel, situation.purpose) = (*who, *channel, Some(*purpose));
                let Trial { decision, said } = situation.trial(gate, bank);
                let Some(reason) = &decision.reason else {
                    yes.entry(name).or_default().entry(*channel).or_default().push(*purpose);
                    continue;
                };
                let id = telling(reason, &decision.clauses);
                let clause = clauses.iter().find(|clause| clause.id == id);
                let says = || clause.and_then(|clause| clause.says.clone());
                let words = said.or_else(says).unwrap_or_else(|| reason.to_string());
                let (count, ids) = no.entry((name, words)).or_default();
                *count += 1;
                ids.insert(id);
            }
        }
    }
    let mut out = String::from("With a consent to everything, at noon, from no known region:\n\n  Yes:\n");
    if yes.is_empty() {
        out += "    nobody\n";
    }
    for (name, channels) in &yes {
        for (channel, purposes) in channels {
            let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
            writeln!(out, "    {name} on {channel}: {}", purposes.join(", ")).unwrap_or_default();
        }
    }
    out += "\n  No:\n";
    for ((name, why), (count, ids)) in &no {
        let ways = if *count == 1 { "1 way".to_owned() } else { format!("{count} ways") };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        writeln!(out, "    {name} ({ways}): {why} [{}]", ids.join(", ")).unwrap_or_default();
    }
    out += "\nWithout a consent that is given, for this customer, bank, channel, purpose, kind of data and time: nobody.\n";
    out
}
