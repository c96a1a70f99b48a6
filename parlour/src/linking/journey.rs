//! The journey of a link: looked at, opened in one browser, sent to the bank, come back.

use super::{FromBank, LASTS, hash};
use crate::{app::App, notice, reply::Notice, reply::Reply, rim, room, session::Session, tenant::Tenant};
use banks::{BankFault, LinkAsk, OnboardingFault, PendingLink};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{ConsentEvent, MessageId};
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    DbError, Tx, consents, conversations, grants,
    links::{self, Link, LinkOutcome, LinkState, Moved},
};
use url::Url;

/// What a link page shows.
pub struct Offer {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The notice, as it was read in the chat.
    pub notice: Notice,
}

/// The cookie that binds a link to one browser.
pub struct LinkCookie {
    /// Its value.
    pub value: String,
    /// How long the browser keeps it, in seconds.
    pub max_age_s: i64,
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

/// Finds the link of an address, if it belongs to a conversation of this browser and can still be used.
async fn usable(app: &App, token: &str, sessions: &[Session]) -> Result<(Link, Arc<Tenant>), LinkFault> {
    let bank = token.split_once('.').map_or("", |(bank, _)| bank);
    let tenant = app.tenant(bank).ok_or(LinkFault::Unknown)?;
    let (id, hashed) = (tenant.id.clone(), hash(token));
    let link =
        app.store.read(move |tx| links::by_token(tx, &id, &hashed)).await?.ok_or(LinkFault::Unknown)?;
    if !matches!(link.state, LinkState::Offered | LinkState::Opened) {
        return Err(LinkFault::Used);
    }
    if link.expires_at <= app.clock.now() {
        return Err(LinkFault::Expired);
    }
    if !sessions.iter().any(|s| s.conversation == link.conversation && s.bank == link.bank) {
        return Err(LinkFault::OtherConversation);
    }
    Ok((link, tenant))
}

/// Shows a link without changing anything.
pub async fn look(app: &App, token: &str, sessions: &[Session]) -> Result<Offer, LinkFault> {
    let (link, tenant) = usable(app, token, sessions).await?;
    Ok(offer_of(app, token, &link, tenant))
}

fn offer_of(app: &App, token: &str, link: &Link, tenant: Arc<Tenant>) -> Offer {
    let notice = notice::compose(&tenant, format!("/link/{token}"), app.clock.now(), link.expires_at);
    Offer { tenant, notice }
}

/// Opens a link in a browser and gives the cookie that binds it there. The same browser may open it again
/// and gets no new cookie then; another browser may not.
pub async fn open(
    app: &App,
    token: &str,
    cookie: Option<&str>,
    sessions: &[Session],
) -> Result<(Offer, Option<LinkCookie>), LinkFault> {
    let (link, tenant) = usable(app, token, sessions).await?;
    if link.state == LinkState::Opened {
        return match cookie {
            Some(cookie) if is_bound(app, &link, cookie).await? => {
                Ok((offer_of(app, token, &link, tenant), None))
            }
            _ => Err(LinkFault::OtherBrowser),
        };
    }
    let value = B64.encode(rim::random::<32>());
    let (bank, token_hash, cookie_hash, now) =
        (tenant.id.clone(), hash(token), hash(&value), app.clock.now());
    match app.store.transact(move |tx| links::open(tx, &bank, &token_hash, &cookie_hash, now)).await? {
        Moved::Yes(link) => {
            let cookie = LinkCookie { value, max_age_s: LASTS.as_secs() };
            Ok((offer_of(app, token, &link, tenant), Some(cookie)))
        }
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
pub async fn depart(app: &App, token: &str, cookie: &str, sessions: &[Session]) -> Result<Url, LinkFault> {
    let (link, tenant) = usable(app, token, sessions).await?;
    if !is_bound(app, &link, cookie).await? {
        return Err(LinkFault::OtherBrowser);
    }
    let connector =
        tenant.connector().await.map_err(|fault| LinkFault::Onboarding { tenant: tenant.clone(), fault })?;
    let ask = LinkAsk {
        customer: link.customer.clone(),
        consent: link.consent.clone(),
        data_classes: tenant.offers.clone(),
        days: u32::try_from(tenant.consent_days).unwrap_or(1),
        lookback_days: u32::try_from(tenant.lookback_days).unwrap_or(1),
    };
    let begun = connector.begin_link(&ask).await;
    let begun = begun.map_err(|fault| LinkFault::Bank { tenant: tenant.clone(), fault })?;
    let pending = serde_json::to_vec(&begun.pending).expect("a pending link is plain data");
    let (cookie, now) = (hash(cookie), app.clock.now());
    match app.store.transact(move |tx| links::send(tx, &cookie, &pending, now)).await? {
        Moved::Yes(_) => Ok(begun.authorization_url),
        Moved::No { .. } => Err(LinkFault::Used),
    }
}

/// Comes back from the bank. Which link it is says the cookie alone, never the address.
pub async fn arrive(app: &App, cookie: &str, query: &str) -> Result<Arc<Tenant>, LinkFault> {
    let (hashed, now) = (hash(cookie), app.clock.now());
    let taken = app.store.transact(move |tx| links::take_returned(tx, &hashed, now)).await?;
    let (link, pending) = taken.ok_or(LinkFault::Used)?;
    let tenant = app.tenants.get(&link.bank).ok_or(LinkFault::Unknown)?;
    match finish(&tenant, &pending, query).await {
        Ok(from_bank) => {
            keep(app, &tenant, link, from_bank).await?;
            Ok(tenant)
        }
        Err(fault) => {
            end(app, &tenant, &link, &fault).await?;
            Err(match fault {
                BankFault::LinkCancelled => LinkFault::Cancelled { tenant },
                BankFault::LinkTampered(_) => LinkFault::Tampered { tenant },
                BankFault::LinkExpired => LinkFault::Expired,
                fault => LinkFault::Bank { tenant, fault },
            })
        }
    }
}

async fn finish(tenant: &Tenant, pending: &[u8], query: &str) -> Result<FromBank, BankFault> {
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
    })
}

/// Keeps what the bank gave and asks, in the chat itself, whether it was this person.
async fn keep(app: &App, tenant: &Tenant, link: Link, from_bank: FromBank) -> Result<(), DbError> {
    let n = from_bank.accounts.len();
    let accounts = super::offer::count(n, "account");
    let text = format!(
        "{} says that somebody has just signed in there and shared {accounts} with this chat. Was that you?",
        tenant.name
    );
    let reply = Reply::text(text).with_quick(&["Yes, that was me", "No, that was not me"]);
    let kept = serde_json::to_vec(&from_bank).expect("what the bank gave is plain data");
    let now = app.clock.now();
    let id = MessageId::new(rim::uuid(now));
    let conversation = link.conversation.clone();
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            grants::put(tx, &link.bank, &link.customer, &link.consent, &kept, now)?;
            say(tx, &link, &id, &reply, now)
        })
        .await?;
    app.bells.ring(&conversation);
    Ok(())
}

/// Ends a link that came back without a grant.
async fn end(app: &App, tenant: &Tenant, link: &Link, fault: &BankFault) -> Result<(), DbError> {
    let (outcome, text) = match fault {
        BankFault::LinkCancelled => (
            LinkOutcome::Refused,
            format!("You did not approve at {}. Nothing is linked, and nothing was read.", tenant.name),
        ),
        BankFault::LinkTampered(what) => {
            let bank = &tenant.id;
            tracing::error!(%bank, link = %link.id, %what, "the way back from a bank was tampered with");
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
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            links::settle(tx, &link, outcome, now)?;
            if let Some(consent) = consents::find(tx, &link.bank, &link.customer, &link.consent)? {
                consents::change(tx, &consent, ConsentEvent::Refuse, now, |_| {})?;
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
