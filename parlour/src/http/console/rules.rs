//! The rules against fraud that are in force, what is proposed, and what was.

use super::{caller::Staffer, list::minute};
use crate::{
    alerts::live_rules::{self, COUNTED_DAYS, View},
    http::{
        Web,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Look, Table, grouped},
            rules::Rules,
        },
    },
    staff::rules::{self as use_case, InForce, Wrong},
};
use axum::extract::State;
use domain::staff::{Act, ProposalState};
use fraud::rules::{Rule, RuleSet, Share};
use jiff::civil::Date;
use store::{
    DbError,
    fraud_rules::{self as stored, RuleHits, Summary},
};

/// How many days before its last one a rule is warned about: time to look at it and to find a second person.
const WARNED_DAYS: i32 = 14;
/// Proposals of the past that are listed.
const LISTED: u32 = 50;

/// What is in force here, or that this bank has no rules at all.
pub(super) async fn in_force(face: &Web, me: &Staffer) -> Result<InForce, Problem> {
    let State(face) = face;
    use_case::in_force(&face.app, &me.tenant).await?.ok_or_else(|| not_here(me))
}

/// The bank tells of no card payments.
pub(super) fn not_here(me: &Staffer) -> Problem {
    let said = format!("{} tells of no card payments, so it has no rules against fraud.", me.tenant.name);
    Kind::NotFound.because(said).back_to(me.at("/fraud"), "Fraud queue")
}

/// `GET /console/{bank}/fraud/rules`
pub async fn page(web: Web, me: Staffer) -> Result<Page<Rules>, Problem> {
    me.must(Act::Fraud)?;
    let now_in_force = in_force(&web, &me).await?;
    let State(face) = web;
    let fraud = me.tenant.fraud.clone().ok_or_else(|| not_here(&me))?;
    let now = face.app.clock.now();
    let view = live_rules::view(&face.app, &me.tenant.id).await;
    let (bank, from) = (me.tenant.id.clone(), live_rules::day(&me.tenant.zone, now) - COUNTED_DAYS + 1);
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        let (open, over) = (stored::open(tx, &bank, now)?, stored::over(tx, &bank, now, LISTED)?);
        Ok((open, over, stored::counted(tx, &bank, from)?))
    });
    let (open, over, hits) = read.await?;
    let rules = use_case::read_any(&me.tenant, &fraud, &now_in_force.text, now);
    let today = now.to_zoned(me.tenant.zone.clone()).date();
    let mut warnings = warnings(&now_in_force, view.as_deref(), &rules);
    if let Ok(rules) = &rules {
        warnings.extend(rules.rules().iter().filter_map(|rule| soon_over(rule, today)));
    }
    let may = me.who.person.role.may(Act::ProposeRules);
    Ok(Page(Rules {
        frame: me.frame(format!("{}: rules against fraud", me.tenant.name), "/fraud"),
        desk: me.desk("/fraud/rules"),
        facts: facts(&me, &now_in_force, rules.as_ref().ok()),
        warnings,
        rules: table(rules.as_ref().ok(), &hits, today),
        text: Some(now_in_force.text).filter(|text| !text.trim().is_empty()),
        change: may.then(|| me.at("/fraud/rules/new")),
        open: open_table(&me, &open),
        over: over_table(&me, &over),
    }))
}

fn facts(me: &Staffer, now: &InForce, rules: Option<&RuleSet>) -> Vec<(&'static str, String)> {
    let count = match rules.map(|rules| rules.rules().len()) {
        None => "not known, since they cannot be read".to_owned(),
        Some(0) => "no rule".to_owned(),
        Some(1) => "one rule".to_owned(),
        Some(count) => format!("{count} rules"),
    };
    let mut facts = vec![("In force", count)];
    match &now.set {
        Some(set) => {
            let at = set.decided_at.map(|at| minute(&me.tenant, at)).unwrap_or_default();
            facts.push(("From", "this console".to_owned()));
            facts.push(("Proposed by", format!("{}, {}", set.proposer, minute(&me.tenant, set.proposed_at))));
            facts.push(("Approved by", format!("{}, {at}", set.decider.as_deref().unwrap_or("somebody"))));
            facts.push(("Why", set.why.clone()));
        }
        None => facts.push((
            "From",
            match &now.file {
                Some(file) => format!("the file {file}; nothing was approved here yet"),
                None => "nowhere: the bank’s file names none, and nothing was approved here yet".to_owned(),
            },
        )),
    }
    facts.push(("SHA-256", now.digest.clone()));
    facts
}

/// What is wrong with the rules in force.
fn warnings(now: &InForce, view: Option<&View>, rules: &Result<RuleSet, Wrong>) -> Vec<String> {
    let mut warnings = vec![];
    let newest = now.set.as_ref().map(|set| &set.id);
    match (rules, view) {
        (Err(_), _) if newest.is_none() => {
            warnings.push("The file of rules cannot be read, so no rule is in force.".to_owned());
        }
        (Err(_), _) => warnings.push(
            "The rules that were approved last cannot be read by this version of the gateway. Those from before are in force."
                .to_owned(),
        ),
        (Ok(_), Some(view)) if view.used.as_ref() != newest => {
            warnings.push("The engine does not use these rules yet.".to_owned());
        }
        (Ok(_), None) => {
            warnings.push("The engine cannot say now which rules it uses. Look again soon.".to_owned());
        }
        (Ok(_), Some(_)) => {}
    }
    warnings
}

/// What is to be said about the end of a rule.
fn soon_over(rule: &Rule, today: Date) -> Option<String> {
    let left = today.until(rule.expires).map_or(i32::MAX, |span| span.get_days());
    match left {
        ..0 => Some(format!("The rule {} ran out on {} and does nothing any more.", rule.id, rule.expires)),
        0 => Some(format!("The rule {} runs out at the end of this day.", rule.id)),
        1..=WARNED_DAYS => Some(format!(
            "The rule {} runs out on {}, in {left} {}.",
            rule.id,
            rule.expires,
            if left == 1 { "day" } else { "days" }
        )),
        _ => None,
    }
}

fn table(rules: Option<&RuleSet>, hits: &[RuleHits], today: Date) -> Table {
    let columns = ["Rule", "Action", "Acts on", "Last day", "Why", "Hits in 7 days#", "Acted in 7 days#"];
    let mut table = Table::new("Rules in force", &columns, "No rule is in force: the model decides alone.");
    for rule in rules.into_iter().flat_map(RuleSet::rules) {
        let of = hits.iter().find(|hits| hits.rule == rule.id);
        let look = match soon_over(rule, today) {
            Some(_) if rule.expires < today => Look::Bad,
            Some(_) => Look::Care,
            None => Look::Plain,
        };
        table.rows.push(vec![
            Cell::of(rule.id.clone(), Look::Code),
            Cell::plain(rule.action.to_string()),
            share(rule.share),
            Cell::of(rule.expires.to_string(), look),
            Cell::plain(format!("{} ({})", rule.why, rule.owner)),
            Cell::number(of.map_or(0, |of| of.matched)),
            Cell::number(of.map_or(0, |of| of.acted)),
        ]);
    }
    table
}

/// "10 of 100 cards".
fn share(share: Share) -> Cell {
    match share.hundredths() {
        _ if share == Share::ALL => Cell::plain("all cards"),
        0 => Cell::of("no card: counts only", Look::Care),
        hundredths => Cell::of(format!("{} of 100 cards", f64::from(hundredths) / 100.0), Look::Care),
    }
}

fn open_table(me: &Staffer, open: &[Summary]) -> Table {
    let columns = ["Proposed", "By", "Why", "Can be decided until"];
    let mut table = Table::new("Waiting for a second person", &columns, "Nothing waits for a second person.");
    for set in open {
        table.rows.push(vec![
            Cell::plain(minute(&me.tenant, set.proposed_at)).to(me.at(&format!("/fraud/rules/{}", set.id))),
            Cell::plain(set.proposer.clone()),
            Cell::plain(set.why.clone()),
            Cell::plain(minute(&me.tenant, set.expires_at)),
        ]);
    }
    table
}

fn over_table(me: &Staffer, over: &[Summary]) -> Table {
    let columns = ["Proposed", "By", "Why", "What became of it", "Decided by", "Decided"];
    let mut table = Table::new("Before", &columns, "Nothing was proposed before.");
    for set in over {
        let at = set.decided_at.map(|at| minute(&me.tenant, at)).unwrap_or_default();
        table.rows.push(vec![
            Cell::plain(minute(&me.tenant, set.proposed_at)).to(me.at(&format!("/fraud/rules/{}", set.id))),
            Cell::plain(set.proposer.clone()),
            Cell::plain(set.why.clone()),
            state(set.state, false),
            Cell::plain(set.decider.clone().unwrap_or_default()),
            Cell::plain(at),
        ]);
    }
    table
}

/// Where a proposal stands.
pub(super) fn state(state: ProposalState, is_open: bool) -> Cell {
    match state {
        ProposalState::Open if is_open => Cell::of("waits for a second person", Look::Care),
        ProposalState::Open | ProposalState::Expired => Cell::plain("nobody decided in time"),
        ProposalState::Approved => Cell::of("approved", Look::Good),
        ProposalState::Declined => Cell::of("declined", Look::Bad),
        ProposalState::TakenBack => Cell::plain("taken back"),
    }
}

/// "65,536 bytes".
pub(super) fn longest() -> String {
    format!("{} bytes", grouped(live_rules::MAX_TEXT_BYTES as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn rule(expires: &str) -> Rule {
        let text = format!(
            "rule a\n why \"w\"\n owner \"o\"\n expires {expires}\n action alert\n when amount > 5\n hit {{ amount = 6 }}\n \
             miss {{ amount = 5 }}\n"
        );
        let today = "2026-11-22".parse().unwrap();
        let set = live_rules::compile("a", &text, &live_rules::fields(Currency::USD), today).unwrap();
        set.rules()[0].clone()
    }

    #[test]
    fn a_rule_is_warned_about_from_fourteen_days_before_its_end() {
        let today: Date = "2026-11-22".parse().unwrap();
        let told = |expires: &str| soon_over(&rule(expires), today).unwrap_or_default();
        assert_eq!(told("2026-12-07"), "");
        assert!(told("2026-12-06").contains("in 14 days"));
        assert!(told("2026-11-23").contains("in 1 day."));
        assert!(told("2026-11-22").contains("end of this day"));
        assert!(told("2026-11-21").contains("does nothing any more"));
    }

    #[test]
    fn a_share_is_told_in_cards() {
        let told = |hundredths| share(Share::from_hundredths(hundredths).unwrap()).text;
        let all = [told(0), told(5), told(1_000), told(10_000)];
        assert_eq!(all, ["no card: counts only", "0.05 of 100 cards", "10 of 100 cards", "all cards"]);
    }
}
