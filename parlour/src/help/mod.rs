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
    notice,
    reply::{Block, Reply},
    when,
};
use jiff::{Timestamp, tz::TimeZone};
use understanding::{Context, Decision, Intent, understand};
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
    let written = said_here(&page.text);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    Reply { blocks, ..Reply::default() }.with_quick(&written).with_quick(&[PERSON, "What can you do?"])
}

/// The most buttons that a page's own words make.
const MOST_WRITTEN: usize = 2;

/// What a page tells to write here, as buttons: a page that says “freeze my card” has one for it. Names of the bank's own menus
/// begin with a capital and are none, and what ends something at once is written by hand.
fn said_here(text: &str) -> Vec<String> {
    let quoted = text.split('“').skip(1).filter_map(|rest| rest.split_once('”')).map(|(quoted, _)| quoted);
    let about = Context { now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC, merchants: &[] };
    let mut found: Vec<String> = vec![];
    for phrase in quoted.filter(|phrase| phrase.starts_with(char::is_lowercase)) {
        let harmless = match understand(phrase, &about).decision {
            Decision::Act(Intent::Stop | Intent::Erase | Intent::Pause | Intent::Yes | Intent::No) => false,
            Decision::Act(_) => true,
            Decision::Clarify(_) | Decision::Refuse => false,
        };
        let label = notice::capital(phrase);
        if harmless && !found.contains(&label) {
            found.push(label);
        }
    }
    found.truncate(MOST_WRITTEN);
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_to_write_is_a_button() {
        let text = "Write “freeze my card” here, choose “Cards” on our site, or write “freeze my card”. “in a moment” is nothing. \
                    If it is gone, “my card was stolen”, “what’s my balance?”";
        assert_eq!(said_here(text), ["Freeze my card", "My card was stolen"]);
        assert!(said_here("To end this, write “stop”, or “erase my data”.").is_empty());
        assert!(said_here("“never closed").is_empty());
    }
}
