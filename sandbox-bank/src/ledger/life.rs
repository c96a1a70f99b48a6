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
    },
    Persona {
        login: "tomas",
        name: "Tomas Okafor",
        employer: "Riverside School Board",
        pay: 378_500,
        rent: 118_000,
        saving: 20_000,
    },
    Persona {
        login: "aisha",
        name: "Aisha Moreau",
        employer: "Meadow Veterinary Group",
        pay: 455_000,
        rent: 152_000,
        saving: 40_000,
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
        let spent = dice.between(shop.low, shop.high);
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
            ..order
        })
    }
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
        }
    }

    #[test]
    fn pay_comes_on_a_weekday() {
        assert_eq!(pay_day(date(2026, 10, 3)), date(2026, 10, 23));
        assert_eq!(pay_day(date(2026, 11, 3)), date(2026, 11, 25));
    }
}
