//! The people of the demo's banks: two officers and an auditor at each, so that anybody can try in two
//! browsers what needs two people; and a fraud analyst at the first.

use super::{DemoFault, PLANS};
use crate::{
    app::App,
    staff::{By, StaffFault, invitation},
};
use domain::{
    BankId,
    staff::{Role, StaffState},
};
use std::path::{Path, PathBuf};
use store::staff as stored;

/// Who works on fraud alerts, at the bank that tells of card payments.
const ANALYST: (&str, &str, Role) = ("harbour", "Noor Haddad", Role::FraudAnalyst);

/// Who works at each bank of the demo.
const PEOPLE: [(&str, Role); 3] =
    [("Dana Reyes", Role::Officer), ("Tom Okafor", Role::Officer), ("Iris Lindqvist", Role::Auditor)];

/// Somebody of a demo bank, and how they get in.
#[derive(Clone)]
pub struct DemoPerson {
    /// The bank.
    pub bank: BankId,
    /// Their name.
    pub name: String,
    /// What they are there for.
    pub role: Role,
    /// A link to make a passkey, while they have none.
    pub link: Option<String>,
}

impl std::fmt::Debug for DemoPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DemoPerson({}, {}, link hidden)", self.bank, self.name)
    }
}

/// Invites who is not there yet, and gives a new link to whoever has no passkey. The links of this start lie
/// in `staff-links.txt` of the demo's folder too.
pub async fn prepare(app: &App, data: &Path) -> Result<Vec<DemoPerson>, DemoFault> {
    let mut people = vec![];
    for plan in &PLANS {
        let bank: BankId = plan.id.parse().expect("a demo bank's id is a bank id");
        people.extend(of_bank(app, &bank).await.map_err(|fault| DemoFault::Staff(Box::new(fault)))?);
    }
    let path: PathBuf = data.join("staff-links.txt");
    let lines = people.iter().filter_map(|person| {
        let link = person.link.as_ref()?;
        Some(format!("{}, {}, {}\n{link}\n", person.bank, person.name, person.role.in_words()))
    });
    let text: String = lines.collect();
    std::fs::write(&path, text).map_err(|source| DemoFault::File { path, source })?;
    Ok(people)
}

async fn of_bank(app: &App, bank: &BankId) -> Result<Vec<DemoPerson>, StaffFault> {
    let of = bank.clone();
    let known = app.store.read(move |tx| stored::of_bank(tx, &of)).await?;
    let (store, url, now) = (&app.store, &app.settings.public_url, app.clock.now());
    let mut people = vec![];
    let analyst = (bank.as_str() == ANALYST.0).then_some((ANALYST.1, ANALYST.2));
    for (name, role) in PEOPLE.into_iter().chain(analyst) {
        let found = known.iter().find(|person| person.name == name);
        let invited = match found.map(|person| (&person.id, person.state)) {
            None => Some(invitation::invite(store, url, bank, name, role, By::Operator, now).await?),
            Some((id, StaffState::Invited)) => {
                Some(invitation::renew(store, url, bank, id, By::Operator, now).await?)
            }
            Some((_, StaffState::Active | StaffState::Removed)) => None,
        };
        let link = invited.map(|invited| invited.link.to_string());
        people.push(DemoPerson { bank: bank.clone(), name: name.to_owned(), role, link });
    }
    Ok(people)
}
