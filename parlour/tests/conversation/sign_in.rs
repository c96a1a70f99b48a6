//! Somebody who has lost the chat signs in at the bank, and everybody who must not get in that way.

use crate::{
    house::{Backend, House},
    messenger::Messenger,
};
use domain::{BankId, ConsentState};
use jiff::SignedDuration;
use parlour::{
    consents,
    demo::{
        DemoBank,
        guest::{Guest, block},
        visitor::{Page, Visitor},
    },
};
use reqwest::StatusCode;
use store::{DbError, subjects};
use url::Url;

const PERSON: &str = "__Host-person-harbour";
const SIGNING: &str = "__Host-signing";
const NOTHING: &str = "There is nothing of yours here";

fn at(house: &House, rest: &str) -> Url {
    house.demo().gateway_url.join(&format!("privacy/harbour{rest}")).unwrap()
}

async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

/// Somebody in a browser that never was here.
async fn elsewhere(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.visitor = Visitor::new().unwrap();
    guest
}

/// The first bank, for somebody who signs in there with another name.
fn as_tomas(house: &House) -> DemoBank {
    DemoBank { login: "tomas".to_owned(), ..house.harbour() }
}

async fn open(guest: &mut Guest, url: &Url) -> Page {
    let page = guest.visitor.get(url).await.unwrap();
    guest.visitor.settle(page).await.unwrap()
}

async fn press(guest: &mut Guest, page: &Page, label: &str) -> Page {
    let form = page.form_with(label).unwrap_or_else(|fault| panic!("{fault}: {}", page.body));
    let pressed = guest.visitor.submit(&page.url, &form, Some(label)).await.unwrap();
    guest.visitor.settle(pressed).await.unwrap()
}

/// Signs in at the bank from the privacy page, and comes back.
async fn signs_in(house: &House, guest: &mut Guest, bank: &DemoBank) -> Page {
    let door = open(guest, &at(house, "")).await;
    let back = guest.show_who_they_are(bank, &door).await.unwrap_or_else(|f| panic!("{f}: {}", door.body));
    guest.visitor.settle(back).await.unwrap()
}

fn cookie(house: &House, guest: &mut Guest, name: &str) -> Option<String> {
    guest.visitor.cookies_of(&house.demo().gateway_url).get(name).cloned()
}

#[track_caller]
fn says(page: &Page, promised: &[&str]) {
    for text in promised {
        assert!(page.body.contains(text), "no “{text}” on {} ({}):\n{}", page.url, page.status, page.body);
    }
}

#[track_caller]
fn is_outside(page: &Page) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
    says(page, &["This browser has no chat with Harbour Bank", "Sign in at Harbour Bank"]);
}

async fn who_lost_the_chat_does_all_that_the_page_does(backend: Backend) {
    let house = House::open_over(backend).await;
    let mut lost = linked(&house).await;
    lost.ask("What's my balance?").await.unwrap();
    let mut guest = elsewhere(&house).await;
    is_outside(&open(&mut guest, &at(&house, "")).await);
    let page = signs_in(&house, &mut guest, &house.harbour()).await;
    assert_eq!(page.url.path(), "/privacy/harbour");
    says(&page, &["On until 18 Feb 2027", "Sign out", "That opens this page only, until 11:00"]);
    let page = press(&mut guest, &page, "Pause").await;
    says(&page, &["Paused. Ends 18 Feb 2027"]);
    assert!(block(&lost.ask("What's my balance?").await.unwrap(), "balances").is_none());
    let page = press(&mut guest, &page, "Go on sharing").await;
    files_are_theirs(&house, &mut guest).await;

    // A change leads to the bank and back here, and is answered here: the chat is lost.
    let link = press(&mut guest, &page, "Change").await;
    let bank = guest.leave_for(&house.harbour(), &link.url).await.unwrap();
    let bank = guest.sign_in(&house.harbour(), bank).await.unwrap();
    let (back, _) = guest.approve(&bank).await.unwrap();
    let page = guest.visitor.settle(back).await.unwrap();
    assert_eq!(page.url.path(), "/privacy/harbour");
    says(&page, &["A choice waits for you", "Yes, that was me"]);
    let page = press(&mut guest, &page, "Yes, that was me").await;
    says(&page, &["On until", "Replaced 20 Nov 2026"]);
    lost.hears("Linked to Harbour Bank").await.unwrap();

    let ask = page.form_with("Pause").unwrap().action.replace("/pause", "/stop");
    let ask = open(&mut guest, &page.url.join(&ask).unwrap()).await;
    says(&press(&mut guest, &ask, "Yes, stop sharing").await, &["Ended 20 Nov 2026", "Your receipt"]);
    let mut erase = open(&mut guest, &at(&house, "/erase")).await.form_with("Erase everything").unwrap();
    erase = erase.fill("word", "erase");
    let erased = guest.visitor.submit(&at(&house, "/erase"), &erase, None).await.unwrap();
    says(&guest.visitor.settle(erased).await.unwrap(), &["Everything was erased"]);
    assert_eq!(cookie(&house, &mut guest, PERSON), None);
    is_outside(&open(&mut guest, &at(&house, "")).await);
    says(&signs_in(&house, &mut guest, &house.harbour()).await, &[NOTHING]);
}

/// The record, the proofs and the copy are there without the chat's own session.
async fn files_are_theirs(house: &House, guest: &mut Guest) {
    let overview = open(guest, &at(house, "")).await;
    let pause = overview.form_with("Pause").unwrap().action;
    let one = pause.strip_suffix("/pause").unwrap();
    let one = open(guest, &overview.url.join(one).unwrap()).await;
    let record = guest.visitor.json(&one.url.join(&format!("{}/record", one.url.path())).unwrap()).await;
    let id = one.url.path().rsplit('/').next().unwrap();
    assert_eq!(record.unwrap()["dct:identifier"], id);
    says(&one, &[&format!("/privacy/harbour/consents/{id}/record")]);
    assert!(!one.body.contains("/v1/chat/"), "nothing leads to where a sign-in does not open");
    let looks = open(guest, &at(house, "/looks")).await;
    says(&looks, &["Your balances", "/privacy/harbour/looks/ent_"]);
    let copy = guest.visitor.json(&at(house, "/copy/file")).await.unwrap();
    assert_eq!(copy["complete"], true);
    says(&open(guest, &at(house, "/copy/page")).await, &["What&#39;s my balance?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_chat_does_all_that_the_page_does_on_sqlite() {
    who_lost_the_chat_does_all_that_the_page_does(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_chat_does_all_that_the_page_does_on_postgresql() {
    who_lost_the_chat_does_all_that_the_page_does(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_known_here_is_told_so_and_gets_nothing() {
    let house = House::open().await;
    linked(&house).await;
    let mut stranger = elsewhere(&house).await;
    let page = signs_in(&house, &mut stranger, &as_tomas(&house)).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    says(&page, &[NOTHING, "no chat here was linked by you"]);
    assert_eq!(cookie(&house, &mut stranger, PERSON), None);
    is_outside(&open(&mut stranger, &at(&house, "")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_opens_the_privacy_page_and_no_chat() {
    let house = House::open().await;
    linked(&house).await;
    let mut guest = elsewhere(&house).await;
    signs_in(&house, &mut guest, &house.harbour()).await;
    for path in ["messages", "export", "access", "consents"] {
        let page = guest.visitor.get(&guest.api(path)).await.unwrap();
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let chat = guest.chat.clone();
    let room = open(&mut guest, &chat).await;
    assert!(room.says("not linked") && !room.says("Yes, that was me"), "the chat begins anew: {}", room.body);
    says(&open(&mut guest, &at(&house, "")).await, &["On until"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let house = House::open().await;
    linked(&house).await;
    let mut mallory = elsewhere(&house).await;
    signs_in(&house, &mut mallory, &house.harbour()).await;
    let planted = cookie(&house, &mut mallory, PERSON).unwrap();
    let mut guest = elsewhere(&house).await;
    let door = open(&mut guest, &at(&house, "")).await;
    for (name, value) in [(PERSON, planted.as_str()), (SIGNING, "planted")] {
        guest.visitor.cookies_of(&at(&house, "")).insert(name.into(), value.into());
    }
    let back = guest.show_who_they_are(&house.harbour(), &door).await.unwrap();
    guest.visitor.settle(back).await.unwrap();
    let mine = cookie(&house, &mut guest, PERSON).unwrap();
    assert_ne!(mine, planted);
    is_outside(&open(&mut mallory, &at(&house, "")).await);
    for name in ["session", "token", PERSON] {
        let mut stranger = elsewhere(&house).await;
        is_outside(&open(&mut stranger, &at(&house, &format!("?{name}={mine}"))).await);
    }
    says(&open(&mut guest, &at(&house, "")).await, &["On until"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_after_fifteen_minutes_without_use_and_after_an_hour() {
    let house = House::open().await;
    linked(&house).await;
    let mut guest = elsewhere(&house).await;
    signs_in(&house, &mut guest, &house.harbour()).await;
    house.forward(SignedDuration::from_mins(15));
    is_outside(&open(&mut guest, &at(&house, "")).await);
    signs_in(&house, &mut guest, &house.harbour()).await;
    for _ in 0..5 {
        house.forward(SignedDuration::from_mins(10));
        says(&open(&mut guest, &at(&house, "")).await, &["On until"]);
    }
    house.forward(SignedDuration::from_mins(10));
    is_outside(&open(&mut guest, &at(&house, "")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_the_cookie_opens_nothing() {
    let house = House::open().await;
    linked(&house).await;
    let mut guest = elsewhere(&house).await;
    let page = signs_in(&house, &mut guest, &house.harbour()).await;
    let stolen = cookie(&house, &mut guest, PERSON).unwrap();
    is_outside(&press(&mut guest, &page, "Sign out").await);
    assert_eq!(cookie(&house, &mut guest, PERSON), None);
    guest.visitor.cookies_of(&at(&house, "")).insert(PERSON.into(), stolen);
    is_outside(&open(&mut guest, &at(&house, "")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_conversations_are_listed_and_only_ones_own_can_be_chosen() {
    let house = House::open().await;
    let (first, mut second) = (linked(&house).await, Messenger::meet(&house, "psid-1").await);
    second.link().await;
    drop(first);
    let mut other = Guest::enter(&house.harbour()).await.unwrap();
    other.link(&as_tomas(&house)).await.unwrap();
    let mut guest = elsewhere(&house).await;
    let list = signs_in(&house, &mut guest, &house.harbour()).await;
    assert_eq!(list.url.path(), "/privacy/harbour/conversations");
    says(&list, &["You linked more than one chat", "In a messenger", "On this site"]);
    assert_eq!(list.body.matches("See this one</button>").count(), 2, "{}", list.body);
    let page = press(&mut guest, &list, "See this one").await;
    says(&page, &["On until", "All your conversations"]);

    let theirs = {
        let (app, bank) = (house.app(), BankId::try_from("harbour".to_owned()).unwrap());
        let token = other.visitor.cookies_of(&at(&house, ""))["__Host-parlour-harbour"].clone();
        app.sessions.check(&bank, &token, app.clock.now()).unwrap().conversation
    };
    let form = list.form_with("See this one").unwrap();
    for (conversation, status) in
        [(theirs.to_string(), StatusCode::NOT_FOUND), ("cnv_x".to_owned(), StatusCode::UNPROCESSABLE_ENTITY)]
    {
        let form = form.clone().fill("conversation", &conversation);
        let refused = guest.visitor.submit(&list.url, &form, None).await.unwrap();
        assert_eq!(refused.status, status, "{}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_works_once_in_time_and_in_its_own_browser() {
    let house = House::open().await;
    linked(&house).await;
    let mut guest = elsewhere(&house).await;
    let door = open(&mut guest, &at(&house, "")).await;
    let back = guest.show_who_they_are(&house.harbour(), &door).await.unwrap();
    let address = back.location.clone().unwrap();
    let mut thief = elsewhere(&house).await;
    let page = open(&mut thief, &address).await;
    assert_eq!((page.status, cookie(&house, &mut thief, PERSON)), (StatusCode::FORBIDDEN, None));
    let kept = cookie(&house, &mut guest, SIGNING).unwrap();
    says(&guest.visitor.settle(back).await.unwrap(), &["On until"]);
    assert_eq!(cookie(&house, &mut guest, SIGNING), None, "it is used up");
    thief.visitor.cookies_of(&address).insert(SIGNING.into(), kept);
    let page = open(&mut thief, &address).await;
    assert_eq!((page.status, cookie(&house, &mut thief, PERSON)), (StatusCode::GONE, None));
    says(&page, &["This sign-in is over"]);

    let mut late = elsewhere(&house).await;
    let back = late.show_who_they_are(&house.harbour(), &door).await.unwrap();
    house.forward(SignedDuration::from_mins(20));
    says(&late.visitor.settle(back).await.unwrap(), &["This sign-in is over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_that_was_changed_or_denied_signs_nobody_in() {
    let house = House::open().await;
    linked(&house).await;
    for (from, to) in [("iss=http", "iss=https"), ("state=", "state=x"), ("code=", "x="), ("&iss=", "&x=")] {
        let mut guest = elsewhere(&house).await;
        let door = open(&mut guest, &at(&house, "")).await;
        let back = guest.show_who_they_are(&house.harbour(), &door).await.unwrap();
        let changed = back.location.unwrap().as_str().replacen(from, to, 1).parse().unwrap();
        let page = open(&mut guest, &changed).await;
        says(&page, &["The way back was not as it left"]);
        assert_eq!((page.status, cookie(&house, &mut guest, PERSON)), (StatusCode::FORBIDDEN, None));
    }
    let mut guest = elsewhere(&house).await;
    let door = open(&mut guest, &at(&house, "")).await;
    let bank = press(&mut guest, &door, "Sign in at Harbour Bank").await;
    let page = press(&mut guest, &bank, "Cancel").await;
    says(&page, &["You are not signed in", "You did not say yes at Harbour Bank"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_and_a_link_that_were_begun_beside_each_other_both_come_back() {
    let house = House::open().await;
    linked(&house).await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let link = Guest::address(&guest.notice().await.unwrap()).unwrap();
    let at_bank = guest.leave_for(&house.harbour(), &link).await.unwrap();
    let door = open(&mut guest, &at(&house, "")).await;
    says(&door, &["Looking for another chat?"]);
    let signed = guest.show_who_they_are(&house.harbour(), &door).await.unwrap();
    let at_bank = open_again(&mut guest, &at_bank).await;
    let at_bank = guest.sign_in(&house.harbour(), at_bank).await.unwrap();
    let (linked, _) = guest.approve(&at_bank).await.unwrap();
    let chat = guest.visitor.settle(linked).await.unwrap();
    assert_eq!(chat.url.path(), "/chat/harbour");
    says(&guest.visitor.settle(signed).await.unwrap(), &["On until", "Sign out"]);
    guest.confirm().await.unwrap();
}

async fn open_again(guest: &mut Guest, page: &Page) -> Page {
    let page = guest.visitor.get(&page.url).await.unwrap();
    guest.visitor.settle(page).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_offers_no_sign_in_links_and_its_page_says_so() {
    let house = House::open_without_sign_in().await;
    linked(&house).await;
    let mut guest = elsewhere(&house).await;
    let door = open(&mut guest, &at(&house, "")).await;
    says(&door, &["Signing in at the bank is not offered here", "On Harbour Bank’s own site"]);
    assert!(door.form_with("Sign in at").is_err());
    let form = parlour::demo::page::Form { action: "/privacy/harbour/sign-in".into(), ..Default::default() };
    let pressed = guest.visitor.submit(&door.url, &form, None).await.unwrap();
    assert_eq!(pressed.status, StatusCode::NOT_FOUND);
    says(&pressed, &["Signing in is not offered here"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_say_yes_in_the_chat_is_not_known() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let notice = guest.notice().await.unwrap();
    guest.sign_in_at_bank(&house.harbour(), &Guest::address(&notice).unwrap()).await.unwrap();
    let mut person = elsewhere(&house).await;
    says(&signs_in(&house, &mut person, &house.harbour()).await, &[NOTHING]);
    guest.ask("No, that was not me").await.unwrap();
    says(&signs_in(&house, &mut person, &house.harbour()).await, &[NOTHING]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_somebody_else_links_is_theirs_from_then_on() {
    let house = House::open().await;
    let (mut guest, mut person) = (linked(&house).await, elsewhere(&house).await);
    says(&signs_in(&house, &mut person, &house.harbour()).await, &["On until"]);
    guest.ask("stop").await.unwrap();
    guest.hears("ended there too").await.unwrap();
    guest.visitor.cookies_of(&house.harbour().url).retain(|name, _| name.starts_with("__Host-parlour"));
    guest.link(&as_tomas(&house)).await.unwrap_or_else(|fault| panic!("{fault}"));
    says(&open(&mut person, &at(&house, "")).await, &["This browser has no chat"]);
    let mut tomas = elsewhere(&house).await;
    says(&signs_in(&house, &mut tomas, &as_tomas(&house)).await, &["On until"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_the_page_still_opens_until_everything_is_erased() {
    let house = House::open().await;
    let mut lost = linked(&house).await;
    lost.ask("stop").await.unwrap();
    let mut guest = elsewhere(&house).await;
    let page = signs_in(&house, &mut guest, &house.harbour()).await;
    says(&page, &["Nothing is shared", "Before", "Ended 20 Nov 2026"]);
    let app = house.app();
    let bank: BankId = "harbour".parse().unwrap();
    let token = lost.visitor.cookies_of(&at(&house, ""))["__Host-parlour-harbour"].clone();
    let of = app.sessions.check(&bank, &token, app.clock.now()).unwrap();
    let all = consents::list(&app, &bank, &of.customer).await.unwrap();
    assert!(all.iter().any(|consent| consent.state == ConsentState::Withdrawn));
    let known =
        app.store.read(move |tx| -> Result<_, DbError> { subjects::known_since(tx, &of.bank, &of.customer) });
    assert!(known.await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_messenger_the_word_privacy_leads_to_a_page_that_opens_after_a_sign_in() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    person.link().await;
    let told = person.ask("privacy").await;
    let door = block(&told, "door").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(door["href"], at(&house, "").as_str(), "the address opens nothing by itself");
    let mut guest = elsewhere(&house).await;
    let page = signs_in(&house, &mut guest, &house.harbour()).await;
    says(&page, &["On until 18 Feb 2027", "Sign out"]);
    assert!(!page.body.contains("/chat/harbour\""), "there is no chat on this site to go back to");
    let page = press(&mut guest, &page, "Pause").await;
    says(&page, &["Paused"]);
    assert!(person.ask("What's my balance?").await.to_string().contains("paused"));
}
