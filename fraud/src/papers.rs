//! The model card: what an artefact is, how it was made, how good it is and what it must not be used for, as Markdown.

use crate::{
    artefact::{Artefact, Kind},
    catalogue::{ENTRIES, PURPOSE},
    event::{DAY, Seconds},
    trees::Trees,
};

/// Features named in the card.
const NAMED: usize = 15;

/// The hexadecimal digits of a digest.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The date of a moment, `2018-07-25` (Hinnant, "chrono-compatible low-level date algorithms").
pub fn date(at: Seconds) -> String {
    let days = i64::from(at / DAY) + 719_468;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + days / 146_097 * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The features that a model uses most, in falling order, with their share.
pub fn most_used(trees: &Trees) -> Vec<(&'static str, f64)> {
    let mut shares: Vec<(&str, f64)> =
        ENTRIES.iter().map(|entry| entry.name).zip(trees.weight_of_features()).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares.truncate(NAMED);
    shares
}

/// The card.
pub fn card(artefact: &Artefact) -> String {
    let Artefact { kind, origin, metrics, thresholds, calibration, trees, .. } = artefact;
    let what = match kind {
        Kind::Trees => "boosted trees",
        Kind::Additive => "a sum of one curve for each feature (trees of depth 1)",
    };
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("# Model card\n\nSHA-256 `{}`\n", hex(&artefact.digest())));
    line(format!(
        "- **What:** {what}: {} of depth {}, {} features.",
        trees.trees.len(),
        trees.depth,
        ENTRIES.len()
    ));
    line(format!(
        "- **For:** {PURPOSE} of card payments, with a person behind every decision that is against a customer. For nothing else."
    ));
    line(format!(
        "- **Learned from:** {} payments with {} frauds, {} up to before {}, labels after {} hours, seed {}, data `{}`.",
        origin.rows,
        origin.frauds,
        date(origin.from),
        date(origin.to),
        origin.label_delay / 3_600,
        origin.seed,
        hex(&origin.data),
    ));
    line("- **Not known to it:** names, addresses, origin, age, sex. A customer's reasons show no value and nobody else.".to_owned());
    line("- **Limits:** the first week of a compromise that no label shows yet is mostly missed. Figures hold for data like that above.\n".to_owned());
    line(format!(
        "The same training without the last two weeks, judged by the last ({} payments, {} frauds):\n",
        metrics.payments, metrics.frauds
    ));
    line("| measure | value |\n|---|---|".to_owned());
    for (name, value) in [
        ("AUC ROC", metrics.auc_roc),
        ("average precision", metrics.average_precision),
        ("card precision at 100", metrics.card_precision),
        ("card precision at 100, perfect", metrics.card_precision_perfect),
        ("precision with the whole budget", metrics.budget_precision),
        ("recall with the whole budget", metrics.budget_recall),
        ("recall at precision 0.9", metrics.p90_recall),
        ("share of payments alerted there", metrics.p90_alert_share),
    ] {
        line(format!("| {name} | {value:.4} |"));
    }
    line(format!(
        "\nThresholds: {:.3} for nine right alerts of ten, {:.3} for the whole budget. Probability: 1 / (1 + exp(-({:.3} x score + {:.3}))).\n",
        thresholds.precise, thresholds.budget, calibration.slope, calibration.shift
    ));
    line("| most used | share |\n|---|---|".to_owned());
    for (name, share) in most_used(trees) {
        line(format!("| {name} | {share:.3} |"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(17_737 * DAY), "2018-07-25");
        assert_eq!(date(19_782 * DAY), "2024-02-29");
        assert_eq!(date(u32::MAX), "2106-02-07");
    }
}
