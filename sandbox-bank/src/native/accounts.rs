//! Names of accounts, and their statements.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    KeyHeader,
    acting::{Actor, Doing, OrderBody, Received, carry_out},
    guard::Caller,
    problem::{Problem, ProblemBody},
    shapes::{NicknameAnswer, StatementView, StatementsView},
};
use crate::{
    consents::Consent,
    db::DbFault,
    house::Shared,
    ledger::{
        self, Account,
        statements::{self, Statement},
    },
    limits, requests,
    services::Service,
    step_up::StepUp,
};

/// The account of the consent with this id.
fn find(tx: &rusqlite::Transaction<'_>, consent: &Consent, id: &str) -> Result<Account, Problem> {
    if !consent.accounts.iter().any(|account| account == id) {
        return Err(Problem::Nothing("account"));
    }
    ledger::account(tx, &consent.customer, id)?.ok_or(Problem::Nothing("account"))
}

/// What an account is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NicknameOrder {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// The name; empty for what the bank calls it.
    #[schema(max_length = 40)]
    nickname: String,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

/// Gives an account another name.
#[utoipa::path(
    put, path = "/parlour-bank/v1/accounts/{accountId}/nickname", tag = "native",
    params(("accountId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])),
    request_body = NicknameOrder,
    responses(
        (status = 200, body = NicknameAnswer, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rename(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<NicknameOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::AccountNickname)?;
    let work = move |doing: &Doing<'_>, order: &NicknameOrder| {
        let name = order.nickname.trim();
        if name.chars().count() > limits::NICKNAME_MAX || name.chars().any(char::is_control) {
            return Err(Problem::value("/nickname", "a name has at most 40 visible characters"));
        }
        let consent = &doing.caller.consent;
        let account = find(doing.tx, consent, &id)?;
        let words = match name {
            "" => format!("Call {} by the bank’s own name", account.name),
            name => format!("Call {} “{name}”", account.name),
        };
        doing.leave(StepUp::Rename, &words)?;
        let changed = requests::rename(doing.tx, &consent.customer, &id, name)?;
        if changed {
            doing.note(words)?;
        }
        let nickname = find(doing.tx, consent, &id)?.name;
        let answer = NicknameAnswer { account_id: id, nickname, changed };
        Ok((StatusCode::OK, serde_json::to_value(answer).map_err(DbFault::from)?))
    };
    carry_out(&house, received, work).await
}

/// The account and its statements, as far back as the consent looks.
fn listed(
    tx: &rusqlite::Transaction<'_>,
    consent: &Consent,
    id: &str,
    now: jiff::Timestamp,
) -> Result<(Account, Vec<Statement>), Problem> {
    let account = find(tx, consent, id)?;
    let found = statements::list(tx, &account, consent.first_day(), now)?;
    Ok((account, found))
}

/// Lists the statements of an account, newest first.
#[utoipa::path(
    get, path = "/parlour-bank/v1/accounts/{accountId}/statements", tag = "native",
    params(("accountId" = String, Path), crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = StatementsView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn statements(
    State(house): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<StatementsView>, Problem> {
    caller.need(Service::StatementsRead)?;
    let now = house.clock.now();
    let (account, found) = house.db.transact(move |tx| listed(tx, &caller.consent, &id, now)).await?;
    let statements = found.iter().map(|statement| StatementView::of(statement, &account.id)).collect();
    Ok(Json(StatementsView { statements }))
}

/// Gives one statement as a PDF.
#[utoipa::path(
    get, path = "/parlour-bank/v1/accounts/{accountId}/statements/{statementId}", tag = "native",
    params(("accountId" = String, Path), ("statementId" = String, Path), crate::fdx::Headers),
    security(("fapi" = [])),
    responses(
        (status = 200, description = "The document.", content_type = "application/pdf", body = Vec<u8>,
            headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn statement(
    State(house): State<Shared>,
    caller: Caller,
    Path((id, statement)): Path<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Service::StatementsRead)?;
    let (now, bank) = (house.clock.now(), house.name.clone());
    let bytes = house
        .db
        .transact(move |tx| {
            let (account, found) = listed(tx, &caller.consent, &id, now)?;
            let found = found.iter().find(|s| s.id == statement).ok_or(Problem::Nothing("statement"))?;
            Ok::<_, Problem>(statements::document(tx, &bank, &account, found)?)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response())
}

impl OrderBody for NicknameOrder {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn channel(&self) -> &str {
        &self.channel
    }

    fn step_up_ref(&self) -> Option<&str> {
        self.step_up_ref.as_deref()
    }
}
