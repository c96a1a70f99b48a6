//! The connector to one bank.

use crate::{
    attempts::{Attempts, Deadline},
    call::Api,
    config::ConnectorConfig,
    fault::{BankFault, Mismatch},
    grant::Grant,
    http,
    oauth::OAuth,
    onboarding::{self, OnboardingFault},
    tokens::Tokens,
};
use domain::{BankId, Clock, DataClass};
use gate::{ForPurpose, Permit};
use jiff::Timestamp;
use std::{fmt, sync::Arc};

/// Speaks to one bank. Cheap to clone; all clones share tokens, turns and the circuit breaker.
#[derive(Clone)]
pub struct Connector {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) bank: BankId,
    pub(crate) issuer: String,
    pub(crate) oauth: Arc<OAuth>,
    pub(crate) api: Api,
}

impl Connector {
    /// Reads what the bank's authorization server says of itself and refuses whatever would weaken a link.
    /// One request, no repeats: the caller decides when to try again.
    pub async fn discover(
        config: ConnectorConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Connector, OnboardingFault> {
        let plain = onboarding::check_addresses(&config)?;
        let unusable = |_| OnboardingFault::UnusableClient;
        let client = http::client(&config.limits, plain, config.roots.as_deref()).map_err(unusable)?;
        let metadata = onboarding::metadata(&client, &config.issuer).await?;
        let oauth = OAuth::new(metadata, &config, client.clone(), clock.clone()).await;
        let oauth = Arc::new(oauth.map_err(|_| OnboardingFault::UnusableClient)?);
        let attempts = Arc::new(Attempts::new(config.bank.clone(), config.limits.clone(), clock.clone()));
        let limits = config.limits.clone();
        let tokens =
            Tokens::new(oauth.clone(), attempts, clock.clone(), config.refresh.clone(), limits.clone());
        let (base, native) = (config.api.clone(), config.native.clone());
        let api = Api { client, base, native, tokens: Arc::new(tokens), clock, limits };
        let issuer = onboarding::issuer(&config.issuer).to_owned();
        Ok(Connector { inner: Arc::new(Inner { bank: config.bank, issuer, oauth, api }) })
    }

    /// The bank.
    pub fn bank(&self) -> &BankId {
        &self.inner.bank
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.api.clock.now()
    }

    /// The time that one question has.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::within(self.inner.api.limits.question)
    }

    /// A grant of another bank is never sent to this one.
    pub(crate) fn check_grant(&self, grant: &Grant) -> Result<(), BankFault> {
        if grant.bank != self.inner.bank {
            return Err(BankFault::NotPermitted(Mismatch::GrantOfOtherBank));
        }
        Ok(())
    }

    /// Whether a permit is for this data, of this bank, of the customer of the grant.
    pub(crate) fn check<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
        class: DataClass,
    ) -> Result<(), BankFault> {
        self.check_grant(grant)?;
        let wrong = if !permit.covers(class) {
            Mismatch::DataClass
        } else if *permit.bank() != self.inner.bank {
            Mismatch::Bank
        } else if *permit.customer() != grant.customer {
            Mismatch::Customer
        } else {
            return Ok(());
        };
        Err(BankFault::NotPermitted(wrong))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("bank", &self.inner.bank)
            .field("issuer", &self.inner.issuer)
            .finish()
    }
}
