//! Secrets that are known by what is said beside them.

use super::{Place, Secret};

/// A piece of the message between spaces, without the signs around it.
struct Piece<'a> {
    /// In small letters, without apostrophes.
    word: String,
    raw: &'a str,
    start: usize,
    end: usize,
    /// Whether a colon or an equals sign follows.
    says: bool,
}

/// Words that say "here it comes" between a cue and a secret.
const BETWEEN: &[&str] = &[
    "is", "was", "its", "number", "no", "nr", "num", "code", "are", "my", "the", "be", "for", "this", "they",
    "sent", "me", "you", "here", "today", "it", "that", "got", "equals", "would", "should", "=", "-", "#",
    "of", "with", "and",
];

/// So many of them at most.
const MOST_BETWEEN: usize = 4;

/// Words before "code" that make it another kind of code.
const OTHER_CODES: &[&str] = &[
    "post",
    "zip",
    "area",
    "country",
    "error",
    "promo",
    "discount",
    "voucher",
    "gift",
    "dress",
    "bar",
    "qr",
    "currency",
    "merchant",
    "category",
    "status",
    "dial",
    "dialling",
    "reference",
    "order",
    "product",
    "swift",
    "postal",
    "coupon",
];

const PASSWORDS: &[&str] = &["password", "passwort", "passphrase", "pwd", "pw", "passwd", "pass"];

/// What people say about their password without saying it.
const SAID_OF_PASSWORDS: &[&str] = &[
    "not",
    "wrong",
    "incorrect",
    "expired",
    "blocked",
    "locked",
    "forgotten",
    "lost",
    "the",
    "a",
    "an",
    "my",
    "your",
    "too",
    "very",
    "correct",
    "right",
    "ok",
    "okay",
    "fine",
    "working",
    "broken",
    "weak",
    "strong",
    "safe",
    "secure",
    "secret",
    "needed",
    "required",
    "invalid",
    "rejected",
    "refused",
    "changed",
    "being",
    "still",
    "always",
    "never",
    "what",
    "no",
    "so",
    "also",
    "it",
    "that",
    "this",
    "in",
    "on",
    "for",
    "to",
    "and",
    "or",
    "gone",
    "stolen",
    "compromised",
    "hacked",
    "old",
    "new",
    "different",
    "same",
    "now",
    "missing",
    "stored",
    "saved",
    "reset",
    "unsafe",
    "asked",
    "leaked",
    "somewhere",
    "private",
    "mine",
    "there",
    "here",
    "removed",
];

pub(super) fn find(text: &str) -> Vec<Place> {
    let pieces = pieces(text);
    let mut places: Vec<Place> = bare_code(text).into_iter().collect();
    for at in 0..pieces.len() {
        places.extend(account_number(text, &pieces, at));
        places.extend(social_security(&pieces, at));
        places.extend(code(&pieces, at));
        places.extend(password(text, &pieces, at));
    }
    places
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for raw in text.split_inclusive(|letter: char| letter.is_whitespace() || matches!(letter, ':' | '=')) {
        let says = raw.ends_with([':', '=']);
        let inner = raw.trim_matches(|letter: char| {
            letter.is_whitespace()
                || matches!(
                    letter,
                    ':' | '=' | ',' | '.' | ';' | '?' | '"' | '\'' | '(' | ')' | '«' | '»' | '\u{2018}'
                        ..='\u{201f}'
                )
        });
        if inner.is_empty() {
            if let (true, Some(last)) = (says, pieces.last_mut()) {
                let last: &mut Piece = last;
                last.says = true;
            }
        } else {
            let start = at + (inner.as_ptr().addr() - raw.as_ptr().addr());
            let word = inner
                .chars()
                .filter(|letter| !matches!(letter, '\'' | '\u{2019}' | '!' | '[' | ']'))
                .flat_map(char::to_lowercase);
            pieces.push(Piece { word: word.collect(), raw: inner, start, end: start + inner.len(), says });
        }
        at += raw.len();
    }
    pieces
}

/// The digits that follow a cue, across "is", "my" and the like, and across spaces within the number; `lengths`
/// is how many there may be.
fn digits_after(
    pieces: &[Piece],
    at: usize,
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<(usize, usize)> {
    let skipped =
        pieces[at..].iter().take(MOST_BETWEEN).take_while(|piece| BETWEEN.contains(&piece.word.as_str()));
    let first = at + skipped.count();
    let start = pieces.get(first)?.start;
    let mut count = 0;
    let mut end = None;
    for piece in &pieces[first..] {
        let Some(digits) = code_digits(piece.raw) else { break };
        count += digits;
        if count > *lengths.end() {
            return None;
        }
        end = Some(piece.start + piece.raw.trim_end_matches('!').len());
    }
    end.filter(|_| lengths.contains(&count)).map(|end| (start, end))
}

/// How many digits a piece has that is only digits and dashes, with at most one letter before: `G-123456`.
fn code_digits(raw: &str) -> Option<usize> {
    let raw = raw.trim_end_matches('!').trim_start_matches('#');
    let plain = raw
        .strip_prefix(|letter: char| letter.is_ascii_alphabetic())
        .filter(|rest| rest.starts_with('-'))
        .unwrap_or(raw);
    let digits = plain.chars().filter(|letter| letter.is_numeric()).count();
    let only =
        plain.chars().all(|letter| letter.is_numeric() || matches!(letter, '-' | '\u{2010}'..='\u{2015}'));
    (only && digits > 0).then_some(digits)
}

fn word<'a>(pieces: &'a [Piece], at: usize) -> &'a str {
    pieces.get(at).map_or("", |piece| piece.word.as_str())
}

/// "account number 12345678", "acct 1234567", "sort code 12-34-56", "routing number 021000021".
fn account_number(text: &str, pieces: &[Piece], at: usize) -> Option<Place> {
    let next = word(pieces, at + 1);
    let numbered = matches!(next, "number" | "no" | "nr" | "num" | "#" | "numbers") || next.starts_with('#');
    let after = match word(pieces, at) {
        "account" | "acc" | "acct" | "a/c" | "routing" | "iban" | "kontonummer" if numbered => at + 1,
        "acct" | "a/c" | "iban" => at + 1,
        "account" | "acc" if pieces[at].says || code_digits(pieces.get(at + 1)?.raw).is_some() => at + 1,
        "sort" if next == "code" => at + 2,
        "sortcode" => at + 1,
        _ => return None,
    };
    let (start, end) = digits_after(pieces, after, 6..=17)?;
    // "account 2026-11-21" is a date, not a number.
    let is_date = text[start..end].parse::<jiff::civil::Date>().is_ok();
    (!is_date).then_some(Place { start, end, secret: Secret::AccountNumber })
}

/// "ssn 123456789", "social security number is 123 45 6789".
fn social_security(pieces: &[Piece], at: usize) -> Option<Place> {
    let after = match (word(pieces, at), word(pieces, at + 1)) {
        ("ssn", _) => at + 1,
        ("social", "security") => at + 2,
        _ => return None,
    };
    let (start, end) = digits_after(pieces, after, 9..=9)?;
    Some(Place { start, end, secret: Secret::SocialSecurityNumber })
}

/// "code is 123456", "OTP 1234", "cvv 123", "my pin is 1234", "123456 is my code".
fn code(pieces: &[Piece], at: usize) -> Option<Place> {
    let is_code = match word(pieces, at) {
        "otp" | "pin" | "cvv" | "cvc" | "cvv2" | "cvc2" | "tan" | "2fa" | "passcode" => true,
        "code" | "codes" => {
            let before = if at == 0 { "" } else { word(pieces, at - 1) };
            !OTHER_CODES.contains(&before) && before != "sort"
        }
        _ => false,
    };
    if !is_code {
        return None;
    }
    let place = |(start, end)| Place { start, end, secret: Secret::OneTimeCode };
    if let Some(found) = digits_after(pieces, at + 1, 3..=8) {
        return Some(place(found));
    }
    let lead = pieces[..at].iter().enumerate().rev().take(MOST_BETWEEN + 1);
    let (first, piece) = lead
        .skip_while(|(_, piece)| {
            matches!(
                piece.word.as_str(),
                "my" | "the" | "a" | "security" | "verification" | "one" | "time" | "one-time"
            )
        })
        .find(|(_, piece)| !matches!(piece.word.as_str(), "is" | "was" | "my" | "the"))?;
    let said_so = pieces[first + 1..at].iter().any(|piece| matches!(piece.word.as_str(), "is" | "was"));
    let fits = code_digits(piece.raw).is_some_and(|digits| (3..=8).contains(&digits));
    (said_so && fits).then(|| place((piece.start, piece.end)))
}

/// Six digits and nothing else: what a text message told the customer to type somewhere.
fn bare_code(text: &str) -> Option<Place> {
    let inner = text.trim_matches(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation());
    let digits = inner.chars().filter(|letter| letter.is_numeric()).count();
    let only = inner.chars().all(|letter| letter.is_numeric() || matches!(letter, ' ' | '-'));
    let start = inner.as_ptr().addr() - text.as_ptr().addr();
    (digits == 6 && only).then_some(Place { start, end: start + inner.len(), secret: Secret::OneTimeCode })
}

/// "my password is hunter2", "pwd: x", "hunter2 is my password".
fn password(text: &str, pieces: &[Piece], at: usize) -> Option<Place> {
    let cue = &pieces[at];
    // "my password's hunter2"
    let says_is = cue.word == "passwords" && cue.raw.contains(['\'', '\u{2019}']);
    if !says_is && !PASSWORDS.contains(&cue.word.as_str()) {
        return None;
    }
    password_after(text, pieces, at, says_is).or_else(|| password_before(pieces, at))
}

fn password_after(text: &str, pieces: &[Piece], at: usize, says_is: bool) -> Option<Place> {
    let next = pieces.get(at + 1)?;
    let is_next = matches!(next.word.as_str(), "is" | "was" | "its");
    let value = if is_next { pieces.get(at + 2)? } else { next };
    let quoted = closing_quote(text, value.start);
    let certain = pieces[at].says || (is_next && next.says) || (quoted.is_some() && (is_next || says_is));
    let mixed = value.raw.chars().any(char::is_numeric) && value.raw.chars().any(char::is_alphabetic);
    let told = if is_next || says_is { could_be_password(value) } else { mixed };
    let rest = &text[value.start..];
    let end = quoted.unwrap_or(value.start + rest.find(char::is_whitespace).unwrap_or(rest.len()));
    // What an earlier redaction left.
    let removed = rest.starts_with("[password") || rest.starts_with("[code");
    let place = Place { start: value.start, end, secret: Secret::Password };
    ((certain || told) && !removed).then_some(place)
}

fn password_before(pieces: &[Piece], at: usize) -> Option<Place> {
    let value = pieces.get(at.checked_sub(3)?)?;
    let named = matches!(word(pieces, at - 1), "my" | "the") && word(pieces, at - 2) == "is";
    let place = Place { start: value.start, end: value.end, secret: Secret::Password };
    (named && could_be_password(value)).then_some(place)
}

fn could_be_password(piece: &Piece) -> bool {
    !SAID_OF_PASSWORDS.contains(&piece.word.as_str())
}

/// Where a password in quotes ends, if a quote stands right before it.
fn closing_quote(text: &str, start: usize) -> Option<usize> {
    let closing = match text[..start].chars().next_back()? {
        same @ ('"' | '\'') => same,
        '\u{201c}' => '\u{201d}',
        '\u{2018}' => '\u{2019}',
        '\u{ab}' => '\u{bb}',
        _ => return None,
    };
    text[start..].find(closing).map(|length| start + length)
}
