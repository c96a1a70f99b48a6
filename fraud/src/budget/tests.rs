use super::*;
use crate::rules::Action;
use proptest::{collection::vec, prelude::*};

const HOUR: Seconds = 3_600;
const DAY: Seconds = 24 * HOUR;

fn settings() -> Settings {
    Settings::around(0.5)
}

fn budget() -> Budget {
    Budget::new(settings()).unwrap()
}

fn seen(now: Seconds, card: u64, score: f32) -> Seen {
    Seen { now, day: (now / DAY) as i32, card, terminal: card, score }
}

/// So many payments of no interest in one second.
fn quiet(budget: &mut Budget, now: Seconds, payments: u64) {
    for card in 0..payments {
        let decision = budget.decide(&seen(now, card, 0.0), &Verdict::SILENT);
        assert_eq!((decision.outcome, decision.notice), (Outcome::Pass, Notice::None));
    }
}

fn hit(budget: &mut Budget, now: Seconds, card: u64) -> Notice {
    budget.decide(&seen(now, card, 0.99), &Verdict::SILENT).notice
}

fn open(alert: u64) -> Notice {
    Notice::Open { alert, extra: false }
}

#[test]
fn seven_alerts_in_a_thousand_payments_and_not_eight() {
    let mut budget = budget();
    quiet(&mut budget, 0, 993);
    for card in 0..6 {
        assert_eq!(hit(&mut budget, 0, card), open(card + 1));
    }
    assert_eq!(hit(&mut budget, 0, 6), open(7), "the thousandth payment");
    assert_eq!(hit(&mut budget, 0, 7), Notice::Held(Holding::DayBudget));
    let totals = budget.totals();
    assert_eq!((totals.payments, totals.opened, totals.held_day), (1_001, 7, 1));
}

#[test]
fn a_held_hit_is_still_refused_or_kept_waiting() {
    let mut budget = budget();
    for (action, outcome) in [(Action::Decline, Outcome::Decline), (Action::StepUp, Outcome::StepUp)] {
        let verdict = Verdict { strongest: Some(action), ..Verdict::SILENT };
        let decision = budget.decide(&seen(0, 1, 0.0), &verdict);
        assert_eq!((decision.outcome, decision.notice), (outcome, Notice::Held(Holding::DayBudget)));
    }
}

#[test]
fn a_small_bank_may_choose_a_few_alerts_a_day_whatever_the_share() {
    let mut budget = Budget::new(Settings { least_a_day: 2, ..settings() }).unwrap();
    assert_eq!(hit(&mut budget, 0, 1), open(1));
    assert_eq!(hit(&mut budget, 0, 2), open(2));
    assert_eq!(hit(&mut budget, 0, 3), Notice::Held(Holding::DayBudget));
}

#[test]
fn further_hits_of_a_card_join_its_alert_until_the_day_is_over() {
    let mut budget = budget();
    quiet(&mut budget, 0, 1_000);
    assert_eq!(hit(&mut budget, 0, 5), open(1));
    assert_eq!(hit(&mut budget, DAY - 1, 5), Notice::Join { alert: 1 });
    assert_eq!(hit(&mut budget, DAY, 5), Notice::Held(Holding::DayBudget), "no payments of this day yet");
    quiet(&mut budget, DAY, 1_000);
    assert_eq!(hit(&mut budget, DAY, 5), open(2));
    let late = Seen { day: 0, ..seen(DAY, 5, 0.99) };
    assert_eq!(budget.decide(&late, &Verdict::SILENT).notice, Notice::Join { alert: 1 });
    quiet(&mut budget, 2 * DAY, 1);
    assert_eq!(budget.decide(&late, &Verdict::SILENT).notice, Notice::Held(Holding::Late));
}

#[test]
fn the_week_holds_when_a_day_would_not() {
    let mut budget = budget();
    quiet(&mut budget, 0, 2_000);
    for card in 0..14 {
        assert_eq!(hit(&mut budget, 0, card), open(card + 1));
    }
    // The next day is smaller: its own share is 7, and the week's is 21.
    quiet(&mut budget, DAY, 1_000);
    for card in 0..7 {
        assert_eq!(hit(&mut budget, DAY, card), open(card + 15));
    }
    assert_eq!(hit(&mut budget, DAY, 8), Notice::Held(Holding::DayBudget));
    let mut other = Budget::new(Settings { least_a_day: 1, ..settings() }).unwrap();
    for day in 0..7 {
        assert_eq!(hit(&mut other, day * DAY, 1), open(u64::from(day) + 1));
    }
    quiet(&mut other, 6 * DAY + HOUR, 286);
    assert_eq!(
        hit(&mut other, 6 * DAY + HOUR, 2),
        Notice::Held(Holding::WeekBudget),
        "the day has room for two"
    );
}

#[test]
fn an_operator_lifts_the_budget_for_a_time_and_one_alert_a_card_stays() {
    let mut budget = budget();
    assert_eq!(hit(&mut budget, 100, 1), Notice::Held(Holding::DayBudget));
    assert_eq!(budget.lift(100, 100 + HOUR), Ok(Lift { until: 100 + HOUR }));
    assert_eq!(hit(&mut budget, 100, 1), Notice::Open { alert: 1, extra: true });
    assert_eq!(hit(&mut budget, 100, 1), Notice::Join { alert: 1 });
    assert_eq!(hit(&mut budget, 99 + HOUR, 2), Notice::Open { alert: 2, extra: true });
    assert_eq!(hit(&mut budget, 100 + HOUR, 3), Notice::Held(Holding::DayBudget));
    assert_eq!(budget.totals().extra, 2);
    assert_eq!(budget.used().0.alerts, 0, "the ordinary budget is untouched");
    budget.lift(100 + HOUR, 101 + HOUR).unwrap();
    budget.end_lift();
    assert_eq!(budget.lifted(), None);
}

#[test]
fn a_budget_is_lifted_for_a_day_at_most() {
    let mut budget = budget();
    assert!(budget.lift(100, 100 + DAY).is_ok());
    assert_eq!(budget.lift(100, 101 + DAY), Err(LiftFault::TooLong { hours: 25 }));
    assert_eq!(budget.lift(100, 100), Err(LiftFault::Over));
}

#[test]
fn a_flood_at_one_terminal_is_one_incident() {
    let mut budget = budget();
    quiet(&mut budget, 0, 10_000);
    let at = |budget: &mut Budget, card| {
        let seen = Seen { terminal: 77, ..seen(10, card, 0.99) };
        budget.decide(&seen, &Verdict::SILENT).notice
    };
    for card in 0..10 {
        assert_eq!(at(&mut budget, card), open(card + 1));
    }
    assert_eq!(at(&mut budget, 10), Notice::Incident { incident: 1, begins: true });
    for card in 11..500 {
        assert_eq!(at(&mut budget, card), Notice::Incident { incident: 1, begins: false });
    }
    assert_eq!(at(&mut budget, 3), Notice::Join { alert: 4 }, "whoever was asked stays asked");
    let (terminal, incident) = budget.incidents().next().unwrap();
    assert_eq!((terminal, incident.hits, incident.cards), (77, 491, 500));
    assert_eq!(budget.totals().grouped, 490);
}

#[test]
fn a_payment_without_a_score_is_counted_and_left_to_the_rules() {
    let mut budget = budget();
    let decision = budget.decide(&seen(0, 1, f32::NAN), &Verdict::SILENT);
    assert_eq!((decision.outcome, budget.totals().unscored), (Outcome::Pass, 1));
    assert!(decision.score.is_nan());
}

/// Ten days; each hour so many payments, the first few of which score 0.99, and so many answers.
fn ten_days(budget: &mut Budget, payments: u64, hits: u64, answers: u64, fraud: u64) -> f32 {
    for hour in 0..240 {
        for card in 0..payments {
            let score = if card < hits { 0.99 } else { 0.0 };
            budget.decide(&seen(hour * HOUR, u64::from(hour) * payments + card, score), &Verdict::SILENT);
        }
        (0..answers).for_each(|answer| budget.answered(hour * HOUR, answer < fraud));
    }
    budget.threshold()
}

#[test]
fn the_threshold_goes_where_budget_and_answers_want_it() {
    let ends = |hits, answers, fraud| ten_days(&mut budget(), 200, hits, answers, fraud);
    assert_eq!(ends(0, 0, 0), 0.5, "nothing is known, so nothing moves");
    assert_eq!(ends(4, 0, 0), 0.75, "2 % are asked for: up to the ceiling");
    assert_eq!(ends(0, 10, 8), 0.75, "of ten answers two say that it was fine");
    assert!((ends(0, 10, 10) - 0.5 / 1.05f32.powi(10)).abs() < 0.01, "room, and every answer says fraud");
    let mut high = budget();
    ten_days(&mut high, 200, 4, 0, 0);
    for hour in 240..600 {
        (0..200).for_each(|card| _ = high.decide(&seen(hour * HOUR, card, 0.0), &Verdict::SILENT));
    }
    assert_eq!(high.threshold(), 0.5, "when it is quiet again, back to the start and no further");
}

#[test]
fn few_payments_or_answers_move_nothing() {
    assert_eq!(ten_days(&mut budget(), 41, 4, 0, 0), 0.5, "984 payments a day");
    assert_ne!(ten_days(&mut budget(), 42, 4, 0, 0), 0.5, "1,008 payments a day");
    let mut budget = budget();
    quiet(&mut budget, 0, 1_000);
    (0..49).for_each(|_| budget.answered(0, false));
    quiet(&mut budget, HOUR, 1_000);
    assert_eq!(budget.threshold(), 0.5);
    budget.answered(HOUR, false);
    quiet(&mut budget, 2 * HOUR, 1);
    assert!(budget.threshold() > 0.5);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let with = |settings| Budget::new(settings).err();
    assert_eq!(with(Settings { share_ppm: MAX_SHARE_PPM, ..settings() }), None);
    assert_eq!(
        with(Settings { share_ppm: MAX_SHARE_PPM + 1, ..settings() }),
        Some(SettingsFault::Share(50_001))
    );
    for (floor, start, ceiling) in
        [(0.0, 0.5, 1.0), (0.6, 0.5, 1.0), (0.1, 0.5, 0.4), (0.1, 0.5, 1.1), (f64::NAN, 0.5, 1.0)]
    {
        let fault = with(Settings { floor, start, ceiling, ..settings() });
        assert_eq!(fault, Some(SettingsFault::Thresholds), "{floor} {start} {ceiling}");
    }
    let mut budget = budget();
    budget.change(Settings { floor: 0.6, start: 0.7, ceiling: 0.8, ..settings() }).unwrap();
    assert_eq!(budget.threshold(), 0.6);
}

#[test]
fn a_budget_that_was_kept_and_damaged_is_refused() {
    let kept = serde_json::to_value(budget()).unwrap();
    let damaged = |change: fn(&mut serde_json::Value)| {
        let mut kept = kept.clone();
        change(&mut kept);
        serde_json::from_value::<Budget>(kept).is_err()
    };
    assert!(!damaged(|_| ()));
    assert!(damaged(|kept| kept["threshold"] = 2.into()));
    assert!(damaged(|kept| kept["windows"]["hours"] = serde_json::json!([])));
    assert!(damaged(|kept| kept["settings"]["share_ppm"] = 60_000.into()));
}

#[derive(Debug, Clone, Copy)]
struct Event {
    wait: Seconds,
    card: u64,
    terminal: u64,
    score: f32,
    action: Option<Action>,
    late: bool,
    answer: Option<bool>,
}

fn event() -> impl Strategy<Value = Event> {
    let actions = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Action::Alert)),
        1 => Just(Some(Action::Decline)),
        1 => Just(Some(Action::Allow)),
    ];
    let wait = prop_oneof![6 => 0..60u32, 2 => 0..HOUR, 1 => 0..5 * HOUR];
    let answer = prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)];
    (wait, 0..40u64, 0..4u64, 0f32..1.0, actions, prop::bool::weighted(0.1), answer).prop_map(
        |(wait, card, terminal, score, action, late, answer)| Event {
            wait,
            card,
            terminal,
            score,
            action,
            late,
            answer,
        },
    )
}

fn play(budget: &mut Budget, now: &mut Seconds, event: &Event) -> (Seen, Decision) {
    *now += event.wait;
    budget.turn_to(*now);
    if let Some(fraud) = event.answer {
        budget.answered(*now, fraud);
    }
    // Some come an hour late, which may be the day before.
    let at = if event.late { now.saturating_sub(HOUR) } else { *now };
    let seen = Seen { terminal: event.terminal, ..seen(at, event.card, event.score) };
    let verdict = Verdict { strongest: event.action, ..Verdict::SILENT };
    (seen, budget.decide(&seen, &verdict))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_budget_holds_for_any_stream(events in vec(event(), 1..1_500)) {
        let settings = Settings { share_ppm: MAX_SHARE_PPM, ..settings() };
        let (mut budget, mut now) = (Budget::new(settings).unwrap(), DAY);
        let mut opened = std::collections::HashMap::new();
        // The hour of each payment as the budget's clock sees it, and whether it opened an alert.
        let mut past: Vec<(u32, bool)> = vec![];
        let mut thresholds: Vec<(Seconds, f32)> = vec![];
        for event in &events {
            let (seen, decision) = play(&mut budget, &mut now, event);
            let opens = matches!(decision.notice, Notice::Open { .. });
            past.push((now / HOUR, opens));
            match decision.notice {
                Notice::Open { alert, extra } => {
                    prop_assert!(!extra);
                    prop_assert_eq!(opened.insert((seen.card, seen.day), alert), None, "two alerts for a card and day");
                    for hours in [24, 168] {
                        let within = past.iter().filter(|(hour, _)| now / HOUR - hour < hours);
                        let alerts = within.clone().filter(|(_, opens)| *opens).count();
                        prop_assert!(alerts * 20 <= within.count(), "5 % of {hours} hours");
                    }
                }
                Notice::Join { alert } => prop_assert_eq!(opened.get(&(seen.card, seen.day)), Some(&alert)),
                Notice::None => prop_assert_eq!(decision.outcome, Outcome::Pass),
                Notice::Held(_) | Notice::Incident { .. } => prop_assert!(decision.outcome != Outcome::Pass),
            }
            thresholds.push((now, decision.threshold));
        }
        let alerts = past.iter().filter(|(_, opens)| *opens).count();
        prop_assert!(alerts * 20 <= past.len(), "over the whole time too");
        for (place, (at, threshold)) in thresholds.iter().enumerate() {
            prop_assert!((0.25..=0.75).contains(threshold));
            for (_, later) in thresholds[place..].iter().take_while(|(later, _)| later - at < DAY) {
                let ratio = f64::from(*later) / f64::from(*threshold);
                prop_assert!(ratio < 1.05001 && ratio > 1.0 / 1.05001, "{ratio} within a day");
            }
        }
    }

    #[test]
    fn a_budget_that_is_kept_and_put_back_goes_on_as_before(events in vec(event(), 2..300), at in 0usize..300) {
        let settings = Settings { share_ppm: MAX_SHARE_PPM, least_a_day: 3, ..settings() };
        let (mut whole, mut now) = (Budget::new(settings).unwrap(), DAY);
        let (first, then) = events.split_at(at.min(events.len()));
        first.iter().for_each(|event| _ = play(&mut whole, &mut now, event));
        let kept = serde_json::to_string(&whole).unwrap();
        let mut back: Budget = serde_json::from_str(&kept).unwrap();
        let mut also_now = now;
        for event in then {
            let (one, other) = (play(&mut whole, &mut now, event), play(&mut back, &mut also_now, event));
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(whole, back);
    }
}
