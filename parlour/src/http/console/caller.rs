//! Who of the staff calls, and what becomes of a fault.

use crate::{
    http::{
        Face,
        caller::{AtBank, cookie},
        problem::{Kind, Problem},
        view::{
            Brand,
            console::{Frame, NavItem},
        },
    },
    staff::{
        StaffFault,
        sign_ins::{self, SignedIn},
    },
    tenant::Tenant,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    BankId,
    staff::{Act, Role},
};
use std::sync::Arc;

/// Somebody of a bank's staff, signed in at the bank that the address names.
pub struct Staffer {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// Who.
    pub who: SignedIn,
}

/// The name of the cookie of a sign-in.
pub fn session_cookie(bank: &BankId) -> String {
    format!("__Host-parlour-staff-{bank}")
}

/// The name of the cookie of a ceremony.
pub fn ceremony_cookie(bank: &BankId) -> String {
    format!("__Host-parlour-key-{bank}")
}

/// A cookie that only this host gets, that no script reads, and that no other site makes the browser send,
/// not even with a link.
pub fn set_strict_cookie(name: &str, value: &str, max_age_s: i64) -> Option<HeaderValue> {
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&cookie).ok()
}

impl FromRequestParts<Arc<Face>> for Staffer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Response> {
        let at = AtBank::from_request_parts(parts, face).await;
        let AtBank(tenant) = at.map_err(IntoResponse::into_response)?;
        let token = cookie(&parts.headers, &session_cookie(&tenant.id));
        let who = match token {
            Some(token) => sign_ins::check(&face.app, &tenant.id, token).await,
            None => Ok(None),
        };
        match who.map_err(|fault| Problem::from(fault).into_response())? {
            Some(who) => Ok(Staffer { tenant, who }),
            None => Err(sign_in_first(&tenant, &parts.method, &parts.headers)),
        }
    }
}

fn sign_in_first(tenant: &Tenant, method: &Method, headers: &HeaderMap) -> Response {
    let door = format!("/console/{}/sign-in", tenant.id);
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    if *method == Method::GET && accepts.contains("text/html") {
        return Redirect::to(&door).into_response();
    }
    Kind::SignedOut
        .because("Nobody is signed in here, or not any more.")
        .back_to(door, "Sign in")
        .into_response()
}

impl Staffer {
    /// Whether this person may do something. It is asked again in the transaction that does it.
    pub fn must(&self, act: Act) -> Result<(), Problem> {
        let role = self.who.person.role;
        if role.may(act) { Ok(()) } else { Err(self.fault(StaffFault::Role { role })) }
    }

    /// Where this person begins.
    pub fn home(&self) -> String {
        home(&self.tenant, self.who.person.role)
    }

    /// A fault of something that this person asked for.
    pub fn fault(&self, fault: StaffFault) -> Problem {
        if matches!(
            fault,
            StaffFault::Role { .. }
                | StaffFault::Own
                | StaffFault::OwnRules
                | StaffFault::SameOfficer
                | StaffFault::TakesTwo
                | StaffFault::ByOperator { .. }
        ) {
            self.note(&fault);
        }
        problem(&self.tenant, fault).back_to(self.home(), BACK)
    }

    /// Writes down for the operator that somebody wanted what is not theirs to do, or not theirs alone.
    fn note(&self, fault: &StaffFault) {
        let (bank, staff, role) = (&self.tenant.id, &self.who.person.id, self.who.person.role);
        tracing::warn!(%bank, %staff, %role, %fault, "somebody of a bank's staff was refused");
        metrics::counter!("parlour_staff_refused_total", "bank" => bank.to_string(), "role" => role.as_str())
            .increment(1);
    }

    /// An address of this bank's console.
    pub fn at(&self, path: &str) -> String {
        format!("/console/{}{path}", self.tenant.id)
    }

    /// The pages of the fraud desk, where the bank tells of card payments.
    pub fn desk(&self, here: &str) -> Vec<NavItem> {
        let place = |path: &str, words| NavItem { href: self.at(path), words, here: here == path };
        match self.tenant.fraud {
            Some(_) => vec![
                place("/fraud", "Queue"),
                place("/fraud/rules", "Rules"),
                place("/fraud/budget", "Budget of alerts"),
                place("/fraud/engine", "Engine"),
            ],
            None => vec![],
        }
    }

    /// What stands around a page.
    pub fn frame(&self, title: impl Into<String>, here: &str) -> Frame {
        let role = self.who.person.role;
        let place = |path: &str, words| NavItem { href: self.at(path), words, here: here == path };
        let mut places = vec![];
        if role.may(Act::Look) {
            places.extend([
                place("", "Overview"),
                place("/policies", "Policies"),
                place("/no", "Say No"),
                place("/consents", "Consents"),
                place("/refusals", "Refusals"),
                place("/staff", "Staff"),
                place("/history", "History"),
            ]);
        }
        if role.may(Act::Fraud) && (self.tenant.fraud.is_some() || !role.may(Act::Look)) {
            places.push(place("/fraud", "Fraud"));
        }
        if role.may(Act::Audit) {
            let href = format!("/audit/{}", self.tenant.id);
            places.push(NavItem { href, words: "Audit", here: here == "/audit" });
        }
        places.push(place("/keys", "My passkeys"));
        Frame {
            brand: Brand::from(&*self.tenant),
            title: title.into(),
            places,
            who: Some((self.who.person.name.clone(), role.in_words())),
        }
    }
}

/// Where somebody of a role begins.
pub fn home(tenant: &Tenant, role: Role) -> String {
    if role.may(Act::Look) {
        format!("/console/{}", tenant.id)
    } else if role.may(Act::Fraud) {
        format!("/console/{}/fraud", tenant.id)
    } else {
        format!("/audit/{}", tenant.id)
    }
}

/// What a fault is to whoever asked.
pub fn problem(tenant: &Tenant, fault: StaffFault) -> Problem {
    use StaffFault as F;
    let kind = match fault {
        F::Store(fault) => return Problem::from(fault),
        F::Text { field, most } => {
            let detail = format!("1 to {most} visible characters are taken");
            return Problem::of_field(field, detail).back_to(format!("/console/{}", tenant.id), BACK);
        }
        F::Link => Kind::LinkOver,
        F::NoHostName | F::Ceremony | F::Unproved(_) | F::UnknownPasskey | F::Registered | F::NotFresh => {
            Kind::Passkey
        }
        F::Role { .. } => Kind::Role,
        F::Unknown(_) => Kind::NotFound,
        F::ByOperator { .. } | F::TakesTwo | F::Own | F::OwnRules | F::SameOfficer => Kind::TwoPeople,
        F::LastPasskey
        | F::Decided { .. }
        | F::AlertDecided { .. }
        | F::OpenAlready
        | F::SoAlready
        | F::Changed
        | F::TooManyOpen => Kind::Stale,
        F::Hours { .. } => {
            return Problem::of_field("hours", fault.to_string())
                .back_to(format!("/console/{}", tenant.id), BACK);
        }
        F::SameNote => {
            return Problem::of_field("note", "a change needs a note of its own")
                .back_to(format!("/console/{}", tenant.id), BACK);
        }
    };
    let mut said = fault.to_string();
    if let Some(first) = said.get(..1) {
        said = format!("{}{}.", first.to_uppercase(), said.get(1..).unwrap_or(""));
    }
    kind.because(said).back_to(format!("/console/{}", tenant.id), BACK)
}

const BACK: &str = "Back to the console";
