//! Samples of the pages about rules against fraud and the budget of alerts, in their states.

use super::{
    console::{Cell, Look},
    console_samples::{frame, table},
    desk_samples::desk,
    draw,
    rules::{Budget, DiffLine, FaultLine, RuleSet, Rules, RulesNew, Tried},
};

fn tried(fits: bool) -> Tried {
    let reasons = if fits { vec![] } else { vec!["3 days of payments; 30 are needed".to_owned()] };
    Tried {
        verdict: if fits {
            Cell::of("fits the budget", Look::Good)
        } else {
            Cell::of("does not fit", Look::Bad)
        },
        on: "1,204 payments on 3 days.".into(),
        notes: reasons.clone(),
        against: reasons,
        sides: table(true),
        rules: table(fits),
    }
}

fn rules(some: bool) -> String {
    draw(&Rules {
        frame: frame("Rules against fraud"),
        desk: desk(),
        facts: vec![("In force", "one rule".into()), ("From", "this console".into())],
        warnings: if some { vec!["The rule too-much runs out on 2026-11-30.".into()] } else { vec![] },
        rules: table(some),
        text: some.then(|| "rule too-much\n  why \"<b>more\"".into()),
        change: some.then(|| "/console/harbour/fraud/rules/new".into()),
        open: table(some),
        over: table(some),
    })
    .unwrap()
}

fn new(faults: usize, is_tried: bool) -> String {
    let fault = FaultLine {
        line: 6,
        column: 11,
        what: "there is no field `since_lsat`".into(),
        source: ("  when    ".into(), "since_lsat".into(), " < 5".into()),
        remedy: "did you mean `since_last`?".into(),
    };
    draw(&RulesNew {
        frame: frame("Change the rules"),
        desk: desk(),
        action: "/console/harbour/fraud/rules".into(),
        text: "rule hurry\n</textarea>".into(),
        why: "<b>Two</b> payments".into(),
        refused: (faults == 0 && !is_tried).then(|| "The rules have 65537 bytes.".into()),
        faults: vec![fault; faults],
        note: is_tried.then(|| "The trial is not over yet.".into()),
        tried: is_tried.then(|| tried(true)),
        longest: "65,536 bytes".into(),
        hours: 24,
    })
    .unwrap()
}

fn set(open: bool) -> String {
    let line = |kind, mark, text: &str| DiffLine { kind, mark, text: text.into() };
    draw(&RuleSet {
        frame: frame("Proposed rules"),
        desk: desk(),
        state: Cell::of("waits for a second person", Look::Care),
        facts: vec![("Why", "A trick that began last week.".into())],
        changed: open.then_some("Other rules have come into force since."),
        difference: if open {
            vec![
                line("same", " ", "rule too-much"),
                line("gone", "−", "  action alert"),
                line("new", "+", "  action step_up"),
                line("skipped", " ", "… 4 lines are the same"),
            ]
        } else {
            vec![]
        },
        counted: "1 line is new, 1 line is gone.".into(),
        text: open.then(|| "rule too-much".into()),
        tried: open.then(|| tried(false)),
        untried: "There is no trial on the past yet.",
        href: "/console/harbour/fraud/rules/x".into(),
        digests: ("ab".into(), "cd".into()),
        decides: open,
        takes_back: !open,
        edit: open.then(|| "/console/harbour/fraud/rules/new?from=x".into()),
        cannot: (!open).then_some("You proposed this, so somebody else decides."),
    })
    .unwrap()
}

fn budget(lifted: bool) -> String {
    draw(&Budget {
        frame: frame("Budget of alerts"),
        desk: desk(),
        lifted: lifted
            .then(|| ("Lifted until 10:00.".into(), Some("/console/harbour/fraud/budget/x/end".into()))),
        used: table(lifted),
        facts: vec![("Share of payments", Cell::of("0.7 %", Look::Number))],
        lift: (!lifted).then(|| "/console/harbour/fraud/budget/lift".into()),
        hours: vec![1, 24],
        lifts: table(lifted),
    })
    .unwrap()
}

/// Every page in every state, by a name for its file.
pub fn named() -> Vec<(&'static str, String)> {
    vec![
        ("console-rules", rules(true)),
        ("console-rules-none", rules(false)),
        ("console-rules-new", new(0, false)),
        ("console-rules-fault", new(1, false)),
        ("console-rules-faults", new(2, false)),
        ("console-rules-tried", new(0, true)),
        ("console-rule-set", set(true)),
        ("console-rule-set-own", set(false)),
        ("console-budget", budget(false)),
        ("console-budget-lifted", budget(true)),
    ]
}
