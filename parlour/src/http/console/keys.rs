//! One's own passkeys and sign-ins.

use super::{
    MAX_BODY,
    caller::Staffer,
    list::minute,
    sign_in::{self, Made},
};
use crate::{
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Keys, Look, Table},
        },
    },
    staff::{ceremony, sign_ins},
};
use axum::{
    Json,
    extract::{Path, Request, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use domain::BankId;
use serde_json::json;
use store::{
    DbError,
    staff::{passkeys, sessions},
};

/// `GET /console/{bank}/keys`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<Keys>, Problem> {
    let (person, now) = (me.who.person.clone(), face.app.clock.now());
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        let keys = passkeys::of_person(tx, &person.bank, &person.id)?;
        Ok((keys, sessions::of_person(tx, &person.bank, &person.id, now)?))
    });
    let (keys, sign_ins) = read.await?;
    let mut passkeys =
        Table::new("Passkeys", &["Name", "Made", "Last used", "Remove"], "You have no passkey.");
    passkeys.rows = keys
        .iter()
        .map(|key| {
            let remove = Cell::post("Remove", me.at(&format!("/keys/{}/remove", key.id)));
            vec![
                Cell::plain(key.label.clone()),
                Cell::plain(minute(&me.tenant, key.made_at)),
                Cell::plain(key.used_at.map_or("never".to_owned(), |at| minute(&me.tenant, at))),
                if keys.len() > 1 { remove } else { Cell::plain("the last one stays") },
            ]
        })
        .collect();
    let columns = ["Browser", "Signed in", "Last used", "Ends at the latest", "End"];
    let mut table = Table::new("Where you are signed in", &columns, "You are signed in nowhere.");
    table.rows = sign_ins
        .iter()
        .map(|session| {
            let here = session.id == me.who.session.id;
            let end = Cell::post("Sign out", me.at(&format!("/sign-ins/{}/end", session.id)));
            vec![
                Cell::plain(session.browser.clone()),
                Cell::plain(minute(&me.tenant, session.made_at)),
                Cell::plain(minute(&me.tenant, session.seen_at)),
                Cell::plain(minute(&me.tenant, session.expires_at)),
                if here { Cell::of("this browser", Look::Good) } else { end },
            ]
        })
        .collect();
    Ok(Page(Keys {
        frame: me.frame("My passkeys", "/keys"),
        passkeys,
        sign_ins: table,
        action: me.at("/keys"),
        end_all: me.at("/sign-ins/end-all"),
    }))
}

/// `POST /console/{bank}/keys/begin`
pub async fn begin(State(face): Web, me: Staffer) -> Result<Response, Problem> {
    let begun = ceremony::begin_another(&face.app, &me.who, &me.tenant.name).await;
    begun.map(|c| sign_in::challenge(&me.tenant, c)).map_err(|fault| me.fault(fault))
}

/// `POST /console/{bank}/keys/finish`
pub async fn finish(
    State(face): Web,
    me: Staffer,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let cookie = sign_in::begun(&me.tenant, &headers)?;
    let (made, _) = body::read::<Made>(request, MAX_BODY).await?;
    let done = ceremony::finish_another(&face.app, &me.who, cookie, &made.answer, &made.label).await;
    done.map_err(|fault| me.fault(fault))?;
    Ok(Json(json!({ "to": me.at("/keys") })).into_response())
}

/// `POST /console/{bank}/keys/{id}/remove`
pub async fn remove(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    sign_ins::remove_passkey(&face.app, &me.who, &id).await.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at("/keys")))
}

/// `POST /console/{bank}/sign-ins/{id}/end`
pub async fn end(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    let id = id.parse().map_err(|_| Kind::NotFound.because("There is no such sign-in here."))?;
    sign_ins::end(&face.app, &me.who, &id).await.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at("/keys")))
}

/// `POST /console/{bank}/sign-ins/end-all`
pub async fn end_all(State(face): Web, me: Staffer) -> Result<Response, Problem> {
    sign_ins::end_all(&face.app, &me.who).await.map_err(|fault| me.fault(fault))?;
    Ok(sign_in::out(&me.tenant))
}
