//! Accounts and their transactions.

use axum::{
    Extension, Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use jiff::{ToSpan, civil::Date};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    error::{ApiFault, ErrorBody},
    paging,
    shapes::{Account, AccountsPage, Seen, Transaction, TransactionsPage},
};
use crate::{
    consents::{Consent, DataCluster},
    db::DbFault,
    faults::Disorder,
    house::Shared,
    ledger::{self, Mark, Wanted, day_of, homes, start_of},
    limits,
};

/// How much of each account a list gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResultType {
    /// What it is, without amounts.
    #[default]
    Lightweight,
    /// Everything that the consent covers.
    Details,
}

/// What can be asked of the accounts list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountsQuery {
    /// Only these accounts, their ids with commas between them.
    account_ids: Option<String>,
    /// How much of each account.
    #[param(inline)]
    result_type: Option<ResultType>,
    /// Page size, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The key of a later page.
    page_key: Option<String>,
}

const BAD_QUERY: ApiFault = ApiFault::Parameter("a query parameter has the wrong form");

/// Lists the accounts of the consent.
#[utoipa::path(
    get, path = "/fdx/v6/accounts", tag = "accounts", params(AccountsQuery, super::Headers),
    security(("fapi" = [])),
    responses(
        (status = 200, body = AccountsPage, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody),
        (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    query: Result<Query<AccountsQuery>, QueryRejection>,
) -> Result<Json<AccountsPage>, ApiFault> {
    let Query(query) = query.map_err(|_| BAD_QUERY)?;
    let limit = paging::limit(query.limit)?;
    let start = paging::index(query.page_key.as_deref())?;
    let wanted: Option<Vec<&str>> = query.account_ids.as_deref().map(|ids| ids.split(',').collect());
    let customer = consent.customer.clone();
    let mut accounts: Vec<ledger::Account> =
        house.db.transact(move |tx| ledger::accounts(tx, &customer)).await.map_err(ApiFault::from)?;
    accounts.retain(|account| {
        consent.accounts.contains(&account.id)
            && wanted.as_ref().is_none_or(|ids| ids.contains(&account.id.as_str()))
    });
    let total = accounts.len();
    let mut from = start.unwrap_or(0);
    let to = from.saturating_add(usize::try_from(limit).unwrap_or(usize::MAX)).min(total);
    if start.is_some() {
        from = match house.faults.next_page() {
            Some(Disorder::Duplicate) => from.saturating_sub(1),
            Some(Disorder::Missing) => from.saturating_add(1),
            None => from,
        };
    }
    let result_type = query.result_type.unwrap_or_default();
    let full = result_type == ResultType::Details;
    let seen = Seen { now: house.clock.now(), prices: homes::of_currency(&house.soil.currency).prices };
    let shown = accounts.get(from.min(to)..to).unwrap_or_default();
    let next = (to < total).then(|| paging::key(&to.to_string()));
    let asked = [
        ("accountIds", query.account_ids.clone()),
        ("resultType", Some(if full { "details" } else { "lightweight" }.to_owned())),
        ("limit", Some(limit.to_string())),
    ];
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let (page, links) = paging::frame("/fdx/v6/accounts", &asked, next, total);
    let accounts = shown.iter().map(|account| Account::seen(account, &consent, full, seen)).collect();
    Ok(Json(AccountsPage { page, links, accounts }))
}

/// The account of this consent with this id.
pub(super) async fn find(house: &Shared, consent: &Consent, id: &str) -> Result<ledger::Account, ApiFault> {
    if !consent.accounts.iter().any(|account| account == id) {
        return Err(ApiFault::NoAccount);
    }
    let (customer, id) = (consent.customer.clone(), id.to_owned());
    let found: Option<ledger::Account> =
        house.db.transact(move |tx| ledger::account(tx, &customer, &id)).await.map_err(ApiFault::from)?;
    found.ok_or(ApiFault::NoAccount)
}

/// Shows one account, with everything that the consent covers.
#[utoipa::path(
    get, path = "/fdx/v6/accounts/{accountId}", tag = "accounts",
    params(("accountId" = String, Path), super::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = Account, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
) -> Result<Json<Account>, ApiFault> {
    let account = find(&house, &consent, &id).await?;
    let seen = Seen { now: house.clock.now(), prices: homes::of_currency(&house.soil.currency).prices };
    Ok(Json(Account::seen(&account, &consent, true, seen)))
}

/// What can be asked of a transactions list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct TransactionsQuery {
    /// First day, UTC. Send both days or neither; without them the last seven days are given.
    #[param(format = Date)]
    start_date: Option<String>,
    /// Last day, UTC.
    #[param(format = Date)]
    end_date: Option<String>,
    /// Page size, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The key of a later page.
    page_key: Option<String>,
}

impl TransactionsQuery {
    /// First and last day, both included; never earlier than the consent looks back.
    fn days(&self, consent: &Consent, today: Date) -> Result<(Date, Date), ApiFault> {
        let read = |text: &str| text.parse::<Date>().map_err(|_| ApiFault::Date);
        let (start, end) = match (&self.start_date, &self.end_date) {
            (None, None) => (today.saturating_sub(limits::DEFAULT_DAYS.days()), today),
            (Some(start), Some(end)) => (read(start)?, read(end)?),
            _ => return Err(ApiFault::Range),
        };
        if start > end {
            return Err(ApiFault::Range);
        }
        Ok((start.max(consent.first_day()), end))
    }
}

/// Lists an account's transactions, pending and posted, newest first.
#[utoipa::path(
    get, path = "/fdx/v6/accounts/{accountId}/transactions", tag = "accounts",
    params(("accountId" = String, Path), TransactionsQuery, super::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = TransactionsPage, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn transactions(
    State(house): State<Shared>,
    Extension(consent): Extension<Consent>,
    Path(id): Path<String>,
    query: Result<Query<TransactionsQuery>, QueryRejection>,
) -> Result<Json<TransactionsPage>, ApiFault> {
    if !consent.covers(DataCluster::Transactions) {
        return Err(ApiFault::NotCovered);
    }
    let account = find(&house, &consent, &id).await?;
    let Query(query) = query.map_err(|_| BAD_QUERY)?;
    let (start, end) = query.days(&consent, day_of(house.clock.now()))?;
    let limit = paging::limit(query.limit)?;
    let mark = paging::mark(query.page_key.as_deref())?;
    let disorder = mark.as_ref().and_then(|_| house.faults.next_page());
    let wanted = Wanted {
        account: account.id.clone(),
        from: start_of(start),
        to: start_of(end.saturating_add(1.day())),
        after: mark.map(|mark| disordered(mark, disorder)),
        limit,
    };
    let found: Result<ledger::Page, DbFault> =
        house.db.transact(move |tx| ledger::movements(tx, &wanted)).await;
    let found = found?;
    let next = found.movements.last().filter(|_| found.more).map(paging::key_after);
    let asked = [
        ("startDate", Some(start.to_string())),
        ("endDate", Some(end.to_string())),
        ("limit", Some(limit.to_string())),
    ];
    let path = format!("/fdx/v6/accounts/{id}/transactions");
    let (page, links) = paging::frame(&path, &asked, next, found.total);
    let skip = usize::from(disorder == Some(Disorder::Missing));
    let shown = found.movements.iter().skip(skip);
    let transactions = shown.map(|movement| Transaction::seen(movement, &account, &consent)).collect();
    Ok(Json(TransactionsPage { page, links, transactions }))
}

/// With the fault "duplicate" the page begins at the mark again instead of after it.
fn disordered(mut mark: Mark, disorder: Option<Disorder>) -> Mark {
    if disorder == Some(Disorder::Duplicate) {
        mark.id.push('~');
    }
    mark
}
