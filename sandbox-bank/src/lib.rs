//! A bank to try clients against: a seeded ledger, an FDX-aligned API, an authorization server in
//! the shape of the FAPI 2.0 Security Profile, and a small site for the bank's customers.
//!
//! Everything is kept in one SQLite file under [`Config::data_dir`]: stop the bank, start it again
//! with the same folder, and tokens, consents, sessions and the ledger go on where they were.
//! It is a sandbox: its people, shops and money are invented and its demo passwords are printed.

mod bank;
mod cards;
mod chance;
mod clock;
mod config;
mod consents;
mod customers;
mod db;
mod faults;
mod fdx;
mod house;
mod idempotency;
mod ledger;
pub mod limits;
mod native;
mod network;
mod oauth;
mod reports;
mod requests;
mod services;
mod sessions;
mod site;
mod step_up;
mod webhooks;

pub use bank::{Bank, Running, StartFault, TellFault, TickFault};
pub use clock::{BankClock, SystemClock};
pub use config::{BrandColor, BrandFault, ClientRegistration, Config, ConfigFault};
pub use customers::{DEMO_LOGINS, DemoLogin, demo_password};
pub use fdx::openapi::document as openapi_document;
pub use network::settings::{CardStream, Population, StreamFault};
pub use step_up::StepUp;
pub use webhooks::SenderFault;
