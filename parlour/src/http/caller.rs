//! Who calls: a session from a Bearer token or from the bank's cookie.

use super::{
    Face,
    guard::bearer,
    problem::{Kind, Problem},
};
use crate::{app::App, erasure::receipt, session::Session, tenant::Tenant};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use domain::BankId;
use std::sync::Arc;

/// The bank that the address names.
pub struct AtBank(pub Arc<Tenant>);

/// Somebody with a good session at the bank that the address names.
pub struct Caller {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The session.
    pub session: Session,
}

impl FromRequestParts<Arc<Face>> for AtBank {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Problem> {
        let unknown = || {
            Kind::UnknownBank.because("No bank of that name is set up here.").back_to("/", "Choose a bank")
        };
        let names = RawPathParams::from_request_parts(parts, face).await.map_err(|_| unknown())?;
        let bank = names.iter().find(|(name, _)| *name == "bank").map(|(_, bank)| bank.to_owned());
        let tenant = bank.and_then(|bank| face.app.tenant(&bank));
        tenant.map(AtBank).ok_or_else(unknown)
    }
}

impl FromRequestParts<Arc<Face>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Problem> {
        let AtBank(tenant) = AtBank::from_request_parts(parts, face).await?;
        let session = session(&face.app, &tenant, &parts.headers)
            .map_err(|problem| problem.back_to(format!("/chat/{}", tenant.id), "Open the chat again"))?;
        Ok(Caller { tenant, session })
    }
}

/// The session of a request. A Bearer token that is not good is not made up for by a cookie.
pub fn session(app: &App, tenant: &Tenant, headers: &HeaderMap) -> Result<Session, Problem> {
    let token = match headers.contains_key(header::AUTHORIZATION) {
        true => bearer(headers)
            .ok_or(Kind::NoSession.because("The header Authorization is not a Bearer token."))?,
        false => cookie(headers, &cookie_name(&tenant.id))
            .ok_or(Kind::NoSession.because("There is no session."))?,
    };
    let session = app
        .sessions
        .check(&tenant.id, token, app.clock.now())
        .map_err(|fault| Kind::NoSession.because(fault.to_string()))?;
    if app.erasures.forgotten.contains(&session.bank, &session.customer) {
        let receipt = receipt::address(app, &receipt::path(app, &session.bank, &session.customer));
        return Err(
            Kind::Erased.because(format!("This conversation was erased. The receipt is at {receipt}"))
        );
    }
    Ok(session)
}

/// The name of a bank's session cookie. `__Host-` keeps other hosts and plain HTTP from setting it.
pub fn cookie_name(bank: &BankId) -> String {
    format!("__Host-parlour-{bank}")
}

/// A cookie that only this host gets and no script reads. `Lax`, so that it is there when the bank
/// sends the browser back.
pub fn set_cookie(name: &str, value: &str, max_age_s: i64) -> Option<HeaderValue> {
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&cookie).ok()
}

/// The first cookie of a name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find_map(|(found, value)| (found == name).then_some(value))
}

/// All cookies of a request: name and value.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("x__Host-parlour-a=1; __Host-parlour-ab=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-parlour-a=3=4"));
        assert_eq!(cookie(&headers, "__Host-parlour-a"), Some("3=4"));
        assert_eq!(cookie(&headers, "__Host-parlour"), None);
    }

    #[test]
    fn a_cookie_cannot_carry_a_second_header() {
        assert_eq!(set_cookie("a", "b\r\nset-cookie: c=d", 1), None);
    }
}
