//! The floor holds for any question and any bank.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod harbour;

use domain::{Channel, Consent, ConsentState, Currency, DataClass, Money, Operation, Purpose, Tier};
use gate::{
    AccountManagement, AnswerCustomer, AskerKind, BankRules, CustomerPayment, Decision, DisputeSupport, Gate,
    No, Offer, OwnSpendingMap, Refused, Regions,
};
use harbour::*;
use jiff::{SignedDuration, tz::TimeZone};
use proptest::{prelude::*, sample::select, strategy::ValueTree};
use std::sync::LazyLock;

/// Opens everything that the floor does not close.
const GREEDY: &str = "permit (principal, action, resource);";

/// The banks of the questions: Harbour and Meridian with nothing of their own but Nos, and the same with a
/// greedy policy.
static PLAIN: LazyLock<Gate> = LazyLock::new(|| gates(""));
static GREEDILY: LazyLock<Gate> = LazyLock::new(|| gates(GREEDY));

fn gates(own: &str) -> Gate {
    let with = |rules: BankRules| BankRules { policies: harbour_with(own).policies, nos: nos(), ..rules };
    let zone = TimeZone::get("America/New_York").unwrap();
    Gate::load(vec![BankRules { zone, ..with(harbour()) }, with(meridian())]).unwrap()
}

/// One No of each kind.
fn nos() -> Vec<No> {
    let night = || No { hours: Some("22-06".parse().unwrap()), ..No::because("We sleep.") };
    let listed =
        Regions { listed: ["KP", "IR"].map(|region| region.parse().unwrap()).into(), unknown: false };
    let unknown = Regions { unknown: true, ..listed.clone() };
    vec![
        No { to: Some(Refused::Reading(DataClass::Transactions)), ..night() },
        No {
            partner: Some("acme".parse().unwrap()),
            channel: Some(Channel::Web),
            ..No::because("Not there.")
        },
        No { regions: Some(listed), ..No::because("Not from there.") },
        No { regions: Some(unknown), to: Some(Refused::Payments), ..No::because("From where?") },
        No { amount_over: Some(Money::new(50_000, Currency::USD)), ..No::because("Too much.") },
        No { to: Some(Refused::Orders(Some(Operation::UnfreezeCard))), ..No::because("Come to us.") },
        No { to: Some(Refused::Orders(None)), ..night() },
    ]
}

/// What the Nos above refuse, said again in plain code.
fn a_no_refuses(ask: &Ask, hour: i8) -> bool {
    let region = ask.region.map(|region| region.to_string());
    let sanctioned = matches!(region.as_deref(), Some("KP" | "IR"));
    let pays = ask.payment.is_some();
    let orders = pays || ask.operation.is_some();
    let reads_transactions = !orders && ask.data_class == DataClass::Transactions;
    let by_acme = ask.partner.as_ref().is_some_and(|partner| partner.as_str() == "acme");
    let too_much = ask.payment.is_some_and(|m| m.currency == Currency::USD && m.minor_units > 50_000);
    (reads_transactions && !(6..22).contains(&hour))
        || (by_acme && ask.channel == Channel::Web)
        || sanctioned
        || (pays && region.is_none())
        || too_much
        || ask.operation == Some(Operation::UnfreezeCard)
        || (ask.operation.is_some() && !(6..22).contains(&hour))
}

/// Mostly the first, so that a question of many facts is often allowed.
fn mostly<T: std::fmt::Debug + Clone + 'static>(usual: T, others: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(usual), 1 => select(others)]
}

/// The first in half of all cases.
fn sometimes<T: std::fmt::Debug + Clone + 'static>(usual: T, others: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![1 => Just(usual), 1 => select(others)]
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

fn any_who() -> impl Strategy<Value = Who> {
    let kinds = [[AskerKind::Agent; 4].as_slice(), AskerKind::ALL].concat();
    let cases = vec![vec![], vec![customer(2)]];
    (
        sometimes(AskerKind::Customer, kinds),
        mostly(1, vec![2]),
        mostly("harbour", vec!["meridian"]),
        mostly(vec![customer(2), customer(1)], cases),
    )
        .prop_map(|(kind, number, bank_name, open_cases)| Who {
            kind,
            customer: customer(number),
            open_cases,
            ..Who::of(bank_name, kind)
        })
}

fn any_ask() -> impl Strategy<Value = Ask> {
    let named = vec![vec![account("checking-1")], vec![account("savings-1"), account("checking-2")]];
    let amounts = [-1, 0, 1, 50_000, 50_001].map(|minor_units| Some(Money::new(minor_units, Currency::USD)));
    let payments = [amounts.as_slice(), &[Some(Money::new(50_001, Currency::EUR))]].concat();
    let regions = [Some("US"), Some("KP"), None].map(|r| r.map(|r| r.parse().unwrap()));
    let partners = [Some("acme"), Some("other")].map(|p| p.map(|p| p.parse().unwrap()));
    (
        (mostly("harbour", vec!["meridian", "nowhere"]), any_who(), mostly(1, vec![2])),
        prop_oneof![1 => Just(None), 15 => any_consent().prop_map(Some)],
        mostly(DataClass::Accounts, DataClass::ALL.to_vec()),
        mostly(vec![], named),
        (mostly(Channel::Web, Channel::ALL.to_vec()), select(Tier::ALL)),
        (
            sometimes(None, payments),
            sometimes(regions[0], regions.to_vec()),
            sometimes(None, partners.to_vec()),
            any_operation(),
        ),
        0..24i64,
    )
        .prop_map(
            |((bank_name, who, whose), consent, data_class, accounts, (channel, tier), more, hours)| {
                let mut ask = Ask { who, customer: customer(whose), consent, ..Ask::balances(bank_name) };
                (ask.data_class, ask.accounts, ask.channel, ask.tier) = (data_class, accounts, channel, tier);
                (ask.payment, ask.region, ask.partner, ask.operation) = more;
                if ask.operation.is_some() {
                    ask.payment = None;
                }
                if let Some((operation, true)) =
                    ask.operation.map(|o| (o, ask.data_class == DataClass::Accounts))
                {
                    ask.data_class = operation.data_class();
                }
                let later = SignedDuration::from_hours(hours);
                ask.now += later;
                if let Some(consent) = &mut ask.consent {
                    consent.not_before += later;
                    consent.expires_at += later;
                }
                ask
            },
        )
}

/// An order in a quarter of all cases.
fn any_operation() -> impl Strategy<Value = Option<Operation>> {
    prop_oneof![3 => Just(None), 1 => select(Operation::ALL).prop_map(Some)]
}

fn any_purpose() -> impl Strategy<Value = Purpose> {
    let others = [Purpose::DisputeSupport, Purpose::OwnSpendingMap];
    prop_oneof![
        3 => Just(Purpose::AnswerCustomer),
        2 => Just(Purpose::CustomerPayment),
        2 => Just(Purpose::AccountManagement),
        1 => select(others.to_vec()),
    ]
}

fn decide(gate: &Gate, ask: &Ask, purpose: Purpose) -> (Decision, bool) {
    let question = ask.question();
    macro_rules! asked {
        ($purpose:ty) => {{
            let verdict = gate.decide::<$purpose>(&question);
            (verdict.decision().clone(), verdict.policy_fault())
        }};
    }
    match purpose {
        Purpose::DisputeSupport => asked!(DisputeSupport),
        Purpose::CustomerPayment => asked!(CustomerPayment),
        Purpose::OwnSpendingMap => asked!(OwnSpendingMap),
        Purpose::AccountManagement => asked!(AccountManagement),
        _ => asked!(AnswerCustomer),
    }
}

/// Who may ask, said again in plain code.
fn may_ask(ask: &Ask, purpose: Purpose) -> bool {
    match ask.who.kind {
        AskerKind::Customer => ask.who.customer == ask.customer,
        AskerKind::Agent => {
            ask.who.bank == ask.bank
                && ask.who.open_cases.contains(&ask.customer)
                && ask.payment.is_none()
                && ask.operation.is_none()
                && (purpose == Purpose::AnswerCustomer || purpose == Purpose::DisputeSupport)
        }
        _ => false,
    }
}

/// The rules in one breath, written apart from both Cedar and the search for reasons.
fn should_be_allowed(gate: &Gate, ask: &Ask, purpose: Purpose) -> bool {
    let Some(consent) = &ask.consent else { return false };
    let meant = if ask.accounts.is_empty() { &consent.accounts } else { &ask.accounts };
    let zone = if ask.bank.as_str() == "harbour" { "America/New_York" } else { "UTC" };
    let a_payment = |money: Money| {
        purpose == Purpose::CustomerPayment && ask.data_class == DataClass::Accounts && money.minor_units > 0
    };
    may_ask(ask, purpose)
        && ask.payment.is_none_or(a_payment)
        && ask.operation.is_none_or(|operation| {
            purpose == Purpose::AccountManagement && ask.data_class == operation.data_class()
        })
        && !a_no_refuses(ask, ask.now.in_tz(zone).unwrap().hour())
        && consent.holds(ask.now)
        && (&consent.bank, &consent.customer, consent.channel) == (&ask.bank, &ask.customer, ask.channel)
        && consent.purposes.contains(&purpose)
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
    fn policies_and_facts_agree_on_every_question(ask in any_ask(), purpose in any_purpose()) {
        let (decision, fault) = decide(&PLAIN, &ask, purpose);
        prop_assert!(!fault, "{:?}", decision);
        prop_assert_eq!(decision.allowed, should_be_allowed(&PLAIN, &ask, purpose));
        prop_assert_eq!(decision.allowed, decision.reason.is_none());
    }

    #[test]
    fn a_bank_that_permits_everything_opens_no_more(ask in any_ask(), purpose in any_purpose()) {
        let (plain, _) = decide(&PLAIN, &ask, purpose);
        let (greedily, fault) = decide(&GREEDILY, &ask, purpose);
        prop_assert!(!fault, "{:?}", greedily);
        prop_assert_eq!(&plain.reason, &greedily.reason);
    }
}

#[test]
fn the_random_questions_are_often_allowed_and_often_refused_by_each_kind_of_no() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..4_000 {
        let (ask, purpose) = (any_ask(), any_purpose()).new_tree(&mut runner).unwrap().current();
        let what = match decide(&PLAIN, &ask, purpose).0.reason {
            None if ask.payment.is_some() => "a payment".to_owned(),
            None if ask.operation.is_some() => "an order".to_owned(),
            None => ask.who.kind.as_str().to_owned(),
            Some(gate::RefusalReason::BankNo { number }) => format!("no-{number}"),
            Some(_) => "another no".to_owned(),
        };
        *seen.entry(what).or_default() += 1;
    }
    for what in
        ["a payment", "an order", "customer", "agent", "no-1", "no-2", "no-3", "no-4", "no-5", "no-6", "no-7"]
    {
        assert!(seen.get(what).is_some_and(|count| *count >= 3), "{what} of {seen:?}");
    }
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
    assert_eq!(words("Operation"), Operation::ALL.iter().map(|o| o.as_str()).collect::<Vec<_>>());
    assert_eq!(words("Channel"), Channel::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>());
    assert_eq!(words("ConsentState"), ConsentState::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>());
}
