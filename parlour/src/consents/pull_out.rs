//! "We pull out": a bank ends the consents of all its customers, of those on one channel, or of those who share
//! one class of data. From the moment at which it is stored nothing new is linked and nothing is read; the consents
//! are then ended one by one, each in its own transaction, by whoever gets to it, until none is left.

use crate::{app::App, reply::Reply, rim, room, withdrawal};
use domain::{
    BankId, Channel, Consent, ConsentEvent, ConsentId, ConsentState, CustomerId, DataClass, EntryId, How,
    MessageId,
    ids::{PullOutId, TaskId},
};
use jiff::Timestamp;
use store::{
    DbError, Store, Tx,
    consents::{self, Change, Changed},
    conversations,
    pull_outs::{self, PullOut},
};

/// Who ordered it, if a backup was put back: it is over when every consent has ended.
pub const RESTORED: &str = "a backup that was put back";
/// How many consents are looked at in one read.
const BATCH: u32 = 64;
/// The longest reason, in characters: customers read it in a chat.
pub const MAX_REASON_CHARS: usize = 300;

/// What a bank pulls out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// From one channel; none: from all.
    pub channel: Option<Channel>,
    /// From one class of data; none: from all.
    pub data_class: Option<DataClass>,
}

/// Why a bank cannot pull out as asked. Nothing is stored then.
#[derive(Debug, thiserror::Error)]
pub enum PullOutFault {
    /// There is no such bank.
    #[error("there is no bank {0} here")]
    UnknownBank(BankId),
    /// Customers are told the reason, so there is one, of a length that can be read.
    #[error("a reason has 1 to {MAX_REASON_CHARS} characters without control characters, not {chars}")]
    Reason {
        /// How long it is.
        chars: usize,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Pulls a bank out. Stored when this returns, and in force from then on; [`carry_on`] ends the consents.
pub async fn begin(
    store: &Store,
    bank: &BankId,
    scope: Scope,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<PullOut, PullOutFault> {
    let reason = reason.trim();
    let chars = reason.chars().count();
    if !(1..=MAX_REASON_CHARS).contains(&chars) || reason.chars().any(char::is_control) {
        return Err(PullOutFault::Reason { chars });
    }
    let new = PullOut {
        id: PullOutId::new(rim::uuid(now)),
        bank: bank.clone(),
        channel: scope.channel,
        data_class: scope.data_class,
        reason: reason.to_owned(),
        by: by.to_owned(),
        at: now,
        ended: 0,
        done_at: None,
        lifted_at: None,
    };
    let stored = new.clone();
    store.transact(move |tx| pull_outs::begin(tx, &stored)).await?;
    Ok(new)
}

/// Pulls a bank out and ends the consents that it concerns. What is left when this is cut off is ended by the running
/// gateway.
pub async fn pull_out(
    app: &App,
    bank: &BankId,
    scope: Scope,
    reason: &str,
    by: &str,
) -> Result<PullOut, PullOutFault> {
    let tenant = app.tenants.get(bank).ok_or_else(|| PullOutFault::UnknownBank(bank.clone()))?;
    let begun = begin(&app.store, bank, scope, reason, by, app.clock.now()).await?;
    Ok(carry_out(&app.store, &begun, &tenant.name, || app.clock.now()).await?)
}

/// The bank comes back: its customers can link again. What was ended stays ended.
pub async fn come_back(app: &App, bank: &BankId) -> Result<u64, DbError> {
    let (bank, now) = (bank.clone(), app.clock.now());
    app.store.transact(move |tx| pull_outs::lift(tx, &bank, now)).await
}

/// Ends what earlier pullings out have left, after a restart or a crash.
pub async fn carry_on(app: &App) -> Result<(), DbError> {
    for left in app.store.read(pull_outs::unfinished).await? {
        let name = app.tenants.get(&left.bank).map_or_else(|| left.bank.to_string(), |t| t.name.clone());
        carry_out(&app.store, &left, &name, || app.clock.now()).await?;
    }
    Ok(())
}

/// Ends every consent that a pulling out concerns, until a whole round finds none.
pub async fn carry_out(
    store: &Store,
    pulled: &PullOut,
    bank_name: &str,
    now: impl Fn() -> Timestamp,
) -> Result<PullOut, DbError> {
    while round(store, pulled, bank_name, &now).await? > 0 {}
    let (of, at) = (pulled.clone(), now());
    let found = store.transact(move |tx| -> Result<_, DbError> {
        pull_outs::finish(tx, &of, at)?;
        if of.by == RESTORED {
            pull_outs::lift_one(tx, &of, at)?;
        }
        pull_outs::find(tx, &of.bank, &of.id)
    });
    Ok(found.await?.unwrap_or_else(|| pulled.clone()))
}

/// Goes through all open consents of the bank once. How many it concerned.
async fn round(
    store: &Store,
    pulled: &PullOut,
    bank_name: &str,
    now: &impl Fn() -> Timestamp,
) -> Result<u64, DbError> {
    let mut after: Option<(CustomerId, ConsentId)> = None;
    let mut concerned = 0;
    loop {
        let (bank, from) = (pulled.bank.clone(), after.clone());
        let open = store.read(move |tx| {
            consents::open_of_bank(tx, &bank, from.as_ref().map(|(customer, id)| (customer, id)), BATCH)
        });
        let open = open.await?;
        let Some(last) = open.last() else { return Ok(concerned) };
        after = Some((last.customer.clone(), last.id.clone()));
        for consent in open.into_iter().filter(|consent| pulled.covers(consent)) {
            concerned += 1;
            end(store, pulled, consent, bank_name, now()).await?;
        }
    }
}

async fn end(
    store: &Store,
    pulled: &PullOut,
    consent: Consent,
    bank_name: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let (pulled, reply) = (pulled.clone(), in_words(bank_name, &pulled.reason));
    let (message, task) = (MessageId::new(rim::uuid(now)), TaskId::new(rim::uuid(now)));
    let entry = EntryId::new(rim::uuid(now));
    store
        .transact(move |tx| -> Result<(), DbError> {
            // What was only asked for is refused; what was given is ended. Whatever else has happened to it since it
            // was read, the next round sees.
            let event = match consent.state {
                ConsentState::Requested => ConsentEvent::Refuse,
                _ => ConsentEvent::Revoke,
            };
            let (how, reason) = (How::PullOut, Some(pulled.reason.clone()));
            let change = Change { event, how, reason, entry: entry.clone(), at: now };
            let Changed::Yes(ended, _) = consents::change(tx, &consent, &change, |_| {})? else {
                return Ok(());
            };
            withdrawal::end_grant(tx, &ended, &task, now)?;
            if event == ConsentEvent::Revoke {
                pull_outs::count_one(tx, &pulled)?;
                tell(tx, &ended, &message, &reply, now)?;
            }
            Ok(())
        })
        .await
}

fn tell(
    tx: &mut Tx,
    ended: &Consent,
    message: &MessageId,
    reply: &Reply,
    now: Timestamp,
) -> Result<(), DbError> {
    if let Some(room) = conversations::find(tx, &ended.bank, &ended.customer, &ended.conversation)? {
        room::say_unprompted(tx, &room, message, reply, now)?;
    }
    Ok(())
}

fn in_words(bank_name: &str, reason: &str) -> Reply {
    let text = format!(
        "{bank_name} has ended the sharing with this chat, for all whom it concerns. Its reason: “{reason}” From this \
         moment I cannot read anything of yours there."
    );
    Reply::text(text).with_quick(&["Who looked at my data?"])
}

/// What a bank has pulled out of that bears on a channel and these classes: the first one's reason if all of them are
/// closed, and the classes that are still open.
pub fn still_open(
    standing: &[PullOut],
    channel: Channel,
    classes: &[DataClass],
) -> (Vec<DataClass>, Option<String>) {
    let closed_by = |class: DataClass| standing.iter().find(|pulled| pulled.closes(channel, class));
    let open: Vec<DataClass> = classes.iter().copied().filter(|class| closed_by(*class).is_none()).collect();
    let reason = classes.iter().find_map(|class| closed_by(*class)).map(|pulled| pulled.reason.clone());
    (open, reason)
}
