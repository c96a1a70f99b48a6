//! The FDX-aligned API under `/fdx/v6`.

pub(crate) mod accounts;
pub(crate) mod body;
pub(crate) mod consents;
pub(crate) mod error;
pub(crate) mod guard;
pub mod openapi;
pub(crate) mod paging;
pub(crate) mod shapes;
pub(crate) mod statements;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{MethodRouter, get},
};
use utoipa::IntoParams;

use crate::{house::Shared, limits};

/// Headers of every API call.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes headers that the guard reads")]
pub(crate) struct Headers {
    /// Names the call; it comes back in the answer.
    #[param(rename = "x-fapi-interaction-id", format = "uuid")]
    interaction_id: String,
}

/// The routes, each behind the guard. A wrong method is told so before the guard looks.
pub(crate) fn router(house: &Shared) -> Router<Shared> {
    let guarded =
        |route: MethodRouter<Shared>| route.route_layer(from_fn_with_state(house.clone(), guard::guard));
    Router::new()
        .route("/fdx/v6/accounts", guarded(get(accounts::list)))
        .route("/fdx/v6/accounts/{accountId}", guarded(get(accounts::show)))
        .route("/fdx/v6/accounts/{accountId}/transactions", guarded(get(accounts::transactions)))
        .route("/fdx/v6/accounts/{accountId}/statements", guarded(get(statements::list)))
        .route("/fdx/v6/accounts/{accountId}/statements/{statementId}", guarded(get(statements::show)))
        .route("/fdx/v6/consents/{consentId}", guarded(get(consents::show)))
        .route(
            "/fdx/v6/consents/{consentId}/revocation",
            guarded(get(consents::revocations).put(consents::revoke)),
        )
        .route("/openapi.json", get(async || Json(openapi::document())))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
}
