//! `/privacy/{bank}`: what a customer shares, who looked, a copy of everything, and its end. A thin face over the
//! same use cases as the chat. It works without scripts, and nothing in an address lets anybody in: only the cookie of
//! the conversation does, or that of a sign-in at the bank.

pub mod acts;
pub mod files;
pub mod leaving;
pub mod looks;
pub mod sharing;
pub mod sign_in;

use super::{
    Face,
    caller::{self, AtBank, cookie, cookie_name},
    erased,
    problem::{Kind, Problem},
    view::{Brand, Page, privacy as pages},
};
use crate::{session::Session, sign_in::Person, tenant::Tenant};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::{Timestamp, tz::TimeZone};
use std::sync::Arc;

/// The addresses under `/privacy/{bank}`.
pub fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(sharing::page))
        .route("/consents/{consent}", get(sharing::one))
        .route("/consents/{consent}/pause", post(acts::pause))
        .route("/consents/{consent}/resume", post(acts::resume))
        .route("/consents/{consent}/stop", get(acts::ask_to_stop).post(acts::stop))
        .route("/consents/{consent}/record", get(files::record))
        .route("/consents/{consent}/receipt", get(files::receipt))
        .route("/change", post(acts::change))
        .route("/answer", post(sign_in::answer))
        .route("/looks", get(looks::page))
        .route("/looks/{entry}/receipt", get(files::proof))
        .route("/copy", get(leaving::copy))
        .route("/copy/file", get(files::copy))
        .route("/copy/page", get(files::copy_page))
        .route("/erase", get(leaving::ask_to_erase).post(leaving::erase))
        .route("/sign-in", post(sign_in::begin))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/conversations", get(sign_in::conversations).post(sign_in::choose))
}

/// Somebody whose conversation with the bank this browser holds, or who signed in at the bank.
pub struct Visitor {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The session.
    pub session: Session,
    /// Who signed in at the bank. None if the conversation's own session let them in.
    pub person: Option<Person>,
}

/// Why somebody does not get in.
pub enum TurnedAway {
    /// There is no such bank.
    Problem(Problem),
    /// This browser has no conversation with the bank.
    NoChat {
        /// The bank.
        tenant: Arc<Tenant>,
        /// Whether they can come in by signing in there.
        sign_in: bool,
    },
    /// They are signed in, and have several conversations to choose from.
    Several(Arc<Tenant>),
    /// The conversation was erased: the way to its receipt.
    Erased(Box<Response>),
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        match self {
            TurnedAway::Problem(problem) => problem.into_response(),
            TurnedAway::NoChat { tenant, sign_in } => {
                let brand = Brand::from(&*tenant);
                let bank = tenant.id.to_string();
                let door = pages::Door { brand: Some(brand), bank, name: tenant.name.clone(), sign_in };
                (StatusCode::UNAUTHORIZED, sign_in.then(|| sign_in::leads_to(&tenant)), Page(door))
                    .into_response()
            }
            TurnedAway::Several(tenant) => {
                Redirect::to(&format!("/privacy/{}/conversations", tenant.id)).into_response()
            }
            TurnedAway::Erased(receipt) => *receipt,
        }
    }
}

impl FromRequestParts<Arc<Face>> for Visitor {
    type Rejection = TurnedAway;

    /// Who signed in at the bank sees what is theirs, whatever chat this browser has. Who has no conversation here is
    /// told how to come in; who had it erased is led to the receipt.
    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, TurnedAway> {
        let found = AtBank::from_request_parts(parts, face).await;
        let AtBank(tenant) = found.map_err(TurnedAway::Problem)?;
        let person = sign_in::person(&face.app, &tenant, &parts.headers).await;
        if let Some(person) = person.map_err(|fault| TurnedAway::Problem(fault.into()))? {
            return match person.session() {
                Some(session) => Ok(Visitor { tenant, session, person: Some(person) }),
                None => Err(TurnedAway::Several(tenant)),
            };
        }
        match caller::session(&face.app, &tenant, &parts.headers) {
            Ok(session) => Ok(Visitor { tenant, session, person: None }),
            Err(problem) if problem.kind == Kind::NoSession => {
                Err(TurnedAway::NoChat { sign_in: tenant.offers_sign_in().await, tenant })
            }
            Err(problem) if problem.kind == Kind::Erased => {
                let kept = cookie(&parts.headers, &cookie_name(&tenant.id));
                let now = face.app.clock.now();
                let session = kept.and_then(|token| face.app.sessions.check(&tenant.id, token, now).ok());
                Err(match session {
                    Some(of) => TurnedAway::Erased(Box::new(erased::leave(&face.app, &of))),
                    None => TurnedAway::Problem(problem),
                })
            }
            Err(problem) => Err(TurnedAway::Problem(problem)),
        }
    }
}

impl Visitor {
    /// The page's frame, with one of its parts open.
    pub fn place(&self, part: pages::Part) -> pages::Place {
        let signed_in = self.person.as_ref().map(|person| pages::SignedIn {
            several: person.conversations.len() > 1,
            until: clock(person.until, &self.tenant.zone),
        });
        pages::Place { bank: self.tenant.id.to_string(), name: self.tenant.name.clone(), part, signed_in }
    }

    /// The bank as it shows itself.
    pub fn brand(&self) -> Option<Brand> {
        Some(Brand::from(&*self.tenant))
    }

    /// Where the files of this page are: under the chat's own interface, or, for somebody who signed in and has no chat
    /// here, under the page. The second address is used where they signed in.
    pub fn file(&self, in_chat: &str, here: &str) -> String {
        match self.person {
            None => format!("/v1/chat/{}{in_chat}", self.tenant.id),
            Some(_) => self.path(here),
        }
    }

    /// An address of this customer's privacy page.
    pub fn path(&self, rest: &str) -> String {
        format!("/privacy/{}{rest}", self.tenant.id)
    }
}

/// A time of day.
fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    format!("{}:{:02}", at.hour(), at.minute())
}
