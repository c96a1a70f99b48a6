//! The room: what a person says is stored before it is acknowledged, and what was said can be read again.

use crate::{
    app::App, linking, outgoing::Outgoing, pace::TooFast, reply::Reply, rim, session::Session, tenant::Tenant,
};
use domain::{
    BankId, Channel, Consent, ConsentId, ConsentState, MessageId, Region,
    conversation::{MAX_KEY_BYTES, MAX_TEXT_CHARS},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    DbError, Tx, consents,
    conversations::{self, Conversation},
    customers, messages,
};

/// What was said, by either side. Stored sealed.
#[expect(clippy::large_enum_variant, reason = "one message at a time; the larger side is the usual one")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Words {
    /// The customer said it.
    Customer {
        /// The text, secrets removed.
        text: String,
        /// Which secrets were removed, in words; empty when none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<String>,
        /// From which country it came, where the gateway's proxy tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, example = "US")]
        region: Option<Region>,
    },
    /// The bank's side said it.
    Bank {
        /// The reply.
        reply: Reply,
        /// The place of the message that it answers. None: nobody asked for it just now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answers: Option<u64>,
    },
}

/// One message of the thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Entry {
    /// Its place in the conversation, from 1.
    pub seq: u64,
    /// Its id.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was said.
    pub words: Words,
}

/// A message that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its place in the conversation.
    pub seq: u64,
    /// Whether it had been stored before under the same key.
    pub repeated: bool,
    /// As it stands in the thread.
    pub entry: Entry,
}

/// Why a message was not taken. Nothing is stored then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SayFault {
    /// There is no text.
    #[error("the message is empty")]
    Empty,
    /// The text is too long.
    #[error("the message has {chars} characters; at most {max} are taken")]
    TooLong {
        /// How long it is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// The text has characters that nobody can see.
    #[error("the message has control characters")]
    ControlCharacters,
    /// The key is empty, too long or not plain.
    #[error("a key has 1 to {MAX_KEY_BYTES} letters, digits, `-` or `_`")]
    BadKey,
    /// Too many messages.
    #[error("too many messages; wait {retry_after_s} seconds")]
    TooFast {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// The store does not take it now.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// How a conversation stands with its bank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The consent in force, if the conversation is linked.
    pub linked: Option<Linked>,
    /// Whether the customer has paused it; nothing is read then.
    pub paused: bool,
    /// Whether we wait for a yes or no to "is that you?".
    pub waiting_answer: bool,
}

/// A conversation that is linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// How many accounts are shared.
    pub accounts: u32,
    /// Until when.
    pub until: Timestamp,
    /// The consent.
    pub consent: ConsentId,
}

/// Takes a message: checks it, removes secrets, and stores it. It is durable when this returns.
pub async fn say(
    app: &App,
    tenant: &Tenant,
    session: &Session,
    text: &str,
    key: &str,
    region: Option<Region>,
) -> Result<Said, SayFault> {
    let text = check(text)?;
    check_key(key)?;
    app.pace
        .one_more(&session.conversation)
        .map_err(|TooFast { retry_after_s }| SayFault::TooFast { retry_after_s })?;
    let redacted = understanding::redact(&text);
    let removed = redacted.found.iter().map(|secret| secret.in_words().to_owned()).collect();
    let words = Words::Customer { text: redacted.text, removed, region };
    let now = app.clock.now();
    let id = MessageId::new(rim::uuid(now));
    let received = store_inbound(app, tenant, session, id.clone(), key, &words, now).await?;
    app.bells.ring(&session.conversation);
    let (seq, repeated) = match received {
        messages::Received::Stored { seq } => (seq, false),
        messages::Received::Repeated { seq } => (seq, true),
    };
    if repeated {
        let stored = thread(app, session, seq - 1, 1).await?.pop();
        if let Some(entry) = stored {
            return Ok(Said { seq, repeated, entry });
        }
    }
    Ok(Said { seq, repeated, entry: Entry { seq, id, at: now, words } })
}

async fn store_inbound(
    app: &App,
    tenant: &Tenant,
    session: &Session,
    id: MessageId,
    key: &str,
    words: &Words,
    now: Timestamp,
) -> Result<messages::Received, SayFault> {
    let body = serde_json::to_vec(words).expect("words are plain data");
    let (session, key, bank) = (session.clone(), key.to_owned(), tenant.id.clone());
    let stored = app.store.transact(move |tx| -> Result<_, DbError> {
        let conversation = begin_if_new(tx, &bank, &session, now)?;
        let inbound =
            messages::Inbound { conversation: &conversation, id: id.clone(), key: &key, body: &body, now };
        messages::receive(tx, &inbound)
    });
    Ok(stored.await?)
}

/// The customer and the conversation of a session; both begin with the first message.
pub fn begin_if_new(
    tx: &mut Tx,
    bank: &BankId,
    session: &Session,
    now: Timestamp,
) -> Result<Conversation, DbError> {
    if let Some(conversation) = find(tx, session)? {
        return Ok(conversation);
    }
    customers::begin(tx, bank, &session.customer, now)?;
    let new = conversations::NewConversation {
        bank: bank.clone(),
        customer: session.customer.clone(),
        conversation: session.conversation.clone(),
        channel: Channel::Web,
        session: session.hash,
        now,
    };
    conversations::begin(tx, &new)?;
    find(tx, session)?.ok_or(DbError::Again)
}

/// The conversation of a session, if something was said in it.
pub fn find(tx: &mut Tx, session: &Session) -> Result<Option<Conversation>, DbError> {
    conversations::find(tx, &session.bank, &session.customer, &session.conversation)
}

fn check(text: &str) -> Result<String, SayFault> {
    let text = text.trim().replace("\r\n", "\n");
    let chars = text.chars().count();
    if chars == 0 {
        return Err(SayFault::Empty);
    }
    if chars > MAX_TEXT_CHARS {
        return Err(SayFault::TooLong { chars, max: MAX_TEXT_CHARS });
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(SayFault::ControlCharacters);
    }
    Ok(text)
}

fn check_key(key: &str) -> Result<(), SayFault> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(plain) {
        Ok(())
    } else {
        Err(SayFault::BadKey)
    }
}

/// The messages after one, oldest first.
pub async fn thread(app: &App, session: &Session, after: u64, limit: u32) -> Result<Vec<Entry>, DbError> {
    let session = session.clone();
    let found = app.store.read(move |tx| -> Result<_, DbError> {
        find(tx, &session)?.map_or(Ok(vec![]), |c| messages::after(tx, &c, after, limit))
    });
    found.await.map(read_all)
}

/// The messages before one, oldest first.
pub async fn before(app: &App, session: &Session, seq: u64, limit: u32) -> Result<Vec<Entry>, DbError> {
    let session = session.clone();
    let found = app.store.read(move |tx| -> Result<_, DbError> {
        find(tx, &session)?.map_or(Ok(vec![]), |c| messages::before(tx, &c, seq, limit))
    });
    found.await.map(read_all)
}

/// The newest messages, oldest first.
pub async fn latest(app: &App, session: &Session, limit: u32) -> Result<Vec<Entry>, DbError> {
    before(app, session, i64::MAX as u64, limit).await
}

/// Stored messages as the thread shows them.
pub fn read_all(stored: Vec<messages::Message>) -> Vec<Entry> {
    stored.into_iter().map(read_entry).collect()
}

/// A stored message as the thread shows it. What an older version stored and this one cannot read is said so.
fn read_entry(m: messages::Message) -> Entry {
    let words = serde_json::from_slice(&m.body).unwrap_or_else(|_| Words::Bank {
        reply: Reply::text("This message was written by another version and cannot be shown."),
        answers: None,
    });
    Entry { seq: m.seq, id: m.id, at: m.at, words }
}

/// How the conversation stands.
pub async fn standing(app: &App, session: &Session) -> Result<Standing, DbError> {
    let session = session.clone();
    let now = app.clock.now();
    app.store
        .read(move |tx| -> Result<_, DbError> {
            let Some(conversation) = find(tx, &session)? else { return Ok(Standing::default()) };
            let consent =
                consents::current(tx, &conversation.bank, &conversation.customer, &conversation.id)?;
            let waiting_answer = linking::awaiting(tx, &conversation, now)?.is_some();
            let paused =
                consent.as_ref().is_some_and(|c| c.state == ConsentState::Paused && now < c.expires_at);
            Ok(Standing { linked: consent.and_then(|c| linked(c, now)), paused, waiting_answer })
        })
        .await
}

fn linked(consent: Consent, now: Timestamp) -> Option<Linked> {
    consent.holds(now).then(|| Linked {
        accounts: u32::try_from(consent.accounts.len()).unwrap_or(u32::MAX),
        until: consent.expires_at,
        consent: consent.id.clone(),
    })
}

/// Says something that nobody asked for just now, such as the news from the bank after linking.
pub fn say_unprompted(
    tx: &mut Tx,
    conversation: &Conversation,
    id: &MessageId,
    reply: &Reply,
    now: Timestamp,
) -> Result<u64, DbError> {
    messages::say(tx, conversation, &stored_reply(conversation.channel, id, reply, None), now)
}

/// A reply as the store keeps it and the channel carries it. Every message to a customer passes here, and none
/// that its channel may not carry goes on: its place is taken by an apology, and an alarm is raised.
pub fn stored_reply(
    channel: Channel,
    id: &MessageId,
    reply: &Reply,
    answers: Option<u64>,
) -> messages::NewReply {
    let outgoing = Outgoing::to(channel, reply.clone()).unwrap_or_else(|why| {
        tracing::error!(%channel, %why, "a message that this channel may not carry was held back");
        metrics::counter!("parlour_messages_held_back_total", "channel" => channel.as_str()).increment(1);
        Outgoing::apology()
    });
    let words = Words::Bank { reply: outgoing.into_reply(), answers };
    messages::NewReply { id: id.clone(), body: serde_json::to_vec(&words).expect("words are plain data") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_checked_at_and_over_each_edge() {
        assert_eq!(check("  hello \r\n you "), Ok("hello \n you".to_owned()));
        assert_eq!(check(" \n "), Err(SayFault::Empty));
        assert!(check(&"é".repeat(MAX_TEXT_CHARS)).is_ok());
        let chars = MAX_TEXT_CHARS + 1;
        assert_eq!(check(&"é".repeat(chars)), Err(SayFault::TooLong { chars, max: MAX_TEXT_CHARS }));
        assert_eq!(check("a\0b"), Err(SayFault::ControlCharacters));
        assert_eq!(check("a\u{1b}[31mb"), Err(SayFault::ControlCharacters));
    }

    #[test]
    fn a_key_is_plain_and_short() {
        assert!(check_key("k-1_Z").is_ok() && check_key(&"k".repeat(MAX_KEY_BYTES)).is_ok());
        for bad in ["", "k k", "k\n", "é", &"k".repeat(MAX_KEY_BYTES + 1)] {
            assert_eq!(check_key(bad), Err(SayFault::BadKey), "{bad}");
        }
    }
}
