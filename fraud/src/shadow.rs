//! A second model beside the one in force: it scores, nothing comes of it, and a report says how they differ.

use crate::scorer::Scorer;
use crate::share::Count;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Disagreements that are kept, the largest: as many as somebody looks through.
pub const MAX_DISAGREEMENTS: usize = 50;

/// Steps of the curve that average precision is computed from, in the logit of the score. Scores within one
/// step (0.008) count as equal.
const STEPS: usize = 4_096;
/// The logit at both ends of the curve: scores nearer to 0 or 1 than 1e-7 are one step.
const LOGIT: f64 = 16.0;

/// A model on trial, and what came of it so far.
#[derive(Debug, Clone)]
pub struct Shadow<S> {
    scorer: S,
    /// What has been counted.
    pub report: Agreement,
}

impl<S: Scorer> Shadow<S> {
    /// A model on trial, with the score from which on it would raise an alert, and that of the model in force.
    pub fn new(scorer: S, threshold: f32, threshold_in_force: f32) -> Shadow<S> {
        Shadow { scorer, report: Agreement::new(threshold, threshold_in_force) }
    }

    /// Scores a payment beside the model in force. The score is for the record of the decision, so that it is there when the
    /// label arrives.
    pub fn look(&mut self, payment: u64, row: &[f32], in_force: f32) -> f32 {
        let shadow = self.scorer.score(row);
        self.report.scored(payment, in_force, shadow);
        shadow
    }
}

/// A payment that the two see differently.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The payment.
    pub payment: u64,
    /// The score of the model in force.
    pub in_force: f32,
    /// The score of the model on trial.
    pub shadow: f32,
}

impl Disagreement {
    fn size(&self) -> f32 {
        (self.in_force - self.shadow).abs()
    }
}

/// How two models compare. Counters of fixed size, whatever they have seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    threshold: f32,
    threshold_in_force: f32,
    /// Payments that both scored.
    pub payments: u64,
    /// Payments for which at least one gave no number.
    pub unscored: u64,
    /// Alerts of both, of the model in force only, and of the model on trial only.
    pub alerts: Alerts,
    /// The largest differences, the largest first.
    pub disagreements: Vec<Disagreement>,
    curve_in_force: Curve,
    curve_shadow: Curve,
}

/// Who would raise an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alerts {
    /// Both.
    pub both: u64,
    /// The model in force only.
    pub in_force_only: u64,
    /// The model on trial only.
    pub shadow_only: u64,
}

impl Alerts {
    /// Of all payments on which either raises an alert, those on which both do. 1 when neither ever does.
    pub fn overlap(&self) -> f64 {
        let either = self.both + self.in_force_only + self.shadow_only;
        Count { of: self.both, all: either }.share().unwrap_or(1.0)
    }
}

impl Agreement {
    /// Nothing counted yet.
    pub fn new(threshold: f32, threshold_in_force: f32) -> Agreement {
        Agreement {
            threshold,
            threshold_in_force,
            payments: 0,
            unscored: 0,
            alerts: Alerts::default(),
            disagreements: vec![],
            curve_in_force: Curve::default(),
            curve_shadow: Curve::default(),
        }
    }

    /// Counts the scores of a payment.
    pub fn scored(&mut self, payment: u64, in_force: f32, shadow: f32) {
        if in_force.is_nan() || shadow.is_nan() {
            self.unscored += 1;
            return;
        }
        self.payments += 1;
        match (in_force >= self.threshold_in_force, shadow >= self.threshold) {
            (true, true) => self.alerts.both += 1,
            (true, false) => self.alerts.in_force_only += 1,
            (false, true) => self.alerts.shadow_only += 1,
            (false, false) => {}
        }
        self.keep(Disagreement { payment, in_force, shadow });
    }

    /// Keeps it if it is among the largest; of equal ones the earlier stays.
    fn keep(&mut self, one: Disagreement) {
        let smallest = self.disagreements.last().map_or(0.0, Disagreement::size);
        if one.size() == 0.0 || (self.disagreements.len() == MAX_DISAGREEMENTS && one.size() <= smallest) {
            return;
        }
        let place = self.disagreements.partition_point(|known| known.size() >= one.size());
        self.disagreements.insert(place, one);
        self.disagreements.truncate(MAX_DISAGREEMENTS);
    }

    /// Counts a label, with the scores that were recorded when the payment was decided.
    pub fn labelled(&mut self, in_force: f32, shadow: f32, fraud: bool) {
        if in_force.is_nan() || shadow.is_nan() {
            return;
        }
        self.curve_in_force.add(in_force, fraud);
        self.curve_shadow.add(shadow, fraud);
    }

    /// Alerts of the model on trial as a share of payments.
    pub fn alert_share(&self) -> Option<f64> {
        Count { of: self.alerts.both + self.alerts.shadow_only, all: self.payments }.share()
    }

    /// The same of the model in force.
    pub fn alert_share_in_force(&self) -> Option<f64> {
        Count { of: self.alerts.both + self.alerts.in_force_only, all: self.payments }.share()
    }

    /// Average precision of the model in force and of the one on trial, on the same labelled payments; none without a fraud.
    pub fn average_precision(&self) -> Option<(f64, f64)> {
        Some((self.curve_in_force.average_precision()?, self.curve_shadow.average_precision()?))
    }

    /// Labelled payments, and frauds among them.
    pub fn labels(&self) -> Count {
        self.curve_shadow.labels()
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Alerts { both, in_force_only, shadow_only } = self.alerts;
        let percent =
            |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.3} %", share * 100.0));
        writeln!(f, "{} payments scored by both, {} not", self.payments, self.unscored)?;
        writeln!(
            f,
            "alerts: {} in force, {} on trial",
            percent(self.alert_share_in_force()),
            percent(self.alert_share())
        )?;
        writeln!(f, "alerts of both {both}, only in force {in_force_only}, only on trial {shadow_only}")?;
        writeln!(f, "overlap {:.1} %", self.alerts.overlap() * 100.0)?;
        let Count { of: frauds, all } = self.labels();
        match self.average_precision() {
            None => writeln!(f, "{all} labels, none of them a fraud")?,
            Some((in_force, shadow)) => {
                writeln!(
                    f,
                    "average precision {in_force:.3} in force, {shadow:.3} on trial ({all} labels, {frauds} frauds)"
                )?;
            }
        }
        for Disagreement { payment, in_force, shadow } in self.disagreements.iter().take(10) {
            writeln!(f, "  payment {payment}: {in_force:.3} in force, {shadow:.3} on trial")?;
        }
        Ok(())
    }
}

/// Frauds and others by score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Curve {
    steps: std::collections::BTreeMap<u16, Count>,
}

impl Curve {
    fn add(&mut self, score: f32, fraud: bool) {
        let score = f64::from(score.clamp(0.0, 1.0));
        let logit = (score / (1.0 - score)).ln().clamp(-LOGIT, LOGIT);
        let step = ((logit + LOGIT) / (2.0 * LOGIT) * (STEPS - 1) as f64).round() as u16;
        self.steps.entry(step).or_default().add(fraud);
    }

    fn labels(&self) -> Count {
        self.steps.values().fold(Count::default(), |all, step| all.plus(*step))
    }

    /// The sum over thresholds of precision times the gain in recall, equal scores at once.
    fn average_precision(&self) -> Option<f64> {
        let frauds = self.labels().of;
        let mut above = Count::default();
        let mut area = 0.0;
        for step in self.steps.values().rev() {
            above = above.plus(*step);
            area += above.share().unwrap_or(0.0) * step.of as f64;
        }
        (frauds > 0).then(|| area / frauds as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    struct First;

    impl Scorer for First {
        fn score(&self, row: &[f32]) -> f32 {
            row.first().copied().unwrap_or(f32::NAN)
        }
    }

    #[test]
    fn a_model_on_trial_is_compared_and_changes_nothing() {
        let mut shadow = Shadow::new(First, 0.5, 0.6);
        for (payment, score, in_force) in
            [(1, 0.7, 0.7), (2, 0.55, 0.55), (3, 0.1, 0.9), (4, 0.2, 0.2), (5, f32::NAN, 0.9)]
        {
            let given = shadow.look(payment, &[score], in_force);
            assert!(given == score || score.is_nan());
        }
        let report = &shadow.report;
        assert_eq!((report.payments, report.unscored), (4, 1));
        assert_eq!(report.alerts, Alerts { both: 1, in_force_only: 1, shadow_only: 1 });
        assert_eq!((report.alert_share(), report.alert_share_in_force()), (Some(0.5), Some(0.5)));
        assert!((report.alerts.overlap() - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(report.disagreements, [Disagreement { payment: 3, in_force: 0.9, shadow: 0.1 }]);
        assert_eq!(report.average_precision(), None);
        assert!(report.to_string().contains("payment 3: 0.900 in force, 0.100 on trial"), "{report}");
    }

    #[test]
    fn the_largest_disagreements_are_kept_and_no_more() {
        let mut report = Agreement::new(0.5, 0.5);
        for payment in 0..1_000u64 {
            let far = ((payment * 7_919) % 1_000) as f32 / 1_000.0;
            report.scored(payment, 0.0, far);
        }
        assert_eq!(report.disagreements.len(), MAX_DISAGREEMENTS);
        let sizes: Vec<f32> = report.disagreements.iter().map(Disagreement::size).collect();
        let expected: Vec<f32> = (0..MAX_DISAGREEMENTS).map(|at| (999 - at) as f32 / 1_000.0).collect();
        assert_eq!(sizes, expected);
    }

    #[test]
    fn average_precision_is_that_of_the_definition() {
        // Frauds at places 1, 3 and 4 of five: (1 + 2/3 + 3/4) / 3.
        let mut report = Agreement::new(0.5, 0.5);
        for (score, fraud) in [(0.9, true), (0.8, false), (0.7, true), (0.6, true), (0.1, false)] {
            report.labelled(0.5, score, fraud);
        }
        let (in_force, shadow) = report.average_precision().unwrap();
        assert!((shadow - (1.0 + 2.0 / 3.0 + 0.75) / 3.0).abs() < 1e-12, "{shadow}");
        assert!((in_force - 0.6).abs() < 1e-12, "all are equal, so it is the share of frauds: {in_force}");
        assert_eq!(report.labels(), Count { of: 3, all: 5 });
    }

    fn exact(scored: &[(f32, bool)]) -> f64 {
        let frauds = scored.iter().filter(|(_, fraud)| *fraud).count() as f64;
        let precision = |score: f32| {
            let above: Vec<_> = scored.iter().filter(|(other, _)| *other >= score).collect();
            above.iter().filter(|(_, fraud)| *fraud).count() as f64 / above.len() as f64
        };
        scored.iter().filter(|(_, fraud)| *fraud).map(|(score, _)| precision(*score)).sum::<f64>() / frauds
    }

    proptest! {
        #[test]
        fn average_precision_agrees_with_a_plain_count(scored in vec((0u8..40, any::<bool>()), 1..60)) {
            // Forty scores that lie more than a step apart.
            let scored: Vec<(f32, bool)> =
                scored.into_iter().map(|(score, fraud)| (f32::from(score) / 40.0, fraud)).collect();
            let mut report = Agreement::new(0.5, 0.5);
            scored.iter().for_each(|(score, fraud)| report.labelled(*score, *score, *fraud));
            match report.average_precision() {
                None => prop_assert!(scored.iter().all(|(_, fraud)| !fraud)),
                Some((_, found)) => prop_assert!((found - exact(&scored)).abs() < 1e-9),
            }
        }

        #[test]
        fn what_was_counted_can_be_kept(scored in vec((any::<u64>(), 0f32..1.0, 0f32..1.0, any::<bool>()), 0..80)) {
            let mut report = Agreement::new(0.5, 0.5);
            for (payment, in_force, shadow, fraud) in scored {
                report.scored(payment, in_force, shadow);
                report.labelled(in_force, shadow, fraud);
            }
            let kept: Agreement = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
            prop_assert_eq!(kept.to_string(), report.to_string());
        }
    }
}
