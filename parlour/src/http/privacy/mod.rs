//! `/privacy/{bank}`: what a customer shares, who looked, a copy of everything, and its end. A thin face over the
//! same use cases as the chat. It works without scripts, and nothing in an address lets anybody in: only the cookie of
//! the conversation does.

pub mod acts;
pub mod leaving;
pub mod looks;
pub mod sharing;

use super::{
    Face,
    caller::{self, AtBank, cookie, cookie_name},
    erased,
    problem::{Kind, Problem},
    view::{Brand, Page, privacy as pages},
};
use crate::{session::Session, tenant::Tenant};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;

/// The addresses under `/privacy/{bank}`.
pub fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(sharing::page))
        .route("/consents/{consent}", get(sharing::one))
        .route("/consents/{consent}/pause", post(acts::pause))
        .route("/consents/{consent}/resume", post(acts::resume))
        .route("/consents/{consent}/stop", get(acts::ask_to_stop).post(acts::stop))
        .route("/change", post(acts::change))
        .route("/looks", get(looks::page))
        .route("/copy", get(leaving::copy))
        .route("/erase", get(leaving::ask_to_erase).post(leaving::erase))
}

/// Somebody whose conversation with the bank this browser holds.
pub struct Visitor {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The session.
    pub session: Session,
}

/// Why somebody does not get in.
pub enum TurnedAway {
    /// There is no such bank.
    Problem(Problem),
    /// This browser has no conversation with the bank.
    NoChat(Arc<Tenant>),
    /// The conversation was erased: the way to its receipt.
    Erased(Box<Response>),
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        match self {
            TurnedAway::Problem(problem) => problem.into_response(),
            TurnedAway::NoChat(tenant) => {
                let door = pages::Door { brand: Some(Brand::from(&*tenant)), name: tenant.name.clone() };
                (StatusCode::UNAUTHORIZED, Page(door)).into_response()
            }
            TurnedAway::Erased(receipt) => *receipt,
        }
    }
}

impl FromRequestParts<Arc<Face>> for Visitor {
    type Rejection = TurnedAway;

    /// Who has no conversation here is told how to come in; who had it erased is led to the receipt.
    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, TurnedAway> {
        let found = AtBank::from_request_parts(parts, face).await;
        let AtBank(tenant) = found.map_err(TurnedAway::Problem)?;
        match caller::session(&face.app, &tenant, &parts.headers) {
            Ok(session) => Ok(Visitor { tenant, session }),
            Err(problem) if problem.kind == Kind::NoSession => Err(TurnedAway::NoChat(tenant)),
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
        pages::Place { bank: self.tenant.id.to_string(), name: self.tenant.name.clone(), part }
    }

    /// The bank as it shows itself.
    pub fn brand(&self) -> Option<Brand> {
        Some(Brand::from(&*self.tenant))
    }

    /// An address of this customer's privacy page.
    pub fn path(&self, rest: &str) -> String {
        format!("/privacy/{}{rest}", self.tenant.id)
    }
}
