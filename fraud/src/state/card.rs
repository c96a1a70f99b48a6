//! What is remembered of one card: its last payments, each in twelve bytes, in the order of their time.
//!
//! Payments and not buckets, because a card has few: windows end at the second, the median is exact, a payment that turns out
//! to be fraud can be left out of what is usual, and a retraction puts it back.

use super::LINE;
use crate::{
    bytes::{Reader, Short, Writer},
    catalogue::Person,
    event::{Attributes, DAY, HOUR, MINUTE, Payment, Seconds, Verdict},
};

/// Payments kept of one card. Somebody who pays three times a day fills five weeks with them; of whoever pays more, the last ones.
pub const PAYMENTS: usize = 96;
/// A payment this much older than the card's newest is forgotten.
pub const HORIZON: Seconds = 35 * DAY;
/// A payment is large from this many times the card's median on.
const LARGE: f32 = 2.5;
/// Grown by so many payments at a time, so that little is held for nothing.
const STEP: usize = 8;

/// One remembered payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    at: Seconds,
    amount: u32,
    /// Thirty bits of the terminal, two of the label.
    mark: u32,
}

/// The label of a remembered payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Nothing,
    Clean,
    Suspected,
    Fraud,
}

impl From<Verdict> for Known {
    fn from(verdict: Verdict) -> Known {
        match verdict {
            Verdict::Clean => Known::Clean,
            Verdict::Suspected => Known::Suspected,
            Verdict::Fraud => Known::Fraud,
        }
    }
}

impl Entry {
    fn known(self) -> Known {
        match self.mark & 3 {
            0 => Known::Nothing,
            1 => Known::Clean,
            2 => Known::Suspected,
            _ => Known::Fraud,
        }
    }
    fn is_fraud(self) -> bool {
        self.mark & 2 != 0
    }
}

/// Thirty bits of a key.
pub(crate) fn tag(key: u64) -> u32 {
    (crate::random::mix(key) >> 34) as u32
}

/// One card.
#[derive(Debug, Clone, Default)]
pub(crate) struct Card {
    payments: Vec<Entry>,
    /// One bit per country and per kind of shop that it was used in, by a hash to 64.
    countries: u64,
    categories: u64,
    /// Where it was used last, and where on average of late.
    last: Option<(f32, f32)>,
    usual: Option<(f32, f32)>,
    /// Whose it is, if the bank has told.
    pub owner: Option<u64>,
}

/// What the card says about a payment. Missing is NaN.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Habit {
    pub counts: [f32; 5],
    pub means: [f32; 4],
    pub to_mean_7d: f32,
    pub to_mean_30d: f32,
    pub deviations: f32,
    pub to_median: f32,
    pub to_largest: f32,
    pub spent_1d: f32,
    pub large_14d: f32,
    pub since_large: f32,
    pub since_last: f32,
    pub here_before: f32,
    pub hour_share: f32,
    pub frauds_14d: f32,
    pub frauds_35d: f32,
    pub since_fraud: f32,
    pub from_usual: f32,
    pub from_last: f32,
    pub new_country: f32,
    pub new_category: f32,
    /// For the terminal: larger than usual for this card.
    pub large: bool,
}

/// Where a payment went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// At this index.
    Kept(usize),
    /// Older than what is kept.
    TooOld,
}

impl Card {
    /// When it was last used.
    pub fn newest(&self) -> Seconds {
        self.payments.last().map_or(0, |entry| entry.at)
    }

    /// Reads all of it, a line of the cache at a time.
    pub fn warm(&self) -> u32 {
        self.payments.iter().step_by(LINE / size_of::<Entry>()).fold(0, |sum, entry| sum ^ entry.at)
    }

    /// Puts a payment where it belongs.
    pub fn insert(&mut self, payment: &Payment) -> Place {
        let entry = Entry { at: payment.at, amount: payment.amount, mark: tag(payment.terminal) << 2 };
        let newest = self.newest().max(payment.at);
        if payment.at < newest.saturating_sub(HORIZON) {
            return Place::TooOld;
        }
        let old = self.payments.partition_point(|entry| entry.at < newest.saturating_sub(HORIZON));
        self.payments.drain(..old);
        let mut index = self.payments.partition_point(|entry| entry.at <= payment.at);
        if self.payments.len() == PAYMENTS {
            if index == 0 {
                return Place::TooOld;
            }
            self.payments.remove(0);
            index -= 1;
        }
        if self.payments.len() == self.payments.capacity() {
            self.payments.reserve_exact(STEP);
        }
        self.payments.insert(index, entry);
        Place::Kept(index)
    }

    /// Sets the label of a payment; says what it was before. `None` if the payment is not remembered.
    pub fn label(&mut self, paid_at: Seconds, terminal: u64, to: Known, if_known: bool) -> Option<Known> {
        let first = self.payments.partition_point(|entry| entry.at < paid_at);
        let same = self.payments[first..].iter_mut().take_while(|entry| entry.at == paid_at);
        // Of two payments of the same second at the same place, the first without this label.
        let mut same = same.filter(|entry| entry.mark >> 2 == tag(terminal)).peekable();
        let mut before = same.peek()?.known();
        if let Some(entry) = same.find(|entry| entry.known() != to) {
            before = entry.known();
            if before == Known::Nothing || if_known {
                entry.mark = entry.mark & !3 | to as u32;
            }
        }
        Some(before)
    }

    /// What the card says about a payment that is at `place`.
    pub fn habit(
        &self,
        payment: &Payment,
        place: Place,
        delay: Seconds,
        hour_of: impl Fn(Seconds) -> u32,
    ) -> Habit {
        let end = match place {
            Place::Kept(index) => index,
            Place::TooOld => self.payments.partition_point(|entry| entry.at <= payment.at),
        };
        let start = self.payments.partition_point(|entry| entry.at < payment.at.saturating_sub(HORIZON));
        let before = self.payments.get(start..end).unwrap_or_default();
        let mut habit = Habit::default();
        habit.windows(before, payment);
        habit.usual(before, payment);
        habit.seen(before, payment, delay, hour_of);
        self.places(&mut habit, payment.more);
        habit
    }

    /// Of what a customer paid with all their cards, in which the cards stand for the terminals: what it says about a payment, with
    /// that payment.
    pub fn person(&self, payment: &Payment) -> Person {
        let end = self.payments.partition_point(|entry| entry.at <= payment.at);
        let within = |width: Seconds| {
            let since = payment.at.saturating_sub(width);
            &self.payments[self.payments.partition_point(|entry| entry.at < since).min(end)..end]
        };
        let count = |width| within(width).len() as f32;
        let spent = |width| within(width).iter().map(|entry| u64::from(entry.amount)).sum::<u64>() as f32;
        let cards = |width| {
            let mut marks = [0u32; PAYMENTS];
            let mut known = 0;
            for entry in within(width) {
                let mark = entry.mark >> 2;
                if !marks[..known].contains(&mark) {
                    marks[known] = mark;
                    known += 1;
                }
            }
            known as f32
        };
        let this = tag(payment.card);
        let other = within(30 * DAY).iter().rev().find(|entry| entry.mark >> 2 != this);
        Person([
            count(HOUR),
            count(DAY),
            count(7 * DAY),
            spent(DAY),
            spent(7 * DAY),
            cards(DAY),
            cards(30 * DAY),
            within(30 * DAY).iter().filter(|entry| entry.is_fraud()).count() as f32,
            other.map_or(f32::NAN, |entry| (payment.at - entry.at) as f32),
        ])
    }

    fn places(&self, habit: &mut Habit, more: Attributes) {
        let away = |from: Option<(f32, f32)>| match (from, more.place) {
            (Some((x, y)), Some((to_x, to_y))) => libm::hypotf(x - to_x, y - to_y),
            _ => f32::NAN,
        };
        let is_new = |known: u64, value: Option<u16>| match value {
            Some(value) if known != 0 => f32::from(u8::from(known & bit(value) == 0)),
            _ => f32::NAN,
        };
        habit.from_usual = away(self.usual);
        habit.from_last = away(self.last);
        habit.new_country = is_new(self.countries, more.country);
        habit.new_category = is_new(self.categories, more.category);
    }

    /// Remembers what else came with a payment, in the order of arrival.
    pub fn remember(&mut self, more: Attributes) {
        if let Some((x, y)) = more.place {
            let (was_x, was_y) = self.usual.unwrap_or((x, y));
            // Half of it is of the last twenty payments.
            self.usual = Some((was_x + (x - was_x) / 32.0, was_y + (y - was_y) / 32.0));
            self.last = Some((x, y));
        }
        self.countries |= more.country.map_or(0, bit);
        self.categories |= more.category.map_or(0, bit);
    }

    pub fn write(&self, out: &mut Writer) {
        out.len(self.payments.len());
        for entry in &self.payments {
            out.u32(entry.at);
            out.u32(entry.amount);
            out.u32(entry.mark);
        }
        out.u64(self.countries);
        out.u64(self.categories);
        out.u8(u8::from(self.owner.is_some()));
        out.u64(self.owner.unwrap_or_default());
        for place in [self.last, self.usual] {
            out.u8(u8::from(place.is_some()));
            let (x, y) = place.unwrap_or_default();
            out.f32(x);
            out.f32(y);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Card, Short> {
        let count = from.len(12)?;
        let mut payments = Vec::with_capacity(count.next_multiple_of(STEP));
        for _ in 0..count {
            payments.push(Entry { at: from.u32()?, amount: from.u32()?, mark: from.u32()? });
        }
        let (countries, categories) = (from.u64()?, from.u64()?);
        let owned = from.u8()? != 0;
        let owner = Some(from.u64()?).filter(|_| owned);
        let mut one = || -> Result<Option<(f32, f32)>, Short> {
            let there = from.u8()? != 0;
            let point = (from.f32()?, from.f32()?);
            Ok(there.then_some(point))
        };
        let (last, usual) = (one()?, one()?);
        Ok(Card { payments, countries, categories, last, usual, owner })
    }
}

fn bit(value: u16) -> u64 {
    1 << (crate::random::mix(u64::from(value)) >> 58)
}

fn or_nan(there: bool, value: f64) -> f32 {
    if there { value as f32 } else { f32::NAN }
}

impl Habit {
    /// Counts and means over windows that end with this payment.
    fn windows(&mut self, before: &[Entry], payment: &Payment) {
        let now = u64::from(payment.amount);
        let (mut count, mut sum, mut end) = (1u32, now, before.len());
        for (index, width) in [10 * MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY].into_iter().enumerate() {
            let first = before[..end].partition_point(|entry| entry.at < payment.at.saturating_sub(width));
            sum += before[first..end].iter().map(|entry| u64::from(entry.amount)).sum::<u64>();
            count += (end - first) as u32;
            end = first;
            self.counts[index] = count as f32;
            if index > 0 {
                self.means[index - 1] = (sum as f64 / f64::from(count)) as f32;
            }
            if width == DAY {
                self.spent_1d = sum as f32;
            }
        }
    }

    /// How this amount compares with what was paid before, known frauds left out.
    fn usual(&mut self, before: &[Entry], payment: &Payment) {
        let amount = f64::from(payment.amount);
        let mut amounts = [0u32; PAYMENTS];
        let (mut all, mut month, mut week) = (0usize, (0u32, 0f64, 0f64), (0u32, 0f64));
        let mut largest = 0f64;
        for entry in before.iter().filter(|entry| !entry.is_fraud()) {
            amounts[all] = entry.amount;
            all += 1;
            let (age, paid) = (payment.at - entry.at, f64::from(entry.amount));
            // Halved in about three weeks.
            largest = largest.max(paid * (1.0 - f64::from(age) / f64::from(2 * HORIZON)));
            if age <= 30 * DAY {
                month = (month.0 + 1, month.1 + paid, month.2 + paid * paid);
            }
            if age <= 7 * DAY {
                week = (week.0 + 1, week.1 + paid);
            }
        }
        let mean = |count: u32, sum: f64| sum / f64::from(count.max(1));
        self.to_mean_7d = or_nan(week.0 > 0, amount / mean(week.0, week.1).max(1.0));
        let usual = mean(month.0, month.1);
        self.to_mean_30d = or_nan(month.0 > 0, amount / usual.max(1.0));
        let variance = (mean(month.0, month.2) - usual * usual).max(0.0);
        self.deviations = or_nan(month.0 > 2, (amount - usual) / (libm::sqrt(variance) + 100.0));
        self.to_largest = or_nan(all > 0, amount / largest.max(1.0));
        let known = &mut amounts[..all];
        let median = match all {
            0 => f32::NAN,
            _ => *known.select_nth_unstable(all / 2).1 as f32,
        };
        self.to_median = (amount as f32) / median.max(1.0);
        if all == 0 {
            self.to_median = f32::NAN;
        }
        self.large = self.to_median > LARGE;
        let limit = LARGE * median;
        let since = before.partition_point(|entry| entry.at < payment.at.saturating_sub(14 * DAY));
        let large = |entry: &&Entry| entry.amount as f32 > limit;
        self.large_14d =
            before[since..].iter().filter(large).count() as f32 + f32::from(u8::from(self.large));
        let last = before[since..].iter().rev().find(large);
        self.since_large = last.map_or(f32::NAN, |entry| (payment.at - entry.at) as f32);
    }

    /// Recency, the terminal, the hour, and known frauds.
    fn seen(
        &mut self,
        before: &[Entry],
        payment: &Payment,
        delay: Seconds,
        hour_of: impl Fn(Seconds) -> u32,
    ) {
        self.since_last = before.last().map_or(f32::NAN, |entry| (payment.at - entry.at) as f32);
        let (terminal, hour) = (tag(payment.terminal), hour_of(payment.at));
        let (mut here, mut near, mut weeks, mut all) = (0u32, 0u32, 0f32, 0f32);
        let mut last = f32::NAN;
        for entry in before {
            here += u32::from(entry.mark >> 2 == terminal);
            let apart = hour_of(entry.at).abs_diff(hour);
            near += u32::from(apart.min(24 - apart) <= 2);
            if entry.is_fraud() {
                let age = payment.at - entry.at;
                all += 1.0;
                weeks += f32::from(u8::from(age <= delay.saturating_add(14 * DAY)));
                last = age as f32;
            }
        }
        self.here_before = here as f32;
        self.hour_share = or_nan(before.len() >= 8, f64::from(near) / before.len().max(1) as f64);
        (self.frauds_14d, self.frauds_35d, self.since_fraud) = (weeks, all, last);
    }
}
