//! Conversations as plain text, one journey a file, each walked through the real server and the sandbox bank. The
//! form of a file is described in docs/journeys.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../conversation/house.rs"]
#[expect(dead_code, reason = "journeys use a part of it")]
mod house;
mod script;
mod walk;

use libtest_mimic::{Arguments, Failed, Trial};
use std::{fs, path::Path};

/// How many journeys are promised.
const PROMISED: usize = 60;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journeys/files");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "journey"));
    files.sort();
    assert!(files.len() >= PROMISED, "{} journeys in {}", files.len(), folder.display());
    let trials = files.into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || walked(&file))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// Reads a file and walks it.
fn walked(file: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    let script = script::read(&text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(walk::walk(&script)).map_err(Failed::from)
}
