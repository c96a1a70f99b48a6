//! docs/PROMISES.md says what Parlour promises and what shows it, docs/attacks.md what somebody may try; here each
//! showing must exist.

use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
struct Promise<'a> {
    says: &'a str,
    shown_by: Vec<&'a str>,
    state: &'a str,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rows of every table of the page: | promise | shown by | state |.
fn promises(text: &str) -> Vec<Promise<'_>> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise |"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "three cells: {row}");
        let shown_by = cells[1].split('`').skip(1).step_by(2).collect();
        Promise { says: cells[0], shown_by, state: cells[2] }
    })
    .collect()
}

/// What is wrong with one showing: `path` must be a file, `path::name` a test or bench in that file.
fn fault(root: &Path, showing: &str) -> Option<String> {
    let (path, test) = match showing.split_once("::") {
        Some((path, test)) => (path, Some(test)),
        None => (showing, None),
    };
    let Ok(source) = std::fs::read_to_string(root.join(path)) else {
        return Some(format!("no file {path}"));
    };
    let test = test?.rsplit("::").next()?;
    let declared = source.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("async ");
        let named = line.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next()) == Some(test);
        // Suites that run on both databases list their tests in a macro, one name a line.
        named || line.trim_end().trim_end_matches([',', ';']) == test
    });
    (!declared).then(|| format!("no test {test} in {path}"))
}

fn faults(root: &Path, text: &str) -> Vec<String> {
    let of = |promise: Promise| {
        let mut found: Vec<String> = vec![];
        match promise.state {
            "open" => {}
            "done" if promise.shown_by.is_empty() => found.push("done, but nothing shows it".to_owned()),
            "done" => found.extend(promise.shown_by.iter().filter_map(|showing| fault(root, showing))),
            other => found.push(format!("state `{other}` is neither open nor done")),
        }
        found.into_iter().map(|fault| format!("{}: {fault}", promise.says)).collect::<Vec<_>>()
    };
    promises(text).into_iter().flat_map(of).collect()
}

#[test]
fn every_promise_that_is_done_is_shown_by_something_that_exists() {
    let text = std::fs::read_to_string(root().join("docs/PROMISES.md")).unwrap();
    assert!(promises(&text).len() > 40, "the page lists the promises");
    let wrong = faults(&root(), &text);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_promise_without_its_showing_is_found() {
    let text = "| promise | shown by | state |\n|---|---|---|\n\
        | this file is there | `xtask/tests/promises.rs` | done |\n\
        | this test is there | `xtask/tests/promises.rs::a_promise_without_its_showing_is_found` | done |\n\
        | later | — | open |\n\
        | nothing | — | done |\n\
        | gone | `xtask/tests/promises.rs::no_such_test` | done |\n\
        | lost | `xtask/tests/lost.rs` | done |\n\
        | odd | — | nearly |";
    let wrong = faults(&root(), text);
    assert_eq!(
        wrong,
        [
            "nothing: done, but nothing shows it",
            "gone: no test no_such_test in xtask/tests/promises.rs",
            "lost: no file xtask/tests/lost.rs",
            "odd: state `nearly` is neither open nor done",
        ]
    );
}

/// What must be on the list of attacks, as those who asked for it named them.
const ATTACKS: [&str; 24] = [
    "Advertising purpose by any spelling",
    "A purpose added after consent",
    "Another customer's account",
    "Another bank's consent",
    "Paused consent",
    "Expired consent",
    "Superseded consent",
    "A permit used twice",
    "A permit used for another class",
    "Clock moved back",
    "Policy file with a syntax error",
    "Policy that errors at evaluation",
    "Log writer unavailable",
    "Forged checkpoint",
    "Truncated log",
    "Replaced tile",
    "Sealed link opened by a bot",
    "Sealed link opened twice",
    "Sealed link opened by another person",
    "Dashboard session fixation",
    "Staff without a role",
    "A bank set that tries to widen",
    "Consent withdrawn during a read in flight",
    "Forged or changed receipt",
];

/// What is wrong with a list of attacks: | attack | refused | trace | explained | shown by |.
fn faults_of_attacks(root: &Path, text: &str, wanted: &[&str]) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack |"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect();
    let mut found: Vec<String> = wanted
        .iter()
        .filter(|attack| !rows.iter().any(|row| row[0] == **attack))
        .map(|attack| format!("{attack}: it is not on the list"))
        .collect();
    for row in &rows {
        let [attack, refused, trace, explained, shown_by] = row.as_slice() else {
            found.push(format!("{}: a row has five cells", row[0]));
            continue;
        };
        if [refused, trace, explained].iter().any(|cell| cell.is_empty()) {
            found.push(format!(
                "{attack}: how it is refused, where it leaves a trace and how it is explained"
            ));
        }
        let showings: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        if showings.is_empty() {
            found.push(format!("{attack}: nothing shows it"));
        }
        found
            .extend(showings.iter().filter_map(|one| fault(root, one)).map(|why| format!("{attack}: {why}")));
    }
    found
}

#[test]
fn every_attack_of_the_list_is_refused_by_tests_that_exist() {
    let text = std::fs::read_to_string(root().join("docs/attacks.md")).unwrap();
    let wrong = faults_of_attacks(&root(), &text, &ATTACKS);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_attack_without_its_test_is_found() {
    let text = "| attack | refused | trace | explained | shown by |\n|---|---|---|---|---|\n\
        | right | yes | log | so | `xtask/tests/promises.rs::an_attack_without_its_test_is_found` |\n\
        | untold | yes |  | so | `xtask/tests/promises.rs` |\n\
        | unshown | yes | log | so | later |\n\
        | gone | yes | log | so | `xtask/tests/promises.rs::no_such_test` |\n\
        | short | yes |";
    let wrong = faults_of_attacks(&root(), text, &["right", "forgotten"]);
    assert_eq!(
        wrong,
        [
            "forgotten: it is not on the list",
            "untold: how it is refused, where it leaves a trace and how it is explained",
            "unshown: nothing shows it",
            "gone: no test no_such_test in xtask/tests/promises.rs",
            "short: a row has five cells",
        ]
    );
}
