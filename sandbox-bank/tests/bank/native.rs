//! The native API: what it gives, what it does, and to whom.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    House,
    api::{account, transactions},
    browser::{Browser, PASSWORD},
    client::{Answer, Linked, http, link, native_request, request},
};

/// A customer's order, in the chat.
fn order(more: Value) -> Value {
    let mut body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn url(house: &House, path: &str) -> String {
    format!("{}/parlour-bank/v1/{path}", house.url)
}

async fn post(house: &House, linked: &Linked, path: &str, key: &str, body: Value) -> Answer {
    linked.call_with(http::Method::POST, &url(house, path), Some(body), Some(key)).await.unwrap()
}

async fn put(house: &House, linked: &Linked, path: &str, key: &str, body: Value) -> Answer {
    linked.call_with(http::Method::PUT, &url(house, path), Some(body), Some(key)).await.unwrap()
}

async fn card(house: &House, linked: &Linked, kind: &str) -> Value {
    let answer = linked.get(&url(house, "cards")).await;
    let cards = answer.body["cards"].as_array().unwrap().clone();
    cards.into_iter().find(|card| card["kind"] == kind && card["status"] != "BLOCKED").unwrap()
}

fn id(card: &Value) -> &str {
    card["cardId"].as_str().unwrap()
}

/// Signs in on the bank's page for an approval, as `login`, and gives the page.
async fn question(house: &House, url: &str, login: &str) -> (Browser, crate::browser::Page) {
    let mut browser = Browser::new(house);
    let csrf = browser.get(url).await.csrf();
    let form = [("csrf", csrf.as_str()), ("login", login), ("password", PASSWORD)];
    assert_eq!(browser.post(&format!("{url}/sign-in"), &form).await.status, 303);
    let page = browser.get(url).await;
    (browser, page)
}

async fn decide(house: &House, url: &str, decision: &str) {
    let (mut browser, page) = question(house, url, "maya").await;
    let csrf = page.csrf();
    assert_eq!(browser.post(url, &[("csrf", &csrf), ("decision", decision)]).await.status, 200);
}

#[tokio::test]
async fn a_frozen_card_pays_nothing_until_its_owner_approves_that_it_does() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let card = card(&house, &linked, "CREDIT").await;
    let freeze = format!("cards/{}/freeze", id(&card));
    let frozen = post(&house, &linked, &freeze, "k-1", order(json!({ "reason": "lost sight of it" }))).await;
    assert_eq!((frozen.status, &frozen.body["card"]["status"]), (200, &json!("FROZEN")));
    assert_eq!(
        (&frozen.body["card"]["frozenBy"], &frozen.body["changed"]),
        (&json!("CUSTOMER"), &json!(true))
    );

    let mut browser = Browser::new(&house);
    browser.sign_in("maya").await;
    let page = browser.get("/purchase").await;
    let (csrf, account) = (page.csrf(), card["accountId"].as_str().unwrap().to_owned());
    let form =
        [("csrf", csrf.as_str()), ("account", &account), ("shop", "Paperbirch Books"), ("amount", "5")];
    let declined = browser.post("/purchase", &form).await;
    assert!(
        declined.status == 422 && declined.text.contains("Declined: this card is frozen"),
        "{}",
        declined.text
    );

    let unfreeze = format!("cards/{}/unfreeze", id(&card));
    let needed = post(&house, &linked, &unfreeze, "k-2", order(json!({}))).await;
    assert_eq!((needed.status, &needed.body["code"]), (403, &json!("step-up")));
    assert_eq!(needed.headers["content-type"], "application/problem+json");
    let step_up = needed.body["stepUp"].clone();
    let (page, reference) = (step_up["url"].as_str().unwrap(), step_up["reference"].as_str().unwrap());
    assert!(page.starts_with(&house.url), "on the bank's own site: {page}");
    decide(&house, page, "approve").await;
    let with = order(json!({ "stepUpRef": reference }));
    let done = post(&house, &linked, &unfreeze, "k-2", with.clone()).await;
    assert_eq!((done.status, &done.body["card"]["status"]), (200, &json!("ACTIVE")));
    assert!(browser.post("/purchase", &form).await.status == 303, "it pays again");
    post(&house, &linked, &freeze, "k-3", order(json!({}))).await;
    let spent = post(&house, &linked, &unfreeze, "k-4", with).await;
    assert_eq!(spent.status, 403, "an approval is for one time");
    assert_ne!(spent.body["stepUp"]["reference"], step_up["reference"]);
}

#[tokio::test]
async fn an_approval_is_for_one_deed_of_one_customer_and_runs_out() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let (debit, credit) = (card(&house, &linked, "DEBIT").await, card(&house, &linked, "CREDIT").await);
    for (key, card) in [("f-1", &debit), ("f-2", &credit)] {
        post(&house, &linked, &format!("cards/{}/freeze", id(card)), key, order(json!({}))).await;
    }
    let unfreeze = |card: &Value| format!("cards/{}/unfreeze", id(card));
    let needed = post(&house, &linked, &unfreeze(&debit), "k-1", order(json!({}))).await;
    let page = needed.body["stepUp"]["url"].as_str().unwrap().to_owned();
    let reference = needed.body["stepUp"]["reference"].clone();
    let (_, of_tomas) = question(&house, &page, "tomas").await;
    assert_eq!(of_tomas.status, 404, "somebody else sees nothing");
    decide(&house, &page, "approve").await;
    let other =
        post(&house, &linked, &unfreeze(&credit), "k-2", order(json!({ "stepUpRef": reference }))).await;
    assert_eq!(other.status, 403, "the approval of one card opens no other");
    let elsewhere = json!({ "actor": { "type": "CUSTOMER" }, "channel": "matrix", "stepUpRef": reference });
    let changed = post(&house, &linked, &unfreeze(&debit), "k-3", elsewhere).await;
    assert_eq!(changed.status, 403, "exactly what was approved");
    house.clock.advance(SignedDuration::from_mins(15));
    let linked = link(&house, "maya", native_request()).await;
    let late =
        post(&house, &linked, &unfreeze(&debit), "k-1", order(json!({ "stepUpRef": reference }))).await;
    assert_eq!(late.status, 403);
    let (mut browser, question) =
        question(&house, late.body["stepUp"]["url"].as_str().unwrap(), "maya").await;
    let csrf = question.csrf();
    house.clock.advance(SignedDuration::from_mins(15));
    let page = late.body["stepUp"]["url"].as_str().unwrap();
    assert_eq!(browser.post(page, &[("csrf", &csrf), ("decision", "approve")]).await.status, 410);
}

#[tokio::test]
async fn the_same_key_is_done_once_and_another_body_under_it_is_refused() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let trip =
        |until: &str| order(json!({ "countries": ["PT", "ES"], "from": "2026-12-01", "until": until }));
    let first = post(&house, &linked, "travel-notices", "k-1", trip("2026-12-08")).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = post(&house, &linked, "travel-notices", "k-1", trip("2026-12-08")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = post(&house, &linked, "travel-notices", "k-1", trip("2026-12-09")).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency-key-reused")));
    let kept = linked.get(&url(&house, "travel-notices")).await;
    assert_eq!(kept.body["travelNotices"].as_array().unwrap().len(), 1);
    let tomas = link(&house, "tomas", native_request()).await;
    let his = post(&house, &tomas, "travel-notices", "k-1", trip("2026-12-09")).await;
    assert_eq!(his.status, 201, "another customer's key is another key");
    let none =
        linked.call(http::Method::POST, &url(&house, "travel-notices"), Some(trip("2026-12-08"))).await;
    assert_eq!(none.unwrap().body["code"], "idempotency-key");
    let notice = first.body["notice"]["noticeId"].as_str().unwrap();
    let gone = url(&house, &format!("travel-notices/{notice}?channel=web"));
    let take_back = async || linked.call(http::Method::DELETE, &gone, None).await.unwrap();
    assert_eq!(take_back().await.body, json!({ "changed": true }));
    assert_eq!(take_back().await.body, json!({ "changed": false }));
}

#[tokio::test]
async fn an_order_that_is_being_carried_out_is_not_carried_out_again() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let name = card(&house, &linked, "DEBIT").await["accountId"].as_str().unwrap().to_owned();
    let slow = json!({ "slowOrder": { "millis": 400, "calls": 1 } });
    http().put(format!("{}/faults", house.url)).json(&slow).send().await.unwrap();
    let path = format!("accounts/{name}/nickname");
    let rename = async || put(&house, &linked, &path, "k-1", order(json!({ "nickname": "Holidays" }))).await;
    let (one, other) = tokio::join!(rename(), rename());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(rename().await.body["changed"], true, "the first answer, again");
    let seen = account(&house, &linked, "CHECKING").await;
    assert_eq!(seen["nickname"], "Holidays");
}

#[tokio::test]
async fn only_what_the_consent_names_is_done_and_only_on_its_accounts() {
    let house = House::open().await;
    let plain = link(&house, "maya", request()).await;
    let refused = plain.get(&url(&house, "cards")).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("not-covered")));
    let mut reading = request();
    reading["bankServices"] = json!(["CARDS_READ"]);
    let reader = link(&house, "maya", reading).await;
    let card = card(&house, &reader, "DEBIT").await;
    let path = format!("cards/{}/freeze", id(&card));
    assert_eq!(post(&house, &reader, &path, "k", order(json!({}))).await.status, 403);
    let tomas = link(&house, "tomas", native_request()).await;
    assert_eq!(post(&house, &tomas, &path, "k", order(json!({}))).await.status, 404, "not his card");
    let maya = link(&house, "maya", native_request()).await;
    for actor in ["AGENT", "SYSTEM"] {
        let body = json!({ "actor": { "type": actor }, "channel": "web" });
        let refused = post(&house, &maya, &path, "k", body).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("not-the-customer")), "{actor}");
    }
    let still = card_status(&house, &maya, id(&card)).await;
    assert_eq!(still, "ACTIVE");
}

async fn card_status(house: &House, linked: &Linked, id: &str) -> String {
    let answer = linked.get(&url(house, "cards")).await;
    let cards = answer.body["cards"].as_array().unwrap().clone();
    cards.iter().find(|card| card["cardId"] == id).unwrap()["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_named_by_a_pointer() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let card = card(&house, &linked, "DEBIT").await;
    let limits = format!("cards/{}/limits", id(&card));
    for (body, status, pointer) in [
        (json!({ "channel": "web", "abroad": true }), 400, "/actor"),
        (order(json!({ "perDay": "a lot" })), 422, "/perDay"),
        (order(json!({ "sell": true })), 400, "/sell"),
        (order(json!({})), 422, ""),
        (order(json!({ "perDay": "10000.01" })), 422, ""),
        (json!({ "actor": { "type": "CUSTOMER" }, "channel": "The Web", "abroad": true }), 422, "/channel"),
        (order(json!({ "abroad": [true] })), 400, "/abroad"),
    ] {
        let answer = put(&house, &linked, &limits, "k", body.clone()).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["pointer"]),
            (status, &json!(pointer)),
            "{body}"
        );
        assert!(answer.body["type"].as_str().unwrap().starts_with("urn:parlour-bank:problem:"));
    }
    for (trip, pointer) in [
        (json!({ "countries": [], "from": "2026-12-01", "until": "2026-12-02" }), "/countries"),
        (json!({ "countries": ["pt"], "from": "2026-12-01", "until": "2026-12-02" }), "/countries"),
        (json!({ "countries": ["PT"], "from": "2026-12-02", "until": "2026-12-01" }), "/until"),
        (json!({ "countries": ["PT"], "from": "soon", "until": "2026-12-01" }), "/from"),
    ] {
        let answer = post(&house, &linked, "travel-notices", "k", order(trip.clone())).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{trip}");
    }
    let account = card["accountId"].as_str().unwrap();
    let name = async |text: String| {
        put(
            &house,
            &linked,
            &format!("accounts/{account}/nickname"),
            &text,
            order(json!({ "nickname": text })),
        )
        .await
    };
    let at_most = sandbox_bank::limits::NICKNAME_MAX;
    assert_eq!(
        (name("n".repeat(at_most)).await.status, name("n".repeat(at_most + 1)).await.status),
        (200, 422)
    );
}

#[tokio::test]
async fn the_switched_on_faults_meet_the_native_api_too() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let set = async |switches: Value| {
        let call = http().put(format!("{}/faults", house.url)).json(&switches);
        assert_eq!(call.send().await.unwrap().status(), 200);
    };
    set(json!({ "tooMany": { "retryAfter": 7, "calls": 1 } })).await;
    let many = linked.get(&url(&house, "cards")).await;
    assert_eq!((many.status, &many.body["code"]), (429, &json!("too-many-calls")));
    assert_eq!(many.headers["retry-after"], "7");
    set(json!({ "serverError": { "calls": 1 } })).await;
    assert_eq!(linked.get(&url(&house, "cards")).await.body["status"], 500);
    let account = card(&house, &linked, "DEBIT").await["accountId"].as_str().unwrap().to_owned();
    set(json!({ "lostAnswer": { "calls": 1 } })).await;
    let path = format!("accounts/{account}/nickname");
    let lost = put(&house, &linked, &path, "k", order(json!({ "nickname": "Rent" }))).await;
    let again = put(&house, &linked, &path, "k", order(json!({ "nickname": "Rent" }))).await;
    assert_eq!((lost.status, again.status, &again.body["nickname"]), (500, 200, &json!("Rent")));
}

#[tokio::test]
async fn subscriptions_standing_orders_and_statements_come_from_the_ledger() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let subscriptions = linked.get(&url(&house, "subscriptions")).await;
    let video = subscriptions.body["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|subscription| subscription["merchant"] == "Lantern Video")
        .unwrap()
        .clone();
    assert_eq!((&video["amount"], &video["amountBefore"]), (&json!("15.99"), &json!("13.99")));
    assert_eq!(video["nextDate"], "2026-12-12");
    let orders = linked.get(&url(&house, "standing-orders")).await;
    assert_eq!(orders.body["standingOrders"].as_array().unwrap().len(), 2);
    let checking = account(&house, &linked, "CHECKING").await;
    let of = checking["accountId"].as_str().unwrap();
    let listed = linked.get(&url(&house, &format!("accounts/{of}/statements"))).await;
    let newest = listed.body["statements"][0].clone();
    assert_eq!((&newest["from"], &newest["to"]), (&json!("2026-10-01"), &json!("2026-10-31")));
    let path = url(&house, &format!("accounts/{of}/statements/{}", newest["statementId"].as_str().unwrap()));
    let call = http().get(&path).headers(linked.proof(&http::Method::GET, &path).await.unwrap());
    let call = call.header("x-fapi-interaction-id", crate::client::INTERACTION);
    let document = call.send().await.unwrap();
    assert_eq!(document.headers()["content-type"], "application/pdf");
    let text = String::from_utf8(document.bytes().await.unwrap().to_vec()).unwrap();
    let (rows, _) = transactions(&house, &linked, of, "startDate=2026-10-01&endDate=2026-10-31").await;
    for row in rows {
        let amount = row["amount"].as_f64().unwrap();
        assert!(text.contains(&format!("{amount:.2}")), "{row}");
    }
}

#[tokio::test]
async fn a_tip_changes_what_was_held_and_money_that_comes_back_names_its_payment() {
    let house = House::open().await;
    let linked = link(&house, "aisha", request()).await;
    let card = account(&house, &linked, "CREDITCARD").await;
    let of = card["accountId"].as_str().unwrap();
    let bill = &card["bills"][0];
    assert_eq!(bill["dueDate"], "2026-11-24");
    assert!(bill["minimumPaymentDue"].as_f64().unwrap() > 0.0 && card["creditLine"].is_number());
    let half_year = "startDate=2026-05-10&endDate=2026-11-18&limit=200";
    let (all, _) = transactions(&house, &linked, of, half_year).await;
    for kind in ["REFUND", "REVERSAL"] {
        let back = all.iter().find(|t| t["transactionType"] == kind).unwrap();
        let paid = all.iter().find(|t| t["transactionId"] == back["originalTransactionId"]).unwrap();
        assert_eq!(
            (&paid["amount"], &back["debitCreditMemo"]),
            (&back["amount"], &json!("CREDIT")),
            "{kind}"
        );
    }
    assert!(
        all.iter()
            .any(|t| t["purchaseMode"] == "ONLINE" && t["transactionPayee"]["address"]["city"].is_string())
    );
    let foreign = linked.get(&format!("{}/fdx/v6/accounts?resultType=details", house.url)).await;
    let euros: Vec<Value> = foreign.body["accounts"].as_array().unwrap().clone();
    assert!(euros.iter().any(|account| account["currency"]["currencyCode"] == "EUR"));
    let dinner =
        |t: &&Value| t["status"] == "PENDING" && t["category"] == "5812" && t["foreignAmount"].is_null();
    let mut held: Vec<Value> = all.iter().filter(dinner).cloned().collect();
    for _ in 0..14 {
        house.clock.advance(SignedDuration::from_hours(24));
        house.bank.as_ref().unwrap().catch_up().await.unwrap();
        let linked = link(&house, "aisha", request()).await;
        let (now, _) =
            transactions(&house, &linked, of, "startDate=2026-11-10&endDate=2026-12-10&limit=200").await;
        let tipped = held.iter().any(|before| {
            let booked = now.iter().find(|t| t["referenceTransactionId"] == before["transactionId"]);
            booked.is_some_and(|t| t["amount"].as_f64() > before["amount"].as_f64())
        });
        if tipped {
            return;
        }
        held.extend(now.iter().filter(dinner).cloned());
    }
    panic!("in two weeks nobody left a tip");
}

#[tokio::test]
async fn the_customers_page_shows_cards_limits_notices_names_and_what_was_done_through_whom() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let debit = card(&house, &linked, "DEBIT").await;
    let of = debit["accountId"].as_str().unwrap();
    post(
        &house,
        &linked,
        &format!("cards/{}/report-lost", id(&debit)),
        "k-1",
        order(json!({ "kind": "STOLEN" })),
    )
    .await;
    let trip = json!({ "countries": ["PT"], "from": "2026-12-01", "until": "2026-12-08" });
    post(&house, &linked, "travel-notices", "k-2", order(trip)).await;
    put(&house, &linked, &format!("accounts/{of}/nickname"), "k-3", order(json!({ "nickname": "Holidays" })))
        .await;
    let preferences = json!({ "way": "POST", "paperless": false, "offers": false });
    put(&house, &linked, "contact-preferences", "k-4", order(preferences)).await;
    let mut browser = Browser::new(&house);
    browser.sign_in("maya").await;
    let page = browser.get("/cards").await;
    for words in [
        "Blocked",
        "Should be in your letter box by 2026-11-25",
        "$2,000.00",
        "PT: 2026-12-01 to 2026-12-08",
        "Holidays",
        "Letter, statements on paper",
        "as stolen, and send another one",
        "Budget App (web)",
    ] {
        assert!(page.text.contains(words), "{words} is missing in {}", page.text);
    }
    let credit = card(&house, &linked, "CREDIT").await;
    let csrf = page.csrf();
    let freeze = format!("/cards/{}/freeze", id(&credit));
    assert_eq!(browser.post(&freeze, &[("csrf", &csrf)]).await.went_to(), "/cards");
    assert!(browser.get("/cards").await.text.contains("this site"));
    assert_eq!(card_status(&house, &linked, id(&credit)).await, "FROZEN");
    let mut tomas = Browser::new(&house);
    tomas.sign_in("tomas").await;
    let csrf = tomas.get("/cards").await.csrf();
    assert_eq!(tomas.post(&freeze.replace("freeze", "unfreeze"), &[("csrf", &csrf)]).await.status, 404);
    assert_eq!(Browser::new(&house).get("/cards").await.went_to(), "/");
}

#[tokio::test]
async fn the_approval_page_says_what_a_client_could_do() {
    let house = House::open().await;
    let linking = crate::client::Linking::begin(&house, native_request()).await;
    let (_, page) = Browser::new(&house).open_approval(&linking.authorization_url, "maya").await;
    for words in [
        "What it could do",
        "Unfreeze a card when you say so",
        "Your monthly statements",
        "It cannot move money",
    ] {
        assert!(page.text.contains(words), "{words} is missing in {}", page.text);
    }
    assert!(!page.text.contains("It can only look"));
}
