//! Whether a card payment looks like fraud, and why. Pure functions over a stream of payments and labels: no clock,
//! no I/O, the same scores for the same stream on every machine.
//!
//! - [`event`]: what it is fed; [`state`]: what it remembers; [`catalogue`]: what the models look at.
//! - [`trees`]: the models; [`model`]: one that is loaded; [`artefact`]: its file with its papers; [`reasons`]: why a score is high.
//! - [`drift`]: whether what comes in still looks like what was learned from.
//! - [`replay`], [`train`], [`protocol`], [`metrics`], [`simulate`]: how models are made and judged.
//! - [`rules`]: what analysts write themselves; [`backtest`]: what rules would have done.
//! - [`budget`]: how many customers are asked; [`monitor`]: hourly counters of scores, features and answers; [`shadow`]: a model on
//!   trial.

pub mod artefact;
pub mod backtest;
pub mod budget;
mod bytes;
pub mod catalogue;
pub mod drift;
pub mod event;
pub mod metrics;
pub mod model;
pub mod monitor;
pub mod papers;
pub mod protocol;
pub mod random;
pub mod reasons;
pub mod replay;
pub mod rules;
pub mod scorer;
pub mod shadow;
pub mod share;
pub mod simulate;
pub mod state;
pub mod train;
pub mod trees;

pub use bytes::Short;
