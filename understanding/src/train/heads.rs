//! A head for an encoder that is done: support vector machines over what it makes of messages.

use super::{
    folds::stratified,
    svm::{Row, Weights, train},
};
use crate::learned::encoder::WIDTH;

/// Parts for calibration.
const FOLDS: usize = 5;

/// The weights of a head.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// [`WIDTH`] for each class.
    pub weights: Vec<f32>,
    /// What every message scores.
    pub bias: Vec<f32>,
}

/// Vectors are moved to their middle and made about 1 long, so that the cost of a mistake means the same as elsewhere.
struct Frame {
    middle: Vec<f32>,
    factor: f32,
}

impl Frame {
    fn of(vectors: &[Vec<f32>]) -> Frame {
        let n = vectors.len().max(1) as f64;
        let mut middle = vec![0.0f64; WIDTH];
        for vector in vectors {
            middle.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(*value) / n);
        }
        let middle: Vec<f32> = middle.iter().map(|value| *value as f32).collect();
        let length = |vector: &Vec<f32>| -> f64 {
            let squares =
                vector.iter().zip(&middle).map(|(value, middle)| f64::from((value - middle).powi(2)));
            libm::sqrt(squares.sum::<f64>())
        };
        let mean = vectors.iter().map(length).sum::<f64>() / n;
        Frame { factor: if mean > 0.0 { (1.0 / mean) as f32 } else { 1.0 }, middle }
    }

    fn row(&self, vector: &[f32], class: usize) -> Row {
        let within = vector.iter().zip(&self.middle).map(|(value, middle)| (value - middle) * self.factor);
        Row { features: (0..).zip(within).collect(), classes: vec![class] }
    }

    /// The same scores, from vectors as they are.
    fn plain(&self, weights: &Weights) -> Rows {
        let mut rows = Vec::with_capacity(weights.classes * WIDTH);
        let mut bias = weights.biases();
        for (class, bias) in bias.iter_mut().enumerate() {
            for (feature, middle) in self.middle.iter().enumerate() {
                let weight = weights.of(feature, class) * self.factor;
                *bias -= weight * middle;
                rows.push(weight);
            }
        }
        Rows { weights: rows, bias }
    }
}

impl Rows {
    /// The score of each class.
    pub fn scores(&self, vector: &[f32]) -> Vec<f32> {
        let score =
            |(row, bias): (&[f32], &f32)| bias + row.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
        self.weights.chunks_exact(WIDTH).zip(&self.bias).map(score).collect()
    }
}

/// Trains a head on all vectors; with what heads of parts say about the vectors that they did not see.
pub fn head(vectors: &[Vec<f32>], classes: &[usize], n: usize, seed: u64) -> (Rows, Vec<Vec<f32>>) {
    let parts = stratified(classes, FOLDS, seed);
    let mut said = vec![Vec::new(); vectors.len()];
    let frame = Frame::of(vectors);
    let learn = |of: &dyn Fn(usize) -> bool| {
        let rows = vectors.iter().zip(classes).zip(&parts).filter(|(_, part)| of(**part));
        let rows: Vec<Row> = rows.map(|((vector, class), _)| frame.row(vector, *class)).collect();
        frame.plain(&train(&rows, WIDTH, n, seed))
    };
    for fold in 0..FOLDS {
        let rows = learn(&|part| part != fold);
        for ((vector, part), said) in vectors.iter().zip(&parts).zip(&mut said) {
            if *part == fold {
                *said = rows.scores(vector);
            }
        }
    }
    (learn(&|_| true), said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{learned::confidence::largest, train::dice::Dice};

    #[test]
    fn a_head_tells_classes_apart_that_it_did_not_see_too() {
        let mut dice = Dice::new(2);
        let classes: Vec<usize> = (0..90).map(|at| at % 3).collect();
        let vectors: Vec<Vec<f32>> = classes
            .iter()
            .map(|class| {
                (0..WIDTH).map(|at| 5.0 + dice.normal() + if at % 3 == *class { 1.0 } else { 0.0 }).collect()
            })
            .collect();
        let (rows, said) = head(&vectors, &classes, 3, 1);
        let right = |scores: &dyn Fn(usize) -> Vec<f32>| {
            (0..90).filter(|at| largest(&scores(*at)) == classes[*at]).count()
        };
        assert!(right(&|at| rows.scores(&vectors[at])) >= 88);
        assert!(right(&|at| said[at].clone()) >= 80);
    }
}
