//! A whole demo for one test: two banks and the gateway on free ports, with data of their own.

use crate::chat::Chat;
use parlour::{
    app::App,
    demo::{self, DemoBank, DemoConfig, RunningDemo, files},
    rim::SystemClock,
};
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;
use testkit::browser::{Browser, Scripts, Size, Tab};
use url::Url;

/// The demo takes three ports in a row.
const PORTS: u16 = 3;

/// A running demo and a browser.
pub struct House {
    demo: Option<RunningDemo>,
    config: DemoConfig,
    browser: Browser,
    _data: TempDir,
}

impl House {
    /// Starts one from nothing.
    pub async fn open() -> House {
        House::open_with("").await
    }

    /// With more in the file of the first bank.
    pub async fn open_with(more: &str) -> House {
        // A second test of this process finds the first one's provider, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = TempDir::new().expect("there is room for a demo");
        let config = DemoConfig {
            data: data.path().to_owned(),
            port: testkit::ports::free_run(PORTS),
            clock: Arc::new(SystemClock),
            network: false,
        };
        files::write(&config.data, config.port).expect("there is room for the demo's files");
        let file = config.data.join("banks/harbour.toml");
        let text = std::fs::read_to_string(&file).expect("the demo wrote it");
        std::fs::write(&file, format!("{text}\n{more}")).expect("the demo's file can be changed");
        let demo = demo::start(config.clone()).await.unwrap_or_else(|fault| panic!("no demo: {fault}"));
        House { demo: Some(demo), config, browser: Browser::start(), _data: data }
    }

    fn demo(&self) -> &RunningDemo {
        self.demo.as_ref().expect("the demo runs between open and stop")
    }

    /// The first bank, which offers everything.
    pub fn harbour(&self) -> DemoBank {
        self.demo().banks[0].clone()
    }

    /// The second bank, which says No to places.
    pub fn meridian(&self) -> DemoBank {
        self.demo().banks[1].clone()
    }

    /// An address of the gateway.
    pub fn gateway(&self, path: &str) -> Url {
        self.demo().gateway_url.join(path).expect("a plain path")
    }

    /// The running gateway, for who writes on a messenger.
    pub fn gateway_app(&self) -> Arc<App> {
        self.demo().gateway.app.clone()
    }

    /// Another browser, that was nowhere yet.
    pub async fn tab(&self, size: Size, scripts: Scripts) -> Tab {
        self.browser.tab(size, scripts).await
    }

    /// Makes the first bank's API fail, or work again.
    pub async fn break_the_bank(&self, fails: bool) {
        let faults = if fails { json!({ "serverError": {} }) } else { json!({}) };
        let url = self.harbour().url.join("faults").expect("a plain path");
        let answer = reqwest::Client::new().put(url).json(&faults).send().await.expect("the bank answers");
        assert!(answer.status().is_success());
    }

    /// The link with which somebody of a bank's staff makes a passkey.
    pub fn link_of(&self, bank: &DemoBank, name: &str) -> String {
        let people = &self.demo().people;
        let found = people.iter().find(|person| person.bank == bank.id && person.name == name);
        found.and_then(|person| person.link.clone()).unwrap_or_else(|| panic!("no link of {name}"))
    }

    /// A new browser at no page yet, with a device that makes passkeys.
    pub async fn desk(&self, size: Size, scripts: Scripts) -> Tab {
        let tab = self.browser.tab(size, scripts).await;
        tab.bring_authenticator().await;
        tab
    }

    /// A new person's browser, at a bank's chat.
    pub async fn visit(&self, bank: &DemoBank, size: Size, scripts: Scripts) -> Chat {
        let tab = self.browser.tab(size, scripts).await;
        tab.open(bank.chat.as_str()).await;
        let chat = Chat::new(tab, bank.clone());
        if scripts == Scripts::Run {
            chat.is_ready().await;
        }
        chat
    }

    /// Ends gateway and banks, as Ctrl-C does.
    pub async fn stop(&mut self) {
        if let Some(demo) = self.demo.take() {
            demo.stop().await;
        }
    }

    /// Starts them again on the same data and ports.
    pub async fn start_again(&mut self) {
        let demo = demo::start(self.config.clone()).await;
        self.demo = Some(demo.unwrap_or_else(|fault| panic!("the demo does not start again: {fault}")));
    }
}
