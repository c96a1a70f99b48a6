//! Text to words, numbers and signs, each with its place.

use super::expression::Span;
use super::fault::{FaultKind, Mistake};
use super::limits::{MAX_DIGITS, MAX_FILE_BYTES};

/// Words of the language; no field may be called so.
pub(super) const RESERVED: &[&str] = &[
    "rule",
    "why",
    "owner",
    "expires",
    "action",
    "share",
    "priority",
    "when",
    "hit",
    "miss",
    "and",
    "or",
    "not",
    "in",
    "is",
    "missing",
    "otherwise",
    "min",
    "max",
    "abs",
    "yes",
    "no",
];

/// Words that begin a line of a rule.
pub(super) const CLAUSES: &[&str] =
    &["why", "owner", "expires", "action", "share", "priority", "when", "hit", "miss"];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// Digits with at most one point, as written.
    Number(&'a str),
    /// `2027-03-31`, as written.
    Day(&'a str),
    Text(String),
    /// One of [`SIGNS`].
    Sign(&'static str),
    End,
}

impl Token<'_> {
    /// How a message names it.
    pub fn told(&self) -> String {
        match self {
            Token::Word(word) | Token::Number(word) | Token::Day(word) => format!("`{}`", shorten(word)),
            Token::Text(text) => format!("\"{}\"", shorten(text)),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end of the file".to_owned(),
        }
    }
}

/// At most forty characters of a word that goes into a message.
pub(super) fn shorten(word: &str) -> String {
    match word.char_indices().nth(40) {
        None => word.to_owned(),
        Some((end, _)) => format!("{}…", &word[..end]),
    }
}

/// Longer ones first, so that `<=` is not read as `<` and `=`.
const SIGNS: &[&str] =
    &["..", "<=", ">=", "!=", "(", ")", "{", "}", ",", "=", "<", ">", "+", "-", "*", "/", "%"];

/// Signs of other languages, and what stands for them here.
const FOREIGN: &[(&str, &str)] = &[
    ("==", "`=`"),
    ("<>", "`!=`"),
    ("&&", "`and`"),
    ("||", "`or`"),
    ("≥", "`>=`"),
    ("≤", "`<=`"),
    ("≠", "`!=`"),
    ("×", "`*`"),
    ("÷", "`/`"),
    ("!", "`not`"),
    ("&", "`and`"),
    ("|", "`or`"),
    ("'", "texts between \"…\""),
    ("“", "texts between \"…\""),
    ("”", "texts between \"…\""),
    ("[", "`{`"),
    ("]", "`}`"),
    (";", "`,`"),
    (":", "`=`"),
    ("$", "the currency behind: 900 USD"),
    ("€", "the currency behind: 900 EUR"),
    ("£", "the currency behind: 900 GBP"),
    ("−", "`-`"),
    ("–", "`-`"),
];

/// A token and its place.
pub(super) type Placed<'a> = (Token<'a>, Span);

/// Characters that reorder or hide text: what a second person approves must be what runs (CVE-2021-42574).
fn invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{00AD}')
        || (letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
}

/// The tokens of a text, with [`Token::End`] at its end, or the first mistake.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed<'_>>, Mistake> {
    if text.len() > MAX_FILE_BYTES {
        return Err((Span::new(0, 0), FaultKind::FileTooLong { bytes: text.len() }));
    }
    if let Some((start, letter)) = text.char_indices().find(|(_, letter)| invisible(*letter)) {
        let span = Span::new(start, start + letter.len_utf8());
        return Err((span, FaultKind::Invisible { code: u32::from(letter) }));
    }
    let mut lexer = Lexer { text, at: 0, found: vec![] };
    while lexer.step()? {}
    lexer.found.push((Token::End, Span::new(text.len(), text.len())));
    Ok(lexer.found)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Placed<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Takes as many characters as are wanted and gives them.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    fn push(&mut self, token: Token<'a>, start: usize) {
        self.found.push((token, Span::new(start, self.at)));
    }

    /// Reads one token; false at the end.
    fn step(&mut self) -> Result<bool, Mistake> {
        self.take(char::is_whitespace);
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(false) };
        if first == '#' {
            self.take(|letter| letter != '\n');
        } else if first == '"' {
            let text = self.quoted()?;
            self.push(Token::Text(text), start);
        } else if first.is_ascii_digit() {
            let number = self.number()?;
            self.push(number, start);
        } else if first.is_alphabetic() || first == '_' {
            // The name of a rule may have `-` inside, which elsewhere is a minus.
            let named = matches!(self.found.last(), Some((Token::Word("rule"), _)));
            let word =
                self.take(|letter| letter.is_alphanumeric() || letter == '_' || (named && letter == '-'));
            self.push(Token::Word(word), start);
        } else if let Some((foreign, instead)) = FOREIGN.iter().find(|(sign, _)| self.is_foreign(rest, sign))
        {
            let span = Span::new(start, start + foreign.len());
            return Err((span, FaultKind::Sign { found: (*foreign).to_owned(), instead: Some(instead) }));
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            self.push(Token::Sign(sign), start);
        } else {
            let span = Span::new(start, start + first.len_utf8());
            return Err((span, FaultKind::Sign { found: first.to_string(), instead: None }));
        }
        Ok(true)
    }

    fn is_foreign(&self, rest: &str, sign: &str) -> bool {
        rest.starts_with(sign) && !(sign == "!" && rest.starts_with("!="))
    }

    /// A text between quotation marks, in which `\"` and `\\` stand for `"` and `\`.
    fn quoted(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = start + place + 1;
                    return Ok(text);
                }
                '\n' => break,
                '\\' => match letters.next() {
                    Some((_, next @ ('"' | '\\'))) => text.push(next),
                    _ => break,
                },
                letter => text.push(letter),
            }
        }
        Err((Span::new(start, start + 1), FaultKind::OpenText))
    }

    /// `12`, `12.5`, or a day. `1..5` is a number, a sign and a number.
    fn number(&mut self) -> Result<Token<'a>, Mistake> {
        let start = self.at;
        let rest = self.rest();
        if let Some(day) = rest.get(..10).filter(|day| is_day(day)) {
            self.at += 10;
            return Ok(Token::Day(day));
        }
        self.take(|letter| letter.is_ascii_digit());
        let fraction =
            self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if fraction {
            self.at += 1;
            self.take(|letter| letter.is_ascii_digit());
        }
        let number = self.text.get(start..self.at).unwrap_or("");
        let digits = number.len() - usize::from(fraction);
        if digits > MAX_DIGITS {
            return Err((Span::new(start, self.at), FaultKind::LongNumber { digits }));
        }
        Ok(Token::Number(number))
    }
}

/// Four digits, two and two, with `-` between.
fn is_day(text: &str) -> bool {
    text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}
