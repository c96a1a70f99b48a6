//! Which days a message asks for.

use crate::{
    matching::one_edit_apart,
    words::{Word, number},
};
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Error, Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Some days in a row, in the customer's own zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
    /// The words of the message that said so, in small letters: "last week".
    pub said: String,
}

impl Period {
    /// The moments at which the period begins and ends, the end not included. A day begins at its first
    /// moment in the zone, also where clocks change at midnight. Fails only beyond the year 9999.
    pub fn bounds(&self, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Error> {
        let start =
            |day: Date| Ok::<_, Error>(zone.to_zoned(day.at(0, 0, 0, 0))?.start_of_day()?.timestamp());
        Ok((start(self.from)?, start(self.until)?))
    }
}

/// A period and which words of the message it took.
pub(crate) struct Found {
    pub(crate) period: Period,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// No bank shows more; a longer "last N days" is cut to this.
const MAX_DAYS_BACK: i64 = 3_660;

const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("monday", "mon", Weekday::Monday),
    ("tuesday", "tue", Weekday::Tuesday),
    ("wednesday", "wed", Weekday::Wednesday),
    ("thursday", "thu", Weekday::Thursday),
    ("friday", "fri", Weekday::Friday),
    ("saturday", "sat", Weekday::Saturday),
    ("sunday", "sun", Weekday::Sunday),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// After these, a short or ambiguous name ("may", "sun") is a day or a month.
const BEFORE_NAMES: [&str; 10] =
    ["in", "on", "since", "last", "this", "from", "during", "for", "of", "until"];

/// Words that set one period against another.
const COMPARING: &[&str] =
    &["compare", "compared", "comparing", "comparison", "versus", "vs", "than", "against", "difference"];

/// Some days and how many words they took.
type Days = (Date, Date, usize);

/// Names of days that are known with one mistake in them, wherever they stand.
const LONG_NAMES: [&str; 11] = [
    "yesterday",
    "january",
    "february",
    "september",
    "october",
    "november",
    "december",
    "tuesday",
    "wednesday",
    "thursday",
    "saturday",
];

/// Mends what was typed wrong in the names of days: "last moth", "yesteday", "in Ocotber".
pub(crate) fn mend(words: &mut [Word]) {
    for at in 0..words.len() {
        let after = at > 0 && matches!(words[at - 1].text.as_str(), "last" | "this" | "past" | "previous");
        let word = words[at].text.as_str();
        let near = |name: &&str| word != *name && one_edit_apart(name.as_bytes(), word.as_bytes());
        let mended = match word {
            "wek" | "weak" | "weeek" | "wekk" | "weke" if after => Some("week"),
            "yaer" | "yera" | "yeer" if after => Some("year"),
            "months" => None,
            _ if after => ["month", "weekend", "quarter"].into_iter().find(near),
            _ => None,
        };
        if let Some(name) = mended.or_else(|| LONG_NAMES.into_iter().find(near)) {
            words[at].text = name.to_owned();
        }
    }
}

/// Finds the first period in a message.
pub(crate) fn find(words: &[Word], today: Date) -> Option<Found> {
    find_from(words, 0, today)
}

/// Finds the period that the first is compared with: "October with September", "this week vs the week before".
pub(crate) fn find_against(words: &[Word], first: &Found, today: Date) -> Option<Period> {
    let compares = |word: &Word| COMPARING.contains(&word.text.as_str());
    if !words.iter().any(compares) {
        return None;
    }
    let second = find_from(words, first.to, today)?;
    let is_other = (second.period.from, second.period.until) != (first.period.from, first.period.until);
    is_other.then_some(second.period)
}

/// Whether the days are meant that have passed since the last pay came: "since payday", "since I got paid".
pub(crate) fn since_pay(words: &[Word]) -> bool {
    const PAY: &[&str] =
        &["payday", "paycheck", "paycheque", "payslip", "salary", "wage", "wages", "payroll"];
    const BEFORE: &[&str] =
        &["my", "the", "last", "latest", "previous", "i", "we", "got", "get", "was", "were", "been"];
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let after = (0..words.len()).filter(|at| matches!(text(*at), "since" | "after"));
    after.filter_map(|at| (at + 1..words.len()).find(|at| !BEFORE.contains(&text(*at)))).any(|at| {
        PAY.contains(&text(at))
            || (text(at) == "pay" && matches!(text(at - 1), "my" | "the" | "last"))
            || (text(at) == "paid" && matches!(text(at - 1), "got" | "get" | "was" | "were" | "been"))
    })
}

fn find_from(words: &[Word], first: usize, today: Date) -> Option<Found> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    for at in first..words.len() {
        let days = match text(at) {
            "since" => days(words, at + 1, today)
                .and_then(|(from, _, used)| Some((from, today.tomorrow().ok()?, used + 1))),
            "between" | "from" => one_month(words, at, today)
                .or_else(|| this_month(words, at, today))
                .or_else(|| range(words, at, today))
                .or_else(|| days(words, at, today)),
            _ => days(words, at, today),
        };
        let days = days.filter(|(from, until, _)| from < until);
        if let Some((from, until, used)) = days {
            let said =
                words[at..at + used].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            return Some(Found { period: Period { from, until, said }, from: at, to: at + used });
        }
    }
    None
}

/// "between X and Y", "from X to Y"; both ends belong to it.
fn range(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let (from, _, first) = days(words, at + 1, today)?;
    let to = at + 1 + first;
    if !matches!(words.get(to)?.text.as_str(), "and" | "to" | "until" | "till") {
        return None;
    }
    let (_, until, second) = days(words, to + 1, today)?;
    Some((from, until, 2 + first + second))
}

/// "from 1 to 15 November": the month is said once, and both ends belong to it.
fn one_month(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let the = |at: usize| usize::from(text(at) == "the");
    let start = at + 1 + the(at + 1);
    let first =
        day_of_month(text(start)).filter(|_| matches!(text(start + 1), "and" | "to" | "until" | "till"))?;
    let end = start + 2 + the(start + 2);
    let (last, until, used) = named(words, end, today, true)?;
    let says_month = (end..end + used).any(|at| month(text(at), true).is_some());
    let from = Date::new(last.year(), last.month(), first).ok().filter(|from| says_month && *from <= last)?;
    (last.tomorrow().ok()? == until).then_some((from, until, end - at + used))
}

/// "From the 1st to the 5th": the last days so numbered that have begun.
fn this_month(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let ordinal = |at: usize| {
        let the = usize::from(text(at) == "the");
        let is_ordinal = text(at + the).ends_with(|letter: char| letter.is_ascii_alphabetic());
        day_of_month(text(at + the)).filter(|_| is_ordinal).map(|day| (day, the + 1))
    };
    let (first, used) = ordinal(at + 1)?;
    let to = at + 1 + used;
    let (last, more) = ordinal(to + 1)
        .filter(|_| matches!(text(to), "and" | "to" | "until" | "till"))
        .filter(|(last, _)| *last >= first)?;
    // A month that is named counts as such.
    if month(text(to + 1 + more), true).is_some() || text(to + 1 + more) == "of" {
        return None;
    }
    let of = |month: Date| {
        let from = Date::new(month.year(), month.month(), first).ok().filter(|from| *from <= today)?;
        Some((from, Date::new(month.year(), month.month(), last).ok()?.tomorrow().ok()?))
    };
    let begun = today.first_of_month();
    let (from, until) = of(begun).or_else(|| of(begun.checked_sub(1.month()).ok()?))?;
    Some((from, until, 2 + used + more))
}

/// The days that these words name.
fn days(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let one_day = |day: Date, used| Some((day, day.tomorrow().ok()?, used));
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
    let month = today.first_of_month();
    let year = date(today.year(), 1, 1);
    let span = |from: Date, back: Span, length: Span, used| {
        let from = from.checked_sub(back).ok()?;
        Some((from, from.checked_add(length).ok()?, used))
    };
    match (text(at), text(at + 1)) {
        ("today" | "tonight", _) => one_day(today, 1),
        ("day", "before") if text(at + 2) == "yesterday" => {
            one_day(today.yesterday().ok()?.yesterday().ok()?, 3)
        }
        ("yesterday", _) => one_day(today.yesterday().ok()?, 1),
        ("this", "morning" | "afternoon" | "evening") => one_day(today, 2),
        ("last", "night") => one_day(today.yesterday().ok()?, 2),
        (season, _) if first_month(season).is_some() && after_the(words, at) => {
            let first = first_month(season).and_then(|month| past_day(1, month, None, today))?;
            span(first, 0.months(), 3.months(), 1)
        }
        ("this" | "current", "quarter") => span(quarter(today), 0.months(), 3.months(), 2),
        ("last" | "previous", "quarter") => span(quarter(today), 3.months(), 3.months(), 2),
        ("this" | "current", "week" | "weeks") => span(monday, 0.days(), 7.days(), 2),
        ("last" | "previous", "week" | "weeks") => span(monday, 7.days(), 7.days(), 2),
        ("this" | "current", "month" | "months") => span(month, 0.months(), 1.month(), 2),
        ("last" | "previous", "month" | "months") => span(month, 1.month(), 1.month(), 2),
        ("this" | "current", "year" | "years") => span(year, 0.years(), 1.year(), 2),
        ("last" | "previous", "year" | "years") => span(year, 1.year(), 1.year(), 2),
        ("last" | "this" | "the", "weekend") => span(monday, weekend_back(today, text(at)), 2.days(), 2),
        (_, "days" | "day" | "weeks" | "week" | "months" | "month") if text(at + 2) == "ago" => {
            ago(words, at, today)
        }
        ("past" | "last" | "previous", _) => last_few(words, at, today).or_else(|| {
            let (from, until, used) = named(words, at + 1, today, true)?;
            Some((from, until, used + 1))
        }),
        _ => {
            let sure = at > 0 && (BEFORE_NAMES.contains(&text(at - 1)) || COMPARING.contains(&text(at - 1)));
            named(words, at, today, sure)
        }
    }
}

/// The first month of a season, as meteorologists count them in the north.
fn first_month(season: &str) -> Option<i8> {
    Some(match season {
        "spring" => 3,
        "summer" => 6,
        "autumn" | "fall" => 9,
        "winter" => 12,
        _ => return None,
    })
}

/// "In the summer", "last summer": a season, and not a shop's name.
fn after_the(words: &[Word], at: usize) -> bool {
    at > 0 && matches!(words[at - 1].text.as_str(), "the" | "last" | "this" | "in" | "during" | "over")
}

/// The first day of a day's quarter.
fn quarter(day: Date) -> Date {
    let first = (day.month() - 1) / 3 * 3 + 1;
    Date::new(day.year(), first, 1).unwrap_or(day)
}

/// "3 days ago" is that day, "two weeks ago" and "a month ago" the week and the month of then.
fn ago(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let back = match words[at].text.as_str() {
        "a" | "an" | "one" => 1,
        _ => i64::from(number(&words[at..at + 1])?.0).clamp(1, MAX_DAYS_BACK),
    };
    let (from, until) = match words[at + 1].text.as_str() {
        "day" | "days" => {
            let day = today.checked_sub(back.days()).ok()?;
            (day, day.tomorrow().ok()?)
        }
        "week" | "weeks" => {
            let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
            let from = monday.checked_sub(back.min(MAX_DAYS_BACK / 7).weeks()).ok()?;
            (from, from.checked_add(7.days()).ok()?)
        }
        _ => {
            let from = today.first_of_month().checked_sub(back.min(MAX_DAYS_BACK / 30).months()).ok()?;
            (from, from.checked_add(1.month()).ok()?)
        }
    };
    Some((from, until, 3))
}

/// From this week's Monday back to the Saturday meant: that of this week once it has begun, else the one before.
fn weekend_back(today: Date, which: &str) -> Span {
    let has_begun = matches!(today.weekday(), Weekday::Saturday | Weekday::Sunday);
    if which == "this" || (which == "the" && has_begun) { (-5).days() } else { 2.days() }
}

/// "last 7 days", "past week", "last three months": so many days, today the last of them.
fn last_few(words: &[Word], at: usize, today: Date) -> Option<Days> {
    let (count, used) = number(&words[at + 1..]).unwrap_or((1, 0));
    if used == 0 && words[at].text != "past" {
        return None;
    }
    let until = today.tomorrow().ok()?;
    let back = i64::from(count).clamp(1, MAX_DAYS_BACK);
    let from = match words.get(at + 1 + used)?.text.as_str() {
        // Hours reach into the day before.
        "hour" | "hours" | "hrs" => until.checked_sub((back / 24 + i64::from(back % 24 > 0) + 1).days()),
        "day" | "days" => until.checked_sub(back.days()),
        "week" | "weeks" => until.checked_sub(back.min(MAX_DAYS_BACK / 7).weeks()),
        "month" | "months" => until.checked_sub(back.min(MAX_DAYS_BACK / 30).months()),
        "year" | "years" => until.checked_sub(back.min(MAX_DAYS_BACK / 365).years()),
        _ => return None,
    };
    Some((from.ok()?, until, used + 2))
}

/// A weekday, a date or a month by its name. `sure` when the word before it says that it is one.
fn named(words: &[Word], at: usize, today: Date, sure: bool) -> Option<Days> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let one_day = |day: Date, used| Some((day, day.tomorrow().ok()?, used));
    if let Some(weekday) = weekday(text(at), sure) {
        return one_day(today.nth_weekday(-1, weekday).ok()?, 1);
    }
    if let Some(day) = iso(text(at)) {
        return one_day(day, 1);
    }
    if let Some(day) = day_of_month(text(at)) {
        let of = usize::from(text(at + 1) == "of");
        let month = month(text(at + 1 + of), true)?;
        let (year, more) = year(text(at + 2 + of)).map_or((None, 0), |year| (Some(year), 1));
        return one_day(past_day(day, month, year, today)?, 2 + of + more);
    }
    let month = month(text(at), sure || year(text(at + 1)).is_some())?;
    if at > 0 && day_of_month(text(at - 1)).is_some() {
        // "31 november": no such day, and not the whole month either.
        return None;
    }
    if let Some(day) = day_of_month(text(at + 1)) {
        let (year, more) = year(text(at + 2)).map_or((None, 0), |year| (Some(year), 1));
        return one_day(past_day(day, month, year, today)?, 2 + more);
    }
    let (first, used) = match year(text(at + 1)) {
        Some(year) => (Date::new(year, month, 1).ok()?, 2),
        None => (past_day(1, month, None, today)?, 1),
    };
    Some((first, first.checked_add(1.month()).ok()?, used))
}

pub(crate) fn weekday(word: &str, sure: bool) -> Option<Weekday> {
    let known = WEEKDAYS.iter().find(|(name, short, _)| {
        *name == word || (sure && word.starts_with(short) && name.starts_with(word))
    });
    known.map(|(_, _, weekday)| *weekday)
}

/// "march" and "may" are also other words, and so are short names: those need a word before them.
pub(crate) fn month(word: &str, sure: bool) -> Option<i8> {
    let place = MONTHS.iter().position(|name| {
        let whole = *name == word && (sure || !matches!(word, "march" | "may"));
        whole || (sure && word.len() >= 3 && name.starts_with(word))
    });
    place.and_then(|place| i8::try_from(place + 1).ok())
}

pub(crate) fn iso(word: &str) -> Option<Date> {
    let shaped = word.len() == 10 && word.is_ascii() && word[4..5] == *"-" && word[7..8] == *"-";
    if shaped { word.parse().ok() } else { None }
}

pub(crate) fn day_of_month(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    let day: i8 = digits.parse().ok()?;
    (matches!(ending, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&day)).then_some(day)
}

pub(crate) fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && (1990..2100).contains(year))
}

/// The day in the year given, or else the last time that it was.
fn past_day(day: i8, month: i8, year: Option<i16>, today: Date) -> Option<Date> {
    match year {
        Some(year) => Date::new(year, month, day).ok(),
        None => (0..8)
            .filter_map(|back| Date::new(today.year() - back, month, day).ok())
            .find(|day| *day <= today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    /// A Saturday.
    const TODAY: Date = date(2026, 11, 21);

    fn read(message: &str) -> Option<(String, String, String)> {
        let period = find(&split(message), TODAY)?.period;
        Some((period.from.to_string(), period.until.to_string(), period.said))
    }

    #[test]
    fn names_of_days_are_known_with_a_mistake_in_them() {
        for (typed, meant) in [
            ("what did I spend last moth", "what did i spend last month"),
            ("this wek", "this week"),
            ("yesteday", "yesterday"),
            ("in Ocotber", "in october"),
            ("last wendesday", "last wednesday"),
            ("the last mile", "the last mile"),
            ("both months", "both months"),
            ("a moth in my flat", "a moth in my flat"),
        ] {
            let mut words = split(typed);
            mend(&mut words);
            let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(texts.join(" "), meant);
        }
    }

    #[test]
    fn periods_are_read_as_people_say_them() {
        for (message, from, until, said) in [
            ("what did i spend today", "2026-11-21", "2026-11-22", "today"),
            ("and yesterday?", "2026-11-20", "2026-11-21", "yesterday"),
            ("this week please", "2026-11-16", "2026-11-23", "this week"),
            ("spent at Tesco LAST WEEK", "2026-11-09", "2026-11-16", "last week"),
            ("last 7 days", "2026-11-15", "2026-11-22", "last 7 days"),
            ("over the past two weeks", "2026-11-08", "2026-11-22", "past two weeks"),
            ("past week", "2026-11-15", "2026-11-22", "past week"),
            ("last 3 months", "2026-08-22", "2026-11-22", "last 3 months"),
            ("this month", "2026-11-01", "2026-12-01", "this month"),
            ("last month", "2026-10-01", "2026-11-01", "last month"),
            ("last year", "2025-01-01", "2026-01-01", "last year"),
            ("in october", "2026-10-01", "2026-11-01", "october"),
            ("in december", "2025-12-01", "2026-01-01", "december"),
            ("October 2024", "2024-10-01", "2024-11-01", "october 2024"),
            ("in may", "2026-05-01", "2026-06-01", "may"),
            ("last march", "2026-03-01", "2026-04-01", "last march"),
            ("since friday", "2026-11-20", "2026-11-22", "since friday"),
            ("since saturday", "2026-11-14", "2026-11-22", "since saturday"),
            ("on tuesday", "2026-11-17", "2026-11-18", "tuesday"),
            ("on sun", "2026-11-15", "2026-11-16", "sun"),
            ("last monday", "2026-11-16", "2026-11-17", "last monday"),
            ("since 2026-11-01", "2026-11-01", "2026-11-22", "since 2026-11-01"),
            ("on 2026-02-28", "2026-02-28", "2026-03-01", "2026-02-28"),
            ("from 2026-10-01 to 2026-10-05", "2026-10-01", "2026-10-06", "from 2026-10-01 to 2026-10-05"),
            ("between monday and wednesday", "2026-11-16", "2026-11-19", "between monday and wednesday"),
            ("1st of november", "2026-11-01", "2026-11-02", "1st of november"),
            ("on Nov 3", "2026-11-03", "2026-11-04", "nov 3"),
            ("december 24", "2025-12-24", "2025-12-25", "december 24"),
            ("from 3 days ago", "2026-11-18", "2026-11-19", "3 days ago"),
            ("two weeks ago", "2026-11-02", "2026-11-09", "two weeks ago"),
            ("a month ago", "2026-10-01", "2026-11-01", "a month ago"),
            ("the day before yesterday", "2026-11-19", "2026-11-20", "day before yesterday"),
            ("this morning", "2026-11-21", "2026-11-22", "this morning"),
            ("last night", "2026-11-20", "2026-11-21", "last night"),
            ("in the summer", "2026-06-01", "2026-09-01", "summer"),
            ("last winter", "2025-12-01", "2026-03-01", "winter"),
            ("last weeks spending", "2026-11-09", "2026-11-16", "last weeks"),
            ("this quarter", "2026-10-01", "2027-01-01", "this quarter"),
            ("last quarter", "2026-07-01", "2026-10-01", "last quarter"),
            ("from the 1st to the 5th", "2026-11-01", "2026-11-06", "from the 1st to the 5th"),
            ("from the 25th to the 28th", "2026-10-25", "2026-10-29", "from the 25th to the 28th"),
            (
                "from the 1st to the 5th of march",
                "2026-03-01",
                "2026-03-06",
                "from the 1st to the 5th of march",
            ),
            ("last weekend", "2026-11-14", "2026-11-16", "last weekend"),
            ("this weekend", "2026-11-21", "2026-11-23", "this weekend"),
        ] {
            let expected = (from.to_owned(), until.to_owned(), said.to_owned());
            assert_eq!(read(message), Some(expected), "{message}");
        }
    }

    #[test]
    fn other_words_are_not_periods() {
        for message in [
            "may i see my balance",
            "march on",
            "my last transaction",
            "last 5 transactions",
            "the sun is out",
            "who sat there",
            "2026-02-30",
            "2026-13-01",
            "31 november",
            "since when",
            "between us",
            "last",
            "past",
            "order 2026-1234",
            "did I fall for it",
            "spring cleaning",
        ] {
            assert_eq!(read(message), None, "{message}");
        }
    }

    #[test]
    fn what_is_compared_is_read_with_what_it_is_compared_with() {
        for (message, against) in [
            ("compare October with September", Some("september")),
            ("did I spend more in october than in september?", Some("september")),
            ("october vs sep", Some("sep")),
            ("this month vs last month", Some("last month")),
            ("compare this week to last week at Tesco", Some("last week")),
            ("did I spend more than last month", None),
            ("compare October with October", None),
            ("payments from October to November", None),
            ("did I shop on monday or on tuesday", None),
        ] {
            let words = split(message);
            let found = find(&words, TODAY).and_then(|first| find_against(&words, &first, TODAY));
            assert_eq!(found.as_ref().map(|period| period.said.as_str()), against, "{message}");
        }
    }

    #[test]
    fn days_since_pay_are_known_by_their_words() {
        for yes in [
            "what did I spend since payday",
            "since my last paycheck",
            "spent since I got paid",
            "since the salary came",
            "since my last pay",
            "after payday",
        ] {
            assert!(since_pay(&split(yes)), "{yes}");
        }
        for no in ["since monday", "did I get paid", "when is payday", "since I paid the rent", "since"] {
            assert!(!since_pay(&split(no)), "{no}");
        }
    }

    #[test]
    fn february_29_is_that_of_the_last_leap_year() {
        assert_eq!(read("29 february").unwrap().0, "2024-02-29");
    }

    #[test]
    fn a_day_is_as_long_as_the_zone_makes_it() {
        let hours = |zone: &str, day: Date| {
            let period = Period { from: day, until: day.tomorrow().unwrap(), said: String::new() };
            let (from, until) = period.bounds(&TimeZone::get(zone).unwrap()).unwrap();
            until.duration_since(from).as_hours()
        };
        assert_eq!(hours("America/New_York", date(2026, 3, 8)), 23);
        assert_eq!(hours("America/New_York", date(2026, 11, 1)), 25);
        assert_eq!(hours("Europe/London", date(2026, 10, 25)), 25);
        // Midnight itself is skipped there.
        assert_eq!(hours("Africa/Cairo", date(2026, 4, 24)), 23);
        assert_eq!(hours("UTC", date(2026, 3, 8)), 24);
    }
}
