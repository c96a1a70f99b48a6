//! "Was that you?" in the chat itself: the yes gives the consent, the no ends it at the bank.

use super::FromBank;
use crate::{
    asking::{Asked, Shown, Turn, TurnFault},
    consents::{change_now, looks, reminders},
    reply::{Block, Reply, Seen},
    rim, when, withdrawal,
};
use banks::BankFault;
use domain::{Account, Consent, ConsentEvent, DataClass, EntryId, How, ids::TaskId};
use gate::AnswerCustomer;
use jiff::Timestamp;
use store::{
    DbError, Tx, browsers,
    consents::{self, Change, Changed},
    conversations::Conversation,
    grants,
    links::{self, Link, LinkOutcome, Moved},
    pull_outs, subjects,
};
use understanding::{Decision, Intent, Understood};

/// If a link waits for its yes or no, answers to it; otherwise none.
pub async fn answer_if_asked(turn: &Turn, understood: &Understood) -> Result<Option<Reply>, TurnFault> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let Some(link) = turn.app.store.read(move |tx| super::awaiting(tx, &of, now)).await? else {
        return Ok(None);
    };
    match understood.decision {
        Decision::Act(Intent::Yes) => confirm(turn, link, How::Chat).await.map(Some),
        Decision::Act(Intent::No | Intent::Stop) => refuse(turn, link, How::Chat).await.map(Some),
        Decision::Act(
            Intent::Balance
            | Intent::Transactions
            | Intent::Spending
            | Intent::Picture
            | Intent::Compare
            | Intent::WhereShopped
            | Intent::Link,
        ) => {
            let bank = &turn.tenant.name;
            let text = format!("First tell me, please: was it you who just signed in at {bank}?");
            Ok(Some(Reply::text(text).with_quick(&["Yes, that was me", "No, that was not me"])))
        }
        _ => Ok(None),
    }
}

/// The same question, answered on the privacy page by somebody who signed in at the bank. Only the person who signed in
/// for the link may answer it there: for anybody else the conversation asks. Gives what the conversation is told; none
/// if there is no such question for this person.
pub async fn answer_on_page(turn: &Turn, subject: [u8; 32], yes: bool) -> Result<Option<Reply>, TurnFault> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let found = turn.app.store.read(move |tx| awaiting_of(tx, &of, subject, now));
    let Some(link) = found.await? else { return Ok(None) };
    let reply = if yes { confirm(turn, link, How::Page).await } else { refuse(turn, link, How::Page).await };
    reply.map(Some)
}

/// The link of a conversation that waits for the yes or no of the person who signed in for it.
pub fn awaiting_of(
    tx: &mut Tx,
    of: &Conversation,
    subject: [u8; 32],
    now: Timestamp,
) -> Result<Option<Link>, DbError> {
    let Some(link) = super::awaiting(tx, of, now)? else { return Ok(None) };
    let kept = grants::get(tx, &link.bank, &link.customer, &link.consent)?;
    let from_bank = kept.and_then(|kept| serde_json::from_slice::<FromBank>(&kept).ok());
    Ok(Some(link).filter(|_| from_bank.is_some_and(|from_bank| from_bank.subject == Some(subject))))
}

/// What became of a yes.
#[expect(clippy::large_enum_variant, reason = "made once per yes and taken apart at once")]
enum Given {
    Yes(Consent),
    /// The link or the consent had ended in the meantime.
    Ended,
    /// The bank had pulled out in the meantime, with its reason.
    PulledOut(String),
}

/// Yes: the consent is given. Nothing was read before this. An earlier consent of the conversation is superseded in the
/// same moment, and ended at the bank after it.
async fn confirm(turn: &Turn, link: Link, how: How) -> Result<Reply, TurnFault> {
    let now = turn.now;
    let ids: Vec<_> = (0..4).map(|_| (TaskId::new(rim::uuid(now)), EntryId::new(rim::uuid(now)))).collect();
    let give = change_now(ConsentEvent::Give, how, now);
    let remind_days = turn.tenant.remind_days.clone();
    let given = turn
        .app
        .store
        .transact(move |tx| -> Result<Given, DbError> {
            let Moved::Yes(link) = links::settle(tx, &link, LinkOutcome::Confirmed, now)? else {
                return Ok(Given::Ended);
            };
            let consent = consents::find(tx, &link.bank, &link.customer, &link.consent)?;
            let kept = grants::get(tx, &link.bank, &link.customer, &link.consent)?;
            let (Some(consent), Some(kept)) = (consent, kept) else { return Ok(Given::Ended) };
            let Ok(from_bank) = serde_json::from_slice::<FromBank>(&kept) else { return Ok(Given::Ended) };
            let standing = pull_outs::standing(tx, &link.bank)?;
            if let Some(pulled) = standing.into_iter().find(|pulled| pulled.covers(&consent)) {
                let refuse = Change { event: ConsentEvent::Refuse, how: How::PullOut, ..give.clone() };
                consents::change(tx, &consent, &refuse, |_| {})?;
                withdrawal::end_grant(tx, &consent, &ids[0].0, now)?;
                return Ok(Given::PulledOut(pulled.reason));
            }
            let given = consents::change(tx, &consent, &give, |agreed| {
                agreed.not_before = now;
                agreed.expires_at = agreed.expires_at.min(from_bank.expires_at);
                agreed.accounts = from_bank.accounts;
                agreed.data_classes.retain(|class| from_bank.data_classes.contains(class));
                agreed.at_bank = Some(from_bank.at_bank);
            })?;
            let Changed::Yes(given, _) = given else { return Ok(Given::Ended) };
            browsers::confirm(tx, &given.bank, &given.customer, &given.id)?;
            subjects::put(tx, &given.bank, &given.customer, from_bank.subject.as_ref(), now)?;
            let remind_at = reminders::next(&remind_days, given.expires_at, now);
            consents::look_after(tx, &given, now + looks::AGAIN, remind_at)?;
            supersede_others(tx, &given, &ids, now)?;
            Ok(Given::Yes(given))
        })
        .await?;
    match given {
        Given::Yes(consent) => welcome(turn, &consent).await,
        Given::Ended => Ok(Reply::text("This link was ended in the meantime. Nothing is shared.")
            .with_quick(&["Link my bank"])),
        Given::PulledOut(why) => {
            let remedy = "Nothing is shared. The bank’s own site works as before.".to_owned();
            let block = Block::Refusal { who: turn.tenant.name.clone(), why, remedy };
            Ok(Reply { blocks: vec![block], ..Reply::default() })
        }
    }
}

/// Ends what the new consent takes the place of: at most one in practice, and more if something was left over.
fn supersede_others(
    tx: &mut Tx,
    given: &Consent,
    ids: &[(TaskId, EntryId)],
    now: Timestamp,
) -> Result<(), DbError> {
    for (old, (task, entry)) in consents::others_open(tx, given)?.iter().zip(ids) {
        let change = Change {
            event: ConsentEvent::Supersede,
            how: How::Newer,
            reason: None,
            entry: entry.clone(),
            at: now,
        };
        if let Changed::Yes(ended, _) = consents::change(tx, old, &change, |_| {})? {
            withdrawal::end_grant(tx, &ended, task, now)?;
        }
    }
    Ok(())
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
async fn refuse(turn: &Turn, link: Link, how: How) -> Result<Reply, TurnFault> {
    let now = turn.now;
    let task = TaskId::new(rim::uuid(now));
    let refuse = change_now(ConsentEvent::Refuse, how, now);
    turn.app
        .store
        .transact(move |tx| -> Result<(), DbError> {
            let Moved::Yes(link) = links::settle(tx, &link, LinkOutcome::Refused, now)? else {
                return Ok(());
            };
            if let Some(consent) = consents::find(tx, &link.bank, &link.customer, &link.consent)? {
                consents::change(tx, &consent, &refuse, |_| {})?;
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
    let (ended, revoke) = (consent.clone(), change_now(ConsentEvent::Revoke, How::AtBank, turn.now));
    turn.app
        .store
        .transact(move |tx| -> Result<(), DbError> {
            consents::change(tx, &ended, &revoke, |_| {})?;
            withdrawal::forget(tx, &ended)
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
