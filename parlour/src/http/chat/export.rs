//! `GET /v1/chat/{bank}/export` and `GET /chat/{bank}/export`: all that is kept of the customer, as a file and as
//! a page. Both are sent as they are read; one that breaks off does not end, so nobody takes it for the whole.

use crate::{
    export::{self, Piece, json, page},
    http::{Web, caller::Caller, problem::Problem},
};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use store::DbError;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] DbError),
    #[error("a part could not be drawn")]
    Drawing,
}

/// Exports all that is kept of the customer. docs/export.md describes the document; it ends with
/// `"complete": true`.
#[utoipa::path(get, path = "/v1/chat/{bank}/export", tag = "chat", operation_id = "export", summary = "Export all that is kept",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The export, as a file.", body = Object, content_type = "application/json"),
    ))]
pub async fn document(State(face): Web, Caller { session, .. }: Caller) -> Result<Response, Problem> {
    face.app.pace.one_more(&session.conversation).map_err(super::messages::too_fast)?;
    let pieces = export::export(face.app.clone(), session.bank, session.customer);
    let mut writer = json::Writer::default();
    let parts = ReceiverStream::new(pieces)
        .map(move |piece: Result<Piece, DbError>| Ok::<_, Broken>(writer.write(piece?)));
    let head = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"parlour-export.json\""),
    ];
    Ok((head, Body::from_stream(parts)).into_response())
}

/// The same for people to read.
pub async fn page(State(face): Web, Caller { tenant, session }: Caller) -> Result<Response, Problem> {
    face.app.pace.one_more(&session.conversation).map_err(super::messages::too_fast)?;
    let pieces = export::export(face.app.clone(), session.bank, session.customer);
    let mut writer = page::Writer::new(tenant, face.app.clock.now());
    let parts = ReceiverStream::new(pieces).map(move |piece: Result<Piece, DbError>| {
        writer.write(piece?).map_err(|problem| {
            tracing::warn!(detail = %problem.detail, "a part of an export could not be drawn");
            Broken::Drawing
        })
    });
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from_stream(parts)).into_response())
}
