//! The demo's configuration: ordinary files, to read, change and start from. They are written once; a
//! change that somebody makes to them stays.

use super::DemoFault;
use crate::{keys, rim};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const GATEWAY: &str = r#"# The gateway of the demo. docs/config.md lists every key.
listen = "127.0.0.1:{port}"
public_url = "http://localhost:{port}"
data = "."
database = "sqlite:parlour.db"
"#;

const HARBOUR: &str = r##"# Harbour Bank offers everything, also on other messengers behind a sealed link.
name = "Harbour Bank"
zone = "America/New_York"
profile = "us"
policy_tests = ["harbour.policy-tests.csv"]

[look]
brand = "#0f4a3c"
brand_dark = "#8fd0b8"
crest = "H"

[connector]
kind = "fdx"
issuer = "http://127.0.0.1:{harbour}"
api = "http://127.0.0.1:{harbour}/fdx/v6"
native = "http://127.0.0.1:{harbour}/parlour-bank/v1"
events = true
client_id = "parlour"

[consent]
days = 90
lookback_days = 180

[controller]
name = "Harbour Bank N.A."
address = "1 Pier Street, Boston, MA 02110"
contact = "privacy@harbour.example"

[fraud]
secret = "../keys/harbour.card-events"
approve_over = "500.00 USD"
new_days = 0
least_alerts_a_day = 20

[help]
pages = "harbour.help"
hours = ["mon-fri 08:00-20:00", "sat 09:00-14:00"]
phone = "+1 617 555 0100"
contact = "https://harbour.example/contact"

[data]
accounts = "yes"
balances = "yes"
transactions = "yes"
merchant_places = "yes"
cards = "yes"
statements = "yes"
scheduled_payments = "yes"
contact = "yes"
"##;

const MERIDIAN: &str = r##"# Meridian Savings says No to places, and No to every messenger that is not its own.
name = "Meridian Savings"
zone = "America/Chicago"
profile = "us-1033-2024"
policy_tests = ["meridian.policy-tests.csv"]

[look]
brand = "#1d3f72"
brand_dark = "#9cc0f0"
crest = "M"

[connector]
kind = "fdx"
issuer = "http://127.0.0.1:{meridian}"
api = "http://127.0.0.1:{meridian}/fdx/v6"
native = "http://127.0.0.1:{meridian}/parlour-bank/v1"
client_id = "parlour"

[consent]
days = 30
lookback_days = 90

[controller]
name = "Meridian Savings Bank"
address = "40 Grain Street, Chicago, IL 60601"
contact = "privacy@meridian.example"

[help]
pages = "meridian.help"
hours = ["mon-fri 09:00-17:00"]

[data]
accounts = "yes"
balances = "yes"
transactions = "yes"
merchant_places = { no = "We do not tell anyone in which places you shop, not even you in a chat. It says too much about a life." }
cards = { no = "We change cards on our own pages only, where we can ask you twice." }
statements = "yes"
scheduled_payments = "yes"
contact = "yes"

[channels.messenger]
refused = "We talk about your money on our own pages only."

[channels.whatsapp]
refused = "We talk about your money on our own pages only."

[channels.matrix]
refused = "We talk about your money on our own pages only."

[[no]]
action = "order_payment"
amount_over = "1000.00 USD"
reason = "Payments over $1,000 are made on our own site, where we can ask you twice."
"##;

const HARBOUR_TESTS: &str = include_str!("harbour.policy-tests.csv");
const MERIDIAN_TESTS: &str = include_str!("meridian.policy-tests.csv");

/// The banks' help pages: folder, file, text.
const HELP: [(&str, &str, &str); 5] = [
    ("harbour.help", "account.md", include_str!("harbour.help/account.md")),
    ("harbour.help", "cards.md", include_str!("harbour.help/cards.md")),
    ("harbour.help", "cash.md", include_str!("harbour.help/cash.md")),
    ("harbour.help", "payments.md", include_str!("harbour.help/payments.md")),
    ("meridian.help", "help.md", include_str!("meridian.help/help.md")),
];

/// The file with the secret that the first bank and the gateway share for card events, in the demo's folder.
pub const CARD_SECRET: &str = "keys/harbour.card-events";

/// The secret for card events; made the first time.
pub fn card_secret(data: &Path) -> Result<Zeroizing<String>, DemoFault> {
    let path = data.join(CARD_SECRET);
    let fault = |source| DemoFault::File { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Ok(text) => return Ok(Zeroizing::new(text.trim().to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(fault(source)),
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(rim::random::<32>()));
    keys::write_new(&path, secret.as_bytes())?;
    Ok(Zeroizing::new(secret))
}

/// Writes the files that are not there yet. When the demo moves to another port, the addresses in the files
/// move with it and everything else stays as it is.
pub fn write(data: &Path, port: u16) -> Result<(), DemoFault> {
    let banks = data.join("banks");
    fs::create_dir_all(&banks).map_err(|source| DemoFault::File { path: banks.clone(), source })?;
    write_help(&banks)?;
    let files = [
        (data.join("parlour.toml"), GATEWAY),
        (banks.join("harbour.toml"), HARBOUR),
        (banks.join("meridian.toml"), MERIDIAN),
        (banks.join("harbour.policy-tests.csv"), HARBOUR_TESTS),
        (banks.join("meridian.policy-tests.csv"), MERIDIAN_TESTS),
    ];
    let marker = data.join("demo.port");
    let before: Option<u16> = fs::read_to_string(&marker).ok().and_then(|text| text.trim().parse().ok());
    for (path, template) in files {
        match (fs::read_to_string(&path), before) {
            (Ok(text), Some(old)) if old != port => put(&path, &moved(&text, old, port))?,
            (Ok(_), _) => {}
            (Err(e), _) if e.kind() == io::ErrorKind::NotFound => put(&path, &filled(template, port))?,
            (Err(source), _) => return Err(DemoFault::File { path, source }),
        }
    }
    put(&marker, &format!("{port}\n"))?;
    card_secret(data).map(drop)
}

fn write_help(banks: &Path) -> Result<(), DemoFault> {
    for (folder, file, text) in HELP {
        let folder = banks.join(folder);
        fs::create_dir_all(&folder).map_err(|source| DemoFault::File { path: folder.clone(), source })?;
        let path = folder.join(file);
        if !path.exists() {
            put(&path, text)?;
        }
    }
    Ok(())
}

fn put(path: &PathBuf, text: &str) -> Result<(), DemoFault> {
    fs::write(path, text).map_err(|source| DemoFault::File { path: path.clone(), source })
}

fn filled(template: &str, port: u16) -> String {
    template
        .replace("{port}", &port.to_string())
        .replace("{harbour}", &(port.saturating_add(1)).to_string())
        .replace("{meridian}", &(port.saturating_add(2)).to_string())
}

/// The same text with the demo's three ports moved. One pass, since old and new ports may overlap.
fn moved(text: &str, old: u16, new: u16) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = after.split_at(digits);
        match number.parse::<u16>().ok().and_then(|n| n.checked_sub(old)).filter(|offset| *offset <= 2) {
            Some(offset) => out.push_str(&(new.saturating_add(offset)).to_string()),
            None => out.push_str(number),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_stays_as_it_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 8080).unwrap();
        let path = dir.path().join("banks/harbour.toml");
        let changed = fs::read_to_string(&path).unwrap().replace("days = 90", "days = 7");
        fs::write(&path, &changed).unwrap();
        write(dir.path(), 8080).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    }

    #[test]
    fn a_moved_demo_keeps_everything_but_its_ports() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 8080).unwrap();
        let path = dir.path().join("banks/meridian.toml");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("days = 30", "days = 7")).unwrap();
        write(dir.path(), 8081).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("127.0.0.1:8083/fdx/v6") && text.contains("days = 7"), "{text}");
        let gateway = fs::read_to_string(dir.path().join("parlour.toml")).unwrap();
        assert!(gateway.contains("localhost:8081\""), "{gateway}");
    }

    #[test]
    fn the_first_bank_answers_every_topic() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 8080).unwrap();
        let pages = crate::help::HelpPages::read(&dir.path().join("banks/harbour.help")).unwrap();
        assert_eq!(pages.topics(), 77);
    }

    #[test]
    fn the_files_that_the_demo_writes_are_right() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 8080).unwrap();
        let config = crate::config::load(&dir.path().join("parlour.toml")).unwrap();
        assert_eq!(config.banks.len(), 2);
        let gate = gate::Gate::load(config.banks.iter().map(|bank| bank.rules.clone()).collect()).unwrap();
        for bank in &config.banks {
            assert!(bank.policy_tests.len() > 5);
            assert!(!bank.help.is_empty() && bank.hours.is_some());
            crate::policy::in_force::test(bank, &gate).unwrap();
        }
    }
}
