//! The result of the last proof, as `prove-policy` writes it, and what it says about a bank's rules.
//!
//! A file of JSON: `{"digest": "<64 hex digits>", "proved_at": "2026-11-21T09:00:00Z", "theorems": [{"name": "…",
//! "holds": true}]}`. The digest is that of what was proved: the law alone (schema and floor), which covers every
//! bank since the floor's theorems hold for any policies on top of it; or all of one bank's rules, as its decisions
//! carry it. The gateway looks for `policies.proof.json` in its data folder and for `<bank>.proof.json` beside the
//! bank's file.

use super::hex;
use domain::BankId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The name of the file in the data folder.
pub const FILE: &str = "policies.proof.json";
/// The largest proof record that is read, in bytes: a few hundred theorems fit.
const LARGEST: u64 = 256 * 1024;

/// The result of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// What was proved: 64 lowercase hexadecimal digits.
    pub digest: String,
    /// When.
    pub proved_at: Timestamp,
    /// What was found.
    pub theorems: Vec<Theorem>,
}

/// One theorem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theorem {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
}

/// Why rules count as not proved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProved {
    /// There is no result.
    #[error("no proof was made: there is no {FILE} in {}", folder.display())]
    Missing {
        /// The data folder.
        folder: PathBuf,
    },
    /// A result cannot be read.
    #[error("the result of the proof in {} cannot be read: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// Something else was proved.
    #[error(
        "the proof is of other rules: {} instead of {} (the bank's) or {} (every bank's)",
        short(found),
        short(bank),
        short(law)
    )]
    OfOtherRules {
        /// What was proved.
        found: String,
        /// The digest of the bank's rules.
        bank: String,
        /// The digest of what holds at every bank.
        law: String,
    },
    /// A theorem does not hold, or there is none.
    #[error("the proof failed: {}", if theorems.is_empty() { "it has no theorem".to_owned() } else { theorems.join(", ") })]
    DoesNotHold {
        /// The theorems that do not hold.
        theorems: Vec<String>,
    },
}

impl NotProved {
    /// The same for a bank's own people: what it means to them and whom to ask, without the places of a machine that
    /// they have never seen.
    pub fn for_staff(&self) -> String {
        match self {
            NotProved::Missing { .. } => "No proof of these rules is here. They are enforced all the same; a proof shows \
                 for every request at once that nothing gets past them. Ask whoever runs the gateway to make one with \
                 prove-policy."
                .to_owned(),
            NotProved::Unreadable { .. } => {
                "The result of the proof cannot be read, so it does not count. Ask whoever runs the gateway to make it \
                 again with prove-policy."
                    .to_owned()
            }
            NotProved::OfOtherRules { found, bank, .. } => format!(
                "The proof is of other rules ({}) than those in force ({}). Ask whoever runs the gateway to prove these \
                 with prove-policy.",
                short(found),
                short(bank)
            ),
            NotProved::DoesNotHold { theorems } => {
                let which = match theorems.is_empty() {
                    true => "it has no theorem".to_owned(),
                    false => theorems.join(", "),
                };
                format!(
                    "The proof failed: {which}. Do not rely on these rules; ask whoever runs the gateway what \
                     prove-policy found."
                )
            }
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The files in which the result may be: the bank's own, and the gateway's.
pub fn files(data: &Path, bank: &BankId, bank_file: &Path) -> [PathBuf; 2] {
    let home = bank_file.parent().unwrap_or(Path::new("."));
    [home.join(format!("{bank}.proof.json")), data.join(FILE)]
}

/// When rules of this digest were proved, by the first file that is of them; or why they count as not proved.
pub fn look(data: &Path, bank: &BankId, bank_file: &Path, digest: &[u8; 32]) -> Result<Timestamp, NotProved> {
    let mut why_not = NotProved::Missing { folder: data.to_owned() };
    for file in files(data, bank, bank_file) {
        match read(&file) {
            Ok(None) => {}
            Ok(Some(record)) => match judge(&record, digest) {
                Ok(at) => return Ok(at),
                Err(fault) => why_not = fault,
            },
            Err(fault) => why_not = fault,
        }
    }
    Err(why_not)
}

fn read(file: &Path) -> Result<Option<ProofRecord>, NotProved> {
    let unreadable = |why: String| NotProved::Unreadable { file: file.to_owned(), why };
    match fs::metadata(file) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(unreadable(fault.to_string())),
        Ok(about) if about.len() > LARGEST => {
            return Err(unreadable(format!("it has {} bytes; at most {LARGEST} are read", about.len())));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(file).map_err(|fault| unreadable(fault.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|fault| unreadable(fault.to_string()))
}

fn judge(record: &ProofRecord, digest: &[u8; 32]) -> Result<Timestamp, NotProved> {
    let (bank, law) = (hex(digest), hex(&gate::law_digest()));
    if record.digest != bank && record.digest != law {
        return Err(NotProved::OfOtherRules { found: record.digest.clone(), bank, law });
    }
    let theorems: Vec<String> =
        record.theorems.iter().filter(|theorem| !theorem.holds).map(|theorem| theorem.name.clone()).collect();
    if record.theorems.is_empty() || !theorems.is_empty() {
        return Err(NotProved::DoesNotHold { theorems });
    }
    Ok(record.proved_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn record(digest: String, holds: &[bool]) -> ProofRecord {
        let theorem = |(i, holds): (usize, &bool)| Theorem { name: format!("theorem {i}"), holds: *holds };
        ProofRecord { digest, proved_at: AT, theorems: holds.iter().enumerate().map(theorem).collect() }
    }

    #[test]
    fn a_proof_counts_for_what_it_is_of_and_only_if_all_of_it_holds() {
        let (ours, other) = ([1; 32], [2; 32]);
        assert_eq!(judge(&record(hex(&ours), &[true, true]), &ours), Ok(AT));
        assert_eq!(judge(&record(hex(&gate::law_digest()), &[true]), &ours), Ok(AT));
        let failed = NotProved::DoesNotHold { theorems: vec!["theorem 1".to_owned()] };
        assert_eq!(judge(&record(hex(&ours), &[true, false]), &ours), Err(failed));
        let none = NotProved::DoesNotHold { theorems: vec![] };
        assert_eq!(judge(&record(hex(&ours), &[]), &ours), Err(none));
        let found = judge(&record(hex(&other), &[true]), &ours).unwrap_err();
        assert!(
            matches!(found, NotProved::OfOtherRules { .. })
                && found.to_string().contains("020202020202 instead")
        );
    }

    #[test]
    fn staff_are_told_what_to_do_and_no_place_of_the_machine() {
        let place = PathBuf::from("/srv/parlour/data");
        for not in [
            NotProved::Missing { folder: place.clone() },
            NotProved::Unreadable { file: place.join(FILE), why: "permission denied".to_owned() },
            NotProved::OfOtherRules { found: hex(&[1; 32]), bank: hex(&[2; 32]), law: hex(&[3; 32]) },
            NotProved::DoesNotHold { theorems: vec!["purpose".to_owned()] },
            NotProved::DoesNotHold { theorems: vec![] },
        ] {
            let said = not.for_staff();
            assert!(said.contains("whoever runs the gateway") && said.contains("prove-policy"), "{said}");
            assert!(!said.contains('/') && !said.contains(FILE), "{said}");
        }
    }

    #[test]
    fn a_missing_and_a_broken_file_are_told_apart_and_the_banks_own_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let (bank, bank_file): (BankId, _) =
            ("harbour".parse().unwrap(), dir.path().join("banks/harbour.toml"));
        fs::create_dir(dir.path().join("banks")).unwrap();
        let found = || look(dir.path(), &bank, &bank_file, &[1; 32]);
        assert_eq!(found(), Err(NotProved::Missing { folder: dir.path().to_owned() }));
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(matches!(found(), Err(NotProved::Unreadable { .. })));
        let ours = serde_json::to_string(&record(hex(&[1; 32]), &[true])).unwrap();
        fs::write(dir.path().join("banks/harbour.proof.json"), ours).unwrap();
        assert_eq!(found(), Ok(AT));
    }
}
