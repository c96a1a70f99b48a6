//! Trials of rules on what a bank has told, for the console and for `parlour fraud backtest`. A trial takes as long as the
//! bank's log is long, so it has a thread of its own, one for each bank at a time, and reads in pages.

use super::{
    judge::Judge,
    live_rules::{self, compile},
    record,
};
use crate::{app::App, config::Fraud, tenant::Tenant};
use domain::BankId;
use fraud::{
    backtest::{Backtest, Plan, Trial},
    event::{Event, Verdict},
    rules::RuleSet,
    state::Bounds,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{DbError, Store, card_events, fraud_rules};
use tokio::{runtime::Handle, sync::watch};

/// Events that are read at once.
const PAGE: u32 = 10_000;
/// The newest events that a trial in the console looks at: some minutes of one processor. The command looks at all.
pub const MOST_EVENTS: u64 = 10_000_000;
/// How long a page waits for a trial. What takes longer goes on, and whoever tries the same again finds it.
pub const WAITED_FOR: Duration = Duration::from_secs(6);
/// How long what a trial said counts for whoever tries the same again.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

/// Where rules are tried.
#[derive(Clone)]
pub struct Setting {
    /// Where the bank's log is.
    pub store: Store,
    /// The bank.
    pub bank: BankId,
    /// Its model, its file of rules, and its budget.
    pub fraud: Arc<Fraud>,
    /// Where it is.
    pub zone: TimeZone,
    /// Its day.
    pub today: Date,
    /// At how many of the newest events it is looked.
    pub most: u64,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// What the rules would have done.
    pub report: Backtest,
    /// Events of the log that were not looked at, since they are older than the newest [`MOST_EVENTS`].
    pub left_out: u64,
}

/// Why a trial came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrialFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The gateway stops.
    #[error("the gateway stops")]
    Stopping,
    /// Another one of this bank runs.
    #[error("another trial runs; a bank has one at a time")]
    OneAtATime,
    /// It takes longer than a page waits.
    #[error("the trial is not over yet")]
    NotYet,
}

/// Tries rules on the past of a bank, beside the rules in force and the model. Takes long: not for a thread that others wait for.
/// Must be called where a runtime runs.
pub fn run(setting: &Setting, candidate: &RuleSet, stops: impl Fn() -> bool) -> Result<Tried, TrialFault> {
    let Setting { store, bank, fraud, zone, today, most } = setting;
    let mut judge = Judge::of(fraud, zone.clone(), *today);
    let at = bank.clone();
    let begin = move |tx: &mut store::Tx| -> Result<_, DbError> {
        Ok((fraud_rules::approved(tx, &at, 1)?.pop(), card_events::last(tx, &at)?))
    };
    let (approved, last) = Handle::current().block_on(store.read(begin))?;
    if let Some(set) = approved
        && let Ok(rules) =
            compile(set.about.id.as_str(), &set.text, &live_rules::fields(fraud.currency), *today)
    {
        judge.put_rules(Some(rules));
    }
    let from = last.saturating_sub(*most);
    let pages = Pages { store, bank, stops: &stops };
    // What became known of each payment, by whatever time: a trial looks back.
    let mut known: HashMap<u64, bool> = HashMap::new();
    pages.each(from, last, |event| {
        if let Event::Label(label) = event {
            known.insert(label.payment, label.verdict != Verdict::Clean);
        }
    })?;
    let plan = Plan { candidate, in_force: judge.rules(), threshold: judge.threshold() };
    let mut trial = Trial::new(plan);
    let mut memory = judge.begin(Bounds::default());
    pages.each(from, last, |event| judge.try_on(&mut memory, &event, &known, &mut trial))?;
    Ok(Tried { report: trial.finish(), left_out: from })
}

struct Pages<'a, S> {
    store: &'a Store,
    bank: &'a BankId,
    stops: &'a S,
}

impl<S: Fn() -> bool> Pages<'_, S> {
    /// Goes through the log after one place up to another.
    fn each(&self, from: u64, last: u64, mut take: impl FnMut(Event)) -> Result<(), TrialFault> {
        let mut at = from;
        while at < last {
            if (self.stops)() {
                return Err(TrialFault::Stopping);
            }
            let (bank, after) = (self.bank.clone(), at);
            let read = self.store.read(move |tx| card_events::after(tx, &bank, after, PAGE));
            let page = Handle::current().block_on(read)?;
            let Some(end) = page.last() else { break };
            at = end.seq;
            let page = page.iter().take_while(|event| event.seq <= last);
            page.filter_map(|event| record::read(&event.body)).for_each(&mut take);
        }
        Ok(())
    }
}

type Outcome = Result<Arc<Tried>, TrialFault>;

/// Where somebody hears how a trial ends.
type Heard = watch::Receiver<Option<Outcome>>;

/// Where it is told, by whoever is to run the trial.
type Tell = watch::Sender<Option<Outcome>>;

/// What is tried: the digest of the rules, and of those in force.
type Matter = (String, String);

#[derive(Debug)]
struct Current {
    matter: Matter,
    begun: Timestamp,
    heard: Heard,
}

/// The trials that run or are over, the last one of each bank.
#[derive(Debug, Default)]
pub struct Trials(Mutex<BTreeMap<BankId, Current>>);

impl Trials {
    /// The trial of a matter that runs or is over lately; else the other end of a new one.
    fn join(
        &self,
        bank: &BankId,
        matter: &Matter,
        now: Timestamp,
    ) -> Result<(Heard, Option<Tell>), TrialFault> {
        let mut trials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Current { matter: of, begun, heard }) = trials.get(bank) {
            let is_over = heard.borrow().is_some() || heard.has_changed().is_err();
            let is_good = matches!(*heard.borrow(), Some(Ok(_))) && now.duration_since(*begun) < FRESH;
            if of == matter && (is_good || !is_over) {
                return Ok((heard.clone(), None));
            }
            if !is_over {
                return Err(TrialFault::OneAtATime);
            }
        }
        let (tell, heard) = watch::channel(None);
        let current = Current { matter: matter.clone(), begun: now, heard: heard.clone() };
        trials.insert(bank.clone(), current);
        Ok((heard, Some(tell)))
    }
}

/// Tries rules for somebody at the console. What takes longer than `wait` goes on.
pub async fn at_console(
    app: &Arc<App>,
    tenant: &Tenant,
    candidate: RuleSet,
    in_force: &str,
    wait: Duration,
) -> Outcome {
    let Some(fraud) = tenant.fraud.clone() else { return Err(TrialFault::Stopping) };
    let now = app.clock.now();
    let matter = (live_rules::digest(&candidate), in_force.to_owned());
    let (mut heard, tell) = app.engines.board.trials.join(&tenant.id, &matter, now)?;
    if let Some(tell) = tell {
        let setting = Setting {
            store: app.store.clone(),
            bank: tenant.id.clone(),
            fraud,
            zone: tenant.zone.clone(),
            today: now.to_zoned(tenant.zone.clone()).date(),
            most: MOST_EVENTS,
        };
        let stop = app.stop.clone();
        tokio::task::spawn_blocking(move || {
            let tried = run(&setting, &candidate, || *stop.borrow()).map(Arc::new);
            if let Err(fault) = &tried {
                let bank = &setting.bank;
                tracing::warn!(%bank, %fault, "a trial of fraud rules came to nothing");
            }
            tell.send_replace(Some(tried));
        });
    }
    match tokio::time::timeout(wait, heard.wait_for(Option::is_some)).await {
        Ok(Ok(over)) => over.clone().unwrap_or(Err(TrialFault::NotYet)),
        Ok(Err(_)) => Err(TrialFault::Stopping),
        Err(_) => Err(TrialFault::NotYet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matter(of: &str) -> Matter {
        (of.to_owned(), "in force".to_owned())
    }

    #[test]
    fn a_bank_has_one_trial_at_a_time_and_the_same_one_is_joined() {
        let (trials, now) = (Trials::default(), Timestamp::UNIX_EPOCH);
        let (harbour, meridian) = ("harbour".parse().unwrap(), "meridian".parse().unwrap());
        let (_heard, tell) = trials.join(&harbour, &matter("a"), now).unwrap();
        let tell = tell.expect("it is to be run");
        assert!(trials.join(&harbour, &matter("a"), now).unwrap().1.is_none(), "joined");
        assert!(matches!(trials.join(&harbour, &matter("b"), now), Err(TrialFault::OneAtATime)));
        assert!(trials.join(&meridian, &matter("b"), now).unwrap().1.is_some(), "another bank");
        tell.send_replace(Some(Err(TrialFault::Stopping)));
        let (_, again) = trials.join(&harbour, &matter("a"), now).unwrap();
        drop(again.expect("what came to nothing is run anew"));
        assert!(
            trials.join(&harbour, &matter("b"), now).unwrap().1.is_some(),
            "one that broke off is in nobody's way"
        );
    }
}
