//! The conversation's part in opening a page in an unknown browser: the three words open it, a no closes it.

use super::{TRIES, words};
use crate::{
    asking::{Turn, TurnFault},
    reply::Reply,
};
use store::{
    DbError,
    sealed_links::{self, SealedLink},
};
use understanding::{Decision, Intent, Understood};

/// What three words did.
enum Said {
    Right,
    Wrong,
}

async fn waiting(turn: &Turn) -> Result<Option<SealedLink>, DbError> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let link = turn.app.store.read(move |tx| sealed_links::waiting(tx, &of.bank, &of.customer, &of.id, now));
    link.await
}

/// If a page waits for its three words and this message is three words: lets the browser open it, if they
/// are the ones that stand there.
pub async fn answer_if_words(turn: &Turn, text: &str) -> Result<Option<Reply>, TurnFault> {
    let Some(written) = words::written(text) else { return Ok(None) };
    let Some(link) = waiting(turn).await? else { return Ok(None) };
    let now = turn.now;
    let said = turn.app.store.transact(move |tx| -> Result<Said, DbError> {
        let stand = link.browser.map(|browser| words::of(&link.token_hash, &browser));
        if stand == Some(written) && sealed_links::confirm(tx, &link, now)? {
            return Ok(Said::Right);
        }
        sealed_links::refuse(tx, &link, TRIES, now)?;
        Ok(Said::Wrong)
    });
    Ok(Some(match said.await? {
        Said::Right => Reply::text("Thank you. Go back to that page now and press the button again."),
        Said::Wrong => {
            tracing::warn!(bank = %turn.tenant.id, conversation = %turn.conversation.id, "wrong words for a sealed page");
            Reply::text(
                "Those are not the words on that page. Look again and write all three, in their order. If you \
                 have no such page open, write “no”.",
            )
        }
    }))
}

/// If a page waits for its three words and this message is a no: closes it.
pub async fn answer_if_no(turn: &Turn, understood: &Understood) -> Result<Option<Reply>, TurnFault> {
    if understood.decision != Decision::Act(Intent::No) {
        return Ok(None);
    }
    let Some(link) = waiting(turn).await? else { return Ok(None) };
    let now = turn.now;
    turn.app.store.transact(move |tx| -> Result<_, DbError> { sealed_links::close(tx, &link, now) }).await?;
    tracing::warn!(bank = %turn.tenant.id, conversation = %turn.conversation.id, "a sealed page was refused by its customer");
    Ok(Some(Reply::text(
        "Good that you told me. That page stays closed, and nothing was shown on it. If you want to see it \
         yourself, ask me again.",
    )))
}
