//! The budget of fraud alerts: how much of it is used, and lifting it for some hours.

use super::{MAX_BODY, caller::Staffer, list::minute, rules::not_here};
use crate::{
    alerts::live_rules::{self, View},
    config::Fraud,
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Look, Table},
            rules::Budget,
        },
    },
    staff::lifts,
};
use axum::{
    extract::{Path, Request, State},
    response::Redirect,
};
use domain::{BankId, ids::LiftId, staff::Act};
use fraud::budget::{Hour, MAX_LIFT_HOURS};
use jiff::Timestamp;
use serde::Deserialize;
use store::fraud_lifts::{self, Lift};

/// Lifts of the past that are listed.
const LISTED: u32 = 20;
/// The hours that a page offers. Any number up to [`MAX_LIFT_HOURS`] is taken.
const OFFERED: [u32; 7] = [1, 2, 3, 6, 9, 12, MAX_LIFT_HOURS];

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hours: u32,
    why: String,
}

/// `GET /console/{bank}/fraud/budget`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<Budget>, Problem> {
    me.must(Act::Fraud)?;
    let fraud = me.tenant.fraud.clone().ok_or_else(|| not_here(&me))?;
    let (now, bank) = (face.app.clock.now(), me.tenant.id.clone());
    let view = live_rules::view(&face.app, &me.tenant.id).await;
    let lifts: Vec<Lift> = face.app.store.read(move |tx| fraud_lifts::of_bank(tx, &bank, LISTED)).await?;
    let standing = lifts.iter().find(|lift| lift.ended_at.is_none() && lift.ends_at > now);
    let may = me.who.person.role.may(Act::LiftBudget);
    Ok(Page(Budget {
        frame: me.frame(format!("{}: budget of alerts", me.tenant.name), "/fraud"),
        desk: me.desk("/fraud/budget"),
        lifted: standing.map(|lift| {
            let words = format!(
                "The budget is lifted until {}, by {} since {}: {}",
                minute(&me.tenant, lift.ends_at),
                lift.by,
                minute(&me.tenant, lift.at),
                lift.why
            );
            (words, may.then(|| me.at(&format!("/fraud/budget/{}/end", lift.id))))
        }),
        used: used(&fraud, view.as_deref()),
        facts: facts(&me, &fraud, view.as_deref()),
        lift: (may && standing.is_none()).then(|| me.at("/fraud/budget/lift")),
        hours: OFFERED.to_vec(),
        lifts: table(&me, &lifts, now),
    }))
}

/// How many alerts a number of payments has room for.
fn room(fraud: &Fraud, payments: u64, days: u64) -> u64 {
    let share = payments.saturating_mul(fraud.alerts_ppm.into()) / 1_000_000;
    share.max(u64::from(fraud.least_alerts_a_day) * days)
}

fn used(fraud: &Fraud, view: Option<&View>) -> Table {
    let columns = [
        "When",
        "Payments#",
        "Room for alerts#",
        "Alerts#",
        "Beyond it, lifted#",
        "Held back#",
        "Answers#",
        "Of them NO#",
    ];
    let mut table = Table::new("Used", &columns, "The engine cannot say now how it stands. Look again soon.");
    for (words, hour, days) in
        view.into_iter().flat_map(|view| [("Last 24 hours", view.day, 1), ("Last 7 days", view.week, 7)])
    {
        let Hour { payments, alerts, extra, held, answers, .. } = hour;
        table.rows.push(vec![
            Cell::plain(words),
            Cell::number(payments),
            Cell::number(room(fraud, payments, days)),
            Cell::number(alerts),
            Cell::number(extra),
            Cell::number(held),
            Cell::number(answers.all),
            Cell::number(answers.of),
        ]);
    }
    table
}

fn facts(me: &Staffer, fraud: &Fraud, view: Option<&View>) -> Vec<(&'static str, Cell)> {
    let number = |text: String| Cell::of(text, Look::Number);
    let mut facts = vec![
        (
            "Share of payments that may be asked about",
            number(format!("{} %", f64::from(fraud.alerts_ppm) / 1e4)),
        ),
        ("Alerts a day at least", Cell::number(fraud.least_alerts_a_day)),
        ("Alerts for each card and day", Cell::number(1_u64)),
    ];
    if let Some(view) = view {
        facts.push(("The model alone asks from this score on", number(format!("{:.3}", view.threshold))));
        facts.push(("Counted at", number(minute(&me.tenant, view.at))));
    }
    facts
}

fn table(me: &Staffer, lifts: &[Lift], now: Timestamp) -> Table {
    let columns = ["Lifted", "By", "Why", "Until", "Ended by"];
    let mut table = Table::new("Times in which it was lifted", &columns, "It was never lifted.");
    for lift in lifts {
        let (until, ended) = match (&lift.ended_by, lift.ended_at) {
            (Some(by), Some(at)) => (minute(&me.tenant, at), by.clone()),
            _ if lift.ends_at > now => {
                (format!("{}, it goes on", minute(&me.tenant, lift.ends_at)), String::new())
            }
            _ => (minute(&me.tenant, lift.ends_at), String::new()),
        };
        table.rows.push(vec![
            Cell::plain(minute(&me.tenant, lift.at)),
            Cell::plain(lift.by.clone()),
            Cell::plain(lift.why.clone()),
            Cell::plain(until),
            Cell::plain(ended),
        ]);
    }
    table
}

/// `POST /console/{bank}/fraud/budget/lift`
pub async fn lift(State(face): Web, me: Staffer, request: Request) -> Result<Redirect, Problem> {
    me.must(Act::LiftBudget)?;
    let (Written { hours, why }, _) = body::read(request, MAX_BODY).await?;
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let here = me.at("/fraud/budget");
    let lifted = lifts::lift(&face.app, &me.tenant, &me.who, hours, &why).await;
    lifted.map_err(|fault| me.fault(fault).back_to(here.clone(), "Back to the budget"))?;
    Ok(Redirect::to(&here))
}

/// `POST /console/{bank}/fraud/budget/{id}/end`
pub async fn end(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    me.must(Act::LiftBudget)?;
    let here = me.at("/fraud/budget");
    let unknown = || Kind::NotFound.because("There is no such lift here.").back_to(here.clone(), "Budget");
    let id: LiftId = id.parse().map_err(|_| unknown())?;
    let ended = lifts::end(&face.app, &me.tenant, &me.who, &id).await;
    ended.map_err(|fault| me.fault(fault).back_to(here.clone(), "Back to the budget"))?;
    Ok(Redirect::to(&here))
}
