//! `/link/…`: the one-time address from the chat, the button that leads to the bank, and the way back.
//!
//! The cookie binds a link to one browser. `/link/callback` is a GET, since a browser brings no cookie
//! along when another site sends a form; what makes it safe is that the cookie's link is used up by it.

use super::{
    Face, Web,
    caller::{cookie, cookie_name, set_cookie},
    dress::FormsAlsoTo,
    guard::bearer,
    privacy::sign_in::{SIGNING, arrive as signed_in, person},
    problem::Kind,
    view::{
        Brand, Page,
        pages::{Back, Fault, Offer},
    },
};
use crate::{
    app::App,
    linking::{self, Arrived, LinkFault},
    session::Session,
    sign_in,
    tenant::Tenant,
};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use std::sync::Arc;

/// The cookie that binds a link to this browser.
const COOKIE: &str = "__Host-parlour-link";
/// The longest one-time address, in characters: a bank's id (at most 40), a dot and 43 more.
const MAX_TOKEN: usize = 100;
/// The longest way back, in bytes: a code, a state, an issuer and room to spare.
const MAX_CALLBACK: usize = 4_096;

/// `GET /link/{token}`: the notice once more, and the button. Binds the link to this browser.
///
/// A bank's own app opens it in a web view with its Bearer token. The view then holds the session of the
/// conversation as a browser would, and goes the rest of the way with it.
pub async fn open(State(face): Web, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let app = &face.app;
    let home = home(app, &token);
    if token.len() > MAX_TOKEN {
        return fault_page(LinkFault::Unknown, home);
    }
    match linking::open(
        app,
        &token,
        cookie(&headers, COOKIE),
        &sessions_and_person(app, &token, &headers).await,
    )
    .await
    {
        Ok((offer, bound)) => {
            let tenant = offer.tenant;
            let page = Offer {
                brand: Some(Brand::from(&*tenant)),
                name: tenant.name.clone(),
                until: clock(&tenant, offer.notice.until),
                notice: offer.notice,
                site: host_of(&tenant.bank_origin).to_owned(),
                back: (!offer.channel.is_foreign()).then(|| chat(&tenant)),
            };
            let bank = Extension(FormsAlsoTo(tenant.bank_origin.clone()));
            let link = bound.and_then(|bound| set_cookie(COOKIE, &bound.value, bound.max_age_s));
            let cookies = link.into_iter().chain(session_of_app(app, &headers));
            let cookies: Vec<_> = cookies.map(|cookie| (header::SET_COOKIE, cookie)).collect();
            (bank, AppendHeaders(cookies), Page(page)).into_response()
        }
        Err(fault) => fault_page(fault, home),
    }
}

/// `POST /link/{token}`: leaves for the bank.
pub async fn depart(State(face): Web, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let home = home(&face.app, &token);
    if token.len() > MAX_TOKEN {
        return fault_page(LinkFault::Unknown, home);
    }
    let bound = cookie(&headers, COOKIE);
    match linking::depart(&face.app, &token, bound, &sessions_and_person(&face.app, &token, &headers).await)
        .await
    {
        Ok(left) => {
            let cookie = left.cookie.and_then(|bound| set_cookie(COOKIE, &bound.value, bound.max_age_s));
            let to_bank = Redirect::to(left.to_bank.as_str());
            (cookie.map(|c| [(header::SET_COOKIE, c)]), to_bank).into_response()
        }
        Err(fault) => fault_page(fault, home),
    }
}

/// `GET /link/callback`: comes back from the bank, to the chat.
pub async fn arrive(State(face): Web, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    if query.len() > MAX_CALLBACK {
        return Kind::Malformed.because("The way back from the bank is too long to be one.").into_response();
    }
    let bound = cookie(&headers, COOKIE);
    if let Some(signing) = cookie(&headers, SIGNING) {
        let is_sign_in = match bound {
            None => Ok(true),
            Some(_) => sign_in::is_under_way(&face.app, signing, &state_of(&query)).await,
        };
        match is_sign_in {
            Ok(true) => return signed_in(&face, signing, &query, &headers).await,
            Ok(false) => {}
            Err(fault) => return fault_page(fault.into(), None),
        }
    }
    let Some(bound) = bound else { return fault_page(LinkFault::NoCookie, None) };
    let mut cookies: Vec<HeaderValue> = set_cookie(COOKIE, "", 0).into_iter().collect();
    let arrived = match linking::arrive(&face.app, bound, &query).await {
        Ok(arrived) => {
            let known = arrived.known.as_ref().and_then(|(name, c)| set_cookie(name, &c.value, c.max_age_s));
            cookies.extend(known);
            way_on(&face, &arrived, &headers).await
        }
        Err(LinkFault::Cancelled { tenant, channel }) if !channel.is_foreign() => {
            Redirect::to(&chat(&tenant)).into_response()
        }
        Err(fault) => fault_page(fault, None),
    };
    (AppendHeaders(cookies.into_iter().map(|c| (header::SET_COOKIE, c))), arrived).into_response()
}

/// From the bank back to where they came from: the privacy page, if they had signed in to it; else the chat, by itself
/// where it is on this host, else by the person.
async fn way_on(face: &Face, arrived: &Arrived, headers: &HeaderMap) -> Response {
    let tenant = &*arrived.tenant;
    // What cannot be read now is not there: the chat is right for everybody.
    let person = person(&face.app, tenant, headers).await.ok().flatten();
    let seen = person.and_then(|person| person.session()).map(|session| session.conversation);
    if seen.as_ref() == Some(&arrived.conversation) {
        return Redirect::to(&format!("/privacy/{}", tenant.id)).into_response();
    }
    if arrived.channel.is_foreign() {
        let page = Back { brand: Some(Brand::from(tenant)), name: tenant.name.clone() };
        return Page(page).into_response();
    }
    Redirect::to(&chat(tenant)).into_response()
}

/// The `state` of a way back, to tell a browser's sign-in from a link that it began beside it.
fn state_of(query: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The good sessions of this browser, and with them what somebody sees who signed in at the bank that the address
/// names: they may change what they share.
async fn sessions_and_person(app: &App, token: &str, headers: &HeaderMap) -> Vec<Session> {
    let mut all = sessions(app, headers);
    if let Some(tenant) = home(app, token) {
        let person = person(app, &tenant, headers).await.ok().flatten();
        all.extend(person.and_then(|person| person.session()));
    }
    all
}

/// The good sessions that this browser has, at any bank, and the one of an app's token.
pub(super) fn sessions(app: &App, headers: &HeaderMap) -> Vec<Session> {
    let now = app.clock.now();
    let session = |tenant: &Tenant, token: Option<&str>| {
        let session = app.sessions.check(&tenant.id, token?, now).ok()?;
        (!app.erasures.forgotten.contains(&session.bank, &session.customer)).then_some(session)
    };
    let sessions = app.tenants.values().flat_map(|tenant| {
        let kept = cookie(headers, &cookie_name(&tenant.id));
        [session(&tenant, kept), session(&tenant, bearer(headers))]
    });
    sessions.flatten().collect()
}

/// The session of an app's token as the cookie that its web view is to keep, for as long as it lasts.
pub(super) fn session_of_app(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let (token, now) = (bearer(headers)?, app.clock.now());
    let good = |tenant: Arc<Tenant>| app.sessions.check(&tenant.id, token, now).ok();
    let session = app.tenants.values().find_map(good)?;
    let lasts = session.expires_at.duration_since(now).as_secs();
    set_cookie(&cookie_name(&session.bank), token, lasts)
}

fn chat(tenant: &Tenant) -> String {
    format!("/chat/{}", tenant.id)
}

fn clock(tenant: &Tenant, at: jiff::Timestamp) -> String {
    let at = at.to_zoned(tenant.zone.clone());
    format!("{}:{:02}", at.hour(), at.minute())
}

fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// What is the matter with a link: title, sentence, remedy, status.
fn told(fault: &LinkFault) -> (String, String, &'static str, StatusCode) {
    let ask_again = "Go back to the chat and ask for a new link. Your question is kept.";
    let (title, detail, remedy, status) = match fault {
        LinkFault::Unknown => (
            "This link is not known",
            "It may be cut off, or was never made here.",
            ask_again,
            StatusCode::NOT_FOUND,
        ),
        LinkFault::Expired => (
            "This link is too old",
            "A link works for a short time only. Nothing was linked.",
            ask_again,
            StatusCode::GONE,
        ),
        LinkFault::Used => (
            "This link was used already",
            "A link works once, so that nobody can use it after you.",
            ask_again,
            StatusCode::GONE,
        ),
        LinkFault::OtherBrowser => (
            "This link was opened in another browser",
            "A link stays with the browser that opened it first. Nothing was linked.",
            "Open the chat in the browser that you want to use, and ask for a new link there.",
            StatusCode::FORBIDDEN,
        ),
        LinkFault::OtherConversation => (
            "This link belongs to another chat",
            "It was made for a chat that is not open in this browser. If somebody sent it to you, do not use it: it would show them your accounts.",
            "Open your own chat with the bank and ask for a link there.",
            StatusCode::FORBIDDEN,
        ),
        LinkFault::NoCookie => (
            "This browser did not keep the link",
            "The link is kept in a cookie of this site. The browser did not send it: it is too old, or cookies are off.",
            "Allow cookies for this site, go back to the chat and ask for a new link.",
            StatusCode::FORBIDDEN,
        ),
        LinkFault::Cancelled { .. } => (
            "Nothing was approved",
            "You did not approve at the bank, so nothing is linked.",
            ask_again,
            StatusCode::OK,
        ),
        LinkFault::Tampered { .. } => (
            "The way back was not as it left",
            "Something changed between the bank and here. To be safe, nothing is linked.",
            "Go back to the chat and ask for a new link. If it happens again, tell your bank.",
            StatusCode::FORBIDDEN,
        ),
        LinkFault::Bank { .. } | LinkFault::Onboarding { .. } => (
            "The bank did not answer as it should",
            "We asked the bank and could not use its answer. Nothing is linked, and nothing was read.",
            "Wait a few minutes, go back to the chat and ask for a new link.",
            StatusCode::BAD_GATEWAY,
        ),
        LinkFault::Store(_) => (
            "Something broke on our side",
            "Nothing was linked.",
            "Try again in a minute. If it happens again, tell the people who run this gateway.",
            StatusCode::SERVICE_UNAVAILABLE,
        ),
    };
    (title.to_owned(), detail.to_owned(), remedy, status)
}

/// The bank that an address names before its dot, to know the way back.
fn home(app: &App, token: &str) -> Option<Arc<Tenant>> {
    app.tenant(token.split_once('.')?.0)
}

fn fault_page(fault: LinkFault, home: Option<Arc<Tenant>>) -> Response {
    let tenant = match &fault {
        LinkFault::Cancelled { tenant, .. }
        | LinkFault::Tampered { tenant }
        | LinkFault::Bank { tenant, .. }
        | LinkFault::Onboarding { tenant, .. } => Some(tenant.clone()),
        _ => home,
    };
    if matches!(
        fault,
        LinkFault::Bank { .. }
            | LinkFault::Onboarding { .. }
            | LinkFault::Tampered { .. }
            | LinkFault::Store(_)
    ) {
        tracing::warn!(%fault, "a link went no further");
    }
    let (title, detail, remedy, status) = told(&fault);
    let page = Fault {
        back: tenant.as_ref().map_or("/".to_owned(), |t| chat(t)),
        back_words: if tenant.is_some() { "Back to the chat" } else { "Choose your bank" }.to_owned(),
        brand: tenant.map(|t| Brand::from(&*t)),
        title,
        detail,
        fields: vec![],
        remedy: remedy.to_owned(),
        about: None,
        status: status.as_u16(),
    };
    (status, Page(page)).into_response()
}
