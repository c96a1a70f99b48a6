//! How an engine stands: what the page for analysts shows, what operators are told, and the gauges. The engine says it after each
//! batch, so that nobody has to look into what it remembers.

use super::{
    judge::{Judge, Memory},
    models::Known,
    watching::Judging,
};
use domain::BankId;
use fraud::{
    budget::Hour,
    drift::Finding,
    event::HOUR,
    monitor::{Answers, Level, Report},
    shadow::{Alerts, Disagreement},
    share::Count,
};
use jiff::Timestamp;
use std::sync::Arc;

/// Frauds among the labels from which on two models are compared by them: with fewer, one fraud more or less decides.
pub const LEAST_FRAUDS: u64 = 50;
/// Payments on which two models differ most, as many as are shown.
pub const SHOWN: usize = 10;

/// How an engine stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The newest payment's hour. None: there was none.
    pub at: Option<Timestamp>,
    /// The model that decides.
    pub model: Option<Arc<Known>>,
    /// Files of models that cannot be used: key, name, why.
    pub troubles: Vec<(&'static str, String, String)>,
    /// The score from which on the model alone asks.
    pub threshold: f32,
    /// Payments, alerts and answers of the last 24 hours.
    pub day: Hour,
    /// The same of the last seven days.
    pub week: Hour,
    /// How soon customers answered in the last seven days.
    pub answers: Answers,
    /// Whether payments look as they did.
    pub drift: Drift,
    /// How the model on trial compares.
    pub trial: Option<Trial>,
}

/// Whether payments look as they did when the model was made.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Whether that is judged.
    pub judging: Judging,
    /// How much it matters.
    pub level: Level,
    /// What the last 24 hours say.
    pub report: Option<Arc<Report>>,
    /// What was found on the last whole day.
    pub findings: Vec<Finding>,
    /// That day, as a running number. None: none was judged yet.
    pub judged: Option<i32>,
}

/// How a model on trial compares.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The model on trial.
    pub model: Arc<Known>,
    /// Payments that both scored.
    pub payments: u64,
    /// Who would have raised an alert.
    pub alerts: Alerts,
    /// Payments whose truth became known, and the frauds among them.
    pub labels: Count,
    /// Average precision in force and on trial, from [`LEAST_FRAUDS`] on.
    pub precision: Option<(f64, f64)>,
    /// The largest differences.
    pub differences: Vec<Disagreement>,
}

impl Standing {
    /// Of what is remembered now.
    pub fn of(judge: &Judge, memory: &Memory) -> Standing {
        let (models, watch) = (judge.models(), &memory.watch);
        let (day, week) = memory.budget.used();
        let (findings, judged) = watch.findings();
        let trial = models.on_trial().zip(watch.trial()).map(|(model, agreement)| {
            let labels = agreement.labels();
            Trial {
                model: model.clone(),
                payments: agreement.payments,
                alerts: agreement.alerts,
                labels,
                precision: agreement.average_precision().filter(|_| labels.of >= LEAST_FRAUDS),
                differences: agreement.disagreements.iter().take(SHOWN).copied().collect(),
            }
        });
        let at = i64::from(watch.hour()) * i64::from(HOUR);
        Standing {
            at: Timestamp::from_second(at).ok().filter(|_| at > 0),
            model: models.in_force().cloned(),
            troubles: models.troubles(),
            threshold: memory.budget.threshold(),
            day,
            week,
            answers: watch.answers(),
            drift: Drift {
                judging: watch.judging(models),
                level: watch.level(),
                report: watch.report().cloned(),
                findings: findings.to_vec(),
                judged,
            },
            trial,
        }
    }

    /// Sets the figures of it.
    pub fn show(&self, bank: &BankId) {
        let level = match self.drift.level {
            Level::TooFew | Level::Calm => 0.0,
            Level::Warn => 1.0,
            Level::Alarm => 2.0,
        };
        metrics::gauge!("parlour_fraud_drift", "bank" => bank.to_string()).set(level);
        let found = self
            .drift
            .report
            .iter()
            .flat_map(|report| std::iter::once(&report.score).chain(&report.features));
        for (finding, psi) in found.filter_map(|finding| Some((finding, finding.psi?))) {
            metrics::gauge!("parlour_fraud_psi", "bank" => bank.to_string(), "of" => finding.name.clone())
                .set(psi);
        }
    }
}

/// Tells operators in the log: a line when an alarm begins, and one when it ends.
#[derive(Debug, Default)]
pub struct Teller {
    alarmed: bool,
}

impl Teller {
    /// Tells what is new.
    pub fn tell(&mut self, bank: &BankId, standing: &Standing) {
        let drift = &standing.drift;
        let alarms = drift.level == Level::Alarm;
        if alarms && !self.alarmed {
            let why = in_short(drift);
            tracing::error!(%bank, %why, "card payments look different from what the fraud model learned from");
        } else if self.alarmed && !alarms {
            tracing::info!(%bank, "card payments look again like what the fraud model learned from");
        }
        self.alarmed = alarms;
    }
}

/// What was found, in one line: at most five things.
fn in_short(drift: &Drift) -> String {
    let day = drift.findings.iter().map(ToString::to_string);
    let worrying = drift.report.iter().flat_map(|report| report.worrying());
    let hours = worrying.map(|finding| match finding.psi {
        Some(psi) => format!("PSI of {} is {psi:.2} in 24 hours", finding.name),
        None => format!("{} is missing", finding.name),
    });
    day.chain(hours).take(5).collect::<Vec<_>>().join("; ")
}
