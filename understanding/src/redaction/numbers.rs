//! Secrets that are known by their own digits.

use super::{Place, Secret};

/// Digits of a card number (ISO/IEC 7812-1).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// So many spaces and dashes may stand between two digits of one number.
const LONGEST_GAP: usize = 3;

/// Characters of an IBAN, from Norway's to the longest that ISO 13616 allows.
const IBAN_LENGTHS: std::ops::RangeInclusive<usize> = 15..=34;

/// Digits with nothing between them.
#[derive(Debug)]
struct Group {
    start: usize,
    end: usize,
    digits: Vec<u8>,
    /// What stands between this group and the next one, if that is still the same number.
    gap: Option<Gap>,
}

/// What parts two groups of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Spaces, dashes, things that cannot be seen.
    Loose,
    /// One other mark, which must be the same all through a number.
    Mark(char),
}

pub(super) fn find(text: &str) -> Vec<Place> {
    let groups = groups(text);
    let mut places = ibans(text);
    places.extend(cards(&groups));
    places.extend(social_security(text, &groups));
    places
}

/// A decimal digit of the scripts that phones type.
fn digit(letter: char) -> Option<u8> {
    let value = match letter {
        '0'..='9' => u32::from(letter) - u32::from('0'),
        '\u{ff10}'..='\u{ff19}' => u32::from(letter) - 0xff10,
        '\u{0660}'..='\u{0669}' => u32::from(letter) - 0x0660,
        '\u{06f0}'..='\u{06f9}' => u32::from(letter) - 0x06f0,
        _ => return None,
    };
    u8::try_from(value).ok()
}

fn is_loose(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut between = String::new();
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let Some(digit) = digit(letter) else {
            if between.len() <= 4 * LONGEST_GAP {
                between.push(letter);
            }
            continue;
        };
        match groups.last_mut() {
            Some(last) if between.is_empty() => {
                last.digits.push(digit);
                last.end = end;
            }
            last => {
                if let Some(last) = last {
                    last.gap = gap(&between);
                }
                groups.push(Group { start: at, end, digits: vec![digit], gap: None });
            }
        }
        between.clear();
    }
    groups
}

fn gap(between: &str) -> Option<Gap> {
    let mut letters = between.chars();
    match (letters.next(), letters.next()) {
        (Some(mark @ ('.' | '/' | '_' | ',')), None) => Some(Gap::Mark(mark)),
        _ => (between.chars().count() <= LONGEST_GAP && between.chars().all(is_loose)).then_some(Gap::Loose),
    }
}

/// Every run of whole groups that makes a card number.
fn cards(groups: &[Group]) -> Vec<Place> {
    let mut places = Vec::new();
    for first in 0..groups.len() {
        let mut digits: Vec<u8> = Vec::new();
        let mut best = None;
        for last in first..groups.len() {
            digits.extend(&groups[last].digits);
            if digits.len() > *CARD_DIGITS.end() {
                break;
            }
            if CARD_DIGITS.contains(&digits.len()) && is_issued(&digits) && passes_luhn(&digits) {
                best = Some(groups[last].end);
            }
            let follows = groups[last].gap.is_some() && groups[last].gap == groups[first].gap;
            if !follows {
                break;
            }
        }
        if let Some(end) = best {
            places.push(Place { start: groups[first].start, end, secret: Secret::CardNumber });
        }
    }
    places
}

/// Whether cards begin so: travel, banking and merchant cards 3 to 6, the second Mastercard and Mir ranges, and
/// a few national ones. Keeps dates and phone numbers that pass Luhn by chance.
fn is_issued(digits: &[u8]) -> bool {
    matches!(digits, [3..=6, ..] | [2, 2..=7, ..] | [8, 1 | 2, ..] | [9, 7, 9, 2, ..])
}

/// The check digit of card numbers (ISO/IEC 7812-1, annex B).
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, *digit) {
            (0, digit) => u32::from(digit),
            (_, digit @ 5..) => u32::from(digit) * 2 - 9,
            (_, digit) => u32::from(digit) * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Two letters, two check digits and the rest, with spaces or dashes between, that leave 1 modulo 97 (ISO 13616).
fn ibans(text: &str) -> Vec<Place> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut places = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        // After a digit too: what stands before may be a card number, whose place will be taken by words.
        let begins_word = at == 0 || !letters[at - 1].1.is_alphabetic();
        match begins_word.then(|| iban_at(&letters[at..])).flatten() {
            Some(length) => {
                let end = letters.get(at + length).map_or(text.len(), |(end, _)| *end);
                places.push(Place { start: letters[at].0, end, secret: Secret::Iban });
                at += length;
            }
            None => at += 1,
        }
    }
    places
}

/// How many letters, spaces counted, the IBAN at the beginning takes.
fn iban_at(letters: &[(usize, char)]) -> Option<usize> {
    let mut found: Vec<u8> = Vec::with_capacity(*IBAN_LENGTHS.end());
    let mut best = None;
    let mut gap = 0;
    for (place, (_, letter)) in letters.iter().enumerate() {
        if letter.is_ascii_alphanumeric() {
            found.push(letter.to_ascii_uppercase() as u8);
            gap = 0;
            let fits = match found.len() {
                1 | 2 => letter.is_ascii_alphabetic(),
                3 | 4 => letter.is_ascii_digit(),
                length => length <= *IBAN_LENGTHS.end(),
            };
            if !fits {
                break;
            }
            let ends_word = letters.get(place + 1).is_none_or(|(_, next)| !next.is_alphanumeric());
            if ends_word && IBAN_LENGTHS.contains(&found.len()) && leaves_one(&found) {
                best = Some(place + 1);
            }
        } else if found.len() >= 4 && is_loose(*letter) && gap < LONGEST_GAP {
            gap += 1;
        } else {
            break;
        }
    }
    best
}

fn leaves_one(iban: &[u8]) -> bool {
    let rotated = iban[4..].iter().chain(&iban[..4]);
    let rest = rotated.fold(0u32, |rest, letter| match letter {
        b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
        _ => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    rest == 1
}

/// 3-2-4 digits with one dash or space, and no number that is never issued (SSA: 000, 666, 9xx; 00; 0000).
fn social_security(text: &str, groups: &[Group]) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, three) in groups.windows(3).enumerate() {
        let [area, group, serial] = three else { continue };
        let shaped = area.digits.len() == 3 && group.digits.len() == 2 && serial.digits.len() == 4;
        let mark = &text[area.end..group.start];
        let parted =
            matches!(mark, "-" | " " | "\u{2011}" | "\u{2013}") && mark == &text[group.end..serial.start];
        let none_zero = [area, group, serial].iter().all(|part| part.digits.iter().any(|digit| *digit > 0));
        let issued = none_zero && area.digits != [6, 6, 6] && area.digits[0] != 9;
        let before = at == 0 || groups[at - 1].gap.is_none();
        let alone = before && serial.gap.is_none();
        if shaped && parted && issued && alone {
            places.push(Place { start: area.start, end: serial.end, secret: Secret::SocialSecurityNumber });
        }
    }
    places
}
