//! A demo for one test.

use domain::Clock;
use jiff::{SignedDuration, Timestamp};
use parlour::demo::{self, DemoBank, DemoConfig, RunningDemo, files};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use testkit::ports;

/// A clock that stands still until it is moved, for gateway and banks alike.
#[derive(Debug)]
pub struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub struct House {
    demo: Option<RunningDemo>,
    clock: Arc<Hands>,
    port: u16,
    data: TempDir,
}

impl House {
    pub async fn open() -> House {
        House::on(TempDir::new().unwrap()).await
    }

    /// With the gateway's store on a PostgreSQL database.
    pub async fn open_on_postgres(url: &str) -> House {
        let data = TempDir::new().unwrap();
        let port = ports::free_run(3);
        files::write(data.path(), port).unwrap();
        let file = data.path().join("parlour.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("sqlite:parlour.db", url)).unwrap();
        House::begin(data, port).await
    }

    async fn on(data: TempDir) -> House {
        House::begin(data, ports::free_run(3)).await
    }

    pub async fn begin(data: TempDir, port: u16) -> House {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(Hands(Mutex::new("2026-11-20T15:00:00Z".parse().unwrap())));
        let mut house = House { demo: None, clock, port, data };
        house.start().await;
        house
    }

    async fn start(&mut self) {
        let config =
            DemoConfig { data: self.data.path().to_owned(), port: self.port, clock: self.clock.clone() };
        self.demo = Some(demo::start(config).await.unwrap_or_else(|fault| panic!("{fault}")));
    }

    pub async fn stop(&mut self) {
        self.demo.take().unwrap().stop().await;
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    pub fn demo(&self) -> &RunningDemo {
        self.demo.as_ref().unwrap()
    }

    pub fn harbour(&self) -> DemoBank {
        self.demo().banks[0].clone()
    }

    pub fn forward(&self, by: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Switches faults of the first bank on; `{}` switches all off.
    pub async fn faults(&self, faults: &Value) {
        let url = self.harbour().url.join("faults").unwrap();
        let answer = reqwest::Client::new().put(url).json(faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}
