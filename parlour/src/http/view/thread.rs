//! The chat page: the room, the top of its thread, and each message.

use super::Brand;
use crate::{
    reply::{BalanceLine, Block, Reply, Seen, TransactionLine},
    room::{Entry, Linked, Standing, Words},
    when,
};
use askama::Template;
use domain::{AccountKind, DataClass, Purpose};
use jiff::{Timestamp, tz::TimeZone};

/// The longest message, in characters.
pub const MAX_TEXT: usize = domain::conversation::MAX_TEXT_CHARS;

/// What an empty chat offers to ask: what stands on the button, and what it says.
pub const FIRST_QUESTIONS: [(&str, &str); 3] = [
    ("What’s my balance?", "What’s my balance?"),
    ("My last payments", "Show my last transactions"),
    ("Link my accounts", "Link my bank"),
];

/// The whole room.
#[derive(Template)]
#[template(path = "chat/room.html")]
pub struct Room {
    /// The bank.
    pub brand: Brand,
    /// How the conversation stands, in words.
    pub standing: String,
    /// Whether it is linked.
    pub linked: bool,
    /// The top of the thread, drawn.
    pub top: String,
    /// The messages, drawn.
    pub items: Vec<String>,
    /// The newest message that is shown; the stream goes on after it.
    pub last: u64,
    /// The key of the next message.
    pub key: String,
    /// Whether a question waits for its answer.
    pub answering: bool,
}

impl Room {
    fn say_to(&self) -> String {
        format!("/v1/chat/{}/messages", self.brand.id)
    }

    fn events(&self) -> String {
        format!("/v1/chat/{}/events?as=html&after={}", self.brand.id, self.last)
    }

    fn again(&self) -> String {
        format!("/chat/{}?after={}#m-{}", self.brand.id, self.last, self.last)
    }
}

/// The top of the thread: the way to older messages or, where there are none, who is talking.
#[derive(Template)]
#[template(path = "chat/top.html")]
pub struct Top<'a> {
    /// The bank.
    pub brand: &'a Brand,
    /// The oldest message that is shown, if there are older ones.
    pub older: Option<u64>,
    /// What the chat can do, in words.
    pub can: &'a [String],
    /// What the bank says No to, in words.
    pub says_no: Vec<String>,
    /// Whether the conversation is linked.
    pub linked: bool,
    /// Whether nothing was said yet.
    pub fresh: bool,
}

/// What the bank says No to, with its reason: "the places where you shopped. We do not …"
pub fn says_no(classes: &[(DataClass, String)]) -> Vec<String> {
    classes.iter().map(|(class, reason)| format!("{}: {reason}", capital(class.in_words()))).collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// One message.
#[derive(Template)]
#[template(path = "chat/item.html")]
pub struct Item<'a> {
    /// The bank.
    pub bank: &'a Brand,
    /// The zone in which it tells times.
    pub zone: &'a TimeZone,
    /// The time now, for leaving out the year.
    pub now: Timestamp,
    /// The message.
    pub entry: &'a Entry,
    /// Whether it is the first of its day.
    pub new_day: bool,
}

/// A day as a heading.
pub struct Day {
    /// ISO 8601.
    pub date: String,
    /// As people read it.
    pub words: String,
}

impl Item<'_> {
    fn mine(&self) -> bool {
        matches!(self.entry.words, Words::Customer { .. })
    }

    fn answers(&self) -> Option<u64> {
        match &self.entry.words {
            Words::Bank { answers, .. } => *answers,
            Words::Customer { .. } => None,
        }
    }

    fn day(&self) -> Option<Day> {
        let date = self.entry.at.to_zoned(self.zone.clone()).date();
        let today = self.now.to_zoned(self.zone.clone()).date();
        self.new_day.then(|| Day { date: date.to_string(), words: when::day(date, today) })
    }

    fn clock(&self, at: &Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        format!("{}:{:02}", at.hour(), at.minute())
    }

    fn moment(&self, at: &Timestamp) -> String {
        moment(at, self.now, self.zone)
    }

    fn owed(&self, account: &BalanceLine) -> bool {
        Item::is_owed(account)
    }

    /// Whether what stands on an account is owed.
    pub fn is_owed(account: &BalanceLine) -> bool {
        matches!(account.kind, AccountKind::Card | AccountKind::Loan)
    }

    fn pending(&self, rows: &[TransactionLine]) -> bool {
        rows.iter().any(|row| row.pending)
    }

    fn grouped(&self, number: &u64) -> String {
        grouped(*number)
    }

    fn seen(&self, reply: &Reply) -> Vec<String> {
        seen(&reply.seen)
    }
}

/// "Mon 9 Nov, 9:41". Never "today": a page stays open overnight.
pub fn moment(at: &Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()).date());
    format!("{}, {}:{:02}", when::day(at.date(), today), at.hour(), at.minute())
}

/// "Read your balances once, to answer your questions. Log entry 10,482."
pub fn seen(seen: &[Seen]) -> Vec<String> {
    let mut groups: Vec<((DataClass, Purpose), Vec<u64>)> = vec![];
    for one in seen {
        let what = (one.data_class, one.purpose);
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) => places.push(one.index),
            None => groups.push((what, vec![one.index])),
        }
    }
    groups.into_iter().map(|((class, purpose), places)| seen_line(class, purpose, &places)).collect()
}

fn seen_line(class: DataClass, purpose: Purpose, places: &[u64]) -> String {
    let times = match places.len() {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    let entries = if places.len() == 1 { "Log entry" } else { "Log entries" };
    let places: Vec<_> = places.iter().map(|n| grouped(*n)).collect();
    let (what, why) = (class.in_words(), purpose.in_words());
    format!("Read {what} {times}, {why}. {entries} {}.", places.join(" and "))
}

/// "10,482".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How a conversation stands, in words for its header.
pub fn standing_words(standing: &Standing, zone: &TimeZone) -> String {
    match &standing.linked {
        Some(Linked { accounts, until, .. }) => {
            let accounts =
                if *accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") };
            format!("Linked for {accounts} until {}", when::long_day(*until, zone))
        }
        None if standing.paused => "Paused. Nothing is read until you write “continue”.".to_owned(),
        None if standing.waiting_answer => "Not linked yet. Was it you? Answer below.".to_owned(),
        None => "Not linked to your accounts".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::view::samples;

    #[test]
    fn the_line_under_an_answer_says_what_was_read_why_and_where_it_stands() {
        let one = samples::seen(DataClass::Balances, 10_482);
        let two = [
            samples::seen(DataClass::Transactions, 7),
            one.clone(),
            samples::seen(DataClass::Transactions, 8),
        ];
        assert_eq!(seen(&[one]), ["Read your balances once, to answer your questions. Log entry 10,482."]);
        assert_eq!(
            seen(&two),
            [
                "Read your transactions twice, to answer your questions. Log entries 7 and 8.",
                "Read your balances once, to answer your questions. Log entry 10,482.",
            ]
        );
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn html_in_a_message_is_shown_as_text() {
        let html = samples::draw_text("<script>alert(1)</script>\"'&");
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
    }

    #[test]
    fn a_message_cannot_turn_its_text_around() {
        assert!(samples::draw_text("\u{202e}evil").contains("[U+202E]evil"));
    }

    #[test]
    fn nothing_on_the_page_is_inline() {
        for html in samples::all() {
            for never in [" style=", "<style", "javascript:", " onclick=", "hx-on", "<script>"] {
                assert!(!html.contains(never), "{never} in {html}");
            }
        }
    }

    #[test]
    fn every_kind_of_block_is_drawn() {
        let html = samples::every_block();
        for part in [
            "$2,318.40",
            "Available to spend",
            "Owed",
            "Credit left",
            "Pending",
            "−$117.25",
            "+$2,450.00",
            "In 3 payments",
            "Reno, United States",
            "Link this chat to Harbour Bank",
            "Refused",
            "being numbered",
            "said No",
            "What you can do:",
            "class=\"care\"",
            "10,482",
            "4 more",
            "Sat 21 Nov",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }
}
