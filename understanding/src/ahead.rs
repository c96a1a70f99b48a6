//! Days that lie ahead: "from 3 to 10 December", "next week", "until Friday", "tomorrow for ten days".

use crate::period::{day_of_month, iso, month, weekday, year};
use crate::words::{Word, number};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// Days that are named. An end that is missing was not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// Nobody plans further ahead than this, in days.
const MAX_DAYS: u32 = 730;

/// One mention: its first and last day, and how many words it took.
type Days = (Date, Date, usize);

/// Finds the days ahead of `today` that a message names.
pub(crate) fn find(words: &[Word], today: Date) -> Ahead {
    let words = apart(words);
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let (mut from, mut until, mut long) = (None, None, None);
    let mut at = 0;
    while at < words.len() {
        let ends = matches!(text(at), "until" | "till" | "through" | "til" | "back");
        let joins = at > 0 && matches!(text(at), "to" | "and" | "-");
        let begin = at + usize::from(ends || joins || matches!(text(at), "from" | "on" | "in" | "for"));
        if text(at) == "for"
            && let Some((days, used)) = length(&words[begin..])
        {
            long = Some(days);
            at = begin + used;
            continue;
        }
        let Some((first, last, used)) = days(&words, begin, from.unwrap_or(today)) else {
            at += 1;
            continue;
        };
        match (ends, from, until) {
            (true, ..) => until = until.or(Some(last)),
            (false, None, _) => {
                from = Some(first);
                if last > first {
                    until = until.or(Some(last));
                }
            }
            (false, Some(_), _) if joins => until = Some(last),
            _ => {}
        }
        at = begin + used;
    }
    let from = from.or(until.map(|_| today)).or(long.map(|_| today));
    let by_length = from.zip(long).and_then(|(from, long)| from.checked_add(i64::from(long - 1).days()).ok());
    let until = by_length.or(until);
    Ahead { from, until: until.filter(|until| from.is_none_or(|from| from <= *until)) }
}

/// "3-10" as three words.
fn apart(words: &[Word]) -> Vec<Word> {
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        let pieces: Vec<&str> = word.text.split(['-', '\u{2013}']).collect();
        if pieces.len() == 2 && pieces.iter().all(|piece| day_of_month(piece).is_some()) {
            for text in [pieces[0], "-", pieces[1]] {
                all.push(Word { text: text.to_owned(), ..word.clone() });
            }
        } else {
            all.push(word.clone());
        }
    }
    all
}

/// "ten days", "2 weeks", "a month", in days.
fn length(words: &[Word]) -> Option<(u32, usize)> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let (count, used) = match text(0) {
        "a" | "an" | "one" | "the" => (1, 1),
        "couple" => (2, 1),
        _ => number(words)?,
    };
    let of = usize::from(text(used) == "of");
    let each = match text(used + of) {
        "day" | "days" | "night" | "nights" => 1,
        "week" | "weeks" => 7,
        "fortnight" => 14,
        "month" | "months" => 30,
        _ => return None,
    };
    let days = count.checked_mul(each).filter(|days| (1..=MAX_DAYS).contains(days))?;
    Some((days, used + of + 1))
}

/// The days that these words name, on or after `today`.
fn days(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let the = usize::from(matches!(text(at), "the" | "about"));
    let at = at + the;
    let one = |day: Date, used: usize| Some((day, day, used + the));
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
    let week = |from: Date, days: i64, used: usize| Some((from, from.checked_add(days.days()).ok()?, used));
    let whole_month = |first: Date, used: usize| Some((first.max(today), first.last_of_month(), used + the));
    match (text(at), text(at + 1)) {
        ("today" | "tonight" | "now", _) => return one(today, 1),
        ("tomorrow", _) => return one(today.tomorrow().ok()?, 1),
        ("next", "week") => return week(monday.checked_add(7.days()).ok()?, 6, 2 + the),
        ("this", "week") => {
            return week(today, 6 - i64::from(today.weekday().to_monday_zero_offset()), 2 + the);
        }
        ("this", "weekend") | ("weekend", _) => {
            let used = if text(at) == "this" { 2 } else { 1 };
            return week(monday.checked_add(5.days()).ok()?.max(today), 1, used + the);
        }
        ("next", "weekend") => return week(monday.checked_add(12.days()).ok()?, 1, 2 + the),
        ("next", "month") => {
            return whole_month(today.first_of_month().checked_add(1.month()).ok()?, 2);
        }
        ("christmas", _) => return one(next(25, 12, None, today)?, 1),
        _ => {}
    }
    let after = usize::from(matches!(text(at), "next" | "this"));
    if let Some(found) = weekday(text(at + after), true) {
        return one(coming(today, found)?, 1 + after);
    }
    if let Some(day) = iso(text(at)) {
        return one(day, 1);
    }
    if let Some(day) = day_of_month(text(at)) {
        let of = usize::from(text(at + 1) == "of");
        if let Some(month) = month(text(at + 1 + of), true) {
            let year = year(text(at + 2 + of));
            return one(next(day, month, year, today)?, 2 + of + usize::from(year.is_some()));
        }
        // "3 to 10 december": the month stands with the second day.
        if matches!(text(at + 1), "to" | "until" | "till" | "-" | "and" | "through")
            && day_of_month(text(at + 2)).is_some()
        {
            let of = usize::from(text(at + 3) == "of");
            let month = month(text(at + 3 + of), true)?;
            return one(next(day, month, year(text(at + 4 + of)), today)?, 1);
        }
        return None;
    }
    let found = month(text(at), true)?;
    if let Some(day) = day_of_month(text(at + 1)) {
        let year = year(text(at + 2));
        return one(next(day, found, year, today)?, 2 + usize::from(year.is_some()));
    }
    let year = year(text(at + 1));
    let used = 1 + usize::from(year.is_some());
    let first = match year {
        Some(year) => Date::new(year, found, 1).ok()?,
        None if today.month() == found => today.first_of_month(),
        None => next(1, found, None, today)?,
    };
    whole_month(first, used)
}

fn coming(today: Date, weekday: Weekday) -> Option<Date> {
    if today.weekday() == weekday { Some(today) } else { today.nth_weekday(1, weekday).ok() }
}

/// The day in the year given, or else the next time that it is.
fn next(day: i8, month: i8, year: Option<i16>, today: Date) -> Option<Date> {
    match year {
        Some(year) => Date::new(year, month, day).ok(),
        None => {
            (0..8).filter_map(|on| Date::new(today.year() + on, month, day).ok()).find(|day| *day >= today)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;
    use jiff::civil::date;

    /// A Saturday.
    const TODAY: Date = date(2026, 11, 21);

    fn read(message: &str) -> (String, String) {
        let found = find(&split(message), TODAY);
        let words = |day: Option<Date>| day.map_or_else(|| "?".to_owned(), |day| day.to_string());
        (words(found.from), words(found.until))
    }

    #[test]
    fn days_ahead_are_read_as_people_say_them() {
        for (message, from, until) in [
            ("from 3 to 10 December", "2026-12-03", "2026-12-10"),
            ("3-10 december", "2026-12-03", "2026-12-10"),
            ("Dec 3 to Dec 10", "2026-12-03", "2026-12-10"),
            ("december 28 until january 4", "2026-12-28", "2027-01-04"),
            ("from the 5th of January for two weeks", "2027-01-05", "2027-01-18"),
            ("I'm travelling to Japan next week", "2026-11-23", "2026-11-29"),
            ("tomorrow", "2026-11-22", "?"),
            ("flying to Spain tomorrow until friday", "2026-11-22", "2026-11-27"),
            ("from Monday to Wednesday", "2026-11-23", "2026-11-25"),
            ("until friday", "2026-11-21", "2026-11-27"),
            ("for ten days", "2026-11-21", "2026-11-30"),
            ("tomorrow for a week", "2026-11-22", "2026-11-28"),
            ("next month", "2026-12-01", "2026-12-31"),
            ("in march", "2027-03-01", "2027-03-31"),
            ("in November", "2026-11-21", "2026-11-30"),
            ("this weekend", "2026-11-21", "2026-11-22"),
            ("2026-12-01 to 2026-12-08", "2026-12-01", "2026-12-08"),
            ("from friday", "2026-11-27", "?"),
            ("to Portugal", "?", "?"),
            ("1 january 2028", "2028-01-01", "?"),
        ] {
            assert_eq!(read(message), (from.to_owned(), until.to_owned()), "{message}");
        }
    }

    #[test]
    fn an_end_before_the_beginning_is_no_end() {
        assert_eq!(read("2026-12-08 to 2026-12-01"), ("2026-12-08".to_owned(), "?".to_owned()));
    }
}
