//! A proof is worth what it refuses: every clause of the floor is taken away in turn, and mistakes that people
//! make are written into it. Each has to be caught, by the theorem that is named for it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use gate_proof::{
    Case, Effort, Law, LawFault, Laws, Outcome, PROMISES, Proof, Refutation, Solver, floor_cases, prove,
    shape,
};
use std::{collections::BTreeSet, num::NonZeroUsize};

/// Two tests at once, as many cores: one solver each.
const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// The proofs of these theorems of the floor, each up to its first failure.
fn proofs(laws: &Laws, names: &[&str]) -> Vec<Proof> {
    let mut cases: Vec<Case> = floor_cases(laws).unwrap();
    cases.iter_mut().for_each(|case| case.theorems.retain(|theorem| names.contains(&theorem.name.as_str())));
    cases.retain(|case| !case.theorems.is_empty());
    let proofs = prove(&Solver::find().unwrap(), &cases, ONE, Effort::FirstFailure).unwrap();
    assert_eq!(proofs.len(), names.len(), "a theorem of {names:?} is not there");
    proofs
}

/// The law without a clause of its floor.
fn without(clause: &str) -> Law {
    let mut law = Law::shipped();
    let start = law.floor.find(&format!("@id(\"{clause}\")")).unwrap();
    let end = start + law.floor[start..].find("};").unwrap() + 2;
    law.floor.replace_range(start..end, "");
    law
}

fn clauses() -> BTreeSet<String> {
    let floor = Law::shipped().read().unwrap().floor;
    floor.policies().map(|policy| policy.annotation("id").unwrap().to_owned()).collect()
}

fn dropped_clauses_are_missed(some: impl Fn(usize) -> bool) {
    for (_, clause) in clauses().into_iter().enumerate().filter(|(i, _)| some(*i)) {
        let promises: Vec<&str> = PROMISES
            .iter()
            .filter(|(_, keeps, _, _)| *keeps == clause)
            .map(|(name, _, _, _)| *name)
            .collect();
        assert!(!promises.is_empty(), "no promise is kept by {clause}");
        for proof in proofs(&without(&clause).read().unwrap(), &promises) {
            let Outcome::Fails { why: Refutation::Request(shown), .. } = &proof.outcome else {
                panic!("without {clause}, {} is {:?}", proof.name, proof.outcome)
            };
            assert!(shown.allowed && !shown.failed, "without {clause}: {shown}");
        }
    }
}

#[test]
fn without_a_clause_each_of_its_promises_is_broken() {
    dropped_clauses_are_missed(|i| i % 2 == 0);
}

#[test]
fn without_another_clause_each_of_its_promises_is_broken() {
    dropped_clauses_are_missed(|i| i % 2 == 1);
}

#[test]
fn every_promise_is_kept_by_a_clause_that_exists() {
    let clauses = clauses();
    assert!(PROMISES.iter().all(|(_, clause, _, _)| clauses.contains(*clause)));
}

/// What catches a mistake.
enum Caught {
    /// The solver, by this theorem.
    By(&'static str),
    /// Strict validation, which says this.
    Invalid(&'static str),
}
use Caught::{By, Invalid};

/// A mistake: what it is, what it writes in the place of what, and what catches it.
type Mistake = (&'static str, &'static [(&'static str, &'static str)], Caught);

const MISTAKES: &[Mistake] = &[
    (
        "paused counts as given",
        &[(
            "context.consent.state == Parlour::ConsentState::\"given\"",
            "[Parlour::ConsentState::\"given\", Parlour::ConsentState::\"paused\"].contains(context.consent.state)",
        )],
        By("nothing-while-paused"),
    ),
    (
        "a list of bad states instead of the good one",
        &[(
            "context.consent.state == Parlour::ConsentState::\"given\"",
            "context.consent.state != Parlour::ConsentState::\"withdrawn\"",
        )],
        By("consent-was-given"),
    ),
    (
        "the customer of the consent is not looked at",
        &[("  context.consent.customer == resource.customer &&\n", "")],
        By("consent-of-this-customer"),
    ),
    (
        "the bank of the consent is not looked at",
        &[("  context.consent.bank == resource.bank &&\n", "")],
        By("consent-for-this-bank"),
    ),
    (
        "the channel of the consent is compared with itself",
        &[(
            "context.consent.channel == context.channel",
            "context.consent.channel == context.consent.channel",
        )],
        By("consent-for-this-channel"),
    ),
    (
        "the end of the consent is forgotten",
        &[(
            "context.consent.notBefore <= context.now &&\n  context.now < context.consent.expiresAt",
            "context.consent.notBefore <= context.now",
        )],
        By("not-once-it-ends"),
    ),
    (
        "the last moment still counts",
        &[("context.now < context.consent.expiresAt", "context.now <= context.consent.expiresAt")],
        By("not-once-it-ends"),
    ),
    (
        "the first moment does not count",
        &[("context.consent.notBefore <= context.now", "context.consent.notBefore < context.now")],
        By("nothing-else-is-closed"),
    ),
    (
        "or instead of and",
        &[(
            "context.consent.notBefore <= context.now &&\n  context.now < context.consent.expiresAt",
            "(context.consent.notBefore <= context.now || context.now < context.consent.expiresAt)",
        )],
        By("not-before-it-begins"),
    ),
    (
        "a minute of grace, which can overflow",
        &[("context.now < context.consent.expiresAt", "context.now < context.consent.expiresAt + 60000000")],
        By("never-fails"),
    ),
    (
        "the consent is read without looking whether there is one",
        &[("context has consent && context.consent.purposes", "context.consent.purposes")],
        Invalid("consent"),
    ),
    (
        "the sets of accounts are swapped",
        &[(
            "context.consent.accounts.containsAll(context.accounts)",
            "context.accounts.containsAll(context.consent.accounts)",
        )],
        By("accounts-were-agreed"),
    ),
    (
        "any account instead of all",
        &[("context.consent.accounts.containsAll(", "context.consent.accounts.containsAny(")],
        By("accounts-were-agreed"),
    ),
    ("no account counts as all", &[(" &&\n  !context.accounts.isEmpty()", "")], By("some-account-is-meant")),
    (
        "a clause for one action only",
        &[(
            "forbid (principal, action, resource) unless {\n  context has consent && context.consent.dataClasses",
            "forbid (principal, action == Parlour::Action::\"ReadBalances\", resource) unless {\n  context has consent && context.consent.dataClasses",
        )],
        By("class-was-agreed"),
    ),
    (
        "a comparison the wrong way round",
        &[("context.tier <= context.maxTier", "context.maxTier <= context.tier")],
        By("no-more-openly-than-allowed"),
    ),
    (
        "when instead of unless",
        &[("unless { context.tier <= context.maxTier }", "when { context.tier <= context.maxTier }")],
        By("no-more-openly-than-allowed"),
    ),
    (
        "one messenger instead of all but the bank's page",
        &[(
            "context.channel != Parlour::Channel::\"web\"",
            "context.channel == Parlour::Channel::\"whatsapp\"",
        )],
        By("places-stay-off-messengers"),
    ),
    (
        "a permit in the floor",
        &[("@id(\"own-data\")", "@id(\"kind\")\npermit (principal, action, resource);\n\n@id(\"own-data\")")],
        By("opens-nothing"),
    ),
    (
        "staff are let in",
        &[(
            "|| principal is Parlour::Agent",
            "|| principal is Parlour::Agent || principal is Parlour::Staff",
        )],
        By("staff-see-nothing"),
    ),
    (
        "people of the bank may pay",
        &[(
            "\"OrderPayment\", resource) unless {\n  principal is Parlour::Customer\n}",
            "\"OrderPayment\", resource) unless {\n  principal is Parlour::Customer || principal is Parlour::Agent\n}",
        )],
        By("only-customers-pay"),
    ),
    (
        "people of the bank may freeze a card",
        &[(
            "\"ManageAccount\", resource) unless {\n  principal is Parlour::Customer\n}",
            "\"ManageAccount\", resource) unless {\n  principal is Parlour::Customer || principal is Parlour::Agent\n}",
        )],
        By("only-customers-manage"),
    ),
    (
        "a list of bad orders instead of the good ones",
        &[(
            "context has operation && (\n",
            "context has operation && (context.operation != Parlour::Operation::\"rename_account\" ||\n",
        )],
        By("orders-are-of-a-known-kind"),
    ),
    (
        "a card may be frozen by who agreed to share something else",
        &[("context.dataClass == Parlour::DataClass::\"cards\" && [", "[")],
        By("orders-change-what-was-agreed"),
    ),
    (
        "an order for any purpose",
        &[(
            "context.purpose == Parlour::Purpose::\"account_management\"\n}",
            "context.purpose != Parlour::Purpose::\"customer_payment\"\n}",
        )],
        By("orders-are-orders"),
    ),
    (
        "a payment of nothing",
        &[("0 < context.amount.minorUnits", "0 <= context.amount.minorUnits")],
        By("payments-have-an-amount"),
    ),
    (
        "balances may be transactions",
        &[(
            "context.dataClass == Parlour::DataClass::\"balances\"",
            "context.dataClass == Parlour::DataClass::\"balances\" || context.dataClass == Parlour::DataClass::\"transactions\"",
        )],
        By("balances-are-balances"),
    ),
    (
        "a service is forgotten",
        &[(",\n    Parlour::Purpose::\"own_spending_map\"", "")],
        By("serves-own-spending-map"),
    ),
    (
        "something is closed that nobody was told of",
        &[(
            "@id(\"own-data\")",
            "@id(\"night\")\nforbid (principal, action, resource) when { 22 < context.hour };\n\n@id(\"own-data\")",
        )],
        By("nothing-else-is-closed"),
    ),
];

/// The law with a mistake in its floor. What the mistake replaces has to be there exactly once.
fn mistaken(edits: &[(&str, &str)]) -> Law {
    let mut law = Law::shipped();
    for (from, to) in edits {
        assert_eq!(law.floor.matches(from).count(), 1, "{from}");
        law.floor = law.floor.replace(from, to);
    }
    law
}

fn mistakes_are_caught(some: impl Fn(usize) -> bool) {
    for (what, edits, caught) in
        MISTAKES.iter().enumerate().filter(|(i, _)| some(*i)).map(|(_, mistake)| mistake)
    {
        match (mistaken(edits).read(), caught) {
            (Err(LawFault::Invalid { found, .. }), Invalid(part)) => {
                assert!(found.iter().any(|found| found.contains(part)), "{what}: {found:?}");
            }
            (Ok(laws), By(theorem)) => assert_refuted(what, &proofs(&laws, &[theorem])[0]),
            (Ok(_), Invalid(_)) => panic!("{what}: is valid"),
            (Err(fault), _) => panic!("{what}: {fault}"),
        }
    }
}

/// The proof has failed for a reason that the authorizer agrees with.
fn assert_refuted(what: &str, proof: &Proof) {
    match &proof.outcome {
        Outcome::Fails { why: Refutation::Unserved(_), .. } => {}
        Outcome::Fails { why: Refutation::Request(shown), .. } => match proof.name.as_str() {
            "never-fails" => assert!(shown.failed, "{what}: {shown}"),
            "nothing-else-is-closed" => assert!(!shown.allowed && !shown.failed, "{what}: {shown}"),
            _ => assert!(shown.allowed && !shown.failed, "{what}: {shown}"),
        },
        other => panic!("{what}: {} is {other:?}", proof.name),
    }
}

#[test]
fn written_mistakes_are_caught_by_the_theorem_that_is_named() {
    mistakes_are_caught(|i| i % 2 == 0);
}

#[test]
fn more_written_mistakes_are_caught_by_the_theorem_that_is_named() {
    mistakes_are_caught(|i| i % 2 == 1);
}

/// The schema once somebody has added words for it.
fn with_advertising(floor_from: &str, floor_to: &str) -> Laws {
    let mut law = mistaken(&[(floor_from, floor_to)]);
    law.schema =
        law.schema.replace("entity Purpose enum [", "entity Purpose enum [\"advertising\", \"resale\", ");
    law.read().unwrap()
}

#[test]
fn a_list_of_bad_purposes_that_misses_one_is_caught() {
    let floor = Law::shipped().floor;
    let start = floor.find("forbid").unwrap();
    let end = start + floor[start..].find("};").unwrap() + 2;
    let deny =
        "forbid (principal, action, resource) when { context.purpose == Parlour::Purpose::\"advertising\" };";
    assert_refuted(
        "a deny-list",
        &proofs(&with_advertising(&floor[start..end], deny), &["seven-services"])[0],
    );
}

#[test]
fn advertising_that_is_added_to_schema_and_floor_is_caught() {
    let first = "[\n    Parlour::Purpose::\"answer_customer\",\n    Parlour::Purpose::\"customer_alert\"";
    let laws = with_advertising(first, &first.replace('[', "[Parlour::Purpose::\"advertising\","));
    assert_refuted("a new purpose", &proofs(&laws, &["seven-services"])[0]);
}

#[test]
fn what_computes_or_permits_is_seen_without_a_solver() {
    let seen = |what: &str| {
        let (_, edits, _) = MISTAKES.iter().find(|(name, _, _)| *name == what).unwrap();
        shape(&mistaken(edits).read().unwrap().floor)
    };
    assert_eq!(seen("a minute of grace, which can overflow"), ["floor/consent-time uses `+`"]);
    assert_eq!(seen("a permit in the floor"), ["floor/kind permits"]);
}
