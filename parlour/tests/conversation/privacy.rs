//! The privacy page of somebody who shares, read and pressed without a browser and without scripts.

use crate::house::House;
use domain::{BankId, Channel, ConsentState, CustomerId, DataClass, EntryId, How, Purpose, Tier};
use gate::{Decision, RefusalReason};
use jiff::{SignedDuration, Timestamp};
use parlour::{
    consents,
    demo::{
        guest::{Guest, block},
        visitor::Page,
    },
    http::caller::cookie_name,
    rim,
    session::Session,
};
use std::collections::BTreeSet;
use store::{DbError, access};
use url::Url;

const BALANCE: &str = "What's my balance?";

fn bank() -> BankId {
    "harbour".parse().unwrap()
}

fn at(house: &House, rest: &str) -> Url {
    house.demo().gateway_url.join(&format!("privacy/harbour{rest}")).unwrap()
}

async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

async fn open(house: &House, guest: &mut Guest, rest: &str) -> Page {
    let page = guest.visitor.get(&at(house, rest)).await.unwrap();
    guest.visitor.settle(page).await.unwrap()
}

async fn press(guest: &mut Guest, page: &Page, label: &str) -> Page {
    let form = page.form_with(label).unwrap();
    let pressed = guest.visitor.submit(&page.url, &form, None).await.unwrap();
    guest.visitor.settle(pressed).await.unwrap()
}

#[track_caller]
fn says(page: &Page, promised: &[&str]) {
    for text in promised {
        assert!(page.body.contains(text), "no “{text}” on {} ({}):\n{}", page.url, page.status, page.body);
    }
}

fn token(guest: &mut Guest) -> String {
    let chat = guest.chat.clone();
    guest.visitor.cookies_of(&chat)[&cookie_name(&bank())].clone()
}

fn session(house: &House, guest: &mut Guest) -> Session {
    let app = house.app();
    app.sessions.check(&bank(), &token(guest), app.clock.now()).unwrap()
}

/// The consents that were ever given, newest first: id and state.
async fn given(house: &House, guest: &mut Guest) -> Vec<(String, ConsentState)> {
    let of = session(house, guest);
    let all = consents::list(&house.app(), &of.bank, &of.customer).await.unwrap();
    let given = all.into_iter().filter(|c| !c.accounts.is_empty());
    given.map(|c| (c.id.to_string(), c.state)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_is_shared_with_whom_what_for_and_until_when() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let page = open(&house, &mut guest, "").await;
    says(
        &page,
        &[
            "On until 18 Feb 2027",
            "your balances",
            "No one else: not the messenger, no advertiser, no app maker",
            "Only to answer your questions",
            "Then it ends by itself",
            "in whatever country they live",
        ],
    );
    let (id, _) = given(&house, &mut guest).await.remove(0);
    let one = open(&house, &mut guest, &format!("/consents/{id}")).await;
    let says_all =
        ["The notice was shown to you", "You said yes", "Log entry", "How to stop: Write", "SHA-256"];
    says(&one, &says_all);
    let record = guest.api(&format!("consents/{id}"));
    assert!(one.body.contains(record.path()), "the record is a click away");
    assert_eq!(guest.visitor.json(&record).await.unwrap()["dct:identifier"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_going_on_and_stopping_are_one_press_each_and_work_at_once() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let page = open(&house, &mut guest, "").await;
    let page = press(&mut guest, &page, "Pause").await;
    says(&page, &["Paused. Ends 18 Feb 2027", "Only you can end the pause"]);
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_none(), "nothing is read in a pause");
    let page = press(&mut guest, &page, "Go on sharing").await;
    says(&page, &["On until"]);
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_some());

    let (id, _) = given(&house, &mut guest).await.remove(0);
    let ask = open(&house, &mut guest, &format!("/consents/{id}/stop")).await;
    says(&ask, &["Stop sharing?", "It ends at once", "You get a receipt"]);
    assert_eq!(
        given(&house, &mut guest).await[0].1,
        ConsentState::Given,
        "reading the question ends nothing"
    );
    let ended = press(&mut guest, &ask, "Yes, stop sharing").await;
    says(&ended, &["Ended 20 Nov 2026", "Your receipt", "you did it on the privacy page"]);
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_none(), "nothing is read any more");
    says(&open(&house, &mut guest, "").await, &["Nothing is shared", "Before"]);
    guest.hears("has confirmed").await.unwrap();
    let page = open(&house, &mut guest, &format!("/consents/{id}")).await;
    says(&page, &["Harbour Bank confirmed the end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_page_does_nothing_and_says_how_things_stand() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let stale = open(&house, &mut guest, "").await;
    guest.ask("stop").await.unwrap();
    let told = press(&mut guest, &stale, "Pause").await;
    assert_eq!(told.status, 409);
    says(&told, &["The sharing is ended by you now", "Nothing was done"]);
    assert_eq!(given(&house, &mut guest).await[0].1, ConsentState::Withdrawn);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_that_is_pressed_twice_does_it_once() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let page = open(&house, &mut guest, "").await;
    press(&mut guest, &page, "Pause").await;
    let again = press(&mut guest, &page, "Pause").await;
    assert_eq!(again.status, 200);
    let (id, state) = given(&house, &mut guest).await.remove(0);
    assert_eq!(state, ConsentState::Paused);
    let ask = open(&house, &mut guest, &format!("/consents/{id}/stop")).await;
    let first = press(&mut guest, &ask, "Yes, stop sharing").await;
    let second = press(&mut guest, &ask, "Yes, stop sharing").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    says(&second, &["Your receipt"]);
    let of = session(&house, &mut guest);
    let id = id.parse().unwrap();
    let history = consents::history(&house.app(), &of.bank, &of.customer, &id).await.unwrap();
    let states: Vec<_> = history.iter().map(|told| told.change.state).collect();
    use ConsentState as S;
    assert_eq!(states, [S::Requested, S::Given, S::Paused, S::Withdrawn]);
    assert!(history[2..].iter().all(|told| told.change.how == How::Page));
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_leads_to_the_bank_and_replaces_the_old_choice_when_the_new_one_is_given() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let page = open(&house, &mut guest, "").await;
    // The clock stands still in tests; consents of one moment would have no order.
    house.forward(SignedDuration::from_secs(1));
    let notice = press(&mut guest, &page, "Change").await;
    assert!(notice.url.path().starts_with("/link/"), "{}", notice.url);
    says(&notice, &["Nothing has been shared yet"]);
    assert_eq!(given(&house, &mut guest).await.len(), 1, "the old choice holds meanwhile");
    let form = notice.form_with("Harbour Bank").unwrap();
    let bank = guest.visitor.submit(&notice.url, &form, None).await.unwrap();
    let bank = guest.visitor.settle(bank).await.unwrap();
    let bank = guest.sign_in(&house.harbour(), bank).await.unwrap();
    let (back, _) = guest.approve(&bank).await.unwrap();
    guest.visitor.settle(back).await.unwrap();
    says(&open(&house, &mut guest, "").await, &["A choice waits for you", "On until"]);
    guest.confirm().await.unwrap();
    says(&open(&house, &mut guest, "").await, &["On until", "Replaced 20 Nov 2026"]);
    let states: Vec<_> = given(&house, &mut guest).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [ConsentState::Given, ConsentState::Superseded]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_look_says_what_why_how_and_its_place_and_can_be_filtered() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask(BALANCE).await.unwrap();
    guest.ask("pause").await.unwrap();
    guest.ask(BALANCE).await.unwrap();
    let all = open(&house, &mut guest, "/looks").await;
    says(
        &all,
        &[
            "Today, Fri 20 Nov",
            "Your balances",
            "to answer your questions",
            "shown in the chat",
            "Why not: you have paused this link",
            "shown nowhere",
            "Log entry",
            "/verify?bank=harbour",
        ],
    );
    let (good, bad) = ("class=\"chip good\">Allowed", "class=\"chip warn\">Refused");
    let allowed = open(&house, &mut guest, "/looks?only=allowed").await;
    assert!(allowed.body.contains(good) && !allowed.body.contains(bad), "{}", allowed.body);
    let refused = open(&house, &mut guest, "/looks?only=refused").await;
    assert!(refused.body.contains(bad) && !refused.body.contains(good), "{}", refused.body);
    let receipt = all.body.split('"').find(|part| part.ends_with("/receipt")).unwrap().to_owned();
    let receipt = house.demo().gateway_url.join(&receipt).unwrap();
    for _ in 0..400 {
        let proof = guest.visitor.get(&receipt).await.unwrap();
        if proof.status == 200 {
            return says(&proof, &["c2sp.org/tlog-proof@v1"]);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no receipt of a look");
}

/// Writes so many decisions about a customer down, a few minutes apart, every third one refused.
async fn write_looks(house: &House, customer: &CustomerId, count: usize) {
    for n in 0..count {
        let at: Timestamp = "2026-11-18T03:00:00Z".parse().unwrap();
        let at = at + SignedDuration::from_mins(i64::try_from(n).unwrap() * 30);
        let allowed = n % 3 != 0;
        let decision = Decision {
            entry: EntryId::new(rim::uuid(at)),
            at,
            bank: bank(),
            customer: customer.clone(),
            asked_by: gate::AskerKind::Customer,
            payment: None,
            operation: None,
            consent: None,
            purpose: Purpose::AnswerCustomer,
            data_class: DataClass::Balances,
            accounts: vec![],
            channel: Channel::Web,
            tier: Tier::InChat,
            allowed,
            reason: (!allowed).then_some(RefusalReason::NoConsent),
            clauses: vec![],
            policy_digest: [0; 32],
        };
        let entry = vec![decision.entry.clone()];
        let staged = house.app().store.decide(entry, move |tx| access::stage(tx, &decision)).await;
        let _: ((), _) = staged.map_err(|fault: DbError| panic!("{fault}")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_looks_are_pages_on_with_none_left_out_and_none_twice() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.ask("hello").await.unwrap();
    let customer = session(&house, &mut guest).customer;
    write_looks(&house, &customer, 60).await;
    for (query, expected) in [("", 60), ("?only=refused", 20), ("?only=allowed", 40)] {
        let mut page = open(&house, &mut guest, &format!("/looks{query}")).await;
        let mut seen: Vec<String> = vec![];
        loop {
            let ids = page.body.split("<li id=\"").skip(1).filter_map(|part| part.split('"').next());
            seen.extend(ids.map(str::to_owned));
            let links = page.body.split("href=\"").filter_map(|part| part.split('"').next());
            let older = links.map(|link| link.replace("&#38;", "&")).find(|link| link.contains("before="));
            let Some(older) = older else { break };
            let url = house.demo().gateway_url.join(&older).unwrap();
            page = guest.visitor.get(&url).await.unwrap();
        }
        assert_eq!(seen.len(), expected, "{query}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), expected, "none twice {query}");
        assert!(seen.is_sorted_by(|a, b| a > b), "newest first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_asks_for_a_word_gives_a_receipt_and_ends_the_session() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask(BALANCE).await.unwrap();
    let ask = open(&house, &mut guest, "/erase").await;
    says(&ask, &["What goes", "What stays, and why", "This cannot be undone"]);
    let wrong = press(&mut guest, &ask, "Erase everything").await;
    assert_eq!(wrong.status, 422);
    says(&wrong, &["Nothing was erased. To erase, type the word erase."]);
    assert_eq!(open(&house, &mut guest, "").await.status, 200);

    let kept = token(&mut guest);
    let form = ask.form_with("Erase everything").unwrap().fill("word", " Erase ");
    let gone = guest.visitor.submit(&ask.url, &form, None).await.unwrap();
    let gone = guest.visitor.settle(gone).await.unwrap();
    says(&gone, &["Everything was erased", "What stays, and why"]);
    let chat = guest.chat.clone();
    assert!(!guest.visitor.cookies_of(&chat).contains_key(&cookie_name(&bank())), "the session is over");

    // A second press, and every other page that was still open, lead to the same receipt.
    for _ in 0..2 {
        guest.visitor.cookies_of(&chat).insert(cookie_name(&bank()), kept.clone());
        let again = guest.visitor.submit(&ask.url, &form, None).await.unwrap();
        let again = guest.visitor.settle(again).await.unwrap();
        assert_eq!((again.url, again.body == gone.body), (gone.url.clone(), true));
        guest.visitor.cookies_of(&chat).insert(cookie_name(&bank()), kept.clone());
        let looks = open(&house, &mut guest, "/looks").await;
        assert_eq!(looks.url, gone.url);
    }
    let anew = open(&house, &mut guest, "").await;
    assert_eq!(anew.status, 401, "nothing is left to show");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_is_the_whole_export() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let page = open(&house, &mut guest, "/copy").await;
    let file =
        page.body.split('"').find(|part| part.ends_with("/export") && part.starts_with("/v1/")).unwrap();
    let file = house.demo().gateway_url.join(file).unwrap();
    assert_eq!(guest.visitor.json(&file).await.unwrap()["complete"], true);
    let read = page.body.split('"').find(|part| part.ends_with("/export") && part.starts_with("/chat/"));
    let read = house.demo().gateway_url.join(read.unwrap()).unwrap();
    says(&guest.visitor.get(&read).await.unwrap(), &["What is kept of you here", "This is all"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_and_the_looks_of_somebody_else_lead_nowhere() {
    let house = House::open().await;
    let mut alice = linked(&house).await;
    alice.ask(BALANCE).await.unwrap();
    let (id, _) = given(&house, &mut alice).await.remove(0);
    let looks = open(&house, &mut alice, "/looks").await;
    let entry = looks.body.split("<li id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();

    let mut mallory = Guest::enter(&house.harbour()).await.unwrap();
    mallory.ask("hello").await.unwrap();
    let hers = open(&house, &mut alice, "").await;
    let nobodys = open(&house, &mut mallory, "/consents/cst_00000000000000000000000000000001").await;
    for rest in ["", "/stop"] {
        let page = open(&house, &mut mallory, &format!("/consents/{id}{rest}")).await;
        assert_eq!((page.status.as_u16(), &page.body), (404, &nobodys.body), "as if there were none");
    }
    let mut forms = vec![hers.form_with("Pause").unwrap()];
    for act in ["resume", "stop"] {
        let mut form = forms[0].clone();
        form.action = form.action.replace("pause", act);
        forms.push(form);
    }
    for form in forms {
        let page = mallory.visitor.submit(&hers.url, &form, None).await.unwrap();
        assert_eq!(page.status, 404, "{}", page.body);
    }
    let page = open(&house, &mut mallory, &format!("/looks?before={entry}")).await;
    assert!(page.status == 200 && !page.body.contains("<li id="), "{}", page.body);
    let receipt = mallory.api(&format!("access/{entry}/receipt"));
    assert_eq!(mallory.visitor.get(&receipt).await.unwrap().status, 404);
    assert_eq!(given(&house, &mut alice).await[0].1, ConsentState::Given, "hers is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_shows_only_what_its_own_conversation_has() {
    let house = House::open().await;
    let mut alice = linked(&house).await;
    let (id, _) = given(&house, &mut alice).await.remove(0);
    let mut mallory = Guest::enter(&house.harbour()).await.unwrap();
    mallory.ask("hello").await.unwrap();
    // Mallory's cookie lies in the browser that Alice uses now.
    let (chat, planted) = (alice.chat.clone(), token(&mut mallory));
    let hers = token(&mut alice);
    alice.visitor.cookies_of(&chat).insert(cookie_name(&bank()), planted);
    says(&open(&house, &mut alice, "").await, &["Nothing is shared"]);
    assert_eq!(open(&house, &mut alice, &format!("/consents/{id}")).await.status, 404);
    // And Mallory, who knows that session, has learnt nothing of Alice.
    says(&open(&house, &mut mallory, "").await, &["Nothing is shared"]);
    alice.visitor.cookies_of(&chat).insert(cookie_name(&bank()), hers);
    says(&open(&house, &mut alice, "").await, &["On until"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_privacy_in_the_chat_leads_to_the_page() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let reply = guest.ask("privacy").await.unwrap();
    let href = block(&reply, "door").unwrap()["href"].as_str().unwrap().to_owned();
    assert_eq!(href, at(&house, "").as_str());
    assert_eq!(guest.visitor.get(&href.parse().unwrap()).await.unwrap().status, 200);
}
