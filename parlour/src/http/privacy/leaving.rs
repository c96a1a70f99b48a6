//! A copy of everything, and its end.

use super::Visitor;
use crate::{
    erasure::{self, ErasureFault},
    holds,
    http::{
        Web, body,
        chat::messages::too_fast,
        erased,
        problem::{Kind, Problem},
        view::{
            Page,
            privacy::{AskToErase, Held, Part, TakeCopy},
        },
    },
    notice, when,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::erasure::AskedBy;
use serde::Deserialize;

/// What is to be typed to erase.
pub const WORD: &str = "erase";
/// The largest form, in bytes: one short word and room for mistakes.
const MAX_FORM: usize = 1_024;

/// `GET /privacy/{bank}/copy`
pub async fn copy(visitor: Visitor) -> Page<TakeCopy> {
    let page = format!("/chat/{}/export", visitor.tenant.id);
    Page(TakeCopy {
        brand: visitor.brand(),
        place: visitor.place(Part::Copy),
        file: visitor.file("/export", "/copy/file"),
        page: if visitor.person.is_some() { visitor.path("/copy/page") } else { page },
    })
}

/// `GET /privacy/{bank}/erase`: what goes, what stays and why, and asks for a word.
pub async fn ask_to_erase(State(face): Web, visitor: Visitor) -> Result<Page<AskToErase>, Problem> {
    draw(&face, &visitor, None).await
}

async fn draw(
    face: &crate::http::Face,
    visitor: &Visitor,
    wrong: Option<String>,
) -> Result<Page<AskToErase>, Problem> {
    let of = &visitor.session;
    let held = holds::in_force(&face.app, &of.bank, &of.customer).await?;
    let held = held.into_iter().map(|hold| Held {
        what: notice::capital(&notice::list(
            &hold.keeps.iter().map(|keep| keep.in_words()).collect::<Vec<_>>(),
        )),
        why: hold.kind.in_words().to_owned(),
        until: hold.until.map(|until| when::long_day(until, &visitor.tenant.zone)),
    });
    Ok(Page(AskToErase {
        brand: visitor.brand(),
        place: visitor.place(Part::Erase),
        held: held.collect(),
        word: WORD,
        wrong,
    }))
}

/// What was typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    word: String,
}

/// `POST /privacy/{bank}/erase`: erases, ends the session and leads to the receipt. A second press finds the session
/// over and is led to the same receipt.
pub async fn erase(State(face): Web, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let (app, of) = (&face.app, &visitor.session);
    app.pace.one_more(&of.conversation).map_err(too_fast)?;
    let back = |problem: Problem| problem.back_to(visitor.path("/erase"), "Back");
    let (typed, _) = body::read::<Typed>(request, MAX_FORM).await.map_err(back)?;
    if !typed.word.trim().eq_ignore_ascii_case(WORD) {
        let wrong = format!("Nothing was erased. To erase, type the word {WORD}.");
        let page = draw(&face, &visitor, Some(wrong)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    match erasure::erase(app, &of.bank, &of.customer, AskedBy::Customer).await {
        Ok(_) | Err(ErasureFault::CarriedOut) => Ok(erased::leave(app, of)),
        Err(ErasureFault::Store(fault)) => Err(fault.into()),
        Err(fault) => {
            tracing::error!(bank = %of.bank, %fault, "an erasure could not be carried out");
            Err(back(
                Kind::Busy.because("The erasure could not be done just now. Please try again.").after(60),
            ))
        }
    }
}
