//! Opening a page: whose browser it is, the gate anew, the bank, and the page once.

use super::{LASTS, Question, Skill, TRIES, words};
use crate::{
    app::App,
    asking::{Shown, Turn, TurnFault},
    linking::hash,
    memory::Memory,
    reply::Reply,
    rim, room,
    session::Session,
    tenant::Tenant,
};
use banks::BankFault;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{ConversationId, MessageId, Region};
use gate::{Refusal, RefusalReason};
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};
use store::{
    DbError, browsers, consents,
    conversations::{self, Conversation},
    sealed_links::{self, SealedLink, SealedState},
    subjects,
};
use tokio::time;

/// How long an opening holds its link. Longer than the gate and the bank may take.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long the gate and the bank may take, less than a request may.
const ANSWER_LIMIT: Duration = Duration::from_secs(12);

/// What a browser brings along.
#[derive(Default)]
pub struct Browser {
    /// Its chat sessions, at any bank.
    pub sessions: Vec<Session>,
    /// The cookies by which it may be known for conversations: (name, value).
    pub known: Vec<(String, String)>,
    /// Who is signed in at the bank in it: what their sign-in is found by, and their fingerprint.
    pub person: Option<([u8; 32], [u8; 32])>,
    /// The cookie that a page gave it when it was unknown.
    pub page: Option<String>,
    /// From which country it comes, if the proxy in front tells it.
    pub region: Option<Region>,
}

/// What a page shows. It can be drawn, and cannot be said in a conversation: there is no way from here to a
/// message.
pub struct Sheet(Reply);

impl Sheet {
    /// What is to be drawn.
    pub fn reply(&self) -> &Reply {
        &self.0
    }
}

/// A page that may be shown now, once.
pub struct Opened {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// Which skill answered.
    pub skill: Skill,
    /// The answer.
    pub sheet: Sheet,
    /// When it was read.
    pub at: Timestamp,
    /// Whether the conversation is on this host, so that there is a way back to it.
    pub own_chat: bool,
}

/// Why a link opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum SealedFault {
    /// There is no such link.
    #[error("this link is not known")]
    Unknown,
    /// Its time is over.
    #[error("this link is too old")]
    Expired,
    /// Its page was shown.
    #[error("this link was used already")]
    Used,
    /// It was closed by its customer, or tried too often.
    #[error("this link was closed")]
    Closed,
    /// It belongs to another browser.
    #[error("this link belongs to another browser")]
    OtherBrowser,
    /// It belongs to a chat that is not open in this browser.
    #[error("this link belongs to a chat that is not open in this browser")]
    OtherConversation {
        /// Whether its customer can show who they are by signing in at the bank.
        sign_in: bool,
    },
    /// Somebody signed in at the bank in this browser, and they are not its customer.
    #[error("this link belongs to another person than signed in at the bank")]
    OtherPerson,
    /// This browser is not known; the conversation has to say the words first.
    #[error("this browser waits for its words in the conversation")]
    Waiting {
        /// The words.
        words: [&'static str; 3],
        /// The cookie that binds the link to this browser, if it is new: its value.
        cookie: Option<String>,
        /// Whether its customer can show who they are by signing in at the bank, instead of the words.
        sign_in: bool,
    },
    /// It is being opened at this moment.
    #[error("this link is being opened at this moment")]
    Opening,
    /// The sharing ended, here or at the bank.
    #[error("the sharing has ended")]
    Ended,
    /// The gate said No.
    #[error("the gate said No: {}", .0.reason)]
    Refused(Box<Refusal>),
    /// The bank did not answer. The link can be used again.
    #[error("the bank did not answer: {0}")]
    Bank(BankFault),
    /// Something broke on our side. The link can be used again.
    #[error(transparent)]
    Turn(TurnFault),
    /// It took too long. The link can be used again.
    #[error("it took too long")]
    TooLong,
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// The name of the cookie by which a browser is known for a conversation.
pub fn known_cookie(conversation: &ConversationId) -> String {
    // The last part of an id is random; it tells conversations apart and says nothing.
    let id = conversation.as_str();
    format!("__Host-parlour-known-{}", id.get(id.len().saturating_sub(12)..).unwrap_or(id))
}

/// How long the cookie of an unknown browser lasts, in seconds.
pub fn page_cookie_lasts_s() -> i64 {
    LASTS.as_secs()
}

/// A link, its conversation, and which browser it is that came.
struct Visit {
    link: SealedLink,
    room: Conversation,
    tenant: Arc<Tenant>,
    /// What this browser is known by for the conversation and the link's consent.
    known: Option<[u8; 32]>,
    /// Who signed in at the bank in this browser.
    person: SignedIn,
    /// Whether it is kept who the link's customer is to the bank.
    has_subject: bool,
    /// What an earlier visit gave it.
    page: Option<[u8; 32]>,
    region: Option<Region>,
}

/// Who signed in at the bank in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignedIn {
    /// Nobody.
    Nobody,
    /// The link's customer; their sign-in is found by this.
    Customer([u8; 32]),
    /// Somebody else.
    Other,
}

impl Visit {
    /// What shows that the browser is its customer's.
    fn mine(&self) -> Option<[u8; 32]> {
        match self.person {
            SignedIn::Customer(hash) => self.known.or(Some(hash)),
            SignedIn::Nobody | SignedIn::Other => self.known,
        }
    }

    /// Whether its customer can show who they are by signing in at the bank.
    async fn can_sign_in(&self) -> bool {
        self.has_subject && self.tenant.offers_sign_in().await
    }
}

/// Opens the page of an address in a browser.
pub async fn open(app: &Arc<App>, token: &str, browser: &Browser) -> Result<Opened, SealedFault> {
    let visit = find(app, token, browser).await?;
    let mine = match bound(app, &visit).await {
        Ok(mine) => mine,
        Err(fault) => {
            note(&visit, &fault);
            return Err(fault);
        }
    };
    let (link, now) = (visit.link.clone(), app.clock.now());
    let begun = app.store.transact(move |tx| -> Result<_, DbError> {
        sealed_links::begin(tx, &link, &mine, TRIES, now, now + LEASE)
    });
    let Some((opening, question)) = begun.await? else { return Err(why_not(app, token, &visit).await?) };
    let shown = show(app, &visit, opening, &question).await;
    if let Err(fault) = &shown {
        note(&visit, fault);
    }
    shown
}

/// Each refusal of a link stands in the program's own log; decisions about data stand in the access log.
fn note(visit: &Visit, fault: &SealedFault) {
    if !matches!(fault, SealedFault::Waiting { .. }) {
        let (bank, link) = (&visit.link.bank, &visit.link.id);
        tracing::warn!(%bank, %link, %fault, "a sealed link opened nothing");
    }
}

/// Finds the link of an address and sees what the browser brings. Changes nothing.
async fn find(app: &App, token: &str, browser: &Browser) -> Result<Visit, SealedFault> {
    let bank = token.split_once('.').map_or("", |(bank, _)| bank);
    let tenant = app.tenant(bank).ok_or(SealedFault::Unknown)?;
    let (id, hashed, now) = (tenant.id.clone(), hash(token), app.clock.now());
    let (sessions, cookies, person) = (browser.sessions.clone(), browser.known.clone(), browser.person);
    let found = app.store.read(move |tx| -> Result<_, DbError> {
        let Some(link) = sealed_links::by_token(tx, &id, &hashed)? else { return Ok(None) };
        let room = conversations::find(tx, &link.bank, &link.customer, &link.conversation)?;
        let Some(room) = room else { return Ok(None) };
        let has_subject = subjects::known_since(tx, &link.bank, &link.customer)?.is_some();
        let person = match person {
            None => SignedIn::Nobody,
            Some((hash, subject)) if subjects::owns(tx, &link.bank, &link.customer, &subject)? => {
                SignedIn::Customer(hash)
            }
            Some(_) => SignedIn::Other,
        };
        let own = |s: &&Session| s.bank == room.bank && s.conversation == room.id;
        if let Some(session) = sessions.iter().find(own) {
            let hash = session.hash;
            return Ok(Some((link, room, Some(hash), person, has_subject)));
        }
        let name = known_cookie(&room.id);
        let held = cookies.iter().find(|(cookie, _)| *cookie == name).map(|(_, value)| hash(value));
        let known = match (&link.consent, held) {
            (Some(consent), Some(held)) => {
                let is_known = browsers::is_known(tx, &link.bank, &link.customer, consent, &held, now)?;
                is_known.then_some(held)
            }
            _ => None,
        };
        Ok(Some((link, room, known, person, has_subject)))
    });
    let Some((link, room, known, person, has_subject)) = found.await? else {
        tracing::warn!(bank = %tenant.id, "a sealed link that is not known was tried");
        return Err(SealedFault::Unknown);
    };
    let page = browser.page.as_deref().map(hash);
    Ok(Visit { link, room, tenant, known, person, has_subject, page, region: browser.region })
}

/// Which browser may open the link now; binds it to the first that comes. If two tabs of that browser come at
/// once, the one that is second finds itself bound already.
async fn bound(app: &App, visit: &Visit) -> Result<[u8; 32], SealedFault> {
    let now = app.clock.now();
    let link = match (visit.mine(), visit.link.state, visit.person) {
        (Some(mine), SealedState::Made, _) => bind(app, &visit.link, mine, now).await?,
        // The browser waits for its words, and meanwhile its customer signed in at the bank in it.
        (_, SealedState::Waiting, SignedIn::Customer(_)) if visit.page == visit.link.browser => {
            confirm(app, &visit.link, now).await?
        }
        _ => visit.link.clone(),
    };
    match link.state {
        SealedState::Used => return Err(SealedFault::Used),
        SealedState::Closed => return Err(SealedFault::Closed),
        _ if link.expires_at <= now => return Err(SealedFault::Expired),
        _ => {}
    }
    let mine = [visit.known, visit.mine(), visit.page]
        .into_iter()
        .flatten()
        .find(|hash| link.browser == Some(*hash));
    match (link.state, mine) {
        (SealedState::Made | SealedState::Waiting, _) if visit.person == SignedIn::Other => {
            Err(refused(app, visit, SealedFault::OtherPerson).await?)
        }
        (SealedState::Made, _) if visit.room.channel.is_foreign() => Err(wait(app, visit, now).await?),
        (SealedState::Made, _) => {
            let sign_in = visit.can_sign_in().await;
            Err(refused(app, visit, SealedFault::OtherConversation { sign_in }).await?)
        }
        (SealedState::Waiting, Some(mine)) => {
            let (words, sign_in) = (words::of(&link.token_hash, &mine), visit.can_sign_in().await);
            Err(SealedFault::Waiting { words, cookie: None, sign_in })
        }
        (SealedState::Opening, Some(_)) if link.lease_until > now => Err(SealedFault::Opening),
        (SealedState::Bound | SealedState::Opening, Some(mine)) => Ok(mine),
        _ => Err(refused(app, visit, SealedFault::OtherBrowser).await?),
    }
}

/// Binds a link to a known browser if it is the first, and gives the link as it stands then.
async fn bind(
    app: &App,
    link: &SealedLink,
    known: [u8; 32],
    now: Timestamp,
) -> Result<SealedLink, SealedFault> {
    let link = link.clone();
    let found = app.store.transact(move |tx| -> Result<_, DbError> {
        sealed_links::bind(tx, &link, &known, true, now)?;
        sealed_links::by_token(tx, &link.bank, &link.token_hash)
    });
    found.await?.ok_or(SealedFault::Unknown)
}

/// Whoever waits in the browser signed in as the link's customer, which says what the words would have said. Gives the
/// link as it stands then.
async fn confirm(app: &App, link: &SealedLink, now: Timestamp) -> Result<SealedLink, SealedFault> {
    let link = link.clone();
    let found = app.store.transact(move |tx| -> Result<_, DbError> {
        sealed_links::confirm(tx, &link, now)?;
        sealed_links::by_token(tx, &link.bank, &link.token_hash)
    });
    found.await?.ok_or(SealedFault::Unknown)
}

/// A browser that is not known: the link is bound to it, and the conversation is asked for the words.
async fn wait(app: &App, visit: &Visit, now: Timestamp) -> Result<SealedFault, DbError> {
    let value = B64.encode(rim::random::<32>());
    let (browser, link, room) = (hash(&value), visit.link.clone(), visit.room.clone());
    let said = Reply::text(
        "Your page waits in a browser that I do not know. If you opened it, write here the three words that \
         stand on it. If you did not, write “no”.",
    );
    let id = MessageId::new(rim::uuid(now));
    let first = app.store.transact(move |tx| -> Result<bool, DbError> {
        let first = sealed_links::bind(tx, &link, &browser, false, now)?;
        if first {
            room::say_unprompted(tx, &room, &id, &said, now)?;
        }
        Ok(first)
    });
    if !first.await? {
        return Ok(SealedFault::OtherBrowser);
    }
    app.bells.ring(&visit.room.id);
    let (words, sign_in) = (words::of(&visit.link.token_hash, &browser), visit.can_sign_in().await);
    Ok(SealedFault::Waiting { words, cookie: Some(value), sign_in })
}

/// Counts a refused try.
async fn refused(app: &App, visit: &Visit, fault: SealedFault) -> Result<SealedFault, DbError> {
    let (link, now) = (visit.link.clone(), app.clock.now());
    app.store
        .transact(move |tx| -> Result<_, DbError> { sealed_links::refuse(tx, &link, TRIES, now) })
        .await?;
    Ok(fault)
}

/// Why an opening did not begin: another was faster, or it was the last try.
async fn why_not(app: &App, token: &str, visit: &Visit) -> Result<SealedFault, DbError> {
    let (bank, hashed, now) = (visit.link.bank.clone(), hash(token), app.clock.now());
    let link = app
        .store
        .read(move |tx| -> Result<_, DbError> { sealed_links::by_token(tx, &bank, &hashed) })
        .await?;
    let fault = match link.map(|link| (link.state, link.tries, link.expires_at)) {
        Some((SealedState::Used, ..)) => SealedFault::Used,
        Some((_, _, until)) if until <= now => SealedFault::Expired,
        Some((SealedState::Opening, ..)) => SealedFault::Opening,
        _ => SealedFault::Closed,
    };
    note(visit, &fault);
    Ok(fault)
}

/// Asks the gate and the bank, and uses the link up if there is something to show.
async fn show(
    app: &Arc<App>,
    visit: &Visit,
    opening: SealedLink,
    question: &[u8],
) -> Result<Opened, SealedFault> {
    let now = app.clock.now();
    let Ok(question) = serde_json::from_slice::<Question>(question) else {
        return Err(close(app, opening, SealedFault::Closed).await?);
    };
    let turn = Turn {
        app: app.clone(),
        tenant: visit.tenant.clone(),
        conversation: visit.room.clone(),
        channel: visit.room.channel,
        region: visit.region,
        now,
        shown: Shown::OnItsPage { consent: opening.consent.clone() },
        memory: Memory::default(),
    };
    let answered = time::timeout(ANSWER_LIMIT, question.answer(&turn)).await;
    let reply = match answered {
        Err(_) => return Err(give_back(app, opening, SealedFault::TooLong).await?),
        Ok(Ok(reply)) => reply,
        Ok(Err(TurnFault::NotOnThePage(no))) => return Err(said_no(app, opening, *no).await?),
        Ok(Err(TurnFault::Bank(BankFault::ConsentEnded))) => {
            return Err(close(app, opening, SealedFault::Ended).await?);
        }
        Ok(Err(TurnFault::Bank(fault))) => {
            return Err(give_back(app, opening, SealedFault::Bank(fault)).await?);
        }
        Ok(Err(fault)) => return Err(give_back(app, opening, SealedFault::Turn(fault)).await?),
    };
    finish(app, opening, question.skill).await?;
    let own_chat = !visit.room.channel.is_foreign();
    Ok(Opened { tenant: visit.tenant.clone(), skill: question.skill, sheet: Sheet(reply), at: now, own_chat })
}

/// Uses the link up, unless the sharing ended while the bank was read: then what was read is dropped.
async fn finish(app: &App, opening: SealedLink, skill: Skill) -> Result<(), SealedFault> {
    let now = app.clock.now();
    let finished = app.store.transact(move |tx| -> Result<Result<(), SealedFault>, DbError> {
        if let (Some(consent), true) = (&opening.consent, skill.is_bank_data()) {
            let held = consents::held_by_id(tx, &opening.bank, &opening.customer, consent)?;
            if !held.is_some_and(|held| held.consent.holds(now.max(held.changed_at))) {
                sealed_links::close(tx, &opening, now)?;
                return Ok(Err(SealedFault::Ended));
            }
        }
        Ok(if sealed_links::finish(tx, &opening, now)? { Ok(()) } else { Err(SealedFault::Used) })
    });
    finished.await?
}

/// The gate's No closes the link, but for a pause, which its customer can end in time.
async fn said_no(app: &App, opening: SealedLink, no: Refusal) -> Result<SealedFault, DbError> {
    match no.reason {
        RefusalReason::ConsentPaused => give_back(app, opening, SealedFault::Refused(Box::new(no))).await,
        RefusalReason::NoConsent
        | RefusalReason::ConsentEnded { .. }
        | RefusalReason::ConsentExpired { .. } => close(app, opening, SealedFault::Ended).await,
        _ => close(app, opening, SealedFault::Refused(Box::new(no))).await,
    }
}

async fn give_back(app: &App, opening: SealedLink, fault: SealedFault) -> Result<SealedFault, DbError> {
    let now = app.clock.now();
    app.store
        .transact(move |tx| -> Result<_, DbError> { sealed_links::give_back(tx, &opening, now) })
        .await?;
    Ok(fault)
}

async fn close(app: &App, opening: SealedLink, fault: SealedFault) -> Result<SealedFault, DbError> {
    let now = app.clock.now();
    app.store.transact(move |tx| -> Result<_, DbError> { sealed_links::close(tx, &opening, now) }).await?;
    Ok(fault)
}
