//! `parlour-verify receipt`: one decision, proven and told, without asking anybody.

use crate::{Keys, fault::Fault, input};
use access_log::{Entry, MAX_RECEIPT_BYTES, Opening};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;

/// Which receipt.
#[derive(Args)]
pub struct Receipt {
    /// The receipt's file.
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

/// What a record says, in the order in which people want to know it.
const TOLD: [(&str, &str); 12] = [
    ("at", "when"),
    ("event", "what was done"),
    ("state", "where it stands since"),
    ("how", "on which way"),
    ("bank", "bank"),
    ("data_class", "which data"),
    ("purpose", "what for"),
    ("channel", "where it was asked"),
    ("tier", "how it is shown"),
    ("reason", "why not"),
    ("accounts", "of accounts"),
    ("consent", "under consent"),
];

impl Receipt {
    /// Checks it and tells the record.
    pub fn check(self) -> Result<String, Fault> {
        let trust = self.keys.trust()?;
        let receipt = access_log::Receipt::parse(&input::read_text(&self.file, MAX_RECEIPT_BYTES)?)?;
        let opening = Opening::from_extra(receipt.extra.as_deref().ok_or(Fault::NoRecord)?)?;
        let entry = opening.entry()?;
        let checkpoint = receipt.check_by(&entry.encode(), &trust)?;
        let mut said = format!(
            "{}: the record below is entry {} of the log, as it was at {} entries\n",
            checkpoint.origin, receipt.index, checkpoint.size
        );
        for cosignature in trust.cosignatures(&checkpoint).map_err(access_log::Fault::Checkpoint)? {
            said.push_str(&format!("witnessed by {}\n", cosignature.witness));
        }
        said.push_str(match entry {
            Entry::Decision(leaf) if leaf.allowed => "\n  decision: yes, the data was read\n",
            Entry::Decision(_) => "\n  decision: no\n",
            Entry::Consent(_) => "\n  a change of a consent\n",
        });
        said.push_str(&told(&opening.record));
        Ok(said)
    }
}

fn told(record: &[u8]) -> String {
    let record: Value = serde_json::from_slice(record).unwrap_or_default();
    let mut said = String::new();
    for (field, words) in TOLD {
        let value = match &record[field] {
            Value::Null => continue,
            Value::String(text) => text.replace('_', " "),
            Value::Array(items) if items.is_empty() => continue,
            other => other.to_string(),
        };
        // A record is a stranger's text: nothing in it may move the cursor of a terminal.
        let value: String = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        said.push_str(&format!("  {words}: {value}\n"));
    }
    said
}
