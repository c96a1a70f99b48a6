//! Inviting people, giving them a new link, and taking their access.
//!
//! Whoever takes part in decisions that need two people is invited, and gets new links, at the command line
//! only. Otherwise one officer could invite a second self and be both.

use super::{By, INVITATION_LASTS, Line, MAX_NAME, StaffFault, allowed, hash, secret, text};
use crate::rim;
use domain::{
    BankId, StaffId,
    staff::{Act, DeedKind, Role, StaffState},
};
use jiff::Timestamp;
use store::{
    Store, Tx,
    staff::{self, Person, invitations, vouches},
};
use url::Url;

/// A person with a link to make a passkey. Whoever has the link can use it, once.
#[derive(Clone)]
pub struct Invited {
    /// The person.
    pub person: Person,
    /// The link.
    pub link: Url,
    /// Until when it works.
    pub until: Timestamp,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invited({}, link hidden)", self.person.id)
    }
}

/// The link that a token makes.
fn link(public_url: &Url, bank: &BankId, token: &str) -> Url {
    let path = format!("console/{bank}/register/{token}");
    public_url.join(&path).expect("a plain path joins any address")
}

/// Invites somebody.
pub async fn invite(
    store: &Store,
    public_url: &Url,
    bank: &BankId,
    name: &str,
    role: Role,
    by: By,
    now: Timestamp,
) -> Result<Invited, StaffFault> {
    let person = Person {
        bank: bank.clone(),
        id: StaffId::new(rim::uuid(now)),
        name: text("name", name, MAX_NAME)?,
        role,
        state: StaffState::Invited,
        made_at: now,
    };
    let (token, line) = (secret(), Line::new(now));
    let (new, hashed) = (person.clone(), hash(&token));
    store
        .transact(move |tx| -> Result<(), StaffFault> {
            let who = inviter(tx, &new.bank, &by, role)?;
            staff::insert(tx, &new)?;
            invitations::replace(tx, &hashed, &new.bank, &new.id, now + INVITATION_LASTS)?;
            vouch(tx, who.as_ref(), &new.id)?;
            let detail = format!("{}, {}", new.name, role.in_words());
            Ok(line.write(tx, &new.bank, who.as_ref(), DeedKind::Invited, detail, None)?)
        })
        .await?;
    Ok(Invited { person, link: link(public_url, bank, &token), until: now + INVITATION_LASTS })
}

/// Gives somebody a new link: the first was lost or too old, or they have a new device. Older links end.
pub async fn renew(
    store: &Store,
    public_url: &Url,
    bank: &BankId,
    id: &StaffId,
    by: By,
    now: Timestamp,
) -> Result<Invited, StaffFault> {
    let (token, line) = (secret(), Line::new(now));
    let (at, of, hashed) = (bank.clone(), id.clone(), hash(&token));
    let person = store
        .transact(move |tx| -> Result<Person, StaffFault> {
            let person = staff::find_for_deed(tx, &at, &of)?.ok_or(StaffFault::Unknown("person"))?;
            let who = inviter(tx, &at, &by, person.role)?;
            if person.state == StaffState::Removed {
                return Err(StaffFault::Unknown("person"));
            }
            invitations::replace(tx, &hashed, &at, &of, now + INVITATION_LASTS)?;
            vouch(tx, who.as_ref(), &of)?;
            let detail = format!("{}, a new link", person.name);
            line.write(tx, &at, who.as_ref(), DeedKind::Invited, detail, None)?;
            Ok(person)
        })
        .await?;
    Ok(Invited { person, link: link(public_url, bank, &token), until: now + INVITATION_LASTS })
}

fn inviter(tx: &mut Tx, bank: &BankId, by: &By, role: Role) -> Result<Option<Person>, StaffFault> {
    match by {
        By::Operator => Ok(None),
        By::Person(id) => {
            let person = allowed(tx, bank, id, Act::Invite)?;
            if role.takes_part() { Err(StaffFault::ByOperator { role }) } else { Ok(Some(person)) }
        }
    }
}

/// Notes that an officer could use the link as well. Whoever runs the gateway vouches for people as they are.
fn vouch(tx: &mut Tx, by: Option<&Person>, of: &StaffId) -> Result<(), StaffFault> {
    match by {
        Some(by) => Ok(vouches::note(tx, &by.bank, of, &by.id)?),
        None => Ok(()),
    }
}

/// Takes somebody's access: passkeys, sign-ins and links end at once. An officer alone cannot take another
/// officer's; the operator can.
pub async fn remove(
    store: &Store,
    bank: &BankId,
    id: &StaffId,
    by: By,
    now: Timestamp,
) -> Result<Person, StaffFault> {
    let line = Line::new(now);
    let (at, of) = (bank.clone(), id.clone());
    store
        .transact(move |tx| -> Result<Person, StaffFault> {
            let who = match &by {
                By::Operator => None,
                By::Person(id) => Some(allowed(tx, &at, id, Act::Invite)?),
            };
            let person = staff::find(tx, &at, &of)?.ok_or(StaffFault::Unknown("person"))?;
            if who.is_some() && person.role == Role::Officer {
                return Err(StaffFault::TakesTwo);
            }
            if !staff::remove(tx, &at, &of, now)? {
                return Err(StaffFault::SoAlready);
            }
            line.write(tx, &at, who.as_ref(), DeedKind::Removed, person.name.clone(), None)?;
            Ok(person)
        })
        .await
}
