//! Offering a link: the notice, the consent that it asks for, and the one-time address.

use super::{LASTS, hash};
use crate::{
    app::App,
    asking::{Turn, TurnFault},
    consents::pull_out,
    foreign, notice,
    reply::{Block, Notice, Reply},
    rim, room,
    session::Session,
    tenant::Tenant,
    when,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{Channel, Consent, ConsentId, ConsentState, DataClass, LinkId, Terms};
use jiff::Timestamp;
use store::{DbError, consent_events, consents, conversations::Conversation, links, pull_outs};

/// "Link my bank": offers it, or says that the chat is linked already.
pub async fn offer_or_say_linked(turn: &Turn) -> Result<Reply, TurnFault> {
    let of = turn.conversation.clone();
    let current =
        turn.app.store.read(move |tx| consents::current(tx, &of.bank, &of.customer, &of.id)).await?;
    match current.filter(|c| turn.now < c.expires_at) {
        Some(consent) if consent.state == ConsentState::Paused => {
            let text = format!(
                "This chat is linked to {} already, and you paused it. Write “continue” to go on.",
                turn.tenant.name
            );
            Ok(Reply::text(text).with_quick(&["Continue", "Change what I share", "Stop"]))
        }
        Some(consent) => {
            let until = when::long_day(consent.expires_at, &turn.tenant.zone);
            let shared = shared(turn.channel, consent.accounts.len());
            let text =
                format!("This chat is linked to {} already: {shared}, until {until}.", turn.tenant.name);
            Ok(Reply::text(text).with_quick(&["What’s my balance?", "Change what I share", "Stop"]))
        }
        _ => offer_because(turn, "Here is what linking means.").await,
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

/// What came of offering a link.
enum Made {
    /// The notice, with its one-time address.
    Notice(Notice),
    /// The bank has pulled out of all that could be asked for here, with its reason.
    PulledOut(String),
}

/// "Change what I share", "renew": a new consent, which takes the place of the old one when it is given.
pub async fn offer_change(turn: &Turn) -> Result<Reply, TurnFault> {
    let why = "You choose again: sign in at the bank and pick what to share. The new choice takes the place of the old \
               one when you say yes to it; until then nothing changes.";
    offer_because(turn, why).await
}

/// A reply that says why, and offers the link.
pub async fn offer_because(turn: &Turn, why: &str) -> Result<Reply, TurnFault> {
    let made = make(&turn.app, &turn.tenant, &turn.conversation, turn.now).await?;
    let blocks = match made {
        Made::Notice(notice) => vec![Block::Text { text: why.to_owned() }, Block::Notice(notice)],
        Made::PulledOut(reason) => vec![Block::Refusal {
            who: turn.tenant.name.clone(),
            why: reason,
            remedy:
                "Nothing is shared, and nothing can be linked here now. The bank’s own site works as before."
                    .to_owned(),
        }],
    };
    Ok(Reply { blocks, ..Reply::default() })
}

/// Why a link cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum OfferFault {
    /// The bank has pulled out, with its reason.
    #[error("the bank takes no new links: {0}")]
    PulledOut(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Offers the link outside of a turn, for an app that embeds the chat.
pub async fn offer(app: &App, tenant: &Tenant, session: &Session) -> Result<Notice, OfferFault> {
    let now = app.clock.now();
    let (owned, bank) = (session.clone(), tenant.id.clone());
    let conversation = app.store.transact(move |tx| room::begin_if_new(tx, &bank, &owned, now)).await?;
    match make(app, tenant, &conversation, now).await? {
        Made::Notice(notice) => Ok(notice),
        Made::PulledOut(reason) => Err(OfferFault::PulledOut(reason)),
    }
}

async fn make(
    app: &App,
    tenant: &Tenant,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<Made, DbError> {
    let of = conversation.clone();
    let (standing, current) = app
        .store
        .read(move |tx| -> Result<_, DbError> {
            let current = consents::current(tx, &of.bank, &of.customer, &of.id)?;
            Ok((pull_outs::standing(tx, &of.bank)?, current))
        })
        .await?;
    let (classes, reason) = pull_out::still_open(&standing, conversation.channel, &tenant.offers);
    if let (true, Some(reason)) = (classes.is_empty(), reason) {
        return Ok(Made::PulledOut(reason));
    }
    let token = format!("{}.{}", tenant.id, B64.encode(rim::random::<32>()));
    let until = now + LASTS;
    let href =
        app.settings.public_url.join(&format!("link/{token}")).map_or_else(|_| String::new(), String::from);
    let notice = notice::compose(tenant, &classes, href, now, until);
    let notice = foreign::honest(tenant, conversation.channel, notice);
    let consent = requested(tenant, conversation, &notice, classes, now);
    let terms = terms(tenant, current);
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
            consent_events::put_terms(tx, &consent, &terms)?;
            links::insert(tx, &link)?;
            Ok(())
        })
        .await?;
    Ok(Made::Notice(notice))
}

/// What holds now, for the record.
fn terms(tenant: &Tenant, current: Option<Consent>) -> Terms {
    let hexadecimal = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let floor = tenant.gate.floor_digest();
    Terms {
        controller: tenant.controller.clone(),
        profile: tenant.profile.name.clone(),
        lookback_days: tenant.lookback_days,
        keep_record_days: tenant.profile.records.keep_days,
        policy_sha256: hexadecimal(tenant.gate.digest(&tenant.id).unwrap_or(floor)),
        floor_sha256: hexadecimal(floor),
        supersedes: current.map(|consent| consent.id),
    }
}

/// The consent that a notice asks for. Nothing is given yet.
fn requested(
    tenant: &Tenant,
    conversation: &Conversation,
    shown: &Notice,
    classes: Vec<DataClass>,
    now: Timestamp,
) -> Consent {
    let text = notice::full_text(shown);
    Consent {
        id: ConsentId::new(rim::uuid(now)),
        bank: conversation.bank.clone(),
        customer: conversation.customer.clone(),
        conversation: conversation.id.clone(),
        channel: conversation.channel,
        state: ConsentState::Requested,
        purposes: notice::purposes(tenant, &classes),
        data_classes: classes,
        accounts: vec![],
        not_before: now,
        expires_at: notice::ends(tenant, now),
        notice_sha256: notice::sha256_hex(&text),
        notice: text,
        language: notice::LANGUAGE.to_owned(),
        at_bank: None,
    }
}
