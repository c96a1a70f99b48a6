//! A message as words.

/// Longer messages are read up to here only: nobody needs more to ask for a balance, and the work stays
/// bounded.
pub const MAX_READ_BYTES: usize = 1_024;

/// One word of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// In small letters, without apostrophes, signs of punctuation and emoji: `whats`, `$50`, `2026-11-21`.
    pub(crate) text: String,
    /// Where it stands in the message, in bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a comma, a full stop or the like follows.
    pub(crate) ends_phrase: bool,
}

/// Splits a message at spaces, and at hyphens and slashes between letters.
pub(crate) fn split(message: &str) -> Vec<Word> {
    let message = &message[..message.floor_char_boundary(MAX_READ_BYTES)];
    let mut words: Vec<Word> = Vec::new();
    let mut start = None;
    let mut before = ' ';
    let mut letters = message.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let after = letters.peek().map_or(' ', |(_, after)| *after);
        let joins_letters = matches!(letter, '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2026}')
            && before.is_alphabetic()
            && after.is_alphabetic();
        if letter.is_whitespace() || joins_letters {
            push(&mut words, message, start.take(), at);
        } else if start.is_none() {
            start = Some(at);
        }
        before = letter;
    }
    push(&mut words, message, start, message.len());
    words
}

fn push(words: &mut Vec<Word>, message: &str, start: Option<usize>, end: usize) {
    let Some(start) = start else { return };
    let raw = &message[start..end];
    let ends_phrase = raw.ends_with(['.', ',', ';', ':', '!', '?', ')']);
    let kept = raw.trim_matches(|letter: char| !is_kept(letter));
    if kept.is_empty() {
        if let Some(last) = words.last_mut() {
            last.ends_phrase |= ends_phrase;
        }
        return;
    }
    let start = start + (raw.len() - raw.trim_start_matches(|letter: char| !is_kept(letter)).len());
    let text: String =
        kept.chars().filter(|letter| !is_dropped(*letter)).flat_map(char::to_lowercase).collect();
    words.push(Word { text, start, end: start + kept.len(), ends_phrase });
}

fn is_kept(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '$' | '£' | '€' | '¥' | '₹' | '<' | '>' | '~')
}

/// Apostrophes, straight and curly, and what cannot be seen.
fn is_dropped(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' | '\u{200b}'..='\u{200d}' | '\u{fe0f}')
}

/// A number in words or digits, up to 999; `a hundred`, `twenty five`. Gives how many words it took.
pub(crate) fn number(words: &[Word]) -> Option<(u32, usize)> {
    let first = words.first()?.text.as_str();
    if let Ok(number) = first.parse::<u32>() {
        return first.bytes().all(|byte| byte.is_ascii_digit()).then_some((number, 1));
    }
    let (mut value, mut used) = match small_number(first) {
        Some(value) => (value, 1),
        None if first == "a" && words.get(1)?.text == "hundred" => (1, 1),
        None => return None,
    };
    let next = |used: usize| words.get(used).map_or("", |word| word.text.as_str());
    if value >= 20 && value % 10 == 0 {
        if let Some(ones) = small_number(next(used)).filter(|ones| (1..10).contains(ones)) {
            (value, used) = (value + ones, used + 1);
        }
    } else if value < 10 && next(used) == "hundred" {
        (value, used) = (value * 100, used + 1);
    }
    Some((value, used))
}

fn small_number(word: &str) -> Option<u32> {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |table: &[&str]| table.iter().position(|known| *known == word);
    place(&ONES).map(|at| at as u32).or_else(|| place(&TENS).map(|at| 10 * (at as u32 + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(message: &str) -> Vec<String> {
        split(message).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn signs_emoji_capitals_and_apostrophes_make_no_difference() {
        assert_eq!(texts("WHAT\u{2019}S my balance?? \u{1f600}"), ["whats", "my", "balance"]);
        assert_eq!(texts("opt-out, now!"), ["opt", "out", "now"]);
        assert_eq!(texts("over $50 since 2026-11-01."), ["over", "$50", "since", "2026-11-01"]);
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let message = "«Café» at Señor’s.";
        let words = split(message);
        assert_eq!(&message[words[2].start..words[2].end], "Señor’s");
        assert!(words[2].ends_phrase);
    }

    #[test]
    fn a_long_message_is_read_up_to_the_limit() {
        assert_eq!(split(&"é ".repeat(10_000)).len(), 341);
    }

    #[test]
    fn numbers_may_be_words() {
        let read = |message: &str| number(&split(message)).map(|(number, _)| number);
        for (message, expected) in [
            ("5", 5),
            ("five", 5),
            ("fifteen", 15),
            ("twenty five", 25),
            ("a hundred", 100),
            ("two hundred", 200),
        ] {
            assert_eq!(read(message), Some(expected), "{message}");
        }
        assert_eq!(read("a"), None);
        assert_eq!(read("some"), None);
    }
}
