//! The rules in force. They are swapped whole: whoever took a gate keeps it to the end of their turn.

use super::{
    hex, kept,
    kept::KeptFault,
    proof::{self, NotProved},
    table,
};
use crate::{
    config::{BankFile, ConfigFault},
    tenant::Tenants,
};
use domain::{BankId, Channel, DataClass};
use gate::{BankRules, Gate, Offer, PolicyFault};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// Why rules are not put in force. Those that were stay.
#[derive(Debug, thiserror::Error)]
pub enum PolicyTrouble {
    /// A bank's file or a table of tests has mistakes.
    #[error("{}", joined(.0))]
    Files(Vec<ConfigFault>),
    /// The policies are not sound.
    #[error("{}", joined(.0))]
    Policies(Vec<PolicyFault>),
    /// The policies answer otherwise than the bank's tests expect.
    #[error("{}", joined(.0))]
    Tests(Vec<ConfigFault>),
    /// A proof is required and there is none that holds.
    #[error("bank {bank}: {why}\n  help: run prove-policy, or say `require_proof = false`")]
    NotProved {
        /// The bank.
        bank: BankId,
        /// Why it counts as not proved.
        why: NotProved,
    },
    /// They could not be kept for auditors.
    #[error("the rules could not be kept: {0}")]
    NotKept(#[from] KeptFault),
}

fn joined<T: fmt::Display>(faults: &[T]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// How the policy of one bank stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    /// The digest of the rules in force, in hexadecimal.
    pub digest: String,
    /// Since when they are.
    pub since: Timestamp,
    /// When they were proved, or why they count as not proved.
    pub proved: Result<Timestamp, NotProved>,
    /// How many policy tests they passed.
    pub tests: usize,
    /// What is wrong with newer rules, which are not in force, and since when. Names files without their folders.
    pub trouble: Option<(Timestamp, String)>,
    /// The keys of the bank's file that were changed and take effect at the next start.
    pub after_restart: Vec<&'static str>,
}

/// What is closed for now, laid over what a bank's files say. It can only narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Classes of data, with the words to customers.
    pub classes: BTreeMap<DataClass, String>,
    /// Channels, with the words to customers.
    pub channels: BTreeMap<Channel, String>,
}

impl Narrowing {
    /// Rules with this laid over.
    pub fn over(&self, mut rules: BankRules) -> BankRules {
        for (class, reason) in &self.classes {
            rules.offered.insert(*class, Offer::No { reason: reason.clone() });
        }
        rules.refused_channels.extend(self.channels.clone());
        rules
    }
}

/// The rules in force at all banks.
pub struct InForce {
    data: PathBuf,
    require_proof: bool,
    tenants: Tenants,
    held: RwLock<Held>,
    /// Held while rules are read and tested, so that two changes do not undo each other.
    changing: Mutex<()>,
}

struct Held {
    gate: Arc<Gate>,
    banks: BTreeMap<BankId, OfBank>,
}

#[derive(Clone)]
struct OfBank {
    /// The bank's file as its rules in force come from it.
    file: BankFile,
    /// The file as the gateway started with it.
    started: Arc<BankFile>,
    narrowing: Narrowing,
    state: PolicyState,
}

/// Rules that may be put in force.
struct Ready {
    gate: Gate,
    proved: Result<Timestamp, NotProved>,
}

impl InForce {
    /// Puts the banks' rules in force for the first time, or says why not.
    pub fn begin(
        files: &[BankFile],
        data: PathBuf,
        require_proof: bool,
        tenants: Tenants,
        now: Timestamp,
    ) -> Result<InForce, PolicyTrouble> {
        let rules = files.iter().map(|file| file.rules.clone()).collect();
        let gate = Gate::load(rules).map_err(PolicyTrouble::Policies)?;
        let mut banks = BTreeMap::new();
        for file in files {
            test(file, &gate)?;
            let proved = look_for_proof(&gate, file, &data, require_proof)?;
            keep(&gate, &file.id, &data)?;
            let state = PolicyState {
                digest: gate.digest(&file.id).as_ref().map(hex).unwrap_or_default(),
                since: now,
                proved,
                tests: file.policy_tests.len(),
                trouble: None,
                after_restart: vec![],
            };
            let started = Arc::new(file.clone());
            let of_bank = OfBank { file: file.clone(), started, narrowing: Narrowing::default(), state };
            banks.insert(file.id.clone(), of_bank);
        }
        let held = RwLock::new(Held { gate: Arc::new(gate), banks });
        Ok(InForce { data, require_proof, tenants, held, changing: Mutex::new(()) })
    }

    /// The gate in force. A turn takes it once and keeps it to its end.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).gate)
    }

    /// How the policy of a bank stands.
    pub fn state(&self, bank: &BankId) -> Option<PolicyState> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.banks.get(bank).map(|of_bank| of_bank.state.clone())
    }

    /// Sets the figures of how the banks' policies stand.
    pub fn show(&self) {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        for (bank, of_bank) in &held.banks {
            let failed = f64::from(u8::from(of_bank.state.trouble.is_some()));
            metrics::gauge!("parlour_policy_reload_failed", "bank" => bank.to_string()).set(failed);
        }
    }

    /// The rules of a bank as its files in force say them, without what is closed for now.
    pub fn written(&self, bank: &BankId) -> Option<BankRules> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.banks.get(bank).map(|of_bank| of_bank.file.rules.clone())
    }

    /// The banks' files, by bank.
    pub fn files(&self) -> Vec<(BankId, PathBuf)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.banks.iter().map(|(bank, of_bank)| (bank.clone(), of_bank.started.file.clone())).collect()
    }

    /// The data folder, in which rules are kept and proofs looked for.
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_bank(&self, bank: &BankId) -> Option<OfBank> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).banks.get(bank).cloned()
    }

    /// Puts a bank's new file in force: validates it, runs its tests, looks at the proof, keeps it, swaps. If
    /// anything is wrong the old rules stay, and the state of the bank says what it is. Nothing for a bank that
    /// the gateway did not start with.
    pub fn renew(&self, bank: &BankId, read: Result<BankFile, Vec<ConfigFault>>, now: Timestamp) {
        let _one_at_a_time = self.changing();
        let Some(before) = self.of_bank(bank) else { return };
        let ready = read.map_err(PolicyTrouble::Files).and_then(|mut file| {
            file.rules.zone = before.started.rules.zone.clone();
            let ready = self.ready(&before, &file)?;
            Ok((file, ready))
        });
        match ready {
            Ok((file, ready)) => {
                self.swap(OfBank { file, ..before }, ready, now);
            }
            Err(trouble) => {
                let fault = trouble.to_string();
                tracing::error!(%bank, %fault, "new rules of a bank are not right; the old ones stay in force");
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(of_bank) = held.banks.get_mut(bank) {
                    let home = before.file.file.parent().unwrap_or(Path::new("."));
                    of_bank.state.trouble = Some((now, without_folders(&fault, &[home, &self.data])));
                }
            }
        }
    }

    /// Closes things at a bank for now, or opens them again, whatever its files say. Tests and proofs are of the
    /// files: what they show of who may not read stays true when more is closed, so a No never waits for them.
    pub fn narrow(&self, bank: &BankId, narrowing: Narrowing, now: Timestamp) -> Result<(), PolicyTrouble> {
        let _one_at_a_time = self.changing();
        let Some(before) = self.of_bank(bank) else { return Ok(()) };
        if before.narrowing == narrowing {
            return Ok(());
        }
        let rules = narrowing.over(before.file.rules.clone());
        let gate = self.gate().with_rules(rules).map_err(PolicyTrouble::Policies)?;
        if let Err(fault) = keep(&gate, bank, &self.data) {
            tracing::error!(%bank, %fault, "what a bank closed takes effect, but its text could not be kept");
        }
        let (trouble, proved) = (before.state.trouble.clone(), before.state.proved.clone());
        self.swap(OfBank { narrowing, ..before }, Ready { gate, proved }, now);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_bank) = held.banks.get_mut(bank) {
            of_bank.state.trouble = trouble;
        }
        Ok(())
    }

    fn ready(&self, before: &OfBank, file: &BankFile) -> Result<Ready, PolicyTrouble> {
        let written = self.gate().with_rules(file.rules.clone()).map_err(PolicyTrouble::Policies)?;
        test(file, &written)?;
        let proved = look_for_proof(&written, file, &self.data, self.require_proof)?;
        let gate = match before.narrowing == Narrowing::default() {
            true => written,
            false => written
                .with_rules(before.narrowing.over(file.rules.clone()))
                .map_err(PolicyTrouble::Policies)?,
        };
        keep(&gate, &file.id, &self.data)?;
        Ok(Ready { gate, proved })
    }

    fn swap(&self, of_bank: OfBank, ready: Ready, now: Timestamp) {
        let bank = of_bank.file.id.clone();
        let digest = ready.gate.digest(&bank).as_ref().map(hex).unwrap_or_default();
        let after_restart = of_bank.started.differs_in(&of_bank.file);
        let since = if digest == of_bank.state.digest { of_bank.state.since } else { now };
        let tests = of_bank.file.policy_tests.len();
        let state = PolicyState { digest, since, proved: ready.proved, tests, trouble: None, after_restart };
        if state.digest != of_bank.state.digest {
            tracing::info!(%bank, digest = %state.digest, "new rules of a bank are in force");
        }
        if !state.after_restart.is_empty() {
            let keys = state.after_restart.join(", ");
            tracing::warn!(%bank, %keys, "these keys of a bank's file were changed and wait for the next start");
        }
        let gate = Arc::new(ready.gate);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.gate = Arc::clone(&gate);
        self.tenants.under(&bank, &gate);
        held.banks.insert(bank, OfBank { state, ..of_bank });
    }
}

/// A text for a bank's people: files keep their names, and where on a machine they lie is left out.
fn without_folders(text: &str, folders: &[&Path]) -> String {
    let named = folders.iter().map(|folder| format!("{}/", folder.display()));
    named
        .filter(|folder| folder != "./" && folder != "/")
        .fold(text.to_owned(), |text, folder| text.replace(&folder, ""))
}

/// Runs the policy tests of a bank's file.
pub fn test(file: &BankFile, gate: &Gate) -> Result<(), PolicyTrouble> {
    let outcomes = table::try_all(&file.policy_tests, gate, &file.id);
    let faults: Vec<ConfigFault> = outcomes.iter().filter_map(table::Outcome::fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(PolicyTrouble::Tests(faults)) }
}

/// Looks for the proof of a bank's rules. That there is none is a fault if one is required. One that is there and
/// does not cover them is at least a warning.
fn look_for_proof(
    gate: &Gate,
    file: &BankFile,
    data: &Path,
    require_proof: bool,
) -> Result<Result<Timestamp, NotProved>, PolicyTrouble> {
    let digest = gate.digest(&file.id).unwrap_or_else(gate::law_digest);
    let proved = proof::look(data, &file.id, &file.file, &digest);
    match &proved {
        Err(why) if require_proof => {
            return Err(PolicyTrouble::NotProved { bank: file.id.clone(), why: why.clone() });
        }
        Err(NotProved::Missing { .. }) | Ok(_) => {}
        Err(why) => tracing::warn!(bank = %file.id, %why, "the rules of a bank count as not proved"),
    }
    Ok(proved)
}

/// Keeps the rules of a bank for auditors.
fn keep(gate: &Gate, bank: &BankId, data: &Path) -> Result<(), KeptFault> {
    gate.texts(bank).map_or(Ok(()), |texts| kept::keep(data, texts))
}
