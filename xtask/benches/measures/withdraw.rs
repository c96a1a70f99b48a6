//! `withdraw`: from "stop" to its effect here, and to the bank's confirmation. The bank is the sandbox bank over HTTP.
//! The baseline is one plain transaction of the same statements on the same store.

use crate::{
    backend::on_disk,
    people,
    report::{Times, print, print_times},
    turn::Street,
};
use domain::{Clock, Consent, ConsentEvent, How, ids::TaskId};
use parlour::{
    consents::{self as cases, Outcome, change_now},
    rim::{self, SystemClock},
    room,
    session::Session,
};
use std::time::{Duration, Instant};
use store::{
    DbError, Store,
    bank_tasks::{self, TaskState},
    consents::{self, Changed},
    grants,
};
use tokio::time;

/// People who stop, each linked by signing in at the bank. Every second one says so in the chat.
const PEOPLE: u32 = 60;
/// How long a bank may take to confirm.
const PATIENCE: Duration = Duration::from_secs(20);
/// As long as what a sandbox bank's grant comes to.
const GRANT_BYTES: usize = 900;

/// Measures and prints.
pub async fn measure() {
    let dir = on_disk();
    let street = Street::open(dir.path()).await;
    let (mut chat, mut call, mut confirmed) = (Times::default(), Times::default(), Times::default());
    for n in 0..PEOPLE {
        let session = street.link(n).await;
        let consent = consent(&street, &session).await;
        let began = Instant::now();
        if n % 2 == 0 {
            in_chat(&street, &session, &mut chat).await;
        } else {
            by_call(&street, &consent, &mut call).await;
        }
        until_confirmed(&street, &consent).await;
        confirmed.note(began.elapsed());
    }
    let plain = plain(&street.gateway.app.store).await;
    print_times("withdraw.chat_to_reply", &chat);
    print_times("withdraw.call_to_effect", &call);
    print_times("withdraw.to_confirmed_by_bank", &confirmed);
    print_times("withdraw.plain_transaction", &plain);
    let (ours, baseline) = (call.quantile_ms(0.5), plain.quantile_ms(0.5));
    print("withdraw.call_over_plain.p50", ours, "ms", Some(baseline));
    street.close().await;
}

async fn consent(street: &Street, of: &Session) -> Consent {
    let open = cases::open_in(&street.gateway.app, &of.bank, &of.customer, &of.conversation).await;
    open.unwrap_or_else(|fault| panic!("the store reads: {fault}")).expect("they are linked")
}

/// From "stop" accepted to its reply stored, which is after the effect.
async fn in_chat(street: &Street, session: &Session, times: &mut Times) {
    let app = &street.gateway.app;
    let tenant = app.tenants.get(&session.bank).expect("the bank is served");
    let mut bell = app.bells.subscribe(&session.conversation);
    let said = room::say(app, &tenant, session, "stop", "stop", None).await;
    let stop = said.unwrap_or_else(|fault| panic!("it is taken: {fault}")).seq;
    let began = Instant::now();
    loop {
        let after = room::thread(app, session, stop, 1).await;
        if !after.unwrap_or_else(|fault| panic!("the thread is read: {fault}")).is_empty() {
            return times.note(began.elapsed());
        }
        time::timeout(PATIENCE, bell.changed()).await.expect("an answer comes").expect("the bell stays");
    }
}

/// What the privacy page does: from the call to its return, when the effect is durable.
async fn by_call(street: &Street, consent: &Consent, times: &mut Times) {
    let began = Instant::now();
    let app = &street.gateway.app;
    let done = cases::withdraw(app, &consent.bank, &consent.customer, &consent.id, How::Page).await;
    times.note(began.elapsed());
    assert!(matches!(done, Ok(Outcome::Done(..))), "{done:?}");
}

async fn until_confirmed(street: &Street, consent: &Consent) {
    let app = &street.gateway.app;
    let mut bell = app.bells.subscribe(&consent.conversation);
    loop {
        let whole = cases::whole(app, &consent.bank, &consent.customer, &consent.id).await;
        let whole = whole.unwrap_or_else(|fault| panic!("the store reads: {fault}")).expect("it is there");
        if whole.told.is_some_and(|told| told.state == TaskState::Done) {
            return;
        }
        time::timeout(PATIENCE, bell.changed()).await.expect("the bank confirms").expect("the bell stays");
    }
}

/// The statements of a withdrawal in one transaction each, without the use case around them.
async fn plain(store: &Store) -> Times {
    let mut times = Times::default();
    for _ in 0..PEOPLE {
        let person = people::linked(store).await;
        let now = SystemClock.now();
        let (of, bank) = (person.clone(), people::bank());
        let found = store.transact(move |tx| -> Result<_, DbError> {
            let found = consents::current(tx, &bank, &of.customer, &of.conversation)?;
            if let Some(consent) = &found {
                grants::put(tx, &bank, &of.customer, &consent.id, &[7; GRANT_BYTES], now)?;
            }
            Ok(found)
        });
        let consent = found.await.unwrap_or_else(|fault| panic!("{fault}")).expect("just begun");
        let (change, task) =
            (change_now(ConsentEvent::Withdraw, How::Page, now), TaskId::new(rim::uuid(now)));
        let began = Instant::now();
        let done = store.transact(move |tx| -> Result<bool, DbError> {
            let found = consents::find(tx, &consent.bank, &consent.customer, &consent.id)?;
            let Some(found) = found else { return Ok(false) };
            let Changed::Yes(ended, _) = consents::change(tx, &found, &change, |_| {})? else {
                return Ok(false);
            };
            let kept = grants::get(tx, &ended.bank, &ended.customer, &ended.id)?.unwrap_or_default();
            let new = bank_tasks::NewTask {
                id: task.clone(),
                bank: &ended.bank,
                customer: &ended.customer,
                consent: &ended.id,
                key: &format!("revoke {}", ended.id),
                kind: bank_tasks::TaskKind::RevokeConsent,
                body: &kept,
                now,
            };
            bank_tasks::enqueue(tx, &new)?;
            grants::delete(tx, &ended.bank, &ended.customer, &ended.id)
        });
        assert!(done.await.unwrap_or_else(|fault| panic!("{fault}")), "it was given");
        times.note(began.elapsed());
    }
    times
}
