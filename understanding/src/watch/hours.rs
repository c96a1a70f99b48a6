//! Hours: when not to be disturbed, and when the digest comes.

use crate::words::{Word, number};
use jiff::civil::Time;

/// When the night begins for whoever only says "at night".
const NIGHT_BEGINS: i8 = 22;
/// When it ends for them.
const NIGHT_ENDS: i8 = 7;

/// What is said about quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuietAsk {
    /// From the first to the second, over midnight if the second is earlier.
    Hours(Time, Time),
    /// None any more.
    Off,
    /// Which ones was not said.
    Unsaid,
}

/// What is said about the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestAsk {
    /// Once a day at this hour.
    At(Time),
    /// Once a day; the hour was not said.
    Daily,
    /// No digest any more: at once.
    Off,
    /// Another rhythm than once a day.
    Other,
}

/// The same text with its hours apart: "10pm-7am" has two.
pub(super) fn spaced(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut spaced = String::with_capacity(text.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let digit =
            |place: Option<usize>| place.and_then(|p| letters.get(p)).is_some_and(char::is_ascii_digit);
        let dash = matches!(letter, '-' | '\u{2010}'..='\u{2015}')
            && (digit(at.checked_sub(1)) || digit(Some(at + 1)));
        if dash { spaced.push_str(" to ") } else { spaced.push(*letter) }
    }
    spaced
}

/// Whether a message is about quiet hours, also without saying which.
pub(super) fn about_quiet(texts: &[&str]) -> bool {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let pair = |a: &str, b: &str| texts.windows(2).any(|two| two[0] == a && two[1] == b);
    pair("quiet", "hours")
        || pair("quiet", "time")
        || pair("not", "disturb")
        || pair("dont", "disturb")
        || has(&["silence", "silent", "dnd"])
}

/// Whether a message is about the digest.
pub(super) fn about_digest(texts: &[&str]) -> bool {
    texts
        .iter()
        .any(|word| matches!(*word, "digest" | "digests" | "summary" | "roundup" | "bundle" | "bundled"))
}

/// What a message says about quiet hours; none if it is about something else.
pub(super) fn quiet(words: &[Word], texts: &[&str]) -> Option<QuietAsk> {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let night = has(&["night", "overnight", "nights", "asleep", "sleep", "sleeping", "wake"]);
    let refuses = has(&[
        "no", "dont", "not", "never", "without", "stop", "mute", "hold", "quiet", "silence", "silent",
        "only", "until", "till", "wait",
    ]);
    let range = range(words);
    let bounded = has(&["after", "before", "between", "from"]) && (range.is_some() || bound(words).is_some());
    let about = about_quiet(texts) || (refuses && (night || bounded)) || names_waking_hours(words);
    if !about || about_digest(texts) {
        return None;
    }
    let only = has(&["only"]) && !has(&["no", "dont", "not", "never", "without", "stop", "mute", "quiet"]);
    let off = has(&["off", "remove", "end", "cancel", "without", "any", "delete", "disable"])
        || (has(&["no"]) && about_quiet(texts));
    if let Some((from, to)) = range {
        // "Only between 9am and 9pm" names the hours that are not quiet.
        return Some(if only { QuietAsk::Hours(to, from) } else { QuietAsk::Hours(from, to) });
    }
    if off && about_quiet(texts) {
        return Some(QuietAsk::Off);
    }
    let night_time = |hour| Time::constant(hour, 0, 0, 0);
    Some(match bound(words) {
        Some(("after", from)) if only => QuietAsk::Hours(night_time(NIGHT_BEGINS), morning(from)),
        Some((_, to)) if only => QuietAsk::Hours(evening(to), night_time(NIGHT_ENDS)),
        Some(("after", from)) => QuietAsk::Hours(evening(from), night_time(NIGHT_ENDS)),
        Some((_, to)) => QuietAsk::Hours(night_time(NIGHT_BEGINS), morning(to)),
        None if night => QuietAsk::Hours(night_time(NIGHT_BEGINS), night_time(NIGHT_ENDS)),
        None => QuietAsk::Unsaid,
    })
}

/// What a message says about the digest; none if it is about something else.
pub(super) fn digest(words: &[Word], texts: &[&str]) -> Option<DigestAsk> {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let pair =
        |a: &[&str], b: &[&str]| texts.windows(2).any(|two| a.contains(&two[0]) && b.contains(&two[1]));
    let once = pair(&["once", "one", "message"], &["a", "per", "alert"]) && has(&["day", "daily"]);
    let gathered = has(&["grouped", "together", "collect", "gather", "daily"]);
    if !(about_digest(texts) || once || gathered || has(&["immediately", "away"])) {
        return None;
    }
    let at_once = has(&["immediately"]) || pair(&["right", "straight"], &["away"]);
    if at_once || has(&["off", "stop", "cancel", "remove", "end", "disable"]) {
        return Some(DigestAsk::Off);
    }
    if has(&["weekly", "week", "monthly", "month"]) {
        return Some(DigestAsk::Other);
    }
    let at = (0..words.len()).find_map(|at| {
        let led = at > 0 && matches!(words[at - 1].text.as_str(), "at" | "to" | "by" | "around" | "digest");
        clock(&words[at..]).filter(|found| led || found.half.is_some())
    });
    let daytime = if has(&["morning"]) {
        Some(Time::constant(8, 0, 0, 0))
    } else if has(&["evening", "tonight"]) {
        Some(Time::constant(18, 0, 0, 0))
    } else if has(&["lunch", "lunchtime"]) {
        Some(Time::constant(12, 0, 0, 0))
    } else {
        None
    };
    Some(match (at, daytime) {
        (Some(found), _) => DigestAsk::At(awake(found)),
        (None, Some(time)) => DigestAsk::At(time),
        (None, None) => DigestAsk::Daily,
    })
}

/// An hour as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clock {
    hour: i8,
    minute: i8,
    /// Whether "pm" (true) or "am" (false) was said, or could not be otherwise.
    half: Option<bool>,
    used: usize,
}

impl Clock {
    fn time(self, afternoon: bool) -> Time {
        let hour = match (self.hour, afternoon) {
            (12, false) => 0,
            (hour, true) if hour < 12 => hour + 12,
            (hour, _) => hour,
        };
        Time::constant(hour, self.minute, 0, 0)
    }
}

/// Reads an hour at the beginning of the words: "10pm", "10 pm", "22:30", "midnight", "six".
fn clock(words: &[Word]) -> Option<Clock> {
    let first = words.first()?.text.as_str();
    let next = words.get(1).map_or("", |word| word.text.as_str());
    match first {
        "midnight" => return Some(Clock { hour: 0, minute: 0, half: Some(false), used: 1 }),
        "noon" | "midday" => return Some(Clock { hour: 12, minute: 0, half: Some(true), used: 1 }),
        _ => {}
    }
    let (digits, half) = match (first.strip_suffix("pm"), first.strip_suffix("am")) {
        (Some(digits), _) => (digits, Some(true)),
        (_, Some(digits)) => (digits, Some(false)),
        _ => (first, None),
    };
    let digits = digits.trim_end_matches('.').trim_end_matches('h');
    let (hour, minute, mut used) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse().ok()?, minute.parse().ok()?, 1),
        Some(_) => return None,
        None => match digits.parse::<i8>() {
            Ok(hour) if digits.len() <= 2 => (hour, 0, 1),
            _ if half.is_none() => {
                let (hour, used) = number(words)?;
                (i8::try_from(hour).ok()?, 0, used)
            }
            _ => return None,
        },
    };
    let said = |word: &str| match word {
        "pm" => Some(true),
        "am" => Some(false),
        _ => None,
    };
    let after = words.get(used).map_or("", |word| word.text.as_str());
    let mut half = half;
    if half.is_none()
        && let Some(said) = said(after)
    {
        (half, used) = (Some(said), used + 1);
    }
    if half.is_none() && next == "in" {
        half = words.iter().skip(used).take(3).find_map(|word| match word.text.as_str() {
            "morning" => Some(false),
            "evening" | "afternoon" => Some(true),
            _ => None,
        });
    }
    let written_out = hour > 12 || first.contains(':') || (hour == 0);
    if !(0..=23).contains(&hour) || !(0..=59).contains(&minute) || (half.is_some() && hour > 12) {
        return None;
    }
    // 22:00 and 06:30 are what they say.
    let half = half.or((written_out && hour != 12).then_some(hour >= 12));
    Some(Clock { hour, minute, half, used })
}

/// Whether a message names nothing but the hours at which somebody is awake: "only between 9am and 9pm".
pub(super) fn names_waking_hours(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let says_half = |text: &&str| {
        matches!(*text, "am" | "pm") || text.ends_with("am") || text.ends_with("pm") || text.contains(':')
    };
    texts.len() <= 8
        && texts.first() == Some(&"only")
        && texts.iter().any(|text| says_half(text) && text.len() <= 7)
        && range(words).is_some()
}

/// Two hours with "to", "and", "until" or "till" between them.
fn range(words: &[Word]) -> Option<(Time, Time)> {
    (0..words.len()).find_map(|at| {
        let from = clock(&words[at..])?;
        let middle = words.get(at + from.used)?.text.as_str();
        if !matches!(middle, "to" | "and" | "until" | "till" | "til" | "through") {
            return None;
        }
        let to = clock(&words[at + from.used + 1..])?;
        // "from 10 to 7pm": of a pair in which one says which half, the other is in the other half.
        let first =
            from.time(from.half.unwrap_or(to.half != Some(true) && from.hour >= 6 || to.half == Some(false)));
        let second = to.time(to.half.unwrap_or(from.half == Some(false) && from.hour >= 6));
        (first != second).then_some((first, second))
    })
}

/// One hour after "after", "before", "until" or "till".
fn bound(words: &[Word]) -> Option<(&'static str, Clock)> {
    (1..words.len()).find_map(|at| {
        let side = match words[at - 1].text.as_str() {
            "after" | "past" | "from" => "after",
            "before" | "until" | "till" | "til" => "before",
            _ => return None,
        };
        Some((side, clock(&words[at..])?))
    })
}

fn evening(clock: Clock) -> Time {
    clock.time(clock.half.unwrap_or(clock.hour >= 5 && clock.hour < 12))
}

fn morning(clock: Clock) -> Time {
    clock.time(clock.half.unwrap_or(false))
}

/// The hour of the day at which people are awake, if it was not said which.
fn awake(clock: Clock) -> Time {
    clock.time(clock.half.unwrap_or(clock.hour < 7 || clock.hour == 12))
}
