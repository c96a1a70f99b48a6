//! Reading by the native contract, under a permit. What comes back is guarded.

use super::wire;
use crate::{
    attempts::Deadline,
    call::{Ask, Heard},
    connector::Connector,
    fault::{BankFault, FdxCode, Mismatch, Unreadable},
    grant::Grant,
    reads::Listing,
};
use domain::{
    AccountId, Card, ContactPreferences, DataClass, StandingOrder, Statement, StatementFile, StatementForm,
    Subscription, TravelNotice,
};
use gate::{ForPurpose, Guarded, Permit};

impl Connector {
    /// Whether the bank has the native contract: without it there are no cards, schedules or contact to read, and
    /// nothing can be ordered.
    pub fn is_native(&self) -> bool {
        self.inner.api.native.is_some()
    }

    /// The cards of the accounts that the permit names.
    pub async fn cards<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<Card>, P>, BankFault> {
        self.check(grant, permit, DataClass::Cards)?;
        let heard = self.told(grant, self.deadline(), "cards", &["cards"]).await?;
        let rows = wire::cards(&heard.body).map_err(|what| heard.unreadable(what))?;
        Ok(Guarded::seal(permit, named(permit, rows, &heard, |card: &Card| Some(&card.account))))
    }

    /// The travel notices that are not over. They are the customer's, of whichever accounts.
    pub async fn travel_notices<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<TravelNotice>, P>, BankFault> {
        self.check(grant, permit, DataClass::Cards)?;
        let heard = self.told(grant, self.deadline(), "travel_notices", &["travel-notices"]).await?;
        let rows = wire::travel_notices(&heard.body).map_err(|what| heard.unreadable(what))?;
        Ok(Guarded::seal(permit, named(permit, rows, &heard, |_| None)))
    }

    /// The standing orders of the accounts that the permit names.
    pub async fn standing_orders<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<StandingOrder>, P>, BankFault> {
        self.check(grant, permit, DataClass::ScheduledPayments)?;
        let heard = self.told(grant, self.deadline(), "standing_orders", &["standing-orders"]).await?;
        let rows = wire::standing_orders(&heard.body).map_err(|what| heard.unreadable(what))?;
        Ok(Guarded::seal(permit, named(permit, rows, &heard, |order: &StandingOrder| Some(&order.account))))
    }

    /// The subscriptions that the bank sees on the accounts that the permit names.
    pub async fn subscriptions<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<Subscription>, P>, BankFault> {
        self.check(grant, permit, DataClass::ScheduledPayments)?;
        let heard = self.told(grant, self.deadline(), "subscriptions", &["subscriptions"]).await?;
        let rows = wire::subscriptions(&heard.body).map_err(|what| heard.unreadable(what))?;
        Ok(Guarded::seal(permit, named(permit, rows, &heard, |row: &Subscription| Some(&row.account))))
    }

    /// How the bank reaches the customer.
    pub async fn contact_preferences<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<ContactPreferences, P>, BankFault> {
        self.check(grant, permit, DataClass::Contact)?;
        let heard = self.told(grant, self.deadline(), "contact", &["contact-preferences"]).await?;
        let found = wire::contact(&heard.body).map_err(|what| heard.unreadable(what))?;
        Ok(Guarded::seal(permit, found))
    }

    /// The statements of the accounts that the permit names, by the native contract or by FDX. An account that is
    /// gone or has none gives none.
    pub async fn statements<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<Statement>, P>, BankFault> {
        self.check(grant, permit, DataClass::Statements)?;
        let deadline = self.deadline();
        let (mut rows, mut partial) = (Vec::new(), false);
        for account in permit.accounts() {
            let path = ["accounts", account.as_str(), "statements"];
            match self.either(grant, deadline, "statements", &path).await {
                Ok(heard) => {
                    partial |= heard.partial;
                    let found = wire::statements(&heard.body, account);
                    rows.extend(found.map_err(|what| heard.unreadable(what))?);
                }
                Err(BankFault::Refused {
                    code: Some(FdxCode::NoData | FdxCode::WrongKindOfAccount), ..
                }) => {}
                Err(BankFault::Refused { status: 404, .. }) => partial = true,
                Err(fault) => return Err(fault),
            }
        }
        Ok(Guarded::seal(permit, Listing { rows, partial, more: false }))
    }

    /// The content of a statement of an account that the permit names.
    pub async fn statement_file<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
        statement: &Statement,
    ) -> Result<Guarded<StatementFile, P>, BankFault> {
        self.check(grant, permit, DataClass::Statements)?;
        if !permit.accounts().contains(&statement.account) {
            return Err(BankFault::NotPermitted(Mismatch::Account));
        }
        let path = ["accounts", statement.account.as_str(), "statements", statement.id.as_str()];
        let ask = Ask { raw: true, ..self.rooted("statement_file", &path) };
        let heard = self.inner.api.ask(grant, self.deadline(), &ask).await?;
        let form = match heard.media.split(';').next().map(str::trim) {
            Some("application/pdf") if heard.raw.starts_with(b"%PDF-") => StatementForm::Pdf,
            Some("text/plain") if std::str::from_utf8(&heard.raw).is_ok() => StatementForm::Text,
            _ => return Err(heard.unreadable(Unreadable::Form)),
        };
        Ok(Guarded::seal(permit, StatementFile { form, bytes: heard.raw }))
    }

    /// A read of the native contract.
    async fn told(
        &self,
        grant: &Grant,
        deadline: Deadline,
        name: &'static str,
        path: &[&str],
    ) -> Result<Heard, BankFault> {
        self.inner.api.ask(grant, deadline, &Ask::native(name, path)).await
    }

    /// A read that both contracts have.
    async fn either(
        &self,
        grant: &Grant,
        deadline: Deadline,
        name: &'static str,
        path: &[&str],
    ) -> Result<Heard, BankFault> {
        self.inner.api.ask(grant, deadline, &self.rooted(name, path)).await
    }

    fn rooted<'a>(&self, name: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        if self.is_native() { Ask::native(name, path) } else { Ask::get(name, path, Vec::new()) }
    }
}

/// The rows of the accounts that the permit names. What the bank sends beyond them is dropped.
fn named<T, P: ForPurpose>(
    permit: &Permit<P>,
    mut rows: Vec<T>,
    heard: &Heard,
    account: impl Fn(&T) -> Option<&AccountId>,
) -> Listing<T> {
    rows.retain(|row| account(row).is_none_or(|account| permit.accounts().contains(account)));
    Listing { rows, partial: heard.partial, more: false }
}
