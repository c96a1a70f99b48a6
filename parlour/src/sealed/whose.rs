//! Whose page it is, for somebody who signs in at the bank because their browser is not known.

use super::{SealedFault, TRIES};
use crate::{app::App, linking::hash, tenant::Tenant};
use std::sync::Arc;
use store::{
    DbError,
    sealed_links::{self, SealedLink, SealedState},
    subjects,
};

/// The link of an address, if its page can still be opened.
async fn open_link(app: &App, token: &str) -> Result<(Arc<Tenant>, SealedLink), SealedFault> {
    let bank = token.split_once('.').map_or("", |(bank, _)| bank);
    let tenant = app.tenant(bank).ok_or(SealedFault::Unknown)?;
    let (id, hashed) = (tenant.id.clone(), hash(token));
    let found = app.store.read(move |tx| -> Result<_, DbError> { sealed_links::by_token(tx, &id, &hashed) });
    let link = found.await?.ok_or(SealedFault::Unknown)?;
    match link.state {
        SealedState::Used => Err(SealedFault::Used),
        SealedState::Closed => Err(SealedFault::Closed),
        _ if link.expires_at <= app.clock.now() => Err(SealedFault::Expired),
        _ => Ok((tenant, link)),
    }
}

/// The bank at which somebody may sign in to open the page of an address. Changes nothing.
pub async fn may_sign_in(app: &App, token: &str) -> Result<Arc<Tenant>, SealedFault> {
    open_link(app, token).await.map(|(tenant, _)| tenant)
}

/// Whether the page of an address is that of somebody who has just signed in. Another person is refused, which is
/// counted and written down.
pub async fn is_for(app: &App, token: &str, subject: [u8; 32]) -> Result<(), SealedFault> {
    let (tenant, link) = open_link(app, token).await?;
    let now = app.clock.now();
    let asked = link.clone();
    let mine = app.store.transact(move |tx| -> Result<bool, DbError> {
        let mine = subjects::owns(tx, &asked.bank, &asked.customer, &subject)?;
        if !mine {
            sealed_links::refuse(tx, &asked, TRIES, now)?;
        }
        Ok(mine)
    });
    if mine.await? {
        return Ok(());
    }
    let fault = SealedFault::OtherPerson;
    tracing::warn!(bank = %tenant.id, link = %link.id, %fault, "a sealed link opened nothing");
    Err(fault)
}
