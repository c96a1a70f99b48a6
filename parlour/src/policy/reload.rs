//! Watches the banks' files and puts what was changed in force.
//!
//! It looks at the content of the files, not at their dates: a bank's own file, the files that it names, and the
//! results of proofs. A bank that is added or taken away waits for the next start.

use super::{InForce, proof};
use crate::{app::App, config::bank};
use domain::{BankId, Clock};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task, time,
};

/// How often to look: a changed No is heard within two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was seen of the files of each bank. Nothing at first, so that what changed during the start is not missed.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<BankId, [u8; 32]>);

impl Seen {
    /// Renews the rules of the banks whose files were changed; with `again` also of those whose new rules were
    /// not right. Reads files and so may block.
    pub fn look(&mut self, in_force: &InForce, clock: &dyn Clock, again: bool) {
        for (bank, file) in in_force.files() {
            let content = content(in_force.data(), &bank, &file);
            let troubled = in_force.state(&bank).is_some_and(|state| state.trouble.is_some());
            if self.0.get(&bank) == Some(&content) && !(again && troubled) {
                continue;
            }
            // What is read now may be newer than what was looked at; then the next look reads it once more.
            in_force.renew(&bank, bank::load(&file), clock.now());
            self.0.insert(bank, content);
        }
    }
}

/// SHA-256 over all files of a bank; one that is not there counts as such.
fn content(data: &Path, bank: &BankId, file: &Path) -> [u8; 32] {
    let mut hash = Sha256::new();
    let named = bank::mentioned(file);
    for path in [file.to_owned()].into_iter().chain(named).chain(proof::files(data, bank, file)) {
        let bytes = fs::read(&path).ok();
        hash.update([u8::from(bytes.is_some())]);
        let bytes = bytes.unwrap_or_default();
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hash.finalize().into()
}

/// Watches until the gateway stops. SIGHUP makes it look at once, also at what was not right before.
pub async fn run(app: Arc<App>) {
    let mut seen = Seen::default();
    let mut stop = app.stop.clone();
    let mut asked = signal(SignalKind::hangup()).ok();
    while !*stop.borrow() {
        let again = tokio::select! {
            () = time::sleep(LOOK_EVERY) => false,
            () = heard(&mut asked) => true,
            _ = stop.changed() => break,
        };
        let looker = app.clone();
        let looked = task::spawn_blocking(move || {
            seen.look(&looker.in_force, &*looker.clock, again);
            seen
        });
        match looked.await {
            Ok(back) => seen = back,
            Err(fault) => {
                tracing::error!(%fault, "the banks' files are no longer watched; changes wait for the next start");
                return;
            }
        }
    }
}

/// Waits for a SIGHUP, for ever if there is none to be heard.
pub async fn heard(asked: &mut Option<Signal>) {
    if let Some(signal) = asked
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}
