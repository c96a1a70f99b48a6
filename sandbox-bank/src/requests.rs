//! What a customer asks the bank to do, whoever carries it: travel notices, names of accounts, how to be reached;
//! and the list of what was done.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chance,
    db::{DbFault, millis, moment},
    limits,
};

/// Where and when a customer travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TravelNotice {
    pub(crate) id: String,
    pub(crate) countries: Vec<String>,
    pub(crate) from: Date,
    pub(crate) until: Date,
}

/// The notices of a customer that are not over, the first to begin first.
pub(crate) fn travel_notices(
    tx: &Transaction<'_>,
    customer: &str,
    today: Date,
) -> Result<Vec<TravelNotice>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT id, countries, from_day, until_day FROM travel_notices \
         WHERE customer = ?1 AND taken_back_at IS NULL AND until_day >= ?2 ORDER BY from_day, id",
    )?;
    let rows = statement.query_map(params![customer, today.to_string()], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
    })?;
    let mut notices = Vec::new();
    for row in rows {
        let (id, countries, from, until) = row?;
        let countries = countries.split(' ').map(str::to_owned).collect();
        notices.push(TravelNotice { id, countries, from: from.parse()?, until: until.parse()? });
    }
    Ok(notices)
}

/// Keeps a notice; none when the customer has as many as may be.
pub(crate) fn add_travel_notice(
    tx: &Transaction<'_>,
    customer: &str,
    (countries, from, until): (&[String], Date, Date),
    now: Timestamp,
) -> Result<Option<TravelNotice>, DbFault> {
    if travel_notices(tx, customer, crate::ledger::day_of(now))?.len() >= limits::TRAVEL_NOTICES {
        return Ok(None);
    }
    let id = format!("trip-{}", chance::secret_text());
    tx.execute(
        "INSERT INTO travel_notices (id, customer, countries, from_day, until_day, made_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, customer, countries.join(" "), from.to_string(), until.to_string(), millis(now)],
    )?;
    Ok(Some(TravelNotice { id, countries: countries.to_vec(), from, until }))
}

/// Takes a notice back. None when there is no such; false when that was done before.
pub(crate) fn take_back(
    tx: &Transaction<'_>,
    customer: &str,
    id: &str,
    now: Timestamp,
) -> Result<Option<bool>, DbFault> {
    let there = tx
        .prepare_cached("SELECT 1 FROM travel_notices WHERE id = ?1 AND customer = ?2")?
        .exists([id, customer])?;
    let rows = tx.execute(
        "UPDATE travel_notices SET taken_back_at = ?3 WHERE id = ?1 AND customer = ?2 AND taken_back_at IS NULL",
        params![id, customer, millis(now)],
    )?;
    Ok(there.then_some(rows == 1))
}

/// Names an account; an empty name is the bank's own. False when it was called so before.
pub(crate) fn rename(
    tx: &Transaction<'_>,
    customer: &str,
    account: &str,
    nickname: &str,
) -> Result<bool, DbFault> {
    let name = (!nickname.is_empty()).then_some(nickname);
    let rows = tx.execute(
        "UPDATE accounts SET nickname = ?3 WHERE id = ?1 AND customer = ?2 AND nickname IS NOT ?3",
        params![account, customer, name],
    )?;
    Ok(rows == 1)
}

/// How the bank reaches a customer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Way {
    /// By e-mail.
    Email,
    /// By text message.
    Sms,
    /// By telephone.
    Phone,
    /// By letter.
    Post,
}

impl Way {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Email, "E-mail"),
        (Self::Sms, "Text message"),
        (Self::Phone, "Telephone"),
        (Self::Post, "Letter"),
    ];

    /// What customers read.
    pub(crate) fn plain(self) -> &'static str {
        Self::ALL.iter().find(|(way, _)| *way == self).map_or("", |(_, word)| word)
    }
}

/// How a customer wants to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Contact {
    /// How first.
    pub(crate) way: Way,
    /// Whether statements come without paper.
    pub(crate) paperless: bool,
    /// Whether the bank may send offers.
    pub(crate) offers: bool,
}

/// What holds until a customer says something else.
const USUAL: Contact = Contact { way: Way::Email, paperless: false, offers: false };

/// How a customer wants to be reached.
pub(crate) fn contact(tx: &Transaction<'_>, customer: &str) -> Result<Contact, DbFault> {
    let row: Option<(String, bool, bool)> = tx
        .prepare_cached("SELECT way, paperless, offers FROM contact WHERE customer = ?1")?
        .query_row([customer], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((way, paperless, offers)) = row else { return Ok(USUAL) };
    let way = serde_json::from_value(serde_json::Value::String(way))?;
    Ok(Contact { way, paperless, offers })
}

/// Keeps how a customer wants to be reached. False when it was so before.
pub(crate) fn set_contact(tx: &Transaction<'_>, customer: &str, new: Contact) -> Result<bool, DbFault> {
    let changed = contact(tx, customer)? != new;
    let way = serde_json::to_value(new.way)?;
    tx.execute(
        "INSERT OR REPLACE INTO contact (customer, way, paperless, offers) VALUES (?1, ?2, ?3, ?4)",
        params![customer, way.as_str(), new.paperless, new.offers],
    )?;
    Ok(changed)
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) at: Timestamp,
    pub(crate) words: String,
    pub(crate) channel: String,
    /// The client that carried it; none for the bank's own site.
    pub(crate) through: Option<String>,
}

/// Writes down what was done.
pub(crate) fn note(tx: &Transaction<'_>, customer: &str, deed: &Deed) -> Result<(), DbFault> {
    tx.execute(
        "INSERT INTO deeds (id, customer, at, words, channel, through) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            format!("deed-{}", chance::secret_text()),
            customer,
            millis(deed.at),
            deed.words,
            deed.channel,
            deed.through
        ],
    )?;
    Ok(())
}

/// What was done, newest first.
pub(crate) fn deeds(tx: &Transaction<'_>, customer: &str) -> Result<Vec<Deed>, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT at, words, channel, through FROM deeds WHERE customer = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![customer, limits::SITE_PAGE], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let mut deeds = Vec::new();
    for row in rows {
        let (at, words, channel, through) = row?;
        deeds.push(Deed { at: moment(at)?, words, channel, through });
    }
    Ok(deeds)
}
