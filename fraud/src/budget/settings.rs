//! What a bank may choose, and the numbers that it may not.

use serde::{Deserialize, Serialize};

/// Alerts in a million payments: 0.7 %, the budget of the engine's targets (F4).
pub const ALERT_SHARE_PPM: u32 = 7_000;
/// The most that a bank may choose. Beyond 5 % customers learn to ignore alerts.
pub const MAX_SHARE_PPM: u32 = 50_000;
/// The share of answered alerts that should be fraud (F4).
pub const PRECISION_AIM: f64 = 0.9;
/// How far the threshold moves in a day at most, as a share of itself.
pub const STEP_A_DAY: f64 = 0.05;
/// The part of the budget below which there is room to ask more. Between it and the whole budget the threshold rests.
pub const ROOM: f64 = 0.8;
/// Answers of a week below which they say nothing: with 50, nine of ten right may be eight.
pub const MIN_ANSWERS: u64 = 50;
/// Payments of a day below which the share of alerts is chance.
pub const MIN_PAYMENTS: u64 = 1_000;
/// An operator lifts the budget for at most a day; then somebody has to want it again.
pub const MAX_LIFT_HOURS: u32 = 24;
/// Cards with an alert today or yesterday that are remembered, about 50 MB. Within the budget, that is a bank with 70 million
/// payments a day.
pub const MAX_ALERTED_CARDS: usize = 1_000_000;

/// What a bank chooses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Alerts in a million payments.
    pub share_ppm: u32,
    /// Alerts a day that are within the budget however few payments there are. With 0 the share alone counts, and a bank with fewer than
    /// 143 payments a day asks nobody.
    pub least_a_day: u32,
    /// The threshold is never below this.
    pub floor: f64,
    /// The threshold that the model was shipped with.
    pub start: f64,
    /// The threshold is never above this.
    pub ceiling: f64,
}

/// Why settings, or a budget that was kept, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// The share is out of range.
    #[error("{0} alerts in a million payments; {MAX_SHARE_PPM} is the most")]
    Share(u32),
    /// The thresholds are not in order.
    #[error("floor, start and ceiling of the threshold must be above 0, at most 1, and in this order")]
    Thresholds,
    /// What was kept is not what a budget keeps.
    #[error("the budget that was kept is damaged")]
    Kept,
}

impl Settings {
    /// The usual budget around a model's threshold: a floor of half of it, a ceiling halfway to 1.
    pub fn around(start: f64) -> Settings {
        Settings {
            share_ppm: ALERT_SHARE_PPM,
            least_a_day: 0,
            floor: start / 2.0,
            start,
            ceiling: (1.0 + start) / 2.0,
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsFault> {
        if self.share_ppm > MAX_SHARE_PPM {
            return Err(SettingsFault::Share(self.share_ppm));
        }
        let Settings { floor, start, ceiling, .. } = *self;
        let ordered = 0.0 < floor && floor <= start && start <= ceiling && ceiling <= 1.0;
        if ordered { Ok(()) } else { Err(SettingsFault::Thresholds) }
    }
}
