//! Carries out what was asked for, ends what waited for a bank or for the end of a hold, and scrubs the files.

use super::{ErasureFault, carry_out, receipt};
use crate::app::App;
use domain::{BankId, CustomerId, erasure::ErasureState};
use std::{sync::Arc, time::Duration};
use store::{
    DbError, Scrubbed,
    erasures::{self, Erasure},
    holds,
};
use tokio::time;

/// How often to look for erasures that another process was asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the answer that names the receipt has to reach the page before the conversation goes.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// After so many looks, those are looked at that wait for a bank or a hold.
const WAITING_EVERY: u32 = 10;
/// How many are read at once.
const PAGE: u32 = 200;

/// Works until the gateway stops.
pub async fn run(app: Arc<App>) {
    let mut stop = app.stop.clone();
    let (mut looks, mut scrub) = (0_u32, true);
    while !*stop.borrow() {
        if let Err(fault) = app.erasures.forgotten.refresh(&app.store).await {
            tracing::warn!(%fault, "erasures of other processes could not be read; trying again");
        }
        match asked(&app).await {
            Ok(carried_out) => scrub |= carried_out > 0,
            Err(fault) => tracing::error!(%fault, "an erasure could not be carried out; trying again"),
        }
        if looks.is_multiple_of(WAITING_EVERY) {
            match waiting(&app).await {
                Ok(ended) => scrub |= ended > 0,
                Err(fault) => {
                    tracing::error!(%fault, "what was left of erasures could not be ended; trying again")
                }
            }
        }
        if scrub {
            scrub = !self::scrub(&app).await;
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = app.erasures.rung.notified() => tokio::select! { () = time::sleep(LAST_WORDS) => {}, _ = stop.changed() => {} },
            () = time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Everything that the worker would do by and by, at once: for the start of a gateway, and for tests.
pub async fn tend(app: &App) -> Result<(), ErasureFault> {
    app.erasures.forgotten.refresh(&app.store).await?;
    asked(app).await?;
    waiting(app).await?;
    scrub(app).await;
    Ok(())
}

/// Carries out what was asked for, unless an answer to the customer is being written. Gives how many.
async fn asked(app: &App) -> Result<u32, ErasureFault> {
    let now = app.clock.now();
    let found = app
        .store
        .read(move |tx| -> Result<Vec<Erasure>, DbError> {
            let mut free = vec![];
            for erasure in erasures::asked(tx, PAGE)? {
                if !erasures::is_in_hand(tx, &erasure.bank, &erasure.customer, now)? {
                    free.push(erasure);
                }
            }
            Ok(free)
        })
        .await?;
    let mut carried_out = 0;
    for erasure in found {
        match carry_out(app, &erasure.bank, &erasure.customer).await {
            Ok(_) => {
                carried_out += 1;
                tracing::info!(bank = %erasure.bank, "a customer was erased, as far as no hold keeps them");
            }
            Err(ErasureFault::CarriedOut) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(carried_out)
}

/// Ends holds that are over and heirs that have nothing left to do. Gives how many.
async fn waiting(app: &App) -> Result<u32, ErasureFault> {
    let (mut ended, mut after) = (0, None::<(BankId, CustomerId)>);
    loop {
        let from = after.clone();
        let page = app.store.read(move |tx| erasures::waiting(tx, from.as_ref(), PAGE)).await?;
        for erasure in &page {
            ended += u32::from(end_hold(app, erasure).await?);
            ended += u32::from(end_heir(app, erasure).await?);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => {
                after = Some((last.bank.clone(), last.customer.clone()))
            }
            _ => break,
        }
    }
    let before = app.clock.now() - receipt::KEPT;
    app.store.transact(move |tx| erasures::forget_receipts(tx, before)).await?;
    Ok(ended)
}

async fn end_hold(app: &App, erasure: &Erasure) -> Result<bool, ErasureFault> {
    if erasure.state != ErasureState::Held {
        return Ok(false);
    }
    let (of, now) = (erasure.clone(), app.clock.now());
    let held = app.store.read(move |tx| holds::active(tx, &of.bank, &of.customer, now)).await?;
    if !held.is_empty() {
        return Ok(false);
    }
    match carry_out(app, &erasure.bank, &erasure.customer).await {
        Ok(_) => Ok(true),
        Err(ErasureFault::CarriedOut) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// The heir goes when the bank has confirmed all, or when its time is over.
async fn end_heir(app: &App, erasure: &Erasure) -> Result<bool, ErasureFault> {
    let Some((heir, until)) = erasure.heir.clone() else { return Ok(false) };
    let (of, now) = (erasure.clone(), app.clock.now());
    let left = app
        .store
        .transact(move |tx| -> Result<Option<u64>, DbError> {
            let left = erasures::tasks_left(tx, &of.bank, &heir)?;
            if left > 0 && now < until {
                return Ok(None);
            }
            erasures::wipe(tx, &of.bank, &heir, &[])?;
            erasures::forget_heir(tx, &of.bank, &of.customer, now)?;
            Ok(Some(left))
        })
        .await?;
    if let Some(left @ 1..) = left {
        let bank = &erasure.bank;
        tracing::error!(%bank, left, "a bank did not confirm the end of sharing of an erased customer in time; the tokens are destroyed, the bank must end it itself");
        metrics::counter!("parlour_erasures_unconfirmed_total", "bank" => bank.to_string()).increment(left);
    }
    Ok(left.is_some())
}

/// Scrubs the database's files. False if it has to be tried again.
async fn scrub(app: &App) -> bool {
    match app.store.scrub().await {
        Ok(Scrubbed::Clean | Scrubbed::Freed) => {
            metrics::gauge!("parlour_scrub_overdue").set(0.0);
            true
        }
        Ok(Scrubbed::Busy) => {
            tracing::error!(
                "deleted data is still in the write-ahead log: somebody keeps reading the database"
            );
            metrics::gauge!("parlour_scrub_overdue").set(1.0);
            false
        }
        Err(fault) => {
            tracing::error!(%fault, "the database's files could not be scrubbed; trying again");
            metrics::gauge!("parlour_scrub_overdue").set(1.0);
            false
        }
    }
}
