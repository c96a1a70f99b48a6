//! "Erase my data" in the chat: a question, since it cannot be undone; and only the yes to it erases.

use super::{ask, receipt};
use crate::{
    asking::{Turn, TurnFault},
    memory::Asked,
    orders,
    reply::{Block, Reply},
};
use domain::erasure::AskedBy;
use store::{DbError, holds};
use understanding::{Decision, Intent, Understood};

/// What the button of the yes says.
const YES: &str = "Yes, erase everything";

/// Asks whether to erase.
pub async fn question(turn: &Turn) -> Result<Reply, TurnFault> {
    let bank = &turn.tenant.name;
    let mut text = format!(
        "I can erase everything that I keep of you at {bank}: what was said here, what you agreed to, who looked, and \
         the link to your bank. The sharing ends, and this conversation ends. What you have at the bank itself stays \
         with the bank. This cannot be undone; write “export my data” first if you want a copy."
    );
    for held in held(turn).await? {
        text.push_str(&format!("\n{held}"));
    }
    text.push_str("\nShall I erase everything now?");
    Ok(Reply::text(text).with_quick(&[YES, "No, keep it", "Export my data"]))
}

/// What holds will keep, each in a sentence.
async fn held(turn: &Turn) -> Result<Vec<String>, DbError> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let found = turn.app.store.read(move |tx| holds::active(tx, &of.bank, &of.customer, now)).await?;
    let sentence = |hold: holds::Hold| {
        let what: Vec<&str> = hold.keeps.iter().map(|keep| keep.in_words()).collect();
        let what = crate::notice::list(&what);
        let why = hold.kind.in_words();
        match hold.until {
            Some(until) => {
                let until = crate::when::long_day(until, &turn.tenant.zone);
                format!(
                    "This has to stay until {until}, because {why}: {what}. After that it is erased by itself."
                )
            }
            None => format!(
                "This has to stay for now, because {why}: {what}. It is erased by itself when that has ended."
            ),
        }
    };
    Ok(found.into_iter().map(sentence).collect())
}

/// If the chat has just asked whether to erase, answers to what was said; otherwise none. Whatever it was, the
/// question is over with it.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    if turn.memory.asked() != Some(&Asked::Erase) {
        return Ok(None);
    }
    match understood.decision {
        Decision::Act(Intent::Yes | Intent::Erase) => erase(turn).await.map(Some),
        _ if orders::says_no(text, understood) => Ok(Some(
            Reply::text("Nothing was erased.").with_quick(&["What’s my balance?", "Who looked at my data?"]),
        )),
        _ => Ok(None),
    }
}

/// Yes. The answer says where the receipt will be, before the key goes.
async fn erase(turn: &Turn) -> Result<Reply, TurnFault> {
    let (bank, customer) = (&turn.conversation.bank, &turn.conversation.customer);
    if let Err(fault) = ask(&turn.app, bank, customer, AskedBy::Customer).await {
        tracing::error!(%bank, %fault, "an erasure could not be begun");
        return Ok(Reply::text(
            "I could not begin just now, so nothing is erased yet. Please write “erase my data” again in a minute.",
        ));
    }
    let app = &turn.app;
    let (path, stands) = match turn.channel.is_foreign() {
        true => (receipt::door(app, bank, customer), "behind this door"),
        false => (receipt::path(app, bank, customer), "here"),
    };
    let begun = "I am erasing everything now, and this conversation ends.".to_owned();
    let door = Block::Door {
        text: format!("Your receipt, which says what went, what stays and why, is {stands} for 90 days."),
        href: receipt::address(app, &path),
        label: "Open the receipt".to_owned(),
    };
    Ok(Reply { blocks: vec![Block::Text { text: begun }, door], ..Reply::default() })
}
