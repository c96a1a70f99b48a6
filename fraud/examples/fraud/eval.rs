//! Judging a folder: trained on its own weeks, or with a model as it is.

use crate::{
    baseline,
    folder::{self, Folder, Wrong},
    options::Eval,
};
use fraud::{
    artefact::{Artefact, Kind},
    catalogue::COUNT,
    drift::{Finding, Monitor},
    event::{DAY, Seconds},
    metrics::{Judged, Metrics},
    model::Model,
    papers::hex,
    protocol::{WEEK, Weeks},
    replay::replay,
    state::{Bounds, State},
    train::{History, Plan, train},
};
use serde_json::{Value, json};
use std::{fs, io::Write, path::Path, time::Instant};

/// Days at the start of a folder whose payments are not learned from: nothing is known of most cards yet.
const WARM: u32 = 7;
/// The seed of every training here.
const SEED: u64 = 1;

/// One line.
fn print(name: &str, value: impl Into<Value>, unit: &str, baseline: Option<f64>) {
    let value = value.into();
    let ratio = baseline.and_then(|baseline| value.as_f64().map(|value| value / baseline));
    println!(
        "{}",
        json!({ "name": name, "value": value, "unit": unit, "baseline": baseline, "ratio": ratio })
    );
}

/// Judges and prints.
pub fn run(wanted: &Eval) -> Result<(), Wrong> {
    let Folder { told, digest } = folder::read(&wanted.data, wanted.with_loop)?;
    let given = wanted.model.as_deref().map(load).transpose()?;
    let given_delay = given.as_ref().map(|model| model.artefact().origin.label_delay);
    let label_delay = wanted.label_delay.or(given_delay).unwrap_or(7 * DAY);
    let weeks = Weeks::PUBLISHED;
    let mut values = Vec::with_capacity(told.len() * COUNT);
    let began = Instant::now();
    let mut state = State::new(Bounds { label_delay, ..Bounds::default() });
    replay(&mut state, &told, |_, features| values.extend_from_slice(&features.0));
    if values.len() != told.len() * COUNT {
        return Err(format!("{}: an id of a payment is there twice", wanted.data.display()));
    }
    print("fraud.features", began.elapsed().as_secs_f64(), "s", None);
    let history = History { told: &told, values: &values };
    let model = match given {
        Some(model) => model,
        None => {
            let began = Instant::now();
            let artefact = learn(&history, wanted.kind, weeks, label_delay, digest)?;
            print("fraud.training", began.elapsed().as_secs_f64(), "s", None);
            Model::from(artefact)
        }
    };
    if let Some(path) = &wanted.save {
        fs::write(path, model.artefact().bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    print("fraud.model", hex(&model.digest()), "sha256", None);
    let score = |place: usize| model.raw(&history.features(place));
    let judged: Vec<Judged> =
        weeks.judged(&told, |place| f64::from(score(place))).into_iter().map(|(_, judged)| judged).collect();
    if !judged.iter().any(|row| row.fraud) {
        return Err(format!("{}: no fraud in the test week 2018-08-08 to 2018-08-14", wanted.data.display()));
    }
    let baseline = wanted.baseline.then(|| {
        let scores = baseline::scores(&told, weeks, label_delay);
        let rows: Vec<Judged> =
            weeks.judged(&told, |place| scores[&place]).into_iter().map(|(_, judged)| judged).collect();
        Metrics::of(&rows)
    });
    report(&Metrics::of(&judged), baseline.as_ref());
    at_threshold(&model, &judged);
    drift(&model, &history, weeks, label_delay);
    wanted.scores.as_deref().map_or(Ok(()), |path| write_scores(path, &history, weeks, &score))
}

fn load(path: &Path) -> Result<Model, Wrong> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Model::load(&bytes).map_err(|broken| format!("{}: {broken}", path.display()))
}

/// Everything from the second week up to the end of the week of learning; the week before that judges.
fn learn(
    history: &History,
    kind: Kind,
    weeks: Weeks,
    label_delay: Seconds,
    data: [u8; 32],
) -> Result<Artefact, Wrong> {
    let first = history.told[0].payment.at / DAY;
    let end = weeks.learn + WEEK;
    let warm = WARM.min(end.saturating_sub(first) / 4);
    let plan = Plan { kind, from: (first + warm) * DAY, to: end * DAY, label_delay, seed: SEED, data };
    train(history, &plan).map_err(|untrained| untrained.to_string())
}

fn report(metrics: &Metrics, baseline: Option<&Metrics>) {
    let print = |name: &str, unit: &str, of: &dyn Fn(&Metrics) -> f64| {
        print(&format!("fraud.{name}"), of(metrics), unit, baseline.map(of));
    };
    print("evaluated", "payments", &|metrics| metrics.payments as f64);
    print("frauds", "payments", &|metrics| metrics.frauds as f64);
    print("auc_roc", "of 1", &|metrics| metrics.auc_roc);
    print("average_precision", "of 1", &|metrics| metrics.average_precision);
    print("card_precision_100", "of 1", &|metrics| metrics.card_precision);
    print("card_precision_100_perfect", "of 1", &|metrics| metrics.card_precision_perfect);
    print("budget_precision", "of alerts", &|metrics| metrics.budget_precision);
    print("budget_recall", "of frauds", &|metrics| metrics.budget_recall);
    print("p90_recall", "of frauds", &|metrics| metrics.p90_recall);
    print("p90_alert_share", "of payments", &|metrics| metrics.p90_alert_share);
}

/// What the model's own threshold does, which was set before the test week.
fn at_threshold(model: &Model, judged: &[Judged]) {
    let threshold = f64::from(model.artefact().thresholds.precise);
    let alerts = judged.iter().filter(|row| row.score >= threshold);
    let (alerted, hits) =
        alerts.fold((0u32, 0u32), |(all, hits), row| (all + 1, hits + u32::from(row.fraud)));
    let frauds = judged.iter().filter(|row| row.fraud).count();
    print("fraud.threshold_precision", f64::from(hits) / f64::from(alerted.max(1)), "of alerts", None);
    print("fraud.threshold_recall", f64::from(hits) / frauds as f64, "of frauds", None);
    print("fraud.threshold_alert_share", f64::from(alerted) / judged.len() as f64, "of payments", None);
}

/// The first day of the test on which something passes the alarm, and what.
fn drift(model: &Model, history: &History, weeks: Weeks, label_delay: Seconds) {
    let reference = &model.artefact().reference;
    let mut monitor = Monitor::default();
    let mut alarm: Option<(u32, Vec<Finding>)> = None;
    for day in weeks.test()..weeks.test() + WEEK {
        for place in Weeks::places(history.told, day..day + 1) {
            let features = history.features(place);
            monitor.note(reference, model.raw(&features), &features.0);
        }
        // Labels of the seven days that are due; compromised cards leave, as in the reference.
        let due = (day + 1).saturating_sub(label_delay.div_ceil(DAY));
        let known = Weeks::tested_until(due * DAY)
            .judged(history.told, |place| f64::from(model.raw(&history.features(place))));
        let known = known.iter().filter(|(_, row)| row.fraud);
        let threshold = f64::from(reference.threshold);
        let (all, caught) = known
            .fold((0, 0), |(all, caught), (_, row)| (all + 1, caught + u64::from(row.score >= threshold)));
        let findings = monitor.close(reference, all, caught);
        if !findings.is_empty() && alarm.is_none() {
            alarm = Some((day - weeks.test() + 1, findings));
        }
    }
    let (day, why) = match alarm {
        None => (Value::Null, vec![]),
        Some((day, findings)) => (json!(day), findings.iter().map(ToString::to_string).collect()),
    };
    println!(
        "{}",
        json!({ "name": "fraud.drift_alarm", "value": day, "unit": "day of the test week", "why": why })
    );
}

fn write_scores(
    path: &Path,
    history: &History,
    weeks: Weeks,
    score: &dyn Fn(usize) -> f32,
) -> Result<(), Wrong> {
    let unwritten = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut out = std::io::BufWriter::new(fs::File::create(path).map_err(unwritten)?);
    writeln!(out, "tx_id,score").map_err(unwritten)?;
    for place in Weeks::places(history.told, weeks.test()..weeks.test() + WEEK) {
        writeln!(out, "{},{}", history.told[place].payment.id, score(place)).map_err(unwritten)?;
    }
    out.flush().map_err(unwritten)
}
