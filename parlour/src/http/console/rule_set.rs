//! A set of rules that somebody proposed: what is different, what the trial said, and deciding it.

use super::{
    MAX_BODY,
    caller::Staffer,
    list::minute,
    rules::{in_force, state},
    tried,
};
use crate::{
    alerts::trial::Tried,
    difference::{self, Line},
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            rules::{DiffLine, RuleSet as RuleSetPage},
        },
    },
    staff::rules::{self as use_case, InForce, Shown},
};
use axum::{
    extract::{Path, Request, State},
    response::Redirect,
};
use domain::{
    BankId,
    ids::RuleSetId,
    staff::{Act, ProposalState},
};
use serde::Deserialize;
use store::{
    DbError,
    fraud_rules::{self as stored, Set, Summary},
    staff::{proposals::Answer, vouches},
};

/// What whoever approves has looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    digest: String,
    instead_of: String,
}

fn unknown(me: &Staffer) -> Problem {
    Kind::NotFound.because("There is no such proposal here.").back_to(me.at("/fraud/rules"), "Rules")
}

fn read_id(me: &Staffer, written: &str) -> Result<RuleSetId, Problem> {
    written.parse().map_err(|_| unknown(me))
}

/// `GET /console/{bank}/fraud/rules/{id}`
pub async fn page(
    web: Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Page<RuleSetPage>, Problem> {
    me.must(Act::Fraud)?;
    let now_in_force = in_force(&web, &me).await?;
    let State(face) = web;
    let (bank, id, who) = (me.tenant.id.clone(), read_id(&me, &id)?, me.who.person.id.clone());
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        let Some(set) = stored::find(tx, &bank, &id)? else { return Ok(None) };
        let linked = vouches::linked(tx, &bank, &set.about.proposed_by, &who)?;
        Ok(Some((set, linked)))
    });
    let (set, linked) = read.await?.ok_or_else(|| unknown(&me))?;
    let about = &set.about;
    let is_open = about.state == ProposalState::Open && face.app.clock.now() < about.expires_at;
    let own = about.proposed_by == me.who.person.id;
    let may = me.who.person.role.may(Act::DecideRules);
    let cannot = match (is_open, own, linked, may) {
        (false, ..) => None,
        (_, true, ..) => Some("You proposed this, so somebody else decides."),
        (_, _, true, _) => Some(
            "One of you was invited by the other, or both by the same officer, so somebody else approves: an officer who invited neither of you, or an analyst whom the operator invited.",
        ),
        (.., false) => Some("Fraud analysts and officers decide this."),
        _ => None,
    };
    let all = difference::lines(&now_in_force.text, &set.text);
    Ok(Page(RuleSetPage {
        frame: me.frame("Proposed rules", "/fraud"),
        desk: me.desk("/fraud/rules"),
        state: state(about.state, is_open),
        facts: facts(&me, about, &now_in_force),
        changed: (is_open && about.instead_of != now_in_force.digest).then_some(
            "Other rules have come into force since this was proposed. What is different below is counted from those; the trial was made beside the ones from before.",
        ),
        counted: counted(&all),
        difference: lines(&all),
        text: Some(set.text.clone()).filter(|text| !text.trim().is_empty()),
        tried: read_report(&set).map(|report| tried::view(&me.tenant, &report)),
        untried: if is_open {
            "There is no trial on the past yet. It goes on by itself; look again soon."
        } else {
            "There was no trial on the past."
        },
        href: me.at(&format!("/fraud/rules/{}", about.id)),
        digests: (about.digest.clone(), now_in_force.digest.clone()),
        decides: cannot.is_none() && is_open,
        takes_back: is_open && own,
        edit: me
            .who
            .person
            .role
            .may(Act::ProposeRules)
            .then(|| me.at(&format!("/fraud/rules/new?from={}", about.id))),
        cannot,
    }))
}

fn read_report(set: &Set) -> Option<Tried> {
    serde_json::from_str(set.report.as_deref()?).ok()
}

fn facts(me: &Staffer, about: &Summary, now: &InForce) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Why", about.why.clone()),
        ("Proposed by", format!("{}, {}", about.proposer, minute(&me.tenant, about.proposed_at))),
    ];
    if about.state == ProposalState::Open {
        facts.push(("Can be decided until", minute(&me.tenant, about.expires_at)));
    }
    if let (Some(decider), Some(at)) = (&about.decider, about.decided_at) {
        facts.push(("Decided by", format!("{decider}, {}", minute(&me.tenant, at))));
    }
    let in_force = now.set.as_ref().is_some_and(|set| set.id == about.id);
    if in_force {
        facts.push(("In force", "yes".to_owned()));
    }
    facts.push(("SHA-256", about.digest.clone()));
    facts
}

/// "3 lines are new, 1 line is gone."
fn counted(all: &[Line]) -> String {
    let new = all.iter().filter(|line| matches!(line, Line::New(_))).count();
    let gone = all.iter().filter(|line| matches!(line, Line::Gone(_))).count();
    let lines = |count: usize| match count {
        1 => "1 line is".to_owned(),
        count => format!("{count} lines are"),
    };
    match (new, gone) {
        (0, 0) => "There is none: these are the rules in force.".to_owned(),
        (new, gone) => format!("{} new, {} gone.", lines(new), lines(gone)),
    }
}

fn lines(all: &[Line]) -> Vec<DiffLine> {
    let line = |line: &Line| {
        let (kind, mark, text) = match line {
            Line::Same(text) => ("same", " ", (*text).to_owned()),
            Line::Gone(text) => ("gone", "−", (*text).to_owned()),
            Line::New(text) => ("new", "+", (*text).to_owned()),
            Line::Skipped(1) => ("skipped", " ", "… 1 line is the same".to_owned()),
            Line::Skipped(count) => ("skipped", " ", format!("… {count} lines are the same")),
        };
        DiffLine { kind, mark, text }
    };
    difference::around_changes(all).iter().map(line).collect()
}

/// `POST /console/{bank}/fraud/rules/{id}/approve`
pub async fn approve(
    web: Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
    request: Request,
) -> Result<Redirect, Problem> {
    me.must(Act::DecideRules)?;
    let (Written { digest, instead_of }, _) = body::read(request, MAX_BODY).await?;
    decide(web, me, &id, Answer::Approve, Some(Shown { digest, instead_of })).await
}

/// `POST /console/{bank}/fraud/rules/{id}/decline`
pub async fn decline(
    web: Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    me.must(Act::DecideRules)?;
    decide(web, me, &id, Answer::Decline, None).await
}

async fn decide(
    State(face): Web,
    me: Staffer,
    written: &str,
    answer: Answer,
    shown: Option<Shown>,
) -> Result<Redirect, Problem> {
    let id = read_id(&me, written)?;
    let here = me.at(&format!("/fraud/rules/{id}"));
    let decided = use_case::decide(&face.app, &me.tenant, &me.who, &id, answer, shown).await;
    decided.map_err(|fault| me.fault(fault).back_to(here.clone(), "Back to the proposal"))?;
    Ok(Redirect::to(&here))
}

/// `POST /console/{bank}/fraud/rules/{id}/take-back`
pub async fn take_back(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    me.must(Act::ProposeRules)?;
    let id = read_id(&me, &id)?;
    let here = me.at(&format!("/fraud/rules/{id}"));
    let taken = use_case::take_back(&face.app, &me.who, &id).await;
    taken.map_err(|fault| me.fault(fault).back_to(here.clone(), "Back to the proposal"))?;
    Ok(Redirect::to(&here))
}
