//! What ends by itself: a consent whose time is over loses its state, its secrets and its right at the
//! bank. The gate refuses it from the first moment on, whether this has run or not.

use crate::{app::App, rim, withdrawal};
use domain::{Consent, ConsentEvent, ids::TaskId};
use std::{sync::Arc, time::Duration};
use store::{
    DbError,
    consents::{self, Changed},
};
use tokio::time;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How many are ended at once.
const BATCH: u32 = 64;

/// Ends what is over until the gateway stops.
pub async fn run(app: Arc<App>) {
    let mut stop = app.stop.clone();
    while !*stop.borrow() {
        if let Err(fault) = end_overdue(&app).await {
            tracing::warn!(%fault, "consents whose time is over could not be ended; trying again");
        }
        tokio::select! { () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
    }
}

/// Ends every consent whose time is over, one transaction each.
pub async fn end_overdue(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    loop {
        let overdue = app.store.read(move |tx| consents::overdue(tx, now, BATCH)).await?;
        let many = overdue.len();
        for consent in overdue {
            end(app, consent).await?;
        }
        if many < BATCH as usize {
            return Ok(());
        }
    }
}

async fn end(app: &App, consent: Consent) -> Result<(), DbError> {
    let now = app.clock.now();
    let task = TaskId::new(rim::uuid(now));
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            match consents::change(tx, &consent, ConsentEvent::Expire, now, |_| {})? {
                Changed::Yes(ended) => withdrawal::end_grant(tx, &ended, &task, now),
                Changed::LostRace { .. } | Changed::NotPossible(_) => Ok(()),
            }
        })
        .await
}
