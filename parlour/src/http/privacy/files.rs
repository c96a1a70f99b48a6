//! The files of the privacy page, for somebody who signed in at the bank: the same that the chat's own session gets
//! under `/v1/chat`, which a sign-in does not open.

use super::Visitor;
use crate::http::{Web, caller::Caller, chat, problem::Problem};
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};

impl From<Visitor> for Caller {
    fn from(Visitor { tenant, session, .. }: Visitor) -> Caller {
        Caller { tenant, session }
    }
}

/// `GET /privacy/{bank}/copy/file`
pub async fn copy(face: Web, visitor: Visitor) -> Result<Response, Problem> {
    chat::export::document(face, visitor.into()).await
}

/// `GET /privacy/{bank}/copy/page`
pub async fn copy_page(face: Web, visitor: Visitor) -> Result<Response, Problem> {
    chat::export::page(face, visitor.into()).await
}

/// `GET /privacy/{bank}/consents/{consent}/record`
pub async fn record(
    face: Web,
    visitor: Visitor,
    consent: Path<(String, String)>,
) -> Result<Response, Problem> {
    chat::consents::record(face, visitor.into(), consent).await
}

/// `GET /privacy/{bank}/consents/{consent}/receipt`
pub async fn receipt(
    face: Web,
    visitor: Visitor,
    consent: Path<(String, String)>,
) -> Result<Response, Problem> {
    chat::consents::receipt(face, visitor.into(), consent).await.map(IntoResponse::into_response)
}

/// `GET /privacy/{bank}/looks/{entry}/receipt`
pub async fn proof(face: Web, visitor: Visitor, entry: Path<(String, String)>) -> Result<Response, Problem> {
    chat::receipt::download(face, visitor.into(), entry).await
}
