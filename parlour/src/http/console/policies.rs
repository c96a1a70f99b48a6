//! What the bank's rules are, as its files say them and as they are in force.

use super::caller::Staffer;
use crate::http::{
    Web,
    problem::{Kind, Problem},
    view::{
        Page,
        console::{Cell, Look, Policies, Table},
    },
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
        tables: vec![offers(&rules, &gate), tiers(&rules, &gate)],
        panels: vec![],
        files: rules.policies.iter().map(file).collect(),
    }))
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
