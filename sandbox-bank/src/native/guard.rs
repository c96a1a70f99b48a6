//! What every call of the native API passes: the same faults, proof and consent as the FDX API, and its scopes.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::problem::{Problem, of_guard};
use crate::{
    consents::Consent,
    fdx::guard::{self, INTERACTION_ID},
    house::Shared,
    services::{self, Service},
};

/// Who calls: the consent behind the token, and the token's scopes.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) consent: Consent,
    scopes: Vec<String>,
}

impl Caller {
    /// Whether token and consent cover a service.
    pub(crate) fn need(&self, service: Service) -> Result<(), Problem> {
        let scoped = self.scopes.iter().any(|scope| scope == service.scope());
        if scoped && self.consent.allows(service) { Ok(()) } else { Err(Problem::NotCovered(service)) }
    }

    /// Whether the token lets the client be told of things.
    pub(crate) fn need_webhooks(&self) -> Result<(), Problem> {
        let scoped = self.scopes.iter().any(|scope| scope == services::WEBHOOKS);
        if scoped { Ok(()) } else { Err(Problem::NoWebhooks) }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let consent = parts.extensions.get::<Consent>().cloned().ok_or(Problem::Internal)?;
        Ok(Self { consent, scopes: scopes(&parts.headers) })
    }
}

/// The scopes of a token. The guard has checked its signature before anybody asks.
fn scopes(headers: &HeaderMap) -> Vec<String> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let part = token.and_then(|token| token.split('.').nth(1));
    let claims = part.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    claims["scope"].as_str().unwrap_or_default().split(' ').map(str::to_owned).collect()
}

/// The guard, as a middleware around each handler.
pub(super) async fn guard(State(house): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let named = guard::named(&parts.headers);
    let mut answer = match guard::pass(&house, &mut parts, named.is_some()).await {
        Ok(nonce) => guard::with_nonce(next.run(Request::from_parts(parts, body)).await, nonce),
        Err(refused) => of_guard(refused),
    };
    if let Some(id) = named.or_else(guard::fresh_name) {
        answer.headers_mut().insert(INTERACTION_ID, id);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
