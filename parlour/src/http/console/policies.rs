//! What the bank's rules are, as its files say them and as they are in force.

use super::{caller::Staffer, list::minute};
use crate::{
    http::{
        Web,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Look, Panel, Policies, Table},
        },
    },
    policy::{PolicyState, proof::NotProved},
};
use axum::extract::State;
use domain::{Channel, DataClass, Tier, staff::Act};
use gate::{BankRules, Gate, Offer};
use sha2::{Digest, Sha256};

/// `GET /console/{bank}/policies`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<Policies>, Problem> {
    me.must(Act::Look)?;
    let gate = face.app.in_force.gate();
    let rules = face.app.in_force.written(&me.tenant.id).ok_or(Kind::UnknownBank)?;
    let digest = gate.digest(&me.tenant.id);
    Ok(Page(Policies {
        frame: me.frame(format!("{}: policies", me.tenant.name), "/policies"),
        digest: hexadecimal(digest.iter().flatten()),
        tables: vec![offers(&rules, &gate), tiers(&rules, &gate), nos(&rules)],
        panels: face.app.policy_state(&me.tenant.id).map(|state| panels(&me, &state)).unwrap_or_default(),
        files: rules.policies.iter().map(file).collect(),
    }))
}

/// How the rules came through their tests and proof, and what is wrong with newer ones.
fn panels(me: &Staffer, state: &PolicyState) -> Vec<Panel> {
    let (since, proved) = (minute(&me.tenant, state.since), proof(me, state));
    let mut held = Panel {
        title: "In force",
        rows: vec![("since".to_owned(), Cell::plain(since)), ("proof".to_owned(), proved)],
        note: state.proved.as_ref().err().map(NotProved::for_staff),
        more: None,
    };
    let tests = u64::try_from(state.tests).unwrap_or(u64::MAX);
    held.rows.push(("policy tests passed".to_owned(), Cell::number(tests)));
    let mut newer = Panel { title: "Newer files", rows: vec![], note: None, more: None };
    newer.note = Some(match &state.trouble {
        Some((at, fault)) => {
            newer.rows.push(("not taken".to_owned(), Cell::of(minute(&me.tenant, *at), Look::Bad)));
            fault.clone()
        }
        None => "What the files say is in force.".to_owned(),
    });
    if !state.after_restart.is_empty() {
        let keys = state.after_restart.join(", ");
        newer.rows.push(("wait for a restart".to_owned(), Cell::of(keys, Look::Care)));
    }
    vec![held, newer]
}

/// When the rules were proved, if they were.
pub(super) fn proof(me: &Staffer, state: &PolicyState) -> Cell {
    match &state.proved {
        Ok(at) => Cell::of(format!("proved {}", minute(&me.tenant, *at)), Look::Good),
        Err(NotProved::Missing { .. }) => Cell::of("none made", Look::Care),
        Err(_) => Cell::of("does not count", Look::Bad),
    }
}

/// What else the bank's file says No to.
fn nos(rules: &BankRules) -> Table {
    let columns = ["No", "Words to customers"];
    let empty = "The bank's file has no further Nos.";
    let mut table = Table::new("Further Nos, by circumstance", &columns, empty);
    let row = |(i, no): (usize, &gate::No)| {
        vec![Cell::of(format!("no-{}", i + 1), Look::Code), Cell::plain(no.reason.clone())]
    };
    table.rows = rules.nos.iter().enumerate().map(row).collect();
    table
}

fn hexadecimal<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Name, SHA-256 and text. Of the path only the file's name is shown.
fn file(file: &gate::PolicyFile) -> (String, String, String) {
    let name = file.name.rsplit('/').next().unwrap_or(&file.name).to_owned();
    (name, hexadecimal(Sha256::digest(file.text.as_bytes()).iter()), file.text.clone())
}

fn offers(rules: &BankRules, gate: &Gate) -> Table {
    let columns = ["Data", "In force", "By the bank's files", "Words to customers"];
    let mut table = Table::new("What the bank offers", &columns, "The bank offers nothing.");
    for class in DataClass::ALL {
        let answer = |offer: &Offer| match offer {
            Offer::Yes => Cell::of("yes", Look::Good),
            Offer::No { .. } => Cell::of("no", Look::Bad),
        };
        let now = gate.offers(&rules.bank, *class);
        let words = match now {
            Offer::Yes => Cell::none(),
            Offer::No { reason } => Cell::plain(reason.clone()),
        };
        let written = rules.offered.get(class).map_or_else(|| Cell::of("no", Look::Bad), answer);
        table.rows.push(vec![Cell::of(class.as_str(), Look::Code), answer(now), written, words]);
    }
    table
}

fn tiers(rules: &BankRules, gate: &Gate) -> Table {
    let mut columns = vec!["Channel"];
    columns.extend(DataClass::ALL.iter().map(|class| class.as_str()));
    columns.push("Words to customers");
    let caption = "How much may be shown on each channel at most";
    let mut table = Table::new(caption, &columns, "There is no channel.");
    for channel in Channel::ALL {
        let mut row = vec![Cell::of(channel.as_str(), Look::Code)];
        let refused = rules.refused_channels.get(channel);
        for class in DataClass::ALL {
            let tier = gate.max_tier(&rules.bank, *channel, *class);
            row.push(match (refused, tier) {
                (Some(_), _) => Cell::of("refused", Look::Bad),
                (None, Tier::Never) => Cell::of("never", Look::Bad),
                (None, Tier::Sealed) => Cell::of("sealed link", Look::Care),
                (None, Tier::InChat) => Cell::of("in the chat", Look::Good),
            });
        }
        row.push(refused.map_or_else(Cell::none, |words| Cell::plain(words.clone())));
        table.rows.push(row);
    }
    table
}
