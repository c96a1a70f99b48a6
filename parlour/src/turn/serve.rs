//! Which of the services an intent asks for.

use super::plain;
use crate::{
    accesses,
    asking::{Turn, TurnFault},
    balances, cards,
    consents::words as consent_words,
    contact, erasure, export, help, limits, linking,
    memory::{Asked, CardWish},
    names, orders, picture, places, privacy, receipts,
    reply::Reply,
    schedules::{self, List},
    spending, statements, take_along, travel, watches, withdrawal,
};
use std::{future::Future, pin::Pin};
use understanding::{Entities, Intent, Measure};

/// A service at work. Each has a place of its own on the heap: a turn that kept room for all of them at once would
/// leave little of its stack to them.
type AtWork<'t> = Pin<Box<dyn Future<Output = Result<Reply, TurnFault>> + Send + 't>>;

/// Does what an intent asks for.
pub(super) fn serve<'t>(turn: &'t Turn, intent: Intent, about: &'t Entities, text: &'t str) -> AtWork<'t> {
    match intent {
        Intent::Balance => Box::pin(balances::tell(turn, about, text)),
        Intent::Transactions | Intent::WhereShopped if about.measure == Some(Measure::ByShop) => {
            Box::pin(spending::total(turn, about))
        }
        Intent::Transactions => Box::pin(spending::list(turn, about, 0)),
        Intent::Spending if matches!(about.measure, Some(Measure::Largest | Measure::Smallest)) => {
            Box::pin(spending::list(turn, about, 0))
        }
        Intent::Spending => Box::pin(spending::total(turn, about)),
        Intent::Picture => Box::pin(picture::tell(turn, about)),
        Intent::Compare => Box::pin(picture::compare(turn, about)),
        Intent::CardFreeze => Box::pin(cards::begin(turn, CardWish::Freeze, about, text)),
        Intent::CardUnfreeze => Box::pin(cards::begin(turn, CardWish::Unfreeze, about, text)),
        Intent::CardLost => Box::pin(cards::begin(turn, CardWish::ReportLost, about, text)),
        Intent::CardStolen => Box::pin(cards::begin(turn, CardWish::ReportStolen, about, text)),
        Intent::CardLimits => Box::pin(limits::begin(turn, about, text)),
        Intent::Travel => Box::pin(travel::begin(turn, text)),
        Intent::Nickname => Box::pin(names::begin(turn, about, text)),
        Intent::Statements => Box::pin(statements::tell(turn, about)),
        Intent::Schedules => Box::pin(schedules::tell(turn, List::StandingOrders)),
        Intent::Subscriptions => Box::pin(schedules::tell(turn, List::Subscriptions)),
        Intent::Contact => Box::pin(contact::begin(turn, text)),
        Intent::Watch | Intent::Watches | Intent::WatchStop => Box::pin(watches::said(turn, intent, "")),
        Intent::TakeAlong => Box::pin(take_along::tell(turn, about)),
        Intent::Deeds => Box::pin(orders::tell(turn)),
        Intent::Undo => Box::pin(orders::undo(turn)),
        Intent::WhereShopped => Box::pin(places::tell(turn, about)),
        Intent::WhoLooked => Box::pin(accesses::tell(turn)),
        Intent::Receipts => Box::pin(receipts::tell(turn)),
        Intent::Stop => Box::pin(withdrawal::withdraw(turn)),
        Intent::Erase => Box::pin(erases(turn)),
        Intent::Export => said(export::tell(turn)),
        Intent::Pause => Box::pin(consent_words::pause(turn)),
        Intent::Resume => Box::pin(consent_words::resume(turn)),
        Intent::Change => Box::pin(linking::offer_change(turn)),
        Intent::MyConsents => Box::pin(consent_words::tell(turn)),
        Intent::Privacy => said(privacy::tell(turn)),
        Intent::Link => Box::pin(linking::offer_or_say_linked(turn)),
        Intent::Hours => said(help::opening_hours(turn)),
        Intent::Standing => Box::pin(plain::standing(turn)),
        Intent::Help => said(plain::can_do(turn)),
        Intent::Greeting if plain::is_goodbye(text) => said(Reply::text("Goodbye.")),
        Intent::Greeting => said(plain::greeting(turn)),
        Intent::Thanks => said(Reply::text("You are welcome.")),
        Intent::Person => said(help::person(turn)),
        Intent::Yes => said(plain::not_a_yes(turn)),
        Intent::No => said(plain::nothing_asked()),
    }
}

/// What is said at once.
fn said<'t>(reply: Reply) -> AtWork<'t> {
    Box::pin(std::future::ready(Ok(reply)))
}

async fn erases(turn: &Turn) -> Result<Reply, TurnFault> {
    Ok(erasure::chat::question(turn).await?.asking(Asked::Erase))
}
