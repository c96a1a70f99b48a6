//! `prove-policy`, as somebody runs it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use gate_proof::{Effort, Law, Outcome, Refutation, Solver, floor_cases, prove};
use std::{
    fs,
    num::NonZeroUsize,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

fn prove_policy() -> Command {
    Command::new(env!("CARGO_BIN_EXE_prove-policy"))
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_floor_and_the_policies_of_a_folder_are_proved_and_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let night = "forbid (principal, action, resource) when { context.hour < 6 };";
    fs::write(dir.path().join("harbour.cedar"), night).unwrap();
    let output =
        prove_policy().arg("--banks").arg(dir.path()).arg("--json-dir").arg(dir.path()).output().unwrap();
    let (code, out, err) = told(&output);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(!out.contains("FAILS") && out.contains("holds  floor/seven-services"), "{out}");
    assert!(out.contains("holds  harbour/within-the-floor"), "{out}");
    let written = fs::read_to_string(dir.path().join("harbour.proof.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(json["digest"].as_str().unwrap().len(), 64);
    let theorems = json["theorems"].as_array().unwrap();
    assert!(theorems.len() > gate_proof::PROMISES.len(), "{json}");
    assert!(theorems.iter().all(|theorem| theorem["holds"] == true && theorem["name"].is_string()));
}

#[test]
fn without_the_solver_the_package_is_named() {
    let output = prove_policy().env_remove("CVC5").env("PATH", "/nowhere").output().unwrap();
    let (code, out, err) = told(&output);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("Debian package `cvc5`"), "{err}");
}

/// A solver that never knows.
fn clueless(dir: &Path) -> std::path::PathBuf {
    let path = dir.join("cvc5");
    let script = "#!/bin/sh\n\
        if [ \"$1\" = --version ]; then echo 'This is cvc5 version 0.0.0'; exit; fi\n\
        while read -r line; do case \"$line\" in *check-sat*) echo unknown;; esac; done\n";
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn what_the_solver_does_not_know_is_not_proved() {
    let dir = tempfile::tempdir().unwrap();
    let solver = Solver::at(clueless(dir.path())).unwrap();
    let mut cases = floor_cases(&Law::shipped().read().unwrap()).unwrap();
    cases.iter_mut().for_each(|case| case.theorems.retain(|theorem| theorem.name == "seven-services"));
    let proofs = prove(&solver, &cases[..1], NonZeroUsize::MIN, Effort::FirstFailure).unwrap();
    let why = Refutation::Unanswered("solver returned `unknown`".to_owned());
    assert!(matches!(&proofs[0].outcome, Outcome::Fails { why: found, .. } if *found == why), "{proofs:?}");
}

#[test]
fn policies_that_are_wrong_are_told_before_anything_is_proved_of_them() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("harbour.cedar"),
        "forbid (principal, action, resource) when { context.mood };",
    )
    .unwrap();
    let solver = clueless(dir.path());
    let run =
        |banks: &Path| told(&prove_policy().env("CVC5", &solver).arg("--banks").arg(banks).output().unwrap());
    let (code, _, err) = run(dir.path());
    assert_eq!(code, Some(2));
    assert!(err.contains("the policies of harbour are not strictly valid") && err.contains("mood"), "{err}");
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = run(empty.path());
    assert_eq!(code, Some(2));
    assert!(err.contains("there are no policies in it"), "{err}");
}
