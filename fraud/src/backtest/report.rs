//! What came of a trial, as a table and for programs.

use super::{MIN_DAYS, MIN_LABELLED};
use crate::budget::{ALERT_SHARE_PPM, PRECISION_AIM};
use crate::share::Interval;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// Days with payments.
    pub days: usize,
    /// Payments that were judged.
    pub payments: u64,
    /// Payments whose label is known.
    pub labelled: u64,
    /// Frauds among those.
    pub frauds: u64,
    /// The model alone.
    pub model: Tally,
    /// The model with the rules in force.
    pub before: Tally,
    /// The model with the rules on trial.
    pub after: Tally,
    /// The day with the largest share of alerts under the rules on trial, and that share.
    pub worst_day: Option<(i32, f64)>,
    /// Each rule on trial, in the order of its file.
    pub rules: Vec<RuleTally>,
    /// Pairs of rules that hit the same payments, the most frequent first.
    pub overlaps: Vec<Overlap>,
    /// What speaks against going live.
    pub against: Vec<Reason>,
    /// What is worth knowing.
    pub notes: Vec<Reason>,
}

/// What somebody flagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Payments.
    pub flagged: u64,
    /// Alerts: one for each card and day.
    pub alerts: u64,
    /// Customers who were bothered, counted by card.
    pub cards: u64,
    /// Alerts as a share of all payments.
    pub share_of_payments: f64,
    /// Frauds among the flagged whose label is known.
    pub precision: Option<Interval>,
    /// Known frauds that were flagged.
    pub recall: Option<Interval>,
}

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleTally {
    /// Its name.
    pub id: String,
    /// What it does.
    pub action: String,
    /// Payments that it hit.
    pub hits: u64,
    /// Cards among them.
    pub cards: u64,
    /// Cards and days among them.
    pub card_days: u64,
    /// Frauds among its hits whose label is known.
    pub precision: Option<Interval>,
    /// Hits that the model flagged too.
    pub with_model: u64,
    /// Hits that neither the model nor another rule flagged.
    pub alone: u64,
    /// Known frauds among those.
    pub alone_frauds: u64,
}

/// Two rules that hit the same payments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// A rule.
    pub one: String,
    /// Another.
    pub other: String,
    /// Payments that both hit.
    pub both: u64,
    /// Their share of the hits of the rarer one.
    pub of_the_rarer: f64,
}

/// Why rules should not go live, or what to know about them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the sentence says what each means")]
pub enum Reason {
    TooShort { days: usize },
    TooMuch,
    OverBudget { share: f64 },
    FewLabels { labelled: u64 },
    Imprecise { precision: f64 },
    FindsLess { before: u64, found: u64 },
    DayOverBudget { day: i32, share: f64 },
    RanOut { id: String },
    NeverHits { id: String },
    AddsNothing { id: String },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budget = f64::from(ALERT_SHARE_PPM) / 1e4;
        match self {
            Reason::TooShort { days: 1 } => write!(f, "one day of payments; {MIN_DAYS} are needed"),
            Reason::TooShort { days } => write!(f, "{days} days of payments; {MIN_DAYS} are needed"),
            Reason::TooMuch => f.write_str("so much is flagged that it could not all be counted"),
            Reason::OverBudget { share } => {
                write!(f, "alerts for {:.3} % of payments; the budget is {budget} %", share * 100.0)
            }
            Reason::FewLabels { labelled } => {
                write!(f, "{labelled} flagged payments have a label; {MIN_LABELLED} are needed")
            }
            Reason::Imprecise { precision } => write!(
                f,
                "{:.1} % of what is flagged is fraud; {:.0} % are wanted",
                precision * 100.0,
                PRECISION_AIM * 100.0
            ),
            Reason::FindsLess { before, found } => {
                write!(f, "{found} frauds are found; the rules in force find {before}")
            }
            Reason::DayOverBudget { day, share } => {
                write!(
                    f,
                    "on day {day}, alerts for {:.3} % of payments; the rest would be held",
                    share * 100.0
                )
            }
            Reason::RanOut { id } => write!(f, "`{id}` has run out and was not tried"),
            Reason::NeverHits { id } => write!(f, "`{id}` never hits"),
            Reason::AddsNothing { id } => {
                write!(f, "`{id}` hits nothing that the model or another rule does not")
            }
        }
    }
}

impl Backtest {
    /// Whether nothing speaks against going live.
    pub fn fits(&self) -> bool {
        self.against.is_empty()
    }

    /// How much more of the frauds is found than by the model alone, as a share of all known frauds.
    pub fn gain_over_model(&self) -> Option<f64> {
        Some(self.after.recall?.share - self.model.recall?.share)
    }

    /// The same over the rules in force.
    pub fn gain_over_rules_in_force(&self) -> Option<f64> {
        Some(self.after.recall?.share - self.before.recall?.share)
    }
}

/// A share with its interval, as a percentage.
struct Percent<'a>(&'a Option<Interval>);

impl fmt::Display for Percent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            None => "-".to_owned(),
            Some(Interval { share, low, high }) => {
                format!("{:.1} % ({:.1} to {:.1})", share * 100.0, low * 100.0, high * 100.0)
            }
        };
        f.pad(&text)
    }
}

impl fmt::Display for Backtest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Backtest { days, payments, labelled, frauds, .. } = self;
        writeln!(f, "{payments} payments on {days} days; {labelled} with a label, {frauds} frauds")?;
        let (flagged, alerts, cards, share) = ("flagged", "alerts", "cards", "of payments");
        let (precision, recall) = ("precision", "recall");
        writeln!(f, "{:<22}{flagged:>9}{alerts:>9}{cards:>9}{share:>13}  {precision:<24}{recall}", "")?;
        let all = [
            ("model", &self.model),
            ("with rules in force", &self.before),
            ("with rules on trial", &self.after),
        ];
        for (who, tally) in all {
            let Tally { flagged, alerts, cards, share_of_payments, precision, recall } = tally;
            let share = format!("{:.3} %", share_of_payments * 100.0);
            let (precision, recall) = (Percent(precision), Percent(recall));
            writeln!(f, "{who:<22}{flagged:>9}{alerts:>9}{cards:>9}{share:>13}  {precision:<24}{recall}")?;
        }
        let width = self.rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0).max(20) + 2;
        let (hits, model, alone, new) = ("hits", "with model", "alone", "frauds alone");
        writeln!(f, "{:<width$}{hits:>9}{cards:>9}{model:>12}{alone:>9}{new:>14}  precision", "rule")?;
        for rule in &self.rules {
            let RuleTally { id, hits, cards, with_model, alone, alone_frauds, precision, .. } = rule;
            let precision = Percent(precision);
            writeln!(
                f,
                "{id:<width$}{hits:>9}{cards:>9}{with_model:>12}{alone:>9}{alone_frauds:>14}  {precision}"
            )?;
        }
        for Overlap { one, other, both, of_the_rarer } in &self.overlaps {
            writeln!(
                f,
                "{one} and {other} both hit {both} times, {:.0} % of the rarer",
                of_the_rarer * 100.0
            )?;
        }
        writeln!(f, "{}", if self.fits() { "fits the budget" } else { "does not fit:" })?;
        self.against.iter().try_for_each(|reason| writeln!(f, "  {reason}"))?;
        self.notes.iter().try_for_each(|reason| writeln!(f, "  note: {reason}"))
    }
}
