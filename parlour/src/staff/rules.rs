//! Rules against fraud that go live in the console: one person proposes a set, another one approves it, and the engines go on
//! with it at once. What is approved is what was shown, in place of what was shown.

use super::{Line, MAX_WORDS, PROPOSAL_LASTS, StaffFault, allowed, sign_ins::SignedIn, text};
use crate::{
    alerts::live_rules::{self, MAX_TEXT_BYTES},
    app::App,
    config::Fraud,
    rim,
    tenant::Tenant,
};
use domain::{
    ids::RuleSetId,
    staff::{Act, DeedKind, ProposalState},
};
use fraud::rules::{Fault, RuleSet};
use jiff::Timestamp;
use std::{path::Path, sync::Arc};
use store::{
    DbError, Tx,
    fraud_rules::{self as stored, NewSet, Set, Summary},
    staff::{Person, proposals::Answer, vouches},
};

/// The digest of a file of rules that cannot be read.
const UNREADABLE: &str = "unreadable";

/// The rules that are in force at a bank.
#[derive(Debug, Clone)]
pub struct InForce {
    /// Who proposed and approved them. None: they are the bank's file.
    pub set: Option<Summary>,
    /// The name of the file, if they are one.
    pub file: Option<String>,
    /// The rules as they were written.
    pub text: String,
    /// Their digest.
    pub digest: String,
}

/// The file's rules of a bank, as long as nothing was approved.
fn of_file(tenant: &Tenant, fraud: &Fraud, now: Timestamp) -> InForce {
    let (name, text) = match &fraud.rules {
        Some(rules) => (Path::new(&rules.name).file_name(), rules.text.clone()),
        None => (None, String::new()),
    };
    let today = now.to_zoned(tenant.zone.clone()).date();
    let read = live_rules::compile("file", &text, &live_rules::fields(fraud.currency), today);
    let digest = read.map_or_else(|_| UNREADABLE.to_owned(), |rules| live_rules::digest(&rules));
    let file = name.map(|name| name.to_string_lossy().into_owned());
    InForce { set: None, file, text, digest }
}

/// What is in force at a bank now. None if the bank tells of no card payments.
pub async fn in_force(app: &App, tenant: &Tenant) -> Result<Option<InForce>, DbError> {
    let Some(fraud) = &tenant.fraud else { return Ok(None) };
    let (bank, file) = (tenant.id.clone(), of_file(tenant, fraud, app.clock.now()));
    let found = app.store.read(move |tx| stored::approved(tx, &bank, 1)).await?.pop();
    Ok(Some(found.map_or(file, of_set)))
}

fn of_set(set: Set) -> InForce {
    InForce { digest: set.about.digest.clone(), set: Some(set.about), file: None, text: set.text }
}

/// Rules that somebody wrote, as they are kept: lines end as everywhere else.
pub fn plain(written: &str) -> String {
    written.replace("\r\n", "\n").replace('\r', "\n")
}

/// Why a text is no set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It has too many bytes.
    TooLong {
        /// So many.
        bytes: usize,
    },
    /// All that is wrong with it.
    Faults(Vec<Fault>),
}

/// Reads rules that somebody wrote.
pub fn read(tenant: &Tenant, fraud: &Fraud, text: &str, now: Timestamp) -> Result<RuleSet, Wrong> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Wrong::TooLong { bytes: text.len() });
    }
    read_any(tenant, fraud, text, now)
}

/// Reads rules that are in force, which may be a longer file.
pub fn read_any(tenant: &Tenant, fraud: &Fraud, text: &str, now: Timestamp) -> Result<RuleSet, Wrong> {
    let today = now.to_zoned(tenant.zone.clone()).date();
    live_rules::compile("rules", text, &live_rules::fields(fraud.currency), today).map_err(Wrong::Faults)
}

/// What people call a set in the history.
fn name(digest: &str) -> String {
    format!("Fraud rules {}", digest.get(..12).unwrap_or(digest))
}

/// A set of rules that somebody wants to have in force.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The rules as they were written.
    pub text: String,
    /// Their digest.
    pub digest: String,
    /// The digest of the rules in force.
    pub instead_of: String,
    /// Why.
    pub why: String,
    /// What a trial said, if it is over.
    pub report: Option<String>,
}

/// Proposes a set of rules that was read.
pub async fn propose(app: &App, who: &SignedIn, wish: Wish) -> Result<RuleSetId, StaffFault> {
    let now = app.clock.now();
    let (me, line) = (who.person.clone(), Line::new(now));
    let new = NewSet {
        id: RuleSetId::new(rim::uuid(now)),
        why: text("why", &wish.why, MAX_WORDS)?,
        text: wish.text,
        digest: wish.digest,
        instead_of: wish.instead_of,
        report: wish.report,
        by: me.id.clone(),
        now,
        expires_at: now + PROPOSAL_LASTS,
    };
    app.store
        .transact(move |tx| -> Result<RuleSetId, StaffFault> {
            let me = allowed(tx, &me.bank, &me.id, Act::ProposeRules)?;
            if !stored::insert(tx, &me.bank, &new)? {
                return Err(StaffFault::TooManyOpen);
            }
            let detail = format!("{}. Why: {}", name(&new.digest), new.why);
            line.write(tx, &me.bank, Some(&me), DeedKind::Proposed, detail, None)?;
            Ok(new.id.clone())
        })
        .await
}

/// What somebody who approves has looked at.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The digest of the rules that are proposed.
    pub digest: String,
    /// The digest of those that were in force.
    pub instead_of: String,
}

/// Decides about somebody else's rules. When this returns, approved rules are in force: the next payment is judged by them.
pub async fn decide(
    app: &Arc<App>,
    tenant: &Tenant,
    who: &SignedIn,
    id: &RuleSetId,
    answer: Answer,
    shown: Option<Shown>,
) -> Result<(), StaffFault> {
    let fraud = tenant.fraud.as_ref().ok_or(StaffFault::Unknown("proposal"))?;
    let now = app.clock.now();
    let file = of_file(tenant, fraud, now).digest;
    let (me, id, line) = (who.person.clone(), id.clone(), Line::new(now));
    let decided = app.store.transact(move |tx| -> Result<(), StaffFault> {
        let me = allowed(tx, &me.bank, &me.id, Act::DecideRules)?;
        let set = stored::find(tx, &me.bank, &id)?.ok_or(StaffFault::Unknown("proposal"))?.about;
        may_decide(tx, &me, &set, now)?;
        let deed = match answer {
            Answer::Approve => {
                put_in_force(tx, &me, &set, shown.as_ref(), &file, now)?;
                DeedKind::Approved
            }
            Answer::Decline if stored::decline(tx, &me.bank, &id, &me.id, now)? => DeedKind::Declined,
            Answer::Decline => return Err(StaffFault::Decided { state: set.state }),
        };
        let detail = format!("{}. Why: {}", name(&set.digest), set.why);
        Ok(line.write(tx, &me.bank, Some(&me), deed, detail, Some(set.proposer))?)
    });
    decided.await?;
    // The engine of this process goes on with them now; those of others with their next event.
    live_rules::view(app, &tenant.id).await;
    Ok(())
}

/// Says why somebody may not decide. The statement that decides asks for the same.
fn may_decide(tx: &mut Tx, me: &Person, set: &Summary, now: Timestamp) -> Result<(), StaffFault> {
    if set.state != ProposalState::Open {
        return Err(StaffFault::Decided { state: set.state });
    }
    if now >= set.expires_at {
        return Err(StaffFault::Decided { state: ProposalState::Expired });
    }
    if set.proposed_by == me.id {
        return Err(StaffFault::OwnRules);
    }
    if vouches::linked(tx, &me.bank, &set.proposed_by, &me.id)? {
        return Err(StaffFault::SameOfficer);
    }
    Ok(())
}

fn put_in_force(
    tx: &mut Tx,
    me: &Person,
    set: &Summary,
    shown: Option<&Shown>,
    file: &str,
    now: Timestamp,
) -> Result<(), StaffFault> {
    let before = stored::approved(tx, &me.bank, 1)?.pop().map(|set| set.about);
    let digest = before.as_ref().map_or(file, |set| &set.digest);
    let seen = shown.is_some_and(|shown| shown.digest == set.digest && shown.instead_of == digest);
    let before = before.as_ref().map(|set| &set.id);
    if !seen || !stored::approve(tx, &me.bank, &set.id, &me.id, before, now)? {
        return Err(StaffFault::Changed);
    }
    Ok(())
}

/// Takes back one's own proposal.
pub async fn take_back(app: &App, who: &SignedIn, id: &RuleSetId) -> Result<(), StaffFault> {
    let (me, id, now) = (who.person.clone(), id.clone(), app.clock.now());
    let line = Line::new(now);
    app.store
        .transact(move |tx| -> Result<(), StaffFault> {
            let me = allowed(tx, &me.bank, &me.id, Act::ProposeRules)?;
            let set = stored::find(tx, &me.bank, &id)?.ok_or(StaffFault::Unknown("proposal"))?.about;
            if set.proposed_by != me.id {
                return Err(StaffFault::Unknown("proposal of yours"));
            }
            if !stored::take_back(tx, &me.bank, &id, &me.id, now)? {
                return Err(StaffFault::Decided { state: set.state });
            }
            Ok(line.write(tx, &me.bank, Some(&me), DeedKind::TakenBack, name(&set.digest), None)?)
        })
        .await
}
