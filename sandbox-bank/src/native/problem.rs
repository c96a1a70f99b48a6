//! Why the native API refuses, as problems (RFC 9457).

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use crate::{
    cards::{CardFault, Status},
    db::DbFault,
    limits,
    services::Service,
    step_up::Approval,
};

/// The body of every refusal.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemBody {
    /// What kind of problem it is, as a URN that ends with its code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time, for people.
    detail: String,
    /// The kind in a word, for programs.
    code: String,
    /// Which members of the body are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<MemberFault>,
    /// Where the customer approves the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_up: Option<StepUpBody>,
}

/// What is wrong with one member of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MemberFault {
    /// Which, as a JSON pointer (RFC 6901).
    pub(crate) pointer: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// Where the customer approves an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepUpBody {
    /// The page on the bank's own site.
    url: String,
    /// To be sent as `stepUpRef` once the customer has approved.
    reference: String,
    /// Until when the page waits.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Why a call was refused.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    #[error("send an Idempotency-Key of 1 to {} visible characters", limits::KEY_CHARS_MAX)]
    Key,
    #[error("this key was used for something else; take a new one")]
    KeyReused,
    #[error("this order is being carried out; ask again with the same key in a moment")]
    InFlight,
    #[error("the body is larger than {} bytes", limits::BODY_BYTES)]
    TooLarge,
    #[error("the body is not of the agreed form")]
    Form(Vec<MemberFault>),
    #[error("a value cannot be taken")]
    Value(Vec<MemberFault>),
    #[error("the consent or the token does not cover this: {} is needed", .0.scope())]
    NotCovered(Service),
    #[error("the token does not cover this: {} is needed", crate::services::WEBHOOKS)]
    NoWebhooks,
    #[error("only the customer orders this")]
    NotTheCustomer,
    #[error("there is no such {0} in the consent")]
    Nothing(&'static str),
    #[error("the card is {}, so this cannot be done on it", .0.word())]
    CardState(Status),
    #[error("the bank froze this card, so the bank alone unfreezes it")]
    FrozenByBank,
    #[error("the customer has to approve this on the bank's site first")]
    StepUp { approval: Box<Approval>, url: String },
    #[error("the customer said no to this on the bank's site")]
    StepUpRefused,
    #[error("there are as many of these as may be: {most}")]
    TooMany { most: i64 },
    #[error("the bank has a problem of its own")]
    Internal,
}

impl From<DbFault> for Problem {
    fn from(fault: DbFault) -> Self {
        tracing::error!(%fault, "a call of the native API failed");
        Self::Internal
    }
}

impl From<CardFault> for Problem {
    fn from(fault: CardFault) -> Self {
        match fault {
            CardFault::NoCard => Self::Nothing("card"),
            CardFault::FrozenByBank => Self::FrozenByBank,
            CardFault::State(status) => Self::CardState(status),
            CardFault::Limit { most } => {
                let detail = format!("a limit is above zero and at most {}.00", most / 100);
                Self::Value(vec![MemberFault { pointer: String::new(), detail }])
            }
            CardFault::Db(fault) => fault.into(),
        }
    }
}

impl Problem {
    /// A single member that is wrong.
    pub(crate) fn value(pointer: &str, detail: &str) -> Self {
        Self::Value(vec![MemberFault { pointer: pointer.to_owned(), detail: detail.to_owned() }])
    }

    fn kind(&self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Key => ("idempotency-key", "No key", StatusCode::BAD_REQUEST),
            Self::KeyReused => {
                ("idempotency-key-reused", "A key used twice", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::InFlight => ("in-flight", "Being carried out", StatusCode::CONFLICT),
            Self::TooLarge => ("too-large", "Too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Form(_) => ("form", "Not the agreed form", StatusCode::BAD_REQUEST),
            Self::Value(_) => ("value", "A value that cannot be taken", StatusCode::UNPROCESSABLE_ENTITY),
            Self::NotCovered(_) | Self::NoWebhooks => ("not-covered", "Not covered", StatusCode::FORBIDDEN),
            Self::NotTheCustomer => ("not-the-customer", "Not the customer", StatusCode::FORBIDDEN),
            Self::Nothing(_) => ("not-found", "Not there", StatusCode::NOT_FOUND),
            Self::CardState(_) => ("card-state", "Not in this state", StatusCode::CONFLICT),
            Self::FrozenByBank => ("frozen-by-bank", "Frozen by the bank", StatusCode::CONFLICT),
            Self::StepUp { .. } => ("step-up", "To be approved at the bank", StatusCode::FORBIDDEN),
            Self::StepUpRefused => ("step-up-refused", "Not approved", StatusCode::FORBIDDEN),
            Self::TooMany { .. } => ("too-many-kept", "As many as may be", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Internal => ("internal", "The bank's own problem", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    fn body(&self) -> ProblemBody {
        let (code, title, status) = self.kind();
        let mut body = plain(status, code, title, &self.to_string());
        match self {
            Self::Form(errors) | Self::Value(errors) => body.errors.clone_from(errors),
            Self::StepUp { approval, url } => {
                body.step_up = Some(StepUpBody {
                    url: url.clone(),
                    reference: approval.id.clone(),
                    expires_at: approval.expires_at.to_string(),
                });
            }
            _ => {}
        }
        body
    }
}

fn plain(status: StatusCode, code: &str, title: &str, detail: &str) -> ProblemBody {
    ProblemBody {
        kind: format!("urn:parlour-bank:problem:{code}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        code: code.to_owned(),
        errors: Vec::new(),
        step_up: None,
    }
}

fn written(status: StatusCode, body: &ProblemBody) -> Response {
    let text = serde_json::to_string(body).unwrap_or_default();
    let json = HeaderValue::from_static("application/problem+json");
    (status, [(header::CONTENT_TYPE, json)], text).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        written(self.kind().2, &self.body())
    }
}

/// The same refusal as a problem: status and headers stay, the body becomes one of this API.
pub(crate) fn of_guard(refused: Response) -> Response {
    let (mut parts, _) = refused.into_parts();
    let (code, title) = match parts.status {
        StatusCode::UNAUTHORIZED => ("token", "No valid token"),
        StatusCode::TOO_MANY_REQUESTS => ("too-many-calls", "Too many calls"),
        StatusCode::FORBIDDEN => ("not-covered", "Not covered"),
        status if status.is_server_error() => ("internal", "The bank's own problem"),
        _ => ("form", "Not the agreed form"),
    };
    let detail = match code {
        "token" => "the access token or its proof is missing, wrong, or its consent has ended",
        "too-many-calls" => "too many calls; wait as long as Retry-After says",
        "internal" => "the bank has a problem of its own",
        _ => {
            "x-fapi-interaction-id must be sent, and be a UUID; Authorization must be a DPoP token with its proof"
        }
    };
    let body = plain(parts.status, code, title, detail);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, Body::from(serde_json::to_string(&body).unwrap_or_default()))
}
