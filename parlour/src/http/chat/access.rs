//! `GET /v1/chat/{bank}/access`: who looked at the customer's data.

use crate::{
    accesses,
    http::{Web, body, caller::Caller, problem::Problem},
    reply::AccessLine,
};
use axum::{Json, extract::State, http::Uri};
use domain::EntryId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many are told at once, if nothing is said.
const USUAL: u32 = 50;
/// How many are told at once at most.
const MOST: u32 = 200;

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those before this one.
    #[param(value_type = Option<String>, pattern = "^ent_[0-9a-f]{32}$")]
    before: Option<EntryId>,
    /// How many, at most 200; 50 if not said.
    #[param(minimum = 1, maximum = 200, example = 50)]
    limit: Option<u32>,
}

/// Decisions of the gate about the customer's data.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accesses {
    /// Newest first.
    accesses: Vec<AccessLine>,
}

/// Tells each decision about the customer's data, refusals too, newest first.
#[utoipa::path(get, path = "/v1/chat/{bank}/access", tag = "chat", operation_id = "list_access", summary = "Who looked",
    params(("bank" = String, Path, description = "The bank", example = "harbour"), Which),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The decisions.", body = Accesses),
    ))]
pub async fn list(State(face): Web, caller: Caller, uri: Uri) -> Result<Json<Accesses>, Problem> {
    let which: Which = body::query(&uri)?;
    let limit = body::within("limit", which.limit, USUAL, MOST)?;
    let accesses = accesses::accesses(&face.app, &caller.session, which.before, limit).await?;
    Ok(Json(Accesses { accesses }))
}
