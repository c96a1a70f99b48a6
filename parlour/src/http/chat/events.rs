//! `GET /v1/chat/{bank}/events`: the conversation as it goes on.
//!
//! The bell only wakes; what is sent is what the store holds after the last message that this stream sent.
//! So nothing is lost or doubled, whichever process stored it and whenever this one was started again.

use super::{about::StandingNow, room::draw_items};
use crate::{
    app::App,
    bells::Ring,
    http::{
        Web, body,
        caller::Caller,
        problem::{Kind, Problem},
        streams::Open,
        view::Brand,
    },
    room::{self, Entry},
    session::Session,
    tenant::Tenant,
};
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use utoipa::IntoParams;

/// How often a stream looks without a bell, in case another process stored something.
const LOOKS: Duration = Duration::from_secs(5);
/// How often a silent stream says that it lives; less than what proxies cut at (30 to 60 seconds).
const BEATS: Duration = Duration::from_secs(15);
/// How many messages are read at once.
const BATCH: u32 = 100;
/// How many events wait for a slow reader before we wait for it.
const AHEAD: usize = 16;
/// Seconds after which a browser comes back when we are stopping.
const AGAIN_AFTER_S: u64 = 1;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// As [`Entry`].
    #[default]
    Json,
    /// As our own page shows them.
    Html,
}

/// From where, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// Only messages after this one. The header `Last-Event-ID` goes before it.
    #[param(maximum = 9007199254740991u64, example = 0)]
    after: Option<u64>,
    /// `json` (if nothing is said) or `html`, the form of our own page.
    #[serde(rename = "as", default)]
    #[param(inline, rename = "as", value_type = Option<String>, pattern = "^(json|html)$", example = "json")]
    form: Form,
}

/// Follows the conversation. A message is an unnamed event whose id is its place; `typing` says `1` or `0`;
/// `standing` says how the conversation stands, at first and when that changes; `over` ends a session.
#[utoipa::path(get, path = "/v1/chat/{bank}/events", tag = "chat", operation_id = "follow", summary = "Follow the conversation",
    params(("bank" = String, Path, description = "The bank", example = "harbour"), From,
        ("Last-Event-ID" = Option<u64>, Header, maximum = 9007199254740991u64, description = "The last message that was received.")),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A stream that ends when the gateway stops.", body = String, content_type = "text/event-stream"),
    ))]
pub async fn follow(
    State(face): Web,
    caller: Result<Caller, Problem>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let from: From = body::query(&uri)?;
    let caller = match caller {
        Err(problem) if matches!(problem.kind, Kind::NoSession | Kind::Erased) && from.form == Form::Html => {
            return Ok(over());
        }
        caller => caller?,
    };
    let last = last_event(&headers)?.or(body::place("after", from.after)?).unwrap_or(0);
    if *face.app.stop.borrow() {
        return Err(Kind::Busy.because("The gateway is stopping.").after(AGAIN_AFTER_S));
    }
    let open = face.streams.open(&caller.session.conversation)?;
    let (events, stream) = mpsc::channel(AHEAD);
    let following = Following {
        app: face.app.clone(),
        brand: Brand::from(&*caller.tenant),
        tenant: caller.tenant,
        session: caller.session,
        form: from.form,
        last,
        previous: None,
        standing: None,
        typing: false,
        events,
        _open: open,
    };
    tokio::spawn(following.run());
    let stream = ReceiverStream::new(stream).map(Ok::<_, Infallible>);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(BEATS)).into_response())
}

/// A stream that says only that the session is over, so that our page does not ask again and again.
fn over() -> Response {
    Sse::new(tokio_stream::once(Ok::<_, Infallible>(Event::default().event("over").data("1"))))
        .into_response()
}

fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(seq) if seq <= body::MAX_PLACE => Ok(Some(seq)),
        _ => Err(Problem::of_field("Last-Event-ID", "it is not the id of a message of this stream")),
    }
}

/// Why a stream ends. None of these is a failure of the conversation: the reader comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// The reader left.
    ReaderLeft,
    /// The store does not answer, or a message could not be drawn.
    Failed,
}

/// One reader who follows a conversation.
struct Following {
    app: Arc<App>,
    tenant: Arc<Tenant>,
    brand: Brand,
    session: Session,
    form: Form,
    /// The last message that was sent.
    last: u64,
    /// The message before the next one, to know whether a new day begins.
    previous: Option<Entry>,
    standing: Option<StandingNow>,
    typing: bool,
    events: mpsc::Sender<Event>,
    _open: Open,
}

impl Following {
    async fn run(mut self) {
        let mut stop = self.app.stop.clone();
        let mut bell = self.app.bells.subscribe(&self.session.conversation);
        loop {
            let ring = *bell.borrow_and_update();
            let told = tokio::select! {
                told = self.tell(ring) => told,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            if told.is_err() {
                return;
            }
            if self.session.expires_at <= self.app.clock.now() || self.is_erased() {
                self.send(Event::default().event("over").data("1")).await.ok();
                return;
            }
            if !self.wait(&mut bell, &mut stop).await {
                return;
            }
        }
    }

    fn is_erased(&self) -> bool {
        self.app.erasures.forgotten.contains(&self.session.bank, &self.session.customer)
    }

    /// Waits until there may be something to tell; false when there never will be.
    async fn wait(&self, bell: &mut watch::Receiver<Ring>, stop: &mut watch::Receiver<bool>) -> bool {
        tokio::select! {
            rung = bell.changed() => rung.is_ok(),
            () = tokio::time::sleep(LOOKS) => true,
            _ = stop.wait_for(|stop| *stop) => false,
            () = self.events.closed() => false,
        }
    }

    async fn tell(&mut self, ring: Ring) -> Result<(), Ends> {
        self.tell_messages().await?;
        self.tell_standing().await?;
        if ring.typing != self.typing {
            self.typing = ring.typing;
            self.send(Event::default().event("typing").data(if ring.typing { "1" } else { "0" })).await?;
        }
        Ok(())
    }

    async fn tell_messages(&mut self) -> Result<(), Ends> {
        loop {
            let batch = room::thread(&self.app, &self.session, self.last, BATCH).await.map_err(failed)?;
            let whole = batch.len() == BATCH as usize;
            for entry in batch {
                let data = self.write(&entry).await?;
                let event = Event::default().id(entry.seq.to_string()).data(data);
                self.send(event).await?;
                self.last = entry.seq;
                self.previous = Some(entry);
            }
            if !whole {
                return Ok(());
            }
        }
    }

    async fn write(&mut self, entry: &Entry) -> Result<String, Ends> {
        if self.form == Form::Json {
            return serde_json::to_string(entry).map_err(failed);
        }
        if self.previous.is_none() {
            self.previous = room::before(&self.app, &self.session, entry.seq, 1).await.map_err(failed)?.pop();
        }
        let (now, one) = (self.app.clock.now(), std::slice::from_ref(entry));
        let drawn = draw_items(&self.tenant, &self.brand, now, self.previous.as_ref(), one);
        drawn.map(|items| items.concat()).map_err(|problem| failed(problem.detail))
    }

    async fn tell_standing(&mut self) -> Result<(), Ends> {
        let standing = room::standing(&self.app, &self.session).await.map_err(failed)?;
        let standing = StandingNow::of(&standing, &self.tenant);
        if self.standing.as_ref() != Some(&standing) {
            let data = serde_json::to_string(&standing).map_err(failed)?;
            self.send(Event::default().event("standing").data(data)).await?;
            self.standing = Some(standing);
        }
        Ok(())
    }

    async fn send(&self, event: Event) -> Result<(), Ends> {
        self.events.send(event).await.map_err(|_| Ends::ReaderLeft)
    }
}

fn failed(fault: impl std::fmt::Display) -> Ends {
    tracing::warn!(%fault, "a stream ended early; its reader comes back");
    Ends::Failed
}
