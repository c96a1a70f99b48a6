//! The whole life of a consent, through the real chat and the real bank.

use crate::house::House;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use parlour::{
    app::App,
    consents::{
        self, Outcome,
        pull_out::{self, Scope},
        record::{MANDATORY, MANDATORY_OF_EVENT, MANDATORY_OF_PARTY},
    },
    demo::guest::{Guest, block},
    expiry,
    http::caller::cookie_name,
    session::Session,
};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{process::Command, sync::Arc, time::Duration};

use domain::{Channel, Consent, ConsentEvent, ConsentState, DataClass, How};

const BALANCE: &str = "What's my balance?";

fn app(house: &House) -> Arc<App> {
    house.demo().gateway.app.clone()
}

fn session(house: &House, guest: &mut Guest) -> Session {
    let bank = house.harbour().id;
    let chat = guest.chat.clone();
    let token = guest.visitor.cookies_of(&chat)[&cookie_name(&bank)].clone();
    let app = app(house);
    app.sessions.check(&bank, &token, app.clock.now()).unwrap()
}

async fn consent(house: &House, guest: &mut Guest) -> Consent {
    let of = session(house, guest);
    let all = consents::list(&app(house), &of.bank, &of.customer).await.unwrap();
    all.into_iter().find(|c| c.state != ConsentState::Requested).unwrap()
}

async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

async fn opens_nothing(guest: &mut Guest) -> Value {
    let reply = guest.ask(BALANCE).await.unwrap();
    assert!(block(&reply, "balances").is_none() && reply["seen"].is_null(), "{reply}");
    reply
}

async fn said(guest: &mut Guest, text: &str) -> usize {
    let url = guest.api("messages?after=0");
    guest.visitor.get(&url).await.unwrap().body.matches(text).count()
}

/// Ends all sharing on the bank's own site.
async fn stop_at_bank(house: &House, guest: &mut Guest) {
    let page = guest.sharing(&house.harbour()).await.unwrap();
    let stop =
        page.body.split("href=\"").filter_map(|part| part.split('"').next()).find(|h| h.ends_with("/stop"));
    let ask = guest.visitor.get(&house.harbour().url.join(stop.unwrap()).unwrap()).await.unwrap();
    let forms = parlour::demo::page::Form::all(&ask.body);
    let form = forms.into_iter().find(|f| f.action.contains("/stop")).unwrap();
    let page = guest.visitor.submit(&ask.url, &form, None).await.unwrap();
    guest.visitor.settle(page).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_consent_opens_nothing_until_the_customer_continues() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let reply = guest.ask("pause").await.unwrap();
    assert!(reply.to_string().contains("Only you can end the pause"), "{reply}");
    let reply = opens_nothing(&mut guest).await;
    assert_eq!(block(&reply, "refusal").unwrap()["who"], "You");
    let about = guest.chat.join("/v1/chat/harbour").unwrap();
    let standing = guest.visitor.json(&about).await.unwrap()["standing"].clone();
    assert_eq!((&standing["paused"], &standing["linked"]), (&true.into(), &false.into()), "{standing}");
    guest.ask("yes").await.unwrap();
    opens_nothing(&mut guest).await;
    guest.ask("continue").await.unwrap();
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_some());
    let rows =
        block(&guest.ask("Who looked at my data?").await.unwrap(), "accesses").unwrap()["rows"].to_string();
    assert!(rows.contains("you have paused this link"), "refused, logged and explained: {rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_runs_on_in_a_pause() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("pause").await.unwrap();
    house.forward(SignedDuration::from_hours(24 * 90));
    let reply = guest.ask("continue").await.unwrap();
    assert!(reply.to_string().contains("not linked"), "{reply}");
    opens_nothing(&mut guest).await;
    assert_eq!(consent(&house, &mut guest).await.state, ConsentState::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_does_not_bring_an_ended_consent_to_life() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    house.forward(SignedDuration::from_hours(24 * 90));
    opens_nothing(&mut guest).await;
    house.forward(SignedDuration::from_hours(-24 * 89));
    opens_nothing(&mut guest).await;
    let ended = consent(&house, &mut guest).await;
    assert_eq!(ended.state, ConsentState::Expired);
    let history = consents::history(&app(&house), &ended.bank, &ended.customer, &ended.id).await.unwrap();
    assert!(history.is_sorted_by_key(|told| told.change.at), "{history:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_a_little_keeps_no_answer_back() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    house.forward(SignedDuration::from_mins(-2));
    // Balances are one class of data, payments with their accounts are two.
    let reply = guest.ask(BALANCE).await.unwrap();
    assert!(block(&reply, "balances").is_some(), "{reply}");
    let reply = guest.ask("show my last 5 transactions").await.unwrap();
    assert!(block(&reply, "transactions").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purpose_that_is_added_after_the_consent_opens_nothing() {
    let mut house = House::open().await;
    house.stop().await;
    let file = house.data().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("policy_tests = [\"harbour.policy-tests.csv\"]\n", "");
    let without = text.replace("merchant_places = \"yes\"", "merchant_places = { no = \"Not yet.\" }");
    assert_ne!(text, without);
    std::fs::write(&file, without).unwrap();
    house.start().await;
    let mut guest = linked(&house).await;
    std::fs::write(&file, text).unwrap();
    house.restart().await;
    let reply = guest.ask("Where did I shop?").await.unwrap();
    assert!(block(&reply, "places").is_none() && reply["seen"].is_null(), "{reply}");
    assert_eq!(block(&reply, "refusal").unwrap()["who"], "You", "{reply}");
    let rows =
        block(&guest.ask("Who looked at my data?").await.unwrap(), "accesses").unwrap()["rows"].clone();
    assert!(rows[0]["allowed"] == false && rows[0]["purpose"] == "own_spending_map", "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_new_consent_and_the_old_one_opens_nothing_any_more() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let old = consent(&house, &mut guest).await;
    house.forward(SignedDuration::from_secs(1));
    let reply = guest.ask("change what I share").await.unwrap();
    let link = Guest::address(&block(&reply, "notice").unwrap()).unwrap();
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_some(), "until then nothing changes");
    guest.sign_in_at_bank(&house.harbour(), &link).await.unwrap();
    guest.ask("Yes, that was me").await.unwrap();
    guest.hears("earlier choice has ended there").await.unwrap();
    let new = consent(&house, &mut guest).await;
    assert!(new.id != old.id && new.state == ConsentState::Given);
    let app = app(&house);
    let history = consents::history(&app, &old.bank, &old.customer, &old.id).await.unwrap();
    let last = &history.last().unwrap().change;
    assert_eq!((last.state, last.how), (ConsentState::Superseded, How::Newer));
    let whole = consents::whole(&app, &new.bank, &new.customer, &new.id).await.unwrap().unwrap();
    assert_eq!(whole.terms.unwrap().supersedes, Some(old.id.clone()));
    // The new one answers; the old one has lost its tokens, cannot be brought back, and ends at the bank too.
    let reply = guest.ask(BALANCE).await.unwrap();
    assert!(block(&reply, "balances").is_some(), "{reply}");
    let entry = reply["seen"][0]["entry"].as_str().unwrap().parse().unwrap();
    let (bank, customer, grant_of) = (old.bank.clone(), old.customer.clone(), old.id.clone());
    let (rests_on, grant) = app
        .store
        .read(move |tx| {
            let on = store::access::consent_of(tx, &bank, &customer, &entry)?;
            Ok::<_, store::DbError>((on, store::grants::get(tx, &bank, &customer, &grant_of)?.is_some()))
        })
        .await
        .unwrap();
    assert_eq!((rests_on, grant), (Some(new.id.clone()), false));
    let back = consents::resume(&app, &old.bank, &old.customer, &old.id, How::Page).await.unwrap();
    assert_eq!(back, Outcome::NotIn(ConsentState::Superseded));
    assert_eq!(said(&mut guest, "Linked to Harbour Bank until").await, 2);
    let page = guest.sharing(&house.harbour()).await.unwrap();
    assert!(page.says("Stopped on") && page.says("Active until"), "{}", page.body);
    assert!(block(&guest.ask(BALANCE).await.unwrap(), "balances").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_on_a_consent_that_ends_meanwhile_is_not_shown() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let given = consent(&house, &mut guest).await;
    house.faults(&json!({ "slow": { "millis": 2000 } })).await;
    let before = decisions(&house, &given).await;
    let asked = tokio::spawn(async move { (guest.ask(BALANCE).await.unwrap(), guest) });
    // The permit is there and the bank is being asked.
    while decisions(&house, &given).await == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let done = consents::withdraw(&app(&house), &given.bank, &given.customer, &given.id, How::Page).await;
    assert!(matches!(done.unwrap(), Outcome::Done(..)));
    let (reply, mut guest) = asked.await.unwrap();
    assert!(block(&reply, "balances").is_none() && reply.to_string().contains("threw away"), "{reply}");
    assert_eq!(reply["seen"][0]["data_class"], "balances", "that it was read is said");
    house.faults(&json!({})).await;
    opens_nothing(&mut guest).await;
}

async fn decisions(house: &House, of: &Consent) -> usize {
    let of = of.clone();
    let store = app(house).store.clone();
    let found = store.read(move |tx| store::access::of_customer(tx, &of.bank, &of.customer, None, 100));
    found.await.unwrap_or_else(|fault: store::DbError| panic!("{fault}")).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ended_at_the_bank_is_told_without_a_question() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    stop_at_bank(&house, &mut guest).await;
    expiry::round(&app(&house)).await.unwrap();
    assert_eq!(said(&mut guest, "ended there").await, 0, "its turn has not come");
    house.forward(SignedDuration::from_hours(6));
    expiry::round(&app(&house)).await.unwrap();
    assert_eq!(said(&mut guest, "ended there").await, 1);
    let ended = consent(&house, &mut guest).await;
    assert_eq!(ended.state, ConsentState::Revoked);
    let reply = opens_nothing(&mut guest).await;
    assert!(block(&reply, "notice").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_reminded_of_the_end_twice_and_never_more() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let mut told = vec![];
    for days in [75, 1, 0, 5, 6, 1, 1] {
        house.forward(SignedDuration::from_hours(24 * days));
        expiry::round(&app(&house)).await.unwrap();
        expiry::round(&app(&house)).await.unwrap();
        told.push(said(&mut guest, "ends by itself on").await);
    }
    assert_eq!(told, [0, 1, 1, 1, 2, 2, 2]);
    let reply = guest.ask("Renew the sharing").await.unwrap();
    assert!(block(&reply, "notice").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_pulls_out_ends_it_for_all_and_takes_nobody_new_until_it_comes_back() {
    let house = House::open().await;
    let (mut one, mut other) = (linked(&house).await, linked(&house).await);
    let mut third = Guest::enter(&house.harbour()).await.unwrap();
    let open_link = Guest::address(&third.notice().await.unwrap()).unwrap();
    let app = app(&house);
    let bank = house.harbour().id;
    let reason = "We are leaving this messenger.";
    let done = pull_out::pull_out(&app, &bank, Scope::default(), reason, "Ada, officer").await.unwrap();
    assert!(done.ended == 2 && done.done_at.is_some(), "{done:?}");
    for guest in [&mut one, &mut other] {
        guest.hears("has confirmed").await.unwrap();
        assert_eq!(said(guest, "From this moment I cannot read").await, 1);
        let reply = opens_nothing(guest).await;
        assert_eq!(block(&reply, "refusal").unwrap()["why"], reason);
        let ended = consent(&house, guest).await;
        assert_eq!(ended.state, ConsentState::Revoked);
    }
    let page = one.sharing(&house.harbour()).await.unwrap();
    assert!(!page.says("Active until"), "{}", page.body);
    // A link that was on its way leads nowhere, and no new one is made.
    assert!(third.visitor.get(&open_link).await.unwrap().status.is_client_error());
    let links = third.api("links");
    let refused = third.visitor.post_json(&links, &json!({})).await.unwrap();
    assert!(refused.status == 409 && refused.says(reason), "{}", refused.body);
    assert_eq!(pull_out::come_back(&app, &bank).await.unwrap(), 1);
    third.link(&house.harbour()).await.unwrap();
    assert!(block(&third.ask(BALANCE).await.unwrap(), "balances").is_some());
    let reply = opens_nothing(&mut one).await;
    assert!(block(&reply, "notice").is_some(), "what was ended stays ended, and can be given again: {reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulling_out_holds_from_its_first_moment_and_goes_on_after_a_crash() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let (app, bank) = (app(&house), house.harbour().id);
    let scope = Scope { channel: Some(Channel::Web), data_class: Some(DataClass::Balances) };
    // Stored, and then the process that was to end the consents is gone.
    pull_out::begin(&app.store, &bank, scope, "No more balances.", "Ada", app.clock.now()).await.unwrap();
    assert_eq!(consent(&house, &mut guest).await.state, ConsentState::Given);
    opens_nothing(&mut guest).await;
    expiry::round(&app).await.unwrap();
    assert_eq!(consent(&house, &mut guest).await.state, ConsentState::Revoked);
    assert!(app.store.read(store::pull_outs::unfinished).await.unwrap().is_empty());
    guest.hears("has confirmed").await.unwrap();
    // What the bank still offers can be linked anew, without the class that it took back.
    let notice = guest.notice().await.unwrap().to_string();
    assert!(notice.contains("your transactions") && !notice.contains("your balances"), "{notice}");
    // Another channel and another class are not concerned.
    let other = Scope { channel: Some(Channel::Matrix), data_class: None };
    guest.link(&house.harbour()).await.unwrap();
    let done = pull_out::pull_out(&app, &bank, other, "Not on Matrix.", "Ada").await.unwrap();
    assert_eq!(done.ended, 0);
    assert!(block(&guest.ask("Last transactions").await.unwrap(), "transactions").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_pulls_a_bank_out_by_a_command_while_the_gateway_runs() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    let config = house.data().join("parlour.toml").display().to_string();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
        command.args(["pull-out", "--config", &config]).args(arguments);
        let output = command.output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    };
    let (worked, said) = run(&["--bank", "harbour", "--reason", "We stop."]);
    assert!(worked && said.contains("1 consent ended"), "{said}");
    opens_nothing(&mut guest).await;
    let (worked, said) = run(&["--bank", "harbour", "--come-back"]);
    assert!(worked && said.contains("is back"), "{said}");
    let (worked, said) = run(&["--bank", "nowhere", "--reason", "We stop."]);
    assert!(!worked && said.contains("no bank nowhere"), "{said}");
    let (worked, said) = run(&["--bank", "harbour", "--reason", &"x".repeat(301)]);
    assert!(!worked && said.contains("1 to 300 characters"), "{said}");
    guest.link(&house.harbour()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_record_is_exported_whole_and_to_its_customer_only() {
    let mut house = House::open().await;
    house.stop().await;
    let file = house.data().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"us\"", "\"us-1033-2024\"")).unwrap();
    house.start().await;
    let mut guest = linked(&house).await;
    guest.ask("pause").await.unwrap();
    let id = consent(&house, &mut guest).await.id;
    let url = guest.api(&format!("consents/{id}"));
    let record = guest.visitor.json(&url).await.unwrap();
    let missing = |found: &Value, wanted: &[&'static str]| -> Vec<&'static str> {
        wanted.iter().copied().filter(|field| found.get(*field).is_none_or(Value::is_null)).collect()
    };
    assert_eq!(missing(&record, &MANDATORY), [""; 0], "{record:#}");
    for event in record["parlour:events"].as_array().unwrap() {
        assert_eq!(missing(event, &MANDATORY_OF_EVENT), [""; 0], "{event}");
    }
    for party in record["parlour:parties"].as_array().unwrap() {
        assert_eq!(missing(party, &MANDATORY_OF_PARTY), [""; 0], "{party}");
    }
    assert_eq!(record["dpv:hasConsentStatus"]["@id"], "parlour:ConsentPaused");
    assert_eq!(record["parlour:parties"][0]["dpv:hasName"], "Harbour Bank N.A.");
    assert_eq!(record["dpv:hasNotice"]["parlour:profile"], "us-1033-2024");
    assert_eq!(record["parlour:offPlatformSharing"], false);
    let notice = record["dpv:hasNotice"]["dct:description"].as_str().unwrap();
    let sha256 = parlour::notice::sha256_hex(notice);
    assert_eq!(record["dpv:hasNotice"]["parlour:sha256"], sha256.as_str());
    assert!(notice.contains("1 Pier Street") && notice.contains("without an aggregator"), "{notice}");
    let gate = app(&house).in_force.gate();
    let hex = |bytes: [u8; 32]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(record["parlour:policySha256"], hex(gate.digest(&house.harbour().id).unwrap()).as_str());
    assert_eq!(record["parlour:floorSha256"], hex(gate.floor_digest()).as_str());
    let mut stranger = Guest::enter(&house.harbour()).await.unwrap();
    stranger.ask("hello").await.unwrap();
    assert_eq!(stranger.visitor.get(&url).await.unwrap().status, 404);
    let receipt = guest.api(&format!("consents/{id}/receipt"));
    assert_eq!(guest.visitor.get(&receipt).await.unwrap().status, 404, "it has not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_ends_with_a_receipt_that_opens_its_entry_in_the_log() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    house.faults(&json!({ "serverError": {} })).await;
    guest.ask("stop").await.unwrap();
    let id = consent(&house, &mut guest).await.id;
    let url = guest.api(&format!("consents/{id}/receipt"));
    let receipt = guest.visitor.json(&url).await.unwrap();
    assert_eq!(
        (&receipt["state"], &receipt["ended_by"]),
        (&"withdrawn".into(), &"customer".into()),
        "{receipt}"
    );
    assert_eq!(receipt["at_bank"]["state"], "pending", "shown as pending until the bank has confirmed");
    house.faults(&json!({})).await;
    house.forward(SignedDuration::from_mins(20));
    guest.hears("The bank confirmed on").await.unwrap();
    let receipt = guest.visitor.json(&url).await.unwrap();
    assert_eq!(receipt["at_bank"]["state"], "confirmed");
    // Whoever has the receipt recomputes the entry of the public log from it.
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    let log = &receipt["log"];
    let (key, record) = (bytes(log["key"].as_str().unwrap()), log["record"].as_str().unwrap());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(record.as_bytes());
    let leaf = bytes(log["leaf"].as_str().unwrap());
    assert!(leaf.ends_with(&mac.finalize().into_bytes()));
    let told: Value = serde_json::from_str(record).unwrap();
    assert_eq!((&told["event"], &told["how"]), (&"withdraw".into(), &"chat".into()));
    let (bank, index) = (house.harbour().id, log["index"].as_u64().unwrap());
    let store = app(&house).store.clone();
    let stored = store.read(move |tx| store::access::leaves(tx, &bank, index, 1)).await;
    assert_eq!(stored.unwrap_or_else(|fault: store::DbError| panic!("{fault}")), [(index, leaf.clone())]);
    // And the published log proves it: the proof that its customer can have makes the same entry.
    let proof = guest.api(&format!("access/{}/receipt", log["entry"].as_str().unwrap()));
    let mut page = guest.visitor.get(&proof).await.unwrap();
    while page.status == 503 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = guest.visitor.get(&proof).await.unwrap();
    }
    let proof = access_log::Receipt::parse(&page.body).unwrap();
    let opening = access_log::Opening::from_extra(proof.extra.as_deref().unwrap()).unwrap();
    assert_eq!((proof.index, opening.entry().unwrap().encode()), (index, leaf));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_is_told_in_words() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let reply = guest.ask("What do I share?").await.unwrap();
    assert!(reply.to_string().contains("Nothing is shared"), "{reply}");
    guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask("What do I share?").await.unwrap().to_string();
    assert!(reply.contains("your balances") && reply.contains("to answer your questions"), "{reply}");
    guest.ask("stop").await.unwrap();
    let reply = guest.ask("What do I share?").await.unwrap().to_string();
    assert!(
        reply.contains("Nothing is shared") && reply.contains("1 consent you gave earlier ended"),
        "{reply}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_the_consent_of_another_customer() {
    let house = House::open().await;
    let (mut one, mut other) = (linked(&house).await, linked(&house).await);
    let (theirs, stranger) = (consent(&house, &mut one).await, session(&house, &mut other));
    let app = app(&house);
    for event in [ConsentEvent::Pause, ConsentEvent::Resume, ConsentEvent::Withdraw] {
        let (bank, customer, id) = (&stranger.bank, &stranger.customer, &theirs.id);
        let outcome = match event {
            ConsentEvent::Pause => consents::pause(&app, bank, customer, id, How::Page).await,
            ConsentEvent::Resume => consents::resume(&app, bank, customer, id, How::Page).await,
            _ => consents::withdraw(&app, bank, customer, id, How::Page).await,
        };
        assert_eq!(outcome.unwrap(), Outcome::Unknown);
    }
    assert!(block(&one.ask(BALANCE).await.unwrap(), "balances").is_some());
}

#[test]
fn what_a_profile_demands_and_a_bank_lacks_is_told_with_line_and_remedy() {
    let folder = tempfile::TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let bank = folder.path().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&bank).unwrap();
    let text = text.replace("\"us\"", "\"uk\"").replace("days = 90", "days = 91");
    let text = text.replace("contact = \"privacy@harbour.example\"\n", "");
    std::fs::write(&bank, text).unwrap();
    let config = folder.path().join("parlour.toml").display().to_string();
    let output =
        Command::new(env!("CARGO_BIN_EXE_parlour")).args(["check", "--config", &config]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("3 mistakes"), "{said}");
    assert!(said.contains("harbour.toml:4:") && said.contains("UK GDPR art. 13(2)(b), (d)"), "{said}");
    assert!(
        said.contains("add the key controller.contact") && said.contains("add the key controller.authority")
    );
    assert!(said.contains("at most 90 days, not 91"), "{said}");
}
