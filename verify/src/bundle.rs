//! `parlour-verify bundle`: what an auditor took home, checked without asking anybody.

use crate::{Keys, fault::Fault, input};
use access_log::{MAX_EVIDENCE_BYTES, Summary, Trust, check_evidence};
use clap::Args;
use std::path::{Path, PathBuf};

/// Which evidence.
#[derive(Args)]
pub struct Bundle {
    /// A file of evidence, or a folder with such files (*.jsonl).
    place: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

impl Bundle {
    /// Checks it and tells what it shows.
    pub fn check(self) -> Result<String, Fault> {
        let trust = self.keys.trust()?;
        if !self.place.is_dir() {
            return one(&self.place, &trust);
        }
        let fault = |source| Fault::File { path: self.place.clone(), source };
        let mut files = vec![];
        for file in self.place.read_dir().map_err(fault)? {
            files.push(file.map_err(fault)?.path());
        }
        files.retain(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
        files.sort();
        if files.is_empty() {
            return Err(Fault::NoEvidence { path: self.place });
        }
        let said: Result<Vec<String>, Fault> =
            files.iter().map(|file| Ok(format!("{}\n{}", file.display(), one(file, &trust)?))).collect();
        Ok(said?.join("\n"))
    }
}

fn one(file: &Path, trust: &Trust) -> Result<String, Fault> {
    let summary = check_evidence(&input::read(file, MAX_EVIDENCE_BYTES)?, trust)?;
    let Summary { checkpoint, entries, changes, earlier, policies, texts, without_text, made_at } = summary;
    let allowed = entries.iter().filter(|(_, leaf)| leaf.allowed).count();
    let mut said = format!(
        "{}: {} entries ({allowed} yes, {} no), each in the log as it was at {} entries; nothing was changed since {made_at}",
        checkpoint.origin,
        entries.len(),
        entries.len() - allowed,
        checkpoint.size
    );
    if !changes.is_empty() {
        said.push_str(&format!("\nand {} changes of consents", changes.len()));
    }
    for size in earlier {
        said.push_str(&format!("\nthe log of {size} entries is the beginning of it"));
    }
    for policy in policies {
        let names: Vec<&str> = policy.texts.iter().map(|text| text.name.as_str()).collect();
        said.push_str(&format!("\nrules {}: {}", policy.digest, names.join(", ")));
    }
    for digest in without_text {
        said.push_str(&format!("\nrules {digest}: the texts are not in this evidence"));
    }
    for text in texts {
        said.push_str(&format!("\ntext: {}", text.name));
    }
    Ok(said)
}
