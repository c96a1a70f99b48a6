//! One turn: from what a person wrote to what the bank's side says.

use crate::{
    accesses, alerts,
    app::App,
    asking::{Shown, Turn, TurnFault},
    balances, cards, category,
    consents::words as consent_words,
    contact, erasure, export,
    help::{self, PERSON},
    limits, linking,
    meaning::{self, Meaning},
    memory::{self, Asked, CardWish, Memory},
    names, orders, picture, places, privacy, receipts,
    reply::{Block, Reply},
    room::Words,
    schedules::{self, List},
    sealed, slots, spending, statements, take_along, travel, watches, when, withdrawal,
};
use domain::ConsentState;
use std::{collections::BTreeSet, sync::Arc};
use store::{consents, messages::Claimed};
use understanding::{Decision, Entities, Intent, Measure, Request, Topic, Tracking, Understood, wishes};

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
        return take_care(&removed).into();
    }
    match act(&turn, &text).await {
        Ok((reply, heard)) => Answer { memory: Some(remembered(&turn, &reply, heard)), reply },
        Err(fault) => {
            let (bank, conversation) = (&turn.tenant.id, &turn.conversation.id);
            tracing::warn!(%bank, %conversation, %fault, "a question could not be answered");
            in_words(&turn, fault).into()
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
    let requests = understanding::requests(text, &about);
    if !requests.is_empty() {
        return several(turn, requests).await;
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
        return Ok((parcel(&tracking), Heard::Aside));
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
            Ok((no_parcels(), Heard::Aside))
        }
        Meaning::Which(between) if between.iter().copied().all(watches::is_about) => {
            let stops = between.contains(&Intent::WatchStop);
            let intent = if stops { Intent::WatchStop } else { Intent::Watch };
            Ok((watches::said(turn, intent, text).await?, Heard::Aside))
        }
        Meaning::Which(between) => Ok((which(turn, between, understood.entities), Heard::Missed)),
        Meaning::Page(page) => Ok((help::tell(turn, page), Heard::Aside)),
        Meaning::NotHere(matter) => Ok((not_here(turn, matter), Heard::Aside)),
        Meaning::Angry => Ok((sorry(turn), Heard::Aside)),
        Meaning::Nothing => match understood.language.as_deref().and_then(|tag| only_english(turn, tag)) {
            Some(reply) => Ok((reply, Heard::Missed)),
            None => Ok((not_understood(turn), Heard::Missed)),
        },
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

async fn serve(turn: &Turn, intent: Intent, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    match intent {
        Intent::Balance => balances::tell(turn, about, text).await,
        Intent::Transactions | Intent::WhereShopped if about.measure == Some(Measure::ByShop) => {
            spending::total(turn, about).await
        }
        Intent::Transactions => spending::list(turn, about, 0).await,
        Intent::Spending if about.measure == Some(Measure::Largest) => spending::list(turn, about, 0).await,
        Intent::Spending => spending::total(turn, about).await,
        Intent::Picture => picture::tell(turn, about).await,
        Intent::Compare => picture::compare(turn, about).await,
        Intent::CardFreeze => cards::begin(turn, CardWish::Freeze, about, text).await,
        Intent::CardUnfreeze => cards::begin(turn, CardWish::Unfreeze, about, text).await,
        Intent::CardLost => cards::begin(turn, CardWish::ReportLost, about, text).await,
        Intent::CardStolen => cards::begin(turn, CardWish::ReportStolen, about, text).await,
        Intent::CardLimits => limits::begin(turn, about, text).await,
        Intent::Travel => travel::begin(turn, text).await,
        Intent::Nickname => names::begin(turn, about, text).await,
        Intent::Statements => statements::tell(turn, about).await,
        Intent::Schedules => schedules::tell(turn, List::StandingOrders).await,
        Intent::Subscriptions => schedules::tell(turn, List::Subscriptions).await,
        Intent::Contact => contact::begin(turn, text).await,
        Intent::Watch | Intent::Watches | Intent::WatchStop => watches::said(turn, intent, "").await,
        Intent::TakeAlong => take_along::tell(turn, about).await,
        Intent::Deeds => orders::tell(turn).await,
        Intent::Undo => orders::undo(turn).await,
        Intent::WhereShopped => places::tell(turn, about).await,
        Intent::WhoLooked => accesses::tell(turn).await,
        Intent::Receipts => receipts::tell(turn).await,
        Intent::Stop => withdrawal::withdraw(turn).await,
        Intent::Erase => Ok(erasure::chat::question(turn).await?.asking(Asked::Erase)),
        Intent::Export => Ok(export::tell(turn)),
        Intent::Pause => consent_words::pause(turn).await,
        Intent::Resume => consent_words::resume(turn).await,
        Intent::Change => linking::offer_change(turn).await,
        Intent::MyConsents => consent_words::tell(turn).await,
        Intent::Privacy => Ok(privacy::tell(turn)),
        Intent::Link => linking::offer_or_say_linked(turn).await,
        Intent::Hours => Ok(help::opening_hours(turn)),
        Intent::Standing => standing(turn).await,
        Intent::Help => Ok(can_do(turn)),
        Intent::Greeting if is_goodbye(text) => Ok(Reply::text("Goodbye.")),
        Intent::Greeting => Ok(greeting(turn)),
        Intent::Thanks => Ok(Reply::text("You are welcome.")),
        Intent::Person => Ok(help::person(turn)),
        Intent::Yes => Ok(not_a_yes(turn)),
        Intent::No => Ok(nothing_asked()),
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

fn which(turn: &Turn, mut between: Vec<Intent>, about: Entities) -> Reply {
    let mut offered = BTreeSet::new();
    between.retain(|intent| asks(*intent).is_some() && offered.insert(*intent));
    // A choice of nothing but a person is no choice.
    if between.iter().all(|intent| *intent == Intent::Person) {
        return not_understood(turn);
    }
    let mut labels: Vec<&str> = between.iter().filter_map(|intent| asks(*intent)).collect();
    if turn.memory.is_enough() && !labels.contains(&PERSON) {
        labels.push(PERSON);
    }
    let reply = Reply::text("I am not sure what you mean. Is it one of these?").with_quick(&labels);
    reply.asking(Asked::Which { between, about })
}

/// A question that stands for an intent, as a button says it.
fn asks(intent: Intent) -> Option<&'static str> {
    Some(match intent {
        Intent::Balance => "What’s my balance?",
        Intent::Transactions => "Last transactions",
        Intent::Spending => "What did I spend this month?",
        Intent::Picture => "How do I spend my money?",
        Intent::Compare => "Did I spend more than last month?",
        Intent::CardFreeze => "Freeze my card",
        Intent::CardUnfreeze => "Unfreeze my card",
        Intent::CardLost => "My card is lost",
        Intent::CardStolen => "My card was stolen",
        Intent::CardLimits => "What are my card limits?",
        Intent::Travel => "I am travelling",
        Intent::Nickname => "Rename an account",
        Intent::Statements => "My statements",
        Intent::Schedules => "My standing orders",
        Intent::Subscriptions => "My subscriptions",
        Intent::Contact => "How you contact me",
        Intent::Watch => "Set an alert",
        Intent::Watches => "My alerts",
        Intent::WatchStop => "Stop an alert",
        Intent::TakeAlong => "Payments as a CSV file",
        Intent::Deeds => "What did you change?",
        Intent::Undo => "Undo that",
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
        Intent::Hours => "When are you open?",
        Intent::Standing => "Am I linked?",
        Intent::Help => "What can you do?",
        Intent::Person => PERSON,
        Intent::Greeting | Intent::Thanks | Intent::Yes | Intent::No => return None,
    })
}

/// The number of a parcel says who carries it, and nothing here follows it.
fn parcel(tracking: &Tracking) -> Reply {
    let (number, carrier) = (&tracking.number, tracking.carrier.name());
    let text = format!(
        "{number} is the number of a parcel. I cannot follow parcels in this chat. Its carrier can: {carrier}."
    );
    Reply::text(text).with_quick(&["Last transactions", "What can you do?"])
}

/// A parcel without its number.
fn no_parcels() -> Reply {
    let text = "I cannot follow parcels in this chat. The shop or its carrier can: look for the number of the parcel in what they \
                wrote you.";
    Reply::text(text).with_quick(&["Last transactions", "What can you do?"])
}

/// What was understood and is not done here.
fn not_here(turn: &Turn, matter: &str) -> Reply {
    let bank = &turn.tenant.name;
    let text =
        format!("I cannot {matter} in this chat. {bank} can: on its own site, or a person there helps you.");
    let first: &[&str] = if matter == meaning::NOT_YOURS { &["Freeze my card"] } else { &[] };
    Reply::text(text).with_quick(first).with_quick(&[PERSON, "What can you do?"])
}

fn not_understood(turn: &Turn) -> Reply {
    if turn.memory.is_enough() {
        let text = "I did not understand that either, and I do not want to waste your time. A person can help you, or you \
                    can try other words.";
        return Reply::text(text).with_quick(&[PERSON, "What can you do?"]);
    }
    let text = "I did not understand that. I am a program, and I can do these things:".to_owned();
    Reply { blocks: vec![Block::Text { text }, can(turn)], ..Reply::default() }.with_quick(&[
        "What’s my balance?",
        "Last transactions",
        "Who looked at my data?",
    ])
}

/// That only English is understood, in the language of who wrote something else; none if nobody here can say so.
fn only_english(turn: &Turn, tag: &str) -> Option<Reply> {
    let bank = &turn.tenant.name;
    let text = match tag {
        "de" => format!(
            "Ich bin ein Programm von {bank} und verstehe bisher nur Englisch. Ein Mensch bei der Bank hilft Ihnen."
        ),
        "es" => format!(
            "Soy un programa de {bank} y por ahora solo entiendo inglés. Una persona del banco puede ayudarle."
        ),
        "fr" => format!(
            "Je suis un programme de {bank} et je ne comprends pour l’instant que l’anglais. Une personne de la banque peut vous aider."
        ),
        "it" => format!(
            "Sono un programma di {bank} e per ora capisco solo l’inglese. Una persona della banca può aiutarla."
        ),
        "nl" => format!(
            "Ik ben een programma van {bank} en begrijp voorlopig alleen Engels. Een medewerker van de bank kan u helpen."
        ),
        "pt" => format!(
            "Sou um programa de {bank} e por enquanto só entendo inglês. Uma pessoa do banco pode ajudar."
        ),
        _ => return None,
    };
    Some(Reply::text(text).with_quick(&[PERSON, "What’s my balance?", "What can you do?"]))
}

fn can_do(turn: &Turn) -> Reply {
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

/// "Am I linked?"
async fn standing(turn: &Turn) -> Result<Reply, TurnFault> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let consent =
        turn.app.store.read(move |tx| consents::current(tx, &of.bank, &of.customer, &of.id)).await?;
    let bank = &turn.tenant.name;
    Ok(match consent {
        Some(consent) if consent.holds(now) => {
            let until = when::long_day(consent.expires_at, &turn.tenant.zone);
            let accounts = match consent.accounts.len() {
                1 => "1 account".to_owned(),
                n => format!("{n} accounts"),
            };
            let text = format!("Yes. This chat is linked to {bank} until {until}, with {accounts}.");
            Reply::text(text).with_quick(&["What do I share?", "Stop"])
        }
        Some(consent) if consent.state == ConsentState::Paused && now < consent.expires_at => {
            let text = format!(
                "This chat is linked to {bank}, but you have paused it. Nothing is read until you continue."
            );
            Reply::text(text).with_quick(&["Continue", "Stop"])
        }
        _ => Reply::text(format!("No. This chat is not linked to {bank}, and nothing can be read."))
            .with_quick(&["Link my bank"]),
    })
}

fn is_goodbye(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["bye", "goodbye", "cya", "later", "farewell", "byebye", "ciao", "cheerio", "goodnight", "soon"];
    text.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

fn greeting(turn: &Turn) -> Reply {
    let text = format!("Hello. I am a program of {}. What would you like to know?", turn.tenant.name);
    Reply::text(text).with_quick(&["What’s my balance?", "Last transactions", "What can you do?"])
}

fn nothing_asked() -> Reply {
    Reply::text("I did not ask anything just now. What would you like to know?")
        .with_quick(&["What’s my balance?", "What can you do?"])
}

/// A yes to nothing, or to a question that wants more than a yes.
fn not_a_yes(turn: &Turn) -> Reply {
    match turn.memory.asked() {
        None => nothing_asked(),
        Some(Asked::Card { wish, cards }) => cards::which(wish.clone(), cards.clone()),
        Some(Asked::Which { between, about }) => which(turn, between.clone(), about.clone()),
        Some(asked) => Reply::text("A yes alone does not tell me enough. Please write what I asked for.")
            .with_quick(&[orders::NO])
            .asking(asked.clone()),
    }
}

/// Somebody is angry. Nothing is said back, and a way out is shown.
fn sorry(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let text = format!(
        "I am sorry that this does not go well. I am a program, and I often do not understand. A person of {bank} can help \
         you, and you can stop here at any time by writing “stop”."
    );
    Reply::text(text).with_quick(&[PERSON, "What can you do?"])
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
