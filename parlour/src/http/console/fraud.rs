//! The queue of the fraud desk.

use super::{
    caller::Staffer,
    list::{self, Format, PAGE},
};
use crate::{
    alerts::{
        desk::{Case, short, state_in_words},
        queue::{self, Item, MOST, Part, Wanted},
    },
    http::{
        Web, body,
        problem::Problem,
        view::{
            Page,
            console::{Cell, Choice, Look, Table, grouped},
            desk::FraudQueue,
        },
    },
};
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use domain::staff::{Act, FraudVerdict};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{
    DbError,
    fraud_alerts::AlertState,
    fraud_desk::{Slip, Tally},
    fraud_lifts,
};

/// The columns of every list of alerts, in the order in which an analyst reads them.
pub(super) const COLUMNS: [&str; 7] = ["Age", "Amount#", "Score#", "State", "Why", "Card", "Terminal"];
/// The longest reason in a list, in characters; the page of the alert has it whole.
const REASON: usize = 60;
/// The last page: all lines of three full parts.
const LAST_PAGE: u32 = 3 * MOST / PAGE + 1;

/// What is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(default)]
    state: String,
    terminal: Option<String>,
    card: Option<String>,
    page: Option<u32>,
    format: Option<String>,
}

/// What the field `state` takes, with its words: parts of the queue, and states.
const STATES: [(&str, &str); 10] = [
    ("", "Whole queue"),
    ("open", "Open work"),
    ("waiting", "Waiting for customers"),
    ("decided", "Decided in 7 days"),
    ("not_mine", "Answered no"),
    ("mine", "Answered yes"),
    ("unanswered", "No answer"),
    ("not_asked", "Was not asked"),
    ("asked", "Asked"),
    ("due", "Not asked yet"),
];

/// What stands on the desk and what does not, in a sentence.
pub(super) fn lead(me: &Staffer) -> String {
    let bank = &me.tenant.name;
    let new = if me.tenant.fraud.is_some() { "" } else { " Nothing new comes in: it tells of none now." };
    format!(
        "You see what {bank} itself told of these payments and how the question was answered, but not who the customer is: find that \
         by the payment’s id in {bank}’s own systems.{new}"
    )
}

/// `GET /console/{bank}/fraud`
pub async fn page(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Fraud)?;
    let query: Query = body::query(&uri)?;
    let wanted = read(&query)?;
    let format = Format::read(query.format.as_deref())?;
    let number = body::within("page", query.page, 1, LAST_PAGE)?;
    let (skip, rows) = match format {
        Format::Page => (PAGE * (number - 1), PAGE),
        Format::Csv => (0, list::FILE),
        Format::Json => return Err(Problem::of_field("format", "known are: page, csv")),
    };
    let found = queue::read(&face.app, &me.tenant.id, wanted, skip as usize, rows as usize).await?;
    let now = face.app.clock.now();
    if format == Format::Csv {
        let mut all = Table::new("Fraud alerts", &COLUMNS, "");
        all.rows = found.parts.iter().flat_map(|(_, items)| items).map(|item| row(&me, item, now)).collect();
        return Ok(list::csv(&me.tenant, "fraud", &all));
    }
    let at = |number: u32| address(&me, &query, &[("page", &number.to_string())]);
    let bank = me.tenant.id.clone();
    let lifted =
        face.app.store.read(move |tx| -> Result<_, DbError> { fraud_lifts::until(tx, &bank, now) }).await?;
    let mut tables = tables(&me, &found.parts, wanted, number, now);
    if let Some(first) = tables.first_mut() {
        first.files = vec![(address(&me, &query, &[("format", "csv")]), "CSV")];
    }
    Ok(Page(FraudQueue {
        frame: me.frame(format!("{}: fraud", me.tenant.name), "/fraud"),
        desk: me.desk("/fraud"),
        lead: lead(&me),
        lifted: lifted.map(|until| {
            format!("The budget of alerts is lifted until {}.", list::minute(&me.tenant, until))
        }),
        tally: tally(found.tally),
        state: choice(&query.state),
        kept: [("terminal", &query.terminal), ("card", &query.card)]
            .into_iter()
            .filter_map(|(name, value)| value.clone().map(|value| (name, value)))
            .collect(),
        narrowed: narrowed(&query, wanted).map(|words| (words, me.at("/fraud"))),
        tables,
        next: found.more.then(|| at(number + 1)),
        before: (number > 1).then(|| at(number - 1)),
    })
    .into_response())
}

fn read(query: &Query) -> Result<Wanted, Problem> {
    let known = || STATES.map(|(name, _)| name).join(", ").trim_start_matches(", ").to_owned();
    let state = match query.state.as_str() {
        "" | "open" | "waiting" | "decided" => None,
        name => Some(
            name.parse::<AlertState>()
                .map_err(|_| Problem::of_field("state", format!("known are: {}", known())))?,
        ),
    };
    let hash = |field: &'static str, text: &str| match text.len() {
        16 => u64::from_str_radix(text, 16)
            .map_err(|_| Problem::of_field(field, "16 hexadecimal digits are taken")),
        _ => Err(Problem::of_field(field, "16 hexadecimal digits are taken")),
    };
    match (&query.terminal, &query.card) {
        (Some(_), Some(_)) => Err(Problem::of_field("card", "a terminal or a card is looked for, not both")),
        (Some(terminal), None) => Ok(Wanted::Terminal(hash("terminal", terminal)?, state)),
        (None, Some(card)) => Ok(Wanted::Card(hash("card", card)?, state)),
        (None, None) => Ok(match (query.state.as_str(), state) {
            ("open", _) => Wanted::Part(Part::Open),
            ("waiting", _) => Wanted::Part(Part::Waiting),
            ("decided", _) => Wanted::Part(Part::Decided),
            (_, Some(state)) => Wanted::State(state),
            _ => Wanted::All,
        }),
    }
}

fn choice(chosen: &str) -> Choice {
    let options = STATES.map(|(value, words)| (value.to_owned(), words.to_owned(), value == chosen));
    Choice { name: "state", label: "List", options: options.into() }
}

fn narrowed(query: &Query, wanted: Wanted) -> Option<String> {
    match wanted {
        Wanted::All => None,
        Wanted::Terminal(terminal, _) => Some(format!("Terminal {}", short(terminal))),
        Wanted::Card(card, _) => Some(format!("Card {}", short(card))),
        Wanted::Part(_) | Wanted::State(_) => {
            let words = STATES.iter().find(|(name, _)| *name == query.state);
            words.map(|(_, words)| (*words).to_owned())
        }
    }
}

/// The address of this list with something else in it.
fn address(me: &Staffer, query: &Query, more: &[(&str, &str)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let kept = [
        ("state", Some(query.state.as_str()).filter(|state| !state.is_empty())),
        ("terminal", query.terminal.as_deref()),
        ("card", query.card.as_deref()),
    ];
    for (name, value) in kept.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
        pairs.append_pair(name, value);
    }
    pairs.extend_pairs(more);
    me.at(&format!("/fraud?{}", pairs.finish()))
}

fn tally(tally: Tally) -> Vec<(&'static str, String)> {
    vec![
        ("Open work", grouped(tally.open)),
        ("Waiting for customers", grouped(tally.waiting)),
        ("Decided in 7 days", grouped(tally.decided)),
    ]
}

/// The parts with their lines. On the first page of the whole queue each part stands, also an empty one.
fn tables(
    me: &Staffer,
    parts: &[(Part, Vec<Item>)],
    wanted: Wanted,
    page: u32,
    now: Timestamp,
) -> Vec<Table> {
    let shown: Vec<Part> = match wanted {
        Wanted::All => vec![Part::Open, Part::Waiting, Part::Decided],
        Wanted::Part(part) => vec![part],
        Wanted::State(_) | Wanted::Terminal(..) | Wanted::Card(..) => vec![Part::Found],
    };
    let full = parts.iter().map(|(_, items)| items.len()).sum::<usize>() >= PAGE as usize;
    let mut tables = vec![];
    for part in shown {
        let items = parts.iter().find(|(of, _)| *of == part).map(|(_, items)| items);
        if items.is_none() && (page > 1 || full) {
            continue;
        }
        let (caption, empty) = words(part);
        let mut table = Table::new(caption, &COLUMNS, empty);
        table.rows = items.into_iter().flatten().map(|item| row(me, item, now)).collect();
        tables.push(table);
    }
    tables
}

fn words(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Open => ("Open work", "No open work. What customers deny or do not answer comes here."),
        Part::Waiting => ("Waiting for customers", "No customer is being asked."),
        Part::Decided => ("Decided in the last 7 days", "Nothing was decided in the last 7 days."),
        Part::Found => ("Alerts", "There is no such alert."),
    }
}

fn row(me: &Staffer, item: &Item, now: Timestamp) -> Vec<Cell> {
    match item {
        Item::Case(case) => case_row(me, case, now),
        Item::Unreadable(slip) => unreadable_row(me, slip, now),
        Item::Flood { terminal, alerts, cards, sums, more, since } => {
            let href = me.at(&format!("/fraud?terminal={terminal:016x}"));
            let sum: Vec<String> = sums.iter().map(ToString::to_string).collect();
            let sum = format!("{}{}", if *more { "at least " } else { "" }, sum.join(" and "));
            let why = format!("terminal {}: {alerts} alerts, {cards} cards, {sum}", short(*terminal));
            vec![
                Cell::plain(age(now.duration_since(*since))),
                Cell::of(sum, Look::Number),
                Cell::of("", Look::Number),
                Cell::of("flood", Look::Bad),
                Cell::plain(why).to(href),
                Cell::plain(format!("{cards} cards")),
                terminal_cell(me, *terminal),
            ]
        }
    }
}

/// An alert in a list.
pub(super) fn case_row(me: &Staffer, case: &Case, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::plain(age(now.duration_since(case.made_at))).to(me.at(&format!("/fraud/{}", case.id))),
        Cell::of(case.amount.to_string(), Look::Number),
        Cell::of(case.score.map_or_else(String::new, score), Look::Number),
        state(case),
        Cell::plain(why(&case.reasons)),
        card_cell(me, case.card),
        terminal_cell(me, case.terminal),
    ]
}

fn unreadable_row(me: &Staffer, slip: &Slip, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::plain(age(now.duration_since(slip.made_at))),
        Cell::of("", Look::Number),
        Cell::of("", Look::Number),
        Cell::plain(state_in_words(slip.state, 1)),
        Cell::plain("cannot be read: another version of the gateway wrote it"),
        card_cell(me, slip.card),
        terminal_cell(me, slip.terminal),
    ]
}

/// Where an alert stands, for whoever has to work on it.
pub(super) fn state(case: &Case) -> Cell {
    if case.is_open_again() {
        return Cell::of("answered no after “genuine”", Look::Bad);
    }
    if let Some((verdict, _)) = case.decided {
        return Cell::of(format!("decided: {verdict}"), look_of(verdict));
    }
    let look = match case.state {
        AlertState::NotMine => Look::Bad,
        AlertState::Unanswered | AlertState::NotAsked => Look::Care,
        AlertState::Mine => Look::Good,
        AlertState::Due | AlertState::Asked => Look::Plain,
    };
    Cell::of(case.state_in_words(), look)
}

/// How a verdict looks.
pub(super) fn look_of(verdict: FraudVerdict) -> Look {
    match verdict {
        FraudVerdict::Fraud => Look::Bad,
        FraudVerdict::Genuine => Look::Good,
    }
}

pub(super) fn card_cell(me: &Staffer, card: u64) -> Cell {
    Cell::of(short(card), Look::Code).to(me.at(&format!("/fraud?card={card:016x}")))
}

pub(super) fn terminal_cell(me: &Staffer, terminal: u64) -> Cell {
    if terminal == 0 {
        return Cell::plain("not known");
    }
    Cell::of(short(terminal), Look::Code).to(me.at(&format!("/fraud?terminal={terminal:016x}")))
}

/// "0.93".
pub(super) fn score(score: f32) -> String {
    format!("{score:.2}")
}

/// The first reason, and how many more there are.
fn why(reasons: &[String]) -> String {
    let Some(first) = reasons.first() else { return String::new() };
    let first = crate::alerts::cut(first, REASON);
    match reasons.len() - 1 {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

/// "4 min", "2 h 5 min", "3 d 4 h".
pub(super) fn age(span: SignedDuration) -> String {
    let minutes = span.as_mins().max(0);
    let (days, hours, rest) = (minutes / (24 * 60), minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{rest} min"),
        (0, hours) => format!("{hours} h {rest} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_two_units_that_matter() {
        let of = |minutes: i64| age(SignedDuration::from_mins(minutes));
        assert_eq!([of(-3), of(0), of(59)], ["0 min", "0 min", "59 min"]);
        assert_eq!([of(60), of(125), of(24 * 60 - 1)], ["1 h 0 min", "2 h 5 min", "23 h 59 min"]);
        assert_eq!([of(24 * 60), of(80 * 60)], ["1 d 0 h", "3 d 8 h"]);
    }

    #[test]
    fn of_several_reasons_the_first_stands_in_the_list() {
        assert_eq!(why(&[]), "");
        assert_eq!(why(&["velocity".to_owned()]), "velocity");
        assert_eq!(why(&["velocity".to_owned(), "night".to_owned()]), "velocity (and 1 more)");
        assert_eq!(why(&["x".repeat(REASON + 1)]).chars().count(), REASON);
    }
}
