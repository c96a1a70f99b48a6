//! The public protocol: a week to learn from, a week in which its labels arrive, a week to test. A card that is known to be
//! compromised leaves the test.

use crate::{
    event::{DAY, Seconds},
    metrics::Judged,
    replay::Told,
};
use std::{collections::HashMap, ops::Range};

/// Days of learning and of waiting for labels before the test begins, and of the test.
pub const WEEK: u32 = 7;

/// Weeks by the first day of learning, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weeks {
    /// The first day of the week of learning.
    pub learn: u32,
}

impl Weeks {
    /// 2018-07-25, as in the published data.
    pub const PUBLISHED: Weeks = Weeks { learn: 17_737 };

    /// The weeks whose test ends with this moment.
    pub fn tested_until(end: Seconds) -> Weeks {
        Weeks { learn: (end / DAY).saturating_sub(3 * WEEK) }
    }

    /// The first day of the test.
    pub fn test(self) -> u32 {
        self.learn + 2 * WEEK
    }

    /// The places of the payments of these days.
    pub fn places(told: &[Told], days: Range<u32>) -> Range<usize> {
        let at = |day: u32| told.partition_point(|one| one.payment.at / DAY < day);
        at(days.start)..at(days.end)
    }

    /// The payments of the test that are judged, each with its place; `score` is asked for every one.
    pub fn judged(self, told: &[Told], score: impl Fn(usize) -> f64) -> Vec<(usize, Judged)> {
        let learned = Weeks::places(told, self.learn..self.test() + WEEK);
        let mut first_fraud: HashMap<u64, u32> = HashMap::new();
        for one in &told[learned] {
            if one.fraud {
                first_fraud.entry(one.payment.card).or_insert(one.payment.at / DAY);
            }
        }
        let mut judged = vec![];
        for place in Weeks::places(told, self.test()..self.test() + WEEK) {
            let Told { payment, fraud, .. } = told[place];
            let day = payment.at / DAY;
            // Its label has arrived, so the card would be blocked.
            if first_fraud.get(&payment.card).is_some_and(|first| *first + WEEK < day) {
                continue;
            }
            let day = day - self.test();
            judged.push((
                place,
                Judged { id: payment.id, day, card: payment.card, score: score(place), fraud },
            ));
        }
        judged
    }
}
