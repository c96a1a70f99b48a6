//! What was proved, for people and for machines.

use crate::prover::{Outcome, Proof, Refutation};
use serde::Serialize;
use std::{fmt::Write, time::Duration};

/// The proofs of one set of rules: the floor, or the floor and a bank's policies.
#[derive(Debug, Clone)]
pub struct Report {
    /// The bank's name; for the floor alone `policies`.
    pub name: String,
    /// The digest of the rules, as decisions carry it.
    pub digest: [u8; 32],
    /// The solver and its version.
    pub solver: String,
    /// The proofs.
    pub proofs: Vec<Proof>,
}

#[derive(Serialize)]
struct Transcript<'a> {
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proved_at: Option<String>,
    solver: &'a str,
    theorems: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: String,
    words: &'a str,
    environments: usize,
    holds: bool,
    millis: u128,
}

impl Report {
    /// Whether all theorems hold.
    pub fn holds(&self) -> bool {
        self.proofs.iter().all(Proof::holds)
    }

    /// The report as JSON: `{digest, proved_at, solver, theorems: [{name, words, environments, holds, millis}]}`.
    /// The name of a theorem is that of its rules and its own: `floor/never-fails`.
    pub fn json(&self, proved_at: Option<jiff::Timestamp>) -> Result<String, serde_json::Error> {
        let theorems = self.proofs.iter().map(|proof| Line {
            name: format!("{}/{}", proof.case, proof.name),
            words: &proof.words,
            environments: proof.environments,
            holds: proof.holds(),
            millis: proof.took.as_millis(),
        });
        let transcript = Transcript {
            digest: self.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            proved_at: proved_at.map(|at| at.to_string()),
            solver: &self.solver,
            theorems: theorems.collect(),
        };
        serde_json::to_string_pretty(&transcript)
    }
}

/// A line for each proof; under one that fails, what shows it.
pub fn lines(proofs: &[Proof]) -> String {
    let mut text = String::new();
    for proof in proofs {
        let mark = if proof.holds() { "holds" } else { "FAILS" };
        let _ = writeln!(
            text,
            "{mark}  {:30} {:>3} env {}  {}",
            format!("{}/{}", proof.case, proof.name),
            proof.environments,
            seconds(proof.took),
            proof.words
        );
        if let Outcome::Fails { places, why } = &proof.outcome {
            let _ = writeln!(text, "{}", indented(&reason(places, why)));
        }
    }
    text
}

fn seconds(took: Duration) -> String {
    format!("{:>6.2} s", took.as_secs_f64())
}

fn reason(places: &[String], why: &Refutation) -> String {
    let place = match places {
        [] => String::new(),
        [one] => format!("for {one}\n"),
        [first, rest @ ..] => format!("for {first} and {} more\n", rest.len()),
    };
    let found = match why {
        Refutation::Request(shown) => format!("counter-example: {shown}"),
        Refutation::Unserved(service) => {
            format!("no request of a {} to {} is allowed when {}", service.who, service.action, service.when)
        }
        Refutation::Shape(clauses) => clauses.join("\n"),
        Refutation::Unanswered(why) => format!("not proved: {why}"),
    };
    format!("{place}{found}")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("       {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome) -> Report {
        let proof = Proof {
            case: "floor".to_owned(),
            name: "never-fails".to_owned(),
            words: "No clause can fail.".to_owned(),
            environments: 25,
            took: Duration::from_millis(1500),
            outcome,
        };
        Report {
            name: "policies".to_owned(),
            digest: [1; 32],
            solver: "cvc5 1.0.3".to_owned(),
            proofs: vec![proof],
        }
    }

    #[test]
    fn a_theorem_is_one_line() {
        let told = lines(&report(Outcome::Holds).proofs);
        assert_eq!(told, "holds  floor/never-fails               25 env   1.50 s  No clause can fail.\n");
    }

    #[test]
    fn no_answer_of_the_solver_is_a_failure() {
        let why = Refutation::Unanswered("solver returned `unknown`".to_owned());
        let report = report(Outcome::Fails { places: vec!["Staff OrderPayment".to_owned()], why });
        assert!(!report.holds());
        let told = lines(&report.proofs);
        assert!(
            told.starts_with("FAILS") && told.contains("not proved: solver returned `unknown`"),
            "{told}"
        );
        assert!(told.contains("for Staff OrderPayment"), "{told}");
    }

    #[test]
    fn the_transcript_tells_digest_and_theorems() {
        let json: serde_json::Value =
            serde_json::from_str(&report(Outcome::Holds).json(None).unwrap()).unwrap();
        assert_eq!(json["digest"], "01".repeat(32));
        assert_eq!(json["theorems"][0]["name"], "floor/never-fails");
        assert_eq!(json["theorems"][0]["holds"], true);
        assert_eq!(json["theorems"][0]["millis"], 1500);
        assert!(json.get("proved_at").is_none());
    }
}
