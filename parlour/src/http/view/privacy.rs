//! The privacy page: contexts of its templates.

use super::{Brand, thread};
use crate::privacy::Only;
use askama::Template;
use jiff::Timestamp;

/// A part of the privacy page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is shared.
    Sharing,
    /// Who looked.
    Looks,
    /// A copy of everything.
    Copy,
    /// Its end.
    Erase,
}

/// A way to a part of the page.
pub struct Way {
    /// Its address.
    pub href: String,
    /// What stands on it.
    pub words: &'static str,
    /// Whether it is the part that is open.
    pub here: bool,
}

/// Where on whose privacy page somebody is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The bank's id.
    pub bank: String,
    /// Its name.
    pub name: String,
    /// The part that is open.
    pub part: Part,
    /// How somebody is in who signed in at the bank.
    pub signed_in: Option<SignedIn>,
}

/// A sign-in at the bank.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Whether there are several conversations to choose from.
    pub several: bool,
    /// When it ends at the latest, as a time of day.
    pub until: String,
}

impl Place {
    fn ways(&self) -> [Way; 4] {
        let way = |part: Part, rest: &str, words| Way {
            href: format!("/privacy/{}{rest}", self.bank),
            words,
            here: part == self.part,
        };
        [
            way(Part::Sharing, "", "What I share"),
            way(Part::Looks, "/looks", "Who looked"),
            way(Part::Copy, "/copy", "My copy"),
            way(Part::Erase, "/erase", "Erase"),
        ]
    }
}

/// For somebody whose browser has no conversation with the bank.
#[derive(Template)]
#[template(path = "privacy/door.html")]
pub struct Door {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its id.
    pub bank: String,
    /// Its name.
    pub name: String,
    /// Whether people can come in by signing in at the bank.
    pub sign_in: bool,
}

/// A conversation to choose.
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Where it takes place.
    pub place: String,
    /// When it began.
    pub begun: String,
    /// How much was said.
    pub messages: String,
    /// Whether it is the one that is open.
    pub chosen: bool,
}

/// Which of several conversations somebody wants to see who signed in at the bank.
#[derive(Template)]
#[template(path = "privacy/several.html")]
pub struct Several {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its id.
    pub bank: String,
    /// Its name.
    pub name: String,
    /// The conversations, the newest link first.
    pub conversations: Vec<Conversation>,
}

/// One consent, as people read it.
pub struct Share {
    /// The consent.
    pub id: String,
    /// The bank's id.
    pub bank: String,
    /// Its name.
    pub name: String,
    /// Whether it is given or paused, and its time is not over.
    pub is_open: bool,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Whether it was ever given.
    pub was_given: bool,
    /// Where it stands, in a few words.
    pub standing: String,
    /// Which data.
    pub what: String,
    /// What for.
    pub why: String,
    /// Of how many accounts.
    pub accounts: String,
    /// How far back, in days.
    pub lookback_days: Option<i64>,
    /// Since when.
    pub since: Option<String>,
    /// Until when.
    pub until: String,
    /// Whether the bank knows of its end.
    pub at_bank: Option<String>,
}

impl Share {
    fn to(&self, rest: &str) -> String {
        format!("/privacy/{}/consents/{}{rest}", self.bank, self.id)
    }

    fn begin(&self) -> String {
        crate::notice::capital(&self.what)
    }

    fn look(&self) -> &'static str {
        match (self.is_open, self.is_paused) {
            (true, false) => "good",
            (true, true) => "warn",
            (false, _) => "off",
        }
    }
}

/// What is shared.
#[derive(Template)]
#[template(path = "privacy/overview.html")]
pub struct Overview {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// Whether to offer to sign in at the bank, for another conversation.
    pub sign_in: bool,
    /// What is shared now, or paused.
    pub open: Vec<Share>,
    /// What was shared, or asked for.
    pub earlier: Vec<Share>,
    /// How many older ones are not told.
    pub more: usize,
    /// Whether a choice waits for its yes in the chat.
    pub waiting: bool,
    /// Whether it can be said here: it was the same person who signed in at the bank.
    pub answer_here: bool,
}

/// Something that happened to a consent.
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The same in words.
    pub when: String,
    /// What.
    pub what: String,
    /// The reason that was given, if one was.
    pub reason: Option<String>,
    /// Its place in the log.
    pub index: Option<u64>,
    /// What proves that it stands there, if it does.
    pub receipt: Option<String>,
}

/// Everything about one consent.
#[derive(Template)]
#[template(path = "privacy/one.html")]
pub struct One {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// The consent.
    pub share: Share,
    /// What is to be told first.
    pub first: Option<String>,
    /// The bank's own numbers of its accounts.
    pub accounts: Vec<String>,
    /// What happened to it, oldest first.
    pub events: Vec<Event>,
    /// The notice, as it was read.
    pub notice: String,
    /// Its SHA-256.
    pub notice_sha256: String,
    /// The receipt of its end.
    pub receipt: Option<String>,
    /// The record.
    pub record_href: String,
    /// The receipt for programs.
    pub receipt_href: String,
}

impl One {
    fn grouped(&self, number: &u64) -> String {
        thread::grouped(*number)
    }
}

/// Asks before sharing ends.
#[derive(Template)]
#[template(path = "privacy/stop.html")]
pub struct AskToStop {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// The consent.
    pub consent: String,
    /// What it opens.
    pub what: String,
}

/// A day and its decisions.
pub struct Day {
    /// ISO 8601.
    pub date: String,
    /// As people read it.
    pub words: String,
    /// Newest first.
    pub rows: Vec<Look>,
}

/// One decision about the customer's data.
pub struct Look {
    /// Its entry.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The time of day.
    pub clock: String,
    /// Which data.
    pub what: String,
    /// What for.
    pub why: String,
    /// How it was shown.
    pub how: &'static str,
    /// Of how many accounts.
    pub accounts: String,
    /// Whether it was allowed.
    pub allowed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Its place in the log.
    pub index: Option<u64>,
    /// Its receipt.
    pub receipt_href: String,
}

/// Who looked.
#[derive(Template)]
#[template(path = "privacy/looks.html")]
pub struct Looks {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// Which are shown.
    pub only: Only,
    /// Whether this is the newest page.
    pub is_first: bool,
    /// Newest first.
    pub days: Vec<Day>,
    /// The entry before which older ones are.
    pub older: Option<String>,
}

impl Looks {
    fn filters(&self) -> [Way; 3] {
        let way = |only: Only, query: &str, words| Way {
            href: format!("/privacy/{}/looks{query}", self.place.bank),
            words,
            here: only == self.only,
        };
        [
            way(Only::All, "", "All"),
            way(Only::Allowed, "?only=allowed", "Allowed"),
            way(Only::Refused, "?only=refused", "Refused"),
        ]
    }

    fn older_href(&self, before: &str) -> String {
        let only = match self.only {
            Only::All => "",
            Only::Allowed => "only=allowed&",
            Only::Refused => "only=refused&",
        };
        format!("/privacy/{}/looks?{only}before={before}", self.place.bank)
    }

    fn grouped(&self, number: &u64) -> String {
        thread::grouped(*number)
    }
}

/// A copy of everything.
#[derive(Template)]
#[template(path = "privacy/copy.html")]
pub struct TakeCopy {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// The file for programs.
    pub file: String,
    /// The page to read.
    pub page: String,
}

/// Something that has to stay.
pub struct Held {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Until when.
    pub until: Option<String>,
}

/// Asks before everything is erased.
#[derive(Template)]
#[template(path = "privacy/erase.html")]
pub struct AskToErase {
    /// The bank.
    pub brand: Option<Brand>,
    /// Where this is.
    pub place: Place,
    /// What has to stay.
    pub held: Vec<Held>,
    /// The word to type.
    pub word: &'static str,
    /// What was wrong with what was typed.
    pub wrong: Option<String>,
}
