//! Keeps the grants of banks that give a new refresh token at each use, so that two processes never use
//! one token at the same time.

use crate::{linking::FromBank, rim};
use banks::{Grant, GrantKeeper, KeeperFault, Kept, Lease};
use domain::Clock;
use jiff::Timestamp;
use std::sync::Arc;
use store::{DbError, Store, grants};

/// The store, as the connector sees it.
pub struct Keeper {
    store: Store,
    clock: Arc<dyn Clock>,
    me: String,
}

impl Keeper {
    /// For one bank in this process.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Keeper {
        let me = format!("k-{}", rim::uuid(clock.now()).simple());
        Keeper { store, clock, me }
    }
}

fn unavailable(_: DbError) -> KeeperFault {
    KeeperFault::Unavailable
}

impl GrantKeeper for Keeper {
    fn lease<'a>(&'a self, grant: &'a Grant, until: Timestamp) -> Kept<'a, Lease> {
        let (of, me, now) = (grant.clone(), self.me.clone(), self.clock.now());
        Box::pin(async move {
            let leased = self.store.transact(move |tx| {
                grants::lease(tx, of.bank(), of.customer(), of.consent(), &me, now, until)
            });
            Ok(if leased.await.map_err(unavailable)? { Lease::Ours } else { Lease::Theirs })
        })
    }

    fn load<'a>(&'a self, grant: &'a Grant) -> Kept<'a, Option<Grant>> {
        let of = grant.clone();
        Box::pin(async move {
            let kept = self.store.read(move |tx| grants::get(tx, of.bank(), of.customer(), of.consent()));
            let Some(bytes) = kept.await.map_err(unavailable)? else { return Ok(None) };
            let kept: FromBank = serde_json::from_slice(&bytes).map_err(|_| KeeperFault::Unreadable)?;
            Ok(Some(kept.grant))
        })
    }

    fn save<'a>(&'a self, grant: &'a Grant) -> Kept<'a, ()> {
        let (new, me, now) = (grant.clone(), self.me.clone(), self.clock.now());
        Box::pin(async move {
            let saved = self.store.transact(move |tx| -> Result<bool, DbError> {
                let (bank, customer, consent) = (new.bank(), new.customer(), new.consent());
                let Some(bytes) = grants::get(tx, bank, customer, consent)? else { return Ok(false) };
                let Ok(kept) = serde_json::from_slice::<FromBank>(&bytes) else { return Ok(false) };
                let kept = FromBank { grant: new.clone(), ..kept };
                let bytes = serde_json::to_vec(&kept).expect("what the bank gave is plain data");
                grants::renew(tx, bank, customer, consent, &me, &bytes, now)
            });
            if saved.await.map_err(unavailable)? { Ok(()) } else { Err(KeeperFault::LeaseLost) }
        })
    }

    fn release<'a>(&'a self, grant: &'a Grant) -> Kept<'a, ()> {
        let (of, me) = (grant.clone(), self.me.clone());
        Box::pin(async move {
            let released = self
                .store
                .transact(move |tx| grants::release(tx, of.bank(), of.customer(), of.consent(), &me));
            released.await.map(drop).map_err(unavailable)
        })
    }
}
