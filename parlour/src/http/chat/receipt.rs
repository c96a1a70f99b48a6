//! `GET /v1/chat/{bank}/access/{entry}/receipt`: the proof that one decision stands in the bank's log.

use crate::{
    http::{
        Web,
        caller::Caller,
        problem::{Kind, Problem},
    },
    receipts::{self, NoReceipt},
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::EntryId;

/// Gives the receipt of one decision about the customer's own data: a text in the form of
/// c2sp.org/tlog-proof, whose `extra` is the key of the entry (32 bytes) and the full record. It proves what
/// was decided to whoever holds it, offline, for as long as the log's verifier key is known.
#[utoipa::path(get, path = "/v1/chat/{bank}/access/{entry}/receipt", tag = "chat", operation_id = "receipt", summary = "The receipt of one decision",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("entry" = String, Path, description = "The decision, as `GET /access` names it", pattern = "^ent_[0-9a-f]{32}$"),
    ),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The receipt.", body = String, content_type = "text/plain"),
    ))]
pub async fn download(
    State(face): Web,
    caller: Caller,
    place: Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Kind::NotFound.because("There is no such entry about your data.");
    let Path((_, entry)) = place;
    let entry: EntryId = entry.parse().map_err(|_| unknown())?;
    match receipts::receipt(&face.app, &caller.session, &entry).await {
        Ok(receipt) => {
            let name = format!("attachment; filename=\"{}-{}.tlog-proof\"", caller.tenant.id, receipt.index);
            let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            let heads = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
            Ok((heads, receipt.to_string()).into_response())
        }
        Err(NoReceipt::Unknown) => Err(unknown()),
        Err(NoReceipt::NotYet { index, after_s }) => {
            let said =
                format!("Entry {index} is kept, and is being published now. Its receipt comes with that.");
            Err(Kind::NotYet.because(said).after(after_s))
        }
        Err(NoReceipt::Store(fault)) => Err(fault.into()),
        Err(fault) => {
            tracing::error!(bank = %caller.tenant.id, %fault, "a receipt could not be made");
            Err(Kind::Internal.because("The receipt could not be made."))
        }
    }
}
