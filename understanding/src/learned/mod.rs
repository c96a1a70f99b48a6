//! What was learned from examples: a message's intent with its probability.

pub mod bytes;
pub mod classifier;
pub mod confidence;
pub mod encoder;
pub mod grams;
pub mod kernel;
pub mod linear;
pub mod mind;
pub mod murmur;
pub mod nearest;
pub mod pieces;
pub mod power;
pub mod table;
pub mod tensors;
pub mod topics;
pub mod tuned;
pub mod wordpiece;
