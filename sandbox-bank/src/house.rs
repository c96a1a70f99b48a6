//! What every handler of a running bank holds in its hands.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{
    clock::SharedClock,
    config::BrandColor,
    db::Db,
    faults::Faults,
    ledger::growth::Soil,
    network::Network,
    oauth::{
        openid::IdTokens,
        proofs::{Nonces, Validator},
        server::Server,
    },
    step_up::StepUp,
    webhooks::Sender,
};

/// What every handler of the bank needs.
pub(crate) struct House {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) brand: BrandColor,
    pub(crate) issuer: String,
    pub(crate) soil: Soil,
    pub(crate) client_names: Vec<(String, String)>,
    pub(crate) db: Db,
    pub(crate) clock: SharedClock,
    pub(crate) server: Arc<Server>,
    pub(crate) validator: Validator,
    pub(crate) nonces: Nonces,
    pub(crate) id_tokens: IdTokens,
    pub(crate) faults: Faults,
    pub(crate) password_checks: Semaphore,
    pub(crate) step_up: BTreeSet<StepUp>,
    pub(crate) webhooks: Sender,
    pub(crate) network: Option<Network>,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("House")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The house, shared by all handlers.
pub(crate) type Shared = Arc<House>;

/// How long to wait for a switched-on delay.
pub(crate) async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
