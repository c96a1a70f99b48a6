//! `cargo xtask train` and `cargo xtask eval`: makes the artefacts of the understanding, and measures how good it is. It reads
//! files and clocks, which the crate itself does not.

mod dense;
mod eval;
mod files;
mod marks;
mod nlupp;
mod opinion;
mod options;
mod product;
mod report;
mod train;
mod tune;
mod weights;

use options::{Options, Wrong};
use std::process::ExitCode;

const USAGE: &str = "\
train --data DIR [--weights DIR] [--out DIR]           makes the committed artefacts
eval banking77 [--tier T] --train F --test F           or --folds 5 instead of --test
eval clinc150 [--tier T] --train F --oos F --test F    or --folds 5 instead of --test
eval nlupp --train DIR --test DIR                      or --folds 5 instead of --test";

/// What ended a command.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error(transparent)]
    File(#[from] files::FileFault),
    #[error("{}: {source}", path.display())]
    Artefact { path: std::path::PathBuf, source: understanding::learned::bytes::Broken },
    #[error("{}: {source}", path.display())]
    Weights { path: std::path::PathBuf, source: understanding::learned::tensors::BadWeights },
    #[error("{}: {what}", path.display())]
    Unfit { path: std::path::PathBuf, what: &'static str },
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["train", rest @ ..] => {
            Options::read(rest).map_err(Fault::from).and_then(|options| train::run(&options))
        }
        ["eval", set, rest @ ..] => {
            Options::read(rest).map_err(Fault::from).and_then(|options| eval::run(set, &options))
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault @ Fault::Wrong(_)) => {
            eprintln!("error: {fault}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
