//! `POST /card-events/{bank}`: what a bank tells of card payments, one by one or as a file; each is answered with what was
//! decided about it.

use super::{
    Web, body,
    problem::{Kind, Problem},
};
use crate::{
    alerts::{
        decision::{Action, Decision},
        engine::{EngineFault, Taken},
        intake::{self, Refused},
        wire::Written,
    },
    notice,
};
use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    http::HeaderMap,
};
use banks::Received;
use serde::Serialize;
use utoipa::ToSchema;

/// The largest event, in bytes. One takes about a thousand.
pub const MAX_EVENT: usize = 16 * 1024;
/// The largest file, in bytes: as many events as are taken at once, of 800 bytes each.
pub const MAX_FILE: usize = 8 * 1024 * 1024;

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardEventsTaken)]
pub struct TakenFile {
    /// How many events are new.
    taken: usize,
    /// How many had come before.
    repeated: usize,
    /// How many of the new ones look like fraud.
    alerts: usize,
}

/// Takes a card event that the bank has signed, stores it, and answers with what was decided. The same event again is answered
/// in the same way and does nothing.
#[utoipa::path(post, path = "/card-events/{bank}", tag = "banks", operation_id = "take_card_event",
    summary = "Take a card payment of a bank, and judge it",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("webhook-id" = String, Header, description = "The id of the event: the same when it is sent again"),
        ("webhook-timestamp" = String, Header, description = "When it was signed, in seconds since 1970; at most five minutes from now"),
        ("webhook-signature" = String, Header, description = "`v1,` and HMAC-SHA256 over id, time and body with points between them, in base64; several with spaces between them"),
    ),
    request_body(content = Written, description = "At most 16 KB"),
    responses(
        (status = 200, description = "It is stored, or was before. What was decided.", body = Decision),
    ))]
pub async fn take(
    State(face): Web,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<Decision>, Problem> {
    let tenant = face.app.tenant(&bank(path)?).ok_or_else(unknown)?;
    let signed = Signed::of(request.headers());
    let bytes = body::raw(request, MAX_EVENT).await?;
    let message = signed.message(&bytes)?;
    let Taken { decision, .. } = intake::take_one(&face.app, &tenant, &message).await.map_err(problem)?;
    Ok(Json(decision))
}

/// Takes a file of card events, one JSON object a line: all of it or nothing. Each line has an `id` of its own.
#[utoipa::path(post, path = "/card-events/{bank}/bulk", tag = "banks", operation_id = "take_card_events",
    summary = "Take a file of card payments of a bank",
    params(
        ("bank" = String, Path, description = "The bank", example = "harbour"),
        ("webhook-id" = String, Header, description = "The id of the file"),
        ("webhook-timestamp" = String, Header, description = "When it was signed, in seconds since 1970; at most five minutes from now"),
        ("webhook-signature" = String, Header, description = "As of one event"),
    ),
    request_body(content = String, content_type = "application/x-ndjson", description = "At most 8 MB and 10,000 lines, each a card event with its `id`"),
    responses(
        (status = 200, description = "All are stored.", body = TakenFile),
    ))]
pub async fn take_file(
    State(face): Web,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<TakenFile>, Problem> {
    let tenant = face.app.tenant(&bank(path)?).ok_or_else(unknown)?;
    let signed = Signed::of(request.headers());
    let bytes = body::lines(request, MAX_FILE).await?;
    let message = signed.message(&bytes)?;
    let taken = intake::take_file(&face.app, &tenant, &message).await.map_err(problem)?;
    let (mut fresh, mut alerts) = (0, 0);
    for one in taken.iter().filter(|one| !one.repeated) {
        fresh += 1;
        alerts += usize::from(one.decision.action != Action::None);
    }
    Ok(Json(TakenFile { taken: fresh, repeated: taken.len() - fresh, alerts }))
}

fn bank(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.map(|Path(bank)| bank).map_err(|_| Kind::Malformed.because("The address cannot be decoded."))
}

fn unknown() -> Problem {
    Kind::UnknownBank.because("No bank of this name is here.")
}

/// The headers of Standard Webhooks.
struct Signed {
    id: Option<String>,
    at: Option<String>,
    signatures: Option<String>,
}

impl Signed {
    fn of(headers: &HeaderMap) -> Signed {
        let one = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Signed { id: one("webhook-id"), at: one("webhook-timestamp"), signatures: one("webhook-signature") }
    }

    fn message<'a>(&'a self, body: &'a [u8]) -> Result<Received<'a>, Problem> {
        Received::new(self.id.as_deref(), self.at.as_deref(), self.signatures.as_deref(), body)
            .map_err(|unsigned| problem(Refused::Unsigned(unsigned)))
    }
}

fn problem(refused: Refused) -> Problem {
    let detail = format!("{}.", notice::capital(&refused.to_string()));
    match refused {
        Refused::NotExpected => Kind::NotFound.because(detail),
        Refused::Unsigned(_) => Kind::Unsigned.because(detail),
        Refused::Unreadable { line, field: Some(field), what } => {
            let field = line.map_or_else(|| field.clone(), |line| format!("line {line}, {field}"));
            Kind::Invalid.because(detail).field(field, what)
        }
        Refused::Unreadable { .. } => Kind::Invalid.because(detail),
        Refused::TooMany => Kind::TooLarge.because(detail),
        Refused::Engine(EngineFault::Store(fault)) => fault.into(),
        Refused::Engine(EngineFault::NotHere) => Kind::NotFound.because(detail),
        Refused::Engine(_) => Kind::Busy.because(detail).after(1),
    }
}
