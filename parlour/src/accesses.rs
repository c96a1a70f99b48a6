//! "Who looked at my data?"

use crate::{
    app::App,
    asking::{Shown, Turn, TurnFault},
    reply::{AccessLine, Block, Reply, Seen},
    sealed::{self, Skill},
    session::Session,
};
use domain::EntryId;
use gate::Opened;
use std::cmp::Reverse;
use store::{DbError, access};

/// How many are told in the chat at once.
const IN_CHAT: u32 = 10;
/// How many are counted at most.
const MOST: u32 = 500;

impl Seen {
    /// What was just read, for the line under an answer.
    pub fn of<T>(read: &Opened<T>) -> Seen {
        Seen {
            entry: read.entry.clone(),
            index: read.index,
            data_class: read.data_class,
            purpose: read.purpose,
            tier: read.tier,
        }
    }
}

/// Tells the newest decisions about this person's data, refusals too. When somebody asked for what is itself
/// about the person, so where others' servers read along, the list is on a page.
pub async fn tell(turn: &Turn) -> Result<Reply, TurnFault> {
    if turn.channel.is_foreign() && turn.shown == Shown::InConversation {
        return sealed::offer_own(turn, Skill::WhoLooked).await;
    }
    let of = turn.conversation.clone();
    let mut found =
        turn.app.store.read(move |tx| access::of_customer(tx, &of.bank, &of.customer, None, MOST)).await?;
    if found.is_empty() {
        return Ok(Reply::text("Nobody has asked for your data in this chat. Nothing was read."));
    }
    found.sort_by_key(|a| Reverse((a.decision.at, a.index)));
    let more = u32::try_from(found.len()).unwrap_or(u32::MAX).saturating_sub(IN_CHAT);
    found.truncate(IN_CHAT as usize);
    let rows = found.into_iter().map(line).collect();
    let text =
        "Each time somebody asked for your data here, newest first. A refused one opened nothing.".to_owned();
    let blocks = vec![Block::Text { text }, Block::Accesses { rows, more }];
    Ok(Reply { blocks, ..Reply::default() }.with_quick(&["Receipts for this"]))
}

/// The decisions about a person's data, newest first, for the API.
pub async fn accesses(
    app: &App,
    session: &Session,
    before: Option<EntryId>,
    limit: u32,
) -> Result<Vec<AccessLine>, DbError> {
    let (bank, customer) = (session.bank.clone(), session.customer.clone());
    let found =
        app.store.read(move |tx| access::of_customer(tx, &bank, &customer, before.as_ref(), limit)).await?;
    Ok(found.into_iter().map(line).collect())
}

fn line(access: access::Access) -> AccessLine {
    let decision = access.decision;
    AccessLine {
        entry: decision.entry,
        at: decision.at,
        data_class: decision.data_class,
        what: decision.data_class.in_words().to_owned(),
        purpose: decision.purpose,
        why: decision.purpose.in_words().to_owned(),
        allowed: decision.allowed,
        reason: decision.reason.map(|reason| reason.to_string()),
        index: access.index,
    }
}
