//! "Stop": one word ends the consent here at once; the bank is told, and told again until it confirms.

use crate::{
    asking::{Turn, TurnFault},
    bank_tasks::Revocation,
    consents::{self as cases, Outcome},
    reply::Reply,
    watches,
};
use domain::{Consent, How, ids::TaskId};
use jiff::Timestamp;
use store::{
    DbError, Tx,
    bank_tasks::{self as tasks, TaskKind},
    grants,
};
use zeroize::Zeroizing;

/// Withdraws the consent of this conversation.
pub async fn withdraw(turn: &Turn) -> Result<Reply, TurnFault> {
    let of = &turn.conversation;
    let bank = &turn.tenant.name;
    let nothing = || {
        let text =
            format!("This chat is not linked to {bank}. Nothing is shared, so there is nothing to stop.");
        Reply::text(text).with_quick(&["Link my bank", "Who looked at my data?"])
    };
    let Some(consent) = cases::open_in(&turn.app, &of.bank, &of.customer, &of.id).await? else {
        return Ok(nothing());
    };
    let outcome =
        cases::withdraw(&turn.app, &consent.bank, &consent.customer, &consent.id, How::Chat).await?;
    match outcome {
        Outcome::Done(..) => {
            let text = format!(
                "Stopped. From this moment I cannot read anything of yours at {bank}. I am telling the bank to \
                 end it there too, and will say here when it has confirmed, with a receipt."
            );
            Ok(Reply::text(text).with_quick(&["Who looked at my data?", "Link my bank"]))
        }
        Outcome::NotIn(_) | Outcome::Unknown => Ok(nothing()),
    }
}

/// Forgets something that is kept to serve a consent.
type Forget = fn(&mut Tx, &Consent) -> Result<(), DbError>;

/// What forgets the secrets and the sealed data of a consent that has ended. A table that keeps any has its
/// function here.
const FORGETS: &[Forget] = &[forget_grant, watches::forget];

fn forget_grant(tx: &mut Tx, consent: &Consent) -> Result<(), DbError> {
    grants::delete(tx, &consent.bank, &consent.customer, &consent.id).map(drop)
}

/// Destroys all that is kept to serve a consent that has ended. In the transaction that ends it.
pub fn forget(tx: &mut Tx, consent: &Consent) -> Result<(), DbError> {
    FORGETS.iter().try_for_each(|forget| forget(tx, consent))
}

/// Leaves a task to end a consent at the bank, if the bank ever gave anything for it, and forgets all that is kept to
/// serve it here.
pub fn end_grant(tx: &mut Tx, consent: &Consent, task: &TaskId, now: Timestamp) -> Result<(), DbError> {
    let Some(kept) = grants::get(tx, &consent.bank, &consent.customer, &consent.id)? else {
        return forget(tx, consent);
    };
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
    forget(tx, consent)
}
