//! What operators and their monitors ask: whether we live, whether we can work, and figures.

use super::{
    Web,
    problem::{Kind, Problem},
};
use crate::telemetry;
use axum::{extract::State, http::header, response::IntoResponse};
use store::DbError;

/// Seconds after which a monitor may ask again.
const AGAIN_AFTER_S: u64 = 1;

/// `GET /healthz`: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", summary = "Whether the process answers",
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain")))]
pub async fn alive() -> impl IntoResponse {
    "alive\n"
}

/// `GET /readyz`: we take requests, and the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", summary = "Whether the gateway can work",
    responses(
        (status = 200, description = "It takes requests and its database answers.", body = String, content_type = "text/plain"),
    ))]
pub async fn ready(State(face): Web) -> Result<impl IntoResponse, Problem> {
    if *face.app.stop.borrow() {
        return Err(Kind::Busy.because("The gateway is stopping.").after(AGAIN_AFTER_S));
    }
    face.app.store.read(|_| Ok::<(), DbError>(())).await?;
    Ok("ready\n")
}

/// `GET /metrics`: figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", summary = "Figures for Prometheus",
    responses((status = 200, description = "Text format 0.0.4.", body = String, content_type = "text/plain")))]
pub async fn metrics(State(face): Web) -> impl IntoResponse {
    let figures = telemetry::metrics();
    metrics::gauge!("parlour_streams_open").set(f64::from(face.streams.count()));
    face.app.in_force.show();
    face.app.engines.show();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], figures.render())
}
