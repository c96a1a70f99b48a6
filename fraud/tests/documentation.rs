//! The rules of docs/fraud-rules.md are what an analyst copies first, so they must compile and say what the page says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fraud::rules::{Fields, RuleSet, check};
use jiff::civil::date;

const PAGE: &str = include_str!("../../docs/fraud-rules.md");

/// The engine's own fields, at a bank whose money is US dollars.
fn fields() -> Fields {
    Fields::of_catalogue("USD", 2).unwrap()
}

/// The text between the fences of this language.
fn blocks(language: &str) -> Vec<String> {
    let parts = PAGE.split("```").collect::<Vec<_>>();
    let fenced = parts.iter().skip(1).step_by(2);
    fenced.filter_map(|part| part.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

fn set() -> RuleSet {
    let text = blocks("rules").join("\n");
    RuleSet::compile("fraud-rules.md", &text, &fields(), date(2026, 11, 22)).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

#[test]
fn the_ten_worked_rules_compile_and_pass_their_own_examples() {
    assert_eq!(set().rules().len(), 10);
}

#[test]
fn a_worked_rule_prints_as_itself() {
    let text: String = set().rules().iter().map(ToString::to_string).collect();
    let again = RuleSet::compile("again", &text, &fields(), date(2026, 11, 22)).unwrap();
    assert_eq!(again.rules(), set().rules());
    assert_eq!(again.hash(), set().hash());
}

#[test]
fn the_mistake_on_the_page_is_told_as_the_page_says() {
    let wrong = &blocks("rules-wrong")[0];
    let faults = check("harbour.rules", wrong, &fields(), date(2026, 11, 22)).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.join("\n"), blocks("told")[0].trim_end());
}
