//! How good a ranking is, by the protocol of the public data: equal scores share one threshold, a card that was found leaves the
//! days after, and alerts have a budget.

use std::collections::{BTreeMap, BTreeSet};

/// The first so many cards of a day.
pub const CARDS: usize = 100;
/// Days of the test.
pub const DAYS: u32 = 7;
/// The share of payments that may be alerted.
pub const BUDGET: f64 = 0.007;
/// The precision that alerts must have.
pub const PRECISION: f64 = 0.9;

/// A scored payment whose truth is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Its id; of equal scores the lower is first.
    pub id: u64,
    /// The day of the test, from 0.
    pub day: u32,
    /// Its card; of equal scores the lower is first.
    pub card: u64,
    /// Higher is more suspicious; finite.
    pub score: f64,
    /// What it was.
    pub fraud: bool,
}

/// What a ranking is worth.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metrics {
    /// Payments and the frauds among them.
    pub payments: usize,
    /// Frauds.
    pub frauds: usize,
    /// Chance that a random fraud scores above a random genuine payment, ties count half.
    pub auc_roc: f64,
    /// Over falling thresholds, the sum of recall step times precision.
    pub average_precision: f64,
    /// Mean over the days: the share of cards with fraud among the first 100.
    pub card_precision: f64,
    /// What a perfect score would reach.
    pub card_precision_perfect: f64,
    /// With the whole budget alerted.
    pub budget_precision: f64,
    /// With the whole budget alerted.
    pub budget_recall: f64,
    /// The most alerts inside the budget whose precision is at least [`PRECISION`], as a share of all payments.
    pub p90_alert_share: f64,
    /// The share of frauds that these find.
    pub p90_recall: f64,
    /// The lowest score among these; infinite if there are none.
    pub p90_threshold: f64,
}

impl Metrics {
    /// Of these payments.
    pub fn of(rows: &[Judged]) -> Metrics {
        let mut falling: Vec<&Judged> = rows.iter().collect();
        falling.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        let frauds = rows.iter().filter(|row| row.fraud).count();
        let (auc_roc, average_precision) = ranking(&falling, frauds);
        let perfect: Vec<Judged> =
            rows.iter().map(|row| Judged { score: f64::from(u8::from(row.fraud)), ..*row }).collect();
        let mut metrics = Metrics {
            payments: rows.len(),
            frauds,
            auc_roc,
            average_precision,
            card_precision: card_precision(rows),
            card_precision_perfect: card_precision(&perfect),
            p90_threshold: f64::INFINITY,
            ..Metrics::default()
        };
        metrics.budget(&falling);
        metrics
    }

    fn budget(&mut self, falling: &[&Judged]) {
        let alerts = ((falling.len() as f64 * BUDGET) as usize).max(1).min(falling.len());
        let total = self.frauds as f64;
        let mut hits = 0usize;
        for (index, row) in falling[..alerts].iter().enumerate() {
            hits += usize::from(row.fraud);
            let count = index + 1;
            let ends = falling.get(count).is_none_or(|next| next.score != row.score);
            if ends && hits as f64 >= PRECISION * count as f64 {
                self.p90_alert_share = count as f64 / falling.len() as f64;
                self.p90_recall = hits as f64 / total;
                self.p90_threshold = row.score;
            }
        }
        self.budget_precision = hits as f64 / alerts as f64;
        self.budget_recall = hits as f64 / total;
    }
}

/// Area under the curve and average precision of rows in falling order of their scores.
fn ranking(falling: &[&Judged], frauds: usize) -> (f64, f64) {
    let (total, count) = (frauds as f64, falling.len());
    let (mut hits, mut precision, mut ranks, mut from) = (0usize, 0.0, 0.0, 0);
    while from < count {
        let same = falling[from..].iter().take_while(|row| row.score == falling[from].score);
        let (mut to, mut here) = (from, 0usize);
        for row in same {
            to += 1;
            here += usize::from(row.fraud);
        }
        hits += here;
        precision += here as f64 / total * (hits as f64 / to as f64);
        // Ranks count from the lowest score.
        ranks += here as f64 * ((count - to + 1 + count - from) as f64 / 2.0);
        from = to;
    }
    let genuine = (count - frauds) as f64;
    ((ranks - total * (total + 1.0) / 2.0) / (total * genuine), precision)
}

fn card_precision(rows: &[Judged]) -> f64 {
    let mut found = BTreeSet::new();
    let mut sum = 0.0;
    for day in 0..DAYS {
        let mut cards: BTreeMap<u64, (f64, bool)> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.day == day && !found.contains(&row.card)) {
            let card = cards.entry(row.card).or_insert((row.score, false));
            card.0 = card.0.max(row.score);
            card.1 |= row.fraud;
        }
        let mut cards: Vec<(u64, (f64, bool))> = cards.into_iter().collect();
        // The sort is stable, so of equal scores the lower number stays first.
        cards.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
        let hits: Vec<u64> =
            cards.iter().take(CARDS).filter(|(_, (_, fraud))| *fraud).map(|(card, _)| *card).collect();
        sum += hits.len() as f64 / CARDS as f64;
        found.extend(hits);
    }
    sum / f64::from(DAYS)
}
