//! `POST /bank-events/{bank}`: what a bank says by itself, as Standard Webhooks.

use super::{
    Web, body,
    problem::{Kind, Problem},
};
use crate::watches::intake::{self, Refused};
use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
};
use banks::Received;
use serde::Serialize;
use utoipa::ToSchema;

/// The largest event, in bytes. One has some ids and takes a few hundred.
pub const MAX_EVENT: usize = 16 * 1024;

/// What a bank says has happened. It names things by the bank's ids and tells nothing of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BankEvent)]
pub struct Said {
    /// `transaction.pending`, `transaction.posted` or `consent.revoked`. Others are taken and do nothing.
    #[serde(rename = "type")]
    #[schema(example = "transaction.posted")]
    kind: String,
    /// When it happened at the bank.
    #[schema(value_type = String, format = DateTime)]
    timestamp: String,
    /// Which.
    data: Named,
}

/// The bank's ids.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BankEventData)]
pub struct Named {
    /// The consent by which it may be read.
    consent_id: String,
    /// The account, of a payment.
    #[schema(required = false)]
    account_id: Option<String>,
    /// The payment.
    #[schema(required = false)]
    transaction_id: Option<String>,
    /// The id that the payment had while it was pending.
    #[schema(required = false)]
    reference_transaction_id: Option<String>,
}

/// Takes an event that the bank has signed, stores it if somebody asked to be told of such, and answers then. The same event
/// again does nothing.
#[utoipa::path(post, path = "/bank-events/{bank}", tag = "banks", operation_id = "take_bank_event",
    summary = "Take an event of a bank",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("webhook-id" = String, Header, description = "The id of the event: the same when it is sent again"),
        ("webhook-timestamp" = String, Header, description = "When it was signed, in seconds since 1970; at most five minutes from now"),
        ("webhook-signature" = String, Header, description = "`v1,` and HMAC-SHA256 over id, time and body with points between them, in base64; several with spaces between them"),
    ),
    request_body(content = Said, description = "At most 16 KB"),
    responses(
        (status = 204, description = "It is stored, was stored before, or is nothing to anybody here."),
    ))]
pub async fn take(
    State(face): Web,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let Path(bank) = path.map_err(|_| Kind::Malformed.because("The address cannot be decoded."))?;
    let tenant =
        face.app.tenant(&bank).ok_or_else(|| Kind::UnknownBank.because("No bank of this name is here."))?;
    let (id, at, signatures) = {
        let headers = request.headers();
        let one = |name: &str| header(headers, name).map(str::to_owned);
        (one("webhook-id"), one("webhook-timestamp"), one("webhook-signature"))
    };
    let bytes = body::raw(request, MAX_EVENT).await?;
    let message = Received::new(id.as_deref(), at.as_deref(), signatures.as_deref(), &bytes)
        .map_err(|unsigned| problem(Refused::Unsigned(unsigned)))?;
    intake::take(&face.app, &tenant, &message).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::NotExpected => {
            Kind::NotFound.because("This bank sends nothing here: nobody has opened an endpoint for it.")
        }
        Refused::Unsigned(why) => Kind::Unsigned.because(capital(&why.to_string())),
        Refused::Unreadable(why) => Kind::Invalid.because(format!("The event cannot be read: {why}.")),
        Refused::Store(fault) => fault.into(),
    }
}

fn capital(text: &str) -> String {
    format!("{}.", crate::notice::capital(text))
}
