//! "My biggest purchase", "what do I spend a week on average": how payments are looked at.

use crate::words::Word;
use serde::{Deserialize, Serialize};

/// How payments are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The largest first.
    Largest,
    /// The smallest first.
    Smallest,
    /// What they come to on average in one of these.
    Average(Every),
    /// What they come to by shop, where most was paid first.
    ByShop,
}

/// A stretch of time that comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month.
    Month,
}

const LARGEST: &[&str] = &["biggest", "largest", "priciest", "costliest", "dearest"];
const SMALLEST: &[&str] = &["smallest", "cheapest"];
const BOUGHT: &[&str] =
    &["payment", "payments", "purchase", "purchases", "expense", "expenses", "thing", "things"];
const AVERAGE: &[&str] = &["average", "avg", "typically", "usually"];

/// Whether a message asks where most was paid: "which shop do I spend most at", "top merchants".
fn by_shop(words: &[Word]) -> bool {
    const SHOPS: &[&str] = &[
        "shop",
        "shops",
        "store",
        "stores",
        "merchant",
        "merchants",
        "retailer",
        "retailers",
        "payee",
        "payees",
    ];
    let at = |known: &[&str]| words.iter().position(|word| known.contains(&word.text.as_str()));
    let who = words.first().is_some_and(|word| matches!(word.text.as_str(), "who" | "whom"));
    let pays = at(&["pay", "paid", "spend", "spent"]).is_some();
    let top = at(&["top", "favourite", "favorite"]).zip(at(SHOPS)).is_some_and(|(top, shop)| top < shop);
    top || (at(&["most"]).is_some() && pays && (who || at(SHOPS).is_some()))
}

/// Finds it.
pub(crate) fn find(words: &[Word]) -> Option<Measure> {
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.text.as_str()));
    let pair = |first: &str, second: &str| {
        words.windows(2).any(|pair| pair[0].text == first && pair[1].text == second)
    };
    let expensive = pair("most", "expensive");
    let highest = has(&["highest"]) && has(BOUGHT);
    let smallest = has(SMALLEST) || has(&["lowest"]) || pair("least", "expensive");
    if by_shop(words) {
        return Some(Measure::ByShop);
    }
    if has(LARGEST) || expensive || highest {
        return Some(Measure::Largest);
    }
    if smallest && has(BOUGHT) {
        return Some(Measure::Smallest);
    }
    has(AVERAGE).then(|| {
        Measure::Average(match () {
            () if has(&["day", "daily", "days"]) => Every::Day,
            () if has(&["week", "weekly", "weeks"]) => Every::Week,
            () => Every::Month,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    #[test]
    fn largest_and_average_are_read() {
        for (message, measure) in [
            ("what's my biggest purchase this month", Some(Measure::Largest)),
            ("most expensive thing I bought", Some(Measure::Largest)),
            ("my smallest payment this month", Some(Measure::Smallest)),
            ("the cheapest thing I bought", Some(Measure::Smallest)),
            ("cheapest way to pay abroad", None),
            ("lowest balance", None),
            ("average spend per week", Some(Measure::Average(Every::Week))),
            ("what do I usually spend on food", Some(Measure::Average(Every::Month))),
            ("which shop do I spend most at", Some(Measure::ByShop)),
            ("my top 5 merchants", Some(Measure::ByShop)),
            ("who do I pay the most", Some(Measure::ByShop)),
            ("what do I spend most on", None),
            ("highest limit", None),
            ("what did I spend today", None),
        ] {
            assert_eq!(find(&split(message)), measure, "{message}");
        }
    }
}
