//! Approving a client: it pushed a request, the customer signs in, reads what is asked, chooses
//! accounts, and says yes or no. Every page here can be loaded again.

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use oauth_as::{
    authorization::{AuthorizationError, ValidatedAuthorizationRequest},
    par::{PushedAuthorizationRequest, REQUEST_URI_PREFIX},
    rar::AuthorizationDetails,
    server::UserApproval,
    store::Storage,
};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::json;
use url::Url;

use super::{
    overview::{Asking, SignInPage, sign_in_again, try_sign_in},
    page::{Frame, PageFault, PageResult, note, page},
    visit::{Sent, Visit, cookie, with_cookie},
    words,
};
use crate::{
    chance,
    consents::{self, Consent, ConsentRequest, Ending, Initiator, Reason},
    customers::{Customer, demo_password},
    db::{DbFault, millis},
    house::{House, Shared},
    ledger, limits,
    oauth::{
        CONSENT_MEMBER,
        openid::{self, Yes},
    },
    sessions::Session,
};

/// A request that waits for a customer's answer.
struct Interaction {
    id: String,
    session: String,
    pushed: PushedAuthorizationRequest,
    /// The data that it asks for. None if it asks for the person alone.
    request: Option<ConsentRequest>,
    client: String,
    expired: bool,
    answered: bool,
}

fn keep(
    tx: &Transaction<'_>,
    id: &str,
    session: &Session,
    pushed: &PushedAuthorizationRequest,
    now: Timestamp,
) -> Result<(), DbFault> {
    let expires = now.saturating_add(limits::INTERACTION_AGE).unwrap_or(now);
    tx.execute(
        "INSERT INTO interactions (id, session, client_id, pushed, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, session.id, pushed.client_id.as_str(), serde_json::to_string(pushed)?, millis(expires)],
    )?;
    tx.execute(
        "DELETE FROM interactions WHERE id IN \
         (SELECT id FROM interactions ORDER BY expires_at DESC LIMIT -1 OFFSET ?1)",
        [limits::INTERACTIONS_KEPT],
    )?;
    Ok(())
}

/// A kept interaction as its row has it: session, pushed request, end, whether answered.
type Row = (String, String, i64, bool);

async fn find(house: &House, id: &str) -> Result<Option<Interaction>, PageFault> {
    let key = id.to_owned();
    let row: Option<Row> = house
        .db
        .transact(move |tx| {
            tx.query_row(
                "SELECT session, pushed, expires_at, answered_at IS NOT NULL FROM interactions WHERE id = ?1",
                [key],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()
            .map_err(DbFault::from)
        })
        .await?;
    let Some((session, pushed, expires_at, answered)) = row else { return Ok(None) };
    let pushed: PushedAuthorizationRequest = serde_json::from_str(&pushed).map_err(DbFault::from)?;
    // It was checked when it was pushed; a request that cannot be read now is as good as none.
    let request = match (&pushed.authorization_details, &pushed.scope) {
        (None, Some(scope)) if openid::is_alone(scope) => None,
        (details, _) => match ConsentRequest::from_details(details.as_deref().unwrap_or_default()) {
            Ok(request) => Some(request),
            Err(_) => return Ok(None),
        },
    };
    let names = &house.client_names;
    let client = names.iter().find(|(id, _)| id == pushed.client_id.as_str()).map(|(_, name)| name.clone());
    let expired = expires_at <= millis(house.clock.now());
    let Some(client) = client else { return Ok(None) };
    Ok(Some(Interaction { id: id.to_owned(), session, pushed, request, client, expired, answered }))
}

/// Finds an interaction that this session may answer, or the page that says why it may not.
async fn open(
    house: &House,
    id: &str,
    session: &Session,
) -> Result<Result<Interaction, Response>, PageFault> {
    let refuse = |status, title: &str, text: &str| Ok(Err(note(house, status, title, text)));
    let Some(found) = find(house, id).await? else {
        let text = "There is no such request. Please go back to where you came from and start again.";
        return refuse(StatusCode::NOT_FOUND, "No such request", text);
    };
    if found.session != session.id {
        let text = "This request was opened in another browser, or your visit there has ended. To keep you safe it \
                    can only be answered where it was opened. Please go back and start again.";
        return refuse(StatusCode::FORBIDDEN, "Opened somewhere else", text);
    }
    if found.answered {
        let text = "You have answered this request. If you want to change something, start again where you came \
                    from, or look under “What I share”.";
        return refuse(StatusCode::GONE, "Already answered", text);
    }
    if found.expired {
        let text = format!(
            "This request waited longer than {} minutes and has run out. Nothing is shared. Please go back to {} \
             and start again.",
            limits::INTERACTION_AGE.as_secs() / 60,
            found.client
        );
        return refuse(StatusCode::GONE, "This request has run out", &text);
    }
    Ok(Ok(found))
}

/// Puts a kept request through the library's own checks once more, under a handle that only this
/// call knows, and gives what the library lets an approval be made from.
async fn validated(
    house: &House,
    pushed: &PushedAuthorizationRequest,
) -> Result<Result<ValidatedAuthorizationRequest, AuthorizationError>, PageFault> {
    let mut again = pushed.clone();
    again.request_uri = format!("{REQUEST_URI_PREFIX}{}", chance::secret_text());
    again.expires_at = std::time::SystemTime::from(house.clock.now()) + limits::REQUEST_URI_AGE;
    let (client, uri) = (again.client_id.as_str().to_owned(), again.request_uri.clone());
    let kept = house.server.store().put_pushed_authorization_request(again).await;
    if let Err(fault) = kept {
        tracing::error!(%fault, "a pushed request could not be checked again");
        return Err(PageFault);
    }
    Ok(house.server.validate_pushed_authorization_request(&client, &uri).await)
}

fn refused(house: &House, fault: &AuthorizationError) -> Response {
    match fault {
        AuthorizationError::Redirect(redirect) => see(&redirect.location()),
        AuthorizationError::Direct(fault) => {
            let text = format!(
                "The request was refused ({}). Please go back and start again.",
                fault.error.as_str()
            );
            note(house, StatusCode::BAD_REQUEST, "This request cannot be used", &text)
        }
    }
}

/// Sends the browser on with a GET.
fn see(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => PageFault.into_response(),
    }
}

/// Where a client sends the browser: spends the pushed request and shows it under an address that
/// can be loaded again.
pub(super) async fn begin(
    State(house): State<Shared>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> PageResult {
    let query = query.unwrap_or_default();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (Some(client_id), Some(uri)) = (one("client_id"), one("request_uri")) else {
        let text = "This bank only takes requests that were pushed to it first (RFC 9126).";
        return Ok(note(&house, StatusCode::BAD_REQUEST, "This request cannot be used", text));
    };
    let gone = || {
        let text = "This request has run out, was used before, or is not this client's. Please go back to where you \
                    came from and start again.";
        note(&house, StatusCode::BAD_REQUEST, "This request cannot be used", text)
    };
    let claimed = house.server.store().claim_pushed(uri, client_id).await;
    let pushed = match claimed {
        Ok(Some(pushed)) => pushed,
        Ok(None) => return Ok(gone()),
        Err(fault) => {
            tracing::error!(%fault, "a pushed request could not be claimed");
            return Err(PageFault);
        }
    };
    if let Err(fault) = validated(&house, &pushed).await? {
        return Ok(refused(&house, &fault));
    }
    let (id, session, now) = (chance::secret_text(), visit.session.clone(), house.clock.now());
    let key = id.clone();
    house.db.transact(move |tx| keep(tx, &key, &session, &pushed, now)).await?;
    Ok(with_cookie(see(&format!("/interaction/{id}")), visit.cookie))
}

#[derive(Template)]
#[template(path = "approve.html")]
struct ApprovePage {
    frame: Frame,
    id: String,
    client: String,
    accounts: Vec<AccountChoice>,
    lines: Vec<String>,
    deeds: Vec<&'static str>,
    lasts: String,
    fault: Option<&'static str>,
}

struct AccountChoice {
    id: String,
    name: String,
    kind: &'static str,
    chosen: bool,
}

/// Allows the page's forms to end at the client: CSP judges the redirect after a POST, too.
fn allow_return(mut answer: Response, redirect_uri: Option<&str>) -> Response {
    let origin =
        redirect_uri.and_then(|uri| Url::parse(uri).ok()).map(|url| url.origin().ascii_serialization());
    let Some(origin) = origin else { return answer };
    let policy = super::POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

#[derive(Template)]
#[template(path = "vouch.html")]
struct VouchPage {
    frame: Frame,
    id: String,
    client: String,
}

/// The choice of somebody who is signed in: whether it is them, or what to share.
async fn choice_page(
    house: &House,
    found: &Interaction,
    session: &Session,
    customer: &Customer,
) -> PageResult {
    if let Some(request) = &found.request {
        return approve_page(house, (found, request), session, customer, &[], None).await;
    }
    let frame = Frame::new(house, Some(session), "approve");
    let template = VouchPage { frame, id: found.id.clone(), client: found.client.clone() };
    Ok(allow_return(page(StatusCode::OK, &template), found.pushed.redirect_uri.as_deref()))
}

async fn approve_page(
    house: &House,
    (found, request): (&Interaction, &ConsentRequest),
    session: &Session,
    customer: &Customer,
    chosen: &[String],
    fault: Option<&'static str>,
) -> PageResult {
    let id = customer.id.clone();
    let accounts = house.db.transact(move |tx| ledger::accounts(tx, &id)).await?;
    let accounts = accounts
        .into_iter()
        .map(|account| AccountChoice {
            chosen: chosen.contains(&account.id),
            name: format!("{} ··{}", account.name, account.number_display),
            kind: account.kind.plain(),
            id: account.id,
        })
        .collect();
    let who = asks_who(found).then(|| words::WHO.to_owned());
    let template = ApprovePage {
        frame: Frame::new(house, Some(session), "approve"),
        id: found.id.clone(),
        client: found.client.clone(),
        accounts,
        lines: words::asked_for(request).into_iter().chain(who).collect(),
        deeds: words::deeds(request),
        lasts: words::lasts(request, house.clock.now()),
        fault,
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(allow_return(page(status, &template), found.pushed.redirect_uri.as_deref()))
}

fn sign_in_page(house: &House, found: &Interaction, session: &Session, login: &str) -> SignInPage {
    SignInPage {
        frame: Frame::new(house, Some(session), "approve"),
        action: format!("/interaction/{}/sign-in", found.id),
        asking: Some(Asking {
            client: found.client.clone(),
            decision: format!("/interaction/{}/decision", found.id),
            data: found.request.is_some(),
        }),
        login: login.to_owned(),
        fault: None,
        demo_password: demo_password(&house.slug),
    }
}

/// The request's page: the sign-in form first, then the choice.
pub(super) async fn show(State(house): State<Shared>, Path(id): Path<String>, visit: Visit) -> PageResult {
    let found = match open(&house, &id, &visit.session).await? {
        Ok(found) => found,
        Err(answer) => return Ok(with_cookie(answer, visit.cookie)),
    };
    match &visit.session.customer {
        Some(customer) => choice_page(&house, &found, &visit.session, customer).await,
        None => {
            let answer = page(StatusCode::OK, &sign_in_page(&house, &found, &visit.session, ""));
            Ok(allow_return(answer, found.pushed.redirect_uri.as_deref()))
        }
    }
}

/// Signs in and goes on with the request.
pub(super) async fn sign_in(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    let found = match open(&house, &id, &sent.session).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    match try_sign_in(&house, &sent).await? {
        Ok(opened) => {
            let answer = Redirect::to(&format!("/interaction/{id}")).into_response();
            Ok(with_cookie(answer, cookie(&house, &opened)))
        }
        Err(not_in) => {
            let mut template = sign_in_page(&house, &found, &sent.session, sent.one("login"));
            template.fault = Some(not_in.text.clone());
            let answer = sign_in_again(&template, &not_in);
            Ok(allow_return(answer, found.pushed.redirect_uri.as_deref()))
        }
    }
}

/// Marks an interaction as answered; false when somebody was faster.
async fn answer_once(house: &House, id: &str) -> Result<bool, PageFault> {
    let (id, now) = (id.to_owned(), house.clock.now());
    let answered = house
        .db
        .transact(move |tx| {
            let rows = tx.execute(
                "UPDATE interactions SET answered_at = ?2 WHERE id = ?1 AND answered_at IS NULL AND expires_at > ?2",
                params![id, millis(now)],
            )?;
            Ok::<_, DbFault>(rows == 1)
        })
        .await?;
    Ok(answered)
}

/// The answer: yes with accounts, or no.
pub(super) async fn decide(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    let found = match open(&house, &id, &sent.session).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let request = match validated(&house, &found.pushed).await? {
        Ok(request) => request,
        Err(fault) => return Ok(refused(&house, &fault)),
    };
    if sent.one("decision") == "deny" {
        answer_once(&house, &id).await?;
        return Ok(see(&request.denied().location()));
    }
    let Some(customer) = sent.session.customer.clone() else {
        return Ok(Redirect::to(&format!("/interaction/{id}")).into_response());
    };
    let Some(data) = found.request.clone() else {
        if sent.one("decision") != "approve" {
            return choice_page(&house, &found, &sent.session, &customer).await;
        }
        return vouch(&house, &found, request, &sent.session, &customer).await;
    };
    let owner = customer.id.clone();
    let mine = house.db.transact(move |tx| ledger::accounts(tx, &owner)).await?;
    let asked = sent.all("accounts");
    let chosen: Vec<String> = mine.into_iter().map(|a| a.id).filter(|id| asked.contains(id)).collect();
    let fault = if sent.one("decision") != "approve" {
        Some("Please say whether you want to share.")
    } else if chosen.is_empty() || chosen.len() != asked.len() {
        Some("Please choose at least one of your accounts, or choose “Do not share”.")
    } else {
        None
    };
    if fault.is_some() {
        return approve_page(&house, (&found, &data), &sent.session, &customer, &chosen, fault).await;
    }
    approve(&house, (&found, data), request, (&sent.session, &customer), chosen).await
}

/// Whether a request asks who the customer is.
fn asks_who(found: &Interaction) -> bool {
    let scope = found.pushed.scope.as_deref().unwrap_or_default();
    scope.split_ascii_whitespace().any(|name| name == openid::SCOPE)
}

fn answered_elsewhere(house: &House) -> Response {
    let text = "You have answered this request in another window.";
    note(house, StatusCode::GONE, "Already answered", text)
}

/// "It is me": sends the browser back with a code. There is no consent.
async fn vouch(
    house: &House,
    found: &Interaction,
    request: ValidatedAuthorizationRequest,
    session: &Session,
    customer: &Customer,
) -> PageResult {
    if !answer_once(house, &found.id).await? {
        return Ok(answered_elsewhere(house));
    }
    match house.server.issue_authorization_code(UserApproval::granted(&request, &customer.id)).await {
        Ok(issued) => {
            note_who(house, found, &issued.code, session, customer).await?;
            Ok(see(&issued.location(&request.redirect_uri)))
        }
        Err(fault) => Ok(refused(house, &fault)),
    }
}

/// Notes who signed in, for the id token that goes out for this code if one was asked for.
async fn note_who(
    house: &House,
    found: &Interaction,
    code: &str,
    session: &Session,
    customer: &Customer,
) -> Result<(), PageFault> {
    let (uri, client) = (found.pushed.request_uri.clone(), found.pushed.client_id.as_str().to_owned());
    let (code, customer, since, now) = (code.to_owned(), customer.clone(), session.since, house.clock.now());
    let note = move |tx: &Transaction<'_>| {
        let yes = Yes {
            request_uri: &uri,
            code: &code,
            client_id: &client,
            customer: &customer,
            signed_in_at: since,
        };
        openid::answered(tx, &yes, now)
    };
    Ok(house.db.transact(note).await?)
}

/// Keeps the consent and sends the browser back with a code.
async fn approve(
    house: &House,
    (found, data): (&Interaction, ConsentRequest),
    mut request: ValidatedAuthorizationRequest,
    (session, customer): (&Session, &Customer),
    accounts: Vec<String>,
) -> PageResult {
    if !answer_once(house, &found.id).await? {
        return Ok(answered_elsewhere(house));
    }
    let client = (found.pushed.client_id.as_str(), found.client.as_str());
    let now = house.clock.now();
    let consent = Consent::given(&customer.id, client, data, accounts, now);
    let mut details = request.authorization_details.as_slice().to_vec();
    for detail in &mut details {
        detail.identifier = Some(consent.id.clone().into());
        detail.other.insert(CONSENT_MEMBER.to_owned(), json!(consent.id));
    }
    request.authorization_details = AuthorizationDetails::from_elements(details);
    let id = consent.id.clone();
    house.db.transact(move |tx| consents::insert(tx, &consent)).await?;
    let redirect_uri = request.redirect_uri.clone();
    match house.server.issue_authorization_code(UserApproval::granted(&request, &customer.id)).await {
        Ok(issued) => {
            note_who(house, found, &issued.code, session, customer).await?;
            Ok(see(&issued.location(&redirect_uri)))
        }
        Err(fault) => {
            let ending = Ending { at: now, reason: Reason::BusinessRule, initiator: Initiator::DataProvider };
            house.db.transact(move |tx| consents::end(tx, &id, ending)).await?;
            Ok(refused(house, &fault))
        }
    }
}
