//! Cards: reading them, and what their owner has done on them.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    KeyHeader,
    acting::{Actor, Doing, OrderBody, Received, carry_out},
    guard::Caller,
    problem::{Problem, ProblemBody},
    shapes::{CardAnswer, CardView, CardsView},
};
use crate::{
    cards::{self, Card, Change, FrozenBy, Loss},
    house::Shared,
    ledger::{homes, purchase::minor_from_text},
    services::Service,
    step_up::StepUp,
};

/// What can be asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct CardsQuery {
    /// Only the cards of this account.
    account_id: Option<String>,
}

/// Lists the cards of the consent's accounts.
#[utoipa::path(
    get, path = "/parlour-bank/v1/cards", tag = "native", params(CardsQuery, crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = CardsView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(house): State<Shared>,
    caller: Caller,
    query: Result<Query<CardsQuery>, QueryRejection>,
) -> Result<Json<CardsView>, Problem> {
    caller.need(Service::CardsRead)?;
    let Query(query) = query.map_err(|_| Problem::Form(Vec::new()))?;
    let customer = caller.consent.customer.clone();
    let found = house.db.transact(move |tx| Ok::<_, Problem>(cards::of_customer(tx, &customer)?)).await?;
    let wanted = |card: &&Card| {
        caller.consent.accounts.contains(&card.account)
            && query.account_id.as_ref().is_none_or(|account| *account == card.account)
    };
    Ok(Json(CardsView { cards: found.iter().filter(wanted).map(CardView::from).collect() }))
}

/// The card of the consent with this id.
fn find(doing: &Doing<'_>, id: &str) -> Result<Card, Problem> {
    let consent = &doing.caller.consent;
    let card = cards::find(doing.tx, &consent.customer, id)?;
    card.filter(|card| consent.accounts.contains(&card.account)).ok_or(Problem::Nothing("card"))
}

/// How the card is after an order.
fn answer(
    doing: &Doing<'_>,
    id: &str,
    changed: bool,
    replacement: Option<&Card>,
) -> Result<(StatusCode, Value), Problem> {
    let card = CardView::from(&find(doing, id)?);
    let answer = CardAnswer { card, changed, replacement: replacement.map(CardView::from) };
    Ok((StatusCode::OK, serde_json::to_value(answer).map_err(crate::db::DbFault::from)?))
}

/// An order on a card that says no more than which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CardOrder {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// Why, in a word or two. It is not kept.
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

/// Freezes a card: it stops paying until it is unfrozen. One that is frozen stays so.
#[utoipa::path(
    post, path = "/parlour-bank/v1/cards/{cardId}/freeze", tag = "native",
    params(("cardId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])), request_body = CardOrder,
    responses(
        (status = 200, body = CardAnswer, headers(("x-fapi-interaction-id" = String))),
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
pub(crate) async fn freeze(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<CardOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::CardFreeze)?;
    let work = move |doing: &Doing<'_>, order: &CardOrder| {
        order.check()?;
        let card = find(doing, &id)?;
        let words = format!("Freeze the card ··{}", card.last4);
        doing.leave(StepUp::Freeze, &words)?;
        let changed = cards::freeze(doing.tx, &card, FrozenBy::Customer, doing.now)?;
        if changed {
            doing.note(words)?;
        }
        answer(doing, &id, changed, None)
    };
    carry_out(&house, received, work).await
}

/// Unfreezes a card that its owner froze.
#[utoipa::path(
    post, path = "/parlour-bank/v1/cards/{cardId}/unfreeze", tag = "native",
    params(("cardId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])), request_body = CardOrder,
    responses(
        (status = 200, body = CardAnswer, headers(("x-fapi-interaction-id" = String))),
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
pub(crate) async fn unfreeze(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<CardOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::CardUnfreeze)?;
    let work = move |doing: &Doing<'_>, order: &CardOrder| {
        order.check()?;
        let card = find(doing, &id)?;
        let words = format!("Unfreeze the card ··{}", card.last4);
        if card.status == cards::Status::Frozen && card.frozen_by == Some(FrozenBy::Customer) {
            doing.leave(StepUp::Unfreeze, &words)?;
        }
        let changed = cards::unfreeze(doing.tx, &card, doing.now)?;
        if changed {
            doing.note(words)?;
        }
        answer(doing, &id, changed, None)
    };
    carry_out(&house, received, work).await
}

/// How a card got away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LossReport {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// How.
    kind: Loss,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

/// Blocks a card for good and sends another one to the address that the bank has.
#[utoipa::path(
    post, path = "/parlour-bank/v1/cards/{cardId}/report-lost", tag = "native",
    params(("cardId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])), request_body = LossReport,
    responses(
        (status = 200, body = CardAnswer, headers(("x-fapi-interaction-id" = String))),
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
pub(crate) async fn report_lost(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<LossReport>,
) -> Result<Response, Problem> {
    received.caller.need(Service::CardReport)?;
    let work = move |doing: &Doing<'_>, report: &LossReport| {
        let card = find(doing, &id)?;
        let how = match report.kind {
            Loss::Lost => "lost",
            Loss::Stolen => "stolen",
            Loss::Compromised => "used by somebody else",
        };
        let words = format!("Report the card ··{} as {how}, and send another one", card.last4);
        doing.leave(StepUp::ReportLost, &words)?;
        let new = cards::report(doing.tx, &card, doing.now)?;
        let changed = new.is_some();
        if changed {
            doing.note(words)?;
        }
        let replacement = match new {
            Some(new) => Some(new),
            None => cards::replacement(doing.tx, &id)?,
        };
        answer(doing, &id, changed, replacement.as_ref())
    };
    carry_out(&house, received, work).await
}

/// Other limits and switches of a card. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LimitsOrder {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// The most on one day, in units of the card's currency.
    #[schema(pattern = r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
    per_day: Option<String>,
    /// The most at once.
    #[schema(pattern = r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
    per_payment: Option<String>,
    /// Whether it pays by touch.
    contactless: Option<bool>,
    /// Whether it pays on the internet.
    online: Option<bool>,
    /// Whether it pays in other countries.
    abroad: Option<bool>,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

impl LimitsOrder {
    fn change(&self) -> Result<Change, Problem> {
        let minor = |text: &Option<String>, pointer: &str| match text {
            None => Ok(None),
            Some(text) => match minor_from_text(text) {
                Some(minor) => Ok(Some(minor)),
                None => Err(Problem::value(pointer, "an amount is a number with at most two decimals")),
            },
        };
        let change = Change {
            per_day: minor(&self.per_day, "/perDay")?,
            per_payment: minor(&self.per_payment, "/perPayment")?,
            contactless: self.contactless,
            online: self.online,
            abroad: self.abroad,
        };
        if change == Change::default() {
            Err(Problem::value("", "nothing is to be changed"))
        } else {
            Ok(change)
        }
    }
}

/// Sets limits and switches of a card.
#[utoipa::path(
    put, path = "/parlour-bank/v1/cards/{cardId}/limits", tag = "native",
    params(("cardId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])), request_body = LimitsOrder,
    responses(
        (status = 200, body = CardAnswer, headers(("x-fapi-interaction-id" = String))),
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
pub(crate) async fn set_limits(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<LimitsOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::CardLimits)?;
    let home = homes::of_currency(&house.soil.currency);
    let work = move |doing: &Doing<'_>, order: &LimitsOrder| {
        let change = order.change()?;
        let card = find(doing, &id)?;
        let words = format!("Change the limits of the card ··{}: {}", card.last4, told(&change, &card));
        cards::may_change(&card, &change, &home)?;
        let kind = if change.opens(&card) { StepUp::RaiseLimit } else { StepUp::LowerLimit };
        doing.leave(kind, &words)?;
        let changed = cards::change(doing.tx, &card, &change, &home)?;
        if changed {
            doing.note(words)?;
        }
        answer(doing, &id, changed, None)
    };
    carry_out(&house, received, work).await
}

/// A change in words.
fn told(change: &Change, card: &Card) -> String {
    let amount = |what: &str, minor: Option<i64>| {
        minor.map(|minor| format!("{what} {} {}", super::shapes::decimal(minor), card.currency))
    };
    let switch =
        |what: &str, on: Option<bool>| on.map(|on| format!("{what} {}", if on { "on" } else { "off" }));
    [
        amount("on one day", change.per_day),
        amount("at once", change.per_payment),
        switch("by touch", change.contactless),
        switch("on the internet", change.online),
        switch("abroad", change.abroad),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

impl CardOrder {
    fn check(&self) -> Result<(), Problem> {
        let long = self.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200);
        if long { Err(Problem::value("/reason", "a reason has at most 200 characters")) } else { Ok(()) }
    }
}

impl OrderBody for CardOrder {
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

impl OrderBody for LossReport {
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

impl OrderBody for LimitsOrder {
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
