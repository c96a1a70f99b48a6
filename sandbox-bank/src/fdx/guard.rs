//! What every API call passes: the switched-on faults, the check of token and proof, the consent,
//! and the interaction id that comes back.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::error::ApiFault;
use crate::{
    chance, consents,
    consents::Consent,
    faults::Trouble,
    house::{self, House, Shared},
    oauth::door::DPOP_NONCE,
};

/// The header that names one call on both sides.
pub(crate) const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The guard, as a middleware around each API handler. The handler finds the [`Consent`] in the
/// request's extensions.
pub(crate) async fn guard(State(house): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let sent = named(&parts.headers);
    let mut answer = match pass(&house, &mut parts, sent.is_some()).await {
        Ok(nonce) => with_nonce(next.run(Request::from_parts(parts, body)).await, nonce),
        Err(refused) => refused,
    };
    if let Some(id) = sent.or_else(fresh_name) {
        answer.headers_mut().insert(INTERACTION_ID, id);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The name that a call gave itself, if it is one.
pub(crate) fn named(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(INTERACTION_ID).filter(|id| id.to_str().is_ok_and(is_uuid)).cloned()
}

/// A name for a call that gave itself none.
pub(crate) fn fresh_name() -> Option<HeaderValue> {
    HeaderValue::try_from(fresh_uuid()).ok()
}

/// Lets a call in with its consent, or says why not. Gives a fresh nonce when the old one ages.
pub(crate) async fn pass(house: &House, parts: &mut Parts, named: bool) -> Result<Option<String>, Response> {
    let (delay, trouble) = house.faults.next_call();
    house::wait(delay).await;
    match trouble {
        Some(Trouble::TooMany { retry_after }) => {
            return Err(ApiFault::TooMany { retry_after }.into_response());
        }
        Some(Trouble::ServerError) => return Err(ApiFault::Internal.into_response()),
        Some(Trouble::TokenRevoked) => return Err(ApiFault::Token.into_response()),
        None => {}
    }
    let nonce = check_proof(house, parts).await?;
    let consent = consent(house, &parts.headers)
        .await
        .map_err(|fault| with_nonce(fault.into_response(), nonce.clone()))?;
    if !named {
        return Err(with_nonce(ApiFault::InteractionId.into_response(), nonce));
    }
    parts.extensions.insert(consent);
    Ok(nonce)
}

pub(crate) fn with_nonce(mut answer: Response, nonce: Option<String>) -> Response {
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        answer.headers_mut().insert(DPOP_NONCE, nonce);
    }
    answer
}

/// Checks the token's signature and times, and the proof that goes with it.
async fn check_proof(house: &House, parts: &Parts) -> Result<Option<String>, Response> {
    let target = format!("{}{}", house.issuer, parts.uri.path());
    let uri: Uri = target.parse().map_err(|_| ApiFault::NoResource.into_response())?;
    let checked = house.validator.validate_request(&parts.headers, &parts.method, &uri, None).await;
    let Some(rejection) = checked.rejection(&house.validator.validator_metadata(None), None) else {
        return Ok(checked.dpop_nonce);
    };
    let fault = if rejection.status.is_server_error() { ApiFault::Internal } else { ApiFault::Token };
    let mut answer = fault.body().into_response();
    if let Ok(head) = rejection.apply(http::Response::builder()).body(()) {
        *answer.status_mut() = head.status();
        answer.headers_mut().extend(head.headers().clone());
    }
    Err(answer)
}

/// The consent behind the token, while it lasts.
async fn consent(house: &House, headers: &HeaderMap) -> Result<Consent, ApiFault> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = authorization.and_then(|v| v.split_once(' ')).map(|(_, token)| token.trim().to_owned());
    let token = token.ok_or(ApiFault::Token)?;
    let now = house.clock.now();
    let consent: Option<Consent> =
        house.db.transact(move |tx| consents::of_token(tx, &token, now)).await.map_err(ApiFault::from)?;
    consent.ok_or(ApiFault::Token)
}

/// Whether a text is a UUID in its usual form: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A random UUID (RFC 9562, version 4), for a call that named none.
fn fresh_uuid() -> String {
    let bits = u128::from_be_bytes(chance::secret());
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_names_a_call() {
        assert!(is_uuid("c770aef3-6784-41f7-8e0e-ff5f97bddb3a"));
        for wrong in
            ["", "c770aef3", "c770aef3-6784-41f7-8e0e-ff5f97bddb3", "g770aef3-6784-41f7-8e0e-ff5f97bddb3a"]
        {
            assert!(!is_uuid(wrong), "{wrong}");
        }
        let fresh = fresh_uuid();
        assert!(is_uuid(&fresh) && &fresh[14..15] == "4", "{fresh}");
    }
}
