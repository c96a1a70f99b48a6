//! What happens to a customer's money on one day: a pure function of the seed, the customer and
//! the date, so that yesterday's ledger and tomorrow's come out of the same rule.

use jiff::{Timestamp, ToSpan, civil::Date, civil::Weekday, tz::TimeZone};

use super::{
    Kind,
    homes::Home,
    shops::{self, Place, Shop},
};
use crate::chance::Dice;

/// Somebody whose life is in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Persona {
    pub(crate) login: &'static str,
    pub(crate) name: &'static str,
    pub(crate) employer: &'static str,
    /// Monthly pay, rent and saving, minor units, in dollars.
    pub(crate) pay: i64,
    pub(crate) rent: i64,
    pub(crate) saving: i64,
    /// Whether they have an account in the currency of their holidays.
    pub(crate) foreign_account: bool,
}

/// The bank's customers.
pub(crate) const PERSONAS: [Persona; 3] = [
    Persona {
        login: "maya",
        name: "Maya Lindqvist",
        employer: "Alder and Finch Design",
        pay: 412_000,
        rent: 139_500,
        saving: 25_000,
        foreign_account: false,
    },
    Persona {
        login: "tomas",
        name: "Tomas Okafor",
        employer: "Riverside School Board",
        pay: 378_500,
        rent: 118_000,
        saving: 20_000,
        foreign_account: false,
    },
    Persona {
        login: "aisha",
        name: "Aisha Moreau",
        employer: "Meadow Veterinary Group",
        pay: 455_000,
        rent: 152_000,
        saving: 40_000,
        foreign_account: true,
    },
];

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) settles_at: Timestamp,
    pub(crate) account: Kind,
    pub(crate) what: What,
    pub(crate) description: String,
    pub(crate) payee: Option<Payee>,
    pub(crate) foreign: Option<(i64, &'static str)>,
    pub(crate) by_card: bool,
    pub(crate) id: String,
    /// What is booked in the end, where that is another amount than what was held (a tip).
    pub(crate) booked: Option<i64>,
    pub(crate) nature: Nature,
    /// Whether it was bought on the internet.
    pub(crate) online: bool,
}

/// Whether something that happens undoes something else. Named is what it undoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Nature {
    Usual,
    Refund(String),
    Reversal(String),
}

/// How much moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// This much: in when positive, out when negative.
    Moves(i64),
    /// The card's debt, out of this account and onto the card.
    PaysCard,
}

/// To whom or from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payee {
    pub(crate) name: String,
    pub(crate) mcc: String,
    pub(crate) city: String,
    pub(crate) country: String,
}

/// What people add to the bill of a dinner, in percent: it is held without and booked with it.
const TIP_PERCENT: i64 = 18;
/// Days after the first one from which a subscription costs more, which, and how much (minor units, in dollars).
const PRICE_RISE: (i64, &str, i64) = (118, "Lantern Video", 1_599);
/// The day of the month on which a shop takes its money twice by mistake.
const TAKEN_TWICE_ON: i8 = 10;
/// Days after the first one on which the holiday begins, its length, and how often it comes.
const HOLIDAY: (i64, i64, i64) = (112, 6, 190);
/// Days before the holiday on which the flight is booked.
const FLIGHT_AHEAD: i64 = 31;
/// Days until an online order that is sent back is refunded.
const REFUND_AFTER: i64 = 6;
/// Hours until a card payment settles: never less than a day and a bit, so that there is always
/// something pending.
const SETTLES_HOURS: (i64, i64) = (27, 60);

/// A day of one customer.
pub(crate) struct Day<'a> {
    pub(crate) seed: u64,
    pub(crate) persona: &'a Persona,
    pub(crate) home: &'a Home,
    /// The first day of the ledger.
    pub(crate) first: Date,
    pub(crate) date: Date,
}

impl Day<'_> {
    /// Everything that happens on this day, in order of time.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut dice = self.dice(self.date, "day");
        let mut events = self.monthly(&mut dice);
        if self.on_holiday() {
            events.extend(self.away(&mut dice));
        } else {
            events.extend(self.errands(&mut dice));
            events.extend(self.treats(&mut dice));
            events.extend(self.online(self.date).map(|(order, _)| order));
        }
        events.extend(self.refund());
        events.extend(self.taken_twice());
        events.extend(self.taken_back());
        events.extend(self.abroad_account());
        events.sort_by_key(|event| event.at);
        events
    }

    fn dice(&self, date: Date, matter: &str) -> Dice {
        Dice::new(self.seed, &[self.persona.login, &date.to_string(), matter])
    }

    /// Days into the current round of holidays.
    fn round_day(&self) -> i64 {
        let days = i64::from((self.date - self.first).get_days());
        days.rem_euclid(HOLIDAY.2)
    }

    fn on_holiday(&self) -> bool {
        (HOLIDAY.0..HOLIDAY.0 + HOLIDAY.1).contains(&self.round_day())
    }

    fn at(&self, dice: &mut Dice, from_hour: i64, to_hour: i64) -> Timestamp {
        let minute = dice.between(from_hour * 60, to_hour * 60 - 1);
        moment(self.date, minute, dice.between(0, 59))
    }

    /// A payment by card, pending at first.
    fn card(&self, dice: &mut Dice, account: Kind, shop: &Shop, at: Timestamp) -> Event {
        let (city, country) = self.place(shop.place);
        let mut spent = dice.between(shop.low, shop.high);
        if shop.name == PRICE_RISE.1 && i64::from((self.date - self.first).get_days()) >= PRICE_RISE.0 {
            spent = PRICE_RISE.2;
        }
        let (spent, foreign) = if shop.place == Place::Abroad {
            (spent * self.home.abroad_rate / 100, Some((spent, self.home.abroad.currency)))
        } else {
            (spent * self.home.prices, None)
        };
        let settles = dice.between(SETTLES_HOURS.0, SETTLES_HOURS.1);
        Event {
            at,
            settles_at: at.saturating_add(settles.hours()).unwrap_or(at),
            account,
            what: What::Moves(-spent),
            description: format!("{} {}", shop.name.to_uppercase(), city.to_uppercase()),
            payee: Some(Payee { name: shop.name.into(), mcc: shop.mcc.into(), city, country }),
            foreign,
            by_card: true,
            id: dice.id("x"),
            booked: tipped(shop).then(|| -(spent + spent * TIP_PERCENT / 100)),
            nature: Nature::Usual,
            online: matches!(shop.place, Place::Online(..)),
        }
    }

    fn place(&self, place: Place) -> (String, String) {
        let (city, country) = match place {
            Place::Town => (self.home.towns[0], self.home.country),
            Place::Nearby => (self.home.towns[1], self.home.country),
            Place::Online(city, country) => (city, country),
            Place::Abroad => (self.home.abroad.city, self.home.abroad.country),
        };
        (city.to_owned(), country.to_owned())
    }

    /// A booking without a card: posted at once.
    fn booking(&self, dice: &mut Dice, account: Kind, minor: i64, text: &str, minute: i64) -> Event {
        let at = moment(self.date, minute, dice.between(0, 59));
        Event {
            at,
            settles_at: at,
            account,
            what: What::Moves(minor * self.home.prices),
            description: text.to_owned(),
            payee: None,
            foreign: None,
            by_card: false,
            id: dice.id("x"),
            booked: None,
            nature: Nature::Usual,
            online: false,
        }
    }

    /// Pay, rent, bills, saving, the card's bill, interest.
    fn monthly(&self, dice: &mut Dice) -> Vec<Event> {
        let day = self.date.day();
        let mut events = Vec::new();
        if day == 1 {
            events.push(self.rent(dice));
            events.push(self.booking(dice, Kind::Checking, -self.persona.saving, "Transfer to savings", 430));
            events.push(self.booking(
                dice,
                Kind::Savings,
                self.persona.saving,
                "Transfer from checking",
                430,
            ));
        }
        for bill in shops::MONTHLY.iter().filter(|bill| bill.day == day) {
            events.push(self.bill(dice, bill));
        }
        if day == 24 {
            let payment = self.booking(dice, Kind::Checking, 0, "Rewards Card payment", 300);
            events.push(Event { what: What::PaysCard, ..payment });
        }
        if self.date == pay_day(self.date) {
            let text = format!("Pay from {}", self.persona.employer);
            let mut pay = self.booking(dice, Kind::Checking, self.persona.pay, &text, 250);
            pay.payee = None;
            events.push(pay);
        }
        if day == self.date.days_in_month() {
            let interest = dice.between(1_180, 1_560);
            events.push(self.booking(dice, Kind::Savings, interest, "Interest", 1_400));
        }
        events
    }

    fn rent(&self, dice: &mut Dice) -> Event {
        let mut rent = self.booking(dice, Kind::Checking, -self.persona.rent, "Rent Alder Court Homes", 370);
        let (city, country) = self.place(Place::Town);
        rent.payee = Some(Payee { name: "Alder Court Homes".into(), mcc: "6513".into(), city, country });
        rent
    }

    fn bill(&self, dice: &mut Dice, bill: &shops::Monthly) -> Event {
        let account = if bill.by_card { Kind::CreditCard } else { Kind::Checking };
        let at = self.at(dice, 4, 6);
        let paid = self.card(dice, account, &bill.shop, at);
        if bill.by_card {
            return paid;
        }
        Event {
            settles_at: paid.at,
            by_card: false,
            description: format!("Direct debit {}", bill.shop.name),
            ..paid
        }
    }

    /// What has to be: the way to work, food, fuel, medicine, cash.
    fn errands(&self, dice: &mut Dice) -> Vec<Event> {
        let weekend = matches!(self.date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let mut events = Vec::new();
        let mut spend = |dice: &mut Dice, account, shop: &Shop, from, to| {
            let at = self.at(dice, from, to);
            events.push(self.card(dice, account, shop, at));
        };
        let first = if weekend { shops::BAKERY } else { shops::TRAM };
        spend(dice, Kind::CreditCard, &first, 7, 9);
        if self.date.weekday() == Weekday::Saturday {
            spend(dice, Kind::Checking, &shops::GROCER, 10, 13);
        }
        if dice.percent(22) {
            spend(dice, Kind::Checking, &shops::CORNER, 17, 20);
        }
        if dice.percent(11) {
            spend(dice, Kind::CreditCard, &shops::FUEL, 16, 19);
        }
        if dice.percent(5) {
            spend(dice, Kind::CreditCard, &shops::PHARMACY, 12, 18);
        }
        if dice.percent(4) {
            spend(dice, Kind::Checking, &shops::CASH, 11, 19);
        }
        events
    }

    /// What is nice: coffee, lunch, dinner, a film, and once a round the flight.
    fn treats(&self, dice: &mut Dice) -> Vec<Event> {
        let friday = self.date.weekday() == Weekday::Friday;
        let mut events = Vec::new();
        let mut spend = |dice: &mut Dice, shop: &Shop, from, to| {
            let at = self.at(dice, from, to);
            events.push(self.card(dice, Kind::CreditCard, shop, at));
        };
        if dice.percent(48) {
            let cafe = *dice.pick(&shops::CAFES);
            spend(dice, &cafe, 8, 11);
        }
        if dice.percent(24) {
            let lunch = *dice.pick(&shops::LUNCHES);
            spend(dice, &lunch, 12, 14);
        }
        if dice.percent(if friday { 55 } else { 7 }) {
            let dinner = *dice.pick(&shops::DINNERS);
            spend(dice, &dinner, 19, 22);
        }
        if dice.percent(4) {
            spend(dice, &shops::CINEMA, 18, 21);
        }
        if self.round_day() == HOLIDAY.0 - FLIGHT_AHEAD {
            spend(dice, &shops::AIRLINE, 20, 22);
        }
        events
    }

    /// A day abroad: the hotel first, then meals and sights, all in another currency.
    fn away(&self, dice: &mut Dice) -> Vec<Event> {
        let mut events = Vec::new();
        if self.round_day() == HOLIDAY.0 {
            let at = self.at(dice, 14, 16);
            events.push(self.card(dice, Kind::CreditCard, &shops::HOTEL, at));
        }
        for (from, to) in [(9, 12), (13, 16), (19, 22)] {
            let shop = *dice.pick(&shops::AWAY);
            let at = self.at(dice, from, to);
            events.push(self.card(dice, Kind::CreditCard, &shop, at));
        }
        events
    }

    /// The online order of a day, if there was one, and whether it is sent back.
    fn online(&self, date: Date) -> Option<(Event, bool)> {
        let mut dice = self.dice(date, "online");
        let ordered = dice.percent(10);
        let shop = *dice.pick(&shops::ONLINE);
        let then = Day { date, ..*self };
        if !ordered || then.on_holiday() {
            return None;
        }
        let at = then.at(&mut dice, 19, 23);
        let order = then.card(&mut dice, Kind::CreditCard, &shop, at);
        Some((order, dice.percent(22)))
    }

    /// The money back for an order of some days ago.
    fn refund(&self) -> Option<Event> {
        let ordered_on = self.date.checked_sub(REFUND_AFTER.days()).ok().filter(|day| *day >= self.first)?;
        let (order, returned) = self.online(ordered_on)?;
        let What::Moves(paid) = order.what else { return None };
        let mut dice = self.dice(self.date, "refund");
        let at = self.at(&mut dice, 9, 17);
        returned.then(|| Event {
            at,
            settles_at: at,
            what: What::Moves(-paid),
            description: format!("REFUND {}", order.description),
            id: dice.id("x"),
            nature: Nature::Refund(booked_id(&order.id)),
            ..order
        })
    }

    /// The payment that a shop takes twice by mistake.
    fn taken_twice(&self) -> Option<Event> {
        if self.date.day() != TAKEN_TWICE_ON || self.on_holiday() {
            return None;
        }
        let mut dice = self.dice(self.date, "taken twice");
        let at = self.at(&mut dice, 17, 20);
        let taken = self.card(&mut dice, Kind::CreditCard, &shops::CORNER, at);
        Some(Event { settles_at: taken.at, ..taken })
    }

    /// It is taken back on the next day.
    fn taken_back(&self) -> Option<Event> {
        let date = self.date.checked_sub(1.day()).ok().filter(|day| *day >= self.first)?;
        let taken = Day { date, ..*self }.taken_twice()?;
        let What::Moves(paid) = taken.what else { return None };
        let mut dice = self.dice(self.date, "taken back");
        let at = self.at(&mut dice, 9, 12);
        Some(Event {
            at,
            settles_at: at,
            what: What::Moves(-paid),
            description: format!("REVERSAL {}", taken.description),
            id: dice.id("x"),
            nature: Nature::Reversal(booked_id(&taken.id)),
            ..taken
        })
    }

    /// What moves on the account in the currency of the holidays: some money goes there, a ticket is bought.
    fn abroad_account(&self) -> Option<Event> {
        if !self.persona.foreign_account {
            return None;
        }
        let mut dice = self.dice(self.date, "account abroad");
        let abroad = self.home.abroad;
        let (minor, text) = match self.date.day() {
            6 => (15_000, "Bought from Everyday Checking".to_owned()),
            19 => (-dice.between(3_900, 7_400), format!("{} Railways tickets", abroad.city)),
            _ => return None,
        };
        let booking = self.booking(&mut dice, Kind::Foreign, 0, &text, 600);
        let payee = (minor < 0).then(|| Payee {
            name: format!("{} Railways", abroad.city),
            mcc: "4112".to_owned(),
            city: abroad.city.to_owned(),
            country: abroad.country.to_owned(),
        });
        Some(Event { what: What::Moves(minor), payee, online: minor < 0, ..booking })
    }
}

/// Whether people leave a tip there.
fn tipped(shop: &Shop) -> bool {
    shops::DINNERS.iter().any(|dinner| dinner.name == shop.name)
}

/// The id under which something is booked.
fn booked_id(id: &str) -> String {
    format!("t-{}", id.trim_start_matches("x-"))
}

/// The last weekday on or before the 25th.
fn pay_day(date: Date) -> Date {
    let day = date.with().day(25).build().unwrap_or(date);
    let back = match day.weekday() {
        Weekday::Saturday => 1,
        Weekday::Sunday => 2,
        _ => 0,
    };
    day.saturating_sub(back.days())
}

fn moment(date: Date, minute: i64, second: i64) -> Timestamp {
    let midnight = date.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp());
    midnight.saturating_add((minute * 60 + second).seconds()).unwrap_or(midnight)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::ledger::homes;

    fn year(seed: u64, persona: &Persona) -> Vec<Event> {
        let home = homes::of_currency("USD");
        let first = date(2026, 5, 21);
        first
            .series(1.day())
            .take(190)
            .flat_map(|day| Day { seed, persona, home: &home, first, date: day }.events())
            .collect()
    }

    #[test]
    fn the_same_seed_lives_the_same_life() {
        let told = |seed| format!("{:?}", year(seed, &PERSONAS[0]));
        assert_eq!(told(4), told(4));
        assert_ne!(told(4), told(5));
    }

    #[test]
    fn half_a_year_holds_pay_rent_groceries_a_holiday_and_a_refund() {
        for persona in &PERSONAS {
            let events = year(1, persona);
            let count = |test: &dyn Fn(&Event) -> bool| events.iter().filter(|e| test(e)).count();
            assert!((6..=7).contains(&count(&|e| e.description.starts_with("Pay from"))));
            assert!((6..=7).contains(&count(&|e| e.description.starts_with("Rent"))));
            assert!(count(&|e| e.description.starts_with("GREENLEAF MARKET")) >= 24);
            assert!(count(&|e| e.foreign.is_some()) >= 15);
            assert!(count(&|e| e.description.starts_with("REFUND")) >= 1);
            assert!(count(&|e| matches!(e.nature, Nature::Reversal(_))) >= 3);
            assert!(count(&|e| e.booked.is_some()) >= 3, "dinners with a tip");
            assert!(count(&|e| e.online) >= 10);
        }
    }

    #[test]
    fn what_is_undone_was_there_before() {
        let events = year(1, &PERSONAS[2]);
        let undone = |e: &Event| match &e.nature {
            Nature::Refund(of) | Nature::Reversal(of) => Some((of.clone(), e.at, e.what)),
            Nature::Usual => None,
        };
        for (of, at, what) in events.iter().filter_map(undone) {
            let first = events.iter().find(|e| booked_id(&e.id) == of).unwrap();
            let (What::Moves(back), What::Moves(paid)) = (what, first.what) else { panic!("both move") };
            assert!(first.at < at && back == -paid);
        }
    }

    #[test]
    fn one_subscription_costs_more_from_some_day_on() {
        let paid: Vec<What> = year(1, &PERSONAS[0])
            .iter()
            .filter(|e| e.description.starts_with("LANTERN"))
            .map(|e| e.what)
            .collect();
        assert_eq!((paid.first(), paid.last()), (Some(&What::Moves(-1_399)), Some(&What::Moves(-1_599))));
    }

    #[test]
    fn pay_comes_on_a_weekday() {
        assert_eq!(pay_day(date(2026, 10, 3)), date(2026, 10, 23));
        assert_eq!(pay_day(date(2026, 11, 3)), date(2026, 11, 25));
    }
}
