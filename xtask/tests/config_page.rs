//! docs/config.md lists every key of the configuration and no other, and its examples load.

#![allow(clippy::unwrap_used, reason = "a test's own reading may panic")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The structs that serde reads, with the place of their fields in a file.
const STRUCTS: [(&str, &str, &str); 15] = [
    ("gateway.rs", "GatewayFile", ""),
    ("gateway.rs", "Limits", "limits."),
    ("gateway.rs", "WrittenAccessLog", "access_log."),
    ("gateway.rs", "WrittenWitness", "access_log.witnesses."),
    ("understanding.rs", "WrittenUnderstanding", "understanding."),
    ("bank.rs", "Written", ""),
    ("bank.rs", "WrittenLook", "look."),
    ("bank.rs", "WrittenConnector", "connector."),
    ("bank.rs", "WrittenConsent", "consent."),
    ("help.rs", "WrittenHelp", "help."),
    ("terms.rs", "WrittenController", "controller."),
    ("bank.rs", "No", "data.CLASS."),
    ("bank.rs", "WrittenChannel", "channels.CHANNEL."),
    ("no.rs", "WrittenNo", "no."),
    ("fraud.rs", "WrittenFraud", "fraud."),
];

/// Fields that are tables of their own, or read key by key.
const TABLES: [&str; 12] = [
    "limits",
    "access_log",
    "understanding",
    "help",
    "look",
    "connector",
    "consent",
    "controller",
    "data",
    "channels",
    "no",
    "fraud",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/config.md")).unwrap()
}

/// The keys of a struct in a source file, as a file names them.
fn keys(source: &str, name: &str, place: &str) -> BTreeSet<String> {
    let body =
        source.split(&format!("struct {name} {{")).nth(1).unwrap_or_else(|| panic!("no struct {name}"));
    let body = body.split("\n}").next().unwrap();
    let mut renamed = None;
    let mut keys = BTreeSet::new();
    for line in body.lines().map(str::trim) {
        if let Some(rest) = line.split("rename = \"").nth(1) {
            renamed = rest.split('"').next();
        } else if let Some((field, _)) = line.split_once(": ")
            && !line.starts_with(['/', '#'])
        {
            let field = renamed.take().unwrap_or_else(|| field.trim_start_matches("pub "));
            keys.insert(format!("{place}{field}"));
        }
    }
    keys
}

#[test]
fn every_key_is_on_the_page_and_no_other() {
    let mut known = BTreeSet::from(["data.CLASS".to_owned()]);
    for (file, name, place) in STRUCTS {
        let source = std::fs::read_to_string(root().join("parlour/src/config").join(file)).unwrap();
        known.extend(keys(&source, name, place).into_iter().filter(|key| name_is_leaf(name, key)));
    }
    let page = page();
    let told: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(known.difference(&told).collect::<Vec<_>>(), [""; 0], "keys that are not on the page");
    assert_eq!(told.difference(&known).collect::<Vec<_>>(), [""; 0], "keys on the page that do not exist");
}

/// `data` is a folder in the gateway's file and a table in a bank's.
fn name_is_leaf(name: &str, key: &str) -> bool {
    name == "GatewayFile" && key == "data" || !TABLES.contains(&key)
}

#[test]
fn both_examples_of_the_page_load() {
    let page = page();
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [gateway, bank] = blocks.as_slice() else { panic!("two examples, not {}", blocks.len()) };
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("banks")).unwrap();
    std::fs::write(dir.path().join("parlour.toml"), gateway).unwrap();
    std::fs::write(dir.path().join("banks/harbour.toml"), bank).unwrap();
    let config = parlour::config::load(&dir.path().join("parlour.toml"));
    let config = config.unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(config.banks.len(), 1);
}
