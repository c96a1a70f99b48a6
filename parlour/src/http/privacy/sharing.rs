//! What is shared, and everything about one consent.

use super::{Visitor, sign_in::leads_to};
use crate::{
    consents::{self, Whole},
    http::{
        Face, Web,
        problem::{Kind, Problem},
        view::{
            Page,
            privacy::{Event, One, Overview, Part, Share},
        },
    },
    linking::{self, offer::count},
    notice, privacy, when,
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{Consent, ConsentEvent, ConsentId, ConsentState, How};
use jiff::{Timestamp, tz::TimeZone};
use store::{DbError, bank_tasks::TaskState, consent_events::Told};

/// `GET /privacy/{bank}`
pub async fn page(State(face): Web, visitor: Visitor) -> Result<impl IntoResponse, Problem> {
    let found = privacy::sharing(&face.app, &visitor.session).await?;
    let now = face.app.clock.now();
    let share = |whole: &Whole| share(whole, &visitor, now);
    // Somebody whose chat shares nothing may be looking for another one.
    let offer = visitor.person.is_none() && found.open.is_empty() && !found.waiting;
    let answer_here = found.waiting && can_answer(&face, &visitor, now).await?;
    let sign_in = offer && visitor.tenant.offers_sign_in().await;
    let page = Page(Overview {
        brand: visitor.brand(),
        place: visitor.place(Part::Sharing),
        sign_in,
        open: found.open.iter().map(share).collect(),
        earlier: found.earlier.iter().map(share).collect(),
        more: found.more,
        waiting: found.waiting,
        answer_here,
    });
    Ok((sign_in.then(|| leads_to(&visitor.tenant)), page))
}

/// Whether "was that you?" can be answered here: somebody signed in at the bank, and it was they who linked.
async fn can_answer(face: &Face, visitor: &Visitor, now: Timestamp) -> Result<bool, DbError> {
    let Some((person, of)) = visitor.person.as_ref().and_then(|p| Some((p, p.chosen.clone()?))) else {
        return Ok(false);
    };
    let subject = person.subject;
    let found = face.app.store.read(move |tx| linking::awaiting_of(tx, &of, subject, now)).await?;
    Ok(found.is_some())
}

/// `GET /privacy/{bank}/consents/{consent}`
pub async fn one(
    State(face): Web,
    visitor: Visitor,
    Path((_, consent)): Path<(String, String)>,
) -> Result<Page<One>, Problem> {
    let consent = read(&visitor, &consent)?;
    draw(&face, &visitor, &consent, None).await
}

/// Everything about one consent, with something to tell first if there is.
pub async fn draw(
    face: &Face,
    visitor: &Visitor,
    consent: &ConsentId,
    first: Option<String>,
) -> Result<Page<One>, Problem> {
    let (app, of) = (&face.app, &visitor.session);
    let whole = consents::whole(app, &of.bank, &of.customer, consent).await?;
    let whole = whole.ok_or_else(|| unknown(visitor))?;
    let receipt = consents::receipt(app, &of.bank, &of.customer, consent).await?;
    let (now, zone) = (app.clock.now(), &visitor.tenant.zone);
    let at = format!("/consents/{consent}");
    Ok(Page(One {
        brand: visitor.brand(),
        place: visitor.place(Part::Sharing),
        share: share(&whole, visitor, now),
        first,
        accounts: whole.consent.accounts.iter().map(ToString::to_string).collect(),
        events: whole.history.iter().map(|told| event(visitor, told, now, zone)).collect(),
        notice: whole.consent.notice.clone(),
        notice_sha256: whole.consent.notice_sha256.clone(),
        receipt: receipt.map(|receipt| receipt.to_string()),
        record_href: visitor.file(&at, &format!("{at}/record")),
        receipt_href: visitor.file(&format!("{at}/receipt"), &format!("{at}/receipt")),
    }))
}

/// The id of a consent in an address.
pub fn read(visitor: &Visitor, consent: &str) -> Result<ConsentId, Problem> {
    consent.parse().map_err(|_| unknown(visitor))
}

/// The same for an id of nobody and for one of somebody else.
pub fn unknown(visitor: &Visitor) -> Problem {
    Kind::NotFound.because("You have no such consent.").back_to(visitor.path(""), "Back to your privacy")
}

/// A consent as people read it.
fn share(whole: &Whole, visitor: &Visitor, now: Timestamp) -> Share {
    let (consent, zone) = (&whole.consent, &visitor.tenant.zone);
    let is_open = privacy::is_open(whole, now);
    let given = whole.history.iter().find(|told| told.change.event == Some(ConsentEvent::Give));
    let given = given.map(|told| told.change.at);
    Share {
        id: consent.id.to_string(),
        bank: visitor.tenant.id.to_string(),
        name: visitor.tenant.name.clone(),
        is_open,
        is_paused: is_open && consent.state == ConsentState::Paused,
        was_given: given.is_some(),
        standing: standing(whole, now, zone),
        what: notice::list(&consent.data_classes.iter().map(|c| c.in_words()).collect::<Vec<_>>()),
        why: notice::list(&consent.purposes.iter().map(|p| p.in_words()).collect::<Vec<_>>()),
        accounts: count(consent.accounts.len(), "account"),
        lookback_days: whole.terms.as_ref().map(|terms| terms.lookback_days),
        since: given.map(|at| when::moment(at, now, zone)),
        until: when::long_day(consent.expires_at, zone),
        at_bank: at_bank(whole, &visitor.tenant.name, now, zone),
    }
}

/// Where a consent stands, in a few words.
fn standing(whole: &Whole, now: Timestamp, zone: &TimeZone) -> String {
    let consent = &whole.consent;
    let until = when::long_day(consent.expires_at, zone);
    let came = whole.history.iter().rev().find(|told| told.change.state == consent.state);
    let on = came.map_or(consent.expires_at, |told| told.change.at);
    let on = when::long_day(on, zone);
    match consent.state {
        ConsentState::Given | ConsentState::Paused if consent.expires_at <= now => {
            format!("Over since {until}")
        }
        ConsentState::Given => format!("On until {until}"),
        ConsentState::Paused => format!("Paused. Ends {until}"),
        ConsentState::Requested => "Not answered".to_owned(),
        ConsentState::Refused => "Not given".to_owned(),
        ConsentState::Withdrawn | ConsentState::Revoked => format!("Ended {on}"),
        ConsentState::Expired => format!("Ran out {on}"),
        ConsentState::Superseded => format!("Replaced {on}"),
    }
}

/// Whether the bank knows of the end.
fn at_bank(whole: &Whole, name: &str, now: Timestamp, zone: &TimeZone) -> Option<String> {
    let told = whole.told.as_ref()?;
    Some(match told.state {
        TaskState::Due => {
            format!("{name} is being told to end it there too, again and again until it confirms.")
        }
        TaskState::Done => format!("{name} confirmed the end, {}.", when::moment(told.at, now, zone)),
        TaskState::GivenUp => {
            format!("{name} did not confirm the end, and a person is looking into that.")
        }
    })
}

fn event(visitor: &Visitor, told: &Told, now: Timestamp, zone: &TimeZone) -> Event {
    let change = &told.change;
    Event {
        at: change.at,
        when: notice::capital(&when::moment(change.at, now, zone)),
        what: what_happened(change.event, change.how),
        reason: change.reason.clone(),
        index: told.index,
        receipt: told.index.and(change.entry.as_ref()).map(|entry| {
            visitor.file(&format!("/access/{entry}/receipt"), &format!("/looks/{entry}/receipt"))
        }),
    }
}

fn what_happened(event: Option<ConsentEvent>, how: How) -> String {
    match event {
        None => "The notice was shown to you.".to_owned(),
        Some(ConsentEvent::Give) => "You said yes, and the sharing began.".to_owned(),
        Some(ConsentEvent::Refuse) => "It was not given.".to_owned(),
        Some(ConsentEvent::Pause) => format!("Paused: {}.", how.in_words()),
        Some(ConsentEvent::Resume) => format!("The pause ended: {}.", how.in_words()),
        Some(
            ConsentEvent::Withdraw | ConsentEvent::Revoke | ConsentEvent::Expire | ConsentEvent::Supersede,
        ) => {
            format!("The sharing ended: {}.", how.in_words())
        }
    }
}

/// Where a consent stands, for somebody who wanted to change it and could not.
pub fn in_words(state: ConsentState) -> &'static str {
    match state {
        ConsentState::Requested => "not answered yet",
        ConsentState::Given => "on",
        ConsentState::Refused => "not given",
        ConsentState::Paused => "paused",
        ConsentState::Withdrawn => "ended by you",
        ConsentState::Revoked => "ended by the bank",
        ConsentState::Expired => "over, because its time has run out",
        ConsentState::Superseded => "replaced by a newer choice of yours",
    }
}

/// What the page that asks before the end says of a consent.
pub fn in_short(consent: &Consent) -> String {
    let what = notice::list(&consent.data_classes.iter().map(|c| c.in_words()).collect::<Vec<_>>());
    format!("{what}, of {}", count(consent.accounts.len(), "account"))
}
