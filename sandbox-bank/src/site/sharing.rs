//! What the customer shares with whom, and stopping it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    page::{Frame, PageResult, note, page},
    visit::{Member, Sent},
    words,
};
use crate::{
    consents::{self, Consent, Ending, Initiator, Reason, Status},
    db::DbFault,
    house::{House, Shared},
    ledger,
};

struct ConsentRow {
    id: String,
    client: String,
    standing: String,
    active: bool,
    since: String,
    lines: Vec<String>,
    deeds: Vec<&'static str>,
    accounts: Vec<String>,
}

impl ConsentRow {
    fn of(consent: &Consent, accounts: &[ledger::Account]) -> Self {
        let name = |a: &ledger::Account| format!("{} ··{}", a.name, a.number_display);
        Self {
            id: consent.id.clone(),
            client: consent.client_name.clone(),
            standing: words::standing(consent),
            active: consent.status == Status::Active,
            since: words::day(consent.created_at),
            lines: words::asked_for(&consent.request),
            deeds: words::deeds(&consent.request),
            accounts: accounts.iter().filter(|a| consent.accounts.contains(&a.id)).map(name).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "sharing.html")]
struct SharingPage {
    frame: Frame,
    consents: Vec<ConsentRow>,
}

/// The list of consents.
pub(super) async fn list(State(house): State<Shared>, member: Member) -> PageResult {
    let (customer, now) = (member.customer.id.clone(), house.clock.now());
    let (consents, accounts) = house
        .db
        .transact(move |tx| {
            let consents = consents::of_customer(tx, &customer, now)?;
            Ok::<_, DbFault>((consents, ledger::accounts(tx, &customer)?))
        })
        .await?;
    let consents = consents.iter().map(|consent| ConsentRow::of(consent, &accounts)).collect();
    let frame = Frame::new(&house, Some(&member.session), "sharing");
    Ok(page(StatusCode::OK, &SharingPage { frame, consents }))
}

#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage {
    frame: Frame,
    consent: ConsentRow,
}

fn unknown(house: &House) -> Response {
    let text = "You share nothing under this address. It may belong to somebody else.";
    note(house, StatusCode::NOT_FOUND, "Nothing shared here", text)
}

/// Asks whether to stop a consent.
pub(super) async fn ask(State(house): State<Shared>, member: Member, Path(id): Path<String>) -> PageResult {
    let (customer, now) = (member.customer.id.clone(), house.clock.now());
    let (consent, accounts) = house
        .db
        .transact(move |tx| {
            let consent = consents::find(tx, &customer, &id, now)?;
            Ok::<_, DbFault>((consent, ledger::accounts(tx, &customer)?))
        })
        .await?;
    let Some(consent) = consent else { return Ok(unknown(&house)) };
    let consent = ConsentRow::of(&consent, &accounts);
    let frame = Frame::new(&house, Some(&member.session), "sharing");
    Ok(page(StatusCode::OK, &StopPage { frame, consent }))
}

/// Stops a consent: from the next moment on its tokens open nothing.
pub(super) async fn stop(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    let Some(customer) = sent.session.customer else { return Ok(Redirect::to("/").into_response()) };
    let now = house.clock.now();
    let ending = Ending { at: now, reason: Reason::UserAction, initiator: Initiator::Individual };
    let found = house
        .db
        .transact(move |tx| {
            let Some(consent) = consents::find(tx, &customer.id, &id, now)? else { return Ok(false) };
            consents::end(tx, &consent.id, ending)?;
            Ok::<_, DbFault>(true)
        })
        .await?;
    if found { Ok(Redirect::to("/sharing").into_response()) } else { Ok(unknown(&house)) }
}
