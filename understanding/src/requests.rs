//! Several requests in one message: "what's my balance and freeze my card".

use crate::{
    Context, Decision, Entities, Intent, Understood, goes_on, understand,
    words::{self, Word},
};

/// More than this in one message are a letter, which is answered by what it asks most clearly.
pub const MOST_REQUESTS: usize = 3;

/// A message of more pieces than this is not taken apart: the work stays bounded.
const MOST_PIECES: usize = 8;

/// Words that stand between two requests.
const JOINTS: &[&str] = &["and", "also", "plus", "then", "but", "oh", "btw", "afterwards"];

/// One of several requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its own words.
    pub text: String,
    /// What it asks for.
    pub intent: Intent,
    /// What it names.
    pub entities: Entities,
}

/// How a request goes together with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It tells something.
    Tells,
    /// It begins something that is asked about first. One of them, and it is said last.
    Begins,
    /// It takes what follows for its own: "tell me when my salary arrives and my balance drops".
    Takes,
    /// It is small talk beside a request.
    Nothing,
    /// It is of such weight that the message is about it alone.
    Alone,
}

fn part(intent: Intent) -> Part {
    use Intent as I;
    match intent {
        I::Balance | I::Transactions | I::Spending | I::Picture | I::Compare | I::WhereShopped => Part::Tells,
        I::Statements | I::Schedules | I::Subscriptions | I::Watches | I::TakeAlong | I::Deeds => Part::Tells,
        I::WhoLooked | I::Receipts | I::MyConsents | I::Privacy | I::Hours | I::Standing => Part::Tells,
        I::CardFreeze | I::CardUnfreeze | I::CardLost | I::CardStolen | I::CardLimits => Part::Begins,
        I::Watch | I::WatchStop | I::Travel | I::Nickname | I::Contact => Part::Takes,
        I::Greeting | I::Thanks | I::Help => Part::Nothing,
        I::Stop | I::Erase | I::Export | I::Pause | I::Resume | I::Change | I::Link | I::Undo => Part::Alone,
        I::Person | I::Yes | I::No => Part::Alone,
    }
}

/// The requests of a message that makes two or three, in the order in which they are answered: what begins something comes
/// last. Empty for a message that makes one, or none that is clear.
pub fn requests(text: &str, about: &Context) -> Vec<Request> {
    let all = words::split(text);
    let mut pieces: Vec<(usize, usize)> = cut(&all);
    if !(2..=MOST_PIECES).contains(&pieces.len()) {
        return Vec::new();
    }
    // What is no request by itself belongs to the one before it: "at Tesco and Lidl".
    let mut found: Vec<Request> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    pieces.reverse();
    while let Some((from, to)) = pieces.pop() {
        let Some(request) = read(text, &all[from..to], about) else {
            let Some((start, _)) = open else {
                match pieces.last_mut() {
                    Some(next) if !is_idle(text, &all[from..to], about) => next.0 = from,
                    _ => {}
                }
                continue;
            };
            open = Some((start, to));
            let Some(last) = found.last_mut() else { return Vec::new() };
            match read(text, &all[start..to], about) {
                Some(longer) if longer.intent == last.intent => *last = longer,
                _ => return Vec::new(),
            }
            continue;
        };
        if found.last().is_some_and(|before| part(before.intent) == Part::Takes) {
            return Vec::new();
        }
        open = Some((from, to));
        found.push(request);
    }
    let begins = found.iter().filter(|request| part(request.intent) != Part::Tells).count();
    let alone = found.iter().any(|request| part(request.intent) == Part::Alone);
    found.dedup_by(|b, a| a.intent == b.intent && (a.entities == b.entities || !goes_on(a.intent)));
    // A file of payments is one wish.
    let file = found.iter().any(|request| request.intent == Intent::TakeAlong);
    found.retain(|request| !(file && request.intent == Intent::Transactions));
    if alone || begins > 1 || !(2..=MOST_REQUESTS).contains(&found.len()) {
        return Vec::new();
    }
    share_days(&mut found);
    found.sort_by_key(|request| part(request.intent) != Part::Tells);
    found
}

/// Where the pieces of a message lie: between joints, commas, full stops and question marks.
fn cut(all: &[Word]) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, word) in all.iter().enumerate() {
        if JOINTS.contains(&word.text.as_str()) {
            pieces.push((from, at));
            from = at + 1;
        } else if word.ends_phrase {
            pieces.push((from, at + 1));
            from = at + 1;
        }
    }
    pieces.push((from, all.len()));
    pieces.retain(|(from, to)| from < to);
    pieces
}

fn of<'a>(text: &'a str, words: &[Word]) -> &'a str {
    match words {
        [] => "",
        [first, .., last] => &text[first.start..last.end],
        [only] => &text[only.start..only.end],
    }
}

/// A piece that asks for something clearly.
fn read(text: &str, words: &[Word], about: &Context) -> Option<Request> {
    let text = of(text, words);
    let Understood { decision: Decision::Act(intent), entities, .. } = understand(text, about) else {
        return None;
    };
    let counts = match part(intent) {
        Part::Nothing => false,
        Part::Tells => !is_told(words),
        Part::Begins | Part::Takes | Part::Alone => true,
    };
    counts.then(|| Request { text: text.to_owned(), intent, entities })
}

/// Whether a piece tells of something rather than asks for it: "I checked my statement", "it was my payment".
fn is_told(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().take(2).map(|word| word.text.as_str()).collect();
    match texts.as_slice() {
        ["i" | "we", second, ..] => {
            !matches!(*second, "want" | "need" | "would" | "wanna" | "wish" | "like" | "must")
        }
        ["it" | "there" | "theres" | "this" | "that" | "thats" | "no", ..] => true,
        _ => false,
    }
}

/// Whether a piece is small talk: nothing that the next one needs.
fn is_idle(text: &str, words: &[Word], about: &Context) -> bool {
    let decision = understand(of(text, words), about).decision;
    matches!(decision, Decision::Act(intent) if part(intent) == Part::Nothing)
}

/// Days that are named once are meant for all that is asked of payments: "what did I spend and where did I shop last week".
fn share_days(found: &mut [Request]) {
    let named: Vec<_> = found.iter().filter_map(|request| request.entities.period.clone()).collect();
    let [days] = named.as_slice() else { return };
    for request in found.iter_mut().filter(|request| request.entities.count.is_none()) {
        request.entities.period.get_or_insert_with(|| days.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn asked(text: &str) -> Vec<(Intent, String)> {
        let about =
            Context { now: "2026-11-20T15:00:00Z".parse().unwrap(), zone: TimeZone::UTC, merchants: &[] };
        requests(text, &about).into_iter().map(|request| (request.intent, request.text)).collect()
    }

    fn intents(text: &str) -> Vec<Intent> {
        asked(text).into_iter().map(|(intent, _)| intent).collect()
    }

    #[test]
    fn two_requests_are_both_read_and_what_asks_back_comes_last() {
        use Intent as I;
        for (message, wanted) in [
            ("what's my balance and freeze my card", vec![I::Balance, I::CardFreeze]),
            ("freeze my card and tell me my balance", vec![I::Balance, I::CardFreeze]),
            ("my balance and last transactions please", vec![I::Balance, I::Transactions]),
            ("What did I buy on Amazon and how much is left?", vec![I::Transactions, I::Balance]),
            (
                "How much did I spend? Where did I shop? What's my balance?",
                vec![I::Spending, I::WhereShopped, I::Balance],
            ),
            (
                "hi! show my subscriptions, also my standing orders, thanks",
                vec![I::Subscriptions, I::Schedules],
            ),
            ("I lost my card! and what's my balance?", vec![I::Balance, I::CardLost]),
            ("what's in my savings and tell me when it drops below $100", vec![I::Balance, I::Watch]),
        ] {
            assert_eq!(intents(message), wanted, "{message}");
        }
    }

    #[test]
    fn days_named_once_are_meant_for_both() {
        let about =
            Context { now: "2026-11-20T15:00:00Z".parse().unwrap(), zone: TimeZone::UTC, merchants: &[] };
        let found = requests("what did I spend and where did I shop last week", &about);
        assert_eq!(found.len(), 2);
        assert!(
            found.iter().all(|request| request
                .entities
                .period
                .as_ref()
                .is_some_and(|days| days.said == "last week"))
        );
    }

    #[test]
    fn a_message_of_very_many_pieces_is_not_taken_apart() {
        let many = |n: usize| format!("my balance and my last payments{}", ", a".repeat(n));
        assert_eq!(intents(&many(6)).len(), 2);
        assert_eq!(asked(&many(7)), []);
        assert_eq!(asked(&many(300)), []);
    }

    #[test]
    fn one_request_stays_one() {
        for message in [
            "what did I spend at Tesco and Lidl",
            "payments between 5 and 10 dollars",
            "money in and out",
            "hello and thanks",
            "hi there! could you tell me my balance please, thanks",
            "tell me when my salary arrives and my balance drops below 100",
            "stop and erase my data",
            "freeze my card and order a new one",
            "I lost my card, freeze it",
            "no, and my balance?",
            "I'm travelling to Spain and Portugal",
            "what did I spend on food and what on rent",
            "why was I charged twice and what is this payment",
            "I checked my statement and saw a charge of one pound, where is this charge coming from?",
            "import my payments into my program, need a csv",
            "direct debits and standing orders",
            "unblock it, it was my payment",
            "my balance",
            "my balance, my balance",
            "",
        ] {
            assert_eq!(asked(message), [], "{message}");
        }
    }
}
