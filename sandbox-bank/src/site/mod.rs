//! The bank's own pages: signing in, what is there, what is shared, and approving a client.

mod approve;
mod cards;
pub(crate) mod faults;
mod network;
mod overview;
mod page;
mod purchase;
mod sharing;
mod step_up;
mod visit;
mod words;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;

use crate::{
    house::Shared,
    limits,
    oauth::server::{self},
};

/// What pages may load and send: their own style sheet, forms to this bank, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// The routes of the site, and the metadata document beside them.
pub(crate) fn router(house: &Shared) -> Router<Shared> {
    let headers = axum::middleware::from_fn(protect);
    Router::new()
        .route("/", get(overview::home))
        .route("/sign-in", post(overview::sign_in))
        .route("/sign-out", post(overview::sign_out))
        .route("/accounts/{id}", get(overview::account))
        .route("/sharing", get(sharing::list))
        .route("/sharing/{id}/stop", get(sharing::ask).post(sharing::stop))
        .route("/cards", get(cards::show))
        .route("/cards/{id}/freeze", post(cards::freeze))
        .route("/cards/{id}/unfreeze", post(cards::unfreeze))
        .route("/step-up/{id}", get(step_up::show).post(step_up::answer))
        .route("/step-up/{id}/sign-in", post(step_up::sign_in))
        .route("/purchase", get(purchase::form).post(purchase::buy))
        .route("/network", get(network::show))
        .route("/network/attack", post(network::attack))
        .route("/network/suspect", post(network::suspect))
        .route("/network/pause", post(network::pause))
        .route("/faults", get(faults::show).put(faults::set))
        .route("/faults/switch", post(faults::set_by_form))
        .route("/authorize", get(approve::begin))
        .route("/interaction/{id}", get(approve::show))
        .route("/interaction/{id}/sign-in", post(approve::sign_in))
        .route("/interaction/{id}/decision", post(approve::decide))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .route("/healthz", get(async || "ok\n"))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/.well-known/openid-configuration", get(metadata))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(headers)
        .with_state(house.clone())
}

/// Adds the headers that keep pages from being framed, sniffed, cached or made to load anything.
async fn protect(request: Request, next: Next) -> Response {
    let style = request.method() == Method::GET && matches!(request.uri().path(), "/style.css" | "/icon.svg");
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, POLICY);
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(header::CACHE_CONTROL, if style { "max-age=300" } else { "no-store" });
    answer
}

/// The style sheet, with the bank's colour in front.
async fn style(State(house): State<Shared>) -> Response {
    let (light, dark) = (house.brand.light(), house.brand.dark());
    let (soft, soft_dark) = house.brand.tints();
    let text = format!(
        ":root {{ --brand: {light}; --brand-ink: #ffffff; --brand-soft: {soft}; }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{ --brand: {dark}; --brand-ink: #10150f; \
         --brand-soft: {soft_dark}; }} }}\n{}",
        include_str!("style.css")
    );
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response()
}

/// The bank's first letter on its colour, for the tab of a browser.
async fn icon(State(house): State<Shared>) -> Response {
    let letter = house.name.chars().find(|c| c.is_alphanumeric()).unwrap_or('B');
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"8\" \
         fill=\"{}\"/><text x=\"16\" y=\"22\" text-anchor=\"middle\" font-family=\"sans-serif\" font-weight=\"700\" \
         font-size=\"17\" fill=\"#ffffff\">{letter}</text></svg>",
        house.brand.light()
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], text).into_response()
}

async fn metadata(State(house): State<Shared>) -> axum::Json<Value> {
    axum::Json(server::metadata(&house.server))
}

/// Nothing is here: JSON for programs below `/fdx`, a page for people elsewhere.
async fn nowhere(State(house): State<Shared>, request: Request) -> Response {
    if request.uri().path().starts_with("/fdx/") {
        return crate::fdx::error::ApiFault::NoResource.into_response();
    }
    if request.uri().path().starts_with(crate::native::BASE) {
        return crate::native::problem::Problem::Nothing("address").into_response();
    }
    page::note(&house, StatusCode::NOT_FOUND, "Nothing here", "There is no page at this address.")
}
