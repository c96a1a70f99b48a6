//! When people of a bank are there.

use jiff::{
    ToSpan, Zoned,
    civil::{Time, Weekday},
};

const DAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "Monday", Weekday::Monday),
    ("tue", "Tuesday", Weekday::Tuesday),
    ("wed", "Wednesday", Weekday::Wednesday),
    ("thu", "Thursday", Weekday::Thursday),
    ("fri", "Friday", Weekday::Friday),
    ("sat", "Saturday", Weekday::Saturday),
    ("sun", "Sunday", Weekday::Sunday),
];

/// A text that names no hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no days and hours, such as `mon-fri 08:00-20:00`")]
pub struct NotHours(pub String);

/// The days from one to another, and the time from one to another on each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    first: usize,
    last: usize,
    from: Time,
    until: Time,
}

/// The hours of a week, in the bank's own zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Vec<Stretch>);

impl Hours {
    /// Reads `mon-fri 08:00-20:00`, `sat 09:00-13:00`. The end is later than the beginning, on the same day; `24:00`
    /// is midnight.
    pub fn read(lines: &[String]) -> Result<Hours, NotHours> {
        let stretches: Result<Vec<_>, _> =
            lines.iter().map(|line| stretch(line).ok_or_else(|| NotHours(line.clone()))).collect();
        stretches.map(Hours)
    }

    /// Whether people are there. The minute of the end is not included.
    pub fn is_open(&self, at: &Zoned) -> bool {
        let (day, time) = (day_of(at), at.time());
        self.0.iter().any(|s| (s.first..=s.last).contains(&day) && s.from <= time && time < s.until)
    }

    /// When people are there next, within a week; none if they never are.
    pub fn next_opening(&self, after: &Zoned) -> Option<Zoned> {
        (0..=7_i64).find_map(|ahead| {
            let day = after.checked_add(ahead.days()).ok()?;
            let openings = self.0.iter().filter(|s| (s.first..=s.last).contains(&day_of(&day)));
            let mut times: Vec<Zoned> = openings
                .filter_map(|s| day.date().to_datetime(s.from).to_zoned(day.time_zone().clone()).ok())
                .collect();
            times.retain(|time| time > after);
            times.into_iter().min()
        })
    }

    /// "Monday to Friday from 8:00 to 20:00, Saturday from 9:00 to 13:00".
    pub fn in_words(&self) -> String {
        let line = |s: &Stretch| {
            let days = match s.first == s.last {
                true => DAYS[s.first].1.to_owned(),
                false => format!("{} to {}", DAYS[s.first].1, DAYS[s.last].1),
            };
            let end = if s.until == Time::MAX { "24:00".to_owned() } else { clock(s.until) };
            format!("{days} from {} to {end}", clock(s.from))
        };
        self.0.iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

fn clock(time: Time) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

fn day_of(at: &Zoned) -> usize {
    DAYS.iter().position(|(_, _, day)| *day == at.weekday()).unwrap_or(0)
}

fn stretch(line: &str) -> Option<Stretch> {
    let (days, times) = line.trim().split_once(' ')?;
    let day = |name: &str| DAYS.iter().position(|(short, ..)| *short == name.to_lowercase());
    let (first, last) = match days.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    let (from, until) = times.trim().split_once('-')?;
    let time = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        match (hours.parse().ok()?, minutes.parse().ok()?) {
            (24_i8, 0_i8) => Some(Time::MAX),
            (hours, minutes) => Time::new(hours, minutes, 0, 0).ok(),
        }
    };
    let stretch = Stretch { first, last, from: time(from)?, until: time(until)? };
    (stretch.first <= stretch.last && stretch.from < stretch.until).then_some(stretch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        Hours::read(&["mon-fri 08:00-20:00".to_owned(), "sat 09:00-13:00".to_owned()]).unwrap()
    }

    fn at(text: &str) -> Zoned {
        format!("{text}[America/New_York]").parse().unwrap()
    }

    #[test]
    fn the_first_minute_is_open_and_the_last_is_not() {
        assert!(hours().is_open(&at("2026-11-20T08:00")) && !hours().is_open(&at("2026-11-20T07:59:59")));
        assert!(hours().is_open(&at("2026-11-20T19:59:59")) && !hours().is_open(&at("2026-11-20T20:00")));
        assert!(!hours().is_open(&at("2026-11-22T10:00")), "a Sunday");
    }

    #[test]
    fn the_next_opening_may_be_days_away() {
        assert_eq!(hours().next_opening(&at("2026-11-20T06:00")), Some(at("2026-11-20T08:00")));
        assert_eq!(hours().next_opening(&at("2026-11-20T21:00")), Some(at("2026-11-21T09:00")));
        assert_eq!(hours().next_opening(&at("2026-11-21T13:00")), Some(at("2026-11-23T08:00")));
        assert_eq!(Hours::read(&[]).unwrap().next_opening(&at("2026-11-21T13:00")), None);
    }

    #[test]
    fn hours_are_told_in_words() {
        assert_eq!(hours().in_words(), "Monday to Friday from 8:00 to 20:00, Saturday from 9:00 to 13:00");
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for wrong in [
            "",
            "mon",
            "mon 8-20",
            "fri-mon 08:00-20:00",
            "mon 20:00-08:00",
            "day 08:00-20:00",
            "mon 08:00-25:00",
        ] {
            assert_eq!(Hours::read(&[wrong.to_owned()]), Err(NotHours(wrong.to_owned())));
        }
        assert!(Hours::read(&["sun 00:00-24:00".to_owned()]).is_ok());
    }
}
