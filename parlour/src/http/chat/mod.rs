//! `/v1/chat/{bank}`: the conversation, for our own page and for apps that embed it.

pub mod about;
pub mod access;
pub mod consents;
pub mod events;
pub mod export;
pub mod links;
pub mod messages;
pub mod receipt;
pub mod room;
pub mod sessions;

use super::Face;
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// The addresses under `/v1/chat/{bank}`.
pub fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(about::about))
        .route("/sessions", post(sessions::begin))
        .route("/messages", get(messages::list).post(messages::say))
        .route("/events", get(events::follow))
        .route("/access", get(access::list))
        .route("/export", get(export::document))
        .route("/access/{entry}/receipt", get(receipt::download))
        .route("/consents", get(consents::list))
        .route("/consents/{consent}", get(consents::record))
        .route("/consents/{consent}/receipt", get(consents::receipt))
        .route("/links", post(links::offer))
}
