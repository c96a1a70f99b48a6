//! Who is visiting, and whether what they send comes from the bank's own pages.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use subtle::ConstantTimeEq;

use super::page::{PageFault, note};
use crate::{
    customers::Customer,
    house::{House, Shared},
    limits,
    sessions::{self, Opened, Session},
};

/// The session cookie's name. It holds the slug, because banks on one host share its cookies.
fn cookie_name(house: &House) -> String {
    format!("__Host-{}-session", house.slug)
}

/// The cookie of a session that was just opened.
pub(super) fn cookie(house: &House, opened: &Opened) -> Option<HeaderValue> {
    let (name, age) = (cookie_name(house), limits::SESSION_AGE.as_secs());
    let text = format!("{name}={}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Lax", opened.secret);
    HeaderValue::try_from(text).ok()
}

/// Puts a cookie on an answer.
pub(super) fn with_cookie(mut answer: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

fn secret(house: &House, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(house);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

async fn known(house: &House, headers: &HeaderMap) -> Result<Option<Session>, PageFault> {
    let Some(secret) = secret(house, headers) else { return Ok(None) };
    let now = house.clock.now();
    Ok(house.db.transact(move |tx| sessions::find(tx, &secret, now)).await?)
}

/// Somebody looking at a page, with a session that is opened when there was none.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) session: Session,
    /// To be put on the answer.
    pub(super) cookie: Option<HeaderValue>,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = PageFault;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, PageFault> {
        if let Some(session) = known(house, &parts.headers).await? {
            return Ok(Self { session, cookie: None });
        }
        let now = house.clock.now();
        let opened = house.db.transact(move |tx| sessions::open(tx, None, now)).await?;
        Ok(Self { cookie: cookie(house, &opened), session: opened.session })
    }
}

/// A signed-in customer looking at a page; others are sent to the front page.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) session: Session,
    pub(super) customer: Customer,
}

impl FromRequestParts<Shared> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, Response> {
        let session = known(house, &parts.headers).await.map_err(IntoResponse::into_response)?;
        let customer = session.as_ref().and_then(|session| session.customer.clone());
        match session.zip(customer) {
            Some((session, customer)) => Ok(Self { session, customer }),
            None => Err(Redirect::to("/").into_response()),
        }
    }
}

/// A form that one of the bank's own pages sent: same origin, living session, right CSRF token.
/// Everything else is refused before a handler sees it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) session: Session,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// The first value of a field, or an empty text.
    pub(super) fn one(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}

/// Whether a browser says that a request comes from this bank's own pages. Sec-Fetch-Site decides;
/// without it the Origin's host must be ours. Neither is a no.
pub(super) fn from_own_page(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, origin_host)| origin_host == host)
        }
        _ => false,
    }
}

impl FromRequest<Shared> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, house: &Shared) -> Result<Self, Response> {
        let refuse = |status, title: &str, text: &str| note(house, status, title, text);
        if !from_own_page(request.headers()) {
            let text = "This was not sent from one of the bank's own pages, so nothing was done.";
            return Err(refuse(StatusCode::FORBIDDEN, "Not from here", text));
        }
        let session = known(house, request.headers()).await.map_err(IntoResponse::into_response)?;
        let Ok(body) = Bytes::from_request(request, house).await else {
            let text = "What was sent is larger than a form of this bank can be. Nothing was done.";
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "Too large", text));
        };
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
        let token = fields.iter().find(|(key, _)| key == "csrf").map_or("", |(_, value)| value);
        match session.filter(|s| bool::from(s.csrf.as_bytes().ct_eq(token.as_bytes()))) {
            Some(session) => Ok(Self { session, fields }),
            None => {
                let text = "This page was open for too long or belongs to another visit. Nothing was done. Please \
                            go back, load the page again and repeat what you did.";
                Err(refuse(StatusCode::FORBIDDEN, "Please load the page again", text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_the_banks_own_pages_may_send_forms() {
        let own = headers(&[("sec-fetch-site", "same-origin"), ("origin", "null"), ("host", "localhost:1")]);
        assert!(from_own_page(&own));
        assert!(from_own_page(&headers(&[("origin", "http://localhost:1"), ("host", "localhost:1")])));
        for wrong in [
            headers(&[
                ("sec-fetch-site", "same-site"),
                ("origin", "http://localhost:1"),
                ("host", "localhost:1"),
            ]),
            headers(&[("sec-fetch-site", "none")]),
            headers(&[("origin", "http://localhost:2"), ("host", "localhost:1")]),
            headers(&[("origin", "null"), ("host", "localhost:1")]),
            headers(&[("host", "localhost:1")]),
        ] {
            assert!(!from_own_page(&wrong), "{wrong:?}");
        }
    }
}
