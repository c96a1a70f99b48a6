//! What a conversation remembers from one message to the next: what it is about, and what the bank's side asked last. It
//! is sealed in the conversation's own row, written together with each answer, and of no use after ten minutes.

use domain::{AccountId, CardId, CardKind, Order, Region, Statement};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use understanding::{Entities, Intent, Topic, WatchWish, wishes::LimitWish};

/// How long it is remembered what a conversation is about. Whoever comes back later begins anew.
pub const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// Messages in a row that were not understood, after which a person is offered.
pub const MISSES: u8 = 2;

/// What the bank's side asked, and waits for an answer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "asked", rename_all = "snake_case")]
pub enum Asked {
    /// Which of these was meant.
    Which {
        /// In the order in which they were offered.
        between: Vec<Intent>,
        /// What else the message named.
        about: Entities,
    },
    /// Whether to erase everything.
    Erase,
    /// What is missing of an alert: of what, or from which amount on.
    Watch {
        /// What was said so far.
        wish: WatchWish,
    },
    /// Which card was meant.
    Card {
        /// What is to be done with it.
        wish: CardWish,
        /// In the order in which they were offered.
        cards: Vec<CardChoice>,
    },
    /// Whether to have this done at the bank.
    Order {
        /// What.
        order: Order,
        /// The card, as the customer reads it.
        name: String,
        /// The key of the order: sent with every try, so that it is done once.
        key: String,
        /// The bank's reference of the approval that it asked for.
        reference: Option<String>,
        /// What leads back from it.
        #[serde(default)]
        undo: Option<Box<Order>>,
        /// The key of the order that this one takes back.
        #[serde(default)]
        takes_back: Option<String>,
    },
    /// For something that is missing.
    Slot(Slot),
    /// Once more whether a payment was the customer's, because the answer was not clear.
    Fraud {
        /// The alert.
        alert: String,
    },
}

/// What is missing to do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "missing", rename_all = "snake_case")]
pub enum Slot {
    /// The new limit of a card.
    Limit {
        /// The last four digits of the card.
        last4: String,
    },
    /// A country, or days.
    Travel {
        /// The countries that were named.
        countries: Vec<Region>,
        /// The first day, if it was named.
        from: Option<Date>,
        /// The last day, if it was named.
        until: Option<Date>,
    },
    /// Which travel notice is taken back.
    Notice {
        /// Their ids and what they say.
        notices: Vec<(String, String)>,
    },
    /// Which account is renamed.
    NameWhich {
        /// The accounts: id, name and title.
        accounts: Vec<(AccountId, String, String)>,
        /// The new name, if it was said.
        name: Option<String>,
    },
    /// The new name of an account.
    Name {
        /// The account: id, name and title.
        account: (AccountId, String, String),
    },
    /// Which statement.
    Statement {
        /// They, each with what stands on its button.
        statements: Vec<(Statement, String)>,
    },
}

/// The way back from what was done last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// What leads back.
    pub order: Order,
    /// What it is about, as the customer reads it.
    pub name: String,
    /// The key of the order that leads back: made with it, so that it is sent once.
    pub key: String,
    /// The key of the order that it takes back.
    pub takes_back: String,
}

/// What is to be done with a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardWish {
    /// It stops paying until it is unfrozen.
    Freeze,
    /// It pays again.
    Unfreeze,
    /// It is lost: blocked, and another one ordered.
    ReportLost,
    /// It is stolen: the same.
    ReportStolen,
    /// Its limits are changed.
    Limits {
        /// How they should be.
        wish: LimitWish,
    },
}

/// A card that was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardChoice {
    /// The bank's id of it.
    pub id: CardId,
    /// Its account.
    pub account: AccountId,
    /// The last four digits of its number.
    pub last4: String,
    /// As the customer reads it.
    pub name: String,
    /// What it draws on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CardKind>,
}

/// The memory of one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// When this was written.
    #[serde(default)]
    at: Option<Timestamp>,
    /// The question that was answered last.
    #[serde(default)]
    topic: Option<Topic>,
    /// How many payments of its list were shown already.
    #[serde(default)]
    shown: u32,
    /// What was asked last.
    #[serde(default)]
    asked: Option<Asked>,
    /// When something was asked last, whether or not it was answered.
    #[serde(default)]
    asked_at: Option<Timestamp>,
    /// How many messages in a row were not understood.
    #[serde(default)]
    misses: u8,
    /// The way back from what was done last.
    #[serde(default)]
    undo: Option<Undo>,
}

impl Memory {
    /// Reads what was stored. What another version stored, and what is older than [`LASTS`], is forgotten.
    pub fn read(stored: Option<&[u8]>, now: Timestamp) -> Memory {
        let memory: Memory = stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        match memory.at {
            Some(at) if now.duration_since(at) <= LASTS => memory,
            _ => Memory::default(),
        }
    }

    /// As it is stored.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a memory is plain data")
    }

    /// What the conversation is about.
    pub fn topic(&self) -> Option<&Topic> {
        self.topic.as_ref()
    }

    /// How many of the list were shown.
    pub fn shown(&self) -> u32 {
        self.shown
    }

    /// When something was last said and remembered.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// What was asked last.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether something was asked not long ago, even if the talk went on to other things since.
    pub fn asked_lately(&self, now: Timestamp) -> bool {
        self.asked_at.is_some_and(|at| now.duration_since(at) <= LASTS)
    }

    /// The way back from what was done last.
    pub fn undo(&self) -> Option<&Undo> {
        self.undo.as_ref()
    }

    /// With this way back. None: with the one that is there, unless it was gone.
    pub fn with_undo(mut self, undo: Option<Undo>, gone: bool) -> Memory {
        if undo.is_some() || gone {
            self.undo = undo;
        }
        self
    }

    /// Whether this message, not understood like those before it, is one too many.
    pub fn is_enough(&self) -> bool {
        self.misses + 1 >= MISSES
    }

    /// After a message that was understood. A question of the bank's side is over with it, and `asked` is the new
    /// one.
    pub fn understood(
        &self,
        topic: Option<Topic>,
        shown: u32,
        asked: Option<Asked>,
        now: Timestamp,
    ) -> Memory {
        let topic = topic.or_else(|| self.topic.clone());
        let asked_at = if asked.is_some() { Some(now) } else { self.asked_at };
        Memory { at: Some(now), topic, shown, asked, asked_at, misses: 0, undo: self.undo.clone() }
    }

    /// After a message that was not understood.
    pub fn missed(&self, asked: Option<Asked>, now: Timestamp) -> Memory {
        let misses = if self.is_enough() { 0 } else { self.misses + 1 };
        let asked_at = if asked.is_some() { Some(now) } else { self.asked_at };
        Memory { at: Some(now), asked, asked_at, misses, ..self.clone() }
    }

    /// Nothing is remembered: after the sharing ended, say.
    pub fn nothing(now: Timestamp) -> Memory {
        Memory { at: Some(now), ..Memory::default() }
    }
}

/// Which of several offered things an answer chooses by its place: "the first one", "2", "last". From 0.
pub fn chosen(text: &str, of: usize) -> Option<usize> {
    const PLACES: [&[&str]; 3] = [
        &["1", "1st", "first", "one", "former", "a"],
        &["2", "2nd", "second", "two", "b"],
        &["3", "3rd", "third", "three", "c"],
    ];
    const AROUND: &[&str] = &["the", "one", "option", "number", "no", "please", "pls", "choice", "that"];
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let said: Vec<&String> = words.iter().filter(|word| !AROUND.contains(&word.as_str())).collect();
    let at = match said.as_slice() {
        [] if words.iter().any(|word| word == "one") && words.len() == 1 => 0,
        [word] if matches!(word.as_str(), "last" | "latter") => of.checked_sub(1)?,
        [word] => PLACES.iter().position(|place| place.contains(&word.as_str()))?,
        _ => return None,
    };
    (at < of).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn topic() -> Option<Topic> {
        Some(Topic { intent: Intent::Spending, entities: Entities::default() })
    }

    #[test]
    fn what_is_older_than_ten_minutes_is_forgotten() {
        let stored = Memory::default().understood(topic(), 0, Some(Asked::Erase), noon()).write();
        assert_eq!(Memory::read(Some(&stored), noon() + LASTS).topic(), topic().as_ref());
        let late = noon() + LASTS + SignedDuration::from_nanos(1);
        assert_eq!(Memory::read(Some(&stored), late), Memory::default());
    }

    #[test]
    fn what_cannot_be_read_is_forgotten() {
        for stored in [&b""[..], b"{", br#"{"erase_asked_at":"2026-11-20T12:00:00Z"}"#, &[0xff]] {
            assert_eq!(Memory::read(Some(stored), noon()), Memory::default());
        }
    }

    #[test]
    fn two_failures_in_a_row_are_enough_and_then_it_counts_anew() {
        let first = Memory::default();
        assert!(!first.is_enough());
        let second = first.missed(None, noon());
        assert!(second.is_enough());
        assert!(!second.missed(None, noon()).is_enough());
        assert!(!second.understood(None, 0, None, noon()).is_enough());
    }

    #[test]
    fn a_question_is_over_with_the_next_message() {
        let asked = Memory::default().understood(topic(), 0, Some(Asked::Erase), noon());
        assert_eq!(asked.understood(None, 0, None, noon()).asked(), None);
        assert_eq!(asked.missed(None, noon()).asked(), None);
    }

    #[test]
    fn a_choice_is_named_by_its_place() {
        for (said, place) in
            [("the first one", 0), ("2", 1), ("Second, please", 1), ("the last one", 2), ("one", 0)]
        {
            assert_eq!(chosen(said, 3), Some(place), "{said}");
        }
        for said in ["third", "both", "", "the first of May", "what?"] {
            assert_eq!(chosen(said, 2), None, "{said}");
        }
    }
}
