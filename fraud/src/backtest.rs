//! What rules would have done: a set on trial, the set in force and the model, side by side over past payments.

mod report;
#[cfg(test)]
mod tests;

pub use report::{Backtest, Overlap, Reason, RuleTally, Tally};

use crate::budget::{ALERT_SHARE_PPM, PRECISION_AIM};
use crate::rules::{Hits, MAX_RULES, Outcome, RuleSet};
use crate::share::Count;
use std::collections::{BTreeMap, HashSet};

/// Days that a trial needs before rules may go live: four weeks hold each day of the week and the turn of a month.
pub const MIN_DAYS: usize = 30;
/// Labelled payments that must be flagged before their precision says anything: with 50, nine of ten right could be eight.
pub const MIN_LABELLED: u64 = 50;
/// Cards and days of cards that a trial remembers, about 200 MB. A set that flags more is far over any budget.
pub const MAX_SEEN: usize = 4_000_000;
/// Pairs of rules that a report names.
pub const MAX_OVERLAPS: usize = 20;

/// What is tried, and against what.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The rules on trial. They are tried on all cards, whatever their share.
    pub candidate: &'a RuleSet,
    /// The rules in force, with their shares.
    pub in_force: Option<&'a RuleSet>,
    /// The score from which on the model alone raises an alert.
    pub threshold: f32,
}

/// A payment of the past.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Its features as they were when it was decided, NaN where missing.
    pub row: &'a [f32],
    /// The model's score.
    pub score: f32,
    /// Whether it was fraud, if that is known.
    pub label: Option<bool>,
    /// The card, as a keyed hash.
    pub card: u64,
    /// The day in the bank's zone, as a running number.
    pub day: i32,
}

/// Whose flags are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Model,
    Before,
    After,
    Rule(u16),
}

#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    flagged: u64,
    cards: u64,
    card_days: u64,
    /// Frauds among the flagged whose label is known.
    labelled: Count,
}

/// A trial that payments are fed into.
#[derive(Debug)]
pub struct Trial<'a> {
    plan: Plan<'a>,
    labels: Count,
    payments: u64,
    model: Counted,
    before: Counted,
    after: Counted,
    rules: Vec<Counted>,
    /// Flagged by one rule alone, and how many of those are known as fraud.
    alone: Vec<Count>,
    with_model: Vec<u64>,
    /// How often two rules hit the same payment; the first has the smaller place.
    pairs: BTreeMap<(u16, u16), u64>,
    /// Payments and alerts of each day.
    days: BTreeMap<i32, Count>,
    seen: HashSet<(Who, u64, Option<i32>)>,
}

/// Tries rules on past payments.
pub fn backtest<'p>(plan: Plan<'_>, past: impl Iterator<Item = Past<'p>>) -> Backtest {
    let mut trial = Trial::new(plan);
    past.for_each(|payment| trial.add(&payment));
    trial.finish()
}

impl<'a> Trial<'a> {
    /// A trial without payments.
    pub fn new(plan: Plan<'a>) -> Trial<'a> {
        let rules = plan.candidate.rules().len();
        debug_assert!(rules <= MAX_RULES, "a set has no more");
        Trial {
            plan,
            labels: Count::default(),
            payments: 0,
            model: Counted::default(),
            before: Counted::default(),
            after: Counted::default(),
            rules: vec![Counted::default(); rules],
            alone: vec![Count::default(); rules],
            with_model: vec![0; rules],
            pairs: BTreeMap::new(),
            days: BTreeMap::new(),
            seen: HashSet::new(),
        }
    }

    /// Lets the rules and the model judge one payment.
    pub fn add(&mut self, past: &Past) {
        let Plan { candidate, in_force, threshold } = self.plan;
        let tried = candidate.evaluate_for_all(past.row);
        let model = past.score >= threshold;
        let before = match in_force {
            Some(set) => set.evaluate(past.row, past.card).outcome(past.score, threshold).bothers(),
            None => model,
        };
        let after = tried.outcome(past.score, threshold) != Outcome::Pass;

        self.payments += 1;
        if let Some(fraud) = past.label {
            self.labels.add(fraud);
        }
        self.days.entry(past.day).or_default().all += 1;
        for (who, flags) in [(Who::Model, model), (Who::Before, before), (Who::After, after)] {
            if flags {
                self.count(who, past);
            }
        }
        self.count_hits(&tried.hits, model, past);
    }

    fn count_hits(&mut self, hits: &Hits, model: bool, past: &Past) {
        let alone = hits.count() == 1 && !model;
        for place in hits.places() {
            self.count(Who::Rule(place), past);
            if let Some(with) = self.with_model.get_mut(usize::from(place)) {
                *with += u64::from(model);
            }
            if alone && let Some(alone) = self.alone.get_mut(usize::from(place)) {
                alone.add(past.label == Some(true));
            }
            for other in hits.places().filter(|other| *other > place) {
                *self.pairs.entry((place, other)).or_default() += 1;
            }
        }
    }

    fn count(&mut self, who: Who, past: &Past) {
        let new_card = self.is_new(who, past.card, None);
        let new_day = self.is_new(who, past.card, Some(past.day));
        if who == Who::After && new_day {
            self.days.entry(past.day).or_default().of += 1;
        }
        let Some(counted) = self.of(who) else { return };
        counted.flagged += 1;
        counted.cards += u64::from(new_card);
        counted.card_days += u64::from(new_day);
        if let Some(fraud) = past.label {
            counted.labelled.add(fraud);
        }
    }

    fn of(&mut self, who: Who) -> Option<&mut Counted> {
        match who {
            Who::Model => Some(&mut self.model),
            Who::Before => Some(&mut self.before),
            Who::After => Some(&mut self.after),
            Who::Rule(place) => self.rules.get_mut(usize::from(place)),
        }
    }

    fn is_new(&mut self, who: Who, card: u64, day: Option<i32>) -> bool {
        self.seen.len() < MAX_SEEN && self.seen.insert((who, card, day))
    }

    /// What came of it.
    pub fn finish(self) -> Backtest {
        let tally = |counted: Counted| Tally {
            flagged: counted.flagged,
            alerts: counted.card_days,
            cards: counted.cards,
            share_of_payments: Count { of: counted.card_days, all: self.payments }.share().unwrap_or(0.0),
            precision: counted.labelled.interval(),
            recall: Count { of: counted.labelled.of, all: self.labels.of }.interval(),
        };
        let (model, before, after) = (tally(self.model), tally(self.before), tally(self.after));
        let worst_day = self.days.iter().max_by(|one, other| {
            let (one, other) = (one.1.share().unwrap_or(0.0), other.1.share().unwrap_or(0.0));
            one.total_cmp(&other)
        });
        let mut report = Backtest {
            days: self.days.len(),
            payments: self.payments,
            labelled: self.labels.all,
            frauds: self.labels.of,
            model,
            before,
            after,
            worst_day: worst_day.map(|(day, count)| (*day, count.share().unwrap_or(0.0))),
            rules: self.rule_tallies(),
            overlaps: self.overlaps(),
            against: vec![],
            notes: vec![],
        };
        self.judge(&mut report);
        report
    }

    fn rule_tallies(&self) -> Vec<RuleTally> {
        let rules =
            self.plan.candidate.rules().iter().zip(&self.rules).zip(&self.alone).zip(&self.with_model);
        rules
            .map(|(((rule, counted), alone), with_model)| RuleTally {
                id: rule.id.clone(),
                action: rule.action.to_string(),
                hits: counted.flagged,
                cards: counted.cards,
                card_days: counted.card_days,
                precision: counted.labelled.interval(),
                with_model: *with_model,
                alone: alone.all,
                alone_frauds: alone.of,
            })
            .collect()
    }

    fn overlaps(&self) -> Vec<Overlap> {
        let id = |place: u16| self.plan.candidate.rule(place).map(|rule| rule.id.clone()).unwrap_or_default();
        let hits = |place: u16| self.rules.get(usize::from(place)).map_or(0, |counted| counted.flagged);
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_by_key(|(places, both)| (std::cmp::Reverse(**both), **places));
        let pairs = pairs.into_iter().take(MAX_OVERLAPS);
        pairs
            .map(|((one, other), both)| Overlap {
                one: id(*one),
                other: id(*other),
                both: *both,
                of_the_rarer: *both as f64 / hits(*one).min(hits(*other)).max(1) as f64,
            })
            .collect()
    }

    /// Says what speaks against going live, and what is worth knowing.
    fn judge(&self, report: &mut Backtest) {
        let against = &mut report.against;
        if report.days < MIN_DAYS {
            against.push(Reason::TooShort { days: report.days });
        }
        if self.seen.len() >= MAX_SEEN {
            against.push(Reason::TooMuch);
        }
        let after = &report.after;
        let parts = u128::from(after.alerts) * 1_000_000;
        if parts > u128::from(ALERT_SHARE_PPM) * u128::from(report.payments) {
            against.push(Reason::OverBudget { share: after.share_of_payments });
        }
        let labelled = self.after.labelled.all;
        match after.precision {
            _ if labelled < MIN_LABELLED => against.push(Reason::FewLabels { labelled }),
            Some(precision) if precision.share < PRECISION_AIM => {
                against.push(Reason::Imprecise { precision: precision.share });
            }
            _ => {}
        }
        let (found, before) = (self.after.labelled.of, self.before.labelled.of);
        if found < before {
            against.push(Reason::FindsLess { before, found });
        }
        let notes = &mut report.notes;
        if let Some((day, share)) = report.worst_day
            && share * 1e6 > f64::from(ALERT_SHARE_PPM)
        {
            notes.push(Reason::DayOverBudget { day, share });
        }
        let gone: Vec<&str> = self.plan.candidate.expired().map(|rule| rule.id.as_str()).collect();
        for rule in &report.rules {
            if gone.contains(&rule.id.as_str()) {
                notes.push(Reason::RanOut { id: rule.id.clone() });
            } else if rule.hits == 0 {
                notes.push(Reason::NeverHits { id: rule.id.clone() });
            } else if rule.alone == 0 {
                notes.push(Reason::AddsNothing { id: rule.id.clone() });
            }
        }
    }
}
