//! Signing in at the bank, for somebody whose browser has no chat: the button, the way back, which conversation, and
//! signing out. The cookie is another one than the chat's, and opens no chat.

use super::{TurnedAway, Visitor};
use crate::{
    app::App,
    asking::{Shown, Turn, TurnFault},
    http::{
        Face, Web, body,
        caller::{AtBank, cookie, set_cookie},
        chat::messages::too_fast,
        dress::FormsAlsoTo,
        problem::{Kind, Problem},
        sealed,
        view::{
            Brand, Page,
            pages::Fault,
            privacy::{Conversation, Several},
        },
    },
    linking, rim, room,
    sign_in::{self, Aim, Departed, Person, SignInFault},
    tenant::Tenant,
    when,
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use domain::{BankId, Channel, ConversationId, MessageId};
use serde::Deserialize;
use std::sync::Arc;
use store::DbError;

/// The cookie that binds a sign-in to the browser that began it.
pub const SIGNING: &str = "__Host-signing";
/// The largest form, in bytes: one id or one word.
const MAX_FORM: usize = 1_024;

/// The name of the cookie of somebody who signed in at a bank. It begins otherwise than the chat's, so that no bank's
/// id makes one into the other.
pub fn person_cookie(bank: &BankId) -> String {
    format!("__Host-person-{bank}")
}

/// Who signed in at a bank in this browser, if their sign-in is not over.
pub async fn person(app: &App, tenant: &Tenant, headers: &HeaderMap) -> Result<Option<Person>, DbError> {
    // An app that brings a token brings no sign-in.
    if headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    match cookie(headers, &person_cookie(&tenant.id)) {
        Some(token) => sign_in::find(app, tenant, token).await,
        None => Ok(None),
    }
}

/// `POST /privacy/{bank}/sign-in`: leaves for the bank.
pub async fn begin(State(face): Web, AtBank(tenant): AtBank) -> Response {
    leave(&face, tenant, Aim::Privacy).await
}

/// Leaves for a bank, to come back to what is aimed at.
pub async fn leave(face: &Face, tenant: Arc<Tenant>, aim: Aim) -> Response {
    match sign_in::begin(&face.app, tenant, aim).await {
        Ok(Departed { to_bank, cookie, max_age_s }) => {
            let bound = set_cookie(SIGNING, &cookie, max_age_s);
            (bound.map(|c| [(header::SET_COOKIE, c)]), Redirect::to(to_bank.as_str())).into_response()
        }
        Err(fault) => fault_page(fault),
    }
}

/// The way back from the bank, of a sign-in that this browser began.
pub async fn arrive(face: &Face, held: &str, query: &str, headers: &HeaderMap) -> Response {
    let before = |tenant: &Tenant| cookie(headers, &person_cookie(&tenant.id)).map(str::to_owned);
    let mut cookies: Vec<_> = set_cookie(SIGNING, "", 0).into_iter().collect();
    let arrived = match sign_in::arrive(&face.app, held, query, before).await {
        Ok(arrived) => {
            let name = person_cookie(&arrived.tenant.id);
            cookies.extend(set_cookie(&name, &arrived.token, sign_in::LASTS.as_secs()));
            let to = match &arrived.aim {
                Aim::Privacy => format!("/privacy/{}", arrived.tenant.id),
                Aim::Page(token) => format!("/sealed/{token}"),
            };
            Redirect::to(&to).into_response()
        }
        Err(fault) => fault_page(fault),
    };
    (AppendHeaders(cookies.into_iter().map(|c| (header::SET_COOKIE, c))), arrived).into_response()
}

/// `POST /privacy/{bank}/sign-out`: ends the sign-in, here and for whoever else has its cookie.
pub async fn sign_out(
    State(face): Web,
    AtBank(tenant): AtBank,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = person_cookie(&tenant.id);
    if let Some(token) = cookie(&headers, &name) {
        sign_in::sign_out(&face.app, token).await?;
    }
    let forget = set_cookie(&name, "", 0).map(|cookie| [(header::SET_COOKIE, cookie)]);
    Ok((forget, Redirect::to(&format!("/privacy/{}", tenant.id))).into_response())
}

/// Somebody who is signed in; who is not is told how to come in.
async fn signed_in(face: &Face, tenant: &Arc<Tenant>, headers: &HeaderMap) -> Result<Person, TurnedAway> {
    let found =
        person(&face.app, tenant, headers).await.map_err(|fault| TurnedAway::Problem(fault.into()))?;
    match found {
        Some(person) => Ok(person),
        None => Err(TurnedAway::NoChat { sign_in: tenant.offers_sign_in().await, tenant: tenant.clone() }),
    }
}

/// `GET /privacy/{bank}/conversations`: which of their conversations somebody wants to see.
pub async fn conversations(
    State(face): Web,
    AtBank(tenant): AtBank,
    headers: HeaderMap,
) -> Result<Page<Several>, TurnedAway> {
    let person = signed_in(&face, &tenant, &headers).await?;
    let (now, zone) = (face.app.clock.now(), &tenant.zone);
    let chosen = person.chosen.as_ref().map(|of| of.id.clone());
    let drawn = person.conversations.iter().map(|of| Conversation {
        id: of.id.to_string(),
        place: place(of.channel).to_owned(),
        begun: when::moment(of.begun_at, now, zone),
        messages: linking::offer::count(usize::try_from(of.last_seq).unwrap_or(usize::MAX), "message"),
        chosen: chosen.as_ref() == Some(&of.id),
    });
    let conversations = drawn.collect();
    let bank = tenant.id.to_string();
    Ok(Page(Several { brand: Some(Brand::from(&*tenant)), bank, name: tenant.name.clone(), conversations }))
}

/// Where a conversation takes place, as people say it.
fn place(channel: Channel) -> &'static str {
    if channel.is_foreign() { "In a messenger" } else { "On this site" }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    conversation: ConversationId,
}

/// `POST /privacy/{bank}/conversations`: chooses one.
pub async fn choose(
    State(face): Web,
    AtBank(tenant): AtBank,
    request: Request,
) -> Result<Response, TurnedAway> {
    let person = signed_in(&face, &tenant, request.headers()).await?;
    let back = |problem: Problem| {
        problem.back_to(format!("/privacy/{}/conversations", tenant.id), "All your conversations")
    };
    let read = body::read::<Chosen>(request, MAX_FORM).await;
    let (Chosen { conversation }, _) = read.map_err(|problem| TurnedAway::Problem(back(problem)))?;
    match sign_in::choose(&face.app, &person, &conversation).await {
        Ok(true) => Ok(Redirect::to(&format!("/privacy/{}", tenant.id)).into_response()),
        Ok(false) => {
            let none = Kind::NotFound.because("You have no such conversation.");
            Err(TurnedAway::Problem(back(none)))
        }
        Err(fault) => Err(TurnedAway::Problem(fault.into())),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
}

/// `POST /privacy/{bank}/answer`: "was that you?", answered by somebody who signed in at the bank. The conversation is
/// told what came of it.
pub async fn answer(State(face): Web, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let back = |problem: Problem| problem.back_to(visitor.path(""), "Back to your privacy");
    let Some((person, of)) = visitor.person.as_ref().and_then(|p| Some((p, p.chosen.clone()?))) else {
        return Err(back(Kind::NotFound.because("Here only somebody who signed in at the bank can answer.")));
    };
    face.app.pace.one_more(&of.id).map_err(too_fast)?;
    let (Answered { answer }, _) = body::read::<Answered>(request, MAX_FORM).await.map_err(back)?;
    let now = face.app.clock.now();
    let turn = Turn {
        app: face.app.clone(),
        tenant: visitor.tenant.clone(),
        channel: of.channel,
        region: None,
        now,
        shown: Shown::InConversation,
        conversation: of.clone(),
        memory: crate::memory::Memory::default(),
    };
    let reply = match linking::answer_on_page(&turn, person.subject, answer == Answer::Yes).await {
        Ok(Some(reply)) => reply,
        Ok(None) => return Ok(Redirect::to(&visitor.path("")).into_response()),
        Err(TurnFault::Store(fault)) => return Err(fault.into()),
        Err(fault) => {
            tracing::warn!(bank = %visitor.tenant.id, %fault, "an answer on the privacy page went wrong");
            return Err(back(
                Kind::Busy.because("That could not be done just now. Please try again.").after(10),
            ));
        }
    };
    let id = MessageId::new(rim::uuid(now));
    let told = of.clone();
    let said = face.app.store.transact(move |tx| -> Result<(), DbError> {
        room::say_unprompted(tx, &told, &id, &reply, now).map(|_| ())
    });
    said.await?;
    face.app.bells.ring(&of.id);
    Ok(Redirect::to(&visitor.path("")).into_response())
}

/// Why nobody is signed in: title, sentence, remedy, status.
fn told(fault: &SignInFault) -> (&'static str, String, &'static str, StatusCode) {
    let again = "Go back and sign in again.";
    match fault {
        SignInFault::NotOffered { tenant } => (
            "Signing in is not offered here",
            format!("{} does not offer to tell who you are. Nothing was done.", tenant.name),
            "Open this page in the browser or app in which you chat with the bank.",
            StatusCode::NOT_FOUND,
        ),
        SignInFault::Over => (
            "This sign-in is over",
            "It took too long, was used before, or was begun in another browser. You are not signed in."
                .to_owned(),
            again,
            StatusCode::GONE,
        ),
        SignInFault::Cancelled { tenant } => (
            "You are not signed in",
            format!("You did not say yes at {}, so nothing is shown.", tenant.name),
            again,
            StatusCode::OK,
        ),
        SignInFault::NotTrusted { .. } => (
            "The way back was not as it left",
            "Something was not right between the bank and here. To be safe, you are not signed in."
                .to_owned(),
            "Go back and sign in again. If it happens again, tell your bank.",
            StatusCode::FORBIDDEN,
        ),
        SignInFault::Bank { .. } | SignInFault::Onboarding { .. } => (
            "The bank did not answer as it should",
            "We asked the bank and could not use its answer. You are not signed in.".to_owned(),
            "Wait a few minutes and sign in again.",
            StatusCode::BAD_GATEWAY,
        ),
        SignInFault::Nobody { tenant } => (
            "There is nothing of yours here",
            format!(
                "You signed in at {}, and it told us that it was you. But no chat here was linked by you, or it was \
                 linked before signing in was possible, or everything of it was erased.",
                tenant.name
            ),
            "If you have the chat, open this page from it. On the bank’s own site you see all that you share, and can \
             end it there.",
            StatusCode::NOT_FOUND,
        ),
        SignInFault::Page { .. } | SignInFault::Store(_) => (
            "Something broke on our side",
            "You are not signed in.".to_owned(),
            "Try again in a minute. If it happens again, tell the people who run this gateway.",
            StatusCode::SERVICE_UNAVAILABLE,
        ),
    }
}

fn fault_page(fault: SignInFault) -> Response {
    let fault = match fault {
        SignInFault::Page { tenant, fault } => {
            return sealed::told(Some(&tenant), fault, None).into_response();
        }
        fault => fault,
    };
    let tenant = match &fault {
        SignInFault::NotOffered { tenant }
        | SignInFault::Cancelled { tenant }
        | SignInFault::NotTrusted { tenant, .. }
        | SignInFault::Bank { tenant, .. }
        | SignInFault::Onboarding { tenant, .. }
        | SignInFault::Nobody { tenant }
        | SignInFault::Page { tenant, .. } => Some(tenant.clone()),
        SignInFault::Over | SignInFault::Store(_) => None,
    };
    tracing::warn!(%fault, "nobody was signed in");
    let (title, detail, remedy, status) = told(&fault);
    let page = Fault {
        back: tenant.as_ref().map_or("/".to_owned(), |t| format!("/privacy/{}", t.id)),
        back_words: if tenant.is_some() { "Back to your privacy" } else { "Choose your bank" }.to_owned(),
        brand: tenant.map(|t| Brand::from(&*t)),
        title: title.to_owned(),
        detail,
        fields: vec![],
        remedy: remedy.to_owned(),
        about: None,
        status: status.as_u16(),
    };
    (status, Page(page)).into_response()
}

/// What a page wears that has a button to a bank's sign-in.
pub fn leads_to(tenant: &Tenant) -> Extension<FormsAlsoTo> {
    Extension(FormsAlsoTo(tenant.bank_origin.clone()))
}
