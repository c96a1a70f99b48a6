//! The configuration files of a gateway with one bank, as an operator writes them.

use crate::cards;
use parlour::config::{self, Config};
use std::path::Path;

/// A gateway that keeps nobody waiting who puts load on it.
const GATEWAY: &str = r#"
listen = "127.0.0.1:{port}"
public_url = "http://localhost:{port}"
data = "."
database = "sqlite:measure.db"

[limits]
messages_burst = 4000000000
messages_per_minute = 4000000000
requests_per_second_per_address = 4000000000
"#;

const BANK: &str = r##"
name = "Harbour Bank"
zone = "America/New_York"
profile = "us"

[look]
brand = "#0f4a3c"
brand_dark = "#8fd0b8"
crest = "H"

[connector]
kind = "fdx"
issuer = "{issuer}"
api = "{issuer}/fdx/v6"
native = "{issuer}/parlour-bank/v1"
client_id = "parlour"

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

/// That the bank tells of card payments.
const CARDS: &str = r#"
[fraud]
secret = "../harbour.card-events"
least_alerts_a_day = 20
"#;

/// Writes the files and reads them back.
pub fn write(dir: &Path, port: u16, issuer: &str) -> Config {
    written(dir, port, BANK.replace("{issuer}", issuer))
}

/// The same of a bank that tells of card payments, under the secret of the measures.
pub fn write_with_cards(dir: &Path, port: u16, issuer: &str) -> Config {
    let secret = dir.join("harbour.card-events");
    std::fs::write(secret, cards::SECRET).expect("the measure's own directory can be written to");
    written(dir, port, BANK.replace("{issuer}", issuer) + CARDS)
}

fn written(dir: &Path, port: u16, bank: String) -> Config {
    let banks = dir.join("banks");
    let gateway = dir.join("parlour.toml");
    std::fs::create_dir_all(&banks)
        .and_then(|()| std::fs::write(&gateway, GATEWAY.replace("{port}", &port.to_string())))
        .and_then(|()| std::fs::write(banks.join("harbour.toml"), bank))
        .expect("the measure's own directory can be written to");
    config::load(&gateway).unwrap_or_else(|faults| panic!("the files are right: {faults:?}"))
}
