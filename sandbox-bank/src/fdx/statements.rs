//! Statements of an account, as the FDX API gives them.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    accounts::find,
    error::{ApiFault, ErrorBody},
};
use crate::{
    consents::{Consent, DataCluster},
    house::Shared,
    ledger::{
        Account,
        statements::{self, Statement},
    },
};

/// A statement, without what it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FdxStatementView {
    account_id: String,
    statement_id: String,
    #[schema(format = Date)]
    start_date: String,
    #[schema(format = Date)]
    end_date: String,
}

/// The statements of an account, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementsPage {
    statements: Vec<FdxStatementView>,
}

async fn listed(house: &Shared, consent: &Consent, id: &str) -> Result<(Account, Vec<Statement>), ApiFault> {
    if !consent.covers(DataCluster::Statements) {
        return Err(ApiFault::NotCovered);
    }
    let account = find(house, consent, id).await?;
    let (of, first, now) = (account.clone(), consent.first_day(), house.clock.now());
    let found =
        house.db.transact(move |tx| Ok::<_, ApiFault>(statements::list(tx, &of, first, now)?)).await?;
    Ok((account, found))
}

/// Lists the statements of an account.
#[utoipa::path(
    get, path = "/fdx/v6/accounts/{accountId}/statements", tag = "accounts",
    params(("accountId" = String, Path), super::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = StatementsPage, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
) -> Result<Json<StatementsPage>, ApiFault> {
    let (account, found) = listed(&house, &consent, &id).await?;
    let view = |statement: &Statement| FdxStatementView {
        account_id: account.id.clone(),
        statement_id: statement.id.clone(),
        start_date: statement.from.to_string(),
        end_date: statement.to.to_string(),
    };
    Ok(Json(StatementsPage { statements: found.iter().map(view).collect() }))
}

/// Gives one statement as a PDF.
#[utoipa::path(
    get, path = "/fdx/v6/accounts/{accountId}/statements/{statementId}", tag = "accounts",
    params(("accountId" = String, Path), ("statementId" = String, Path), super::Headers),
    security(("fapi" = [])),
    responses(
        (status = 200, description = "The document.", content_type = "application/pdf", body = Vec<u8>,
            headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path((id, statement)): Path<(String, String)>,
) -> Result<Response, ApiFault> {
    let (account, found) = listed(&house, &consent, &id).await?;
    let found = found.into_iter().find(|found| found.id == statement).ok_or(ApiFault::NoStatement)?;
    let bank = house.name.clone();
    let document = move |tx: &rusqlite::Transaction<'_>| {
        Ok::<_, ApiFault>(statements::document(tx, &bank, &account, &found)?)
    };
    let bytes = house.db.transact(document).await?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response())
}
