//! A loaded model: features in; score, probability and reasons out.

use crate::{
    artefact::{Artefact, Broken},
    catalogue::Features,
    reasons::{self, Reason},
    trees::Flat,
};

/// The model that ships: learned from [`crate::simulate`] only, for trying Parlour out.
pub const SHIPPED: &[u8] = include_bytes!("../artefacts/demo.bin");

/// What a model says of one payment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// In logarithms of odds; what thresholds are compared with.
    pub raw: f32,
    /// The probability of fraud.
    pub probability: f64,
}

/// An artefact that is ready to score.
#[derive(Debug, Clone)]
pub struct Model {
    artefact: Artefact,
    digest: [u8; 32],
    flat: Flat,
}

impl From<Artefact> for Model {
    fn from(artefact: Artefact) -> Model {
        Model { flat: Flat::new(&artefact.trees), digest: artefact.digest(), artefact }
    }
}

impl Model {
    /// The model of a file. Where this fails, keep the one in use and raise an alarm.
    pub fn load(bytes: &[u8]) -> Result<Model, Broken> {
        Artefact::read(bytes).map(Model::from)
    }

    /// The papers.
    pub fn artefact(&self) -> &Artefact {
        &self.artefact
    }

    /// SHA-256 of the artefact, which every decision stores.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// In logarithms of odds.
    #[inline]
    pub fn raw(&self, features: &Features) -> f32 {
        self.flat.score(features)
    }

    /// With its probability.
    pub fn score(&self, features: &Features) -> Score {
        let raw = self.raw(features);
        Score { raw, probability: self.artefact.calibration.probability(raw) }
    }

    /// Why the score is as high as it is: the families that raised it most, at most three.
    pub fn reasons(&self, features: &Features) -> Vec<Reason> {
        reasons::of(&self.artefact.trees, features)
    }
}
