//! The floor holds for any question and any bank.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod harbour;

use domain::{Channel, Consent, ConsentState, DataClass, Purpose, Tier};
use gate::{AnswerCustomer, Gate, Offer};
use harbour::*;
use jiff::SignedDuration;
use proptest::{prelude::*, sample::select, strategy::ValueTree};
use std::sync::LazyLock;

/// Opens everything that the floor does not close.
const GREEDY: &str = "permit (principal, action, resource);";

/// The banks of the questions: Harbour with nothing of its own, with a greedy policy, and Meridian.
static PLAIN: LazyLock<Gate> = LazyLock::new(|| gates(""));
static GREEDILY: LazyLock<Gate> = LazyLock::new(|| gates(GREEDY));

fn gates(own: &str) -> Gate {
    let mut meridian = meridian();
    meridian.policies = harbour_with(own).policies;
    Gate::load(vec![harbour_with(own), meridian]).unwrap()
}

/// Mostly the first, so that a question of many facts is often allowed.
fn mostly<T: std::fmt::Debug + Clone + 'static>(usual: T, others: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(usual), 1 => select(others)]
}

/// Most of a list, now and then without one or all of it.
fn most_of<T: std::fmt::Debug + Clone + 'static>(all: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let (len, some) = (all.len(), all.clone());
    prop_oneof![7 => Just(all), 3 => proptest::sample::subsequence(some, 0..=len)]
}

fn any_consent() -> impl Strategy<Value = Consent> {
    let accounts = vec![account("checking-1"), account("savings-1")];
    (
        mostly("harbour", vec!["meridian"]),
        mostly(1, vec![2]),
        mostly(Channel::Web, Channel::ALL.to_vec()),
        mostly(ConsentState::Given, ConsentState::ALL.to_vec()),
        (most_of(Purpose::ALL.to_vec()), most_of(DataClass::ALL.to_vec()), most_of(accounts)),
        (mostly(-10, vec![-1, 0, 1]), mostly(10, vec![-1, 0, 1])),
    )
        .prop_map(
            |(bank_name, who, channel, state, (purposes, data_classes, accounts), (from, until))| Consent {
                customer: customer(who),
                channel,
                state,
                purposes,
                data_classes,
                accounts,
                not_before: now() + SignedDuration::from_micros(from),
                expires_at: now() + SignedDuration::from_micros(until),
                ..consent(bank_name)
            },
        )
}

fn any_ask() -> impl Strategy<Value = Ask> {
    let named = vec![vec![account("checking-1")], vec![account("savings-1"), account("checking-2")]];
    (
        mostly("harbour", vec!["meridian", "nowhere"]),
        mostly(1, vec![2]),
        prop_oneof![1 => Just(None), 15 => any_consent().prop_map(Some)],
        select(DataClass::ALL),
        mostly(vec![], named),
        mostly(Channel::Web, Channel::ALL.to_vec()),
        select(Tier::ALL),
    )
        .prop_map(|(bank_name, who, consent, data_class, accounts, channel, tier)| Ask {
            customer: customer(who),
            consent,
            data_class,
            accounts,
            channel,
            tier,
            ..Ask::balances(bank_name)
        })
}

/// The rules in one breath, written apart from both Cedar and the search for reasons.
fn should_be_allowed(gate: &Gate, ask: &Ask) -> bool {
    let Some(consent) = &ask.consent else { return false };
    let meant = if ask.accounts.is_empty() { &consent.accounts } else { &ask.accounts };
    consent.holds(ask.now)
        && (&consent.bank, &consent.customer, consent.channel) == (&ask.bank, &ask.customer, ask.channel)
        && consent.purposes.contains(&Purpose::AnswerCustomer)
        && consent.data_classes.contains(&ask.data_class)
        && !meant.is_empty()
        && meant.iter().all(|account| consent.accounts.contains(account))
        && gate.offers(&ask.bank, ask.data_class) == &Offer::Yes
        && (ask.bank.as_str() != "meridian" || ask.channel == Channel::Web)
        && ask.tier != Tier::Never
        && ask.tier <= gate.max_tier(&ask.bank, ask.channel, ask.data_class)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn policies_and_facts_agree_on_every_question(ask in any_ask()) {
        let verdict = PLAIN.decide::<AnswerCustomer>(&ask.question());
        prop_assert!(!verdict.policy_fault(), "{:?}", verdict.decision());
        prop_assert_eq!(verdict.decision().allowed, should_be_allowed(&PLAIN, &ask));
        prop_assert_eq!(verdict.decision().allowed, verdict.decision().reason.is_none());
    }

    #[test]
    fn a_bank_that_permits_everything_opens_no_more(ask in any_ask()) {
        let plain = PLAIN.decide::<AnswerCustomer>(&ask.question());
        let greedily = GREEDILY.decide::<AnswerCustomer>(&ask.question());
        prop_assert!(!greedily.policy_fault(), "{:?}", greedily.decision());
        prop_assert_eq!(&plain.decision().reason, &greedily.decision().reason);
    }
}

#[test]
fn the_random_questions_are_often_allowed_and_often_not() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let asks = (0..500).map(|_| any_ask().new_tree(&mut runner).unwrap().current());
    let allowed = asks.filter(|ask| should_be_allowed(&PLAIN, ask)).count();
    assert!((50..450).contains(&allowed), "{allowed} of 500");
}

#[test]
fn the_schema_has_the_words_of_the_domain_and_no_others() {
    let schema = include_str!("../policies/parlour.cedarschema");
    let words = |entity: &str| -> Vec<String> {
        let (_, rest) = schema.split_once(&format!("entity {entity} enum [")).unwrap();
        let (list, _) = rest.split_once(']').unwrap();
        list.split(',').map(|word| word.trim().trim_matches('"').to_owned()).collect()
    };
    assert_eq!(words("Purpose"), Purpose::ALL.iter().map(|p| p.as_str()).collect::<Vec<_>>());
    assert_eq!(words("DataClass"), DataClass::ALL.iter().map(|d| d.as_str()).collect::<Vec<_>>());
    assert_eq!(words("Channel"), Channel::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>());
    assert_eq!(words("ConsentState"), ConsentState::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>());
}
