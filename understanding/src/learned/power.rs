//! Words that must always work: a message that is one of these and nothing else is not left to probabilities.

use super::grams::words;

/// The intents that have such words, under the names of their sentences.
const POWER: &[(&str, &[&str])] = &[
    (
        "stop_sharing",
        &[
            "stop",
            "stop it",
            "stop sharing",
            "stop all",
            "stop everything",
            "unlink",
            "disconnect",
            "unsubscribe",
        ],
    ),
    ("pause", &["pause", "pause it", "pause sharing"]),
    ("yes", &["yes", "y", "yep", "yeah", "yup", "ok", "okay", "sure", "confirm"]),
    ("no", &["no", "n", "nope", "nah", "no thanks", "no thank you"]),
    ("help", &["help", "help me", "menu", "commands", "what can you do"]),
];

/// Words around them that change nothing.
const AROUND: [&str; 7] = ["please", "pls", "plz", "now", "just", "hey", "hi"];

/// The intent of a message that says a word of power and nothing else.
pub fn word_of_power(text: &str) -> Option<&'static str> {
    let words = words(text);
    let inner: Vec<&str> = words.iter().map(String::as_str).filter(|word| !AROUND.contains(word)).collect();
    // "stop stop stop" says stop.
    let mut once = inner.clone();
    once.dedup();
    let said = [inner.join(" "), once.join(" ")];
    let known = |phrases: &[&str]| said.iter().any(|said| phrases.contains(&said.as_str()));
    POWER.iter().find(|(_, phrases)| known(phrases)).map(|(intent, _)| *intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_power_works_however_it_is_shouted() {
        for text in ["stop", "STOP!!!", "Please stop.", "stop stop STOP", "stop now pls \u{1f64f}"] {
            assert_eq!(word_of_power(text), Some("stop_sharing"), "{text}");
        }
        assert_eq!(word_of_power("Yes please"), Some("yes"));
        assert_eq!(word_of_power("NO."), Some("no"));
        assert_eq!(word_of_power("help"), Some("help"));
    }

    #[test]
    fn more_than_the_word_is_not_the_word() {
        for text in [
            "stop my card",
            "no idea",
            "yes but not now later",
            "help me freeze my card",
            "",
            "pause my card",
        ] {
            assert_eq!(word_of_power(text), None, "{text}");
        }
    }
}
