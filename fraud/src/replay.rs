//! A history of payments whose truth is known, told again in the order in which everything became known.

use crate::{
    catalogue::Features,
    event::{HOUR, Label, Payment, Seconds, Source, Verdict},
    state::{Seen, State},
};
use std::collections::VecDeque;

/// A payment and what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The payment.
    pub payment: Payment,
    /// What it was.
    pub fraud: bool,
    /// Its customer says so within the hour, if it is fraud.
    pub reported: bool,
}

/// After this long a report of a customer is there.
pub const REPORT_DELAY: Seconds = HOUR;

/// Feeds `told`, in the order of time, to the state: before each payment the labels that have arrived by then. `each` gets the
/// place of the payment and its features.
pub fn replay(state: &mut State, told: &[Told], mut each: impl FnMut(usize, &Features)) {
    let delay = state.bounds().label_delay;
    let mut reports: VecDeque<Label> = VecDeque::new();
    let mut due = 0;
    for (place, one) in told.iter().enumerate() {
        let now = one.payment.at;
        while reports.front().is_some_and(|label| label.arrived_at <= now) {
            reports.pop_front().iter().for_each(|label| state.label(label));
        }
        while told[due].payment.at.saturating_add(delay) <= now {
            state.label(&label(&told[due], delay));
            due += 1;
        }
        if let Seen::Fresh(features) | Seen::Late(features) = state.pay(&one.payment) {
            each(place, &features);
        }
        if one.fraud && one.reported {
            let early = label(one, REPORT_DELAY);
            reports.push_back(Label { verdict: Verdict::Suspected, source: Source::Customer, ..early });
        }
    }
}

/// What is known of a payment after a while.
pub fn label(told: &Told, after: Seconds) -> Label {
    let Payment { id, at, card, terminal, .. } = told.payment;
    let (verdict, source) =
        if told.fraud { (Verdict::Fraud, Source::Agent) } else { (Verdict::Clean, Source::Matured) };
    Label { payment: id, card, terminal, paid_at: at, arrived_at: at.saturating_add(after), verdict, source }
}
