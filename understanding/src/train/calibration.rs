//! How scores become probabilities that hold, and where the line to "about something else" lies.

use crate::learned::confidence::{Confidence, Gate, SIGNS, Scored, largest, log_softmax, signs, softmax};

/// Of in-scope messages, this part is to pass the gate.
pub const KEPT: f64 = 0.95;

/// Of messages that are acted upon, at most this part may be wrong on the messages of calibration.
const MOST_WRONG: f64 = 0.02;

/// Below, asking would be guessing.
const ASK: f32 = 0.30;

/// Parts of the scale from 0 to 1 over which calibration is measured.
const BINS: usize = 15;

/// The scale that makes known classes likeliest: by golden-section search on its logarithm.
pub fn scale(scored: &[Scored], classes: &[usize]) -> f32 {
    let loss = |log_scale: f64| -> f64 {
        let scale = libm::exp(log_scale) as f32;
        let losses = scored.iter().zip(classes);
        losses.map(|(scored, class)| -f64::from(log_softmax(&scored.scores, scale)[*class])).sum()
    };
    let golden = (libm::sqrt(5.0) - 1.0) / 2.0;
    let (mut low, mut high) = (libm::log(0.1), libm::log(100.0));
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (loss(left), loss(right));
    for _ in 0..30 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = loss(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = loss(right);
        }
    }
    libm::exp((low + high) / 2.0) as f32
}

/// Fits everything on messages that were not trained on: `known` with their classes, and some of other matters.
pub fn fit(known: &[Scored], classes: &[usize], other: &[Scored]) -> Confidence {
    let scale = scale(known, classes);
    let sign = |scored: &Scored| signs(scored, &softmax(&scored.scores, scale));
    let inside: Vec<[f32; SIGNS]> = known.iter().map(sign).collect();
    let outside: Vec<[f32; SIGNS]> = other.iter().map(sign).collect();
    let weights = logistic(&inside, &outside);
    let mut gate = Gate { weights, least: f32::MIN };
    let logits: Vec<f32> = inside.iter().map(|signs| gate.logit(signs)).collect();
    gate.least = quantile(&logits, 1.0 - KEPT);
    let act = act(known, classes, scale, &gate);
    Confidence { scale, gate, act, ask: ASK.min(act) }
}

/// The lowest probability from which on few enough are wrong.
fn act(known: &[Scored], classes: &[usize], scale: f32, gate: &Gate) -> f32 {
    let tried = known.iter().zip(classes).filter_map(|(scored, class)| {
        let shares = softmax(&scored.scores, scale);
        let passes = gate.logit(&signs(scored, &shares)) >= gate.least;
        let best = largest(&shares);
        passes.then_some((shares[best], best == *class))
    });
    least_to_act(&tried.collect::<Vec<_>>())
}

/// The lowest probability from which on few enough of the messages that pass the gate are wrong. Each comes with its
/// probability and whether it is right.
pub fn least_to_act(tried: &[(f32, bool)]) -> f32 {
    let few_wrong = |least: f32| {
        let acted = tried.iter().filter(|(share, _)| *share >= least);
        let (mut all, mut wrong) = (0.0, 0.0);
        acted.for_each(|(_, right)| {
            all += 1.0;
            wrong += if *right { 0.0 } else { 1.0 };
        });
        wrong <= MOST_WRONG * all
    };
    (8..=18).map(|step| step as f32 * 0.05).find(|least| few_wrong(*least)).unwrap_or(0.95)
}

/// The value below which this part of the values lies.
pub fn quantile(values: &[f32], part: f64) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = (part * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// How far probabilities are from how often they hold: the mean distance over bins, weighed by their size.
pub fn calibration_error(shares_and_rights: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0f64, 0.0f64, 0.0f64); BINS];
    for (share, right) in shares_and_rights {
        let bin = &mut bins[((share * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += 1.0;
        bin.1 += f64::from(*share);
        bin.2 += if *right { 1.0 } else { 0.0 };
    }
    let distance: f64 = bins.iter().map(|(_, share, right)| (share - right).abs()).sum();
    distance / shares_and_rights.len().max(1) as f64
}

/// Logistic regression by Newton's steps, both sides weighing the same. Weights are for signs as they are.
fn logistic(inside: &[[f32; SIGNS]], outside: &[[f32; SIGNS]]) -> [f32; SIGNS + 1] {
    const N: usize = SIGNS + 1;
    /// Keeps weights finite where the sides can be told apart without a mistake.
    const RIDGE: f64 = 1e-3;
    if inside.is_empty() || outside.is_empty() {
        // Nothing to learn from: the probability decides alone.
        return [0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    }
    let (means, spreads) = means_and_spreads(inside.iter().chain(outside));
    let standard = |signs: &[f32; SIGNS]| -> [f64; N] {
        std::array::from_fn(|at| match at {
            SIGNS => 1.0,
            _ => (f64::from(signs[at]) - means[at]) / spreads[at],
        })
    };
    let sides = [(inside, 1.0), (outside, 0.0)];
    let mut weights = [0.0f64; N];
    for _ in 0..30 {
        let mut slope: [f64; N] = std::array::from_fn(|at| RIDGE * weights[at]);
        let mut bend = [[0.0f64; N]; N];
        bend.iter_mut().enumerate().for_each(|(at, bend)| bend[at] = RIDGE);
        for (side, truth) in sides {
            let share = 1.0 / side.len() as f64;
            for signs in side {
                let x = standard(signs);
                let logit: f64 = x.iter().zip(&weights).map(|(x, weight)| x * weight).sum();
                let p = 1.0 / (1.0 + libm::exp(-logit));
                for ((slope, bend), own) in slope.iter_mut().zip(&mut bend).zip(x) {
                    *slope += share * (p - truth) * own;
                    bend.iter_mut()
                        .zip(x)
                        .for_each(|(bend, other)| *bend += share * p * (1.0 - p) * own * other);
                }
            }
        }
        let step = solve(bend, slope);
        weights.iter_mut().zip(step).for_each(|(weight, step)| *weight -= step);
    }
    let mut plain = [0.0f32; N];
    let mut bias = weights[SIGNS];
    for at in 0..SIGNS {
        plain[at] = (weights[at] / spreads[at]) as f32;
        bias -= weights[at] * means[at] / spreads[at];
    }
    plain[SIGNS] = bias as f32;
    plain
}

fn means_and_spreads<'a>(
    all: impl Iterator<Item = &'a [f32; SIGNS]> + Clone,
) -> ([f64; SIGNS], [f64; SIGNS]) {
    let n = all.clone().count().max(1) as f64;
    let mut means = [0.0; SIGNS];
    all.clone().for_each(|signs| (0..SIGNS).for_each(|at| means[at] += f64::from(signs[at]) / n));
    let mut spreads = [0.0; SIGNS];
    all.for_each(|signs| {
        (0..SIGNS).for_each(|at| spreads[at] += (f64::from(signs[at]) - means[at]).powi(2) / n)
    });
    // A sign that is always the same tells nothing; it must not be divided by nothing.
    let spread = |spread: f64| if spread > 1e-9 { libm::sqrt(spread) } else { 1.0 };
    (means, spreads.map(spread))
}

/// Solves a small system of equations by elimination, largest pivot first.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for at in 0..N {
        let pivot =
            (at..N).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs())).unwrap_or(at);
        matrix.swap(at, pivot);
        right.swap(at, pivot);
        for row in 0..N {
            if row != at {
                let factor = matrix[row][at] / matrix[at][at];
                let lead = matrix[at];
                matrix[row].iter_mut().zip(lead).for_each(|(value, lead)| *value -= factor * lead);
                right[row] -= factor * right[at];
            }
        }
    }
    std::array::from_fn(|at| right[at] / matrix[at][at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::dice::Dice;

    fn scored(scores: Vec<f32>, nearest: f32) -> Scored {
        Scored { scores, nearest, unseen: 0.0 }
    }

    #[test]
    fn the_scale_is_found_again() {
        // Classes drawn by softmax(4 x score) must be found to have scale 4.
        let mut dice = Dice::new(9);
        let (mut all, mut classes) = (Vec::new(), Vec::new());
        for _ in 0..5000 {
            let scores: Vec<f32> = (0..3).map(|_| dice.normal() * 0.5).collect();
            let shares = softmax(&scores, 4.0);
            let thrown = dice.share();
            let class = if thrown < shares[0] { 0 } else { 1 + usize::from(thrown > shares[0] + shares[1]) };
            all.push(scored(scores, 0.0));
            classes.push(class);
        }
        let found = scale(&all, &classes);
        assert!((3.6..4.4).contains(&found), "{found}");
    }

    #[test]
    fn the_gate_keeps_what_it_promises_and_tells_other_matters() {
        let mut dice = Dice::new(11);
        let mut draw = |n: usize, nearest: f32| -> Vec<Scored> {
            (0..n).map(|_| scored(vec![1.0, -1.0], nearest + 0.1 * dice.normal())).collect()
        };
        let (known, other) = (draw(2000, 0.8), draw(300, 0.3));
        let confidence = fit(&known, &vec![0; 2000], &other);
        let passes = |all: &[Scored]| {
            let passed = all.iter().filter(|one| confidence.judge(one).in_scope >= confidence.gate.least);
            passed.count() as f64 / all.len() as f64
        };
        assert!((passes(&known) - KEPT).abs() < 0.001);
        assert!(passes(&other) < 0.02);
    }

    #[test]
    fn calibration_error_is_the_distance_between_said_and_found() {
        let said: Vec<(f32, bool)> = (0..100).map(|at| (0.9, at < 70)).collect();
        assert!((calibration_error(&said) - 0.2).abs() < 1e-6);
    }
}
