//! `GET /v1/chat/{bank}/consents…`: what the customer agreed to, as a list, as a record that other programs read, and
//! the receipt of its end.

use crate::{
    consents::{self, Receipt},
    http::{
        Web,
        caller::Caller,
        problem::{Kind, Problem},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{Channel, Consent, ConsentId, ConsentState, DataClass, Purpose};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How many are told at most, the newest ones: more than anybody gives in years.
const MOST: usize = 200;

/// What a customer agreed to, or was asked to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentLine {
    /// The consent.
    #[schema(value_type = String)]
    id: ConsentId,
    /// Where it stands.
    #[schema(value_type = String, example = "given")]
    state: ConsentState,
    /// Where it was given.
    #[schema(value_type = String, example = "web")]
    channel: Channel,
    /// What for.
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// Which data.
    #[schema(value_type = Vec<String>)]
    data_classes: Vec<DataClass>,
    /// Of how many accounts.
    accounts: usize,
    /// From when it holds.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A customer's consents.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consents {
    /// Newest first, at most 200.
    consents: Vec<ConsentLine>,
}

impl From<Consent> for ConsentLine {
    fn from(consent: Consent) -> Self {
        ConsentLine {
            accounts: consent.accounts.len(),
            id: consent.id,
            state: consent.state,
            channel: consent.channel,
            purposes: consent.purposes,
            data_classes: consent.data_classes,
            not_before: consent.not_before,
            expires_at: consent.expires_at,
        }
    }
}

/// Tells every consent of the customer, newest first, whatever became of it.
#[utoipa::path(get, path = "/v1/chat/{bank}/consents", tag = "chat", operation_id = "list_consents", summary = "What was agreed to",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The consents.", body = Consents),
    ))]
pub async fn list(State(face): Web, caller: Caller) -> Result<Json<Consents>, Problem> {
    let (bank, customer) = (&caller.session.bank, &caller.session.customer);
    let all = consents::list(&face.app, bank, customer).await?;
    Ok(Json(Consents { consents: all.into_iter().take(MOST).map(ConsentLine::from).collect() }))
}

/// Gives the record of one consent as JSON-LD, with the fields of ISO/IEC TS 27560 in the terms of the Data Privacy
/// Vocabulary.
#[utoipa::path(get, path = "/v1/chat/{bank}/consents/{consent}", tag = "chat", operation_id = "consent_record", summary = "A consent record",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("consent" = String, Path, description = "The consent", pattern = "^cst_[0-9a-f]{32}$"),
    ),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The record.", body = Object, content_type = "application/ld+json"),
    ))]
pub async fn record(
    State(face): Web,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<Response, Problem> {
    let Path((_, consent)) = path;
    let consent = read(&consent)?;
    let record =
        consents::record(&face.app, &caller.session.bank, &caller.session.customer, &consent).await?;
    let mut response = Json(record.ok_or_else(unknown)?).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/ld+json"));
    Ok(response)
}

/// Gives the receipt of a consent that has ended: when and how, whether the bank has confirmed, and where it stands in
/// the log.
#[utoipa::path(get, path = "/v1/chat/{bank}/consents/{consent}/receipt", tag = "chat", operation_id = "consent_receipt", summary = "The receipt of an end",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("consent" = String, Path, description = "The consent", pattern = "^cst_[0-9a-f]{32}$"),
    ),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The receipt.", body = Receipt),
    ))]
pub async fn receipt(
    State(face): Web,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<Json<Receipt>, Problem> {
    let Path((_, consent)) = path;
    let consent = read(&consent)?;
    let receipt =
        consents::receipt(&face.app, &caller.session.bank, &caller.session.customer, &consent).await?;
    receipt.map(Json).ok_or_else(|| Kind::NotFound.because("You have no such consent that has ended."))
}

fn read(consent: &str) -> Result<ConsentId, Problem> {
    consent.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    Kind::NotFound.because("You have no such consent.")
}
