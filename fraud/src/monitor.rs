//! Whether the world still looks as it did when the model was made, hour by hour: scores, features, missing values, answers.
//! [`crate::drift`] judges whole days with the reference of an artefact; here are counters that many workers can keep and add up.
//!
//! Counters are plain, bounded and can be added up: an hour's from those of many workers, a day's from those of its hours. What
//! they say is compared with a [`Reference`] whose bins were fixed when the model was trained.
//!
//! **Chance.** The population stability index of a sample that comes from the reference itself is not 0: n payments in k bins
//! against m of the reference give about (k-1)·(1/n + 1/m), because PSI ≈ Σ (p-q)²/q and so PSI / (1/n + 1/m) follows chi-squared with k-1
//! degrees of freedom. A finding is only made where chance reaches the warning level once in a million times; below that there are
//! too few payments to say anything.

mod answers;
mod histogram;
mod report;
#[cfg(test)]
mod tests;

pub use answers::{ANSWER_TIMES, Answers};
pub use histogram::{BINS, Histogram, Reference, Stability};
pub use report::{Finding, Level, Report};

use crate::catalogue::ENTRIES;
use crate::drift::Tallies;
use crate::share::Count;
use histogram::chance_of_shares;
use serde::{Deserialize, Serialize};

/// PSI from which on somebody should look, and from which on somebody is called: the same as for whole days.
pub use crate::drift::{ALARM as PSI_ALARM, WARN as PSI_WARN};

/// How much more or less of a feature may be missing, or outside what was seen in training, before somebody should look.
pub const MISSING_WARN: f64 = 0.05;
/// The same before somebody is called: a fifth of the payments has lost a feature.
pub const MISSING_ALARM: f64 = 0.2;

/// What a model saw in training: its scores and each feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct References {
    /// The scores.
    pub score: Reference,
    /// The features in the order of the row.
    pub features: Vec<Reference>,
}

impl References {
    /// Those of an artefact, which was learned from so many rows.
    pub fn of(artefact: &crate::drift::Reference, rows: u64) -> References {
        let named = ENTRIES.iter().map(|entry| entry.name);
        let mut all = std::iter::once("score").chain(named).zip(&artefact.shapes);
        let shape = |(name, shape): (&str, &crate::drift::Shape)| Reference::of_shape(name, shape, rows);
        let score = all.next().map_or_else(|| Reference::of("score", &[]), shape);
        References { score, features: all.map(shape).collect() }
    }
}

/// What was seen in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// Payments.
    pub payments: u64,
    /// Payments on which a customer was asked.
    pub alerts: u64,
    /// The scores.
    pub score: Histogram,
    /// The features in the order of the row.
    pub features: Vec<Histogram>,
    /// What customers answered.
    pub answers: Answers,
}

/// Two readings that are not of the same model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("readings of different models cannot be added up or compared")]
pub struct Unlike;

impl Readings {
    /// Nothing seen yet, of a model with these references.
    pub fn new(references: &References) -> Readings {
        Readings {
            payments: 0,
            alerts: 0,
            score: Histogram::new(&references.score),
            features: references.features.iter().map(Histogram::new).collect(),
            answers: Answers::default(),
        }
    }

    /// Counts a payment. A row that is too short lacks values.
    pub fn add(&mut self, references: &References, score: f32, row: &[f32], alert: bool) {
        self.payments += 1;
        self.alerts += u64::from(alert);
        self.score.add(&references.score, score);
        for (place, (histogram, reference)) in self.features.iter_mut().zip(&references.features).enumerate()
        {
            histogram.add(reference, row.get(place).copied().unwrap_or(f32::NAN));
        }
    }

    /// Adds the scores and features that were counted by the same shapes. Payments and alerts are counted by whoever calls.
    pub fn gather(&mut self, tallies: &Tallies) -> Result<(), Unlike> {
        let mut counts = tallies.counts();
        let mut all = std::iter::once(&mut self.score).chain(&mut self.features);
        all.try_for_each(|histogram| histogram.gather(counts.next().ok_or(Unlike)?).ok_or(Unlike))
    }

    /// Adds what somebody else saw.
    pub fn merge(&mut self, other: &Readings) -> Result<(), Unlike> {
        let pairs = || self.features.iter().zip(&other.features);
        let alike = self.features.len() == other.features.len()
            && self.score.is_like(&other.score)
            && pairs().all(|(one, other)| one.is_like(other));
        if !alike {
            return Err(Unlike);
        }
        self.payments += other.payments;
        self.alerts += other.alerts;
        self.score.merge(&other.score);
        for (one, other) in self.features.iter_mut().zip(&other.features) {
            one.merge(other);
        }
        self.answers.merge(&other.answers);
        Ok(())
    }

    /// What they say beside the references.
    pub fn report(&self, references: &References) -> Result<Report, Unlike> {
        let fits = self.features.len() == references.features.len()
            && self.score.fits(&references.score)
            && self.features.iter().zip(&references.features).all(|(one, reference)| one.fits(reference));
        if !fits {
            return Err(Unlike);
        }
        let features = self.features.iter().zip(&references.features);
        Ok(Report {
            payments: self.payments,
            alert_share: Count { of: self.alerts, all: self.payments }.share(),
            score: finding(&self.score, &references.score),
            features: features.map(|(histogram, reference)| finding(histogram, reference)).collect(),
            precision: self.answers.given().interval(),
            unanswered: self.answers.unanswered,
            half_answer_within: self.answers.within(0.5),
            most_answer_within: self.answers.within(0.9),
        })
    }
}

fn finding(histogram: &Histogram, reference: &Reference) -> Finding {
    let stability = histogram.stability(reference);
    let psi = match stability {
        Some(Stability { psi, chance }) if chance <= PSI_WARN => graded(psi, PSI_WARN, PSI_ALARM),
        _ => Level::TooFew,
    };
    let missing = lost(histogram.missing_share(), reference.missing_share());
    let outside = lost(histogram.outside_share(), reference.outside_share());
    Finding {
        name: reference.name.clone(),
        known: histogram.known(),
        psi: stability.map(|stability| stability.psi),
        missing: histogram.missing_share().share(),
        missing_then: reference.missing_share().share(),
        outside: histogram.outside_share().share(),
        level: psi.max(missing).max(outside),
    }
}

fn graded(value: f64, warn: f64, alarm: f64) -> Level {
    if value > alarm {
        Level::Alarm
    } else if value > warn {
        Level::Warn
    } else {
        Level::Calm
    }
}

/// Grades a difference of shares that chance does not explain.
fn lost(now: Count, then: Count) -> Level {
    match (now.share(), then.share()) {
        (Some(now_share), Some(then_share)) => {
            let apart = (now_share - then_share).abs();
            if apart > chance_of_shares(now, then) {
                graded(apart, MISSING_WARN, MISSING_ALARM)
            } else {
                Level::TooFew
            }
        }
        _ => Level::TooFew,
    }
}
