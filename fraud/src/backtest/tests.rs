use super::*;
use crate::rules::{Field, Fields, Unit};
use jiff::civil::date;

fn set(rules: &[(&str, &str, &str)]) -> RuleSet {
    let fields = vec![Field::number("amount", Unit::Money { decimals: 0 }), Field::flag("night")];
    let fields = Fields::new(fields, "USD").unwrap();
    let rule = |(id, action, when): &(&str, &str, &str)| {
        format!(
            "rule {id} why \"w\" owner \"o\" expires 2027-03-31 action {action} when ({when}) or amount = 123456 \
             hit {{ amount = 123456 }} miss {{}}\n"
        )
    };
    let text: String = rules.iter().map(rule).collect();
    RuleSet::compile("rules.txt", &text, &fields, date(2026, 11, 22)).unwrap()
}

/// A payment: amount, night, score, label, card, day.
type Row = (f32, bool, f32, Option<bool>, u64, i32);

fn tried(candidate: &RuleSet, in_force: Option<&RuleSet>, rows: &[Row]) -> Backtest {
    let plan = Plan { candidate, in_force, threshold: 0.5 };
    let cells: Vec<[f32; 2]> = rows.iter().map(|row| [row.0, f32::from(u8::from(row.1))]).collect();
    let past = rows.iter().zip(&cells).map(|((_, _, score, label, card, day), cells)| Past {
        row: cells,
        score: *score,
        label: *label,
        card: *card,
        day: *day,
    });
    backtest(plan, past)
}

/// Forty days of a thousand payments; each day four frauds of 900 at night that the model finds, and two that it misses.
fn history() -> Vec<Row> {
    let day = |day: i32| {
        let fraud =
            move |card: u64, score: f32| (900.0, true, score, Some(true), card + day as u64 * 10, day);
        let found = (0..4).map(move |card| fraud(card, 0.9));
        let missed = (4..6).map(move |card| fraud(card, 0.1));
        let clean = (0..994u64).map(move |card| (20.0, card % 2 == 0, 0.1, Some(false), 1_000 + card, day));
        found.chain(missed).chain(clean)
    };
    (0..40).flat_map(day).collect()
}

#[test]
fn a_rule_that_finds_what_the_model_misses_fits_the_budget() {
    let candidate = set(&[("big-at-night", "alert", "amount > 500 and night")]);
    let report = tried(&candidate, None, &history());
    assert_eq!((report.days, report.payments, report.frauds), (40, 40_000, 240));
    assert_eq!((report.model.flagged, report.after.flagged, report.after.alerts), (160, 240, 240));
    assert_eq!(report.after.share_of_payments, 0.006);
    assert!((report.gain_over_model().unwrap() - 1.0 / 3.0).abs() < 1e-9);
    let rule = &report.rules[0];
    assert_eq!((rule.hits, rule.with_model, rule.alone, rule.alone_frauds), (240, 160, 80, 80));
    assert!(report.fits(), "{report}");
    assert_eq!(report.notes, []);
}

#[test]
fn what_speaks_against_a_set_is_said() {
    let history = history();
    let of = |rules: &[(&str, &str, &str)], rows: &[Row]| tried(&set(rules), None, rows).against;
    let good = [("a", "alert", "amount > 500")];
    let days = |days: i32| history.iter().filter(|row| row.5 < days).copied().collect::<Vec<_>>();
    assert_eq!(of(&good, &days(30)), []);
    assert_eq!(of(&good, &days(29)), [Reason::TooShort { days: 29 }]);
    let broad = of(&[("a", "alert", "night")], &history);
    assert!(matches!(broad[..], [Reason::OverBudget { .. }, Reason::Imprecise { .. }]), "{broad:?}");
    let weaker = of(&[("a", "allow", "amount > 500 and not night")], &history);
    assert_eq!(weaker, [], "it says no more and no less than the model");
    let allowed = of(&[("a", "allow", "amount > 500")], &history);
    assert_eq!(allowed, [Reason::FewLabels { labelled: 0 }, Reason::FindsLess { before: 160, found: 0 }]);
    let unlabelled: Vec<Row> = history.iter().map(|row| (row.0, row.1, row.2, None, row.4, row.5)).collect();
    assert_eq!(of(&good, &unlabelled), [Reason::FewLabels { labelled: 0 }]);
}

#[test]
fn the_budget_is_met_at_its_edge_and_not_one_over_it() {
    // 7 of 1,000 are 0.7 %.
    let rows = |alerts: u64| -> Vec<Row> {
        let day = |day: i32| {
            (0..1_000u64).map(move |card| {
                let fraud = card < alerts;
                (if fraud { 900.0 } else { 20.0 }, false, 0.1, Some(fraud), card, day)
            })
        };
        (0..30).flat_map(day).collect()
    };
    let candidate = set(&[("a", "alert", "amount > 500")]);
    assert!(tried(&candidate, None, &rows(7)).fits());
    let over = tried(&candidate, None, &rows(8));
    assert_eq!(over.against, [Reason::OverBudget { share: 0.008 }]);
    assert!(matches!(over.notes[..], [Reason::DayOverBudget { .. }]));
}

#[test]
fn alerts_are_counted_by_card_and_day_and_customers_by_card() {
    let rows: Vec<Row> = [(1, 0), (1, 0), (1, 1), (2, 1), (3, 1)]
        .map(|(card, day)| (900.0, false, 0.1, None, card, day))
        .to_vec();
    let report = tried(&set(&[("a", "alert", "amount > 500")]), None, &rows);
    assert_eq!((report.after.flagged, report.after.alerts, report.after.cards), (5, 4, 3));
    assert_eq!((report.rules[0].hits, report.rules[0].card_days, report.rules[0].cards), (5, 4, 3));
    assert_eq!(report.worst_day, Some((1, 1.0)));
}

#[test]
fn a_trial_is_on_all_cards_and_the_rules_in_force_on_their_share() {
    let rows: Vec<Row> = (0..1_000).map(|card| (900.0, false, 0.1, None, card, 0)).collect();
    let canary = set(&[("a", "alert share 10%", "amount > 500")]);
    let report = tried(&canary, Some(&canary), &rows);
    assert_eq!((report.model.flagged, report.after.flagged), (0, 1_000));
    assert!((60..140).contains(&report.before.flagged), "{}", report.before.flagged);
}

#[test]
fn overlaps_and_idle_rules_are_named() {
    let rules = [
        ("big", "alert", "amount > 500"),
        ("bigger", "alert", "amount > 700"),
        ("night", "score +0.1", "night"),
        ("huge", "decline", "amount > 5000"),
    ];
    let rows: Vec<Row> =
        (0..10).map(|card| (600.0 + 20.0 * card as f32, card == 9, 0.1, None, card, 0)).collect();
    let report = tried(&set(&rules), None, &rows);
    let overlap = &report.overlaps[0];
    assert_eq!((overlap.one.as_str(), overlap.other.as_str(), overlap.both), ("big", "bigger", 4));
    assert_eq!(overlap.of_the_rarer, 1.0);
    assert_eq!(report.overlaps.len(), 3);
    let idle = |id: &str| report.notes.contains(&Reason::NeverHits { id: id.to_owned() });
    assert!(idle("huge") && !idle("big"));
    assert!(report.notes.contains(&Reason::AddsNothing { id: "bigger".to_owned() }));
}

#[test]
fn the_report_reads_as_a_table_and_as_json() {
    let report = tried(&set(&[("big-at-night", "alert", "amount > 500 and night")]), None, &history());
    let table = report.to_string();
    for line in [
        "40000 payments on 40 days; 40000 with a label, 240 frauds",
        "model                       160      160      160      0.400 %  100.0 % (97.7 to 100.0) 66.7 % (60.5 to 72.3)",
        "with rules on trial         240      240      240      0.600 %  100.0 % (98.4 to 100.0) 100.0 % (98.4 to 100.0)",
        "big-at-night                240      240         160       80            80  100.0 % (98.4 to 100.0)",
        "fits the budget",
    ] {
        assert!(table.lines().any(|one| one == line), "{line}\nis not in\n{table}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["after"]["alerts"], 240);
    assert_eq!(json["rules"][0]["id"], "big-at-night");
}
