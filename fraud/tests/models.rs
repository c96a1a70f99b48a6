//! Training, artefacts, reasons and drift, on a small network that the simulator makes.

#![allow(clippy::unwrap_used, reason = "a test's own making may panic")]

use fraud::{
    artefact::{Artefact, Broken, Kind, LARGEST, VERSION},
    catalogue::{COUNT, Features},
    drift::{Finding, Monitor},
    event::DAY,
    model::{Model, SHIPPED},
    papers,
    protocol::Weeks,
    replay::{Told, replay},
    simulate::{Pattern, Simulator, Size},
    state::{Bounds, State},
    train::{History, Plan, Untrained, train},
    trees::{Flat, Settings, Table, grow},
};
use std::sync::OnceLock;

const FIRST: u32 = 17_600;
/// Five weeks until every window is full, four to learn, one to compare.
const DAYS: u32 = 70;
const LEARN: u32 = FIRST + 35;
const TEST: u32 = FIRST + 63;
const SMALL: Size = Size { cards: 500, terminals: 1_000 };

struct Made {
    told: Vec<Told>,
    values: Vec<f32>,
}

fn live() -> Made {
    let simulator = Simulator::new(3, Pattern::Mixed, SMALL, FIRST);
    let told: Vec<Told> = simulator.take_while(|one| one.payment.at < (FIRST + DAYS) * DAY).collect();
    let mut values = vec![];
    replay(&mut State::new(Bounds::default()), &told, |_, features| values.extend_from_slice(&features.0));
    Made { told, values }
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(live)
}

fn plan(kind: Kind) -> Plan {
    Plan { kind, from: LEARN * DAY, to: TEST * DAY, label_delay: 7 * DAY, seed: 9, data: [7; 32] }
}

fn history(made: &Made) -> History<'_> {
    History { told: &made.told, values: &made.values }
}

fn artefact(kind: Kind) -> &'static Artefact {
    static MADE: [OnceLock<Artefact>; 2] = [OnceLock::new(), OnceLock::new()];
    MADE[usize::from(kind == Kind::Additive)].get_or_init(|| train(&history(made()), &plan(kind)).unwrap())
}

#[test]
fn the_same_history_and_seed_give_the_same_bytes() {
    let again = train(&history(made()), &plan(Kind::Trees)).unwrap();
    assert_eq!(again.bytes(), artefact(Kind::Trees).bytes());
    let other = train(&history(made()), &Plan { seed: 10, ..plan(Kind::Trees) }).unwrap();
    assert_ne!(other.bytes(), again.bytes());
}

#[test]
fn an_artefact_comes_back_as_it_was() {
    for kind in [Kind::Trees, Kind::Additive] {
        let bytes = artefact(kind).bytes();
        let read = Artefact::read(&bytes).unwrap();
        assert_eq!(&read, artefact(kind));
        assert_eq!(read.bytes(), bytes);
    }
}

/// Bytes with a digest that fits them.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    body.extend_from_slice(&Sha256::digest(&body));
    body
}

#[test]
fn a_model_that_was_cut_is_refused_at_every_length() {
    let bytes = artefact(Kind::Additive).bytes();
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        assert!(Artefact::read(&bytes[..length]).is_err(), "{length} bytes");
        // With a digest that fits, the lengths inside are what refuses it.
        if length < bytes.len() - 32 {
            assert!(Artefact::read(&sealed(bytes[..length].to_vec())).is_err(), "{length} bytes, sealed");
        }
    }
}

#[test]
fn a_model_that_was_changed_says_what_is_wrong() {
    let bytes = artefact(Kind::Trees).bytes();
    let body = bytes[..bytes.len() - 32].to_vec();
    let changed = |at: usize, sealed_again: bool| {
        let mut changed = body.clone();
        changed[at] ^= 0xff;
        let old = &bytes[bytes.len() - 32..];
        let whole = if sealed_again { sealed(changed) } else { [changed, old.to_vec()].concat() };
        Artefact::read(&whole).unwrap_err()
    };
    assert_eq!(changed(0, true), Broken::Magic);
    assert_eq!(changed(8, true), Broken::Version(VERSION ^ 0xff));
    assert_eq!(changed(100, false), Broken::Digest);
    assert_eq!(changed(12, true), Broken::Catalogue);
    assert_eq!(changed(44, true), Broken::Part("the kind of model"));
    let longer = sealed([body.clone(), vec![0; 3]].concat());
    assert_eq!(Artefact::read(&longer).unwrap_err(), Broken::Rest(3));
    assert_eq!(Artefact::read(&vec![0; LARGEST + 1]).unwrap_err(), Broken::Long(LARGEST + 1));
    assert_eq!(Artefact::read(&vec![0; LARGEST]).unwrap_err(), Broken::Magic);
}

#[test]
fn every_single_changed_byte_under_a_fitting_digest_is_refused_or_scores_without_a_panic() {
    let bytes = artefact(Kind::Additive).bytes();
    let body = &bytes[..bytes.len() - 32];
    let features = history(made()).features(100);
    for at in (0..body.len()).step_by(11) {
        let mut changed = body.to_vec();
        changed[at] ^= 0x55;
        if let Ok(model) = Model::load(&sealed(changed)) {
            let score = model.score(&features);
            assert!(score.probability.is_nan() || (0.0..=1.0).contains(&score.probability));
            model.reasons(&features);
        }
    }
}

#[test]
fn too_short_a_history_and_one_without_frauds_train_nothing() {
    let made = made();
    let short = Plan { from: (LEARN + 8) * DAY, ..plan(Kind::Trees) };
    assert_eq!(train(&history(made), &short).unwrap_err(), Untrained::Days { days: 20 });
    let told: Vec<Told> = made.told.iter().map(|one| Told { fraud: false, ..*one }).collect();
    let clean = History { told: &told, values: &made.values };
    assert!(matches!(train(&clean, &plan(Kind::Trees)).unwrap_err(), Untrained::Frauds { frauds: 0, .. }));
}

#[test]
fn a_model_finds_most_frauds_of_a_week_that_it_has_not_seen_and_says_why() {
    let model = Model::from(artefact(Kind::Trees).clone());
    let history = history(made());
    let test = Weeks::places(&made().told, TEST..TEST + 7);
    let mut scores: Vec<(f32, usize)> =
        test.clone().map(|place| (model.raw(&history.features(place)), place)).collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let hits = scores[..50].iter().filter(|(_, place)| made().told[*place].fraud).count();
    assert!(hits >= 40, "{hits} of the 50 most suspicious are fraud");
    for (_, place) in &scores[..50] {
        let reasons = model.reasons(&history.features(*place));
        assert!((1..=3).contains(&reasons.len()));
        assert!(reasons.windows(2).all(|two| two[0].added >= two[1].added && two[0].family != two[1].family));
        assert!(reasons.iter().all(|reason| !reason.words.contains("NaN") && reason.added > 0.0));
    }
    let score = |place: usize| model.score(&history.features(place)).probability;
    assert!(score(scores[0].1) > 0.5 && score(scores[scores.len() - 1].1) < 0.01);
}

#[test]
fn laid_out_for_speed_the_trees_say_the_same() {
    let trees = &artefact(Kind::Trees).trees;
    let flat = Flat::new(trees);
    for place in (0..made().told.len()).step_by(17) {
        let features = history(made()).features(place);
        let added: f64 = trees.contributions(&features).iter().map(|by| f64::from(*by)).sum();
        let mean: f64 = trees.trees.iter().map(|tree| f64::from(tree.values[0])).sum();
        let by_paths = f64::from(trees.bias) + mean + added;
        assert!((by_paths - f64::from(flat.score(&features))).abs() < 1e-3, "{by_paths} at {place}");
    }
}

#[test]
fn an_additive_model_is_one_curve_for_each_feature() {
    let trees = &artefact(Kind::Additive).trees;
    let curves = trees.curves().unwrap();
    assert!(curves.len() > 5 && curves.windows(2).all(|two| two[0].range() >= two[1].range()));
    let flat = Flat::new(trees);
    for place in (0..made().told.len()).step_by(17) {
        let features = history(made()).features(place);
        let by_curves = trees.by_curves(&curves, &features);
        assert!((by_curves - f64::from(flat.score(&features))).abs() < 1e-3, "{by_curves} at {place}");
    }
    assert!(artefact(Kind::Trees).trees.curves().is_none(), "deeper trees are no curves");
}

#[test]
fn what_is_missing_goes_where_the_frauds_were() {
    // One feature: missing in every fraud, random otherwise.
    let mut random = fraud::random::Random::new(4);
    let truth: Vec<bool> = (0..2_000).map(|row| row % 10 == 0).collect();
    let values: Vec<f32> =
        truth.iter().map(|fraud| if *fraud { f32::NAN } else { random.unit() as f32 }).collect();
    let table = Table { values: &values, width: 1, truth: &truth, weights: &vec![1.0; 2_000] };
    let settings = Settings {
        trees: 10,
        depth: 2,
        rate: 0.3,
        rows: 1.0,
        columns: 1.0,
        lambda: 1.0,
        least: 1.0,
        seed: 1,
    };
    let flat = Flat::new(&grow(&table, &settings));
    let score = |value: f32| {
        let mut features = Features([0.0; COUNT]);
        features.0[0] = value;
        flat.score(&features)
    };
    assert!(score(f32::NAN) > 0.0);
    assert!(score(0.0) < 0.0 && score(0.5) < 0.0 && score(9.0) < 0.0);
}

/// Findings of the last week, which follows the reference.
fn findings(made: &Made) -> Vec<Finding> {
    let model = Model::from(artefact(Kind::Trees).clone());
    let reference = &model.artefact().reference;
    let mut monitor = Monitor::default();
    let mut found = vec![];
    for day in TEST..TEST + 7 {
        for place in Weeks::places(&made.told, day..day + 1) {
            let features = history(made).features(place);
            monitor.note(reference, model.raw(&features), &features.0);
        }
        found.extend(monitor.close(reference, 0, 0));
    }
    found
}

#[test]
fn a_week_like_the_others_raises_no_alarm() {
    assert_eq!(findings(made()), []);
}

#[test]
fn amounts_that_double_raise_the_alarm() {
    let mut made = live();
    for row in made.values.chunks_exact_mut(COUNT) {
        row[0] *= 2.0;
    }
    assert!(findings(&made).iter().any(|finding| matches!(finding, Finding::Index { column: Some(0), .. })));
}

#[test]
fn frauds_that_are_no_longer_caught_raise_the_alarm() {
    let model = Model::from(artefact(Kind::Trees).clone());
    let reference = &model.artefact().reference;
    let mut monitor = Monitor::default();
    let was = reference.caught;
    assert!((0.3..0.95).contains(&was), "{was}");
    let as_before = (was * 1_000.0) as u64;
    assert_eq!(monitor.close(reference, 1_000, as_before), []);
    assert!(matches!(monitor.close(reference, 1_000, as_before / 2)[..], [Finding::Caught { .. }]));
    assert_eq!(monitor.close(reference, 0, 0), [], "nothing is known, nothing is said");
}

#[test]
fn the_shipped_model_fits_this_program_and_is_small() {
    let model = Model::load(SHIPPED).unwrap();
    assert!(SHIPPED.len() < 500_000, "{} bytes", SHIPPED.len());
    let card = include_str!("../artefacts/demo.md");
    assert_eq!(papers::card(model.artefact()), card, "the card beside it is the card of it");
    assert!(card.contains(&papers::hex(&model.digest())));
}

#[test]
fn a_seed_gives_the_same_payments_in_the_order_of_time() {
    let live =
        |seed| -> Vec<Told> { Simulator::new(seed, Pattern::Mixed, SMALL, FIRST).take(5_000).collect() };
    let told = live(1);
    assert_eq!(told, live(1));
    assert_ne!(told, live(2));
    assert!(told.windows(2).all(|two| two[0].payment.at <= two[1].payment.at));
    assert!(told.windows(2).all(|two| two[0].payment.id + 1 == two[1].payment.id));
}

#[test]
fn every_pattern_makes_its_frauds() {
    for (name, pattern) in Pattern::ALL {
        let told: Vec<Told> = Simulator::new(1, pattern, SMALL, FIRST).take(30_000).collect();
        let frauds = told.iter().filter(|one| one.fraud).count() as f64 / told.len() as f64;
        assert!((0.003..0.03).contains(&frauds), "{name}: {frauds}");
    }
}
