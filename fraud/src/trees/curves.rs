//! An additive model as what it is: for every feature one curve.

use super::Trees;
use crate::catalogue::{COUNT, Features};

/// What one feature adds, by its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The feature's place.
    pub column: usize,
    /// Ascending; a value is on the step of the first edge that it does not exceed.
    pub edges: Vec<f32>,
    /// Of each step, one more than edges.
    pub steps: Vec<f64>,
    /// What a missing value adds.
    pub missing: f64,
}

impl Curve {
    /// What this value adds.
    pub fn at(&self, value: f32) -> f64 {
        if value.is_nan() {
            return self.missing;
        }
        self.steps[self.edges.partition_point(|edge| *edge < value)]
    }

    /// From the lowest to the highest step.
    pub fn range(&self) -> f64 {
        let most = self.steps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most - self.steps.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

impl Trees {
    /// The curves of trees of depth one, those that say most first; `None` if the trees are deeper.
    pub fn curves(&self) -> Option<Vec<Curve>> {
        if self.depth != 1 {
            return None;
        }
        let mut curves: Vec<Curve> = (0..COUNT).filter_map(|column| self.curve(column)).collect();
        curves.sort_by(|a, b| b.range().total_cmp(&a.range()).then(a.column.cmp(&b.column)));
        Some(curves)
    }

    fn curve(&self, column: usize) -> Option<Curve> {
        let mine = || {
            let of = |tree: &&super::Tree| {
                usize::from(tree.splits[0].column) == column && tree.splits[0].threshold < f32::INFINITY
            };
            self.trees.iter().filter(of)
        };
        let mut edges: Vec<f32> = mine().map(|tree| tree.splits[0].threshold).collect();
        edges.sort_unstable_by(f32::total_cmp);
        edges.dedup();
        if edges.is_empty() {
            return None;
        }
        let added = |right: &dyn Fn(&super::Split) -> bool| -> f64 {
            mine().map(|tree| f64::from(tree.values[1 + usize::from(right(&tree.splits[0]))])).sum()
        };
        let mut steps: Vec<f64> = edges.iter().map(|edge| added(&|split| *edge > split.threshold)).collect();
        steps.push(added(&|_| true));
        Some(Curve { column, edges, steps, missing: added(&|split| split.missing_right) })
    }

    /// The score by the curves, for whoever wants to check a decision by hand.
    pub fn by_curves(&self, curves: &[Curve], features: &Features) -> f64 {
        curves.iter().fold(f64::from(self.bias), |sum, curve| sum + curve.at(features.0[curve.column]))
    }
}
