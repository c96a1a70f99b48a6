//! What banks stop from the console: laid over what their files say, in every process within seconds.
//!
//! A stop is a row of the store. Each process composes it with the bank's own rules into a new gate and puts
//! that in the place of the old one; a turn that has begun ends with the gate that it began with.

use crate::app::App;
use domain::{BankId, Channel, DataClass, staff::Stop};
use gate::{BankRules, Gate, Offer, PolicyFault};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use store::{
    DbError, Store,
    stops::{self, Stopped},
};
use tokio::time;

/// How often to look for stops that another process wrote: the longest that a No takes to be heard.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why the rules in force could not be renewed. The old ones stay in force.
#[derive(Debug, thiserror::Error)]
pub enum StopFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The rules do not fit together.
    #[error("the rules do not hold together with what was stopped: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<PolicyFault>),
}

struct Held {
    gate: Arc<Gate>,
    stops: Vec<Stopped>,
}

/// The gate in force, and what it is made of.
pub struct InForce {
    written: Vec<BankRules>,
    held: RwLock<Held>,
}

impl InForce {
    /// The banks' rules as their files say them, with what is stopped now.
    pub fn load(written: Vec<BankRules>, stops: Vec<Stopped>) -> Result<InForce, Vec<PolicyFault>> {
        let gate = Arc::new(compose(&written, &stops)?);
        Ok(InForce { written, held: RwLock::new(Held { gate, stops }) })
    }

    /// The gate in force. A turn takes it once and keeps it to its end.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).gate)
    }

    /// The rules of a bank as its files say them.
    pub fn written(&self, bank: &BankId) -> Option<BankRules> {
        self.written.iter().find(|rules| rules.bank == *bank).cloned()
    }

    /// Puts new stops in force. False if they were in force already.
    fn renew(&self, stops: Vec<Stopped>) -> Result<bool, Vec<PolicyFault>> {
        if self.held.read().unwrap_or_else(PoisonError::into_inner).stops == stops {
            return Ok(false);
        }
        let gate = Arc::new(compose(&self.written, &stops)?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held { gate, stops };
        Ok(true)
    }
}

fn compose(written: &[BankRules], stops: &[Stopped]) -> Result<Gate, Vec<PolicyFault>> {
    Gate::load(written.iter().map(|rules| with_stops(rules.clone(), stops)).collect())
}

/// A bank's rules with what it stopped. They only become narrower.
pub fn with_stops(mut rules: BankRules, stops: &[Stopped]) -> BankRules {
    let bank = rules.bank.clone();
    for stop in stops.iter().filter(|stop| stop.bank == bank) {
        let (classes, channels): (&[DataClass], &[Channel]) = match &stop.what {
            Stop::Class(class) => (std::slice::from_ref(class), &[]),
            Stop::Channel(channel) => (&[], std::slice::from_ref(channel)),
            Stop::Everything => (DataClass::ALL, Channel::ALL),
        };
        for class in classes {
            rules.offered.insert(*class, Offer::No { reason: stop.words.clone() });
        }
        for channel in channels {
            rules.refused_channels.insert(*channel, stop.words.clone());
        }
    }
    rules
}

/// What the store says is stopped.
pub async fn read(store: &Store) -> Result<Vec<Stopped>, DbError> {
    store.read(stops::all).await
}

/// Brings the gate in force up to what the store says. Returns when it is in force here.
pub async fn refresh(app: &Arc<App>) -> Result<(), StopFault> {
    let stops = read(&app.store).await?;
    let changer = app.clone();
    // Rules are parsed and validated, which takes milliseconds for each bank.
    let renewed = tokio::task::spawn_blocking(move || changer.in_force.renew(stops));
    if renewed.await.map_err(|_| DbError::Panicked)?.map_err(StopFault::Rules)? {
        tracing::info!("what banks say No to has changed and is in force");
    }
    Ok(())
}

/// Keeps the gate in force up to date until the gateway stops.
pub async fn run(app: Arc<App>) {
    let (mut stop, mut changed) = (app.stop.clone(), app.store.wake().stops());
    while !*stop.borrow() {
        changed.mark_unchanged();
        if let Err(fault) = refresh(&app).await {
            tracing::error!(%fault, "what banks stopped could not be put in force; the old rules hold");
        }
        tokio::select! { _ = changed.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ProposalId;
    use jiff::Timestamp;
    use std::collections::BTreeMap;

    fn rules() -> BankRules {
        BankRules {
            bank: "harbour".parse().unwrap(),
            offered: DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect(),
            tiers: BTreeMap::new(),
            policies: vec![],
            refused_channels: BTreeMap::new(),
        }
    }

    fn stop(bank: &str, what: Stop) -> Stopped {
        Stopped {
            bank: bank.parse().unwrap(),
            what,
            words: "Not now.".to_owned(),
            proposal: ProposalId::new(uuid::Uuid::nil()),
            since: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_stop_closes_what_it_names_and_nothing_of_another_bank() {
        let no = Offer::No { reason: "Not now.".to_owned() };
        for what in Stop::all() {
            let stopped = with_stops(rules(), &[stop("harbour", what)]);
            for class in DataClass::ALL {
                let closed = matches!(what, Stop::Everything) || what == Stop::Class(*class);
                assert_eq!(stopped.offered[class] == no, closed, "{what} {class}");
            }
            for channel in Channel::ALL {
                let closed = matches!(what, Stop::Everything) || what == Stop::Channel(*channel);
                assert_eq!(stopped.refused_channels.contains_key(channel), closed, "{what} {channel}");
            }
            assert_eq!(with_stops(rules(), &[stop("meridian", what)]), rules());
        }
    }

    #[test]
    fn the_gate_in_force_follows_the_stops_and_keeps_a_turns_gate() {
        let bank = "harbour".parse().unwrap();
        let in_force = InForce::load(vec![rules()], vec![]).unwrap();
        let before = in_force.gate();
        let what = Stop::Class(DataClass::Balances);
        assert!(in_force.renew(vec![stop("harbour", what)]).unwrap());
        assert_eq!(before.offers(&bank, DataClass::Balances), &Offer::Yes);
        assert_ne!(in_force.gate().offers(&bank, DataClass::Balances), &Offer::Yes);
        assert!(!in_force.renew(vec![stop("harbour", what)]).unwrap());
        assert!(in_force.renew(vec![]).unwrap());
        assert_eq!(in_force.gate().offers(&bank, DataClass::Balances), &Offer::Yes);
    }
}
