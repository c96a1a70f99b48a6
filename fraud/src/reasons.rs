//! Why a score is high, in words: what each feature added along the paths of the trees, summed by family; the features that
//! added most speak for theirs.

use crate::{
    catalogue::{ENTRIES, Entry, Family, Features, Unit},
    event::{DAY, HOUR, MINUTE},
    trees::Trees,
};

/// Reasons told for one decision.
pub const TOLD: usize = 3;

/// One reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What it is about.
    pub family: Family,
    /// The feature that added most of it.
    pub feature: &'static str,
    /// How much the family added, in logarithms of odds.
    pub added: f32,
    /// For the analyst, with the value.
    pub words: String,
    /// For the customer: no value, nobody else, no threshold.
    pub mild: &'static str,
}

/// The families that raised the score most, in falling order.
pub fn of(trees: &Trees, features: &Features) -> Vec<Reason> {
    let added = trees.contributions(features);
    let mut sums = [0f32; Family::COUNT];
    let mut speaks: [Option<usize>; Family::COUNT] = [None; Family::COUNT];
    for (place, entry) in ENTRIES.iter().enumerate() {
        let family = entry.family as usize;
        sums[family] += added[place];
        let can = !features.0[place].is_nan();
        if can && added[place] > 0.0 && speaks[family].is_none_or(|best| added[best] < added[place]) {
            speaks[family] = Some(place);
        }
    }
    let mut reasons: Vec<Reason> = speaks
        .into_iter()
        .flatten()
        .map(|place| {
            let entry = &ENTRIES[place];
            let sum = sums[entry.family as usize];
            let words = words(entry, features.0[place]);
            Reason { family: entry.family, feature: entry.name, added: sum, words, mild: entry.mild }
        })
        .filter(|reason| reason.added > 0.0)
        .collect();
    reasons.sort_by(|a, b| b.added.total_cmp(&a.added));
    reasons.truncate(TOLD);
    reasons
}

/// A feature's reason with its value.
pub fn words(entry: &Entry, value: f32) -> String {
    let with = |mark: &str, text: String| entry.reason.replace(mark, &text);
    match entry.unit {
        Unit::MinorUnits => with("{amount}", format!("{:.2}", f64::from(value) / 100.0)),
        Unit::Times => with("{times}", format!("{} times", short(value))),
        Unit::Share => with("{percent}", format!("{} %", short(value * 100.0))),
        Unit::Seconds => with("{time}", lasting(value)),
        _ => with("{n}", short(value)),
    }
}

/// At most one digit after the point, and none from ten on.
fn short(value: f32) -> String {
    let tenths = format!("{value:.1}");
    match tenths.strip_suffix(".0") {
        _ if value.abs() >= 10.0 => format!("{value:.0}"),
        Some(whole) => whole.to_owned(),
        None => tenths,
    }
}

/// Seconds in the largest unit of which there is one.
fn lasting(seconds: f32) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let fits = |unit: &&(u32, &str)| seconds >= unit.0 as f32;
    let (length, name) = units.iter().find(fits).copied().unwrap_or((1, "second"));
    let count = (seconds / length as f32).floor();
    format!("{count:.0} {name}{}", if count == 1.0 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{COUNT, named};

    fn said(name: &str, value: f32) -> String {
        words(named(name).unwrap(), value)
    }

    #[test]
    fn values_are_said_in_words() {
        assert_eq!(said("to_median", 6.04), "the amount is 6 times this card's usual");
        assert_eq!(said("to_median", 2.55), "the amount is 2.5 times this card's usual");
        assert_eq!(said("amount", 7581.0), "the amount is 75.81");
        assert_eq!(said("since_last", 59.0), "this card was used 59 seconds ago");
        assert_eq!(said("since_last", 86_400.0), "this card was used 1 day ago");
        assert_eq!(
            said("terminal_frauds_7d", 3.0),
            "3 fraud reports at this shop within a week of what is known"
        );
        assert_eq!(
            said("terminal_share_7d", 0.5),
            "50 % of the labelled payments here of one week were fraud"
        );
    }

    #[test]
    fn no_place_for_a_value_stays_open() {
        assert!(ENTRIES.iter().all(|entry| !words(entry, 1.0).contains('{')));
    }

    #[test]
    fn the_families_that_raised_the_score_are_told_and_those_that_lowered_it_are_not() {
        use crate::trees::{Split, Tree};
        let tree = |column: &str, by: f32| Tree {
            splits: vec![Split {
                column: named(column).unwrap().column as u16,
                missing_right: false,
                threshold: 1.0,
            }],
            values: vec![0.0, -by, by],
        };
        let trees = vec![
            tree("to_median", 1.0),
            tree("amount", -3.0),
            tree("to_mean_7d", 0.5),
            tree("since_last", 2.0),
            tree("card_count_1h", 0.25),
            tree("terminal_frauds_7d", 0.125),
        ];
        let trees = Trees { depth: 1, bias: -4.0, trees };
        let mut features = Features([f32::NAN; COUNT]);
        ["to_median", "amount", "to_mean_7d", "since_last", "card_count_1h", "terminal_frauds_7d"]
            .iter()
            .for_each(|name| features[named(name).unwrap().column] = 5.0);
        let told = of(&trees, &features);
        let told: Vec<(&str, f32)> = told.iter().map(|reason| (reason.feature, reason.added)).collect();
        assert_eq!(told, [("since_last", 2.0), ("to_median", 1.5), ("card_count_1h", 0.25)]);
    }
}
