#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: their names say it, and a panic is how they fail"
)]
//! The bank over real HTTP on the loopback address, asked by a client that was not written for it.

mod api;
mod approving;
mod browser;
mod client;
mod faults;
mod native;
mod network;
mod network_attacks;
mod network_ear;
mod openid;
mod payment_reports;
mod restart;
mod site;
mod time;
mod tokens;
mod webhooks;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sandbox_bank::{Bank, BankClock, BrandColor, CardStream, ClientRegistration, Config, Running, StepUp};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A clock that tests move. It stands still in between.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// A weekday morning, so that last week has its groceries.
    pub fn standing() -> Self {
        Self(Arc::new(Mutex::new("2026-11-18T10:30:00Z".parse().unwrap())))
    }

    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }

    pub fn read(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl BankClock for TestClock {
    fn now(&self) -> Timestamp {
        self.read()
    }
}

impl huskarl::core::time::Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.read()
    }
}

/// Where the client takes people back; nothing listens there.
pub const CALLBACK: &str = "http://127.0.0.1:9/back";

/// A bank with a folder, a clock and one client.
pub struct House {
    pub bank: Option<Running>,
    pub url: String,
    pub clock: TestClock,
    pub client: client::ClientKey,
    pub card_stream: Option<CardStream>,
    port: u16,
    folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        Self::open_with(None).await
    }

    /// A bank whose card network tells somebody.
    pub async fn open_with(card_stream: Option<CardStream>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut house = Self {
            bank: None,
            url: String::new(),
            clock: TestClock::standing(),
            client: client::ClientKey::generate(),
            card_stream,
            port: 0,
            folder: tempfile::tempdir().unwrap(),
        };
        house.start().await;
        house
    }

    /// Starts the bank in the folder, on the port that it had before.
    pub async fn start(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        self.url = format!("http://127.0.0.1:{}", self.port);
        let config = Config {
            name: "Harbour Bank".into(),
            slug: "harbour".into(),
            brand: BrandColor::parse("#0f4a3c").unwrap(),
            public_url: self.url.parse().unwrap(),
            data_dir: self.folder.path().join("bank"),
            seed: 11,
            currency: "USD".into(),
            clients: vec![self.registered("app").await, self.registered("other").await],
            step_up: StepUp::usual(),
            card_stream: self.card_stream.clone(),
            clock: Arc::new(self.clock.clone()),
        };
        let bank = Bank::start(config, listener).await.unwrap();
        assert_eq!(bank.url, self.url);
        self.bank = Some(bank);
    }

    /// Sends what clients are to be told.
    pub async fn tell(&self) {
        self.bank.as_ref().unwrap().tell().await.unwrap();
    }

    /// Lets the card network do what is due.
    pub async fn network(&self) {
        self.bank.as_ref().unwrap().network().await.unwrap();
    }

    async fn registered(&self, client_id: &str) -> ClientRegistration {
        ClientRegistration {
            client_id: client_id.into(),
            name: "Budget App".into(),
            jwk: self.client.public_jwk().await,
            redirect_uris: vec![CALLBACK.into()],
        }
    }

    pub async fn stop(&mut self) {
        self.bank.take().unwrap().stop().await;
    }
}
