//! Evidence for auditors: entries of a bank's log with their proofs and the texts that decided, in one file
//! that `parlour-verify bundle` accepts. Nothing in it is about a person.

use crate::{
    app::App,
    keys::KeyFault,
    logs::{self, LogFault, Logs},
    policy::{
        hex,
        kept::{self, KeptFault},
        proof as policy_proof,
    },
};
use access_log::{
    BadTrust, Earlier, Evidence, Fault, Leaf, MAX_CHECKPOINT_BYTES, MAX_EVIDENCE_ENTRIES, Policy, ProofError,
    Proven, Text, Trust, consistency_proof, entries_from, inclusion_proof, published,
};
use domain::BankId;
use std::{collections::BTreeSet, fs, io, ops::Range, path::Path};

/// The longest result of a proof that is put into evidence.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum NoEvidence {
    /// No entries were asked for, or more than one file takes.
    #[error("{asked} entries were asked for; evidence has 1 to {MAX_EVIDENCE_ENTRIES}")]
    Entries {
        /// How many were asked for.
        asked: u64,
    },
    /// An entry is not in the published log.
    #[error("entry {index} was asked for; the published log has {size} entries")]
    NotPublished {
        /// The entry.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The log.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The log's keys.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The policies that decided.
    #[error(transparent)]
    Policies(#[from] KeptFault),
    /// A text that was kept.
    #[error("{file}: {source}")]
    Text {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}

impl From<Fault> for NoEvidence {
    fn from(fault: Fault) -> NoEvidence {
        NoEvidence::Log(fault.into())
    }
}

impl From<BadTrust> for NoEvidence {
    fn from(fault: BadTrust) -> NoEvidence {
        NoEvidence::Log(fault.into())
    }
}

/// Evidence on the entries from one place of a bank's log to before another.
pub async fn bundle(app: &App, bank: &BankId, range: Range<u64>) -> Result<Vec<u8>, NoEvidence> {
    let asked = range.end.saturating_sub(range.start);
    if asked > MAX_EVIDENCE_ENTRIES as u64 {
        return Err(NoEvidence::Entries { asked });
    }
    of(app, bank, range.collect(), vec![]).await
}

/// Evidence on these entries of a bank's log, which need not follow each other, with further texts such as
/// the transcript of a proof.
pub async fn of(
    app: &App,
    bank: &BankId,
    indexes: Vec<u64>,
    texts: Vec<Text>,
) -> Result<Vec<u8>, NoEvidence> {
    let asked = indexes.len() as u64;
    if asked == 0 || asked > MAX_EVIDENCE_ENTRIES as u64 {
        return Err(NoEvidence::Entries { asked });
    }
    let (logs, bank, made_at) = (app.logs.clone(), bank.clone(), app.clock.now().to_string());
    logs::in_thread(move || gather(&logs, &bank, &indexes, texts, made_at)).await
}

fn gather(
    logs: &Logs,
    bank: &BankId,
    indexes: &[u64],
    texts: Vec<Text>,
    made_at: String,
) -> Result<Vec<u8>, NoEvidence> {
    let (folder, ring) = (logs.folder(bank), logs.ring(bank)?);
    let folder = folder.as_path();
    let trust = Trust::new(&ring.verifier_keys(), &[], 0)?;
    let checkpoint = published(folder, &trust)?;
    let mut entries = Vec::with_capacity(indexes.len());
    let mut read = Bundle { first: 0, entries: vec![] };
    for &index in indexes {
        if index >= checkpoint.size {
            return Err(NoEvidence::NotPublished { index, size: checkpoint.size });
        }
        let leaf = read.entry(folder, checkpoint.size, index)?;
        entries.push(Proven { index, leaf, proof: inclusion_proof(folder, &checkpoint, index)? });
    }
    let evidence = Evidence {
        made_at,
        earlier: witnessed_before(folder, &trust, &checkpoint)?,
        policies: policies(logs.data(), &entries)?,
        checkpoint: checkpoint.text,
        texts: proof(logs.data())?.into_iter().chain(texts).collect(),
        entries,
    };
    let key = ring.newest().expect("the newest key of a ring can sign");
    Ok(evidence.write(key))
}

/// The bundle that was read last: entries that follow each other are mostly in one.
struct Bundle {
    first: u64,
    entries: Vec<Vec<u8>>,
}

impl Bundle {
    fn entry(&mut self, folder: &Path, size: u64, index: u64) -> Result<Vec<u8>, NoEvidence> {
        let here = |read: &Bundle| {
            let place = usize::try_from(index.checked_sub(read.first)?).ok()?;
            read.entries.get(place).cloned()
        };
        if let Some(entry) = here(self) {
            return Ok(entry);
        }
        *self = Bundle { first: index, entries: entries_from(folder, size, index)? };
        here(self).ok_or(NoEvidence::NotPublished { index, size })
    }
}

/// The newest checkpoint that witnesses signed, if that is another than the newest.
fn witnessed_before(
    folder: &Path,
    trust: &Trust,
    newest: &access_log::Checkpoint,
) -> Result<Vec<Earlier>, NoEvidence> {
    use access_log::LogFiles;
    let text = folder.read("checkpoint.witnessed", MAX_CHECKPOINT_BYTES as u64).map_err(LogFault::from)?;
    let Some(old) = text.and_then(|text| trust.open(&text).ok()).filter(|old| old.size <= newest.size) else {
        return Ok(vec![]);
    };
    let proof = consistency_proof(folder, newest, old.size)?;
    Ok(vec![Earlier { checkpoint: old.text, proof }])
}

/// The texts that decided, as far as they were kept.
fn policies(data: &Path, entries: &[Proven]) -> Result<Vec<Policy>, NoEvidence> {
    let digests: BTreeSet<[u8; 32]> =
        entries.iter().filter_map(|one| Some(Leaf::decode(&one.leaf).ok()?.policy_digest)).collect();
    let mut policies = vec![];
    for digest in digests {
        let Some(kept) = kept::find(data, &digest)? else { continue };
        let texts = kept.named().into_iter().map(|(name, text)| self::text(name, text)).collect();
        policies.push(Policy { digest: hex(&digest), texts });
    }
    Ok(policies)
}

/// What was proved: the digest of schema and floor, and the result of the last proof, if there is one.
fn proof(data: &Path) -> Result<Vec<Text>, NoEvidence> {
    let mut texts = vec![text("law.sha256", &hex(&gate::law_digest()))];
    let path = data.join(policy_proof::FILE);
    match fs::read_to_string(&path) {
        Ok(result) if result.len() <= MAX_TEXT_BYTES => texts.push(text(policy_proof::FILE, &result)),
        Ok(_) => tracing::warn!(file = %path.display(), "the result of the proof is too long for evidence"),
        Err(absent) if absent.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(NoEvidence::Text { file: path.display().to_string(), source }),
    }
    Ok(texts)
}

fn text(name: &str, text: &str) -> Text {
    Text { name: name.to_owned(), text: text.to_owned() }
}
