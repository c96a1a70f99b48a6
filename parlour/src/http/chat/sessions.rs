//! `POST /v1/chat/{bank}/sessions`: begins a conversation for an app that embeds the chat.

use crate::http::{Web, caller::AtBank};
use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSession {
    /// The token to send as `Authorization: Bearer …`. Whoever has it is the customer; keep it secret.
    #[schema(example = "AQAAAABpIF…")]
    token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Begins a conversation. Nothing is stored before its first message.
#[utoipa::path(post, path = "/v1/chat/{bank}/sessions", tag = "chat", operation_id = "begin_session", summary = "Begin a conversation",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    responses(
        (status = 201, description = "A session.", body = NewSession),
    ))]
pub async fn begin(State(face): Web, AtBank(tenant): AtBank) -> (StatusCode, Json<NewSession>) {
    let (session, token) = face.app.sessions.issue(&tenant.id, face.app.clock.now());
    (StatusCode::CREATED, Json(NewSession { token, expires_at: session.expires_at }))
}
