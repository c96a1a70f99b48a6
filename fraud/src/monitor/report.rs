//! What readings say, for the desk and for programs.

use crate::budget::PRECISION_AIM;
use crate::share::Interval;
use serde::Serialize;
use std::fmt;

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Too little was seen to say anything.
    TooFew,
    /// As it was.
    Calm,
    /// Somebody should look.
    Warn,
    /// Somebody is called.
    Alarm,
}

/// What is known of the score or of one feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its name.
    pub name: String,
    /// Values that were not missing.
    pub known: u64,
    /// Its population stability index.
    pub psi: Option<f64>,
    /// Missing values as a share of all.
    pub missing: Option<f64>,
    /// The same in training.
    pub missing_then: Option<f64>,
    /// Values below the least or above the greatest of training, as a share of those that are known.
    pub outside: Option<f64>,
    /// How much it matters.
    pub level: Level,
}

/// What readings say beside the references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Payments.
    pub payments: u64,
    /// Payments on which a customer was asked, as a share.
    pub alert_share: Option<f64>,
    /// The scores.
    pub score: Finding,
    /// The features in the order of the row.
    pub features: Vec<Finding>,
    /// Answers that were NO, as a share of all answers.
    pub precision: Option<Interval>,
    /// Alerts that ended without an answer.
    pub unanswered: u64,
    /// Seconds within which half of the answers came.
    pub half_answer_within: Option<u32>,
    /// Seconds within which nine of ten answers came.
    pub most_answer_within: Option<u32>,
}

impl Report {
    /// Findings that matter, the worst first.
    pub fn worrying(&self) -> Vec<&Finding> {
        let all = std::iter::once(&self.score).chain(&self.features);
        let mut found: Vec<&Finding> = all.filter(|finding| finding.level >= Level::Warn).collect();
        found.sort_by(|one, other| {
            let psi = |finding: &Finding| finding.psi.unwrap_or(0.0);
            other.level.cmp(&one.level).then(psi(other).total_cmp(&psi(one)))
        });
        found
    }

    /// The worst of all. Answers that surely say fraud less often than they should are a warning.
    pub fn level(&self) -> Level {
        let answers = self.precision.filter(|precision| precision.high < PRECISION_AIM).map(|_| Level::Warn);
        let findings = self.features.iter().map(|finding| finding.level).chain([self.score.level]);
        findings.chain(answers).max().unwrap_or(Level::TooFew)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent =
            |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.2} %", share * 100.0));
        writeln!(f, "{} payments, alerts for {}", self.payments, percent(self.alert_share))?;
        if let Some(Interval { share, low, high }) = self.precision {
            let [share, low, high] = [share, low, high].map(|share| share * 100.0);
            writeln!(
                f,
                "{share:.1} % of answers are NO ({low:.1} to {high:.1}); {} without an answer",
                self.unanswered
            )?;
        }
        for Finding { name, psi, missing, missing_then, outside, level, .. } in self.worrying() {
            let word = if *level == Level::Alarm { "ALARM" } else { "warning" };
            let psi = psi.map_or("-".to_owned(), |psi| format!("{psi:.3}"));
            let (missing, then) = (percent(*missing), percent(*missing_then));
            writeln!(
                f,
                "{word}: {name}: PSI {psi}, missing {missing} (then {then}), outside {}",
                percent(*outside)
            )?;
        }
        if self.worrying().is_empty() {
            writeln!(f, "score and features are as they were, or too few to say")?;
        }
        Ok(())
    }
}
