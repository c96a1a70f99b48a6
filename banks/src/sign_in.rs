//! Signing in at a bank, to show that somebody is who they were: no data, no consent, nothing that lasts.

use crate::{
    attempts::Repeat,
    callback,
    connector::Connector,
    fault::{BankFault, Tampering, Weakening},
    key::ClientKey,
    link::SIGN_IN,
    oauth::Issued,
    secret::Secret,
};
use domain::BankId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// What a bank calls a person towards us (`sub` of its id tokens). Never printed; kept nowhere but as a
/// fingerprint.
#[derive(Clone)]
pub struct Subject(Secret);

impl Subject {
    pub(crate) fn new(sub: &str) -> Self {
        Subject(Secret::new(sub))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(hidden)")
    }
}

/// A sign-in that is on its way.
#[derive(Debug)]
pub struct BegunSignIn {
    /// Where to send the person's browser (303).
    pub authorization_url: Url,
    /// What is needed when it comes back. Secret.
    pub pending: PendingSignIn,
}

/// A sign-in on its way. serde writes it in clear: seal it, and use it once. `Debug` shows no secret, and the
/// secrets are overwritten when it is dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingSignIn {
    bank: BankId,
    began: Timestamp,
    state: Secret,
    verifier: Secret,
    nonce: Secret,
    key: ClientKey,
}

impl PendingSignIn {
    /// The `state` that comes back with it.
    pub fn state(&self) -> &Secret {
        &self.state
    }
}

impl Connector {
    /// Whether people can sign in at this bank: it offers it, and its file does not forbid it.
    pub fn offers_sign_in(&self) -> bool {
        self.inner.oauth.knows_people()
    }

    /// Pushes a request that asks who the person is and for nothing else.
    pub async fn begin_sign_in(&self) -> Result<BegunSignIn, BankFault> {
        if !self.offers_sign_in() {
            return Err(BankFault::NoSignIn);
        }
        let key = ClientKey::generate().map_err(|_| BankFault::Unsendable)?;
        let push = || self.inner.oauth.push(&key, vec![], None);
        let pushed = self.inner.api.tokens.attempts.run("push", self.deadline(), Repeat::Yes, push).await?;
        let authorization_url = Url::parse(&pushed.authorization_url).map_err(|_| BankFault::Unsendable)?;
        let pending = PendingSignIn {
            bank: self.inner.bank.clone(),
            began: self.now(),
            state: pushed.state,
            verifier: pushed.verifier,
            nonce: pushed.nonce.ok_or(BankFault::NoSignIn)?,
            key,
        };
        Ok(BegunSignIn { authorization_url, pending })
    }

    /// Turns the query of the way back into the person that the bank names. Whatever else the bank gave is given
    /// back to it.
    pub async fn finish_sign_in(
        &self,
        pending: &PendingSignIn,
        callback_query: &str,
    ) -> Result<Subject, BankFault> {
        if pending.bank != self.inner.bank {
            return Err(BankFault::LinkTampered(Tampering::OtherBank));
        }
        let code = callback::code(callback_query, &pending.state, &self.inner.issuer)?;
        if self.now().duration_since(pending.began) > SIGN_IN {
            return Err(BankFault::LinkExpired);
        }
        let carried = (code.as_str(), &pending.verifier);
        let issued = self.exchange(&pending.key, carried, false, self.deadline()).await?;
        let answer = self.who(pending, &issued).await;
        if let Some(refresh_token) = &issued.refresh {
            self.give_back(refresh_token).await;
        }
        answer
    }

    async fn who(&self, pending: &PendingSignIn, issued: &Issued) -> Result<Subject, BankFault> {
        let data = issued.details.as_ref().is_some_and(|details| !details.is_empty());
        if data || issued.grant_id.is_some() {
            return Err(BankFault::Weakened(Weakening::Wider));
        }
        self.inner.oauth.subject(issued, &pending.nonce).await
    }
}
