//! Somebody who judges payments: an address that writes down what the card stream tells it, and answers as it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sandbox_bank::{CardStream, Population};
use serde_json::Value;
use sha2::Sha256;

use crate::{
    House,
    browser::{Browser, Page},
};

const KEY: [u8; 32] = [42; 32];

/// One call.
#[derive(Clone)]
pub struct Heard {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub status: u16,
}

impl Heard {
    pub fn id(&self) -> String {
        self.header("webhook-id")
    }

    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Whether the signature is one that only the bank and this ear can make.
    pub fn signed(&self) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
        mac.update(format!("{}.{}.", self.id(), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

type Next = (u16, Option<&'static str>, &'static str);

#[derive(Clone)]
pub struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    next: Arc<Mutex<VecDeque<Next>>>,
    always: Arc<Mutex<Next>>,
    url: String,
}

impl Ear {
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/card-events/harbour", listener.local_addr().unwrap());
        let always = Arc::new(Mutex::new((200, None, "{}")));
        let ear = Self { heard: Arc::default(), next: Arc::default(), always, url };
        let app = Router::new()
            .route("/card-events/harbour", post(hear))
            .route("/card-events/harbour/bulk", post(hear))
            .layer(DefaultBodyLimit::max(8_000_000))
            .with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        ear
    }

    /// A stream to here with a handful of people who pay only in the history, and no attack by itself.
    pub fn stream(&self) -> CardStream {
        let mut stream =
            CardStream::new(self.url.parse().unwrap(), format!("whsec_{}", STANDARD.encode(KEY)));
        stream.population = Population { cards: 3, terminals: 5, per_minute: 0 };
        stream
    }

    /// The answer of the next call: status, Retry-After, body.
    pub fn answers_once(&self, status: u16, retry_after: Option<&'static str>, body: &'static str) {
        self.next.lock().unwrap().push_back((status, retry_after, body));
    }

    /// The answer of every call for which there is none of its own.
    pub fn answers(&self, status: u16, body: &'static str) {
        *self.always.lock().unwrap() = (status, None, body);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// The bulk files.
    pub fn files(&self) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.path.ends_with("/bulk")).collect()
    }

    /// The single events.
    pub fn singles(&self) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| !heard.path.ends_with("/bulk")).collect()
    }

    /// The single events of a type, as JSON.
    pub fn told(&self, kind: &str) -> Vec<Value> {
        self.singles().iter().map(Heard::json).filter(|event| event["type"] == kind).collect()
    }
}

async fn hear(State(ear): State<Ear>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let next = ear.next.lock().unwrap().pop_front();
    let (status, retry_after, said) = next.unwrap_or_else(|| *ear.always.lock().unwrap());
    let heard = Heard { path: uri.path().to_owned(), headers, body: body.to_vec(), status };
    ear.heard.lock().unwrap().push(heard);
    let mut answer = (StatusCode::from_u16(status).unwrap(), said).into_response();
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.parse().unwrap());
    }
    answer
}

/// A bank with its ear; the history was told.
pub async fn connected() -> (House, Ear) {
    let ear = Ear::open().await;
    let house = House::open_with(Some(ear.stream())).await;
    house.network().await;
    assert!(!ear.files().is_empty());
    (house, ear)
}

/// Somebody signed in at the bank's site.
pub async fn visitor(house: &House, login: &str) -> Browser {
    let mut browser = Browser::new(house);
    browser.sign_in(login).await;
    browser
}

/// The account of the customer's credit card, as the purchase page has it, and the CSRF token.
async fn choice(browser: &mut Browser) -> (String, String) {
    let page = browser.get("/purchase").await;
    let card = page.text.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    (card, page.csrf())
}

/// Buys something in person with the credit card.
pub async fn buy(browser: &mut Browser, shop: &str, amount: &str) -> Page {
    let (card, csrf) = choice(browser).await;
    let form = [("csrf", csrf.as_str()), ("account", &card), ("shop", shop), ("amount", amount)];
    browser.post("/purchase", &form).await
}

/// The ids of the customer's cards on the network page: the debit card's and the credit card's.
pub async fn cards(browser: &mut Browser) -> (String, String) {
    let page = browser.get("/network").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mut ids: Vec<String> = Vec::new();
    for rest in page.text.split("name=\"card\" value=\"").skip(1) {
        let id = rest.split('"').next().unwrap().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    (ids[0].clone(), ids[1].clone())
}

/// Presses a button of the network page.
pub async fn press(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = browser.get("/network").await.csrf();
    let mut form = vec![("csrf", csrf.as_str())];
    form.extend(fields);
    browser.post(path, &form).await
}
