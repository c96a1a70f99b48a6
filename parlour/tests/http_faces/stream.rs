//! The conversation as it goes on: nothing lost, nothing doubled.

use super::{client::Ask, gateway::Gateway};
use serde_json::Value;

#[tokio::test]
async fn two_windows_each_get_every_message_once_and_in_order() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let mut page = gateway.open(caller.browser(Ask::get(caller.path("/events?as=html")))).await;
    let mut app = gateway.open(caller.app(Ask::get(caller.path("/events?after=0")))).await;
    for n in 1..=4 {
        assert_eq!(gateway.send(caller.say(&format!("hello {n}"), &format!("k{n}"))).await.status, 202);
    }
    let page = page.until("eight messages", |a| a.message_ids().len() >= 8).await;
    let app = app.until("eight messages", |a| a.message_ids().len() >= 8).await;
    let all: Vec<u64> = (1..=8).collect();
    assert_eq!((page.message_ids(), app.message_ids()), (all.clone(), all));
    assert_eq!(page.header("content-type"), "text/event-stream");
    for event in page.events().iter().filter(|e| e.name.is_empty()) {
        assert!(event.data.starts_with(&format!("<li id=\"m-{}\"", event.id)), "{event:?}");
    }
    for event in app.events().iter().filter(|e| e.name.is_empty()) {
        assert_eq!(serde_json::from_str::<Value>(&event.data).unwrap()["seq"].to_string(), event.id);
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_message_that_came() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let mut stream = gateway.open(caller.app(Ask::get(caller.path("/events")))).await;
    gateway.send(caller.say("hello", "k1")).await;
    gateway.send(caller.say("hello", "k2")).await;
    stream.until("four messages", |a| a.message_ids().len() == 4).await;
    let ask = Ask::get(caller.path("/events?after=0")).with("last-event-id", "2");
    let mut later = gateway.open(caller.app(ask)).await;
    let later = later.until("the standing", |a| a.events().iter().any(|e| e.name == "standing")).await;
    assert_eq!(later.message_ids(), [3, 4]);
    let ask = Ask::get(caller.path("/events")).with("last-event-id", "nonsense");
    gateway.send(caller.app(ask)).await.is_problem(422, "invalid");
}

#[tokio::test]
async fn a_stop_ends_streams_at_once_and_a_new_start_goes_on_without_loss() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let mut stream = gateway.open(caller.app(Ask::get(caller.path("/events")))).await;
    gateway.send(caller.say("before", "k1")).await;
    let before = stream.until("the answer", |a| a.message_ids().len() == 2).await;
    let gateway = gateway.again().await;
    assert!(stream.ends().await, "the stop ends the stream");
    gateway.send(caller.say("after", "k2")).await;
    let ask = Ask::get(caller.path("/events")).with("last-event-id", "2");
    let mut again = gateway.open(caller.app(ask)).await;
    let after = again.until("the answer", |a| a.message_ids().len() == 2).await;
    assert_eq!([before.message_ids(), after.message_ids()].concat(), [1, 2, 3, 4]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_conversation_is_open_in_so_many_windows_and_no_more() {
    let gateway = Gateway::with_limits("streams_per_conversation = 2\nstreams = 3").await;
    let (caller, other) = (gateway.caller("harbour").await, gateway.caller("harbour").await);
    let events = |c: &super::gateway::Caller| c.app(Ask::get(c.path("/events")));
    let mut open = vec![];
    for caller in [&caller, &caller, &other] {
        let mut stream = gateway.open(events(caller)).await;
        stream.until("the head", |a| a.status == 200).await;
        open.push(stream);
    }
    for full in [&caller, &other] {
        let refused = gateway.send(events(full)).await;
        refused.is_problem(429, "too_many_streams");
        assert_eq!(refused.header("retry-after"), "15");
    }
}

#[tokio::test]
async fn a_page_whose_session_is_over_is_told_so_and_not_asked_again() {
    let gateway = Gateway::start().await;
    let ask =
        || Ask::get("/v1/chat/harbour/events?as=html&after=0").with("cookie", "__Host-parlour-harbour=old");
    let answer = gateway.send(ask().with("hx-request", "true")).await;
    assert_eq!((answer.status, answer.events()[0].name.as_str()), (200, "over"));
    let ask = Ask::get("/v1/chat/harbour/events").with("cookie", "__Host-parlour-harbour=old");
    gateway.send(ask).await.is_problem(401, "no_session");
}
