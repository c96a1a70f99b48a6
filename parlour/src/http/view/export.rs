//! The page of an export, in the parts in which it is written.

use super::Brand;
use askama::Template;
use jiff::Timestamp;

/// A part that goes on over several pages of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What was said.
    Messages,
    /// Who looked.
    Accesses,
}

impl Section {
    /// How it begins.
    pub fn begin(self) -> &'static str {
        match self {
            Section::Messages => "<section class=\"card\"><h2>What was said</h2><ol class=\"thread\">",
            Section::Accesses => "<section class=\"card\"><h2>Who looked</h2><dl class=\"points\">",
        }
    }

    /// How it ends.
    pub fn end(self) -> &'static str {
        match self {
            Section::Messages => "</ol></section>",
            Section::Accesses => "</dl></section>",
        }
    }
}

/// The beginning.
#[derive(Template)]
#[template(path = "export/head.html")]
pub struct Head {
    /// The bank.
    pub brand: Brand,
    /// Its name.
    pub name: String,
    /// The customer's number.
    pub customer: String,
    /// When it was made, in words.
    pub on: String,
    /// When it was made.
    pub at: Timestamp,
    /// Where the file for programs is.
    pub file: String,
    /// The chat.
    pub chat: String,
}

/// A thing and what there is to say of it.
pub struct Line {
    /// The thing.
    pub what: String,
    /// What there is to say.
    pub text: String,
}

/// The consents.
#[derive(Template)]
#[template(path = "export/consents.html")]
pub struct Consents {
    /// Oldest first.
    pub consents: Vec<Line>,
}

/// Some decisions.
#[derive(Template)]
#[template(path = "export/accesses.html")]
pub struct Accesses {
    /// Oldest first.
    pub rows: Vec<Line>,
}

/// The end.
#[derive(Template)]
#[template(path = "export/end.html")]
pub struct End {
    /// How many messages, in words.
    pub messages: String,
    /// How many consents, in words.
    pub consents: String,
    /// How many records of decisions, in words.
    pub accesses: String,
}
