//! Payments that nobody made, with their truth, after the published simulator of Le Borgne et al. ("Reproducible machine learning
//! for credit card fraud detection"): its parameters, own random numbers. For trying out, for the sandbox's card network, and to
//! see how the engine does on frauds that it was not built for.

use crate::{
    event::{Attributes, DAY, HOUR, MINUTE, Payment, Seconds},
    random::{Random, mix},
    replay::Told,
};
use std::collections::{BTreeMap, VecDeque};

/// How the frauds go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// The three of the published simulator: large amounts, compromised terminals, compromised cards.
    Published,
    /// Stolen numbers are tried with small amounts at many terminals within minutes, then one large payment follows.
    Testing,
    /// Bursts of middling payments in the small hours, far from home.
    Night,
    /// Somebody else uses the card in the daytime, at terminals far away, with amounts that are a little larger.
    Takeover,
    /// All of them.
    Mixed,
}

impl Pattern {
    /// All, with their names.
    pub const ALL: [(&'static str, Pattern); 5] = [
        ("published", Pattern::Published),
        ("testing", Pattern::Testing),
        ("night", Pattern::Night),
        ("takeover", Pattern::Takeover),
        ("mixed", Pattern::Mixed),
    ];

    fn has(self, other: Pattern) -> bool {
        self == other || self == Pattern::Mixed
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Cards.
    pub cards: usize,
    /// Terminals.
    pub terminals: usize,
}

/// As many as in the published data.
pub const PUBLISHED: Size = Size { cards: 5_000, terminals: 10_000 };

/// Length of an edge of the map, and how far a customer goes to pay.
const MAP: f64 = 100.0;
const REACH: f64 = 5.0;
/// Above this everything is fraud, in minor units.
const LARGE: u32 = 22_000;
/// Per day and 5,000 cards: compromised terminals and cards; for how many days.
const TERMINALS: usize = 2;
const TERMINAL_DAYS: u32 = 28;
const CARDS: usize = 3;
const CARD_DAYS: u32 = 14;
/// Attacks of the other patterns per day and 5,000 cards.
const ATTACKS: usize = 9;
/// Days of a takeover.
const TAKEN_DAYS: u32 = 5;

struct Card {
    random: Random,
    place: (f64, f64),
    mean: f64,
    daily: f64,
    near: Vec<u32>,
    /// Compromised, as published, up to this day.
    until: u32,
}

/// Yields payments in the order of time, day by day, without an end.
pub struct Simulator {
    random: Random,
    pattern: Pattern,
    day: u32,
    next_id: u64,
    size: Size,
    cards: Vec<Card>,
    places: Vec<(f64, f64)>,
    /// Compromised terminals up to which day.
    hit: BTreeMap<u32, u32>,
    /// Cards that somebody else uses, up to which day.
    taken: BTreeMap<usize, u32>,
    ready: VecDeque<Told>,
}

impl Simulator {
    /// From `first_day` (days since 1970) on.
    pub fn new(seed: u64, pattern: Pattern, size: Size, first_day: u32) -> Simulator {
        let mut random = Random::new(mix(seed ^ 0x7465_726d));
        let place = |random: &mut Random| (MAP * random.unit(), MAP * random.unit());
        let places: Vec<(f64, f64)> = (0..size.terminals).map(|_| place(&mut random)).collect();
        let mut cards = vec![];
        for number in 0..size.cards {
            let place = place(&mut random);
            let near = |(at, terminal): (usize, &(f64, f64))| {
                let away = libm::hypot(terminal.0 - place.0, terminal.1 - place.1);
                (away < REACH).then_some(at as u32)
            };
            cards.push(Card {
                random: Random::new(mix(seed) ^ mix(number as u64 + 1)),
                mean: 5.0 + 95.0 * random.unit(),
                daily: 4.0 * random.unit(),
                near: places.iter().enumerate().filter_map(near).collect(),
                place,
                until: 0,
            });
        }
        Simulator {
            random,
            pattern,
            day: first_day,
            next_id: 1,
            size,
            cards,
            places,
            hit: BTreeMap::new(),
            taken: BTreeMap::new(),
            ready: VecDeque::new(),
        }
    }

    /// From now on frauds go like this.
    pub fn turn_to(&mut self, pattern: Pattern) {
        self.pattern = pattern;
    }

    /// Where the terminals stand.
    pub fn terminals(&self) -> &[(f64, f64)] {
        &self.places
    }

    /// Where the customers live.
    pub fn homes(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.cards.iter().map(|card| card.place)
    }

    /// The day that comes next.
    pub fn day(&self) -> u32 {
        self.day
    }

    /// How often something happens today that happens so often a day among 5,000 cards.
    fn times(&self, per_5000: usize) -> usize {
        let until = |day: u32| per_5000 * self.size.cards * day as usize / PUBLISHED.cards;
        until(self.day + 1) - until(self.day)
    }

    fn live_a_day(&mut self) {
        let mut today = vec![];
        for number in 0..self.cards.len() {
            self.pay(number, &mut today);
        }
        self.published(&mut today);
        self.attacks(&mut today);
        today.sort_by_key(|told: &Told| (told.payment.at, told.payment.card, told.payment.terminal));
        for told in &mut today {
            told.payment.id = self.next_id;
            self.next_id += 1;
        }
        self.ready.extend(today);
        self.day += 1;
    }

    fn told(&self, at: Seconds, card: usize, terminal: u32, amount: f64, fraud: bool) -> Told {
        let (x, y) = self.places[terminal as usize];
        let amount = libm::round(amount * 100.0) as u32;
        let more = Attributes { place: Some((x as f32, y as f32)), ..Attributes::default() };
        let (card, terminal) = (card as u64, u64::from(terminal));
        let payment = Payment { id: 0, at: self.day * DAY + at, card, terminal, amount, more };
        Told { payment, fraud, reported: false }
    }

    /// What the customer pays on a day.
    fn pay(&mut self, number: usize, today: &mut Vec<Told>) {
        let Card { random, mean, daily, near, .. } = &mut self.cards[number];
        let mut made = vec![];
        for _ in 0..random.poisson(*daily) {
            let second = random.normal(43_200.0, 20_000.0);
            if second <= 0.0 || second >= f64::from(DAY) || near.is_empty() {
                continue;
            }
            let amount = random.normal(*mean, *mean / 2.0);
            let amount = if amount < 0.0 { random.unit() * 2.0 * *mean } else { amount };
            made.push((second as Seconds, near[random.below(near.len())], amount));
        }
        today.extend(
            made.into_iter().map(|(at, terminal, amount)| self.told(at, number, terminal, amount, false)),
        );
    }

    /// The three scenarios, in their order.
    fn published(&mut self, today: &mut [Told]) {
        if self.pattern.has(Pattern::Published) {
            for _ in 0..self.times(TERMINALS) {
                let terminal = self.random.below(self.places.len()) as u32;
                self.hit.insert(terminal, self.day + TERMINAL_DAYS);
            }
            for _ in 0..self.times(CARDS) {
                let card = self.random.below(self.cards.len());
                self.cards[card].until = self.day + CARD_DAYS;
            }
        }
        let day = self.day;
        self.hit.retain(|_, until| *until > day);
        for told in today {
            let payment = &mut told.payment;
            told.fraud = payment.amount > LARGE || self.hit.contains_key(&(payment.terminal as u32));
            let card = &mut self.cards[payment.card as usize];
            if card.until > day && card.random.below(3) == 0 {
                payment.amount = payment.amount.saturating_mul(5);
                told.fraud = true;
            }
        }
    }

    /// Frauds that come on top of what customers pay.
    fn attacks(&mut self, today: &mut Vec<Told>) {
        for (_, pattern) in Pattern::ALL {
            if !self.pattern.has(pattern) || matches!(pattern, Pattern::Published | Pattern::Mixed) {
                continue;
            }
            let often = if self.pattern == Pattern::Mixed { ATTACKS / 3 } else { ATTACKS };
            for _ in 0..self.times(often) {
                let card = self.random.below(self.cards.len());
                match pattern {
                    Pattern::Testing => self.test(card, today),
                    Pattern::Night => self.burst(card, today),
                    _ => drop(self.taken.insert(card, self.day + TAKEN_DAYS)),
                }
            }
        }
        let day = self.day;
        self.taken.retain(|_, until| *until > day);
        let taken: Vec<usize> = self.taken.keys().copied().collect();
        for card in taken {
            for _ in 0..1 + self.random.below(2) {
                let at = 9 * HOUR + self.random.below(12 * HOUR as usize) as Seconds;
                let times = 1.5 + 2.5 * self.random.unit();
                self.steal(at, card, times, today);
            }
        }
    }

    /// Pays at any terminal with somebody's card.
    fn steal(&mut self, at: Seconds, card: usize, times: f64, today: &mut Vec<Told>) {
        let terminal = self.random.below(self.places.len()) as u32;
        let amount = self.cards[card].mean * times;
        today.push(self.told(at.min(DAY - 1), card, terminal, amount, true));
    }

    fn test(&mut self, card: usize, today: &mut Vec<Told>) {
        let start = self.random.below(20 * HOUR as usize) as Seconds;
        let tries = 4 + self.random.below(6) as u32;
        for number in 0..tries {
            let at = start + number * 2 * MINUTE + self.random.below(90) as Seconds;
            let terminal = self.random.below(self.places.len()) as u32;
            let amount = 0.5 + 2.5 * self.random.unit();
            today.push(self.told(at, card, terminal, amount, true));
        }
        let times = 2.0 + 3.0 * self.random.unit();
        self.steal(start + 2 * HOUR, card, times, today);
    }

    fn burst(&mut self, card: usize, today: &mut Vec<Told>) {
        let start = HOUR + self.random.below(3 * HOUR as usize) as Seconds;
        for number in 0..3 + self.random.below(5) as u32 {
            let times = 1.0 + 1.5 * self.random.unit();
            self.steal(start + number * 8 * MINUTE, card, times, today);
        }
    }
}

impl Iterator for Simulator {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        while self.ready.is_empty() {
            self.live_a_day();
        }
        self.ready.pop_front()
    }
}
