//! "Stop": one word ends the consent here at once; the bank is told, and told again until it confirms.

use crate::{
    asking::{Turn, TurnFault},
    bank_tasks::Revocation,
    reply::Reply,
    rim,
};
use domain::{Consent, ConsentEvent, ids::TaskId};
use jiff::Timestamp;
use store::{
    DbError, Tx,
    bank_tasks::{self as tasks, TaskKind},
    consents::{self, Changed},
    grants,
};
use zeroize::Zeroizing;

/// How a withdrawal went.
enum Ended {
    Now,
    NothingLinked,
}

/// Withdraws the consent of this conversation.
pub async fn withdraw(turn: &Turn) -> Result<Reply, TurnFault> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let task = TaskId::new(rim::uuid(now));
    let ended = turn
        .app
        .store
        .transact(move |tx| -> Result<Ended, DbError> {
            let Some(consent) = consents::current(tx, &of.bank, &of.customer, &of.id)? else {
                return Ok(Ended::NothingLinked);
            };
            match consents::change(tx, &consent, ConsentEvent::Withdraw, now, |_| {})? {
                Changed::Yes(consent) => {
                    end_grant(tx, &consent, &task, now)?;
                    Ok(Ended::Now)
                }
                Changed::LostRace { .. } | Changed::NotPossible(_) => Ok(Ended::NothingLinked),
            }
        })
        .await?;
    let bank = &turn.tenant.name;
    match ended {
        Ended::NothingLinked => {
            let text =
                format!("This chat is not linked to {bank}. Nothing is shared, so there is nothing to stop.");
            Ok(Reply::text(text).with_quick(&["Link my bank", "Who looked at my data?"]))
        }
        Ended::Now => {
            let text = format!(
                "Stopped. From this moment I cannot read anything of yours at {bank}. I am telling the bank to \
                 end it there too, and will say here when it has confirmed."
            );
            Ok(Reply::text(text).with_quick(&["Who looked at my data?", "Link my bank"]))
        }
    }
}

/// Takes the means to reach the bank away, and leaves a task to revoke them at the bank.
pub fn end_grant(tx: &mut Tx, consent: &Consent, task: &TaskId, now: Timestamp) -> Result<(), DbError> {
    let Some(kept) = grants::get(tx, &consent.bank, &consent.customer, &consent.id)? else { return Ok(()) };
    let body = Revocation { conversation: consent.conversation.clone(), from_bank: kept.to_vec() };
    let body = Zeroizing::new(serde_json::to_vec(&body).expect("a revocation is plain data"));
    tasks::enqueue(
        tx,
        &tasks::NewTask {
            id: task.clone(),
            bank: &consent.bank,
            customer: &consent.customer,
            consent: &consent.id,
            key: &format!("revoke {}", consent.id),
            kind: TaskKind::RevokeConsent,
            body: &body,
            now,
        },
    )?;
    grants::delete(tx, &consent.bank, &consent.customer, &consent.id)?;
    Ok(())
}
