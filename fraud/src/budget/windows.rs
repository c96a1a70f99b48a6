//! Payments, alerts and answers of the last hours.

use super::Seconds;
use crate::share::Count;
use serde::{Deserialize, Serialize};

/// Hours of the rolling day, the current one among them.
pub const HOURS_A_DAY: u32 = 24;
/// Hours of the rolling week.
pub const HOURS_A_WEEK: u32 = 168;

/// What happened in an hour, or in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hour {
    /// Payments.
    pub payments: u64,
    /// Alerts that were charged to the budget.
    pub alerts: u64,
    /// Alerts that the model's score asked for, whether there was room or not.
    pub wanted: u64,
    /// Alerts beyond the budget, which an officer of the bank allowed.
    #[serde(default)]
    pub extra: u64,
    /// Hits that there was no room to ask about.
    #[serde(default)]
    pub held: u64,
    /// Answered alerts, and those among them that were fraud.
    pub answers: Count,
}

/// The last 168 hours. The clock is the latest time seen; it does not go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Windows {
    hours: Vec<Hour>,
    clock: Seconds,
    /// Whether anything was seen.
    begun: bool,
    /// Written to before the first payment; never read.
    spare: Hour,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows {
            hours: vec![Hour::default(); HOURS_A_WEEK as usize],
            clock: 0,
            begun: false,
            spare: Hour::default(),
        }
    }
}

impl Windows {
    pub fn clock(&self) -> Seconds {
        self.clock
    }

    pub fn are_whole(&self) -> bool {
        self.hours.len() == HOURS_A_WEEK as usize
    }

    fn place(hour: u32) -> usize {
        (hour % HOURS_A_WEEK) as usize
    }

    /// Whether the current hour is over at a time.
    pub fn hour_ends_by(&self, now: Seconds) -> bool {
        self.begun && now / 3_600 > self.clock / 3_600
    }

    /// Lets time pass.
    pub fn turn_to(&mut self, now: Seconds) {
        if !self.begun {
            (self.begun, self.clock) = (true, now);
            return;
        }
        let (old, new) = (self.clock / 3_600, now / 3_600);
        self.clock = self.clock.max(now);
        for hour in (old + 1..=new).take(HOURS_A_WEEK as usize) {
            // After a gap of more than a week each place is cleared once, whichever hours they are.
            if let Some(place) = self.hours.get_mut(Self::place(hour)) {
                *place = Hour::default();
            }
        }
    }

    /// The current hour.
    pub fn now_mut(&mut self) -> &mut Hour {
        self.hours.get_mut(Self::place(self.clock / 3_600)).unwrap_or(&mut self.spare)
    }

    /// The sum of the last so many hours, the current one among them.
    pub fn last(&self, hours: u32) -> Hour {
        let current = self.clock / 3_600;
        let places = (0..hours.min(current + 1)).map(|back| Self::place(current - back));
        places.filter_map(|place| self.hours.get(place)).fold(Hour::default(), |sum, hour| Hour {
            payments: sum.payments + hour.payments,
            alerts: sum.alerts + hour.alerts,
            wanted: sum.wanted + hour.wanted,
            extra: sum.extra + hour.extra,
            held: sum.held + hour.held,
            answers: sum.answers.plus(hour.answers),
        })
    }
}
