//! The page of a bank's access log.

use super::Brand;
use crate::log_ring::PublicKey;
use askama::Template;

/// What the log is, how it stands, and how to check it.
#[derive(Template)]
#[template(path = "log.html")]
pub struct Log {
    /// The bank.
    pub brand: Option<Brand>,
    /// Its name.
    pub name: String,
    /// How many entries, grouped for people.
    pub entries: String,
    /// The root hash.
    pub root: String,
    /// When the newest checkpoint was written, in words.
    pub written: Option<String>,
    /// How many entries the newest witnessed checkpoint covers.
    pub witnessed: Option<String>,
    /// The witnesses' verifier keys.
    pub witnesses: Vec<String>,
    /// How many of them must have signed.
    pub quorum: usize,
    /// Where the log lies.
    pub address: String,
    /// The verifier key that signs now.
    pub verifier_key: String,
    /// All that ever signed, the oldest first.
    pub keys: Vec<PublicKey>,
}
