//! What stands before the library's endpoints: body limit, nonces, the check of what is asked for,
//! the switched-on faults; and what is added to its answers: the consent's id.

use std::time::Duration;

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use huskarl_resource_server::core::dpop::NonceCheck;
use serde_json::{Value, json};

use super::CONSENT_MEMBER;
use crate::{
    consents::{ConsentRequest, RequestFault},
    faults::TokenTrouble,
    house::{House, Shared},
    limits,
};

/// The endpoints that the door stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Par,
    Token,
    Introspect,
    Other,
}

/// The header in which nonces travel (RFC 9449, section 8).
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The door, as a middleware around the library's router.
pub(crate) async fn stand(State(house): State<Shared>, request: Request, next: Next) -> Response {
    let endpoint = match request.uri().path() {
        "/par" => Endpoint::Par,
        "/token" => Endpoint::Token,
        "/introspect" => Endpoint::Introspect,
        _ => Endpoint::Other,
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, limits::BODY_BYTES).await else {
        let text = format!("the body is larger than {} bytes", limits::BODY_BYTES);
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", &text);
    };
    if endpoint == Endpoint::Token
        && let Some(trouble) = trouble(&house).await
    {
        return trouble;
    }
    let fresh = match nonce(&house, endpoint, &parts.headers).await {
        Ok(fresh) => fresh,
        Err(refused) => return refused,
    };
    if endpoint == Endpoint::Par
        && let Err(fault) = check_details(&body)
    {
        // RFC 6749, 5.2: a description holds no quotes and no backslashes.
        let text = fault.to_string().replace(['"', '\\'], "'");
        let refused = refusal(StatusCode::BAD_REQUEST, "invalid_authorization_details", &text);
        return with_nonce(refused, fresh);
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let member = match endpoint {
        Endpoint::Token => Some("grant_id"),
        Endpoint::Introspect => Some("fdxConsentId"),
        Endpoint::Par | Endpoint::Other => None,
    };
    let answer = match member.filter(|_| answer.status() == StatusCode::OK) {
        Some(member) => name_consent(answer, member).await,
        None => answer,
    };
    with_nonce(answer, fresh)
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    let body = Json(json!({ "error": error, "error_description": description }));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn with_nonce(mut answer: Response, nonce: Option<String>) -> Response {
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        answer.headers_mut().insert(DPOP_NONCE, nonce);
    }
    answer
}

/// The switched-on fault of the token endpoint, if there is one.
async fn trouble(house: &House) -> Option<Response> {
    let fault = house.faults.next_token()?;
    match fault.trouble {
        TokenTrouble::Slow => {
            tokio::time::sleep(Duration::from_millis(u64::from(fault.millis))).await;
            None
        }
        TokenTrouble::TooMany => {
            let mut answer =
                refusal(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", "switched-on fault");
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(fault.retry_after));
            Some(answer)
        }
        TokenTrouble::ServerError => {
            Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "switched-on fault"))
        }
        TokenTrouble::InvalidGrant => {
            Some(refusal(StatusCode::BAD_REQUEST, "invalid_grant", "switched-on fault"))
        }
    }
}

/// Checks the nonce inside the proof; the library checks the proof itself afterwards. A push needs
/// no proof, but one that it carries needs a nonce. Gives a fresh nonce when the old one ages.
async fn nonce(house: &House, endpoint: Endpoint, headers: &HeaderMap) -> Result<Option<String>, Response> {
    let needed = match endpoint {
        Endpoint::Token => true,
        Endpoint::Par => headers.contains_key("dpop"),
        Endpoint::Introspect | Endpoint::Other => false,
    };
    if !needed {
        return Ok(None);
    }
    let shown = headers.get("dpop").and_then(|proof| nonce_in(proof.to_str().ok()?));
    match house.nonces.check_nonce_at(shown.as_deref(), house.clock.now()).await {
        Ok(NonceCheck::Valid) => Ok(None),
        Ok(NonceCheck::ValidWithNewNonce(fresh)) => Ok(Some(fresh)),
        Ok(NonceCheck::Invalid(fresh)) => {
            let refused =
                refusal(StatusCode::BAD_REQUEST, "use_dpop_nonce", "the proof needs this server's nonce");
            Err(with_nonce(refused, Some(fresh)))
        }
        Err(fault) => {
            tracing::error!(%fault, "a nonce could not be checked");
            Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "nonce check failed"))
        }
    }
}

fn nonce_in(proof: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("nonce")?.as_str().map(str::to_owned)
}

/// Refuses a push whose `authorization_details` the bank could not put before a customer.
fn check_details(body: &Bytes) -> Result<(), RequestFault> {
    let mut details = url::form_urlencoded::parse(body)
        .filter_map(|(name, value)| (name == "authorization_details").then_some(value));
    let text = details.next().ok_or(RequestFault::Absent)?;
    ConsentRequest::from_details(&text).map(|_| ())
}

/// Largest answer of the library that is read to add a member.
const ANSWER_BYTES: usize = 1 << 20;

/// Puts the consent's id, found in the details, under its own name at the top.
async fn name_consent(answer: Response, member: &str) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES).await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "answer too large");
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let pointer = format!("/authorization_details/0/{CONSENT_MEMBER}");
    let Some(id) = document.pointer(&pointer).cloned() else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    document[member] = id;
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(document.to_string()))
}
