//! A gateway as a process of its own, that is killed between an erasure and the scrubbing of the database's file.

use reqwest::Client;
use rusqlite::{Connection, config::DbConfig};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use testkit::ports;

/// How often to look, and how many times: 40 seconds.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 800;

/// `parlour serve`, which is killed with it.
pub struct Served(Child);

impl Served {
    /// Starts it and waits until it serves.
    pub fn start(config: &Path) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parlour"))
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"ready\""));
        assert!(ready, "it serves");
        // Whoever reads no further would hold it up some day.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Served(child)
    }
}

impl Drop for Served {
    /// SIGKILL: nothing that it has in hand is ended.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Somebody in the chat of a gateway.
struct Caller {
    client: Client,
    chat: String,
    token: String,
}

impl Caller {
    async fn begin(port: u16) -> Caller {
        let (client, chat) = (Client::new(), format!("http://localhost:{port}/v1/chat/harbour"));
        let begun = client.post(format!("{chat}/sessions")).send().await.unwrap();
        let begun: Value = serde_json::from_str(&begun.text().await.unwrap()).unwrap();
        Caller { client, chat, token: begun["token"].as_str().unwrap().to_owned() }
    }

    async fn says(&self, text: &str, key: &str) {
        let say = self.client.post(format!("{}/messages", self.chat)).bearer_auth(&self.token);
        let said = say.json(&json!({ "text": text, "key": key })).send().await.unwrap();
        assert_eq!(said.status(), 202, "{}", said.text().await.unwrap());
    }

    /// Waits until the thread is as wanted: status and text.
    async fn until(&self, what: &str, wanted: impl Fn(u16, &str) -> bool) {
        let mut last = String::new();
        for _ in 0..LOOKS {
            let url = format!("{}/messages?limit=200", self.chat);
            let answer = self.client.get(url).bearer_auth(&self.token).send().await.unwrap();
            let status = answer.status().as_u16();
            last = answer.text().await.unwrap();
            if wanted(status, &last) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("waited in vain for {what}: {last}");
    }
}

/// A connection that folds nothing in when it is closed, or looking would do the gateway's work.
fn looking(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    connection
}

/// In how many files of the database some bytes stand.
fn files_with(data: &Path, bytes: &[u8]) -> usize {
    let ours = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("parlour.db");
    let files = std::fs::read_dir(data).unwrap().map(|file| file.unwrap().path()).filter(ours);
    files.filter(|file| std::fs::read(file).unwrap().windows(bytes.len()).any(|part| part == bytes)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_is_gone_from_the_files_after_a_kill_and_a_start() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, port) = (TempDir::new().unwrap(), ports::free_run(3));
    parlour::demo::files::write(folder.path(), port).unwrap();
    let config = folder.path().join("parlour.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("log = \"json\"\n{text}")).unwrap();
    let database = folder.path().join("parlour.db");
    let served = Served::start(&config);
    let caller = Caller::begin(port).await;
    caller.says("erase my data", "k1").await;
    caller.until("the question", |_, text| text.contains("Shall I erase")).await;
    // Whoever reads keeps the write-ahead log from being emptied, so that the erasure is committed and its traces are
    // still there.
    let reader = looking(&database);
    reader.execute_batch("BEGIN").unwrap();
    let key: Vec<u8> = reader.query_row("SELECT wrapped FROM customer_key", [], |row| row.get(0)).unwrap();
    caller.says("Yes, erase everything", "k2").await;
    caller.until("the erasure", |status, _| status == 410).await;
    let rows = looking(&database);
    let left: i64 = rows.query_row("SELECT COUNT(*) FROM customer_key", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "the erasure is committed");
    drop(rows);
    drop(served);
    reader.execute_batch("ROLLBACK").unwrap();
    drop(reader);
    assert!(files_with(folder.path(), &key) > 0, "it was killed before the file was scrubbed");
    let served = Served::start(&config);
    assert_eq!(files_with(folder.path(), &key), 0, "scrubbed before it serves");
    caller
        .until("the same answer as before", |status, text| status == 410 && text.contains("/erased/"))
        .await;
    drop(served);
}
