//! Numbers of parcels, by the check digits that carriers give them.

use serde::{Deserialize, Serialize};

/// Who carries a parcel, as far as its number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// United Parcel Service: `1Z` and sixteen letters or digits, the last of them a check digit.
    Ups,
    /// A postal service of the Universal Postal Union: two letters, nine digits, two letters of a country (standard S10).
    Post,
    /// United States Postal Service: 22 digits that begin with 91 to 95, the last a check digit of weights 3 and 1.
    Usps,
    /// FedEx Express: twelve digits, the last a check digit of weights 3, 1 and 7.
    Fedex,
}

impl Carrier {
    /// Its name, as people know it.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::Ups => "UPS",
            Carrier::Post => "the post",
            Carrier::Usps => "USPS",
            Carrier::Fedex => "FedEx",
        }
    }
}

/// The number of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// In capitals, without spaces and hyphens.
    pub number: String,
    /// Who carries it.
    pub carrier: Carrier,
}

/// A number is written in at most as many groups.
const MOST_GROUPS: usize = 8;
/// The longest number that is read.
const LONGEST: usize = 22;

/// Words beside which twelve digits are a parcel's; one in ten of all such numbers has the right check digit.
const CUES: &[&str] = &[
    "tracking",
    "track",
    "parcel",
    "parcels",
    "package",
    "packages",
    "shipment",
    "delivery",
    "fedex",
    "courier",
    "delivered",
    "shipped",
];

/// Finds the first number of a parcel in a message.
pub fn find(text: &str) -> Option<Tracking> {
    let text = &text[..text.floor_char_boundary(crate::MAX_READ_BYTES)];
    let groups: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|group| !group.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let has_cue = groups.iter().any(|group| CUES.contains(&group.to_ascii_lowercase().as_str()));
    (0..groups.len()).find_map(|first| {
        let mut number = String::new();
        groups[first..].iter().take(MOST_GROUPS).find_map(|group| {
            number.push_str(group);
            let carrier = if number.len() > LONGEST { None } else { carrier(number.as_bytes()) };
            carrier
                .filter(|carrier| has_cue || *carrier != Carrier::Fedex)
                .map(|carrier| Tracking { number: number.clone(), carrier })
        })
    })
}

/// Whose number it is, if its check digit is right.
fn carrier(number: &[u8]) -> Option<Carrier> {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let value = |digit: &u8| u32::from(digit - b'0');
    match number.len() {
        18 if number.starts_with(b"1Z") => is_ups(&number[2..]).then_some(Carrier::Ups),
        13 => {
            let letters = |part: &[u8]| part.iter().all(u8::is_ascii_uppercase);
            let shaped = letters(&number[..2]) && digits(&number[2..11]) && letters(&number[11..]);
            (shaped && is_s10(&number[2..11])).then_some(Carrier::Post)
        }
        22 if digits(number) && number[0] == b'9' && (b'1'..=b'5').contains(&number[1]) => {
            let weighted = number[..21].iter().rev().zip([3, 1].into_iter().cycle());
            let sum: u32 = weighted.map(|(digit, weight)| value(digit) * weight).sum();
            ((10 - sum % 10) % 10 == value(&number[21])).then_some(Carrier::Usps)
        }
        12 if digits(number) => {
            let weighted = number[..11].iter().zip([3, 1, 7].into_iter().cycle());
            let sum: u32 = weighted.map(|(digit, weight)| value(digit) * weight).sum();
            (sum % 11 % 10 == value(&number[11])).then_some(Carrier::Fedex)
        }
        _ => None,
    }
}

/// A letter counts from A = 2 on, its last digit only; every second sign counts twice.
fn is_ups(signs: &[u8]) -> bool {
    let value = |sign: &u8| match sign {
        b'0'..=b'9' => u32::from(sign - b'0'),
        _ => u32::from(sign - b'A' + 2) % 10,
    };
    let Some((check, counted)) = signs.split_last() else { return false };
    let sum: u32 =
        counted.iter().zip([1, 2].into_iter().cycle()).map(|(sign, weight)| value(sign) * weight).sum();
    check.is_ascii_digit() && (10 - sum % 10) % 10 == value(check)
}

/// Weights and rule of the standard S10.
fn is_s10(digits: &[u8]) -> bool {
    let value = |digit: &u8| u32::from(digit - b'0');
    let sum: u32 =
        digits.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(digit, weight)| value(digit) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    value(&digits[8]) == check
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Carrier)> {
        find(text).map(|tracking| (tracking.number, tracking.carrier))
    }

    #[test]
    fn numbers_of_parcels_are_known_by_their_check_digits() {
        for (text, number, carrier) in [
            ("where is 1Z999AA10123456784?", "1Z999AA10123456784", Carrier::Ups),
            ("where is 1z 999 aa1 01 2345 6784", "1Z999AA10123456784", Carrier::Ups),
            ("my letter RB123456785GB", "RB123456785GB", Carrier::Post),
            ("RB 123 456 785 GB, has it come", "RB123456785GB", Carrier::Post),
            ("9400 1000 0000 0000 0000 06", "9400100000000000000006", Carrier::Usps),
            ("my parcel 986578788855", "986578788855", Carrier::Fedex),
        ] {
            assert_eq!(read(text), Some((number.to_owned(), carrier)), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_none() {
        for text in [
            "where is 1Z999AA10123456785",
            "RB123456784GB",
            "9400100000000000000000",
            "tracking 986578788856",
            "call me at 986578788855",
            "order 2026-1234, 3 payments of 20",
            "4111 1111 1111 1111",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_sign_anywhere_is_noticed_in_numbers_of_digits() {
        for right in ["9400100000000000000006", "986578788855"] {
            for at in 2..right.len() {
                let mut wrong = right.as_bytes().to_vec();
                wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
                assert_eq!(carrier(&wrong), None, "{right} at {at}");
            }
        }
    }
}
