//! What the models look at: each feature with its name, unit, family, window and purpose, and how a reason is said, to the
//! analyst and, milder, to the customer.

mod entries;
mod person;

pub use entries::{COUNT, Column, ENTRIES};
pub use person::{PEOPLE, PERSON, Person, PersonEntry};

use crate::{
    event::{DAY, HOUR, Payment},
    state::{Habit, Traffic},
};
use sha2::{Digest, Sha256};
use std::ops::{Index, IndexMut};

/// The only purpose that any feature is made for.
pub const PURPOSE: &str = "fraud-prevention";

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Minor units of the card's currency.
    MinorUnits,
    /// Hours of the day.
    Hours,
    /// 1 or 0.
    YesNo,
    /// How many.
    Count,
    /// How many times something else.
    Times,
    /// Standard deviations.
    Deviations,
    /// Seconds.
    Seconds,
    /// Kilometers.
    Kilometers,
    /// From 0 to 1.
    Share,
    /// Days.
    Days,
    /// A number that names something.
    Code,
}

/// What features are about; reasons are told by family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The amount alone.
    Amount,
    /// Hour and day.
    Time,
    /// How often the card is used.
    Pace,
    /// How much is paid with the card.
    Spending,
    /// How the amount compares with this card's usual.
    Deviation,
    /// How long the card rested.
    Recency,
    /// Where.
    Place,
    /// How it was paid.
    Channel,
    /// Known frauds on the card.
    CardReports,
    /// What else happens at the terminal.
    Traffic,
    /// Known frauds at the terminal.
    TerminalReports,
}

impl Family {
    /// How many there are.
    pub const COUNT: usize = Family::TerminalReports as usize + 1;
}

/// A feature.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its place.
    pub column: Column,
    /// Its name in reports, artefacts and rules.
    pub name: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// What it is about.
    pub family: Family,
    /// Over which time.
    pub window: &'static str,
    /// For the analyst, with a place for the value in words.
    pub reason: &'static str,
    /// For the customer: no value, nobody else, no threshold.
    pub mild: &'static str,
}

impl Entry {
    /// What it is made for.
    pub fn purpose(&self) -> &'static str {
        PURPOSE
    }

    /// True if every day differs from the others in it without anything being wrong.
    pub fn is_calendar(&self) -> bool {
        matches!(self.column, Column::Weekend)
    }
}

/// The feature of a name.
pub fn named(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

/// SHA-256 over the names, units and windows in their order: a model fits only the features that it was trained on.
pub fn digest() -> [u8; 32] {
    let mut hash = Sha256::new();
    for entry in &ENTRIES {
        hash.update(format!("{}\t{:?}\t{}\n", entry.name, entry.unit, entry.window));
    }
    hash.finalize().into()
}

/// The features of one payment; what is missing is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features(pub [f32; COUNT]);

impl Index<Column> for Features {
    type Output = f32;
    fn index(&self, column: Column) -> &f32 {
        &self.0[column as usize]
    }
}

impl IndexMut<Column> for Features {
    fn index_mut(&mut self, column: Column) -> &mut f32 {
        &mut self.0[column as usize]
    }
}

fn yes(is: bool) -> f32 {
    f32::from(u8::from(is))
}

impl Features {
    /// The row that rules look at: these, then what the customer did.
    pub fn row(&self, person: &Person) -> [f32; COUNT + PERSON] {
        let mut row = [f32::NAN; COUNT + PERSON];
        row[..COUNT].copy_from_slice(&self.0);
        row[COUNT..].copy_from_slice(&person.0);
        row
    }

    /// From what the card and the terminal say; `local` is added to the time for the hour and the day.
    pub(crate) fn of(payment: &Payment, habit: &Habit, traffic: &Traffic, local: i32) -> Features {
        use Column as C;
        let mut of = Features([f32::NAN; COUNT]);
        let at = payment.at.wrapping_add_signed(local);
        let hour = (at % DAY) / HOUR;
        of[C::Amount] = payment.amount as f32;
        of[C::Hour] = hour as f32;
        // 1970-01-01 was a Thursday.
        of[C::Weekend] = yes((at / DAY + 3) % 7 >= 5);
        of[C::Night] = yes(hour < 6);
        of[C::Online] = payment.more.online.map_or(f32::NAN, yes);
        of[C::Entry] = payment.more.entry.map_or(f32::NAN, f32::from);
        of[C::DeviceAge] = payment.more.device_age.map_or(f32::NAN, f32::from);
        of.card(habit);
        of.terminal(traffic);
        of
    }

    fn card(&mut self, habit: &Habit) {
        use Column as C;
        self.0[C::CardCount10m as usize..][..5].copy_from_slice(&habit.counts);
        self.0[C::CardMean1h as usize..][..4].copy_from_slice(&habit.means);
        self[C::CardSpent1d] = habit.spent_1d;
        self[C::ToMean7d] = habit.to_mean_7d;
        self[C::ToMean30d] = habit.to_mean_30d;
        self[C::Deviations30d] = habit.deviations;
        self[C::ToMedian] = habit.to_median;
        self[C::ToLargest] = habit.to_largest;
        self[C::Large14d] = habit.large_14d;
        self[C::SinceLarge] = habit.since_large;
        self[C::SinceLast] = habit.since_last;
        self[C::HereBefore] = habit.here_before;
        self[C::HourShare] = habit.hour_share;
        self[C::FromUsual] = habit.from_usual;
        self[C::FromLast] = habit.from_last;
        self[C::NewCountry] = habit.new_country;
        self[C::NewCategory] = habit.new_category;
        self[C::CardFrauds14d] = habit.frauds_14d;
        self[C::CardFrauds35d] = habit.frauds_35d;
        self[C::CardSinceFraud] = habit.since_fraud;
    }

    fn terminal(&mut self, traffic: &Traffic) {
        use Column as C;
        self.0[C::TerminalCount1d as usize..][..3].copy_from_slice(&traffic.counts);
        self[C::TerminalLarge7d] = traffic.large_7d;
        self[C::TerminalRatio7d] = traffic.ratio_7d;
        self[C::TerminalBurst] = traffic.burst;
        self[C::TerminalToMean] = traffic.to_mean;
        self[C::TerminalShare1d] = traffic.share_1d;
        self[C::TerminalShare7d] = traffic.share_7d;
        self[C::TerminalShare30d] = traffic.share_30d;
        self[C::TerminalFrauds7d] = traffic.frauds_7d;
        self[C::TerminalFrauds28d] = traffic.frauds_28d;
        self[C::TerminalSinceFirst] = traffic.since_first;
        self[C::TerminalSinceLast] = traffic.since_last;
        self[C::TerminalCleanSince] = traffic.clean_since;
        self[C::TerminalCardsHit] = traffic.cards_hit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_stands_at_the_place_of_its_column_and_no_name_is_there_twice() {
        for (place, entry) in ENTRIES.iter().enumerate() {
            assert_eq!(entry.column as usize, place, "{}", entry.name);
            assert_eq!(named(entry.name).map(|found| found.column), Some(entry.column));
        }
    }

    #[test]
    fn what_a_customer_is_told_holds_no_value() {
        assert!(ENTRIES.iter().all(|entry| !entry.mild.contains('{') && !entry.mild.is_empty()));
    }
}
