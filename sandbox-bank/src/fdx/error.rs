//! The API's errors: FDX-aligned codes, each with its HTTP status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use crate::{db::DbFault, limits};

/// The body of every refusal.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// A code of the table in the bank's documentation, such as "701".
    #[schema(example = "701")]
    code: String,
    /// What is wrong, for people.
    message: String,
}

/// Why an API call was refused.
#[derive(Debug, Error)]
pub(crate) enum ApiFault {
    #[error("x-fapi-interaction-id must be sent, and be a UUID")]
    InteractionId,
    #[error("{0}")]
    Parameter(&'static str),
    #[error("the body is not the JSON that is needed here")]
    Body,
    #[error("the body is larger than {} bytes", limits::BODY_BYTES)]
    TooLarge,
    #[error("startDate and endDate must be days, as in 2026-11-21")]
    Date,
    #[error("send both startDate and endDate or neither, the first not after the second")]
    Range,
    #[error("the consent does not cover this")]
    NotCovered,
    #[error("the access token is missing, wrong, or its consent has ended")]
    Token,
    #[error("there is no such account in the consent")]
    NoAccount,
    #[error("there is no such statement in the consent")]
    NoStatement,
    #[error("there is nothing at this address")]
    NoResource,
    #[error("the consent had ended before")]
    AlreadyEnded,
    #[error("too many calls; try again in {retry_after} seconds")]
    TooMany { retry_after: u32 },
    #[error("the bank has a problem of its own")]
    Internal,
}

impl From<DbFault> for ApiFault {
    fn from(fault: DbFault) -> Self {
        tracing::error!(%fault, "an API call failed");
        Self::Internal
    }
}

impl ApiFault {
    fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::InteractionId | Self::Parameter(_) | Self::Body => ("401", StatusCode::BAD_REQUEST),
            Self::TooLarge => ("401", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Date => ("702", StatusCode::BAD_REQUEST),
            Self::Range => ("703", StatusCode::BAD_REQUEST),
            Self::NotCovered => ("602", StatusCode::FORBIDDEN),
            Self::Token => ("603", StatusCode::UNAUTHORIZED),
            Self::NoAccount => ("701", StatusCode::NOT_FOUND),
            Self::NoStatement | Self::NoResource => ("1107", StatusCode::NOT_FOUND),
            Self::AlreadyEnded => ("705", StatusCode::CONFLICT),
            Self::TooMany { .. } => ("1207", StatusCode::TOO_MANY_REQUESTS),
            Self::Internal => ("500", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The body alone, for answers whose headers come from somewhere else.
    pub(crate) fn body(&self) -> Json<ErrorBody> {
        Json(ErrorBody { code: self.code().0.to_owned(), message: self.to_string() })
    }
}

/// The challenge that tells a client that its token is worth nothing any more (RFC 9449, 7.1).
pub(crate) const TOKEN_ENDED: &str =
    "DPoP error=\"invalid_token\", error_description=\"the consent has ended\"";

impl IntoResponse for ApiFault {
    fn into_response(self) -> Response {
        let mut answer = (self.code().1, self.body()).into_response();
        let headers = answer.headers_mut();
        match self {
            Self::Token => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(TOKEN_ENDED));
            }
            Self::TooMany { retry_after } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            }
            _ => {}
        }
        answer
    }
}
