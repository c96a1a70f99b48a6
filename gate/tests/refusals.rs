//! What is refused, and what is said about it.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod harbour;

use domain::{Channel, ConsentState, DataClass, Purpose, Tier};
use gate::{
    AnswerCustomer, AskerKind, BankRules, CustomerAlert, Gate, Offer, Refusal, RefusalReason, Verdict,
};
use harbour::*;
use jiff::SignedDuration;

fn refusal(gate: &Gate, ask: &Ask) -> Refusal {
    match gate.decide::<AnswerCustomer>(&ask.question()) {
        Verdict::Allowed(_) => panic!("{ask:?} was allowed"),
        Verdict::Refused(refusal) => refusal,
    }
}

/// Why Harbour refuses an ask that was changed.
fn reason(change: impl FnOnce(&mut Ask)) -> RefusalReason {
    let mut ask = Ask::balances("harbour");
    change(&mut ask);
    let refusal = refusal(&gate_of(harbour()), &ask);
    assert_eq!(refusal.decision.reason, Some(refusal.reason.clone()));
    assert!(!refusal.decision.allowed && !refusal.decision.clauses.is_empty());
    refusal.reason
}

/// Customer 2 asks, for what is theirs.
fn of_customer_two(ask: &mut Ask) {
    (ask.customer, ask.who.customer) = (customer(2), customer(2));
}

fn reason_with_consent(change: impl FnOnce(&mut domain::Consent)) -> RefusalReason {
    reason(|ask| change(ask.consent.as_mut().expect("an ask for balances brings its consent")))
}

#[test]
fn what_the_customer_agreed_to_is_allowed_and_the_decision_says_all_of_it() {
    let ask = Ask::balances("harbour");
    let verdict = gate_of(harbour()).decide::<AnswerCustomer>(&ask.question());
    let decision = verdict.decision();
    assert!(decision.allowed && decision.reason.is_none() && !verdict.policy_fault());
    assert_eq!(decision.clauses, ["bank/harbour/opens"]);
    assert_eq!(decision.accounts, [account("checking-1"), account("savings-1")]);
    assert_eq!(decision.purpose, Purpose::AnswerCustomer);
    assert_eq!((&decision.entry, decision.at), (&ask.entry, ask.now));
    assert_eq!(decision.consent, ask.consent.map(|consent| consent.id));
}

#[test]
fn without_a_consent_of_ones_own_nothing_opens() {
    assert_eq!(reason(|ask| ask.consent = None), RefusalReason::NoConsent);
    assert_eq!(reason(of_customer_two), RefusalReason::NoConsent);
    assert_eq!(reason_with_consent(|c| c.bank = bank("meridian")), RefusalReason::NoConsent);
    assert_eq!(reason_with_consent(|c| c.channel = Channel::Matrix), RefusalReason::NoConsent);
    assert_eq!(reason_with_consent(|c| c.state = ConsentState::Requested), RefusalReason::NoConsent);
    assert_eq!(reason_with_consent(|c| c.state = ConsentState::Refused), RefusalReason::NoConsent);
}

#[test]
fn a_consent_of_somebody_else_is_not_written_into_the_decision() {
    let mut ask = Ask::balances("harbour");
    of_customer_two(&mut ask);
    let decision = refusal(&gate_of(harbour()), &ask).decision;
    assert_eq!((decision.consent, decision.accounts), (None, vec![]));
}

#[test]
fn a_withdrawn_consent_opens_nothing() {
    for state in [ConsentState::Withdrawn, ConsentState::Revoked, ConsentState::Superseded] {
        assert_eq!(reason_with_consent(|c| c.state = state), RefusalReason::ConsentEnded { state });
    }
}

#[test]
fn a_pause_closes_and_does_not_stop_the_clock() {
    assert_eq!(reason_with_consent(|c| c.state = ConsentState::Paused), RefusalReason::ConsentPaused);
    let both = reason_with_consent(|c| (c.state, c.expires_at) = (ConsentState::Paused, now()));
    assert_eq!(both, RefusalReason::ConsentExpired { at: now() });
}

#[test]
fn a_consent_holds_from_its_first_microsecond_to_before_its_last() {
    let tick = SignedDuration::from_micros(1);
    let consent = consent("harbour");
    let (first, last) = (consent.not_before, consent.expires_at);
    let gate = gate_of(harbour());
    for inside in [first, last - tick] {
        let ask = Ask { now: inside, ..Ask::balances("harbour") };
        assert!(gate.decide::<AnswerCustomer>(&ask.question()).decision().allowed);
    }
    assert_eq!(reason(|ask| ask.now = first - tick), RefusalReason::NotYet { from: first });
    assert_eq!(reason(|ask| ask.now = last), RefusalReason::ConsentExpired { at: last });
}

#[test]
fn what_was_not_agreed_is_named() {
    let purpose = Purpose::AnswerCustomer;
    let reason_ = reason_with_consent(|c| c.purposes.retain(|p| *p != purpose));
    assert_eq!(reason_, RefusalReason::PurposeNotAgreed { purpose });
    let data_class = DataClass::Balances;
    let reason_ = reason_with_consent(|c| c.data_classes.retain(|d| *d != data_class));
    assert_eq!(reason_, RefusalReason::ClassNotAgreed { data_class });
    let stranger = account("checking-2");
    let reason_ = reason(|ask| ask.accounts = vec![account("checking-1"), stranger.clone()]);
    assert_eq!(reason_, RefusalReason::AccountNotShared { account: stranger });
    assert_eq!(reason_with_consent(|c| c.accounts.clear()), RefusalReason::NoAccountShared);
}

#[test]
fn consent_to_one_purpose_is_none_to_another() {
    let mut ask = Ask::balances("harbour");
    ask.consent.as_mut().unwrap().purposes = vec![Purpose::AnswerCustomer];
    let gate = gate_of(harbour());
    assert!(gate.decide::<AnswerCustomer>(&ask.question()).decision().allowed);
    assert!(!gate.decide::<CustomerAlert>(&ask.question()).decision().allowed);
}

#[test]
fn a_class_that_the_bank_does_not_offer_is_refused_in_its_words() {
    let ask = Ask { data_class: DataClass::MerchantPlaces, ..Ask::balances("meridian") };
    let gate = gate_of(meridian());
    for consent in [ask.consent.clone(), None] {
        let refusal = refusal(&gate, &Ask { consent, ..ask.clone() });
        assert_eq!(refusal.reason, RefusalReason::BankDoesNotOffer { data_class: DataClass::MerchantPlaces });
        assert_eq!(refusal.said.as_deref(), Some(MERIDIAN_ON_PLACES));
        assert!(refusal.decision.clauses.contains(&"bank/meridian/no-merchant_places".to_owned()));
        assert!(refusal.decision.clauses.contains(&"floor/grant".to_owned()));
    }
    let said = Offer::No { reason: MERIDIAN_ON_PLACES.to_owned() };
    assert_eq!(gate.offers(&bank("meridian"), DataClass::MerchantPlaces), &said);
    assert_eq!(gate.offers(&bank("meridian"), DataClass::Balances), &Offer::Yes);
}

#[test]
fn a_class_that_the_bank_does_not_mention_is_not_offered() {
    let mut rules = harbour();
    rules.offered.remove(&DataClass::Balances);
    let refusal = refusal(&gate_of(rules), &Ask::balances("harbour"));
    assert_eq!(refusal.said.as_deref(), Some("This bank does not share your balances."));
}

#[test]
fn a_channel_that_the_bank_refuses_is_refused_in_its_words() {
    let mut ask = Ask { channel: Channel::Whatsapp, tier: Tier::Sealed, ..Ask::balances("meridian") };
    ask.consent.as_mut().unwrap().channel = Channel::Whatsapp;
    let refusal = refusal(&gate_of(meridian()), &ask);
    assert_eq!(refusal.reason, RefusalReason::ChannelRefused);
    assert_eq!(refusal.said.as_deref(), Some(MERIDIAN_ON_MESSENGERS));
    assert_eq!(refusal.decision.clauses, ["bank/meridian/not-on-whatsapp"]);
}

#[test]
fn a_bank_that_is_not_known_is_refused() {
    let gate = gate_of(harbour());
    let refusal = refusal(&gate, &Ask::balances("nowhere"));
    assert_eq!((refusal.reason, refusal.said), (RefusalReason::UnknownBank, None));
    assert_eq!(gate.max_tier(&bank("nowhere"), Channel::Web, DataClass::Accounts), Tier::Never);
    assert!(matches!(gate.offers(&bank("nowhere"), DataClass::Accounts), Offer::No { .. }));
}

#[test]
fn foreign_channels_are_sealed_until_the_bank_says_otherwise_and_places_stay_so() {
    let gate = gate_of(harbour());
    let harbour_bank = bank("harbour");
    assert_eq!(gate.max_tier(&harbour_bank, Channel::Web, DataClass::MerchantPlaces), Tier::InChat);
    assert_eq!(gate.max_tier(&harbour_bank, Channel::Messenger, DataClass::Balances), Tier::Sealed);
    let mut rules = harbour();
    rules.tiers.insert((Channel::Messenger, DataClass::Balances), Tier::InChat);
    assert_eq!(
        gate_of(rules.clone()).max_tier(&harbour_bank, Channel::Messenger, DataClass::Balances),
        Tier::InChat
    );
    rules.tiers.insert((Channel::Messenger, DataClass::MerchantPlaces), Tier::InChat);
    let faults = Gate::load(vec![rules]).unwrap_err();
    let message = "merchant_places on messenger is set to in_chat; the floor allows sealed at most";
    assert_eq!((faults.len(), faults[0].message.as_str()), (1, message));
}

#[test]
fn what_would_be_shown_too_openly_or_not_at_all_is_not_read() {
    let mut rules = harbour();
    rules.tiers.insert((Channel::Web, DataClass::Balances), Tier::Sealed);
    let too_open = refusal(&gate_of(rules), &Ask::balances("harbour")).reason;
    assert_eq!(too_open, RefusalReason::TierTooHigh { asked: Tier::InChat, at_most: Tier::Sealed });
    let not_at_all = reason(|ask| ask.tier = Tier::Never);
    assert_eq!(not_at_all, RefusalReason::TierTooHigh { asked: Tier::Never, at_most: Tier::InChat });
}

#[test]
fn a_policy_of_the_bank_that_says_no_is_named() {
    let only_small = "permit (principal, action, resource);\n\
                      forbid (principal, action, resource) when { context.purpose == Parlour::Purpose::\"answer_customer\" };";
    let gate = gate_of(harbour_with(only_small));
    let refusal = refusal(&gate, &Ask::balances("harbour"));
    let clauses = vec!["bank/harbour/own.cedar#2".to_owned()];
    assert_eq!(refusal.reason, RefusalReason::BankPolicy { clauses });
    assert!(gate.decide::<CustomerAlert>(&Ask::balances("harbour").question()).decision().allowed);
}

#[test]
fn a_policy_that_fails_refuses_and_raises_an_alert() {
    let overflow = "forbid (principal, action, resource) when { context.now + 9223372036854775807 < 0 };";
    let gate = gate_of(harbour_with(overflow));
    let clauses = vec!["bank/harbour/own.cedar#1".to_owned()];
    for ask in [Ask::balances("harbour"), Ask { consent: None, ..Ask::balances("harbour") }] {
        let verdict = gate.decide::<AnswerCustomer>(&ask.question());
        assert!(verdict.policy_fault() && !verdict.decision().allowed);
        assert_eq!(verdict.decision().reason, Some(RefusalReason::PolicyError { clauses: clauses.clone() }));
        assert_eq!(verdict.decision().clauses, clauses);
    }
}

#[test]
fn the_digest_changes_with_every_rule_and_with_nothing_else() {
    let digest = |rules: BankRules| {
        let ask = Ask::balances(rules.bank.as_str());
        gate_of(rules).decide::<AnswerCustomer>(&ask.question()).decision().policy_digest
    };
    let mut tiered = harbour();
    tiered.tiers.insert((Channel::Web, DataClass::Balances), Tier::Sealed);
    let mut closed = harbour();
    closed.offered.remove(&DataClass::MerchantPlaces);
    let nos = vec![gate::No { channel: Some(Channel::Matrix), ..gate::No::because("Not there.") }];
    let no = BankRules { nos, ..harbour() };
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let zoned = BankRules { zone, ..harbour() };
    let all = [harbour(), harbour_with(""), tiered, closed, meridian(), no, zoned].map(digest);
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(digest(harbour()), all[0]);
}

#[test]
fn a_decision_is_read_back_from_json_as_it_was_written() {
    let gate = gate_of(meridian());
    let places = Ask { data_class: DataClass::MerchantPlaces, ..Ask::balances("meridian") };
    for ask in [Ask::balances("meridian"), places] {
        let verdict = gate.decide::<AnswerCustomer>(&ask.question());
        let json = serde_json::to_string(verdict.decision()).unwrap();
        assert_eq!(&serde_json::from_str::<gate::Decision>(&json).unwrap(), verdict.decision());
    }
}

/// Why Harbour refuses somebody else than the customer.
fn reason_for(kind: AskerKind, change: impl FnOnce(&mut Ask)) -> RefusalReason {
    reason(|ask| {
        ask.who = Who::of("harbour", kind);
        change(ask);
    })
}

#[test]
fn nobody_reads_the_data_of_another_customer() {
    let stranger = reason(|ask| ask.who.customer = customer(2));
    assert_eq!(stranger, RefusalReason::NotTheirs { asker: AskerKind::Customer });
}

#[test]
fn staff_partners_and_platforms_get_nothing() {
    for asker in [AskerKind::Staff, AskerKind::Partner, AskerKind::Platform] {
        assert_eq!(reason_for(asker, |_| {}), RefusalReason::NotTheirs { asker });
    }
}

#[test]
fn who_works_on_a_case_sees_the_data_of_that_customer_at_that_bank_for_that_case() {
    let asker = AskerKind::Agent;
    let ask = Ask { who: Who::of("harbour", asker), ..Ask::balances("harbour") };
    let gate = gate_of(harbour());
    let verdict = gate.decide::<gate::DisputeSupport>(&ask.question());
    assert!(verdict.decision().allowed && verdict.decision().asked_by == asker);
    let not_theirs = RefusalReason::NotTheirs { asker };
    assert_eq!(reason_for(asker, |ask| ask.who.open_cases.clear()), not_theirs);
    assert_eq!(reason_for(asker, |ask| ask.who.bank = bank("meridian")), not_theirs);
    let verdict = gate.decide::<gate::OwnSpendingMap>(&ask.question());
    let purpose = Purpose::OwnSpendingMap;
    assert_eq!(verdict.decision().reason, Some(RefusalReason::NotForCases { purpose }));
}

#[test]
fn the_customer_orders_a_payment_and_nobody_else_does() {
    let gate = gate_of(harbour());
    let order = |ask: &Ask| gate.decide::<gate::CustomerPayment>(&ask.question());
    let ask = Ask::payment("harbour", 1);
    let verdict = order(&ask);
    assert!(verdict.decision().allowed && verdict.decision().payment == ask.payment);
    for asker in AskerKind::ALL.iter().copied().filter(|kind| *kind != AskerKind::Customer) {
        let ask = Ask { who: Who::of("harbour", asker), ..Ask::payment("harbour", 1) };
        let decision = order(&ask).decision().clone();
        assert_eq!(decision.reason, Some(RefusalReason::NotTheirs { asker }));
        let clause = if asker == AskerKind::Agent { "floor/customers-pay" } else { "floor/who" };
        assert!(decision.clauses.contains(&clause.to_owned()), "{:?}", decision.clauses);
    }
}

#[test]
fn a_payment_of_nothing_or_for_something_else_is_none() {
    let gate = gate_of(harbour());
    for minor_units in [0, -1, i64::MIN] {
        let verdict = gate.decide::<gate::CustomerPayment>(&Ask::payment("harbour", minor_units).question());
        assert_eq!(verdict.decision().reason, Some(RefusalReason::NotAPayment));
    }
    let other_class = Ask { data_class: DataClass::Balances, ..Ask::payment("harbour", 1) };
    let verdict = gate.decide::<gate::CustomerPayment>(&other_class.question());
    assert_eq!(verdict.decision().reason, Some(RefusalReason::NotAPayment));
    assert_eq!(refusal(&gate, &Ask::payment("harbour", 1)).reason, RefusalReason::NotAPayment);
}

#[test]
fn a_permit_to_pay_reads_nothing() {
    let ask = Ask::payment("harbour", 250);
    let Verdict::Allowed(granted) = gate_of(harbour()).decide::<gate::CustomerPayment>(&ask.question())
    else {
        panic!("the customer agreed to pay");
    };
    let permit = granted.permit(&logged(ask.entry.clone(), 0)).unwrap();
    assert_eq!(permit.payment(), ask.payment);
    assert!(DataClass::ALL.iter().all(|class| !permit.covers(*class)));
}

#[test]
fn a_no_of_the_bank_is_told_with_its_number_and_its_words() {
    let no = |reason: &str| gate::No { hours: Some("22-06".parse().unwrap()), ..gate::No::because(reason) };
    let nos = vec![
        gate::No { to: Some(gate::Refused::Payments), ..no("No payments at night.") },
        gate::No { to: Some(gate::Refused::Reading(DataClass::Balances)), ..no("We say \"good night\".") },
    ];
    let gate = gate_of(BankRules { nos, ..harbour() });
    let night = now() + SignedDuration::from_hours(14);
    let refusal = refusal(&gate, &Ask { now: night, ..Ask::balances("harbour") });
    assert_eq!(refusal.reason, RefusalReason::BankNo { number: 2 });
    assert_eq!(refusal.said.as_deref(), Some("We say \"good night\"."));
    assert_eq!(refusal.decision.clauses, ["bank/harbour/no-2"]);
    assert!(gate.decide::<AnswerCustomer>(&Ask::balances("harbour").question()).decision().allowed);
}

#[test]
fn a_no_that_would_refuse_everything_or_can_never_apply_is_a_fault() {
    let fault = |no: gate::No| {
        let faults = Gate::load(vec![BankRules { nos: vec![no], ..harbour() }]).unwrap_err();
        faults[0].message.clone()
    };
    let because = || gate::No::because("No.");
    assert_eq!(fault(because()), "No 1 names no condition, so it would refuse everything");
    let regions = Some(gate::Regions::default());
    assert_eq!(fault(gate::No { regions, ..because() }), "No 1 lists no region");
    let amount_over = Some(domain::Money::new(-1, domain::Currency::USD));
    assert_eq!(fault(gate::No { amount_over, ..because() }), "No 1 has an amount below zero");
    let to = Some(gate::Refused::Reading(DataClass::Balances));
    let amount_over = Some(domain::Money::new(1, domain::Currency::USD));
    assert!(fault(gate::No { to, amount_over, ..because() }).contains("never applies"));
}

#[test]
fn a_policy_file_may_give_the_words_of_its_no() {
    let text = "@says(\"Not for answers.\")\nforbid (principal, action, resource) when { context.purpose == \
                Parlour::Purpose::\"answer_customer\" };";
    let refusal = refusal(&gate_of(harbour_with(text)), &Ask::balances("harbour"));
    assert_eq!(refusal.said.as_deref(), Some("Not for answers."));
}

#[test]
fn new_rules_of_one_bank_leave_the_others_and_the_old_gate_as_they_were() {
    let old = Gate::load(vec![harbour(), meridian()]).unwrap();
    let mut closed = harbour();
    closed.offered.remove(&DataClass::Balances);
    let new = old.with_rules(closed).unwrap();
    let allowed = |gate: &Gate, name: &str| {
        gate.decide::<AnswerCustomer>(&Ask::balances(name).question()).decision().allowed
    };
    assert!(allowed(&old, "harbour") && !allowed(&new, "harbour") && allowed(&new, "meridian"));
    assert_ne!(old.digest(&bank("harbour")), new.digest(&bank("harbour")));
    assert_eq!(old.digest(&bank("meridian")), new.digest(&bank("meridian")));
    assert!(old.with_rules(harbour_with("forbid (")).is_err());
}

#[test]
fn the_customer_orders_what_is_done_on_a_card_and_nobody_else_does() {
    let gate = gate_of(harbour());
    for operation in domain::Operation::ALL {
        let ask = Ask::order("harbour", *operation);
        let verdict = gate.decide::<gate::AccountManagement>(&ask.question());
        assert!(
            verdict.decision().allowed && verdict.decision().operation == Some(*operation),
            "{operation}"
        );
        for asker in AskerKind::ALL.iter().filter(|kind| **kind != AskerKind::Customer) {
            let ask = Ask { who: Who::of("harbour", *asker), ..ask.clone() };
            let verdict = gate.decide::<gate::AccountManagement>(&ask.question());
            assert_eq!(verdict.decision().reason, Some(RefusalReason::NotTheirs { asker: *asker }));
        }
    }
}

#[test]
fn an_order_for_something_else_or_without_a_consent_to_it_is_none() {
    let gate = gate_of(harbour());
    let ask = Ask::order("harbour", domain::Operation::FreezeCard);
    assert_eq!(refusal(&gate, &ask).reason, RefusalReason::NotAnOrder, "to answer a question");
    let other_class = Ask { data_class: DataClass::Balances, ..ask.clone() };
    let verdict = gate.decide::<gate::AccountManagement>(&other_class.question());
    assert_eq!(verdict.decision().reason, Some(RefusalReason::NotAnOrder));
    let mut consent = harbour::consent("harbour");
    consent.purposes.retain(|purpose| *purpose != domain::Purpose::AccountManagement);
    let not_agreed = Ask { consent: Some(consent), ..ask.clone() };
    let verdict = gate.decide::<gate::AccountManagement>(&not_agreed.question());
    let purpose = domain::Purpose::AccountManagement;
    assert_eq!(verdict.decision().reason, Some(RefusalReason::PurposeNotAgreed { purpose }));
    let mut consent = harbour::consent("harbour");
    consent.data_classes.retain(|class| *class != DataClass::Cards);
    let verdict = gate
        .decide::<gate::AccountManagement>(&Ask { consent: Some(consent), ..ask }.question())
        .decision()
        .clone();
    assert_eq!(verdict.reason, Some(RefusalReason::ClassNotAgreed { data_class: DataClass::Cards }));
}

#[test]
fn a_permit_for_an_order_is_for_that_order_and_reads_nothing() {
    let ask = Ask::order("harbour", domain::Operation::FreezeCard);
    let gate::Verdict::Allowed(granted) =
        gate_of(harbour()).decide::<gate::AccountManagement>(&ask.question())
    else {
        panic!("refused")
    };
    let permit = granted.permit(&logged(ask.entry.clone(), 7)).unwrap();
    assert_eq!((permit.operation(), permit.payment()), (Some(domain::Operation::FreezeCard), None));
    assert!(DataClass::ALL.iter().all(|class| !permit.covers(*class)));
}

#[test]
fn a_bank_says_no_to_one_kind_of_order_or_to_all() {
    let mut rules = harbour();
    let to = |kind| Some(gate::Refused::Orders(kind));
    rules.nos =
        vec![gate::No { to: to(Some(domain::Operation::UnfreezeCard)), ..gate::No::because("Call us.") }];
    let order = |rules: &BankRules, operation| {
        let ask = Ask::order("harbour", operation);
        gate_of(rules.clone()).decide::<gate::AccountManagement>(&ask.question()).decision().reason.clone()
    };
    assert_eq!(order(&rules, domain::Operation::UnfreezeCard), Some(RefusalReason::BankNo { number: 1 }));
    assert_eq!(order(&rules, domain::Operation::FreezeCard), None);
    rules.nos[0].to = to(None);
    assert_eq!(order(&rules, domain::Operation::FreezeCard), Some(RefusalReason::BankNo { number: 1 }));
}
