//! What stands before the library's endpoints: body limit, nonces, the check of what is asked for,
//! the switched-on faults; and what is added to its answers: the consent's id.

use std::time::Duration;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use huskarl_resource_server::core::dpop::NonceCheck;
use oauth_as::store::Storage;
use serde_json::{Value, json};

use super::{
    CONSENT_MEMBER,
    openid::{self, Asked},
};
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
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let asked = openid::asked(&form);
    if endpoint == Endpoint::Par
        && let Err((error, text)) = check_push(&form, asked.as_ref())
    {
        return with_nonce(refusal(StatusCode::BAD_REQUEST, error, &text), fresh);
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let answer = match (endpoint, answer.status()) {
        (Endpoint::Par, StatusCode::CREATED) => remember(&house, answer, asked).await,
        (Endpoint::Token, StatusCode::OK) => complete_tokens(&house, answer, &form).await,
        (Endpoint::Introspect, StatusCode::OK) => match opened(answer).await {
            Ok(mut answer) => {
                name_consent(&mut answer.document, "fdxConsentId");
                answer.close()
            }
            Err(failed) => failed,
        },
        _ => answer,
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

/// Refuses a push whose `authorization_details` the bank could not put before a customer, or whose `nonce` is too
/// long to keep. Whoever asks for the person alone needs no details.
fn check_push(form: &[(String, String)], asked: Option<&Asked>) -> Result<(), (&'static str, String)> {
    let long = asked.and_then(|asked| asked.nonce.as_deref()).is_some_and(|n| n.len() > limits::NONCE_BYTES);
    if long {
        return Err(("invalid_request", format!("the nonce is longer than {} bytes", limits::NONCE_BYTES)));
    }
    if asked.is_some_and(|asked| asked.alone) {
        return Ok(());
    }
    let details = form.iter().find(|(name, _)| name == "authorization_details").map(|(_, text)| text);
    let checked = details.ok_or(RequestFault::Absent).and_then(|text| ConsentRequest::from_details(text));
    checked.map(|_| ()).map_err(|fault| {
        // RFC 6749, 5.2: a description holds no quotes and no backslashes.
        ("invalid_authorization_details", fault.to_string().replace(['"', '\\'], "'"))
    })
}

/// Largest answer of the library that is read to add a member.
const ANSWER_BYTES: usize = 1 << 20;

/// An answer of the library, opened to add members.
struct Opened {
    parts: axum::http::response::Parts,
    document: Value,
}

impl Opened {
    fn close(mut self) -> Response {
        self.parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(self.parts, Body::from(self.document.to_string()))
    }
}

/// Reads an answer; what is no JSON goes out as it is.
async fn opened(answer: Response) -> Result<Opened, Response> {
    let (parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES).await else {
        return Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "answer too large"));
    };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(document) => Ok(Opened { parts, document }),
        Err(_) => Err(Response::from_parts(parts, Body::from(bytes))),
    }
}

/// Puts the consent's id, found in the details, under its own name at the top. False if there is none.
fn name_consent(document: &mut Value, member: &str) -> bool {
    let pointer = format!("/authorization_details/0/{CONSENT_MEMBER}");
    let Some(id) = document.pointer(&pointer).cloned() else { return false };
    document[member] = id;
    true
}

/// Remembers what a pushed request asks about the person; the library drops it.
async fn remember(house: &House, answer: Response, asked: Option<Asked>) -> Response {
    let Some(asked) = asked else { return answer };
    let answer = match opened(answer).await {
        Ok(answer) => answer,
        Err(failed) => return failed,
    };
    let uri = answer.document["request_uri"].as_str().unwrap_or_default().to_owned();
    let now = house.clock.now();
    match house.db.transact(move |tx| openid::keep(tx, &uri, &asked, now)).await {
        Ok(()) => answer.close(),
        Err(fault) => broke(&fault),
    }
}

/// Completes a token answer: the consent's id; the id token, if the customer was asked who they are; and no refresh
/// token where there is no consent.
async fn complete_tokens(house: &House, answer: Response, form: &[(String, String)]) -> Response {
    let mut answer = match opened(answer).await {
        Ok(answer) => answer,
        Err(failed) => return failed,
    };
    let document = &mut answer.document;
    if !name_consent(document, "grant_id")
        && let Some(refresh) = document.as_object_mut().and_then(|members| members.remove("refresh_token"))
        && let Err(fault) =
            house.server.store().take_refresh_token(refresh.as_str().unwrap_or_default()).await
    {
        return broke(&fault);
    }
    let code = form.iter().find(|(name, _)| name == "code").map(|(_, code)| code.clone());
    let Some(code) = code else { return answer.close() };
    let now = house.clock.now();
    let sign_in = match house.db.transact(move |tx| openid::take(tx, &code, now)).await {
        Ok(sign_in) => sign_in,
        Err(fault) => return broke(&fault),
    };
    if let Some(sign_in) = sign_in {
        match house.id_tokens.issue(&sign_in, now) {
            Ok(token) => answer.document["id_token"] = Value::from(token),
            Err(fault) => return broke(&fault),
        }
    }
    answer.close()
}

fn broke(fault: &dyn std::fmt::Display) -> Response {
    tracing::error!(%fault, "an answer about a sign-in could not be completed");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the bank has a problem of its own")
}
