//! What is said without looking at anybody's data: greetings, what can be done here, what was not understood.

use crate::{
    asking::{Turn, TurnFault},
    cards,
    help::PERSON,
    meaning,
    memory::Asked,
    orders,
    reply::{Block, Reply},
    when,
};
use domain::ConsentState;
use std::collections::BTreeSet;
use store::consents;
use understanding::{Entities, Intent, Tracking};

/// Somebody typed a secret. It was removed before it was stored; say so, and do nothing else.
pub(super) fn take_care(removed: &[String]) -> Reply {
    let what = removed.join(" and ");
    let text = format!(
        "Your message had a {what} in it. I removed it before anything was stored. Please never type \
         passwords, full card numbers or codes here. Nobody at the bank asks for them in a chat. Write your \
         question again without it."
    );
    Reply { blocks: vec![Block::Care { text }], ..Reply::default() }
}

pub(super) fn which(turn: &Turn, mut between: Vec<Intent>, about: Entities) -> Reply {
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
pub(super) fn asks(intent: Intent) -> Option<&'static str> {
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
pub(super) fn parcel(tracking: &Tracking) -> Reply {
    let (number, carrier) = (&tracking.number, tracking.carrier.name());
    let text = format!(
        "{number} is the number of a parcel. I cannot follow parcels in this chat. Its carrier can: {carrier}."
    );
    Reply::text(text).with_quick(&["Last transactions", "What can you do?"])
}

/// A parcel without its number.
pub(super) fn no_parcels() -> Reply {
    let text = "I cannot follow parcels in this chat. The shop or its carrier can: look for the number of the parcel in what they \
                wrote you.";
    Reply::text(text).with_quick(&["Last transactions", "What can you do?"])
}

/// What was understood and is not done here.
pub(super) fn not_here(turn: &Turn, matter: &str) -> Reply {
    let bank = &turn.tenant.name;
    let text =
        format!("I cannot {matter} in this chat. {bank} can: on its own site, or a person there helps you.");
    let first: &[&str] = if matter == meaning::NOT_YOURS { &["Freeze my card"] } else { &[] };
    Reply::text(text).with_quick(first).with_quick(&[PERSON, "What can you do?"])
}

pub(super) fn not_understood(turn: &Turn) -> Reply {
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
pub(super) fn only_english(turn: &Turn, tag: &str) -> Option<Reply> {
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

pub(super) fn can_do(turn: &Turn) -> Reply {
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
pub(super) async fn standing(turn: &Turn) -> Result<Reply, TurnFault> {
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

pub(super) fn is_goodbye(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["bye", "goodbye", "cya", "later", "farewell", "byebye", "ciao", "cheerio", "goodnight", "soon"];
    text.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

pub(super) fn greeting(turn: &Turn) -> Reply {
    let text = format!("Hello. I am a program of {}. What would you like to know?", turn.tenant.name);
    Reply::text(text).with_quick(&["What’s my balance?", "Last transactions", "What can you do?"])
}

pub(super) fn nothing_asked() -> Reply {
    Reply::text("I did not ask anything just now. What would you like to know?")
        .with_quick(&["What’s my balance?", "What can you do?"])
}

/// "Cancel" a little after a question that the talk has left: hardly meant for the sharing.
pub(super) fn nothing_to_call_off() -> Reply {
    let text = "I ask nothing just now, so there is nothing to cancel. To end the sharing, write “stop”.";
    Reply::text(text).with_quick(&["Stop", "What can you do?"])
}

/// A yes to nothing, or to a question that wants more than a yes.
pub(super) fn not_a_yes(turn: &Turn) -> Reply {
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
pub(super) fn sorry(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let text = format!(
        "I am sorry that this does not go well. I am a program, and I often do not understand. A person of {bank} can help \
         you, and you can stop here at any time by writing “stop”."
    );
    Reply::text(text).with_quick(&[PERSON, "What can you do?"])
}
