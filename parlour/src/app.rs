//! The running gateway, as its use cases and faces see it.

use crate::{
    alerts::engine::Engines,
    bells::Bells,
    config::{Limits, Witnesses},
    erasure::Erasures,
    logs::Logs,
    pace::Pace,
    policy::{InForce, PolicyState},
    session::Sessions,
    sign_in::Subjects,
    tenant::{Tenant, Tenants},
};
use domain::{BankId, Clock};
use std::{net::SocketAddr, sync::Arc};
use store::Store;
use tokio::sync::watch;
use understanding::learned::mind::Mind;
use url::Url;
use webauthn_rs::Webauthn;

/// What stays the same while the gateway runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address that people's browsers use.
    pub public_url: Url,
    /// Where we listen.
    pub listen: SocketAddr,
    /// Limits.
    pub limits: Limits,
    /// Whether a proxy in front of us may say whom it speaks for (`X-Forwarded-For`).
    pub trust_forwarded_for: bool,
    /// The header in which that proxy tells from which country a request comes.
    pub region_header: Option<String>,
    /// Who cosigns the access logs.
    pub witnesses: Witnesses,
    /// This process, as leases name it.
    pub worker: String,
}

/// The running gateway.
pub struct App {
    /// What is kept.
    pub store: Store,
    /// Who may see what, as it is now. A turn goes by the gate of its tenant, which does not change under it.
    pub in_force: InForce,
    /// Passkeys of staff. None if the gateway's address has no host name.
    pub passkeys: Option<Webauthn>,
    /// The banks' published logs.
    pub logs: Logs,
    /// The banks.
    pub tenants: Tenants,
    /// Session tokens.
    pub sessions: Sessions,
    /// Fingerprints of who signs in at the banks.
    pub subjects: Subjects,
    /// Who was erased and is to be.
    pub erasures: Erasures,
    /// The fraud engines of the banks.
    pub engines: Engines,
    /// Wake-ups for streams.
    pub bells: Bells,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How fast people may write.
    pub pace: Pace,
    /// What was learned of how people ask. None if nothing of it can be used: then the table of phrases understands alone.
    pub mind: Option<Mind>,
    /// Becomes true when the gateway stops.
    pub stop: watch::Receiver<bool>,
    /// The rest.
    pub settings: Settings,
}

impl App {
    /// A bank by the name in an address.
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        let id: BankId = name.parse().ok()?;
        self.tenants.get(&id)
    }

    /// How the policy of a bank stands: what is in force, since when, and what is wrong with newer rules.
    pub fn policy_state(&self, bank: &BankId) -> Option<PolicyState> {
        self.in_force.state(bank)
    }
}
