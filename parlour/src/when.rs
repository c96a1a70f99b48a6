//! Dates and times as people read them, in the bank's time zone.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// "Mon 9 Nov", with the year when it is not this one.
pub fn day(date: Date, today: Date) -> String {
    let weekday = WEEKDAYS[date.weekday().to_monday_zero_offset() as usize];
    let month = MONTHS[date.month() as usize - 1];
    if date.year() == today.year() {
        format!("{weekday} {} {month}", date.day())
    } else {
        format!("{weekday} {} {month} {}", date.day(), date.year())
    }
}

/// "Nov", with the year when it is not this one.
pub fn month(year: i16, month: i8, today: Date) -> String {
    let name = MONTHS[(month.clamp(1, 12) - 1) as usize];
    if year == today.year() { name.to_owned() } else { format!("{name} {year}") }
}

/// "20 Feb 2027".
pub fn long_day(at: Timestamp, zone: &TimeZone) -> String {
    let date = at.to_zoned(zone.clone()).date();
    format!("{} {} {}", date.day(), MONTHS[date.month() as usize - 1], date.year())
}

/// "today at 9:41", "yesterday at 18:02", "Mon 9 Nov at 7:05".
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()).date());
    let clock = format!("{}:{:02}", at.hour(), at.minute());
    let date = at.date();
    if date == today {
        format!("today at {clock}")
    } else if date.tomorrow().is_ok_and(|next| next == today) {
        format!("yesterday at {clock}")
    } else {
        format!("{} at {clock}", day(date, today))
    }
}

/// "Mon 9 Nov 2026 at 7:05", for what is kept: it stays true.
pub fn for_good(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let weekday = WEEKDAYS[at.weekday().to_monday_zero_offset() as usize];
    let month = MONTHS[at.month() as usize - 1];
    format!("{weekday} {} {month} {} at {}:{:02}", at.day(), at.year(), at.hour(), at.minute())
}

/// "Mon 9 to Sun 15 Nov", "Mon 28 Sep to Sun 4 Oct", "Mon 9 Nov". `until` is exclusive.
pub fn span(from: Date, until: Date, today: Date) -> String {
    let last = until.yesterday().unwrap_or(until);
    if last <= from {
        return day(from, today);
    }
    if (from.year(), from.month()) == (last.year(), last.month()) {
        let weekday = WEEKDAYS[from.weekday().to_monday_zero_offset() as usize];
        return format!("{weekday} {} to {}", from.day(), day(last, today));
    }
    format!("{} to {}", day(from, today), day(last, today))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_near_moment_has_no_date_and_a_far_one_has_its_weekday() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-20T15:00:00Z");
        assert_eq!(moment(at("2026-11-20T14:41:00Z"), now, &zone), "today at 9:41");
        assert_eq!(moment(at("2026-11-20T03:05:00Z"), now, &zone), "yesterday at 22:05");
        assert_eq!(moment(at("2026-11-09T12:05:00Z"), now, &zone), "Mon 9 Nov at 7:05");
        assert_eq!(moment(at("2025-11-09T12:05:00Z"), now, &zone), "Sun 9 Nov 2025 at 7:05");
        assert_eq!(long_day(at("2027-02-20T12:00:00Z"), &zone), "20 Feb 2027");
        assert_eq!(for_good(at("2026-11-09T12:05:00Z"), &zone), "Mon 9 Nov 2026 at 7:05");
    }

    #[test]
    fn a_span_names_its_month_once() {
        let today = date(2026, 11, 20);
        assert_eq!(span(date(2026, 11, 9), date(2026, 11, 16), today), "Mon 9 to Sun 15 Nov");
        assert_eq!(span(date(2026, 9, 28), date(2026, 10, 5), today), "Mon 28 Sep to Sun 4 Oct");
        assert_eq!(span(date(2026, 11, 9), date(2026, 11, 10), today), "Mon 9 Nov");
    }
}
