//! What is wrong with a bank's rules, and where.

use domain::BankId;
use miette::Diagnostic;
use std::fmt;

/// What helps when Cedar itself has no hint.
const GENERAL_HELP: &str = "the words that a policy may use are in gate/policies/parlour.cedarschema";

/// One mistake in the rules. `Display` shows file, line and column, the underlined source, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// Whose rules they are. None for the gate's own schema and floor.
    pub bank: Option<BankId>,
    /// The file, by the name it was given. For rules that are in no policy file: what they are about.
    pub file: String,
    /// The place in the file. None if the mistake is not in one place.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What helps.
    pub help: String,
}

/// A place in a file, and the source line that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1 and not beyond the line.
    pub width: usize,
    /// The line's text.
    pub source: String,
}

impl Place {
    /// The place of `length` bytes from byte `offset` of a text. Beyond the end: the end.
    pub(crate) fn of(text: &str, offset: usize, length: usize) -> Place {
        let start = text.floor_char_boundary(offset.min(text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text[line_start..].lines().next().unwrap_or("");
        let line_end = line_start + rest.len();
        let end = text.floor_char_boundary(start.saturating_add(length)).clamp(start, line_end.max(start));
        Place {
            line: before.matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: text[start..end].chars().count().max(1),
            source: rest.to_owned(),
        }
    }

    /// The place of the first `word` in a text.
    pub(crate) fn of_word(text: &str, word: &str) -> Option<Place> {
        text.find(word).map(|at| Place::of(text, at, word.len()))
    }

    /// What is underlined.
    pub fn underlined(&self) -> String {
        self.source.chars().skip(self.column - 1).take(self.width).collect()
    }
}

impl PolicyFault {
    /// A fault that Cedar found in a text.
    pub(crate) fn of_cedar(bank: Option<&BankId>, file: &str, text: &str, found: &dyn Diagnostic) -> Self {
        let label = found.labels().and_then(|mut labels| labels.next());
        PolicyFault {
            bank: bank.cloned(),
            file: file.to_owned(),
            place: label.map(|label| Place::of(text, label.offset(), label.len())),
            message: found.to_string(),
            help: found.help().map_or_else(|| GENERAL_HELP.to_owned(), |help| help.to_string()),
        }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bank) = &self.bank {
            write!(f, "bank {bank}: ")?;
        }
        f.write_str(&self.file)?;
        let Some(place) = &self.place else {
            return write!(f, ": {}\n  = help: {}", self.message, self.help);
        };
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs in the line below, so that the underline stands where the eye expects it.
        let lead: String =
            place.source.chars().take(place.column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, ":{}:{}: {}", place.line, place.column, self.message)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", place.source)?;
        writeln!(f, "{margin} | {lead}{}", "^".repeat(place.width))?;
        write!(f, "{margin} = help: {}", self.help)
    }
}

impl std::error::Error for PolicyFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let text = "eins\n\tzwö drei\nvier";
        let place = Place::of_word(text, "drei").unwrap();
        assert_eq!((place.line, place.column, place.width), (2, 6, 4));
        assert_eq!(place.underlined(), "drei");
        assert_eq!(Place::of(text, 0, 1_000).underlined(), "eins");
    }

    #[test]
    fn a_fault_shows_its_line_underlined() {
        let fault = PolicyFault {
            bank: Some("harbour".parse().unwrap()),
            file: "night.cedar".to_owned(),
            place: Place::of_word("a\n  b cc d", "cc"),
            message: "`cc` is not known".to_owned(),
            help: "write `c`".to_owned(),
        };
        let shown = "bank harbour: night.cedar:2:5: `cc` is not known\n  |\n2 |   b cc d\n  |     ^^\n  = help: write `c`";
        assert_eq!(fault.to_string(), shown);
    }

    proptest! {
        #[test]
        fn any_offset_in_any_text_is_a_place(text in "[a-zö\n\r]{0,30}", offset in 0usize..50, length in 0usize..50) {
            let place = Place::of(&text, offset, length);
            prop_assert!(place.width >= 1 && place.column >= 1 && place.line >= 1);
            prop_assert!(place.column <= place.source.chars().count() + 2);
        }
    }
}
