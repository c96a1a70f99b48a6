//! One turn: from what a person wrote to what the bank's side says.

use crate::{
    accesses,
    app::App,
    asking::{Shown, Turn, TurnFault},
    balances,
    consents::words,
    erasure, export, linking, places, privacy, receipts,
    reply::{Block, Reply},
    room::Words,
    sealed, spending, withdrawal,
};
use std::sync::Arc;
use store::messages::Claimed;
use understanding::{Decision, Intent, Understood};

/// Answers a claimed message. A fault becomes words, so that the person never waits for nothing.
pub async fn answer(app: &Arc<App>, claimed: &Claimed) -> Reply {
    let Some(tenant) = app.tenants.get(&claimed.conversation.bank) else {
        return Reply::text("This bank is no longer served here.");
    };
    let Ok(Words::Customer { text, removed, region }) = serde_json::from_slice(&claimed.message.body) else {
        return Reply::text("This message cannot be read any more. Please write it again.");
    };
    let turn = Turn {
        app: app.clone(),
        tenant,
        conversation: claimed.conversation.clone(),
        channel: claimed.conversation.channel,
        region,
        now: app.clock.now(),
        shown: Shown::InConversation,
    };
    if !removed.is_empty() {
        return take_care(&removed);
    }
    match act(&turn, &text).await {
        Ok(reply) => reply,
        Err(fault) => {
            let (bank, conversation) = (&turn.tenant.id, &turn.conversation.id);
            tracing::warn!(%bank, %conversation, %fault, "a question could not be answered");
            in_words(&turn, fault)
        }
    }
}

async fn act(turn: &Turn, text: &str) -> Result<Reply, TurnFault> {
    let about = understanding::Context { now: turn.now, zone: turn.tenant.zone.clone(), merchants: &[] };
    let understood = understanding::understand(text, &about);
    if let Some(reply) = sealed::answer_if_words(turn, text).await? {
        return Ok(reply);
    }
    if let Some(reply) = linking::answer_if_asked(turn, &understood).await? {
        return Ok(reply);
    }
    if let Some(reply) = sealed::answer_if_no(turn, &understood).await? {
        return Ok(reply);
    }
    if let Some(reply) = erasure::chat::answer_if_asked(turn, &understood).await? {
        return Ok(reply);
    }
    match &understood.decision {
        Decision::Act(intent) => serve(turn, *intent, &understood).await,
        Decision::Clarify(between) => Ok(which(between)),
        Decision::Refuse => Ok(not_understood(turn)),
    }
}

async fn serve(turn: &Turn, intent: Intent, understood: &Understood) -> Result<Reply, TurnFault> {
    match intent {
        Intent::Balance => balances::tell(turn, &understood.entities).await,
        Intent::Transactions => spending::list(turn, &understood.entities).await,
        Intent::Spending => spending::total(turn, &understood.entities).await,
        Intent::WhereShopped => places::tell(turn, &understood.entities).await,
        Intent::WhoLooked => accesses::tell(turn).await,
        Intent::Receipts => receipts::tell(turn).await,
        Intent::Stop => withdrawal::withdraw(turn).await,
        Intent::Erase => erasure::chat::question(turn).await,
        Intent::Export => Ok(export::tell(turn)),
        Intent::Pause => words::pause(turn).await,
        Intent::Resume => words::resume(turn).await,
        Intent::Change => linking::offer_change(turn).await,
        Intent::MyConsents => words::tell(turn).await,
        Intent::Privacy => Ok(privacy::tell(turn)),
        Intent::Link => linking::offer_or_say_linked(turn).await,
        Intent::Help => Ok(help(turn)),
        Intent::Greeting => Ok(greeting(turn)),
        Intent::Thanks => Ok(Reply::text("You are welcome.")),
        Intent::Person => Ok(person(turn)),
        Intent::Yes | Intent::No => Ok(nothing_asked(turn)),
    }
}

/// Somebody typed a secret. It was removed before it was stored; say so, and do nothing else.
fn take_care(removed: &[String]) -> Reply {
    let what = removed.join(" and ");
    let text = format!(
        "Your message had a {what} in it. I removed it before anything was stored. Please never type \
         passwords, full card numbers or codes here. Nobody at the bank asks for them in a chat. Write your \
         question again without it."
    );
    Reply { blocks: vec![Block::Care { text }], ..Reply::default() }
}

fn which(between: &[Intent]) -> Reply {
    let labels: Vec<&str> = between.iter().filter_map(|i| asks(*i)).collect();
    Reply::text("I am not sure what you mean. Is it one of these?").with_quick(&labels)
}

/// A question that stands for an intent, as a button says it.
fn asks(intent: Intent) -> Option<&'static str> {
    Some(match intent {
        Intent::Balance => "What’s my balance?",
        Intent::Transactions => "Last transactions",
        Intent::Spending => "What did I spend this month?",
        Intent::WhereShopped => "Where did I shop?",
        Intent::WhoLooked => "Who looked at my data?",
        Intent::Receipts => "Receipts for this",
        Intent::Stop => "Stop",
        Intent::Erase => "Erase my data",
        Intent::Export => "Export my data",
        Intent::Pause => "Pause",
        Intent::Resume => "Continue",
        Intent::Change => "Change what I share",
        Intent::MyConsents => "What do I share?",
        Intent::Privacy => "My privacy",
        Intent::Link => "Link my bank",
        Intent::Help => "What can you do?",
        Intent::Person => "Talk to a person",
        Intent::Greeting | Intent::Thanks | Intent::Yes | Intent::No => return None,
    })
}

fn not_understood(turn: &Turn) -> Reply {
    let text = "I did not understand that. I am a program, and I can do these things:".to_owned();
    Reply { blocks: vec![Block::Text { text }, can(turn)], ..Reply::default() }.with_quick(&[
        "What’s my balance?",
        "Last transactions",
        "Who looked at my data?",
    ])
}

fn help(turn: &Turn) -> Reply {
    let text = format!("I am a program of {}. In this chat I can:", turn.tenant.name);
    Reply { blocks: vec![Block::Text { text }, can(turn)], ..Reply::default() }.with_quick(&[
        "What’s my balance?",
        "Last transactions",
        "Who looked at my data?",
    ])
}

fn can(turn: &Turn) -> Block {
    Block::Text {
        text: turn.tenant.can.iter().map(|line| format!("• {line}")).collect::<Vec<_>>().join("\n"),
    }
}

fn greeting(turn: &Turn) -> Reply {
    let text = format!("Hello. I am a program of {}. What would you like to know?", turn.tenant.name);
    Reply::text(text).with_quick(&["What’s my balance?", "Last transactions", "What can you do?"])
}

fn person(turn: &Turn) -> Reply {
    let text = format!(
        "I am a program, and I cannot bring a person into this chat yet. Please call {} with the number on \
         the back of your card.",
        turn.tenant.name
    );
    Reply::text(text)
}

fn nothing_asked(turn: &Turn) -> Reply {
    let _ = turn;
    Reply::text("I did not ask anything just now. What would you like to know?")
        .with_quick(&["What’s my balance?", "What can you do?"])
}

/// What went wrong, in words, with what happens next.
fn in_words(turn: &Turn, fault: TurnFault) -> Reply {
    use banks::BankFault as B;
    let bank = &turn.tenant.name;
    let (text, again) = match fault {
        TurnFault::Bank(B::Unreachable { attempts, .. }) => (
            format!(
                "{bank} did not answer. I tried {} to reach it. Please ask again in a few minutes.",
                times(attempts)
            ),
            true,
        ),
        TurnFault::Bank(B::TimedOut { .. }) => (
            format!(
                "{bank} took too long to answer, so I stopped waiting. Please ask again in a few minutes."
            ),
            true,
        ),
        TurnFault::Bank(B::TooMany { .. }) => (
            format!("{bank} is answering too many questions at the moment. Please ask again in a minute."),
            true,
        ),
        TurnFault::Bank(B::CircuitOpen { .. }) => (
            format!(
                "{bank} has not been answering, so I am giving it a short rest. Please ask again in a minute."
            ),
            true,
        ),
        TurnFault::Bank(B::Failing { attempts, .. }) => {
            let tried = times(attempts);
            (
                format!(
                    "{bank} has a fault of its own just now. I tried {tried}. Please ask again in a few minutes."
                ),
                true,
            )
        }
        TurnFault::Bank(fault) if fault.is_passing() => {
            (format!("{bank} cannot answer just now. Please ask again in a minute."), true)
        }
        TurnFault::Bank(_) | TurnFault::Onboarding(_) => (
            format!(
                "{bank} gave an answer that I cannot use. Nothing was shown and nothing was changed. Please try again later."
            ),
            true,
        ),
        TurnFault::NoGrant(_) | TurnFault::Unreadable(_) => {
            (format!("This chat has lost its link to {bank}. Write “link” to set it up again."), false)
        }
        TurnFault::Store(_)
        | TurnFault::NotThisDecision(_)
        | TurnFault::WrongPermit(_)
        | TurnFault::NotOnThePage(_) => {
            ("Something went wrong on our side. Nothing was shown. Please ask again.".to_owned(), true)
        }
    };
    let reply = Reply { blocks: vec![Block::Care { text }], ..Reply::default() };
    if again { reply } else { reply.with_quick(&["Link my bank"]) }
}

fn times(attempts: u32) -> String {
    match attempts {
        0 | 1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}
