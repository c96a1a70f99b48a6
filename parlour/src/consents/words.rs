//! Consents in the words of the chat: "pause", "continue", "what do I share?".

use super::Outcome;
use crate::{
    asking::{Turn, TurnFault},
    linking::offer::{count, shared},
    notice,
    reply::Reply,
    when,
};
use domain::{Consent, ConsentState, How};

async fn open(turn: &Turn) -> Result<Option<Consent>, TurnFault> {
    let of = &turn.conversation;
    let open = super::open_in(&turn.app, &of.bank, &of.customer, &of.id).await?;
    Ok(open.filter(|consent| turn.now < consent.expires_at))
}

fn nothing_linked(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    Reply::text(format!("This chat is not linked to {bank}. Nothing is shared."))
        .with_quick(&["Link my bank", "Who looked at my data?"])
}

/// "Pause": nothing is read until "continue".
pub async fn pause(turn: &Turn) -> Result<Reply, TurnFault> {
    let Some(consent) = open(turn).await? else { return Ok(nothing_linked(turn)) };
    if consent.state == ConsentState::Paused {
        return Ok(paused(turn, &consent, "The sharing is paused already."));
    }
    let outcome = super::pause(&turn.app, &consent.bank, &consent.customer, &consent.id, How::Chat).await?;
    match outcome {
        Outcome::Done(consent, _) => Ok(paused(turn, &consent, "Paused.")),
        Outcome::NotIn(_) | Outcome::Unknown => Ok(nothing_linked(turn)),
    }
}

fn paused(turn: &Turn, consent: &Consent, begin: &str) -> Reply {
    let until = when::long_day(consent.expires_at, &turn.tenant.zone);
    let text = format!(
        "{begin} I read nothing of yours at {} until you write “continue”. Only you can end the pause. The sharing \
         still ends by itself on {until}.",
        turn.tenant.name
    );
    Reply::text(text).with_quick(&["Continue", "Stop", "Who looked at my data?"])
}

/// "Continue": ends a pause.
pub async fn resume(turn: &Turn) -> Result<Reply, TurnFault> {
    let Some(consent) = open(turn).await? else { return Ok(nothing_linked(turn)) };
    if consent.state == ConsentState::Given {
        let text = "Nothing is paused. What would you like to know?";
        return Ok(Reply::text(text).with_quick(&["What’s my balance?", "Last transactions"]));
    }
    let outcome = super::resume(&turn.app, &consent.bank, &consent.customer, &consent.id, How::Chat).await?;
    match outcome {
        Outcome::Done(consent, _) => {
            let until = when::long_day(consent.expires_at, &turn.tenant.zone);
            let text = format!("The pause is over. You share as before, until {until}.");
            Ok(Reply::text(text).with_quick(&["What’s my balance?", "Last transactions", "Stop"]))
        }
        Outcome::NotIn(_) | Outcome::Unknown => Ok(nothing_linked(turn)),
    }
}

/// "What do I share?": the consent in force, and what became of earlier ones.
pub async fn tell(turn: &Turn) -> Result<Reply, TurnFault> {
    let of = &turn.conversation;
    let all = super::list(&turn.app, &of.bank, &of.customer).await?;
    let in_force = |consent: &&Consent| {
        matches!(consent.state, ConsentState::Given | ConsentState::Paused) && turn.now < consent.expires_at
    };
    let ended = all
        .iter()
        .filter(|c| c.state.is_final() && c.state != ConsentState::Refused && !c.accounts.is_empty())
        .count();
    let earlier = match ended {
        0 => String::new(),
        _ if turn.channel.is_foreign() => String::new(),
        n => format!(" Before that, you gave {}, and it has ended.", count(n, "consent"))
            .replace("consents, and it has", "consents, and they have"),
    };
    let Some(consent) = all.iter().find(in_force) else {
        let mut reply = nothing_linked(turn);
        if ended > 0 && !turn.channel.is_foreign() {
            reply
                .blocks
                .extend(Reply::text(format!("{} you gave earlier ended.", count(ended, "consent"))).blocks);
        }
        return Ok(reply);
    };
    let what = notice::list(&consent.data_classes.iter().map(|c| c.in_words()).collect::<Vec<_>>());
    let why = notice::list(&consent.purposes.iter().map(|p| p.in_words()).collect::<Vec<_>>());
    let until = when::long_day(consent.expires_at, &turn.tenant.zone);
    let begin = if consent.state == ConsentState::Paused { "Paused. When you continue, you" } else { "You" };
    let text = format!(
        "{begin} share with this chat: {what}, of {}, {why}, until {until}. Nobody else gets it.{earlier}",
        shared(turn.channel, consent.accounts.len())
    );
    let first = if consent.state == ConsentState::Paused { "Continue" } else { "Pause" };
    Ok(Reply::text(text).with_quick(&[
        "Change what I share",
        first,
        "Stop",
        "Who looked at my data?",
        "My privacy",
    ]))
}
