//! Linking: to the bank and back.

use crate::{
    attempts::{Deadline, Repeat},
    callback,
    connector::Connector,
    fault::{BankFault, Tampering, Weakening},
    fdx::{self, consent::Asked},
    grant::Grant,
    key::ClientKey,
    oauth::Issued,
    secret::Secret,
    sign_in::Subject,
};
use domain::{AccountId, BankId, ConsentId, CustomerId, DataClass};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

/// The longest consent that is asked for, in days ([`domain::consent::LONGEST`]).
const MAX_DAYS: u32 = 365;
/// The farthest look back that is asked for, in days (24 months, 12 CFR 1033.211).
const MAX_LOOKBACK: u32 = 731;
/// After so long a sign-in at the bank is not finished any more.
pub(crate) const SIGN_IN: SignedDuration = SignedDuration::from_hours(1);

/// What a customer agreed to ask the bank for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAsk {
    /// Our consent record.
    pub consent: ConsentId,
    /// Whose it is. Permits of another customer will not work with the grant.
    pub customer: CustomerId,
    /// Which data. Every class includes which accounts there are.
    pub data_classes: Vec<DataClass>,
    /// Whether the bank is asked to take orders from the customer, too, on what those classes are about. Without the
    /// native contract nothing is asked for.
    pub orders: bool,
    /// Whether the bank is asked, too, to hear whether a payment is the customer's own. Without the native contract nothing is
    /// asked for.
    pub reports: bool,
    /// Whether the bank is asked for leave to be told when something happens. Without the native contract nothing is asked
    /// for.
    pub events: bool,
    /// For how many days, at most 365; more is cut.
    pub days: u32,
    /// How many days of transactions before today, at most 731; more is cut.
    pub lookback_days: u32,
}

/// A link that is on its way.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the customer's browser (303).
    pub authorization_url: Url,
    /// What is needed when it comes back. Secret.
    pub pending: PendingLink,
}

/// A link on its way. serde writes it in clear: seal it, and use it once. `Debug` shows no secret, and the
/// secrets are overwritten when it is dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingLink {
    bank: BankId,
    customer: CustomerId,
    consent: ConsentId,
    asked: Asked,
    began: Timestamp,
    state: Secret,
    verifier: Secret,
    /// What the id token must repeat. None where the bank was not asked for one.
    #[serde(default)]
    nonce: Option<Secret>,
    key: ClientKey,
}

/// A finished link.
#[derive(Debug)]
pub struct Linked {
    /// The right to ask. Secret: seal it.
    pub grant: Grant,
    /// The bank's own id of the consent.
    pub consent_at_bank: String,
    /// The accounts that the customer chose; at least one.
    pub accounts: Vec<AccountId>,
    /// What of the asked data the bank will give.
    pub data_classes: Vec<DataClass>,
    /// When it ends by itself: what the bank says, but never later than was asked.
    pub expires_at: Timestamp,
    /// Who signed in, where the bank tells.
    pub subject: Option<Subject>,
}

impl Connector {
    /// Pushes the request to the bank and says where the customer signs in.
    pub async fn begin_link(&self, ask: &LinkAsk) -> Result<Begun, BankFault> {
        let asked = Asked {
            data_classes: ask.data_classes.clone(),
            native: self.is_native(),
            orders: ask.orders && self.is_native(),
            reports: ask.reports && self.is_native(),
            events: ask.events && self.is_native(),
            days: ask.days.clamp(1, MAX_DAYS),
            lookback_days: ask.lookback_days.min(MAX_LOOKBACK),
        };
        let key = ClientKey::generate().map_err(|_| BankFault::Unsendable)?;
        let push = || {
            let detail = (fdx::CONSENT_TYPE, vec![("consentRequest", asked.request())]);
            self.inner.oauth.push(&key, asked.scopes(), Some(detail))
        };
        // A request that is pushed twice is two requests, of which one is never used.
        let pushed = self.inner.api.tokens.attempts.run("push", self.deadline(), Repeat::Yes, push).await?;
        let authorization_url = Url::parse(&pushed.authorization_url).map_err(|_| BankFault::Unsendable)?;
        let pending = PendingLink {
            bank: self.inner.bank.clone(),
            customer: ask.customer.clone(),
            consent: ask.consent.clone(),
            asked,
            began: self.now(),
            state: pushed.state,
            verifier: pushed.verifier,
            nonce: pushed.nonce,
            key,
        };
        Ok(Begun { authorization_url, pending })
    }

    /// Turns the query of the way back into a link. Whatever is weaker or wider than what was asked is
    /// refused, and what the bank has given by then is given back to it.
    pub async fn finish_link(
        &self,
        pending: &PendingLink,
        callback_query: &str,
    ) -> Result<Linked, BankFault> {
        if pending.bank != self.inner.bank {
            return Err(BankFault::LinkTampered(Tampering::OtherBank));
        }
        let code = callback::code(callback_query, &pending.state, &self.inner.issuer)?;
        if self.now().duration_since(pending.began) > SIGN_IN {
            return Err(BankFault::LinkExpired);
        }
        let deadline = self.deadline();
        let issued = self.exchange(&pending.key, (&code, &pending.verifier), true, deadline).await?;
        let refresh_token = issued.refresh.clone();
        match self.accept(pending, issued, deadline).await {
            Ok(linked) => Ok(linked),
            Err(fault) => {
                if let Some(refresh_token) = refresh_token {
                    self.give_back(&refresh_token).await;
                }
                Err(fault)
            }
        }
    }

    /// Exchanges a code that came back to this attempt.
    pub(crate) async fn exchange(
        &self,
        key: &ClientKey,
        (code, verifier): (&str, &Secret),
        data: bool,
        deadline: Deadline,
    ) -> Result<Issued, BankFault> {
        let exchange = || self.inner.oauth.exchange(key, code, verifier, data);
        let attempts = &self.inner.api.tokens.attempts;
        match attempts.run("exchange", deadline, Repeat::No, exchange).await {
            // A code that was used, is too old, or was not made for this request.
            Err(BankFault::ConsentEnded) => Err(BankFault::LinkExpired),
            answer => answer,
        }
    }

    /// Checks who signed in and what was issued against what was asked, and asks the bank what the customer chose.
    async fn accept(
        &self,
        pending: &PendingLink,
        issued: Issued,
        deadline: Deadline,
    ) -> Result<Linked, BankFault> {
        let data_classes = fdx::consent::granted(issued.details.as_deref(), &pending.asked)?;
        let subject = match &pending.nonce {
            Some(nonce) => Some(self.inner.oauth.subject(&issued, nonce).await?),
            None => None,
        };
        let at_bank = issued.grant_id.filter(|id| !id.is_empty());
        let at_bank = at_bank.ok_or(BankFault::Weakened(Weakening::NoGrantId))?;
        let refresh_token = issued.refresh.ok_or(BankFault::Weakened(Weakening::NoRefreshToken))?;
        let days = SignedDuration::from_hours(24 * i64::from(pending.asked.days));
        let latest = self.now().checked_add(days).unwrap_or(Timestamp::MAX);
        let mut grant = Grant {
            bank: pending.bank.clone(),
            customer: pending.customer.clone(),
            consent: pending.consent.clone(),
            at_bank,
            refresh_token,
            key: pending.key.clone(),
            expires_at: latest,
        };
        self.inner.api.tokens.prime(&grant, issued.access).await;
        let answer = self.chosen(&mut grant, &pending.asked, deadline).await;
        if answer.is_err() {
            self.inner.api.tokens.forget(&grant);
        }
        let accounts = answer?;
        let (consent_at_bank, expires_at) = (grant.at_bank.clone(), grant.expires_at);
        Ok(Linked { grant, consent_at_bank, accounts, data_classes, expires_at, subject })
    }

    /// The accounts of the consent at the bank. It too must not be wider than what was asked.
    async fn chosen(
        &self,
        grant: &mut Grant,
        asked: &Asked,
        deadline: Deadline,
    ) -> Result<Vec<AccountId>, BankFault> {
        let record = self.consent_at(grant, deadline).await?;
        if record.status != fdx::consent::Status::Active {
            return Err(BankFault::ConsentEnded);
        }
        if let Some(terms) = &record.terms {
            asked.granted(terms).map_err(BankFault::Weakened)?;
        }
        if record.accounts.is_empty() {
            return Err(BankFault::NothingShared);
        }
        grant.expires_at = record.expires_at.map_or(grant.expires_at, |ends| ends.min(grant.expires_at));
        Ok(record.accounts)
    }

    /// Gives a refused grant back: nothing that we do not use stays alive at the bank. If that fails too, the
    /// bank's own page still lists it.
    pub(crate) async fn give_back(&self, refresh_token: &Secret) {
        let attempts = &self.inner.api.tokens.attempts;
        let revoke = || self.inner.oauth.revoke(refresh_token);
        if let Err(fault) = attempts.run("give_back", self.deadline(), Repeat::Yes, revoke).await {
            tracing::warn!(bank = %self.inner.bank, "a refused grant could not be given back: {fault}");
        }
    }
}
