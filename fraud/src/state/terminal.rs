//! What is remembered of one terminal: buckets of a fixed length in time, and the last frauds.

use super::{LINE, SUSPECTED, card::Known};
use crate::{
    bytes::{Reader, Short, Writer},
    event::{DAY, Seconds},
};

/// The length of a bucket.
pub const BUCKET: Seconds = DAY;
/// Buckets older than this are forgotten: the longest window and a delay of the labels of a week.
pub const HORIZON: Seconds = 40 * DAY;
/// Frauds of which the card and the second are kept.
pub const HITS: usize = 8;
/// Grown by so many buckets at a time.
const STEP: usize = 8;
/// A ratio to the own mean is kept in parts of this, up to [`MOST`].
const PARTS: f32 = 64.0;
const MOST: f32 = 16.0;

/// Counts of one bucket. Whole numbers, so that their sums do not depend on an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bucket {
    /// Time divided by [`BUCKET`].
    index: u32,
    count: u32,
    clean: u32,
    /// In hundredths, because a suspicion counts for less.
    fraud: u32,
    large: u32,
    /// Sum of the ratios to the card's mean.
    ratio: u32,
    /// Sum of the amounts in hundreds of minor units.
    amount: u32,
}

/// One known fraud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hit {
    at: Seconds,
    card: u32,
}

/// One terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terminal {
    /// Ascending by index, empty ones left out.
    buckets: Vec<Bucket>,
    /// Ascending by time.
    hits: Vec<Hit>,
}

/// What the terminal says about a payment. Missing is NaN.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub counts: [f32; 3],
    pub large_7d: f32,
    pub ratio_7d: f32,
    pub burst: f32,
    pub to_mean: f32,
    pub share_1d: f32,
    pub share_7d: f32,
    pub share_30d: f32,
    pub frauds_7d: f32,
    pub frauds_28d: f32,
    pub since_first: f32,
    pub since_last: f32,
    pub clean_since: f32,
    pub cards_hit: f32,
}

fn weight(known: Known) -> u32 {
    match known {
        Known::Nothing | Known::Clean => 0,
        Known::Suspected => SUSPECTED,
        Known::Fraud => 100,
    }
}

impl Terminal {
    /// When it was last used, to the length of a bucket.
    pub fn newest(&self) -> Seconds {
        self.buckets.last().map_or(0, |bucket| bucket.index.saturating_mul(BUCKET))
    }

    /// Reads all of it, a line of the cache at a time.
    pub fn warm(&self) -> u32 {
        let buckets = self.buckets.iter().step_by(LINE / size_of::<Bucket>());
        let hits = self.hits.last().map_or(0, |hit| hit.at);
        buckets.fold(hits, |sum, bucket| sum ^ bucket.index)
    }

    fn bucket(&mut self, at: Seconds) -> Option<&mut Bucket> {
        let index = at / BUCKET;
        let newest = self.buckets.last().map_or(0, |bucket| bucket.index).max(index);
        let oldest = newest.saturating_sub(HORIZON / BUCKET);
        if index < oldest {
            return None;
        }
        let old = self.buckets.partition_point(|bucket| bucket.index < oldest);
        self.buckets.drain(..old);
        let place = self.buckets.partition_point(|bucket| bucket.index < index);
        if self.buckets.get(place).is_none_or(|bucket| bucket.index != index) {
            if self.buckets.len() == self.buckets.capacity() {
                self.buckets.reserve_exact(STEP);
            }
            self.buckets.insert(place, Bucket { index, ..Bucket::default() });
        }
        self.buckets.get_mut(place)
    }

    /// Counts a payment; false if it is older than what is kept.
    pub fn pay(&mut self, at: Seconds, amount: u32, large: bool, ratio: f32) -> bool {
        let Some(bucket) = self.bucket(at) else { return false };
        bucket.count = bucket.count.saturating_add(1);
        bucket.large = bucket.large.saturating_add(u32::from(large));
        // NaN becomes zero: a card without a past is as usual.
        let ratio = if ratio.is_nan() { 1.0 } else { ratio.clamp(0.0, MOST) };
        bucket.ratio = bucket.ratio.saturating_add((ratio * PARTS) as u32);
        bucket.amount = bucket.amount.saturating_add(amount.div_ceil(100));
        true
    }

    /// Moves a payment from one label to another.
    pub fn label(&mut self, at: Seconds, card: u32, from: Known, to: Known) {
        let Some(bucket) = self.bucket(at) else { return };
        bucket.clean = bucket.clean.saturating_sub(u32::from(from == Known::Clean));
        bucket.clean = bucket.clean.saturating_add(u32::from(to == Known::Clean));
        bucket.fraud = bucket.fraud.saturating_sub(weight(from)).saturating_add(weight(to));
        let hit = Hit { at, card };
        match (weight(from) > 0, weight(to) > 0) {
            (false, true) => {
                let place = self.hits.partition_point(|known| known.at <= at);
                self.hits.insert(place, hit);
                if self.hits.len() > HITS {
                    self.hits.remove(0);
                }
            }
            (true, false) => {
                if let Some(place) = self.hits.iter().position(|known| *known == hit) {
                    self.hits.remove(place);
                }
            }
            _ => {}
        }
    }

    /// What the terminal says about a payment at `at` that it has counted.
    pub fn traffic(&self, at: Seconds, amount: u32, delay: Seconds) -> Traffic {
        let mut traffic = Traffic::default();
        let seen = self.buckets.partition_point(|bucket| bucket.index <= at / BUCKET);
        traffic.volume(&self.buckets[..seen], at / BUCKET, amount);
        let due = at.saturating_sub(delay) / BUCKET;
        traffic.risk(&self.buckets[..seen], due, at);
        self.hit(&mut traffic, seen, at);
        traffic
    }

    fn hit(&self, traffic: &mut Traffic, seen: usize, at: Seconds) {
        let known = &self.hits[..self.hits.partition_point(|hit| hit.at <= at)];
        let recent = known.iter().filter(|hit| at - hit.at <= HORIZON);
        let (mut cards, mut last) = ([u32::MAX; HITS], None);
        let mut count = 0;
        for hit in recent {
            last = Some(hit.at);
            if !cards[..count].contains(&hit.card) {
                cards[count] = hit.card;
                count += 1;
            }
        }
        traffic.cards_hit = count as f32;
        traffic.since_last = last.map_or(f32::NAN, |last| (at - last) as f32);
        traffic.clean_since = last.map_or(f32::NAN, |last| {
            let after = self.buckets[..seen].iter().rev().take_while(|bucket| bucket.index > last / BUCKET);
            after.map(|bucket| u64::from(bucket.clean)).sum::<u64>() as f32
        });
    }

    pub fn write(&self, out: &mut Writer) {
        out.len(self.buckets.len());
        for bucket in &self.buckets {
            let Bucket { index, count, clean, fraud, large, ratio, amount } = *bucket;
            [index, count, clean, fraud, large, ratio, amount].into_iter().for_each(|value| out.u32(value));
        }
        out.len(self.hits.len());
        for hit in &self.hits {
            out.u32(hit.at);
            out.u32(hit.card);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Terminal, Short> {
        let count = from.len(28)?;
        let mut buckets = Vec::with_capacity(count.next_multiple_of(STEP));
        for _ in 0..count {
            let mut all = [0; 7];
            for value in &mut all {
                *value = from.u32()?;
            }
            let [index, count, clean, fraud, large, ratio, amount] = all;
            buckets.push(Bucket { index, count, clean, fraud, large, ratio, amount });
        }
        let count = from.len(8)?;
        let mut hits = vec![];
        for _ in 0..count {
            hits.push(Hit { at: from.u32()?, card: from.u32()? });
        }
        Ok(Terminal { buckets, hits })
    }
}

/// Buckets in so many seconds.
fn buckets(seconds: Seconds) -> u32 {
    seconds / BUCKET
}

fn share(part: f64, whole: f64) -> f32 {
    if whole > 0.0 { (part / whole) as f32 } else { f32::NAN }
}

impl Traffic {
    fn volume(&mut self, seen: &[Bucket], now: u32, amount: u32) {
        let (mut day, mut week, mut month) = (0u64, 0u64, 0u64);
        let (mut large, mut ratio, mut sum) = (0u64, 0u64, 0u64);
        for bucket in seen.iter().rev() {
            let age = now - bucket.index;
            if age > buckets(30 * DAY) {
                break;
            }
            month += u64::from(bucket.count);
            sum += u64::from(bucket.amount);
            if age <= buckets(7 * DAY) {
                week += u64::from(bucket.count);
                large += u64::from(bucket.large);
                ratio += u64::from(bucket.ratio);
            }
            if age <= buckets(DAY) {
                day += u64::from(bucket.count);
            }
        }
        self.counts = [day as f32, week as f32, month as f32];
        self.large_7d = large as f32;
        self.ratio_7d = share(ratio as f64 / f64::from(PARTS), week as f64);
        self.burst = share(day as f64 * 30.0, month as f64);
        self.to_mean = (f64::from(amount) / 100.0 / (sum as f64 / month.max(1) as f64).max(1.0)) as f32;
    }

    /// Labelled payments over windows that end where labels are due, and all frauds that are known.
    fn risk(&mut self, seen: &[Bucket], due: u32, at: Seconds) {
        let mut shares = [(0u64, 0u64); 3];
        let (mut week, mut weeks, mut first) = (0u64, 0u64, None);
        for bucket in seen {
            let age = due.saturating_sub(bucket.index);
            let fraud = u64::from(bucket.fraud);
            if age <= buckets(28 * DAY) {
                weeks += fraud;
                first = first.or((fraud > 0).then_some(bucket.index));
            }
            week += if age <= buckets(7 * DAY) { fraud } else { 0 };
            if bucket.index > due {
                continue;
            }
            for (sums, width) in shares.iter_mut().zip([DAY, 7 * DAY, 30 * DAY]) {
                if age <= buckets(width) {
                    sums.0 += fraud;
                    sums.1 += fraud + 100 * u64::from(bucket.clean);
                }
            }
        }
        let [day, seven, thirty] = shares.map(|(fraud, all)| (fraud as f64 / 100.0, all as f64 / 100.0));
        self.share_1d = share(day.0, day.1);
        self.share_7d = share(seven.0, seven.1);
        self.share_30d = ((thirty.0 + 0.02) / (thirty.1 + 2.0)) as f32;
        self.frauds_7d = week as f32 / 100.0;
        self.frauds_28d = weeks as f32 / 100.0;
        self.since_first = first.map_or(f32::NAN, |index| (at - index * BUCKET) as f32);
    }
}
