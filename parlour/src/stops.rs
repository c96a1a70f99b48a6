//! What banks stop from the console: laid over what their files say, in every process within seconds.
//!
//! A stop is a row of the store. Each process lays the rows of a bank over the rules that the bank's files say
//! and swaps the result in; a turn that has begun ends with the rules that it began with.

use crate::{
    app::App,
    policy::{Narrowing, PolicyTrouble},
};
use domain::{BankId, Channel, DataClass, staff::Stop};
use std::{sync::Arc, time::Duration};
use store::{
    DbError,
    stops::{self, Stopped},
};
use tokio::{task, time};

/// How often to look for stops that another process wrote: the longest that a No takes to be heard.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why what banks stopped is not in force as it should be. What was in force stays.
#[derive(Debug, thiserror::Error)]
pub enum StopFault {
    /// The store.
    #[error("the store: {0}")]
    Store(#[from] DbError),
    /// The rules.
    #[error("the rules do not hold together with it: {0}")]
    Rules(#[from] PolicyTrouble),
}

/// What is closed at a bank by its stops.
pub fn narrowing(bank: &BankId, stops: &[Stopped]) -> Narrowing {
    let mut narrowing = Narrowing::default();
    for stop in stops.iter().filter(|stop| stop.bank == *bank) {
        let (classes, channels): (&[DataClass], &[Channel]) = match &stop.what {
            Stop::Class(class) => (std::slice::from_ref(class), &[]),
            Stop::Channel(channel) => (&[], std::slice::from_ref(channel)),
            Stop::Everything => (DataClass::ALL, Channel::ALL),
        };
        for class in classes {
            narrowing.classes.insert(*class, stop.words.clone());
        }
        for channel in channels {
            narrowing.channels.insert(*channel, stop.words.clone());
        }
    }
    narrowing
}

/// Brings the rules in force up to what the store says. Returns when they are in force here. A bank whose rules
/// cannot be narrowed keeps no other from it.
pub async fn refresh(app: &Arc<App>) -> Result<(), StopFault> {
    let stops = app.store.read(stops::all).await?;
    let (changer, now) = (app.clone(), app.clock.now());
    // Rules are parsed and validated, which takes milliseconds for each bank that changed.
    let narrowed = task::spawn_blocking(move || {
        let narrow = |bank: &BankId| changer.in_force.narrow(bank, narrowing(bank, &stops), now);
        changer.tenants.values().map(|tenant| narrow(&tenant.id)).fold(Ok(()), Result::and)
    });
    Ok(narrowed.await.map_err(|_| DbError::Panicked)??)
}

/// Keeps the rules in force up to date until the gateway stops.
pub async fn run(app: Arc<App>) {
    let (mut stop, mut changed) = (app.stop.clone(), app.store.wake().stops());
    while !*stop.borrow() {
        changed.mark_unchanged();
        if let Err(fault) = refresh(&app).await {
            tracing::error!(%fault, "the old rules of a bank hold");
        }
        tokio::select! { _ = changed.changed() => {}, () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ProposalId;
    use gate::{BankRules, Offer};
    use jiff::Timestamp;

    fn rules() -> BankRules {
        let mut rules = BankRules::closed("harbour".parse().unwrap());
        rules.offered = DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect();
        rules
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
        let harbour = rules().bank;
        for what in Stop::all() {
            let stopped = narrowing(&harbour, &[stop("harbour", what)]).over(rules());
            for class in DataClass::ALL {
                let closed = matches!(what, Stop::Everything) || what == Stop::Class(*class);
                assert_eq!(stopped.offered[class] == no, closed, "{what} {class}");
            }
            for channel in Channel::ALL {
                let closed = matches!(what, Stop::Everything) || what == Stop::Channel(*channel);
                assert_eq!(stopped.refused_channels.contains_key(channel), closed, "{what} {channel}");
            }
            assert_eq!(narrowing(&harbour, &[stop("meridian", what)]), Narrowing::default());
        }
    }
}
