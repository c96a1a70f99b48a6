//! Changes that need two people: one proposes, another officer decides, within a day. What is approved takes
//! effect in the transaction that approves it, and in the gate of this process before the answer is given.

use super::{Line, MAX_WORDS, PROPOSAL_LASTS, StaffFault, allowed, sign_ins::SignedIn, text};
use crate::{app::App, consents::pull_out, rim, stops};
use domain::{
    ProposalId, StaffId,
    ids::PullOutId,
    staff::{Act, Change, DeedKind, ProposalState, Role, StaffState, Stop},
};
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    Tx,
    pull_outs::{self, PullOut},
    staff::{
        self, Person,
        proposals::{self as stored, Answer, Proposal},
    },
    stops::{self as stopped, Stopped},
};

/// What somebody wants to have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Say No, with the bank's words to its customers.
    SayNo {
        /// To what.
        what: Stop,
        /// The words.
        words: String,
    },
    /// Say No no longer.
    LiftNo {
        /// To what.
        what: Stop,
    },
    /// Take an officer's access.
    Remove {
        /// Who.
        staff: StaffId,
    },
}

/// Proposes a change.
pub async fn propose(app: &App, who: &SignedIn, wish: Wish, why: &str) -> Result<ProposalId, StaffFault> {
    let now = app.clock.now();
    let (why, wish) = (text("why", why, MAX_WORDS)?, checked(wish)?);
    let (me, id, line) = (who.person.clone(), ProposalId::new(rim::uuid(now)), Line::new(now));
    app.store
        .transact(move |tx| -> Result<ProposalId, StaffFault> {
            let me = allowed(tx, &me.bank, &me.id, Act::Propose)?;
            let change = change(tx, &me, &wish)?;
            let detail = format!("{}. Why: {why}", change.in_words());
            let proposal = Proposal {
                id: id.clone(),
                change,
                why: why.clone(),
                state: ProposalState::Open,
                proposed_by: me.id.clone(),
                proposer: me.name.clone(),
                proposed_at: now,
                expires_at: now + PROPOSAL_LASTS,
                decider: None,
                decided_at: None,
            };
            if !stored::insert(tx, &me.bank, &proposal)? {
                return Err(StaffFault::OpenAlready);
            }
            line.write(tx, &me.bank, Some(&me), DeedKind::Proposed, detail, None)?;
            Ok(proposal.id)
        })
        .await
}

fn checked(wish: Wish) -> Result<Wish, StaffFault> {
    Ok(match wish {
        Wish::SayNo { what, words } => Wish::SayNo { what, words: text("words", &words, MAX_WORDS)? },
        wish => wish,
    })
}

/// The change that a wish makes of the world as it is.
fn change(tx: &mut Tx, me: &Person, wish: &Wish) -> Result<Change, StaffFault> {
    let said = |tx: &mut Tx, what: Stop| -> Result<bool, StaffFault> {
        Ok(stopped::of_bank(tx, &me.bank)?.iter().any(|stop| stop.what == what))
    };
    match wish {
        Wish::SayNo { what, .. } if said(tx, *what)? => Err(StaffFault::SoAlready),
        Wish::LiftNo { what } if !said(tx, *what)? => Err(StaffFault::SoAlready),
        Wish::SayNo { what, words } => Ok(Change::SayNo { what: *what, words: words.clone() }),
        Wish::LiftNo { what } => Ok(Change::LiftNo { what: *what }),
        Wish::Remove { staff: id } => {
            let person = staff::find(tx, &me.bank, id)?.ok_or(StaffFault::Unknown("person"))?;
            if !me.role.may(Act::Decide) {
                return Err(StaffFault::Role { role: me.role });
            }
            if person.state == StaffState::Removed || person.role != Role::Officer {
                return Err(StaffFault::Unknown("officer"));
            }
            Ok(Change::Remove { staff: person.id, name: person.name })
        }
    }
}

/// Decides somebody else's proposal. When this returns, an approved change is in force in this process; the
/// others follow within seconds.
pub async fn decide(
    app: &Arc<App>,
    who: &SignedIn,
    id: &ProposalId,
    answer: Answer,
) -> Result<Proposal, StaffFault> {
    let (me, id, now) = (who.person.clone(), id.clone(), app.clock.now());
    let (line, pull_out) = (Line::new(now), PullOutId::new(rim::uuid(now)));
    let decided = app
        .store
        .transact(move |tx| -> Result<Proposal, StaffFault> {
            let me = allowed(tx, &me.bank, &me.id, Act::Decide)?;
            let proposal = stored::find(tx, &me.bank, &id)?.ok_or(StaffFault::Unknown("proposal"))?;
            if proposal.proposed_by == me.id || proposal.change.subject() == me.id.as_str() {
                return Err(StaffFault::Own);
            }
            if !stored::answer(tx, &me.bank, &id, &me.id, answer, now)? {
                let over = proposal.state == ProposalState::Open;
                let state = if over { ProposalState::Expired } else { proposal.state };
                return Err(StaffFault::Decided { state });
            }
            let deed = match answer {
                Answer::Approve => {
                    take_effect(tx, &me, &proposal, &pull_out, now)?;
                    DeedKind::Approved
                }
                Answer::Decline => DeedKind::Declined,
            };
            let detail = format!("{}. Why: {}", proposal.change.in_words(), proposal.why);
            line.write(tx, &me.bank, Some(&me), deed, detail, Some(proposal.proposer.clone()))?;
            Ok(proposal)
        })
        .await?;
    if let Err(fault) = stops::refresh(app).await {
        tracing::error!(%fault, "an approved change is stored, and not yet in force in this process");
    }
    if answer == Answer::Approve && matches!(decided.change, Change::SayNo { what: Stop::Everything, .. }) {
        // The bank is out already; that every consent ends takes as long as there are consents. If this is cut
        // off, the worker that looks for such things goes on.
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(fault) = pull_out::carry_on(&app).await {
                tracing::warn!(%fault, "the consents of a bank that pulled out are ended later");
            }
        });
    }
    Ok(decided)
}

fn take_effect(
    tx: &mut Tx,
    me: &Person,
    proposal: &Proposal,
    pull_out: &PullOutId,
    now: Timestamp,
) -> Result<(), StaffFault> {
    let done = match &proposal.change {
        Change::SayNo { what, words } => {
            let stop = Stopped {
                bank: me.bank.clone(),
                what: *what,
                words: words.clone(),
                proposal: proposal.id.clone(),
                since: now,
            };
            if *what == Stop::Everything {
                pull_outs::begin(tx, &pulling_out(me, proposal, pull_out, words, now))?;
            }
            stopped::insert(tx, &stop)?
        }
        Change::LiftNo { what } => {
            if *what == Stop::Everything {
                pull_outs::lift(tx, &me.bank, now)?;
            }
            stopped::lift(tx, &me.bank, *what)?
        }
        Change::Remove { staff: id, .. } => staff::remove(tx, &me.bank, id, now)?,
    };
    if done { Ok(()) } else { Err(StaffFault::SoAlready) }
}

/// The bank pulls out of everything: its consents end, and the bank is told of each.
fn pulling_out(me: &Person, proposal: &Proposal, id: &PullOutId, words: &str, now: Timestamp) -> PullOut {
    PullOut {
        id: id.clone(),
        bank: me.bank.clone(),
        channel: None,
        data_class: None,
        reason: words.to_owned(),
        by: format!("{}, approved by {}", proposal.proposer, me.name),
        at: now,
        ended: 0,
        done_at: None,
        lifted_at: None,
    }
}

/// Takes back one's own proposal.
pub async fn take_back(app: &App, who: &SignedIn, id: &ProposalId) -> Result<(), StaffFault> {
    let (me, id, now) = (who.person.clone(), id.clone(), app.clock.now());
    let line = Line::new(now);
    app.store
        .transact(move |tx| -> Result<(), StaffFault> {
            let proposal = stored::find(tx, &me.bank, &id)?.ok_or(StaffFault::Unknown("proposal"))?;
            if proposal.proposed_by != me.id {
                return Err(StaffFault::Unknown("proposal of yours"));
            }
            if !stored::take_back(tx, &me.bank, &id, &me.id, now)? {
                return Err(StaffFault::Decided { state: proposal.state });
            }
            let detail = proposal.change.in_words();
            Ok(line.write(tx, &me.bank, Some(&me), DeedKind::TakenBack, detail, None)?)
        })
        .await
}
