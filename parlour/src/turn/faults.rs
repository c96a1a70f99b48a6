//! What is said when a turn could not be answered.

use crate::{
    asking::{Turn, TurnFault},
    reply::{Block, Reply},
};

/// What went wrong, in words, with what happens next.
pub(super) fn in_words(turn: &Turn, fault: TurnFault) -> Reply {
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
