//! `POST /v1/chat/{bank}/links`: the notice and a new one-time address.

use crate::{
    http::{
        Web,
        caller::Caller,
        problem::{Kind, Problem},
    },
    linking::{self, OfferFault},
    reply::Notice,
};
use axum::{Json, extract::State, http::StatusCode};

/// Offers to link the conversation. The address works once, for ten minutes, in a browser that has this
/// conversation's cookie.
#[utoipa::path(post, path = "/v1/chat/{bank}/links", tag = "chat", operation_id = "offer_link", summary = "Ask for a link to the bank",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The notice, with the one-time address.", body = Notice),
    ))]
pub async fn offer(
    State(face): Web,
    Caller { tenant, session }: Caller,
) -> Result<(StatusCode, Json<Notice>), Problem> {
    face.app.pace.one_more(&session.conversation).map_err(super::messages::too_fast)?;
    let notice = linking::offer(&face.app, &tenant, &session).await.map_err(|fault| match fault {
        OfferFault::PulledOut(reason) => Kind::PulledOut.because(reason),
        OfferFault::Store(fault) => fault.into(),
    })?;
    Ok((StatusCode::CREATED, Json(notice)))
}
