//! Offering a link: the notice, the consent that it asks for, and the one-time address.

use super::{LASTS, hash};
use crate::{
    app::App,
    asking::{Turn, TurnFault},
    foreign, notice,
    reply::{Block, Notice, Reply},
    rim, room,
    session::Session,
    tenant::Tenant,
    when,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{Channel, Consent, ConsentId, ConsentState, LinkId};
use jiff::Timestamp;
use store::{DbError, consents, conversations::Conversation, links};

/// "Link my bank": offers it, or says that the chat is linked already.
pub async fn offer_or_say_linked(turn: &Turn) -> Result<Reply, TurnFault> {
    let of = turn.conversation.clone();
    let current =
        turn.app.store.read(move |tx| consents::current(tx, &of.bank, &of.customer, &of.id)).await?;
    match current.filter(|c| c.holds(turn.now)) {
        Some(consent) => {
            let until = when::long_day(consent.expires_at, &turn.tenant.zone);
            let shared = shared(turn.channel, consent.accounts.len());
            let text =
                format!("This chat is linked to {} already: {shared}, until {until}.", turn.tenant.name);
            Ok(Reply::text(text).with_quick(&["What’s my balance?", "Who looked at my data?", "Stop"]))
        }
        None => offer_because(turn, "Here is what linking means.").await,
    }
}

/// How many accounts are shared; where others' servers read along, not even that.
pub fn shared(channel: Channel, accounts: usize) -> String {
    if channel.is_foreign() { "the accounts that you chose".to_owned() } else { count(accounts, "account") }
}

/// "2 accounts", "1 account".
pub fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A reply that says why, and offers the link.
pub async fn offer_because(turn: &Turn, why: &str) -> Result<Reply, TurnFault> {
    let notice = make(&turn.app, &turn.tenant, &turn.conversation, turn.now).await?;
    let blocks = vec![Block::Text { text: why.to_owned() }, Block::Notice(notice)];
    Ok(Reply { blocks, ..Reply::default() })
}

/// Offers the link outside of a turn, for an app that embeds the chat.
pub async fn offer(app: &App, tenant: &Tenant, session: &Session) -> Result<Notice, DbError> {
    let now = app.clock.now();
    let (owned, bank) = (session.clone(), tenant.id.clone());
    let conversation = app.store.transact(move |tx| room::begin_if_new(tx, &bank, &owned, now)).await?;
    make(app, tenant, &conversation, now).await
}

async fn make(
    app: &App,
    tenant: &Tenant,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<Notice, DbError> {
    let token = format!("{}.{}", tenant.id, B64.encode(rim::random::<32>()));
    let until = now + LASTS;
    let href =
        app.settings.public_url.join(&format!("link/{token}")).map_or_else(|_| String::new(), String::from);
    let notice = notice::compose(tenant, href, now, until);
    let notice = foreign::honest(app, tenant, conversation.channel, notice);
    let consent = requested(tenant, conversation, &notice, now);
    let link = links::NewLink {
        id: LinkId::new(rim::uuid(now)),
        bank: conversation.bank.clone(),
        customer: conversation.customer.clone(),
        conversation: conversation.id.clone(),
        consent: consent.id.clone(),
        token_hash: hash(&token),
        now,
        expires_at: until,
    };
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            consents::insert(tx, &consent, now)?;
            links::insert(tx, &link)?;
            Ok(())
        })
        .await?;
    Ok(notice)
}

/// The consent that a notice asks for. Nothing is given yet.
fn requested(tenant: &Tenant, conversation: &Conversation, shown: &Notice, now: Timestamp) -> Consent {
    let text = notice::full_text(shown);
    Consent {
        id: ConsentId::new(rim::uuid(now)),
        bank: conversation.bank.clone(),
        customer: conversation.customer.clone(),
        conversation: conversation.id.clone(),
        channel: conversation.channel,
        state: ConsentState::Requested,
        purposes: notice::purposes(tenant),
        data_classes: tenant.offers.clone(),
        accounts: vec![],
        not_before: now,
        expires_at: notice::ends(tenant, now),
        notice_sha256: notice::sha256_hex(&text),
        notice: text,
        language: notice::LANGUAGE.to_owned(),
        at_bank: None,
    }
}
