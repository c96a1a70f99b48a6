//! To the bank and back: begun by a press of a button, bound to the browser by a cookie, ended once.

use super::{ATTEMPT_LASTS, LASTS};
use crate::{app::App, linking::hash, rim, sealed, tenant::Tenant};
use banks::{BankFault, OnboardingFault, PendingSignIn};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{
    DbError,
    sign_ins::{self, NewAttempt, SignedIn},
    subjects,
};
use url::Url;

/// What somebody signs in for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The privacy page.
    Privacy,
    /// A sealed page, by the secret part of its address.
    Page(String),
}

/// What waits while a browser is at the bank. Sealed under a key that only the browser's cookie holds.
#[derive(Serialize, Deserialize)]
struct Waiting {
    aim: Aim,
    pending: PendingSignIn,
}

/// A browser that is on its way to the bank.
pub struct Departed {
    /// Where it goes.
    pub to_bank: Url,
    /// The cookie that binds the sign-in to it: its value.
    pub cookie: String,
    /// How long the browser keeps it, in seconds.
    pub max_age_s: i64,
}

/// Somebody who has signed in.
pub struct Arrived {
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// What they came for.
    pub aim: Aim,
    /// The token of their sign-in, made a moment ago.
    pub token: String,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// The bank does not offer it.
    #[error("the bank offers no sign-in")]
    NotOffered {
        /// The bank.
        tenant: Arc<Tenant>,
    },
    /// There is no such attempt: it came back before, took too long, or belongs to another browser.
    #[error("this sign-in is over, or was begun in another browser")]
    Over,
    /// They did not say yes at the bank.
    #[error("nothing was said yes to at the bank")]
    Cancelled {
        /// The bank.
        tenant: Arc<Tenant>,
    },
    /// The way back was not as it left, or the bank does not prove who signed in.
    #[error("the way back from the bank cannot be trusted: {fault}")]
    NotTrusted {
        /// The bank.
        tenant: Arc<Tenant>,
        /// In which way.
        fault: BankFault,
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
    /// Nobody here is who signed in.
    #[error("nobody here is who signed in at the bank")]
    Nobody {
        /// The bank.
        tenant: Arc<Tenant>,
    },
    /// The sealed page that they signed in for is not theirs, or opens no more.
    #[error("the page that it was for does not open: {fault}")]
    Page {
        /// The bank.
        tenant: Arc<Tenant>,
        /// Why.
        fault: sealed::SealedFault,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Leaves for the bank: pushes the request, keeps what is needed when the browser comes back, and says where to go.
pub async fn begin(app: &App, tenant: Arc<Tenant>, aim: Aim) -> Result<Departed, SignInFault> {
    let connector = match tenant.connector().await {
        Ok(connector) => connector,
        Err(fault) => return Err(SignInFault::Onboarding { tenant, fault }),
    };
    let begun = match connector.begin_sign_in().await {
        Ok(begun) => begun,
        Err(BankFault::NoSignIn) => return Err(SignInFault::NotOffered { tenant }),
        Err(fault) => return Err(SignInFault::Bank { tenant, fault }),
    };
    let (cookie, now) = (B64.encode(rim::random::<32>()), app.clock.now());
    let state_hash = hash(begun.pending.state().expose());
    let waiting = Waiting { aim, pending: begun.pending };
    let waiting = serde_json::to_vec(&waiting).expect("a pending sign-in is plain data");
    let (held, bank) = (cookie.clone(), tenant.id.clone());
    let kept = app.store.transact(move |tx| {
        let new = NewAttempt {
            cookie: &held,
            bank: &bank,
            state_hash,
            pending: &waiting,
            expires_at: now + ATTEMPT_LASTS,
        };
        sign_ins::begin(tx, &new)
    });
    kept.await?;
    Ok(Departed { to_bank: begun.authorization_url, cookie, max_age_s: ATTEMPT_LASTS.as_secs() })
}

/// Whether the way back with this `state` is that of the sign-in that a browser began, and not of a link that it began
/// beside it. Opens nothing: the cookie does.
pub async fn is_under_way(app: &App, cookie: &str, state: &str) -> Result<bool, DbError> {
    let (cookie, state_hash) = (cookie.to_owned(), hash(state));
    app.store.read(move |tx| sign_ins::is_of(tx, &cookie, &state_hash)).await
}

/// Comes back from the bank. Which sign-in it is says the cookie alone, never the address. `before` is what this
/// browser held of an earlier sign-in, for each bank: it is worth nothing from here on, whoever put it there.
pub async fn arrive(
    app: &App,
    cookie: &str,
    query: &str,
    before: impl FnOnce(&Tenant) -> Option<String>,
) -> Result<Arrived, SignInFault> {
    let (held, now) = (cookie.to_owned(), app.clock.now());
    let taken = app.store.transact(move |tx| sign_ins::take(tx, &held, now)).await?;
    let (bank, waiting) = taken.ok_or(SignInFault::Over)?;
    let tenant = app.tenants.get(&bank).ok_or(SignInFault::Over)?;
    let Ok(Waiting { aim, pending }) = serde_json::from_slice(&waiting) else {
        return Err(SignInFault::Over);
    };
    let subject = who(app, &tenant, &pending, query).await?;
    match &aim {
        Aim::Privacy => is_somebody(app, &tenant, subject).await?,
        Aim::Page(token) => {
            if let Err(fault) = sealed::is_for(app, token, subject).await {
                return Err(SignInFault::Page { tenant, fault });
            }
        }
    }
    let before = before(&tenant).map(|token| hash(&token));
    let token = open(app, &tenant, subject, before).await?;
    Ok(Arrived { tenant, aim, token })
}

/// Asks the bank who signed in, and gives their fingerprint.
async fn who(
    app: &App,
    tenant: &Arc<Tenant>,
    pending: &PendingSignIn,
    query: &str,
) -> Result<[u8; 32], SignInFault> {
    let at = || tenant.clone();
    let connector =
        tenant.connector().await.map_err(|fault| SignInFault::Onboarding { tenant: at(), fault })?;
    match connector.finish_sign_in(pending, query).await {
        Ok(subject) => Ok(app.subjects.fingerprint(tenant, &subject)),
        Err(BankFault::LinkCancelled) => Err(SignInFault::Cancelled { tenant: at() }),
        Err(BankFault::LinkExpired) => Err(SignInFault::Over),
        Err(BankFault::NoSignIn) => Err(SignInFault::NotOffered { tenant: at() }),
        Err(fault @ (BankFault::LinkTampered(_) | BankFault::Unproven(_) | BankFault::Weakened(_))) => {
            tracing::error!(bank = %tenant.id, %fault, "a way back from a sign-in cannot be trusted");
            Err(SignInFault::NotTrusted { tenant: at(), fault })
        }
        Err(fault) => Err(SignInFault::Bank { tenant: at(), fault }),
    }
}

/// Whether there is anything here of who signed in.
async fn is_somebody(app: &App, tenant: &Arc<Tenant>, subject: [u8; 32]) -> Result<(), SignInFault> {
    let bank = tenant.id.clone();
    let found = app.store.read(move |tx| subjects::conversations(tx, &bank, &subject)).await?;
    let gone = |customer| app.erasures.forgotten.contains(&tenant.id, customer);
    if found.iter().any(|conversation| !gone(&conversation.customer)) {
        return Ok(());
    }
    tracing::info!(bank = %tenant.id, "somebody signed in at the bank who is not known here");
    Err(SignInFault::Nobody { tenant: tenant.clone() })
}

/// Opens a sign-in under a token that nobody held before this moment, and ends what the browser held before.
async fn open(
    app: &App,
    tenant: &Tenant,
    subject: [u8; 32],
    before: Option<[u8; 32]>,
) -> Result<String, DbError> {
    let (token, now) = (B64.encode(rim::random::<32>()), app.clock.now());
    let (hashed, bank) = (hash(&token), tenant.id.clone());
    let new = SignedIn { bank, subject, customer: None, made_at: now, seen_at: now, expires_at: now + LASTS };
    let opened = app.store.transact(move |tx| -> Result<(), DbError> {
        if let Some(before) = &before {
            sign_ins::close(tx, before)?;
        }
        sign_ins::open(tx, &hashed, &new)
    });
    opened.await?;
    Ok(token)
}
