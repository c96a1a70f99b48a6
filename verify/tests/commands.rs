//! The program, as an auditor or a customer runs it.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

use access_log::{Checkpoint, Evidence, Leaf, LogFolder, LogKey, Opening, Proven, inclusion_proof};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

const ORIGIN: &str = "gateway.example/log/harbour";

fn key() -> LogKey {
    LogKey::generate(ORIGIN, [42; 32]).unwrap()
}

fn opening(index: u64) -> Opening {
    let digest = "05".repeat(32);
    let record = format!(
        r#"{{"allowed":true,"at":"2026-11-20T15:00:00Z","bank":"harbour","data_class":"balances","index":{index},"policy_digest":"{digest}","purpose":"answer_customer"}}"#
    );
    Opening { record: record.into_bytes(), key: Zeroizing::new([index as u8; 32]) }
}

fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to).map(|index| opening(index).leaf().unwrap().encode()).collect()
}

fn log(size: u64) -> (TempDir, LogFolder) {
    let folder = TempDir::new().unwrap();
    let mut log = LogFolder::open(folder.path(), key()).unwrap();
    log.append(&entries(0, size)).unwrap();
    (folder, log)
}

fn verify(words: &[&str], key: &LogKey) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_parlour-verify"));
    program.args(words).args(["--key", &key.verifier_key()]).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn ends(output: &Output, code: i32, with: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
    assert!(said(output).contains(with), "{}", said(output));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A web server for one folder: enough of HTTP for one client. The first answer is "later".
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut first = true;
        for stream in listener.incoming() {
            answer(stream.unwrap(), &folder, &mut first);
        }
    });
    address
}

fn answer(mut stream: TcpStream, folder: &Path, first: &mut bool) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    lines.take_while(|line| !line.as_ref().unwrap().is_empty()).count();
    let path = line.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let (status, body) = match (std::mem::take(first), fs::read(folder.join(path))) {
        (true, _) => ("503 Later\r\nRetry-After: 0", vec![]),
        (false, Ok(bytes)) => ("200 OK", bytes),
        (false, Err(_)) => ("404 Not Found", vec![]),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
}

#[test]
fn a_log_is_checked_in_its_folder_and_under_its_address() {
    let (folder, _log) = log(300);
    let address = serve(folder.path().to_owned());
    for place in [text(folder.path()), address.as_str()] {
        ends(&verify(&["log", place], &key()), 0, "300 entries, all belong to the signed root");
    }
    let file = folder.path().join("tile/entries/000");
    let mut bytes = fs::read(&file).unwrap();
    bytes[100] ^= 1;
    fs::write(&file, bytes).unwrap();
    for place in [text(folder.path()), address.as_str()] {
        ends(&verify(&["log", place], &key()), 1, "WRONG: tile/entries/000, byte 76, entry 1");
    }
}

#[test]
fn what_could_not_be_checked_is_told_apart_from_what_is_wrong() {
    let (folder, _log) = log(3);
    let other = LogKey::generate(ORIGIN, [43; 32]).unwrap();
    ends(&verify(&["log", text(folder.path())], &other), 1, "no signature by");
    let meridian = LogKey::generate("gateway.example/log/meridian", [43; 32]).unwrap();
    let keys = ["log", text(folder.path()), "--key", &meridian.verifier_key()];
    ends(&verify(&keys, &key()), 2, "the keys are of two logs");
    ends(&verify(&["receipt", "/nowhere"], &key()), 2, "/nowhere: No such file");
    let no_quorum = ["log", text(folder.path()), "--quorum", "1"];
    ends(&verify(&no_quorum, &key()), 2, "1 witnesses must have signed, and 0 are named");
}

#[test]
fn a_kept_checkpoint_shows_whether_a_log_only_grew() {
    let (folder, mut log) = log(100);
    let kept = folder.path().join("kept");
    fs::write(&kept, &log.checkpoint().text).unwrap();
    log.append(&entries(100, 700)).unwrap();
    let address = serve(folder.path().to_owned());
    for place in [text(folder.path()), address.as_str()] {
        let words = ["consistency", text(&kept), place];
        ends(&verify(&words, &key()), 0, "100 entries that was kept is the beginning of the one of 700");
    }
    let (shorter, _log) = self::log(50);
    ends(&verify(&["consistency", text(&kept), text(shorter.path())], &key()), 1, "it was cut short");
    let rewritten = TempDir::new().unwrap();
    let mut other = entries(0, 700);
    other[5][1] ^= 1;
    LogFolder::open(rewritten.path(), key()).unwrap().append(&other).unwrap();
    let words = ["consistency", text(&kept), text(rewritten.path())];
    ends(&verify(&words, &key()), 1, "is not the beginning of the one of size 700");
}

#[test]
fn a_receipt_is_checked_offline_and_tells_its_record() {
    let (folder, log) = log(300);
    let receipt = log.receipt(7, Some(opening(7).to_extra())).unwrap().to_string();
    let file = folder.path().join("7.tlog-proof");
    fs::write(&file, &receipt).unwrap();
    let words = ["receipt", text(&file)];
    let good = verify(&words, &key());
    ends(&good, 0, "is entry 7 of the log, as it was at 300 entries");
    for told in ["decision: yes", "which data: balances", "what for: answer customer"] {
        ends(&good, 0, told);
    }
    for (from, to, why) in [
        ("index 7\n", "index 8\n", "entry 8 of the log at size 300 is another one"),
        ("\n300\n", "\n301\n", "does not match the text"),
        ("extra ", "extra A", "line 2 should be extra and base64"),
    ] {
        fs::write(&file, receipt.replacen(from, to, 1)).unwrap();
        ends(&verify(&words, &key()), 1, why);
    }
    let other = log.receipt(7, Some(opening(8).to_extra())).unwrap().to_string();
    fs::write(&file, other).unwrap();
    ends(&verify(&words, &key()), 1, "is another one");
}

#[test]
fn evidence_is_checked_and_summed_up() {
    let (folder, log) = log(300);
    let Checkpoint { text: checkpoint, .. } = log.checkpoint().clone();
    let proven = |index: u64| Proven {
        index,
        leaf: opening(index).leaf().unwrap().encode(),
        proof: inclusion_proof(folder.path(), log.checkpoint(), index).unwrap(),
    };
    let evidence = Evidence {
        made_at: "2026-11-20T15:00:00Z".to_owned(),
        checkpoint,
        earlier: vec![],
        policies: vec![],
        texts: vec![],
        entries: (10..20).map(proven).collect(),
    };
    let home = TempDir::new().unwrap();
    let file = home.path().join("audit.jsonl");
    let bytes = evidence.write(&key());
    fs::write(&file, &bytes).unwrap();
    for place in [&file, home.path()] {
        ends(&verify(&["bundle", text(place)], &key()), 0, "10 entries (10 yes, 0 no)");
    }
    assert!(Leaf::decode(&evidence.entries[0].leaf).unwrap().allowed);
    let changed = String::from_utf8(bytes).unwrap().replacen("2026", "2025", 1);
    fs::write(&file, changed).unwrap();
    ends(&verify(&["bundle", text(&file)], &key()), 1, "the seal is over other lines");
}
