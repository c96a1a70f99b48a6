//! A classifier from examples: trained on all of them, calibrated on what models of parts say about the rest.

use super::{
    calibration::fit as calibrate,
    folds::stratified,
    svm::{Row, Weights, train},
};
use crate::learned::{
    classifier::{Classifier, Source},
    confidence::Scored,
    grams::{Rarity, SPARSE},
    kernel::dot,
    linear::Linear,
    nearest::Nearest,
    table::centred,
};

/// Parts for calibration.
const FOLDS: usize = 5;

/// Vectors of each class that are kept to tell how near a message is to what is known. Keeping all tells it no better, and takes most
/// of the artefact and of the time.
const APART: usize = 40;

/// A message with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What was written.
    pub text: String,
    /// What the table or the encoder makes of it.
    pub dense: Vec<f32>,
    /// The classes that it belongs to; usually one.
    pub classes: Vec<usize>,
}

/// A trained model before its weights are rounded.
#[derive(Debug, Clone)]
pub struct Fitted {
    rarity: Rarity,
    centre: Vec<f32>,
    weights: Weights,
    nearest: Nearest,
}

impl Fitted {
    /// Trains on examples. There must be one at least, and all dense vectors of one length. `other` are messages that belong to
    /// no class: each class learns that they are not its own.
    pub fn train(examples: &[&Example], other: &[&Example], classes: usize, seed: u64) -> Fitted {
        let rarity = Rarity::learn(examples.iter().map(|example| example.text.as_str()));
        let centre = mean(examples);
        let mut vectors = Vec::with_capacity(examples.len());
        let row = |example: &Example, dense: &[f32], classes: &[usize]| Row {
            features: joined(rarity.features(&example.text), dense),
            classes: classes.to_vec(),
        };
        let mut rows = Vec::with_capacity(examples.len() + other.len());
        for example in examples {
            let dense = centred(&example.dense, &centre);
            rows.push(row(example, &dense, &example.classes));
            vectors.push(dense);
        }
        rows.extend(other.iter().map(|example| row(example, &centred(&example.dense, &centre), &[])));
        let weights = train(&rows, SPARSE + centre.len(), classes, seed);
        let of: Vec<usize> = examples.iter().map(|example| first(example)).collect();
        let nearest = Nearest::round(&apart(&vectors, &of, classes), centre.len());
        Fitted { rarity, centre, weights, nearest }
    }

    /// Scores an example.
    pub fn scored(&self, example: &Example) -> Scored {
        let sparse = self.rarity.features(&example.text);
        let dense = centred(&example.dense, &self.centre);
        let nearest = self.nearest.cosine(&dense);
        let unseen = self.rarity.unseen(&sparse);
        let features = joined(sparse, &dense);
        Scored { scores: self.weights.scores(&features), nearest, unseen }
    }
}

fn joined(mut sparse: Vec<(u32, f32)>, dense: &[f32]) -> Vec<(u32, f32)> {
    sparse.extend((SPARSE as u32..).zip(dense.iter().copied()));
    sparse
}

fn mean(examples: &[&Example]) -> Vec<f32> {
    let width = examples.first().map_or(0, |example| example.dense.len());
    let mut mean = vec![0.0f64; width];
    for example in examples {
        mean.iter_mut().zip(&example.dense).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    mean.iter().map(|sum| (sum / examples.len().max(1) as f64) as f32).collect()
}

/// Of each class, the vectors (of length 1) that lie farthest apart: the first one, then always the one that is least near to those
/// that were taken, until there are [`APART`].
fn apart(vectors: &[Vec<f32>], of: &[usize], classes: usize) -> Vec<Vec<f32>> {
    let mut taken = Vec::new();
    for class in 0..classes {
        let mut left: Vec<(&Vec<f32>, f32)> = vectors
            .iter()
            .zip(of)
            .filter(|(_, of)| **of == class)
            .map(|(vector, _)| (vector, -1.0))
            .collect();
        for _ in 0..APART {
            let mut next = 0;
            for at in 1..left.len() {
                if left[at].1 < left[next].1 {
                    next = at;
                }
            }
            if left.is_empty() {
                break;
            }
            let (newest, _) = left.remove(next);
            left.iter_mut().for_each(|(vector, nearest)| *nearest = nearest.max(dot(vector, newest)));
            taken.push(newest.clone());
        }
    }
    taken
}

/// Scores of examples, and of `other` ones, by models that did not see them, in their order.
pub fn out_of_fold(
    examples: &[Example],
    other: &[Example],
    classes: usize,
    seed: u64,
) -> (Vec<Scored>, Vec<Scored>) {
    let firsts: Vec<usize> = examples.iter().map(first).collect();
    let parts = stratified(&firsts, FOLDS, seed);
    let mut scored: Vec<Option<Scored>> = vec![None; examples.len()];
    let mut others: Vec<Option<Scored>> = vec![None; other.len()];
    for part in 0..FOLDS {
        let rest = examples.iter().zip(&parts).filter(|(_, of)| **of != part).map(|(example, _)| example);
        let rest_of_other = (0..).zip(other).filter(|(at, _)| at % FOLDS != part).map(|(_, example)| example);
        let fitted =
            Fitted::train(&rest.collect::<Vec<_>>(), &rest_of_other.collect::<Vec<_>>(), classes, seed);
        for ((example, of), scored) in examples.iter().zip(&parts).zip(&mut scored) {
            if *of == part {
                *scored = Some(fitted.scored(example));
            }
        }
        for at in (part..other.len()).step_by(FOLDS) {
            others[at] = Some(fitted.scored(&other[at]));
        }
    }
    (scored.into_iter().flatten().collect(), others.into_iter().flatten().collect())
}

/// The class of an example that has one.
pub fn first(example: &Example) -> usize {
    example.classes.first().copied().unwrap_or(0)
}

/// A classifier, and what models of parts said about messages that they did not see.
#[derive(Debug, Clone)]
pub struct Made {
    /// Trained on all examples.
    pub classifier: Classifier,
    /// What was said about each example.
    pub known: Vec<Scored>,
    /// What was said about messages of other matters.
    pub others: Vec<Scored>,
}

impl Made {
    /// Adds to the scores of each class, in the classifier and in what was said about the messages it was tried on. It must be
    /// calibrated after that.
    pub fn lean(&mut self, by: &[f32]) {
        self.classifier.linear.lean(by);
        for scored in self.known.iter_mut().chain(&mut self.others) {
            scored.scores.iter_mut().zip(by).for_each(|(score, by)| *score += by);
        }
    }
}

/// Trains on all examples and calibrates. `other` are messages of other matters. None if there is no example or there
/// are too many classes.
pub fn classifier(
    examples: &[Example],
    other: &[Example],
    labels: Vec<String>,
    sources: Vec<Source>,
    seed: u64,
) -> Option<Made> {
    if examples.is_empty() {
        return None;
    }
    let classes: Vec<usize> = examples.iter().map(first).collect();
    let (known, others) = out_of_fold(examples, other, labels.len(), seed);
    let confidence = calibrate(&known, &classes, &others);
    let all: Vec<&Example> = examples.iter().collect();
    let fitted = Fitted::train(&all, &other.iter().collect::<Vec<_>>(), labels.len(), seed);
    let weight = |feature: usize, class: usize| fitted.weights.of(feature, class);
    let features = SPARSE + fitted.centre.len();
    let linear = Linear::round(features, labels.len(), weight, fitted.weights.biases())?;
    let Fitted { rarity, centre, nearest, .. } = fitted;
    let classifier = Classifier { labels, sources, rarity, centre, linear, nearest, confidence };
    Some(Made { classifier, known, others })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_crowd_those_that_lie_apart_are_kept() {
        // Three far corners and a crowd in the first: the corners come first, and no class takes from another.
        let mut vectors = vec![vec![1.0, 0.0, 0.0]; 2 * APART];
        vectors.extend([vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0], vec![-1.0, 0.0, 0.0]]);
        let of: Vec<usize> = (0..vectors.len()).map(|at| usize::from(at + 1 == vectors.len())).collect();
        let kept = apart(&vectors, &of, 2);
        assert_eq!(kept.len(), APART + 1);
        assert_eq!(kept[..3], [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]]);
        assert_eq!(kept[APART], [-1.0, 0.0, 0.0]);
    }
}
