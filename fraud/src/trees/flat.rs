//! The trees side by side for scoring: no branches, several trees at a time, added in their order.

use super::Trees;
use crate::catalogue::{COUNT, Features};

/// Trees walked at the same time: as many as there are loads in flight.
const LANES: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Node {
    threshold: f32,
    /// A place among the values, or, plus [`COUNT`], among those in which missing is infinite.
    place: u32,
}

/// Trees laid out for scoring.
#[derive(Debug, Clone)]
pub struct Flat {
    depth: u32,
    bias: f32,
    trees: usize,
    /// Of each group of trees, level by level, node by node.
    nodes: Vec<Node>,
    leaves: Vec<f32>,
}

impl Flat {
    /// Lays out trees.
    pub fn new(trees: &Trees) -> Flat {
        let inner = (1usize << trees.depth) - 1;
        let mut flat = Flat {
            depth: trees.depth,
            bias: trees.bias,
            trees: trees.trees.len(),
            nodes: vec![],
            leaves: vec![],
        };
        for tree in &trees.trees {
            flat.nodes.extend(tree.splits.iter().map(|split| Node {
                threshold: split.threshold,
                // Nothing is more than an infinite threshold, so an unsplit node sends all to the left.
                place: u32::from(split.column) + if split.missing_right { COUNT as u32 } else { 0 },
            }));
            flat.leaves.extend(&tree.values[inner..]);
        }
        flat
    }

    /// The score in logarithms of odds. The same for the same features on every machine.
    pub fn score(&self, features: &Features) -> f32 {
        let mut values = [0f32; 2 * COUNT];
        for (place, value) in features.0.iter().enumerate() {
            let missing = value.is_nan();
            values[place] = if missing { f32::NEG_INFINITY } else { *value };
            values[place + COUNT] = if missing { f32::INFINITY } else { *value };
        }
        let inner = (1usize << self.depth) - 1;
        let mut sum = self.bias;
        let mut first = 0;
        while first + LANES <= self.trees {
            let nodes = &self.nodes[first * inner..(first + LANES) * inner];
            let mut at = [0usize; LANES];
            for _ in 0..self.depth {
                for lane in 0..LANES {
                    at[lane] = step(nodes[lane * inner + at[lane]], &values, at[lane]);
                }
            }
            for (lane, at) in at.into_iter().enumerate() {
                sum += self.leaves[(first + lane) * (inner + 1) + at - inner];
            }
            first += LANES;
        }
        for tree in first..self.trees {
            let mut at = 0;
            for _ in 0..self.depth {
                at = step(self.nodes[tree * inner + at], &values, at);
            }
            sum += self.leaves[tree * (inner + 1) + at - inner];
        }
        sum
    }
}

#[inline(always)]
fn step(node: Node, values: &[f32; 2 * COUNT], at: usize) -> usize {
    2 * at + 1 + usize::from(values[node.place as usize] > node.threshold)
}
