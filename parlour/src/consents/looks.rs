//! Looking after consents at the bank: whether it still honours them. Somebody who ends the sharing at the bank's own
//! site is told so in the chat without asking anything there.

use crate::{app::App, consents::change_now, linking::FromBank, reply::Reply, rim, room, withdrawal};
use banks::{AtBank, BankFault};
use domain::{Consent, ConsentEvent, How, MessageId, ids::TaskId};
use jiff::SignedDuration;
use store::{
    DbError,
    consents::{self, Changed},
    conversations, grants,
};

/// How long after a look the next one is due. The bank is asked at every question anyway; this is for those
/// who ask nothing.
pub const AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// How many consents one process looks after in a minute. With more of them than this allows, each waits
/// longer than [`AGAIN`]; no bank gets more than this.
pub const PER_MINUTE: u32 = 60;

/// Asks the banks about the consents whose turn it is. How many had ended there.
pub async fn look(app: &App) -> Result<u32, DbError> {
    let now = app.clock.now();
    let again = now + AGAIN;
    let due = app.store.lease(move |tx| consents::claim_looks(tx, now, again, PER_MINUTE)).await?;
    let mut ended = 0;
    for consent in due {
        ended += u32::from(look_at(app, consent).await?);
    }
    Ok(ended)
}

async fn look_at(app: &App, consent: Consent) -> Result<bool, DbError> {
    match standing(app, &consent).await? {
        Ok(AtBank::Active) => Ok(false),
        Ok(AtBank::Revoked) => end(app, consent, ConsentEvent::Revoke, How::AtBank).await,
        Ok(AtBank::Expired) => end(app, consent, ConsentEvent::Expire, How::AtBank).await,
        Err(fault) => {
            let bank = &consent.bank;
            tracing::info!(%bank, %fault, "a bank could not be asked about a consent; it will be asked again");
            Ok(false)
        }
    }
}

async fn standing(app: &App, consent: &Consent) -> Result<Result<AtBank, BankFault>, DbError> {
    let of = consent.clone();
    let kept = app.store.read(move |tx| grants::get(tx, &of.bank, &of.customer, &of.id)).await?;
    let Some(kept) = kept else { return Ok(Ok(AtBank::Active)) };
    let Ok(kept) = serde_json::from_slice::<FromBank>(&kept) else { return Ok(Err(BankFault::Unsendable)) };
    let Some(tenant) = app.tenants.get(&consent.bank) else { return Ok(Ok(AtBank::Active)) };
    match tenant.connector().await {
        Ok(connector) => Ok(connector.consent_status(&kept.grant).await),
        Err(_) => Ok(Err(BankFault::Unreachable { attempts: 1 })),
    }
}

/// Ends here what has ended at the bank, and says so in the chat. False if it had ended here before.
pub async fn end(app: &App, consent: Consent, event: ConsentEvent, how: How) -> Result<bool, DbError> {
    let now = app.clock.now();
    let name =
        app.tenants.get(&consent.bank).map_or_else(|| "The bank".to_owned(), |tenant| tenant.name.clone());
    let text = match event {
        ConsentEvent::Expire => {
            format!("{name} says that the time of the sharing is over. I cannot see anything now.")
        }
        _ => format!("{name} says that the sharing was ended there. From now on I cannot see anything."),
    };
    let reply = Reply::text(text).with_quick(&["Link my bank", "Who looked at my data?"]);
    let (change, message) = (change_now(event, how, now), MessageId::new(rim::uuid(now)));
    let conversation = consent.conversation.clone();
    let ended = app.store.transact(move |tx| -> Result<bool, DbError> {
        let Changed::Yes(ended, _) = consents::change(tx, &consent, &change, |_| {})? else {
            return Ok(false);
        };
        withdrawal::forget(tx, &ended)?;
        if let Some(room) = conversations::find(tx, &ended.bank, &ended.customer, &ended.conversation)? {
            room::say_unprompted(tx, &room, &message, &reply, now)?;
        }
        Ok(true)
    });
    let ended = ended.await?;
    app.bells.ring(&conversation);
    Ok(ended)
}

/// Ends a consent whose time is over, as a question about it has just found.
pub async fn expire(app: &App, consent: Consent) -> Result<(), DbError> {
    let now = app.clock.now();
    let (change, task) = (change_now(ConsentEvent::Expire, How::Expiry, now), TaskId::new(rim::uuid(now)));
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            match consents::change(tx, &consent, &change, |_| {})? {
                Changed::Yes(ended, _) => withdrawal::end_grant(tx, &ended, &task, now),
                Changed::LostRace { .. } | Changed::NotPossible(_) | Changed::Gone => Ok(()),
            }
        })
        .await
}
