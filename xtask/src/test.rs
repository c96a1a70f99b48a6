//! `cargo xtask test`: everything that must hold, in order, until the first failure.

use crate::{compat, demo, fault::Fault, leash, machine, step::Step, tally::Tally, tree::cargo};
use std::time::{Duration, Instant};

/// A fresh clone compiles for about ten minutes on two cores; a hung test must not hold a build forever.
const BUILD_LIMIT: Duration = Duration::from_mins(30);
/// All tests together take seventeen to twenty minutes on two cores.
const TESTS_LIMIT: Duration = Duration::from_mins(40);
/// The form of the source is judged in seconds.
const FMT_LIMIT: Duration = Duration::from_mins(2);

/// Runs the steps that `words` choose, prints a summary, and as the last line `N passed, N failed`.
pub fn run(words: &[&str]) -> Result<(), Fault> {
    let steps = match words {
        [] => Step::ALL.to_vec(),
        ["--list"] => {
            Step::ALL.iter().for_each(|step| println!("{:8} {}", step.name(), step.shows()));
            return Ok(());
        }
        ["--only", list] => Step::parse_list(list)?,
        [word, ..] => {
            let remedy = "flags are --only STEP,STEP and --list".to_owned();
            return Err(Fault::Option { found: (*word).to_owned(), remedy });
        }
    };
    machine::prepare(&steps)?;
    run_steps(&steps)
}

fn run_steps(steps: &[Step]) -> Result<(), Fault> {
    let began = Instant::now();
    let mut rows = vec![];
    let mut total = Tally::default();
    let mut stopped = None;
    for step in steps {
        println!("\n=== {}: {} ===", step.name(), step.shows());
        let (since, mut tally) = (Instant::now(), Tally::default());
        let done = run_step(*step, &mut tally);
        if done.is_err() && tally.failed == 0 {
            tally.failed = 1;
        }
        total = total.plus(tally);
        let word = if done.is_ok() { "ok" } else { "FAILED" };
        let row = format!(
            "{:8} {word:7} {:>6} s  {:>4} passed",
            step.name(),
            since.elapsed().as_secs(),
            tally.passed
        );
        println!("--- {row}");
        rows.push(row);
        if let Err(fault) = done {
            stopped = Some((*step, fault));
            break;
        }
    }
    println!("\nsummary, {} s in all", began.elapsed().as_secs());
    rows.iter().for_each(|row| println!("  {row}"));
    if let Some((step, fault)) = &stopped {
        println!(
            "stopped at {}: {fault}; to run only this: cargo xtask test --only {}",
            step.name(),
            step.name()
        );
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if stopped.is_some() { Err(Fault::Reported) } else { Ok(()) }
}

fn run_step(step: Step, tally: &mut Tally) -> Result<(), Fault> {
    match step {
        Step::Fmt => leash::run(&mut cargo(&["fmt", "--all", "--check"]), FMT_LIMIT, |_| {})?,
        Step::Clippy => {
            let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            leash::run(&mut cargo(&args), BUILD_LIMIT, |_| {})?;
        }
        Step::Unit => {
            build_all()?;
            let args = ["test", "--workspace", "--locked", "--no-fail-fast"];
            return leash::run(&mut cargo(&args), TESTS_LIMIT, |line| tally.read(line));
        }
        Step::Http => {
            build_all()?;
            return demo::check(tally);
        }
        Step::Browser => {
            build_all()?;
            let args = [
                "test",
                "--workspace",
                "--locked",
                "--no-fail-fast",
                "--test",
                "journey_browser",
                "--test",
                "browser",
                "--",
                "--ignored",
                "--test-threads",
                "4",
            ];
            return leash::run(&mut cargo(&args), TESTS_LIMIT, |line| tally.read(line));
        }
        Step::Compat => {
            build_all()?;
            return compat::run(tally);
        }
    }
    *tally = tally.plus(Tally::ONE);
    Ok(())
}

/// Builds all programs, tests and examples once. Every step then finds what it needs, made with the same
/// features, so that nothing is compiled twice.
fn build_all() -> Result<(), Fault> {
    let args = ["build", "--workspace", "--all-targets", "--locked"];
    leash::run(&mut cargo(&args), BUILD_LIMIT, |_| {})
}
