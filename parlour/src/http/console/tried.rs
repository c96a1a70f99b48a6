//! What a trial of rules said, for a page.

use crate::{
    alerts::trial::Tried,
    http::view::{
        console::{Cell, Look, Table, grouped},
        rules::Tried as TriedView,
    },
    tenant::Tenant,
};
use fraud::{
    backtest::{Reason, Tally},
    share::Interval,
};
use jiff::civil::{Date, date};

/// The page's form of what a trial said.
pub(super) fn view(tenant: &Tenant, tried: &Tried) -> TriedView {
    let report = &tried.report;
    let verdict = if report.fits() {
        Cell::of("fits the budget", Look::Good)
    } else {
        Cell::of("does not fit", Look::Bad)
    };
    let mut notes: Vec<String> = report.notes.iter().map(words).collect();
    for both in report.overlaps.iter().filter(|both| both.of_the_rarer >= 0.5) {
        notes.push(format!(
            "{} and {} both hit {} payments, {:.0} % of what the rarer one hits",
            both.one,
            both.other,
            grouped(both.both),
            both.of_the_rarer * 100.0
        ));
    }
    if tried.left_out > 0 {
        let left_out = grouped(tried.left_out);
        notes.push(format!(
            "{left_out} older events were left out; parlour fraud backtest FILE --bank {} looks at all",
            tenant.id
        ));
    }
    TriedView {
        verdict,
        on: format!(
            "{} payments on {} {}; of {} it is known what they were, {} were fraud.",
            grouped(report.payments),
            report.days,
            if report.days == 1 { "day" } else { "days" },
            grouped(report.labelled),
            grouped(report.frauds)
        ),
        against: report.against.iter().map(words).collect(),
        notes,
        sides: sides(tried),
        rules: rules(tried),
    }
}

/// A reason, with its day as a date.
fn words(reason: &Reason) -> String {
    match reason {
        Reason::DayOverBudget { day, share } => {
            let begin: Date = date(1970, 1, 1);
            let on = begin
                .checked_add(jiff::Span::new().days(*day))
                .map_or_else(|_| day.to_string(), |on| on.to_string());
            format!("on {on}, alerts for {:.3} % of payments; the rest would be held", share * 100.0)
        }
        other => other.to_string(),
    }
}

fn sides(tried: &Tried) -> Table {
    let columns = ["Who decides", "Alerts#", "Customers#", "Of payments#", "Fraud#", "Found#"];
    let mut table = Table::new("What would have been asked", &columns, "");
    let report = &tried.report;
    for (who, tally) in [
        ("The model alone", &report.model),
        ("With the rules in force", &report.before),
        ("With these rules", &report.after),
    ] {
        let Tally { alerts, cards, share_of_payments, precision, recall, .. } = tally;
        table.rows.push(vec![
            Cell::plain(who),
            Cell::number(*alerts),
            Cell::number(*cards),
            Cell::of(format!("{:.3} %", share_of_payments * 100.0), Look::Number),
            percent(precision.as_ref()),
            percent(recall.as_ref()),
        ]);
    }
    table
}

fn rules(tried: &Tried) -> Table {
    let columns =
        ["Rule", "Action", "Hits#", "Cards#", "Fraud#", "The model too#", "It alone#", "Frauds, it alone#"];
    let mut table = Table::new("Each rule", &columns, "There is no rule.");
    for rule in &tried.report.rules {
        table.rows.push(vec![
            Cell::of(rule.id.clone(), Look::Code),
            Cell::plain(rule.action.clone()),
            Cell::number(rule.hits),
            Cell::number(rule.cards),
            percent(rule.precision.as_ref()),
            Cell::number(rule.with_model),
            Cell::number(rule.alone),
            Cell::number(rule.alone_frauds),
        ]);
    }
    table
}

fn percent(of: Option<&Interval>) -> Cell {
    let text = match of {
        None => "not known".to_owned(),
        Some(Interval { share, low, high }) => {
            format!("{:.0} % ({:.0} to {:.0})", share * 100.0, low * 100.0, high * 100.0)
        }
    };
    Cell::of(text, Look::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_as_a_date() {
        let told = words(&Reason::DayOverBudget { day: 20_779, share: 0.01 });
        assert!(told.starts_with("on 2026-11-22, alerts for 1.000 %"), "{told}");
    }
}
