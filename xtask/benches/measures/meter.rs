//! A meter between gateway and bank: passes every request on and notes how long the bank took, by the
//! access token that it carries. What the meter itself costs counts as ours.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use url::Url;

/// The largest page of a bank.
const MAX_BODY: usize = 4 << 20;

/// Requests and their times.
#[derive(Debug)]
pub struct Meter {
    bank: Url,
    http: reqwest::Client,
    open: Mutex<HashMap<String, Busy>>,
}

/// When the bank worked for one token. Requests at the same time count once.
#[derive(Debug, Default)]
struct Busy {
    requests: u32,
    since: Option<Instant>,
    total: Duration,
}

impl Meter {
    /// Passes what comes to `listener` on to `bank`.
    pub fn start(listener: TcpListener, bank: Url) -> Arc<Meter> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("a client without extras can be made");
        let meter = Arc::new(Meter { bank, http, open: Mutex::default() });
        let router = Router::new().fallback(pass_on).with_state(meter.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        meter
    }

    /// How long the bank worked since the last time this was asked, by token.
    pub fn take_all(&self) -> HashMap<String, Duration> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.drain().map(|(token, busy)| (token, busy.total)).collect()
    }

    /// The same for one token.
    pub fn take(&self, token: &str) -> Duration {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(token).map_or(Duration::ZERO, |busy| busy.total)
    }

    fn begins(&self, token: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = open.entry(token.to_owned()).or_default();
        busy.requests += 1;
        busy.since.get_or_insert_with(Instant::now);
    }

    fn ends(&self, token: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(busy) = open.get_mut(token) else { return };
        busy.requests = busy.requests.saturating_sub(1);
        if busy.requests == 0
            && let Some(since) = busy.since.take()
        {
            busy.total += since.elapsed();
        }
    }
}

async fn pass_on(State(meter): State<Arc<Meter>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let token =
        parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = to_bytes(body, MAX_BODY).await.expect("a request to a bank is small");
    let url =
        meter.bank.join(parts.uri.path_and_query().map_or("/", |path| path.as_str())).expect("a path joins");
    if let Some(token) = &token {
        meter.begins(token);
    }
    let answer = whole(meter.http.request(parts.method, url).headers(parts.headers).body(body)).await;
    if let Some(token) = &token {
        meter.ends(token);
    }
    answer.unwrap_or_else(|_| {
        let mut nothing = Response::new(Body::empty());
        *nothing.status_mut() = StatusCode::BAD_GATEWAY;
        nothing
    })
}

/// Sends a request and waits for the whole answer.
async fn whole(request: reqwest::RequestBuilder) -> Result<Response, reqwest::Error> {
    let answer = request.send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    let mut response = Response::new(Body::from(answer.bytes().await?));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
