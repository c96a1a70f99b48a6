//! The journey of a link: looked at, opened in one browser, sent to the bank, come back.

use super::{FromBank, LASTS, hash};
use crate::{
    app::App, consents::change_now, foreign, notice, reply::Notice, reply::Reply, rim, room, sealed,
    session::Session, tenant::Tenant,
};
use banks::{BankFault, Begun, LinkAsk, OnboardingFault, PendingLink};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{Channel, Consent, ConsentEvent, ConsentState, ConversationId, How, MessageId, Purpose};
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    DbError, Tx,
    browsers::{self, NewBrowser},
    consents,
    conversations::{self, Conversation},
    grants,
    links::{self, Link, LinkOutcome, LinkState, Moved},
};
use url::Url;

/// What a link page shows.
pub struct Offer {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The notice, as it was read in the chat.
    pub notice: Notice,
    /// The channel of the conversation that is to be linked.
    pub channel: Channel,
}

/// A cookie for the browser: one that binds a link to it, or one by which it is known later.
pub struct LinkCookie {
    /// Its value.
    pub value: String,
    /// How long the browser keeps it, in seconds.
    pub max_age_s: i64,
}

/// A browser that is on its way to the bank.
pub struct Departed {
    /// Where it goes.
    pub to_bank: Url,
    /// The cookie that binds the link to it, if it was not bound before.
    pub cookie: Option<LinkCookie>,
}

/// A browser that is back from the bank.
pub struct Arrived {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The channel of the conversation that asks now "was that you?".
    pub channel: Channel,
    /// That conversation.
    pub conversation: ConversationId,
    /// The cookie by which sealed pages of that conversation will know this browser: name and value. Only
    /// where the browser has no session of the conversation.
    pub known: Option<(String, LinkCookie)>,
}

/// Why a link goes no further. Nothing is linked then.
#[derive(Debug, thiserror::Error)]
pub enum LinkFault {
    /// There is no such link.
    #[error("this link is not known")]
    Unknown,
    /// It was not used in time.
    #[error("this link is too old")]
    Expired,
    /// It was used before.
    #[error("this link was used already")]
    Used,
    /// It was opened in another browser.
    #[error("this link was opened in another browser")]
    OtherBrowser,
    /// It belongs to a conversation that is not open in this browser.
    #[error("this link belongs to another conversation")]
    OtherConversation,
    /// The browser did not send the link's cookie.
    #[error("this browser did not keep the link's cookie")]
    NoCookie,
    /// The customer did not approve at the bank.
    #[error("nothing was approved at the bank")]
    Cancelled {
        /// The bank.
        tenant: Arc<Tenant>,
        /// The channel of the conversation.
        channel: Channel,
    },
    /// The way back from the bank was not as it left.
    #[error("the way back from the bank was not as it left")]
    Tampered {
        /// The bank.
        tenant: Arc<Tenant>,
    },
    /// The bank did not play its part.
    #[error("the bank did not play its part: {fault}")]
    Bank {
        /// The bank.
        tenant: Arc<Tenant>,
        /// What it did.
        fault: BankFault,
    },
    /// The bank's authorization server cannot be used.
    #[error("the bank's sign-in cannot be used: {fault}")]
    Onboarding {
        /// The bank.
        tenant: Arc<Tenant>,
        /// Why.
        fault: OnboardingFault,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// A link that can still be used.
struct Usable {
    link: Link,
    consent: Consent,
    tenant: Arc<Tenant>,
    channel: Channel,
}

/// Finds the link of an address, if it can still be used and, where the conversation is on this host, belongs
/// to a conversation of this browser. A browser has no session of a conversation on a messenger.
async fn usable(app: &App, token: &str, sessions: &[Session]) -> Result<Usable, LinkFault> {
    let bank = token.split_once('.').map_or("", |(bank, _)| bank);
    let tenant = app.tenant(bank).ok_or(LinkFault::Unknown)?;
    let (id, hashed) = (tenant.id.clone(), hash(token));
    let found = app.store.read(move |tx| -> Result<_, DbError> {
        let Some(link) = links::by_token(tx, &id, &hashed)? else { return Ok(None) };
        let consent = consents::find(tx, &link.bank, &link.customer, &link.consent)?;
        let room = conversations::find(tx, &link.bank, &link.customer, &link.conversation)?;
        Ok(consent.zip(room).map(|(consent, room)| (link, consent, room.channel)))
    });
    let (link, consent, channel) = found.await?.ok_or(LinkFault::Unknown)?;
    if !matches!(link.state, LinkState::Offered | LinkState::Opened) {
        return Err(LinkFault::Used);
    }
    if consent.state != ConsentState::Requested {
        return Err(LinkFault::Expired);
    }
    if link.expires_at <= app.clock.now() {
        return Err(LinkFault::Expired);
    }
    let here = sessions.iter().any(|s| s.conversation == link.conversation && s.bank == link.bank);
    if !channel.is_foreign() && !here {
        return Err(LinkFault::OtherConversation);
    }
    Ok(Usable { link, consent, tenant, channel })
}

/// Shows a link without changing anything.
pub async fn look(app: &App, token: &str, sessions: &[Session]) -> Result<Offer, LinkFault> {
    let found = usable(app, token, sessions).await?;
    Ok(offer_of(token, &found))
}

/// The notice of the link page asks for what the notice in the chat asked for, whatever the bank offers by now.
fn offer_of(token: &str, found: &Usable) -> Offer {
    let Usable { link, consent, tenant, channel } = found;
    let (href, asked_at) = (format!("/link/{token}"), link.made_at);
    let notice = notice::compose(tenant, &consent.data_classes, href, asked_at, link.expires_at);
    let notice = foreign::honest(tenant, *channel, notice);
    Offer { tenant: tenant.clone(), notice, channel: *channel }
}

/// Opens a link in a browser and gives the cookie that binds it there. The same browser may open it again
/// and gets no new cookie then; another browser may not. The link of a conversation on a messenger is only
/// looked at: whatever fetches addresses that stand in messages must not use it up. It is bound on departure.
pub async fn open(
    app: &App,
    token: &str,
    cookie: Option<&str>,
    sessions: &[Session],
) -> Result<(Offer, Option<LinkCookie>), LinkFault> {
    let found = usable(app, token, sessions).await?;
    if found.link.state == LinkState::Opened {
        return match cookie {
            Some(cookie) if is_bound(app, &found.link, cookie).await? => Ok((offer_of(token, &found), None)),
            _ => Err(LinkFault::OtherBrowser),
        };
    }
    if found.channel.is_foreign() {
        return Ok((offer_of(token, &found), None));
    }
    let cookie = bind(app, token, &found).await?;
    Ok((offer_of(token, &found), Some(cookie)))
}

/// Binds a link to the browser that came, if it is the first.
async fn bind(app: &App, token: &str, found: &Usable) -> Result<LinkCookie, LinkFault> {
    let value = B64.encode(rim::random::<32>());
    let (bank, token_hash, cookie_hash, now) =
        (found.tenant.id.clone(), hash(token), hash(&value), app.clock.now());
    match app.store.transact(move |tx| links::open(tx, &bank, &token_hash, &cookie_hash, now)).await? {
        Moved::Yes(_) => Ok(LinkCookie { value, max_age_s: LASTS.as_secs() }),
        Moved::No { .. } => Err(LinkFault::OtherBrowser),
    }
}

/// Whether a link was opened in the browser that has this cookie.
async fn is_bound(app: &App, link: &Link, cookie: &str) -> Result<bool, DbError> {
    let hashed = hash(cookie);
    let bound = app.store.read(move |tx| links::by_cookie(tx, &hashed)).await?;
    Ok(bound.is_some_and(|bound| bound.id == link.id))
}

/// Leaves for the bank: pushes the request, burns the address, and says where to go.
pub async fn depart(
    app: &App,
    token: &str,
    cookie: Option<&str>,
    sessions: &[Session],
) -> Result<Departed, LinkFault> {
    let found = usable(app, token, sessions).await?;
    let bound = match cookie {
        Some(cookie) => is_bound(app, &found.link, cookie).await?,
        None if found.channel.is_foreign() => false,
        None => return Err(LinkFault::NoCookie),
    };
    let first = found.channel.is_foreign() && found.link.state == LinkState::Offered;
    if !bound && !first {
        return Err(LinkFault::OtherBrowser);
    }
    let begun = begin_at_bank(&found).await?;
    let fresh = if bound { None } else { Some(bind(app, token, &found).await?) };
    let bound_by = fresh.as_ref().map_or(cookie, |fresh| Some(&fresh.value)).unwrap_or_default();
    let pending = serde_json::to_vec(&begun.pending).expect("a pending link is plain data");
    let (cookie_hash, now) = (hash(bound_by), app.clock.now());
    match app.store.transact(move |tx| links::send(tx, &cookie_hash, &pending, now)).await? {
        Moved::Yes(_) => Ok(Departed { to_bank: begun.authorization_url, cookie: fresh }),
        Moved::No { .. } => Err(LinkFault::Used),
    }
}

async fn begin_at_bank(found: &Usable) -> Result<Begun, LinkFault> {
    let Usable { link, consent, tenant, .. } = found;
    let connector =
        tenant.connector().await.map_err(|fault| LinkFault::Onboarding { tenant: tenant.clone(), fault })?;
    let ask = LinkAsk {
        customer: link.customer.clone(),
        consent: link.consent.clone(),
        data_classes: consent.data_classes.clone(),
        orders: consent.purposes.contains(&Purpose::AccountManagement),
        reports: tenant.fraud.is_some() && consent.purposes.contains(&Purpose::AccountManagement),
        events: tenant.tells_events && consent.purposes.contains(&Purpose::CustomerAlert),
        days: u32::try_from(tenant.consent_days).unwrap_or(1),
        lookback_days: u32::try_from(tenant.lookback_days).unwrap_or(1),
    };
    let begun = connector.begin_link(&ask).await;
    begun.map_err(|fault| LinkFault::Bank { tenant: tenant.clone(), fault })
}

/// Comes back from the bank. Which link it is says the cookie alone, never the address.
pub async fn arrive(app: &App, cookie: &str, query: &str) -> Result<Arrived, LinkFault> {
    let (hashed, now) = (hash(cookie), app.clock.now());
    let taken = app.store.transact(move |tx| -> Result<_, DbError> {
        let Some((link, pending)) = links::take_returned(tx, &hashed, now)? else { return Ok(None) };
        let room = conversations::find(tx, &link.bank, &link.customer, &link.conversation)?;
        Ok(room.map(|room| (link, pending, room)))
    });
    let (link, pending, room) = taken.await?.ok_or(LinkFault::Used)?;
    let tenant = app.tenants.get(&link.bank).ok_or(LinkFault::Unknown)?;
    let channel = room.channel;
    match finish(app, &tenant, &pending, query).await {
        Ok(from_bank) => {
            let conversation = room.id.clone();
            let known = keep(app, &tenant, link, room, from_bank).await?;
            Ok(Arrived { tenant, channel, conversation, known })
        }
        Err(fault) => {
            end(app, &tenant, &link, &fault).await?;
            Err(match fault {
                BankFault::LinkCancelled => LinkFault::Cancelled { tenant, channel },
                BankFault::LinkTampered(_) | BankFault::Unproven(_) => LinkFault::Tampered { tenant },
                BankFault::LinkExpired => LinkFault::Expired,
                fault => LinkFault::Bank { tenant, fault },
            })
        }
    }
}

async fn finish(app: &App, tenant: &Tenant, pending: &[u8], query: &str) -> Result<FromBank, BankFault> {
    let pending: PendingLink =
        serde_json::from_slice(pending).map_err(|_| BankFault::LinkTampered(banks::Tampering::Form))?;
    let connector = tenant.connector().await.map_err(|_| BankFault::Unreachable { attempts: 1 })?;
    let linked = connector.finish_link(&pending, query).await?;
    Ok(FromBank {
        grant: linked.grant,
        at_bank: linked.consent_at_bank,
        accounts: linked.accounts,
        data_classes: linked.data_classes,
        expires_at: linked.expires_at,
        subject: linked.subject.map(|subject| app.subjects.fingerprint(tenant, &subject)),
    })
}

/// Keeps what the bank gave and asks, in the chat itself, whether it was this person. Where the browser has
/// no session of the conversation, it gets a cookie that counts from the yes on.
async fn keep(
    app: &App,
    tenant: &Tenant,
    link: Link,
    room: Conversation,
    from_bank: FromBank,
) -> Result<Option<(String, LinkCookie)>, DbError> {
    let accounts = super::offer::shared(room.channel, from_bank.accounts.len());
    let text = format!(
        "{} says that somebody has just signed in there and shared {accounts} with this chat. Was that you?",
        tenant.name
    );
    let reply = Reply::text(text).with_quick(&["Yes, that was me", "No, that was not me"]);
    let kept = serde_json::to_vec(&from_bank).expect("what the bank gave is plain data");
    let now = app.clock.now();
    let id = MessageId::new(rim::uuid(now));
    let conversation = link.conversation.clone();
    let known = room.channel.is_foreign().then(|| B64.encode(rim::random::<32>()));
    let browser = known.as_deref().map(|value| NewBrowser {
        bank: link.bank.clone(),
        customer: link.customer.clone(),
        conversation: link.conversation.clone(),
        consent: link.consent.clone(),
        browser: hash(value),
        now,
        expires_at: now + sealed::KNOWN_FOR,
    });
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            grants::put(tx, &link.bank, &link.customer, &link.consent, &kept, now)?;
            if let Some(browser) = &browser {
                browsers::insert(tx, browser)?;
            }
            say(tx, &link, &id, &reply, now)
        })
        .await?;
    app.bells.ring(&conversation);
    let name = sealed::opening::known_cookie(&conversation);
    Ok(known.map(|value| (name, LinkCookie { value, max_age_s: sealed::KNOWN_FOR.as_secs() })))
}

/// Ends a link that came back without a grant.
async fn end(app: &App, tenant: &Tenant, link: &Link, fault: &BankFault) -> Result<(), DbError> {
    let (outcome, text) = match fault {
        BankFault::LinkCancelled => (
            LinkOutcome::Refused,
            format!("You did not approve at {}. Nothing is linked, and nothing was read.", tenant.name),
        ),
        BankFault::LinkTampered(_) | BankFault::Unproven(_) => {
            let bank = &tenant.id;
            tracing::error!(%bank, link = %link.id, %fault, "the way back from a bank was tampered with");
            (
                LinkOutcome::Failed,
                "The way back from the bank was not as it left. To be safe, nothing is linked.".to_owned(),
            )
        }
        _ => (LinkOutcome::Failed, format!("{} could not finish the link. Nothing is linked.", tenant.name)),
    };
    let reply = Reply::text(text).with_quick(&["Link my bank"]);
    let now = app.clock.now();
    let id = MessageId::new(rim::uuid(now));
    let (link, conversation) = (link.clone(), link.conversation.clone());
    let refuse = change_now(ConsentEvent::Refuse, How::AtBank, now);
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            links::settle(tx, &link, outcome, now)?;
            if let Some(consent) = consents::find(tx, &link.bank, &link.customer, &link.consent)? {
                consents::change(tx, &consent, &refuse, |_| {})?;
            }
            say(tx, &link, &id, &reply, now)
        })
        .await?;
    app.bells.ring(&conversation);
    Ok(())
}

/// Says something in the conversation of a link.
fn say(tx: &mut Tx, link: &Link, id: &MessageId, reply: &Reply, now: Timestamp) -> Result<(), DbError> {
    if let Some(conversation) = conversations::find(tx, &link.bank, &link.customer, &link.conversation)? {
        room::say_unprompted(tx, &conversation, id, reply, now)?;
    }
    Ok(())
}
