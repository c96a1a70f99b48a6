//! What a measure prints.

use hdrhistogram::Histogram;
use serde_json::json;
use std::time::Duration;

/// Times from one microsecond to a minute, to three digits.
#[derive(Debug, Clone)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Times {
        let longest = u64::try_from(Duration::from_mins(1).as_micros()).unwrap_or(u64::MAX);
        let made = Histogram::new_with_bounds(1, longest, 3);
        Times(made.expect("the bounds are in order and three digits are allowed"))
    }
}

impl Times {
    /// Notes one. Longer than a minute counts as a minute.
    pub fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Takes in those that another task noted.
    pub fn add(&mut self, other: &Times) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    /// How many were noted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of them (0 to 1) does not exceed, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        Duration::from_micros(self.0.value_at_quantile(share)).as_secs_f64() * 1e3
    }
}

/// Prints one value; `baseline` is the same without what is measured, from the same run.
pub fn print(name: &str, value: f64, unit: &str, baseline: Option<f64>) {
    let ratio = baseline.map(|baseline| rounded(value / baseline));
    let line = json!({ "name": name, "value": rounded(value), "unit": unit, "baseline": baseline.map(rounded), "ratio": ratio });
    println!("{line}");
}

/// Prints the median and the 99th percentile of times.
pub fn print_times(name: &str, times: &Times) {
    print(&format!("{name}.p50"), times.quantile_ms(0.50), "ms", None);
    print(&format!("{name}.p99"), times.quantile_ms(0.99), "ms", None);
}

/// Three digits after the point are more than any of these can be repeated to.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
