//! ARCHITECTURE.md says which crate may use which; the workspace's own metadata says which does.

#![allow(clippy::unwrap_used, reason = "a test's own reading may panic")]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// What one row of the table allows.
#[derive(Debug, Default)]
struct Room {
    /// Crates that may be used.
    may_use: BTreeSet<String>,
    /// Crates that tests may use besides.
    tests_may_use: BTreeSet<String>,
    /// The row says `later`: the crate need not exist yet.
    later: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    in_tests: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads the rows between the marks `<!-- rooms -->`: | `crate` | knows | may use | tests may use | never here |.
fn rooms(text: &str) -> BTreeMap<String, Room> {
    let table = text.split("<!-- rooms -->").nth(1).expect("the table stands between two marks");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "five cells: {row}");
        let name = names(cells[0]).pop_first().expect("the first cell names the crate");
        let room = Room {
            may_use: names(cells[2]),
            tests_may_use: names(cells[3]),
            later: cells[0].contains("later"),
        };
        (name, room)
    })
    .collect()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).unwrap()
}

fn crates(metadata: &Value) -> BTreeSet<String> {
    metadata["packages"].as_array().unwrap().iter().map(|package| name(&package["name"])).collect()
}

fn name(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Every dependency of one of our crates on another of ours.
fn arrows(metadata: &Value) -> BTreeSet<Arrow> {
    let ours = crates(metadata);
    let packages = metadata["packages"].as_array().unwrap().iter();
    let pairs = packages.flat_map(|package| {
        package["dependencies"].as_array().unwrap().iter().map(|dependency| Arrow {
            from: name(&package["name"]),
            to: name(&dependency["name"]),
            in_tests: dependency["kind"] == "dev",
        })
    });
    pairs.filter(|arrow| ours.contains(&arrow.to)).collect()
}

fn forbidden<'a>(arrows: &'a BTreeSet<Arrow>, rooms: &BTreeMap<String, Room>) -> Vec<&'a Arrow> {
    let allowed = |arrow: &&Arrow| {
        rooms.get(&arrow.from).is_some_and(|room| {
            room.may_use.contains(&arrow.to) || (arrow.in_tests && room.tests_may_use.contains(&arrow.to))
        })
    };
    arrows.iter().filter(|arrow| !allowed(arrow)).collect()
}

#[test]
fn every_arrow_between_our_crates_is_in_the_table() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let arrows = arrows(&metadata());
    assert!(!arrows.is_empty(), "the workspace has arrows");
    let wrong = forbidden(&arrows, &rooms(&text));
    assert!(wrong.is_empty(), "not in the table of ARCHITECTURE.md; change it there first: {wrong:#?}");
}

#[test]
fn the_table_has_every_crate_and_no_other() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rooms = rooms(&text);
    let there = crates(&metadata());
    let unknown: Vec<_> =
        there.iter().filter(|name| rooms.get(*name).is_none_or(|room| room.later)).collect();
    assert!(unknown.is_empty(), "crates without a row, or with a row that says `later`: {unknown:?}");
    let gone: Vec<_> = rooms.iter().filter(|(name, room)| !room.later && !there.contains(*name)).collect();
    assert!(gone.is_empty(), "rows without a crate: {gone:?}");
}

#[test]
fn an_arrow_that_is_not_in_the_table_is_found() {
    let text = "<!-- rooms -->\n| `a` | x | `b` | `kit` | y |\n| `b` | x | — | — | y |\n<!-- rooms -->";
    let arrow = |from: &str, to: &str, in_tests| Arrow { from: from.to_owned(), to: to.to_owned(), in_tests };
    let arrows = BTreeSet::from([
        arrow("a", "b", false),
        arrow("a", "kit", true),
        arrow("a", "kit", false),
        arrow("b", "a", false),
    ]);
    let wrong = forbidden(&arrows, &rooms(text));
    assert_eq!(wrong, [&arrow("a", "kit", false), &arrow("b", "a", false)]);
}

#[test]
fn only_the_demo_of_the_gateway_knows_the_sandbox_bank() {
    let src = root().join("parlour/src");
    let mut wrong = vec![];
    for file in rust_files(&src) {
        let inside = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("sandbox_bank") && !inside.starts_with("demo") {
            wrong.push(inside);
        }
    }
    assert!(wrong.is_empty(), "sandbox_bank is used outside parlour/src/demo: {wrong:?}");
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}
