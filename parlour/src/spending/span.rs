//! Which days a question about payments is about, and how far back they may be read.

use super::within;
use crate::{
    asking::Turn,
    filter,
    reply::{Block, Reply},
    when,
};
use banks::Period;
use domain::Transaction;
use jiff::{Span as Days, civil::Date, tz::TimeZone};
use understanding::{Entities, Flow, Measure};

/// How far back "last transactions" looks, in days.
const RECENT_DAYS: i64 = 30;

/// How far back the last pay is looked for, in days: somebody who is paid by the month was paid within them, and once before.
const PAY_DAYS: i64 = 62;

/// How far back refunds are looked for, in days: a shop takes its time.
const REFUND_DAYS: i64 = 90;

/// Over how many days before today an average is taken if none are named.
const AVERAGE_DAYS: i64 = 89;

/// The days that a question is about.
#[derive(Debug, Clone)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// Day after the last.
    pub until: Date,
    /// Today, in the bank's zone.
    pub today: Date,
    /// Whether the days that were asked for begin before the first that may be read.
    pub reaches: Reach,
    zone: TimeZone,
}

/// How far the days that were asked for may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// Those of so many days back from today.
    Last(i64),
    /// None of them: they lie before so many days back.
    None(i64),
}

impl Span {
    /// The period that the person named, or the last 30 days; never further back than was agreed.
    pub fn of(turn: &Turn, about: &Entities) -> Span {
        let zone = turn.tenant.zone.clone();
        let today = turn.now.to_zoned(zone.clone()).date();
        let back = |days: i64| today.checked_sub(Days::new().days(days)).unwrap_or(today);
        let tomorrow = today.tomorrow().unwrap_or(today);
        let (from, until) = match &about.period {
            Some(period) => (period.from, period.until),
            None if about.since_pay => (back(PAY_DAYS), tomorrow),
            None if about.flow == Some(Flow::Refund) => (back(REFUND_DAYS), tomorrow),
            None if matches!(about.measure, Some(Measure::Average(_))) => (back(AVERAGE_DAYS), tomorrow),
            None => (back(RECENT_DAYS), tomorrow),
        };
        let lookback = turn.tenant.lookback_days;
        let earliest = back(lookback);
        let reaches = match () {
            () if from >= earliest || about.period.is_none() => Reach::All,
            () if until <= earliest => Reach::None(lookback),
            () => Reach::Last(lookback),
        };
        let from = from.max(earliest);
        Span { from, until: until.min(tomorrow).max(from), today, reaches, zone }
    }

    /// What to say instead of an answer if none of the days may be read. Nothing is read for it.
    pub fn too_long_ago(&self) -> Option<Reply> {
        let Reach::None(days) = self.reaches else { return None };
        let text = format!(
            "That is too long ago: I can look back {days} days here, to {}.",
            when::day(self.from, self.today)
        );
        Some(Reply::text(text).with_quick(&["My statements"]))
    }

    /// What to say with an answer if not all of the days may be read.
    pub fn cut_off(&self) -> Option<Block> {
        let Reach::Last(days) = self.reaches else { return None };
        let text = format!(
            "I can look back {days} days here: what was before {} is not in this.",
            when::day(self.from, self.today)
        );
        Some(Block::Text { text })
    }

    /// For a question about the days since pay came in last: begins on that day, which these payments, newest first, show.
    /// Says so if they show no pay.
    pub fn begin_at_pay(&mut self, about: &Entities, payments: &mut Vec<Transaction>) -> Result<(), String> {
        if !about.since_pay {
            return Ok(());
        }
        let Some(pay) = payments.iter().find(|payment| filter::flow(Flow::Salary, payment)) else {
            return Err(format!(
                "I see no pay from {}, as far as the bank calls it so. Ask with a day instead, such as “since the 1st of {}”.",
                self.in_words(),
                self.today.strftime("%B")
            ));
        };
        self.from = self.day_of(pay);
        *payments = within(self, std::mem::take(payments));
        Ok(())
    }

    /// For the bank.
    pub fn period(&self) -> Period {
        let last = self.until.yesterday().unwrap_or(self.until).max(self.from);
        Period::new(self.from, last).unwrap_or_else(|_| {
            let recent = last.checked_sub(Days::new().days(RECENT_DAYS)).unwrap_or(last);
            Period::new(recent, last).expect("thirty days are a period")
        })
    }

    /// "Mon 9 to Sun 15 Nov".
    pub fn in_words(&self) -> String {
        when::span(self.from, self.until, self.today)
    }

    /// "in October", "on Mon 9 Nov", "from Mon 9 to Sun 15 Nov".
    pub fn on_days(&self) -> String {
        let whole_month =
            self.from.day() == 1 && self.from.checked_add(Days::new().months(1)).ok() == Some(self.until);
        let one_day = self.from.tomorrow().ok() == Some(self.until);
        match () {
            () if whole_month && self.from.year() == self.today.year() => {
                self.from.strftime("in %B").to_string()
            }
            () if whole_month => self.from.strftime("in %B %Y").to_string(),
            () if one_day => format!("on {}", self.in_words()),
            () => format!("from {}", self.in_words()),
        }
    }

    /// The day of a payment, where the bank is.
    pub fn day_of(&self, payment: &Transaction) -> Date {
        payment.at.to_zoned(self.zone.clone()).date()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::payment, *};
    use domain::{Currency, Money};
    use jiff::civil::date;

    /// Days in New York, asked for on 20 November 2026.
    fn span(from: Date, until: Date) -> Span {
        let zone = TimeZone::get("America/New_York").unwrap();
        Span { from, until, today: date(2026, 11, 20), reaches: Reach::All, zone }
    }

    #[test]
    fn a_week_begins_and_ends_at_midnight_where_the_bank_is() {
        let span = span(date(2026, 11, 9), date(2026, 11, 16));
        let inside = ["2026-11-09T05:00:00Z", "2026-11-16T04:59:59Z"];
        let outside = ["2026-11-09T04:59:59Z", "2026-11-16T05:00:00Z"];
        assert_eq!(within(&span, inside.map(payment).to_vec()).len(), 2);
        assert!(within(&span, outside.map(payment).to_vec()).is_empty());
    }

    #[test]
    fn the_days_that_the_bank_is_asked_for_are_the_first_and_the_last() {
        let span = span(date(2026, 11, 9), date(2026, 11, 16));
        let period = span.period();
        assert_eq!((period.from(), period.to()), (date(2026, 11, 9), date(2026, 11, 15)));
    }

    #[test]
    fn the_days_since_pay_begin_when_it_came() {
        let mut span = span(date(2026, 9, 20), date(2026, 11, 21));
        let pay = |at: &str| Transaction {
            amount: Money::new(412_000, Currency::USD),
            description: "Pay from Alder and Finch".to_owned(),
            ..payment(at)
        };
        let coffee = ["2026-11-14T15:00:00Z", "2026-11-13T04:59:59Z"].map(payment);
        let mut payments = vec![coffee[0].clone(), pay("2026-11-13T05:00:00Z")];
        payments.extend([coffee[1].clone(), pay("2026-10-30T05:00:00Z")]);
        let about = Entities { since_pay: true, ..Entities::default() };
        let mut none = coffee.to_vec();
        assert!(
            span.clone().begin_at_pay(&about, &mut none).unwrap_err().contains("since the 1st of November")
        );
        assert_eq!(none.len(), 2, "nothing is lost");
        span.begin_at_pay(&about, &mut payments).unwrap();
        assert_eq!(
            (span.from, payments.len()),
            (date(2026, 11, 13), 2),
            "its own day counts, the evening before does not"
        );
        span.begin_at_pay(&Entities::default(), &mut payments).unwrap();
        assert_eq!(payments.len(), 2, "asked without");
    }
}
