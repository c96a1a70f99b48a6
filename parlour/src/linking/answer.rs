//! "Was that you?" in the chat itself: the yes gives the consent, the no ends it at the bank.

use super::FromBank;
use crate::{
    asking::{Asked, Shown, Turn, TurnFault},
    reply::{Reply, Seen},
    rim, when, withdrawal,
};
use banks::BankFault;
use domain::{Account, Consent, ConsentEvent, DataClass, ids::TaskId};
use gate::AnswerCustomer;
use store::{
    DbError, browsers,
    consents::{self, Changed},
    grants,
    links::{self, Link, LinkOutcome, Moved},
};
use understanding::{Decision, Intent, Understood};

/// If a link waits for its yes or no, answers to it; otherwise none.
pub async fn answer_if_asked(turn: &Turn, understood: &Understood) -> Result<Option<Reply>, TurnFault> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let Some(link) = turn.app.store.read(move |tx| super::awaiting(tx, &of, now)).await? else {
        return Ok(None);
    };
    match understood.decision {
        Decision::Act(Intent::Yes) => confirm(turn, link).await.map(Some),
        Decision::Act(Intent::No | Intent::Stop) => refuse(turn, link).await.map(Some),
        Decision::Act(
            Intent::Balance | Intent::Transactions | Intent::Spending | Intent::WhereShopped | Intent::Link,
        ) => {
            let bank = &turn.tenant.name;
            let text = format!("First tell me, please: was it you who just signed in at {bank}?");
            Ok(Some(Reply::text(text).with_quick(&["Yes, that was me", "No, that was not me"])))
        }
        _ => Ok(None),
    }
}

/// Yes: the consent is given. Nothing was read before this.
async fn confirm(turn: &Turn, link: Link) -> Result<Reply, TurnFault> {
    let now = turn.now;
    let given = turn
        .app
        .store
        .transact(move |tx| -> Result<Option<Consent>, DbError> {
            let Moved::Yes(link) = links::settle(tx, &link, LinkOutcome::Confirmed, now)? else {
                return Ok(None);
            };
            let consent = consents::find(tx, &link.bank, &link.customer, &link.consent)?;
            let kept = grants::get(tx, &link.bank, &link.customer, &link.consent)?;
            let (Some(consent), Some(kept)) = (consent, kept) else { return Ok(None) };
            let Ok(from_bank) = serde_json::from_slice::<FromBank>(&kept) else { return Ok(None) };
            let given = consents::change(tx, &consent, ConsentEvent::Give, now, |agreed| {
                agreed.not_before = now;
                agreed.expires_at = agreed.expires_at.min(from_bank.expires_at);
                agreed.accounts = from_bank.accounts;
                agreed.data_classes.retain(|class| from_bank.data_classes.contains(class));
                agreed.at_bank = Some(from_bank.at_bank);
            })?;
            match given {
                Changed::Yes(consent) => {
                    browsers::confirm(tx, &consent.bank, &consent.customer, &consent.id)?;
                    Ok(Some(consent))
                }
                Changed::LostRace { .. } | Changed::NotPossible(_) => Ok(None),
            }
        })
        .await?;
    match given {
        Some(consent) => welcome(turn, &consent).await,
        None => Ok(Reply::text("This link was ended in the meantime. Nothing is shared.")
            .with_quick(&["Link my bank"])),
    }
}

/// Says what is linked, by asking the gate for the first time.
async fn welcome(turn: &Turn, consent: &Consent) -> Result<Reply, TurnFault> {
    let until = when::long_day(consent.expires_at, &turn.tenant.zone);
    let linked = format!("Linked to {} until {until}. Write “stop” at any time to end it.", turn.tenant.name);
    let reply = Reply::text(&linked).with_quick(&[
        "What’s my balance?",
        "Last transactions",
        "Who looked at my data?",
    ]);
    let Asked::Yes(mut permits, consent) = turn.ask::<AnswerCustomer>(&[DataClass::Accounts]).await? else {
        return Ok(reply);
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let Ok(guarded) = connector.accounts(&grant, &permit).await else { return Ok(reply) };
    let read = guarded.open(permit)?;
    let names = read.value.rows.iter().map(Account::title).collect::<Vec<_>>().join("\n• ");
    let seen = vec![Seen::of(&read)];
    Ok(Reply { blocks: Reply::text(format!("{linked}\nYou shared:\n• {names}")).blocks, seen, ..reply })
}

/// No: nothing was read, and the bank is told to end it.
async fn refuse(turn: &Turn, link: Link) -> Result<Reply, TurnFault> {
    let now = turn.now;
    let task = TaskId::new(rim::uuid(now));
    turn.app
        .store
        .transact(move |tx| -> Result<(), DbError> {
            let Moved::Yes(link) = links::settle(tx, &link, LinkOutcome::Refused, now)? else {
                return Ok(());
            };
            if let Some(consent) = consents::find(tx, &link.bank, &link.customer, &link.consent)? {
                consents::change(tx, &consent, ConsentEvent::Refuse, now, |_| {})?;
                withdrawal::end_grant(tx, &consent, &task, now)?;
            }
            Ok(())
        })
        .await?;
    let text = format!(
        "Good that you told me. Nothing was read, and I am telling {} to end it. If you do not know who signed \
         in, please call the bank.",
        turn.tenant.name
    );
    Ok(Reply::text(text))
}

/// What to say when the bank did not give what the gate allowed. If the bank ended the consent, so do we.
pub async fn after_fault(turn: &Turn, consent: &Consent, fault: BankFault) -> Result<Reply, TurnFault> {
    if fault != BankFault::ConsentEnded {
        return Err(fault.into());
    }
    let (ended, now) = (consent.clone(), turn.now);
    turn.app
        .store
        .transact(move |tx| -> Result<(), DbError> {
            consents::change(tx, &ended, ConsentEvent::Revoke, now, |_| {})?;
            grants::delete(tx, &ended.bank, &ended.customer, &ended.id)?;
            Ok(())
        })
        .await?;
    if turn.shown != Shown::InConversation {
        return Err(fault.into());
    }
    let text = format!(
        "{} says that the sharing was ended there. Nothing was read. From now on I cannot see anything.",
        turn.tenant.name
    );
    Ok(Reply::text(text).with_quick(&["Link my bank", "Who looked at my data?"]))
}
