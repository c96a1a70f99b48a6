//! Words, times and ids as banks write them.

use crate::fault::Unreadable;
use jiff::{Timestamp, civil, tz::TimeZone};

/// The longest name or description that we show. Card networks allow 25 characters for a merchant, banks
/// write up to 140 for a transfer.
pub(crate) const MAX_SHOWN: usize = 160;

/// A bank's words, fit to be shown: one line, no control or direction-changing characters, not too long.
pub fn shown(text: &str) -> String {
    let kept = text.chars().filter(|c| !is_direction(*c)).map(|c| if c.is_control() { ' ' } else { c });
    let one_line: String = kept.take(4 * MAX_SHOWN).collect();
    let words: Vec<&str> = one_line.split_whitespace().collect();
    words.join(" ").chars().take(MAX_SHOWN).collect()
}

/// Characters that change the direction of what follows or cannot be seen (Unicode TR 36).
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A moment: with its offset, or without (then UTC), or a day (then its first moment in UTC).
pub(crate) fn moment(text: &str) -> Result<Timestamp, Unreadable> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let civil = text.parse::<civil::DateTime>().map_err(|_| Unreadable::Time)?;
    civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| Unreadable::Time)
}

/// A day.
pub(crate) fn day(text: &str) -> Result<civil::Date, Unreadable> {
    text.parse().map_err(|_| Unreadable::Time)
}

/// An id of the bank's. Ids become part of addresses, so `.` and `..` are none.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Unreadable> {
    if matches!(text, "." | "..") {
        return Err(Unreadable::Id);
    }
    text.parse().map_err(|_| Unreadable::Id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::AccountId;

    #[test]
    fn words_are_shown_on_one_line_without_tricks() {
        assert_eq!(shown("CAFE\u{0} 12\n\n PARIS "), "CAFE 12 PARIS");
        assert_eq!(shown("abc\u{202e}fed\u{200b}"), "abcfed");
        assert_eq!(shown(&"é".repeat(1_000)).chars().count(), MAX_SHOWN);
    }

    #[test]
    fn a_time_is_read_with_an_offset_without_one_and_as_a_day() {
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-20T12:00:00.000Z"), Ok(noon));
        assert_eq!(moment("2026-11-20T07:00:00-05:00"), Ok(noon));
        assert_eq!(moment("2026-11-20T12:00:00"), Ok(noon));
        assert_eq!(moment("2026-11-20"), Ok("2026-11-20T00:00:00Z".parse().unwrap()));
        for bad in ["", "yesterday", "2026-13-01", "1732104000"] {
            assert_eq!(moment(bad), Err(Unreadable::Time), "{bad}");
        }
    }

    #[test]
    fn an_id_that_would_change_an_address_is_none() {
        for bad in ["", ".", "..", "a b", "a\n", "é", &"a".repeat(257)] {
            assert_eq!(id::<AccountId>(bad), Err(Unreadable::Id), "{bad}");
        }
        assert!(id::<AccountId>("a/../b").is_ok(), "the address is built by segments");
    }
}
