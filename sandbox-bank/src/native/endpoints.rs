//! Where a client wants to be told of things.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{
    acting::{object, read},
    guard::Caller,
    problem::{Problem, ProblemBody},
};
use crate::{
    config::safe_to_reach,
    house::Shared,
    limits,
    webhooks::{self, Event},
};

/// An endpoint that a client wants to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointOrder {
    /// Where to send: https, or http on this machine.
    #[schema(format = "uri", max_length = 500)]
    url: String,
    /// Of what to tell.
    #[schema(min_items = 1, max_items = 8)]
    events: Vec<Event>,
}

/// An endpoint.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointView {
    endpoint_id: String,
    url: String,
    events: Vec<Event>,
    /// The secret that signs what is sent (Standard Webhooks). Told once, when the endpoint is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The endpoints of a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EndpointsView {
    endpoints: Vec<EndpointView>,
}

/// Lists the client's endpoints, without their secrets.
#[utoipa::path(
    get, path = "/parlour-bank/v1/webhook-endpoints", tag = "native", params(crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = EndpointsView, headers(("x-fapi-interaction-id" = String))),
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
) -> Result<Json<EndpointsView>, Problem> {
    caller.need_webhooks()?;
    let client = caller.consent.client_id;
    let found = house.db.transact(move |tx| Ok::<_, Problem>(webhooks::endpoints(tx, &client)?)).await?;
    let view = |e: webhooks::Endpoint| EndpointView {
        endpoint_id: e.id,
        url: e.url,
        events: e.events,
        secret: None,
    };
    Ok(Json(EndpointsView { endpoints: found.into_iter().map(view).collect() }))
}

/// Opens an endpoint for the client. It hears of all customers who share with it.
#[utoipa::path(
    post, path = "/parlour-bank/v1/webhook-endpoints", tag = "native", params(crate::fdx::Headers),
    security(("fapi" = [])), request_body = EndpointOrder,
    responses(
        (status = 201, body = EndpointView, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn open(
    State(house): State<Shared>,
    caller: Caller,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<EndpointView>), Problem> {
    caller.need_webhooks()?;
    let order: EndpointOrder = read(&object(&bytes.map_err(|_| Problem::TooLarge)?)?)?;
    let url = Url::parse(&order.url).ok().filter(|url| order.url.len() <= 500 && safe_to_reach(url));
    let url = url.ok_or_else(|| Problem::value("/url", "an https address, or http on this machine"))?;
    let mut events = order.events;
    events.sort();
    events.dedup();
    if events.is_empty() {
        return Err(Problem::value("/events", "name at least one event"));
    }
    let (client, now) = (caller.consent.client_id, house.clock.now());
    let opened = house
        .db
        .transact(move |tx| {
            Ok::<_, Problem>(webhooks::open_endpoint(tx, &client, url.as_str(), &events, now)?)
        })
        .await?;
    let opened = opened.ok_or(Problem::TooMany { most: limits::ENDPOINTS_MAX })?;
    let webhooks::Endpoint { id, url, events } = opened.endpoint;
    let view = EndpointView { endpoint_id: id, url, events, secret: Some(opened.secret) };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Closes an endpoint. What waits for it is not sent any more.
#[utoipa::path(
    delete, path = "/parlour-bank/v1/webhook-endpoints/{endpointId}", tag = "native",
    params(("endpointId" = String, Path), crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 204, description = "Closed.", headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn close(
    State(house): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need_webhooks()?;
    let (client, now) = (caller.consent.client_id, house.clock.now());
    let closed = house
        .db
        .transact(move |tx| Ok::<_, Problem>(webhooks::close_endpoint(tx, &client, &id, now)?))
        .await?;
    if closed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::Nothing("endpoint")) }
}
