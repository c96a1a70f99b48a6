//! What banks stop from the console: laid over what their files say, in every process within seconds.
//!
//! A stop is a row of the store. Each process composes it with the bank's own rules into a new gate and puts
//! that in the place of the old one; a turn that has begun ends with the gate that it began with.

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
    #[error("the rules do not hold together with what was stopped: {0}")]
    Rules(#[from] PolicyTrouble),
}

/// What the stops of a bank close. They only ever make it narrower.
pub fn narrowing(bank: &BankId, stops: &[Stopped]) -> Narrowing {
    let mut closed = Narrowing::default();
    for stop in stops.iter().filter(|stop| stop.bank == *bank) {
        let (classes, channels): (&[DataClass], &[Channel]) = match &stop.what {
            Stop::Class(class) => (std::slice::from_ref(class), &[]),
            Stop::Channel(channel) => (&[], std::slice::from_ref(channel)),
            Stop::Everything => (DataClass::ALL, Channel::ALL),
        };
        closed.classes.extend(classes.iter().map(|class| (*class, stop.words.clone())));
        closed.channels.extend(channels.iter().map(|channel| (*channel, stop.words.clone())));
    }
    closed
}

/// Brings the rules in force up to what the store says is stopped. Returns when they are in force here.
pub async fn refresh(app: &Arc<App>) -> Result<(), StopFault> {
    let stops = app.store.read(stops::all).await?;
    let (changer, now) = (app.clone(), app.clock.now());
    // Rules are parsed and validated, which takes milliseconds for each bank.
    let renewed = tokio::task::spawn_blocking(move || {
        changer
            .tenants
            .values()
            .try_for_each(|tenant| changer.in_force.narrow(&tenant.id, narrowing(&tenant.id, &stops), now))
    });
    Ok(renewed.await.map_err(|_| DbError::Panicked)??)
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
        let (harbour, meridian) = ("harbour".parse().unwrap(), "meridian".parse().unwrap());
        for what in Stop::all() {
            let closed = narrowing(&harbour, &[stop("harbour", what)]);
            for class in DataClass::ALL {
                let named = matches!(what, Stop::Everything) || what == Stop::Class(*class);
                assert_eq!(
                    closed.classes.get(class).is_some_and(|no| no == "Not now."),
                    named,
                    "{what} {class}"
                );
            }
            for channel in Channel::ALL {
                let named = matches!(what, Stop::Everything) || what == Stop::Channel(*channel);
                assert_eq!(closed.channels.contains_key(channel), named, "{what} {channel}");
            }
            assert_eq!(narrowing(&meridian, &[stop("harbour", what)]), Narrowing::default());
        }
    }
}
