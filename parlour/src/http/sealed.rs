//! `/sealed/{token}`: a page that shows an answer once. Opening the address shows a door that is the same for
//! every address and changes nothing, so that previews, scanners and prefetchers find nothing and use nothing
//! up. Only the press of its button, from the page itself, opens it.

use super::{
    Web,
    caller::{cookie, cookies, set_cookie},
    guard,
    link::{session_of_app, sessions},
    privacy::sign_in::{leads_to, leave, person},
    view::{
        Brand, Page,
        sealed::{Door, Opened, SignIn, Told, Waiting, Way},
    },
};
use crate::{
    app::App,
    sealed::{self, Browser, SealedFault, opening},
    sign_in::Aim,
    tenant::Tenant,
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use store::DbError;

/// The cookie of a browser that is not known, for the page that it waits for.
const PAGE_COOKIE: &str = "__Host-parlour-page";
/// How the cookies begin by which a browser is known.
const KNOWN_COOKIES: &str = "__Host-parlour-known-";
/// How many of them are looked at: a person has few conversations in one browser.
const MOST_KNOWN: usize = 32;
/// The longest one-time address, in characters: a bank's id (at most 40), a dot and 43 more.
const MAX_TOKEN: usize = 100;

/// `GET /sealed/{token}`: the door. It looks nothing up. A bank's own app opens it in a web view with its
/// Bearer token, and the view keeps the session to press the button with.
pub async fn door(State(face): Web, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let session = session_of_app(&face.app, &headers).map(|cookie| [(header::SET_COOKIE, cookie)]);
    let page = Door { brand: home(&face.app, &token).map(|tenant| Brand::from(&*tenant)) };
    (session, Page(page)).into_response()
}

/// `POST /sealed/{token}`: opens the page, or says why not.
pub async fn open(State(face): Web, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let app = &face.app;
    let tenant = home(app, &token);
    if token.len() > MAX_TOKEN {
        return told(tenant.as_deref(), SealedFault::Unknown, None);
    }
    let browser = match browser(app, tenant.as_deref(), &headers).await {
        Ok(browser) => browser,
        Err(fault) => return told(tenant.as_deref(), fault.into(), None),
    };
    match sealed::open(app, &token, &browser).await {
        Ok(opened) => {
            let (tenant, reply) = (&opened.tenant, opened.sheet.reply());
            let back = opened.own_chat.then(|| format!("/chat/{}", tenant.id));
            let brand = Brand::from(&**tenant);
            Page(Opened::new(brand, opened.skill, reply, tenant.zone.clone(), opened.at, back))
                .into_response()
        }
        Err(SealedFault::Waiting { words, cookie, sign_in }) => {
            let lasts = opening::page_cookie_lasts_s();
            let cookie = cookie.and_then(|value| set_cookie(PAGE_COOKIE, &value, lasts));
            let sign_in = tenant.as_deref().filter(|_| sign_in).map(|tenant| way_in(tenant, &token));
            let page = Waiting { brand: tenant.as_deref().map(Brand::from), words, sign_in };
            let cookie = cookie.map(|c| [(header::SET_COOKIE, c)]);
            let leads = tenant.as_deref().filter(|_| page.sign_in.is_some()).map(leads_to);
            (StatusCode::ACCEPTED, cookie, leads, Page(page)).into_response()
        }
        Err(fault) => told(tenant.as_deref(), fault, Some(&token)),
    }
}

/// `POST /sealed/{token}/sign-in`: leaves for the bank, to show there who they are instead of with words in the chat.
pub async fn sign_in(State(face): Web, Path(token): Path<String>) -> Response {
    let named = home(&face.app, &token);
    if token.len() > MAX_TOKEN {
        return told(named.as_deref(), SealedFault::Unknown, None);
    }
    match sealed::may_sign_in(&face.app, &token).await {
        Ok(tenant) => leave(&face, tenant, Aim::Page(token)).await,
        Err(fault) => told(named.as_deref(), fault, None),
    }
}

/// The button to the bank's sign-in for a page.
fn way_in(tenant: &Tenant, token: &str) -> SignIn {
    SignIn { to: format!("/sealed/{token}/sign-in"), bank: tenant.name.clone() }
}

/// What this browser brings along.
async fn browser(app: &App, tenant: Option<&Tenant>, headers: &HeaderMap) -> Result<Browser, DbError> {
    let person = match tenant {
        Some(tenant) => person(app, tenant, headers).await?,
        None => None,
    };
    Ok(Browser {
        person: person.map(|person| (person.hash, person.subject)),
        sessions: sessions(app, headers),
        known: cookies(headers)
            .filter(|(name, _)| name.starts_with(KNOWN_COOKIES))
            .take(MOST_KNOWN)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        page: cookie(headers, PAGE_COOKIE).map(str::to_owned),
        region: guard::region(app.settings.region_header.as_deref(), headers),
    })
}

/// The bank that an address names before its dot. It stands in the address for everybody to read.
fn home(app: &App, token: &str) -> Option<Arc<Tenant>> {
    app.tenant(token.split_once('.')?.0)
}

/// Why a page was not shown, in plain words. With the address, there may be a way to it.
pub(super) fn told(tenant: Option<&Tenant>, fault: SealedFault, token: Option<&str>) -> Response {
    let bank = tenant.map_or("The bank", |tenant| &tenant.name);
    let again = "Ask again in your chat. You get a new page then.".to_owned();
    let (status, title, detail, remedy, way) = match &fault {
        SealedFault::Unknown => (
            StatusCode::NOT_FOUND,
            "This page is not known",
            "The address may be cut off, or was never made here.".to_owned(),
            again,
            Way::Nowhere,
        ),
        SealedFault::Expired => (
            StatusCode::GONE,
            "This page is too old",
            "A page opens for ten minutes after you asked. It was not opened in that time.".to_owned(),
            again,
            Way::Nowhere,
        ),
        SealedFault::Used => (
            StatusCode::GONE,
            "This page was shown already",
            "A page is shown once, and nothing of it is kept. Loading it again does not bring it back."
                .to_owned(),
            again,
            Way::Nowhere,
        ),
        SealedFault::Closed => (
            StatusCode::GONE,
            "This page was closed",
            "It was closed before it was shown: you said no in your chat, or it was tried too often."
                .to_owned(),
            again,
            Way::Nowhere,
        ),
        SealedFault::OtherBrowser => (
            StatusCode::FORBIDDEN,
            "This page belongs to another browser",
            "A page stays with the browser that opened it first. Nothing is shown in this one.".to_owned(),
            "Open it in the browser in which you opened it first, or ask again in your chat.".to_owned(),
            Way::Nowhere,
        ),
        SealedFault::OtherPerson => (
            StatusCode::FORBIDDEN,
            "This page belongs to somebody else",
            format!(
                "You signed in at {bank}, but not as the person who asked for this page. Nothing is shown, and that it was \
                 tried is written down."
            ),
            "If it is your page, sign in at the bank with the name with which you linked your chat."
                .to_owned(),
            Way::Nowhere,
        ),
        SealedFault::OtherConversation { .. } => (
            StatusCode::FORBIDDEN,
            "This page belongs to another chat",
            "It was made for a chat that is not open in this browser. Nothing is shown.".to_owned(),
            "Open it in the browser in which you asked.".to_owned(),
            Way::Nowhere,
        ),
        SealedFault::Ended => (
            StatusCode::FORBIDDEN,
            "The sharing has ended",
            format!("Your chat is not linked to {bank} any more, so this page opens nothing."),
            "If you want to see it again, link your chat again: write “link” there.".to_owned(),
            Way::Nowhere,
        ),
        SealedFault::Refused(no) => (
            StatusCode::FORBIDDEN,
            "This may not be shown",
            no.said.clone().unwrap_or_else(|| format!("Nothing was read: {}.", no.reason)),
            "You can ask for something else in your chat.".to_owned(),
            Way::Nowhere,
        ),
        SealedFault::Opening => (
            StatusCode::CONFLICT,
            "This page is being opened",
            "It is being opened at this moment, in this browser.".to_owned(),
            "If no page comes, wait half a minute and try again here.".to_owned(),
            Way::Again,
        ),
        SealedFault::Bank(_) | SealedFault::TooLong => (
            StatusCode::BAD_GATEWAY,
            "The bank did not answer",
            format!(
                "I asked {bank} and got no answer that I can show. Nothing was shown, and your page is kept."
            ),
            "Wait a moment and try again here. It opens until ten minutes after you asked.".to_owned(),
            Way::Again,
        ),
        SealedFault::Turn(_) | SealedFault::Store(_) | SealedFault::Waiting { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Something broke on our side",
            "Nothing was shown, and your page is kept.".to_owned(),
            "Try again here in a minute.".to_owned(),
            Way::Again,
        ),
    };
    let can_sign_in =
        matches!(fault, SealedFault::OtherConversation { sign_in: true } | SealedFault::OtherPerson);
    let sign_in = tenant.zip(token).filter(|_| can_sign_in).map(|(tenant, token)| way_in(tenant, token));
    let page = Told { brand: tenant.map(Brand::from), title, detail, remedy, way, sign_in };
    let leads = tenant.filter(|_| page.sign_in.is_some()).map(leads_to);
    (status, leads, Page(page)).into_response()
}
