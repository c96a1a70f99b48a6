//! Whether a phrase of the table stands in a message.

use crate::lexicon::NOT_TYPOS;

/// A phrase found in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    /// Which words of the message it spans.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Words of the phrase that were found, gaps not counted.
    pub(crate) literals: usize,
    /// How many of them were typed with a mistake.
    pub(crate) typos: usize,
}

/// A gap `*` in a phrase is at most this many words long.
const LONGEST_GAP: usize = 4;

/// Words of a phrase this long may be typed with one mistake.
const SHORTEST_TYPO: usize = 5;

/// A phrase of the table, taken apart.
#[derive(Debug)]
pub(crate) struct Phrase {
    /// Whether it stands at the beginning of the message only.
    anchored: bool,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// One of these words; if optional, it may be missing.
    Word { choices: Vec<&'static str>, optional: bool },
    /// Any few words.
    Gap,
    /// The end of the message.
    End,
}

impl Phrase {
    /// Takes a phrase apart: words separated by spaces; `a|b` is either, `a?` may be missing, `*` is a gap, `^` at
    /// the beginning and `$` at the end stand for the ends of the message.
    pub(crate) fn new(phrase: &'static str) -> Phrase {
        let anchored = phrase.starts_with("^ ");
        let parts = phrase.trim_start_matches("^ ").split(' ').map(|part| match part {
            "*" => Part::Gap,
            "$" => Part::End,
            _ => {
                let choices = part.strip_suffix('?').unwrap_or(part);
                Part::Word { choices: choices.split('|').collect(), optional: choices.len() < part.len() }
            }
        });
        Phrase { anchored, parts: parts.collect() }
    }

    /// Finds the phrase in a message.
    pub(crate) fn find(&self, words: &[&str]) -> Option<Match> {
        let starts = if self.anchored { 0..=0 } else { 0..=words.len() };
        for from in starts {
            if let Some((to, literals, typos)) = matches_at(&self.parts, words, from) {
                return (literals > 0).then_some(Match { from, to, literals, typos });
            }
        }
        None
    }
}

/// Where the match ends, how many words were found, how many with a mistake.
fn matches_at(parts: &[Part], words: &[&str], at: usize) -> Option<(usize, usize, usize)> {
    let Some((part, rest)) = parts.split_first() else { return Some((at, 0, 0)) };
    match part {
        Part::End => (at == words.len()).then_some((at, 0, 0)),
        Part::Gap => {
            let gaps = (0..=LONGEST_GAP).filter(|gap| at + gap <= words.len());
            gaps.into_iter().find_map(|gap| matches_at(rest, words, at + gap))
        }
        Part::Word { choices, optional } => {
            let here = words.get(at).and_then(|word| {
                let mistakes = choices.iter().filter_map(|choice| mistakes(choice, word)).min()?;
                let (to, literals, typos) = matches_at(rest, words, at + 1)?;
                Some((to, literals + 1, typos + mistakes))
            });
            here.or_else(|| if *optional { matches_at(rest, words, at) } else { None })
        }
    }
}

/// 0 if the word is the expected one, 1 if it is that with one mistake.
fn mistakes(expected: &str, word: &str) -> Option<usize> {
    if expected == word {
        return Some(0);
    }
    let near = expected.len() >= SHORTEST_TYPO && expected.len().abs_diff(word.len()) <= 1;
    (near && one_edit_apart(expected.as_bytes(), word.as_bytes()) && !NOT_TYPOS.contains(&word)).then_some(1)
}

/// One letter more, less, other, or two neighbours swapped. The words of the table are ASCII, so bytes will do.
pub(crate) fn one_edit_apart(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same_start = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same_start..], &long[same_start..]);
    match long.len() - short.len() {
        0 if short.is_empty() => true,
        0 => {
            short[1..] == long[1..]
                || (short.len() >= 2 && short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..])
        }
        1 => short == &long[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrase: &'static str, message: &str) -> bool {
        Phrase::new(phrase).find(&message.split(' ').collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn a_phrase_has_choices_optional_words_gaps_and_ends() {
        assert!(found("how much money? have i|we", "tell me how much have we"));
        assert!(found("who * data", "who on earth saw my data"));
        assert!(!found("who * data", "who on earth was it that saw data"));
        assert!(found("^ stop it? $", "stop it"));
        assert!(!found("^ stop it? $", "stop the press"));
    }

    #[test]
    fn one_mistake_in_a_long_word_is_forgiven() {
        for typed in ["balance", "balence", "blance", "ballance", "abl nce", "balacne", "balanc"] {
            assert_eq!(found("balance", typed), !typed.contains(' '), "{typed}");
        }
        assert!(!found("balance", "blnce"), "two mistakes");
        assert!(!found("stop", "shop"), "short words are as they are");
        assert!(!found("spend", "send"), "another word of its own");
    }
}
