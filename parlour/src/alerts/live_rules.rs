//! What the console has put in force: rules that a second person approved, and a budget that somebody lifted. The engine of
//! every process follows by itself, without a restart, before it judges the next event.

use super::judge::Judge;
use crate::app::App;
use domain::{BankId, Currency, ids::RuleSetId};
use fraud::{
    budget::{Budget, Hour, LiftFault, Totals},
    rules::{Fault, Fields, RuleSet, Verdict},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::{
    DbError, fraud_lifts,
    fraud_rules::{self, RuleHits},
};

/// The longest text of rules that the console takes, in bytes: some sixty long rules with their examples, which is what a
/// second person can read. A file beside the bank's may be longer.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Sets that were approved earlier and are looked at when the newest cannot be used. More than one in a row means a fault of
/// the program, and then the file counts.
const LOOK_BACK: u32 = 5;
/// For so many days hits of rules are counted, today among them.
pub const COUNTED_DAYS: i64 = 7;
/// For so many days the counts are kept: a day more than is shown, wherever the bank is.
pub const COUNTS_KEPT: i64 = COUNTED_DAYS + 2;

/// What rules of a bank with this currency may look at.
pub fn fields(currency: Currency) -> Fields {
    let decimals = u8::try_from(currency.decimals()).unwrap_or(2);
    Fields::of_catalogue(currency.code(), decimals).expect("the catalogue makes fields")
}

/// Reads rules. A text without a word means that there are none.
pub fn compile(name: &str, text: &str, fields: &Fields, today: Date) -> Result<RuleSet, Vec<Fault>> {
    if text.trim().is_empty() {
        return Ok(RuleSet::empty(fields, today));
    }
    RuleSet::compile(name, text, fields, today)
}

/// The digest of a set as people compare it: SHA-256 in hexadecimal.
pub fn digest(rules: &RuleSet) -> String {
    rules.hash().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The day at a place, as a running number from 1970.
pub fn day(zone: &TimeZone, at: Timestamp) -> i64 {
    let local = at.as_second() + i64::from(zone.to_offset(at).seconds());
    local.div_euclid(86_400)
}

/// How often each rule of a set was right, by day and place in the set.
#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<(i32, u16), (u64, u64)>);

impl Tally {
    /// Counts what the rules say to one payment.
    pub fn add(&mut self, day: i32, verdict: &Verdict) {
        for place in verdict.matched.places() {
            let (matched, acted) = self.0.entry((day, place)).or_default();
            *matched += 1;
            *acted += u64::from(verdict.hits.has(place));
        }
    }

    /// The counts by the names of the rules in force.
    pub fn named(&self, judge: &Judge) -> Vec<RuleHits> {
        let named = self.0.iter().filter_map(|((day, place), (matched, acted))| {
            let rule = judge.rules()?.rule(*place)?.id.clone();
            Some(RuleHits { day: i64::from(*day), rule, matched: *matched, acted: *acted })
        });
        named.collect()
    }
}

/// What an engine follows.
#[derive(Debug)]
pub struct Live {
    bank: BankId,
    zone: TimeZone,
    fields: Fields,
    /// What the store said last: the set that was approved last.
    newest: Option<RuleSetId>,
    /// The set that is used. None: the file of the bank.
    used: Option<RuleSetId>,
    today: Option<Date>,
    lifted: Option<Timestamp>,
}

impl Live {
    /// Nothing is known yet.
    pub fn new(bank: BankId, zone: TimeZone, currency: Currency) -> Live {
        Live { bank, zone, fields: fields(currency), newest: None, used: None, today: None, lifted: None }
    }

    /// Looks what is in force now. A store that cannot be read is no reason to stop: what was in force stays, and the events
    /// themselves will find out.
    pub async fn follow(&mut self, app: &App, judge: &mut Judge) {
        let now = app.clock.now();
        let today = now.to_zoned(self.zone.clone()).date();
        let (bank, known) = (self.bank.clone(), self.newest.clone());
        let read = app.store.read(move |tx| -> Result<_, DbError> {
            let newest = fraud_rules::in_force(tx, &bank)?;
            let other = newest != known;
            let sets = if other { fraud_rules::approved(tx, &bank, LOOK_BACK)? } else { vec![] };
            Ok((newest, sets, fraud_lifts::until(tx, &bank, now)?))
        });
        match read.await {
            Ok((newest, sets, lifted)) => {
                self.lifted = lifted;
                if newest != self.newest {
                    self.newest = newest;
                    self.change(judge, &sets, today);
                }
            }
            Err(fault) => {
                let bank = &self.bank;
                tracing::warn!(%bank, %fault, "it could not be read which fraud rules are in force; those from before stay");
            }
        }
        if self.today.replace(today) != Some(today) {
            judge.turn_to(today);
        }
    }

    /// Puts the newest set in force that can be used.
    fn change(&mut self, judge: &mut Judge, sets: &[fraud_rules::Set], today: Date) {
        let bank = &self.bank;
        for set in sets {
            let id = &set.about.id;
            if self.used.as_ref() == Some(id) {
                return;
            }
            match compile(id.as_str(), &set.text, &self.fields, today) {
                Ok(rules) => {
                    let count = rules.rules().len();
                    tracing::info!(%bank, set = %id, rules = count, "other fraud rules are in force");
                    judge.put_rules(Some(rules));
                    self.used = Some(id.clone());
                    return;
                }
                Err(faults) => {
                    for fault in &faults {
                        tracing::error!(%bank, %fault, "approved fraud rules cannot be used; those from before stay in force");
                    }
                    metrics::counter!("parlour_fraud_rules_faults_total", "bank" => bank.to_string())
                        .increment(1);
                }
            }
        }
    }

    /// Lets the budget be as the console says.
    pub fn lift(&self, budget: &mut Budget, now: Timestamp) {
        let until = self.lifted.filter(|until| *until > now).map(seconds);
        match until {
            None => budget.end_lift(),
            Some(until) if budget.lifted().is_some_and(|lift| lift.until == until) => {}
            Some(until) => match budget.lift(seconds(now), until) {
                // The bank's clock is past the end already.
                Ok(_) | Err(LiftFault::Over) => {}
                Err(fault @ LiftFault::TooLong { .. }) => {
                    let bank = &self.bank;
                    tracing::error!(%bank, %fault, "the budget of fraud alerts was not lifted");
                }
            },
        }
    }

    /// What the console shows of the engine.
    pub fn view(&self, judge: &Judge, budget: &Budget, now: Timestamp) -> View {
        let mut aged = budget.clone();
        aged.turn_to(seconds(now));
        let (day, week) = aged.used();
        View {
            at: now,
            digest: judge.rules().map(digest),
            used: self.used.clone(),
            newest: self.newest.clone(),
            threshold: budget.threshold(),
            day,
            week,
            totals: budget.totals(),
            lifted: self.lifted.filter(|until| *until > now),
        }
    }
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap_or(if at.as_second() < 0 { 0 } else { u32::MAX })
}

/// How the engine of a bank stands, in this process.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// When it stood so.
    pub at: Timestamp,
    /// The digest of the rules that it uses.
    pub digest: Option<String>,
    /// The approved set that they are. None: the file of the bank.
    pub used: Option<RuleSetId>,
    /// The set that was approved last. Another one than `used`: it cannot be used.
    pub newest: Option<RuleSetId>,
    /// The score from which on the model alone raises an alert.
    pub threshold: f32,
    /// Payments and alerts of the last 24 hours.
    pub day: Hour,
    /// Payments and alerts of the last seven days.
    pub week: Hour,
    /// What has happened since the budget began.
    pub totals: Totals,
    /// Until when the budget is lifted.
    pub lifted: Option<Timestamp>,
}

/// How the engines stand, for the console; and the trials that run.
#[derive(Debug, Default)]
pub struct Board {
    views: Mutex<BTreeMap<BankId, Arc<View>>>,
    /// Trials of rules on the past.
    pub trials: super::trial::Trials,
}

impl Board {
    /// Shows how an engine stands.
    pub fn show(&self, bank: &BankId, view: View) {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).insert(bank.clone(), Arc::new(view));
    }

    /// How an engine stood when somebody last asked. None: nobody has yet.
    pub fn of(&self, bank: &BankId) -> Option<Arc<View>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).get(bank).cloned()
    }
}

/// How the engine of a bank stands now. If it has too much to do to say so, how it stood when somebody last asked.
pub async fn view(app: &App, bank: &BankId) -> Option<Arc<View>> {
    if let Err(fault) = app.engines.take(bank, vec![]).await {
        tracing::debug!(%bank, %fault, "the fraud engine was not asked how it stands");
    }
    app.engines.board.of(bank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fraud::rules::Hits;

    const RULE: &str = "rule a\n why \"w\"\n owner \"o\"\n expires 2027-01-01\n action alert\n when amount > 5\n \
                        hit { amount = 6 }\n miss { amount = 5 }\n";

    fn today() -> Date {
        "2026-11-22".parse().unwrap()
    }

    #[test]
    fn a_text_without_a_word_means_no_rules_and_has_a_digest() {
        let fields = fields(Currency::USD);
        let none = compile("none", " \n\t\n", &fields, today()).unwrap();
        assert!(none.rules().is_empty());
        let one = compile("one", RULE, &fields, today()).unwrap();
        assert_ne!(digest(&none), digest(&one));
        assert_eq!(digest(&none).len(), 64);
        assert!(compile("wrong", "# only a remark", &fields, today()).is_err());
    }

    #[test]
    fn hits_are_counted_by_day_and_rule_whether_they_act_or_not() {
        let silent = Verdict::SILENT;
        let rules = compile("one", RULE, &fields(Currency::USD), today()).unwrap();
        let mut row = [f32::NAN; fraud::catalogue::COUNT];
        let amount = fields(Currency::USD).all().iter().position(|field| field.name == "amount").unwrap();
        row[amount] = 600.0;
        let hit = rules.evaluate(&row, 1);
        assert_eq!(hit.matched.count(), 1, "{hit:?}");
        let outside = Verdict { hits: Hits::default(), ..hit };
        let mut tally = Tally::default();
        for (day, verdict) in [(1, silent), (1, hit), (1, outside), (2, hit)] {
            tally.add(day, &verdict);
        }
        assert_eq!(tally.0, BTreeMap::from([((1, 0), (2, 1)), ((2, 0), (1, 1))]));
    }

    #[test]
    fn a_day_begins_where_the_bank_is() {
        let york = TimeZone::get("America/New_York").unwrap();
        let at: Timestamp = "1970-01-02T04:59:59Z".parse().unwrap();
        assert_eq!((day(&york, at), day(&TimeZone::UTC, at)), (0, 1));
    }
}
