//! From scores to probabilities, and from those to a decision.

/// What a gate looks at.
pub const SIGNS: usize = 5;

/// Whether a message is about anything that was learned: a logistic function of [`SIGNS`] signs.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// For each sign; the last one for none.
    pub weights: [f32; SIGNS + 1],
    /// Messages below are out of scope. So chosen that 95 % of in-scope messages are above.
    pub least: f32,
}

/// How a classifier's scores are to be taken. Fitted on messages that it was not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// Scores times this become probabilities by softmax.
    pub scale: f32,
    /// Whether to believe them at all.
    pub gate: Gate,
    /// From here on a probability is enough to act.
    pub act: f32,
    /// From here on it is enough to ask.
    pub ask: f32,
}

/// What a classifier says of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// For each class.
    pub scores: Vec<f32>,
    /// How near the nearest known message is: the cosine, at most 1.
    pub nearest: f32,
    /// Which part of the message's n-grams, by weight, was never seen in training.
    pub unseen: f32,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// For each class; they add up to 1.
    pub probabilities: Vec<f32>,
    /// How surely the message is in scope, as a logit.
    pub in_scope: f32,
    /// What to do.
    pub step: Step,
}

/// What to do about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Do what the likeliest class says.
    Act,
    /// Ask which of the likeliest was meant.
    Clarify,
    /// Say that it was not understood.
    Refuse,
}

impl Confidence {
    /// Judges what a classifier says.
    pub fn judge(&self, scored: &Scored) -> Judged {
        let probabilities = softmax(&scored.scores, self.scale);
        let signs = signs(scored, &probabilities);
        let in_scope = self.gate.logit(&signs);
        let most = probabilities.iter().copied().fold(0.0, f32::max);
        let step = if most >= self.act && in_scope >= self.gate.least {
            Step::Act
        } else if most >= self.ask {
            Step::Clarify
        } else {
            Step::Refuse
        };
        Judged { probabilities, in_scope, step }
    }
}

impl Gate {
    /// How surely a message with these signs is in scope.
    pub fn logit(&self, signs: &[f32; SIGNS]) -> f32 {
        let sum: f32 = signs.iter().zip(&self.weights).map(|(sign, weight)| sign * weight).sum();
        sum + self.weights[SIGNS]
    }
}

/// e to the power of the scaled scores, as shares of their sum.
pub fn softmax(scores: &[f32], scale: f32) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut shares: Vec<f32> = scores.iter().map(|score| libm::expf(scale * (score - most))).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// The logarithms of those shares.
pub fn log_softmax(scores: &[f32], scale: f32) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|score| libm::expf(scale * (score - most))).sum();
    let log = libm::logf(sum);
    scores.iter().map(|score| scale * (score - most) - log).collect()
}

/// The signs that tell whether a message is in scope: the largest score, its distance to the second, the logit of the largest
/// probability, the cosine to the nearest known message, the part of the message that was never seen.
pub fn signs(scored: &Scored, probabilities: &[f32]) -> [f32; SIGNS] {
    let (mut first, mut second) = (f32::MIN, f32::MIN);
    for score in &scored.scores {
        if *score > first {
            (first, second) = (*score, first);
        } else if *score > second {
            second = *score;
        }
    }
    let margin = if scored.scores.len() > 1 { first - second } else { 0.0 };
    let most = probabilities.iter().copied().fold(0.0, f32::max).clamp(1e-6, 1.0 - 1e-6);
    [first, margin, libm::logf(most / (1.0 - most)), scored.nearest, scored.unseen]
}

/// The place of the largest number; the first of equals.
pub fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = at;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(least: f32) -> Confidence {
        let gate = Gate { weights: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0], least };
        Confidence { scale: 1.0, gate, act: 0.8, ask: 0.3 }
    }

    fn step(scores: &[f32], least: f32) -> Step {
        let scored = Scored { scores: scores.to_vec(), nearest: 1.0, unseen: 0.0 };
        confidence(least).judge(&scored).step
    }

    #[test]
    fn to_act_needs_a_high_probability_and_the_gate() {
        assert_eq!(step(&[5.0, 0.0], 0.0), Step::Act);
        assert_eq!(step(&[5.0, 0.0], 6.0), Step::Clarify);
        assert_eq!(step(&[1.0, 0.9], 0.0), Step::Clarify);
        assert_eq!(step(&[0.0; 10], -1.0), Step::Refuse);
    }

    #[test]
    fn probabilities_add_up_and_are_the_logarithms_of_the_other_function() {
        let shares = softmax(&[1.0, 2.0, -300.0], 3.0);
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let logs = log_softmax(&[1.0, 2.0, -300.0], 3.0);
        assert!((libm::expf(logs[0]) - shares[0]).abs() < 1e-6);
        assert!(logs[2].is_finite());
        assert_eq!(largest(&shares), 1);
    }
}
