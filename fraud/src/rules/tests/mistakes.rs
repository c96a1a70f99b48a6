//! What somebody is told about each mistake, to the letter: `mistakes.txt` beside this file, a block for each text.

use super::*;

fn texts() -> Vec<String> {
    vec![
        wrong("amuont > 900"),
        wrong("amount > 900 and nihgt"),
        wrong("amount > 900 EUR"),
        wrong("since_last < 5"),
        wrong("since_last < 5 and (amount > 3 or night)"),
        wrong("amount > 5m"),
        wrong("amount > night"),
        wrong("amount"),
        wrong("night > 5"),
        wrong("night < yes"),
        wrong("amount + count_1d > 5"),
        wrong("amount > 5 or night and hour < 3"),
        wrong("1 < hour < 5"),
        wrong("hour in 22..6"),
        wrong("hour in {}"),
        wrong("hour in {1, count_1d}"),
        wrong("country = \"UK\""),
        wrong("country = \"GBR\""),
        wrong("country > \"US\""),
        wrong("country = entry_mode"),
        wrong("category = \"599\""),
        wrong("amount = \"US\""),
        wrong("amount == 5"),
        wrong("amount > 5 && night"),
        wrong("amount > $5"),
        wrong("amount > 5x"),
        wrong("amount >"),
        wrong("(amount > 5"),
        wrong("amount > 1,000"),
        wrong("abs(amount, 5) > 3"),
        wrong("max(amount) > 3"),
        wrong("amount is 5"),
        wrong("5 > 3"),
        wrong("amount > 5 night"),
        wrong("amount > 5 AND night"),
        wrong("5 is missing"),
        wrong("\"a\" = \"b\""),
        wrong("amount > 2026-11-22"),
        wrong("amount > 1234567890123456"),
        wrong("amount > 5 and country = \"US"),
        wrong("amount > 5\u{202E}"),
        wrong("amount > 5"),
        wrong("amount > 5 and night").replace("hit {}", "hit { amount = 9, night = no }"),
        wrong("amount > 5").replace("hit {}", "hit { amont = 9 }"),
        wrong("amount > 5").replace("hit {}", "hit { amount = 9m }"),
        wrong("amount > 5").replace("hit {}", "hit { since_last = 9 }"),
        wrong("amount > 5").replace("hit {}", "hit { amount }"),
        wrong("amount > 5").replace("hit {}", "hit { amount = 1, amount = 2 }"),
        wrong("amount > 5").replace("hit {}", "hit { country = \"XX\" }"),
        wrong("amount > 5").replace("hit {}", ""),
        wrong("amount > 5").replace("alert", "alrt"),
        wrong("amount > 5").replace("alert", "block"),
        wrong("amount > 5").replace("alert", "score 0.2"),
        wrong("amount > 5").replace("alert", "score +1.2"),
        wrong("amount > 5").replace("alert", "alert share 110%"),
        wrong("amount > 5").replace("alert", "alert share 10"),
        wrong("amount > 5").replace("alert", "alert priority 101"),
        wrong("amount > 5").replace("alert", "alert action alert"),
        wrong("amount > 5").replace("2027-03-31", "2027-02-30"),
        wrong("amount > 5").replace("2027-03-31", "tomorrow"),
        wrong("amount > 5").replace("2027-03-31", "2028-03-31"),
        wrong("amount > 5").replace("owner \"o\"\n", ""),
        wrong("amount > 5").replace("owner \"o\"", "onwer \"o\""),
        wrong("amount > 5").replace("owner \"o\"", "owner o"),
        wrong("amount > 5").replace("owner \"o\"", "owner \" \""),
        wrong("amount > 5").replace("rule r", "rule 5"),
        wrong("amount > 5").replace("rule r", "r"),
        rule("a", "alert", "night") + &rule("a", "alert", "night"),
        String::new(),
        "# nothing".to_owned(),
        wrong("hour = 1.5.5"),
        wrong("((((((((((((((((night))))))))))))))))").replace("((n", "(((n").replace("t))", "t)))"),
        wrong("amount > 5").replace("hit {}", "hit { amount = 1,000 }"),
        wrong("amount > 5") + &wrong("amuont > 5").replace("rule r", "rule s") + "rule t\n",
    ]
}

#[test]
fn each_mistake_is_told_with_its_place_and_a_remedy() {
    let told: Vec<String> = texts().iter().map(|text| mistakes(text)).collect();
    let expected = include_str!("mistakes.txt");
    for (told, expected) in told.iter().zip(expected.split("\n\n")) {
        assert_eq!(told, expected.trim_end_matches('\n'));
    }
    assert_eq!(told.len(), expected.split("\n\n").count());
}

/// The kinds of mistakes in a text.
fn kinds(text: &str) -> Vec<FaultKind> {
    let faults = RuleSet::compile("rules.txt", text, &fields(), TODAY).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.kind).collect()
}

#[test]
fn every_limit_holds_at_its_edge_and_one_over_it() {
    let many = |count: usize, one: &str, between: &str| vec![one; count].join(between);
    let set =
        |count: usize| (0..count).map(|at| rule(&format!("r{at}"), "alert", "night")).collect::<String>();
    // The rule around the expression adds three parts of `or amount = 123456` and the `or` itself.
    let parts = |count: usize| rule("r", "alert", &many((count - 5) / 3, "hour = 1", " or "));
    let deep = |depth: usize| {
        let (open, close) = (many(depth - 1, "(", ""), many(depth - 1, ")", ""));
        rule("r", "alert", &format!("{open}night{close}"))
    };
    let choices = |count| rule("r", "alert", &format!("hour in {{{}}}", many(count, "1", ", ")));
    let arguments = |count| rule("r", "alert", &format!("max({}) = 1", many(count, "hour", ", ")));
    let examples = |count| rule("r", "alert", "night") + &many(count - 2, "miss {}\n", "");
    let id = |count: usize| rule(&many(count, "a", ""), "alert", "night");
    let why =
        |count: usize| rule("r", "alert", "night").replace("\"w\"", &format!("\"{}\"", many(count, "w", "")));
    let lives = |day: &str| rule("r", "alert", "night").replace("2027-03-31", day);
    let long = |bytes: usize| {
        let rule = rule("r", "alert", "night");
        format!("{rule}#{}", many(bytes - rule.len() - 1, "x", ""))
    };
    let digits = |count: usize| rule("r", "alert", &format!("hour = {}", many(count, "9", "")));

    for fits in [
        set(MAX_RULES),
        parts(MAX_PARTS),
        deep(MAX_DEPTH),
        choices(MAX_CHOICES),
        arguments(MAX_ARGUMENTS),
        examples(MAX_EXAMPLES),
        id(MAX_ID),
        why(MAX_TEXT),
        lives("2027-11-23"),
        long(MAX_FILE_BYTES),
        digits(MAX_DIGITS),
    ] {
        assert_eq!(kinds(&fits), []);
    }
    assert_eq!(kinds(&set(MAX_RULES + 1)), [FaultKind::TooManyRules]);
    assert_eq!(kinds(&parts(MAX_PARTS + 3)), [FaultKind::TooLong]);
    assert_eq!(kinds(&deep(MAX_DEPTH + 1)), [FaultKind::TooDeep]);
    assert_eq!(kinds(&choices(MAX_CHOICES + 1)), [FaultKind::Choices { found: MAX_CHOICES + 1 }]);
    let found = MAX_ARGUMENTS + 1;
    let takes = "2 to 16 values";
    assert_eq!(kinds(&arguments(found)), [FaultKind::Arguments { function: "max", takes, found }]);
    assert_eq!(kinds(&examples(MAX_EXAMPLES + 1)), [FaultKind::TooManyExamples]);
    assert!(matches!(kinds(&id(MAX_ID + 1))[..], [FaultKind::Id { .. }]));
    assert_eq!(kinds(&why(MAX_TEXT + 1)), [FaultKind::LongText { characters: MAX_TEXT + 1 }]);
    assert_eq!(
        kinds(&lives("2027-11-24")),
        [FaultKind::LongLife { id: "r".to_owned(), days: MAX_LIFE_DAYS + 1 }]
    );
    assert_eq!(kinds(&long(MAX_FILE_BYTES + 1)), [FaultKind::FileTooLong { bytes: MAX_FILE_BYTES + 1 }]);
    assert_eq!(kinds(&digits(MAX_DIGITS + 1)), [FaultKind::LongNumber { digits: MAX_DIGITS + 1 }]);
}

#[test]
fn mistakes_are_told_all_at_once_up_to_a_number() {
    let wrong =
        |count: usize| (0..count).map(|at| rule(&format!("r{at}"), "alert", "nigth")).collect::<String>();
    assert_eq!(kinds(&wrong(MAX_FAULTS)).len(), MAX_FAULTS);
    let more = kinds(&wrong(MAX_FAULTS + 1));
    assert_eq!((more.len(), more.last()), (MAX_FAULTS + 1, Some(&FaultKind::More)));
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = rule("r", "alert", &format!("{}nigth", "night or ".repeat(30)));
    let told = mistakes(&text);
    assert!(told.starts_with("rules.txt:6:"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() < 250), "{told}");
}
