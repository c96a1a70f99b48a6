//! "Erase my data": what goes, what stays, and that nothing brings it back.

use crate::{
    house::{Backend, House},
    messenger::Messenger,
};
use domain::{
    BankId, CustomerId,
    erasure::{AskedBy, HoldKind, Keep},
};
use jiff::{SignedDuration, Timestamp};
use parlour::{
    demo::{
        guest::{Guest, block},
        visitor::Visitor,
    },
    erasure::{
        self,
        list::{ErasureList, Tombstone},
        worker,
    },
    holds::{self, NewHold},
};
use serde_json::json;
use std::time::Duration;
use store::{DbError, Store, erasures, exports};

pub fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// The guest's session token, and who they are.
pub fn session(house: &House, guest: &mut Guest) -> (String, CustomerId) {
    let app = house.app();
    let cookies = guest.visitor.cookies_of(&house.demo().gateway_url);
    let token = cookies.get("__Host-parlour-harbour").unwrap().clone();
    let session = app.sessions.check(&harbour(), &token, app.clock.now()).unwrap();
    (token, session.customer)
}

/// What the API answers to a session token: status and text.
async fn asked_with(house: &House, token: &str) -> (u16, String) {
    let url = house.demo().gateway_url.join("v1/chat/harbour/messages").unwrap();
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until a session is told that its conversation was erased.
pub async fn until_erased(house: &House, token: &str) -> String {
    for _ in 0..400 {
        if let (410, text) = asked_with(house, token).await {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the conversation was not erased");
}

pub async fn nothing_is_left(house: &House, customer: &CustomerId) {
    let (of, app) = (customer.clone(), house.app());
    let here = app.store.read(move |tx| -> Result<_, DbError> {
        Ok((erasures::is_here(tx, &harbour(), &of)?, exports::conversations(tx, &harbour(), &of)?.len()))
    });
    assert_eq!(here.await.unwrap(), (false, 0));
}

pub async fn linked(house: &House) -> (Guest, String, CustomerId) {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest.ask("What's my balance?").await.unwrap();
    let (token, customer) = session(house, &mut guest);
    (guest, token, customer)
}

async fn says_yes(guest: &mut Guest) -> String {
    let question = guest.ask("erase my data").await.unwrap().to_string();
    assert!(question.contains("cannot be undone") && question.contains("Shall I erase"), "{question}");
    guest.ask("Yes, erase everything").await.unwrap().to_string()
}

/// The bank is told again when the wait after a failure is over. The clock is moved less than an hour in all, or the
/// guest would no longer be signed in at the bank and could not see it.
async fn the_bank_has_heard_of_it(house: &House, guest: &mut Guest) {
    for _ in 0..3 {
        house.forward(SignedDuration::from_mins(16));
        for _ in 0..200 {
            let page = guest.sharing(&house.harbour()).await.unwrap();
            if page.says("Stopped on") && !page.says("Active until") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    panic!("the bank was not told");
}

async fn who_says_yes_is_erased_with_a_receipt(backend: Backend) {
    let mut house = House::open_over(backend).await;
    let (mut guest, token, customer) = linked(&house).await;
    let backup = house.back_up().await;
    house.faults(&json!({ "serverError": {} })).await;
    let said = says_yes(&mut guest).await;
    assert!(said.contains("/erased/harbour/"), "the receipt is named before the key goes: {said}");
    let problem = until_erased(&house, &token).await;
    assert!(problem.contains("/erased/harbour/") && !problem.contains(customer.as_str()), "{problem}");
    assert!(!said.contains("cus_"), "the address names nobody: {said}");
    nothing_is_left(&house, &customer).await;
    // The bank was down; it is told when it is back, with a token under another key.
    house.faults(&json!({})).await;
    the_bank_has_heard_of_it(&house, &mut guest).await;
    let page = guest.visitor.get(&guest.chat.clone()).await.unwrap();
    let page = guest.visitor.settle(page).await.unwrap();
    for promised in ["Everything was erased", "What stays, and why", "access log", "Begin a new conversation"]
    {
        assert!(page.says(promised), "{promised}: {}", page.body);
    }
    let mut anew = Guest::enter(&house.harbour()).await.unwrap();
    assert!(anew.ask("What's my balance?").await.unwrap().to_string().contains("not linked"));
    // A backup from before does not bring them back, and the log goes on where it was published.
    house.put_back(&backup).await;
    assert_eq!(asked_with(&house, &token).await.0, 410);
    nothing_is_left(&house, &customer).await;
    let mut other = Guest::enter(&house.harbour()).await.unwrap();
    other.ask("What's my balance?").await.unwrap();
    house.stop().await;
    let config = house.data().join("parlour.toml").display().to_string();
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_parlour"))
        .args(["log", "verify", "--config", &config])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_yes_is_erased_with_a_receipt_on_sqlite() {
    who_says_yes_is_erased_with_a_receipt(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_yes_is_erased_with_a_receipt_on_postgresql() {
    who_says_yes_is_erased_with_a_receipt(Backend::Postgres).await;
}

async fn an_erasure_that_a_crash_broke_off_is_ended_at_the_next_start(backend: Backend) {
    let mut house = House::open_over(backend).await;
    let (_, first, on_the_list) = linked(&house).await;
    let (_, second, in_the_database) = linked(&house).await;
    let (at, data) = (house.app().clock.now(), house.data().to_owned());
    let (listed, asked) = (on_the_list.clone(), in_the_database.clone());
    house
        .while_stopped(|store: Store| async move {
            // Cut off after the first step, and after the second.
            let stone = Tombstone { at, bank: harbour(), customer: listed, by: AskedBy::Customer };
            ErasureList::at(data.join("erasures.log")).add(&stone).unwrap();
            let ask = store.transact(move |tx| erasures::ask(tx, &harbour(), &asked, AskedBy::Bank, at));
            assert!(ask.await.unwrap());
        })
        .await;
    for (token, customer) in [(first, on_the_list), (second, in_the_database.clone())] {
        assert_eq!(asked_with(&house, &token).await.0, 410);
        nothing_is_left(&house, &customer).await;
    }
    let list = ErasureList::at(house.data().join("erasures.log")).read().unwrap();
    assert!(list.iter().any(|stone| stone.customer == in_the_database), "the list has learnt of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_crash_broke_off_is_ended_at_the_next_start_on_sqlite() {
    an_erasure_that_a_crash_broke_off_is_ended_at_the_next_start(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_crash_broke_off_is_ended_at_the_next_start_on_postgresql() {
    an_erasure_that_a_crash_broke_off_is_ended_at_the_next_start(Backend::Postgres).await;
}

fn hold(customer: &CustomerId, until: Timestamp) -> NewHold {
    NewHold {
        bank: harbour(),
        customer: customer.clone(),
        kind: HoldKind::OpenCase,
        keeps: vec![Keep::Accesses],
        until: Some(until),
        by: "the disputes desk".to_owned(),
        reason: "dispute 12".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_case_needs_stays_until_it_ends_and_the_customer_is_told() {
    let house = House::open().await;
    let (mut guest, token, customer) = linked(&house).await;
    let app = house.app();
    let until = app.clock.now() + SignedDuration::from_hours(24 * 30);
    holds::set(&app, hold(&customer, until)).await.unwrap();
    let question = guest.ask("delete everything").await.unwrap().to_string();
    assert!(
        question.contains("has to stay until 20 Dec 2026") && question.contains("who looked"),
        "{question}"
    );
    guest.ask("yes").await.unwrap();
    until_erased(&house, &token).await;
    let of = customer.clone();
    let left = app.store.read(move |tx| -> Result<_, DbError> {
        let kept = exports::accesses(tx, &harbour(), &of, None, 100)?.len();
        Ok((
            kept > 0,
            exports::conversations(tx, &harbour(), &of)?.len(),
            exports::consent_ids(tx, &harbour(), &of)?.len(),
        ))
    });
    assert_eq!(left.await.unwrap(), (true, 0, 0), "the accesses stay, nothing else");
    let page = guest.visitor.get(&guest.chat.clone()).await.unwrap();
    let page = guest.visitor.settle(page).await.unwrap();
    assert!(page.says("Erased, but for what must be kept") && page.says("20 Dec 2026"), "{}", page.body);
    // The worker ends it when the hold has ended, and not before.
    house.forward(SignedDuration::from_hours(24 * 29));
    worker::tend(&app).await.unwrap();
    let of = customer.clone();
    let here = app.store.read(move |tx| erasures::is_here(tx, &harbour(), &of));
    assert!(here.await.unwrap());
    house.forward(SignedDuration::from_hours(25));
    worker::tend(&app).await.unwrap();
    nothing_is_left(&house, &customer).await;
    let page = guest.visitor.get(&page.url).await.unwrap();
    assert!(page.says("Everything was erased"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_or_something_else_erases_nothing() {
    let house = House::open().await;
    let (mut guest, token, _) = linked(&house).await;
    for answer in ["no", "What's my balance?"] {
        guest.ask("erase my data").await.unwrap();
        guest.ask(answer).await.unwrap();
        let reply = guest.ask("yes").await.unwrap().to_string();
        assert!(reply.contains("did not ask anything"), "after {answer}: {reply}");
    }
    guest.ask("erase my data").await.unwrap();
    house.forward(SignedDuration::from_mins(11));
    assert!(guest.ask("yes").await.unwrap().to_string().contains("did not ask anything"));
    worker::tend(&house.app()).await.unwrap();
    assert_eq!(asked_with(&house, &token).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_never_confirms_does_not_keep_the_tokens_for_ever() {
    let house = House::open().await;
    let (_guest, token, customer) = linked(&house).await;
    let app = house.app();
    house.faults(&json!({ "serverError": {} })).await;
    let receipt = erasure::erase(&app, &harbour(), &customer, AskedBy::Bank).await.unwrap();
    assert!(
        receipt.proof.index.is_some()
            && receipt.stays.iter().any(|stay| stay.what.contains("key to your data"))
    );
    assert_eq!(asked_with(&house, &token).await.0, 410);
    let of = customer.clone();
    let found = app.store.read(move |tx| erasures::find(tx, &harbour(), &of)).await.unwrap().unwrap();
    let (heir, _) = found.heir.unwrap();
    house.forward(SignedDuration::from_hours(24 * 31));
    worker::tend(&app).await.unwrap();
    nothing_is_left(&house, &heir).await;
    // Erased once is erased; the same receipt is given again.
    let again = erasure::erase(&app, &harbour(), &customer, AskedBy::Bank).await.unwrap();
    assert_eq!(again.proof, receipt.proof);
}

/// Who writes on somebody else's messenger gets a door: its servers and previews read no number of anybody, no count and
/// no time.
#[tokio::test(flavor = "multi_thread")]
async fn a_messenger_carries_a_door_to_the_receipt_and_nothing_of_it() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-9").await;
    person.link().await;
    let app = house.app();
    let read = app.store.read(|tx| store::consents::open_of_bank(tx, &harbour(), None, 1)).await;
    let customer = read.unwrap_or_else(|fault: DbError| panic!("{fault}")).remove(0).customer;
    person.ask("erase my data").await;
    let told = person.ask("Yes, erase everything").await;
    let door = block(&told, "door").unwrap_or_else(|| panic!("{told}"));
    let address: url::Url = door["href"].as_str().unwrap().parse().unwrap();
    assert!(address.path().starts_with("/erased/harbour/door/"), "{address}");
    let digits = customer.as_str().trim_start_matches("cus_");
    assert!(!told.to_string().contains(digits) && !told.to_string().contains("cus_"), "{told}");
    for _ in 0..400 {
        let of = customer.clone();
        if !app.store.read(move |tx| erasures::is_here(tx, &harbour(), &of)).await.unwrap() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    nothing_is_left(&house, &customer).await;
    // A preview of this address, and of one that nobody made, see the same.
    let mut browser = Visitor::new().unwrap();
    let preview = browser.get(&address).await.unwrap();
    let (start, _) = address.as_str().rsplit_once('/').unwrap();
    let made_up: url::Url = format!("{start}/{}", "A".repeat(64)).parse().unwrap();
    let other = browser.get(&made_up).await.unwrap();
    assert!(preview.status.is_success() && preview.says("A receipt for you"), "{}", preview.body);
    assert_eq!(preview.body, other.body);
    for hidden in ["Everything was erased", "Messages", "Entry"] {
        assert!(!preview.says(hidden), "{hidden}: {}", preview.body);
    }
    let form = preview.form_with("Open the receipt").unwrap();
    let opened = browser.submit(&address, &form, None).await.unwrap();
    assert!(opened.says("Everything was erased") && opened.says("Messages"), "{}", opened.body);
    let refused = browser.submit(&made_up, &form, None).await.unwrap();
    assert!(refused.status.as_u16() == 404 && refused.says("There is no such receipt"), "{}", refused.body);
    // What stands behind the door is not the page's own address, and the door's opens no page.
    let direct: url::Url = address.as_str().replace("/door/", "/").parse().unwrap();
    assert_eq!(browser.get(&direct).await.unwrap().status.as_u16(), 404);
}
