//! The banks that ship with the demo say the No's that their files say, and no bank can open what the floor closes.

#![allow(clippy::unwrap_used, reason = "a test may")]

use gate::{BankRules, Offer, PolicyFile, PolicyTexts};
use gate_proof::{
    Effort, Law, Outcome, Promise, Proof, Refutation, Solver, bank_case, lines, no_promises, prove,
    still_serves,
};
use std::num::NonZeroUsize;

/// Two tests at once, as many cores: one solver each.
const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// What the demo writes for its banks, read as the gateway reads it.
fn demo_banks() -> Vec<BankRules> {
    let dir = tempfile::tempdir().unwrap();
    parlour::demo::files::write(dir.path(), 8080).unwrap();
    let config = parlour::config::load(&dir.path().join("parlour.toml")).unwrap();
    config.banks.into_iter().map(|bank| bank.rules).collect()
}

fn rules_of(name: &str) -> BankRules {
    demo_banks().into_iter().find(|rules| rules.bank.as_str() == name).unwrap()
}

fn prove_bank(texts: &PolicyTexts, promises: &[Promise], rules: Option<&BankRules>) -> Vec<Proof> {
    let laws = Law::shipped().read().unwrap();
    let mut case = bank_case(&laws, texts, promises).unwrap();
    case.theorems.extend(rules.map(still_serves));
    prove(&Solver::find().unwrap(), &[case], ONE, Effort::FirstFailure).unwrap()
}

fn assert_all_hold(rules: &BankRules) -> Vec<String> {
    let proofs = prove_bank(&PolicyTexts::of(rules), &no_promises(rules), Some(rules));
    assert!(proofs.iter().all(Proof::holds), "{}", lines(&proofs));
    proofs.into_iter().map(|proof| proof.name).collect()
}

#[test]
fn harbour_serves_and_stays_within_the_floor() {
    let proved = assert_all_hold(&rules_of("harbour"));
    assert_eq!(proved, ["never-fails", "within-the-floor", "keeps-to-its-own-bank", "still-serves"]);
}

#[test]
fn meridian_says_no_to_places_and_to_every_messenger() {
    let proved = assert_all_hold(&rules_of("meridian"));
    for no in [
        "says-no-to-merchant-places",
        "says-no-to-cards",
        "silent-on-messenger",
        "silent-on-whatsapp",
        "silent-on-matrix",
    ] {
        assert!(proved.iter().any(|name| name == no), "{no} is not among {proved:?}");
    }
}

#[test]
fn a_bank_that_permits_everything_opens_nothing_that_the_floor_closes() {
    let mut rules = rules_of("harbour");
    let text = "permit (principal, action, resource);".to_owned();
    rules.policies.push(PolicyFile { name: "greedy.cedar".to_owned(), text });
    let proofs = prove_bank(&PolicyTexts::of(&rules), &[], None);
    let held = |name: &str| proofs.iter().find(|proof| proof.name == name).unwrap().holds();
    assert!(held("within-the-floor"), "{}", lines(&proofs));
    assert!(!held("keeps-to-its-own-bank"), "it permits what is of other banks, and that is seen");
}

#[test]
fn a_no_that_is_missing_from_the_policies_is_noticed() {
    let rules = rules_of("meridian");
    let mut texts = PolicyTexts::of(&rules);
    let start = texts.rules.find("@id(\"no-merchant_places\")").unwrap();
    let end = start + texts.rules[start..].find("};").unwrap() + 2;
    texts.rules.replace_range(start..end, "");
    let proofs = prove_bank(&texts, &no_promises(&rules), None);
    let failed: Vec<&Proof> = proofs.iter().filter(|proof| !proof.holds()).collect();
    let [proof] = failed.as_slice() else { panic!("{}", lines(&proofs)) };
    assert_eq!(proof.name, "says-no-to-merchant-places");
    let Outcome::Fails { why: Refutation::Request(shown), .. } = &proof.outcome else { panic!("{proof:?}") };
    assert!(shown.allowed && shown.asks.contains("ReadMerchantPlaces"), "{shown}");
}

#[test]
fn each_no_of_a_bank_is_proved_from_its_configuration() {
    let mut rules = rules_of("harbour");
    let mut no = gate::No::because("Not at night.");
    no.to = Some(gate::Refused::Payments);
    no.hours = Some("22-06".parse().unwrap());
    no.amount_over = Some(domain::Money { minor_units: 50_000, currency: "USD".parse().unwrap() });
    let mut abroad = gate::No::because("Not from there.");
    abroad.to = Some(gate::Refused::Reading(domain::DataClass::Balances));
    abroad.channel = Some(domain::Channel::Messenger);
    abroad.regions = Some(gate::Regions { listed: ["KP".parse().unwrap()].into(), unknown: true });
    rules.nos = vec![no, abroad];
    rules.offered.insert(domain::DataClass::MerchantPlaces, Offer::No { reason: "No.".to_owned() });
    let proved = assert_all_hold(&rules);
    assert!(
        ["says-no-1", "says-no-2", "says-no-to-merchant-places"]
            .iter()
            .all(|n| proved.iter().any(|p| p == n))
    );
}
