//! The pages of sealed links: the door, the answer, the wait for three words, and why nothing is shown.

use super::{
    Brand,
    thread::{self, Item},
};
use crate::{
    reply::{BalanceLine, Block, Reply, TransactionLine},
    sealed::Skill,
    when,
};
use askama::Template;
use jiff::{Timestamp, tz::TimeZone};

/// The door: what everybody sees who has the address, whatever it leads to.
#[derive(Template)]
#[template(path = "sealed/door.html")]
pub struct Door {
    /// The bank that the address names.
    pub brand: Option<Brand>,
}

/// The answer.
#[derive(Template)]
#[template(path = "sealed/opened.html")]
pub struct Opened<'a> {
    /// The bank.
    pub brand: Option<Brand>,
    /// What was asked, as a heading.
    pub title: &'static str,
    /// When it was read, in words.
    pub at: String,
    /// Where the chat is, if it is on this host.
    pub back: Option<String>,
    reply: &'a Reply,
    zone: TimeZone,
    now: Timestamp,
}

impl<'a> Opened<'a> {
    /// The page of an answer that was read at a time.
    pub fn new(
        brand: Brand,
        skill: Skill,
        reply: &'a Reply,
        zone: TimeZone,
        now: Timestamp,
        back: Option<String>,
    ) -> Opened<'a> {
        let at = when::moment(now, now, &zone);
        Opened { brand: Some(brand), title: skill.title(), at, back, reply, zone, now }
    }

    fn seen(&self) -> Vec<String> {
        thread::seen(&self.reply.seen)
    }

    fn moment(&self, at: &Timestamp) -> String {
        thread::moment(at, self.now, &self.zone)
    }

    fn owed(&self, account: &BalanceLine) -> bool {
        Item::is_owed(account)
    }

    fn pending(&self, rows: &[TransactionLine]) -> bool {
        rows.iter().any(|row| row.pending)
    }

    fn grouped(&self, number: &u64) -> String {
        thread::grouped(*number)
    }
}

/// This browser is not known: three words to write in the conversation.
#[derive(Template)]
#[template(path = "sealed/waiting.html")]
pub struct Waiting {
    /// The bank.
    pub brand: Option<Brand>,
    /// The words.
    pub words: [&'static str; 3],
    /// The other way to show who they are.
    pub sign_in: Option<SignIn>,
}

/// A button to a bank's sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Where it goes.
    pub to: String,
    /// The bank's name.
    pub bank: String,
}

/// Where a page that shows nothing leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the same page once more.
    Again,
    /// The person goes back to their chat by themselves.
    Nowhere,
}

/// Why nothing is shown.
#[derive(Template)]
#[template(path = "sealed/told.html")]
pub struct Told {
    /// The bank.
    pub brand: Option<Brand>,
    /// What is the matter, as a heading.
    pub title: &'static str,
    /// The same in a sentence.
    pub detail: String,
    /// What can be done.
    pub remedy: String,
    /// Where it leads.
    pub way: Way,
    /// How to show who they are.
    pub sign_in: Option<SignIn>,
}

impl Told {
    fn again(&self) -> bool {
        self.way == Way::Again
    }
}
