//! A trained model with all that is needed to trust it: what it was made from, how good it was, where its thresholds lie, what
//! its reference week looked like, and its own digest. Loading checks every length and never panics.

use crate::{
    bytes::{Reader, Short, Writer},
    catalogue,
    drift::Reference,
    event::Seconds,
    metrics::Metrics,
    trees::Trees,
};
use sha2::{Digest, Sha256};
use thiserror::Error;

const MAGIC: &[u8; 8] = b"PFMODEL\0";
/// The layout that this program writes and reads.
pub const VERSION: u32 = 1;
/// No model needs more; a larger file is another one.
pub const LARGEST: usize = 32 << 20;

/// Which of the two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Boosted trees.
    Trees,
    /// A sum of one curve for each feature.
    Additive,
}

/// Why a file is no model that can be used. The one in use stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Broken {
    /// Another kind of file.
    #[error("this file is no fraud model")]
    Magic,
    /// Too long.
    #[error("{0} bytes; a model has at most {LARGEST}")]
    Long(usize),
    /// A layout of another time.
    #[error("layout {0} is unknown; this program reads {VERSION}")]
    Version(u32),
    /// Its features are not ours.
    #[error("the model was trained on other features than this program has")]
    Catalogue,
    /// Changed on the way.
    #[error("the file's digest does not fit its bytes")]
    Digest,
    /// Cut off.
    #[error(transparent)]
    Short(#[from] Short),
    /// A part that cannot be.
    #[error("{0} cannot be read")]
    Part(&'static str),
    /// Something follows the end.
    #[error("{0} bytes follow the end of the model")]
    Rest(usize),
}

/// What it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The first payment that it learned from.
    pub from: Seconds,
    /// The end of what it learned from.
    pub to: Seconds,
    /// Payments.
    pub rows: u64,
    /// Frauds among them.
    pub frauds: u64,
    /// How long labels took.
    pub label_delay: Seconds,
    /// The seed of the training.
    pub seed: u64,
    /// SHA-256 of the data, as its reader defines it.
    pub data: [u8; 32],
}

/// Where alerts begin, as scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Nine of ten alerts are right, inside the budget.
    pub precise: f32,
    /// The whole budget.
    pub budget: f32,
}

/// Scores as probabilities: `1 / (1 + exp(-(slope x score + shift)))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Times the score.
    pub slope: f64,
    /// Added.
    pub shift: f64,
}

impl Calibration {
    /// The probability of fraud.
    pub fn probability(&self, score: f32) -> f64 {
        1.0 / (1.0 + libm::exp(-(self.slope * f64::from(score) + self.shift)))
    }
}

/// A model with its papers.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    /// Which model.
    pub kind: Kind,
    /// What it was made from.
    pub origin: Origin,
    /// How good the same training was on the last week, which it had not seen.
    pub metrics: Metrics,
    /// Where alerts begin.
    pub thresholds: Thresholds,
    /// From scores to probabilities.
    pub calibration: Calibration,
    /// The week to compare with.
    pub reference: Reference,
    /// The model.
    pub trees: Trees,
}

impl Artefact {
    /// All of it, ending with the SHA-256 of what is before.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.0.extend_from_slice(MAGIC);
        out.u32(VERSION);
        out.0.extend_from_slice(&catalogue::digest());
        out.u8(match self.kind {
            Kind::Trees => 0,
            Kind::Additive => 1,
        });
        let Origin { from, to, rows, frauds, label_delay, seed, data } = self.origin;
        [from, to, label_delay].into_iter().for_each(|value| out.u32(value));
        [rows, frauds, seed].into_iter().for_each(|value| out.u64(value));
        out.0.extend_from_slice(&data);
        out.u64(self.metrics.payments as u64);
        out.u64(self.metrics.frauds as u64);
        measures(&self.metrics).into_iter().for_each(|value| out.f64(value));
        out.f32(self.thresholds.precise);
        out.f32(self.thresholds.budget);
        out.f64(self.calibration.slope);
        out.f64(self.calibration.shift);
        self.reference.write(&mut out);
        self.trees.write(&mut out);
        let digest: [u8; 32] = Sha256::digest(&out.0).into();
        out.0.extend_from_slice(&digest);
        out.0
    }

    /// The model of a file.
    pub fn read(bytes: &[u8]) -> Result<Artefact, Broken> {
        if bytes.len() > LARGEST {
            return Err(Broken::Long(bytes.len()));
        }
        let body = bytes.len().checked_sub(32).ok_or(Short { at: 0, wanted: 32 })?;
        let (body, digest) = bytes.split_at(body);
        let mut from = Reader::new(body);
        if from.take(MAGIC.len())? != MAGIC {
            return Err(Broken::Magic);
        }
        let version = from.u32()?;
        if version != VERSION {
            return Err(Broken::Version(version));
        }
        if Sha256::digest(body).as_slice() != digest {
            return Err(Broken::Digest);
        }
        if from.take(32)? != catalogue::digest() {
            return Err(Broken::Catalogue);
        }
        let kind = match from.u8()? {
            0 => Kind::Trees,
            1 => Kind::Additive,
            _ => return Err(Broken::Part("the kind of model")),
        };
        let artefact = Artefact {
            kind,
            origin: origin(&mut from)?,
            metrics: metrics(&mut from)?,
            thresholds: Thresholds { precise: from.f32()?, budget: from.f32()? },
            calibration: Calibration { slope: from.f64()?, shift: from.f64()? },
            reference: Reference::read(&mut from)?,
            trees: Trees::read(&mut from)?.ok_or(Broken::Part("a tree"))?,
        };
        let Calibration { slope, shift } = artefact.calibration;
        if !slope.is_finite() || !shift.is_finite() || artefact.thresholds.budget.is_nan() {
            return Err(Broken::Part("the calibration"));
        }
        if from.left() > 0 { Err(Broken::Rest(from.left())) } else { Ok(artefact) }
    }

    /// The SHA-256 that the bytes end with: the name of this model.
    pub fn digest(&self) -> [u8; 32] {
        let bytes = self.bytes();
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[bytes.len() - 32..]);
        digest
    }
}

fn measures(metrics: &Metrics) -> [f64; 9] {
    [
        metrics.auc_roc,
        metrics.average_precision,
        metrics.card_precision,
        metrics.card_precision_perfect,
        metrics.budget_precision,
        metrics.budget_recall,
        metrics.p90_alert_share,
        metrics.p90_recall,
        metrics.p90_threshold,
    ]
}

fn origin(from: &mut Reader) -> Result<Origin, Short> {
    let (begin, end, label_delay) = (from.u32()?, from.u32()?, from.u32()?);
    let (rows, frauds, seed) = (from.u64()?, from.u64()?, from.u64()?);
    let mut data = [0; 32];
    data.copy_from_slice(from.take(32)?);
    Ok(Origin { from: begin, to: end, rows, frauds, label_delay, seed, data })
}

fn metrics(from: &mut Reader) -> Result<Metrics, Short> {
    Ok(Metrics {
        payments: from.u64()? as usize,
        frauds: from.u64()? as usize,
        auc_roc: from.f64()?,
        average_precision: from.f64()?,
        card_precision: from.f64()?,
        card_precision_perfect: from.f64()?,
        budget_precision: from.f64()?,
        budget_recall: from.f64()?,
        p90_alert_share: from.f64()?,
        p90_recall: from.f64()?,
        p90_threshold: from.f64()?,
    })
}
