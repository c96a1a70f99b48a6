//! The card network: what the bank's cards pay, and a crowd around them, told to whoever judges payments.
//!
//! Each event is a signed message (Standard Webhooks 1.0) to one configured address; the weeks before the first start go as
//! bulk files. Cards and terminals are tokens. Names go with a payment only for consents in force that cover it. A page of
//! the bank's site starts attacks, so that there is something to find.

pub(crate) mod attacks;
mod crowd;
pub(crate) mod events;
mod history;
pub(crate) mod outbox;
pub(crate) mod payments;
pub(crate) mod run;
pub(crate) mod settings;
pub(crate) mod state;
mod tokens;

use jiff::Timestamp;
use rusqlite::Transaction;

use crate::db::DbFault;

pub(crate) use events::EntryMode;
pub(crate) use payments::{Swipe, card_lost, reported, swiped, touch, usual_entry};
pub(crate) use run::Network;

/// Keeps the network's records within their bounds.
pub(crate) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    outbox::sweep(tx, now)?;
    payments::sweep(tx, now)?;
    state::sweep(tx, now)
}
