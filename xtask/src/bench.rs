//! `cargo xtask bench NAME`: builds the measures in release and runs one. They live in
//! `xtask/benches/measures`, because they use the product and this program must not.

use crate::{fault::Fault, golang::GoVerify, leash, tree::cargo};
use std::time::Duration;

/// A release build of everything from nothing, and a measure of a minute.
const LIMIT: Duration = Duration::from_mins(45);

/// The measures there are, with what each tells.
const MEASURES: [(&str, &str); 12] = [
    ("ingest", "durable inbound messages through HTTP at 64 connections, beside the same without HTTP"),
    ("turn", "a balance question from accepted to reply stored, and our part of it"),
    (
        "alert",
        "from a bank's fraud alert to the question in the chat, alone and under load, beside a plain transaction",
    ),
    ("decisions", "card payments judged one by one through HTTP at a steady pace, beside the engine alone"),
    ("gate", "a decision with its durable log entry, under load"),
    ("export", "a year of one customer as file and page, with its size and the memory that it takes"),
    ("log", "durable appends to the published log, a checkpoint of a large one, the check of a whole one"),
    (
        "withdraw",
        "from \"stop\" to its effect here and to the bank's confirmation, beside a plain transaction",
    ),
    ("prove", "all theorems about the floor, and the slowest of them"),
    ("understanding", "time and memory of each tier for one message, beside scikit-learn"),
    (
        "fraud",
        "payments a second on one core, bytes for each card, beside XGBoost's predictor with the same trees",
    ),
    ("start", "time to ready and resident memory of `parlour serve`"),
];

/// Runs the measure that `words` name and prints its JSON lines.
pub fn run(words: &[&str]) -> Result<(), Fault> {
    let known = |name: &str| MEASURES.iter().any(|(measure, _)| *measure == name);
    match words {
        [name] if known(name) => measure(&[name]),
        [name, "--backend", backend @ ("sqlite" | "postgres")] if known(name) => {
            measure(&[name, "--backend", backend])
        }
        _ => {
            MEASURES.iter().for_each(|(name, tells)| eprintln!("{name:8} {tells}"));
            let remedy = "a measure's name, then perhaps --backend sqlite or --backend postgres".to_owned();
            Err(Fault::Option { found: words.join(" "), remedy })
        }
    }
}

fn measure(words: &[&str]) -> Result<(), Fault> {
    // `start` measures the program itself.
    if words.first() == Some(&"start") {
        leash::run(
            &mut cargo(&["build", "--release", "--locked", "-p", "parlour", "--bin", "parlour"]),
            LIMIT,
            |_| {},
        )?;
    }
    // `log` is compared with a program in Go. Without it there is no comparison, and still a measure.
    if words.first() == Some(&"log")
        && let Err(fault) = GoVerify::build()
    {
        eprintln!("without the comparison with Go: {fault}");
    }
    let mut args = vec!["bench", "--locked", "--quiet", "-p", "xtask", "--bench", "measures", "--"];
    args.extend(words);
    leash::run(&mut cargo(&args), LIMIT, |_| {})
}
