//! The people of a bank: who they are, inviting, removing.

use super::{
    MAX_BODY,
    caller::Staffer,
    list::{self, Format, minute},
};
use crate::{
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Invited as InvitedPage, Look, PersonPage, Staff, Table},
        },
    },
    staff::{
        By,
        invitation::{self, Invited},
    },
};
use axum::{
    extract::{Path, Request, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    BankId, StaffId,
    staff::{Act, Role, StaffState},
};
use serde::Deserialize;
use store::{
    DbError,
    staff::{self as stored, Person, passkeys},
};

/// How the list is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    format: Option<String>,
}

/// Whom to invite.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    name: String,
    role: Role,
}

/// `GET /console/{bank}/staff`
pub async fn page(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Look)?;
    let wanted: Wanted = body::query(&uri)?;
    let bank = me.tenant.id.clone();
    let people = face.app.store.read(move |tx| stored::of_bank(tx, &bank)).await?;
    let mut table = Table::new("People", &["Name", "Role", "Access", "Invited"], "Nobody was invited yet.");
    table.rows = people.iter().map(|person| row(&me, person)).collect();
    if Format::read(wanted.format.as_deref())? == Format::Csv {
        return Ok(list::csv(&me.tenant, "staff", &table));
    }
    table.files = vec![(me.at("/staff?format=csv"), "CSV")];
    let invite = me.who.person.role.may(Act::Invite).then(|| me.at("/staff"));
    let frame = me.frame(format!("{}: staff", me.tenant.name), "/staff");
    Ok(Page(Staff { frame, people: table, invite }).into_response())
}

fn row(me: &Staffer, person: &Person) -> Vec<Cell> {
    vec![
        Cell::plain(person.name.clone()).to(me.at(&format!("/staff/{}", person.id))),
        Cell::plain(person.role.in_words()),
        access(person.state),
        Cell::plain(minute(&me.tenant, person.made_at)),
    ]
}

fn access(state: StaffState) -> Cell {
    match state {
        StaffState::Active => Cell::of("has a passkey", Look::Good),
        StaffState::Invited => Cell::of("invited, no passkey yet", Look::Care),
        StaffState::Removed => Cell::of("removed", Look::Bad),
    }
}

/// `POST /console/{bank}/staff`
pub async fn invite(State(face): Web, me: Staffer, request: Request) -> Result<Page<InvitedPage>, Problem> {
    me.must(Act::Invite)?;
    let (new, _) = body::read::<NewPerson>(request, MAX_BODY).await?;
    let (app, by) = (&face.app, By::Person(me.who.person.id.clone()));
    let (store, url, now) = (&app.store, &app.settings.public_url, app.clock.now());
    let invited = invitation::invite(store, url, &me.tenant.id, &new.name, new.role, by, now).await;
    Ok(shown_once(&me, invited.map_err(|fault| me.fault(fault))?))
}

fn shown_once(me: &Staffer, invited: Invited) -> Page<InvitedPage> {
    Page(InvitedPage {
        frame: me.frame(format!("{} is invited", invited.person.name), "/staff"),
        name: invited.person.name,
        link: invited.link.to_string(),
        until: minute(&me.tenant, invited.until),
        back: me.at("/staff"),
    })
}

fn unknown(me: &Staffer) -> Problem {
    Kind::NotFound.because("There is no such person here.").back_to(me.at("/staff"), "All people")
}

fn read_id(me: &Staffer, written: &str) -> Result<StaffId, Problem> {
    written.parse().map_err(|_| unknown(me))
}

/// `GET /console/{bank}/staff/{id}`
pub async fn person(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Page<PersonPage>, Problem> {
    me.must(Act::Look)?;
    let (bank, id) = (me.tenant.id.clone(), read_id(&me, &id)?);
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        let Some(person) = stored::find(tx, &bank, &id)? else { return Ok(None) };
        let keys = passkeys::of_person(tx, &bank, &id)?;
        Ok(Some((person, keys)))
    });
    let (person, keys) = read.await?.ok_or_else(|| unknown(&me))?;
    let used = keys.iter().filter_map(|key| key.used_at).max();
    let facts = vec![
        ("Role", person.role.in_words().to_owned()),
        ("Access", access(person.state).text),
        ("Invited", minute(&me.tenant, person.made_at)),
        ("Passkeys", keys.len().to_string()),
        ("Last used", used.map_or("never".to_owned(), |at| minute(&me.tenant, at))),
    ];
    let here = person.state != StaffState::Removed;
    let manages = me.who.person.role.may(Act::Invite) && here;
    let officer = person.role == Role::Officer;
    let cannot = match (manages, person.role.takes_part()) {
        (false, _) => None,
        (true, true) => Some(
            "Whoever proposes or decides gets links from the operator, with `parlour staff link`: nobody here could then be two people.",
        ),
        (true, false) => None,
    };
    Ok(Page(PersonPage {
        frame: me.frame(person.name.clone(), "/staff"),
        href: me.at(&format!("/staff/{}", person.id)),
        facts,
        renew: manages && !person.role.takes_part(),
        remove: manages && !officer,
        propose: (manages && officer).then(|| (me.at("/proposals"), person.id.to_string())),
        cannot,
    }))
}

/// `POST /console/{bank}/staff/{id}/link`
pub async fn renew(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Page<InvitedPage>, Problem> {
    me.must(Act::Invite)?;
    let id = read_id(&me, &id)?;
    let (app, by) = (&face.app, By::Person(me.who.person.id.clone()));
    let (store, url, now) = (&app.store, &app.settings.public_url, app.clock.now());
    let invited = invitation::renew(store, url, &me.tenant.id, &id, by, now).await;
    Ok(shown_once(&me, invited.map_err(|fault| me.fault(fault))?))
}

/// `POST /console/{bank}/staff/{id}/remove`
pub async fn remove(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    me.must(Act::Invite)?;
    let id = read_id(&me, &id)?;
    let by = By::Person(me.who.person.id.clone());
    let removed = invitation::remove(&face.app.store, &me.tenant.id, &id, by, face.app.clock.now()).await;
    removed.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at("/staff")))
}
