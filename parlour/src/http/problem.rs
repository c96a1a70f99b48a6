//! What a face answers when it says no: one closed set of kinds, as RFC 9457 problem documents for
//! programs and as pages for people.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{borrow::Cow, str::FromStr};
use store::DbError;
use utoipa::ToSchema;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal $status:ident, $title:literal, $meaning:literal, $remedy:literal;)+) => {
        /// The kinds of problem. Each has a page of its own at `/problems/<name>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            /// All there are.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            /// The name, as in the problem's type.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name),+ }
            }

            /// The HTTP status that it comes with.
            pub fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status),+ }
            }

            /// A short title, the same each time.
            pub fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title),+ }
            }

            /// What it means, for the page that explains it.
            pub fn meaning(self) -> &'static str {
                match self { $(Kind::$kind => $meaning),+ }
            }

            /// What can be done.
            pub fn remedy(self) -> &'static str {
                match self { $(Kind::$kind => $remedy),+ }
            }
        }
    };
}

kinds! {
    /// The body or the query cannot be read at all.
    Malformed = "malformed" BAD_REQUEST, "The request cannot be read",
        "The body is not JSON or not a form, or the address has a part that cannot be decoded.",
        "Send well-formed JSON or a form. The detail says where reading stopped.";
    /// Text that is not UTF-8.
    NotUtf8 = "not_utf8" BAD_REQUEST, "The text is not UTF-8",
        "All text here is UTF-8. The request holds bytes that are not.",
        "Encode the text as UTF-8 and send it again.";
    /// No session, or one that is not good.
    NoSession = "no_session" UNAUTHORIZED, "There is no good session",
        "A conversation belongs to a session. The request has none, or one that was made elsewhere, was changed, or is over.",
        "Open the chat page again, or ask for a new session and send its token as a Bearer token.";
    /// The session's customer was erased.
    Erased = "erased" GONE, "This conversation was erased",
        "Its customer asked to erase everything. The conversation and all that belonged to it are gone; a receipt says what went.",
        "Begin a new conversation. The detail says where the receipt is.";
    /// Nobody of the staff is signed in.
    SignedOut = "signed_out" UNAUTHORIZED, "Nobody is signed in",
        "These pages are for the people of a bank. A sign-in lasts eight hours at most, and half an hour without use; it can be ended from anywhere.",
        "Sign in with your passkey.";
    /// A passkey that is not taken.
    Passkey = "passkey" FORBIDDEN, "The passkey was not taken",
        "The attempt is over, was made before, or does not prove a passkey that somebody at this bank has.",
        "Begin again. If it happens again, ask for a new link.";
    /// The role does not allow it.
    Role = "role" FORBIDDEN, "Your role does not allow this",
        "Each person of a bank has one role, and a role may do some things and not others. Nothing was changed.",
        "Ask somebody whose role allows it.";
    /// It needs another person.
    TwoPeople = "two_people" FORBIDDEN, "This needs another person",
        "Some changes are proposed by one person and decided by another, so that nobody makes them alone. Nothing was changed.",
        "Ask another officer, or whoever runs this gateway.";
    /// An invitation that does not work any more.
    LinkOver = "link_over" GONE, "This link does not work any more",
        "A link to make a passkey works once and for 15 minutes, and a newer one takes its place.",
        "Ask for a new link.";
    /// The world changed since the page was drawn.
    Stale = "stale" CONFLICT, "It has changed meanwhile",
        "Somebody else was faster, the time was over, or it is so already. Nothing was changed.",
        "Look at it again.";
    /// The request came from another site.
    OtherSite = "other_site" FORBIDDEN, "The request came from another site",
        "Requests that change something are taken from our own pages, or with a Bearer token. This one came from somewhere else, so nothing was changed.",
        "Open the chat on this site and try there.";
    /// An event that the bank has not signed, or not now.
    Unsigned = "unsigned" FORBIDDEN, "It is not signed by the bank",
        "Events of a bank are signed with a key that only the bank and this gateway have, and are taken within five minutes of their signing. Nothing of this one was kept.",
        "Sign id, time and body as Standard Webhooks says, with the key of the endpoint that is open now, and look at the clock.";
    /// No bank of that name.
    UnknownBank = "unknown_bank" NOT_FOUND, "There is no such bank here",
        "This gateway speaks for the banks that are set up on it. The one that was asked for is not among them.",
        "Choose a bank from the list on the first page.";
    /// Nothing at that address.
    NotFound = "not_found" NOT_FOUND, "There is nothing at this address",
        "The address leads nowhere.",
        "Check the address, or start at the first page.";
    /// The bank has pulled out.
    PulledOut = "pulled_out" CONFLICT, "The bank takes no new links",
        "The bank has pulled out of this channel, or of all that could be shared here. Its reason is the detail.",
        "Use the bank's own site. Links can be made here again when the bank comes back.";
    /// The address does not take that method.
    Method = "method" METHOD_NOT_ALLOWED, "This address does not take that method",
        "The address exists but is not used that way. The header Allow says how it is.",
        "Use one of the methods that the header Allow names.";
    /// Reading the request took too long.
    Slow = "slow" REQUEST_TIMEOUT, "The request came too slowly",
        "The rest of the request did not arrive in time.",
        "Try again on a better connection.";
    /// The body is too large.
    TooLarge = "too_large" PAYLOAD_TOO_LARGE, "The request is too large",
        "Each address takes a body of a stated size. This one was larger.",
        "Send less. The detail says how much is taken.";
    /// What was asked for is on its way.
    NotYet = "not_yet" SERVICE_UNAVAILABLE, "It is not ready yet",
        "What was asked for is kept safely and is being published. It is there within seconds.",
        "Ask again after the time that the header Retry-After names.";
    /// The body is of a kind that is not taken here.
    MediaType = "media_type" UNSUPPORTED_MEDIA_TYPE, "This kind of content is not taken here",
        "The header Content-Type names a kind of content that this address does not take.",
        "Send application/json, or a form as application/x-www-form-urlencoded, in UTF-8.";
    /// The request was meant for another host.
    WrongHost = "wrong_host" MISDIRECTED_REQUEST, "This is not the address of this gateway",
        "The header Host names another host than the one that this gateway is set up for.",
        "Use the gateway's public address. Who runs it behind a proxy passes the header Host through.";
    /// A field has a value that is not taken.
    Invalid = "invalid" UNPROCESSABLE_ENTITY, "A field is not as it should be",
        "The request can be read, but a field is missing, unknown or out of bounds. The fields are named.",
        "Change the fields that are named and send the request again.";
    /// Too many requests.
    TooFast = "too_fast" TOO_MANY_REQUESTS, "That was too fast",
        "One conversation, and one address, may send so much in a time and no more. Nothing of this request was kept.",
        "Wait for the time that the header Retry-After names, then send it again.";
    /// Too many streams.
    TooManyStreams = "too_many_streams" TOO_MANY_REQUESTS, "Too many open windows",
        "A conversation may be followed in a few windows at a time, and the gateway holds a limited number of streams.",
        "Close a window with this chat, or try again later.";
    /// Something broke on our side.
    Internal = "internal" INTERNAL_SERVER_ERROR, "Something broke on our side",
        "The request was fine, and we failed. The failure is written down with the number in the header X-Request-Id.",
        "Try again. If it happens again, tell the people who run this gateway.";
    /// We cannot take it now.
    Busy = "busy" SERVICE_UNAVAILABLE, "We cannot take this right now",
        "The gateway is stopping, overloaded, or cannot reach its database. What was not acknowledged was not kept.",
        "Wait for the time that the header Retry-After names, then send it again.";
}

/// A text that names no kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of problem")]
pub struct NoSuchKind;

impl FromStr for Kind {
    type Err = NoSuchKind;
    fn from_str(name: &str) -> Result<Self, NoSuchKind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name).ok_or(NoSuchKind)
    }
}

impl Kind {
    /// A problem of this kind, this time.
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { kind: self, detail: detail.into(), fields: vec![], retry_after_s: None, back: None }
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Problem {
        kind.because(kind.meaning())
    }
}

/// What the store says when it cannot: come back later, or it is broken. Its own words go to the log.
impl From<DbError> for Problem {
    fn from(fault: DbError) -> Problem {
        use DbError as D;
        match fault {
            D::NoKey { .. } => Kind::Erased.because("This conversation was erased."),
            D::Busy { .. } | D::Contended { .. } => Kind::Busy.because("The store is busy.").after(1),
            D::Unreachable { .. } | D::Closed | D::LogBehind { .. } => {
                Kind::Busy.because("The store does not answer.").after(5)
            }
            fault => {
                tracing::error!(%fault, "the store failed");
                Kind::Internal.because("The store failed.")
            }
        }
    }
}

/// One field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldFault {
    /// The field, or the parameter of the address.
    #[schema(example = "text")]
    pub name: String,
    /// What is wrong with it, with the limit.
    #[schema(example = "the message has 10000 characters; at most 2000 are taken")]
    pub detail: String,
}

/// A problem, as it happened this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: Kind,
    /// What was the matter this time.
    pub detail: Cow<'static, str>,
    /// The fields that were the matter.
    pub fields: Vec<FieldFault>,
    /// Seconds to wait before trying again.
    pub retry_after_s: Option<u64>,
    /// Where a person goes from here, and what stands on that button. Programs are not told.
    pub back: Option<(String, &'static str)>,
}

impl Problem {
    /// Names a field that is the matter.
    pub fn field(mut self, name: impl Into<String>, detail: impl Into<String>) -> Problem {
        self.fields.push(FieldFault { name: name.into(), detail: detail.into() });
        self
    }

    /// One field is the matter.
    pub fn of_field(name: &str, detail: impl Into<String>) -> Problem {
        let detail = detail.into();
        Kind::Invalid.because(format!("{name}: {detail}")).field(name, detail)
    }

    /// Says when to try again.
    pub fn after(mut self, seconds: u64) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Says where a person goes from here.
    pub fn back_to(mut self, href: impl Into<String>, words: &'static str) -> Problem {
        self.back = Some((href.into(), words));
        self
    }

    /// The document that programs read.
    pub fn document(&self) -> Document {
        Document {
            kind: format!("/problems/{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone().into_owned(),
            remedy: self.kind.remedy(),
            fields: self.fields.clone(),
            retry_after_s: self.retry_after_s,
        }
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// Which kind of problem: the address of a page that explains it.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid")]
    kind: String,
    /// A short title, the same for all problems of the kind.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was the matter this time.
    detail: String,
    /// What can be done.
    remedy: &'static str,
    /// The fields that were the matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldFault>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

/// As a document; the face that people see turns it into a page (see [`super::dress`]).
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::NoSession {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"chat\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_has_an_error_status() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
        }
        assert_eq!("teapot".parse::<Kind>(), Err(NoSuchKind));
    }

    #[test]
    fn a_problem_names_its_field_and_its_page() {
        let problem = Problem::of_field("text", "the message is empty");
        let document = serde_json::to_value(problem.document()).unwrap();
        assert_eq!(document["type"], "/problems/invalid");
        assert_eq!(document["status"], 422);
        assert_eq!(document["fields"][0]["name"], "text");
    }
}
