//! From a history whose truth is known to an artefact. Reads no file and no clock; the same history and seed give the same
//! bytes.

use crate::{
    artefact::{Artefact, Calibration, Kind, Origin, Thresholds},
    catalogue::{COUNT, Features},
    drift::{Reference, Row},
    event::{DAY, Seconds},
    metrics::{BUDGET, Judged, Metrics},
    protocol::{WEEK, Weeks},
    replay::Told,
    trees::{Flat, Settings, Table, Trees, grow},
};
use std::ops::Range;
use thiserror::Error;

/// The last week is kept apart to judge by, the one before waits for its labels, and this many days are left to learn from.
pub const LEAST_DAYS: u32 = 7;

/// Why nothing was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Untrained {
    /// Too short a history.
    #[error("{days} days to learn from; {} are needed: a week to judge by, one for its labels, {LEAST_DAYS} to learn", 2 * WEEK + LEAST_DAYS)]
    Days {
        /// Days between the bounds.
        days: u32,
    },
    /// Nothing to tell apart.
    #[error("{frauds} frauds in {rows} payments; both kinds are needed, to learn and to judge")]
    Frauds {
        /// Frauds.
        frauds: usize,
        /// Payments.
        rows: usize,
    },
}

/// What to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Which model.
    pub kind: Kind,
    /// Payments from this moment on are learned from.
    pub from: Seconds,
    /// Up to here, at midnight.
    pub to: Seconds,
    /// How long labels took when the features were made.
    pub label_delay: Seconds,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the data.
    pub data: [u8; 32],
}

/// A history with the features of every payment, row by row.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// In the order of time.
    pub told: &'a [Told],
    /// [`COUNT`] values for each.
    pub values: &'a [f32],
}

/// How each kind is grown. Found by cross-validation over weeks before the test week.
pub fn settings(kind: Kind, seed: u64) -> Settings {
    let trees =
        Settings { trees: 300, depth: 4, rate: 0.05, rows: 0.8, columns: 0.5, lambda: 1.0, least: 1.0, seed };
    match kind {
        Kind::Trees => trees,
        Kind::Additive => Settings { trees: 1_200, depth: 1, rate: 0.1, columns: 0.3, ..trees },
    }
}

impl<'a> History<'a> {
    /// The features of a payment.
    pub fn features(&self, place: usize) -> Features {
        let mut features = Features([f32::NAN; COUNT]);
        features.0.copy_from_slice(self.row(place));
        features
    }

    fn row(&self, place: usize) -> &'a [f32] {
        &self.values[place * COUNT..][..COUNT]
    }

    fn learn(&self, places: Range<usize>, settings: &Settings) -> Result<Trees, Untrained> {
        let truth: Vec<bool> = self.told[places.clone()].iter().map(|one| one.fraud).collect();
        let frauds = truth.iter().filter(|fraud| **fraud).count();
        if frauds == 0 || frauds == truth.len() {
            return Err(Untrained::Frauds { frauds, rows: truth.len() });
        }
        let weights = vec![1.0; truth.len()];
        let values = &self.values[places.start * COUNT..places.end * COUNT];
        Ok(grow(&Table { values, width: COUNT, truth: &truth, weights: &weights }, settings))
    }
}

/// Trains: once without the last two weeks, to judge by the last, and once with everything.
pub fn train(history: &History, plan: &Plan) -> Result<Artefact, Untrained> {
    let (first, end) = (plan.from.div_ceil(DAY), plan.to / DAY);
    let days = end.saturating_sub(first);
    if days < 2 * WEEK + LEAST_DAYS {
        return Err(Untrained::Days { days });
    }
    let settings = settings(plan.kind, plan.seed);
    let early = history.learn(Weeks::places(history.told, first..end - 2 * WEEK), &settings)?;
    let opinion = Opinion::of(history, &early, end)?;
    let places = Weeks::places(history.told, first..end);
    let told = &history.told[places.clone()];
    let trees = history.learn(places, &settings)?;
    let reference = opinion.reference(history, &trees, end);
    Ok(Artefact {
        kind: plan.kind,
        origin: Origin {
            from: plan.from,
            to: plan.to,
            rows: told.len() as u64,
            frauds: told.iter().filter(|one| one.fraud).count() as u64,
            label_delay: plan.label_delay,
            seed: plan.seed,
            data: plan.data,
        },
        metrics: opinion.metrics,
        thresholds: opinion.thresholds,
        calibration: opinion.calibration,
        reference,
        trees,
    })
}

/// What a model that has not seen the last week says of it.
struct Opinion {
    metrics: Metrics,
    thresholds: Thresholds,
    calibration: Calibration,
    caught: f64,
}

impl Opinion {
    fn of(history: &History, trees: &Trees, end: u32) -> Result<Opinion, Untrained> {
        let flat = Flat::new(trees);
        let week = Weeks::places(history.told, end - WEEK..end);
        let scores: Vec<f32> = week.clone().map(|place| flat.score(&history.features(place))).collect();
        let judged = Weeks::tested_until(end * DAY)
            .judged(history.told, |place| f64::from(scores[place - week.start]));
        let judged: Vec<Judged> = judged.into_iter().map(|(_, judged)| judged).collect();
        let metrics = Metrics::of(&judged);
        if metrics.frauds == 0 || metrics.frauds == metrics.payments {
            return Err(Untrained::Frauds { frauds: metrics.frauds, rows: metrics.payments });
        }
        let thresholds =
            Thresholds { precise: metrics.p90_threshold as f32, budget: budget_threshold(&judged) };
        let truth: Vec<bool> = judged.iter().map(|row| row.fraud).collect();
        let raw: Vec<f64> = judged.iter().map(|row| row.score).collect();
        let caught = judged.iter().filter(|row| row.fraud && row.score as f32 >= thresholds.budget).count();
        let caught = caught as f64 / metrics.frauds as f64;
        Ok(Opinion { metrics, thresholds, calibration: calibrate(&raw, &truth), caught })
    }

    /// The last week as the final model sees it. It has seen it before, which moves nearly nothing but the scores of frauds; those
    /// of another model would differ everywhere.
    fn reference(&self, history: &History, trees: &Trees, end: u32) -> Reference {
        let flat = Flat::new(trees);
        let day = |day: u32| -> Vec<Row> {
            let places = Weeks::places(history.told, day..day + 1);
            places.map(|place| (flat.score(&history.features(place)), history.row(place))).collect()
        };
        let days: Vec<Vec<Row>> = (end - WEEK..end).map(day).collect();
        Reference::new(&days, self.thresholds.budget, self.caught)
    }
}

/// The lowest score inside the budget.
fn budget_threshold(judged: &[Judged]) -> f32 {
    let mut scores: Vec<f64> = judged.iter().map(|row| row.score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let alerts = ((scores.len() as f64 * BUDGET) as usize).max(1);
    scores.get(alerts - 1).map_or(f32::INFINITY, |score| *score as f32)
}

/// Slope and shift of the logistic function (Platt, 1999), by Newton's method.
fn calibrate(scores: &[f64], truth: &[bool]) -> Calibration {
    let (mut slope, mut shift) = (1.0f64, 0.0f64);
    for _ in 0..30 {
        let (mut gs, mut gc, mut ss, mut sc, mut cc) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
        for (score, fraud) in scores.iter().zip(truth) {
            let odds = 1.0 / (1.0 + libm::exp(-(slope * score + shift)));
            let off = odds - f64::from(u8::from(*fraud));
            let bend = odds * (1.0 - odds);
            gs += off * score;
            gc += off;
            ss += bend * score * score;
            sc += bend * score;
            cc += bend;
        }
        let determinant = ss * cc - sc * sc;
        if determinant.abs() < 1e-12 {
            break;
        }
        // The likelihood has one peak; short steps do not leave it.
        let (by_slope, by_shift) = ((cc * gs - sc * gc) / determinant, (ss * gc - sc * gs) / determinant);
        slope -= by_slope.clamp(-0.5, 0.5);
        shift -= by_shift.clamp(-1.0, 1.0);
    }
    Calibration { slope: slope.max(1e-3), shift }
}
