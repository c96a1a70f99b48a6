//! Reading under a permit. What comes back is guarded: only that permit opens it.

use crate::{
    attempts::Deadline,
    call::{Ask, Heard},
    connector::Connector,
    fault::{BankFault, FdxCode, Unreadable},
    fdx::{
        self,
        account::Listed,
        page::{Cursor, Step, Watch},
        pending, transaction,
    },
    grant::Grant,
};
use domain::{Account, AccountId, Balance, Currency, DataClass, Place, Transaction};
use gate::{ForPurpose, Guarded, Permit};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::value::RawValue;
use std::ops::Deref;

/// The longest period of one question, in days: 24 months (12 CFR 1033.211).
const MAX_PERIOD: i32 = 731;
/// A bank counts days in its own time zone, so its first and last day reach this far into ours.
const ZONES: SignedDuration = SignedDuration::from_hours(24);

/// What was found. It reads as a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether the bank said that something is missing. Then it is not to be called complete.
    pub partial: bool,
    /// Whether there are more rows than the limit that was asked for.
    pub more: bool,
}

impl<T> Deref for Listing<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> IntoIterator for Listing<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// Days, the first and the last included, in the bank's own time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

/// Why two days are no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodFault {
    /// The last day is before the first.
    #[error("{to} is before {from}")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// It is too long.
    #[error("a period has at most {max} days")]
    TooLong {
        /// The limit.
        max: i32,
    },
}

impl Period {
    /// From one day to another.
    pub fn new(from: Date, to: Date) -> Result<Period, PeriodFault> {
        if to < from {
            return Err(PeriodFault::Backwards { from, to });
        }
        if to.duration_since(from) >= SignedDuration::from_hours(24 * i64::from(MAX_PERIOD)) {
            return Err(PeriodFault::TooLong { max: MAX_PERIOD });
        }
        Ok(Period { from, to })
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Date {
        self.to
    }

    fn query(&self) -> [(&'static str, String); 2] {
        [("startDate", self.from.to_string()), ("endDate", self.to.to_string())]
    }

    /// Whether a moment can lie in it, in any time zone. For banks that send more than was asked.
    fn may_contain(&self, at: Timestamp) -> bool {
        let start = |day: Date| day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let (Ok(first), Ok(last)) = (start(self.from), start(self.to)) else { return false };
        at.duration_since(first) >= -ZONES && at.duration_since(last) < ZONES + ZONES
    }
}

/// What was gathered so far.
struct Gathered<T> {
    rows: Vec<T>,
    partial: bool,
}

impl Connector {
    /// The accounts that the permit names.
    pub async fn accounts<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<Account>, P>, BankFault> {
        self.check(grant, permit, DataClass::Accounts)?;
        let found = self.listed(grant, permit.accounts(), "lightweight", self.deadline()).await?;
        let rows = found.rows.into_iter().map(|listed| listed.account).collect();
        Ok(Guarded::seal(permit, Listing { rows, partial: found.partial, more: false }))
    }

    /// How the accounts that the permit names stand. Accounts that have no balance are left out.
    pub async fn balances<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
    ) -> Result<Guarded<Listing<Balance>, P>, BankFault> {
        self.check(grant, permit, DataClass::Balances)?;
        let found = self.listed(grant, permit.accounts(), "details", self.deadline()).await?;
        let rows = found.rows.into_iter().filter_map(|listed| listed.balance).collect();
        Ok(Guarded::seal(permit, Listing { rows, partial: found.partial, more: false }))
    }

    /// The newest `limit` transactions of a period, newest first, of the accounts that the permit names. A
    /// purchase that is pending and posted at once is there once. Never says where a purchase was made.
    pub async fn transactions<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
        period: Period,
        limit: usize,
    ) -> Result<Guarded<Listing<Transaction>, P>, BankFault> {
        self.check(grant, permit, DataClass::Transactions)?;
        let deadline = self.deadline();
        let (mut read, mut partial) = (Vec::new(), false);
        for (account, currency) in self.currencies(grant, permit.accounts(), deadline).await? {
            let found = self
                .of_account(grant, &account, period, deadline, |item| {
                    transaction::transaction(item, &account, currency)
                })
                .await?;
            partial |= found.partial;
            read.extend(found.rows.into_iter().flatten().filter(|r| period.may_contain(r.transaction.at)));
        }
        let mut rows = pending::merged(read);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Guarded::seal(permit, Listing { rows, partial, more }))
    }

    /// Where purchases of a period were made, as far as the bank says, of the accounts that the permit names.
    pub async fn places<P: ForPurpose>(
        &self,
        grant: &Grant,
        permit: &Permit<P>,
        period: Period,
    ) -> Result<Guarded<Listing<Place>, P>, BankFault> {
        self.check(grant, permit, DataClass::MerchantPlaces)?;
        let deadline = self.deadline();
        let (mut rows, mut partial) = (Vec::new(), false);
        for account in permit.accounts() {
            let found = self.of_account(grant, account, period, deadline, transaction::place).await?;
            partial |= found.partial;
            let here = found.rows.into_iter().flatten().filter(|(_, at)| period.may_contain(*at));
            rows.extend(here.map(|(place, _)| place));
        }
        Ok(Guarded::seal(permit, Listing { rows, partial, more: false }))
    }

    /// The named accounts, as the list of accounts tells them. What the bank sends beyond them is dropped.
    async fn listed(
        &self,
        grant: &Grant,
        named: &[AccountId],
        detail: &str,
        deadline: Deadline,
    ) -> Result<Gathered<Listed>, BankFault> {
        let ids: Vec<&str> = named.iter().map(AccountId::as_str).collect();
        let query = vec![("resultType", detail.to_owned()), ("accountIds", ids.join(","))];
        let now = self.now();
        let read = |item: &RawValue| fdx::account::listed(item, now);
        let id =
            |item: &RawValue| fdx::account::listed(item, now).map(|listed| listed.account.id.to_string());
        let ask = Ask::get("accounts", &["accounts"], query);
        let mut found = self.paged(grant, deadline, ask, id, read).await?;
        found.rows.retain(|listed| named.contains(&listed.account.id));
        let told = found.rows.iter().filter_map(|l| Some((l.account.id.clone(), l.currency?)));
        self.inner.api.tokens.learn(grant, told);
        Ok(found)
    }

    /// The named accounts with their currencies. One that the bank does not list any more is left out.
    async fn currencies(
        &self,
        grant: &Grant,
        named: &[AccountId],
        deadline: Deadline,
    ) -> Result<Vec<(AccountId, Currency)>, BankFault> {
        let tokens = &self.inner.api.tokens;
        let known = |account: &AccountId| tokens.currency(grant, account).map(|c| (account.clone(), c));
        if !named.iter().all(|account| known(account).is_some()) {
            let listed = self.listed(grant, named, "lightweight", deadline).await?;
            if listed.rows.iter().any(|l| l.currency.is_none()) {
                return Err(BankFault::unreadable(Unreadable::Currency));
            }
        }
        Ok(named.iter().filter_map(known).collect())
    }

    /// The transactions of one account. An account that is gone, closed or has none gives none.
    async fn of_account<T>(
        &self,
        grant: &Grant,
        account: &AccountId,
        period: Period,
        deadline: Deadline,
        read: impl Fn(&RawValue) -> Result<T, Unreadable>,
    ) -> Result<Gathered<T>, BankFault> {
        let path = ["accounts", account.as_str(), "transactions"];
        let ask = Ask::get("transactions", &path, period.query().into());
        let id = |item: &RawValue| transaction::id(item).map(|id| id.to_string());
        let none = |partial| Ok(Gathered { rows: Vec::new(), partial });
        match self.paged(grant, deadline, ask, id, read).await {
            Err(BankFault::Refused { code: Some(FdxCode::NoData | FdxCode::WrongKindOfAccount), .. }) => {
                none(false)
            }
            Err(BankFault::Refused { code: Some(FdxCode::NoAccount | FdxCode::AccountClosed), .. }) => {
                none(true)
            }
            answer => answer,
        }
    }

    /// All pages of a list. If it changes while it is read, it is read again from its first page, once.
    async fn paged<T>(
        &self,
        grant: &Grant,
        deadline: Deadline,
        ask: Ask<'_>,
        id: impl Fn(&RawValue) -> Result<String, Unreadable>,
        read: impl Fn(&RawValue) -> Result<T, Unreadable>,
    ) -> Result<Gathered<T>, BankFault> {
        for _reading in 0..2 {
            if let Some(gathered) = self.one_reading(grant, deadline, &ask, &id, &read).await? {
                return Ok(gathered);
            }
            tracing::info!(bank = %self.inner.bank, call = ask.name, "the list changed while it was read");
        }
        Err(BankFault::ShiftingPages)
    }

    /// One reading of a list from its first page; none if it changed meanwhile.
    async fn one_reading<T>(
        &self,
        grant: &Grant,
        deadline: Deadline,
        ask: &Ask<'_>,
        id: impl Fn(&RawValue) -> Result<String, Unreadable>,
        read: impl Fn(&RawValue) -> Result<T, Unreadable>,
    ) -> Result<Option<Gathered<T>>, BankFault> {
        let limits = &self.inner.api.limits;
        let too_long = BankFault::TooLong { pages: limits.pages, rows: limits.rows };
        let (mut watch, mut cursor) = (Watch::default(), None);
        let mut gathered = Gathered { rows: Vec::new(), partial: false };
        for _page in 0..limits.pages {
            let heard = self.page(grant, deadline, ask, cursor.take()).await?;
            let page = fdx::page::page(&heard.body).map_err(|what| heard.unreadable(what))?;
            gathered.partial |= heard.partial;
            if gathered.rows.len() + page.rows.len() > limits.rows {
                return Err(too_long);
            }
            let mut ids = Vec::with_capacity(page.rows.len());
            for item in page.rows {
                ids.push(id(item).map_err(|what| heard.unreadable(what))?);
                gathered.rows.push(read(item).map_err(|what| heard.unreadable(what))?);
            }
            // A bank that says that something is missing may well announce more than it sends.
            let total = page.total.filter(|_| !heard.partial);
            match watch.note(ids, total, page.next) {
                Step::Next(next) => cursor = Some(next),
                Step::Done => return Ok(Some(gathered)),
                Step::Shifted => return Ok(None),
            }
        }
        Err(too_long)
    }

    async fn page(
        &self,
        grant: &Grant,
        deadline: Deadline,
        ask: &Ask<'_>,
        cursor: Option<Cursor>,
    ) -> Result<Heard, BankFault> {
        let mut query = ask.query.clone();
        query.push(("limit", self.inner.api.limits.page.to_string()));
        query.extend(cursor.map(|cursor| cursor.parameter()));
        self.inner.api.ask(grant, deadline, &Ask::get(ask.name, ask.path, query)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_runs_forward_and_has_at_most_two_years() {
        let (from, to) = (day("2026-11-01"), day("2026-11-21"));
        assert!(Period::new(from, to).is_ok() && Period::new(from, from).is_ok());
        assert_eq!(Period::new(to, from), Err(PeriodFault::Backwards { from: to, to: from }));
        assert!(Period::new(day("2024-11-21"), day("2026-11-21")).is_ok());
        assert_eq!(Period::new(day("2024-11-20"), day("2026-11-21")), Err(PeriodFault::TooLong { max: 731 }));
    }

    #[test]
    fn a_day_of_the_bank_may_be_another_day_in_utc_but_not_another_week() {
        let period = Period::new(day("2026-11-10"), day("2026-11-11")).unwrap();
        let inside = |at: &str| period.may_contain(at.parse().unwrap());
        assert!(inside("2026-11-09T00:00:00Z") && inside("2026-11-12T23:59:59Z"));
        assert!(!inside("2026-11-08T23:59:59Z") && !inside("2026-11-13T00:00:00Z"));
    }
}
