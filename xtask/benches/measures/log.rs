//! `log`: durable appends to the published log, the checkpoint of a large one, and the check of a whole one
//! beside the same check in Go.

use crate::{
    backend::{on_disk, target},
    report::{Times, print, print_times},
};
use access_log::{Leaf, LogFolder, LogKey, verify_folder};
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// How long appends of each batch size are counted.
const LENGTH: Duration = Duration::from_secs(5);
/// Batches: alone, some at once, as many as the publisher takes at most.
const BATCHES: [u64; 3] = [1, 64, 4_096];
/// A log after months of use.
const LARGE: u64 = 1_000_000;
/// Checkpoints of the large log that are timed.
const CHECKPOINTS: u32 = 50;
/// The log that is checked.
const CHECKED: u64 = 100_000;
/// Each check is done so often, in turn, and the fastest counts: the machine does other things too.
const ROUNDS: u32 = 5;

fn key() -> LogKey {
    LogKey::generate("measure.example/log", [7; 32]).unwrap_or_else(|fault| panic!("a plain name: {fault}"))
}

fn entries(from: u64, count: u64) -> Vec<Vec<u8>> {
    let entry = |index: u64| {
        let mut commitment = [9; 32];
        commitment[..8].copy_from_slice(&index.to_be_bytes());
        Leaf { allowed: !index.is_multiple_of(3), hour: 498_000, policy_digest: [5; 32], commitment }.encode()
    };
    (from..from + count).map(entry).collect()
}

fn open(folder: &Path) -> LogFolder {
    LogFolder::open(folder, key()).unwrap_or_else(|fault| panic!("the measure's own folder: {fault}"))
}

fn append(log: &mut LogFolder, count: u64) {
    let entries = entries(log.size(), count);
    log.append(&entries).unwrap_or_else(|fault| panic!("an append: {fault}"));
}

/// Measures and prints.
pub fn measure() {
    for batch in BATCHES {
        appends(batch);
    }
    large();
    check();
}

/// Entries a second, each batch with its own checkpoint, everything on the disk before the next begins.
fn appends(batch: u64) {
    let folder = on_disk();
    let mut log = open(folder.path());
    let (mut times, began) = (Times::default(), Instant::now());
    while began.elapsed() < LENGTH {
        let since = Instant::now();
        append(&mut log, batch);
        times.note(since.elapsed());
    }
    let name = format!("log.append_{batch}");
    print(
        &format!("{name}.per_second"),
        log.size() as f64 / began.elapsed().as_secs_f64(),
        "entries/s",
        None,
    );
    print_times(&name, &times);
}

fn large() {
    let folder = on_disk();
    let mut log = open(folder.path());
    let began = Instant::now();
    while log.size() < LARGE {
        let batch = BATCHES[2].min(LARGE - log.size());
        append(&mut log, batch);
    }
    print("log.grow_1m", began.elapsed().as_secs_f64(), "s", None);
    let mut times = Times::default();
    for _ in 0..CHECKPOINTS {
        let since = Instant::now();
        append(&mut log, 1);
        times.note(since.elapsed());
    }
    print_times("log.checkpoint_at_1m", &times);
    let since = Instant::now();
    drop(log);
    let log = open(folder.path());
    print("log.open_at_1m", since.elapsed().as_secs_f64() * 1e3, "ms", None);
    drop(log);
}

fn check() {
    let folder = on_disk();
    let mut log = open(folder.path());
    while log.size() < CHECKED {
        append(&mut log, 1_000);
    }
    drop(log);
    let key = key().verifier_key();
    let (mut ours, mut theirs) = (f64::INFINITY, None::<f64>);
    for _ in 0..ROUNDS {
        let since = Instant::now();
        let verified = verify_folder(folder.path(), &key);
        ours = ours.min(since.elapsed().as_secs_f64());
        assert_eq!(verified.map(|log| log.size).ok(), Some(CHECKED));
        theirs = in_go(folder.path(), &key).map(|took| theirs.map_or(took, |before| before.min(took)));
    }
    print("log.verify_100k", ours * 1e3, "ms", theirs.map(|took| took * 1e3));
}

/// What the Go program, if it was built, says that it took.
fn in_go(folder: &Path, key: &str) -> Option<f64> {
    let program = target().join("compat/go-verify");
    let told =
        Command::new(program).arg(folder).arg(key).output().ok().filter(|told| told.status.success())?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.lines().next()?.rsplit_once(", ")?.1.strip_suffix(" s")?.parse().ok()
}
