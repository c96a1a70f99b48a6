//! The page that makes a purchase happen, so that there is something to see.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    page::{Frame, PageFault, PageResult, page},
    visit::{Member, Sent},
    words,
};
use crate::{
    cards::NotPaid,
    house::{House, Shared},
    ledger::{
        self, homes,
        purchase::{self, Declined, Wish},
        shops,
    },
    sessions::Session,
};

#[derive(Template)]
#[template(path = "purchase.html")]
struct PurchasePage {
    frame: Frame,
    cards: Vec<CardChoice>,
    shops: Vec<&'static str>,
    shop: String,
    amount: String,
    fault: Option<String>,
}

struct CardChoice {
    id: String,
    name: String,
    available: String,
    chosen: bool,
}

/// What the form held before it came back.
#[derive(Default)]
struct Before {
    account: String,
    shop: String,
    amount: String,
    fault: Option<String>,
}

async fn show(
    house: &House,
    session: &Session,
    customer: String,
    status: StatusCode,
    before: Before,
) -> Result<Response, PageFault> {
    let accounts = house.db.transact(move |tx| ledger::accounts(tx, &customer)).await?;
    let cards = accounts
        .iter()
        .filter_map(|account| {
            let digits = account.card_display.as_ref()?;
            Some(CardChoice {
                id: account.id.clone(),
                name: format!("{} ··{digits}", account.name),
                available: words::money(account.available(), &account.currency),
                chosen: account.id == before.account,
            })
        })
        .collect();
    let shops = shops::for_purchases().iter().map(|shop| shop.name).collect();
    let frame = Frame::new(house, Some(session), "purchase");
    let Before { shop, amount, fault, .. } = before;
    Ok(page(status, &PurchasePage { frame, cards, shops, shop, amount, fault }))
}

/// The form.
pub(super) async fn form(State(house): State<Shared>, member: Member) -> PageResult {
    show(&house, &member.session, member.customer.id, StatusCode::OK, Before::default()).await
}

/// Buys, or says why not.
pub(super) async fn buy(State(house): State<Shared>, sent: Sent) -> PageResult {
    let Some(customer) = sent.session.customer.clone() else { return Ok(Redirect::to("/").into_response()) };
    let wish = Wish {
        customer: customer.id.clone(),
        account: sent.one("account").to_owned(),
        shop: sent.one("shop").to_owned(),
        minor: purchase::minor_from_text(sent.one("amount")).unwrap_or(0),
    };
    let (home, now) = (homes::of_currency(&house.soil.currency), house.clock.now());
    let bought = house.db.transact(move |tx| purchase::buy(tx, &home, &wish, now)).await?;
    let text = match bought {
        Ok(account) => return Ok(Redirect::to(&format!("/accounts/{}", account.id)).into_response()),
        Err(Declined::NoCard) => "Please choose one of your cards.",
        Err(Declined::NoShop) => "Please choose one of the shops.",
        Err(Declined::Amount) => {
            "Please write an amount between 0.01 and 10000.00, with a point before the cents."
        }
        Err(Declined::Card(why)) => match why {
            NotPaid::Frozen => {
                "Declined: this card is frozen. Unfreeze it under “Cards” to pay with it. Nothing was bought."
            }
            NotPaid::Blocked => "Declined: this card is blocked. Nothing was bought.",
            NotPaid::PerPayment => {
                "Declined: this is more than the card may pay at once. Nothing was bought."
            }
            NotPaid::PerDay => {
                "Declined: the card would have paid more today than it may. Nothing was bought."
            }
            NotPaid::Online => "Declined: this card does not pay on the internet. Nothing was bought.",
            NotPaid::Abroad => "Declined: this card does not pay abroad. Nothing was bought.",
        },
        Err(Declined::Funds) => "There is not enough money for this on the card. Nothing was bought.",
    };
    let before = Before {
        account: sent.one("account").to_owned(),
        shop: sent.one("shop").to_owned(),
        amount: sent.one("amount").chars().take(20).collect(),
        fault: Some(text.to_owned()),
    };
    show(&house, &sent.session, customer.id, StatusCode::UNPROCESSABLE_ENTITY, before).await
}
