//! What expressions mean.

use super::*;
use std::fmt::Write;

/// What the expression says to a row: true, false or undecided.
fn says(when: &str, values: &[(&str, f32)]) -> &'static str {
    let tokens = lexer::tokens(when).unwrap();
    let when = reader::Reader::new(&tokens).expression().unwrap();
    let tree = typing::condition(&when, &fields()).unwrap();
    let mut code = code::Code::default();
    let entry = code.add(&tree).unwrap();
    let value = code.run(entry, &row(values), &mut code::Stack::new());
    let mut jumps = jumps::Jumps::default();
    let condition = jumps.add(&tree).unwrap();
    assert_eq!(jumps.holds(condition, &row(values), &mut code::Stack::new()), value == 1.0);
    assert_eq!(value.to_bits(), tree.value(&row(values)).to_bits());
    if value.is_nan() { "undecided" } else { ["false", "true"][value as usize] }
}

#[test]
fn comparisons_say_what_they_say() {
    let amount = [("amount", 900.0)];
    for (when, expected) in [
        ("amount = 900", "true"),
        ("amount = 900.00 USD", "true"),
        ("amount != 900", "false"),
        ("amount < 900", "false"),
        ("amount <= 900", "true"),
        ("amount > 900", "false"),
        ("amount >= 900", "true"),
        ("900 < amount", "false"),
        ("amount in 900..1000", "true"),
        ("amount in 800..900", "true"),
        ("amount in 800..899.99", "false"),
        ("amount not in 800..899.99", "true"),
        ("amount in {1, 2, 900}", "true"),
        ("amount not in {1, 2, 900}", "false"),
        ("amount in {-900}", "false"),
        ("amount * 2 - 900 = 900", "true"),
        ("amount / 3 + 100 = 400", "true"),
        ("-amount < 0", "true"),
        ("abs(0 - amount) = 900", "true"),
        ("min(amount, 5, 7) = 5", "true"),
        ("max(5, amount, 7) = 900", "true"),
        ("not amount > 900", "true"),
        ("(amount > 900) = no", "true"),
    ] {
        assert_eq!(says(when, &amount), expected, "{when}");
    }
}

#[test]
fn units_are_brought_to_one() {
    let values =
        [("since_last", 300.0), ("mean_amount_30d", 1_250.0), ("amount", 25.0), ("distance_home", 12.0)];
    assert_eq!(says("device_age < 3d and device_age = 48h", &[("device_age", 2.0)]), "true");
    for when in [
        "since_last = 5m",
        "since_last = 300s",
        "since_last < 1h",
        "since_last < 0.5 d",
        "mean_amount_30d = 12.50",
        "mean_amount_30d in 12.5..12.5",
        "mean_amount_30d in {12.5 USD}",
        "amount / mean_amount_30d = 2",
        "amount / mean_amount_30d = 200%",
        "amount > 1.9 * mean_amount_30d",
        "distance_home = 12 km",
        "distance_home / since_last > 100 km / 1h",
    ] {
        assert_eq!(says(when, &values), "true", "{when}");
    }
}

#[test]
fn codes_are_told_by_their_texts() {
    let values = [("country", 1.0), ("home_country", 0.0), ("category", 742.0), ("entry_mode", 3.0)];
    for (when, expected) in [
        ("country = \"CA\"", "true"),
        ("\"CA\" = country", "true"),
        ("country in {\"US\", \"MX\"}", "false"),
        ("country != home_country", "true"),
        ("category = \"0742\"", "true"),
        ("entry_mode not in {\"chip\", \"contactless\"}", "true"),
    ] {
        assert_eq!(says(when, &values), expected, "{when}");
    }
}

#[test]
fn what_is_missing_is_neither_true_nor_false_until_it_does_not_matter() {
    let amount = [("amount", 900.0)];
    for (when, expected) in [
        ("count_1d > 5", "undecided"),
        ("not count_1d > 5", "undecided"),
        ("count_1d <= 5", "undecided"),
        ("count_1d = count_1d", "undecided"),
        ("count_1d in 0..9", "undecided"),
        ("count_1d not in {1}", "undecided"),
        ("night", "undecided"),
        ("night = no", "undecided"),
        ("night and amount > 5", "undecided"),
        ("amount > 5 and night", "undecided"),
        ("night and amount < 5", "false"),
        ("amount < 5 and night", "false"),
        ("night or amount > 5", "true"),
        ("amount > 5 or night", "true"),
        ("night or amount < 5", "undecided"),
        ("amount + mean_amount_30d > 0", "undecided"),
        ("max(amount, mean_amount_30d) > 0", "undecided"),
        ("count_1d is missing", "true"),
        ("count_1d is not missing", "false"),
        ("amount is missing", "false"),
        ("(amount / mean_amount_30d) is missing", "true"),
        ("(count_1d > 5) is missing", "true"),
        ("count_1d otherwise 7 > 5", "true"),
        ("(count_1d otherwise 7) > 5", "true"),
        ("night otherwise no", "false"),
        ("amount otherwise 7 = 900", "true"),
        ("country otherwise \"US\" = \"US\"", "true"),
        ("amount / 0 > 5", "undecided"),
        ("(amount / 0) is missing", "true"),
        ("count_1h / count_1d > 5", "undecided"),
    ] {
        assert_eq!(says(when, &amount), expected, "{when}");
    }
}

#[test]
fn a_division_by_zero_and_what_is_too_large_are_missing() {
    let values = [("count_1h", 5.0), ("count_1d", 0.0), ("hour", 3e38)];
    for when in [
        "(count_1h / count_1d) is missing",
        "(count_1d / count_1d) is missing",
        "(hour * 2) is missing",
        "(hour * 2 - hour * 2) is missing",
        "(hour + 0) is not missing",
    ] {
        assert_eq!(says(when, &values), "true", "{when}");
    }
    assert_eq!(says("hour is missing", &[("hour", f32::INFINITY)]), "true", "a row's infinity is missing");
}

#[test]
fn a_row_that_is_too_short_lacks_values() {
    let set = compiled(&rule("a", "alert", "category is missing and amount = 5"));
    assert_eq!(set.evaluate(&[5.0], 1).hits.count(), 1);
    assert_eq!(set.evaluate(&[], 1), Verdict::SILENT);
}

#[test]
fn the_more_careful_action_wins_and_the_higher_priority_is_named() {
    let mut text = String::new();
    for (id, action) in [
        ("allow-it", "allow"),
        ("ask", "alert"),
        ("ask-first", "alert\n priority 70"),
        ("confirm", "step_up"),
        ("refuse", "decline"),
        ("up", "score +0.2"),
        ("down", "score -0.05"),
    ] {
        // Each hits from its own count on, so that they join one after the other.
        let from = [
            ("allow-it", 1),
            ("up", 1),
            ("ask", 2),
            ("ask-first", 3),
            ("confirm", 4),
            ("refuse", 5),
            ("down", 6),
        ];
        let from = from.iter().find(|(name, _)| *name == id).unwrap().1;
        text += &rule(id, action, &format!("count_1h >= {from}"));
    }
    let set = compiled(&text);
    let at = |count: f32| set.evaluate(&row(&[("count_1h", count)]), 1);
    let named =
        |verdict: &Verdict| verdict.leading.and_then(|place| set.rule(place)).map(|rule| rule.id.as_str());

    assert_eq!(at(0.0), Verdict::SILENT);
    let all =
        [(1.0, Action::Allow, "allow-it"), (2.0, Action::Alert, "ask"), (3.0, Action::Alert, "ask-first")];
    let stronger = [(4.0, Action::StepUp, "confirm"), (5.0, Action::Decline, "refuse")];
    for (count, action, id) in all.into_iter().chain(stronger) {
        let verdict = at(count);
        assert_eq!((verdict.strongest, named(&verdict)), (Some(action), Some(id)), "{count}");
    }
    let verdict = at(6.0);
    assert_eq!(verdict.hits.count(), 7);
    assert_eq!(verdict.hits.places().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    assert!((verdict.shift - 0.15).abs() < 1e-6);
}

#[test]
fn an_outcome_follows_the_rules_and_then_the_score() {
    let verdict = |strongest, shift| Verdict { strongest, shift, ..Verdict::SILENT };
    for (strongest, shift, score, expected) in [
        (None, 0.0, 0.49, Outcome::Pass),
        (None, 0.0, 0.5, Outcome::Alert),
        (None, 0.25, 0.25, Outcome::Alert),
        (None, -0.25, 0.7, Outcome::Pass),
        (None, 0.9, f32::NAN, Outcome::Pass),
        (Some(Action::Allow), 0.0, 1.0, Outcome::Pass),
        (Some(Action::Allow), 0.5, 0.9, Outcome::Pass),
        (Some(Action::Alert), 0.0, 0.0, Outcome::Alert),
        (Some(Action::StepUp), -1.0, f32::NAN, Outcome::StepUp),
        (Some(Action::Decline), 0.0, 0.0, Outcome::Decline),
    ] {
        let verdict = verdict(strongest, shift);
        assert_eq!(verdict.outcome(score, 0.5), expected, "{strongest:?} {shift} {score}");
    }
    assert_eq!(verdict(None, 0.9).score(0.5), 1.0);
    assert_eq!(verdict(None, -0.9).score(0.5), 0.0);
}

#[test]
fn shifts_of_many_rules_add_up_to_one_at_most() {
    let mut text = String::new();
    for number in 0..4 {
        write!(text, "{}", rule(&format!("up{number}"), "score +0.5", "night")).unwrap();
    }
    let verdict = compiled(&text).evaluate(&row(&[("night", 1.0)]), 1);
    assert_eq!((verdict.shift, verdict.strongest, verdict.hits.count()), (1.0, None, 4));
}

#[test]
fn a_rule_acts_on_its_last_day_and_not_after_it() {
    let mut set = compiled(&rule("a", "alert", "night"));
    let night = row(&[("night", 1.0)]);
    for (today, acts) in [(date(2027, 3, 31), true), (date(2027, 4, 1), false), (date(2027, 3, 30), true)] {
        set.turn_to(today);
        assert_eq!(set.evaluate(&night, 1).strongest.is_some(), acts, "{today}");
        assert_eq!(set.expired().count(), usize::from(!acts));
    }
    let old = rule("a", "alert", "night").replace("2027-03-31", "2026-11-21");
    let report = check("rules.txt", &old, &fields(), TODAY).unwrap();
    assert!(report.rules[0].expired);
    assert!(
        report.to_string().contains("a  alert          100%  ran out on 2026-11-21  2 examples  o"),
        "{report}"
    );
}

#[test]
fn a_canary_is_counted_for_all_cards_and_acts_on_its_share() {
    let set = compiled(&rule("a", "alert\n share 10%", "night"));
    let night = row(&[("night", 1.0)]);
    let verdicts: Vec<Verdict> = (0..10_000).map(|card| set.evaluate(&night, card)).collect();
    assert!(verdicts.iter().all(|verdict| verdict.matched.count() == 1));
    let acts = verdicts.iter().filter(|verdict| verdict.strongest == Some(Action::Alert)).count();
    assert!((900..1_100).contains(&acts), "{acts}");
    let silent = compiled(&rule("a", "decline\n share 0%", "night")).evaluate(&night, 7);
    assert_eq!((silent.strongest, silent.hits.count(), silent.matched.count()), (None, 0, 1));
}

#[test]
fn the_hash_is_of_what_the_rules_say_and_look_at() {
    let text = rule("a", "alert", "night");
    let spaced = format!("# a remark\n\n{}", text.replace(" when", "\n\n   when"));
    assert_eq!(compiled(&text).hash(), compiled(&spaced).hash());
    assert_ne!(compiled(&text).hash(), compiled(&text.replace("alert", "decline")).hash());
    let more = [fields().all(), &[Field::flag("late")]].concat();
    let more = RuleSet::compile("rules.txt", &text, &Fields::new(more, "USD").unwrap(), TODAY).unwrap();
    assert_ne!(compiled(&text).hash(), more.hash());
}

#[test]
fn a_catalogue_that_does_not_fit_the_language_is_refused() {
    let of = |names: &[&str]| Fields::new(names.iter().map(|name| Field::flag(name)).collect(), "USD");
    assert_eq!(of(&["Night"]), Err(FieldsFault::Name("Night".to_owned())));
    assert_eq!(of(&[""]), Err(FieldsFault::Name(String::new())));
    assert_eq!(of(&["when"]), Err(FieldsFault::Reserved("when".to_owned())));
    assert_eq!(of(&["a", "a"]), Err(FieldsFault::Twice("a".to_owned())));
    assert_eq!(Fields::new(vec![], "usd"), Err(FieldsFault::Currency("usd".to_owned())));
    let digits = |digits| Fields::new(vec![Field::digits("category", digits)], "USD");
    assert!(digits(7).is_ok());
    assert_eq!(digits(8), Err(FieldsFault::Code("category".to_owned())));
    let many = |count| Fields::new((0..count).map(|at| Field::flag(&format!("f{at}"))).collect(), "USD");
    assert!(many(MAX_FIELDS).is_ok());
    assert_eq!(many(MAX_FIELDS + 1), Err(FieldsFault::TooMany(MAX_FIELDS + 1)));
}
