//! Attacks on cards of the bank's own customers, for everybody to see what happens then.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::events::EntryMode;
use crate::{
    cards::{self, Card, CardKind, NotPaid, Status},
    chance::{self, Dice},
    consents::{self, DataCluster},
    db::{DbFault, millis},
    ledger::{
        homes::Home,
        life::Payee,
        purchase::{self, Attempt, Declined},
        shops,
    },
};

/// How a card is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Four tiny payments on the internet, then a large one.
    Testing,
    /// Large payments at electronics shops in another country, until the card is frozen or three were tried.
    Spree,
    /// Where the card often pays, but five times as much.
    Skimmed,
}

impl Pattern {
    pub(crate) const ALL: [Self; 3] = [Self::Testing, Self::Spree, Self::Skimmed];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Spree => "spree",
            Self::Skimmed => "skimmed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.word() == word)
    }

    /// Payments of the attack, and seconds between two.
    fn steps(self) -> (i64, i64) {
        match self {
            Self::Testing => (5, 2),
            Self::Spree => (3, 5),
            Self::Skimmed => (2, 5),
        }
    }
}

/// Why no attack was started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAttack {
    #[error("there is no such card")]
    NoCard,
    #[error("the card is {}", .0.word())]
    Over(Status),
    #[error("another attack on this card is under way")]
    UnderWay,
    #[error(transparent)]
    Db(#[from] DbFault),
}

/// Amounts, minor units in dollars.
const TINY: (i64, i64) = (50, 199);
const LARGE: (i64, i64) = (43_000, 61_000);
const SPREE: (i64, i64) = (58_000, 89_000);
/// Skimmed cards pay this many times as much as usual.
const SKIMMED_TIMES: i64 = 5;
/// How often a shop was visited in three months to be a usual one.
const USUAL_VISITS: i64 = 3;

/// Where cards are tried out: nobody looks at a penny given to a good cause.
const GIVING: Stall = Stall { name: "Pennydrop Giving", mcc: "8398", city: "Tallinn", country: "EE" };
const GADGETS: Stall = Stall { name: "Gadget Quay", mcc: "5732", city: "Shenzhen", country: "CN" };
const ELECTRONICS: [Stall; 3] = [
    Stall { name: "Volt and Wire Electronics", mcc: "5732", city: "Bucharest", country: "RO" },
    Stall { name: "Byte Bazaar Electronics", mcc: "5732", city: "Bucharest", country: "RO" },
    Stall { name: "Kilowatt Corner Electronics", mcc: "5732", city: "Constanta", country: "RO" },
];

#[derive(Clone, Copy)]
struct Stall {
    name: &'static str,
    mcc: &'static str,
    city: &'static str,
    country: &'static str,
}

impl Stall {
    fn payee(self) -> Payee {
        let Self { name, mcc, city, country } = self;
        Payee { name: name.into(), mcc: mcc.into(), city: city.into(), country: country.into() }
    }
}

/// Starts an attack on a card of a customer. Its first payment comes with the next moment.
pub(crate) fn start(
    tx: &Transaction<'_>,
    (customer, card): (&str, &str),
    pattern: Pattern,
    automatic: bool,
    now: Timestamp,
) -> Result<(), NoAttack> {
    let card = cards::find(tx, customer, card)?.ok_or(NoAttack::NoCard)?;
    if matches!(card.status, Status::Blocked | Status::Closed) {
        return Err(NoAttack::Over(card.status));
    }
    let begun = tx
        .execute(
            "INSERT INTO network_attacks (id, customer, card, pattern, automatic, step, began_at, next_at) \
             SELECT ?1, ?2, ?3, ?4, ?5, 0, ?6, ?6 WHERE NOT EXISTS \
             (SELECT 1 FROM network_attacks WHERE card = ?3 AND ended_at IS NULL)",
            params![
                format!("attack-{}", chance::secret_text()),
                customer,
                card.id,
                pattern.word(),
                automatic,
                millis(now)
            ],
        )
        .map_err(DbFault::from)?;
    if begun == 1 { Ok(()) } else { Err(NoAttack::UnderWay) }
}

/// One attack that goes on.
struct Attack {
    id: String,
    customer: String,
    card: String,
    pattern: Pattern,
    step: i64,
}

/// Lets each attack whose time has come make its next payment.
pub(super) fn go_on(tx: &Transaction<'_>, home: &Home, now: Timestamp) -> Result<(), DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT id, customer, card, pattern, step FROM network_attacks WHERE ended_at IS NULL AND next_at <= ?1 \
         ORDER BY next_at, id",
    )?;
    let rows = statement.query_map([millis(now)], |row| {
        let pattern: String = row.get(3)?;
        Ok(Attack {
            id: row.get(0)?,
            customer: row.get(1)?,
            card: row.get(2)?,
            pattern: Pattern::from_word(&pattern).unwrap_or(Pattern::Spree),
            step: row.get(4)?,
        })
    })?;
    for attack in rows.collect::<Result<Vec<_>, _>>()? {
        let over = attack.pay(tx, home, now)?;
        let (steps, gap) = attack.pattern.steps();
        let next = now.saturating_add(SignedDuration::from_secs(gap)).unwrap_or(now);
        let ended = (over || attack.step + 1 >= steps).then(|| millis(now));
        tx.execute(
            "UPDATE network_attacks SET step = step + 1, next_at = ?3, ended_at = ?4 \
             WHERE id = ?1 AND step = ?2 AND ended_at IS NULL",
            params![attack.id, attack.step, millis(next), ended],
        )?;
    }
    Ok(())
}

impl Attack {
    /// Tries its next payment. True when there is no sense in going on: the card does not pay at all any more.
    fn pay(&self, tx: &Transaction<'_>, home: &Home, now: Timestamp) -> Result<bool, DbFault> {
        let Some(card) = cards::find(tx, &self.customer, &self.card)? else { return Ok(true) };
        let mut dice = Dice::new(0, &[&self.id, &self.step.to_string()]);
        let (payee, minor, entry) = self.wish(tx, home, (&card, &mut dice), now)?;
        let attempt =
            Attempt { customer: &self.customer, card: &card, payee, minor, entry, attack: Some(&self.id) };
        let paid = purchase::attempt(tx, home, &attempt, now)?;
        Ok(matches!(paid, Err(Declined::Card(NotPaid::Frozen | NotPaid::Blocked))))
    }

    fn wish(
        &self,
        tx: &Transaction<'_>,
        home: &Home,
        (card, dice): (&Card, &mut Dice),
        now: Timestamp,
    ) -> Result<(Payee, i64, EntryMode), DbFault> {
        let mut between = |(low, high): (i64, i64)| dice.between(low, high) * home.prices;
        Ok(match self.pattern {
            Pattern::Testing if self.step + 1 < self.pattern.steps().0 => {
                (GIVING.payee(), between(TINY), EntryMode::Online)
            }
            Pattern::Testing => (GADGETS.payee(), between(LARGE), EntryMode::Online),
            Pattern::Spree => {
                let at = usize::try_from(self.step).unwrap_or(0) % ELECTRONICS.len();
                (ELECTRONICS[at].payee(), between(SPREE), EntryMode::Magstripe)
            }
            Pattern::Skimmed => {
                let (payee, mean) = usual_shop(tx, home, card, now)?;
                (payee, (mean * SKIMMED_TIMES * dice.between(90, 110) / 100).max(1), EntryMode::Magstripe)
            }
        })
    }
}

/// The shop where a card leaves most, and what it pays there at once.
fn usual_shop(
    tx: &Transaction<'_>,
    home: &Home,
    card: &Card,
    now: Timestamp,
) -> Result<(Payee, i64), DbFault> {
    let from = now.saturating_sub(SignedDuration::from_hours(90 * 24)).unwrap_or(now);
    let found = tx
        .prepare_cached(
            "SELECT merchant, mcc, city, country, SUM(-signed_minor) / COUNT(*) FROM transactions \
             WHERE account = ?1 AND by_card = 1 AND online = 0 AND nature = 'usual' AND merchant IS NOT NULL \
             AND mcc <> ?2 AND country = ?3 AND at >= ?4 GROUP BY merchant, mcc, city, country HAVING COUNT(*) >= ?5 \
             ORDER BY SUM(-signed_minor) DESC, merchant LIMIT 1",
        )?
        .query_row(params![card.account, shops::CASH.mcc, home.country, millis(from), USUAL_VISITS], |row| {
            let payee = Payee { name: row.get(0)?, mcc: row.get(1)?, city: row.get(2)?, country: row.get(3)? };
            Ok((payee, row.get(4)?))
        })
        .optional()?;
    Ok(found.unwrap_or_else(|| {
        let shop = shops::GROCER;
        let payee = Payee {
            name: shop.name.into(),
            mcc: shop.mcc.into(),
            city: home.towns[0].into(),
            country: home.country.into(),
        };
        (payee, shop.low * home.prices)
    }))
}

/// Attacks each customer once, so long after the first consent that covers one of their cards.
pub(super) fn automatic(tx: &Transaction<'_>, after: Duration, now: Timestamp) -> Result<(), DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT c.id FROM customers c WHERE NOT EXISTS \
         (SELECT 1 FROM network_attacks a WHERE a.customer = c.id AND a.automatic = 1) ORDER BY c.id",
    )?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    for customer in rows.collect::<Result<Vec<_>, _>>()? {
        if let Some(card) = due_card(tx, &customer, after, now)? {
            match start(tx, (&customer, &card), Pattern::Spree, true, now) {
                // Whoever is attacked already is attacked in a moment.
                Ok(()) | Err(NoAttack::UnderWay | NoAttack::NoCard | NoAttack::Over(_)) => {}
                Err(NoAttack::Db(fault)) => return Err(fault),
            }
        }
    }
    Ok(())
}

/// The card that is to be attacked now, the one with a credit line first.
fn due_card(
    tx: &Transaction<'_>,
    customer: &str,
    after: Duration,
    now: Timestamp,
) -> Result<Option<String>, DbFault> {
    let consents = consents::in_force(tx, customer, now)?;
    let cards = cards::of_customer(tx, customer)?;
    let pays = |card: &&Card| matches!(card.status, Status::Active | Status::Frozen);
    let covered = |consent: &&consents::Consent| {
        consent.covers(DataCluster::Transactions)
            && cards.iter().any(|card| consent.accounts.contains(&card.account))
    };
    let Some(first) = consents.iter().filter(covered).min_by_key(|consent| consent.created_at) else {
        return Ok(None);
    };
    let due = first.created_at.checked_add(after).unwrap_or(Timestamp::MAX);
    let mut mine: Vec<&Card> =
        cards.iter().filter(pays).filter(|card| first.accounts.contains(&card.account)).collect();
    mine.sort_by_key(|card| card.kind != CardKind::Credit);
    Ok(mine.first().filter(|_| now >= due).map(|card| card.id.clone()))
}
