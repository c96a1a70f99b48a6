//! A gateway for one test: two banks that nobody answers for, a database in a folder of its own, and a
//! clock that only the test moves.

use super::client::{Answer, Ask, Stream};
use domain::Clock;
use jiff::{SignedDuration, Timestamp};
use parlour::{config, serve};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hands {
    pub fn forward(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

pub struct Gateway {
    running: serve::Running,
    pub host: String,
    pub to: SocketAddr,
    pub clock: Arc<Hands>,
    home: TempDir,
    limits: String,
}

const BANK: &str = r##"
name = "NAME"
zone = "America/New_York"
profile = "us"
[look]
brand = "#0f4a3c"
brand_dark = "#8fd0b8"
crest = "C"
[connector]
kind = "fdx"
issuer = "http://localhost:1"
api = "http://localhost:1/fdx/v6"
client_id = "parlour"
[data]
accounts = "yes"
balances = "yes"
transactions = "yes"
"##;

impl Gateway {
    /// With the usual limits.
    pub async fn start() -> Gateway {
        Gateway::with_limits("").await
    }

    /// With some limits changed, as `[limits]` of `parlour.toml` says them.
    pub async fn with_limits(limits: &str) -> Gateway {
        let home = TempDir::new().unwrap();
        let now = "2026-11-21T14:41:00Z".parse().unwrap();
        Gateway::on(home, Arc::new(Hands(Mutex::new(now))), limits).await
    }

    /// With files beside those of the banks, which `prepare` puts into their folder. What stands in `BANK.fraud` is that bank's part
    /// about fraud.
    pub async fn prepared(prepare: impl FnOnce(&std::path::Path)) -> Gateway {
        let home = TempDir::new().unwrap();
        std::fs::create_dir_all(home.path().join("banks")).unwrap();
        prepare(&home.path().join("banks"));
        let now = "2026-11-21T14:41:00Z".parse().unwrap();
        Gateway::on(home, Arc::new(Hands(Mutex::new(now))), "").await
    }

    async fn on(home: TempDir, clock: Arc<Hands>, limits: &str) -> Gateway {
        // A second test of this process finds the first one's provider, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let host = format!("localhost:{}", to.port());
        let file = home.path().join("parlour.toml");
        std::fs::create_dir_all(home.path().join("banks")).unwrap();
        for (id, name) in [("harbour", "Harbour Bank"), ("meridian", "Meridian Savings")] {
            let mut text = BANK.replace("NAME", name).replace("\"C\"", &format!("{:?}", &name[..1]));
            text.push_str(if id == "harbour" {
                "merchant_places = \"yes\"\n"
            } else {
                "merchant_places = { no = \"Not here.\" }\n"
            });
            let fraud = std::fs::read_to_string(home.path().join(format!("banks/{id}.fraud"))).ok();
            let usual = (id == "harbour").then(String::new);
            if let Some(more) = fraud.or(usual) {
                text.push_str(&format!("[fraud]\nsecret = \"harbour.card-events\"\n{more}"));
            }
            std::fs::write(home.path().join(format!("banks/{id}.toml")), text).unwrap();
        }
        // 32 bytes, as a bank would have agreed on them.
        std::fs::write(home.path().join("banks/harbour.card-events"), format!("whsec_{}=", "A".repeat(43)))
            .unwrap();
        let text = format!(
            "listen = \"{to}\"\npublic_url = \"http://{host}\"\ndata = \"data\"\n[limits]\n{limits}\n"
        );
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let running = serve::start_on(listener, config, clock.clone()).await.unwrap();
        Gateway { running, host, to, clock, home, limits: limits.to_owned() }
    }

    /// Stops and starts again on the same data, at another port.
    pub async fn again(self) -> Gateway {
        self.running.stop().await;
        Gateway::on(self.home, self.clock, &self.limits).await
    }

    /// Everything that it keeps.
    pub fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// The secret with which the first bank signs its card events.
    pub fn card_secret(&self) -> std::path::PathBuf {
        self.home.path().join("banks/harbour.card-events")
    }

    /// The folder with the files of its banks.
    pub fn banks(&self) -> std::path::PathBuf {
        self.home.path().join("banks")
    }

    /// Its file, for commands beside it.
    pub fn file(&self) -> std::path::PathBuf {
        self.home.path().join("parlour.toml")
    }

    /// The gateway itself.
    pub fn app(&self) -> &Arc<parlour::app::App> {
        &self.running.app
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        ask.send(self.to, &self.host).await
    }

    pub async fn open(&self, ask: Ask) -> Stream {
        ask.open(self.to, &self.host).await
    }

    /// Somebody who begins a conversation with a bank through the API.
    pub async fn caller(&self, bank: &'static str) -> Caller {
        let begun = self.send(Ask::post(format!("/v1/chat/{bank}/sessions"))).await;
        assert_eq!(begun.status, 201, "{begun:?}");
        Caller { bank, token: begun.json()["token"].as_str().unwrap().to_owned() }
    }
}

/// Somebody in a conversation.
#[derive(Clone)]
pub struct Caller {
    pub bank: &'static str,
    pub token: String,
}

impl Caller {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/chat/{}{rest}", self.bank)
    }

    /// As an app: with the token as a Bearer token.
    pub fn app(&self, ask: Ask) -> Ask {
        ask.with("authorization", format!("Bearer {}", self.token))
    }

    /// As our own page in a browser: with the cookie.
    pub fn browser(&self, ask: Ask) -> Ask {
        ask.with("cookie", format!("__Host-parlour-{}={}", self.bank, self.token))
            .with("sec-fetch-site", "same-origin")
            .with("accept", "text/html,*/*")
    }

    pub fn say(&self, text: &str, key: &str) -> Ask {
        self.app(Ask::post(self.path("/messages"))).json(&json!({ "text": text, "key": key }))
    }

    /// All messages so far.
    pub async fn thread(&self, gateway: &Gateway) -> Vec<serde_json::Value> {
        let answer = gateway.send(self.app(Ask::get(self.path("/messages?after=0&limit=200")))).await;
        answer.json()["messages"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone()
    }
}
