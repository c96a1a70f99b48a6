//! Rules that are not sound are told with their place, and none of them is used.

mod harbour;

use gate::{BankRules, Gate, PolicyFault, PolicyFile};
use harbour::*;

fn faults(text: &str) -> Vec<PolicyFault> {
    Gate::load(vec![harbour_with(text)]).expect_err("the rules are not sound")
}

/// The only fault of a text: where it is, what is underlined, what it says.
fn fault(text: &str) -> (usize, usize, String, String) {
    let faults = faults(text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    let place = faults[0].place.as_ref().expect("the fault is in one place");
    assert_eq!(faults[0].file, "own.cedar");
    assert!(!faults[0].help.is_empty());
    (place.line, place.column, place.underlined(), faults[0].message.clone())
}

#[test]
fn a_word_that_the_schema_does_not_have_is_underlined() {
    let (line, column, underlined, message) =
        fault("forbid (principal, action, resource)\nwhen { context.tierr > 1 };");
    assert_eq!((line, column, underlined.as_str()), (2, 8, "context.tierr"));
    assert!(message.contains("tierr"), "{message}");
    let shown = faults("forbid (principal, action, resource)\nwhen { context.tierr > 1 };")[0].to_string();
    assert!(shown.starts_with("bank harbour: own.cedar:2:8: "), "{shown}");
    assert!(
        shown.contains("\n2 | when { context.tierr > 1 };\n  |        ^^^^^^^^^^^^^\n  = help: "),
        "{shown}"
    );
}

#[test]
fn text_that_is_not_cedar_is_underlined() {
    let (line, _, underlined, _) = fault("// our rules\nforbid (principal, action resource);");
    assert_eq!((line, underlined.as_str()), (2, "resource"));
}

#[test]
fn advertising_cannot_be_written() {
    let text = "permit (principal, action, resource)\nwhen { context.purpose == Parlour::Purpose::\"advertising\" };";
    let (line, _, underlined, message) = fault(text);
    assert_eq!((line, underlined.as_str()), (2, "Parlour::Purpose::\"advertising\""));
    assert!(message.contains("advertising"), "{message}");
}

#[test]
fn an_optional_fact_is_not_read_without_asking_whether_it_is_there() {
    let text = "forbid (principal, action, resource) when { context.consent.accounts.isEmpty() };";
    let (_, _, underlined, message) = fault(text);
    assert_eq!(underlined, "context.consent.accounts.isEmpty()");
    assert!(message.contains("optional attribute `consent`"), "{message}");
}

#[test]
fn each_place_is_told_once_and_in_the_order_of_the_text() {
    let text = "forbid (principal, action, resource) when { context.a > 1 };\n\
                forbid (principal, action, resource) when { context.b > 1 };";
    let lines: Vec<_> = faults(text).iter().map(|fault| fault.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [1, 2]);
}

#[test]
fn a_type_that_does_not_fit_is_refused() {
    let (_, _, underlined, _) =
        fault("forbid (principal, action, resource) when { context.tier > \"sealed\" };");
    assert_eq!(underlined, "\"sealed\"");
}

#[test]
fn a_policy_that_can_never_apply_is_refused() {
    let faults = faults("forbid (principal, action, resource) when { false };");
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.contains("impossible"), "{}", faults[0].message);
}

#[test]
fn a_template_is_refused() {
    let (line, _, underlined, _) = fault("\nforbid (principal == ?principal, action, resource);");
    assert_eq!((line, underlined.as_str()), (2, "?principal"));
}

#[test]
fn a_bank_cannot_speak_of_another_bank_or_of_what_it_cannot_know() {
    let text = "forbid (principal, action, resource) unless { resource.bank == Parlour::Bank::\"harbor\" };";
    let (_, _, underlined, message) = fault(text);
    assert_eq!(underlined, "\"harbor\"");
    assert_eq!(message, "these are the policies of the bank `harbour`, and they name the bank `harbor`");
    let (_, _, underlined, _) = fault("forbid (principal == Parlour::Customer::\"Ann\", action, resource);");
    assert_eq!(underlined, "\"Ann\"");
    let (_, _, underlined, _) = fault("forbid (principal, action, resource == Parlour::DataGrant::\"x\");");
    assert_eq!(underlined, "\"x\"");
    let (_, _, underlined, message) =
        fault("forbid (principal == Parlour::Agent::\"mia\", action, resource);");
    assert_eq!((underlined.as_str(), message.contains("cannot be named")), ("\"mia\"", true));
    let known = "forbid (principal == Parlour::Customer::\"cus_00000000000000000000000000000001\", action, resource)\n\
                 when { resource.bank == Parlour::Bank::\"harbour\" };";
    assert!(Gate::load(vec![harbour_with(known)]).is_ok());
}

#[test]
fn the_name_that_a_bank_gives_a_policy_takes_no_name_of_ours() {
    let text = "@id(\"floor/consent\")\npermit (principal, action, resource);";
    let ask = Ask { consent: None, ..Ask::balances("harbour") };
    let gate = gate_of(harbour_with(text));
    assert!(!gate.decide::<gate::AnswerCustomer>(&ask.question()).decision().allowed);
}

#[test]
fn all_faults_of_all_banks_are_told_at_once() {
    let broken = |name: &str| PolicyFile { name: name.to_owned(), text: "forbid (".to_owned() };
    let harbour = BankRules { policies: vec![broken("a.cedar"), broken("b.cedar")], ..harbour() };
    let meridian = BankRules { policies: vec![broken("c.cedar")], ..meridian() };
    let found = Gate::load(vec![harbour, meridian]).expect_err("three files are broken");
    let told: Vec<_> = found.iter().map(|f| (f.bank.as_ref().unwrap().as_str(), f.file.as_str())).collect();
    assert_eq!(told, [("harbour", "a.cedar"), ("harbour", "b.cedar"), ("meridian", "c.cedar")]);
}

#[test]
fn a_bank_or_a_file_that_is_there_twice_is_refused() {
    let twice = Gate::load(vec![harbour(), harbour()]).expect_err("one bank, two sets of rules");
    assert_eq!(twice[0].message, "the bank `harbour` has rules twice");
    let mut rules = harbour_with("");
    rules.policies.push(rules.policies[0].clone());
    let same = Gate::load(vec![rules]).expect_err("one name, two files");
    assert_eq!(same[0].message, "two policy files are called `own.cedar`, or one has no name");
}
