//! Makes a log to try a verifier on: `grow FOLDER ENTRIES KEPT`. Beside the log it leaves its verifier key
//! (`vkey`), the checkpoint at size KEPT (`kept.checkpoint`) and two receipts: of a decision (`receipt.tlog-proof`) and
//! of a change of a consent (`consent.tlog-proof`).

use access_log::{BadOpening, LogFolder, LogKey, Opening};
use std::{env, error::Error, fs, path::Path};
use zeroize::Zeroizing;

/// How many entries go into one checkpoint.
const BATCH: u64 = 1_000;

/// Every so many entries, one is about a consent.
const CONSENT_EVERY: u64 = 5;

fn opening(index: u64) -> Opening {
    let (digest, allowed) = ("5a".repeat(32), !index.is_multiple_of(3));
    let at = format!("2026-11-20T{:02}:{:02}:00Z", index / 60 % 24, index % 60);
    let record = if index.is_multiple_of(CONSENT_EVERY) {
        format!(r#"{{"at":"{at}","consent":"cst_{index}","event":"withdraw","seq":4,"state":"withdrawn"}}"#)
    } else {
        format!(r#"{{"allowed":{allowed},"at":"{at}","n":{index},"policy_digest":"{digest}"}}"#)
    };
    let mut key = [7; 32];
    key[..8].copy_from_slice(&index.to_be_bytes());
    Opening { record: record.into_bytes(), key: Zeroizing::new(key) }
}

fn entries(from: u64, to: u64) -> Result<Vec<Vec<u8>>, BadOpening> {
    (from..to).map(|index| Ok(opening(index).entry()?.encode())).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [folder, size, kept] = words.as_slice() else { return Err("grow FOLDER ENTRIES KEPT".into()) };
    let (folder, size, kept) = (Path::new(folder), size.parse::<u64>()?, kept.parse::<u64>()?);
    let key = LogKey::generate("log.example/grown", [7; 32])?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("vkey"), key.verifier_key())?;
    let mut log = LogFolder::open(folder, key)?;
    while log.size() < size {
        let from = log.size();
        let stop = if from < kept { kept.min(size) } else { size };
        log.append(&entries(from, stop.min(from + BATCH))?)?;
        if log.size() == kept {
            fs::write(folder.join("kept.checkpoint"), &log.checkpoint().text)?;
        }
    }
    let middle = size * 2 / 3;
    let of_consent = middle - middle % CONSENT_EVERY;
    for (name, index) in [("receipt", of_consent + 1), ("consent", of_consent)] {
        let receipt = log.receipt(index, Some(opening(index).to_extra()))?;
        fs::write(folder.join(format!("{name}.tlog-proof")), receipt.to_string())?;
    }
    Ok(())
}
