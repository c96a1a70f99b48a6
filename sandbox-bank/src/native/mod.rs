//! The native API under `/parlour-bank/v1`: cards and accounts, and what their owner has done on them.

pub(crate) mod accounts;
mod acting;
pub(crate) mod cards;
pub(crate) mod contact;
pub(crate) mod endpoints;
mod guard;
pub(crate) mod payments;
pub(crate) mod problem;
pub(crate) mod schedules;
pub(crate) mod shapes;
pub(crate) mod travel;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{MethodRouter, delete, get, post, put},
};
use utoipa::IntoParams;

use crate::{house::Shared, limits};

/// Where the API begins.
pub(crate) const BASE: &str = "/parlour-bank/v1";

/// Headers of every order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes headers that the handlers read")]
pub(crate) struct KeyHeader {
    /// Names the order: the same key and body are answered as before for 24 hours, and done once.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 80, pattern = "^[!-~]{1,80}$")]
    key: String,
}

/// The routes, each behind the guard.
pub(crate) fn router(house: &Shared) -> Router<Shared> {
    let guarded =
        |route: MethodRouter<Shared>| route.route_layer(from_fn_with_state(house.clone(), guard::guard));
    Router::new()
        .route("/parlour-bank/v1/cards", guarded(get(cards::list)))
        .route("/parlour-bank/v1/cards/{cardId}/freeze", guarded(post(cards::freeze)))
        .route("/parlour-bank/v1/cards/{cardId}/unfreeze", guarded(post(cards::unfreeze)))
        .route("/parlour-bank/v1/cards/{cardId}/report-lost", guarded(post(cards::report_lost)))
        .route("/parlour-bank/v1/cards/{cardId}/limits", guarded(put(cards::set_limits)))
        .route("/parlour-bank/v1/travel-notices", guarded(get(travel::list).post(travel::add)))
        .route("/parlour-bank/v1/travel-notices/{noticeId}", guarded(delete(travel::take_back)))
        .route("/parlour-bank/v1/accounts/{accountId}/nickname", guarded(put(accounts::rename)))
        .route("/parlour-bank/v1/accounts/{accountId}/statements", guarded(get(accounts::statements)))
        .route(
            "/parlour-bank/v1/accounts/{accountId}/statements/{statementId}",
            guarded(get(accounts::statement)),
        )
        .route("/parlour-bank/v1/standing-orders", guarded(get(schedules::standing_orders)))
        .route("/parlour-bank/v1/subscriptions", guarded(get(schedules::subscriptions)))
        .route("/parlour-bank/v1/contact-preferences", guarded(get(contact::show).put(contact::set)))
        .route("/parlour-bank/v1/payments/{transactionId}/report", guarded(post(payments::report)))
        .route("/parlour-bank/v1/webhook-endpoints", guarded(get(endpoints::list).post(endpoints::open)))
        .route("/parlour-bank/v1/webhook-endpoints/{endpointId}", guarded(delete(endpoints::close)))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
}
