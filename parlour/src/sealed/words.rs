//! Three words that a page in an unknown browser shows and its owner writes into the conversation: whoever
//! has the page shows that they also have the conversation. Words and not digits, since codes are cut out of
//! what people write.

use sha2::{Digest, Sha256};

/// Words that are short, common, hard to mistake for each other, and no question that somebody would ask.
/// Three different ones of 64 are 249,984 ways; with ten tries a guess succeeds once in 25,000 times.
const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "apple", "autumn", "badge", "bamboo", "barley", "basket", "beacon", "birch",
    "blanket", "bridge", "bronze", "bison", "butter", "candle", "canyon", "carpet", "castle", "cedar",
    "cherry", "clover", "copper", "coral", "cotton", "daisy", "desert", "dolphin", "dragon", "eagle",
    "ember", "falcon", "feather", "forest", "garden", "ginger", "glacier", "guitar", "hammer", "hazel",
    "honey", "island", "ivory", "jasmine", "kettle", "ladder", "lantern", "lemon", "marble", "meadow",
    "mirror", "nutmeg", "olive", "orchid", "paper", "pepper", "pillow", "rabbit", "saddle", "silver",
    "thunder", "velvet", "walnut",
];

/// The words of a link in one browser. Nobody can work them out without that browser's secret.
pub fn of(token_hash: &[u8; 32], browser: &[u8; 32]) -> [&'static str; 3] {
    let mut hash = Sha256::new();
    hash.update(b"parlour words\0");
    hash.update(token_hash);
    hash.update(browser);
    let digest = hash.finalize();
    let mut left = WORDS.to_vec();
    [0, 2, 4]
        .map(|at| left.remove(usize::from(u16::from_be_bytes([digest[at], digest[at + 1]])) % left.len()))
}

/// The three words that somebody wrote, if they wrote three of ours and nothing else.
pub fn written(text: &str) -> Option<[&'static str; 3]> {
    let mut found = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(|word| WORDS.iter().copied().find(|known| word.eq_ignore_ascii_case(known)));
    let three = [found.next()??, found.next()??, found.next()??];
    found.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_however_they_are_written() {
        let three = of(&[1; 32], &[2; 32]);
        for text in [three.join(" "), three.join(", ").to_uppercase(), format!("  “{}”. ", three.join("-"))]
        {
            assert_eq!(written(&text), Some(three), "{text}");
        }
        for other in
            ["amber", "amber lemon", "amber lemon velvet acorn", "what is my balance", "", "amber lemon xyz"]
        {
            assert_eq!(written(other), None, "{other}");
        }
    }

    #[test]
    fn another_browser_or_another_link_has_other_words() {
        let one = of(&[1; 32], &[2; 32]);
        let others = (3..40).flat_map(|n| [of(&[n; 32], &[2; 32]), of(&[1; 32], &[n; 32])]);
        for other in others {
            assert_ne!(other, one);
            assert!(other[0] != other[1] && other[1] != other[2] && other[0] != other[2], "{other:?}");
        }
    }

    #[test]
    fn no_word_is_there_twice_and_none_asks_for_anything() {
        let zone = jiff::tz::TimeZone::UTC;
        let about = understanding::Context { now: jiff::Timestamp::UNIX_EPOCH, zone, merchants: &[] };
        for (i, word) in WORDS.iter().enumerate() {
            assert!(!WORDS[i + 1..].contains(word), "{word}");
            let understood = understanding::understand(word, &about).decision;
            assert!(!matches!(understood, understanding::Decision::Act(_)), "{word}: {understood:?}");
        }
    }
}
