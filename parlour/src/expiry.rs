//! What ends by itself: a consent whose time is over loses its state, its secrets and its right at the
//! bank. The gate refuses it from the first moment on, whether this has run or not. The same round reminds customers of
//! ends to come, asks banks whether they still honour consents, and ends what a bank has pulled out of, and
//! forgets sign-ins that are over, and what banks said long ago.

use crate::{
    alerts,
    app::App,
    consents::{looks, pull_out, reminders},
    watches,
};
use std::{sync::Arc, time::Duration};
use store::{DbError, consents, sign_ins};
use tokio::time;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How many are ended at once.
const BATCH: u32 = 64;

/// Ends what is over until the gateway stops.
pub async fn run(app: Arc<App>) {
    let mut stop = app.stop.clone();
    while !*stop.borrow() {
        if let Err(fault) = round(&app).await {
            tracing::warn!(%fault, "consents could not be looked after; trying again");
        }
        tokio::select! { () = time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
    }
}

/// Does once all that time calls for.
pub async fn round(app: &App) -> Result<(), DbError> {
    end_overdue(app).await?;
    pull_out::carry_on(app).await?;
    reminders::remind(app).await?;
    looks::look(app).await?;
    watches::worker::sweep(app).await?;
    alerts::worker::sweep(app).await?;
    alerts::verdict::teach_what_is_left(app).await?;
    let now = app.clock.now();
    app.store.transact(move |tx| sign_ins::sweep(tx, now)).await.map(drop)
}

/// Ends every consent whose time is over, one transaction each.
pub async fn end_overdue(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    loop {
        let overdue = app.store.read(move |tx| consents::overdue(tx, now, BATCH)).await?;
        let many = overdue.len();
        for consent in overdue {
            looks::expire(app, consent).await?;
        }
        if many < BATCH as usize {
            return Ok(());
        }
    }
}
