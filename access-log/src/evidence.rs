//! Evidence: what an auditor takes home. Entries with their proofs, the checkpoint that they are proven by,
//! earlier checkpoints, and the texts of the policies that decided, in one file of JSON lines.
//!
//! Each part is checked by itself against the log: entries and earlier checkpoints by their hashes, policy
//! texts by the digest that the entries name. What no hash of the log covers (the proof's transcript, the
//! time) is held by the seal: the last line, a note that the log's key signed over all lines before it.

use crate::consent_leaf::ConsentLeaf;
use crate::entry::{Entry, NotAnEntry};
use crate::key::LogKey;
use crate::leaf::Leaf;
use crate::merkle::{Hash, leaf_hash};
use crate::note::{Checkpoint, CheckpointFault};
use crate::opening::{base64, from_base64, hexadecimal};
use crate::proof::{MAX_PROOF_HASHES, check_consistency, check_inclusion};
use crate::trust::Trust;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The largest evidence that is read.
pub const MAX_EVIDENCE_BYTES: usize = 64 * 1024 * 1024;

/// The most entries in one piece of evidence: with a full proof each it stays below half the limit of bytes.
pub const MAX_EVIDENCE_ENTRIES: usize = 10_000;

/// The layout of the file.
const VERSION: u32 = 1;

/// What the seal is about, after the log's name.
const ABOUT: &str = "evidence";

/// What an auditor takes home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// When it was put together, for people.
    pub made_at: String,
    /// What all is proven by, signatures and all.
    pub checkpoint: String,
    /// Checkpoints that were kept earlier, each with the proof that the log only grew since.
    pub earlier: Vec<Earlier>,
    /// The texts that decided, by digest.
    pub policies: Vec<Policy>,
    /// Further texts, such as the transcript of a proof.
    pub texts: Vec<Text>,
    /// The entries.
    pub entries: Vec<Proven>,
}

/// An earlier checkpoint with its consistency proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The checkpoint, signatures and all.
    pub checkpoint: String,
    /// The hashes, in base64.
    #[serde(with = "hashes")]
    pub proof: Vec<Hash>,
}

/// The texts that one policy digest stands for. The digest is SHA-256 over name and text of each, both after
/// their length in bytes (64 bits, most significant first).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// In hexadecimal digits.
    pub digest: String,
    /// In the order in which they are hashed.
    pub texts: Vec<Text>,
}

/// A named text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Its name, such as that of a file.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// An entry with its inclusion proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Its place in the log.
    pub index: u64,
    /// The entry.
    pub leaf: Vec<u8>,
    /// From the leaf up to the root.
    pub proof: Vec<Hash>,
}

impl Policy {
    /// The digest that these texts make.
    pub fn digest_of(texts: &[Text]) -> [u8; 32] {
        Sha256::digest(Policy::bytes_of(texts)).into()
    }

    /// The very bytes over which the digest of these texts is taken.
    pub fn bytes_of(texts: &[Text]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in texts.iter().flat_map(|one| [&one.name, &one.text]) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    /// Reads what [`Policy::bytes_of`] wrote. None for anything else.
    pub fn texts_of(mut bytes: &[u8]) -> Option<Vec<Text>> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            parts.push(std::str::from_utf8(part).ok()?.to_owned());
            bytes = rest;
        }
        let (pairs, []) = parts.as_chunks::<2>() else { return None };
        Some(pairs.iter().map(|[name, text]| Text { name: name.clone(), text: text.clone() }).collect())
    }
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Evidence {
        version: u32,
        log: String,
        made_at: String,
    },
    Checkpoint(String),
    Earlier(Earlier),
    Policy(Policy),
    Text(Text),
    Entry {
        index: u64,
        leaf: String,
        #[serde(with = "hashes")]
        proof: Vec<Hash>,
    },
    Seal(String),
}

mod hashes {
    use super::{Hash, MAX_PROOF_HASHES};
    use serde::{Deserialize, Deserializer, Serializer, de::Error, ser::SerializeSeq};

    pub fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(hashes.len()))?;
        for hash in hashes {
            list.serialize_element(&hash.to_string())?;
        }
        list.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        if texts.len() > MAX_PROOF_HASHES {
            return Err(D::Error::custom("no proof has so many hashes"));
        }
        let hash = |text: &String| Hash::parse(text).ok_or_else(|| D::Error::custom("not a hash in base64"));
        texts.iter().map(hash).collect()
    }
}

impl Evidence {
    /// Writes the file, sealed with a key of the log.
    pub fn write(&self, key: &LogKey) -> Vec<u8> {
        let log = key.origin().to_owned();
        let head = Line::Evidence { version: VERSION, log, made_at: self.made_at.clone() };
        let entry = |one: &Proven| Line::Entry {
            index: one.index,
            leaf: base64(&one.leaf),
            proof: one.proof.clone(),
        };
        let mut bytes = Vec::new();
        let lines = [head, Line::Checkpoint(self.checkpoint.clone())]
            .into_iter()
            .chain(self.earlier.iter().cloned().map(Line::Earlier))
            .chain(self.policies.iter().cloned().map(Line::Policy))
            .chain(self.texts.iter().cloned().map(Line::Text))
            .chain(self.entries.iter().map(entry));
        for line in lines {
            push(&mut bytes, &line);
        }
        let sealed = key.sign_about(ABOUT, &format!("{}\n", base64(&Sha256::digest(&bytes))));
        push(&mut bytes, &Line::Seal(sealed));
        bytes
    }
}

fn push(bytes: &mut Vec<u8>, line: &Line) {
    serde_json::to_writer(&mut *bytes, line).expect("plain data can be written to memory");
    bytes.push(b'\n');
}

/// What evidence shows, once it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it was put together.
    pub made_at: String,
    /// What all is proven by.
    pub checkpoint: Checkpoint,
    /// The sizes of the earlier checkpoints.
    pub earlier: Vec<u64>,
    /// The decisions, with their places.
    pub entries: Vec<(u64, Leaf)>,
    /// The changes of consents, with their places.
    pub changes: Vec<(u64, ConsentLeaf)>,
    /// The texts that decided.
    pub policies: Vec<Policy>,
    /// The further texts.
    pub texts: Vec<Text>,
    /// Policy digests that entries name and whose texts are not here, in hexadecimal digits.
    pub without_text: Vec<String>,
}

/// What is wrong with evidence, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// Longer than [`MAX_EVIDENCE_BYTES`].
    #[error("evidence has at most {MAX_EVIDENCE_BYTES} bytes, this has {found}")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// A line is not what the format has there.
    #[error("line {line} cannot be read: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What the reader says.
        why: String,
    },
    /// A checkpoint, or the seal, is not to be believed.
    #[error("line {line}: {fault}")]
    Checkpoint {
        /// Counted from 1.
        line: usize,
        /// How.
        fault: CheckpointFault,
    },
    /// The log at an earlier checkpoint is not the beginning of this one.
    #[error("line {line}: the log of size {old} is not the beginning of the one of size {size}")]
    Inconsistent {
        /// Counted from 1.
        line: usize,
        /// The earlier size.
        old: u64,
        /// The size now.
        size: u64,
    },
    /// Texts do not make the digest they are said to have.
    #[error("line {line}: the texts make the digest {found}, not {expected}")]
    Policy {
        /// Counted from 1.
        line: usize,
        /// The digest they are said to have.
        expected: String,
        /// What they make.
        found: String,
    },
    /// An entry is not in the log at that place.
    #[error("line {line}: entry {index} of the log at size {size} is another one")]
    NotThisEntry {
        /// Counted from 1.
        line: usize,
        /// The place it is said to have.
        index: u64,
        /// The size of the log.
        size: u64,
    },
    /// An entry is proven but is no leaf of this kind of log.
    #[error("line {line}: {fault}")]
    NotALeaf {
        /// Counted from 1.
        line: usize,
        /// How.
        fault: NotAnEntry,
    },
    /// The seal is over other lines than these: something was changed, added or taken out.
    #[error("line {line}: the seal is over other lines than those before it")]
    Seal {
        /// Counted from 1.
        line: usize,
    },
}

/// Checks evidence: each part against the log, and the whole against its seal.
pub fn check_evidence(bytes: &[u8], trust: &Trust) -> Result<Summary, EvidenceFault> {
    if bytes.len() > MAX_EVIDENCE_BYTES {
        return Err(EvidenceFault::TooLong { found: bytes.len() });
    }
    let mut reading = Reading::begin(bytes, trust)?;
    loop {
        let line = reading.number + 1;
        match reading.next()? {
            Line::Earlier(earlier) => reading.earlier(line, &earlier)?,
            Line::Policy(policy) => reading.policy(line, policy)?,
            Line::Text(text) => reading.summary.texts.push(text),
            Line::Entry { index, leaf, proof } => reading.entry(line, index, &leaf, &proof)?,
            Line::Seal(seal) => {
                reading.seal(line, &seal)?;
                return Ok(reading.end());
            }
            Line::Evidence { .. } | Line::Checkpoint(_) => {
                return Err(wrong(line, "there is one such line, at the beginning"));
            }
        }
    }
}

fn wrong(line: usize, why: impl ToString) -> EvidenceFault {
    EvidenceFault::Line { line, why: why.to_string() }
}

struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
    number: usize,
    trust: &'a Trust,
    summary: Summary,
}

impl<'a> Reading<'a> {
    fn begin(bytes: &'a [u8], trust: &'a Trust) -> Result<Reading<'a>, EvidenceFault> {
        let (first, at) = read_line(bytes, 0, 1)?;
        let Line::Evidence { version: VERSION, log, made_at } = first else {
            return Err(wrong(1, format!("evidence of version {VERSION} begins otherwise")));
        };
        if log != trust.origin() {
            let fault = CheckpointFault::Origin { expected: trust.origin().to_owned(), found: log };
            return Err(EvidenceFault::Checkpoint { line: 1, fault });
        }
        let (second, at) = read_line(bytes, at, 2)?;
        let Line::Checkpoint(text) = second else { return Err(wrong(2, "a checkpoint should be here")) };
        let checkpoint = trust.open(text.as_bytes());
        let checkpoint = checkpoint.map_err(|fault| EvidenceFault::Checkpoint { line: 2, fault })?;
        let summary = Summary {
            made_at,
            checkpoint,
            earlier: Vec::new(),
            entries: Vec::new(),
            changes: Vec::new(),
            policies: Vec::new(),
            texts: Vec::new(),
            without_text: Vec::new(),
        };
        Ok(Reading { bytes, at, number: 2, trust, summary })
    }

    fn next(&mut self) -> Result<Line, EvidenceFault> {
        let (line, at) = read_line(self.bytes, self.at, self.number + 1)?;
        if !matches!(line, Line::Seal(_)) {
            self.at = at;
        }
        self.number += 1;
        Ok(line)
    }

    fn earlier(&mut self, line: usize, earlier: &Earlier) -> Result<(), EvidenceFault> {
        let Checkpoint { size, root, .. } = self.summary.checkpoint;
        // Witnesses may have come later than an old checkpoint, so only the log's signature is asked for.
        let old = self.trust.open_without_witnesses(earlier.checkpoint.as_bytes());
        let old = old.map_err(|fault| EvidenceFault::Checkpoint { line, fault })?;
        check_consistency(&earlier.proof, size, root, old.size, old.root)
            .map_err(|_| EvidenceFault::Inconsistent { line, old: old.size, size })?;
        self.summary.earlier.push(old.size);
        Ok(())
    }

    fn policy(&mut self, line: usize, policy: Policy) -> Result<(), EvidenceFault> {
        let found = Policy::digest_of(&policy.texts);
        if hexadecimal(&policy.digest) != Some(found) {
            let found = in_hexadecimal(&found);
            return Err(EvidenceFault::Policy { line, expected: policy.digest, found });
        }
        self.summary.policies.push(policy);
        Ok(())
    }

    fn entry(&mut self, line: usize, index: u64, leaf: &str, proof: &[Hash]) -> Result<(), EvidenceFault> {
        if self.summary.entries.len() + self.summary.changes.len() == MAX_EVIDENCE_ENTRIES {
            return Err(wrong(line, format!("evidence has at most {MAX_EVIDENCE_ENTRIES} entries")));
        }
        let Checkpoint { size, root, .. } = self.summary.checkpoint;
        let leaf = from_base64(leaf).ok_or_else(|| wrong(line, "the leaf is not base64"))?;
        check_inclusion(proof, size, root, index, leaf_hash(&leaf))
            .map_err(|_| EvidenceFault::NotThisEntry { line, index, size })?;
        match Entry::decode(&leaf).map_err(|fault| EvidenceFault::NotALeaf { line, fault })? {
            Entry::Decision(leaf) => self.summary.entries.push((index, leaf)),
            Entry::Consent(leaf) => self.summary.changes.push((index, leaf)),
        }
        Ok(())
    }

    /// The seal must be the last line, signed by the log, over the digest of all lines before it.
    fn seal(&self, line: usize, seal: &str) -> Result<(), EvidenceFault> {
        let (_, end) = read_line(self.bytes, self.at, line)?;
        if end != self.bytes.len() {
            return Err(wrong(line + 1, "nothing follows the seal"));
        }
        let body = self.trust.signed(seal).map_err(|fault| EvidenceFault::Checkpoint { line, fault })?;
        let digest = base64(&Sha256::digest(&self.bytes[..self.at]));
        let expected = format!("{}/{ABOUT}\n{digest}\n", self.trust.origin());
        if body == expected { Ok(()) } else { Err(EvidenceFault::Seal { line }) }
    }

    fn end(mut self) -> Summary {
        let here: BTreeSet<&str> =
            self.summary.policies.iter().map(|policy| policy.digest.as_str()).collect();
        let named: BTreeSet<String> =
            self.summary.entries.iter().map(|(_, leaf)| in_hexadecimal(&leaf.policy_digest)).collect();
        let missing = named.into_iter().filter(|digest| !here.contains(digest.as_str())).collect();
        self.summary.without_text = missing;
        self.summary
    }
}

/// One line, and where the next begins.
fn read_line(bytes: &[u8], at: usize, number: usize) -> Result<(Line, usize), EvidenceFault> {
    let rest = &bytes[at..];
    let end = rest.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or_else(|| wrong(number, "the evidence breaks off before its seal"))?;
    let line: Line = serde_json::from_slice(&rest[..end]).map_err(|fault| wrong(number, fault))?;
    Ok((line, at + end + 1))
}

fn in_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
