//! Every value of a customer's ledger at a sandbox bank, in every form in which somebody might write it.

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, Row};
use std::{collections::BTreeSet, path::Path};

/// What is searched for.
pub struct Values(BTreeSet<String>);

impl Values {
    /// All values of the customer with this login: amounts, names, numbers, cities, days and ids of every
    /// account, shared or not, and of every payment.
    pub fn of(data: &Path, bank: &str, login: &str) -> Values {
        let file = data.join("sandbox").join(bank).join("bank.sqlite");
        let db = Connection::open(file).unwrap();
        let mut values = Values(BTreeSet::new());
        values.people(&db, login);
        values.accounts(&db, login);
        values.payments(&db, login);
        assert!(values.0.len() > 1_000, "half a year has more than {} values", values.0.len());
        values
    }

    fn each(db: &Connection, sql: &str, login: &str, mut row: impl FnMut(&Row)) {
        let mut statement = db.prepare(sql).unwrap();
        let mut rows = statement.query([login]).unwrap();
        while let Some(found) = rows.next().unwrap() {
            row(found);
        }
    }

    fn people(&mut self, db: &Connection, login: &str) {
        Values::each(db, "SELECT id, name FROM customers WHERE login = ?1", login, |row| {
            self.text(row.get(0).unwrap());
            let name: String = row.get(1).unwrap();
            name.split(' ').for_each(|part| self.text(part.to_owned()));
        });
    }

    fn accounts(&mut self, db: &Connection, login: &str) {
        let sql = "SELECT a.id, a.name, a.number_display, a.card_display, a.opening_minor, a.credit_line_minor, \
             a.opening_minor + COALESCE(SUM(t.signed_minor) FILTER (WHERE t.status = 'posted'), 0), \
             a.opening_minor + a.credit_line_minor + COALESCE(SUM(t.signed_minor) FILTER (WHERE t.status = 'posted' \
             OR t.signed_minor < 0), 0) FROM accounts a JOIN customers c ON c.id = a.customer \
             LEFT JOIN transactions t ON t.account = a.id WHERE c.login = ?1 GROUP BY a.id";
        Values::each(db, sql, login, |row| {
            (0..=2).for_each(|i| self.text(row.get(i).unwrap()));
            self.text(row.get::<_, Option<String>>(3).unwrap().unwrap_or_default());
            (4..=7).for_each(|i| self.amount(row.get(i).unwrap()));
        });
    }

    fn payments(&mut self, db: &Connection, login: &str) {
        let sql = "SELECT t.id, t.description, t.reference, t.merchant, t.city, t.signed_minor, t.foreign_minor, t.at \
             FROM transactions t JOIN accounts a ON a.id = t.account JOIN customers c ON c.id = a.customer \
             WHERE c.login = ?1";
        Values::each(db, sql, login, |row| {
            (0..=4).for_each(|i| self.text(row.get::<_, Option<String>>(i).unwrap().unwrap_or_default()));
            self.amount(row.get(5).unwrap());
            self.amount(row.get::<_, Option<i64>>(6).unwrap().unwrap_or_default());
            self.day(row.get(7).unwrap());
        });
    }

    fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.0.insert(text.to_lowercase());
        }
    }

    /// "1,234.50", "1234.50", "1.234,50", "1234,50", and the whole number of cents where it is long enough to
    /// be no year.
    fn amount(&mut self, minor: i64) {
        if minor == 0 {
            return;
        }
        let (whole, cents) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
        let grouped = |by: &str| {
            let digits = whole.to_string();
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            groups.join(by)
        };
        for (thousands, decimal) in [(",", "."), ("", "."), (".", ","), ("", ","), (" ", ".")] {
            self.0.insert(format!("{}{decimal}{cents:02}", grouped(thousands)));
        }
        if minor.unsigned_abs() >= 10_000 {
            self.0.insert(minor.unsigned_abs().to_string());
        }
    }

    /// The day, here and at Greenwich, as people and programs write it.
    fn day(&mut self, millis: i64) {
        let at = Timestamp::from_millisecond(millis).unwrap();
        for zone in [TimeZone::UTC, TimeZone::get("America/New_York").unwrap()] {
            let day = at.to_zoned(zone);
            for form in ["%-d %b", "%-d %B", "%b %-d", "%B %-d", "%F", "%m/%d/%Y", "%-m/%-d/%y", "%d.%m.%Y"] {
                self.0.insert(day.strftime(form).to_string().to_lowercase());
            }
        }
    }

    /// Which of them a text holds, as words of their own.
    pub fn found_in(&self, text: &str) -> Vec<&str> {
        let text = text.to_lowercase();
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let stands = |value: &str| {
            text.match_indices(value).any(|(at, _)| {
                let (before, after) = (&text[..at], &text[at + value.len()..]);
                !inside(before.chars().next_back()) && !inside(after.chars().next())
            })
        };
        self.0.iter().map(String::as_str).filter(|value| stands(value)).collect()
    }
}

#[test]
fn an_amount_is_found_however_it_is_written() {
    let mut values = Values(BTreeSet::new());
    values.amount(-123_450);
    for text in ["You have $1,234.50.", "1234.50", "1.234,50 €", "−1 234.50", "{\"minor_units\":123450}"]
    {
        assert!(!values.found_in(text).is_empty(), "{text}");
    }
    for text in ["$11,234.50", "1,234.501", "1235"] {
        assert!(values.found_in(text).is_empty(), "{text}");
    }
}
