//! Pages besides the chat: the list of banks, the page of a link, and what went wrong.

use super::{Brand, Page};
use crate::{
    http::problem::{FieldFault, Kind, Problem},
    reply::Notice,
};
use askama::Template;
use jiff::Timestamp;

/// The banks of this gateway.
#[derive(Template)]
#[template(path = "banks.html")]
pub struct Banks {
    /// Always none: the page speaks for no bank.
    pub brand: Option<Brand>,
    /// The banks.
    pub banks: Vec<Brand>,
}

/// The page that a one-time link leads to.
#[derive(Template)]
#[template(path = "link/offer.html")]
pub struct Offer {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its name.
    pub name: String,
    /// The notice.
    pub notice: Notice,
    /// Until when the button works, in words.
    pub until: String,
    /// The host of the bank's own site.
    pub site: String,
    /// The chat, if it is on this host.
    pub back: Option<String>,
}

/// Back from the bank, to a chat that is somewhere else.
#[derive(Template)]
#[template(path = "link/back.html")]
pub struct Back {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its name.
    pub name: String,
}

/// The door before the receipt of an erasure. The same for every address.
#[derive(Template)]
#[template(path = "erasure/door.html")]
pub struct ReceiptDoor {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its name.
    pub name: String,
}

/// The receipt of an erasure.
#[derive(Template)]
#[template(path = "erasure/receipt.html")]
pub struct Erased {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its name.
    pub name: String,
    /// Whether a hold keeps something.
    pub held: bool,
    /// When it was carried out.
    pub at: Timestamp,
    /// The same in words.
    pub on: String,
    /// How many messages went.
    pub messages: u64,
    /// How many consents.
    pub consents: u64,
    /// How many records of who looked.
    pub accesses: u64,
    /// What stays.
    pub stays: Vec<Stays>,
    /// The place in the log, from 0.
    pub index: Option<u64>,
    /// What the entry there commits to.
    pub record: String,
    /// The key of the commitment.
    pub key: String,
    /// Where the receipt is for programs.
    pub download: String,
    /// The chat.
    pub chat: String,
}

/// Something that stays after an erasure.
pub struct Stays {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Until when, in words.
    pub until: Option<String>,
}

/// Something went wrong.
#[derive(Template)]
#[template(path = "fault.html")]
pub struct Fault {
    /// The bank, if it is known which.
    pub brand: Option<Brand>,
    /// What happened, as a title.
    pub title: String,
    /// What happened, in a sentence.
    pub detail: String,
    /// Fields that were the matter.
    pub fields: Vec<FieldFault>,
    /// What can be done.
    pub remedy: String,
    /// Where the button leads.
    pub back: String,
    /// What stands on it.
    pub back_words: String,
    /// The page that explains this kind of problem.
    pub about: Option<String>,
    /// The HTTP status.
    pub status: u16,
}

/// A problem, for people.
pub fn problem_page(problem: &Problem) -> Page<Fault> {
    let (back, back_words) = problem.back.clone().unwrap_or(("/".to_owned(), "Go to the first page"));
    Page(Fault {
        brand: None,
        title: problem.kind.title().to_owned(),
        detail: problem.detail.clone().into_owned(),
        fields: problem.fields.clone(),
        remedy: problem.kind.remedy().to_owned(),
        back,
        back_words: back_words.to_owned(),
        about: Some(format!("/problems/{}", problem.kind.name())),
        status: problem.kind.status().as_u16(),
    })
}

/// One kind of problem, explained.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct About {
    /// Always none.
    pub brand: Option<Brand>,
    /// The kind.
    pub kind: Kind,
}

/// All kinds of problem.
#[derive(Template)]
#[template(path = "problems.html")]
pub struct AllKinds {
    /// Always none.
    pub brand: Option<Brand>,
    /// The kinds.
    pub kinds: &'static [Kind],
}
