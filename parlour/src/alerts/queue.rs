//! The queue of the fraud desk: open work, then what waits for customers, then what was decided lately.

use super::{
    desk::{Case, case_of},
    flood::{self, Line},
};
use crate::app::App;
use domain::{BankId, Money};
use jiff::{SignedDuration, Timestamp};
use store::{
    DbError, Tx,
    fraud_alerts::AlertState,
    fraud_desk::{self, Slip, Tally},
};

/// Decided alerts stay in the queue for so long.
pub const LATELY: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Alerts of one kind that are put in order for one look. A desk with more open work than this works the oldest first.
pub const MOST: u32 = 5_000;
/// Alerts of a flood whose amounts are added; the sum of a larger one is "at least" that.
pub const ADDED: usize = 200;

/// What somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The whole queue.
    All,
    /// One part of it.
    Part(Part),
    /// Those in a state, decided or not.
    State(AlertState),
    /// Those at a terminal, in a state if one is named.
    Terminal(u64, Option<AlertState>),
    /// Those of a card, in a state if one is named.
    Card(u64, Option<AlertState>),
}

/// A part of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Open work.
    Open,
    /// Waits for customers.
    Waiting,
    /// Decided within [`LATELY`].
    Decided,
    /// What was looked for.
    Found,
}

/// A line of the queue, ready to be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An alert.
    Case(Box<Case>),
    /// One that cannot be read.
    Unreadable(Slip),
    /// Many at one terminal.
    Flood {
        /// Keyed hash of the terminal.
        terminal: u64,
        /// How many alerts.
        alerts: usize,
        /// Of how many cards.
        cards: usize,
        /// How much, one sum a currency.
        sums: Vec<Money>,
        /// Whether there is more than the sums say.
        more: bool,
        /// When the first was raised.
        since: Timestamp,
    },
}

/// One page of the queue.
pub struct Queue {
    /// How many there are of each kind.
    pub tally: Tally,
    /// The parts that are on this page, with their lines.
    pub parts: Vec<(Part, Vec<Item>)>,
    /// Whether another page follows.
    pub more: bool,
}

/// Reads a page: `skip` lines are left out, at most `rows` are read.
pub async fn read(
    app: &App,
    bank: &BankId,
    wanted: Wanted,
    skip: usize,
    rows: usize,
) -> Result<Queue, DbError> {
    let (bank, now) = (bank.clone(), app.clock.now());
    let since = now.checked_sub(LATELY).unwrap_or(Timestamp::MIN);
    app.store.read(move |tx| page(tx, &bank, wanted, since, skip, rows)).await
}

fn page(
    tx: &mut Tx,
    bank: &BankId,
    wanted: Wanted,
    since: Timestamp,
    skip: usize,
    rows: usize,
) -> Result<Queue, DbError> {
    let tally = fraud_desk::tally(tx, bank, since)?;
    let lines = lines(tx, bank, wanted, since)?;
    let more = lines.len() > skip.saturating_add(rows);
    let mut parts: Vec<(Part, Vec<Item>)> = vec![];
    for (part, line) in lines.into_iter().skip(skip).take(rows) {
        let item = item(tx, bank, line)?;
        match parts.last_mut().filter(|(last, _)| *last == part) {
            Some((_, items)) => items.push(item),
            None => parts.push((part, vec![item])),
        }
    }
    Ok(Queue { tally, parts, more })
}

fn lines(tx: &mut Tx, bank: &BankId, wanted: Wanted, since: Timestamp) -> Result<Vec<(Part, Line)>, DbError> {
    let one = |part: Part, slips: Vec<Slip>| slips.into_iter().map(move |slip| (part, Line::One(slip)));
    let in_state = |slips: Vec<Slip>, state: Option<AlertState>| {
        slips.into_iter().filter(|slip| state.is_none_or(|state| slip.state == state)).collect::<Vec<_>>()
    };
    let all = wanted == Wanted::All;
    let mut lines = vec![];
    if all || wanted == Wanted::Part(Part::Open) {
        let gathered = flood::gather(fraud_desk::open(tx, bank, MOST)?);
        lines.extend(gathered.into_iter().map(|line| (Part::Open, line)));
    }
    if all || wanted == Wanted::Part(Part::Waiting) {
        lines.extend(one(Part::Waiting, fraud_desk::waiting(tx, bank, MOST)?));
    }
    if all || wanted == Wanted::Part(Part::Decided) {
        lines.extend(one(Part::Decided, fraud_desk::decided(tx, bank, since, MOST)?));
    }
    let found = match wanted {
        Wanted::State(state) => fraud_desk::in_state(tx, bank, state, MOST)?,
        Wanted::Terminal(terminal, state) => {
            let ever = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
            in_state(fraud_desk::of_terminal(tx, bank, terminal, ever, MOST)?, state)
        }
        Wanted::Card(card, state) => in_state(fraud_desk::of_card(tx, bank, card, MOST)?, state),
        Wanted::All | Wanted::Part(_) => vec![],
    };
    lines.extend(one(Part::Found, found));
    Ok(lines)
}

fn item(tx: &mut Tx, bank: &BankId, line: Line) -> Result<Item, DbError> {
    let flood = match line {
        Line::One(slip) => {
            let case = case_of(tx, bank, &slip.id)?;
            return Ok(case.map_or(Item::Unreadable(slip), |case| Item::Case(Box::new(case))));
        }
        Line::Flood(flood) => flood,
    };
    let mut sums: Vec<Money> = vec![];
    for slip in flood.alerts.iter().take(ADDED) {
        let Some(case) = case_of(tx, bank, &slip.id)? else { continue };
        match sums.iter_mut().find(|sum| sum.currency == case.amount.currency) {
            Some(sum) => *sum = sum.plus(case.amount).unwrap_or(*sum),
            None => sums.push(case.amount),
        }
    }
    let since = flood.alerts.iter().map(|slip| slip.made_at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Item::Flood {
        terminal: flood.terminal,
        alerts: flood.alerts.len(),
        cards: flood.cards,
        sums,
        more: flood.alerts.len() > ADDED,
        since,
    })
}
