//! What an operator says about one bank, and the limits that we keep towards it.

use crate::{grant::GrantKeeper, key::ClientKey};
use domain::BankId;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;

/// One bank, as its file says.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    /// The bank.
    pub bank: BankId,
    /// The issuer of its authorization server. A lone `/` at its end is not part of it.
    pub issuer: Url,
    /// Where its FDX API begins (`https://api.bank.example/fdx/v6`).
    pub api: Url,
    /// Where its native API begins (`https://api.bank.example/parlour-bank/v1`). None: it has none. Access tokens are
    /// asked for with `api` as their resource, and the bank takes them here, too.
    pub native: Option<Url>,
    /// What the bank calls us.
    pub client_id: String,
    /// Where the bank sends the customer's browser back to.
    pub redirect_uri: Url,
    /// The key that the bank knows us by.
    pub signing_key: ClientKey,
    /// Whether to ask the bank who somebody is, if it offers that.
    pub sign_in: bool,
    /// Whether the bank replaces the refresh token at each use.
    pub refresh: Refresh,
    /// The certificates to trust for this bank, as PEM. None: those that the system trusts.
    pub roots: Option<Vec<u8>>,
    /// The limits.
    pub limits: Limits,
}

/// What a bank does with refresh tokens.
#[derive(Clone)]
pub enum Refresh {
    /// It keeps them (FAPI 2.0). Two refreshes at once do no harm.
    Keep,
    /// It replaces them at each use. The keeper makes sure that one process refreshes at a time and that
    /// the new one is kept before it is used.
    Rotate(Arc<dyn GrantKeeper>),
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refresh::Keep => "Keep",
            Refresh::Rotate(_) => "Rotate",
        })
    }
}

/// How long, how often and how much. The defaults are for a customer who waits in a conversation.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For a connection to stand. A bank in the same country connects in well under a second.
    pub connect: Duration,
    /// Between two parts of an answer.
    pub read: Duration,
    /// For one request, from the first byte sent to the last byte read.
    pub request: Duration,
    /// For one question with all its requests, pages and repeats. Nobody waits longer for a chat answer.
    pub question: Duration,
    /// How often one request is tried in all.
    pub attempts: u32,
    /// The first wait between two tries; it doubles.
    pub first_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// How many requests to the bank may be under way at once, so that we are never its burden.
    pub at_once: usize,
    /// After so many failures in a row the bank is left alone.
    pub opens_after: u32,
    /// For so long.
    pub stays_open: Duration,
    /// The largest answer, in bytes. A page of 100 transactions has about 60 kB.
    pub body: usize,
    /// How many rows we ask for in a page.
    pub page: u32,
    /// How many pages one question reads.
    pub pages: u32,
    /// How many rows one question reads.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(3),
            read: Duration::from_secs(8),
            request: Duration::from_secs(10),
            question: Duration::from_secs(20),
            attempts: 3,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(2),
            at_once: 32,
            opens_after: 5,
            stays_open: Duration::from_secs(30),
            body: 2 * 1024 * 1024,
            page: 100,
            pages: 50,
            rows: 5_000,
        }
    }
}
