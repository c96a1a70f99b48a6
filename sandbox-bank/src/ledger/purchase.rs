//! A purchase that a customer makes on the bank's own page, to see something happen.

use jiff::{Timestamp, ToSpan};
use rusqlite::Transaction;
use thiserror::Error;

use super::{
    Account, Kind, growth,
    homes::Home,
    life::{Event, Nature, Payee, What},
    shops::{self, Place},
};
use crate::{
    cards::{self, Card},
    chance,
    db::DbFault,
    limits,
    network::{self, EntryMode, Swipe},
};

/// Hours until such a purchase settles.
const SETTLES_HOURS: i64 = 30;

/// What a customer wants to buy.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) customer: String,
    pub(crate) account: String,
    /// The shop's name, one of [`shops::for_purchases`].
    pub(crate) shop: String,
    pub(crate) minor: i64,
}

/// Why nothing was bought.
#[derive(Debug, Error)]
pub(crate) enum Declined {
    #[error("there is no such card")]
    NoCard,
    #[error("there is no such shop")]
    NoShop,
    #[error("the amount must be between 0.01 and {}.00", limits::PURCHASE_MAX_MINOR / 100)]
    Amount,
    #[error("the card has less than that available")]
    Funds,
    #[error(transparent)]
    Card(#[from] cards::NotPaid),
}

/// A payment that somebody tries to make with a card.
#[derive(Debug, Clone)]
pub(crate) struct Attempt<'a> {
    pub(crate) customer: &'a str,
    pub(crate) card: &'a Card,
    pub(crate) payee: Payee,
    /// Above zero.
    pub(crate) minor: i64,
    pub(crate) entry: EntryMode,
    /// The attack that it belongs to, when it is not the owner's.
    pub(crate) attack: Option<&'a str>,
}

/// Buys: finds the card and the shop, and tries to pay. A refusal is a value, since what the card network is told of it
/// must be kept.
pub(crate) fn buy(
    tx: &Transaction<'_>,
    home: &Home,
    wish: &Wish,
    now: Timestamp,
) -> Result<Result<Account, Declined>, DbFault> {
    let account =
        super::account(tx, &wish.customer, &wish.account)?.filter(|account| account.card_display.is_some());
    let Some(account) = account else { return Ok(Err(Declined::NoCard)) };
    let Some(shop) = shops::for_purchases().into_iter().find(|s| s.name == wish.shop) else {
        return Ok(Err(Declined::NoShop));
    };
    if !(1..=limits::PURCHASE_MAX_MINOR).contains(&wish.minor) {
        return Ok(Err(Declined::Amount));
    }
    let (city, country) = match shop.place {
        Place::Nearby => (home.towns[1], home.country),
        Place::Online(city, country) => (city, country),
        Place::Town | Place::Abroad => (home.towns[0], home.country),
    };
    let Some(card) = cards::in_use(tx, &account.id)? else { return Ok(Err(Declined::NoCard)) };
    let online = matches!(shop.place, Place::Online(..));
    let payee = Payee {
        name: shop.name.to_owned(),
        mcc: shop.mcc.to_owned(),
        city: city.to_owned(),
        country: country.to_owned(),
    };
    let entry = network::usual_entry(online, wish.minor, network::touch(home.prices), card.contactless);
    let attempt =
        Attempt { customer: &wish.customer, card: &card, payee, minor: wish.minor, entry, attack: None };
    Ok(self::attempt(tx, home, &attempt, now)?.map(|()| account))
}

/// Tries to pay: asks the card and the money, writes the pending payment, and tells the card network either way.
pub(crate) fn attempt(
    tx: &Transaction<'_>,
    home: &Home,
    attempt: &Attempt<'_>,
    now: Timestamp,
) -> Result<Result<(), Declined>, DbFault> {
    let declined = refusal(tx, home, attempt, now)?;
    let id = format!("x-{:016x}", u64::from_be_bytes(chance::secret()));
    if declined.is_none() {
        growth::write_purchase(tx, &attempt.card.account, &event(attempt, &id, now), now)?;
    }
    let why = declined.as_ref().map(ToString::to_string);
    let swipe = Swipe {
        customer: attempt.customer,
        card: attempt.card,
        movement: declined.is_none().then(|| growth::core(&id)),
        at: now,
        minor: attempt.minor,
        payee: &attempt.payee,
        entry: attempt.entry,
        declined: why.as_deref(),
        attack: attempt.attack,
    };
    network::swiped(tx, &swipe, now)?;
    Ok(declined.map_or(Ok(()), Err))
}

/// Why the card does not pay, if it does not.
fn refusal(
    tx: &Transaction<'_>,
    home: &Home,
    attempt: &Attempt<'_>,
    now: Timestamp,
) -> Result<Option<Declined>, DbFault> {
    let online = attempt.entry == EntryMode::Online;
    let country = attempt.payee.country.as_str();
    let wanted = cards::Wanted { minor: attempt.minor, online, country, home: home.country };
    if let Err(why) = cards::pays(tx, attempt.card, &wanted, now)? {
        return Ok(Some(Declined::Card(why)));
    }
    let account = super::account(tx, attempt.customer, &attempt.card.account)?;
    Ok(match account {
        None => Some(Declined::NoCard),
        Some(account) if attempt.minor > account.available() => Some(Declined::Funds),
        Some(_) => None,
    })
}

fn event(attempt: &Attempt<'_>, id: &str, now: Timestamp) -> Event {
    let Payee { name, city, .. } = &attempt.payee;
    Event {
        at: now,
        settles_at: now.saturating_add(SETTLES_HOURS.hours()).unwrap_or(now),
        account: Kind::CreditCard,
        what: What::Moves(-attempt.minor),
        description: format!("{} {}", name.to_uppercase(), city.to_uppercase()),
        payee: Some(attempt.payee.clone()),
        foreign: None,
        by_card: true,
        id: id.to_owned(),
        booked: None,
        nature: Nature::Usual,
        online: attempt.entry == EntryMode::Online,
    }
}

/// Reads an amount as people write it: `12`, `12.5`, `12.50`, with at most two decimals.
pub(crate) fn minor_from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = if part.is_empty() { 0 } else { format!("{part:0<2}").parse().ok()? };
    Some(whole * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::minor_from_text;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        assert_eq!(minor_from_text("12"), Some(1_200));
        assert_eq!(minor_from_text(" 12.5 "), Some(1_250));
        assert_eq!(minor_from_text("0.07"), Some(7));
        for wrong in ["", "-1", "1,50", "1.234", "1e3", ".5", "12345678901"] {
            assert_eq!(minor_from_text(wrong), None, "{wrong}");
        }
    }
}
