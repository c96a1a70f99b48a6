//! The front page: signing in, the accounts, and what moved on each.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    network::review_words,
    page::{Frame, PageResult, note, page},
    visit::{Member, Sent, Visit, cookie, with_cookie},
    words,
};
use crate::{
    customers::{self, SignIn, demo_password},
    db::DbFault,
    fdx::paging,
    house::{House, Shared},
    ledger::{self, Kind, Movement, Wanted, growth, life::Nature},
    limits,
    reports::{self, Review},
    sessions,
    sessions::Opened,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    pub(super) frame: Frame,
    /// Where the form goes.
    pub(super) action: String,
    /// For the sign-in of an approval: who asks, and where "Cancel" goes.
    pub(super) asking: Option<Asking>,
    pub(super) login: String,
    pub(super) fault: Option<String>,
    pub(super) demo_password: String,
}

/// Who waits behind a sign-in.
pub(super) struct Asking {
    pub(super) client: String,
    pub(super) decision: String,
    /// Whether they ask for data, and not only who somebody is.
    pub(super) data: bool,
}

/// Why somebody is not signed in, for the page.
pub(super) struct NotIn {
    pub(super) status: StatusCode,
    pub(super) text: String,
    pub(super) retry_after: Option<i64>,
}

/// Tries to sign in with the form's `login` and `password`; the session gets a new secret.
pub(super) async fn try_sign_in(house: &House, sent: &Sent) -> Result<Result<Opened, NotIn>, DbFault> {
    let now = house.clock.now();
    let turn = house.password_checks.acquire().await;
    let tried = customers::sign_in(&house.db, sent.one("login"), sent.one("password"), now).await?;
    drop(turn);
    let customer = match tried {
        SignIn::Welcome(customer) => customer,
        SignIn::Wrong { left } => {
            let tries = if left == 1 { "1 try is".to_owned() } else { format!("{left} tries are") };
            let text = format!("The name or the password is not right. {tries} left before a wait.");
            return Ok(Err(NotIn { status: StatusCode::UNPROCESSABLE_ENTITY, text, retry_after: None }));
        }
        SignIn::Wait { until } => {
            let seconds = (until.as_second() - now.as_second()).max(1);
            let text = format!(
                "There were {} wrong tries. Please wait until {} and try again.",
                limits::SIGN_IN_TRIES,
                words::time(until)
            );
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Ok(Err(NotIn { status, text, retry_after: Some(seconds) }));
        }
    };
    let visit = sent.session.clone();
    Ok(Ok(house.db.transact(move |tx| sessions::sign_in(tx, &visit, customer, now)).await?))
}

/// The sign-in page again, with what went wrong.
pub(super) fn sign_in_again(template: &SignInPage, not_in: &NotIn) -> Response {
    let mut answer = page(not_in.status, template);
    if let Some(seconds) = not_in.retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

fn sign_in_page(house: &House, frame: Frame, login: String, fault: Option<String>) -> SignInPage {
    SignInPage {
        frame,
        action: "/sign-in".to_owned(),
        asking: None,
        login,
        fault,
        demo_password: demo_password(&house.slug),
    }
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    accounts: Vec<AccountRow>,
}

struct AccountRow {
    id: String,
    name: String,
    kind: &'static str,
    number: String,
    amount_label: &'static str,
    amount: String,
    available_label: &'static str,
    available: String,
}

impl AccountRow {
    fn of(account: &ledger::Account) -> Self {
        let card = account.kind == Kind::CreditCard;
        let shown = if card { -account.current } else { account.current };
        Self {
            id: account.id.clone(),
            name: account.name.clone(),
            kind: account.kind.plain(),
            number: account.number_display.clone(),
            amount_label: if card { "You owe" } else { "Balance" },
            amount: words::money(shown, &account.currency),
            available_label: if card { "Left to spend" } else { "Available" },
            available: words::money(account.available(), &account.currency),
        }
    }
}

/// The front page: the sign-in form, or the accounts of who is signed in.
pub(super) async fn home(State(house): State<Shared>, visit: Visit) -> PageResult {
    let frame = Frame::new(&house, Some(&visit.session), "accounts");
    let answer = match &visit.session.customer {
        None => page(StatusCode::OK, &sign_in_page(&house, frame, String::new(), None)),
        Some(customer) => {
            let id = customer.id.clone();
            let accounts = house.db.transact(move |tx| ledger::accounts(tx, &id)).await?;
            let accounts = accounts.iter().map(AccountRow::of).collect();
            page(StatusCode::OK, &OverviewPage { frame, accounts })
        }
    };
    Ok(with_cookie(answer, visit.cookie))
}

/// Signs in.
pub(super) async fn sign_in(State(house): State<Shared>, sent: Sent) -> PageResult {
    match try_sign_in(&house, &sent).await? {
        Ok(opened) => Ok(with_cookie(Redirect::to("/").into_response(), cookie(&house, &opened))),
        Err(not_in) => {
            let frame = Frame::new(&house, Some(&sent.session), "accounts");
            let fault = Some(not_in.text.clone());
            let template = sign_in_page(&house, frame, sent.one("login").to_owned(), fault);
            Ok(sign_in_again(&template, &not_in))
        }
    }
}

/// Signs out.
pub(super) async fn sign_out(State(house): State<Shared>, sent: Sent) -> PageResult {
    house.db.transact(move |tx| sessions::close(tx, &sent.session)).await?;
    Ok(Redirect::to("/").into_response())
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountRow,
    rows: Vec<MovementRow>,
    older: Option<String>,
}

struct MovementRow {
    day: String,
    title: String,
    detail: String,
    pending: bool,
    review: Option<String>,
    amount: String,
    balance: String,
}

impl MovementRow {
    fn of(movement: &Movement, currency: &str, reviews: &[Review]) -> Self {
        let core = growth::core(&movement.id);
        let review = reviews.iter().find(|review| review.movement == core);
        let place = movement.payee.as_ref().map(|p| format!("{}, {}", p.city, p.country));
        let foreign = movement.foreign.as_ref().map(|(minor, code)| words::money(*minor, code));
        let detail = [place, foreign].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let title = match &movement.payee {
            Some(payee) if matches!(movement.nature, Nature::Reversal(_)) => {
                format!("Taken back by {}", payee.name)
            }
            Some(payee) if movement.signed > 0 => format!("Refund from {}", payee.name),
            Some(payee) => payee.name.clone(),
            None => movement.description.clone(),
        };
        Self {
            day: words::day(movement.at),
            title,
            detail,
            pending: movement.posted_at.is_none(),
            review: review.map(|review| review_words(review.dispute.as_deref())),
            amount: words::money(movement.signed, currency),
            balance: movement.balance_after.map(|m| words::money(m, currency)).unwrap_or_default(),
        }
    }
}

/// Where an older page of movements begins.
#[derive(Debug, Deserialize)]
pub(super) struct Older {
    before: Option<String>,
}

/// One account with its movements.
pub(super) async fn account(
    State(house): State<Shared>,
    member: Member,
    Path(id): Path<String>,
    Query(older): Query<Older>,
) -> PageResult {
    let customer = member.customer.id.clone();
    let mark = paging::mark(older.before.as_deref()).unwrap_or_default();
    let found = house
        .db
        .transact(move |tx| {
            let Some(account) = ledger::account(tx, &customer, &id)? else { return Ok(None) };
            let wanted = Wanted {
                account: account.id.clone(),
                from: Timestamp::UNIX_EPOCH,
                to: Timestamp::MAX,
                after: mark,
                limit: limits::SITE_PAGE,
            };
            let movements = ledger::movements(tx, &wanted)?;
            let reviews = reports::under_review(tx, &customer)?;
            Ok::<_, DbFault>(Some((account, movements, reviews)))
        })
        .await?;
    let Some((account, movements, reviews)) = found else {
        return Ok(note(&house, StatusCode::NOT_FOUND, "No such account", "You have no such account here."));
    };
    let older = movements.movements.last().filter(|_| movements.more).map(paging::key_after);
    let rows = movements.movements.iter().map(|m| MovementRow::of(m, &account.currency, &reviews)).collect();
    let frame = Frame::new(&house, Some(&member.session), "accounts");
    Ok(page(StatusCode::OK, &AccountPage { frame, account: AccountRow::of(&account), rows, older }))
}
