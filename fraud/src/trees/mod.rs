//! Boosted trees: what they are, how they score. [`grow`] makes them, [`flat`] lays them out for speed.
//!
//! An additive model is the same with trees of depth one: each looks at one feature, so all that is said about a feature is one
//! curve, which a person can read.

mod bins;
mod curves;
mod flat;
mod grow;

pub use curves::Curve;
pub use flat::Flat;
pub use grow::{Settings, grow};

use crate::{
    bytes::{Reader, Short, Writer},
    catalogue::{COUNT, Features},
};

/// The deepest tree that is read or grown.
pub const DEEPEST: u32 = 8;

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// Row by row.
    pub values: &'a [f32],
    /// Values in a row.
    pub width: usize,
    /// What each row was.
    pub truth: &'a [bool],
    /// How much each row counts.
    pub weights: &'a [f32],
}

/// One inner node. What exceeds the threshold goes to the right; what is missing goes where training sent it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The feature's place.
    pub column: u16,
    /// Missing goes to the right.
    pub missing_right: bool,
    /// Infinite where the tree does not split: all goes to the left.
    pub threshold: f32,
}

/// A tree with all its levels: node `i` has the children `2 i + 1` and `2 i + 2`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The inner nodes.
    pub splits: Vec<Split>,
    /// Of every node, leaves included, the mean of the leaves below, by their rows.
    pub values: Vec<f32>,
}

/// All trees; the score is their sum, in their order, in logarithms of odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Trees {
    /// Levels of splits.
    pub depth: u32,
    /// Where every score begins.
    pub bias: f32,
    /// In the order in which they are added.
    pub trees: Vec<Tree>,
}

impl Tree {
    fn right(split: &Split, values: &[f32]) -> bool {
        let value = values[usize::from(split.column)];
        if value.is_nan() {
            split.missing_right && split.threshold < f32::INFINITY
        } else {
            value > split.threshold
        }
    }

    /// What each split on the way adds to its feature.
    fn path(&self, values: &[f32], mut add: impl FnMut(u16, f32)) {
        let mut node = 0;
        while let Some(split) = self.splits.get(node) {
            let next = 2 * node + 1 + usize::from(Tree::right(split, values));
            add(split.column, self.values[next] - self.values[node]);
            node = next;
        }
    }
}

impl Trees {
    /// How much each feature moved the score away from the mean, along the paths of the trees.
    pub fn contributions(&self, features: &Features) -> [f32; COUNT] {
        let mut sums = [0f32; COUNT];
        for tree in &self.trees {
            tree.path(&features.0, |column, by| sums[usize::from(column)] += by);
        }
        sums
    }

    /// How much each feature is used: the squared differences of its splits, as a share of all.
    pub fn weight_of_features(&self) -> [f64; COUNT] {
        let mut sums = [0f64; COUNT];
        for tree in &self.trees {
            for (node, split) in tree.splits.iter().enumerate() {
                let apart = f64::from(tree.values[2 * node + 1]) - f64::from(tree.values[2 * node + 2]);
                sums[usize::from(split.column)] += apart * apart;
            }
        }
        let all: f64 = sums.iter().sum();
        sums.map(|sum| sum / all.max(f64::MIN_POSITIVE))
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u32(self.depth);
        out.f32(self.bias);
        out.len(self.trees.len());
        for tree in &self.trees {
            for split in &tree.splits {
                out.u16(split.column << 1 | u16::from(split.missing_right));
                out.f32(split.threshold);
            }
            tree.values.iter().for_each(|value| out.f32(*value));
        }
    }

    /// `None` if a tree is too deep or looks at a feature that there is not, or a number is none.
    pub(crate) fn read(from: &mut Reader) -> Result<Option<Trees>, Short> {
        let (depth, bias) = (from.u32()?, from.f32()?);
        if depth == 0 || depth > DEEPEST || !bias.is_finite() {
            return Ok(None);
        }
        let inner = (1usize << depth) - 1;
        let count = from.len(inner * 6 + (2 * inner + 1) * 4)?;
        let mut trees = Vec::with_capacity(count);
        for _ in 0..count {
            let mut tree =
                Tree { splits: Vec::with_capacity(inner), values: Vec::with_capacity(2 * inner + 1) };
            for _ in 0..inner {
                let (mark, threshold) = (from.u16()?, from.f32()?);
                let split = Split { column: mark >> 1, missing_right: mark & 1 == 1, threshold };
                if usize::from(split.column) >= COUNT || threshold.is_nan() {
                    return Ok(None);
                }
                tree.splits.push(split);
            }
            for _ in 0..=2 * inner {
                let value = from.f32()?;
                if !value.is_finite() {
                    return Ok(None);
                }
                tree.values.push(value);
            }
            trees.push(tree);
        }
        Ok(Some(Trees { depth, bias, trees }))
    }
}
