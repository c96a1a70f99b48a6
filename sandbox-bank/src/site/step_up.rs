//! Approving one deed that a client asks for: the customer signs in, reads exactly what is to be done, says yes or no.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    overview::{SignInPage, sign_in_again, try_sign_in},
    page::{Frame, PageResult, note, page},
    visit::{Sent, Visit, cookie, with_cookie},
    words,
};
use crate::{
    customers::{Customer, demo_password},
    db::DbFault,
    house::{House, Shared},
    sessions::Session,
    step_up::{self, Approval},
};

#[derive(Template)]
#[template(path = "step_up.html")]
struct StepUpPage {
    frame: Frame,
    id: String,
    client: String,
    deed: String,
    until: String,
}

fn sign_in_page(house: &House, id: &str, session: &Session, login: &str) -> SignInPage {
    SignInPage {
        frame: Frame::new(house, Some(session), "approve"),
        action: format!("/step-up/{id}/sign-in"),
        asking: None,
        login: login.to_owned(),
        fault: None,
        demo_password: demo_password(&house.slug),
    }
}

/// The question, if this customer may still answer it; else the page that says why not.
async fn open(house: &House, id: &str, customer: &Customer) -> Result<Result<Approval, Response>, DbFault> {
    let (key, owner) = (id.to_owned(), customer.id.clone());
    let found = house.db.transact(move |tx| step_up::find(tx, &owner, &key)).await?;
    let refuse = |status, title: &str, text: &str| Ok(Err(note(house, status, title, text)));
    match found {
        None => {
            let text =
                "There is no such question for you. Please go back to where you came from and start again.";
            refuse(StatusCode::NOT_FOUND, "No such question", text)
        }
        Some(approval) if approval.answer.is_some() || approval.used => {
            let text = "You have answered this. Please go back to where you came from.";
            refuse(StatusCode::GONE, "Already answered", text)
        }
        Some(approval) if approval.expires_at <= house.clock.now() => {
            let text = "This question has run out, and nothing was done. Please go back and ask again.";
            refuse(StatusCode::GONE, "This question has run out", text)
        }
        Some(approval) => Ok(Ok(approval)),
    }
}

/// The page: signing in first, then the question.
pub(super) async fn show(State(house): State<Shared>, Path(id): Path<String>, visit: Visit) -> PageResult {
    let Some(customer) = &visit.session.customer else {
        let answer = page(StatusCode::OK, &sign_in_page(&house, &id, &visit.session, ""));
        return Ok(with_cookie(answer, visit.cookie));
    };
    let approval = match open(&house, &id, customer).await? {
        Ok(approval) => approval,
        Err(answer) => return Ok(answer),
    };
    let template = StepUpPage {
        frame: Frame::new(&house, Some(&visit.session), "approve"),
        id: approval.id,
        client: approval.client_name,
        deed: approval.words,
        until: words::time(approval.expires_at),
    };
    Ok(page(StatusCode::OK, &template))
}

/// Signs in and goes on with the question.
pub(super) async fn sign_in(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    match try_sign_in(&house, &sent).await? {
        Ok(opened) => {
            let answer = Redirect::to(&format!("/step-up/{id}")).into_response();
            Ok(with_cookie(answer, cookie(&house, &opened)))
        }
        Err(not_in) => {
            let mut template = sign_in_page(&house, &id, &sent.session, sent.one("login"));
            template.fault = Some(not_in.text.clone());
            Ok(sign_in_again(&template, &not_in))
        }
    }
}

/// The answer. It approves this one deed, once; the deed itself is done when the client asks again.
pub(super) async fn answer(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    let Some(customer) = sent.session.customer.clone() else {
        return Ok(Redirect::to(&format!("/step-up/{id}")).into_response());
    };
    let approval = match open(&house, &id, &customer).await? {
        Ok(approval) => approval,
        Err(answer) => return Ok(answer),
    };
    let yes = match sent.one("decision") {
        "approve" => true,
        "deny" => false,
        _ => return Ok(Redirect::to(&format!("/step-up/{id}")).into_response()),
    };
    let now = house.clock.now();
    let taken = house.db.transact(move |tx| step_up::answer(tx, &customer.id, &id, yes, now)).await?;
    if !taken {
        let text = "You have answered this in another window.";
        return Ok(note(&house, StatusCode::GONE, "Already answered", text));
    }
    let client = &approval.client_name;
    let (title, text) = if yes {
        ("You said yes", format!("{client} may do this once. Please go back to it: it is done from there."))
    } else {
        ("You said no", format!("Nothing is done. {client} is told so when it asks again."))
    };
    Ok(note(&house, StatusCode::OK, title, &text))
}
