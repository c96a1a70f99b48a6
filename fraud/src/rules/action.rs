//! What rules do, and which of it is done when several hit.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a rule does when it hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Adds to the model's score.
    Score(Shift),
    /// The model alone raises no alert for this payment.
    Allow,
    /// The customer is asked.
    Alert,
    /// The payment waits until the customer confirms it in the bank's own app.
    StepUp,
    /// The payment is refused.
    Decline,
}

/// What a rule adds to the score, in thousandths: from -1 to +1, not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shift(i16);

impl Shift {
    /// So many thousandths, if that is from -1000 to 1000 and not 0.
    pub fn from_thousandths(thousandths: i16) -> Option<Shift> {
        (thousandths != 0 && thousandths.abs() <= 1000).then_some(Shift(thousandths))
    }

    /// The number of thousandths.
    pub fn thousandths(self) -> i16 {
        self.0
    }
}

impl Action {
    /// The strength among rules that hit the same payment: the more careful one wins, and what only moves the score has
    /// none. Decline beats allow (facts of the engine); allow beats nothing but the model.
    pub fn strength(self) -> u8 {
        match self {
            Action::Score(_) => 0,
            Action::Allow => 1,
            Action::Alert => 2,
            Action::StepUp => 3,
            Action::Decline => 4,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Score(Shift(thousandths)) => write!(f, "score {:+}", f64::from(*thousandths) / 1000.0),
            Action::Allow => f.write_str("allow"),
            Action::Alert => f.write_str("alert"),
            Action::StepUp => f.write_str("step_up"),
            Action::Decline => f.write_str("decline"),
        }
    }
}

/// What becomes of a payment when rules and model have spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing is done.
    Pass,
    /// The customer is asked.
    Alert,
    /// It waits for the customer's confirmation.
    StepUp,
    /// It is refused.
    Decline,
}

impl Outcome {
    /// Whether the customer hears of it.
    pub fn bothers(self) -> bool {
        self != Outcome::Pass
    }
}
