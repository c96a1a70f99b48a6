mod meaning;
mod mistakes;
mod properties;

use super::*;
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 11, 22);

const COUNTRIES: &[&str] = &["US", "CA", "MX", "PT", "GB"];

/// A catalogue with each kind of field.
fn fields() -> Fields {
    let fields = vec![
        Field::number("amount", Unit::Money { decimals: 0 }),
        Field::number("mean_amount_30d", Unit::Money { decimals: 2 }),
        Field::number("count_1h", Unit::Count),
        Field::number("count_1d", Unit::Count),
        Field::number("hour", Unit::Plain),
        Field::flag("night"),
        Field::number("since_last", Unit::Seconds),
        Field::number("distance_home", Unit::Kilometers),
        Field::number("terminal_share_7d", Unit::Plain),
        Field::listed("country", COUNTRIES),
        Field::listed("home_country", COUNTRIES),
        Field::listed("entry_mode", &["chip", "contactless", "stripe", "online"]),
        Field::digits("category", 4),
        Field::number("device_age", Unit::Days),
    ];
    Fields::new(fields, "USD").unwrap()
}

/// A row with some values; the others are missing.
fn row(values: &[(&str, f32)]) -> Vec<f32> {
    let fields = fields();
    let mut row = vec![f32::NAN; fields.all().len()];
    for (name, value) in values {
        row[usize::from(fields.find(name).unwrap().0)] = *value;
    }
    row
}

/// A rule with an expression, and examples that any expression passes that is `amount = 1` or its opposite.
fn rule(id: &str, action: &str, when: &str) -> String {
    format!(
        "rule {id}\n why \"w\"\n owner \"o\"\n expires 2027-03-31\n action {action}\n \
         when ({when}) or amount = 123456\n hit {{ amount = 123456 }}\n miss {{}}\n"
    )
}

/// A rule whose examples fail whatever stands in them; for mistakes before they run.
fn wrong(when: &str) -> String {
    format!(
        "rule r\nwhy \"w\"\nowner \"o\"\nexpires 2027-03-31\naction alert\nwhen {when}\nhit {{}}\nmiss {{}}\n"
    )
}

fn compiled(text: &str) -> RuleSet {
    match RuleSet::compile("rules.txt", text, &fields(), TODAY) {
        Ok(set) => set,
        Err(faults) => panic!("{}", told(&faults)),
    }
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// What somebody is told about a file that is wrong.
fn mistakes(text: &str) -> String {
    match RuleSet::compile("rules.txt", text, &fields(), TODAY) {
        Ok(_) => panic!("nothing is wrong with\n{text}"),
        Err(faults) => told(&faults),
    }
}
