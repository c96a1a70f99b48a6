//! Streams of the simulator through a whole judge, in the order in which a log has them.

use super::*;
use crate::{
    alerts::{
        judge::{Judge, Memory},
        snapshot::{self, Unusable},
        standing::{LEAST_FRAUDS, Standing},
    },
    config::Fraud,
};
use banks::SigningKey;
use fraud::{
    artefact::Artefact,
    drift::Reference,
    event::{Attributes, DAY, Event, Payment},
    model::{Model, SHIPPED},
    replay::{self, Told as Truth},
    simulate::{Pattern, Simulator, Size},
    state::{Bounds, Seen, State},
};
use jiff::{SignedDuration, tz::TimeZone};
use std::{collections::VecDeque, fs, ops::Range, path::Path};
use tempfile::TempDir;

const FIRST: u32 = 20_000;
const SMALL: Size = Size { cards: 500, terminals: 1_000 };
/// The days of the reference, in days since the first; everything is warm by then.
const REFERENCE: Range<u32> = 35..42;

/// So many days of payments as the log has them: without places.
fn stream(pattern: Pattern, size: Size, days: u32) -> Vec<Truth> {
    let made = Simulator::new(7, pattern, size, FIRST);
    made.take_while(|one| one.payment.at < (FIRST + days) * DAY).map(bare).collect()
}

fn bare(one: Truth) -> Truth {
    Truth { payment: Payment { more: Attributes::default(), ..one.payment }, ..one }
}

/// Payments, and after a week what they were, in the order of time.
fn events(told: &[Truth]) -> Vec<Event> {
    let mut due: VecDeque<Label> = VecDeque::new();
    let mut events = vec![];
    for one in told {
        while due.front().is_some_and(|label| label.arrived_at <= one.payment.at) {
            events.extend(due.pop_front().map(Event::Label));
        }
        events.push(Event::Payment(one.payment));
        due.push_back(replay::label(one, 7 * DAY));
    }
    events
}

/// The model that ships, as if it had learned from the days of the reference.
fn at_home(told: &[Truth]) -> Artefact {
    let mut artefact = Artefact::read(SHIPPED).unwrap();
    let model = Model::from(artefact.clone());
    let mut state = State::new(Bounds::default());
    let mut days: Vec<Vec<(f32, Features)>> = vec![vec![]; REFERENCE.len()];
    let frauds: std::collections::HashSet<u64> =
        told.iter().filter(|one| one.fraud).map(|one| one.payment.id).collect();
    let mut caught = Count::default();
    for event in events(told) {
        let Some(Seen::Fresh(features) | Seen::Late(features)) = state.fold(&event) else { continue };
        let Event::Payment(payment) = event else { continue };
        let day = payment.at / DAY - FIRST;
        if REFERENCE.contains(&day) {
            if frauds.contains(&payment.id) && features[Column::CardFrauds35d] == 0.0 {
                caught.add(model.raw(&features) >= artefact.thresholds.budget);
            }
            days[(day - REFERENCE.start) as usize].push((model.raw(&features), features));
        }
    }
    let rows: Vec<Vec<(f32, &[f32])>> = days
        .iter()
        .map(|day| day.iter().map(|(score, features)| (*score, &features.0[..])).collect())
        .collect();
    artefact.reference = Reference::new(&rows, artefact.thresholds.budget, caught.share().unwrap_or(0.0));
    artefact
}

fn put(dir: &Path, name: &str, artefact: &Artefact) -> Option<std::path::PathBuf> {
    let path = dir.join(name);
    fs::write(&path, artefact.bytes()).unwrap();
    Some(path)
}

fn judge(model: Option<std::path::PathBuf>, shadow: Option<std::path::PathBuf>) -> Judge {
    let fraud = Fraud {
        key: SigningKey::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
        approve_over: None,
        remind: vec![],
        end: SignedDuration::from_hours(72),
        new_for: SignedDuration::ZERO,
        alerts_ppm: 7_000,
        least_alerts_a_day: 20,
        currency: domain::Currency::USD,
        rules: None,
        model,
        shadow,
    };
    Judge::of(&fraud, TimeZone::UTC, "2026-11-21".parse().unwrap())
}

/// The levels at the ends of these days, and what was found on each.
fn levels(judge: &Judge, told: &[Truth], days: Range<u32>) -> Vec<(Level, Vec<String>)> {
    let mut memory = judge.begin(Bounds::default());
    let (mut found, mut today) = (vec![], FIRST);
    for event in events(told) {
        judge.take(&mut memory, &event);
        let Event::Payment(payment) = event else { continue };
        if payment.at / DAY != today {
            today = payment.at / DAY;
            if days.contains(&(today - FIRST - 1)) {
                let standing = Standing::of(judge, &memory).drift;
                let day = standing.findings.iter().map(ToString::to_string);
                let hours = standing.report.iter().map(|report| report.to_string());
                found.push((standing.level, day.chain(hours).collect()));
            }
        }
    }
    found
}

#[test]
fn an_ordinary_week_raises_no_alarm() {
    let dir = TempDir::new().unwrap();
    let told = stream(Pattern::Published, SMALL, 50);
    let judge = judge(put(dir.path(), "model.bin", &at_home(&told)), None);
    let week = levels(&judge, &told, 42..49);
    assert_eq!(week.len(), 7);
    assert!(week.iter().all(|(level, _)| *level < Level::Alarm), "{week:#?}");
}

#[test]
fn amounts_that_grow_raise_the_alarm_within_the_week() {
    let dir = TempDir::new().unwrap();
    let mut told = stream(Pattern::Published, SMALL, 50);
    let judge = judge(put(dir.path(), "model.bin", &at_home(&told)), None);
    for one in told.iter_mut().filter(|one| one.payment.at >= (FIRST + 42) * DAY) {
        one.payment.amount = one.payment.amount * 9 / 5;
    }
    let week = levels(&judge, &told, 41..49);
    assert!(week[0].0 < Level::Alarm, "the day before: {:#?}", week[0]);
    assert!(week[1..].iter().any(|(level, _)| *level == Level::Alarm), "{week:#?}");
}

/// New frauds are a percent of all payments: a thousand payments a day show too few of them.
const LARGER: Size = Size { cards: 2_000, terminals: 4_000 };

#[test]
fn frauds_of_another_pattern_raise_the_alarm_within_the_week() {
    for pattern in [Pattern::Testing, Pattern::Takeover] {
        let dir = TempDir::new().unwrap();
        let mut made = Simulator::new(7, Pattern::Published, LARGER, FIRST);
        let mut told = vec![];
        while made.day() < FIRST + 50 {
            if made.day() == FIRST + 42 {
                made.turn_to(pattern);
            }
            told.extend(made.next().map(bare));
        }
        let judge = judge(put(dir.path(), "model.bin", &at_home(&told)), None);
        let week = levels(&judge, &told, 41..49);
        assert!(week[0].0 < Level::Alarm, "the day before: {:#?}", week[0]);
        assert!(week[1..].iter().any(|(level, _)| *level == Level::Alarm), "{pattern:?}: {week:#?}");
    }
}

const TINY: Size = Size { cards: 120, terminals: 240 };

/// A model that differs from the one that ships, in its name and in what it says.
fn other() -> Artefact {
    let mut other = Artefact::read(SHIPPED).unwrap();
    other.origin.seed += 1;
    other.calibration.shift += 1.0;
    other
}

/// An event, what the log keeps of its decision, and the score.
type Logged = (Event, Vec<u8>, Option<f32>);

/// Takes a log in for the first time: what is remembered, and the log with what was decided.
fn live(judge: &Judge, told: &[Truth]) -> (Memory, Vec<Logged>) {
    let mut memory = judge.begin(Bounds::default());
    let mut log = vec![];
    for event in events(told) {
        let judged = judge.take(&mut memory, &event);
        let score = judged.as_ref().and_then(|judged| judged.score);
        let decision: Decision = serde_json::from_value(serde_json::json!({
            "seq": 1, "score": score, "action": "none", "model": judged.as_ref().and_then(|judged| judged.model.clone())
        }))
        .unwrap();
        let trial = judged.as_ref().and_then(|judged| judged.on_trial.as_ref());
        log.push((event, logged(&decision, trial), score));
    }
    (memory, log)
}

#[test]
fn a_model_on_trial_is_counted_compared_and_changes_no_decision() {
    let dir = TempDir::new().unwrap();
    let told = stream(Pattern::Mixed, TINY, 40);
    let shadow = put(dir.path(), "shadow.bin", &other());
    let (alone, beside) = (judge(None, None), judge(None, shadow));
    let (without, one) = live(&alone, &told);
    let (with, two) = live(&beside, &told);
    let decided = |log: &[Logged]| log.iter().map(|(_, _, score)| *score).collect::<Vec<_>>();
    assert_eq!(decided(&one), decided(&two));
    assert_eq!(without.budget, with.budget, "the same customers were asked");
    assert!(one.iter().all(|(_, kept, _)| !String::from_utf8_lossy(kept).contains("trial")));
    let trial = Standing::of(&beside, &with).trial.unwrap();
    assert_eq!(trial.payments, told.len() as u64);
    assert_eq!(trial.alerts.in_force_only, 0, "it adds one to every logit");
    assert!(trial.alerts.shadow_only + trial.alerts.both > 0 && !trial.differences.is_empty());
    assert!(trial.labels.all > 5_000, "{:?}", trial.labels);
    assert_eq!(trial.precision.is_some(), trial.labels.of >= LEAST_FRAUDS, "{:?}", trial.labels);
    assert!(Standing::of(&alone, &without).trial.is_none());
}

#[test]
fn the_readings_are_the_same_when_the_log_is_read_again() {
    let dir = TempDir::new().unwrap();
    let told = stream(Pattern::Mixed, TINY, 34);
    let home = put(dir.path(), "model.bin", &at_home(&stream(Pattern::Mixed, TINY, 42)));
    let judge = judge(home, put(dir.path(), "shadow.bin", &other()));
    let (memory, log) = live(&judge, &told);
    let mut again = judge.begin(Bounds::default());
    for (event, decided, _) in &log {
        judge.take_again(&mut again, event, decided);
    }
    assert!(memory.watch.report().is_some(), "there is something to compare");
    assert_eq!(again.watch.bytes(), memory.watch.bytes());
    assert_eq!(again.watch.report(), memory.watch.report());

    let kept = snapshot::bytes(&memory, 7);
    let (back, seq) = snapshot::read(&judge, &kept).unwrap();
    assert_eq!(seq, 7);
    assert_eq!(back.watch.bytes(), memory.watch.bytes());
    assert_eq!(back.watch.report(), memory.watch.report());
    assert_eq!(back.budget, memory.budget);
}

#[test]
fn what_another_model_decided_is_not_counted_as_this_ones() {
    let dir = TempDir::new().unwrap();
    let told = stream(Pattern::Published, TINY, 3);
    let first = judge(put(dir.path(), "model.bin", &at_home(&stream(Pattern::Published, TINY, 42))), None);
    let (memory, log) = live(&first, &told);
    let second = judge(put(dir.path(), "other.bin", &other()), None);
    let mut again = second.begin(Bounds::default());
    for (event, decided, _) in &log {
        second.take_again(&mut again, event, decided);
    }
    assert!(memory.watch.kept.begun.is_some());
    assert_eq!(again.watch.kept.begun, None);
}

#[test]
fn another_model_begins_anew_and_another_one_on_trial_leaves_the_rest() {
    let dir = TempDir::new().unwrap();
    let told = stream(Pattern::Published, TINY, 34);
    let model = put(dir.path(), "model.bin", &at_home(&stream(Pattern::Published, TINY, 42)));
    let before = judge(model.clone(), None);
    let (memory, _) = live(&before, &told);
    assert!(memory.watch.report().is_some());
    let tried = judge(model, put(dir.path(), "shadow.bin", &other()));
    let same = memory.watch.clone().under(tried.models());
    assert_eq!(same.report(), memory.watch.report());
    assert_eq!(same.trial().map(|trial| trial.payments), Some(0));
    let changed = judge(put(dir.path(), "other.bin", &other()), None);
    let anew = memory.watch.clone().under(changed.models());
    assert_eq!((anew.report(), anew.judging(changed.models())), (None, Judging::Early));
    assert_eq!(anew.kept.first_day, memory.watch.kept.first_day);
}

#[test]
fn nothing_is_judged_with_the_model_that_ships_nor_before_thirty_days() {
    let dir = TempDir::new().unwrap();
    let own = judge(put(dir.path(), "model.bin", &at_home(&stream(Pattern::Published, TINY, 42))), None);
    for (days, judging) in [(30, Judging::Early), (32, Judging::Yes)] {
        let (memory, _) = live(&own, &stream(Pattern::Published, TINY, days));
        assert_eq!(memory.watch.judging(own.models()), judging, "{days} days");
    }
    let ships = judge(None, None);
    let (memory, _) = live(&ships, &stream(Pattern::Published, TINY, 32));
    assert_eq!((memory.watch.judging(ships.models()), memory.watch.report()), (Judging::Ships, None));
}

#[test]
fn answers_of_customers_are_counted_with_their_time() {
    let judge = judge(None, None);
    let told = stream(Pattern::Published, TINY, 2);
    let (mut memory, _) = live(&judge, &told);
    for (at, verdict) in [(0, Verdict::Suspected), (1, Verdict::Clean), (2, Verdict::Suspected)] {
        let label = replay::label(&told[at], 240);
        let label = Label { verdict, source: Source::Customer, ..label };
        judge.take(&mut memory, &Event::Label(label));
    }
    let answers = memory.watch.answers();
    assert_eq!((answers.no, answers.yes, answers.within(0.9)), (2, 1, Some(300)));
}

#[test]
fn a_damaged_snapshot_is_refused_and_one_of_an_earlier_version_is_known_as_such() {
    let judge = judge(None, None);
    let (memory, _) = live(&judge, &stream(Pattern::Published, TINY, 1));
    let kept = snapshot::bytes(&memory, 7);
    assert!(snapshot::read(&judge, &kept).is_ok());
    let watched = 16 + 8 + serde_json::to_vec(&memory.budget).unwrap().len() + 8;
    for at in [watched + 8, watched + 500, watched + memory.watch.bytes().len() - 1, kept.len() - 1] {
        let mut damaged = kept.clone();
        damaged[at] ^= 1;
        assert_eq!(snapshot::read(&judge, &damaged).err(), Some(Unusable::Damaged), "byte {at}");
    }
    for length in [0, 7, 20, watched, kept.len() - 1] {
        assert_eq!(snapshot::read(&judge, &kept[..length]).err(), Some(Unusable::Damaged), "{length} bytes");
    }
    let earlier = [&7u64.to_be_bytes()[..], &[0; 100]].concat();
    assert_eq!(snapshot::read(&judge, &earlier).err(), Some(Unusable::Older));
}
