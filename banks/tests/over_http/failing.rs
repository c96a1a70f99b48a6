//! Banks that fail, and how they are left alone.

use crate::{
    bank::{NOBODY, Next, Running, ask},
    permits::permit,
};
use banks::{BankFault, Connector, ConnectorConfig, FdxCode, Grant, Limits, Unreadable};
use domain::DataClass;
use serde_json::json;
use std::time::Duration;

async fn read(connector: &Connector, grant: &Grant) -> Result<(), BankFault> {
    let permit = permit(DataClass::Balances, &["a-1"]);
    connector.balances(grant, &permit).await.map(drop)
}

async fn linked_with(running: &Running, limits: Limits) -> (Connector, Grant) {
    let connector = running.connect(ConnectorConfig { limits, ..running.config() }).await;
    let grant = running.link(&connector, DataClass::ALL).await.grant;
    (connector, grant)
}

fn quick() -> Limits {
    Limits { first_wait: Duration::from_millis(1), ..Limits::default() }
}

fn fails(times: usize) -> impl Iterator<Item = Next> {
    (0..times).map(|_| Next::Answer(500, json!({ "code": "500" })))
}

#[tokio::test]
async fn a_read_that_fails_twice_works_at_the_third_attempt() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then(fails(2));
    assert_eq!(read(&connector, &grant).await, Ok(()));
    assert_eq!(running.asked("/accounts"), 3);
}

#[tokio::test]
async fn a_read_is_not_tried_more_often_than_the_limit() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then(fails(3));
    let fault = read(&connector, &grant).await.unwrap_err();
    assert!(
        matches!(fault, BankFault::Failing { status: 500, attempts: 3, interaction: Some(_) }),
        "{fault:?}"
    );
    assert_eq!(running.asked("/accounts"), 3);
}

#[tokio::test]
async fn repeats_stop_when_the_budget_is_used_up() {
    let running = Running::start().await;
    let limits = Limits { opens_after: 1_000, ..quick() };
    let (connector, grant) = linked_with(&running, limits).await;
    running.then(fails(200));
    for _ in 0..20 {
        assert!(read(&connector, &grant).await.is_err());
    }
    // 20 first tries, a burst of 10 repeats, and one repeat for each 5 of the first tries and the link's own.
    let asked = running.asked("/accounts");
    assert!((30..=36).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_bank_that_asks_for_a_wait_gets_it_if_there_is_time() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then([Next::Wait(429, 0)]);
    assert_eq!(read(&connector, &grant).await, Ok(()));
    running.then([Next::Wait(429, 3_600)]);
    let fault = read(&connector, &grant).await.unwrap_err();
    let asked = Some(Duration::from_secs(3_600));
    assert!(matches!(fault, BankFault::TooMany { retry_after, .. } if retry_after == asked), "{fault:?}");
    running.then([Next::Answer(400, json!({ "code": 1207 })), Next::AsUsual]);
    assert_eq!(read(&connector, &grant).await, Ok(()), "FDX says it in the body too");
}

#[tokio::test]
async fn a_bank_that_says_nothing_is_given_up_in_time() {
    let running = Running::start().await;
    let (_, grant) = running.linked().await;
    let half_a_second = Duration::from_millis(500);
    // One request more than attempts: the first one only learns the nonce.
    for (limits, requests) in [
        (Limits { request: half_a_second, attempts: 2, ..quick() }, 3),
        (Limits { question: half_a_second, ..quick() }, 2),
    ] {
        let connector = running.connect(ConnectorConfig { limits, ..running.config() }).await;
        let before = running.asked("/accounts");
        running.then([Next::Silence, Next::Silence]);
        let fault = read(&connector, &grant).await.unwrap_err();
        assert!(matches!(fault, BankFault::TimedOut { .. }), "{fault:?}");
        assert!(running.asked("/accounts") - before <= requests);
        running.bank.next.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn a_bank_whose_api_is_not_there_is_unreachable_and_gets_its_grant_back() {
    let running = Running::start().await;
    let api = NOBODY.parse().unwrap();
    let connector = running.connect(ConnectorConfig { api, ..running.config() }).await;
    let begun = connector.begin_link(&ask(DataClass::ALL)).await.unwrap();
    let back = running.sign_in(&begun, "approve").await;
    let fault = connector.finish_link(&begun.pending, &back).await.err();
    assert_eq!(fault, Some(BankFault::Unreachable { attempts: 3 }));
    assert_eq!(running.asked("POST /revoke"), 1);
}

#[tokio::test]
async fn after_failures_in_a_row_the_bank_is_left_alone_until_a_probe_works() {
    let running = Running::start().await;
    let limits = Limits { attempts: 1, opens_after: 3, stays_open: Duration::from_secs(30), ..quick() };
    let (connector, grant) = linked_with(&running, limits).await;
    running.then(fails(3));
    for _ in 0..3 {
        assert!(matches!(read(&connector, &grant).await, Err(BankFault::Failing { .. })));
    }
    let asked = running.asked("/accounts");
    let until = "2026-11-21T09:00:30Z".parse().unwrap();
    assert_eq!(read(&connector, &grant).await, Err(BankFault::CircuitOpen { until }));
    assert_eq!(running.asked("/accounts"), asked, "an open circuit asks nothing");
    running.bank.clock.pass(Duration::from_secs(30));
    running.then(fails(1));
    assert!(matches!(read(&connector, &grant).await, Err(BankFault::Failing { .. })), "the probe failed");
    assert!(matches!(read(&connector, &grant).await, Err(BankFault::CircuitOpen { .. })));
    running.bank.clock.pass(Duration::from_secs(30));
    assert_eq!(read(&connector, &grant).await, Ok(()), "the probe worked");
    assert_eq!(read(&connector, &grant).await, Ok(()));
}

#[tokio::test]
async fn refusals_do_not_open_the_circuit_and_are_not_repeated() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    for _ in 0..10 {
        running.then([Next::Answer(403, json!({ "code": "602" }))]);
        let fault = read(&connector, &grant).await.unwrap_err();
        let refused = matches!(&fault, BankFault::Refused { status: 403, code, .. } if *code == Some(FdxCode::NotAuthorised));
        assert!(refused && !fault.is_passing(), "{fault:?}");
    }
    assert_eq!(running.asked("/accounts"), 10);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then([Next::Redirect]);
    let fault = read(&connector, &grant).await.unwrap_err();
    assert!(matches!(fault, BankFault::Unreadable { what: Unreadable::Redirect, .. }), "{fault:?}");
}

#[tokio::test]
async fn more_questions_than_the_bank_may_get_at_once_wait_for_their_turn() {
    let running = Running::start().await;
    let (connector, grant) = linked_with(&running, Limits { at_once: 1, ..quick() }).await;
    running.then(fails(1));
    let both = tokio::join!(read(&connector, &grant), read(&connector, &grant));
    assert_eq!(both, (Ok(()), Ok(())));
}

#[tokio::test]
async fn when_the_consent_ends_at_the_bank_nothing_opens() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    assert_eq!(read(&connector, &grant).await, Ok(()));
    running.end_consents("REVOKED");
    assert_eq!(read(&connector, &grant).await, Err(BankFault::ConsentEnded));
    assert_eq!(read(&connector, &grant).await, Err(BankFault::ConsentEnded));
}
