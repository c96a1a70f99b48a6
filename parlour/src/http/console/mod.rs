//! `/console/{bank}` and `/audit/{bank}`: the pages of a bank's own people.
//!
//! Everything works without scripts but the ceremonies with a passkey, which browsers only do for a script.

pub mod audit;
pub mod budget;
pub mod caller;
pub mod consents;
pub mod fraud;
pub mod fraud_alert;
pub mod fraud_engine;
pub mod history;
pub mod keys;
pub mod list;
pub mod overview;
pub mod policies;
pub mod proposals;
pub mod rule_set;
pub mod rules;
pub mod rules_new;
pub mod sign_in;
pub mod staff;
pub mod switches;
pub mod tried;

use super::Face;
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// The largest form or answer of an authenticator, in bytes. The longest form has one text of 500
/// characters; an answer has a credential's id of up to 1 KB, a public key and a signature.
pub const MAX_BODY: usize = 16 * 1024;

/// All addresses below `/console/{bank}`.
pub fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/sign-in", get(sign_in::page))
        .route("/sign-in/begin", post(sign_in::begin))
        .route("/sign-in/finish", post(sign_in::finish))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/register/{token}", get(sign_in::invited))
        .route("/register/{token}/begin", post(sign_in::begin_by_link))
        .route("/register/{token}/finish", post(sign_in::finish_by_link))
        .route("/policies", get(policies::page))
        .route("/no", get(switches::page))
        .route("/no/preview", get(switches::preview))
        .route("/proposals", post(proposals::propose))
        .route("/proposals/{id}", get(proposals::page))
        .route("/proposals/{id}/approve", post(proposals::approve))
        .route("/proposals/{id}/decline", post(proposals::decline))
        .route("/proposals/{id}/take-back", post(proposals::take_back))
        .route("/consents", get(consents::page))
        .route("/refusals", get(consents::refusals))
        .route("/staff", get(staff::page).post(staff::invite))
        .route("/staff/{id}", get(staff::person))
        .route("/staff/{id}/link", post(staff::renew))
        .route("/staff/{id}/remove", post(staff::remove))
        .route("/keys", get(keys::page))
        .route("/keys/begin", post(keys::begin))
        .route("/keys/finish", post(keys::finish))
        .route("/keys/{id}/remove", post(keys::remove))
        .route("/sign-ins/{id}/end", post(keys::end))
        .route("/sign-ins/end-all", post(keys::end_all))
        .route("/history", get(history::page))
        .route("/fraud", get(fraud::page))
        .route("/fraud/rules", get(rules::page).post(rules_new::propose))
        .route("/fraud/rules/new", get(rules_new::page))
        .route("/fraud/rules/try", post(rules_new::attempt))
        .route("/fraud/rules/{id}", get(rule_set::page))
        .route("/fraud/rules/{id}/approve", post(rule_set::approve))
        .route("/fraud/rules/{id}/decline", post(rule_set::decline))
        .route("/fraud/rules/{id}/take-back", post(rule_set::take_back))
        .route("/fraud/budget", get(budget::page))
        .route("/fraud/budget/lift", post(budget::lift))
        .route("/fraud/budget/{id}/end", post(budget::end))
        .route("/fraud/engine", get(fraud_engine::page))
        .route("/fraud/{id}", get(fraud_alert::page))
        .route("/fraud/{id}/decide", post(fraud_alert::decide))
}
