//! What a model is to the rest: a row of features to a score.

use crate::catalogue::{COUNT, Features};
use crate::model::Model;

/// Scores a row of features, NaN where a value is missing. The score is from 0 (surely fine) to 1 (surely fraud); the same
/// row always has the same score.
pub trait Scorer {
    /// The score of one row.
    fn score(&self, row: &[f32]) -> f32;
}

impl Scorer for Model {
    /// The probability of fraud. A row that is too short lacks values; what is too much is left out.
    fn score(&self, row: &[f32]) -> f32 {
        let mut features = Features([f32::NAN; COUNT]);
        features.0.iter_mut().zip(row).for_each(|(feature, value)| *feature = *value);
        Model::score(self, &features).probability as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SHIPPED;

    #[test]
    fn the_shipped_model_scores_rows_of_any_length_from_0_to_1() {
        let model = Model::load(SHIPPED).unwrap();
        for row in [&[][..], &[5_000.0], &[5_000.0; COUNT], &[f32::NAN; COUNT + 9]] {
            let score = Scorer::score(&model, row);
            assert!((0.0..=1.0).contains(&score), "{score}");
        }
        let features = Features([1.0; COUNT]);
        assert_eq!(Scorer::score(&model, &features.0), Model::score(&model, &features).probability as f32);
    }
}
