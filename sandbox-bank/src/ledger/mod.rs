//! The ledger: accounts, what moved on them, and what that adds up to.

pub(crate) mod growth;
pub(crate) mod homes;
pub(crate) mod life;
pub(crate) mod purchase;
pub(crate) mod schedule;
pub(crate) mod shops;
pub(crate) mod statements;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::db::{DbFault, millis, moment};

/// The bank's day of a moment: days begin at midnight UTC.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first moment of a day.
pub(crate) fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The kinds of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Checking,
    Savings,
    CreditCard,
    /// For every day, in another currency than the bank's.
    Foreign,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Savings => "savings",
            Self::CreditCard => "credit_card",
            Self::Foreign => "foreign",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Checking, Self::Savings, Self::CreditCard, Self::Foreign]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// What customers call it.
    pub(crate) fn plain(self) -> &'static str {
        match self {
            Self::Checking => "Checking account",
            Self::Savings => "Savings account",
            Self::CreditCard => "Credit card",
            Self::Foreign => "Foreign currency account",
        }
    }
}

/// An account with what it holds. Amounts are minor units; below zero is owed.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Last digits of the account number.
    pub(crate) number_display: String,
    /// Last digits of the card that goes with it.
    pub(crate) card_display: Option<String>,
    pub(crate) currency: String,
    /// The opening balance and everything posted.
    pub(crate) current: i64,
    /// What is going out and not yet posted.
    pub(crate) pending: i64,
    pub(crate) credit_line: i64,
}

impl Account {
    /// What can be spent: the balance and the credit line, without what is going out.
    pub(crate) fn available(&self) -> i64 {
        self.current + self.credit_line - self.pending
    }
}

/// What is to be paid on a card by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bill {
    /// Minor units; nothing when nothing is owed.
    pub(crate) minimum: i64,
    pub(crate) due: Date,
}

/// The day of the month on which cards are paid.
const CARDS_PAID_ON: i8 = 24;
/// The least that is to be paid (minor units, in dollars), and the share of what is owed, in percent.
const MINIMUM: (i64, i64) = (2_500, 2);

impl Account {
    /// The bill of a card, as it stands.
    pub(crate) fn bill(&self, today: Date, prices: i64) -> Option<Bill> {
        if self.kind != Kind::CreditCard {
            return None;
        }
        let this_month = today.with().day(CARDS_PAID_ON).build().unwrap_or(today);
        let due = if today < this_month { this_month } else { this_month.saturating_add(1.month()) };
        let owed = (-self.current).max(0);
        let minimum = (owed * MINIMUM.1 / 100).max(MINIMUM.0 * prices).min(owed);
        Some(Bill { minimum, due })
    }
}

const ACCOUNT: &str = "SELECT a.id, a.kind, COALESCE(a.nickname, a.name), a.number_display, a.card_display, a.currency, \
     a.opening_minor + COALESCE(SUM(t.signed_minor) FILTER (WHERE t.status = 'posted'), 0), \
     COALESCE(SUM(-t.signed_minor) FILTER (WHERE t.status = 'pending' AND t.signed_minor < 0), 0), \
     a.credit_line_minor FROM accounts a LEFT JOIN transactions t ON t.account = a.id";

/// The accounts of a customer, in the bank's order.
pub(crate) fn accounts(tx: &Transaction<'_>, customer: &str) -> Result<Vec<Account>, DbFault> {
    let sql = format!("{ACCOUNT} WHERE a.customer = ?1 GROUP BY a.id ORDER BY a.position");
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([customer], |row| Ok(read_account(row)))?;
    rows.collect::<Result<Vec<_>, _>>()?.into_iter().collect()
}

/// One account of a customer.
pub(crate) fn account(tx: &Transaction<'_>, customer: &str, id: &str) -> Result<Option<Account>, DbFault> {
    let sql = format!("{ACCOUNT} WHERE a.customer = ?1 AND a.id = ?2 GROUP BY a.id");
    tx.prepare_cached(&sql)?.query_row([customer, id], |row| Ok(read_account(row))).optional()?.transpose()
}

fn read_account(row: &Row<'_>) -> Result<Account, DbFault> {
    let kind: String = row.get(1)?;
    Ok(Account {
        id: row.get(0)?,
        kind: Kind::from_word(&kind).unwrap_or(Kind::Checking),
        name: row.get(2)?,
        number_display: row.get(3)?,
        card_display: row.get(4)?,
        currency: row.get(5)?,
        current: row.get(6)?,
        pending: row.get(7)?,
        credit_line: row.get(8)?,
    })
}

/// One movement on an account.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) id: String,
    /// The id that it had while it was pending.
    pub(crate) reference: Option<String>,
    pub(crate) at: Timestamp,
    /// When it was posted; none while pending.
    pub(crate) posted_at: Option<Timestamp>,
    /// Minor units; below zero is money out.
    pub(crate) signed: i64,
    pub(crate) description: String,
    pub(crate) payee: Option<life::Payee>,
    pub(crate) foreign: Option<(i64, String)>,
    pub(crate) by_card: bool,
    pub(crate) nature: life::Nature,
    pub(crate) online: bool,
    /// The account's balance after it, by time of purchase; none while pending.
    pub(crate) balance_after: Option<i64>,
}

/// Where a page of movements ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at_ms: i64,
    pub(crate) id: String,
}

/// Which movements are asked for: from `from` until before `to`, newest first, after `mark`.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) account: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) after: Option<Mark>,
    pub(crate) limit: u32,
}

/// A page of movements, and how many there are in all.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) movements: Vec<Movement>,
    pub(crate) total: i64,
    pub(crate) more: bool,
}

const MOVEMENTS: &str = "SELECT t.id, t.reference, t.at, t.settles_at, t.status, t.signed_minor, t.description, \
     t.merchant, t.mcc, t.city, t.country, t.foreign_minor, t.foreign_currency, t.by_card, t.nature, t.original, t.online, \
     a.opening_minor + SUM(CASE WHEN t.status = 'posted' THEN t.signed_minor ELSE 0 END) \
     OVER (ORDER BY t.at, t.id ROWS UNBOUNDED PRECEDING) AS after \
     FROM transactions t JOIN accounts a ON a.id = t.account WHERE t.account = ?1";

/// A page of an account's movements.
pub(crate) fn movements(tx: &Transaction<'_>, wanted: &Wanted) -> Result<Page, DbFault> {
    let (from, to) = (millis(wanted.from), millis(wanted.to));
    let mark = wanted.after.clone().unwrap_or(Mark { at_ms: i64::MAX, id: String::new() });
    let sql = format!(
        "SELECT * FROM ({MOVEMENTS}) WHERE at >= ?2 AND at < ?3 AND (at < ?4 OR (at = ?4 AND id < ?5)) \
         ORDER BY at DESC, id DESC LIMIT ?6"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let one_more = i64::from(wanted.limit) + 1;
    let rows = statement
        .query_map(params![wanted.account, from, to, mark.at_ms, mark.id, one_more], |row| {
            Ok(read_movement(row))
        })?;
    let mut movements =
        rows.collect::<Result<Vec<_>, _>>()?.into_iter().collect::<Result<Vec<Movement>, _>>()?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let more = movements.len() > limit;
    movements.truncate(limit);
    let total = tx
        .prepare_cached("SELECT COUNT(*) FROM transactions WHERE account = ?1 AND at >= ?2 AND at < ?3")?
        .query_row(params![wanted.account, from, to], |row| row.get(0))?;
    Ok(Page { movements, total, more })
}

fn read_nature(row: &Row<'_>) -> Result<life::Nature, DbFault> {
    let original: Option<String> = row.get(15)?;
    Ok(match (row.get_ref(14)?.as_str(), original) {
        (Ok("refund"), Some(of)) => life::Nature::Refund(of),
        (Ok("reversal"), Some(of)) => life::Nature::Reversal(of),
        _ => life::Nature::Usual,
    })
}

fn read_movement(row: &Row<'_>) -> Result<Movement, DbFault> {
    let posted = row.get_ref(4)?.as_str().is_ok_and(|status| status == "posted");
    let payee = match row.get::<_, Option<String>>(7)? {
        Some(name) => Some(life::Payee {
            name,
            mcc: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
            city: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
            country: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(Movement {
        id: row.get(0)?,
        reference: row.get(1)?,
        at: moment(row.get(2)?)?,
        posted_at: posted.then(|| row.get(3)).transpose()?.map(moment).transpose()?,
        signed: row.get(5)?,
        description: row.get(6)?,
        payee,
        foreign: row.get::<_, Option<i64>>(11)?.zip(row.get::<_, Option<String>>(12)?),
        by_card: row.get(13)?,
        nature: read_nature(row)?,
        online: row.get(16)?,
        balance_after: posted.then(|| row.get(17)).transpose()?,
    })
}
