//! The people of a bank who look after its gateway: what each role may do, and what two of them must agree on.

use crate::{Channel, DataClass, StaffId, purpose::NotKnown, purpose::closed};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// What somebody is there for. A person has one role at one bank.
    Role {
        /// Looks at the console.
        Viewer = "viewer",
        /// Looks, and proposes what the bank shall say No to.
        PolicyEditor = "policy_editor",
        /// Looks, proposes, and decides what others proposed.
        Officer = "officer",
        /// Reads the decisions of the gate, and nothing else.
        Auditor = "auditor",
        /// Works on fraud alerts and on the rules against fraud, and does nothing else.
        FraudAnalyst = "fraud_analyst",
    }
}

/// What can be done in the console and in the auditor's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Look at the console.
    Look,
    /// Propose a change that needs a second person.
    Propose,
    /// Approve or decline what somebody else proposed.
    Decide,
    /// Invite and remove those who can neither propose nor decide.
    Invite,
    /// Search the decisions of the gate.
    Audit,
    /// Look at fraud alerts, rules and budget, and decide about alerts.
    Fraud,
    /// Propose rules against fraud.
    ProposeRules,
    /// Approve or decline rules against fraud that somebody else proposed.
    DecideRules,
    /// Lift the budget of fraud alerts for some hours. One person suffices: an attack does not wait.
    LiftBudget,
}

impl Role {
    /// Whether a role may do something.
    pub fn may(self, act: Act) -> bool {
        match self {
            Role::Viewer => matches!(act, Act::Look),
            Role::PolicyEditor => matches!(act, Act::Look | Act::Propose),
            Role::Officer => true,
            Role::Auditor => matches!(act, Act::Audit),
            Role::FraudAnalyst => matches!(act, Act::Fraud | Act::ProposeRules | Act::DecideRules),
        }
    }

    /// Whether somebody in this role takes part in decisions that need two people. Such a role is given at
    /// the command line only: whoever could give it in the console could be both people. Fraud analysts, who decide
    /// about rules only, may be invited in the console; whoever made a link for one of two people counts as that one
    /// there (`store::staff::vouches`).
    pub fn takes_part(self) -> bool {
        self.may(Act::Propose) || self.may(Act::Decide)
    }

    /// What people read.
    pub fn in_words(self) -> &'static str {
        match self {
            Role::Viewer => "Viewer",
            Role::PolicyEditor => "Policy editor",
            Role::Officer => "Officer",
            Role::Auditor => "Auditor",
            Role::FraudAnalyst => "Fraud analyst",
        }
    }
}

closed! {
    /// Where a person's access stands.
    StaffState {
        /// Invited, without a passkey yet.
        Invited = "invited",
        /// Has a passkey.
        Active = "active",
        /// Has no access any more.
        Removed = "removed",
    }
}

closed! {
    /// Where a proposal stands.
    ProposalState {
        /// Waits for a second person.
        Open = "open",
        /// Approved and in effect.
        Approved = "approved",
        /// Declined by a second person.
        Declined = "declined",
        /// Taken back by the person who made it.
        TakenBack = "taken_back",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

closed! {
    /// What staff do that is written down.
    DeedKind {
        /// Somebody was invited, or got a new link.
        Invited = "invited",
        /// Somebody made their first passkey, or one on a new device with a link.
        Registered = "registered",
        /// Somebody signed in.
        SignedIn = "signed_in",
        /// Somebody ended sign-ins of theirs.
        SignedOut = "signed_out",
        /// Somebody added a passkey while signed in.
        PasskeyAdded = "passkey_added",
        /// Somebody removed a passkey of theirs.
        PasskeyRemoved = "passkey_removed",
        /// Somebody's access was taken.
        Removed = "removed",
        /// A change was proposed.
        Proposed = "proposed",
        /// A change was approved, and is in effect.
        Approved = "approved",
        /// A change was declined.
        Declined = "declined",
        /// A change was taken back by the person who proposed it.
        TakenBack = "taken_back",
        /// A fraud alert was decided.
        FraudDecided = "fraud_decided",
        /// The budget of fraud alerts was lifted for some hours.
        BudgetLifted = "budget_lifted",
        /// That was ended before its time.
        BudgetLiftEnded = "budget_lift_ended",
    }
}

impl DeedKind {
    /// What people read.
    pub fn in_words(self) -> &'static str {
        match self {
            DeedKind::Invited => "invited",
            DeedKind::Registered => "registered a passkey",
            DeedKind::SignedIn => "signed in",
            DeedKind::SignedOut => "signed out",
            DeedKind::PasskeyAdded => "added a passkey",
            DeedKind::PasskeyRemoved => "removed a passkey",
            DeedKind::Removed => "removed",
            DeedKind::Proposed => "proposed",
            DeedKind::Approved => "approved",
            DeedKind::Declined => "declined",
            DeedKind::TakenBack => "took back",
            DeedKind::FraudDecided => "decided a fraud alert",
            DeedKind::BudgetLifted => "lifted the budget of fraud alerts",
            DeedKind::BudgetLiftEnded => "ended a lift of that budget",
        }
    }
}

closed! {
    /// What a bank's people find about a payment that was suspected.
    FraudVerdict {
        /// It was fraud.
        Fraud = "fraud",
        /// It was in order.
        Genuine = "genuine",
    }
}

impl FraudVerdict {
    /// The other one.
    pub fn other(self) -> FraudVerdict {
        match self {
            FraudVerdict::Fraud => FraudVerdict::Genuine,
            FraudVerdict::Genuine => FraudVerdict::Fraud,
        }
    }
}

/// What a bank can stop at once, for all its customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Stop {
    /// A class of data, on every channel.
    Class(DataClass),
    /// A channel, for every class of data.
    Channel(Channel),
    /// The bank pulls out: every class on every channel.
    Everything,
}

impl Stop {
    /// All there are.
    pub fn all() -> Vec<Stop> {
        let classes = DataClass::ALL.iter().map(|class| Stop::Class(*class));
        let channels = Channel::ALL.iter().map(|channel| Stop::Channel(*channel));
        classes.chain(channels).chain([Stop::Everything]).collect()
    }

    /// What staff read.
    pub fn in_words(self) -> String {
        match self {
            Stop::Class(class) => format!("{class}, on every channel"),
            Stop::Channel(channel) => format!("the channel {channel}"),
            Stop::Everything => "everything: the bank pulls out".to_owned(),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Class(class) => write!(f, "class:{class}"),
            Stop::Channel(channel) => write!(f, "channel:{channel}"),
            Stop::Everything => f.write_str("everything"),
        }
    }
}

impl FromStr for Stop {
    type Err = NotKnown;
    fn from_str(text: &str) -> Result<Self, NotKnown> {
        match text.split_once(':') {
            Some(("class", class)) => class.parse().map(Stop::Class),
            Some(("channel", channel)) => channel.parse().map(Stop::Channel),
            None if text == "everything" => Ok(Stop::Everything),
            _ => Err(NotKnown {
                found: text.chars().take(60).collect(),
                known: Stop::all().iter().map(Stop::to_string).collect::<Vec<_>>().join(", "),
            }),
        }
    }
}

impl TryFrom<String> for Stop {
    type Error = NotKnown;
    fn try_from(text: String) -> Result<Self, NotKnown> {
        text.parse()
    }
}

impl From<Stop> for String {
    fn from(stop: Stop) -> String {
        stop.to_string()
    }
}

/// A change that one person proposes and another decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Say No from now on.
    SayNo {
        /// To what.
        what: Stop,
        /// The bank's words to its customers.
        words: String,
    },
    /// Say No no longer; what the bank's file says holds again.
    LiftNo {
        /// To what.
        what: Stop,
    },
    /// Take an officer's access.
    Remove {
        /// Who.
        staff: StaffId,
        /// Their name, for those who decide.
        name: String,
    },
}

impl Change {
    /// What it is about. Of one subject, one proposal is open at a time.
    pub fn subject(&self) -> String {
        match self {
            Change::SayNo { what, .. } | Change::LiftNo { what } => what.to_string(),
            Change::Remove { staff, .. } => staff.to_string(),
        }
    }

    /// What people read.
    pub fn in_words(&self) -> String {
        match self {
            Change::SayNo { what, .. } => format!("Say No to {}", what.in_words()),
            Change::LiftNo { what } => format!("No longer say No to {}", what.in_words()),
            Change::Remove { name, .. } => format!("Remove {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_does_what_it_is_there_for_and_nothing_else() {
        use Act as A;
        let acts = [A::Look, A::Propose, A::Decide, A::Invite, A::Audit, A::Fraud];
        let may = |role: Role| acts.iter().map(|act| role.may(*act)).collect::<Vec<_>>();
        assert_eq!(may(Role::Viewer), [true, false, false, false, false, false]);
        assert_eq!(may(Role::PolicyEditor), [true, true, false, false, false, false]);
        assert_eq!(may(Role::Officer), [true, true, true, true, true, true]);
        assert_eq!(may(Role::Auditor), [false, false, false, false, true, false]);
        assert_eq!(may(Role::FraudAnalyst), [false, false, false, false, false, true]);
    }

    #[test]
    fn analysts_and_officers_work_on_rules_and_only_officers_lift_the_budget() {
        let acts = [Act::ProposeRules, Act::DecideRules, Act::LiftBudget];
        let may = |role: Role| acts.map(|act| role.may(act));
        for role in [Role::Viewer, Role::PolicyEditor, Role::Auditor] {
            assert_eq!(may(role), [false, false, false], "{role}");
        }
        assert_eq!(may(Role::FraudAnalyst), [true, true, false]);
        assert_eq!(may(Role::Officer), [true, true, true]);
    }

    #[test]
    fn whoever_proposes_or_decides_takes_part() {
        let part: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.takes_part()).collect();
        assert_eq!(part, [Role::PolicyEditor, Role::Officer]);
    }

    #[test]
    fn every_stop_is_read_back_as_it_was_written() {
        let all = Stop::all();
        assert_eq!(all.len(), DataClass::ALL.len() + Channel::ALL.len() + 1);
        for stop in all {
            assert_eq!(stop.to_string().parse(), Ok(stop));
        }
        for wrong in ["", "class:", "class:everything", "everything:", "channel:balances", "Everything"] {
            assert!(wrong.parse::<Stop>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_and_yes_to_one_thing_have_one_subject() {
        let what = Stop::Class(DataClass::Balances);
        let no = Change::SayNo { what, words: "Not now.".to_owned() };
        assert_eq!(no.subject(), Change::LiftNo { what }.subject());
    }
}
