//! How long rules take: `cargo run --release -p fraud --example rules_speed`.

#![expect(clippy::unwrap_used, reason = "a measurement may stop where it stands")]

use fraud::rules::{Field, Fields, RuleSet, Unit};
use jiff::civil::date;
use std::{hint::black_box, time::Instant};

fn main() {
    let fields = vec![
        Field::number("amount", Unit::Money { decimals: 2 }),
        Field::number("card_count_1h", Unit::Count),
        Field::number("to_mean_30d", Unit::Plain),
        Field::flag("night"),
        Field::number("since_last", Unit::Seconds),
        Field::number("terminal_frauds_7d", Unit::Count),
        Field::listed("country", &["US", "CA", "MX"]),
    ];
    let fields = Fields::new(fields, "USD").unwrap();
    let conditions = [
        "amount > 900 and night and to_mean_30d > 6",
        "card_count_1h >= 5 and amount in 0.01..2.00",
        "terminal_frauds_7d >= 3 and to_mean_30d > 2",
        "country in {\"CA\", \"MX\"} and since_last < 5m and amount > 100",
        "(amount / card_count_1h > 500 or to_mean_30d > 20) and not night",
    ];
    for count in [10, 50] {
        let rule = |number: usize| {
            let when = conditions[number % conditions.len()];
            format!(
                "rule r{number} why \"w\" owner \"o\" expires 2027-03-31 action alert when ({when}) or amount = {number}.01 \
                 hit {{ amount = {number}.01 }} miss {{}}\n"
            )
        };
        let text: String = (1..=count).map(rule).collect();
        let set = RuleSet::compile("rules.txt", &text, &fields, date(2026, 11, 22)).unwrap();
        let rows: Vec<[f32; 7]> = (0..1_000u32)
            .map(|at| {
                let part = |step: u32, of: u32| (at * step % of) as f32;
                [
                    part(7_919, 120_000),
                    part(3, 7),
                    part(7, 9),
                    part(1, 2),
                    part(601, 90_000),
                    part(1, 5),
                    part(1, 3),
                ]
            })
            .collect();
        let (mut hits, rounds) = (0u64, 2_000u64);
        let start = Instant::now();
        for round in 0..rounds {
            for row in &rows {
                hits += u64::from(black_box(&set).evaluate(black_box(row), round).hits.count());
            }
        }
        let payments = rounds * rows.len() as u64;
        let each = start.elapsed().as_secs_f64() * 1e6 / payments as f64;
        println!("{count} rules: {each:.3} us a payment, {:.2} hits each", hits as f64 / payments as f64);
    }
}
