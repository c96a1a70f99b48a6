//! What a link gives us: the right to ask a bank for one customer's data, until it ends.

use crate::{key::ClientKey, secret::Secret};
use domain::{BankId, ConsentId, CustomerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::pin::Pin;

/// The secret part of a link. serde writes it in clear: seal it. `Debug` shows no secret, and the secrets
/// are overwritten when it is dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    pub(crate) bank: BankId,
    pub(crate) customer: CustomerId,
    pub(crate) consent: ConsentId,
    /// FDX `grant_id`: the bank's own id of the consent.
    pub(crate) at_bank: String,
    pub(crate) refresh_token: Secret,
    /// Every request of this link is signed with it (DPoP).
    pub(crate) key: ClientKey,
    pub(crate) expires_at: Timestamp,
}

impl Grant {
    /// The bank that gave it.
    pub fn bank(&self) -> &BankId {
        &self.bank
    }

    /// Whose data it opens.
    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// Our consent record that it stands for.
    pub fn consent(&self) -> &ConsentId {
        &self.consent
    }

    /// The bank's own id of the consent.
    pub fn at_bank(&self) -> &str {
        &self.at_bank
    }

    /// Until when the bank honours it.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// Why the keeper of grants could not do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeeperFault {
    /// The store is not there for the moment.
    #[error("the store does not answer")]
    Unavailable,
    /// What is stored cannot be opened.
    #[error("the stored grant cannot be opened")]
    Unreadable,
    /// The lease was lost, so the new grant was not stored.
    #[error("the lease on the grant was lost")]
    LeaseLost,
}

/// Whether the lease was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is ours until the time that was asked for.
    Ours,
    /// Another process has it.
    Theirs,
}

/// What a keeper promises: an answer later.
pub type Kept<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeeperFault>> + Send + 'a>>;

/// Keeps grants of banks that replace the refresh token at each use, for all processes of the gateway. The
/// order is: lease, load, refresh at the bank, save, release. Only after `save` has returned is the new
/// token used, so a crash loses at most a link whose old token the bank has just used up.
pub trait GrantKeeper: Send + Sync {
    /// Takes the lease on a grant until a time. The same process never asks twice at once.
    fn lease<'a>(&'a self, grant: &'a Grant, until: Timestamp) -> Kept<'a, Lease>;
    /// The grant as it stands now. None: the link has ended.
    fn load<'a>(&'a self, grant: &'a Grant) -> Kept<'a, Option<Grant>>;
    /// Stores the grant durably, if the lease is still ours.
    fn save<'a>(&'a self, grant: &'a Grant) -> Kept<'a, ()>;
    /// Gives the lease back.
    fn release<'a>(&'a self, grant: &'a Grant) -> Kept<'a, ()>;
}
