//! The state: a fold over the log of payments and labels. The same log gives the same state to the bit, on every machine,
//! and a snapshot with the rest of the log gives it too.

mod card;
mod ids;
mod snapshot;
mod table;
mod terminal;

pub use card::{HORIZON as CARD_HORIZON, PAYMENTS};
pub use snapshot::{Unfit, hash};
pub use terminal::{BUCKET, HITS, HORIZON as TERMINAL_HORIZON};

use crate::{
    catalogue::{Features, Person},
    event::{DAY, Event, Label, Payment, Seconds, Source, Verdict},
};
pub(crate) use card::Habit;
use card::{Card, Known, Place};
use ids::Ids;
use table::Table;
use terminal::Terminal;
pub(crate) use terminal::Traffic;

/// Hundredths of a fraud that a customer's report counts until the bank confirms it.
pub const SUSPECTED: u32 = 80;
/// Cards and terminals that were not used for so long are forgotten: longer than the longest window, so that a payment that comes
/// some days late finds the same.
pub const IDLE: Seconds = 45 * DAY;

/// Events for which [`State::warm`] is best called: what more of them look at would push out what the first ones need.
pub const AT_ONCE: usize = 16;
/// Bytes that a processor fetches from memory at once.
const LINE: usize = 64;

/// What bounds the state and how it reads the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Cards remembered, and as many customers; for one more the least recently used is forgotten.
    pub cards: u32,
    /// Terminals remembered.
    pub terminals: u32,
    /// Ids of payments by which a repeat is known. The server keeps them for longer.
    pub ids: u32,
    /// How long the label of a payment usually takes.
    pub label_delay: Seconds,
    /// Seconds to add for the bank's local time.
    pub local: i32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { cards: 2_000_000, terminals: 500_000, ids: 1 << 20, label_delay: 7 * DAY, local: 0 }
    }
}

/// What was counted on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Payments taken in.
    pub payments: u64,
    /// Payments whose id had come before.
    pub repeats: u64,
    /// Payments older than what is kept of their card.
    pub late: u64,
    /// Labels that changed something.
    pub labels: u64,
    /// Labels that said what was known.
    pub known_labels: u64,
    /// Labels of payments that are not remembered.
    pub unmatched_labels: u64,
    /// Cards forgotten.
    pub cards_forgotten: u64,
    /// Terminals forgotten.
    pub terminals_forgotten: u64,
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// Taken in; its features.
    Fresh(Features),
    /// Older than what is kept, so it changes nothing; its features by what is known.
    Late(Features),
    /// Its id came before; nothing changed.
    Repeat,
}

/// Everything that is remembered.
#[derive(Debug, Clone)]
pub struct State {
    bounds: Bounds,
    clock: Seconds,
    counts: Counts,
    cards: Table<Card>,
    /// What customers paid with all their cards: the cards stand where the terminals of a card do.
    people: Table<Card>,
    terminals: Table<Terminal>,
    ids: Ids,
}

impl State {
    /// A state that knows nothing.
    pub fn new(bounds: Bounds) -> State {
        State {
            bounds,
            clock: 0,
            counts: Counts::default(),
            cards: Table::new(bounds.cards as usize),
            people: Table::new(bounds.cards as usize),
            terminals: Table::new(bounds.terminals as usize),
            ids: Ids::new(bounds.ids as usize),
        }
    }

    /// What bounds it.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The largest time of a payment so far.
    pub fn clock(&self) -> Seconds {
        self.clock
    }

    /// What was counted on the way.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Cards and terminals that are remembered.
    pub fn remembered(&self) -> (usize, usize) {
        (self.cards.len(), self.terminals.len())
    }

    /// Takes in one entry of the log; of a payment the features.
    pub fn fold(&mut self, event: &Event) -> Option<Seen> {
        match event {
            Event::Payment(payment) => Some(self.pay(payment)),
            Event::Label(label) => {
                self.label(label);
                None
            }
        }
    }

    /// Fetches what these events will look at into the processor's caches. Whoever has several events does this for [`AT_ONCE`] of
    /// them before folding those: most of the time that an event takes is waiting for memory. Changes nothing.
    pub fn warm<'a>(&self, events: impl Iterator<Item = &'a Event> + Clone) {
        let keys = |key: fn(&Event) -> u64| events.clone().map(key).collect::<Vec<_>>();
        let cards = keys(Event::card);
        let terminals = keys(Event::terminal);
        let ids = keys(Event::payment);
        let people: Vec<u64> = events.clone().filter_map(Event::customer).collect();
        let read = self.cards.warm(&cards, Card::warm)
            ^ self.people.warm(&people, Card::warm)
            ^ self.terminals.warm(&terminals, Terminal::warm);
        // Without this the compiler sees that nobody needs what was read.
        std::hint::black_box(read ^ self.ids.warm(&ids));
    }

    /// Takes in a payment and says what is known about it, itself included.
    pub fn pay(&mut self, payment: &Payment) -> Seen {
        if !self.ids.add(payment.id) {
            self.counts.repeats += 1;
            return Seen::Repeat;
        }
        self.clock = self.clock.max(payment.at);
        self.forget_idle();
        let (delay, local) = (self.bounds.label_delay, self.bounds.local);
        let hour_of = |at: Seconds| (at.wrapping_add_signed(local) % DAY) / 3_600;
        let (card, forgotten) = self.cards.touch(payment.card);
        self.counts.cards_forgotten += u64::from(forgotten);
        let place = card.insert(payment);
        let habit = card.habit(payment, place, delay, hour_of);
        let late = place == Place::TooOld;
        if !late {
            card.remember(payment.more);
        }
        if let Some(customer) = payment.more.customer {
            card.owner = Some(customer);
            let (person, _) = self.people.touch(customer);
            person.insert(&Payment { terminal: payment.card, ..*payment });
        }
        let (terminal, forgotten) = self.terminals.touch(payment.terminal);
        self.counts.terminals_forgotten += u64::from(forgotten);
        if !late {
            terminal.pay(payment.at, payment.amount, habit.large, habit.to_mean_30d);
        }
        let traffic = terminal.traffic(payment.at, payment.amount, delay);
        let features = Features::of(payment, &habit, &traffic, local);
        if late {
            self.counts.late += 1;
            return Seen::Late(features);
        }
        self.counts.payments += 1;
        Seen::Fresh(features)
    }

    /// What the customer of a payment did with all their cards, this payment included. All missing if nobody told whose card it is.
    pub fn person(&self, payment: &Payment) -> Person {
        let person = payment.more.customer.and_then(|customer| self.people.get(customer));
        person.map_or(Person::UNKNOWN, |person| person.person(payment))
    }

    /// Takes in a label. What matured by itself never overrules what somebody said.
    pub fn label(&mut self, label: &Label) {
        let to = Known::from(label.verdict);
        let overrules = !(label.source == Source::Matured && label.verdict == Verdict::Clean);
        let card = self.cards.get_mut(label.card);
        let owner = card.as_ref().and_then(|card| card.owner);
        let before = card.and_then(|card| card.label(label.paid_at, label.terminal, to, overrules));
        match before {
            None => self.counts.unmatched_labels += 1,
            Some(before) if before == to || (before != Known::Nothing && !overrules) => {
                self.counts.known_labels += 1;
            }
            Some(before) => {
                self.counts.labels += 1;
                if let Some(person) = owner.and_then(|owner| self.people.get_mut(owner)) {
                    person.label(label.paid_at, label.card, to, overrules);
                }
                if let Some(terminal) = self.terminals.get_mut(label.terminal) {
                    terminal.label(label.paid_at, card::tag(label.card), before, to);
                }
            }
        }
    }

    fn forget_idle(&mut self) {
        let since = self.clock.saturating_sub(IDLE);
        let cards = self.cards.forget_while(|card| card.newest() < since);
        // A bucket may end at its start; nothing is forgotten before its time.
        self.people.forget_while(|person| person.newest() < since);
        let terminals =
            self.terminals.forget_while(|terminal| terminal.newest().saturating_add(BUCKET) < since);
        self.counts.cards_forgotten += u64::from(cards);
        self.counts.terminals_forgotten += u64::from(terminals);
    }
}
