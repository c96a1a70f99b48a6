//! Changes that need two people: proposing, looking, deciding.

use super::{MAX_BODY, caller::Staffer, list::minute};
use crate::{
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Proposal as ProposalPage, Table},
        },
    },
    staff::proposals::{self, Wish},
};
use axum::{
    extract::{Path, Request, State},
    response::Redirect,
};
use domain::{
    BankId, ProposalId, StaffId,
    staff::{Act, Change, ProposalState, Stop},
};
use serde::Deserialize;
use store::staff::proposals::{self as stored, Answer, Proposal};

/// What a form proposes.
#[derive(Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    SayNo { what: Stop, words: String, why: String },
    LiftNo { what: Stop, why: String },
    Remove { staff: StaffId, why: String },
}

/// The proposals that wait, as a table.
pub(super) fn table(me: &Staffer, open: &[Proposal]) -> Table {
    let columns = ["Proposed", "By", "Why", "Can be decided until"];
    let mut table = Table::new("Waiting for a second person", &columns, "Nothing waits for a second person.");
    for proposal in open {
        table.rows.push(vec![
            Cell::plain(proposal.change.in_words()).to(me.at(&format!("/proposals/{}", proposal.id))),
            Cell::plain(proposal.proposer.clone()),
            Cell::plain(proposal.why.clone()),
            Cell::plain(minute(&me.tenant, proposal.expires_at)),
        ]);
    }
    table
}

/// `POST /console/{bank}/proposals`
pub async fn propose(State(face): Web, me: Staffer, request: Request) -> Result<Redirect, Problem> {
    me.must(Act::Propose)?;
    let (written, _) = body::read::<Written>(request, MAX_BODY).await?;
    let (wish, why) = match written {
        Written::SayNo { what, words, why } => (Wish::SayNo { what, words }, why),
        Written::LiftNo { what, why } => (Wish::LiftNo { what }, why),
        Written::Remove { staff, why } => (Wish::Remove { staff }, why),
    };
    let id = proposals::propose(&face.app, &me.who, wish, &why).await.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at(&format!("/proposals/{id}"))))
}

/// `GET /console/{bank}/proposals/{id}`
pub async fn page(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Page<ProposalPage>, Problem> {
    me.must(Act::Look)?;
    let (bank, id) = (me.tenant.id.clone(), read_id(&me, &id)?);
    let found = face.app.store.read(move |tx| stored::find(tx, &bank, &id)).await?;
    let proposal = found.ok_or_else(|| unknown(&me))?;
    let late = face.app.clock.now() >= proposal.expires_at;
    let open = proposal.state == ProposalState::Open && !late;
    let own = proposal.proposed_by == me.who.person.id;
    let about_me = proposal.change.subject() == me.who.person.id.as_str();
    let may = me.who.person.role.may(Act::Decide);
    let cannot = match (open, own, about_me, may) {
        (false, ..) => None,
        (_, true, ..) => Some("You proposed this, so another officer decides."),
        (_, _, true, _) => Some("This is about you, so another officer decides."),
        (.., false) => Some("Officers decide this."),
        _ => None,
    };
    Ok(Page(ProposalPage {
        frame: me.frame(proposal.change.in_words(), "/no"),
        href: me.at(&format!("/proposals/{}", proposal.id)),
        change: proposal.change.in_words(),
        words: match &proposal.change {
            Change::SayNo { words, .. } => Some(words.clone()),
            Change::LiftNo { .. } | Change::Remove { .. } => None,
        },
        facts: facts(&me, &proposal, open),
        decides: open && !own && !about_me && may,
        takes_back: open && own,
        cannot,
    }))
}

fn facts(me: &Staffer, proposal: &Proposal, open: bool) -> Vec<(&'static str, String)> {
    let state = match proposal.state {
        ProposalState::Open if open => "waits for a second person",
        ProposalState::Open | ProposalState::Expired => "nobody decided in time; nothing was changed",
        ProposalState::Approved => "approved, and in effect",
        ProposalState::Declined => "declined; nothing was changed",
        ProposalState::TakenBack => "taken back; nothing was changed",
    };
    let mut facts = vec![
        ("State", state.to_owned()),
        ("Why", proposal.why.clone()),
        ("Proposed by", format!("{}, {}", proposal.proposer, minute(&me.tenant, proposal.proposed_at))),
        ("Can be decided until", minute(&me.tenant, proposal.expires_at)),
    ];
    if let (Some(decider), Some(at)) = (&proposal.decider, proposal.decided_at) {
        facts.push(("Decided by", format!("{decider}, {}", minute(&me.tenant, at))));
    }
    facts
}

fn unknown(me: &Staffer) -> Problem {
    Kind::NotFound.because("There is no such proposal here.").back_to(me.at("/no"), "All proposals")
}

fn read_id(me: &Staffer, written: &str) -> Result<ProposalId, Problem> {
    written.parse().map_err(|_| unknown(me))
}

/// `POST /console/{bank}/proposals/{id}/approve`
pub async fn approve(
    face: Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    decide(face, me, id, Answer::Approve).await
}

/// `POST /console/{bank}/proposals/{id}/decline`
pub async fn decline(
    face: Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    decide(face, me, id, Answer::Decline).await
}

async fn decide(State(face): Web, me: Staffer, written: String, answer: Answer) -> Result<Redirect, Problem> {
    me.must(Act::Decide)?;
    let id = read_id(&me, &written)?;
    proposals::decide(&face.app, &me.who, &id, answer).await.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at(&format!("/proposals/{id}"))))
}

/// `POST /console/{bank}/proposals/{id}/take-back`
pub async fn take_back(
    State(face): Web,
    me: Staffer,
    Path((_, id)): Path<(BankId, String)>,
) -> Result<Redirect, Problem> {
    me.must(Act::Propose)?;
    let id = read_id(&me, &id)?;
    proposals::take_back(&face.app, &me.who, &id).await.map_err(|fault| me.fault(fault))?;
    Ok(Redirect::to(&me.at(&format!("/proposals/{id}"))))
}
