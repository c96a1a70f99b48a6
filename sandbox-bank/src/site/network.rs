//! The page of the card network: attacks to start, and what the network has seen of the customer's cards.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    page::{Frame, PageFault, PageResult, note, page},
    visit::{Member, Sent},
    words,
};
use crate::{
    cards::{self, Card, CardKind, FrozenBy, Status},
    db::DbFault,
    house::{House, Shared},
    ledger,
    network::{
        attacks::{self, NoAttack, Pattern},
        outbox,
        payments::{self, Payment},
        state::{self, State as Stream},
    },
    reports::{self, Review},
    sessions::Session,
};

struct CardRow {
    id: String,
    title: String,
    account: String,
    status: &'static str,
    care: bool,
}

struct PatternRow {
    word: &'static str,
    button: &'static str,
    what: &'static str,
}

/// The attacks, in words.
const PATTERNS: [PatternRow; 3] = [
    PatternRow {
        word: "testing",
        button: "Try it out",
        what: "Four tiny payments on the internet within seconds, then a large one.",
    },
    PatternRow {
        word: "spree",
        button: "Go shopping abroad",
        what: "Large payments at electronics shops in another country, one every few seconds. They end when the card \
               is frozen, or after three.",
    },
    PatternRow {
        word: "skimmed",
        button: "Copy it",
        what: "Two payments at a shop where the card often pays, each five times as large as usual.",
    },
];

struct PaymentRow {
    when: String,
    card: String,
    shop: String,
    place: String,
    amount: String,
    outcome: String,
    declined: bool,
    attack: bool,
    alerted: bool,
    /// What the receiver decided.
    decision: String,
    review: Option<String>,
}

#[derive(Template)]
#[template(path = "network.html")]
struct NetworkPage {
    frame: Frame,
    cards: Vec<CardRow>,
    patterns: &'static [PatternRow],
    payments: Vec<PaymentRow>,
    has_live: bool,
    paused: bool,
    standing: Vec<String>,
    fault: Option<&'static str>,
}

impl CardRow {
    fn of(card: &Card, accounts: &[ledger::Account]) -> Self {
        let account = accounts.iter().find(|account| account.id == card.account);
        let kind = if card.kind == CardKind::Credit { "Credit card" } else { "Debit card" };
        Self {
            id: card.id.clone(),
            title: format!("{kind} ··{}", card.last4),
            account: account.map(|account| account.name.clone()).unwrap_or_default(),
            status: match (card.status, card.frozen_by) {
                (Status::Frozen, Some(FrozenBy::Bank)) => "Frozen by us",
                (Status::Frozen, _) => "Frozen by you",
                _ => "In use",
            },
            care: card.status == Status::Frozen,
        }
    }
}

impl PaymentRow {
    fn of(payment: &Payment, reviews: &[Review]) -> Self {
        let of_this = |review: &&Review| payment.movement.as_ref() == Some(&review.movement);
        let review = reviews.iter().find(of_this).map(|review| review_words(review.dispute.as_deref()));
        Self {
            when: format!("{}, {}", words::day(payment.at), second(payment.at)),
            card: format!("··{}", payment.digits),
            shop: payment.merchant.clone(),
            place: format!("{}, {}", payment.city, payment.country),
            amount: words::money(payment.minor, &payment.currency),
            outcome: match &payment.declined {
                Some(why) => format!("Declined: {why}"),
                None => "Approved".to_owned(),
            },
            declined: payment.declined.is_some(),
            attack: payment.attack.is_some(),
            alerted: payment.alerted,
            decision: decision(payment.score, payment.action.as_deref()),
            review,
        }
    }
}

/// How a payment under review is marked.
pub(super) fn review_words(dispute: Option<&str>) -> String {
    match dispute {
        Some(number) => format!("under review, {number}"),
        None => "under review".to_owned(),
    }
}

/// A time of day with its seconds: an attack takes no longer.
fn second(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S UTC").to_string()
}

fn decision(score: Option<f64>, action: Option<&str>) -> String {
    let does = action.map(|action| match action {
        "none" => "nothing to do".to_owned(),
        "alert" => "asks the customer".to_owned(),
        "step_up" => "wants a second proof".to_owned(),
        "decline" => "would decline".to_owned(),
        other => other.replace('_', " "),
    });
    match (score, does) {
        (Some(score), Some(does)) => format!("{score:.2}, {does}"),
        (Some(score), None) => format!("{score:.2}"),
        (None, Some(does)) => does,
        (None, None) => "none yet".to_owned(),
    }
}

/// How the network stands, one line each.
fn standing(stream: &Stream, waiting: i64, now: Timestamp) -> Vec<String> {
    let mut lines = vec![match stream.history_done_at {
        Some(_) => "The last five weeks were handed over.".to_owned(),
        None => "The last five weeks are being handed over. Attacks begin when that is done.".to_owned(),
    }];
    if stream.repeated > 0 {
        lines.push(format!("Of these, {} events were known to the other side before.", stream.repeated));
    }
    lines.push(format!("{} events were taken, {waiting} wait.", stream.taken));
    if stream.waits_until > now {
        lines.push(format!(
            "The other side does not take any now. Next try at {}.",
            second(stream.waits_until)
        ));
    }
    lines
}

async fn draw(
    house: &House,
    session: &Session,
    customer: String,
    (status, fault): (StatusCode, Option<&'static str>),
) -> PageResult {
    let now = house.clock.now();
    let found = house.db.transact(move |tx| {
        let Some(stream) = state::state(tx)? else { return Ok(None) };
        let waiting = outbox::waiting(tx)?.0;
        let (accounts, cards) = (ledger::accounts(tx, &customer)?, cards::of_customer(tx, &customer)?);
        let payments = payments::newest(tx, &customer)?;
        let reviews = reports::under_review(tx, &customer)?;
        Ok::<_, DbFault>(Some((stream, waiting, accounts, cards, payments, reviews)))
    });
    let Some((stream, waiting, accounts, cards, payments, reviews)) = found.await? else {
        return Ok(unconnected(house));
    };
    let usable = cards.iter().filter(|card| matches!(card.status, Status::Active | Status::Frozen));
    let template = NetworkPage {
        frame: Frame::new(house, Some(session), "network"),
        cards: usable.map(|card| CardRow::of(card, &accounts)).collect(),
        patterns: &PATTERNS,
        payments: payments.iter().map(|payment| PaymentRow::of(payment, &reviews)).collect(),
        has_live: house.network.as_ref().is_some_and(crate::network::Network::has_live),
        paused: stream.paused,
        standing: standing(&stream, waiting, now),
        fault,
    };
    Ok(page(status, &template))
}

fn unconnected(house: &House) -> Response {
    let text = "This bank tells its card payments to nobody, so there is nothing to see here.";
    note(house, StatusCode::NOT_FOUND, "No card network", text)
}

/// The page.
pub(super) async fn show(State(house): State<Shared>, member: Member) -> PageResult {
    draw(&house, &member.session, member.customer.id, (StatusCode::OK, None)).await
}

/// What a form of this page led to.
enum Done {
    Well,
    Unconnected,
    Not(StatusCode, &'static str),
}

async fn act(
    house: &House,
    sent: Sent,
    work: impl FnOnce(&rusqlite::Transaction<'_>, &str, &Sent) -> Result<Done, DbFault> + Send + 'static,
) -> PageResult {
    let Some(customer) = sent.session.customer.clone() else { return Ok(Redirect::to("/").into_response()) };
    let (session, owner) = (sent.session.clone(), customer.id.clone());
    let done = house.db.transact(move |tx| {
        if state::state(tx)?.is_none() {
            return Ok(Done::Unconnected);
        }
        work(tx, &owner, &sent)
    });
    match done.await.map_err(|fault: DbFault| PageFault::from(fault))? {
        Done::Well => Ok(Redirect::to("/network").into_response()),
        Done::Unconnected => Ok(unconnected(house)),
        Done::Not(status, text) => draw(house, &session, customer.id, (status, Some(text))).await,
    }
}

/// Starts an attack on one of the customer's cards.
pub(super) async fn attack(State(house): State<Shared>, sent: Sent) -> PageResult {
    let now = house.clock.now();
    let work = move |tx: &rusqlite::Transaction<'_>, customer: &str, sent: &Sent| {
        let Some(pattern) = Pattern::from_word(sent.one("pattern")) else {
            return Ok(Done::Not(StatusCode::UNPROCESSABLE_ENTITY, "Please choose one of the attacks."));
        };
        Ok(match attacks::start(tx, (customer, sent.one("card")), pattern, false, now) {
            Ok(()) => Done::Well,
            Err(NoAttack::NoCard) => {
                Done::Not(StatusCode::UNPROCESSABLE_ENTITY, "Please choose one of your cards.")
            }
            Err(NoAttack::Over(_)) => {
                Done::Not(StatusCode::CONFLICT, "This card is not in use any more. Nobody can attack it.")
            }
            Err(NoAttack::UnderWay) => Done::Not(
                StatusCode::CONFLICT,
                "Somebody is attacking this card already. Look again in a moment.",
            ),
            Err(NoAttack::Db(fault)) => return Err(fault),
        })
    };
    let answer = act(&house, sent, work).await;
    // The first payment is made now, and not only with the next second.
    crate::bank::hurry(&house);
    answer
}

/// Lets the bank's own system suspect the newest payment.
pub(super) async fn suspect(State(house): State<Shared>, sent: Sent) -> PageResult {
    let now = house.clock.now();
    let work = move |tx: &rusqlite::Transaction<'_>, customer: &str, _: &Sent| {
        let nothing =
            "Your cards have paid nothing since the network was connected, so there is nothing to suspect.";
        Ok(match payments::suspect_newest(tx, customer, now)? {
            true => Done::Well,
            false => Done::Not(StatusCode::CONFLICT, nothing),
        })
    };
    act(&house, sent, work).await
}

/// Holds the crowd's live payments back, or lets them go on.
pub(super) async fn pause(State(house): State<Shared>, sent: Sent) -> PageResult {
    let work = |tx: &rusqlite::Transaction<'_>, _: &str, sent: &Sent| match sent.one("live") {
        "pause" => state::pause(tx, true).map(|()| Done::Well),
        "go" => state::pause(tx, false).map(|()| Done::Well),
        _ => Ok(Done::Not(StatusCode::UNPROCESSABLE_ENTITY, "Please press one of the buttons.")),
    };
    act(&house, sent, work).await
}
