//! A budget between two runs of the program.

use super::floods::Floods;
use super::windows::Windows;
use super::{Budget, Lift, Settings, SettingsFault, Totals};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a budget is kept. Reading it back checks what memory relies on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    settings: Settings,
    windows: Windows,
    threshold: f64,
    alerts: BTreeMap<i32, BTreeMap<u64, u64>>,
    latest_day: Option<i32>,
    next_alert: u64,
    floods: Floods,
    lift: Option<Lift>,
    totals: Totals,
}

impl From<Budget> for Kept {
    fn from(budget: Budget) -> Kept {
        let Budget { settings, windows, threshold, alerts, latest_day, next_alert, floods, lift, totals } =
            budget;
        Kept { settings, windows, threshold, alerts, latest_day, next_alert, floods, lift, totals }
    }
}

impl TryFrom<Kept> for Budget {
    type Error = SettingsFault;
    fn try_from(kept: Kept) -> Result<Budget, SettingsFault> {
        let Kept { settings, windows, threshold, alerts, latest_day, next_alert, floods, lift, totals } =
            kept;
        settings.check()?;
        if !windows.are_whole() || !(settings.floor..=settings.ceiling).contains(&threshold) {
            return Err(SettingsFault::Kept);
        }
        Ok(Budget { settings, windows, threshold, alerts, latest_day, next_alert, floods, lift, totals })
    }
}
