//! What comes again and again: standing orders and subscriptions.

use axum::{Json, extract::State};

use super::{
    guard::Caller,
    problem::{Problem, ProblemBody},
    shapes::{StandingOrderView, StandingOrdersView, SubscriptionView, SubscriptionsView},
};
use crate::{
    consents::Consent,
    db::DbFault,
    house::Shared,
    ledger::{self, Account, schedule},
    services::Service,
};

/// The accounts of a consent.
fn shared(tx: &rusqlite::Transaction<'_>, consent: &Consent) -> Result<Vec<Account>, DbFault> {
    let mut accounts = ledger::accounts(tx, &consent.customer)?;
    accounts.retain(|account| consent.accounts.contains(&account.id));
    Ok(accounts)
}

/// Lists the standing orders of the consent's accounts.
#[utoipa::path(
    get, path = "/parlour-bank/v1/standing-orders", tag = "native", params(crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = StandingOrdersView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn standing_orders(
    State(house): State<Shared>,
    caller: Caller,
) -> Result<Json<StandingOrdersView>, Problem> {
    caller.need(Service::SchedulesRead)?;
    let (soil, now) = (house.soil.clone(), house.clock.now());
    let found = house
        .db
        .transact(move |tx| {
            let accounts = shared(tx, &caller.consent)?;
            Ok::<_, Problem>(schedule::standing_orders(tx, &soil, &caller.consent.customer, &accounts, now)?)
        })
        .await?;
    Ok(Json(StandingOrdersView { standing_orders: found.iter().map(StandingOrderView::from).collect() }))
}

/// Lists the subscriptions that the bank sees on the consent's accounts.
#[utoipa::path(
    get, path = "/parlour-bank/v1/subscriptions", tag = "native", params(crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = SubscriptionsView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn subscriptions(
    State(house): State<Shared>,
    caller: Caller,
) -> Result<Json<SubscriptionsView>, Problem> {
    caller.need(Service::SchedulesRead)?;
    let (soil, now) = (house.soil.clone(), house.clock.now());
    let found = house
        .db
        .transact(move |tx| {
            let accounts = shared(tx, &caller.consent)?;
            Ok::<_, Problem>(schedule::subscriptions(tx, &soil, &accounts, now)?)
        })
        .await?;
    Ok(Json(SubscriptionsView { subscriptions: found.iter().map(SubscriptionView::from).collect() }))
}
