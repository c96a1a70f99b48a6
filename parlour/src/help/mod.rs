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
use url::Url;

/// Where a person of the bank is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    /// By telephone, as it is written.
    pub phone: Option<String>,
    /// On a page of the bank's own.
    pub page: Option<Url>,
}

/// What the button says that asks for a person.
pub const PERSON: &str = "Talk to a person";

/// The bank's own page for a question, if it has one.
pub fn tell(turn: &Turn, page: &HelpPage) -> Reply {
    let from = format!("From {}’s help pages: {}", turn.tenant.name, page.title);
    let blocks = vec![Block::Text { text: from }, Block::Text { text: page.text.clone() }];
    Reply { blocks, ..Reply::default() }.with_quick(&[PERSON, "What can you do?"])
}

fn there_now(turn: &Turn, hours: &Hours) -> String {
    let now = turn.now.to_zoned(turn.tenant.zone.clone());
    match (hours.is_open(&now), hours.next_opening(&now)) {
        (true, _) => "They are there now.".to_owned(),
        (false, Some(next)) => {
            format!("They are back {}.", when::moment(next.timestamp(), turn.now, &turn.tenant.zone))
        }
        (false, None) => "They are not there now.".to_owned(),
    }
}

/// "Talk to a person": how one is reached, and whether they are there.
pub fn person(turn: &Turn) -> Reply {
    let (bank, people) = (&turn.tenant.name, &turn.tenant.people);
    let hours = turn.tenant.hours.as_ref().map(|hours| format!(" {}", there_now(turn, hours)));
    let number = people.phone.clone().unwrap_or_else(|| "the number on the back of your card".to_owned());
    let text = format!(
        "I am a program. The people of {bank} help you at {number}.{} They do not see this chat: tell them what it is about.",
        hours.unwrap_or_default()
    );
    let mut blocks = vec![Block::Text { text }];
    if let Some(page) = &people.page {
        let text = "Or write to them:".to_owned();
        blocks.push(Block::Door { text, href: page.to_string(), label: format!("Contact {bank}") });
    }
    let reply = Reply { blocks, ..Reply::default() };
    if turn.tenant.hours.is_some() { reply.with_quick(&["When are you open?"]) } else { reply }
}

/// "When are you open?"
pub fn opening_hours(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let always = "I am a program and answer at any time.";
    let Some(hours) = &turn.tenant.hours else {
        return Reply::text(format!("{always} {bank} has not told me when its people are there."));
    };
    let open = there_now(turn, hours);
    Reply::text(format!("{always} People at {bank} are there {}. {open}", hours.in_words()))
        .with_quick(&[PERSON])
}
