//! `/chat/{bank}`: the page on which people talk.

use crate::{
    app::App,
    http::{
        Web, body,
        caller::{AtBank, Caller, cookie, cookie_name, set_cookie},
        erased,
        problem::{Kind, Problem},
        view::{Brand, Page, draw, thread},
    },
    rim,
    room::{self, Entry, Words},
    session::Session,
    tenant::Tenant,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// How many messages a page shows at first, and how many more each time.
const SHOWN: u32 = 50;
/// How long a page without scripts waits for the answer to the question that it just sent.
const WAITS: Duration = Duration::from_secs(2);
/// How often it looks without a bell, in case another process stored the answer.
const LOOKS: Duration = Duration::from_millis(500);

/// Which part of the conversation. Other parameters are nothing to us: people come by all kinds of links.
#[derive(Debug, Default, Deserialize)]
struct Part {
    before: Option<u64>,
}

/// `GET /chat/{bank}`: begins a session if there is none, and shows the conversation. After a question
/// without scripts, it waits a little for the answer.
pub async fn page(
    State(face): Web,
    AtBank(tenant): AtBank,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let app = &face.app;
    let part: Part = body::query(&uri).unwrap_or_default();
    let (session, begun) = session(app, &tenant, &headers);
    if app.erasures.forgotten.contains(&session.bank, &session.customer) {
        return Ok(erased::leave(app, &session));
    }
    let entries = match part.before {
        Some(before) => room::before(app, &session, before, SHOWN).await?,
        None => newest(app, &session).await?,
    };
    let page = draw_room(app, &tenant, &session, &entries).await?;
    Ok((begun.map(|c| [(header::SET_COOKIE, c)]), Page(page)).into_response())
}

/// The session of this browser, or a new one and its cookie.
fn session(app: &App, tenant: &Tenant, headers: &HeaderMap) -> (Session, Option<HeaderValue>) {
    let (name, now) = (cookie_name(&tenant.id), app.clock.now());
    let kept = cookie(headers, &name).and_then(|token| app.sessions.check(&tenant.id, token, now).ok());
    match kept {
        Some(session) => (session, None),
        None => {
            let (session, token) = app.sessions.issue(&tenant.id, now);
            let lasts = session.expires_at.duration_since(now).as_secs();
            (session, set_cookie(&name, &token, lasts))
        }
    }
}

/// The newest messages; if the last is a question, its answer gets a moment to come.
async fn newest(app: &App, session: &Session) -> Result<Vec<Entry>, Problem> {
    let mut bell = app.bells.subscribe(&session.conversation);
    let wait = tokio::time::sleep(WAITS);
    tokio::pin!(wait);
    loop {
        bell.borrow_and_update();
        let entries = room::latest(app, session, SHOWN).await?;
        if !is_asking(&entries) {
            return Ok(entries);
        }
        tokio::select! {
            _ = bell.changed() => {}
            () = tokio::time::sleep(LOOKS) => {}
            () = &mut wait => return Ok(entries),
        }
    }
}

fn is_asking(entries: &[Entry]) -> bool {
    entries.last().is_some_and(|entry| matches!(entry.words, Words::Customer { .. }))
}

async fn draw_room(
    app: &App,
    tenant: &Tenant,
    session: &Session,
    entries: &[Entry],
) -> Result<thread::Room, Problem> {
    let standing = room::standing(app, session).await?;
    let brand = Brand::from(tenant);
    let linked = standing.linked.is_some();
    Ok(thread::Room {
        standing: thread::standing_words(&standing, &tenant.zone),
        linked,
        top: draw_top(tenant, &brand, entries, linked)?,
        items: draw_items(tenant, &brand, app.clock.now(), None, entries)?,
        last: entries.last().map_or(0, |entry| entry.seq),
        key: fresh_key(),
        answering: is_asking(entries),
        brand,
    })
}

fn draw_top(tenant: &Tenant, brand: &Brand, entries: &[Entry], linked: bool) -> Result<String, Problem> {
    let older = entries.first().map(|entry| entry.seq).filter(|seq| *seq > 1);
    let says_no = thread::says_no(&tenant.says_no);
    Ok(draw(&thread::Top { brand, older, can: &tenant.can, says_no, linked, fresh: entries.is_empty() })?)
}

/// Draws messages; each that is the first of its day says which day it is.
pub fn draw_items(
    tenant: &Tenant,
    bank: &Brand,
    now: Timestamp,
    previous: Option<&Entry>,
    entries: &[Entry],
) -> Result<Vec<String>, Problem> {
    let zone = &tenant.zone;
    let day = |entry: &Entry| entry.at.to_zoned(zone.clone()).date();
    let before = std::iter::once(previous).chain(entries.iter().map(Some));
    let drawn = entries.iter().zip(before).map(|(entry, before)| {
        let new_day = before.is_none_or(|before| day(before) != day(entry));
        draw(&thread::Item { bank, zone, now, entry, new_day })
    });
    Ok(drawn.collect::<Result<_, _>>()?)
}

/// One message as our page takes it, with its day if it is the first of it.
pub async fn one(app: &App, caller: &Caller, entry: &Entry) -> Result<Response, Problem> {
    let previous = room::before(app, &caller.session, entry.seq, 1).await?.pop();
    let brand = Brand::from(&*caller.tenant);
    let only = std::slice::from_ref(entry);
    let drawn = draw_items(&caller.tenant, &brand, app.clock.now(), previous.as_ref(), only)?;
    Ok(Html(drawn.concat()).into_response())
}

/// `GET /chat/{bank}/older?before=`: messages before one, for our page. That one comes along, since it is
/// no longer the first of its day.
pub async fn older(State(face): Web, caller: Caller, uri: Uri) -> Result<Html<String>, Problem> {
    let part: Part = body::query(&uri)?;
    let before = body::place("before", part.before)?.ok_or(Problem::of_field("before", "it is missing"))?;
    let (app, Caller { tenant, session }) = (&face.app, &caller);
    let mut entries = room::before(app, session, before, SHOWN).await?;
    let linked = room::standing(app, session).await?.linked.is_some();
    let brand = Brand::from(&**tenant);
    let top = draw_top(tenant, &brand, &entries, linked)?;
    entries.extend(room::thread(app, session, before.saturating_sub(1), 1).await?);
    let items = draw_items(tenant, &brand, app.clock.now(), None, &entries)?;
    Ok(Html(top + &items.concat()))
}

/// A key for a message that a page without scripts will send.
fn fresh_key() -> String {
    rim::random::<16>().iter().map(|b| format!("{b:02x}")).collect()
}

impl From<askama::Error> for Problem {
    fn from(fault: askama::Error) -> Problem {
        tracing::error!(%fault, "a page could not be drawn");
        Kind::Internal.because("The page could not be drawn.")
    }
}
