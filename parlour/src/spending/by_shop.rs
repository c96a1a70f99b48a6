//! "Which shop do I spend most at?", "my top merchants".

use super::{MOST, matching, open, spent, where_at};
use crate::{
    asking::{Turn, TurnFault},
    reply::{Block, Point, Reply},
    sealed::Skill,
};
use domain::{Currency, Money, Transaction};
use std::collections::BTreeMap;
use understanding::Entities;

/// How many shops are told where most was paid, unless a number is asked for.
const SHOPS_SHOWN: usize = 8;

/// Where most was paid: shops with what was paid there and how often, most first.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let (span, mut read, about) = match open(turn, Skill::Spending, about).await? {
        Ok(opened) => opened,
        Err(reply) => return Ok(reply),
    };
    let payments = spent(matching(&mut read, &about));
    if payments.is_empty() {
        let text = format!("I found no payments{} from {}.", where_at(&about), span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let title = format!("Where you paid most, {}", span.in_words());
    let most = about.count.map_or(SHOPS_SHOWN, |count| usize::from(count).clamp(1, MOST));
    let (rows, more) = most_paid(&payments, most);
    let mut blocks = vec![Block::Facts { title, rows }];
    blocks.extend((more > 0).then(|| Block::Text { text: format!("And {more} more.") }));
    blocks.extend(span.cut_off());
    blocks.extend(read.partial.then(Block::partial));
    let reply = Reply { blocks, seen: read.seen, ..Reply::default() };
    Ok(reply.with_quick(&["How do I spend my money?", "Where did I shop?"]))
}

/// So many shops, where most was paid first, and how many more there are.
fn most_paid(payments: &[Transaction], most: usize) -> (Vec<Point>, usize) {
    let mut by: BTreeMap<(&str, Currency), (i64, u32)> = BTreeMap::new();
    for payment in payments {
        let name = payment.merchant.as_deref().unwrap_or(&payment.description);
        let sum = by.entry((name, payment.amount.currency)).or_default();
        *sum = (sum.0.saturating_sub(payment.amount.minor_units), sum.1 + 1);
    }
    let mut sorted: Vec<_> = by.into_iter().collect();
    sorted.sort_by_key(|(_, (units, _))| std::cmp::Reverse(*units));
    let row = |((name, currency), (units, count)): ((&str, Currency), (i64, u32))| Point {
        term: name.to_owned(),
        text: match count {
            1 => format!("{}, 1 payment", Money::new(units, currency)),
            n => format!("{}, {n} payments", Money::new(units, currency)),
        },
    };
    let more = sorted.len().saturating_sub(most);
    (sorted.into_iter().take(most).map(row).collect(), more)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::payment, *};

    #[test]
    fn shops_are_told_by_what_was_paid_there() {
        let at = |name: &str, units: i64| Transaction {
            merchant: Some(name.to_owned()),
            amount: Money::new(units, Currency::USD),
            ..payment("2026-11-09T05:00:00Z")
        };
        let told: Vec<(String, String)> =
            most_paid(&[at("Kettle", -400), at("Market", -500), at("Kettle", -300)], SHOPS_SHOWN)
                .0
                .into_iter()
                .map(|point| (point.term, point.text))
                .collect();
        let many: Vec<Transaction> = (1..=10).map(|n| at(&format!("Shop {n}"), -100 * n)).collect();
        let (rows, more) = most_paid(&many, SHOPS_SHOWN);
        assert_eq!((rows.len(), more), (SHOPS_SHOWN, 2), "nothing is left out unsaid");
        let expected = [("Kettle", "$7.00, 2 payments"), ("Market", "$5.00, 1 payment")];
        assert_eq!(told, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
}
