//! The crowd: people who are no customers of this bank's site, and how they pay, honestly and not.
//!
//! The recipe is that of Le Borgne and others, "Reproducible machine learning for credit card fraud detection", with its
//! published parameters and in whole numbers, so that the same seed gives the same crowd on every machine. Card testing is
//! added to it. Everything is a function of the seed and the time: nothing of it is stored.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};

use super::{events::EntryMode, settings::Population};
use crate::{
    chance::Dice,
    ledger::{day_of, homes::Home, start_of},
};

/// The map is 100 by 100, in thousandths.
const MAP: i64 = 100_000;
/// How far from home a card pays, in thousandths.
const REACH: i64 = 5_000;
/// A card's mean amount (minor units, in dollars); its deviation is half of that.
const MEAN: (i64, i64) = (500, 10_000);
/// A card's payments a day, in thousandths.
const PER_DAY: (i64, i64) = (0, 4_000);
/// Tries of the throw that says how many payments a day has: a binomial, near enough to a Poisson.
const TRIES: i64 = 64;
/// Seconds of the day: mean and deviation. What falls outside the day is dropped.
const SECOND: (i64, i64) = (43_200, 20_000);
/// Amounts above this are fraud (minor units, in dollars).
const LARGE: i64 = 22_000;
/// How often another card is drawn when one pays seldom.
const PICKS: usize = 16;
/// Of 10,000 terminals, how many fall into wrong hands on a day, and for how many days.
const BAD_TERMINALS: (i64, i64) = (2, 28);
/// Of 10,000 cards, how many are copied on a day, and for how many days. A third of their payments is five times as large.
const COPIED_CARDS: (i64, i64) = (6, 14);
/// Of 10,000 cards, how many are tried out on a day.
const TESTED_CARDS: i64 = 4;
/// The same in live payments: one of this many begins a test.
const TESTED_LIVE: i64 = 1_500;
/// Tiny payments of a test, seconds between them, and the large one's amount in multiples of the card's mean.
const TEST: (i64, i64, i64) = (4, 20, 8);
/// The longest that a test takes, in seconds.
const TEST_SECONDS: i64 = 120;
/// Amounts below this are paid by touch (minor units, in dollars).
pub(super) const BY_TOUCH: i64 = 5_000;
/// One terminal in this many sells on the internet.
const ONLINE: i64 = 8;

const SHOPS: [&str; 10] = ["5411", "5411", "5812", "5814", "5541", "5912", "5311", "4111", "5732", "5942"];
const SHOPS_ONLINE: [&str; 5] = ["5815", "5942", "5651", "5732", "5999"];
const ABROAD: [&str; 5] = ["GB", "CN", "DE", "NL", "CA"];

/// How long after a payment its label comes.
pub(super) const LABEL_LATE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The same where the bank found the fraud itself.
pub(super) const LABEL_EARLY: SignedDuration = SignedDuration::from_mins(10);
/// Of a hundred frauds, how many the bank finds itself.
const FOUND_EARLY: i64 = 10;

struct Holder {
    mean: i64,
    per_day: i64,
    near: Vec<usize>,
}

/// Where the crowd pays.
pub(super) struct Terminal {
    pub(super) mcc: &'static str,
    pub(super) country: &'static str,
    online: bool,
}

/// A payment of the crowd, with the truth about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paid {
    /// What it is known by: the same for the same payment, however often it is made.
    pub(super) key: String,
    pub(super) at: Timestamp,
    pub(super) card: usize,
    pub(super) terminal: usize,
    pub(super) minor: i64,
    pub(super) entry: EntryMode,
    pub(super) fraud: bool,
    /// When its label comes.
    pub(super) label_at: Timestamp,
}

impl Paid {
    /// Whether the bank finds it by itself, soon.
    pub(super) fn found_early(&self) -> bool {
        self.label_at < later(self.at, LABEL_LATE)
    }
}

/// The crowd.
pub(super) struct Crowd {
    seed: u64,
    prices: i64,
    holders: Vec<Holder>,
    terminals: Vec<Terminal>,
    online: Vec<usize>,
    /// Time between two live payments; none when there are none.
    pace: Option<i64>,
}

/// What is wrong on a day: terminals in wrong hands and copied cards.
struct Ill {
    terminals: BTreeSet<usize>,
    cards: BTreeSet<usize>,
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

/// A throw with mean 0 and deviation 1,000: the sum of twelve even throws.
fn bell(dice: &mut Dice) -> i64 {
    (0..12).map(|_| dice.between(0, 1_000)).sum::<i64>() - 6_000
}

fn index(dice: &mut Dice, length: usize) -> usize {
    let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
    usize::try_from(dice.between(0, last.max(0))).unwrap_or(0)
}

impl Crowd {
    pub(super) fn new(seed: u64, home: &Home, population: Population) -> Self {
        let mut places = Vec::new();
        let mut terminals = Vec::new();
        for number in 0..population.terminals {
            let mut dice = Dice::new(seed, &["terminal", &number.to_string()]);
            places.push((dice.between(0, MAP), dice.between(0, MAP)));
            let online = dice.between(1, ONLINE) == 1;
            terminals.push(Terminal {
                mcc: dice.pick::<&str>(if online { &SHOPS_ONLINE[..] } else { &SHOPS[..] }),
                country: if online && dice.percent(40) { dice.pick::<&str>(&ABROAD) } else { home.country },
                online,
            });
        }
        let holders = (0..population.cards)
            .map(|number| {
                let mut dice = Dice::new(seed, &["card", &number.to_string()]);
                let from = (dice.between(0, MAP), dice.between(0, MAP));
                Holder {
                    mean: dice.between(MEAN.0, MEAN.1) * home.prices,
                    per_day: dice.between(PER_DAY.0, PER_DAY.1),
                    near: near(from, &places),
                }
            })
            .collect();
        let online = (0..terminals.len()).filter(|at| terminals[*at].online).collect();
        let pace = (population.per_minute > 0 && population.cards > 0)
            .then(|| 60_000 / i64::from(population.per_minute));
        Self { seed, prices: home.prices, holders, terminals, online, pace }
    }

    pub(super) fn terminal(&self, at: usize) -> &Terminal {
        &self.terminals[at]
    }

    /// What of `kind` was drawn on one of the days up to this one.
    fn drawn(&self, kind: &str, many: usize, (of_10_000, days): (i64, i64), date: Date) -> BTreeSet<usize> {
        (0..days)
            .filter_map(|back| date.checked_sub(back.days()).ok())
            .flat_map(|day| {
                let mut dice = Dice::new(self.seed, &["ill", kind, &day.to_string()]);
                (0..many).filter(move |_| dice.between(1, 10_000) <= of_10_000)
            })
            .collect()
    }

    fn ill(&self, date: Date) -> Ill {
        Ill {
            terminals: self.drawn("terminals", self.terminals.len(), BAD_TERMINALS, date),
            cards: self.drawn("cards", self.holders.len(), COPIED_CARDS, date),
        }
    }

    /// One payment by a card near its home.
    fn pay(&self, dice: &mut Dice, card: usize, key: String, at: Timestamp, ill: &Ill) -> Paid {
        let holder = &self.holders[card];
        let terminal = *dice.pick(&holder.near);
        let mut minor = holder.mean + holder.mean / 2 * bell(dice) / 1_000;
        if minor < 0 {
            minor = dice.between(0, 2 * holder.mean);
        }
        let copied = ill.cards.contains(&card) && dice.between(1, 3) == 1;
        let fraud = minor > LARGE * self.prices || ill.terminals.contains(&terminal) || copied;
        if copied {
            minor *= 5;
        }
        self.paid(dice, (card, terminal), (minor, fraud), key, at)
    }

    fn paid(
        &self,
        dice: &mut Dice,
        (card, terminal): (usize, usize),
        (minor, fraud): (i64, bool),
        key: String,
        at: Timestamp,
    ) -> Paid {
        let entry = if self.terminals[terminal].online {
            EntryMode::Online
        } else if minor < BY_TOUCH * self.prices && dice.percent(80) {
            EntryMode::Contactless
        } else {
            match dice.between(1, 100) {
                1..=6 => EntryMode::Magstripe,
                7..=8 => EntryMode::Manual,
                _ => EntryMode::Chip,
            }
        };
        let early = fraud && dice.percent(FOUND_EARLY);
        let label_at = later(at, if early { LABEL_EARLY } else { LABEL_LATE });
        Paid { key, at, card, terminal, minor: minor.max(1), entry, fraud, label_at }
    }

    /// Somebody tries a card out: several tiny payments on the internet within minutes, then a large one.
    fn test(&self, dice: &mut Dice, card: usize, key: &str, at: Timestamp) -> Vec<Paid> {
        let mut paid = Vec::new();
        if self.online.is_empty() {
            return paid;
        }
        let (tiny, gap, times) = TEST;
        let mut at = at;
        for number in 0..=tiny {
            let terminal = self.online[index(dice, self.online.len())];
            let minor = if number == tiny {
                self.holders[card].mean * times
            } else {
                dice.between(50, 199) * self.prices
            };
            let key = format!("{key}/test/{number}");
            paid.push(self.paid(dice, (card, terminal), (minor, true), key, at));
            at = later(at, SignedDuration::from_secs(dice.between(gap / 2, gap)));
        }
        paid
    }

    /// All that the crowd pays on one day, in order of time.
    fn day(&self, date: Date) -> Vec<Paid> {
        let (ill, begin) = (self.ill(date), start_of(date));
        let mut day = Vec::new();
        for (card, holder) in self.holders.iter().enumerate() {
            let mut dice = Dice::new(self.seed, &["day", &date.to_string(), &card.to_string()]);
            let times = (0..TRIES).filter(|_| dice.between(1, 1_000 * TRIES) <= holder.per_day).count();
            for number in 0..times {
                let second = SECOND.0 + SECOND.1 * bell(&mut dice) / 1_000;
                let at = later(begin, SignedDuration::from_secs(second));
                let paid = self.pay(&mut dice, card, format!("{date}/{card}/{number}"), at, &ill);
                if (0..86_400).contains(&second) {
                    day.push(paid);
                }
            }
            if dice.between(1, 10_000) <= TESTED_CARDS {
                let at = later(begin, SignedDuration::from_secs(dice.between(0, 86_400 - TEST_SECONDS)));
                day.extend(self.test(&mut dice, card, &format!("{date}/{card}"), at));
            }
        }
        day.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        day
    }

    /// What the crowd paid at its own pace, after `from` and not after `to`, in order of time.
    pub(super) fn paid_between(&self, from: Timestamp, to: Timestamp) -> Vec<Paid> {
        days(from, to)
            .flat_map(|date| self.day(date))
            .filter(|paid| paid.at > from && paid.at <= to)
            .collect()
    }

    /// Which of these payments' labels come after `from` and not after `to`.
    pub(super) fn labels_between(&self, from: Timestamp, to: Timestamp) -> Vec<Paid> {
        labels(from, to, |from, to| self.paid_between(from, to))
    }

    /// What the crowd pays live, after `from` and not after `to`: one payment each time.
    pub(super) fn live_between(&self, from: Timestamp, to: Timestamp) -> Vec<Paid> {
        let Some(pace) = self.pace else { return Vec::new() };
        let first = (from.as_millisecond() - TEST_SECONDS * 1_000).div_euclid(pace);
        let last = to.as_millisecond().div_euclid(pace);
        let mut found = Vec::new();
        let mut today: Option<(Date, Ill)> = None;
        for number in first..=last {
            let Ok(begin) = Timestamp::from_millisecond(number * pace) else { continue };
            let date = day_of(begin);
            let ill = match today.take() {
                Some((day, ill)) if day == date => ill,
                _ => self.ill(date),
            };
            found.extend(
                self.moment(number, (begin, pace), &ill).into_iter().filter(|p| p.at > from && p.at <= to),
            );
            today = Some((date, ill));
        }
        found.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        found
    }

    /// Which of the live payments' labels come after `from` and not after `to`. Live was what lies in one of the spans.
    pub(super) fn live_labels_between(
        &self,
        spans: &[(Timestamp, Timestamp)],
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Paid> {
        labels(from, to, |from, to| {
            let cut = spans.iter().map(|(begin, end)| (from.max(*begin), to.min(*end)));
            cut.filter(|(begin, end)| begin < end)
                .flat_map(|(begin, end)| self.live_between(begin, end))
                .collect()
        })
    }

    fn moment(&self, number: i64, (begin, pace): (Timestamp, i64), ill: &Ill) -> Vec<Paid> {
        let mut dice = Dice::new(self.seed, &["live", &number.to_string()]);
        let at = later(begin, SignedDuration::from_millis(dice.between(0, pace - 1)));
        let mut card = index(&mut dice, self.holders.len());
        // Who pays often is met often.
        for _ in 0..PICKS {
            if self.holders[card].per_day >= dice.between(1, PER_DAY.1) {
                break;
            }
            card = index(&mut dice, self.holders.len());
        }
        let key = format!("live/{number}");
        if dice.between(1, TESTED_LIVE) == 1 {
            return self.test(&mut dice, card, &key, at);
        }
        vec![self.pay(&mut dice, card, key, at, ill)]
    }
}

/// The labels of a time: of what was paid a week before it, or a moment.
fn labels(from: Timestamp, to: Timestamp, paid: impl Fn(Timestamp, Timestamp) -> Vec<Paid>) -> Vec<Paid> {
    let mut found = Vec::new();
    for (delay, early) in [(LABEL_LATE, false), (LABEL_EARLY, true)] {
        let then = paid(earlier(from, delay), earlier(to, delay));
        found.extend(then.into_iter().filter(|paid| paid.found_early() == early));
    }
    found.sort_by(|a, b| (a.label_at, &a.key).cmp(&(b.label_at, &b.key)));
    found
}

fn days(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Date> {
    let last = day_of(to);
    day_of(from).series(1.day()).take_while(move |date| *date <= last)
}

/// The terminals in reach, or the nearest one.
fn near(from: (i64, i64), places: &[(i64, i64)]) -> Vec<usize> {
    let far = |(x, y): &(i64, i64)| (x - from.0).pow(2) + (y - from.1).pow(2);
    let near: Vec<usize> =
        places.iter().enumerate().filter(|(_, place)| far(place) < REACH * REACH).map(|(at, _)| at).collect();
    if !near.is_empty() {
        return near;
    }
    places.iter().enumerate().min_by_key(|(_, place)| far(place)).map(|(at, _)| at).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::homes;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn crowd(seed: u64) -> Crowd {
        let population = Population { cards: 200, terminals: 300, per_minute: 60 };
        Crowd::new(seed, &homes::of_currency("USD"), population)
    }

    fn month(crowd: &Crowd) -> Vec<Paid> {
        crowd.paid_between(at("2026-10-14T10:30:00Z"), at("2026-11-18T10:30:00Z"))
    }

    #[test]
    fn the_same_seed_is_the_same_crowd() {
        assert_eq!(month(&crowd(3)), month(&crowd(3)));
        assert_ne!(month(&crowd(3)), month(&crowd(4)));
    }

    #[test]
    fn a_crowd_pays_as_often_as_people_do_and_one_payment_in_a_hundred_is_fraud() {
        let paid = month(&crowd(3));
        let a_day = paid.len() / 35;
        assert!((300..460).contains(&a_day), "200 cards pay {a_day} times a day");
        let fraud = paid.iter().filter(|paid| paid.fraud).count();
        assert!((paid.len() / 400..paid.len() / 30).contains(&fraud), "{fraud} of {}", paid.len());
        let early = paid.iter().filter(|paid| paid.found_early()).count();
        assert!(early > 0 && early * 4 < fraud, "{early} of {fraud} are found early");
        assert!(paid.iter().all(|paid| paid.minor > 0));
        assert!(paid.windows(2).all(|two| two[0].at <= two[1].at || day_of(two[0].at) < day_of(two[1].at)));
    }

    #[test]
    fn cards_that_are_tried_out_pay_little_several_times_and_then_much() {
        let paid = month(&crowd(3));
        let tests: Vec<&Paid> = paid.iter().filter(|paid| paid.key.contains("/test/")).collect();
        assert!(tests.len() >= 5, "{}", tests.len());
        for large in tests.iter().filter(|paid| paid.key.ends_with("/4")) {
            let mine: Vec<_> = tests
                .iter()
                .filter(|p| p.key.split("/test").next() == large.key.split("/test").next())
                .collect();
            assert!(mine.iter().all(|p| p.fraud && p.card == large.card && p.entry == EntryMode::Online));
            assert!(mine.iter().filter(|p| p.minor < 200).count() == 4 && large.minor >= 8 * MEAN.0);
            assert!(
                mine.iter().all(|p| large.at.duration_since(p.at) < SignedDuration::from_secs(TEST_SECONDS))
            );
        }
    }

    #[test]
    fn a_time_cut_in_pieces_has_the_same_payments_and_labels_as_in_one_piece() {
        let crowd = crowd(5);
        let cuts = [
            "2026-11-18T10:00:00Z",
            "2026-11-18T10:00:07.5Z",
            "2026-11-18T10:01:00Z",
            "2026-11-18T10:04:00Z",
        ]
        .map(at);
        let always = [(Timestamp::MIN, Timestamp::MAX)];
        type Make<'a> = &'a dyn Fn(Timestamp, Timestamp) -> Vec<Paid>;
        let kinds: [Make<'_>; 4] = [
            &|a, b| crowd.live_between(a, b),
            &|a, b| crowd.live_labels_between(&always, a, b),
            &|a, b| crowd.paid_between(a, b),
            &|a, b| crowd.labels_between(a, b),
        ];
        for make in kinds {
            let whole = make(cuts[0], cuts[3]);
            let pieces: Vec<Paid> = cuts.windows(2).flat_map(|two| make(two[0], two[1])).collect();
            assert_eq!(whole, pieces);
        }
        let live = crowd.live_between(cuts[0], cuts[3]);
        assert!((235..=260).contains(&live.len()), "about one a second: {}", live.len());
    }

    #[test]
    fn a_card_pays_only_near_its_home() {
        let crowd = crowd(3);
        let near =
            |paid: &Paid| paid.key.contains("test") || crowd.holders[paid.card].near.contains(&paid.terminal);
        assert!(month(&crowd).iter().all(near));
        let distinct: BTreeSet<usize> = month(&crowd).iter().map(|paid| paid.terminal).collect();
        assert!(distinct.len() > 150, "many terminals are used: {}", distinct.len());
    }
}
