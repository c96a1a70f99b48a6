//! A witness over HTTP: c2sp.org/tlog-witness, the address `POST /add-checkpoint` and no other.

use crate::http::listen;
use access_log::{BadRequest, MAX_REQUEST_BYTES, Witness, WitnessFault};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::Clock;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, sync::watch, task};

/// The media type of the size in a conflict, from the specification.
const SIZE: &str = "text/x.tlog.size";

struct Office {
    witness: Mutex<Witness>,
    clock: Arc<dyn Clock>,
}

/// Serves a witness until it is told to stop.
pub async fn serve(
    listener: TcpListener,
    witness: Witness,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    listen::serve(listener, router(witness, clock), listen::HEAD_WITHIN, stop).await
}

/// The one address.
pub fn router(witness: Witness, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(Office { witness: Mutex::new(witness), clock }))
}

/// Cosigns one checkpoint. The check and the memory of it are one step: requests stand in line.
async fn add_checkpoint(State(office): State<Arc<Office>>, body: Bytes) -> Response {
    let asked = task::spawn_blocking(move || {
        let now = u64::try_from(office.clock.now().as_second()).unwrap_or(0);
        // A panic while it was held left either memory or no memory of a checkpoint, and no cosignature.
        let mut witness = office.witness.lock().unwrap_or_else(PoisonError::into_inner);
        witness.add_checkpoint(&body, now)
    });
    match asked.await {
        Ok(Ok(line)) => line.into_response(),
        Ok(Err(fault)) => refuse(&fault),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n").into_response(),
    }
}

fn refuse(fault: &WitnessFault) -> Response {
    let status = match fault {
        WitnessFault::Request(BadRequest::NotText | BadRequest::Line { .. } | BadRequest::OldSize { .. }) => {
            StatusCode::BAD_REQUEST
        }
        WitnessFault::UnknownLog { .. } => StatusCode::NOT_FOUND,
        WitnessFault::Checkpoint(_) => StatusCode::FORBIDDEN,
        WitnessFault::Conflict { .. } | WitnessFault::OtherHistory { same_size: true, .. } => {
            StatusCode::CONFLICT
        }
        WitnessFault::OtherHistory { same_size: false, .. } => StatusCode::UNPROCESSABLE_ENTITY,
        WitnessFault::Io(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    match fault {
        WitnessFault::OtherHistory { .. } => {
            tracing::error!(%fault, "refused; both checkpoints are in the witness's folder: publish them");
        }
        WitnessFault::Io(_) => tracing::error!(%fault, "nothing can be remembered, so nothing is cosigned"),
        _ => tracing::warn!(%fault, "refused"),
    }
    match fault {
        WitnessFault::Conflict { cosigned, .. }
        | WitnessFault::OtherHistory { cosigned, same_size: true } => {
            (status, [(header::CONTENT_TYPE, SIZE)], format!("{cosigned}\n")).into_response()
        }
        _ => (status, format!("{fault}\n")).into_response(),
    }
}
