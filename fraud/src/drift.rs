//! Whether what comes in still looks like what was learned from: bins of the score and of every feature against a reference week
//! (population stability index), their tails, where new frauds show first, and the share of known frauds that was caught.

use crate::{
    bytes::{Reader, Short, Writer},
    catalogue::{COUNT, ENTRIES, Family},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// From this index on somebody should look.
pub const WARN: f64 = 0.2;
/// From this index on it is an alarm.
pub const ALARM: f64 = 0.3;
/// A tail is an alarm from so many times its largest share of a day in the reference on, of one day and of all since the start ...
pub const TAIL_TIMES: [f64; 2] = [3.0, 2.0];
/// ... if it is so many standard deviations above, where payments come three at a time.
pub const TAIL_DEVIATIONS: f64 = 6.0;
/// The share of known frauds that were caught is an alarm below so much of the reference ...
pub const CAUGHT: f64 = 0.75;
/// ... if it is this many standard deviations below.
pub const CAUGHT_DEVIATIONS: f64 = 4.0;

/// Bins between quantiles.
const BINS: usize = 10;
/// The shares of the reference below the lower edges of the tails and above the upper ones.
const TAILS: [f64; 4] = [0.001, 0.005, 0.995, 0.999];
/// Kept of a share of nothing, so that the index stays finite.
const LEAST: f64 = 1e-4;
/// No tail is judged by less than this share of all payments, or a single card would ring.
const LEAST_TAIL: f64 = 0.001;
/// And by no fewer payments, or a single card of a small bank would.
const LEAST_EXPECTED: f64 = 10.0;

/// What one quantity looked like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// Ascending; a value is in the bin of the first edge that it does not exceed.
    pub edges: Vec<f32>,
    /// Of each bin the share of all, the last for what is missing.
    pub shares: Vec<f64>,
    /// What is below the first two or above the last two is in a tail.
    pub tails: [f32; 4],
    /// The largest share of a day in each tail.
    pub tail_shares: [f64; 4],
}

/// Counts of some time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Tally {
    counts: Vec<u64>,
    tails: [u64; 4],
    all: u64,
}

impl Shape {
    /// Of the values of some days.
    fn new(days: &[Vec<f32>]) -> Shape {
        let mut sorted: Vec<f32> = days.iter().flatten().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            let place = (sorted.len() as f64 * share) as usize;
            sorted.get(place.min(sorted.len().saturating_sub(1))).copied()
        };
        let mut edges: Vec<f32> = (1..BINS).filter_map(|bin| at(bin as f64 / BINS as f64)).collect();
        edges.dedup();
        // Nothing is beyond the edges of a quantity that is always missing.
        let nowhere = |share: f64| if share < 0.5 { f32::NEG_INFINITY } else { f32::INFINITY };
        let tails = TAILS.map(|share| at(share).unwrap_or(nowhere(share)));
        let mut shape = Shape { shares: vec![0.0; edges.len() + 2], edges, tails, tail_shares: [0.0; 4] };
        let mut all = Tally::default();
        for day in days {
            let mut tally = Tally::default();
            day.iter().for_each(|value| tally.note(&shape, *value));
            for (most, count) in shape.tail_shares.iter_mut().zip(tally.tails) {
                *most = most.max(count as f64 / tally.all.max(1) as f64);
            }
            day.iter().for_each(|value| all.note(&shape, *value));
        }
        shape.shares = all.counts.iter().map(|count| *count as f64 / all.all.max(1) as f64).collect();
        shape.shares.resize(shape.edges.len() + 2, 0.0);
        shape
    }

    fn index(&self, tally: &Tally) -> f64 {
        let pairs = self.shares.iter().zip(&tally.counts);
        pairs.fold(0.0, |sum, (was, count)| {
            let is = (*count as f64 / tally.all.max(1) as f64).max(LEAST);
            let was = was.max(LEAST);
            sum + (is - was) * libm::log(is / was)
        })
    }

    /// How many times its usual share each tail has, where that is an alarm.
    fn tail(&self, tally: &Tally, times: f64) -> Option<f64> {
        let all = tally.all as f64;
        let mut worst: Option<f64> = None;
        for (count, was) in tally.tails.iter().zip(self.tail_shares) {
            let usual = (was.max(LEAST_TAIL) * all).max(LEAST_EXPECTED);
            let count = *count as f64;
            // Payments of one card come together: the variance is taken three times as large as that of single ones.
            let rings = count > times * usual && count - usual > TAIL_DEVIATIONS * libm::sqrt(3.0 * usual);
            if rings && worst.is_none_or(|worst| count / usual > worst) {
                worst = Some(count / usual);
            }
        }
        worst
    }

    fn write(&self, out: &mut Writer) {
        out.len(self.edges.len());
        self.edges.iter().for_each(|edge| out.f32(*edge));
        self.shares.iter().for_each(|share| out.f64(*share));
        self.tails.iter().for_each(|edge| out.f32(*edge));
        self.tail_shares.iter().for_each(|share| out.f64(*share));
    }

    fn read(from: &mut Reader) -> Result<Shape, Short> {
        let count = from.len(12)?;
        let mut shape = Shape::default();
        for _ in 0..count {
            shape.edges.push(from.f32()?);
        }
        for _ in 0..count + 2 {
            shape.shares.push(from.f64()?);
        }
        for edge in &mut shape.tails {
            *edge = from.f32()?;
        }
        for share in &mut shape.tail_shares {
            *share = from.f64()?;
        }
        Ok(shape)
    }
}

impl Tally {
    #[inline]
    fn note(&mut self, shape: &Shape, value: f32) {
        if self.counts.len() != shape.edges.len() + 2 {
            self.counts.resize(shape.edges.len() + 2, 0);
        }
        let bin = if value.is_nan() {
            shape.edges.len() + 1
        } else {
            // As `partition_point`, without a branch: there are nine edges at most, and no pattern in where values fall.
            shape.edges.iter().map(|edge| usize::from(*edge < value)).sum()
        };
        self.counts[bin] += 1;
        for (place, edge) in shape.tails.iter().enumerate() {
            self.tails[place] += u64::from(if place < 2 { value < *edge } else { value > *edge });
        }
        self.all += 1;
    }

    /// Adds what was counted in another time, by the same shape.
    fn add(&mut self, other: &Tally) {
        self.all += other.all;
        self.tails.iter_mut().zip(other.tails).for_each(|(sum, count)| *sum += count);
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
    }
}

/// Counts of the score and of every feature in some time. Those of several times can be added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tallies(Vec<Tally>);

impl Default for Tallies {
    fn default() -> Tallies {
        Tallies(vec![Tally::default(); COUNT + 1])
    }
}

impl Tallies {
    /// Notes one payment: its score, as the reference has it, and its features.
    #[inline]
    pub fn note(&mut self, reference: &Reference, score: f32, features: &[f32]) {
        let values = std::iter::once(score).chain(features.iter().copied());
        for ((tally, shape), value) in self.0.iter_mut().zip(&reference.shapes).zip(values) {
            tally.note(shape, value);
        }
    }

    /// Adds what was counted in another time, with the same reference.
    pub fn add(&mut self, other: &Tallies) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, tally)| sum.add(tally));
    }

    /// Payments.
    pub fn payments(&self) -> u64 {
        self.0.first().map_or(0, |score| score.all)
    }

    /// Whether it is of as many quantities as there are now.
    pub fn is_whole(&self) -> bool {
        self.0.len() == COUNT + 1
    }

    /// Of the score and then of each feature: the counts of the bins, and last of what is missing. Empty if nothing was counted.
    pub fn counts(&self) -> impl Iterator<Item = &[u64]> {
        self.0.iter().map(|tally| tally.counts.as_slice())
    }
}

/// A score with the features that it is of.
pub type Row<'a> = (f32, &'a [f32]);

/// The week that everything is compared with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reference {
    /// Of the score, then of each feature.
    pub shapes: Vec<Shape>,
    /// From this score on a fraud counts as caught.
    pub threshold: f32,
    /// The share of frauds that were caught, by a model that had not seen them.
    pub caught: f64,
}

impl Reference {
    /// Of the rows of some days, each its score and its features.
    pub fn new(days: &[Vec<Row>], threshold: f32, caught: f64) -> Reference {
        let of = |pick: &dyn Fn(&Row) -> f32| -> Shape {
            let days: Vec<Vec<f32>> = days.iter().map(|day| day.iter().map(pick).collect()).collect();
            Shape::new(&days)
        };
        let mut shapes = vec![of(&|row| row.0)];
        shapes.extend((0..COUNT).map(|column| of(&|row| row.1[column])));
        Reference { shapes, threshold, caught }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        self.shapes.iter().for_each(|shape| shape.write(out));
        out.f32(self.threshold);
        out.f64(self.caught);
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Reference, Short> {
        let mut shapes = vec![];
        for _ in 0..=COUNT {
            shapes.push(Shape::read(from)?);
        }
        Ok(Reference { shapes, threshold: from.f32()?, caught: from.f64()? })
    }
}

/// What differs from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Finding {
    /// The index of the score (`None`) or of a feature, by its place.
    Index {
        /// The feature's place.
        column: Option<usize>,
        /// The population stability index.
        value: f64,
    },
    /// A tail of the score or of a feature is so many times its usual share.
    Tail {
        /// The feature's place.
        column: Option<usize>,
        /// How many times.
        times: f64,
    },
    /// Of the frauds that became known this share was caught.
    Caught {
        /// From 0 to 1.
        share: f64,
        /// What it was in the reference.
        was: f64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        let name = |column: Option<usize>| column.map_or("score", |column| ENTRIES[column].name);
        match *self {
            Finding::Index { column, value } => write!(to, "PSI of {} is {value:.2}", name(column)),
            Finding::Tail { column, times } => {
                write!(to, "the tail of {} has {times:.1} times its share", name(column))
            }
            Finding::Caught { share, was } => {
                write!(to, "{:.0} % of known frauds were caught, {:.0} % before", 100.0 * share, 100.0 * was)
            }
        }
    }
}

/// Watches one day after the other. All that is noted and closed is of one reference.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    day: Tallies,
    /// The tails since the start.
    sums: Tallies,
}

impl Monitor {
    /// Notes one payment.
    pub fn note(&mut self, reference: &Reference, score: f32, features: &[f32]) {
        self.day.note(reference, score, features);
    }

    /// Notes what was counted in a part of the day.
    pub fn add(&mut self, part: &Tallies) {
        self.day.add(part);
    }

    /// Payments of the day so far.
    pub fn payments(&self) -> u64 {
        self.day.payments()
    }

    /// What of the day passes the alarm; the next day begins. `known` are the frauds that became known in the last seven days
    /// and how many of them had been caught.
    pub fn close(&mut self, reference: &Reference, known: u64, caught: u64) -> Vec<Finding> {
        let mut findings = vec![];
        let day = std::mem::take(&mut self.day);
        for (place, (tally, shape)) in day.0.iter().zip(&reference.shapes).enumerate() {
            let column = place.checked_sub(1);
            if tally.all == 0 || column.is_some_and(|column| ENTRIES[column].is_calendar()) {
                continue;
            }
            let value = shape.index(tally);
            if value > ALARM {
                findings.push(Finding::Index { column, value });
            }
            // One compromised terminal fills the tail of everything that is known of it.
            let reports = |column: usize| {
                matches!(ENTRIES[column].family, Family::CardReports | Family::TerminalReports)
            };
            if column.is_some_and(reports) {
                continue;
            }
            self.sums.0[place].add(tally);
            let [a_day, all_days] = TAIL_TIMES;
            let tail = shape.tail(tally, a_day).or_else(|| shape.tail(&self.sums.0[place], all_days));
            findings.extend(tail.map(|times| Finding::Tail { column, times }));
        }
        findings.extend(caught_too_few(reference, known, caught));
        findings
    }
}

fn caught_too_few(reference: &Reference, known: u64, caught: u64) -> Option<Finding> {
    let was = reference.caught;
    let share = caught as f64 / known.max(1) as f64;
    // Both shares are uncertain, and frauds come in runs: the variance is taken four times.
    let deviation = libm::sqrt(4.0 * was * (1.0 - was) / known.max(1) as f64);
    let rings = known > 0 && share < CAUGHT * was && was - share > CAUGHT_DEVIATIONS * deviation;
    rings.then_some(Finding::Caught { share, was })
}
