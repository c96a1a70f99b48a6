//! Where a bank sends what happens. It is opened when the first customer sets an alert, with that customer's own right to
//! ask: before that no bank sends anything.

use crate::{asking::Turn, tenant::Tenant};
use banks::{BankFault, Connector, Grant, OpenEndpoint};
use domain::BankId;
use store::{
    DbError,
    bank_events::{self, Endpoint},
};
use url::Url;

/// Why a bank will not send.
#[derive(Debug, thiserror::Error)]
pub enum EndpointFault {
    /// The bank.
    #[error(transparent)]
    Bank(#[from] BankFault),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Our address for a bank's events.
pub fn address(public: &Url, bank: &BankId) -> Url {
    public.join(&format!("bank-events/{bank}")).expect("a plain path joins any address")
}

/// Sees that the bank sends its events to us, and has it do so if it does not.
pub async fn ensure(turn: &Turn, connector: &Connector, grant: &Grant) -> Result<(), EndpointFault> {
    let tenant: &Tenant = &turn.tenant;
    let url = address(&turn.app.settings.public_url, &tenant.id);
    let bank = tenant.id.clone();
    let known = turn.app.store.read(move |tx| bank_events::endpoint(tx, &bank)).await?;
    if let Some(known) = &known
        && known.url == url.as_str()
        && connector.has_endpoint(grant, &known.id, &url).await?
    {
        return Ok(());
    }
    let OpenEndpoint { id, url, key } = connector.open_endpoint(grant, &url).await?;
    let new = Endpoint { id: id.clone(), url, secret: key.bytes().to_vec().into() };
    let (bank, seen, now) = (tenant.id.clone(), known.map(|known| known.id), turn.now);
    let put = turn.app.store.transact(move |tx| -> Result<bool, DbError> {
        bank_events::put_endpoint(tx, &bank, &new, seen.as_deref(), now)
    });
    if !put.await? {
        // Another process was faster: its endpoint stays, and ours goes.
        connector.close_endpoint(grant, &id).await?;
    }
    Ok(())
}
