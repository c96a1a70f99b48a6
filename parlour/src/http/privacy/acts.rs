//! Pausing, going on, changing and ending. Each is a form of our own page; one that changes nothing because
//! something else came first says how things stand now.

use super::{
    Visitor,
    sharing::{self, in_words, read, unknown},
};
use crate::{
    consents::{self, Outcome},
    http::{
        Web,
        chat::messages::too_fast,
        problem::{Kind, Problem},
        view::{
            Page,
            privacy::{AskToStop, Part},
        },
    },
    linking::{self, OfferFault},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{ConsentId, ConsentState, How};

type Which = Path<(String, String)>;

/// `POST /privacy/{bank}/consents/{consent}/pause`
pub async fn pause(
    State(face): Web,
    visitor: Visitor,
    Path((_, consent)): Which,
) -> Result<Response, Problem> {
    let (of, consent) = (&visitor.session, read(&visitor, &consent)?);
    face.app.pace.one_more(&of.conversation).map_err(too_fast)?;
    let outcome = consents::pause(&face.app, &of.bank, &of.customer, &consent, How::Page).await?;
    told(&face, &visitor, &consent, outcome, ConsentState::Paused).await
}

/// `POST /privacy/{bank}/consents/{consent}/resume`
pub async fn resume(
    State(face): Web,
    visitor: Visitor,
    Path((_, consent)): Which,
) -> Result<Response, Problem> {
    let (of, consent) = (&visitor.session, read(&visitor, &consent)?);
    face.app.pace.one_more(&of.conversation).map_err(too_fast)?;
    let outcome = consents::resume(&face.app, &of.bank, &of.customer, &consent, How::Page).await?;
    told(&face, &visitor, &consent, outcome, ConsentState::Given).await
}

/// `GET /privacy/{bank}/consents/{consent}/stop`: says what it means and asks once more.
pub async fn ask_to_stop(
    State(face): Web,
    visitor: Visitor,
    Path((_, consent)): Which,
) -> Result<Response, Problem> {
    let (of, consent) = (&visitor.session, read(&visitor, &consent)?);
    let whole = consents::whole(&face.app, &of.bank, &of.customer, &consent).await?;
    let whole = whole.ok_or_else(|| unknown(&visitor))?;
    if !matches!(whole.consent.state, ConsentState::Given | ConsentState::Paused) {
        return Ok(Redirect::to(&visitor.path(&format!("/consents/{consent}"))).into_response());
    }
    let page = AskToStop {
        brand: visitor.brand(),
        place: visitor.place(Part::Sharing),
        consent: consent.to_string(),
        what: sharing::in_short(&whole.consent),
    };
    Ok(Page(page).into_response())
}

/// `POST /privacy/{bank}/consents/{consent}/stop`
pub async fn stop(
    State(face): Web,
    visitor: Visitor,
    Path((_, consent)): Which,
) -> Result<Response, Problem> {
    let (of, consent) = (&visitor.session, read(&visitor, &consent)?);
    face.app.pace.one_more(&of.conversation).map_err(too_fast)?;
    let outcome = consents::withdraw(&face.app, &of.bank, &of.customer, &consent, How::Page).await?;
    told(&face, &visitor, &consent, outcome, ConsentState::Withdrawn).await
}

/// `POST /privacy/{bank}/change`: a new notice, which leads to the bank. The old choice holds until the new one is
/// given.
pub async fn change(State(face): Web, visitor: Visitor) -> Result<Redirect, Problem> {
    face.app.pace.one_more(&visitor.session.conversation).map_err(too_fast)?;
    let offered = linking::offer(&face.app, &visitor.tenant, &visitor.session).await;
    match offered {
        Ok(notice) => Ok(Redirect::to(&notice.href)),
        Err(OfferFault::PulledOut(reason)) => {
            Err(Kind::PulledOut.because(reason).back_to(visitor.path(""), "Back to your privacy"))
        }
        Err(OfferFault::Store(fault)) => Err(fault.into()),
    }
}

/// What came of a change: back to the page. A second press finds done what the first one did.
async fn told(
    face: &crate::http::Face,
    visitor: &Visitor,
    consent: &ConsentId,
    outcome: Outcome,
    wanted: ConsentState,
) -> Result<Response, Problem> {
    match outcome {
        Outcome::Unknown => Err(unknown(visitor)),
        Outcome::NotIn(state) if state != wanted => {
            let first = format!(
                "This has changed since your page was drawn, perhaps in another window. The sharing is {} now. \
                 Nothing was done.",
                in_words(state)
            );
            let page = sharing::draw(face, visitor, consent, Some(first)).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Outcome::Done(..) | Outcome::NotIn(_) if wanted == ConsentState::Withdrawn => {
            Ok(Redirect::to(&visitor.path(&format!("/consents/{consent}"))).into_response())
        }
        Outcome::Done(..) | Outcome::NotIn(_) => Ok(Redirect::to(&visitor.path("")).into_response()),
    }
}
