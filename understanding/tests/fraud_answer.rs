//! What people answer to "Was this you?".

use understanding::{FraudAnswer, asks_who_wrote, fraud_answer};

const NOT_MINE: [&str; 34] = [
    "no",
    "No.",
    "NO!!",
    "no!!",
    "nooooo",
    "nope",
    "Nah",
    "n",
    "NEIN",
    "non",
    "não",
    "no no no",
    "hell no",
    "no it wasn't",
    "that wasn't me",
    "That wasn’t me!!!",
    "not me",
    "NOT ME 😡",
    "it was not me",
    "no, that wasnt me",
    "that's not mine",
    "I didn't make this payment",
    "i did not buy that",
    "never bought anything there",
    "this is fraud",
    "somebody else did that",
    "my card was stolen",
    "I never authorised that",
    "wsnt me",
    "no fui yo",
    "das war ich nicht",
    "pas moi",
    "freeze my card",
    "block it now",
];
const MINE: [&str; 20] = [
    "yes",
    "Yes!",
    "YES",
    "yesss",
    "yep",
    "yeah",
    "y",
    "sí",
    "oui",
    "ja",
    "yes it was me",
    "that was me",
    "it's mine",
    "yes it’s mine",
    "I bought that",
    "i made that one",
    "that's fine",
    "all good, that was me",
    "yes, my purchase",
    "was me",
];

#[test]
fn a_no_is_read_in_many_wordings() {
    for text in NOT_MINE {
        assert!(
            matches!(fraud_answer(text), Some(FraudAnswer::NotMine { .. })),
            "{text}: {:?}",
            fraud_answer(text)
        );
    }
}

#[test]
fn a_yes_is_read_in_many_wordings() {
    for text in MINE {
        assert!(
            matches!(fraud_answer(text), Some(FraudAnswer::Mine { .. })),
            "{text}: {:?}",
            fraud_answer(text)
        );
    }
}

#[test]
fn who_asks_or_is_not_sure_has_not_answered() {
    for text in [
        "what is this?",
        "What's that?",
        "which payment?",
        "?",
        "I don't recognise this",
        "where was that",
        "more details please",
    ] {
        assert_eq!(fraud_answer(text), Some(FraudAnswer::WhatIsThis), "{text}");
    }
    for text in [
        "not sure",
        "maybe",
        "yes and no",
        "I don't know",
        "yes it was me but no that was not me",
        "yes... not me",
        "no idea",
    ] {
        assert_eq!(fraud_answer(text), Some(FraudAnswer::Unsure), "{text}");
    }
}

#[test]
fn what_is_about_something_else_is_no_answer() {
    for text in [
        "what's my balance?",
        "no problem",
        "no, show me my balance",
        "yesterday's payments",
        "thanks",
        "stop",
        "Minecraft payments",
        "what did I spend at Not Just Coffee?",
        "my alerts",
        "tell me when my balance is low",
        "transactions in Norway",
        "",
    ] {
        assert_eq!(fraud_answer(text), None, "{text}");
    }
}

#[test]
fn only_what_says_so_is_clear() {
    assert_eq!(fraud_answer("no"), Some(FraudAnswer::NotMine { clear: false }));
    assert_eq!(fraud_answer("that was not me"), Some(FraudAnswer::NotMine { clear: true }));
    assert_eq!(fraud_answer("yes"), Some(FraudAnswer::Mine { clear: false }));
    assert_eq!(fraud_answer("yes, I bought that"), Some(FraudAnswer::Mine { clear: true }));
}

#[test]
fn who_asks_whether_it_was_the_bank_is_understood() {
    for text in [
        "did you write this?",
        "Did you just text me?",
        "was that you?",
        "is this really from my bank?",
        "is this message a scam?",
        "Is that SMS genuine?",
    ] {
        assert!(asks_who_wrote(text), "{text}");
    }
    for text in ["that was me", "what is this?", "did you change my limit?", "write to me", "is this mine?"] {
        assert!(!asks_who_wrote(text), "{text}");
    }
}

#[test]
fn a_message_may_begin_with_its_answer() {
    use understanding::begins_with;
    assert_eq!(begins_with("Yes, I got something there"), Some(FraudAnswer::Mine { clear: true }));
    assert_eq!(begins_with("NO!! the 45 one"), Some(FraudAnswer::NotMine { clear: true }));
    for other in ["", "nobody pays that", "yesterday I paid 45", "what is this?"] {
        assert_eq!(begins_with(other), None, "{other}");
    }
}
