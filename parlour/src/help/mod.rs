//! What a bank answers to questions that need no data: its own help pages and its opening hours. Nothing here is made
//! up: an answer is a page that the bank wrote, or there is none.

pub mod hours;
pub mod pages;
mod search;
mod topics;

pub use hours::Hours;
pub use pages::{HelpPage, HelpPages};

use crate::{
    asking::Turn,
    reply::{Block, Reply},
    when,
};

/// What the button says that asks for a person.
pub const PERSON: &str = "Talk to a person";

/// The bank's own page for a question, if it has one.
pub fn tell(turn: &Turn, page: &HelpPage) -> Reply {
    let from = format!("From {}’s help pages: {}", turn.tenant.name, page.title);
    let blocks = vec![Block::Text { text: from }, Block::Text { text: page.text.clone() }];
    Reply { blocks, ..Reply::default() }.with_quick(&[PERSON, "What can you do?"])
}

/// "When are you open?"
pub fn opening_hours(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let always = "I am a program and answer at any time.";
    let Some(hours) = &turn.tenant.hours else {
        return Reply::text(format!("{always} {bank} has not told me when its people are there."));
    };
    let now = turn.now.to_zoned(turn.tenant.zone.clone());
    let open = match (hours.is_open(&now), hours.next_opening(&now)) {
        (true, _) => "They are there now.".to_owned(),
        (false, Some(next)) => {
            format!("They are back {}.", when::moment(next.timestamp(), turn.now, &turn.tenant.zone))
        }
        (false, None) => "They are not there now.".to_owned(),
    };
    Reply::text(format!("{always} People at {bank} are there {}. {open}", hours.in_words()))
        .with_quick(&[PERSON])
}
