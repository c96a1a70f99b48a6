//! Writing rules against fraud: trying them, and proposing them.

use super::{
    MAX_BODY,
    caller::Staffer,
    rules::{in_force, longest, not_here},
    tried,
};
use crate::{
    alerts::{
        live_rules::{self, MAX_TEXT_BYTES},
        trial::{self, TrialFault, Tried, WAITED_FOR},
    },
    app::App,
    http::{
        Web, body,
        problem::Problem,
        view::{
            Page,
            rules::{FaultLine, RulesNew},
        },
    },
    staff::{
        self, PROPOSAL_LASTS, StaffFault,
        rules::{self as use_case, InForce, Wish, Wrong},
    },
    tenant::Tenant,
};
use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use domain::{BankId, ids::RuleSetId, staff::Act};
use fraud::rules::{Fault, RuleSet};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use store::{DbError, fraud_rules as stored};

/// The largest form, in bytes: the longest text, of which a form writes each byte with three and the end of a line with
/// six, and what else a form has.
const MAX_FORM: usize = 6 * MAX_TEXT_BYTES + MAX_BODY;
/// Characters of a line that are shown with a mistake.
const SHOWN: usize = 200;
/// A trial that another one keeps from beginning is tried so often, and so long after the time before: an hour.
const TRIES: (u32, Duration) = (120, Duration::from_secs(30));

/// From which rules somebody begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    from: Option<RuleSetId>,
}

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
    #[serde(default)]
    why: String,
}

/// What is said beside what was written.
#[derive(Default)]
struct Said {
    refused: Option<String>,
    faults: Vec<Fault>,
    note: Option<String>,
    tried: Option<Arc<Tried>>,
}

/// `GET /console/{bank}/fraud/rules/new?from=…`
pub async fn page(web: Web, me: Staffer, uri: Uri) -> Result<Page<RulesNew>, Problem> {
    me.must(Act::ProposeRules)?;
    let Query { from } = body::query(&uri)?;
    let now = in_force(&web, &me).await?;
    let State(face) = web;
    let text = match from {
        None => now.text,
        Some(id) => {
            let bank = me.tenant.id.clone();
            let found = face.app.store.read(move |tx| stored::find(tx, &bank, &id)).await?;
            found.ok_or_else(|| me.fault(StaffFault::Unknown("set of rules")))?.text
        }
    };
    Ok(drawn(&me, &Written { text, why: String::new() }, Said::default()))
}

/// `POST /console/{bank}/fraud/rules/try`
pub async fn attempt(web: Web, me: Staffer, request: Request) -> Result<Page<RulesNew>, Problem> {
    me.must(Act::ProposeRules)?;
    let (written, read) = written(&web, &me, request).await?;
    let said = match read {
        Err(wrong) => told(wrong),
        Ok((rules, now)) => {
            let State(face) = &web;
            match trial::at_console(&face.app, &me.tenant, rules, &now.digest, WAITED_FOR).await {
                Ok(tried) => Said { tried: Some(tried), ..Said::default() },
                Err(fault) => {
                    let note = match fault {
                        TrialFault::NotYet => {
                            "There is no mistake, and all examples pass. The trial on the past is not over yet: press “Try it” again soon."
                        }
                        TrialFault::OneAtATime => {
                            "There is no mistake, and all examples pass. Another trial runs just now; press “Try it” again soon."
                        }
                        TrialFault::Store(_) | TrialFault::Stopping => {
                            "There is no mistake, and all examples pass. The trial on the past broke off; press “Try it” again."
                        }
                    };
                    Said { note: Some(note.to_owned()), ..Said::default() }
                }
            }
        }
    };
    Ok(drawn(&me, &written, said))
}

/// `POST /console/{bank}/fraud/rules`
pub async fn propose(web: Web, me: Staffer, request: Request) -> Result<Response, Problem> {
    me.must(Act::ProposeRules)?;
    let (written, read) = written(&web, &me, request).await?;
    let refused = |said: Said| (StatusCode::UNPROCESSABLE_ENTITY, drawn(&me, &written, said)).into_response();
    let (rules, now) = match read {
        Ok(read) => read,
        Err(wrong) => return Ok(refused(told(wrong))),
    };
    if live_rules::digest(&rules) == now.digest && written.text == now.text {
        let same = "These are the rules that are in force. Change something, or leave them as they are.";
        return Ok(refused(Said { refused: Some(same.to_owned()), ..Said::default() }));
    }
    let why = written.why.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Err(fault) = staff::text("why", &why, staff::MAX_WORDS) {
        let words = format!("Say why: {fault}.");
        return Ok(refused(Said { refused: Some(words), ..Said::default() }));
    }
    let State(face) = &web;
    let tried = trial::at_console(&face.app, &me.tenant, rules.clone(), &now.digest, WAITED_FOR).await;
    let wish = Wish {
        text: written.text.clone(),
        digest: live_rules::digest(&rules),
        instead_of: now.digest.clone(),
        why,
        report: tried.as_ref().ok().map(|tried| as_json(tried)),
    };
    let id = match use_case::propose(&face.app, &me.who, wish).await {
        Ok(id) => id,
        Err(fault @ StaffFault::TooManyOpen) => {
            return Ok(refused(Said { refused: Some(format!("{fault}.")), ..Said::default() }));
        }
        Err(fault) => return Err(me.fault(fault)),
    };
    if tried.is_err() {
        let (app, tenant, id) = (face.app.clone(), me.tenant.clone(), id.clone());
        tokio::spawn(async move { try_later(&app, &tenant, rules, &now.digest, &id).await });
    }
    Ok(Redirect::to(&me.at(&format!("/fraud/rules/{id}"))).into_response())
}

fn as_json(tried: &Tried) -> String {
    serde_json::to_string(tried).expect("a report is plain data")
}

/// Waits for the trial of rules that were proposed before it was over, and keeps what it says.
async fn try_later(app: &Arc<App>, tenant: &Tenant, rules: RuleSet, in_force: &str, id: &RuleSetId) {
    for _ in 0..TRIES.0 {
        match trial::at_console(app, tenant, rules.clone(), in_force, TRIES.1).await {
            Ok(tried) => {
                let (bank, of, report): (BankId, _, _) = (tenant.id.clone(), id.clone(), as_json(&tried));
                let keep = move |tx: &mut store::Tx| stored::keep_report(tx, &bank, &of, &report);
                let kept: Result<bool, DbError> = app.store.transact(keep).await;
                if let Err(fault) = kept {
                    tracing::warn!(set = %id, %fault, "what a trial said was not kept");
                }
                return;
            }
            Err(TrialFault::OneAtATime) => tokio::time::sleep(TRIES.1).await,
            Err(TrialFault::NotYet) => {}
            Err(TrialFault::Store(_) | TrialFault::Stopping) => return,
        }
    }
}

type Read = Result<(RuleSet, InForce), Wrong>;

/// What somebody wrote, and the rules that it is, beside those in force.
async fn written(web: &Web, me: &Staffer, request: Request) -> Result<(Written, Read), Problem> {
    let (mut written, _) = body::read::<Written>(request, MAX_FORM).await?;
    written.text = use_case::plain(&written.text);
    let now = in_force(web, me).await?;
    let fraud = me.tenant.fraud.as_ref().ok_or_else(|| not_here(me))?;
    let State(face) = web;
    let read = use_case::read(&me.tenant, fraud, &written.text, face.app.clock.now());
    Ok((written, read.map(|rules| (rules, now))))
}

fn told(wrong: Wrong) -> Said {
    match wrong {
        Wrong::TooLong { bytes } => {
            let words = format!("The rules have {bytes} bytes; {} are taken here.", longest());
            Said { refused: Some(words), ..Said::default() }
        }
        Wrong::Faults(faults) => Said { faults, ..Said::default() },
    }
}

fn drawn(me: &Staffer, written: &Written, said: Said) -> Page<RulesNew> {
    Page(RulesNew {
        frame: me.frame("Change the rules", "/fraud"),
        desk: me.desk("/fraud/rules"),
        action: me.at("/fraud/rules"),
        text: written.text.clone(),
        why: written.why.clone(),
        refused: said.refused,
        faults: said.faults.iter().map(line).collect(),
        note: said.note,
        tried: said.tried.map(|tried| tried::view(&me.tenant, &tried)),
        longest: longest(),
        hours: PROPOSAL_LASTS.as_hours(),
    })
}

/// A mistake with its place, in a line that fits a page.
fn line(fault: &Fault) -> FaultLine {
    let spot = &fault.spot;
    let (before, rest) = cut(&spot.source, spot.column - 1);
    let (place, after) = cut(rest, spot.width);
    let last: String = before.chars().rev().take(SHOWN).collect::<Vec<_>>().into_iter().rev().collect();
    FaultLine {
        line: spot.line,
        column: spot.column,
        what: fault.kind.to_string(),
        source: (last, place.chars().take(SHOWN).collect(), after.chars().take(SHOWN).collect()),
        remedy: fault.kind.remedy(),
    }
}

/// A text in two, after so many characters.
fn cut(text: &str, characters: usize) -> (&str, &str) {
    let at = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}
