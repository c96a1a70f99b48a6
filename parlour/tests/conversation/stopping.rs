//! One word ends it.

use crate::house::House;
use jiff::SignedDuration;
use parlour::demo::guest::{Guest, block};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_consent_opens_nothing_even_while_the_bank_is_down() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.faults(&json!({ "serverError": {} })).await;
    let reply = guest.ask("STOP").await.unwrap();
    assert!(reply.to_string().contains("Stopped"), "{reply}");
    let after = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&after, "balances").is_none() && block(&after, "notice").is_some(), "{after}");
    let page = guest.sharing(&house.harbour()).await.unwrap();
    assert!(page.says("Active until"), "the bank has not heard of it yet");
    // The bank comes back: it is told again until it confirms, and the chat says so.
    house.faults(&json!({})).await;
    house.forward(SignedDuration::from_mins(20));
    guest.hears("ended there too").await.unwrap();
    let page = guest.sharing(&house.harbour()).await.unwrap();
    assert!(page.says("Stopped on") && !page.says("Active until"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_was_ended_at_the_bank_is_ended_here_and_said_so() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let page = guest.sharing(&house.harbour()).await.unwrap();
    let stop = page
        .body
        .split("href=\"")
        .filter_map(|part| part.split('"').next())
        .find(|href| href.ends_with("/stop"));
    let ask = guest.visitor.get(&house.harbour().url.join(stop.unwrap()).unwrap()).await.unwrap();
    let form = ask.form_with("csrf").unwrap();
    let forms = parlour::demo::page::Form::all(&ask.body);
    let form = forms.into_iter().find(|f| f.action.contains("/stop")).unwrap_or(form);
    let page = guest.visitor.submit(&ask.url, &form, None).await.unwrap();
    guest.visitor.settle(page).await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "balances").is_none() && reply.to_string().contains("ended there"), "{reply}");
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "notice").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_without_a_link_says_that_nothing_is_shared() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let reply = guest.ask("stop").await.unwrap();
    assert!(reply.to_string().contains("nothing to stop"), "{reply}");
}
