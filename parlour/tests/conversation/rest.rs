//! What lies on the disk, in logs and in figures: nothing personal. A whole journey is walked with values that
//! cannot be mistaken, and then every file is searched for each of them, in plain and in the forms that programs
//! put bytes into.

use crate::house::{Backend, House};
use base64::{Engine, prelude::BASE64_STANDARD};
use parlour::demo::guest::Guest;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};
use testkit::postgres::Postgres;

/// What the guest writes: words that nobody else writes.
const SAID: [&str; 3] = [
    "my aunt Philippa Quackenbush wants to know",
    "what did I spend at Greenleaf Market this month?",
    "transactions over $50",
];
/// Shorter values would be found by chance.
const SHORTEST: usize = 6;

/// Everything that the gateway logs in this process.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged() -> &'static Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_env_filter("debug").with_writer(move || to.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        lines
    })
}

/// Texts of a reply that come from the bank: titles, merchants, amounts.
fn collect(reply: &Value, found: &mut BTreeSet<String>) {
    match reply {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("title" | "what" | "text" | "account", Value::String(text)) => {
                        found.insert(text.clone());
                    }
                    (_, value) => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Walks everything that a customer can do, and gives every value that must not be found.
async fn journey(house: &House) -> BTreeSet<String> {
    let mut planted = BTreeSet::new();
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let notice = guest.notice().await.unwrap();
    let link = Guest::address(&notice).unwrap();
    planted.insert(link.path().trim_start_matches("/link/").to_owned());
    guest.sign_in_at_bank(&house.harbour(), &link).await.unwrap();
    guest.confirm().await.unwrap();
    for text in SAID {
        collect(&guest.ask(text).await.unwrap(), &mut planted);
        planted.insert(text.to_owned());
    }
    for text in ["What's my balance?", "Last transactions", "Where did I shop?"] {
        collect(&guest.ask(text).await.unwrap(), &mut planted);
    }
    guest.ask("Who looked at my data?").await.unwrap();
    guest.visitor.get(&guest.api("export")).await.unwrap();
    guest.ask("stop").await.unwrap();
    guest.hears("ended there too").await.unwrap();
    let cookies: BTreeMap<String, String> = guest.visitor.cookies_of(&house.demo().gateway_url).clone();
    planted.extend(cookies.into_values());
    planted.insert("Philippa".to_owned());
    planted.insert("Greenleaf".to_owned());
    planted.retain(|text| {
        text.len() >= SHORTEST && !text.chars().all(|c| "$€£-0123456789.,+".contains(c))
            || text.len() > SHORTEST
    });
    // Words of our own that are in the program's texts, not the customer's.
    planted.retain(|text| !["Transactions", "Balances"].contains(&text.as_str()));
    planted
}

/// A text in the forms in which it could lie about.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        bytes.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    // Base64 of a text that contains it depends on where it begins: three ways, without the ends that others share.
    for shift in 0..3 {
        let mut padded = vec![b' '; shift];
        padded.extend_from_slice(bytes);
        let encoded = BASE64_STANDARD.encode(&padded);
        let from = (shift * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        forms.push(encoded.as_bytes()[from..to].to_vec());
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// Finds many texts in one pass.
struct Search {
    by_start: HashMap<[u8; 4], Vec<(Vec<u8>, String)>>,
}

impl Search {
    fn new(planted: &BTreeSet<String>) -> Search {
        let mut by_start: HashMap<[u8; 4], Vec<(Vec<u8>, String)>> = HashMap::new();
        for text in planted {
            for form in forms(text) {
                by_start.entry(*form.first_chunk().unwrap()).or_default().push((form, text.clone()));
            }
        }
        Search { by_start }
    }

    fn in_bytes(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for at in 0..bytes.len().saturating_sub(4) {
            let Some(candidates) = self.by_start.get(bytes[at..].first_chunk::<4>().unwrap()) else {
                continue;
            };
            let here = candidates.iter().filter(|(form, _)| bytes[at..].starts_with(form));
            found.extend(here.map(|(_, text)| text.clone()));
        }
        found
    }

    fn in_files(&self, paths: &[PathBuf]) -> (BTreeSet<String>, u64) {
        let (mut found, mut bytes_read) = (BTreeSet::new(), 0);
        let mut left = paths.to_vec();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if let Ok(bytes) = std::fs::read(&path) {
                bytes_read += bytes.len() as u64;
                found.extend(
                    self.in_bytes(&bytes).into_iter().map(|text| format!("{text} in {}", path.display())),
                );
            }
        }
        (found, bytes_read)
    }
}

/// The gateway's own files; the sandbox banks keep their ledgers beside them and are other programs.
fn files_of(house: &House) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(house.data()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().is_some_and(|name| name != "sandbox")).collect()
}

fn backup_of_sqlite(house: &House, to: &Path) {
    let connection = rusqlite::Connection::open(house.data().join("parlour.db")).unwrap();
    connection.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

/// The database's directory, its write-ahead log, and a dump.
fn files_of_postgres(name: &str, dump: &Path) -> Vec<PathBuf> {
    let server = Postgres::shared().unwrap();
    server.sql("postgres", "CHECKPOINT").unwrap();
    let number = server.sql(name, "SELECT oid FROM pg_database WHERE datname = current_database()").unwrap();
    let pg_dump = ["/usr/lib/postgresql/15/bin/pg_dump", "pg_dump"]
        .into_iter()
        .find(|p| !p.contains('/') || Path::new(p).exists());
    let dumped = Command::new(pg_dump.unwrap())
        .args(["-U", "parlour", "-h"])
        .arg(server.files().parent().unwrap())
        .arg("-f")
        .arg(dump)
        .arg(name)
        .status()
        .unwrap();
    assert!(dumped.success());
    vec![server.files().join("base").join(number), server.files().join("pg_wal"), dump.to_owned()]
}

async fn nothing_of_a_journey_can_be_read_on_the_disk(backend: Backend) {
    let lines = logged().clone();
    let _ = parlour::telemetry::metrics();
    let house = House::open_over(backend).await;
    let planted = journey(&house).await;
    assert!(planted.len() > 30, "titles, merchants and amounts were planted: {planted:?}");
    let figures = house.demo().gateway_url.join("metrics").unwrap();
    let figures = reqwest::get(figures).await.unwrap().bytes().await.unwrap();
    let backups = tempfile::TempDir::new().unwrap();
    let (mut files, backup) = (files_of(&house), backups.path().join("backup"));
    match house.database().cloned() {
        None => {
            backup_of_sqlite(&house, &backup);
            files.push(backup);
        }
        Some(database) => files.extend(
            tokio::task::spawn_blocking(move || files_of_postgres(&database.name, &backup)).await.unwrap(),
        ),
    }
    let search = Search::new(&planted);
    let found = tokio::task::spawn_blocking(move || {
        let (mut found, bytes) = search.in_files(&files);
        assert!(bytes > 200_000, "there were files to search: {bytes} bytes in {files:?}");
        found.extend(search.in_bytes(&figures).into_iter().map(|text| format!("{text} in /metrics")));
        let lines = lines.0.lock().unwrap().clone();
        assert!(!lines.is_empty(), "there were lines to search");
        found.extend(search.in_bytes(&lines).into_iter().map(|text| format!("{text} in the log lines")));
        found
    });
    assert_eq!(found.await.unwrap(), BTreeSet::new());
    drop(backups);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_journey_can_be_read_on_the_disk_on_sqlite() {
    nothing_of_a_journey_can_be_read_on_the_disk(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_journey_can_be_read_on_the_disk_on_postgresql() {
    nothing_of_a_journey_can_be_read_on_the_disk(Backend::Postgres).await;
}

#[test]
fn the_search_finds_each_form_of_a_text() {
    let text = "Greenleaf Market";
    let search = Search::new(&BTreeSet::from([text.to_owned()]));
    for form in forms(text) {
        let mut bytes = vec![0xff; 7];
        bytes.extend_from_slice(&form);
        bytes.extend_from_slice(&[0xff; 7]);
        assert_eq!(search.in_bytes(&bytes), BTreeSet::from([text.to_owned()]), "{form:?}");
    }
    for shift in 0..3 {
        let around = BASE64_STANDARD.encode(format!("{}Greenleaf Market, Reno", "x".repeat(shift)));
        assert_eq!(search.in_bytes(around.as_bytes()).len(), 1, "{shift}");
    }
}
