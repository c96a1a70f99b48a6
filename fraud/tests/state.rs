//! The state against a reference that recomputes everything; replays, snapshots, repeats, lateness, limits.

mod reference;

use fraud::{
    catalogue::{COUNT, Column, Features, PEOPLE, PERSON},
    event::{Attributes, DAY, Event, HOUR, Label, Payment, Seconds, Source, Verdict},
    state::{Bounds, CARD_HORIZON, PAYMENTS, Seen, State, Unfit, hash},
};
use proptest::prelude::*;
use reference::Reference;
use std::collections::BTreeSet;

const START: Seconds = 17_000 * DAY;

fn payment(id: u64, at: Seconds, card: u64, terminal: u64, amount: u32) -> Payment {
    Payment { id, at, card, terminal, amount, more: Attributes::default() }
}

fn bits(features: &Features) -> [u32; COUNT] {
    features.0.map(|value| if value.is_nan() { u32::MAX } else { value.to_bits() })
}

fn seen(seen: Seen) -> Option<Features> {
    match seen {
        Seen::Fresh(features) | Seen::Late(features) => Some(features),
        Seen::Repeat => None,
    }
}

/// A stream of payments of a few cards at a few terminals, some late, some repeated, with labels that change.
fn streams() -> impl Strategy<Value = Vec<Event>> {
    let one = (0u32..36 * HOUR, 0u64..3, 0u64..3, 1u32..100_000, 0u32..12, any::<prop::sample::Index>());
    prop::collection::vec(one, 1..250).prop_map(|steps| {
        let (mut now, mut events, mut paid) = (START, vec![], Vec::<Payment>::new());
        for (number, (gap, card, terminal, amount, kind, which)) in steps.into_iter().enumerate() {
            now += if kind == 11 { gap } else { gap / 8 };
            let earlier = (!paid.is_empty()).then(|| *which.get(&paid));
            let label = |verdict, source, of: Payment| Label {
                payment: of.id,
                card: of.card,
                terminal: of.terminal,
                paid_at: of.at,
                arrived_at: now,
                verdict,
                source,
            };
            let event = match (kind, earlier) {
                (0 | 1, Some(of)) => Event::Label(label(Verdict::Fraud, Source::Agent, of)),
                (2, Some(of)) => Event::Label(label(Verdict::Suspected, Source::Customer, of)),
                (3, Some(of)) => Event::Label(label(Verdict::Clean, Source::Agent, of)),
                (4 | 5, Some(of)) => Event::Label(label(Verdict::Clean, Source::Matured, of)),
                (6, Some(of)) => Event::Payment(of),
                // Up to three days late.
                (7, _) => Event::Payment(payment(number as u64, now - 2 * gap, card, terminal, amount)),
                _ => Event::Payment(payment(number as u64, now, card, terminal, amount)),
            };
            if let Event::Payment(payment) = event {
                paid.push(payment);
            }
            events.push(event);
        }
        // Of two payments of one card at one terminal in one second labels cannot tell; that is another test.
        let mut told = std::collections::BTreeMap::new();
        events.retain(|event| match event {
            Event::Payment(of) => *told.entry((of.at, of.card, of.terminal)).or_insert(of.id) == of.id,
            Event::Label(of) => told.get(&(of.paid_at, of.card, of.terminal)) == Some(&of.payment),
        });
        events
    })
}

/// All payments of all customers, and what is known of each.
#[derive(Default)]
struct People(Vec<(Payment, Verdict)>);

impl People {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Payment(payment) if self.0.iter().all(|(known, _)| known.id != payment.id) => {
                self.0.push((*payment, Verdict::Clean));
            }
            Event::Payment(_) => {}
            Event::Label(label) => {
                let overrules = label.source != Source::Matured;
                let of = self.0.iter_mut().find(|(payment, _)| payment.id == label.payment);
                if let Some((_, known)) = of.filter(|_| overrules) {
                    *known = label.verdict;
                }
            }
        }
    }

    fn person(&self, now: &Payment) -> [f32; PERSON] {
        let within = |width: Seconds| {
            let of = self.0.iter().filter(move |(paid, _)| paid.at <= now.at && now.at - paid.at <= width);
            of.filter(|(paid, _)| paid.more.customer == now.more.customer)
        };
        let count = |width| within(width).count() as f32;
        let spent = |width| within(width).map(|(paid, _)| u64::from(paid.amount)).sum::<u64>() as f32;
        let cards = |width| within(width).map(|(paid, _)| paid.card).collect::<BTreeSet<_>>().len() as f32;
        let other =
            within(30 * DAY).filter(|(paid, _)| paid.card != now.card).map(|(paid, _)| now.at - paid.at);
        [
            count(HOUR),
            count(DAY),
            count(7 * DAY),
            spent(DAY),
            spent(7 * DAY),
            cards(DAY),
            cards(30 * DAY),
            within(30 * DAY).filter(|(_, known)| *known != Verdict::Clean).count() as f32,
            other.min().map_or(f32::NAN, |ago| ago as f32),
        ]
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_feature_is_what_the_whole_history_says(events in streams(), delay in prop::sample::select(vec![HOUR, 7 * DAY])) {
        let mut state = State::new(Bounds { label_delay: delay, ..Bounds::default() });
        let mut reference = Reference::new(delay);
        for event in &events {
            match event {
                Event::Label(label) => {
                    state.label(label);
                    reference.label(label);
                }
                Event::Payment(payment) => {
                    let (is, should) = (seen(state.pay(payment)), reference.pay(payment));
                    prop_assert_eq!(is.is_some(), should.is_some());
                    if let (Some(is), Some(should)) = (is, should) {
                        for entry in fraud::catalogue::ENTRIES {
                            let (is, should) = (is[entry.column], should[entry.column]);
                            prop_assert!(is == should || (is.is_nan() && should.is_nan()),
                                "{} of {payment:?} is {is} and should be {should}", entry.name);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_snapshot_at_any_point_goes_on_as_if_nothing_had_happened(events in streams(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len());
        let mut whole = State::new(Bounds::default());
        for event in &events[..cut] {
            whole.fold(event);
        }
        let bytes = whole.snapshot();
        let mut again = State::restore(&bytes).unwrap();
        prop_assert_eq!(again.snapshot(), bytes);
        for event in &events[cut..] {
            let (a, b) = (whole.fold(event).and_then(seen), again.fold(event).and_then(seen));
            prop_assert_eq!(a.map(|features| bits(&features)), b.map(|features| bits(&features)));
        }
        prop_assert_eq!(hash(&whole.snapshot()), hash(&again.snapshot()));
    }

    #[test]
    fn the_same_log_gives_the_same_state_to_the_bit(events in streams()) {
        let fold = || {
            let mut state = State::new(Bounds::default());
            for event in &events {
                state.fold(event);
            }
            state.snapshot()
        };
        prop_assert_eq!(fold(), fold());
    }

    #[test]
    fn warming_changes_nothing(events in streams(), at_once in 1usize..40) {
        let (mut cold, mut warm) = (State::new(Bounds::default()), State::new(Bounds::default()));
        for few in events.chunks(at_once) {
            warm.warm(few.iter());
            for event in few {
                let seen = |state: &mut State| state.fold(event).and_then(seen).map(|features| bits(&features));
                prop_assert_eq!(seen(&mut warm), seen(&mut cold));
            }
        }
        prop_assert_eq!(warm.snapshot(), cold.snapshot());
    }

    #[test]
    fn what_a_customer_did_is_what_the_whole_history_says(events in streams()) {
        let (mut state, mut history) = (State::new(Bounds::default()), People::default());
        for event in &events {
            // Cards 0 and 1 are of one customer, card 2 is of another one.
            let event = match *event {
                Event::Payment(mut payment) => {
                    payment.more.customer = Some(payment.card / 2);
                    Event::Payment(payment)
                }
                label @ Event::Label(_) => label,
            };
            let seen = state.fold(&event);
            history.take(&event);
            if let (Event::Payment(payment), Some(Seen::Fresh(_))) = (&event, seen) {
                let (is, should) = (state.person(payment), history.person(payment));
                for (place, entry) in PEOPLE.iter().enumerate() {
                    let (is, should) = (is.0[place], should[place]);
                    prop_assert!(is == should || (is.is_nan() && should.is_nan()),
                        "{} of {payment:?} is {is} and should be {should}", entry.name);
                }
            }
        }
        prop_assert_eq!(State::restore(&state.snapshot()).unwrap().snapshot(), state.snapshot());
    }

    #[test]
    fn repeats_change_nothing(events in streams()) {
        let (mut once, mut twice) = (State::new(Bounds::default()), State::new(Bounds::default()));
        for event in &events {
            once.fold(event);
            twice.fold(event);
            if let Event::Payment(payment) = event {
                prop_assert_eq!(twice.pay(payment), Seen::Repeat);
            } else {
                twice.fold(event);
            }
        }
        let last = payment(u64::MAX, START + 100 * DAY, 0, 0, 500);
        let (a, b) = (seen(once.pay(&last)), seen(twice.pay(&last)));
        prop_assert_eq!(a.map(|features| bits(&features)), b.map(|features| bits(&features)));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_inside_the_ring(
        paid in prop::collection::vec((0u32..30 * DAY, 0u64..2, 1u32..100_000), 1..60).prop_shuffle(),
    ) {
        let mut payments: Vec<Payment> = paid
            .iter()
            .enumerate()
            .map(|(number, (at, terminal, amount))| payment(number as u64, START + at, 1, *terminal, *amount))
            .collect();
        let end = |payments: &[Payment]| {
            let mut state = State::new(Bounds::default());
            for payment in payments {
                state.pay(payment);
            }
            seen(state.pay(&payment(1_000, START + 30 * DAY, 1, 0, 5_000))).unwrap()
        };
        let mut mixed = end(&payments);
        payments.sort_by_key(|payment| payment.at);
        let mut sorted = end(&payments);
        // How large a payment was for its card is judged when it comes.
        for column in [Column::TerminalLarge7d, Column::TerminalRatio7d] {
            (mixed[column], sorted[column]) = (0.0, 0.0);
        }
        prop_assert_eq!(bits(&mixed), bits(&sorted));
    }
}

#[test]
fn a_card_keeps_its_last_payments_and_no_more() {
    let mut state = State::new(Bounds::default());
    let most = PAYMENTS as u32;
    for number in 0..most {
        state.pay(&payment(number.into(), START + number * 60, 1, u64::from(number == 0), 100));
    }
    let at = START + most * 60;
    let last = seen(state.pay(&payment(1_000, at, 1, 1, 100))).unwrap();
    assert_eq!(last[Column::HereBefore], 0.0, "one over the edge: the first is forgotten");
    assert_eq!(last[Column::CardCount30d], most as f32);
    let older = payment(1_001, START, 1, 1, 100);
    assert!(matches!(state.pay(&older), Seen::Late(_)), "older than all that is kept");
    assert_eq!(state.counts().late, 1);
}

#[test]
fn a_payment_as_old_as_the_ring_is_taken_in_and_one_second_more_is_counted_and_skipped() {
    let mut state = State::new(Bounds::default());
    state.pay(&payment(1, START, 1, 1, 100));
    assert!(matches!(state.pay(&payment(2, START - CARD_HORIZON, 1, 1, 100)), Seen::Fresh(_)));
    let before = state.counts();
    assert!(matches!(state.pay(&payment(3, START - CARD_HORIZON - 1, 1, 1, 100)), Seen::Late(_)));
    assert_eq!(state.counts(), fraud::state::Counts { late: before.late + 1, ..before });
}

#[test]
fn one_card_or_terminal_more_forgets_the_least_recently_used() {
    let mut state = State::new(Bounds { cards: 2, terminals: 2, ..Bounds::default() });
    for (id, card) in [(1, 1), (2, 2), (3, 1)] {
        state.pay(&payment(id, START + id as u32, card, card, 100));
    }
    assert_eq!((state.remembered(), state.counts().cards_forgotten), ((2, 2), 0));
    state.pay(&payment(4, START + 4, 3, 3, 100));
    assert_eq!((state.remembered(), state.counts().cards_forgotten), ((2, 2), 1));
    let of_one = seen(state.pay(&payment(5, START + 5, 1, 1, 100))).unwrap();
    assert_eq!(of_one[Column::CardCount1h], 3.0, "card 2 went, card 1 was used later");
}

#[test]
fn an_id_is_known_within_the_window_and_forgotten_one_after() {
    let mut state = State::new(Bounds { ids: 3, ..Bounds::default() });
    for id in 1..=3 {
        state.pay(&payment(id, START, id, 1, 100));
    }
    assert_eq!(state.pay(&payment(1, START, 1, 1, 100)), Seen::Repeat);
    state.pay(&payment(4, START, 4, 1, 100));
    assert!(matches!(state.pay(&payment(1, START, 1, 1, 100)), Seen::Fresh(_)));
}

#[test]
fn a_report_that_is_taken_back_leaves_no_trace() {
    let told = |verdicts: &[(Verdict, Source)]| {
        let mut state = State::new(Bounds::default());
        let of = payment(1, START, 1, 1, 9_000);
        state.pay(&of);
        for (verdict, source) in verdicts {
            let label = Label {
                payment: 1,
                card: 1,
                terminal: 1,
                paid_at: START,
                arrived_at: START + HOUR,
                verdict: *verdict,
                source: *source,
            };
            state.label(&label);
        }
        bits(&seen(state.pay(&payment(2, START + DAY, 2, 1, 100))).unwrap())
    };
    let clean = told(&[(Verdict::Clean, Source::Agent)]);
    let back = told(&[(Verdict::Suspected, Source::Customer), (Verdict::Clean, Source::Customer)]);
    let suspected = told(&[(Verdict::Suspected, Source::Customer)]);
    let matured = told(&[(Verdict::Suspected, Source::Customer), (Verdict::Clean, Source::Matured)]);
    assert_eq!(clean, back);
    assert_ne!(clean, suspected);
    assert_eq!(suspected, matured, "a label that matured by itself overrules nobody");
}

#[test]
fn a_label_of_a_payment_that_is_not_remembered_is_counted_and_changes_nothing() {
    let mut state = State::new(Bounds::default());
    state.pay(&payment(1, START, 1, 1, 100));
    let label = Label {
        payment: 9,
        card: 1,
        terminal: 1,
        paid_at: START + 1,
        arrived_at: START + DAY,
        verdict: Verdict::Fraud,
        source: Source::Agent,
    };
    state.label(&label);
    assert_eq!((state.counts().labels, state.counts().unmatched_labels), (0, 1));
}

#[test]
fn a_snapshot_that_was_cut_or_changed_is_refused() {
    let mut state = State::new(Bounds::default());
    for id in 0..20 {
        state.pay(&payment(id, START + id as u32, id % 3, id % 2, 100));
    }
    let bytes = state.snapshot();
    for length in 0..bytes.len() {
        assert!(State::restore(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let mut changed = bytes.clone();
    changed[40] ^= 1;
    assert_eq!(State::restore(&changed).err(), Some(Unfit::Digest));
    changed = bytes;
    changed[0] ^= 1;
    assert_eq!(State::restore(&changed).err(), Some(Unfit::Magic));
}
