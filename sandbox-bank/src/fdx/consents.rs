//! The consent behind the token: reading it and ending it.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body,
    error::{ApiFault, ErrorBody},
    shapes::{ConsentView, Revocations},
};
use crate::{
    consents::{self, Consent, Ending, Initiator, Reason},
    house::Shared,
};

fn own(consent: &Consent, id: &str) -> Result<(), ApiFault> {
    if consent.id == id { Ok(()) } else { Err(ApiFault::NotCovered) }
}

/// Shows the consent that the token belongs to.
#[utoipa::path(
    get, path = "/fdx/v6/consents/{consentId}", tag = "consents",
    params(("consentId" = String, Path), super::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = ConsentView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
) -> Result<Json<ConsentView>, ApiFault> {
    own(&consent, &id)?;
    Ok(Json(ConsentView::of(&consent, &house.name)))
}

/// Shows how the consent was ended: nothing while it is in force, and a client cannot ask after.
#[utoipa::path(
    get, path = "/fdx/v6/consents/{consentId}/revocation", tag = "consents",
    params(("consentId" = String, Path), super::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = Revocations, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn revocations(
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
) -> Result<Json<Revocations>, ApiFault> {
    own(&consent, &id)?;
    Ok(Json(Revocations::of(&consent)))
}

/// How a client ends a consent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationRequest {
    /// Why.
    reason: Reason,
    /// Who wanted it.
    initiator: Initiator,
}

/// Ends the consent, with all its tokens.
#[utoipa::path(
    put, path = "/fdx/v6/consents/{consentId}/revocation", tag = "consents",
    params(("consentId" = String, Path), super::Headers), security(("fapi" = [])),
    request_body = RevocationRequest,
    responses(
        (status = 204, description = "Ended.", headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, description = "It had ended a moment before.", body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn revoke(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiFault> {
    own(&consent, &id)?;
    let bytes = bytes.map_err(|_| ApiFault::TooLarge)?;
    let request: RevocationRequest = body::object(&bytes)?;
    let ending = Ending { at: house.clock.now(), reason: request.reason, initiator: request.initiator };
    let ended: bool =
        house.db.transact(move |tx| consents::end(tx, &id, ending)).await.map_err(ApiFault::from)?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(ApiFault::AlreadyEnded) }
}
