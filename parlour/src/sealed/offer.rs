//! Making a link: the question is kept, the conversation gets words and an address.

use super::{LASTS, Question, Skill};
use crate::{
    asking::{Turn, TurnFault},
    linking::hash,
    reply::{Block, Reply, SealedLink},
    rim,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{ConsentId, SealedLinkId};
use jiff::SignedDuration;
use store::{
    DbError, browsers,
    sealed_links::{self, NewSealedLink},
};
use understanding::Entities;

/// What stands on the button that leads to the page.
const BUTTON: &str = "Open the page";

/// The reply for an answer that belongs on a page of its own. Nothing was read for it.
pub async fn offer(
    turn: &Turn,
    skill: Skill,
    about: &Entities,
    consent: Option<ConsentId>,
) -> Result<Reply, TurnFault> {
    offer_question(turn, Question::new(skill, about), consent).await
}

/// The same for a question with all its details.
pub async fn offer_question(
    turn: &Turn,
    question: Question,
    consent: Option<ConsentId>,
) -> Result<Reply, TurnFault> {
    let (link, reply) = page_of(turn, question, consent, LASTS);
    turn.app.store.transact(move |tx| -> Result<_, DbError> { sealed_links::insert(tx, &link) }).await?;
    Ok(reply)
}

/// A page for a question, to be stored, and the message that leads to it.
pub fn page_of(
    turn: &Turn,
    question: Question,
    consent: Option<ConsentId>,
    lasts: SignedDuration,
) -> (NewSealedLink, Reply) {
    let token = format!("{}.{}", turn.tenant.id, B64.encode(rim::random::<32>()));
    let until = turn.now + lasts;
    let skill = question.skill;
    let link = NewSealedLink {
        id: SealedLinkId::new(rim::uuid(turn.now)),
        bank: turn.conversation.bank.clone(),
        customer: turn.conversation.customer.clone(),
        conversation: turn.conversation.id.clone(),
        consent,
        token_hash: hash(&token),
        question: serde_json::to_vec(&question).expect("a question is plain data"),
        now: turn.now,
        expires_at: until,
    };
    let public = &turn.app.settings.public_url;
    let href = public.join(&format!("sealed/{token}")).map_or_else(|_| String::new(), String::from);
    let shown = SealedLink { text: skill.ready().to_owned(), button: BUTTON.to_owned(), href, until };
    (link, Reply { blocks: vec![Block::SealedLink(shown)], ..Reply::default() })
}

/// The same for what we ourselves wrote down about a person: who looked, and receipts. It is not bank data and
/// needs no consent in force: whoever stopped may still see it, in the browser that was known for the newest
/// consent.
pub async fn offer_own(turn: &Turn, skill: Skill) -> Result<Reply, TurnFault> {
    let of = turn.conversation.clone();
    let known = turn.app.store.read(move |tx| -> Result<_, DbError> {
        browsers::newest_consent(tx, &of.bank, &of.customer, &of.id)
    });
    offer(turn, skill, &Entities::default(), known.await?).await
}
