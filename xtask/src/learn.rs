//! `cargo xtask train` and `cargo xtask eval`: build the program that makes and measures the artefacts of the understanding,
//! or of the fraud engine, and run it. It is an example of the crate, because it uses the product and this program must not.

use crate::{
    fault::Fault,
    leash,
    tree::{cargo, target},
};
use std::{fs, path::PathBuf, process::Stdio, time::Duration};

/// A release build, and a fine-tuning on a slow machine.
const LIMIT: Duration = Duration::from_hours(4);

/// The crate that holds the published weights of MiniLM-L3. Nothing of it is compiled.
const WEIGHTS: &str = "pocket-encoder-0.1.2";

/// Runs `learn` with `words`.
pub fn run(words: &[&str]) -> Result<(), Fault> {
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let trains = words.first().is_some_and(|word| word == "train");
    let may_tune = words.windows(2).any(|two| two == ["--tier", "encoder"]);
    if (trains || may_tune) && !words.iter().any(|word| word == "--weights") {
        match weights() {
            Ok(folder) => words.extend(["--weights".to_owned(), folder.display().to_string()]),
            Err(fault) if trains => return Err(fault),
            // The committed layers may do.
            Err(fault) => eprintln!("without the published weights: {fault}"),
        }
    }
    example("understanding", "learn", &words)
}

/// Runs the program of the fraud engine with `words`, of which the second is `fraud`.
pub fn run_fraud(words: &[&str]) -> Result<(), Fault> {
    let words: Vec<String> = words
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != 1)
        .map(|(_, word)| (*word).to_owned())
        .collect();
    example("fraud", "fraud", &words)
}

fn example(package: &str, name: &str, words: &[String]) -> Result<(), Fault> {
    let run = ["run", "--release", "--locked", "--quiet", "-p", package, "--example", name, "--"];
    leash::run(cargo(&run).args(words), LIMIT, |_| {})
}

/// The folder with the published weights, which cargo brings from its registry if they are not on this machine yet.
fn weights() -> Result<PathBuf, Fault> {
    let dir = target().join("weights");
    let manifest = dir.join("Cargo.toml");
    fs::create_dir_all(dir.join("src")).map_err(Fault::file(&dir))?;
    fs::write(dir.join("src/lib.rs"), "").map_err(Fault::file(&dir))?;
    let text = "[package]\nname = \"weights\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\npocket-encoder = \"=0.1.2\"\n";
    fs::write(&manifest, text).map_err(Fault::file(&manifest))?;
    let mut command = cargo(&["metadata", "--format-version", "1", "--manifest-path"]);
    let told = command.arg(&manifest).stderr(Stdio::inherit()).output();
    let told = told.map_err(|source| Fault::Start { what: "cargo metadata".to_owned(), source })?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let end = format!("{WEIGHTS}/Cargo.toml\"");
    let found = told.find(&end).and_then(|to| told[..to].rfind('"').map(|from| &told[from + 1..to]));
    let remedy = "cargo must be able to reach its registry, or name the folder by --weights DIR";
    let found =
        found.ok_or(Fault::Lacks { what: "the crate pocket-encoder 0.1.2 with the weights", remedy })?;
    Ok(PathBuf::from(found).join(WEIGHTS).join("assets"))
}
