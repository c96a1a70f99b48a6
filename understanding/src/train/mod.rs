//! How the artefacts come about: pure functions from examples and a seed to bytes, the same bytes each time. No part of
//! this runs in the gateway.

pub mod calibration;
pub mod dice;
pub mod finetune;
pub mod fit;
pub mod folds;
pub mod heads;
pub mod principal;
pub mod svm;
pub mod table;
