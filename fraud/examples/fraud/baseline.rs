//! The published reference: fifteen features with exact windows, 100 trees of depth 3, learned from one week.

use fraud::{
    catalogue::{COUNT, Features},
    event::{DAY, Seconds},
    protocol::{WEEK, Weeks},
    replay::Told,
    trees::{Flat, Settings, Table, grow},
};
use std::collections::HashMap;

/// Features of the reference.
const WIDTH: usize = 15;
const WINDOWS: [Seconds; 3] = [DAY, 7 * DAY, 30 * DAY];

/// What happened at one card or terminal so far: times, and sums up to each.
#[derive(Default)]
struct Past {
    times: Vec<Seconds>,
    sums: Vec<f64>,
}

impl Past {
    fn push(&mut self, at: Seconds, value: f64) {
        self.times.push(at);
        self.sums.push(self.sums.last().copied().unwrap_or(0.0) + value);
    }

    /// Count and sum up to this moment.
    fn until(&self, at: Seconds) -> (f64, f64) {
        let count = self.times.partition_point(|time| *time <= at);
        (count as f64, count.checked_sub(1).map_or(0.0, |last| self.sums[last]))
    }

    /// Count and sum after `end - width` up to `end`.
    fn window(&self, end: Seconds, width: Seconds) -> (f64, f64) {
        let (all, before) = (self.until(end), self.until(end.saturating_sub(width)));
        (all.0 - before.0, all.1 - before.1)
    }
}

/// The features of all payments, row by row.
fn features(told: &[Told], delay: Seconds) -> Vec<f32> {
    let (mut cards, mut terminals) = (HashMap::<u64, Past>::new(), HashMap::<u64, Past>::new());
    let mut values = Vec::with_capacity(told.len() * WIDTH);
    for one in told {
        let payment = &one.payment;
        let card = cards.entry(payment.card).or_default();
        let terminal = terminals.entry(payment.terminal).or_default();
        card.push(payment.at, f64::from(payment.amount));
        terminal.push(payment.at, f64::from(u8::from(one.fraud)));
        let (day, hour) = (payment.at / DAY, payment.at % DAY / 3_600);
        let yes = |is: bool| f32::from(u8::from(is));
        values.extend([payment.amount as f32, yes((day + 3) % 7 >= 5), yes(hour <= 6)]);
        for width in WINDOWS {
            let (count, sum) = card.window(payment.at, width);
            values.extend([count as f32, (sum / count) as f32]);
        }
        // What is at most as old as a label's delay is not looked at, so no label is used before its time.
        for width in WINDOWS {
            let (count, frauds) = terminal.window(payment.at.saturating_sub(delay), width);
            values.extend([count as f32, if count > 0.0 { (frauds / count) as f32 } else { 0.0 }]);
        }
    }
    values
}

/// The scores that the reference gives to the test week, by their place.
pub fn scores(told: &[Told], weeks: Weeks, delay: Seconds) -> HashMap<usize, f64> {
    let values = features(told, delay);
    let learned = Weeks::places(told, weeks.learn..weeks.learn + WEEK);
    let truth: Vec<bool> = told[learned.clone()].iter().map(|one| one.fraud).collect();
    let weights = vec![1.0; truth.len()];
    let table = Table {
        values: &values[learned.start * WIDTH..learned.end * WIDTH],
        width: WIDTH,
        truth: &truth,
        weights: &weights,
    };
    let settings = Settings {
        trees: 100,
        depth: 3,
        rate: 0.1,
        rows: 1.0,
        columns: 1.0,
        lambda: 1.0,
        least: 1.0,
        seed: 0,
    };
    let flat = Flat::new(&grow(&table, &settings));
    let test = Weeks::places(told, weeks.test()..weeks.test() + WEEK);
    test.map(|place| {
        let mut features = Features([f32::NAN; COUNT]);
        features.0[..WIDTH].copy_from_slice(&values[place * WIDTH..][..WIDTH]);
        (place, f64::from(flat.score(&features)))
    })
    .collect()
}
