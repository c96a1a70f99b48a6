//! "How do I spend my money?": by kind of shop and by month. And "did I spend more than last month?".

use crate::{
    asking::{Turn, TurnFault},
    category,
    reply::{Block, MoneyText, MonthLine, PictureLine, Reply},
    sealed::Skill,
    spending::{self, Span},
};
use domain::{Currency, Money, Transaction};
use jiff::{ToSpan, civil::Date};
use std::{cmp::Ordering, collections::BTreeMap};
use understanding::{Entities, Period};

/// Months in the picture, this one included.
const MONTHS: i64 = 6;
/// Kinds of shops that get a line of their own; the rest is added up.
const LINES: usize = 8;

/// Shows what was spent by kind of shop in the days asked for (this month, if none), and by month before that.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let mut shown = if about.since_pay {
        Span::of(turn, about)
    } else {
        Span::of(turn, &with_period(about, this_month(turn)))
    };
    if let Some(reply) = shown.too_long_ago() {
        return Ok(reply);
    }
    let months_ago = first_of_month(shown.today).checked_sub((MONTHS - 1).months()).unwrap_or(shown.from);
    let whole = Span::of(turn, &with_period(about, days(shown.from.min(months_ago), shown.until)));
    let mut read = match spending::read(turn, &whole, Skill::Picture, about).await? {
        Ok(read) => read,
        Err(reply) => return Ok(reply),
    };
    if let Err(text) = shown.begin_at_pay(about, &mut read.payments.clone()) {
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let about = &match spending::narrow(turn, &whole, Skill::Picture, about, &mut read).await? {
        Ok(about) => about,
        Err(reply) => return Ok(reply),
    };
    let spent: Vec<Transaction> = spending::spent(spending::matching(&mut read, about));
    let Some(currency) = most_used(&spent) else {
        let text = format!("I found no payments from {}.", whole.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    };
    let others = spent.iter().filter(|p| p.amount.currency != currency).count();
    let spent: Vec<Transaction> = spent.into_iter().filter(|p| p.amount.currency == currency).collect();
    let lines = by_kind(&spending::within(&shown, spent.clone()), currency);
    let months = by_month(&whole, &spent, currency);
    let of = format!("What you spent{}, {}", spending::where_at(about), shown.in_words());
    let mut blocks = vec![Block::Picture { of, lines, months }];
    if others > 0 {
        let text = match others {
            1 => "1 payment in another currency is not in the picture.".to_owned(),
            n => format!("{n} payments in other currencies are not in the picture."),
        };
        blocks.push(Block::Text { text });
    }
    blocks.extend(shown.cut_off());
    blocks.extend(read.partial.then(Block::partial));
    let reply = Reply { blocks, seen: read.seen, ..Reply::default() };
    Ok(reply.with_quick(&["Did I spend more than last month?", "Where did I shop?"]))
}

/// Compares the days asked for with the others that were named, or with as many days of the time before.
pub async fn compare(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let today = turn.today();
    let named = about.period.clone().unwrap_or_else(|| this_month(turn));
    let (now, before) = match &about.against {
        Some(other) => set_against(&named, other, today),
        None => compared(&named, today),
    };
    let span = |period: Period| Span::of(turn, &with_period(about, period));
    let (mut now, mut before) = (span(now), span(before));
    if let Some(reply) = now.too_long_ago().or_else(|| before.too_long_ago()) {
        return Ok(reply);
    }
    let whole = match about.since_pay {
        true => Span::of(turn, about),
        false => span(days(now.from.min(before.from), now.until.max(before.until))),
    };
    let mut read = match spending::read(turn, &whole, Skill::Compare, about).await? {
        Ok(read) => read,
        Err(reply) => return Ok(reply),
    };
    if about.since_pay {
        now = whole.clone();
        if let Err(text) = now.begin_at_pay(about, &mut read.payments.clone()) {
            return Ok(Reply { seen: read.seen, ..Reply::text(text) });
        }
        let length = i64::from((now.until - now.from).get_days());
        let from = now.from.checked_sub(length.days()).unwrap_or(now.from);
        before = now.clone();
        (before.from, before.until) = (from, now.from);
    }
    let about = &match spending::narrow(turn, &whole, Skill::Compare, about, &mut read).await? {
        Ok(about) => about,
        Err(reply) => return Ok(reply),
    };
    let spent: Vec<Transaction> = spending::spent(spending::matching(&mut read, about));
    let Some(currency) = most_used(&spent) else {
        let text = format!("I found no payments from {}.", whole.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    };
    let sum = |span: &Span| {
        let of =
            spending::within(span, spent.iter().filter(|p| p.amount.currency == currency).cloned().collect());
        let count = u32::try_from(of.len()).unwrap_or(u32::MAX);
        (of.iter().fold(0_i64, |sum, p| sum.saturating_sub(p.amount.minor_units)), count)
    };
    let ((this, this_count), (last, last_count)) = (sum(&now), sum(&before));
    let difference = Money::new((this - last).abs(), currency);
    let at = spending::where_at(about);
    let (then, when) = match about.against {
        Some(_) => (before.on_days(), format!(" {}", now.on_days())),
        None => ("in the same days before".to_owned(), String::new()),
    };
    let text = match this.cmp(&last) {
        Ordering::Greater => format!("You spent {difference} more{at}{when} than {then}."),
        Ordering::Less => format!("You spent {difference} less{at}{when} than {then}."),
        Ordering::Equal => format!("You spent just as much{at}{when} as {then}."),
    };
    let total = |span: &Span, units: i64, count: u32| Block::Total {
        of: span.in_words(),
        amount: MoneyText::from(Money::new(units, currency)),
        count,
    };
    let mut blocks =
        vec![Block::Compared { text }, total(&now, this, this_count), total(&before, last, last_count)];
    blocks.extend(now.cut_off().or_else(|| before.cut_off()));
    blocks.extend(read.partial.then(Block::partial));
    let reply = Reply { blocks, seen: read.seen, ..Reply::default() };
    Ok(reply.with_quick(&["How do I spend my money?"]))
}

/// The days that are compared if both were named. This month and the last are compared as far as this one has come.
fn set_against(named: &Period, other: &Period, today: Date) -> (Period, Period) {
    let runs = |period: &Period| period.until > today;
    let follows = |later: &Period, earlier: &Period| {
        runs(later) && !runs(earlier) && compared(later, today).1.from == earlier.from
    };
    if follows(named, other) {
        return compared(named, today);
    }
    if follows(other, named) {
        let (now, before) = compared(other, today);
        return (before, now);
    }
    (days(named.from, named.until), days(other.from, other.until))
}

/// The days that are compared: those of now, and as many before them. A period that is over is compared with what
/// came after it up to today.
fn compared(named: &Period, today: Date) -> (Period, Period) {
    let tomorrow = today.tomorrow().unwrap_or(today);
    if named.until <= today {
        let now = days(named.until, tomorrow);
        let length = (now.until - now.from).get_days().into();
        let until = named.from.checked_add(i64::days(length)).unwrap_or(named.until).min(named.until);
        return (now, days(named.from, until));
    }
    let now = days(named.from, named.until.min(tomorrow));
    let whole_month = named.from.day() == 1 && named.until.day() == 1;
    let back = |date: Date| {
        let length = i64::from((named.until - named.from).get_days());
        let span = if whole_month { 1.month() } else { length.days() };
        date.checked_sub(span).unwrap_or(date)
    };
    let before = days(back(now.from), back(now.until).max(back(now.from).tomorrow().unwrap_or(now.from)));
    (now, before)
}

fn days(from: Date, until: Date) -> Period {
    Period { from, until, said: String::new() }
}

fn with_period(about: &Entities, period: Period) -> Entities {
    let period = match &about.period {
        Some(named) if period.said == THIS_MONTH => named.clone(),
        _ => period,
    };
    Entities { period: Some(period), ..about.clone() }
}

/// Marks the period that is taken when none was named.
const THIS_MONTH: &str = "this month";

fn this_month(turn: &Turn) -> Period {
    let today = turn.now.to_zoned(turn.tenant.zone.clone()).date();
    let from = first_of_month(today);
    Period { from, until: from.checked_add(1.month()).unwrap_or(today), said: THIS_MONTH.to_owned() }
}

fn first_of_month(date: Date) -> Date {
    date.first_of_month()
}

/// The currency of most payments.
fn most_used(spent: &[Transaction]) -> Option<Currency> {
    let mut counts: BTreeMap<Currency, usize> = BTreeMap::new();
    for payment in spent {
        *counts.entry(payment.amount.currency).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(currency, _)| currency)
}

fn by_kind(spent: &[Transaction], currency: Currency) -> Vec<PictureLine> {
    let mut kinds: BTreeMap<&'static str, (i64, u32)> = BTreeMap::new();
    for payment in spent {
        let kind = kinds.entry(category::kind(payment)).or_default();
        *kind = (kind.0.saturating_sub(payment.amount.minor_units), kind.1 + 1);
    }
    let mut sorted: Vec<_> = kinds.into_iter().collect();
    sorted.sort_by_key(|(_, (units, _))| std::cmp::Reverse(*units));
    if sorted.len() > LINES {
        let rest = sorted.split_off(LINES - 1);
        let sum = rest.iter().fold((0_i64, 0), |sum, (_, (units, count))| (sum.0 + units, sum.1 + count));
        sorted.push((category::OTHER, sum));
    }
    let all: i64 = sorted.iter().map(|(_, (units, _))| units).sum();
    let line = |(name, (units, count)): (&str, (i64, u32))| PictureLine {
        name: name.to_owned(),
        amount: Money::new(units, currency).into(),
        percent: percent(units, all),
        count,
    };
    sorted.into_iter().map(line).collect()
}

fn by_month(span: &Span, spent: &[Transaction], currency: Currency) -> Vec<MonthLine> {
    let mut months: BTreeMap<(i16, i8), i64> = BTreeMap::new();
    let mut month = first_of_month(span.from);
    while month < span.until {
        months.insert((month.year(), month.month()), 0);
        let Ok(next) = month.checked_add(1.month()) else { break };
        month = next;
    }
    for payment in spent {
        let day = span.day_of(payment);
        let sum = months.entry((day.year(), day.month())).or_default();
        *sum = sum.saturating_sub(payment.amount.minor_units);
    }
    let most = months.values().copied().max().unwrap_or(0);
    let line = |((year, month), units): ((i16, i8), i64)| MonthLine {
        name: crate::when::month(year, month, span.today),
        amount: Money::new(units, currency).into(),
        percent: percent(units, most),
    };
    months.into_iter().map(line).collect()
}

/// A part of a whole in whole percent, 0 to 100. What is there but less than half a percent is 1, so that it is seen.
fn percent(part: i64, whole: i64) -> u8 {
    if part <= 0 || whole <= 0 {
        return 0;
    }
    let rounded = (i128::from(part) * 200 / i128::from(whole) + 1) / 2;
    u8::try_from(rounded.clamp(1, 100)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn this_month_so_far_is_compared_with_the_same_days_of_the_last() {
        let named = days(date(2026, 11, 1), date(2026, 12, 1));
        let (now, before) = compared(&named, date(2026, 11, 20));
        assert_eq!((now.from, now.until), (date(2026, 11, 1), date(2026, 11, 21)));
        assert_eq!((before.from, before.until), (date(2026, 10, 1), date(2026, 10, 21)));
    }

    #[test]
    fn more_than_last_month_means_the_same() {
        let named = days(date(2026, 10, 1), date(2026, 11, 1));
        let (now, before) = compared(&named, date(2026, 11, 20));
        assert_eq!((now.from, now.until), (date(2026, 11, 1), date(2026, 11, 21)));
        assert_eq!((before.from, before.until), (date(2026, 10, 1), date(2026, 10, 21)));
    }

    #[test]
    fn the_end_of_a_long_month_is_compared_with_all_of_a_short_one() {
        let named = days(date(2026, 2, 1), date(2026, 3, 1));
        let (now, before) = compared(&named, date(2026, 3, 30));
        assert_eq!((now.from, now.until), (date(2026, 3, 1), date(2026, 3, 31)));
        assert_eq!((before.from, before.until), (date(2026, 2, 1), date(2026, 3, 1)));
    }

    #[test]
    fn what_was_named_is_set_against_what_was_named() {
        let today = date(2026, 11, 20);
        let month = |month: i8| Period {
            from: date(2026, month, 1),
            until: date(2026, month, 1).checked_add(1.month()).unwrap(),
            said: String::new(),
        };
        let set = |a: i8, b: i8| {
            let (now, before) = set_against(&month(a), &month(b), today);
            (now.from, now.until, before.from, before.until)
        };
        let (sep, oct, nov) = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1));
        assert_eq!(set(10, 9), (oct, nov, sep, oct));
        assert_eq!(set(9, 10), (sep, oct, oct, nov));
        let so_far = (date(2026, 11, 21), date(2026, 10, 21));
        assert_eq!(set(11, 10), (nov, so_far.0, oct, so_far.1), "as far as this month has come");
        assert_eq!(set(10, 11), (oct, so_far.1, nov, so_far.0));
        assert_eq!(
            set(11, 9),
            (nov, date(2026, 12, 1), sep, oct),
            "a month that is not the one before is whole"
        );
    }

    #[test]
    fn a_week_is_compared_with_the_week_before() {
        let named = days(date(2026, 11, 16), date(2026, 11, 23));
        let (now, before) = compared(&named, date(2026, 11, 20));
        assert_eq!((now.from, now.until), (date(2026, 11, 16), date(2026, 11, 21)));
        assert_eq!((before.from, before.until), (date(2026, 11, 9), date(2026, 11, 14)));
    }

    #[test]
    fn little_is_seen_and_nothing_is_nothing() {
        assert_eq!((percent(1, 1_000_000), percent(0, 10), percent(10, 10), percent(1, 3)), (1, 0, 100, 33));
        assert_eq!((percent(5, 0), percent(-5, 10), percent(i64::MAX, i64::MAX)), (0, 0, 100));
    }
}
