//! What the log promises, tested on real folders.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod appending;
mod crashes;
mod evidence;
mod keys;
mod proofs;
mod rotation;
mod tampering;
mod witnesses;

use access_log::{Leaf, LogFolder, LogKey};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ORIGIN: &str = "gateway.example/log/harbour";

fn key() -> LogKey {
    LogKey::generate(ORIGIN, [42; 32]).unwrap()
}

fn entry(index: u64) -> Vec<u8> {
    let mut commitment = [0; 32];
    commitment[..8].copy_from_slice(&index.to_be_bytes());
    Leaf {
        allowed: !index.is_multiple_of(3),
        hour: 498_000 + index as i64,
        policy_digest: [5; 32],
        commitment,
    }
    .encode()
}

fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to).map(entry).collect()
}

/// A log that was published at each of these sizes.
fn log(sizes: &[u64]) -> (TempDir, LogFolder) {
    let folder = TempDir::new().unwrap();
    let mut log = LogFolder::open(folder.path(), key()).unwrap();
    for size in sizes {
        let checkpoint = log.append(&entries(log.size(), *size)).unwrap();
        assert_eq!(checkpoint.size, *size);
    }
    (folder, log)
}

/// Every file below a folder, relative, but for the lock and the unfinished one.
fn files(root: &Path) -> Vec<String> {
    fn walk(root: &Path, below: &Path, found: &mut Vec<String>) {
        for item in fs::read_dir(below).unwrap() {
            let path: PathBuf = item.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.retain(|file| !file.starts_with('.'));
    found.sort();
    found
}

fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for file in files(from) {
        put(to.path(), &file, &fs::read(from.join(&file)).unwrap());
    }
    to
}

fn put(root: &Path, file: &str, bytes: &[u8]) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
