//! Somebody who is signed in: which conversations are theirs, and which of them they see.

use super::{IDLE, LASTS};
use crate::{app::App, linking::hash, session::Session, tenant::Tenant};
use domain::ConversationId;
use jiff::{SignedDuration, Timestamp};
use store::{DbError, conversations::Conversation, sign_ins, subjects};

/// How often it is noted that a sign-in is used. Less than a fifteenth of what may pass without use.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their fingerprint.
    pub subject: [u8; 32],
    /// What the store finds the sign-in by.
    pub hash: [u8; 32],
    /// Their conversations with the bank, the newest link first. At least one.
    pub conversations: Vec<Conversation>,
    /// The one that they see: the one that they chose, or the only one.
    pub chosen: Option<Conversation>,
    /// When the sign-in ends, however it is used.
    pub until: Timestamp,
}

impl Person {
    /// The session with which they see a conversation's record. It opens no chat: no cookie holds it.
    pub fn session(&self) -> Option<Session> {
        let of = self.chosen.as_ref()?;
        Some(Session {
            bank: of.bank.clone(),
            customer: of.customer.clone(),
            conversation: of.id.clone(),
            hash: self.hash,
            expires_at: self.until,
        })
    }
}

/// Who holds this token, if their sign-in is not over and anything here is theirs. Looked up each time, so that it can
/// be ended.
pub async fn find(app: &App, tenant: &Tenant, token: &str) -> Result<Option<Person>, DbError> {
    let (bank, hashed, now) = (tenant.id.clone(), hash(token), app.clock.now());
    let read = app.store.read(move |tx| -> Result<_, DbError> {
        let Some(found) = sign_ins::find(tx, &hashed, &bank, IDLE, now)? else { return Ok(None) };
        let conversations = subjects::conversations(tx, &bank, &found.subject)?;
        Ok(Some((found, conversations)))
    });
    let Some((found, mut conversations)) = read.await? else { return Ok(None) };
    conversations.retain(|of| !app.erasures.forgotten.contains(&of.bank, &of.customer));
    if conversations.is_empty() {
        return Ok(None);
    }
    if now >= found.seen_at + SEEN_EVERY {
        app.store.transact(move |tx| sign_ins::seen(tx, &hashed, now)).await?;
    }
    let chosen = match &found.customer {
        Some(customer) => conversations.iter().find(|of| of.customer == *customer).cloned(),
        None if conversations.len() == 1 => conversations.first().cloned(),
        None => None,
    };
    let until = found.expires_at.min(found.made_at + LASTS);
    Ok(Some(Person { subject: found.subject, hash: hashed, conversations, chosen, until }))
}

/// They choose which of their conversations to see. False if it is not theirs.
pub async fn choose(app: &App, person: &Person, id: &ConversationId) -> Result<bool, DbError> {
    let Some(of) = person.conversations.iter().find(|of| of.id == *id).cloned() else { return Ok(false) };
    let (hash, now) = (person.hash, app.clock.now());
    app.store.transact(move |tx| sign_ins::choose(tx, &hash, &of.bank, &of.customer, now)).await
}

/// Ends a sign-in: what the browser holds is worth nothing from here on.
pub async fn sign_out(app: &App, token: &str) -> Result<(), DbError> {
    let hashed = hash(token);
    app.store.transact(move |tx| sign_ins::close(tx, &hashed)).await
}
