//! Linking resists theft.

use crate::house::House;
use jiff::SignedDuration;
use parlour::demo::{
    guest::{Guest, block},
    visitor::Visitor,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_used_links_nothing_and_says_so() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    guest.sign_in_at_bank(&house.harbour(), &link).await.unwrap();
    let page = guest.visitor.get(&link).await.unwrap();
    assert!(page.status.is_client_error() && page.says("used"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opened_in_one_browser_does_not_go_on_in_another() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let opened = guest.visitor.get(&link).await.unwrap();
    let form = opened.form_with("Harbour Bank").unwrap();
    // Somebody who even has the session, but not the cookie of the link.
    let mut thief = Visitor::new().unwrap();
    let stolen = guest.visitor.cookies_of(&link).clone();
    thief.cookies_of(&link).extend(stolen.into_iter().filter(|(name, _)| name.contains("harbour")));
    assert!(!thief.cookies_of(&link).is_empty(), "the session was copied");
    let page = thief.get(&link).await.unwrap();
    assert!(page.status.is_client_error() && page.says("another browser"), "{}", page.body);
    let page = thief.submit(&link, &form, None).await.unwrap();
    assert!(page.status.is_client_error() && page.location.is_none(), "{:?}", page.location);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_too_old_links_nothing_and_says_so() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    house.forward(SignedDuration::from_mins(21));
    let page = guest.visitor.get(&link).await.unwrap();
    assert!(page.status.is_client_error() && page.says("too old"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_from_the_bank_works_once() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let page = guest.leave_for(&house.harbour(), &link).await.unwrap();
    let page = guest.sign_in(&house.harbour(), page).await.unwrap();
    let (page, _) = guest.approve(&page).await.unwrap();
    let way_back = page.location.clone().unwrap();
    let cookies = guest.visitor.cookies_of(&link).clone();
    guest.visitor.settle(page).await.unwrap();
    // The same address again, with the very cookies that it came with the first time.
    *guest.visitor.cookies_of(&link) = cookies;
    let again = guest.visitor.get(&way_back).await.unwrap();
    assert!(again.status.is_client_error(), "{} {:?}", again.status, again.location);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_that_was_changed_links_nothing_and_is_told_in_the_chat() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let page = guest.leave_for(&house.harbour(), &link).await.unwrap();
    let page = guest.sign_in(&house.harbour(), page).await.unwrap();
    let (page, _) = guest.approve(&page).await.unwrap();
    let mut way_back = page.location.clone().unwrap();
    let pairs: Vec<(String, String)> = way_back.query_pairs().into_owned().collect();
    way_back.query_pairs_mut().clear().extend_pairs(
        pairs.iter().map(|(k, v)| (k.as_str(), if k == "state" { "changed" } else { v.as_str() })),
    );
    let page = guest.visitor.get(&way_back).await.unwrap();
    assert!(page.status.is_client_error(), "{}", page.status);
    guest.hears("not as it left").await.unwrap();
    let reply = guest.ask("yes").await.unwrap();
    assert!(!reply.to_string().contains("Linked to"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_at_the_bank_is_back_and_nothing_is_linked() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let page = guest.leave_for(&house.harbour(), &link).await.unwrap();
    let page = guest.sign_in(&house.harbour(), page).await.unwrap();
    let form = page.form_with("deny").unwrap();
    let page = guest.visitor.submit(&page.url, &form, Some("deny")).await.unwrap();
    guest.visitor.settle(page).await.unwrap();
    guest.hears("did not approve").await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "notice").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_in_the_chat_links_nothing_and_ends_it_at_the_bank() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    guest.sign_in_at_bank(&house.harbour(), &link).await.unwrap();
    let reply = guest.ask("No, that was not me").await.unwrap();
    assert!(reply.to_string().contains("Nothing was read"), "{reply}");
    guest.hears("ended there too").await.unwrap();
    let page = guest.sharing(&house.harbour()).await.unwrap();
    assert!(page.says("Stopped on") && !page.says("Active until"), "{}", page.body);
    let after = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&after, "balances").is_none(), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_cannot_be_reached_is_named_and_the_link_can_be_tried_again() {
    let house = House::open().await;
    house.faults(&json!({ "tokenEndpoint": { "trouble": "serverError" } })).await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let page = guest.leave_for(&house.harbour(), &link).await.unwrap();
    let page = guest.sign_in(&house.harbour(), page).await.unwrap();
    let (page, _) = guest.approve(&page).await.unwrap();
    let page = guest.visitor.follow(&page).await.unwrap();
    assert!(!page.status.is_success() && page.says("Harbour Bank"), "{} {}", page.status, page.body);
    house.faults(&json!({})).await;
    house.forward(SignedDuration::from_mins(2));
    guest.link(&house.harbour()).await.unwrap();
}
