//! How the ledger grows: six months at the first start, and from then on as time passes.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    Kind, day_of,
    homes::{self, Home},
    life::{Day, Event, Nature, PERSONAS, Payee, Persona, What},
};
use crate::{
    cards,
    chance::Dice,
    db::{Db, DbFault, millis, moment},
    limits,
    network::{self, Swipe},
    webhooks,
};

/// What the ledger is grown from.
#[derive(Debug, Clone)]
pub(crate) struct Soil {
    pub(crate) seed: u64,
    pub(crate) currency: String,
}

const FIRST_DAY: &str = "ledger first moment";
const UNTIL: &str = "ledger written until";

/// A moment that the bank wrote down under a name.
fn noted(tx: &Transaction<'_>, name: &str) -> Result<Option<Timestamp>, DbFault> {
    tx.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
        .optional()?
        .map(moment)
        .transpose()
}

fn note(tx: &Transaction<'_>, name: &str, at: Timestamp) -> Result<(), DbFault> {
    tx.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)", params![name, millis(at)])?;
    Ok(())
}

/// Opens the accounts of one customer.
pub(crate) fn open_accounts(
    tx: &Transaction<'_>,
    soil: &Soil,
    customer: &str,
    persona: &Persona,
) -> Result<(), DbFault> {
    let home = homes::of_currency(&soil.currency);
    let prices = home.prices;
    let mut dice = Dice::new(soil.seed, &[persona.login, "accounts"]);
    let mut accounts = vec![
        (Kind::Checking, "Everyday Checking", 318_040, 0, true),
        (Kind::Savings, "Rainy Day Savings", 864_500, 0, false),
        (Kind::CreditCard, "Rewards Card", -21_370, 600_000, true),
    ];
    if persona.foreign_account {
        accounts.push((Kind::Foreign, home.abroad.account_name(), 64_250, 0, false));
    }
    for (position, (kind, name, opening, line, has_card)) in (0_i64..).zip(accounts) {
        let number = format!("{:04}", dice.between(0, 9_999));
        let card = match kind {
            Kind::CreditCard => Some(number.clone()),
            _ => has_card.then(|| format!("{:04}", dice.between(0, 9_999))),
        };
        let (currency, prices) =
            if kind == Kind::Foreign { (home.abroad.currency, 1) } else { (soil.currency.as_str(), prices) };
        tx.execute(
            "INSERT INTO accounts (id, customer, position, kind, name, number_display, card_display, currency, \
             opening_minor, credit_line_minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                dice.id("acc"), customer, position, kind.word(), name, number, card, currency,
                opening * prices, line * prices
            ],
        )?;
    }
    Ok(())
}

/// Brings the ledger up to now: what has happened since the last time is written, and what was
/// pending long enough is posted. At the first call that is the whole history.
pub(crate) async fn catch_up(db: &Db, soil: &Soil, now: Timestamp) -> Result<(), DbFault> {
    loop {
        let soil = soil.clone();
        let done: bool = db.transact(move |tx| advance(tx, &soil, now)).await?;
        if done {
            return Ok(());
        }
    }
}

/// One stretch of it; true when the ledger has arrived at `now`.
fn advance(tx: &Transaction<'_>, soil: &Soil, now: Timestamp) -> Result<bool, DbFault> {
    let first = match noted(tx, FIRST_DAY)? {
        Some(first) => first,
        None => {
            let first = now.saturating_sub((limits::HISTORY_DAYS * 24).hours()).unwrap_or(now);
            note(tx, FIRST_DAY, first)?;
            first
        }
    };
    let known = noted(tx, UNTIL)?;
    // What lies before the first opening is history: nobody is told of it.
    let told = known.map(|_| now);
    let until = known.unwrap_or(first);
    let reach = until.saturating_add((limits::CATCH_UP_DAYS * 24).hours()).unwrap_or(now);
    let to = reach.min(now);
    if to > until {
        for (customer, persona) in customers(tx)? {
            let accounts = accounts(tx, &customer)?;
            let person = Person { id: customer, prices: homes::of_currency(&soil.currency).prices };
            for event in events(soil, persona, day_of(first), until, to) {
                write(tx, (&person, &accounts), &event, told)?;
            }
        }
        note(tx, UNTIL, to)?;
    }
    post_settled(tx, to.max(until), told)?;
    Ok(to >= now || until >= now)
}

fn customers(tx: &Transaction<'_>) -> Result<Vec<(String, &'static Persona)>, DbFault> {
    let mut statement = tx.prepare("SELECT id, login FROM customers ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, login) = row?;
        found.extend(PERSONAS.iter().find(|p| p.login == login).map(|persona| (id, persona)));
    }
    Ok(found)
}

fn accounts(tx: &Transaction<'_>, customer: &str) -> Result<BTreeMap<Kind, String>, DbFault> {
    let mut statement = tx.prepare("SELECT kind, id FROM accounts WHERE customer = ?1")?;
    let rows = statement.query_map([customer], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (kind, id) = row?;
        found.extend(Kind::from_word(&kind).map(|kind| (kind, id)));
    }
    Ok(found)
}

/// What happens after `until` and not after `to`, in order of time.
fn events(soil: &Soil, persona: &Persona, first: Date, until: Timestamp, to: Timestamp) -> Vec<Event> {
    let home: Home = homes::of_currency(&soil.currency);
    day_of(until)
        .series(1.day())
        .take_while(|date| *date <= day_of(to))
        .flat_map(|date| Day { seed: soil.seed, persona, home: &home, first, date }.events())
        .filter(|event| event.at > until && event.at <= to)
        .collect()
}

/// Writes what happened. A payment by a card that does not pay did not happen. `told` is the present for what clients
/// are told of.
fn write(
    tx: &Transaction<'_>,
    (person, accounts): (&Person, &BTreeMap<Kind, String>),
    event: &Event,
    told: Option<Timestamp>,
) -> Result<(), DbFault> {
    let Some(account) = accounts.get(&event.account) else { return Ok(()) };
    let spends = event.by_card && event.nature == Nature::Usual;
    let card = if spends { cards::in_use(tx, account)? } else { None };
    if let Some(card) = card.as_ref().filter(|card| card.status != cards::Status::Active) {
        return swipe(tx, person, (event, card), Some(&cards::NotPaid::of(card.status).to_string()), told);
    }
    match event.what {
        What::Moves(signed) => {
            insert(tx, &Entry { event, account, signed, id: event.id.clone() }, told)?;
            card.as_ref().map_or(Ok(()), |card| swipe(tx, person, (event, card), None, told))
        }
        What::PaysCard => {
            let Some(card) = accounts.get(&Kind::CreditCard) else { return Ok(()) };
            let owed = owed(tx, card, event.at)?;
            if owed <= 0 {
                return Ok(());
            }
            insert(tx, &Entry { event, account, signed: -owed, id: event.id.clone() }, told)?;
            let received = Event { description: "Payment received, thank you".to_owned(), ..event.clone() };
            let entry = Entry { event: &received, account: card, signed: owed, id: format!("{}c", event.id) };
            insert(tx, &entry, told)
        }
    }
}

/// Whose ledger it is, and how many units a dollar is there.
struct Person {
    id: String,
    prices: i64,
}

/// Tells the card network that a card paid, or did not.
fn swipe(
    tx: &Transaction<'_>,
    person: &Person,
    (event, card): (&Event, &cards::Card),
    declined: Option<&str>,
    told: Option<Timestamp>,
) -> Result<(), DbFault> {
    let (Some(now), Some(payee), What::Moves(signed)) = (told, &event.payee, event.what) else {
        return Ok(());
    };
    let entry = network::usual_entry(event.online, -signed, network::touch(person.prices), card.contactless);
    let swipe = Swipe {
        customer: &person.id,
        card,
        movement: declined.is_none().then(|| core(&event.id)),
        at: event.at,
        minor: -signed,
        payee,
        entry,
        declined,
        attack: None,
    };
    network::swiped(tx, &swipe, now)
}

/// What the ids of a movement have in common, pending or booked.
pub(crate) fn core(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, core)| core)
}

/// What is owed on a card at a moment: everything that has settled by then.
fn owed(tx: &Transaction<'_>, card: &str, at: Timestamp) -> Result<i64, DbFault> {
    Ok(tx.query_row(
        "SELECT -(a.opening_minor + COALESCE((SELECT SUM(COALESCE(t.posted_minor, t.signed_minor)) FROM transactions t \
         WHERE t.account = a.id AND t.settles_at <= ?2), 0)) FROM accounts a WHERE a.id = ?1",
        params![card, millis(at)],
        |row| row.get(0),
    )?)
}

/// One row about to be written.
struct Entry<'a> {
    event: &'a Event,
    account: &'a str,
    signed: i64,
    id: String,
}

/// Writes a row as pending; [`post_settled`] posts it when its time has come.
fn insert(tx: &Transaction<'_>, entry: &Entry<'_>, told: Option<Timestamp>) -> Result<(), DbFault> {
    let Event { at, settles_at, description, payee, foreign, by_card, nature, .. } = entry.event;
    let payee: Option<&Payee> = payee.as_ref();
    let direct = settles_at <= at;
    let core = entry.id.trim_start_matches("x-");
    let (id, status) =
        if direct { (format!("t-{core}"), "posted") } else { (format!("a-{core}"), "pending") };
    tx.prepare_cached(
        "INSERT INTO transactions (id, account, at, settles_at, status, signed_minor, description, merchant, mcc, \
         city, country, foreign_minor, foreign_currency, by_card, posted_minor, nature, original, online) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?
    .execute(params![
        id,
        entry.account,
        millis(*at),
        millis(*settles_at),
        status,
        entry.signed,
        description,
        payee.map(|p| &p.name),
        payee.map(|p| &p.mcc),
        payee.map(|p| &p.city),
        payee.map(|p| &p.country),
        foreign.map(|(minor, _)| minor),
        foreign.map(|(_, currency)| currency),
        by_card,
        entry.event.booked,
        match nature {
            Nature::Usual => "usual",
            Nature::Refund(_) => "refund",
            Nature::Reversal(_) => "reversal",
        },
        match nature {
            Nature::Usual => None,
            Nature::Refund(of) | Nature::Reversal(of) => Some(of),
        },
        entry.event.online,
    ])?;
    match told {
        Some(now) => webhooks::moved(tx, &id, now),
        None => Ok(()),
    }
}

/// Posts what has been pending long enough: it gets a new id, and the old one becomes the
/// reference, as card networks do.
fn post_settled(tx: &Transaction<'_>, now: Timestamp, told: Option<Timestamp>) -> Result<(), DbFault> {
    let mut statement = tx.prepare_cached(
        "UPDATE transactions SET status = 'posted', reference = id, id = 't' || substr(id, 2), \
         signed_minor = COALESCE(posted_minor, signed_minor) WHERE status = 'pending' AND settles_at <= ?1 \
         RETURNING id",
    )?;
    let posted = statement.query_map([millis(now)], |row| row.get::<_, String>(0))?;
    let posted = posted.collect::<Result<Vec<_>, _>>()?;
    if let Some(now) = told {
        posted.iter().try_for_each(|id| webhooks::moved(tx, id, now))?;
    }
    Ok(())
}

/// Writes a purchase that a customer made on the bank's page: pending at once.
pub(crate) fn write_purchase(
    tx: &Transaction<'_>,
    account: &str,
    event: &Event,
    now: Timestamp,
) -> Result<(), DbFault> {
    let What::Moves(signed) = event.what else { return Ok(()) };
    insert(tx, &Entry { event, account, signed, id: event.id.clone() }, Some(now))
}
