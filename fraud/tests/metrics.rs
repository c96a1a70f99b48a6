//! The measures against values worked by hand.

use fraud::metrics::{BUDGET, Judged, Metrics};

fn rows(told: &[(u64, u32, u64, f64, bool)]) -> Vec<Judged> {
    told.iter()
        .map(|(id, day, card, score, fraud)| Judged {
            id: *id,
            day: *day,
            card: *card,
            score: *score,
            fraud: *fraud,
        })
        .collect()
}

fn close(is: f64, should: f64) {
    assert!((is - should).abs() < 1e-12, "{is} is not {should}");
}

#[test]
fn a_small_ranking_has_the_values_worked_by_hand() {
    // By falling score: fraud .9 | genuine .8, fraud .8 | genuine .5 | fraud .3 | genuine .1
    let rows = rows(&[
        (1, 0, 1, 0.9, true),
        (2, 0, 2, 0.8, false),
        (3, 1, 3, 0.8, true),
        (4, 1, 4, 0.5, false),
        (5, 2, 5, 0.3, true),
        (6, 2, 6, 0.1, false),
    ]);
    let metrics = Metrics::of(&rows);
    // Of nine pairs: .9 wins 3; .8 ties one and wins 2; .3 wins 1: 6.5 of 9.
    close(metrics.auc_roc, 6.5 / 9.0);
    // 1/3 at precision 1, 1/3 at 2/3, 1/3 at 3/5.
    close(metrics.average_precision, (1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 3.0);
    // Each fraud's card is found on its day: one card of 100 on three of seven days.
    close(metrics.card_precision, 3.0 / 700.0);
    close(metrics.card_precision_perfect, 3.0 / 700.0);
    // 0.7 % of six payments is less than one: one alert, which is right.
    close(metrics.budget_precision, 1.0);
    close(metrics.budget_recall, 1.0 / 3.0);
    close(metrics.p90_recall, 1.0 / 3.0);
    close(metrics.p90_alert_share, 1.0 / 6.0);
    close(metrics.p90_threshold, 0.9);
}

#[test]
fn a_card_that_was_found_leaves_and_its_highest_score_of_the_day_counts() {
    let mut told = vec![(1, 0, 1, 0.2, true), (2, 0, 1, 0.9, false), (3, 1, 1, 0.9, true)];
    // A hundred cards that score higher than card 1 on the second day, and one with fraud that is the 101st.
    told.extend((0..100).map(|card| (10 + card, 1, 10 + card, 0.8, false)));
    told.push((200, 1, 200, 0.7, true));
    let metrics = Metrics::of(&rows(&told));
    close(metrics.card_precision, 1.0 / 700.0);
    close(metrics.card_precision_perfect, 2.0 / 700.0);
}

#[test]
fn of_cards_with_equal_scores_the_lower_number_is_first() {
    let told = |card: u64| {
        let mut told = vec![(1, 0, card, 0.5, true)];
        told.extend((0..100).map(|other| (10 + other, 0, 10 + other, 0.5, false)));
        Metrics::of(&rows(&told)).card_precision
    };
    close(told(5), 1.0 / 700.0);
    close(told(500), 0.0);
}

#[test]
fn alerts_with_equal_scores_go_together() {
    // A thousand payments: seven alerts. Two right ones above, then six equal ones of which five are right: eight do not fit.
    let mut told: Vec<(u64, u32, u64, f64, bool)> = (0..992).map(|id| (id + 10, 0, id, 0.1, false)).collect();
    told.extend([(1, 0, 1, 0.9, true), (2, 0, 2, 0.9, true)]);
    told.extend((3..9).map(|id| (id, 0, id, 0.5, id != 3)));
    let metrics = Metrics::of(&rows(&told));
    assert_eq!((1_000.0 * BUDGET) as usize, 7);
    close(metrics.p90_alert_share, 2.0 / 1_000.0);
    close(metrics.p90_recall, 2.0 / 7.0);
    close(metrics.budget_precision, 6.0 / 7.0);
}
