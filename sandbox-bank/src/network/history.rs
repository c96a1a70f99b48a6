//! The weeks before the network was connected, as bulk files.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan};
use rusqlite::Transaction;

use super::{
    crowd::{Crowd, LABEL_LATE, Paid},
    events::{CardPayment, CardStreamData, CardStreamEvent, FraudLabel, LabelSource, Outcome},
    payments::{Payment, decimal},
    state::{Mark, State, history_begins},
    tokens::Tokens,
};
use crate::{
    db::DbFault,
    ledger::{day_of, start_of},
    limits,
};

/// Tells of the crowd in the stream's words.
pub(super) struct Teller<'a> {
    pub(super) crowd: &'a Crowd,
    pub(super) tokens: &'a Tokens,
    pub(super) currency: &'a str,
    cards: HashMap<usize, String>,
    terminals: HashMap<usize, String>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(crowd: &'a Crowd, tokens: &'a Tokens, currency: &'a str) -> Self {
        Self { crowd, tokens, currency, cards: HashMap::new(), terminals: HashMap::new() }
    }

    fn card(&mut self, number: usize) -> String {
        self.cards.entry(number).or_insert_with(|| self.tokens.card(&format!("crowd {number}"))).clone()
    }

    fn terminal(&mut self, number: usize) -> String {
        let make = || self.tokens.terminal("crowd", &number.to_string());
        self.terminals.entry(number).or_insert_with(make).clone()
    }

    /// A payment: its message's id, and what it says.
    pub(super) fn payment(&mut self, paid: &Paid) -> (String, CardStreamData) {
        let terminal = self.crowd.terminal(paid.terminal);
        let payment = CardPayment {
            payment_id: self.tokens.payment(&paid.key),
            card_token: self.card(paid.card),
            terminal_token: self.terminal(paid.terminal),
            // Each of the crowd has one card.
            customer_token: self.tokens.customer(&format!("crowd {}", paid.card)),
            amount: decimal(paid.minor),
            currency: self.currency.to_owned(),
            at: paid.at.to_string(),
            merchant_category: terminal.mcc.to_owned(),
            merchant_country: terminal.country.to_owned(),
            entry_mode: paid.entry,
            outcome: Outcome::Approved,
            named: Vec::new(),
            reason: None,
        };
        (self.tokens.message("authorization", &payment.payment_id), CardStreamData::Authorization(payment))
    }

    /// A label: its message's id, and what it says.
    pub(super) fn label(&mut self, paid: &Paid) -> (String, CardStreamData) {
        let charged = paid.fraud && !paid.found_early();
        let label = FraudLabel {
            payment_id: self.tokens.payment(&paid.key),
            card_token: self.card(paid.card),
            terminal_token: self.terminal(paid.terminal),
            at: paid.at.to_string(),
            fraud: paid.fraud,
            source: if charged { LabelSource::Chargeback } else { LabelSource::Bank },
        };
        (self.tokens.message("fraud", &label.payment_id), CardStreamData::Fraud(label))
    }
}

/// A bulk file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) lines: usize,
    /// Where the next one begins; none when this is the last.
    pub(super) next: Option<Mark>,
}

/// The customers' part of the history.
pub(super) fn of_customers(tx: &Transaction<'_>) -> Result<Vec<Payment>, DbFault> {
    super::payments::past(tx)
}

/// The next file of the history: the same for the same mark, however often it is made.
pub(super) fn file(
    teller: &mut Teller<'_>,
    state: &State,
    customers: &[Payment],
    (lines_max, bytes_max): (usize, usize),
) -> Result<File, DbFault> {
    let Mark { mut day, mut line } = state.history;
    let last = day_of(state.opened_at);
    let file_id = state.tokens.message("history", &format!("{day} {line}"));
    let (mut body, mut lines) = (String::new(), 0);
    while day <= last {
        let begin = usize::try_from(line).unwrap_or(usize::MAX);
        for (at, id, what) in day_events(teller, state, customers, day).into_iter().skip(begin) {
            let event = CardStreamEvent { id: Some(id), what, timestamp: at.to_string() };
            let text = serde_json::to_string(&event)?;
            if lines == lines_max || (lines > 0 && body.len() + text.len() + 1 > bytes_max) {
                return Ok(File { id: file_id, body, lines, next: Some(Mark { day, line }) });
            }
            body.push_str(&text);
            body.push('\n');
            lines += 1;
            line += 1;
        }
        line = 0;
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    Ok(File { id: file_id, body, lines, next: None })
}

type Told = (Timestamp, String, CardStreamData);

/// Everything of one day of the history, in order of time.
fn day_events(
    teller: &mut Teller<'_>,
    state: &State,
    customers: &[Payment],
    day: jiff::civil::Date,
) -> Vec<Told> {
    let begins = history_begins(state.opened_at);
    let from = start_of(day).max(begins);
    let to = start_of(day.saturating_add(1.day())).min(state.opened_at);
    let mut told: Vec<Told> = Vec::new();
    let crowd = teller.crowd;
    for paid in crowd.paid_between(from, to) {
        let (id, what) = teller.payment(&paid);
        told.push((paid.at, id, what));
    }
    for paid in crowd.labels_between(from, to).iter().filter(|paid| paid.at > begins) {
        let (id, what) = teller.label(paid);
        told.push((paid.label_at, id, what));
    }
    for payment in customers {
        let label_at = payment.at.saturating_add(LABEL_LATE).unwrap_or(payment.at);
        if payment.at > from && payment.at <= to {
            let id = state.tokens.message("authorization", &payment.id);
            told.push((payment.at, id, CardStreamData::Authorization(payment.nameless(state))));
        }
        if label_at > from && label_at <= to {
            let label = payment.judged(state, false, LabelSource::Bank);
            told.push((label_at, state.tokens.message("fraud", &payment.id), CardStreamData::Fraud(label)));
        }
    }
    told.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    told
}

/// The limits of a bulk file.
pub(super) const FILE: (usize, usize) = (limits::BULK_LINES_MAX, limits::BULK_BYTES_MAX);
