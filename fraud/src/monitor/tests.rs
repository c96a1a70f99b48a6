use super::*;
use crate::budget::PRECISION_AIM;
use proptest::{collection::vec, prelude::*};

/// Numbers that look random and are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let key = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let key = (key ^ (key >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((key ^ (key >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

fn references(numbers: &mut Numbers) -> References {
    let score = Reference::of("score", &numbers.many(20_000));
    let sparse: Vec<f32> =
        numbers.many(20_000).into_iter().map(|value| if value < 0.3 { f32::NAN } else { value }).collect();
    let rare: Vec<f32> =
        numbers.many(20_000).into_iter().map(|value| f32::from(u8::from(value < 0.01))).collect();
    References { score, features: vec![Reference::of("sparse", &sparse), Reference::of("rare", &rare)] }
}

fn unchanged(references: &References, numbers: &mut Numbers, payments: usize) -> Readings {
    let mut readings = Readings::new(references);
    for _ in 0..payments {
        let sparse = if numbers.next() < 0.3 { f32::NAN } else { 0.3 + 0.7 * numbers.next() };
        let row = [sparse, f32::from(u8::from(numbers.next() < 0.01))];
        readings.add(references, numbers.next(), &row, false);
    }
    readings
}

#[test]
fn nothing_is_reported_while_nothing_changes_however_few_or_many_payments() {
    let mut numbers = Numbers(1);
    let references = references(&mut numbers);
    for payments in [1, 5, 20, 50, 100, 200, 250, 300, 1_000] {
        for _ in 0..200 {
            let report = unchanged(&references, &mut numbers, payments).report(&references).unwrap();
            assert!(report.level() <= Level::Calm, "{payments}: {report}");
            assert!(report.worrying().is_empty());
        }
    }
}

#[test]
fn the_mean_of_the_index_by_chance_is_as_derived() {
    let mut numbers = Numbers(2);
    let reference = Reference::of("score", &numbers.many(10_000));
    let index = |numbers: &mut Numbers| {
        let mut now = Histogram::new(&reference);
        numbers.many(500).into_iter().for_each(|value| now.add(&reference, value));
        now.stability(&reference).unwrap()
    };
    let found: Vec<Stability> = (0..2_000).map(|_| index(&mut numbers)).collect();
    let mean = found.iter().map(|stability| stability.psi).sum::<f64>() / found.len() as f64;
    let expected = 9.0 * (1.0 / 500.0 + 1.0 / 10_000.0);
    assert!((mean / expected - 1.0).abs() < 0.1, "{mean} {expected}");
    assert!(found.iter().all(|stability| stability.psi < stability.chance));
}

#[test]
fn a_few_payments_more_and_something_can_be_said() {
    let mut numbers = Numbers(3);
    let references = references(&mut numbers);
    let level = |numbers: &mut Numbers, payments| {
        unchanged(&references, numbers, payments).report(&references).unwrap().score.level
    };
    // 45.97 · (1/n + 1/20000) = 0.2 at n = 232.5.
    assert_eq!(level(&mut numbers, 232), Level::TooFew);
    assert_eq!(level(&mut numbers, 233), Level::Calm);
}

#[test]
fn scores_and_features_that_move_raise_a_warning_and_then_an_alarm() {
    let mut numbers = Numbers(4);
    let references = references(&mut numbers);
    let moved = |power: f32, numbers: &mut Numbers| {
        let mut readings = Readings::new(&references);
        for _ in 0..5_000 {
            readings.add(&references, numbers.next().powf(power), &[0.3 + 0.7 * numbers.next(), 0.0], false);
        }
        readings.report(&references).unwrap().score
    };
    let (calm, warn, alarm) = (moved(1.1, &mut numbers), moved(1.75, &mut numbers), moved(2.5, &mut numbers));
    assert_eq!((calm.level, warn.level, alarm.level), (Level::Calm, Level::Warn, Level::Alarm), "{warn:?}");
    assert!(warn.psi.unwrap() > PSI_WARN && warn.psi.unwrap() <= PSI_ALARM);
}

#[test]
fn a_feature_that_goes_missing_is_told_whatever_its_other_values() {
    let mut numbers = Numbers(5);
    let references = references(&mut numbers);
    let with = |missing: f32, numbers: &mut Numbers| {
        let mut readings = Readings::new(&references);
        for _ in 0..2_000 {
            let gone = numbers.next() < missing;
            let sparse = if gone { f32::NAN } else { 0.3 + 0.7 * numbers.next() };
            readings.add(
                &references,
                numbers.next(),
                &[sparse, f32::from(u8::from(numbers.next() < 0.01))],
                false,
            );
        }
        readings.report(&references).unwrap()
    };
    assert_eq!(with(0.32, &mut numbers).features[0].level, Level::Calm);
    assert_eq!(with(0.42, &mut numbers).features[0].level, Level::Warn);
    let gone = with(1.0, &mut numbers);
    assert_eq!(gone.features[0].level, Level::Alarm);
    assert!(gone.to_string().contains("ALARM: sparse: PSI -, missing 100.00 % (then"), "{gone}");
}

#[test]
fn values_that_training_never_saw_are_told() {
    let mut numbers = Numbers(6);
    let references = references(&mut numbers);
    let mut readings = Readings::new(&references);
    for at in 0..2_000 {
        // A tenth of the largest values lies outside, so that the bins stay as they were.
        let value = 0.3 + 0.7 * numbers.next();
        let value = if at % 10 == 0 { 7.0 } else { value };
        readings.add(&references, numbers.next(), &[value, 0.0], false);
    }
    let report = readings.report(&references).unwrap();
    assert!((report.features[0].outside.unwrap() - 0.1).abs() < 1e-3);
    assert!(report.features[0].level >= Level::Warn);
}

#[test]
fn answers_are_counted_with_their_times() {
    let mut numbers = Numbers(7);
    let references = references(&mut numbers);
    let mut readings = Readings::new(&references);
    for (not_me, after) in [(true, 5), (true, 40), (true, 61), (false, 100), (true, 200_000)] {
        readings.answers.add(not_me, after);
    }
    readings.answers.unanswered += 1;
    let report = readings.report(&references).unwrap();
    assert_eq!((report.precision.unwrap().share, report.unanswered), (0.8, 1));
    assert_eq!((report.half_answer_within, report.most_answer_within), (Some(120), None));
    assert_eq!(
        report.level(),
        Level::TooFew,
        "5 answers say nothing yet: {}",
        report.precision.unwrap().high
    );
    (0..200).for_each(|_| readings.answers.add(false, 10));
    let report = readings.report(&references).unwrap();
    assert!(report.precision.unwrap().high < PRECISION_AIM);
    assert_eq!(report.level(), Level::Warn);
}

#[test]
fn readings_of_another_model_are_refused() {
    let mut numbers = Numbers(8);
    let one = references(&mut numbers);
    let other = References { features: vec![], ..one.clone() };
    let mut readings = Readings::new(&one);
    assert_eq!(readings.merge(&Readings::new(&other)), Err(Unlike));
    assert_eq!(readings.report(&other), Err(Unlike));
}

proptest! {
    #[test]
    fn readings_of_parts_add_up_to_those_of_the_whole(
        scores in vec(any::<f32>(), 0..200), rows in vec(any::<f32>(), 200), at in 0usize..200,
    ) {
        let references = references(&mut Numbers(9));
        let count = |scores: &[f32], rows: &[f32]| {
            let mut readings = Readings::new(&references);
            for (score, value) in scores.iter().zip(rows) {
                readings.add(&references, *score, &[*value], *score > 0.5);
                readings.answers.add(*score > 0.5, value.abs() as u32);
            }
            readings
        };
        let at = at.min(scores.len());
        let mut parts = count(&scores[..at], &rows[..at]);
        parts.merge(&count(&scores[at..], &rows[at..])).unwrap();
        prop_assert_eq!(&parts, &count(&scores, &rows));
        let kept: Readings = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
        prop_assert_eq!(kept, parts);
    }
}

#[test]
fn the_reference_of_the_shipped_model_can_be_watched_against() {
    let model = crate::model::Model::load(crate::model::SHIPPED).unwrap();
    let artefact = &model.artefact().reference;
    let references = References::of(artefact, 50_000);
    assert_eq!(references.features.len(), crate::catalogue::COUNT);
    assert_eq!(references.score.edges, artefact.shapes[0].edges);
    let mut readings = Readings::new(&references);
    let mut numbers = Numbers(10);
    // Scores drawn from the reference's own bins are calm; the same score each time is not.
    let draw = |numbers: &mut Numbers| {
        let edges = &references.score.edges;
        let mut left = numbers.next() as f64;
        let bin = artefact.shapes[0].shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        edges.get(bin.unwrap_or(0)).copied().unwrap_or(f32::MAX)
    };
    (0..2_000).for_each(|_| readings.add(&references, draw(&mut numbers), &[], false));
    assert_eq!(readings.report(&references).unwrap().score.level, Level::Calm);
    let mut stuck = Readings::new(&references);
    (0..2_000).for_each(|_| stuck.add(&references, references.score.edges[0], &[], false));
    assert_eq!(stuck.report(&references).unwrap().score.level, Level::Alarm);
}
