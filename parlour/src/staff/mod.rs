//! Staff of a bank: invitation, passkeys, sign-ins, and changes that need two people.
//!
//! There are no passwords. A person is invited with a one-time link, makes a passkey with it, and signs in
//! with passkeys from then on. What each person may do follows from their role, which is read again in the
//! transaction that does it.

pub mod ceremony;
pub mod invitation;
pub mod lifts;
pub mod proposals;
pub mod rules;
pub mod sign_ins;

use crate::rim;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{
    BankId, StaffId,
    ids::DeedId,
    staff::{Act, DeedKind, FraudVerdict, ProposalState, Role, StaffState},
};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{
    DbError, Tx,
    staff::{self, Person, deeds::Deed},
};

/// How long an invitation works: time to pass it on and to take the phone out.
pub const INVITATION_LASTS: SignedDuration = SignedDuration::from_mins(15);
/// How long a ceremony with a passkey may take.
pub const CEREMONY_LASTS: SignedDuration = SignedDuration::from_mins(5);
/// How long a sign-in lasts at most: a working day.
pub const SIGN_IN_LASTS: SignedDuration = SignedDuration::from_hours(8);
/// After how long without use a sign-in is over.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// How often a use is written down: often enough for [`IDLE`], seldom enough to cost nothing.
pub const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long after signing in a person may add a passkey, so that a forgotten window cannot.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// How long a proposal waits for a second person.
pub const PROPOSAL_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// The longest name of a person or a passkey, in characters.
pub const MAX_NAME: usize = 60;
/// The longest text of a proposal, in characters: it is read as a sentence or two.
pub const MAX_WORDS: usize = 300;

/// Why something that staff asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum StaffFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The gateway's address has no host name, which passkeys need.
    #[error("passkeys need a gateway with a host name; its public_url has none")]
    NoHostName,
    /// A link for a passkey that is not known, was used, was replaced, or is too old.
    #[error("this link does not work: it was used, replaced by a newer one, or is older than 15 minutes")]
    Link,
    /// A ceremony that is not known, was ended before, or is too old.
    #[error("this attempt is over; begin again")]
    Ceremony,
    /// What the browser sent does not prove the passkey.
    #[error("the passkey was not proved: {0}")]
    Unproved(String),
    /// A passkey that nobody at this bank has.
    #[error("nobody at this bank has this passkey")]
    UnknownPasskey,
    /// A passkey that is registered already.
    #[error("this passkey is registered already")]
    Registered,
    /// The last passkey stays.
    #[error("a person's last passkey stays; add another one first")]
    LastPasskey,
    /// The sign-in is too old for this.
    #[error("sign in again first: a passkey is added within 15 minutes of signing in")]
    NotFresh,
    /// The role does not allow it.
    #[error("the role {} does not allow this", .role.in_words())]
    Role {
        /// The role that the person has.
        role: Role,
    },
    /// Not the person's, or there is none.
    #[error("there is no such {0} here")]
    Unknown(&'static str),
    /// Whoever takes part in decisions is invited at the command line.
    #[error("a {} is invited by the operator, at the command line", .role.in_words())]
    ByOperator {
        /// The role that was asked for.
        role: Role,
    },
    /// An officer is removed by two people.
    #[error("an officer is removed by two people: propose it")]
    TakesTwo,
    /// One's own proposal, or one about oneself.
    #[error("another officer decides this")]
    Own,
    /// A proposal that is open no more.
    #[error("this proposal is {state}, so nothing was changed")]
    Decided {
        /// Where it stands.
        state: ProposalState,
    },
    /// One's own rules.
    #[error("you proposed these rules, so another fraud analyst or an officer decides")]
    OwnRules,
    /// Two people who may be one.
    #[error(
        "one of you was invited by the other, or both by the same officer, so somebody else decides: an officer who invited neither of you, or an analyst whom the operator invited"
    )]
    SameOfficer,
    /// Something else is in force than was looked at.
    #[error(
        "the rules in force have changed since you looked, so nothing was changed: look at the difference again"
    )]
    Changed,
    /// Too many proposals of rules are open.
    #[error(
        "{} proposals of rules are open, which is the most: take one back or decide one first",
        store::fraud_rules::MAX_OPEN
    )]
    TooManyOpen,
    /// A time for which a budget is not lifted.
    #[error("{hours} hours: the budget is lifted for 1 to {} hours", fraud::budget::MAX_LIFT_HOURS)]
    Hours {
        /// So many hours were asked for.
        hours: u32,
    },
    /// One about the same subject is open.
    #[error("a proposal about this is open already")]
    OpenAlready,
    /// It is so already.
    #[error("it is so already, so nothing was changed")]
    SoAlready,
    /// An alert that somebody has decided.
    #[error("this alert is decided: {verdict}, by {by}, with this note: “{note}”. Nothing was changed")]
    AlertDecided {
        /// What was decided.
        verdict: FraudVerdict,
        /// Who decided.
        by: String,
        /// Why.
        note: String,
    },
    /// A change of a decision with the note of an earlier one.
    #[error("a change needs a note of its own")]
    SameNote,
    /// A text that is not taken.
    #[error("{field}: 1 to {most} visible characters are taken")]
    Text {
        /// Which.
        field: &'static str,
        /// How many characters.
        most: usize,
    },
}

/// A secret for a browser or a link, 256 bits.
pub(crate) fn secret() -> String {
    B64.encode(rim::random::<32>())
}

/// What the store keeps of a secret.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A text that a person wrote, without the spaces around it.
pub(crate) fn text(field: &'static str, written: &str, most: usize) -> Result<String, StaffFault> {
    let text = written.trim();
    let length = text.chars().count();
    if length == 0 || length > most || text.chars().any(char::is_control) {
        return Err(StaffFault::Text { field, most });
    }
    Ok(text.to_owned())
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Somebody who is signed in.
    Person(StaffId),
    /// Whoever runs the gateway, at the command line.
    Operator,
}

/// What the history calls the operator.
pub const OPERATOR: &str = "the operator, at the command line";

/// The person, if they may do this now. Locked until the transaction ends.
pub(crate) fn allowed(tx: &mut Tx, bank: &BankId, who: &StaffId, act: Act) -> Result<Person, StaffFault> {
    let person = staff::find_for_deed(tx, bank, who)?.ok_or(StaffFault::Unknown("person"))?;
    if person.state != StaffState::Active {
        return Err(StaffFault::Unknown("person"));
    }
    if !person.role.may(act) {
        return Err(StaffFault::Role { role: person.role });
    }
    Ok(person)
}

/// A line of the history. The id is made before the transaction, so that it can be repeated.
pub(crate) struct Line {
    id: DeedId,
    now: Timestamp,
}

impl Line {
    pub(crate) fn new(now: Timestamp) -> Line {
        Line { id: DeedId::new(rim::uuid(now)), now }
    }

    /// Writes it down.
    pub(crate) fn write(
        &self,
        tx: &mut Tx,
        bank: &BankId,
        who: Option<&Person>,
        deed: DeedKind,
        detail: String,
        proposed_by: Option<String>,
    ) -> Result<(), DbError> {
        let line = Deed {
            id: self.id.clone(),
            at: self.now,
            staff: who.map(|person| person.id.clone()),
            name: who.map_or(OPERATOR, |person| &person.name).to_owned(),
            deed,
            detail,
            proposed_by,
        };
        staff::deeds::insert(tx, bank, &line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_at_its_longest_and_refused_over_it() {
        assert_eq!(text("name", "  Dana ", 4).unwrap(), "Dana");
        for wrong in ["", "   ", "Danae", "Da\na"] {
            assert!(matches!(text("name", wrong, 4), Err(StaffFault::Text { .. })), "{wrong:?}");
        }
    }
}
