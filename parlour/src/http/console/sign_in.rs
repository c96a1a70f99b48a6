//! The door: making the first passkey with an invitation, signing in, signing out.

use super::{
    MAX_BODY,
    caller::{Staffer, ceremony_cookie, home, problem, session_cookie, set_strict_cookie},
};
use crate::{
    http::{
        Web, body,
        caller::{AtBank, cookie},
        problem::Problem,
        view::{
            Brand, Page,
            console::{Door, Frame},
        },
    },
    staff::{
        CEREMONY_LASTS, SIGN_IN_LASTS, StaffFault,
        ceremony::{self, Challenge},
        sign_ins::{self, NewSignIn, SignedIn},
    },
    tenant::Tenant,
};
use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use domain::BankId;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

/// What the browser sends when a passkey was made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// What the person calls it.
    pub label: String,
    /// What the authenticator answered.
    pub answer: RegisterPublicKeyCredential,
}

/// What the browser sends when a passkey was proved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proved {
    answer: PublicKeyCredential,
}

/// Where the browser goes now.
#[derive(Serialize)]
struct Onward {
    to: String,
}

fn door(tenant: &Tenant, title: String) -> Frame {
    Frame { brand: Brand::from(tenant), title, places: vec![], who: None }
}

/// `GET /console/{bank}/sign-in`
pub async fn page(AtBank(tenant): AtBank) -> Page<Door> {
    Page(Door {
        frame: door(&tenant, format!("{}: sign in", tenant.name)),
        lead: format!(
            "For the people of {}. You sign in with your passkey; there is no password.",
            tenant.name
        ),
        ceremony: "sign-in",
        action: format!("/console/{}/sign-in", tenant.id),
        button: "Sign in with your passkey",
    })
}

/// `GET /console/{bank}/register/{token}`
pub async fn invited(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path((_, token)): Path<(BankId, String)>,
) -> Result<Page<Door>, Problem> {
    let person = ceremony::invited(&face.app, &tenant.id, &token).await;
    let person = person.map_err(|fault| problem(&tenant, fault))?;
    Ok(Page(Door {
        frame: door(&tenant, format!("{}: make your passkey", tenant.name)),
        lead: format!(
            "{}, you are invited as {} of {}. Your device makes a passkey and keeps its secret; you sign in with it from now on. This link works once.",
            person.name,
            person.role.in_words(),
            tenant.name
        ),
        ceremony: "register",
        action: format!("/console/{}/register/{token}", tenant.id),
        button: "Make a passkey",
    }))
}

/// A challenge as the browser gets it, with its cookie.
pub(super) fn challenge<C: Serialize>(tenant: &Tenant, challenge: Challenge<C>) -> Response {
    let name = ceremony_cookie(&tenant.id);
    let cookie = set_strict_cookie(&name, &challenge.cookie, CEREMONY_LASTS.as_secs());
    (cookie.map(|c| [(header::SET_COOKIE, c)]), Json(challenge.options)).into_response()
}

/// The cookie of the ceremony that is to be ended.
pub(super) fn begun<'a>(tenant: &Tenant, headers: &'a HeaderMap) -> Result<&'a str, Problem> {
    cookie(headers, &ceremony_cookie(&tenant.id)).ok_or_else(|| problem(tenant, StaffFault::Ceremony))
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("")
}

/// Signed in: a new cookie for the session, none for the ceremony, and where to go.
fn welcome(tenant: &Tenant, token: &str, who: &SignedIn) -> Response {
    let to = home(tenant, who.person.role);
    let session = set_strict_cookie(&session_cookie(&tenant.id), token, SIGN_IN_LASTS.as_secs());
    let ceremony = set_strict_cookie(&ceremony_cookie(&tenant.id), "", 0);
    let cookies = [session, ceremony].into_iter().flatten().map(|c| (header::SET_COOKIE, c));
    (AppendHeaders(cookies.collect::<Vec<_>>()), Json(Onward { to })).into_response()
}

/// `POST /console/{bank}/sign-in/begin`
pub async fn begin(State(face): Web, AtBank(tenant): AtBank) -> Result<Response, Problem> {
    let begun = ceremony::begin_sign_in(&face.app, &tenant.id).await;
    begun.map(|c| challenge(&tenant, c)).map_err(|fault| problem(&tenant, fault))
}

/// `POST /console/{bank}/sign-in/finish`
pub async fn finish(
    State(face): Web,
    AtBank(tenant): AtBank,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let cookie_of = begun(&tenant, &headers)?;
    let (proved, _) = body::read::<Proved>(request, MAX_BODY).await?;
    let before = cookie(&headers, &session_cookie(&tenant.id));
    let new = NewSignIn::new(&face.app, user_agent(&headers), before);
    let token = new.token.clone();
    let who = ceremony::finish_sign_in(&face.app, &tenant.id, cookie_of, &proved.answer, new).await;
    who.map(|who| welcome(&tenant, &token, &who)).map_err(|fault| problem(&tenant, fault))
}

/// `POST /console/{bank}/register/{token}/begin`
pub async fn begin_by_link(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path((_, token)): Path<(BankId, String)>,
) -> Result<Response, Problem> {
    let begun = ceremony::begin_by_link(&face.app, &tenant.id, &tenant.name, &token).await;
    begun.map(|c| challenge(&tenant, c)).map_err(|fault| problem(&tenant, fault))
}

/// `POST /console/{bank}/register/{token}/finish`
pub async fn finish_by_link(
    State(face): Web,
    AtBank(tenant): AtBank,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let cookie_of = begun(&tenant, &headers)?;
    let (made, _) = body::read::<Made>(request, MAX_BODY).await?;
    let before = cookie(&headers, &session_cookie(&tenant.id));
    let new = NewSignIn::new(&face.app, user_agent(&headers), before);
    let token = new.token.clone();
    let who =
        ceremony::finish_by_link(&face.app, &tenant.id, cookie_of, &made.answer, &made.label, new).await;
    who.map(|who| welcome(&tenant, &token, &who)).map_err(|fault| problem(&tenant, fault))
}

/// `POST /console/{bank}/sign-out`
pub async fn sign_out(State(face): Web, me: Staffer) -> Result<Response, Problem> {
    let id = me.who.session.id.clone();
    match sign_ins::end(&face.app, &me.who, &id).await {
        Ok(()) | Err(StaffFault::Unknown(_)) => Ok(out(&me.tenant)),
        Err(fault) => Err(me.fault(fault)),
    }
}

/// To the door, without a session.
pub(super) fn out(tenant: &Tenant) -> Response {
    let cookie = set_strict_cookie(&session_cookie(&tenant.id), "", 0);
    let door = Redirect::to(&format!("/console/{}/sign-in", tenant.id));
    (cookie.map(|c| [(header::SET_COOKIE, c)]), door).into_response()
}
