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
use crate::{cards, chance, db::DbFault, limits};

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
    #[error(transparent)]
    Db(#[from] DbFault),
}

/// Buys: checks the card, the shop and the money, and writes the pending payment.
pub(crate) fn buy(
    tx: &Transaction<'_>,
    home: &Home,
    wish: &Wish,
    now: Timestamp,
) -> Result<Account, Declined> {
    let account = super::account(tx, &wish.customer, &wish.account)?
        .filter(|account| account.card_display.is_some())
        .ok_or(Declined::NoCard)?;
    let shop = shops::for_purchases().into_iter().find(|s| s.name == wish.shop).ok_or(Declined::NoShop)?;
    if !(1..=limits::PURCHASE_MAX_MINOR).contains(&wish.minor) {
        return Err(Declined::Amount);
    }
    if wish.minor > account.available() {
        return Err(Declined::Funds);
    }
    let (city, country) = match shop.place {
        Place::Nearby => (home.towns[1], home.country),
        Place::Online(city, country) => (city, country),
        Place::Town | Place::Abroad => (home.towns[0], home.country),
    };
    let card = cards::in_use(tx, &account.id)?.ok_or(Declined::NoCard)?;
    let online = matches!(shop.place, Place::Online(..));
    let wanted = cards::Wanted { minor: wish.minor, online, country, home: home.country };
    cards::pays(tx, &card, &wanted, now)??;
    let event = Event {
        at: now,
        settles_at: now.saturating_add(SETTLES_HOURS.hours()).unwrap_or(now),
        account: Kind::CreditCard,
        what: What::Moves(-wish.minor),
        description: format!("{} {}", shop.name.to_uppercase(), city.to_uppercase()),
        payee: Some(Payee {
            name: shop.name.to_owned(),
            mcc: shop.mcc.to_owned(),
            city: city.to_owned(),
            country: country.to_owned(),
        }),
        foreign: None,
        by_card: true,
        id: format!("x-{:016x}", u64::from_be_bytes(chance::secret())),
        booked: None,
        nature: Nature::Usual,
        online,
    };
    growth::write_purchase(tx, &account.id, &event, now)?;
    Ok(account)
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
