//! Cards: what they are, whether they pay, how much and where.

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::{
    chance::Dice,
    db::DbFault,
    ledger::{day_of, growth::Soil, homes, start_of},
    network, webhooks,
};

/// The network of every card of this bank.
pub(crate) const NETWORK: &str = "SANDBOX";
/// Days until a card that replaces another one should be in the letter box.
const REPLACEMENT_DAYS: i64 = 7;
/// What the cards of a new customer may pay on a day and at once, minor units, in dollars.
const DEBIT_LIMITS: (i64, i64) = (200_000, 100_000);
const CREDIT_LIMITS: (i64, i64) = (500_000, 300_000);
/// The most that a customer may set as a limit, minor units, in dollars.
pub(crate) const LIMIT_MAX_MINOR: i64 = 1_000_000;

/// What a card draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CardKind {
    /// The money on an account.
    Debit,
    /// A credit line.
    Credit,
}

/// Whether a card pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    /// It pays.
    Active,
    /// Not until it is unfrozen.
    Frozen,
    /// Never again.
    Blocked,
    /// It is not in use any more.
    Closed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Active, Self::Frozen, Self::Blocked, Self::Closed];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Frozen => "FROZEN",
            Self::Blocked => "BLOCKED",
            Self::Closed => "CLOSED",
        }
    }
}

/// Who froze a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FrozenBy {
    /// Its owner.
    Customer,
    /// The bank.
    Bank,
}

/// How a card got away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Loss {
    /// Nobody knows where it is.
    Lost,
    /// Somebody took it.
    Stolen,
    /// It is there, but somebody else pays with its number.
    Compromised,
}

/// A card. Limits are minor units of its account's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) currency: String,
    pub(crate) last4: String,
    pub(crate) kind: CardKind,
    pub(crate) status: Status,
    pub(crate) frozen_by: Option<FrozenBy>,
    pub(crate) per_day: i64,
    pub(crate) per_payment: i64,
    pub(crate) contactless: bool,
    pub(crate) online: bool,
    pub(crate) abroad: bool,
    /// The card that it was sent for.
    pub(crate) replaces: Option<String>,
    /// When it should be there.
    pub(crate) expected: Option<String>,
}

/// Why nothing was done on a card.
#[derive(Debug, Error)]
pub(crate) enum CardFault {
    #[error("there is no such card in the consent")]
    NoCard,
    #[error("the bank froze this card, so the bank alone unfreezes it")]
    FrozenByBank,
    #[error("the card is {}, so this cannot be done on it", .0.word())]
    State(Status),
    #[error("a limit must be above zero and at most {most} minor units")]
    Limit { most: i64 },
    #[error(transparent)]
    Db(#[from] DbFault),
}

const CARDS: &str = "SELECT c.id, c.account, a.currency, c.last4, c.kind, c.status, c.frozen_by, c.per_day_minor, \
     c.per_payment_minor, c.contactless, c.online, c.abroad, c.replaces, c.expected \
     FROM cards c JOIN accounts a ON a.id = c.account";

/// The cards of a customer, in the order of the accounts, the newest of an account last.
pub(crate) fn of_customer(tx: &Transaction<'_>, customer: &str) -> Result<Vec<Card>, DbFault> {
    let sql = format!(
        "{CARDS} WHERE c.customer = ?1 ORDER BY a.position, c.expected IS NOT NULL, c.expected, c.rowid"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([customer], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One card of a customer.
pub(crate) fn find(tx: &Transaction<'_>, customer: &str, id: &str) -> Result<Option<Card>, DbFault> {
    let sql = format!("{CARDS} WHERE c.customer = ?1 AND c.id = ?2");
    Ok(tx.prepare_cached(&sql)?.query_row([customer, id], read).optional()?)
}

/// The card that pays from an account now, if there is one that could: the newest that is not blocked or closed.
pub(crate) fn in_use(tx: &Transaction<'_>, account: &str) -> Result<Option<Card>, DbFault> {
    let sql = format!(
        "{CARDS} WHERE c.account = ?1 ORDER BY c.status IN ('BLOCKED', 'CLOSED'), c.expected DESC, c.rowid DESC LIMIT 1"
    );
    Ok(tx.prepare_cached(&sql)?.query_row([account], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Card> {
    let status: String = row.get(5)?;
    Ok(Card {
        id: row.get(0)?,
        account: row.get(1)?,
        currency: row.get(2)?,
        last4: row.get(3)?,
        kind: if row.get_ref(4)?.as_str() == Ok("CREDIT") { CardKind::Credit } else { CardKind::Debit },
        status: Status::ALL.into_iter().find(|s| s.word() == status).unwrap_or(Status::Closed),
        frozen_by: row.get::<_, Option<String>>(6)?.map(|by| match by.as_str() {
            "BANK" => FrozenBy::Bank,
            _ => FrozenBy::Customer,
        }),
        per_day: row.get(7)?,
        per_payment: row.get(8)?,
        contactless: row.get(9)?,
        online: row.get(10)?,
        abroad: row.get(11)?,
        replaces: row.get(12)?,
        expected: row.get(13)?,
    })
}

/// Gives each account that has a card its row, where it has none yet.
pub(crate) fn settle_in(tx: &Transaction<'_>, soil: &Soil) -> Result<(), DbFault> {
    let prices = homes::of_currency(&soil.currency).prices;
    let mut statement = tx.prepare(
        "SELECT a.id, a.customer, a.kind, a.card_display FROM accounts a WHERE a.card_display IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.account = a.id) ORDER BY a.id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        let (account, customer, kind, last4) = row;
        let credit = kind == "credit_card";
        let (per_day, per_payment) = if credit { CREDIT_LIMITS } else { DEBIT_LIMITS };
        let id = Dice::new(soil.seed, &[&account, "card"]).id("card");
        tx.execute(
            "INSERT INTO cards (id, customer, account, last4, kind, status, per_day_minor, per_payment_minor, \
             contactless, online, abroad) VALUES (?1, ?2, ?3, ?4, ?5, 'ACTIVE', ?6, ?7, 1, 1, 1)",
            params![
                id, customer, account, last4, if credit { "CREDIT" } else { "DEBIT" }, per_day * prices,
                per_payment * prices
            ],
        )?;
    }
    Ok(())
}

/// Freezes a card. False when it was frozen before, by whomever.
pub(crate) fn freeze(
    tx: &Transaction<'_>,
    card: &Card,
    by: FrozenBy,
    now: Timestamp,
) -> Result<bool, CardFault> {
    let word = match by {
        FrozenBy::Customer => "CUSTOMER",
        FrozenBy::Bank => "BANK",
    };
    let frozen = tx
        .execute(
            "UPDATE cards SET status = 'FROZEN', frozen_by = ?2 WHERE id = ?1 AND status = 'ACTIVE'",
            params![card.id, word],
        )
        .map_err(DbFault::from)?;
    match card.status {
        _ if frozen == 1 => {
            webhooks::card_changed(tx, card, Status::Frozen, now)?;
            Ok(true)
        }
        Status::Frozen => Ok(false),
        status => Err(CardFault::State(status)),
    }
}

/// Unfreezes what its owner froze. False when it was not frozen.
pub(crate) fn unfreeze(tx: &Transaction<'_>, card: &Card, now: Timestamp) -> Result<bool, CardFault> {
    let unfrozen = tx
        .execute(
            "UPDATE cards SET status = 'ACTIVE', frozen_by = NULL \
             WHERE id = ?1 AND status = 'FROZEN' AND frozen_by = 'CUSTOMER'",
            [&card.id],
        )
        .map_err(DbFault::from)?;
    match (card.status, card.frozen_by) {
        _ if unfrozen == 1 => {
            webhooks::card_changed(tx, card, Status::Active, now)?;
            Ok(true)
        }
        (Status::Active, _) => Ok(false),
        (Status::Frozen, Some(FrozenBy::Bank)) => Err(CardFault::FrozenByBank),
        (status, _) => Err(CardFault::State(status)),
    }
}

/// Blocks a card for good and sends another one to the address that the bank has. None when that was done before.
pub(crate) fn report(tx: &Transaction<'_>, card: &Card, now: Timestamp) -> Result<Option<Card>, CardFault> {
    let blocked = tx
        .execute(
            "UPDATE cards SET status = 'BLOCKED', frozen_by = NULL WHERE id = ?1 AND status IN ('ACTIVE', 'FROZEN')",
            [&card.id],
        )
        .map_err(DbFault::from)?;
    if blocked == 0 {
        return if card.status == Status::Blocked { Ok(None) } else { Err(CardFault::State(card.status)) };
    }
    webhooks::card_changed(tx, card, Status::Blocked, now)?;
    network::card_lost(tx, &card.id, now)?;
    let mut dice = Dice::new(0, &[&card.id, "replacement"]);
    let (id, last4) = (dice.id("card"), format!("{:04}", dice.between(0, 9_999)));
    let expected = workday(day_of(now).saturating_add(REPLACEMENT_DAYS.days()));
    tx.execute(
        "INSERT INTO cards (id, customer, account, last4, kind, status, per_day_minor, per_payment_minor, contactless, \
         online, abroad, replaces, expected) SELECT ?2, customer, account, ?3, kind, 'ACTIVE', per_day_minor, \
         per_payment_minor, contactless, online, abroad, id, ?4 FROM cards WHERE id = ?1",
        params![card.id, id, last4, expected.to_string()],
    )
    .map_err(DbFault::from)?;
    tx.execute("UPDATE accounts SET card_display = ?2 WHERE id = ?1", params![card.account, last4])
        .map_err(DbFault::from)?;
    replacement(tx, &card.id).map_err(CardFault::from)
}

/// The card that was sent for another one.
pub(crate) fn replacement(tx: &Transaction<'_>, of: &str) -> Result<Option<Card>, DbFault> {
    let sql = format!("{CARDS} WHERE c.replaces = ?1");
    Ok(tx.prepare_cached(&sql)?.query_row([of], read).optional()?)
}

/// The day itself, or the Monday after it.
fn workday(day: Date) -> Date {
    use jiff::civil::Weekday::{Saturday, Sunday};
    match day.weekday() {
        Saturday => day.saturating_add(2.days()),
        Sunday => day.saturating_add(1.day()),
        _ => day,
    }
}

/// Other limits and switches; what is None stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) per_day: Option<i64>,
    pub(crate) per_payment: Option<i64>,
    pub(crate) contactless: Option<bool>,
    pub(crate) online: Option<bool>,
    pub(crate) abroad: Option<bool>,
}

impl Change {
    /// Whether the card pays more, or in more places, after it.
    pub(crate) fn opens(&self, card: &Card) -> bool {
        let more = |new: Option<i64>, old: i64| new.is_some_and(|new| new > old);
        let on = |new: Option<bool>, old: bool| new == Some(true) && !old;
        more(self.per_day, card.per_day)
            || more(self.per_payment, card.per_payment)
            || on(self.contactless, card.contactless)
            || on(self.online, card.online)
            || on(self.abroad, card.abroad)
    }
}

/// Whether limits are such that may be set on a card in this state.
pub(crate) fn may_change(card: &Card, change: &Change, home: &homes::Home) -> Result<(), CardFault> {
    let most = LIMIT_MAX_MINOR * home.prices;
    if [change.per_day, change.per_payment].iter().flatten().any(|limit| !(1..=most).contains(limit)) {
        return Err(CardFault::Limit { most });
    }
    match card.status {
        Status::Active | Status::Frozen => Ok(()),
        status => Err(CardFault::State(status)),
    }
}

/// Sets limits and switches. False when they were so before.
pub(crate) fn change(
    tx: &Transaction<'_>,
    card: &Card,
    change: &Change,
    home: &homes::Home,
) -> Result<bool, CardFault> {
    may_change(card, change, home)?;
    let after = Card {
        per_day: change.per_day.unwrap_or(card.per_day),
        per_payment: change.per_payment.unwrap_or(card.per_payment),
        contactless: change.contactless.unwrap_or(card.contactless),
        online: change.online.unwrap_or(card.online),
        abroad: change.abroad.unwrap_or(card.abroad),
        ..card.clone()
    };
    tx.execute(
        "UPDATE cards SET per_day_minor = ?2, per_payment_minor = ?3, contactless = ?4, online = ?5, abroad = ?6 \
         WHERE id = ?1 AND status IN ('ACTIVE', 'FROZEN')",
        params![after.id, after.per_day, after.per_payment, after.contactless, after.online, after.abroad],
    )
    .map_err(DbFault::from)?;
    Ok(after != *card)
}

/// A payment that wants to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) minor: i64,
    pub(crate) online: bool,
    pub(crate) country: &'a str,
    pub(crate) home: &'a str,
}

/// Why a card does not pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NotPaid {
    #[error("the card is frozen")]
    Frozen,
    #[error("the card is blocked")]
    Blocked,
    #[error("the card may not pay that much at once")]
    PerPayment,
    #[error("the card may not pay that much on one day")]
    PerDay,
    #[error("the card may not pay on the internet")]
    Online,
    #[error("the card may not pay abroad")]
    Abroad,
}

impl NotPaid {
    /// Why a card in this state does not pay.
    pub(crate) fn of(status: Status) -> Self {
        if status == Status::Frozen { Self::Frozen } else { Self::Blocked }
    }
}

/// Whether a card pays.
pub(crate) fn pays(
    tx: &Transaction<'_>,
    card: &Card,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Result<(), NotPaid>, DbFault> {
    let spent: i64 = tx
        .prepare_cached(
            "SELECT COALESCE(SUM(-signed_minor), 0) FROM transactions \
             WHERE account = ?1 AND by_card = 1 AND signed_minor < 0 AND at >= ?2",
        )?
        .query_row(params![card.account, crate::db::millis(start_of(day_of(now)))], |row| row.get(0))?;
    Ok(match card.status {
        Status::Frozen => Err(NotPaid::Frozen),
        Status::Blocked | Status::Closed => Err(NotPaid::Blocked),
        Status::Active if wanted.online && !card.online => Err(NotPaid::Online),
        Status::Active if !wanted.online && wanted.country != wanted.home && !card.abroad => {
            Err(NotPaid::Abroad)
        }
        Status::Active if wanted.minor > card.per_payment => Err(NotPaid::PerPayment),
        Status::Active if wanted.minor.saturating_add(spent) > card.per_day => Err(NotPaid::PerDay),
        Status::Active => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{customers, db::Db};

    fn at() -> Timestamp {
        "2026-11-18T10:30:00Z".parse().unwrap()
    }

    fn with_cards(test: impl FnOnce(&Transaction<'_>, Card)) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("bank.sqlite")).unwrap();
        let soil = Soil { seed: 3, currency: "USD".into() };
        customers::settle_in(&db, "harbour", &soil).unwrap();
        db.transact_here::<_, DbFault, _>(|tx| {
            settle_in(tx, &soil)?;
            settle_in(tx, &soil)?;
            let customer: String =
                tx.query_row("SELECT id FROM customers WHERE login = 'maya'", [], |row| row.get(0))?;
            let cards = of_customer(tx, &customer)?;
            assert_eq!(cards.len(), 2, "settling in twice makes nothing twice");
            test(tx, cards[0].clone());
            Ok(())
        })
        .unwrap();
    }

    fn again(tx: &Transaction<'_>, card: &Card) -> Card {
        in_use(tx, &card.account).unwrap().unwrap()
    }

    #[test]
    fn what_the_bank_froze_its_owner_does_not_unfreeze() {
        with_cards(|tx, card| {
            assert!(freeze(tx, &card, FrozenBy::Bank, at()).unwrap());
            let frozen = again(tx, &card);
            assert_eq!((frozen.status, frozen.frozen_by), (Status::Frozen, Some(FrozenBy::Bank)));
            assert!(!freeze(tx, &frozen, FrozenBy::Customer, at()).unwrap(), "it is frozen already");
            assert!(matches!(unfreeze(tx, &frozen, at()), Err(CardFault::FrozenByBank)));
            assert_eq!(again(tx, &card).frozen_by, Some(FrozenBy::Bank));
        });
    }

    #[test]
    fn a_reported_card_is_blocked_for_good_and_another_one_takes_its_place() {
        with_cards(|tx, card| {
            let new = report(tx, &card, at()).unwrap().unwrap();
            assert_eq!((new.status, new.replaces.as_deref()), (Status::Active, Some(card.id.as_str())));
            assert_eq!(new.expected.as_deref(), Some("2026-11-25"));
            assert_eq!(again(tx, &card).id, new.id);
            let old = of_customer(tx, &customer_of(tx, &card))
                .unwrap()
                .into_iter()
                .find(|c| c.id == card.id)
                .unwrap();
            assert_eq!(old.status, Status::Blocked);
            assert!(matches!(unfreeze(tx, &old, at()), Err(CardFault::State(Status::Blocked))));
            assert!(report(tx, &old, at()).unwrap().is_none(), "once");
        });
    }

    fn customer_of(tx: &Transaction<'_>, card: &Card) -> String {
        tx.query_row("SELECT customer FROM cards WHERE id = ?1", [&card.id], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_limit_at_the_most_is_taken_and_one_over_it_is_not() {
        with_cards(|tx, card| {
            let home = homes::of_currency("USD");
            let set = |minor| change(tx, &card, &Change { per_day: Some(minor), ..Change::default() }, &home);
            assert!(set(LIMIT_MAX_MINOR).unwrap());
            assert!(matches!(set(LIMIT_MAX_MINOR + 1), Err(CardFault::Limit { .. })));
            assert!(matches!(set(0), Err(CardFault::Limit { .. })));
        });
    }

    #[test]
    fn a_card_pays_within_its_limits_and_switches_only() {
        with_cards(|tx, card| {
            let ask = |card: &Card, minor, online, country| {
                pays(tx, card, &Wanted { minor, online, country, home: "US" }, at()).unwrap()
            };
            assert_eq!(ask(&card, card.per_payment, false, "US"), Ok(()));
            assert_eq!(ask(&card, card.per_payment + 1, false, "US"), Err(NotPaid::PerPayment));
            let home_only = Card { online: false, abroad: false, per_day: 5_000, ..card.clone() };
            assert_eq!(ask(&home_only, 100, true, "US"), Err(NotPaid::Online));
            assert_eq!(ask(&home_only, 100, false, "PT"), Err(NotPaid::Abroad));
            assert_eq!(ask(&home_only, 5_001, false, "US"), Err(NotPaid::PerDay));
            let frozen = Card { status: Status::Frozen, ..card };
            assert_eq!(ask(&frozen, 1, false, "US"), Err(NotPaid::Frozen));
        });
    }
}
