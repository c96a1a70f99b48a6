//! Conversations on messengers that belong to somebody else. An adapter hands in what it has verified, and
//! sends what the thread holds; nothing else of a conversation is different there, but that data stays behind
//! sealed links.

use crate::{
    app::App,
    notice,
    reply::{Notice, Point},
    rim,
    room::{self, Said, SayFault},
    session::Session,
    tenant::Tenant,
};
use domain::{Channel, ConversationId, CustomerId, Tier};
use jiff::Timestamp;
use store::{DbError, conversations::NewConversation, senders};

/// The conversation of somebody on a messenger, as everything here knows it. It begins with their first
/// message. `sender` is what the messenger calls them; only a keyed hash of it is stored.
pub async fn conversation(
    app: &App,
    tenant: &Tenant,
    channel: Channel,
    sender: &str,
) -> Result<Session, DbError> {
    let now = app.clock.now();
    let hash = app.sessions.sender(&tenant.id, channel, sender);
    let bank = tenant.id.clone();
    let known = app.store.read(move |tx| -> Result<_, DbError> { senders::conversation(tx, &bank, &hash) });
    let room = match known.await? {
        Some(room) => room,
        None => {
            let new = NewConversation {
                bank: tenant.id.clone(),
                customer: CustomerId::new(rim::uuid(now)),
                conversation: ConversationId::new(rim::uuid(now)),
                channel,
                session: hash,
                now,
            };
            app.store.transact(move |tx| -> Result<_, DbError> { senders::begin(tx, &new) }).await?
        }
    };
    Ok(Session {
        bank: room.bank,
        customer: room.customer,
        conversation: room.id,
        hash,
        expires_at: Timestamp::MAX,
    })
}

/// Takes a message from a messenger: checks it, removes secrets, and stores it. It is durable when this
/// returns. `key` is the messenger's own id of the message, so that a repetition is stored once.
pub async fn say(
    app: &App,
    tenant: &Tenant,
    channel: Channel,
    sender: &str,
    text: &str,
    key: &str,
) -> Result<Said, SayFault> {
    let session = conversation(app, tenant, channel, sender).await?;
    room::say(app, tenant, &session, text, key, None).await
}

/// What people call a channel.
pub fn name(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "this chat",
        Channel::Messenger => "Messenger",
        Channel::Whatsapp => "WhatsApp",
        Channel::Matrix => "Matrix",
    }
}

/// A notice for a conversation on a channel: where the bank lets data into a messenger's conversations, it
/// says so and which, and promises no more than is true.
pub fn honest(tenant: &Tenant, channel: Channel, notice: Notice) -> Notice {
    let carried =
        |class: &&domain::DataClass| tenant.gate.max_tier(&tenant.id, channel, **class) == Tier::InChat;
    let carried: Vec<&str> = tenant.offers.iter().filter(carried).map(|class| class.in_words()).collect();
    if !channel.is_foreign() || carried.is_empty() {
        return notice;
    }
    let mut points = notice.points;
    points.retain(|point| point.term != notice::NEVER);
    let place = name(channel);
    points.push(Point {
        term: "Who reads along".to_owned(),
        text: format!(
            "{} lets {} be told in the conversation itself, so whoever runs {place} can read it. Everything \
             else opens on a page of the bank’s own.",
            tenant.name,
            notice::list(&carried)
        ),
    });
    points.push(Point {
        term: notice::NEVER.to_owned(),
        text: "Not for ads. Never sold. Never given to an advertiser or an app maker.".to_owned(),
    });
    Notice { points, ..notice }
}
