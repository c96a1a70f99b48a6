//! The testers' page and API: what a client must survive, to switch on and off. No sign-in, as the
//! whole bank is a sandbox; but other web sites cannot reach the switches.

use std::str::FromStr;

use askama::Template;
use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    page::{Frame, PageResult, page},
    visit::{Sent, Visit, from_own_page, with_cookie},
};
use crate::{
    faults::{Calls, Disorder, Pages, Slow, Switches, TokenEndpoint, TokenTrouble, TooMany},
    fdx::error::{ApiFault, ErrorBody},
    house::Shared,
};

#[derive(Template)]
#[template(path = "faults.html")]
struct FaultsPage {
    frame: Frame,
    switches: Switches,
    json: String,
    fault: Option<&'static str>,
}

/// Shows the switches: as a page to a browser, as JSON to a program.
#[utoipa::path(
    get, path = "/faults", tag = "faults",
    responses((status = 200, body = Switches), (status = 500, body = ErrorBody))
)]
pub(crate) async fn show(State(house): State<Shared>, headers: HeaderMap, visit: PageVisit) -> Response {
    let switches = house.faults.switches();
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match visit.0 {
        Some(visit) if accept.contains("text/html") => {
            let frame = Frame::new(&house, Some(&visit.session), "faults");
            with_cookie(page(StatusCode::OK, &faults_page(frame, switches, None)), visit.cookie)
        }
        _ => Json(switches).into_response(),
    }
}

/// A visit for browsers only: a program that reads the switches gets no cookie.
pub(crate) struct PageVisit(Option<Visit>);

impl axum::extract::FromRequestParts<Shared> for PageVisit {
    type Rejection = super::page::PageFault;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        house: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("text/html")) {
            return Ok(Self(Some(Visit::from_request_parts(parts, house).await?)));
        }
        Ok(Self(None))
    }
}

fn faults_page(frame: Frame, switches: Switches, fault: Option<&'static str>) -> FaultsPage {
    let json = serde_json::to_string(&switches).unwrap_or_default();
    FaultsPage { frame, switches, json, fault }
}

/// Sets all switches at once; what is absent is off. Requests that a browser sends for another
/// site are refused.
#[utoipa::path(
    put, path = "/faults", tag = "faults", request_body = Switches,
    responses(
        (status = 200, body = Switches), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 500, body = ErrorBody),
    )
)]
pub(crate) async fn set(
    State(house): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Switches>, ApiFault> {
    let browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    if browser && !from_own_page(&headers) {
        return Err(ApiFault::NotCovered);
    }
    let body = body.map_err(|_| ApiFault::TooLarge)?;
    let switches: Switches = crate::fdx::body::object(&body)?;
    if !switches.sound() {
        return Err(ApiFault::Parameter("a number is outside its limits"));
    }
    house.faults.set(switches);
    Ok(Json(house.faults.switches()))
}

/// A number of the form: absent when empty.
fn number(sent: &Sent, name: &str) -> Result<Option<u32>, ()> {
    let text = sent.one(name).trim();
    if text.is_empty() { Ok(None) } else { u32::from_str(text).map(Some).map_err(|_| ()) }
}

/// The one switch that the form sets, beside those that are on.
fn switched(mut now: Switches, sent: &Sent) -> Result<Switches, ()> {
    let calls = number(sent, "calls")?;
    let amount = number(sent, "amount")?.unwrap_or(0);
    let token = |trouble| TokenEndpoint { trouble, millis: amount, retry_after: 0, calls };
    match sent.one("fault") {
        "off" => now = Switches::default(),
        "slow" => now.slow = Some(Slow { millis: amount, calls }),
        "tooMany" => now.too_many = Some(TooMany { retry_after: amount, calls }),
        "serverError" => now.server_error = Some(Calls { calls }),
        "duplicate" => now.pages = Some(Pages { disorder: Disorder::Duplicate, calls }),
        "missing" => now.pages = Some(Pages { disorder: Disorder::Missing, calls }),
        "tokenRevoked" => now.token_revoked = Some(Calls { calls }),
        "slowOrder" => now.slow_order = Some(Slow { millis: amount, calls }),
        "lostAnswer" => now.lost_answer = Some(Calls { calls }),
        "tokenSlow" => now.token_endpoint = Some(token(TokenTrouble::Slow)),
        "tokenTooMany" => {
            let trouble = TokenTrouble::TooMany;
            now.token_endpoint = Some(TokenEndpoint { trouble, millis: 0, retry_after: amount, calls });
        }
        "tokenServerError" => {
            now.token_endpoint = Some(TokenEndpoint { millis: 0, ..token(TokenTrouble::ServerError) });
        }
        "tokenInvalidGrant" => {
            now.token_endpoint = Some(TokenEndpoint { millis: 0, ..token(TokenTrouble::InvalidGrant) });
        }
        _ => return Err(()),
    }
    if now.sound() { Ok(now) } else { Err(()) }
}

/// Sets one switch from the page, or all off.
pub(super) async fn set_by_form(State(house): State<Shared>, sent: Sent) -> PageResult {
    match switched(house.faults.switches(), &sent) {
        Ok(switches) => {
            house.faults.set(switches);
            Ok(Redirect::to("/faults").into_response())
        }
        Err(()) => {
            let frame = Frame::new(&house, Some(&sent.session), "faults");
            let text = "Please choose a fault and write whole numbers inside the limits.";
            let template = faults_page(frame, house.faults.switches(), Some(text));
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template))
        }
    }
}
