//! A demo for one test.

use domain::Clock;
use jiff::{SignedDuration, Timestamp};
use parlour::{
    demo::{self, DemoBank, DemoConfig, RunningDemo, files},
    keys::Keys,
    serve,
};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use store::{Options, Store};
use tempfile::TempDir;
use testkit::{
    ports,
    postgres::{Database, Postgres},
};

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
    database: Option<Database>,
    /// Whether the first bank's card network lives.
    network: bool,
}

impl House {
    pub async fn open() -> House {
        House::on(TempDir::new().unwrap()).await
    }

    /// With more in the file of the first bank, whose own tables of policy tests are not about that.
    pub async fn open_where(more: &str) -> House {
        let data = TempDir::new().unwrap();
        let port = ports::free_run(3);
        files::write(data.path(), port).unwrap();
        let file = data.path().join("banks/harbour.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("policy_tests = [\"harbour.policy-tests.csv\"]\n", "");
        std::fs::write(&file, format!("{text}\n{more}")).unwrap();
        House::begin(data, port).await
    }

    /// Where the first bank's file forbids to sign in at the bank.
    pub async fn open_without_sign_in() -> House {
        let data = TempDir::new().unwrap();
        let port = ports::free_run(3);
        files::write(data.path(), port).unwrap();
        let file = data.path().join("banks/harbour.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("kind = \"fdx\"", "kind = \"fdx\"\nsign_in = false")).unwrap();
        House::begin(data, port).await
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

    /// With fraud rules of the first bank's analysts.
    pub async fn open_with_rules(rules: &str) -> House {
        let data = TempDir::new().unwrap();
        let port = ports::free_run(3);
        files::write(data.path(), port).unwrap();
        let file = data.path().join("banks/harbour.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("[fraud]\n", "[fraud]\nrules = \"harbour.rules\"\n")).unwrap();
        std::fs::write(data.path().join("banks/harbour.rules"), rules).unwrap();
        House::begin(data, port).await
    }

    /// Where the first bank asks for an approval of any Yes so many days after something new.
    pub async fn open_with_new_days(days: u32) -> House {
        let data = TempDir::new().unwrap();
        let port = ports::free_run(3);
        files::write(data.path(), port).unwrap();
        let file = data.path().join("banks/harbour.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("new_days = 0", &format!("new_days = {days}"))).unwrap();
        House::begin(data, port).await
    }

    /// Where the first bank's card network lives.
    pub async fn open_with_network() -> House {
        let mut house = House::open().await;
        house.stop().await;
        house.network = true;
        house.start().await;
        house
    }

    async fn on(data: TempDir) -> House {
        House::begin(data, ports::free_run(3)).await
    }

    pub async fn begin(data: TempDir, port: u16) -> House {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(Hands(Mutex::new("2026-11-20T15:00:00Z".parse().unwrap())));
        let mut house = House { demo: None, clock, port, data, database: None, network: false };
        house.start().await;
        house
    }

    pub async fn start(&mut self) {
        let config = DemoConfig {
            data: self.data.path().to_owned(),
            port: self.port,
            clock: self.clock.clone(),
            network: self.network,
        };
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

/// The two databases that everything has to hold on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A copy of the database, as a backup has it.
pub enum Backup {
    File(Vec<u8>),
    Database(Database),
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

impl House {
    pub async fn open_over(backend: Backend) -> House {
        if backend == Backend::Sqlite {
            return House::open().await;
        }
        let database = blocking(|| Postgres::shared().unwrap().database().unwrap()).await;
        let mut house = House::open_on_postgres(&database.location).await;
        house.database = Some(database);
        house
    }

    /// The PostgreSQL database, if it is one.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Stops, copies the database and starts again.
    pub async fn back_up(&mut self) -> Backup {
        self.stop().await;
        let backup = match self.database.clone() {
            None => Backup::File(std::fs::read(self.data().join("parlour.db")).unwrap()),
            Some(of) => {
                Backup::Database(blocking(move || Postgres::shared().unwrap().copy_of(&of).unwrap()).await)
            }
        };
        self.start().await;
        backup
    }

    /// Stops, puts a copy in the place of the database, says that it is one, and starts again. The rest of the data
    /// folder stays.
    pub async fn put_back(&mut self, backup: &Backup) {
        self.stop().await;
        self.replace_database(backup).await;
        self.confirm_and_start().await;
    }

    /// Says that the database of the stopped gateway comes from a backup, and starts.
    pub async fn confirm_and_start(&mut self) {
        let config = parlour::config::load(&self.data().join("parlour.toml")).unwrap();
        serve::restore(config, self.clock.clone(), true).await.unwrap_or_else(|fault| panic!("{fault}"));
        self.start().await;
    }

    /// Puts a copy in the place of the database of a stopped gateway.
    pub async fn replace_database(&mut self, backup: &Backup) {
        match backup {
            Backup::File(bytes) => std::fs::write(self.data().join("parlour.db"), bytes).unwrap(),
            Backup::Database(of) => {
                let of = of.clone();
                let new = blocking(move || Postgres::shared().unwrap().copy_of(&of).unwrap()).await;
                let old = self.database.replace(new.clone()).unwrap();
                let file = self.data().join("parlour.toml");
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(&file, text.replace(&old.location, &new.location)).unwrap();
            }
        }
    }

    /// Why the gateway does not start.
    pub async fn start_fails(&self) -> String {
        let config = DemoConfig {
            data: self.data.path().to_owned(),
            port: self.port,
            clock: self.clock.clone(),
            network: self.network,
        };
        match demo::start(config).await {
            Ok(_) => panic!("it starts"),
            Err(fault) => fault.to_string(),
        }
    }

    /// Stops, does something to the stopped gateway's database, and starts again.
    pub async fn while_stopped<F: Future<Output = ()>>(&mut self, work: impl FnOnce(Store) -> F) {
        self.stop().await;
        let config = parlour::config::load(&self.data().join("parlour.toml")).unwrap();
        let keys = Keys::open(config.data.join("keys")).unwrap().kek().unwrap();
        let store = Store::open(&config.database, keys, Options::default()).unwrap();
        work(store.clone()).await;
        store.close().await;
        self.start().await;
    }

    pub fn app(&self) -> Arc<parlour::app::App> {
        self.demo().gateway.app.clone()
    }
}
