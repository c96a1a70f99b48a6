//! What a measure of a classifier prints, and what the system knows of this process.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use understanding::train::calibration::calibration_error;

/// How one message went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The class that it has.
    pub truth: usize,
    /// The class that it was given.
    pub said: usize,
    /// How surely.
    pub share: f32,
    /// How surely it was taken to be in scope.
    pub in_scope: f32,
    /// How long it took.
    pub took: Duration,
}

/// The part of messages that were given their class.
pub fn accuracy(outcomes: &[Outcome]) -> f64 {
    let right = outcomes.iter().filter(|one| one.said == one.truth).count();
    right as f64 / outcomes.len().max(1) as f64
}

/// The mean over classes of the part of their messages that were given that class.
pub fn macro_recall(outcomes: &[Outcome]) -> f64 {
    let classes = outcomes.iter().map(|one| one.truth + 1).max().unwrap_or(0);
    let mut counts = vec![(0.0f64, 0.0f64); classes];
    for one in outcomes {
        counts[one.truth].0 += 1.0;
        counts[one.truth].1 += if one.said == one.truth { 1.0 } else { 0.0 };
    }
    let there: Vec<f64> =
        counts.iter().filter(|(all, _)| *all > 0.0).map(|(all, right)| right / all).collect();
    there.iter().sum::<f64>() / there.len().max(1) as f64
}

/// How far what was said is from what was found.
pub fn ece(outcomes: &[Outcome]) -> f64 {
    let said: Vec<(f32, bool)> = outcomes.iter().map(|one| (one.share, one.said == one.truth)).collect();
    calibration_error(&said)
}

/// The time in milliseconds that this part of the messages did not exceed.
pub fn quantile_ms(times: &[Duration], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = (part * times.len() as f64) as usize;
    times.get(at.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// The memory that the system holds for this process, in megabytes.
pub fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN) / 1024.0
}

/// Four digits after the point.
pub fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// What is the same for all sets.
pub fn common(outcomes: &[Outcome]) -> Value {
    let times: Vec<Duration> = outcomes.iter().map(|one| one.took).collect();
    json!({
        "n": outcomes.len(),
        "accuracy": rounded(accuracy(outcomes)),
        "macro_recall": rounded(macro_recall(outcomes)),
        "ece": rounded(ece(outcomes)),
        "p50_ms": rounded(quantile_ms(&times, 0.50)),
        "p99_ms": rounded(quantile_ms(&times, 0.99)),
    })
}

/// Prints `parts` as one line of JSON.
pub fn print(parts: &[Value]) {
    let mut line = serde_json::Map::new();
    for part in parts {
        if let Value::Object(part) = part {
            line.extend(part.clone());
        }
    }
    println!("{}", Value::Object(line));
}

/// Calls `work` and tells how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}
