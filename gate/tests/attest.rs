//! Whoever can say that an entry is logged can make a permit, so only one place in the workspace does.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The one place that may.
const SEQUENCER: &str = "store/src/sequencer.rs";

/// All Rust sources below a folder. What a build wrote is left out.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a program that is shipped cannot have it: tests, and the gate itself.
fn is_never_shipped(path: &str) -> bool {
    path.split('/').any(|part| part == "tests") || path.starts_with("gate/") || path.starts_with("testkit/")
}

#[test]
fn only_the_sequencer_says_that_an_entry_is_logged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let mut found = Vec::new();
    sources(&root, &mut found);
    assert!(found.len() > 20, "the scan has lost its way: {} files", found.len());
    let others: Vec<String> = found
        .iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains("::attest"))
        .map(|path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
        .filter(|path| path != SEQUENCER && !is_never_shipped(path))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}
