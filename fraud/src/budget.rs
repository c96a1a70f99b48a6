//! How many customers are asked. One budget for each bank; a pure state machine that sees every payment in the order of the
//! log.
//!
//! - Alerts stay within a share of payments, over a rolling day and a rolling week.
//! - A card has at most one alert a day; further hits join it.
//! - Hits of many cards at one terminal become one incident instead of many alerts.
//! - The threshold of the score moves slowly, so that the budget suffices and what is asked about is fraud.
//! - What is held back is said and counted; it belongs on the desk's queue all the same.
//!
//! The budget is about asking customers. What happens to the payment itself, refused or kept waiting by a rule, is the
//! [`Decision::outcome`] and does not depend on it.

mod floods;
mod kept;
mod settings;
#[cfg(test)]
mod tests;
mod windows;

pub use floods::{FLOOD_CARDS, FLOOD_QUIET, Incident, MAX_INCIDENT_CARDS, MAX_TERMINALS};
pub use settings::*;
pub use windows::{HOURS_A_DAY, HOURS_A_WEEK, Hour};

use crate::rules::{Outcome, Verdict};
use crate::share::Interval;
use floods::Floods;
use kept::Kept;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use windows::Windows;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = u32;

/// A payment, as the budget sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// When it was paid. Earlier than what came before counts as now.
    pub now: Seconds,
    /// The day in the bank's zone, as a running number.
    pub day: i32,
    /// The card, as a keyed hash.
    pub card: u64,
    /// The terminal, as a keyed hash.
    pub terminal: u64,
    /// The model's score, NaN if it gave none.
    pub score: f32,
}

/// What becomes of a payment, and who hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What is done to the payment.
    pub outcome: Outcome,
    /// Whether the customer is asked.
    pub notice: Notice,
    /// The model's score with what the rules add; NaN without a score.
    pub score: f32,
    /// The threshold at that time.
    pub threshold: f32,
}

/// Whether the customer is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// There is nothing to ask.
    None,
    /// A new alert.
    Open {
        /// Its number at this bank.
        alert: u64,
        /// It is beyond the budget; an operator allowed that.
        extra: bool,
    },
    /// It joins the card's alert of this day.
    Join {
        /// The alert's number.
        alert: u64,
    },
    /// It belongs to an incident at a terminal. The desk decides about the cards together.
    Incident {
        /// The incident's number at this bank.
        incident: u64,
        /// Whether it begins with this payment.
        begins: bool,
    },
    /// Nobody is asked; the desk has it on its queue.
    Held(Holding),
}

/// Why nobody is asked about a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// One more alert would be too many for the last 24 hours.
    DayBudget,
    /// One more alert would be too many for the last seven days.
    WeekBudget,
    /// The payment came when its day was long over, so nobody knows whether the card had an alert then.
    Late,
    /// So many cards have alerts that no more can be remembered.
    Full,
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Holding::DayBudget => "the alerts of the last 24 hours are used up",
            Holding::WeekBudget => "the alerts of the last seven days are used up",
            Holding::Late => "the payment came days late",
            Holding::Full => "too many cards have an alert already",
        })
    }
}

/// What has happened since the budget began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the count of the notice of that name")]
pub struct Totals {
    pub payments: u64,
    pub unscored: u64,
    pub opened: u64,
    pub extra: u64,
    pub joined: u64,
    pub grouped: u64,
    pub held_day: u64,
    pub held_week: u64,
    pub held_late: u64,
    pub held_full: u64,
}

/// An operator's leave to go beyond the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// When it ends.
    pub until: Seconds,
}

/// Why the budget was not lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiftFault {
    /// It would have ended already.
    #[error("the end lies in the past")]
    Over,
    /// It would last too long.
    #[error("{hours} hours; a budget is lifted for at most {MAX_LIFT_HOURS}")]
    TooLong {
        /// Hours asked for, rounded up.
        hours: u32,
    },
}

/// The budget of one bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct Budget {
    settings: Settings,
    windows: Windows,
    threshold: f64,
    /// The alert of each card, for the latest day and the one before.
    alerts: BTreeMap<i32, BTreeMap<u64, u64>>,
    latest_day: Option<i32>,
    next_alert: u64,
    floods: Floods,
    lift: Option<Lift>,
    totals: Totals,
}

impl Budget {
    /// A budget that has seen nothing.
    pub fn new(settings: Settings) -> Result<Budget, SettingsFault> {
        settings.check()?;
        Ok(Budget {
            threshold: settings.start,
            settings,
            windows: Windows::default(),
            alerts: BTreeMap::new(),
            latest_day: None,
            next_alert: 1,
            floods: Floods::default(),
            lift: None,
            totals: Totals::default(),
        })
    }

    /// Decides about one payment. `verdict` is what the rules say to it.
    pub fn decide(&mut self, seen: &Seen, verdict: &Verdict) -> Decision {
        self.turn_to(seen.now);
        self.begin_day(seen.day);
        self.windows.now_mut().payments += 1;
        self.totals.payments += 1;
        self.totals.unscored += u64::from(seen.score.is_nan());
        let threshold = self.threshold();
        let outcome = verdict.outcome(seen.score, threshold);
        let notice = if outcome.bothers() { self.notice(seen) } else { Notice::None };
        self.windows.now_mut().held += u64::from(matches!(notice, Notice::Held(_)));
        // What the model asks for, whether or not there was room for it, is what the threshold has to answer for.
        let asked = matches!(notice, Notice::Open { .. } | Notice::Held(_));
        if asked && verdict.strongest.is_none() {
            self.windows.now_mut().wanted += 1;
        }
        Decision { outcome, notice, score: verdict.score(seen.score), threshold }
    }

    /// Lets time pass: hours begin and end, floods run dry, the threshold takes its step.
    pub fn turn_to(&mut self, now: Seconds) {
        let hour_ends = self.windows.hour_ends_by(now);
        if hour_ends {
            // While the windows still hold 24 whole hours.
            self.step_threshold();
        }
        self.windows.turn_to(now);
        if hour_ends {
            self.floods.sweep(self.windows.clock());
        }
        if self.lift.is_some_and(|lift| lift.until <= self.windows.clock()) {
            self.lift = None;
        }
    }

    /// Forgets the alerts of the day before yesterday.
    fn begin_day(&mut self, day: i32) {
        if self.latest_day.is_none_or(|latest| day > latest) {
            self.latest_day = Some(day);
            self.alerts = self.alerts.split_off(&day.saturating_sub(1));
        }
    }

    fn notice(&mut self, seen: &Seen) -> Notice {
        let now = self.windows.clock();
        let flood = self.floods.hit(seen.terminal, seen.card, now);
        if self.latest_day.is_some_and(|latest| seen.day < latest.saturating_sub(1)) {
            self.totals.held_late += 1;
            return Notice::Held(Holding::Late);
        }
        if let Some(alert) = self.alerts.get(&seen.day).and_then(|cards| cards.get(&seen.card)) {
            self.totals.joined += 1;
            return Notice::Join { alert: *alert };
        }
        if let Some((incident, begins)) = flood {
            self.totals.grouped += 1;
            return Notice::Incident { incident, begins };
        }
        if self.alerts.values().map(BTreeMap::len).sum::<usize>() >= MAX_ALERTED_CARDS {
            self.totals.held_full += 1;
            return Notice::Held(Holding::Full);
        }
        let extra = match self.room() {
            Ok(()) => false,
            Err(_) if self.lift.is_some() => true,
            Err(why) => {
                match why {
                    Holding::WeekBudget => self.totals.held_week += 1,
                    _ => self.totals.held_day += 1,
                }
                return Notice::Held(why);
            }
        };
        self.open(seen, extra)
    }

    fn open(&mut self, seen: &Seen, extra: bool) -> Notice {
        let alert = self.next_alert;
        self.next_alert += 1;
        self.alerts.entry(seen.day).or_default().insert(seen.card, alert);
        let hour = self.windows.now_mut();
        if extra {
            // Not charged to the windows: after a burst the ordinary budget goes on as if it had not been.
            hour.extra += 1;
            self.totals.extra += 1;
        } else {
            hour.alerts += 1;
        }
        self.totals.opened += 1;
        Notice::Open { alert, extra }
    }

    /// Whether one more alert stays within the budget of the last day and week.
    fn room(&self) -> Result<(), Holding> {
        let fits = |window: Hour, days: u64| {
            let floor = u64::from(self.settings.least_a_day) * days;
            let share = u64::from(self.settings.share_ppm);
            window.alerts < floor
                || (window.alerts + 1).saturating_mul(1_000_000) <= window.payments.saturating_mul(share)
        };
        if !fits(self.windows.last(HOURS_A_DAY), 1) {
            return Err(Holding::DayBudget);
        }
        if !fits(self.windows.last(HOURS_A_WEEK), 7) {
            return Err(Holding::WeekBudget);
        }
        Ok(())
    }

    /// Counts the customer's answer to an alert: NO, it was not me (`fraud`), or YES.
    pub fn answered(&mut self, now: Seconds, fraud: bool) {
        self.turn_to(now);
        self.windows.now_mut().answers.add(fraud);
    }

    /// One step an hour, so that a day's steps make at most [`STEP_A_DAY`]. Up when too much is asked for or too few answers say
    /// fraud; down when there is room and the answers say so with certainty; without answers at most back to the start.
    fn step_threshold(&mut self) {
        let day = self.windows.last(HOURS_A_DAY);
        if day.payments < MIN_PAYMENTS {
            return;
        }
        let answers = self.windows.last(HOURS_A_WEEK).answers;
        let precision = answers.interval().filter(|_| answers.all >= MIN_ANSWERS);
        let asked = day.wanted as f64 * 1e6 / day.payments as f64;
        let budget = f64::from(self.settings.share_ppm);
        let step = (1.0 + STEP_A_DAY).powf(1.0 / HOURS_A_DAY as f64);
        let Settings { floor, ceiling, start, .. } = self.settings;
        self.threshold = match precision {
            _ if asked > budget => self.threshold * step,
            Some(Interval { share, .. }) if share < PRECISION_AIM => self.threshold * step,
            _ if asked > budget * ROOM => self.threshold,
            Some(Interval { low, .. }) if low >= PRECISION_AIM => self.threshold / step,
            None if self.threshold > start => (self.threshold / step).max(start),
            _ => self.threshold,
        }
        .clamp(floor, ceiling);
    }

    /// The score from which on the model alone raises an alert.
    pub fn threshold(&self) -> f32 {
        self.threshold as f32
    }

    /// An operator lets alerts go beyond the budget until a time, for an attack on the whole bank. One alert per card and day stays.
    pub fn lift(&mut self, now: Seconds, until: Seconds) -> Result<Lift, LiftFault> {
        self.turn_to(now);
        let length =
            until.checked_sub(self.windows.clock()).filter(|length| *length > 0).ok_or(LiftFault::Over)?;
        if length > MAX_LIFT_HOURS * 3_600 {
            return Err(LiftFault::TooLong { hours: length.div_ceil(3_600) });
        }
        let lift = Lift { until };
        self.lift = Some(lift);
        Ok(lift)
    }

    /// The operator takes that back.
    pub fn end_lift(&mut self) {
        self.lift = None;
    }

    /// The leave to go beyond the budget, while there is one.
    pub fn lifted(&self) -> Option<Lift> {
        self.lift
    }

    /// What has happened since the budget began.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Payments, alerts and answers of the last 24 hours and of the last seven days, in whole hours with the current one.
    pub fn used(&self) -> (Hour, Hour) {
        (self.windows.last(HOURS_A_DAY), self.windows.last(HOURS_A_WEEK))
    }

    /// Incidents that go on, by terminal.
    pub fn incidents(&self) -> impl Iterator<Item = (u64, &Incident)> {
        self.floods.incidents()
    }

    /// Puts other settings in force. The threshold stays where it is, within the new floor and ceiling.
    pub fn change(&mut self, settings: Settings) -> Result<(), SettingsFault> {
        settings.check()?;
        self.threshold = self.threshold.clamp(settings.floor, settings.ceiling);
        self.settings = settings;
        Ok(())
    }
}
