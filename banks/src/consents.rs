//! The consent at the bank: how it stands, and its end.

use crate::{
    attempts::{Deadline, Repeat},
    call::Ask,
    connector::Connector,
    fault::{BankFault, Weakening},
    fdx::consent::{self, Record, Status},
    grant::Grant,
};
use ::http::Method;
use serde_json::json;

/// How a consent stands at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtBank {
    /// It holds.
    Active,
    /// The customer or the bank ended it.
    Revoked,
    /// Its time is over.
    Expired,
}

/// The status of an answer to a revocation of what has ended already.
const ENDED_ALREADY: u16 = 409;

impl Connector {
    /// How the consent stands at the bank. A grant that the bank does not take any more has ended: expired if
    /// its time is over, revoked otherwise.
    pub async fn consent_status(&self, grant: &Grant) -> Result<AtBank, BankFault> {
        self.check_grant(grant)?;
        match self.consent_at(grant, self.deadline()).await {
            Ok(record) => Ok(match record.status {
                Status::Active => AtBank::Active,
                Status::Revoked => AtBank::Revoked,
                Status::Expired => AtBank::Expired,
            }),
            Err(BankFault::ConsentEnded) if self.now() >= grant.expires_at => Ok(AtBank::Expired),
            Err(BankFault::ConsentEnded) => Ok(AtBank::Revoked),
            Err(fault) => Err(fault),
        }
    }

    /// Ends the consent at the bank because the customer says so: first the consent, then the refresh token
    /// (RFC 7009). A consent that has ended already is a success. May be repeated.
    pub async fn revoke(&self, grant: &Grant) -> Result<(), BankFault> {
        self.check_grant(grant)?;
        let deadline = self.deadline();
        let path = ["consents", &grant.at_bank, "revocation"];
        let body = json!({ "reason": "USER_ACTION", "initiator": "INDIVIDUAL" });
        let ask = Ask { method: Method::PUT, body: Some(body), ..Ask::get("revoke", &path, Vec::new()) };
        match self.inner.api.ask(grant, deadline, &ask).await {
            Ok(_) | Err(BankFault::ConsentEnded) => {}
            Err(BankFault::Refused { status: ENDED_ALREADY, .. }) => {}
            Err(fault) => return Err(fault),
        }
        let newest = self.inner.api.tokens.newest(grant).await?;
        let revoke = || self.inner.oauth.revoke(&newest.refresh_token);
        self.inner.api.tokens.attempts.run("revoke_token", deadline, Repeat::Yes, revoke).await?;
        self.inner.api.tokens.forget(grant);
        Ok(())
    }

    /// Reads the consent of a grant, and no other.
    pub(crate) async fn consent_at(&self, grant: &Grant, deadline: Deadline) -> Result<Record, BankFault> {
        let path = ["consents", grant.at_bank.as_str()];
        let heard = self.inner.api.ask(grant, deadline, &Ask::get("consent", &path, Vec::new())).await?;
        let record = consent::record(&heard.body).map_err(|what| heard.unreadable(what))?;
        if record.id != grant.at_bank {
            return Err(BankFault::Weakened(Weakening::OtherConsent));
        }
        Ok(record)
    }
}
