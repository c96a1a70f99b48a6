//! `/v1/chat/{bank}/messages`: saying something, and reading what was said.

use crate::{
    http::{
        Web,
        body::{self, MAX_MESSAGE_BODY, Written},
        caller::Caller,
        guard,
        problem::{Kind, Problem},
    },
    pace::TooFast,
    room::{self, Entry, SayFault},
};
use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many messages are told at once, if nothing is said.
pub const USUAL: u32 = 50;
/// How many messages are told at once at most.
pub const MOST: u32 = 200;

/// A message to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The text. Control characters other than newline and tab are refused.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$",
        example = "What is my balance?"
    )]
    text: String,
    /// A name of this message that the sender makes. The same name again is the same message, and is stored
    /// once; so a message may be sent again when its answer was lost.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$", example = "3f0c9a5e")]
    key: String,
}

/// A message that is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Its place in the conversation.
    #[schema(minimum = 1)]
    seq: u64,
    /// Whether it had been stored before under the same key.
    repeated: bool,
    /// As it stands in the thread, secrets removed.
    entry: Entry,
}

/// Says something. It is stored durably before this answers; the reply comes over the stream.
#[utoipa::path(post, path = "/v1/chat/{bank}/messages", tag = "chat", operation_id = "say", summary = "Say something",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    request_body(content((Say = "application/json"), (Say = "application/x-www-form-urlencoded")), description = "What to say."),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "It is stored.", body = Taken),
        (status = 303, description = "It is stored; a browser that sent a form goes back to the chat."),
    ))]
pub async fn say(State(face): Web, caller: Caller, request: Request) -> Result<Response, Problem> {
    let for_our_page = request.headers().contains_key("hx-request");
    let region = guard::region(face.app.settings.region_header.as_deref(), request.headers());
    let Caller { tenant, session } = &caller;
    let home = format!("/chat/{}", tenant.id);
    let back = |problem: Problem| problem.back_to(home.clone(), "Back to the chat");
    let (say, written) = body::read::<Say>(request, MAX_MESSAGE_BODY).await.map_err(back)?;
    let said = room::say(&face.app, tenant, session, &say.text, &say.key, region).await;
    let said = said.map_err(|f| back(refused(f)))?;
    match written {
        Written::Json => {
            let taken = Taken { seq: said.seq, repeated: said.repeated, entry: said.entry };
            Ok((StatusCode::ACCEPTED, Json(taken)).into_response())
        }
        Written::Form if for_our_page => super::room::one(&face.app, &caller, &said.entry).await,
        Written::Form => Ok(Redirect::to(&format!("{home}?after={0}#m-{0}", said.seq)).into_response()),
    }
}

fn refused(fault: SayFault) -> Problem {
    match fault {
        SayFault::Empty | SayFault::TooLong { .. } | SayFault::ControlCharacters => {
            Problem::of_field("text", fault.to_string())
        }
        SayFault::BadKey => Problem::of_field("key", fault.to_string()),
        SayFault::TooFast { retry_after_s } => too_fast(TooFast { retry_after_s }),
        SayFault::Store(fault) => fault.into(),
    }
}

/// A conversation writes faster than it may.
pub fn too_fast(TooFast { retry_after_s }: TooFast) -> Problem {
    let seconds = if retry_after_s == 1 { "1 second".to_owned() } else { format!("{retry_after_s} seconds") };
    Kind::TooFast
        .because(format!("So many messages came at once that this one was not taken. Wait {seconds}."))
        .after(retry_after_s)
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those after this one, beginning with the oldest.
    #[param(maximum = 9007199254740991u64, example = 0)]
    after: Option<u64>,
    /// Only those before this one; without `after`, the nearest ones.
    #[param(maximum = 9007199254740991u64)]
    before: Option<u64>,
    /// How many, at most 200; 50 if not said.
    #[param(minimum = 1, maximum = 200, example = 50)]
    limit: Option<u32>,
}

/// A part of the conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Messages {
    /// Oldest first.
    messages: Vec<Entry>,
}

/// Tells what was said: the newest, those after one, or those before one; always oldest first.
#[utoipa::path(get, path = "/v1/chat/{bank}/messages", tag = "chat", operation_id = "list_messages", summary = "Read what was said",
    params(("bank" = String, Path, description = "The bank", example = "harbour"), Which),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The messages.", body = Messages),
    ))]
pub async fn list(State(face): Web, caller: Caller, uri: Uri) -> Result<Json<Messages>, Problem> {
    let which: Which = body::query(&uri)?;
    let limit = body::within("limit", which.limit, USUAL, MOST)?;
    let (app, session) = (&face.app, &caller.session);
    let messages = match (body::place("after", which.after)?, body::place("before", which.before)?) {
        (Some(after), before) => {
            let mut messages = room::thread(app, session, after, limit).await?;
            messages.retain(|message| before.is_none_or(|before| message.seq < before));
            messages
        }
        (None, Some(before)) => room::before(app, session, before, limit).await?,
        (None, None) => room::latest(app, session, limit).await?,
    };
    Ok(Json(Messages { messages }))
}
