//! WordPiece: a message as pieces of the vocabulary of BERT (uncased). Public method: Devlin et al., 2019, and the tokenizer
//! that came with it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A longer word is unknown as a whole.
const MAX_WORD: usize = 100;

/// The vocabulary: a piece's number is its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// The pieces, one a line.
    text: String,
    /// Where each piece begins and ends.
    places: Vec<(u32, u32)>,
    /// The numbers in the order of the pieces' text.
    sorted: Vec<u32>,
    unknown: u32,
    first: u32,
    last: u32,
}

/// A vocabulary without the pieces that every message needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vocabulary lacks [UNK], [CLS] or [SEP]")]
pub struct NoVocabulary;

impl Vocabulary {
    /// From the text of a `vocab.txt`: one piece a line, in the order of their numbers.
    pub fn new(text: &str) -> Result<Vocabulary, NoVocabulary> {
        let text = text.to_owned();
        let mut places = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let piece = line.trim_end_matches(['\n', '\r']);
            places.push((start as u32, (start + piece.len()) as u32));
            start += line.len();
        }
        let piece = |number: &u32| {
            let (from, to) = places[*number as usize];
            &text[from as usize..to as usize]
        };
        let mut sorted: Vec<u32> = (0..places.len() as u32).collect();
        sorted.sort_by(|a, b| piece(a).cmp(piece(b)));
        let find = |wanted: &str| {
            let at = sorted.binary_search_by(|number| piece(number).cmp(wanted)).map_err(|_| NoVocabulary)?;
            Ok(sorted[at])
        };
        let (unknown, first, last) = (find("[UNK]")?, find("[CLS]")?, find("[SEP]")?);
        Ok(Vocabulary { text, places, sorted, unknown, first, last })
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none; never true.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The text of `vocab.txt`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The piece with this number.
    pub fn piece(&self, number: u32) -> &str {
        self.places.get(number as usize).map_or("", |(from, to)| &self.text[*from as usize..*to as usize])
    }

    /// The number of `[UNK]`.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The numbers of `[CLS]` and `[SEP]`, which stand around a message.
    pub fn ends(&self) -> (u32, u32) {
        (self.first, self.last)
    }

    fn find(&self, start: bool, piece: &str) -> Option<u32> {
        let wanted = |number: &u32| {
            let mut known = self.piece(*number);
            if !start {
                // Pieces that go on a word begin with ##; what does not sorts around them.
                match known.strip_prefix("##") {
                    Some(rest) if !rest.is_empty() => known = rest,
                    _ => {
                        return if known <= "##" {
                            std::cmp::Ordering::Less
                        } else {
                            std::cmp::Ordering::Greater
                        };
                    }
                }
            }
            known.cmp(piece)
        };
        self.sorted.binary_search_by(wanted).ok().map(|at| self.sorted[at])
    }

    /// The pieces of a message, without `[CLS]` and `[SEP]`; at most `most`.
    pub fn pieces(&self, text: &str, most: usize) -> Vec<u32> {
        let mut pieces = Vec::new();
        for word in basic_words(text) {
            self.cut(&word, &mut pieces);
            if pieces.len() >= most {
                pieces.truncate(most);
                break;
            }
        }
        pieces
    }

    /// Cuts a word into the longest pieces that the vocabulary has, from the left.
    fn cut(&self, word: &str, pieces: &mut Vec<u32>) {
        let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        if ends.len() > MAX_WORD + 1 {
            pieces.push(self.unknown);
            return;
        }
        let before = pieces.len();
        let mut from = 0;
        while from + 1 < ends.len() {
            let longest = (from + 1..ends.len())
                .rev()
                .find_map(|to| Some((to, self.find(from == 0, &word[ends[from]..ends[to]])?)));
            let Some((to, piece)) = longest else {
                pieces.truncate(before);
                pieces.push(self.unknown);
                return;
            };
            pieces.push(piece);
            from = to;
        }
    }
}

/// Words in small letters without accents; signs of punctuation and Chinese characters stand alone.
fn basic_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let end = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        if letter.is_whitespace() {
            end(&mut word, &mut words);
        } else if letter.is_control() || matches!(letter, '\u{fffd}' | '\u{200b}'..='\u{200f}' | '\u{feff}') {
            // Cannot be seen, so it is not there.
        } else if stands_alone(letter) {
            end(&mut word, &mut words);
            words.push(letter.to_string());
        } else {
            word.push(letter);
        }
    }
    end(&mut word, &mut words);
    words
}

/// Punctuation as BERT counts it, with all of ASCII that is neither letter nor digit; and Chinese characters.
fn stands_alone(letter: char) -> bool {
    letter.is_ascii_punctuation()
        || matches!(letter,
            '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
            | '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let vocabulary =
            Vocabulary::new("[PAD]\n[UNK]\n[CLS]\n[SEP]\n?\nbal\n##ance\n##an\nmy\ncafe\n##s\n#\n##\n##ce\n")
                .unwrap();
        vocabulary.pieces(text, 8).into_iter().map(|piece| vocabulary.piece(piece).to_owned()).collect()
    }

    #[test]
    fn words_are_cut_into_the_longest_pieces() {
        assert_eq!(cut("MY balance?"), ["my", "bal", "##ance", "?"]);
        assert_eq!(cut("Cafés"), ["cafe", "##s"]);
        assert_eq!(cut("balances xyz #"), ["bal", "##ance", "##s", "[UNK]", "#"]);
    }

    #[test]
    fn no_more_pieces_than_asked_for() {
        assert_eq!(cut(&"my ".repeat(20)).len(), 8);
    }

    #[test]
    fn a_vocabulary_needs_its_special_pieces() {
        assert_eq!(Vocabulary::new("a\nb\n"), Err(NoVocabulary));
    }
}
