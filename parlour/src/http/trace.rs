//! Follows each request: a number of its own, a line in the log, a time within which it ends, counts for
//! operators. Addresses are named by their pattern, since a whole one can hold a one-time link.

use super::{
    Web,
    body::ArrivesWithin,
    problem::{Kind, Problem},
};
use crate::rim;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::{Duration, Instant};
use tracing::Instrument;

/// The header with the number that a request has in our logs.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds after which it is worth trying again when we were too slow.
const AGAIN_AFTER_S: u64 = 2;

/// Gives the request its number, and writes down how it ended.
pub async fn follow(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = uuid::Builder::from_random_bytes(rim::random()).into_uuid().simple().to_string();
    let method = request.method().clone();
    let path = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None => "none".to_owned(),
    };
    let span = tracing::info_span!("request", trace = %id, %method, path);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    span.in_scope(|| match response.extensions().get::<Problem>() {
        Some(problem) if status >= 500 => {
            tracing::warn!(status, ms, kind = problem.kind.name(), detail = %problem.detail, "a request failed");
        }
        Some(problem) => tracing::debug!(status, ms, kind = problem.kind.name(), "a request was refused"),
        None => tracing::debug!(status, ms, "a request was answered"),
    });
    metrics::counter!("parlour_http_requests_total", "path" => path, "status" => status.to_string())
        .increment(1);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Ends a request that takes longer than the gateway's limit. A stream is no longer a request once its
/// head is out, so this does not end streams. The request learns how long its body may take.
pub async fn in_time(State(face): Web, mut request: Request, next: Next) -> Response {
    let limits = &face.app.settings.limits;
    let limit = Duration::from_secs(limits.request_seconds.max(1).into());
    let body = Duration::from_secs(limits.body_seconds.max(1).into());
    request.extensions_mut().insert(ArrivesWithin(body));
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("This took longer than {} seconds.", limit.as_secs());
            Kind::Busy.because(detail).after(AGAIN_AFTER_S).into_response()
        }
    }
}
