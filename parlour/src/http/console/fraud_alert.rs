//! One alert on the fraud desk, and deciding it.

use super::{
    MAX_BODY,
    caller::Staffer,
    fraud::{COLUMNS, age, card_cell, case_row, lead, look_of, score, state, terminal_cell},
    list::minute,
};
use crate::{
    alerts::{
        decision::Action,
        desk::{self, Case, File, Linked, Missing, Payment},
        verdict::{self, MAX_NOTE, Wish},
    },
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Look, Table},
            desk::{DecideForm, FraudAlert, Moment},
        },
    },
};
use axum::{
    extract::{Path, Request, State},
    response::Redirect,
};
use domain::{
    BankId,
    staff::{Act, FraudVerdict},
};
use fraud::event::{Source, Verdict};
use jiff::Timestamp;
use serde::Deserialize;
use store::fraud_alerts::AlertState;

/// The longest id that is looked for: an id of ours is a UUID.
const LONGEST_ID: usize = 40;

/// `GET /console/{bank}/fraud/{id}`
pub async fn page(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Page<FraudAlert>, Problem> {
    me.must(Act::Fraud)?;
    if id.len() > LONGEST_ID {
        return Err(unknown(&me));
    }
    let file = match desk::file(&face.app, &me.tenant.id, &id).await? {
        Ok(file) => file,
        Err(Missing::Unknown) => return Err(unknown(&me)),
        Err(Missing::Unreadable) => {
            let said = "Another version of the gateway wrote this alert; it cannot be read here.";
            return Err(Kind::NotFound.because(said).back_to(me.at("/fraud"), QUEUE));
        }
    };
    let now = face.app.clock.now();
    let case = &file.case;
    let last = file.decisions.last();
    let decided = last.map(|decision| {
        let who = format!("{}, {}", decision.name, minute(&me.tenant, decision.at));
        (Cell::of(decision.verdict.as_str(), look_of(decision.verdict)), who, decision.note.clone())
    });
    Ok(Page(FraudAlert {
        frame: me.frame(format!("Alert {}", case.code()), "/fraud"),
        back: me.at("/fraud"),
        state: state(case),
        lead: lead(&me),
        facts: facts(&me, case),
        reasons: case.reasons.clone(),
        timeline: timeline(&me, &file),
        payments: payments(&me, &file.payments),
        payments_note: format!(
            "Amounts of other payments are read in the currency of this alert ({}): the log of card events keeps none.",
            case.amount.currency
        ),
        linked: linked(&me, &file, now),
        decided,
        form: form(&me, case, last.map(|decision| (decision.number, decision.verdict))),
    }))
}

const QUEUE: &str = "Back to the fraud queue";

fn unknown(me: &Staffer) -> Problem {
    Kind::NotFound.because("There is no such alert here, or not any more.").back_to(me.at("/fraud"), QUEUE)
}

fn form(me: &Staffer, case: &Case, decided: Option<(u32, FraudVerdict)>) -> DecideForm {
    let fraud = ("fraud", "It is fraud", "danger");
    let genuine = ("genuine", "It is genuine", "");
    let buttons = match decided.map(|(_, verdict)| verdict) {
        None => vec![fraud, genuine],
        Some(FraudVerdict::Genuine) => vec![("fraud", "Change to fraud", "danger")],
        Some(FraudVerdict::Fraud) => vec![("genuine", "Change to genuine", "")],
    };
    DecideForm {
        action: me.at(&format!("/fraud/{}/decide", case.id)),
        change_of: decided.map(|(number, _)| number),
        buttons,
        longest: MAX_NOTE,
    }
}

fn facts(me: &Staffer, case: &Case) -> Vec<(&'static str, Cell)> {
    let declined = if case.declined { "declined" } else { "approved" };
    let mut facts = vec![
        ("Payment id at the bank", Cell::of(case.payment.clone(), Look::Code)),
        ("Amount", Cell::of(case.amount.to_string(), Look::Number)),
        ("Paid", Cell::plain(minute(&me.tenant, case.paid_at))),
        ("The bank", Cell::plain(declined)),
        ("Card", card_cell(me, case.card)),
        ("Terminal", terminal_cell(me, case.terminal)),
        ("Suspected by", Cell::plain(case.suspector.in_words())),
    ];
    facts.extend(case.score.map(|found| ("Score", Cell::of(score(found), Look::Number))));
    facts.extend(case.model.clone().map(|model| ("Model", Cell::of(model, Look::Code))));
    facts.push(("Customer", Cell::plain(case.state_in_words())));
    facts.push(("Messages to the customer", Cell::number(case.messages)));
    facts.extend(case.answered_after().map(|span| ("Answered after", Cell::plain(age(span)))));
    facts
}

fn timeline(me: &Staffer, file: &File) -> Vec<Moment> {
    let case = &file.case;
    let mut moments = vec![
        (case.paid_at, "Paid".to_owned(), None),
        (case.made_at, format!("Raised: suspected by {}", case.suspector.in_words()), None),
    ];
    moments.extend(case.asked_at.map(|at| (at, "The customer was asked".to_owned(), None)));
    moments.extend(case.reminded_at.map(|at| (at, "The customer was reminded".to_owned(), None)));
    let ended = match case.state {
        AlertState::NotMine => Some("The customer answered no: not mine".to_owned()),
        AlertState::Mine => Some("The customer answered yes: mine".to_owned()),
        AlertState::Unanswered => Some("No answer came; the question ended".to_owned()),
        AlertState::NotAsked => Some(match file.held() {
            Some(held) => format!("The customer was not asked: {held}"),
            None => "The customer could not be asked".to_owned(),
        }),
        AlertState::Due | AlertState::Asked => None,
    };
    moments.extend(ended.map(|what| (case.changed_at, what, None)));
    for decision in &file.decisions {
        let did = if decision.number == 1 { "decided" } else { "changed the decision" };
        let what = format!("{} {did}: {}", decision.name, decision.verdict);
        moments.push((decision.at, what, Some(decision.note.clone())));
    }
    moments.sort_by_key(|(at, ..)| *at);
    moments.into_iter().map(|(at, what, note)| Moment { at: minute(&me.tenant, at), what, note }).collect()
}

fn payments(me: &Staffer, payments: &[Payment]) -> Table {
    let columns = ["Paid", "Amount#", "Terminal", "Score#", "Advice", "Known as"];
    let empty = "The log of card events has no payment of this card any more.";
    let mut table = Table::new("Payments of this card, newest first", &columns, empty);
    for payment in payments {
        let advised = match payment.action {
            Action::None => "",
            Action::Alert => "alert",
            Action::StepUp => "confirm first",
            Action::Decline => "decline",
        };
        let advised = match payment.this {
            true => Cell::of("this alert", Look::Care),
            false => Cell::plain(advised),
        };
        table.rows.push(vec![
            Cell::plain(minute(&me.tenant, payment.at)),
            Cell::of(payment.amount.to_string(), Look::Number),
            terminal_cell(me, payment.terminal),
            Cell::of(payment.score.map_or_else(String::new, score), Look::Number),
            advised,
            payment.known.map_or_else(Cell::none, known),
        ]);
    }
    table
}

fn known((verdict, source): (Verdict, Source)) -> Cell {
    let (what, look) = match verdict {
        Verdict::Fraud => ("fraud", Look::Bad),
        Verdict::Suspected => ("suspected", Look::Care),
        Verdict::Clean => ("in order", Look::Good),
    };
    let who = match source {
        Source::Customer => "the customer said so",
        Source::Agent => "the bank decided",
        Source::Chargeback => "chargeback",
        Source::Matured => "nothing was heard for long",
    };
    Cell::of(format!("{what}: {who}"), look)
}

fn linked(me: &Staffer, file: &File, now: Timestamp) -> Vec<Table> {
    let caption = |of: &Linked, where_: &str, among: String| match of.alerts {
        0 | 1 => format!("Alerts {where_}"),
        alerts => format!("{alerts} alerts {where_}{among}"),
    };
    let cards = |of: &Linked| match of.cards {
        1 => " from 1 card".to_owned(),
        cards => format!(" from {cards} cards"),
    };
    let mut tables = vec![];
    let all = [
        (
            &file.of_terminal,
            caption(&file.of_terminal, "on this terminal in 7 days", cards(&file.of_terminal)),
        ),
        (&file.of_card, caption(&file.of_card, "on this card", String::new())),
    ];
    for (of, caption) in all {
        let mut table = Table::new(caption, &COLUMNS, "There is no other.");
        table.rows = of.others.iter().map(|case| case_row(me, case, now)).collect();
        tables.push(table);
    }
    if file.case.terminal == 0 {
        tables.remove(0);
    }
    tables
}

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    verdict: FraudVerdict,
    note: String,
    change_of: Option<u32>,
}

/// `POST /console/{bank}/fraud/{id}/decide`
pub async fn decide(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
    request: Request,
) -> Result<Redirect, Problem> {
    me.must(Act::Fraud)?;
    if id.len() > LONGEST_ID {
        return Err(unknown(&me));
    }
    let (written, _) = body::read::<Written>(request, MAX_BODY).await?;
    let here = me.at(&format!("/fraud/{id}"));
    let wish = Wish { verdict: written.verdict, note: written.note, change_of: written.change_of };
    let decided = verdict::decide(&face.app, &me.tenant, &me.who, &id, wish).await;
    decided.map_err(|fault| me.fault(fault).back_to(here.clone(), "Back to the alert"))?;
    Ok(Redirect::to(&here))
}
