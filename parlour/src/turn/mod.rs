//! One turn: from what a person wrote to what the bank's side says.

mod faults;
mod plain;
mod serve;

use self::serve::serve;
use crate::{
    alerts,
    app::App,
    asking::{Shown, Turn, TurnFault},
    cards, category, erasure, help, linking,
    meaning::{self, Meaning},
    memory::{self, Asked, Memory},
    orders,
    reply::{Block, Reply},
    room::Words,
    sealed, slots, spending, watches,
};
use std::sync::Arc;
use store::messages::Claimed;
use understanding::{Decision, Intent, Request, Topic, Understood, wishes};

/// What is said, and what the conversation remembers from here on; none: what it remembered before.
pub struct Answer {
    /// What is said.
    pub reply: Reply,
    /// What is remembered.
    pub memory: Option<Memory>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Answer { reply, memory: None }
    }
}

/// How a message was taken.
enum Heard {
    /// As small talk or a matter of its own: the topic stays.
    Aside,
    /// As a question that can be gone on from.
    About(Box<Topic>),
    /// As the end of the sharing: nothing is remembered.
    TheEnd,
    /// Not at all, or not quite.
    Missed,
}

/// Answers a claimed message. A fault becomes words, so that the person never waits for nothing.
pub async fn answer(app: &Arc<App>, claimed: &Claimed) -> Answer {
    let Some(tenant) = app.tenants.get(&claimed.conversation.bank) else {
        return Reply::text("This bank is no longer served here.").into();
    };
    let Ok(Words::Customer { text, removed, region }) = serde_json::from_slice(&claimed.message.body) else {
        return Reply::text("This message cannot be read any more. Please write it again.").into();
    };
    let now = app.clock.now();
    let turn = Turn {
        app: app.clone(),
        tenant,
        conversation: claimed.conversation.clone(),
        channel: claimed.conversation.channel,
        region,
        now,
        shown: Shown::InConversation,
        memory: Memory::read(claimed.context.as_deref(), now),
    };
    if !removed.is_empty() {
        return plain::take_care(&removed).into();
    }
    match act(&turn, &text).await {
        Ok((reply, heard)) => Answer { memory: Some(remembered(&turn, &reply, heard)), reply },
        Err(fault) => {
            let (bank, conversation) = (&turn.tenant.id, &turn.conversation.id);
            tracing::warn!(%bank, %conversation, %fault, "a question could not be answered");
            faults::in_words(&turn, fault).into()
        }
    }
}

fn remembered(turn: &Turn, reply: &Reply, heard: Heard) -> Memory {
    let (asked, shown) = (reply.leaves.asked.clone(), reply.leaves.shown);
    let memory = match heard {
        Heard::Aside => turn.memory.understood(None, shown, asked, turn.now),
        Heard::About(topic) => turn.memory.understood(Some(*topic), shown, asked, turn.now),
        Heard::TheEnd => Memory::nothing(turn.now),
        Heard::Missed => turn.memory.missed(asked, turn.now),
    };
    memory.with_undo(reply.leaves.undo.clone(), reply.leaves.undone)
}

async fn act(turn: &Turn, text: &str) -> Result<(Reply, Heard), TurnFault> {
    let kinds = category::found_anywhere();
    let about = understanding::Context { now: turn.now, zone: turn.tenant.zone.clone(), merchants: &kinds };
    let understood = understanding::understand(text, &about);
    if let Some(reply) = sealed::answer_if_words(turn, text).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = linking::answer_if_asked(turn, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = sealed::answer_if_no(turn, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = erasure::chat::answer_if_asked(turn, text, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = alerts::answer::answer_if_asked(turn, text).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = cards::answer_if_asked(turn, text, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = orders::answer_if_asked(turn, text, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = slots::answer_if_asked(turn, text, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if let Some(reply) = watches::answer_if_asked(turn, text, &understood).await? {
        return Ok((reply, Heard::Aside));
    }
    if understanding::calls_off(text) && turn.memory.asked_lately(turn.now) {
        return Ok((plain::nothing_to_call_off(), Heard::Aside));
    }
    let requests = understanding::requests(text, &about);
    if !requests.is_empty() {
        return several(turn, requests).await;
    }
    if understanding::names_waking_hours(text) {
        return Ok((watches::said(turn, Intent::Watch, text).await?, Heard::Aside));
    }
    if understanding::asks_for_more(text)
        && let Some(Topic { intent: Intent::Transactions, entities }) = turn.memory.topic()
        && turn.memory.shown() > 0
    {
        let reply = spending::list(turn, entities, turn.memory.shown() as usize).await?;
        return Ok((reply, Heard::Aside));
    }
    if let Some(tracking) = understanding::tracking(text)
        && !matches!(understood.decision, Decision::Act(_))
    {
        return Ok((plain::parcel(&tracking), Heard::Aside));
    }
    if let Some(Topic { intent, entities }) = goes_on(turn, text, &understood) {
        let reply = serve(turn, intent, &entities, text).await?;
        return Ok((reply, Heard::About(Topic { intent, entities }.into())));
    }
    match meaning::of(&turn.app, &turn.tenant, text, &understood.decision) {
        Meaning::Do(intent) if watches::is_about(intent) => {
            Ok((watches::said(turn, intent, text).await?, Heard::Aside))
        }
        Meaning::Do(intent) => {
            let entities = understood.entities;
            let reply = serve(turn, intent, &entities, text).await?;
            let heard = match intent {
                Intent::Stop => Heard::TheEnd,
                _ if understanding::goes_on(intent) => Heard::About(Topic { intent, entities }.into()),
                _ => Heard::Aside,
            };
            Ok((reply, heard))
        }
        Meaning::Which(_) | Meaning::Nothing if wishes::is_about_a_parcel(text) => {
            Ok((plain::no_parcels(), Heard::Aside))
        }
        Meaning::Which(between) if between.iter().copied().all(watches::is_about) => {
            let stops = between.contains(&Intent::WatchStop);
            let intent = if stops { Intent::WatchStop } else { Intent::Watch };
            Ok((watches::said(turn, intent, text).await?, Heard::Aside))
        }
        Meaning::Which(between) => Ok((plain::which(turn, between, understood.entities), Heard::Missed)),
        Meaning::Page(page) => Ok((help::tell(turn, page), Heard::Aside)),
        Meaning::NotHere(matter) => Ok((plain::not_here(turn, matter), Heard::Aside)),
        Meaning::Angry => Ok((plain::sorry(turn), Heard::Aside)),
        Meaning::Nothing => {
            match understood.language.as_deref().and_then(|tag| plain::only_english(turn, tag)) {
                Some(reply) => Ok((reply, Heard::Missed)),
                None => Ok((plain::not_understood(turn), Heard::Missed)),
            }
        }
    }
}

/// Answers to several requests of one message, one below the other. Where one of them cannot be answered before something
/// else is done, such as linking, the others wait for that too.
async fn several(turn: &Turn, requests: Vec<Request>) -> Result<(Reply, Heard), TurnFault> {
    let (mut whole, mut heard) = (Reply::default(), Heard::Aside);
    for Request { text, intent, entities } in requests {
        let reply = match intent {
            intent if watches::is_about(intent) => watches::said(turn, intent, &text).await?,
            intent => serve(turn, intent, &entities, &text).await?,
        };
        let waits = reply.blocks.iter().any(|block| matches!(block, Block::Notice(_)));
        whole.blocks.extend(reply.blocks);
        whole.seen.extend(reply.seen);
        whole.quick = reply.quick;
        whole.leaves = reply.leaves;
        if understanding::goes_on(intent) {
            heard = Heard::About(Topic { intent, entities }.into());
        }
        if waits {
            break;
        }
    }
    Ok((whole, heard))
}

/// What a message asks for together with what was said before it: a choice among what was offered, or the same
/// question with other details.
fn goes_on(turn: &Turn, text: &str, understood: &Understood) -> Option<Topic> {
    if let Some(Asked::Which { between, about }) = turn.memory.asked()
        && let Some(at) = memory::chosen(text, between.len())
    {
        return Some(Topic { intent: between[at], entities: about.clone() });
    }
    let topic = understanding::follow_up(text, understood, turn.memory.topic()?)?;
    let alone = || !understanding::opens(text) && meaning::stands_alone(&turn.app, &turn.tenant, text);
    if understood.entities.account.is_some() && alone() { None } else { Some(topic) }
}
