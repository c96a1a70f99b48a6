//! Reminding a customer that a consent will end, some days before it does: in the chat, once per time that the bank's
//! file sets, and never more.

use crate::{app::App, reply::Reply, rim, room, tenant::Tenant, when};
use domain::{Consent, MessageId};
use jiff::{SignedDuration, Timestamp};
use store::{DbError, consents, conversations};

/// How many are reminded in one round.
const BATCH: u32 = 64;

/// When to remind of the end of a consent next, after a moment. Times that are over already are passed over:
/// who links for a week is not reminded two weeks before.
pub fn next(remind_days: &[i64], expires_at: Timestamp, after: Timestamp) -> Option<Timestamp> {
    let before = |days: &i64| expires_at.checked_sub(SignedDuration::from_hours(24 * days)).ok();
    remind_days.iter().filter_map(before).filter(|at| *at > after).min()
}

/// Reminds everybody whose time has come.
pub async fn remind(app: &App) -> Result<(), DbError> {
    loop {
        let now = app.clock.now();
        let due = app.store.read(move |tx| consents::to_remind(tx, now, BATCH)).await?;
        let many = due.len();
        for (consent, was) in due {
            one(app, consent, was, now).await?;
        }
        if many < BATCH as usize {
            return Ok(());
        }
    }
}

async fn one(app: &App, consent: Consent, was: Timestamp, now: Timestamp) -> Result<(), DbError> {
    let tenant = app.tenants.get(&consent.bank);
    let again = tenant.as_ref().and_then(|tenant| next(&tenant.remind_days, consent.expires_at, now));
    let reply = tenant.map(|tenant| in_words(&tenant, &consent));
    let (message, conversation) = (MessageId::new(rim::uuid(now)), consent.conversation.clone());
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            if consents::reminded(tx, &consent, was, again)?
                && consent.expires_at > now
                && let Some(reply) = &reply
                && let Some(room) =
                    conversations::find(tx, &consent.bank, &consent.customer, &consent.conversation)?
            {
                room::say_unprompted(tx, &room, &message, reply, now)?;
            }
            Ok(())
        })
        .await?;
    app.bells.ring(&conversation);
    Ok(())
}

fn in_words(tenant: &Tenant, consent: &Consent) -> Reply {
    let until = when::long_day(consent.expires_at, &tenant.zone);
    let text = format!(
        "The sharing with {} ends by itself on {until}. If you want it to go on, renew it: you sign in at the bank \
         again and choose. If not, there is nothing to do.",
        tenant.name
    );
    Reply::text(text).with_quick(&["Renew the sharing", "Stop"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_reminded_of_once_and_a_time_that_is_over_never() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let end = at("2026-12-31T12:00:00Z");
        let days = [14, 3];
        assert_eq!(next(&days, end, at("2026-10-01T00:00:00Z")), Some(at("2026-12-17T12:00:00Z")));
        assert_eq!(next(&days, end, at("2026-12-17T12:00:00Z")), Some(at("2026-12-28T12:00:00Z")));
        assert_eq!(next(&days, end, at("2026-12-20T00:00:00Z")), Some(at("2026-12-28T12:00:00Z")));
        assert_eq!(next(&days, end, at("2026-12-28T12:00:00Z")), None);
        assert_eq!(next(&[], end, at("2026-10-01T00:00:00Z")), None);
    }
}
