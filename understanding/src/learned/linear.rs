//! A linear classifier: for each feature the bytes that it adds to the scores of classes, zeros left out.

use super::grams::Sparse;

/// More classes than this do not fit a byte.
pub const MAX_CLASSES: usize = 255;

/// Where the entries of each feature begin; class and weight of each entry; the classes' scales; their biases.
pub type Parts<'a> = (&'a [u32], &'a [(u8, i8)], &'a [f32], &'a [f32]);

/// One byte for each feature and class that matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Where the entries of each feature begin; one more than there are features.
    starts: Vec<u32>,
    /// Class and weight.
    entries: Vec<(u8, i8)>,
    /// What a class's weights are multiplied with.
    scales: Vec<f32>,
    /// What every message scores.
    biases: Vec<f32>,
}

impl Linear {
    /// From stored parts. None if they do not go together.
    pub fn new(
        starts: Vec<u32>,
        entries: Vec<(u8, i8)>,
        scales: Vec<f32>,
        biases: Vec<f32>,
    ) -> Option<Linear> {
        let ordered = starts.is_sorted() && starts.first() == Some(&0);
        let ends = starts.last().is_some_and(|last| *last as usize == entries.len());
        let known = entries.iter().all(|(class, _)| usize::from(*class) < scales.len());
        let fits = scales.len() == biases.len() && (1..=MAX_CLASSES).contains(&scales.len());
        (ordered && ends && known && fits).then_some(Linear { starts, entries, scales, biases })
    }

    /// Rounds weights to bytes. `weight` is that of a feature and a class.
    pub fn round(
        features: usize,
        classes: usize,
        weight: impl Fn(usize, usize) -> f32,
        biases: Vec<f32>,
    ) -> Option<Linear> {
        let mut scales = vec![0.0f32; classes];
        for feature in 0..features {
            for (class, scale) in scales.iter_mut().enumerate() {
                *scale = scale.max(weight(feature, class).abs());
            }
        }
        scales.iter_mut().for_each(|scale| *scale = if *scale > 0.0 { *scale / 127.0 } else { 1.0 });
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for feature in 0..features {
            for (class, scale) in scales.iter().enumerate() {
                let rounded = (weight(feature, class) / scale).round_ties_even() as i8;
                if rounded != 0 {
                    entries.push((class as u8, rounded));
                }
            }
            starts.push(entries.len() as u32);
        }
        Linear::new(starts, entries, scales, biases)
    }

    /// Adds to what every message scores in each class.
    pub fn lean(&mut self, by: &[f32]) {
        self.biases.iter_mut().zip(by).for_each(|(bias, by)| *bias += by);
    }

    /// The parts, to be stored.
    pub fn parts(&self) -> Parts<'_> {
        (&self.starts, &self.entries, &self.scales, &self.biases)
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.scales.len()
    }

    /// How many features there are.
    pub fn features(&self) -> usize {
        self.starts.len() - 1
    }

    fn of(&self, feature: u32) -> &[(u8, i8)] {
        let at = feature as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(from), Some(to)) => &self.entries[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// The score of each class. `dense` are the features from `first_dense` on.
    pub fn scores(&self, sparse: &Sparse, first_dense: usize, dense: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0f32; self.classes()];
        let dense = (first_dense as u32..).zip(dense.iter().copied());
        for (feature, value) in sparse.iter().copied().chain(dense) {
            for (class, weight) in self.of(feature) {
                sums[usize::from(*class)] += value * f32::from(*weight);
            }
        }
        let scaled = sums.iter().zip(&self.scales).zip(&self.biases);
        scaled.map(|((sum, scale), bias)| sum * scale + bias).collect()
    }

    /// What a feature of this value adds to a class's score.
    pub fn adds(&self, feature: u32, value: f32, class: usize) -> f32 {
        let weight = self.of(feature).iter().find(|(one, _)| usize::from(*one) == class);
        weight.map_or(0.0, |(_, weight)| value * f32::from(*weight) * self.scales[class])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_weights_score_almost_the_same() {
        let weight = |feature: usize, class: usize| (feature as f32 - 1.0) * (class as f32 + 0.3);
        let linear = Linear::round(4, 3, weight, vec![0.1, 0.2, 0.3]).unwrap();
        let scores = linear.scores(&vec![(0, 0.5), (3, 1.0)], 2, &[0.25]);
        for (class, score) in scores.iter().enumerate() {
            let exact = 0.5 * weight(0, class) + weight(3, class) + 0.25 * weight(2, class);
            assert!((score - exact - 0.1 * (class as f32 + 1.0)).abs() < 0.05);
        }
        assert!((linear.adds(3, 1.0, 2) - weight(3, 2)).abs() < 0.05);
        assert_eq!(linear.adds(1, 1.0, 2), 0.0);
    }

    #[test]
    fn parts_that_do_not_go_together_make_none() {
        assert!(Linear::new(vec![0, 1], vec![(1, 5)], vec![1.0], vec![0.0]).is_none(), "no such class");
        assert!(Linear::new(vec![0, 2], vec![(0, 5)], vec![1.0], vec![0.0]).is_none(), "too few entries");
        assert!(Linear::new(vec![0, 1], vec![(0, 5)], vec![1.0], vec![]).is_none(), "no bias");
        assert!(Linear::new(vec![0, 1], vec![(0, 5)], vec![1.0], vec![0.0]).is_some());
    }
}
