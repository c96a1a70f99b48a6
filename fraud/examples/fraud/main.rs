//! Makes and judges the models of the fraud engine. `cargo xtask eval fraud` and `cargo xtask train fraud` run it.

mod baseline;
mod eval;
mod folder;
mod made;
mod options;

use options::Task;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let task = match options::read(&words) {
        Ok(task) => task,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let done = match task {
        Task::Eval(wanted) => eval::run(&wanted),
        Task::Simulate { to, seed, pattern, from_test_week } => {
            made::folder(&to, seed, pattern, from_test_week)
        }
        Task::Ship => made::ship(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::FAILURE
        }
    }
}
