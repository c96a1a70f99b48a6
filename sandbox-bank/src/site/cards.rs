//! The customer's cards, travel notices, names of accounts, how they are reached, and what was done of late.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    page::{Frame, PageFault, PageResult, note, page},
    visit::{Member, Sent},
    words,
};
use crate::{
    cards::{self, Card, CardFault, CardKind, FrozenBy, Status},
    db::DbFault,
    house::{House, Shared},
    ledger::{self, day_of},
    requests::{self, Deed},
};

/// How the history calls the bank's own pages.
const HERE: &str = "this site";

struct CardRow {
    id: String,
    title: String,
    account: String,
    status: &'static str,
    care: bool,
    over: bool,
    note: Option<String>,
    per_day: String,
    per_payment: String,
    switches: String,
    can_freeze: bool,
    can_unfreeze: bool,
}

impl CardRow {
    fn of(card: &Card, accounts: &[ledger::Account]) -> Self {
        let account = accounts.iter().find(|account| account.id == card.account);
        let kind = match card.kind {
            CardKind::Debit => "Debit card",
            CardKind::Credit => "Credit card",
        };
        let switch = |on: bool, what: &'static str| (!on).then_some(what);
        let off = [
            switch(card.contactless, "by touch"),
            switch(card.online, "on the internet"),
            switch(card.abroad, "abroad"),
        ];
        let off: Vec<&str> = off.into_iter().flatten().collect();
        let by_bank = card.frozen_by == Some(FrozenBy::Bank);
        Self {
            id: card.id.clone(),
            title: format!("{kind} ··{}", card.last4),
            account: account.map(|account| account.name.clone()).unwrap_or_default(),
            status: match (card.status, by_bank) {
                (Status::Active, _) => "In use",
                (Status::Frozen, false) => "Frozen by you",
                (Status::Frozen, true) => "Frozen by us",
                (Status::Blocked, _) => "Blocked",
                (Status::Closed, _) => "Closed",
            },
            care: card.status == Status::Frozen,
            over: matches!(card.status, Status::Blocked | Status::Closed),
            note: match (&card.expected, by_bank) {
                (_, true) => Some("Please call us about this card.".to_owned()),
                (Some(day), _) => Some(format!("Should be in your letter box by {day}.")),
                (None, false) => None,
            },
            per_day: words::money(card.per_day, &card.currency),
            per_payment: words::money(card.per_payment, &card.currency),
            switches: if off.is_empty() {
                "Pays by touch, on the internet and abroad".to_owned()
            } else {
                format!("Does not pay {}", off.join(", nor "))
            },
            can_freeze: card.status == Status::Active,
            can_unfreeze: card.status == Status::Frozen && !by_bank,
        }
    }
}

struct NoticeRow {
    countries: String,
    days: String,
}

struct DeedRow {
    when: String,
    words: String,
    through: String,
}

#[derive(Template)]
#[template(path = "cards.html")]
struct CardsPage {
    frame: Frame,
    cards: Vec<CardRow>,
    notices: Vec<NoticeRow>,
    accounts: Vec<String>,
    reached: String,
    deeds: Vec<DeedRow>,
    fault: Option<&'static str>,
}

async fn draw(
    house: &House,
    session: &crate::sessions::Session,
    customer: String,
    (status, fault): (StatusCode, Option<&'static str>),
) -> PageResult {
    let today = day_of(house.clock.now());
    let found = house.db.transact(move |tx| {
        let accounts = ledger::accounts(tx, &customer)?;
        let cards = cards::of_customer(tx, &customer)?;
        let notices = requests::travel_notices(tx, &customer, today)?;
        let contact = requests::contact(tx, &customer)?;
        Ok::<_, DbFault>((accounts, cards, notices, contact, requests::deeds(tx, &customer)?))
    });
    let (accounts, cards, notices, contact, deeds) = found.await?;
    let template = CardsPage {
        frame: Frame::new(house, Some(session), "cards"),
        cards: cards.iter().map(|card| CardRow::of(card, &accounts)).collect(),
        notices: notices
            .iter()
            .map(|notice| NoticeRow {
                countries: notice.countries.join(", "),
                days: format!("{} to {}", notice.from, notice.until),
            })
            .collect(),
        accounts: accounts.iter().map(|a| format!("{} ··{}", a.name, a.number_display)).collect(),
        reached: format!(
            "{}, statements {} paper, {}",
            contact.way.plain(),
            if contact.paperless { "without" } else { "on" },
            if contact.offers { "with our offers" } else { "without our offers" }
        ),
        deeds: deeds.iter().map(DeedRow::of).collect(),
        fault,
    };
    Ok(page(status, &template))
}

impl DeedRow {
    fn of(deed: &Deed) -> Self {
        let through = match &deed.through {
            Some(client) => format!("{client} ({})", deed.channel),
            None => deed.channel.clone(),
        };
        Self {
            when: format!("{}, {}", words::day(deed.at), words::time(deed.at)),
            words: deed.words.clone(),
            through,
        }
    }
}

/// The page.
pub(super) async fn show(State(house): State<Shared>, member: Member) -> PageResult {
    draw(&house, &member.session, member.customer.id, (StatusCode::OK, None)).await
}

/// Freezes a card from here.
pub(super) async fn freeze(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    act(&house, id, sent, "Freeze", |tx, card, now| cards::freeze(tx, card, FrozenBy::Customer, now)).await
}

/// Unfreezes a card from here. Whoever signed in here needs no other approval.
pub(super) async fn unfreeze(State(house): State<Shared>, Path(id): Path<String>, sent: Sent) -> PageResult {
    act(&house, id, sent, "Unfreeze", cards::unfreeze).await
}

async fn act(
    house: &House,
    id: String,
    sent: Sent,
    what: &'static str,
    work: impl FnOnce(&rusqlite::Transaction<'_>, &Card, jiff::Timestamp) -> Result<bool, CardFault>
    + Send
    + 'static,
) -> PageResult {
    let Some(customer) = sent.session.customer.clone() else { return Ok(Redirect::to("/").into_response()) };
    let (owner, now) = (customer.id.clone(), house.clock.now());
    let done = house.db.transact(move |tx| {
        let card = cards::find(tx, &owner, &id)?.ok_or(CardFault::NoCard)?;
        if work(tx, &card, now)? {
            let words = format!("{what} the card ··{}", card.last4);
            requests::note(tx, &owner, &Deed { at: now, words, channel: HERE.to_owned(), through: None })?;
        }
        Ok::<_, CardFault>(())
    });
    match done.await {
        Ok(()) => Ok(Redirect::to("/cards").into_response()),
        Err(CardFault::Db(fault)) => Err(PageFault::from(fault)),
        Err(CardFault::NoCard) => Ok(no_card(house)),
        Err(_) => {
            let text = "This card cannot be changed like that any more. Here is how it stands now.";
            draw(house, &sent.session, customer.id, (StatusCode::CONFLICT, Some(text))).await
        }
    }
}

fn no_card(house: &House) -> Response {
    note(house, StatusCode::NOT_FOUND, "No such card", "You have no such card here.")
}
