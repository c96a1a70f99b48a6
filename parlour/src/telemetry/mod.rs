//! What the gateway tells its operators: logs as sentences with fields, and Prometheus metrics. Neither
//! ever holds what people say or own.

pub mod figures;

use crate::config::LogFormat;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{sync::OnceLock, time::Duration};
use tokio::{sync::watch, time};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Upper bounds of the time histograms, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// How often measured times are folded into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to write logs. `RUST_LOG` narrows or widens them; the default is `info` and above.
pub fn logs(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let done = match format {
        LogFormat::Human => {
            registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).try_init()
        }
        LogFormat::Json => {
            registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
        }
    };
    if done.is_err() {
        tracing::debug!("logs were begun before");
    }
}

/// Begins to count. One recorder for the whole process, however many gateways run in it.
pub fn metrics() -> PrometheusHandle {
    METRICS
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
                .expect("the bounds are not empty")
                .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of metrics was there before; ours stays empty");
            }
            figures::describe();
            handle
        })
        .clone()
}

/// Keeps the figures small until the gateway stops: what was measured is folded into its buckets.
pub async fn upkeep(mut stop: watch::Receiver<bool>) {
    let figures = metrics();
    while !*stop.borrow() {
        figures.run_upkeep();
        tokio::select! { () = time::sleep(UPKEEP_EVERY) => {}, _ = stop.changed() => {} }
    }
}
