//! What a customer did with all their cards: for rules. The models do not look at it, because what they learn from names cards
//! only.

use super::{PURPOSE, Unit};

/// A fact about a customer.
#[derive(Debug, Clone, Copy)]
pub struct PersonEntry {
    /// Its name in rules.
    pub name: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// Over which time, this payment included.
    pub window: &'static str,
    /// For the analyst, with a place for the value in words.
    pub reason: &'static str,
}

impl PersonEntry {
    /// What it is made for.
    pub fn purpose(&self) -> &'static str {
        PURPOSE
    }
}

const fn entry(name: &'static str, unit: Unit, window: &'static str, reason: &'static str) -> PersonEntry {
    PersonEntry { name, unit, window, reason }
}

/// How many there are.
pub const PERSON: usize = 9;

/// The facts, in the order of [`Person`].
#[rustfmt::skip]
pub const PEOPLE: [PersonEntry; PERSON] = [
    entry("customer_count_1h", Unit::Count, "1 h", "{n} payments with this customer's cards within an hour"),
    entry("customer_count_1d", Unit::Count, "1 d", "{n} payments with this customer's cards within a day"),
    entry("customer_count_7d", Unit::Count, "7 d", "{n} payments with this customer's cards within a week"),
    entry("customer_spent_1d", Unit::MinorUnits, "1 d", "{amount} spent with this customer's cards within a day"),
    entry("customer_spent_7d", Unit::MinorUnits, "7 d", "{amount} spent with this customer's cards within a week"),
    entry("customer_cards_1d", Unit::Count, "1 d", "{n} of this customer's cards were used within a day"),
    entry("customer_cards_30d", Unit::Count, "30 d", "{n} of this customer's cards were used within a month"),
    entry("customer_frauds_30d", Unit::Count, "30 d", "{n} known frauds on this customer's cards within a month"),
    entry("customer_since_other", Unit::Seconds, "30 d", "another card of this customer was used {time} ago"),
];

/// What one customer did; what is missing is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person(pub [f32; PERSON]);

impl Person {
    /// Nobody told whose card it is.
    pub const UNKNOWN: Person = Person([f32::NAN; PERSON]);
}
