//! What somebody answers when the bank asks "Was this you?", and whether they ask if it was the bank that wrote.
//!
//! A No weighs more than a Yes: it freezes a card, which can be taken back; a Yes lets money go. So a message that says
//! both is neither.

use crate::words;

/// An answer to "Was this you?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FraudAnswer {
    /// The payment is theirs.
    Mine {
        /// Whether it says what it is about ("I bought that"), and is not a mere yes.
        clear: bool,
    },
    /// It is not.
    NotMine {
        /// Whether it says what it is about ("that was not me"), and is not a mere no.
        clear: bool,
    },
    /// They want to know more.
    WhatIsThis,
    /// They say both, or that they are not sure.
    Unsure,
}

/// A mere No, in languages that customers of one bank may write, and with slips of the finger.
#[rustfmt::skip]
const NO: &[&str] = &[
    "no", "n", "nope", "nah", "nop", "never", "nein", "non", "nao", "não", "nee", "nej", "nie", "niet", "net", "нет", "ne", "noo", "np no",
    "no no", "no way", "hell no", "absolutely not", "definitely not", "of course not", "certainly not", "no no no", "no it wasnt",
    "no it was not", "no i didnt", "no sir", "no please", "noi", "nno", "bo", "mo",
];

/// A mere Yes.
#[rustfmt::skip]
const YES: &[&str] = &[
    "yes", "y", "yep", "yeah", "yup", "ya", "sure", "si", "sí", "oui", "ja", "sim", "tak", "da", "да", "yes yes", "yes it was", "yes i did",
    "yes please", "of course", "correct", "right", "yea", "ye", "yess", "yes it is", "yes that is right", "absolutely", "definitely",
];

/// What says of a payment that it is somebody else's.
#[rustfmt::skip]
const NOT_MINE: &[&str] = &[
    "not me", "not mine", "wasnt me", "was not me", "isnt mine", "is not mine", "isnt me", "not my", "didnt make", "did not make",
    "didnt buy", "did not buy", "never bought", "never made", "didnt do", "did not do", "didnt pay", "did not pay",
    "never paid", "didnt authori", "did not authori", "never authori", "unauthori", "fraud", "stolen", "stole my", "somebody else", "someone else",
    "never been there", "never heard of", "dont know this shop", "do not know this shop", "hacked", "thief", "scammed me", "freeze", "block it",
    "block my", "block the", "stop the card", "no soy yo", "no fui yo", "pas moi", "nicht ich", "war ich nicht", "nao fui eu", "não fui eu", "wasnt my",
    "wasnt us", "werent me", "wsnt me", "wasnt mee", "wasnt em", "not ours", "wasnt mine",
];

/// What says of a payment that it is theirs.
#[rustfmt::skip]
const MINE: &[&str] = &[
    "it was me", "that was me", "this was me", "thats me", "its me", "yes me", "its mine", "it is mine", "thats mine",
    "that is mine", "this is mine", "i did it", "i did that", "i made it", "i made that", "i made this", "i bought", "i paid", "my purchase",
    "my payment", "all good", "all fine", "thats fine", "that is fine", "its fine", "i know it", "i know this", "i recognise it",
    "i recognize it", "fui yo", "c etait moi", "das war ich", "ich war das", "fui eu", "was me", "were me", "mine",
];

/// What asks for more.
#[rustfmt::skip]
const WHAT: &[&str] = &[
    "what is this", "what is that", "what was this", "what was that", "whats this", "whats that", "what is it", "which payment",
    "which purchase", "what payment", "what purchase", "more details", "details", "more info", "tell me more", "dont recogni", "do not recogni",
    "where was", "where is this", "which shop", "who is that", "which card", "when was",
];

/// What says that they cannot tell.
#[rustfmt::skip]
const UNSURE: &[&str] = &[
    "not sure", "maybe", "dont know", "do not know", "perhaps", "i think so", "might be", "could be", "no idea", "dont remember",
    "do not remember", "cant remember", "yes and no",
];

/// What a message answers to "Was this you?". None: it is about something else.
pub fn fraud_answer(text: &str) -> Option<FraudAnswer> {
    let said = squeezed(&plain_words(text));
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| contains(&said, phrase));
    let is = |phrases: &[&str]| phrases.contains(&said.as_str());
    if has(UNSURE) {
        return Some(FraudAnswer::Unsure);
    }
    let not_mine = has(NOT_MINE);
    let mine = !not_mine && has(MINE);
    let first = said.split(' ').next().unwrap_or_default();
    let (no, yes) = (is(NO) || first == "no", is(YES) || first == "yes");
    match (not_mine, mine, no, yes) {
        (true, _, _, true) | (_, true, true, _) => Some(FraudAnswer::Unsure),
        (true, ..) => Some(FraudAnswer::NotMine { clear: true }),
        (_, true, ..) => Some(FraudAnswer::Mine { clear: true }),
        _ if has(WHAT) || said.is_empty() && text.contains('?') => Some(FraudAnswer::WhatIsThis),
        // "No problem" and "no, what is my balance" are no answers.
        (_, _, true, _) if is(NO) => Some(FraudAnswer::NotMine { clear: false }),
        (_, _, _, true) if is(YES) => Some(FraudAnswer::Mine { clear: false }),
        _ => None,
    }
}

/// Whether a message begins with a Yes or a No, whatever follows. It is an answer if it goes on to name the payment.
pub fn begins_with(text: &str) -> Option<FraudAnswer> {
    let said = squeezed(&plain_words(text));
    match said.split(' ').next() {
        Some("yes") => Some(FraudAnswer::Mine { clear: true }),
        Some("no") => Some(FraudAnswer::NotMine { clear: true }),
        _ => None,
    }
}

/// Whether somebody asks if it was really the bank that wrote.
pub fn asks_who_wrote(text: &str) -> bool {
    let said = plain_words(text);
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| contains(&said, phrase));
    let wrote = has(&[
        "did you write",
        "did you send",
        "did you text",
        "did you message",
        "did you contact",
        "did you call",
        "did you just",
        "text from you",
        "message from you",
        "email from you",
        "sms from you",
        "call from you",
        "text from my bank",
        "text from the bank",
        "message from my bank",
        "message from the bank",
        "email from my bank",
        "email from the bank",
        "was that you",
        "was this you",
        "is that you",
        "is this you",
        "is this really",
        "is that really",
        "really you",
        "really from",
        "really my bank",
        "really the bank",
        "are you really",
    ]);
    let real = has(&["message", "text", "sms", "alert", "this", "that", "it", "email", "call"])
        && has(&["a scam", "a fake", "fake", "genuine", "legit", "phishing", "real or"]);
    // "What did you send to my bank" asks for something else.
    let elsewhere = has(&["to my bank", "to the bank"]);
    (wrote && !elsewhere) || real
}

/// In small letters, without marks and apostrophes.
fn plain_words(text: &str) -> String {
    words::split(text).iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether a phrase stands there in whole words; what ends in a stem ("recogni") goes on as it likes.
fn contains(said: &str, phrase: &str) -> bool {
    let stem = phrase.ends_with("recogni") || phrase.ends_with("authori");
    said.match_indices(phrase).any(|(at, _)| {
        let before = said[..at].chars().next_back();
        let after = said[at + phrase.len()..].chars().next();
        before.is_none_or(|c| c == ' ') && (stem || after.is_none_or(|c| c == ' '))
    })
}

/// "noooo" is "no": a letter that stands three times or more stands once.
fn squeezed(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let run = chars[at..].iter().take_while(|c| **c == chars[at]).count();
        let keep = if run >= 3 { 1 } else { run };
        out.extend(std::iter::repeat_n(chars[at], keep));
        at += run;
    }
    out
}
