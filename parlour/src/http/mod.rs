//! The faces over HTTP: pages for people, `/v1` for programs, and what operators ask.
//!
//! They translate: an address and a body into a use case, its outcome into a page, a document or a
//! problem. Nothing is decided here but who may knock.

pub mod bank_events;
pub mod body;
pub mod caller;
pub mod card_events;
pub mod chat;
pub mod console;
pub mod dress;
pub mod erased;
pub mod files;
pub mod guard;
pub mod link;
pub mod listen;
pub mod log;
pub mod openapi;
pub mod operations;
pub mod pages;
pub mod privacy;
pub mod problem;
pub mod sealed;
pub mod streams;
pub mod trace;
pub mod verify;
pub mod view;

use crate::app::App;
use axum::{
    Router,
    extract::State,
    http::{Method, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use problem::{Kind, Problem};
use std::{any::Any, sync::Arc, time::Duration};
use streams::Streams;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

/// The gateway, with what only its HTTP face keeps.
pub struct Face {
    /// The gateway.
    pub app: Arc<App>,
    /// The open streams.
    pub streams: Arc<Streams>,
    /// How fast each address may knock.
    pub addresses: guard::Addresses,
    /// Host and port of the public address, as browsers name it.
    pub host: String,
}

/// What every handler gets.
pub type Web = State<Arc<Face>>;

/// Serves the gateway until it stops.
pub async fn serve(app: Arc<App>, listener: TcpListener) {
    let stop = app.stop.clone();
    let head_within = Duration::from_secs(app.settings.limits.head_seconds.max(1).into());
    if let Err(fault) = listen::serve(listener, router(app), head_within, stop).await {
        tracing::error!(%fault, "no more connections can be taken");
    }
}

/// All addresses.
pub fn router(app: Arc<App>) -> Router {
    let limits = &app.settings.limits;
    let host = app.settings.public_url.authority().to_owned();
    let face = Arc::new(Face {
        streams: Arc::new(Streams::new(limits.streams_per_conversation, limits.streams)),
        addresses: guard::Addresses::new(limits.requests_per_second_per_address),
        host,
        app,
    });
    Router::new()
        .merge(for_people())
        .merge(log::routes())
        .nest("/v1/chat/{bank}", chat::routes())
        .route("/bank-events/{bank}", post(bank_events::take))
        .route("/card-events/{bank}", post(card_events::take))
        .route("/card-events/{bank}/bulk", post(card_events::take_file))
        .nest("/console/{bank}", console::routes())
        .route("/audit/{bank}", get(console::audit::page))
        .route("/audit/{bank}/evidence", get(console::audit::evidence))
        .nest("/privacy/{bank}", privacy::routes())
        .route("/openapi.json", get(openapi::document))
        .merge(for_operators())
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_that_way)
        .layer(middleware::from_fn_with_state(face.clone(), trace::in_time))
        .layer(CatchPanicLayer::custom(broke))
        .layer(middleware::from_fn_with_state(face.clone(), guard::check))
        .layer(middleware::from_fn_with_state(face.clone(), dress::dress))
        .layer(middleware::from_fn(trace::follow))
        .with_state(face)
}

fn for_people() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(pages::banks))
        .route("/chat/{bank}", get(chat::room::page))
        .route("/chat/{bank}/older", get(chat::room::older))
        .route("/chat/{bank}/export", get(chat::export::page))
        .route("/erased/{bank}/{receipt}", get(erased::page))
        .route("/erased/{bank}/door/{receipt}", get(erased::door).post(erased::open))
        .route("/erased/{bank}/{receipt}/receipt.json", get(erased::document))
        .route("/link/callback", get(link::arrive))
        .route("/link/{token}", get(link::open).post(link::depart))
        .route("/sealed/{token}", get(sealed::door).post(sealed::open))
        .route("/sealed/{token}/sign-in", post(sealed::sign_in))
        .route("/problems", get(pages::kinds))
        .route("/problems/{kind}", get(pages::kind))
        .route("/verify", get(verify::page))
        .route("/verify/offline", get(verify::offline))
        .route("/static/{file}", get(files::file))
        .route("/static/bank/{file}", get(files::bank_file))
        .route("/favicon.ico", get(files::favicon))
}

fn for_operators() -> Router<Arc<Face>> {
    Router::new()
        .route("/healthz", get(operations::alive))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
}

async fn nothing_here(uri: Uri) -> Problem {
    let shown: String = uri.path().chars().take(80).collect();
    Kind::NotFound.because(format!("Nothing is at {shown}."))
}

async fn not_that_way(method: Method) -> Problem {
    Kind::Method.because(format!("{method} is not taken here."))
}

/// A handler panicked. The panic's own words go to the log (see the process's panic hook), not out.
fn broke(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Kind::Internal.because("A part of the gateway failed.").into_response()
}
