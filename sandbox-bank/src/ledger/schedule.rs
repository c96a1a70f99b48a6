//! What comes again and again: standing orders, and subscriptions as the ledger shows them.

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Account, Kind, day_of, growth::Soil, homes, life::PERSONAS, shops};
use crate::{
    chance::Dice,
    db::{DbFault, moment},
};

/// A payment that was ordered once and for all; every month on the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StandingOrder {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) payee: String,
    pub(crate) minor: i64,
    pub(crate) currency: String,
    pub(crate) next: Date,
}

/// A merchant who takes money every month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) merchant: String,
    pub(crate) minor: i64,
    /// What it took before, if that was another amount.
    pub(crate) before: Option<i64>,
    pub(crate) currency: String,
    pub(crate) next: Date,
}

/// The day of the month on which standing orders are carried out.
const ORDERS_ON: i8 = 1;

/// The next such day of a month after today.
fn next_on(day: i8, today: Date) -> Date {
    let this_month = today.with().day(day).build().unwrap_or(today);
    if today < this_month { this_month } else { this_month.saturating_add(1.month()) }
}

/// The standing orders of a customer, from these accounts.
pub(crate) fn standing_orders(
    tx: &Transaction<'_>,
    soil: &Soil,
    customer: &str,
    accounts: &[Account],
    now: Timestamp,
) -> Result<Vec<StandingOrder>, DbFault> {
    let login: Option<String> = tx
        .prepare_cached("SELECT login FROM customers WHERE id = ?1")?
        .query_row([customer], |row| row.get(0))
        .optional()?;
    let persona = PERSONAS.iter().find(|persona| login.as_deref() == Some(persona.login));
    let checking = accounts.iter().find(|account| account.kind == Kind::Checking);
    let (Some(persona), Some(from)) = (persona, checking) else { return Ok(Vec::new()) };
    let prices = homes::of_currency(&soil.currency).prices;
    let order = |payee: &str, minor: i64| StandingOrder {
        id: Dice::new(soil.seed, &[&from.id, payee, "standing order"]).id("so"),
        account: from.id.clone(),
        payee: payee.to_owned(),
        minor: minor * prices,
        currency: from.currency.clone(),
        next: next_on(ORDERS_ON, day_of(now)),
    };
    Ok(vec![order("Alder Court Homes", persona.rent), order("Rainy Day Savings", persona.saving)])
}

/// The subscriptions that the ledger shows on these accounts.
pub(crate) fn subscriptions(
    tx: &Transaction<'_>,
    soil: &Soil,
    accounts: &[Account],
    now: Timestamp,
) -> Result<Vec<Subscription>, DbFault> {
    let mut found = Vec::new();
    let mut newest = tx.prepare_cached(
        "SELECT -signed_minor, at FROM transactions WHERE account = ?1 AND merchant = ?2 AND nature = 'usual' \
         ORDER BY at DESC",
    )?;
    for account in accounts {
        for monthly in shops::MONTHLY.iter().filter(|monthly| monthly.by_card) {
            let rows = newest
                .query_map(params![account.id, monthly.shop.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let paid: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
            let Some((minor, at)) = paid.first().copied() else { continue };
            let last = day_of(moment(at)?);
            let next = next_on(monthly.day, last.max(day_of(now).saturating_sub(1.month())));
            found.push(Subscription {
                id: Dice::new(soil.seed, &[&account.id, monthly.shop.name, "subscription"]).id("sub"),
                account: account.id.clone(),
                merchant: monthly.shop.name.to_owned(),
                minor,
                before: paid.iter().map(|(minor, _)| *minor).find(|before| *before != minor),
                currency: account.currency.clone(),
                next,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::next_on;

    #[test]
    fn the_next_first_of_a_month_is_never_today() {
        assert_eq!(next_on(1, date(2026, 11, 18)), date(2026, 12, 1));
        assert_eq!(next_on(1, date(2026, 12, 1)), date(2027, 1, 1));
        assert_eq!(next_on(20, date(2026, 11, 18)), date(2026, 11, 20));
    }
}
