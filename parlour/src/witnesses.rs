//! Asks the configured witnesses to cosign each checkpoint (c2sp.org/tlog-witness). Nothing waits for them:
//! the checkpoint is out already, and so are the decisions in it.

use crate::{app::App, config::WitnessAddress, logs};
use access_log::{AddCheckpoint, Checkpoint, MAX_CHECKPOINT_BYTES, ProofError, Trust, consistency_proof};
use domain::BankId;
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time,
};

/// How long a witness may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before witnesses that did not sign are asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// Tells the size that a witness knows, after a first try with the size that we think.
const TRIES: u32 = 2;

/// What witnesses gave for a checkpoint.
#[derive(Debug)]
pub struct Cosigned {
    /// The checkpoint, as it was when they were asked.
    pub of: Checkpoint,
    /// Their signature lines, checked.
    pub lines: String,
    /// Whether as many signed as the configuration asks for.
    pub quorum_met: bool,
}

/// Why a witness did not sign.
#[derive(Debug, thiserror::Error)]
enum NotSigned {
    /// It could not be reached, or took too long.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// It knows a longer log than we have: our folder is from a backup, or there are two of us.
    #[error("it has signed size {theirs}, and this log has {ours}")]
    Behind {
        /// What it has signed.
        theirs: u64,
        /// What we have.
        ours: u64,
    },
    /// It says that this is another history than it has seen.
    #[error("it says that this is another history than the one it signed at size {size}")]
    OtherHistory {
        /// What it has signed.
        size: u64,
    },
    /// It said no in another way.
    #[error("it answered {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// Its answer is not its signature.
    #[error("its answer is not its signature over this checkpoint")]
    NotItsSignature,
    /// The proof could not be made.
    #[error("the proof for it cannot be made: {0}")]
    Proof(#[from] ProofError),
    /// The thread that makes proofs broke.
    #[error("the maker of proofs broke")]
    Broken,
}

impl From<logs::LogFault> for NotSigned {
    fn from(_: logs::LogFault) -> NotSigned {
        NotSigned::Broken
    }
}

/// Has one bank's checkpoints cosigned until the publisher ends.
pub async fn run(
    app: Arc<App>,
    bank: BankId,
    mut news: watch::Receiver<Checkpoint>,
    tell: mpsc::Sender<Cosigned>,
) {
    let settings = &app.settings.witnesses;
    if settings.addresses.is_empty() {
        return;
    }
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    let client = match client.build() {
        Ok(client) => client,
        Err(fault) => return tracing::error!(%bank, %fault, "no witness can be asked"),
    };
    let mut round = Round { app: app.clone(), bank, client, known: BTreeMap::new(), waiting_since: None };
    loop {
        let checkpoint = news.borrow_and_update().clone();
        let (lines, signed) = round.ask_all(&checkpoint).await;
        let quorum_met = signed >= settings.quorum;
        round.tell_overdue(quorum_met);
        if !lines.is_empty() && tell.send(Cosigned { of: checkpoint, lines, quorum_met }).await.is_err() {
            return;
        }
        let again = async {
            match signed == settings.addresses.len() {
                true => std::future::pending().await,
                false => time::sleep(AGAIN_AFTER).await,
            }
        };
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = again => {}
        }
    }
}

struct Round {
    app: Arc<App>,
    bank: BankId,
    client: reqwest::Client,
    /// The size that each witness signed last, as far as we know.
    known: BTreeMap<String, u64>,
    /// Since when there is a checkpoint without its quorum.
    waiting_since: Option<Timestamp>,
}

impl Round {
    /// Asks all witnesses at once. Gives the lines of those that signed, and how many they are.
    async fn ask_all(&mut self, checkpoint: &Checkpoint) -> (String, usize) {
        let mut asked = JoinSet::new();
        for witness in &self.app.settings.witnesses.addresses {
            let ask = Ask {
                app: self.app.clone(),
                bank: self.bank.clone(),
                client: self.client.clone(),
                witness: witness.clone(),
                checkpoint: checkpoint.clone(),
            };
            let old = self.known.get(&witness.vkey).copied().unwrap_or(0);
            asked.spawn(async move { (ask.witness.clone(), ask.ask(old).await) });
        }
        let (mut lines, mut signed) = (String::new(), 0);
        while let Some(Ok((witness, answer))) = asked.join_next().await {
            match answer {
                Ok(line) => {
                    lines.push_str(&line);
                    signed += 1;
                    self.known.insert(witness.vkey, checkpoint.size);
                }
                Err(fault) => self.tell_fault(&witness, &fault),
            }
        }
        (lines, signed)
    }

    fn tell_fault(&self, witness: &WitnessAddress, fault: &NotSigned) {
        let (bank, url) = (&self.bank, &witness.url);
        match fault {
            NotSigned::OtherHistory { .. } | NotSigned::Behind { .. } => {
                tracing::error!(%bank, %url, %fault, "a witness refuses this log; find out who else writes it");
                metrics::counter!("parlour_log_witness_refusals_total", "bank" => bank.to_string())
                    .increment(1);
            }
            _ => tracing::warn!(%bank, %url, %fault, "a witness did not sign; it will be asked again"),
        }
    }

    /// For how long the newest checkpoints have been without their quorum.
    fn tell_overdue(&mut self, quorum_met: bool) {
        let now = self.app.clock.now();
        self.waiting_since = if quorum_met { None } else { self.waiting_since.or(Some(now)) };
        let overdue = self.waiting_since.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
        metrics::gauge!("parlour_log_witness_overdue_seconds", "bank" => self.bank.to_string()).set(overdue);
    }
}

/// One question to one witness.
struct Ask {
    app: Arc<App>,
    bank: BankId,
    client: reqwest::Client,
    witness: WitnessAddress,
    checkpoint: Checkpoint,
}

impl Ask {
    /// Asks, and once more when the witness knows another size than we thought. Gives its signature line.
    async fn ask(&self, mut old: u64) -> Result<String, NotSigned> {
        let ours = self.checkpoint.size;
        for _ in 0..TRIES {
            let answer = self.send(old.min(ours)).await?;
            match answer.status().as_u16() {
                200 => return self.check(&text(answer).await?),
                409 => {
                    let theirs = text(answer).await?.trim().parse().ok();
                    match theirs.ok_or(NotSigned::Refused { status: 409 })? {
                        theirs if theirs > ours => return Err(NotSigned::Behind { theirs, ours }),
                        theirs if theirs == old => return Err(NotSigned::OtherHistory { size: theirs }),
                        theirs => old = theirs,
                    }
                }
                422 => return Err(NotSigned::OtherHistory { size: old }),
                status => return Err(NotSigned::Refused { status }),
            }
        }
        Err(NotSigned::Refused { status: 409 })
    }

    async fn send(&self, old: u64) -> Result<reqwest::Response, NotSigned> {
        let (folder, checkpoint) = (self.app.logs.folder(&self.bank), self.checkpoint.clone());
        let request = logs::in_thread(move || -> Result<_, NotSigned> {
            let proof = consistency_proof(folder.as_path(), &checkpoint, old)?;
            Ok(AddCheckpoint { old, proof, checkpoint: checkpoint.text }.to_string())
        });
        let request = self.client.post(self.witness.add_checkpoint()).body(request.await?);
        Ok(request.send().await?)
    }

    /// The witness's own line, once its signature is checked.
    fn check(&self, answer: &str) -> Result<String, NotSigned> {
        let name = self.witness.vkey.split('+').next().unwrap_or_default();
        let lines =
            answer.split_inclusive('\n').filter(|line| line.starts_with(&format!("\u{2014} {name} ")));
        let lines: String = lines.take(1).collect();
        let keys = self.app.logs.ring(&self.bank).map_err(|_| NotSigned::Broken)?.verifier_keys();
        let trust = Trust::new(&keys, std::slice::from_ref(&self.witness.vkey), 1);
        let signed = trust.is_ok_and(|trust| {
            let body_and_log = format!("{}{lines}", self.checkpoint.text);
            trust.open(body_and_log.as_bytes()).is_ok()
        });
        if signed { Ok(lines) } else { Err(NotSigned::NotItsSignature) }
    }
}

/// The text of an answer, which is short or nothing.
async fn text(mut answer: reqwest::Response) -> Result<String, NotSigned> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(NotSigned::NotItsSignature);
        }
    }
    String::from_utf8(bytes).map_err(|_| NotSigned::NotItsSignature)
}
