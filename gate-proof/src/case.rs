//! What is to be proved, of which rules.

use crate::law::{LawFault, policies};
use cedar_policy::{PolicySet, Schema};

/// A sentence about whatever the rules allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Its name, in words and hyphens.
    pub name: String,
    /// The sentence, in the words of those to whom it is promised.
    pub words: String,
    /// The same as a Cedar condition.
    pub goal: String,
    /// The names of the forbids that are thought to keep it. The solver is asked about these alone first, which
    /// is quick, and about all rules if they are not enough: a wrong name costs time and nothing else.
    pub kept_by: Vec<String>,
}

/// A request that has to be possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The type of who asks, without the namespace: `Customer`.
    pub who: String,
    /// The action, without the namespace: `ReadBalances`.
    pub action: String,
    /// What is true of it, as a Cedar condition.
    pub when: String,
}

/// A theorem.
#[derive(Debug, Clone)]
pub struct Theorem {
    /// Its name, in words and hyphens. Unique in a report.
    pub name: String,
    /// What it says.
    pub words: String,
    /// The same for the solver.
    pub claim: Claim,
}

/// What the solver is asked about the rules of a case.
#[derive(Debug, Clone)]
pub enum Claim {
    /// No policy of the rules can fail.
    NeverFails,
    /// What the rules allow, these policies allow.
    Within {
        /// These policies.
        set: PolicySet,
        /// The names of the forbids that are thought to be enough for it.
        kept_by: Vec<String>,
    },
    /// Each forbid closes nothing that its policies here permit. Named are the forbid and those policies.
    ClosesOnly(Vec<(String, PolicySet)>),
    /// These policies, taken alone, allow nothing.
    Closed(PolicySet),
    /// Each of these services has a request that the rules allow.
    Serves(Vec<Service>),
}

impl Claim {
    /// Whether it holds at once where the rules allow nothing: what they allow is then within anything, and a
    /// forbid that closes too much takes nothing away.
    pub(crate) fn is_about_what_is_open(&self) -> bool {
        matches!(self, Claim::Within { .. } | Claim::ClosesOnly(_))
    }
}

/// Rules, and what is to be proved of them.
#[derive(Debug, Clone)]
pub struct Case {
    /// Whose rules they are, in a word or two.
    pub name: String,
    /// The words that a request may use.
    pub schema: Schema,
    /// The rules.
    pub rules: PolicySet,
    /// What is to be proved.
    pub theorems: Vec<Theorem>,
}

impl Promise {
    /// The promise as a theorem: what the rules allow, keeps it.
    pub(crate) fn theorem(&self) -> Result<Theorem, LawFault> {
        let goal = policies("goal", &permit_when(&self.goal))?;
        Ok(Theorem {
            name: self.name.clone(),
            words: self.words.clone(),
            claim: Claim::Within { set: goal, kept_by: self.kept_by.clone() },
        })
    }
}

/// A policy that permits whatever meets the condition.
pub(crate) fn permit_when(condition: &str) -> String {
    format!("permit (principal, action, resource) when {{\n{condition}\n}};")
}
