//! Questions of the chat for something that is missing, and what was said to them.

use crate::{
    asking::{Turn, TurnFault},
    limits,
    memory::{Asked, Slot},
    names, orders,
    reply::Reply,
    statements, travel,
};
use understanding::{Ahead, Understood};

/// If the chat has just asked for something that is missing, answers to what was said; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    let Some(Asked::Slot(slot)) = turn.memory.asked() else { return Ok(None) };
    if orders::says_no(text, understood) {
        return Ok(Some(orders::left()));
    }
    match slot {
        Slot::Limit { last4 } => limits::fill(turn, last4, text).await,
        Slot::Travel { countries, from, until } => {
            Ok(travel::fill(turn, countries, Ahead { from: *from, until: *until }, text))
        }
        Slot::Notice { notices } => Ok(travel::chosen(turn, notices, text)),
        Slot::NameWhich { accounts, name } => Ok(names::chosen(turn, accounts, name.as_deref(), text)),
        Slot::Name { account } => Ok(names::fill(turn, account, text, understood)),
        Slot::Statement { statements } => statements::chosen(turn, statements, text).await,
    }
}
