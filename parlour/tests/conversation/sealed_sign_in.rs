//! Sealed pages in a browser that is not known, opened by signing in at the bank.

use crate::{
    house::House,
    messenger::{Messenger, press},
};
use domain::BankId;
use jiff::SignedDuration;
use parlour::{
    demo::{
        DemoBank,
        guest::{Guest, block},
        visitor::{Page, Visitor},
    },
    linking::hash,
};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use store::{DbError, sealed_links};
use url::Url;

const BALANCE: &str = "What's my balance?";

async fn linked(house: &House) -> Messenger {
    let mut person = Messenger::meet(house, "psid-1").await;
    person.link().await;
    person
}

/// Another browser, that was nowhere yet.
async fn elsewhere(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.visitor = Visitor::new().unwrap();
    guest
}

fn as_tomas(house: &House) -> DemoBank {
    DemoBank { login: "tomas".to_owned(), ..house.harbour() }
}

/// Presses the button to the bank on the page that an address shows, signs in there and comes back.
async fn signs_in(guest: &mut Guest, bank: &DemoBank, page: &Page) -> Page {
    let back = guest.show_who_they_are(bank, page).await.unwrap_or_else(|f| panic!("{f}: {}", page.body));
    guest.visitor.settle(back).await.unwrap()
}

#[track_caller]
fn shows_nothing(page: &Page, status: StatusCode, words: &str) {
    assert_eq!(page.status, status, "{}", page.body);
    assert!(page.says(words), "{words} in {}", page.body);
    for data in ["Available to spend", "Balance", "··", "$"] {
        assert!(!page.body.contains(data), "{data} in {}", page.body);
    }
}

/// How often a page was tried.
async fn tries(house: &House, page: &Url) -> u32 {
    let (bank, token): (BankId, _) = ("harbour".parse().unwrap(), page.path().replace("/sealed/", ""));
    let app = house.app();
    let found =
        app.store.read(move |tx| -> Result<_, DbError> { sealed_links::by_token(tx, &bank, &hash(&token)) });
    found.await.unwrap().unwrap().tries
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_new_browser_the_right_person_opens_the_page_by_signing_in_at_the_bank() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page(BALANCE).await;
    let mut other = elsewhere(&house).await;
    let waiting = press(&mut other.visitor, &page).await;
    shows_nothing(&waiting, StatusCode::ACCEPTED, "Or sign in at Harbour Bank");
    let door = signs_in(&mut other, &house.harbour(), &waiting).await;
    assert_eq!((&door.url, door.says("A page for you")), (&page, true), "the button waits, nothing opened");
    let opened = press(&mut other.visitor, &page).await;
    assert!(opened.says("Available to spend"), "{}", opened.body);
    shows_nothing(&press(&mut other.visitor, &page).await, StatusCode::GONE, "shown already");
    shows_nothing(&person.opens(&page).await, StatusCode::GONE, "shown already");
    // Signed in once, the next page opens at once.
    let next = person.asks_for_a_page("Last transactions").await;
    assert!(press(&mut other.visitor, &next).await.says("Payments"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_is_refused_counted_and_told_why() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page(BALANCE).await;
    let mut other = elsewhere(&house).await;
    let waiting = press(&mut other.visitor, &page).await;
    let refused = signs_in(&mut other, &as_tomas(&house), &waiting).await;
    shows_nothing(&refused, StatusCode::FORBIDDEN, "belongs to somebody else");
    assert!(refused.says("not as the person who asked for this page"), "{}", refused.body);
    let gateway = house.demo().gateway_url.clone();
    assert!(!other.visitor.cookies_of(&gateway).contains_key("__Host-person-harbour"));
    assert_eq!(tries(&house, &page).await, 1);
    // Somebody who is signed in with a chat of their own is refused the same way.
    let mut tomas = Guest::enter(&house.harbour()).await.unwrap();
    tomas.link(&as_tomas(&house)).await.unwrap();
    let next = person.asks_for_a_page(BALANCE).await;
    let privacy = gateway.join("privacy/harbour").unwrap();
    let mut browser = elsewhere(&house).await;
    let door = browser.visitor.get(&privacy).await.unwrap();
    signs_in(&mut browser, &as_tomas(&house), &door).await;
    let refused = press(&mut browser.visitor, &next).await;
    shows_nothing(&refused, StatusCode::FORBIDDEN, "belongs to somebody else");
    assert_eq!(tries(&house, &next).await, 1);
    assert!(person.opens(&next).await.says("Available to spend"), "its owner still opens it");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_and_the_first_browser_hold_for_who_signs_in_too() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page(BALANCE).await;
    house.faults(&json!({ "serverError": {} })).await;
    let failed = person.opens(&page).await;
    assert!(failed.says("did not answer"), "it is bound now: {}", failed.body);
    house.faults(&json!({})).await;
    let mut other = elsewhere(&house).await;
    let privacy = house.demo().gateway_url.join("privacy/harbour").unwrap();
    let door = other.visitor.get(&privacy).await.unwrap();
    assert!(signs_in(&mut other, &house.harbour(), &door).await.says("On until"));
    let bound = press(&mut other.visitor, &page).await;
    shows_nothing(&bound, StatusCode::FORBIDDEN, "belongs to another browser");
    let next = person.asks_for_a_page(BALANCE).await;
    house.forward(SignedDuration::from_mins(10));
    shows_nothing(&press(&mut other.visitor, &next).await, StatusCode::GONE, "too old");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_before_the_banks_own_chat_opens_in_another_browser_after_a_sign_in() {
    let house = House::open_where("[channels.web.tiers]\nbalances = \"sealed\"\n").await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask(BALANCE).await.unwrap();
    let page: Url = block(&reply, "sealed_link").unwrap()["href"].as_str().unwrap().parse().unwrap();
    let mut other = elsewhere(&house).await;
    let refused = press(&mut other.visitor, &page).await;
    shows_nothing(&refused, StatusCode::FORBIDDEN, "belongs to another chat");
    signs_in(&mut other, &house.harbour(), &refused).await;
    assert!(press(&mut other.visitor, &page).await.says("Available to spend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_fetches_addresses_begins_a_sign_in() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page(BALANCE).await;
    let http = Client::new();
    let to = format!("{page}/sign-in");
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let answer = http.request(method.clone(), &to).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let site = http.post(&to).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(site.status(), StatusCode::FORBIDDEN);
    let made_up = to.replace("/sealed/harbour.", "/sealed/harbour.x");
    assert_eq!(http.post(&made_up).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(tries(&house, &page).await, 0);
    assert!(person.opens(&page).await.says("Available to spend"), "and then it opens for its owner");
}
