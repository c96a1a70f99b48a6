//! What clients are told, and how often.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    House,
    client::{Linked, link, native_request},
};

/// Headers and body of what came.
type Heard = (HeaderMap, Vec<u8>);

/// A client's endpoint that writes down what it is told and answers with a status that can be changed.
#[derive(Clone)]
struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    status: Arc<Mutex<u16>>,
    url: String,
}

impl Ear {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/told", listener.local_addr().unwrap());
        let ear = Self { heard: Arc::default(), status: Arc::new(Mutex::new(204)), url };
        let app = Router::new().route("/told", post(hear)).with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        ear
    }

    fn heard(&self) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }
}

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> axum::http::StatusCode {
    ear.heard.lock().unwrap().push((headers, body.to_vec()));
    axum::http::StatusCode::from_u16(*ear.status.lock().unwrap()).unwrap()
}

async fn endpoint(house: &House, linked: &Linked, ear: &Ear, events: Value) -> Value {
    let url = format!("{}/parlour-bank/v1/webhook-endpoints", house.url);
    let body = json!({ "url": ear.url, "events": events });
    let answer = linked.call(http::Method::POST, &url, Some(body)).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

async fn freeze(house: &House, linked: &Linked, key: &str) -> Value {
    let cards = linked.get(&format!("{}/parlour-bank/v1/cards", house.url)).await.body["cards"].clone();
    let card = cards.as_array().unwrap().iter().find(|card| card["status"] == "ACTIVE").unwrap().clone();
    let url = format!("{}/parlour-bank/v1/cards/{}/freeze", house.url, card["cardId"].as_str().unwrap());
    let body = json!({ "actor": { "type": "CUSTOMER" }, "channel": "web" });
    assert_eq!(linked.call_with(http::Method::POST, &url, Some(body), Some(key)).await.unwrap().status, 200);
    card
}

#[tokio::test]
async fn a_client_is_told_with_a_signature_that_only_it_and_the_bank_can_make() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let ear = Ear::open().await;
    let opened = endpoint(&house, &linked, &ear, json!(["card.status.changed"])).await;
    let secret = opened["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap().to_owned();
    let card = freeze(&house, &linked, "k-1").await;
    house.tell().await;
    let told = ear.heard();
    assert_eq!((told.len(), &told[0]["type"]), (1, &json!("card.status.changed")));
    assert_eq!((&told[0]["data"]["cardId"], &told[0]["data"]["status"]), (&card["cardId"], &json!("FROZEN")));
    assert_eq!(told[0]["data"]["consentId"], linked.consent.as_str());
    let (headers, body) = ear.heard.lock().unwrap()[0].clone();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(secret).unwrap()).unwrap();
    mac.update(format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes());
    mac.update(&body);
    let made = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(text("webhook-signature"), made);
    let url = format!("{}/parlour-bank/v1/webhook-endpoints", house.url);
    assert!(linked.get(&url).await.body["endpoints"][0].get("secret").is_none(), "it is told once");
}

#[tokio::test]
async fn what_a_client_did_not_take_is_sent_again_under_the_same_id_and_later_each_time() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let ear = Ear::open().await;
    endpoint(&house, &linked, &ear, json!(["card.status.changed"])).await;
    ear.answers(500);
    freeze(&house, &linked, "k-1").await;
    house.tell().await;
    house.tell().await;
    assert_eq!(ear.heard().len(), 1, "not before its time");
    for (seconds, times) in [(4, 1), (1, 2), (29, 2), (1, 3)] {
        house.clock.advance(SignedDuration::from_secs(seconds));
        house.tell().await;
        assert_eq!(ear.heard().len(), times, "after {seconds} s more");
    }
    ear.answers(200);
    house.clock.advance(SignedDuration::from_secs(120));
    house.tell().await;
    house.clock.advance(SignedDuration::from_hours(48));
    house.tell().await;
    let heard = ear.heard.lock().unwrap();
    assert_eq!(heard.len(), 4, "taken, so it is not sent again");
    assert!(heard.iter().all(|(headers, _)| headers["webhook-id"] == heard[0].0["webhook-id"]));
}

#[tokio::test]
async fn payments_and_the_end_of_a_consent_are_told_to_who_may_know() {
    let mut house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let ear = Ear::open().await;
    let events = json!(["transaction.pending", "transaction.posted", "consent.revoked"]);
    endpoint(&house, &linked, &ear, events).await;
    house.tell().await;
    assert!(ear.heard().is_empty(), "the past is not told");
    house.stop().await;
    house.clock.advance(SignedDuration::from_hours(72));
    house.start().await;
    house.tell().await;
    let told = ear.heard();
    let of = |kind: &str| told.iter().filter(|event| event["type"] == kind).count();
    assert!(of("transaction.pending") > 2 && of("transaction.posted") > 2, "{told:?}");
    let posted = told.iter().find(|event| !event["data"]["referenceTransactionId"].is_null()).unwrap();
    assert!(posted["data"].get("amount").is_none(), "what it is about is read, with a consent");
    let renewed = link(&house, "maya", native_request()).await;
    let url = format!("{}/fdx/v6/consents/{}/revocation", house.url, renewed.consent);
    let why = json!({ "reason": "USER_ACTION", "initiator": "INDIVIDUAL" });
    assert_eq!(renewed.call(http::Method::PUT, &url, Some(why)).await.unwrap().status, 204);
    house.tell().await;
    let last = ear.heard().pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["consentId"]),
        (&json!("consent.revoked"), &json!(renewed.consent))
    );
}

#[tokio::test]
async fn an_endpoint_that_is_gone_or_closed_hears_nothing_more() {
    let house = House::open().await;
    let linked = link(&house, "maya", native_request()).await;
    let (gone, closed) = (Ear::open().await, Ear::open().await);
    endpoint(&house, &linked, &gone, json!(["card.status.changed"])).await;
    let opened = endpoint(&house, &linked, &closed, json!(["card.status.changed"])).await;
    let path = format!("{}/parlour-bank/v1/webhook-endpoints", house.url);
    let one = format!("{path}/{}", opened["endpointId"].as_str().unwrap());
    assert_eq!(linked.call(http::Method::DELETE, &one, None).await.unwrap().status, 204);
    assert_eq!(linked.call(http::Method::DELETE, &one, None).await.unwrap().status, 404);
    gone.answers(410);
    freeze(&house, &linked, "k-1").await;
    house.tell().await;
    assert_eq!((gone.heard().len(), closed.heard().len()), (1, 0));
    house.clock.advance(SignedDuration::from_mins(10));
    freeze(&house, &linked, "k-2").await;
    house.tell().await;
    assert_eq!(gone.heard().len(), 1);
    assert_eq!(linked.get(&path).await.body, json!({ "endpoints": [] }));
    for (url, status) in [("http://bank.example/x", 422), ("not a url", 422), ("http://127.0.0.1:9/x", 201)] {
        let body = json!({ "url": url, "events": ["consent.revoked"] });
        assert_eq!(linked.call(http::Method::POST, &path, Some(body)).await.unwrap().status, status, "{url}");
    }
}
