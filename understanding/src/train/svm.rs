//! One-vs-rest linear support vector machines with squared hinge loss, trained for all classes at once by dual coordinate
//! descent. Public method: Hsieh et al., ICML 2008, "A dual coordinate descent method for large-scale linear SVM".

use super::dice::Dice;
use crate::learned::grams::Sparse;
use pulp::{Arch, Simd, WithSimd};

/// How much a mistake costs.
const COST: f32 = 1.0;

/// Rounds over all examples at most.
const MAX_ROUNDS: usize = 60;

/// Ends when no step in a round could have gained more than this.
const ENOUGH: f32 = 0.01;

/// Classes stand in memory in blocks of this many.
const BLOCK: usize = 8;

/// One example: its features, and the classes that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Features below `features`.
    pub features: Sparse,
    /// Usually one.
    pub classes: Vec<usize>,
}

/// Weights of all features and classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// How many classes there are.
    pub classes: usize,
    stride: usize,
    /// Feature by feature; the last one is the bias.
    all: Vec<f32>,
}

impl Weights {
    /// The weight of a feature for a class.
    pub fn of(&self, feature: usize, class: usize) -> f32 {
        self.all[feature * self.stride + class]
    }

    /// What every message scores.
    pub fn biases(&self) -> Vec<f32> {
        let last = self.all.len() - self.stride;
        self.all[last..last + self.classes].to_vec()
    }

    /// The score of each class.
    pub fn scores(&self, features: &Sparse) -> Vec<f32> {
        let last = self.all.len() - self.stride;
        let mut scores = self.all[last..].to_vec();
        for (feature, value) in features {
            let weights = &self.all[*feature as usize * self.stride..][..self.stride];
            scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += value * weight);
        }
        scores.truncate(self.classes);
        scores
    }
}

/// Trains on `rows`, whose features are below `features` and classes below `classes`.
pub fn train(rows: &[Row], features: usize, classes: usize, seed: u64) -> Weights {
    let stride = classes.div_ceil(BLOCK) * BLOCK;
    let mut weights = Weights { classes, stride, all: vec![0.0; (features + 1) * stride] };
    let lengths = rows.iter().map(|row| row.features.iter().map(|(_, value)| value * value).sum::<f32>());
    let mut descent = Descent {
        features,
        stride,
        weights: &mut weights.all,
        duals: vec![0.0; rows.len() * stride],
        lengths: lengths.map(|length| length + 1.0).collect(),
        sides: vec![-1.0; stride],
        scores: vec![0.0; stride],
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut dice = Dice::new(seed);
    for _ in 0..MAX_ROUNDS {
        dice.shuffle(&mut order);
        let gain = Arch::new().dispatch(Round { descent: &mut descent, rows, order: &order });
        if gain < ENOUGH {
            break;
        }
    }
    weights
}

struct Descent<'a> {
    features: usize,
    stride: usize,
    weights: &'a mut [f32],
    duals: Vec<f32>,
    lengths: Vec<f32>,
    /// 1 for classes of the example at hand, -1 for others.
    sides: Vec<f32>,
    scores: Vec<f32>,
}

struct Round<'a, 'b> {
    descent: &'a mut Descent<'b>,
    rows: &'a [Row],
    order: &'a [usize],
}

impl WithSimd for Round<'_, '_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut most = 0.0f32;
        for at in self.order {
            most = most.max(self.descent.step(*at, &self.rows[*at]));
        }
        most
    }
}

impl Descent<'_> {
    /// The best step for one example in each class; gives the largest slope that was left.
    #[inline(always)]
    fn step(&mut self, at: usize, row: &Row) -> f32 {
        let stride = self.stride;
        let bias = self.features * stride;
        self.scores.copy_from_slice(&self.weights[bias..bias + stride]);
        for (feature, value) in &row.features {
            let weights = &self.weights[*feature as usize * stride..][..stride];
            add(&mut self.scores, *value, weights);
        }
        row.classes.iter().for_each(|class| self.sides[*class] = 1.0);
        let flat = 1.0 / (2.0 * COST);
        let steep = 1.0 / (self.lengths[at] + flat);
        let duals = &mut self.duals[at * stride..(at + 1) * stride];
        let mut most = 0.0f32;
        for ((dual, score), side) in duals.iter_mut().zip(&mut self.scores).zip(&self.sides) {
            let slope = side * *score - 1.0 + flat * *dual;
            let new = (*dual - slope * steep).max(0.0);
            let step = new - *dual;
            most = most.max(step.abs());
            *score = step * side;
            *dual = new;
        }
        row.classes.iter().for_each(|class| self.sides[*class] = -1.0);
        if most > 0.0 {
            for (feature, value) in &row.features {
                add(&mut self.weights[*feature as usize * stride..][..stride], *value, &self.scores);
            }
            add(&mut self.weights[bias..bias + stride], 1.0, &self.scores);
        }
        most / steep
    }
}

/// `sums += factor x values`, both in whole blocks.
#[inline(always)]
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    let (sums, _) = sums.as_chunks_mut::<BLOCK>();
    let (values, _) = values.as_chunks::<BLOCK>();
    for (sums, values) in sums.iter_mut().zip(values) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_can_be_told_apart_are() {
        let mut dice = Dice::new(3);
        let rows: Vec<Row> = (0..300)
            .map(|at| {
                let class = at % 3;
                let noise = (0..3).map(|feature| (feature, 0.3 * dice.normal()));
                let features = noise.map(|(feature, noise)| {
                    (feature, noise + if feature as usize == class { 2.0 } else { 0.0 })
                });
                Row { features: features.collect(), classes: vec![class] }
            })
            .collect();
        let weights = train(&rows, 3, 3, 1);
        let right = rows.iter().filter(|row| {
            let scores = weights.scores(&row.features);
            scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(at, _)| at)
                == Some(row.classes[0])
        });
        assert!(right.count() >= 295);
        assert_eq!(weights, train(&rows, 3, 3, 1));
    }

    #[test]
    fn the_result_is_where_the_loss_is_least() {
        // With one feature, two examples and both on the wanted side, the best weights follow by hand:
        // minimise w^2/2 + b^2/2 + (1-w-b)^2 + (1+b)^2 for class 0.
        let row = |value: f32, class| Row { features: vec![(0, value)], classes: vec![class] };
        let weights = train(&[row(1.0, 0), row(0.0, 1)], 1, 2, 1);
        let (w, b) = (weights.of(0, 0), weights.biases()[0]);
        let (by_w, by_b) = (w - 2.0 * (1.0 - w - b), b - 2.0 * (1.0 - w - b) + 2.0 * (1.0 + b));
        assert!(by_w.abs() < 0.02 && by_b.abs() < 0.02, "{w} {b}");
    }
}
