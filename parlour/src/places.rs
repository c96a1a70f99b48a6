//! "Where did I shop?", "show me a map of my payments", "which countries did I pay in?"

use crate::{
    asking::{Asked, Turn, TurnFault},
    linking,
    map::{
        gazetteer::{self, Found},
        payments,
    },
    refusal,
    reply::{Block, MoneyText, OnlineLine, PlaceLine, Reply, Seen, Spot},
    sealed::{self, Skill},
    spending::{self, Span},
};
use domain::{Currency, DataClass, Money, Place, Region, Transaction};
use gate::OwnSpendingMap;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};
use understanding::{Entities, country_name};

/// Tells where payments were made, by country and city, and apart from them those on the internet.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let mut span = Span::of(turn, about);
    if let Some(reply) = span.too_long_ago() {
        return Ok(reply);
    }
    let classes = [DataClass::MerchantPlaces, DataClass::Transactions];
    let (mut permits, consent) = match turn.ask::<OwnSpendingMap>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Places, about, Some(consent.id)).await;
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (may_list, may_place) = (permits.remove(1), permits.remove(0));
    let (connector, grant) = turn.reach(&consent).await?;
    let places = match connector.places(&grant, &may_place, span.period()).await {
        Ok(places) => places.open(may_place)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let payments = match connector.transactions(&grant, &may_list, span.period(), spending::READ).await {
        Ok(payments) => payments.open(may_list)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&places), Seen::of(&payments)];
    let partial = places.value.partial || payments.value.partial || payments.value.more;
    let mut payments = spending::within(&span, payments.value.rows);
    if let Err(text) = span.begin_at_pay(about, &mut payments) {
        return Ok(Reply { seen, ..Reply::text(text) });
    }
    let payments = spending::of_such(payments, about);
    if payments.is_empty() && about.merchant.is_some() {
        let text = format!("I found no payments{} from {}.", spending::where_at(about), span.in_words());
        return Ok(Reply { seen, ..Reply::text(text) });
    }
    let paid = Paid::of(&places.value.rows, &payments);
    if paid.cities.is_empty() && paid.online.count == 0 {
        let text = format!("The bank knows no places for your payments from {}.", span.in_words());
        return Ok(Reply { seen, ..Reply::text(text) });
    }
    let text = format!("Where you paid, {}. {}", span.in_words(), paid.countries());
    let mut blocks = vec![Block::Text { text: text.trim_end().to_owned() }, paid.block()];
    blocks.extend(span.cut_off());
    blocks.extend(partial.then(Block::partial));
    Ok(Reply { blocks, seen, ..Reply::default() })
}

/// What was paid at some place.
#[derive(Debug, Default)]
struct Sum {
    count: u32,
    spent: BTreeMap<Currency, i64>,
}

impl Sum {
    fn add(&mut self, spent: Money) {
        self.count = self.count.saturating_add(1);
        let sum = self.spent.entry(spent.currency).or_default();
        *sum = sum.saturating_sub(spent.minor_units);
    }

    fn spent(&self) -> Vec<MoneyText> {
        self.spent.iter().map(|(currency, units)| Money::new(*units, *currency).into()).collect()
    }
}

/// What was paid where.
#[derive(Debug, Default)]
struct Paid {
    /// By country and city.
    cities: BTreeMap<(String, String), Sum>,
    online: Sum,
}

impl Paid {
    fn of(places: &[Place], payments: &[Transaction]) -> Paid {
        let place_of: HashMap<_, _> = places.iter().map(|p| (&p.transaction, p)).collect();
        let mut paid = Paid::default();
        for payment in payments.iter().filter(|p| p.amount.minor_units < 0) {
            let Some(place) = place_of.get(&payment.id) else { continue };
            let sum = match place.online {
                true => &mut paid.online,
                false => paid.cities.entry((place.country.clone(), place.city.clone())).or_default(),
            };
            sum.add(payment.amount);
        }
        paid
    }

    /// "In 2 countries: Portugal (3 payments) and United States (14 payments)."
    fn countries(&self) -> String {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for ((country, _), sum) in &self.cities {
            let count = counts.entry(country).or_default();
            *count = count.saturating_add(sum.count);
        }
        let mut sorted: Vec<_> = counts.into_iter().collect();
        sorted.sort_by_key(|(_, count)| Reverse(*count));
        let told: Vec<String> =
            sorted.iter().map(|(code, count)| format!("{} ({})", name_of(code), payments(*count))).collect();
        match told.as_slice() {
            [] => String::new(),
            [one] => format!("In one country: {one}."),
            [most @ .., last] => format!("In {} countries: {} and {last}.", told.len(), most.join(", ")),
        }
    }

    /// One row for each city, most visited first.
    fn block(&self) -> Block {
        let mut rows: Vec<PlaceLine> = self
            .cities
            .iter()
            .map(|((country, city), sum)| PlaceLine {
                place: format!("{city}, {}", name_of(country)),
                count: sum.count,
                spent: sum.spent(),
                at: spot(city, country),
            })
            .collect();
        rows.sort_by_key(|row| Reverse(row.count));
        let online = (self.online.count > 0).then(|| OnlineLine::new(self.online.count, self.online.spent()));
        Block::Places { rows, online }
    }
}

/// The country's name, or its code when the list has none.
fn name_of(code: &str) -> &str {
    code.parse::<Region>().ok().and_then(country_name).unwrap_or(code)
}

fn spot(city: &str, code: &str) -> Option<Spot> {
    let (at, roughly) = match gazetteer::find(city, code.parse().ok()?)? {
        Found::Here(at) => (at, false),
        Found::Within(at) => (at, true),
    };
    let name = if roughly { name_of(code) } else { city }.to_owned();
    Some(Spot { name, latitude: at.latitude, longitude: at.longitude, roughly })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Nature, TransactionStatus};

    fn payment(id: usize, cents: i64) -> Transaction {
        Transaction {
            id: format!("t{id}").parse().unwrap(),
            was_pending_as: None,
            account: "a".parse().unwrap(),
            amount: Money::new(cents, Currency::USD),
            at: "2026-11-20T15:00:00Z".parse().unwrap(),
            status: TransactionStatus::Posted,
            description: String::new(),
            merchant: None,
            category: None,
            nature: Nature::default(),
            foreign: None,
        }
    }

    fn paid(rows: &[(&str, &str, bool, i64)]) -> Paid {
        let payments: Vec<_> = rows.iter().enumerate().map(|(n, row)| payment(n, row.3)).collect();
        let place = |((city, country, online, _), payment): (&(&str, &str, bool, i64), &Transaction)| Place {
            transaction: payment.id.clone(),
            city: (*city).into(),
            country: (*country).into(),
            online: *online,
        };
        let places: Vec<_> = rows.iter().zip(&payments).map(place).collect();
        Paid::of(&places, &payments)
    }

    #[test]
    fn cities_are_told_by_country_and_what_was_bought_online_is_apart() {
        let paid = paid(&[
            ("Portland", "US", false, -1_000),
            ("Portland", "US", false, -2_000),
            ("Lisbon", "PT", false, -500),
            ("Reno", "US", true, -34_120),
            ("Salem", "US", false, 900),
        ]);
        assert_eq!(paid.countries(), "In 2 countries: United States (2 payments) and Portugal (1 payment).");
        let Block::Places { rows, online } = paid.block() else { panic!("places") };
        let told: Vec<_> =
            rows.iter().map(|row| (row.place.as_str(), row.count, row.spent[0].text.as_str())).collect();
        assert_eq!(told, [("Portland, United States", 2, "$30.00"), ("Lisbon, Portugal", 1, "$5.00")]);
        let online = online.unwrap();
        assert_eq!((online.count, online.text.as_str()), (1, "Online: 1 payment, $341.20"));
        assert!(crate::map::of(&rows).is_some_and(|map| !map.contains("Reno")), "not on the map");
    }

    #[test]
    fn a_city_that_nobody_knows_is_in_the_middle_of_its_country_and_a_country_that_nobody_knows_is_nowhere() {
        let roughly = spot("Vila Nova de Nada", "PT").unwrap();
        assert!(roughly.roughly && roughly.name == "Portugal", "{roughly:?}");
        assert!(!spot("LISBON", "PT").unwrap().roughly);
        assert_eq!(spot("Lisbon", "QQ"), None);
        assert_eq!((name_of("QQ"), name_of("PT"), name_of("?")), ("QQ", "Portugal", "?"));
    }

    #[test]
    fn an_answer_that_was_stored_before_there_were_maps_is_still_read() {
        let old = r#"{"type":"places","rows":[{"place":"Reno, US","count":2,"spent":[]}]}"#;
        let Block::Places { rows, online } = serde_json::from_str(old).unwrap() else { panic!("places") };
        assert!(rows[0].at.is_none() && online.is_none() && crate::map::of(&rows).is_none());
    }
}
