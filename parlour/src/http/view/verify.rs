//! The page that checks a receipt, online and as a file.

use super::Brand;
use askama::Template;

/// The verifier keys of one bank's log.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The bank.
    pub name: String,
    /// The keys, the newest first.
    pub keys: Vec<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "verify/online.html")]
pub struct Verify {
    /// Always none: a receipt says itself which log it is of.
    pub brand: Option<Brand>,
    /// Keys to choose from.
    pub offered: Vec<Offered>,
}

/// The same as one file, to keep.
#[derive(Template)]
#[template(path = "verify/offline.html")]
pub struct Offline {
    /// Keys to choose from.
    pub offered: Vec<Offered>,
    /// The style sheet.
    pub css: &'static str,
    /// The script.
    pub script: &'static str,
}
