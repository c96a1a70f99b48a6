//! Travel notices: reading, adding, taking back.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    KeyHeader,
    acting::{Actor, Doing, OrderBody, Received, carry_out},
    guard::Caller,
    problem::{Problem, ProblemBody},
    shapes::{ChangedAnswer, TravelAnswer, TravelNoticeView, TravelNoticesView},
};
use crate::{
    db::DbFault,
    house::Shared,
    ledger::day_of,
    limits,
    requests::{self, Deed},
    services::Service,
    step_up::StepUp,
};

/// Lists the travel notices that are not over.
#[utoipa::path(
    get, path = "/parlour-bank/v1/travel-notices", tag = "native", params(crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = TravelNoticesView, headers(("x-fapi-interaction-id" = String))),
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
) -> Result<Json<TravelNoticesView>, Problem> {
    caller.need(Service::CardsRead)?;
    let (customer, today) = (caller.consent.customer.clone(), day_of(house.clock.now()));
    let found = house
        .db
        .transact(move |tx| Ok::<_, Problem>(requests::travel_notices(tx, &customer, today)?))
        .await?;
    Ok(Json(TravelNoticesView { travel_notices: found.iter().map(TravelNoticeView::from).collect() }))
}

/// Where and when the customer travels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TravelOrder {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// To which countries (ISO 3166-1 alpha-2).
    #[schema(min_items = 1, max_items = 20)]
    countries: Vec<String>,
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    until: String,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

impl TravelOrder {
    fn days(&self, today: Date) -> Result<(Date, Date), Problem> {
        let day = |text: &str, pointer: &str| {
            text.parse::<Date>().map_err(|_| Problem::value(pointer, "a day is written as 2026-11-21"))
        };
        let (from, until) = (day(&self.from, "/from")?, day(&self.until, "/until")?);
        if until < from || until < today {
            return Err(Problem::value(
                "/until",
                "the last day is not before the first one, nor before today",
            ));
        }
        if i64::from((until - from).get_days()) > limits::JOURNEY_DAYS_MAX
            || i64::from((from - today).get_days()) > limits::JOURNEY_DAYS_MAX
        {
            return Err(Problem::value("/until", "a journey begins within a year and lasts a year at most"));
        }
        Ok((from, until))
    }

    fn checked_countries(&self) -> Result<Vec<String>, Problem> {
        let mut countries = self.countries.clone();
        countries.sort();
        countries.dedup();
        let code = |text: &String| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        let fits = (1..=limits::COUNTRIES_MAX).contains(&self.countries.len()) && countries.iter().all(code);
        let detail = "1 to 20 countries, each two capital letters";
        if fits { Ok(countries) } else { Err(Problem::value("/countries", detail)) }
    }
}

/// Keeps a travel notice.
#[utoipa::path(
    post, path = "/parlour-bank/v1/travel-notices", tag = "native", params(KeyHeader, crate::fdx::Headers),
    security(("fapi" = [])), request_body = TravelOrder,
    responses(
        (status = 201, body = TravelAnswer, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    State(house): State<Shared>,
    received: Received<TravelOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::TravelNotices)?;
    let work = move |doing: &Doing<'_>, order: &TravelOrder| {
        let (from, until) = order.days(day_of(doing.now))?;
        let countries = order.checked_countries()?;
        let words = format!("Travel notice for {}, {from} to {until}", countries.join(", "));
        doing.leave(StepUp::TravelNotice, &words)?;
        let customer = &doing.caller.consent.customer;
        let notice = requests::add_travel_notice(doing.tx, customer, (&countries, from, until), doing.now)?;
        let most = i64::try_from(limits::TRAVEL_NOTICES).unwrap_or(i64::MAX);
        let notice = notice.ok_or(Problem::TooMany { most })?;
        doing.note(words)?;
        let answer = TravelAnswer { notice: TravelNoticeView::from(&notice), changed: true };
        Ok((StatusCode::CREATED, serde_json::to_value(answer).map_err(DbFault::from)?))
    };
    carry_out(&house, received, work).await
}

/// Who takes a notice back, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TakeBackQuery {
    /// Where the customer said so.
    #[param(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
}

/// Takes a travel notice back. Repeating it changes nothing, so it needs no key.
#[utoipa::path(
    delete, path = "/parlour-bank/v1/travel-notices/{noticeId}", tag = "native",
    params(("noticeId" = String, Path), TakeBackQuery, crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = ChangedAnswer, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn take_back(
    State(house): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    query: Result<Query<TakeBackQuery>, QueryRejection>,
) -> Result<Json<ChangedAnswer>, Problem> {
    caller.need(Service::TravelNotices)?;
    let Query(query) = query.map_err(|_| Problem::Form(Vec::new()))?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=20).contains(&query.channel.len()) || !query.channel.bytes().all(plain) {
        return Err(Problem::value("", "channel is 1 to 20 of a-z, 0-9 and _"));
    }
    let now = house.clock.now();
    let changed = house
        .db
        .transact(move |tx| {
            let customer = &caller.consent.customer;
            let taken =
                requests::take_back(tx, customer, &id, now)?.ok_or(Problem::Nothing("travel notice"))?;
            if taken {
                let through = Some(caller.consent.client_name.clone());
                let words = "Took a travel notice back".to_owned();
                requests::note(tx, customer, &Deed { at: now, words, channel: query.channel, through })?;
            }
            Ok::<_, Problem>(taken)
        })
        .await?;
    Ok(Json(ChangedAnswer { changed }))
}

impl OrderBody for TravelOrder {
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
