//! "Where did I shop?"

use crate::{
    asking::{Asked, Turn, TurnFault},
    linking, refusal,
    reply::{Block, MoneyText, PlaceLine, Reply, Seen},
    sealed::{self, Skill},
    spending::{self, Span},
};
use domain::{Currency, DataClass, Money, Place, Transaction};
use gate::OwnSpendingMap;
use std::collections::{BTreeMap, HashMap};
use understanding::Entities;

/// Tells in which cities payments were made.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let classes = [DataClass::MerchantPlaces, DataClass::Transactions];
    let (mut permits, consent) = match turn.ask::<OwnSpendingMap>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Places, about, Some(consent.id)).await;
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (may_list, may_place) = (permits.remove(1), permits.remove(0));
    let span = Span::of(turn, about);
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
    let rows = by_city(&places.value.rows, &spending::within(&span, payments.value.rows));
    if rows.is_empty() {
        let text = format!("The bank knows no places for your payments from {}.", span.in_words());
        return Ok(Reply { seen, ..Reply::text(text) });
    }
    let text = format!("Where you paid, {}:", span.in_words());
    let mut blocks = vec![Block::Text { text }, Block::Places { rows }];
    blocks.extend(partial.then(Block::partial));
    Ok(Reply { blocks, seen, ..Reply::default() })
}

/// Payments by city, most visited first.
fn by_city(places: &[Place], payments: &[Transaction]) -> Vec<PlaceLine> {
    let place_of: HashMap<_, _> = places.iter().map(|p| (&p.transaction, p)).collect();
    let mut cities: BTreeMap<String, (u32, BTreeMap<Currency, i64>)> = BTreeMap::new();
    for payment in payments.iter().filter(|p| p.amount.minor_units < 0) {
        let Some(place) = place_of.get(&payment.id) else { continue };
        let city = cities.entry(format!("{}, {}", place.city, place.country)).or_default();
        city.0 += 1;
        *city.1.entry(payment.amount.currency).or_default() -= payment.amount.minor_units;
    }
    let mut rows: Vec<PlaceLine> = cities
        .into_iter()
        .map(|(place, (count, sums))| PlaceLine {
            place,
            count,
            spent: sums.into_iter().map(|(c, units)| MoneyText::from(Money::new(units, c))).collect(),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}
