//! `cargo xtask`: the project's own tasks. It knows how to run the other crates; it uses none of them,
//! so that it is ready seconds after a clone.

mod bench;
mod compat;
mod demo;
mod fault;
mod golang;
mod learn;
mod leash;
mod machine;
mod map;
mod node;
mod schemas;
mod step;
mod tally;
mod test;
mod tree;

use fault::Fault;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--only STEP,STEP] [--list]   everything that must hold, in order; stops at the first failure
cargo xtask compat                             the same journey with clients and servers that others wrote
cargo xtask bench NAME [--backend sqlite|postgres]
                                               one measure as JSON lines: ingest, turn, alert, decisions, gate, log, prove, start,
                                               understanding or fraud
cargo xtask train --data DIR                   makes the artefacts of the understanding, the same bytes each time
cargo xtask eval banking77|clinc150|nlupp ...  how good the understanding is on files that you give, as JSON lines
cargo xtask train fraud                        makes the fraud model that ships, the same bytes each time
cargo xtask eval fraud --data DIR ...          how good the fraud engine is on a folder of payments, as JSON lines
cargo xtask map                                makes the outlines and the gazetteer of the map, the same bytes each time";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["compat"] => test::run(&["--only", "compat"]),
        ["bench", rest @ ..] => bench::run(rest),
        ["train" | "eval", "fraud", ..] => learn::run_fraud(&words),
        ["train" | "eval", ..] => learn::run(&words),
        ["map"] => map::run(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [unknown, ..] => Err(Fault::UnknownTask { found: (*unknown).to_owned() }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault::Reported) => ExitCode::FAILURE,
        Err(fault @ (Fault::UnknownTask { .. } | Fault::Option { .. })) => {
            eprintln!("{fault}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
