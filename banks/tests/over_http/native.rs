//! Cards, accounts and orders, with the sandbox bank.

use crate::{
    bank::CUSTOMER,
    permits::{open, permit, permit_to},
    sandbox::{Browser, House, ids},
};
use banks::{BankFault, Effect, Fact, Linked, Mismatch, OrderKey, Outcome};
use domain::{
    AccountId, Card, CardState, Channel, ContactPreferences, ContactWay, DataClass, FrozenBy, LimitChange,
    Loss, Money, Operation, Order, StatementForm,
};
use sandbox_bank::demo_password;
use serde_json::json;
use std::time::Duration;

fn key(text: &str) -> OrderKey {
    text.parse().unwrap()
}

async fn cards(house: &House, linked: &Linked) -> Vec<Card> {
    let permit = permit(DataClass::Cards, &ids(linked));
    let guarded = house.connector.cards(&linked.grant, &permit).await.unwrap();
    open(guarded, permit).rows
}

async fn credit_card(house: &House, linked: &Linked) -> Card {
    cards(house, linked).await.into_iter().find(|card| card.kind == domain::CardKind::Credit).unwrap()
}

fn freeze(card: &Card) -> Order {
    Order::FreezeCard { card: card.id.clone(), account: card.account.clone() }
}

fn unfreeze(card: &Card) -> Order {
    Order::UnfreezeCard { card: card.id.clone(), account: card.account.clone() }
}

/// What an order led to, opened with its permit.
#[derive(Debug, PartialEq)]
enum Led {
    Done(Effect),
    Already(Effect),
    StepUp { url: String, reference: String },
    Refused(Fact),
    Unknown,
}

async fn send(house: &House, linked: &Linked, order: &Order, key: &OrderKey, step_up: Option<&str>) -> Led {
    let permit = permit_to(order.operation(), &ids(linked));
    let outcome =
        house.connector.order(&linked.grant, &permit, order, Channel::Web, key, step_up).await.unwrap();
    match outcome {
        Outcome::Done(effect) => Led::Done(effect.open(permit).unwrap().value),
        Outcome::AlreadyDone(effect) => Led::Already(effect.open(permit).unwrap().value),
        Outcome::StepUpNeeded { url, reference } => Led::StepUp { url: url.into(), reference },
        Outcome::Refused(fact) => Led::Refused(fact),
        Outcome::Unknown { .. } => Led::Unknown,
    }
}

/// Signs in on the bank's page for an approval and answers it.
async fn approve(url: &str, decision: &str) {
    let mut browser = Browser::new();
    let form = browser.get(url).await.form();
    let signed = [("login", "maya".to_owned()), ("password", demo_password("harbour"))];
    browser.post(&format!("{url}/sign-in"), form.into_iter().chain(signed)).await;
    let page = browser.get(url).await;
    assert!(page.text.contains("Unfreeze the card"), "{}", page.text);
    let decided = [("decision", decision.to_owned())];
    browser.post(url, page.form().into_iter().chain(decided)).await;
}

#[tokio::test]
async fn a_card_is_frozen_approved_at_the_bank_and_unfrozen_once() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    assert_eq!(card.state, CardState::Active);
    let Led::Done(Effect::Card(frozen)) = send(&house, &linked, &freeze(&card), &key("k-1"), None).await
    else {
        panic!("frozen")
    };
    assert_eq!((frozen.state, frozen.frozen_by), (CardState::Frozen, Some(FrozenBy::Customer)));
    let again = send(&house, &linked, &freeze(&card), &key("k-1"), None).await;
    assert_eq!(again, Led::Already(Effect::Card(frozen.clone())), "the same key");
    let again = send(&house, &linked, &freeze(&card), &key("k-2"), None).await;
    assert_eq!(again, Led::Already(Effect::Card(frozen)), "it is frozen already");

    let thaw = unfreeze(&card);
    let Led::StepUp { url, reference } = send(&house, &linked, &thaw, &key("k-3"), None).await else {
        panic!("to be approved")
    };
    let asked_again = send(&house, &linked, &thaw, &key("k-3"), Some(&reference)).await;
    assert_eq!(
        asked_again,
        Led::StepUp { url: url.clone(), reference: reference.clone() },
        "not approved yet"
    );
    approve(&url, "approve").await;
    let done = send(&house, &linked, &thaw, &key("k-3"), Some(&reference)).await;
    assert!(matches!(&done, Led::Done(Effect::Card(card)) if card.state == CardState::Active), "{done:?}");
    send(&house, &linked, &freeze(&card), &key("k-4"), None).await;
    let spent = send(&house, &linked, &thaw, &key("k-5"), Some(&reference)).await;
    assert!(
        matches!(spent, Led::StepUp { reference: new, .. } if new != reference),
        "one approval, one deed"
    );
}

#[tokio::test]
async fn what_the_customer_says_no_to_at_the_bank_is_not_done() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    send(&house, &linked, &freeze(&card), &key("k-1"), None).await;
    let Led::StepUp { url, reference } = send(&house, &linked, &unfreeze(&card), &key("k-2"), None).await
    else {
        panic!("to be approved")
    };
    approve(&url, "deny").await;
    let refused = send(&house, &linked, &unfreeze(&card), &key("k-2"), Some(&reference)).await;
    assert_eq!(refused, Led::Refused(Fact::NotApproved));
    assert_eq!(credit_card(&house, &linked).await.state, CardState::Frozen);
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_sent_again_with_its_key_and_done_once() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let notice = Order::AddTravelNotice {
        countries: vec!["PT".parse().unwrap()],
        from: "2026-12-01".parse().unwrap(),
        until: "2026-12-08".parse().unwrap(),
    };
    house.faults(json!({ "lostAnswer": { "calls": 1 } })).await;
    let once = send(&house, &linked, &notice, &key("k-1"), None).await;
    assert!(matches!(once, Led::Already(Effect::Travels(_))), "the repeat found it done: {once:?}");
    house.faults(json!({ "serverError": {} })).await;
    assert_eq!(send(&house, &linked, &notice, &key("k-2"), None).await, Led::Unknown);
    house.clock.pass(Duration::from_secs(31));
    house.faults(json!({})).await;
    assert!(
        matches!(send(&house, &linked, &notice, &key("k-2"), None).await, Led::Done(_)),
        "it was not done"
    );
    let permit = permit(DataClass::Cards, &ids(&linked));
    let kept = house.connector.travel_notices(&linked.grant, &permit).await.unwrap();
    let kept = open(kept, permit).rows;
    assert_eq!(kept.len(), 2, "two keys, two notices");
    let cancel = Order::CancelTravelNotice { notice: kept[0].id.clone() };
    assert_eq!(send(&house, &linked, &cancel, &key("k-3"), None).await, Led::Done(Effect::StaysHome));
    assert_eq!(send(&house, &linked, &cancel, &key("k-4"), None).await, Led::Already(Effect::StaysHome));
}

#[tokio::test]
async fn a_key_is_for_one_order() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    send(&house, &linked, &freeze(&card), &key("k-1"), None).await;
    let name = Order::RenameAccount { account: card.account.clone(), nickname: "Holidays".into() };
    assert_eq!(send(&house, &linked, &name, &key("k-1"), None).await, Led::Refused(Fact::KeyReused));
    let named = send(&house, &linked, &name, &key("k-2"), None).await;
    assert_eq!(named, Led::Done(Effect::Named("Holidays".into())));
    let permit = permit(DataClass::Accounts, &ids(&linked));
    let accounts = house.connector.accounts(&linked.grant, &permit).await.unwrap();
    assert!(open(accounts, permit).iter().any(|account| account.name == "Holidays"));
}

#[tokio::test]
async fn a_stolen_card_is_blocked_and_another_one_is_on_its_way() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    let report =
        Order::ReportCard { card: card.id.clone(), account: card.account.clone(), loss: Loss::Stolen };
    let Led::Done(Effect::Replaced { card: old, replacement }) =
        send(&house, &linked, &report, &key("k-1"), None).await
    else {
        panic!("replaced")
    };
    let new = replacement.unwrap();
    assert_eq!((old.state, new.expected), (CardState::Blocked, "2026-11-30".parse().unwrap()));
    assert!(cards(&house, &linked).await.iter().any(|card| card.id == new.card && card.last4 == new.last4));
    assert_eq!(
        send(&house, &linked, &unfreeze(&old), &key("k-2"), None).await,
        Led::Refused(Fact::CardState)
    );
}

#[tokio::test]
async fn lowering_a_limit_is_done_at_once_and_raising_it_again_needs_the_customer() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    let before = card.limits.per_payment.unwrap();
    let less = LimitChange {
        per_payment: Some(Money::new(5_000, before.currency)),
        online: Some(false),
        ..LimitChange::default()
    };
    let set = |change| Order::SetCardLimits { card: card.id.clone(), account: card.account.clone(), change };
    let Led::Done(Effect::Card(now)) = send(&house, &linked, &set(less), &key("k-1"), None).await else {
        panic!("lowered")
    };
    assert_eq!((now.limits.per_payment, now.switches.online), (less.per_payment, false));
    let back = set(less.undone(&card).unwrap());
    assert!(matches!(send(&house, &linked, &back, &key("k-2"), None).await, Led::StepUp { .. }));
    let much = set(LimitChange { per_day: Some(Money::new(0, before.currency)), ..LimitChange::default() });
    assert_eq!(send(&house, &linked, &much, &key("k-3"), None).await, Led::Refused(Fact::Value));
}

#[tokio::test]
async fn what_comes_again_and_how_the_customer_is_reached_are_read() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let for_schedules = permit(DataClass::ScheduledPayments, &ids(&linked));
    let found = house.connector.subscriptions(&linked.grant, &for_schedules).await.unwrap();
    let subscriptions = open(found, for_schedules).rows;
    let video = subscriptions.iter().find(|s| s.merchant == "Lantern Video").unwrap();
    assert_eq!((video.amount.minor_units, video.before.unwrap().minor_units), (1_599, 1_399));
    let for_orders = permit(DataClass::ScheduledPayments, &ids(&linked));
    let found = house.connector.standing_orders(&linked.grant, &for_orders).await.unwrap();
    let orders = open(found, for_orders).rows;
    assert!(
        orders
            .iter()
            .any(|order| order.payee == "Alder Court Homes" && order.next.to_string() == "2026-12-01")
    );
    let preferences = ContactPreferences { way: ContactWay::Sms, paperless: true, offers: false };
    let order = Order::SetContactPreferences { preferences };
    assert_eq!(
        send(&house, &linked, &order, &key("k-1"), None).await,
        Led::Done(Effect::Reached(preferences))
    );
    let for_contact = permit(DataClass::Contact, &ids(&linked));
    let found = house.connector.contact_preferences(&linked.grant, &for_contact).await.unwrap();
    assert_eq!(open(found, for_contact), preferences);
}

#[tokio::test]
async fn a_statement_is_a_document_of_an_account_that_was_shared() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let for_list = permit(DataClass::Statements, &ids(&linked));
    let found = house.connector.statements(&linked.grant, &for_list).await.unwrap();
    let statements = open(found, for_list).rows;
    let newest = statements.iter().max_by_key(|statement| statement.to).unwrap();
    assert_eq!((newest.from.to_string(), newest.to.to_string()), ("2026-10-01".into(), "2026-10-31".into()));
    let for_file = permit(DataClass::Statements, &ids(&linked));
    let file = house.connector.statement_file(&linked.grant, &for_file, newest).await.unwrap();
    let file = open(file, for_file);
    assert!(file.form == StatementForm::Pdf && file.bytes.len() > 1_000);
    let other: Vec<&str> =
        linked.accounts.iter().filter(|id| **id != newest.account).map(AccountId::as_str).collect();
    let not_this = permit(DataClass::Statements, &other);
    let refused = house.connector.statement_file(&linked.grant, &not_this, newest).await.err();
    assert_eq!(refused, Some(BankFault::NotPermitted(Mismatch::Account)));
}

#[tokio::test]
async fn a_permit_for_another_order_account_or_customer_sends_nothing() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let card = credit_card(&house, &linked).await;
    let refused = async |operation, accounts: &[&str]| {
        let permit = permit_to(operation, accounts);
        let order = freeze(&card);
        let sent = house.connector.order(&linked.grant, &permit, &order, Channel::Web, &key("k"), None).await;
        sent.err()
    };
    let other: Vec<&str> =
        linked.accounts.iter().filter(|id| **id != card.account).map(AccountId::as_str).collect();
    let mismatch = |what| Some(BankFault::NotPermitted(what));
    assert_eq!(refused(Operation::UnfreezeCard, &ids(&linked)).await, mismatch(Mismatch::Order));
    assert_eq!(refused(Operation::FreezeCard, &other).await, mismatch(Mismatch::Account));
    assert_eq!(credit_card(&house, &linked).await.state, CardState::Active);
    assert_eq!(linked.grant.customer().as_str(), CUSTOMER);
}

#[tokio::test]
async fn without_a_yes_to_orders_the_bank_takes_none() {
    let house = House::open().await;
    let reading = banks::LinkAsk { orders: false, ..crate::bank::ask(DataClass::ALL) };
    let linked = house.link_for(&reading).await;
    let card = credit_card(&house, &linked).await;
    assert_eq!(
        send(&house, &linked, &freeze(&card), &key("k-1"), None).await,
        Led::Refused(Fact::NotCovered)
    );
}

#[tokio::test]
async fn a_bank_without_the_native_contract_is_asked_nothing_of_it() {
    let running = crate::bank::Running::start().await;
    let (connector, grant) = running.linked().await;
    assert!(!connector.is_native());
    let permit = permit(DataClass::Cards, &["a-1"]);
    assert_eq!(connector.cards(&grant, &permit).await.err(), Some(BankFault::NotNative));
    assert_eq!(running.asked("parlour-bank"), 0);
}
