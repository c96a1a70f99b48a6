//! How the fraud engine is doing, for analysts and officers: its model, whether payments still look as they did, what customers
//! answer, and how a model on trial compares.

use super::{caller::Staffer, fraud::score, list::minute};
use crate::{
    alerts::{
        desk::short,
        models::Known,
        standing::{Drift, LEAST_FRAUDS, Standing, Trial},
        watching::{Judging, WARM_DAYS},
    },
    http::{
        Web,
        problem::Problem,
        view::{
            Page,
            console::{Cell, Look, Panel, Table, grouped},
            desk::FraudEngine,
        },
    },
};
use axum::extract::State;
use domain::staff::Act;
use fraud::{
    artefact::Kind,
    budget::Hour,
    catalogue::{ENTRIES, Family, named},
    drift::Finding as OfDay,
    monitor::{Answers, Finding, Level},
    papers,
    share::Count,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use store::{DbError, fraud_desk};

/// `GET /console/{bank}/fraud/engine`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<FraudEngine>, Problem> {
    me.must(Act::Fraud)?;
    let app = &face.app;
    let (bank, since) = (me.tenant.id.clone(), app.clock.now() - SignedDuration::from_hours(24 * 7));
    let never = app
        .store
        .read(move |tx| -> Result<u64, DbError> { fraud_desk::unanswered(tx, &bank, since) })
        .await?;
    let frame = me.frame("Fraud engine", "/fraud");
    let desk = me.desk("/fraud/engine");
    let Some(standing) = app.engines.standing(&me.tenant.id) else {
        let lead = match me.tenant.fraud {
            Some(_) => "The engine is reading its log. Look again in a minute.".to_owned(),
            None => format!("{} tells of no card payments now, so there is no engine.", me.tenant.name),
        };
        let state = Cell::plain("nothing to show");
        return Ok(Page(FraudEngine {
            frame,
            desk,
            state,
            lead,
            troubles: vec![],
            panels: vec![],
            tables: vec![],
        }));
    };
    let (state, lead) = said(&standing.drift);
    let mut panels = vec![
        model(standing.model.as_deref(), standing.threshold),
        pace(&me, &standing),
        answers(&standing.answers, standing.week, never),
    ];
    let mut tables = vec![drift(&standing.drift)];
    if let Some(trial) = &standing.trial {
        panels.push(on_trial(trial));
        tables.push(differences(trial));
    }
    let troubles = standing
        .troubles
        .iter()
        .map(|(key, file, why)| trouble(key, file, why, standing.trial.is_some()))
        .collect();
    Ok(Page(FraudEngine { frame, desk, state, lead, troubles, panels, tables }))
}

/// What stands at the head: whether anything has to be done.
fn said(drift: &Drift) -> (Cell, String) {
    match (drift.judging, drift.level) {
        (Judging::NoModel, _) => (
            Cell::of("no model", Look::Bad),
            "No model can be used. Only rules and what the bank itself suspects count.".to_owned(),
        ),
        (Judging::Ships, _) => (
            Cell::of("example model", Look::Care),
            "The model in use is the one that comes with Parlour. It learned from payments that nobody made, so nobody can say whether \
             payments still look as they did. Train one on your own payments."
                .to_owned(),
        ),
        (_, Level::Alarm) => (
            Cell::of("payments changed", Look::Bad),
            "Payments look very different from those that the model learned from, or it finds far fewer frauds. Find out why; it may \
             have to be trained anew."
                .to_owned(),
        ),
        (_, Level::Warn) => (
            Cell::of("somebody should look", Look::Care),
            "Some payments look different from those that the model learned from.".to_owned(),
        ),
        (Judging::Early, _) => (
            Cell::plain("too early to say"),
            format!(
                "Whether payments changed is judged when {WARM_DAYS} days of payments are known and the model has been in use for a day."
            ),
        ),
        (Judging::Yes, Level::TooFew) => {
            (Cell::plain("too few payments to say"), "There are too few payments to say whether they changed.".to_owned())
        }
        (Judging::Yes, Level::Calm) => (
            Cell::of("as usual", Look::Good),
            "Payments look like those that the model learned from.".to_owned(),
        ),
    }
}

fn trouble(key: &str, file: &str, why: &str, trial: bool) -> String {
    let stays = match (key, trial) {
        ("model", _) => "The model below stays in use.",
        (_, true) => "The model on trial stays the one below.",
        (_, false) => "No model is on trial.",
    };
    format!("The file {file} (fraud.{key}) cannot be used: {why}. {stays}")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn row(name: &str, text: impl Into<String>) -> (String, Cell) {
    (name.to_owned(), Cell::of(text, Look::Number))
}

fn model(known: Option<&Known>, threshold: f32) -> Panel {
    let Some(known) = known else {
        return Panel {
            title: "Model",
            rows: vec![],
            note: Some("No model can be used.".into()),
            more: None,
        };
    };
    let (papers, metrics) = (known.papers(), known.papers().metrics);
    let kind = match papers.kind {
        Kind::Trees => "boosted trees",
        Kind::Additive => "one curve for each feature",
    };
    let origin = papers.origin;
    let until = papers::date(origin.to.saturating_sub(1));
    let rows = vec![
        ("name".to_owned(), Cell::of(known.name.clone(), Look::Code)),
        row("kind", kind),
        row("learned from", format!("{} to {until}", papers::date(origin.from))),
        row("payments, frauds", format!("{}, {}", grouped(origin.rows), grouped(origin.frauds))),
        row("AUC when made", format!("{:.3}", metrics.auc_roc)),
        row("average precision when made", format!("{:.3}", metrics.average_precision)),
        row("right of its alerts when made", percent(metrics.budget_precision)),
        row("frauds found when made", percent(metrics.budget_recall)),
        row("asks from this score on, now", score(threshold)),
    ];
    let note =
        known.ships.then(|| "This is the model that comes with Parlour, for trying it out.".to_owned());
    Panel { title: "Model", rows, note, more: None }
}

fn pace(me: &Staffer, standing: &Standing) -> Panel {
    let of = |words: &str, hour: Hour| {
        let share = Count { of: hour.alerts, all: hour.payments }.share();
        let share = share.map_or(String::new(), |share| format!(" ({:.2} %)", 100.0 * share));
        [
            row(&format!("payments, {words}"), grouped(hour.payments)),
            row(&format!("alerts, {words}"), format!("{}{share}", grouped(hour.alerts))),
        ]
    };
    let mut rows: Vec<_> =
        of("24 hours", standing.day).into_iter().chain(of("7 days", standing.week)).collect();
    if let Some(at) = standing.at {
        rows.push(("newest payment, hour from".to_owned(), Cell::plain(minute(&me.tenant, at))));
    }
    let none = (standing.week.payments == 0).then(|| "There were no payments in these 7 days.".to_owned());
    Panel { title: "Payments and alerts", rows, note: none, more: None }
}

/// What customers answered in seven days.
fn answers(answers: &Answers, week: Hour, never: u64) -> Panel {
    let mut rows = vec![];
    if let Some(no) = week.answers.interval() {
        let (low, high) = (percent(no.low), percent(no.high));
        rows.push(row(
            "answered no: not mine",
            format!("{} of {}", grouped(week.answers.of), grouped(week.answers.all)),
        ));
        rows.push(row("that is", percent(no.share)));
        rows.push(row("the true share lies in", format!("{low} to {high}")));
    }
    for (name, share) in [("half came within", 0.5), ("nine of ten came within", 0.9)] {
        rows.extend(answers.within(share).map(|seconds| row(name, span(seconds))));
    }
    rows.push(row("never answered", grouped(never)));
    let few = week.answers.all < fraud::budget::MIN_ANSWERS;
    let note = few.then(|| {
        let least = fraud::budget::MIN_ANSWERS;
        format!("With fewer than {least} answers the share says little.")
    });
    Panel { title: "Answers, 7 days", rows, note, more: None }
}

/// "5 minutes".
fn span(seconds: u32) -> String {
    let (n, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        _ => (seconds / 3_600, "hour"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

/// What a feature is about, in plain words, and whether there is one of it or several.
fn about(name: &str) -> &'static str {
    let Some(entry) = named(name) else { return "Scores look" };
    match entry.family {
        Family::Amount => "Amounts look",
        Family::Time => "The times of payments look",
        Family::Pace => "How often cards are used looks",
        Family::Spending => "What cards spend looks",
        Family::Deviation => "Amounts beside what is usual for the card look",
        Family::Recency => "The time since the last payment looks",
        Family::Place => "Where cards are used looks",
        Family::Channel => "How cards are used looks",
        Family::CardReports => "Known frauds on cards look",
        Family::Traffic => "What happens at shops looks",
        Family::TerminalReports => "Known frauds at shops look",
    }
}

fn drift(drift: &Drift) -> Table {
    let empty = match drift.judging {
        Judging::Yes => "Nothing looks different.",
        Judging::Early => "Too early to say.",
        Judging::Ships | Judging::NoModel => "This is not judged without a model of your own.",
    };
    let mut table = Table::new("What looks different", &["What", "Field", "When", "How much"], empty);
    let day = drift.judged.and_then(date).map_or_else(|| "last day".to_owned(), |day| day.to_string());
    table.rows.extend(drift.findings.iter().map(|finding| of_day(finding, &day)));
    let hours = drift.report.iter().flat_map(|report| report.worrying());
    table.rows.extend(hours.map(of_hours));
    table
}

fn date(day: i32) -> Option<Date> {
    let noon = i64::from(day) * 86_400 + 43_200;
    Timestamp::from_second(noon).ok().map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

fn of_day(finding: &OfDay, day: &str) -> Vec<Cell> {
    let name =
        |column: Option<usize>| column.and_then(|at| ENTRIES.get(at)).map_or("score", |entry| entry.name);
    let (name, what, how) = match *finding {
        OfDay::Index { column, value } => {
            let name = name(column);
            (
                name,
                format!("{} different from what the model learned from", about(name)),
                format!("index {value:.2}: alarm"),
            )
        }
        OfDay::Tail { column, times } => {
            let name = name(column);
            let what =
                format!("{} normal for most payments, but very high or very low far more often", about(name));
            (name, what, format!("{times:.1} times as often: alarm"))
        }
        OfDay::Caught { share, was } => (
            "",
            "Fewer of the frauds that became known were found".to_owned(),
            format!("{}, {} before: alarm", percent(share), percent(was)),
        ),
    };
    vec![Cell::plain(what), Cell::of(name, Look::Code), Cell::plain(day), Cell::of(how, Look::Bad)]
}

fn of_hours(finding: &Finding) -> Vec<Cell> {
    let (word, look) = match finding.level {
        Level::Alarm => ("alarm", Look::Bad),
        _ => ("somebody should look", Look::Care),
    };
    let missing = finding
        .missing
        .zip(finding.missing_then)
        .filter(|(now, then)| (now - then).abs() > fraud::monitor::MISSING_WARN);
    let (what, how) = match (missing, finding.psi) {
        (Some((now, then)), _) => {
            let what = if now > then {
                "This value is missing more often"
            } else {
                "This value is missing less often"
            };
            (what.to_owned(), format!("missing {}, {} before: {word}", percent(now), percent(then)))
        }
        (None, psi) => {
            let index = psi.map_or_else(String::new, |psi| format!("index {psi:.2}: "));
            (
                format!("{} different from what the model learned from", about(&finding.name)),
                format!("{index}{word}"),
            )
        }
    };
    vec![
        Cell::plain(what),
        Cell::of(finding.name.clone(), Look::Code),
        Cell::plain("last 24 hours"),
        Cell::of(how, look),
    ]
}

fn on_trial(trial: &Trial) -> Panel {
    let alerts = trial.alerts;
    let mut rows = vec![
        ("name".to_owned(), Cell::of(trial.model.name.clone(), Look::Code)),
        row("payments that both scored", grouped(trial.payments)),
        row("both would ask", grouped(alerts.both)),
        row("only the model in use would", grouped(alerts.in_force_only)),
        row("only the one on trial would", grouped(alerts.shadow_only)),
        row("overlap", percent(alerts.overlap())),
        row("known truth, frauds", format!("{}, {}", grouped(trial.labels.all), grouped(trial.labels.of))),
    ];
    let note = match trial.precision {
        Some((in_force, on_trial)) => {
            rows.push(row("average precision in use", format!("{in_force:.3}")));
            rows.push(row("average precision on trial", format!("{on_trial:.3}")));
            "Nothing comes of what it says. Each asks from its own first threshold on.".to_owned()
        }
        None => format!(
            "Nothing comes of what it says. How good the two are is told when enough frauds are known. {LEAST_FRAUDS} are needed."
        ),
    };
    Panel { title: "Model on trial", rows, note: Some(note), more: None }
}

fn differences(trial: &Trial) -> Table {
    let columns = ["Payment", "Score in use#", "Score on trial#"];
    let mut table = Table::new("Where the two models differ most", &columns, "They have not differed yet.");
    table.rows.extend(trial.differences.iter().map(|one| {
        vec![
            Cell::of(short(one.payment), Look::Code),
            Cell::of(score(one.in_force), Look::Number),
            Cell::of(score(one.shadow), Look::Number),
        ]
    }));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(name: &str, psi: Option<f64>, level: Level, missing: (f64, f64)) -> Finding {
        let (missing, missing_then) = (Some(missing.0), Some(missing.1));
        Finding { name: name.into(), known: 900, psi, missing, missing_then, outside: None, level }
    }

    #[test]
    fn what_looks_different_is_told_in_plain_words() {
        let words = |cells: Vec<Cell>| cells.into_iter().map(|cell| cell.text).collect::<Vec<_>>().join("|");
        assert_eq!(
            words(of_hours(&finding("amount", Some(0.24), Level::Warn, (0.0, 0.0)))),
            "Amounts look different from what the model learned from|amount|last 24 hours|index 0.24: somebody should look"
        );
        assert_eq!(
            words(of_hours(&finding("from_usual", None, Level::Alarm, (1.0, 0.02)))),
            "This value is missing more often|from_usual|last 24 hours|missing 100.0 %, 2.0 % before: alarm"
        );
        assert_eq!(
            words(of_day(&OfDay::Tail { column: Some(0), times: 3.4 }, "2026-11-21")),
            "Amounts look normal for most payments, but very high or very low far more often|amount|2026-11-21|3.4 times as often: alarm"
        );
        assert_eq!(
            words(of_day(&OfDay::Caught { share: 0.25, was: 0.7 }, "2026-11-21")),
            "Fewer of the frauds that became known were found||2026-11-21|25.0 %, 70.0 % before: alarm"
        );
        for entry in &ENTRIES {
            assert!(about(entry.name) != "Scores look", "{} has words of its own", entry.name);
        }
    }

    #[test]
    fn spans_are_told_in_one_unit() {
        assert_eq!(
            [span(30), span(60), span(600), span(3_600), span(86_400)],
            ["30 seconds", "1 minute", "10 minutes", "1 hour", "24 hours"]
        );
    }

    #[test]
    fn a_day_has_its_date() {
        assert_eq!(date(17_737).unwrap().to_string(), "2018-07-25");
    }
}
