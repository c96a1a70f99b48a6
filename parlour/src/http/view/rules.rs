//! The pages on which rules against fraud go live, and the one of the budget of alerts.

use super::console::{Cell, Frame, NavItem, Table};
use askama::Template;

/// The rules in force, what is proposed, and what was.
#[derive(Template)]
#[template(path = "console/rules.html")]
pub struct Rules {
    /// Around it.
    pub frame: Frame,
    /// The other pages of the desk.
    pub desk: Vec<NavItem>,
    /// Where the rules in force come from.
    pub facts: Vec<(&'static str, String)>,
    /// What is wrong or will be soon.
    pub warnings: Vec<String>,
    /// Each rule with how it does.
    pub rules: Table,
    /// The rules as they were written, if there are any.
    pub text: Option<String>,
    /// Where they are changed, for those who may propose.
    pub change: Option<String>,
    /// What waits for a second person.
    pub open: Table,
    /// What was decided.
    pub over: Table,
}

/// Writing and trying rules.
#[derive(Template)]
#[template(path = "console/rules_new.html")]
pub struct RulesNew {
    /// Around it.
    pub frame: Frame,
    /// The other pages of the desk.
    pub desk: Vec<NavItem>,
    /// Where the form goes.
    pub action: String,
    /// What was written.
    pub text: String,
    /// Why.
    pub why: String,
    /// What keeps it from being taken, in a sentence.
    pub refused: Option<String>,
    /// What is wrong with the rules.
    pub faults: Vec<FaultLine>,
    /// What is to be known, in a sentence.
    pub note: Option<String>,
    /// What the trial said.
    pub tried: Option<Tried>,
    /// How long a text may be.
    pub longest: String,
    /// How long a proposal waits, in hours.
    pub hours: i64,
}

/// A mistake with its place.
#[derive(Debug, Clone)]
pub struct FaultLine {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// The line up to the place, the place itself, and the rest.
    pub source: (String, String, String),
    /// What to do.
    pub remedy: String,
}

/// What a trial on the past said.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Whether it fits.
    pub verdict: Cell,
    /// On how much it was tried.
    pub on: String,
    /// What speaks against going live.
    pub against: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// Model, rules in force and rules on trial, side by side.
    pub sides: Table,
    /// Each rule on trial.
    pub rules: Table,
}

/// A line of a difference.
#[derive(Debug, Clone)]
pub struct DiffLine {
    /// `gone`, `new`, `same` or `skipped`.
    pub kind: &'static str,
    /// What stands before it: `-`, `+` or a space.
    pub mark: &'static str,
    /// The line.
    pub text: String,
}

/// A set of rules that somebody proposed, and what this person can do with it.
#[derive(Template)]
#[template(path = "console/rule_set.html")]
pub struct RuleSet {
    /// Around it.
    pub frame: Frame,
    /// The other pages of the desk.
    pub desk: Vec<NavItem>,
    /// Where it stands.
    pub state: Cell,
    /// Facts.
    pub facts: Vec<(&'static str, String)>,
    /// That something else is in force since it was proposed.
    pub changed: Option<&'static str>,
    /// What would be different.
    pub difference: Vec<DiffLine>,
    /// The difference in a sentence.
    pub counted: String,
    /// The rules as they were written, if there are any.
    pub text: Option<String>,
    /// What the trial said.
    pub tried: Option<Tried>,
    /// Why there is no trial, if so.
    pub untried: &'static str,
    /// Its address.
    pub href: String,
    /// Digest of the rules, and of those that they would replace.
    pub digests: (String, String),
    /// Whether this person may decide it.
    pub decides: bool,
    /// Whether this person may take it back.
    pub takes_back: bool,
    /// Where it is taken as the beginning of another one.
    pub edit: Option<String>,
    /// Why this person can do nothing, if so.
    pub cannot: Option<&'static str>,
}

/// How much of the budget of alerts is used, and for how long it is lifted.
#[derive(Template)]
#[template(path = "console/budget.html")]
pub struct Budget {
    /// Around it.
    pub frame: Frame,
    /// The other pages of the desk.
    pub desk: Vec<NavItem>,
    /// That it is lifted, until when, by whom and why; and where that is ended, for those who may.
    pub lifted: Option<(String, Option<String>)>,
    /// Alerts of the last day and week.
    pub used: Table,
    /// How it is set.
    pub facts: Vec<(&'static str, Cell)>,
    /// Where it is lifted, for those who may and while it is not.
    pub lift: Option<String>,
    /// The hours that can be chosen.
    pub hours: Vec<u32>,
    /// When it was lifted before.
    pub lifts: Table,
}
