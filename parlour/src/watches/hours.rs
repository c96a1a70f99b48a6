//! When alerts may be told: not in the quiet hours, or once a day. In the bank's time zone.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// The hour of a digest if nobody says one.
pub const DIGEST: Time = Time::constant(18, 0, 0, 0);

/// When the alerts of a conversation may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Nothing is told from the first to before the second, over midnight if the second is earlier.
    pub quiet: Option<(Time, Time)>,
    /// Once a day, at this hour.
    pub digest: Option<Time>,
}

impl Hours {
    /// Reads what was stored.
    pub fn read(stored: Option<&[u8]>) -> Hours {
        stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    /// As it is stored.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("hours are plain data")
    }

    /// When something that came at `received` may be told, seen from `now`: not later than `now` if it may be told now.
    pub fn due(&self, zone: &TimeZone, received: Timestamp, now: Timestamp) -> Timestamp {
        let gathered = self.digest.map_or(received, |at| next(zone, at, received));
        self.awake(zone, gathered.max(now))
    }

    /// The first moment from `at` on that is not quiet.
    fn awake(&self, zone: &TimeZone, at: Timestamp) -> Timestamp {
        match self.quiet {
            Some((from, to)) if within(at.to_zoned(zone.clone()).time(), from, to) => next(zone, to, at),
            _ => at,
        }
    }

    /// "Nothing from 22:00 to 7:00." None if they may be told at any time.
    pub fn in_words(&self) -> Option<String> {
        let quiet = self.quiet.map(|(from, to)| format!("quiet from {} to {}", clock(from), clock(to)));
        let digest = self.digest.map(|at| format!("all in one message at {}", clock(at)));
        match (quiet, digest) {
            (Some(quiet), Some(digest)) => Some(format!("{digest}, {quiet}")),
            (quiet, digest) => quiet.or(digest),
        }
    }
}

/// "7:05", "22:00".
pub fn clock(time: Time) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

fn within(time: Time, from: Time, to: Time) -> bool {
    if from < to { from <= time && time < to } else { time >= from || time < to }
}

/// The next moment after `after` at which clocks show `time`. Where clocks leap over it, the moment of the leap.
fn next(zone: &TimeZone, time: Time, after: Timestamp) -> Timestamp {
    let on = |date: Date| date.to_datetime(time).to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).ok();
    let today = after.to_zoned(zone.clone()).date();
    let days = [Some(today), today.tomorrow().ok()];
    days.into_iter().flatten().filter_map(on).find(|at| *at > after).unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn time(hour: i8) -> Time {
        Time::constant(hour, 0, 0, 0)
    }

    #[test]
    fn what_comes_in_the_quiet_hours_waits_for_their_end_over_midnight_too() {
        let hours = Hours { quiet: Some((time(22), time(7))), digest: None };
        let due = |now: &str| hours.due(&zone(), at(now), at(now));
        // 21:59:59 in New York.
        assert_eq!(due("2026-11-21T02:59:59Z"), at("2026-11-21T02:59:59Z"));
        assert_eq!(due("2026-11-21T03:00:00Z"), at("2026-11-21T12:00:00Z"));
        assert_eq!(due("2026-11-21T11:59:59Z"), at("2026-11-21T12:00:00Z"));
        assert_eq!(due("2026-11-21T12:00:00Z"), at("2026-11-21T12:00:00Z"));
    }

    #[test]
    fn quiet_hours_of_the_day_end_on_the_same_day() {
        let hours = Hours { quiet: Some((time(9), time(17))), digest: None };
        assert_eq!(
            hours.due(&zone(), at("2026-11-20T15:00:00Z"), at("2026-11-20T15:00:00Z")),
            at("2026-11-20T22:00:00Z")
        );
    }

    #[test]
    fn a_digest_comes_once_a_day_and_what_waited_for_it_is_told_then() {
        let hours = Hours { quiet: None, digest: Some(time(18)) };
        let received = at("2026-11-20T15:00:00Z");
        let evening = at("2026-11-20T23:00:00Z");
        assert_eq!(hours.due(&zone(), received, received), evening);
        assert_eq!(hours.due(&zone(), received, evening), evening);
        let late = evening + SignedDuration::from_mins(3);
        assert_eq!(hours.due(&zone(), received, late), late, "what is late is told at once");
        assert_eq!(
            hours.due(&zone(), evening, evening),
            at("2026-11-21T23:00:00Z"),
            "what comes then is of tomorrow"
        );
    }

    #[test]
    fn a_digest_in_the_quiet_hours_waits_for_their_end() {
        let hours = Hours { quiet: Some((time(22), time(7))), digest: Some(time(23)) };
        let noon = at("2026-11-20T17:00:00Z");
        assert_eq!(hours.due(&zone(), noon, noon), at("2026-11-21T12:00:00Z"));
    }

    #[test]
    fn hours_that_clocks_leap_over_end_all_the_same() {
        // In New York clocks go from 2:00 to 3:00 on 8 March 2026, and from 2:00 back to 1:00 on 1 November.
        let half = Time::constant(2, 30, 0, 0);
        let hours = Hours { quiet: Some((time(22), half)), digest: None };
        let night = at("2026-03-08T05:00:00Z");
        assert_eq!(hours.due(&zone(), night, night), at("2026-03-08T07:30:00Z"));
        let autumn = at("2026-11-01T04:00:00Z");
        assert_eq!(hours.due(&zone(), autumn, autumn), at("2026-11-01T07:30:00Z"));
    }

    #[test]
    fn hours_are_said_as_people_read_them() {
        assert_eq!(Hours::default().in_words(), None);
        let both = Hours { quiet: Some((time(22), time(7))), digest: Some(time(18)) };
        assert_eq!(both.in_words().unwrap(), "all in one message at 18:00, quiet from 22:00 to 7:00");
        assert_eq!(Hours::read(Some(&both.write())), both);
        assert_eq!(Hours::read(Some(b"{")), Hours::default());
    }

    #[test]
    fn nothing_waits_longer_than_two_days_and_nothing_is_told_in_the_quiet_hours() {
        let mut looked_at = 0;
        for step in 0..400i64 {
            // Steps of some odd length, so that all hours and both changes of the clocks come.
            let now = Timestamp::from_second(1_760_000_000 + step * 100_003).unwrap();
            for (from, to) in (0..24).zip((0..24).cycle().skip(step as usize % 24)) {
                let digest = (step % 3 > 0).then(|| time((from + to) % 24));
                let hours = Hours { quiet: (from != to).then(|| (time(from), time(to))), digest };
                let due = hours.due(&zone(), now, now);
                assert!(
                    due >= now && due.duration_since(now) <= SignedDuration::from_hours(50),
                    "{hours:?} at {now}"
                );
                assert_eq!(hours.due(&zone(), now, due), due, "at its time it is due: {hours:?} at {now}");
                looked_at += 1;
            }
        }
        assert_eq!(looked_at, 9_600);
    }
}
