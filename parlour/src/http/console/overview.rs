//! How the bank stands.

use super::{
    caller::Staffer,
    list::{minute, words},
    policies, proposals,
};
use crate::{
    app::App,
    http::{
        Web,
        problem::Problem,
        view::{
            Page,
            console::{Cell, Look, Overview, Panel, grouped},
        },
    },
    tenant::Tenant,
};
use axum::extract::State;
use domain::{BankId, ConsentState, staff::Act};
use jiff::Timestamp;
use store::{
    DbError, access, facts, figures,
    pull_outs::{self, PullOut},
    staff::proposals as stored,
    stops::{self, Stopped},
};

/// What the store tells about a bank.
struct Known {
    consents: Vec<(ConsentState, u64)>,
    today: Vec<(bool, Option<String>, u64)>,
    tasks: Vec<(String, u64)>,
    log_size: u64,
    waiting: Vec<stored::Proposal>,
    stops: Vec<Stopped>,
    pulled_out: Vec<PullOut>,
}

/// `GET /console/{bank}`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<Overview>, Problem> {
    me.must(Act::Look)?;
    let (app, tenant) = (&face.app, &me.tenant);
    let now = app.clock.now();
    let known = known(app, &tenant.id, now, midnight(tenant, now)).await?;
    let published = published(app, &tenant.id).await;
    let all = known.pulled_out.iter().find(|out| out.channel.is_none() && out.data_class.is_none());
    let standing = match all {
        Some(out) => format!(
            "{} has pulled out since {}: nothing is read for anybody. {} {} consents were ended so far.",
            tenant.name,
            minute(tenant, out.at),
            out.reason,
            grouped(out.ended)
        ),
        None => match known.stops.len() + known.pulled_out.len() {
            0 => format!("{} is serving, as its files say.", tenant.name),
            n => format!("{} is serving. {} closed beside what its files say.", tenant.name, things(n)),
        },
    };
    let panels = vec![
        consents_panel(&me, &known),
        decisions_panel(&me, &known),
        log_panel(tenant, &known, published),
        rules_panel(&me, app),
        tasks_panel(&known),
    ];
    Ok(Page(Overview {
        frame: me.frame(format!("{}: overview", tenant.name), ""),
        serving: all.is_none(),
        standing,
        waiting: proposals::table(&me, &known.waiting),
        panels,
    }))
}

fn things(n: usize) -> String {
    if n == 1 { "One thing is".to_owned() } else { format!("{n} things are") }
}

/// When today began by the bank's clock.
fn midnight(tenant: &Tenant, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(tenant.zone.clone()).start_of_day();
    today.map_or(now, |day| day.timestamp())
}

async fn known(app: &App, bank: &BankId, now: Timestamp, since: Timestamp) -> Result<Known, DbError> {
    let bank = bank.clone();
    let read = app.store.read(move |tx| {
        Ok::<_, DbError>(Known {
            consents: figures::consents_by_state(tx, &bank)?,
            today: facts::tally(tx, &bank, since)?,
            tasks: figures::tasks_by_state(tx, &bank)?,
            log_size: access::size(tx, &bank)?,
            waiting: stored::open(tx, &bank, now)?,
            stops: stops::of_bank(tx, &bank)?,
            pulled_out: pull_outs::standing(tx, &bank)?,
        })
    });
    read.await
}

/// Size and time of the published checkpoint. None if there is none, or it cannot be read.
async fn published(app: &App, bank: &BankId) -> Option<(u64, Timestamp)> {
    let now = app.logs.now(bank).await.ok()?;
    Some((now.checkpoint.size, Timestamp::try_from(now.written?).ok()?))
}

fn consents_panel(me: &Staffer, known: &Known) -> Panel {
    let rows = known.consents.iter().map(|(state, n)| (words(state.as_str()), Cell::number(*n))).collect();
    let none = known.consents.is_empty().then(|| "Nobody has linked a chat yet.".to_owned());
    Panel { title: "Consents", rows, note: none, more: Some((me.at("/consents"), "Find one by its id")) }
}

fn decisions_panel(me: &Staffer, known: &Known) -> Panel {
    let name = |allowed: bool, reason: &Option<String>| match reason {
        _ if allowed => "allowed".to_owned(),
        Some(reason) => format!("refused: {}", words(reason)),
        None => "refused".to_owned(),
    };
    let rows = known.today.iter().map(|(yes, why, n)| (name(*yes, why), Cell::number(*n))).collect();
    let none = known.today.is_empty().then(|| "Nobody has asked for anything today.".to_owned());
    Panel { title: "Decisions today", rows, note: none, more: Some((me.at("/refusals"), "All refusals")) }
}

fn log_panel(tenant: &Tenant, known: &Known, published: Option<(u64, Timestamp)>) -> Panel {
    let mut rows = vec![("entries".to_owned(), Cell::number(known.log_size))];
    let note = match published {
        Some((size, at)) => {
            let behind = known.log_size.saturating_sub(size);
            let look = if behind == 0 { Look::Good } else { Look::Care };
            rows.push(("not published yet".to_owned(), Cell::of(grouped(behind), look)));
            rows.push(("last checkpoint".to_owned(), Cell::plain(minute(tenant, at))));
            None
        }
        None => Some("No checkpoint can be read. If there are entries, the publisher needs care.".to_owned()),
    };
    let more = Some((format!("/log/{}", tenant.id), "The public page of the log"));
    Panel { title: "Access log", rows, note, more }
}

fn rules_panel(me: &Staffer, app: &App) -> Panel {
    let more = Some((me.at("/policies"), "The rules, their tests and proof"));
    let mut panel = Panel { title: "Policy", rows: vec![], note: None, more };
    let Some(state) = app.policy_state(&me.tenant.id) else { return panel };
    let short: String = state.digest.chars().take(12).collect();
    panel.rows.push(("rules in force".to_owned(), Cell::of(short, Look::Code)));
    panel.rows.push(("since".to_owned(), Cell::plain(minute(&me.tenant, state.since))));
    panel.rows.push(("proof".to_owned(), policies::proof(me, &state)));
    if let Some((at, _)) = state.trouble {
        let at = minute(&me.tenant, at);
        panel.rows.push(("newer files not taken".to_owned(), Cell::of(at, Look::Bad)));
        panel.note = Some("The newer files have mistakes, so the older ones stay in force.".to_owned());
    }
    panel
}

fn tasks_panel(known: &Known) -> Panel {
    let look = |state: &str| if state == "given_up" { Look::Bad } else { Look::Number };
    let rows: Vec<_> =
        known.tasks.iter().map(|(state, n)| (words(state), Cell::of(grouped(*n), look(state)))).collect();
    let none = rows.is_empty().then(|| "There was nothing to tell the bank's systems yet.".to_owned());
    Panel { title: "Told to the bank's systems", rows, note: none, more: None }
}
