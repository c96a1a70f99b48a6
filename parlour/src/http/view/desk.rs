//! The pages of the fraud desk.

use super::console::{Cell, Choice, Frame, NavItem, Panel, Table};
use askama::Template;

/// The queue.
#[derive(Template)]
#[template(path = "console/fraud.html")]
pub struct FraudQueue {
    /// Around it.
    pub frame: Frame,
    /// The other pages of the desk.
    pub desk: Vec<NavItem>,
    /// What stands here and what does not.
    pub lead: String,
    /// That the budget of alerts is lifted, if it is.
    pub lifted: Option<String>,
    /// How many there are of each kind.
    pub tally: Vec<(&'static str, String)>,
    /// What can be chosen.
    pub state: Choice,
    /// Fields that stay when something else is chosen: name and value.
    pub kept: Vec<(&'static str, String)>,
    /// What is looked at now, in words, if it is not the whole queue; and the way back to that.
    pub narrowed: Option<(String, String)>,
    /// The parts of the queue.
    pub tables: Vec<Table>,
    /// Where the next page is.
    pub next: Option<String>,
    /// Where the page before it is.
    pub before: Option<String>,
}

/// One alert.
#[derive(Template)]
#[template(path = "console/fraud_alert.html")]
pub struct FraudAlert {
    /// Around it.
    pub frame: Frame,
    /// The way back to the queue.
    pub back: String,
    /// Where it stands.
    pub state: Cell,
    /// What stands here and what does not.
    pub lead: String,
    /// Facts.
    pub facts: Vec<(&'static str, Cell)>,
    /// Why it was suspected, the strongest reason first.
    pub reasons: Vec<String>,
    /// What happened, the first thing first.
    pub timeline: Vec<Moment>,
    /// Payments of the card.
    pub payments: Table,
    /// How amounts of other payments are to be read.
    pub payments_note: String,
    /// Alerts that have something in common with this one.
    pub linked: Vec<Table>,
    /// What was decided last: the verdict, and who and when.
    pub decided: Option<(Cell, String, String)>,
    /// The form.
    pub form: DecideForm,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Moment {
    /// When.
    pub at: String,
    /// What.
    pub what: String,
    /// The note of a decision.
    pub note: Option<String>,
}

/// The form with which an alert is decided, or a decision changed.
#[derive(Debug, Clone)]
pub struct DecideForm {
    /// Where it goes.
    pub action: String,
    /// The decision that it changes.
    pub change_of: Option<u32>,
    /// Its buttons: value, words, class.
    pub buttons: Vec<(&'static str, &'static str, &'static str)>,
    /// The longest note.
    pub longest: usize,
}

/// How the engine stands.
#[derive(Template)]
#[template(path = "console/fraud_engine.html")]
pub struct FraudEngine {
    /// Around it.
    pub frame: Frame,
    /// The desk's places.
    pub desk: Vec<NavItem>,
    /// How it stands, in a word.
    pub state: Cell,
    /// The same in a sentence.
    pub lead: String,
    /// What somebody has to mend, a sentence each.
    pub troubles: Vec<String>,
    /// Figures.
    pub panels: Vec<Panel>,
    /// What looks different, in sentences, and on which payments two models differ.
    pub tables: Vec<Table>,
}
