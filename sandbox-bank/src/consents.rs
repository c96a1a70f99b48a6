//! Consents: what a customer lets a client see, of which accounts, until when.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::{
    chance,
    db::{DbFault, millis, moment},
    limits,
    oauth::revocations,
    services::Service,
    webhooks,
};

/// What a client asks for: the `consentRequest` member of the `fdx_v1.0` authorization detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConsentRequest {
    /// How long it is to last.
    pub(crate) duration_type: DurationType,
    /// Days, for TIME_BOUND only: 1 to 365.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 365)]
    pub(crate) duration_period: Option<i64>,
    /// How many days before the request transactions may be read: 0 to 730; 90 when absent.
    #[serde(default = "lookback_default")]
    #[schema(minimum = 0, maximum = 730)]
    pub(crate) lookback_period: i64,
    /// Which kinds of data of which kinds of things.
    #[schema(min_items = 1, max_items = 16)]
    pub(crate) resources: Vec<ConsentResource>,
    /// An extension of this bank: whether transactions carry the town and country of the payee.
    #[serde(default)]
    pub(crate) include_payee_address: bool,
    /// An extension of this bank: what the client may do, and see beyond FDX, through the native API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub(crate) bank_services: Vec<Service>,
}

fn lookback_default() -> i64 {
    90
}

/// How long a consent lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DurationType {
    /// For one access token.
    OneTime,
    /// For `durationPeriod` days.
    TimeBound,
    /// Until somebody ends it.
    Persistent,
}

/// Data clusters of one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConsentResource {
    /// Always ACCOUNT: this bank shares nothing else.
    pub(crate) resource_type: ResourceType,
    /// What may be read.
    #[schema(min_items = 1, max_items = 16)]
    pub(crate) data_clusters: Vec<DataCluster>,
}

/// The kinds of things that can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ResourceType {
    /// Accounts and cards.
    Account,
}

/// The kinds of data that can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DataCluster {
    /// Name, kind and last digits.
    AccountBasic,
    /// The same and the terms of cards.
    AccountDetailed,
    /// Current and available amounts.
    Balances,
    /// Payments in and out.
    Transactions,
    /// Monthly statements.
    Statements,
}

/// Why a consent request cannot be put before a customer.
#[derive(Debug, Error)]
pub(crate) enum RequestFault {
    #[error("authorization_details of type fdx_v1.0 are needed")]
    Absent,
    #[error("authorization_details must be a JSON array with exactly one fdx_v1.0 element: {0}")]
    Form(#[from] serde_json::Error),
    #[error("exactly one authorization detail is needed, {count} were sent")]
    Count { count: usize },
    #[error("the type must be fdx_v1.0")]
    Type,
    #[error("resources needs 1 to 16 elements, each with 1 to 16 data clusters")]
    Resources,
    #[error("bankServices has at most 16 elements")]
    Services,
    #[error("durationPeriod must be 1 to 365 for TIME_BOUND and absent otherwise")]
    Duration,
    #[error("lookbackPeriod must be 0 to 730")]
    Lookback,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Detail {
    #[serde(rename = "type")]
    detail_type: String,
    consent_request: ConsentRequest,
    #[serde(default, rename = "locations")]
    _locations: Vec<String>,
}

/// Most elements of a list inside a request.
const ELEMENTS_MAX: usize = 16;

impl ConsentRequest {
    /// Reads and checks the `authorization_details` that a client pushed.
    pub(crate) fn from_details(text: &str) -> Result<Self, RequestFault> {
        let details: Vec<serde_json::Value> = serde_json::from_str(text)?;
        let count = details.len();
        let only = details.into_iter().next().filter(|_| count == 1).ok_or(RequestFault::Count { count })?;
        let detail: Detail = serde_json::from_value(only)?;
        if detail.detail_type != crate::oauth::DETAIL_TYPE {
            return Err(RequestFault::Type);
        }
        detail.consent_request.check()?;
        Ok(detail.consent_request)
    }

    fn check(&self) -> Result<(), RequestFault> {
        let sized = |length: usize| (1..=ELEMENTS_MAX).contains(&length);
        if !sized(self.resources.len()) || !self.resources.iter().all(|r| sized(r.data_clusters.len())) {
            return Err(RequestFault::Resources);
        }
        match (self.duration_type, self.duration_period) {
            (DurationType::TimeBound, Some(days)) if (1..=limits::CONSENT_DAYS_MAX).contains(&days) => {}
            (DurationType::OneTime | DurationType::Persistent, None) => {}
            _ => return Err(RequestFault::Duration),
        }
        if self.bank_services.len() > ELEMENTS_MAX {
            return Err(RequestFault::Services);
        }
        if !(0..=limits::LOOKBACK_DAYS_MAX).contains(&self.lookback_period) {
            return Err(RequestFault::Lookback);
        }
        Ok(())
    }

    /// Every cluster asked for, each once.
    pub(crate) fn clusters(&self) -> BTreeSet<DataCluster> {
        self.resources.iter().flat_map(|resource| resource.data_clusters.iter().copied()).collect()
    }

    /// Every service asked for, each once.
    pub(crate) fn services(&self) -> BTreeSet<Service> {
        self.bank_services.iter().copied().collect()
    }

    /// When a consent given now ends by itself.
    pub(crate) fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = match self.duration_type {
            DurationType::OneTime => return now.checked_add(limits::ACCESS_TOKEN_AGE).ok(),
            DurationType::TimeBound => self.duration_period.unwrap_or(0) * 24,
            DurationType::Persistent => return None,
        };
        now.checked_add(hours.hours()).ok()
    }
}

/// Where a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConsentStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// Approved, but the client has not fetched its first token.
    Awaiting,
    /// In force.
    Active,
    /// Ran out.
    Expired,
    /// Ended by somebody.
    Revoked,
}

/// Why a consent was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Reason {
    /// A rule of a business.
    BusinessRule,
    /// A person wanted it.
    UserAction,
}

/// Who ended a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Initiator {
    /// Somebody who passes data on.
    DataAccessPlatform,
    /// The bank.
    DataProvider,
    /// The client.
    DataRecipient,
    /// The customer.
    Individual,
}

/// How a consent came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) at: Timestamp,
    pub(crate) reason: Reason,
    pub(crate) initiator: Initiator,
}

/// One customer's consent for one client.
#[derive(Debug, Clone)]
pub(crate) struct Consent {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) client_id: String,
    pub(crate) client_name: String,
    pub(crate) request: ConsentRequest,
    pub(crate) accounts: Vec<String>,
    pub(crate) status: Status,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) ending: Option<Ending>,
}

impl Consent {
    /// A consent that a customer gives now and the client has yet to take up.
    pub(crate) fn given(
        customer: &str,
        (client_id, client_name): (&str, &str),
        request: ConsentRequest,
        accounts: Vec<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: format!("consent-{}", chance::secret_text()),
            customer: customer.to_owned(),
            client_id: client_id.to_owned(),
            client_name: client_name.to_owned(),
            expires_at: request.ends(now),
            request,
            accounts,
            status: Status::Awaiting,
            created_at: now,
            ending: None,
        }
    }

    /// The first day of which transactions may be read.
    pub(crate) fn first_day(&self) -> Date {
        let day = crate::ledger::day_of(self.created_at);
        day.saturating_sub(self.request.lookback_period.days())
    }

    /// Whether this service may be used.
    pub(crate) fn allows(&self, service: Service) -> bool {
        self.request.bank_services.contains(&service)
    }

    /// Whether this kind of data may be read.
    pub(crate) fn covers(&self, cluster: DataCluster) -> bool {
        self.request.clusters().contains(&cluster)
    }
}

/// Keeps a consent that was just given.
pub(crate) fn insert(tx: &Transaction<'_>, consent: &Consent) -> Result<(), DbFault> {
    tx.execute(
        "INSERT INTO consents (id, customer, client_id, client_name, request, accounts, status, created_at, \
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'AWAITING', ?7, ?8)",
        params![
            consent.id,
            consent.customer,
            consent.client_id,
            consent.client_name,
            serde_json::to_string(&consent.request)?,
            serde_json::to_string(&consent.accounts)?,
            millis(consent.created_at),
            consent.expires_at.map(millis)
        ],
    )?;
    Ok(())
}

/// The client has its first token: the consent is in force. Repeating it changes nothing.
pub(crate) fn begin(tx: &Transaction<'_>, id: &str) -> Result<(), DbFault> {
    tx.prepare_cached("UPDATE consents SET status = 'ACTIVE' WHERE id = ?1 AND status = 'AWAITING'")?
        .execute([id])?;
    Ok(())
}

/// Ends a consent with all its codes and tokens. False when it had ended before.
pub(crate) fn end(tx: &Transaction<'_>, id: &str, ending: Ending) -> Result<bool, DbFault> {
    let ended = tx.execute(
        "UPDATE consents SET status = 'REVOKED', revoked_at = ?2, revoked_reason = ?3, revoked_by = ?4 \
         WHERE id = ?1 AND status <> 'REVOKED' AND (expires_at IS NULL OR expires_at > ?2)",
        params![
            id,
            millis(ending.at),
            serde_json::to_string(&ending.reason)?,
            serde_json::to_string(&ending.initiator)?
        ],
    )?;
    let window = revocations::window(ending.at.into(), limits::REVOCATION_MEMORY);
    revocations::end_consent(tx, id, window)?;
    if ended == 1 {
        let why = serde_json::json!({ "reason": ending.reason, "initiator": ending.initiator });
        webhooks::consent_ended(tx, id, why, ending.at)?;
    }
    Ok(ended == 1)
}

/// Removes consents whose code was never exchanged.
pub(crate) fn drop_unclaimed(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let wait = i64::try_from(limits::CONSENT_WAITS.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        "DELETE FROM consents WHERE status = 'AWAITING' AND created_at < ?1",
        [millis(now).saturating_sub(wait)],
    )?;
    Ok(())
}

const COLUMNS: &str = "c.id, c.customer, c.client_id, c.client_name, c.request, c.accounts, c.status, \
     c.created_at, c.expires_at, c.revoked_at, c.revoked_reason, c.revoked_by";

/// One consent of one customer.
pub(crate) fn find(
    tx: &Transaction<'_>,
    customer: &str,
    id: &str,
    now: Timestamp,
) -> Result<Option<Consent>, DbFault> {
    let sql = format!("SELECT {COLUMNS} FROM consents c WHERE c.customer = ?1 AND c.id = ?2");
    tx.prepare_cached(&sql)?.query_row([customer, id], |row| Ok(read(row, now))).optional()?.transpose()
}

/// The consents of one customer, newest first, without those never taken up.
pub(crate) fn of_customer(
    tx: &Transaction<'_>,
    customer: &str,
    now: Timestamp,
) -> Result<Vec<Consent>, DbFault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM consents c WHERE c.customer = ?1 AND c.status <> 'AWAITING' \
         ORDER BY c.created_at DESC LIMIT 200"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([customer], |row| Ok(read(row, now)))?;
    rows.collect::<Result<Vec<_>, _>>()?.into_iter().collect()
}

/// The consents of one customer that are in force.
pub(crate) fn in_force(
    tx: &Transaction<'_>,
    customer: &str,
    now: Timestamp,
) -> Result<Vec<Consent>, DbFault> {
    let mut consents = of_customer(tx, customer, now)?;
    consents.retain(|consent| consent.status == Status::Active);
    Ok(consents)
}

/// Whether a consent is in force.
pub(crate) fn holds(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let mut statement = tx.prepare_cached(
        "SELECT 1 FROM consents WHERE id = ?1 AND status = 'ACTIVE' AND (expires_at IS NULL OR expires_at > ?2)",
    )?;
    Ok(statement.exists(params![id, millis(now)])?)
}

/// The consent behind an access token, if both are in force.
pub(crate) fn of_token(
    tx: &Transaction<'_>,
    access_token: &str,
    now: Timestamp,
) -> Result<Option<Consent>, DbFault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM oauth_access_tokens t JOIN consents c ON c.id = t.consent WHERE t.token = ?1"
    );
    let consent = tx
        .prepare_cached(&sql)?
        .query_row([chance::fingerprint(access_token)], |row| Ok(read(row, now)))
        .optional()?
        .transpose()?;
    Ok(consent.filter(|consent| consent.status == Status::Active))
}

fn read(row: &Row<'_>, now: Timestamp) -> Result<Consent, DbFault> {
    let expires_at = row.get::<_, Option<i64>>(8)?.map(moment).transpose()?;
    let status = match row.get_ref(6)?.as_str().unwrap_or_default() {
        "REVOKED" => Status::Revoked,
        _ if expires_at.is_some_and(|end| end <= now) => Status::Expired,
        "AWAITING" => Status::Awaiting,
        _ => Status::Active,
    };
    let ending = match row.get::<_, Option<i64>>(9)? {
        Some(at) => Some(Ending {
            at: moment(at)?,
            reason: serde_json::from_str(&row.get::<_, String>(10)?)?,
            initiator: serde_json::from_str(&row.get::<_, String>(11)?)?,
        }),
        None => None,
    };
    Ok(Consent {
        id: row.get(0)?,
        customer: row.get(1)?,
        client_id: row.get(2)?,
        client_name: row.get(3)?,
        request: serde_json::from_str(&row.get::<_, String>(4)?)?,
        accounts: serde_json::from_str(&row.get::<_, String>(5)?)?,
        status,
        created_at: moment(row.get(7)?)?,
        expires_at,
        ending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(request: &str) -> String {
        format!(r#"[{{"type":"fdx_v1.0","consentRequest":{request}}}]"#)
    }

    const RESOURCES: &str = r#""resources":[{"resourceType":"ACCOUNT","dataClusters":["BALANCES"]}]"#;

    #[test]
    fn a_request_of_at_most_a_year_is_taken_and_a_longer_one_is_not() {
        let asking = |days: i64| {
            ConsentRequest::from_details(&detail(&format!(
                r#"{{"durationType":"TIME_BOUND","durationPeriod":{days},{RESOURCES}}}"#
            )))
        };
        assert_eq!(asking(365).unwrap().lookback_period, 90);
        assert!(matches!(asking(366), Err(RequestFault::Duration)));
        assert!(matches!(asking(0), Err(RequestFault::Duration)));
    }

    #[test]
    fn what_the_bank_does_not_know_is_refused_and_not_dropped() {
        for request in [
            format!(r#"{{"durationType":"PERSISTENT","sell":true,{RESOURCES}}}"#),
            r#"{"durationType":"PERSISTENT","resources":[{"resourceType":"ACCOUNT","dataClusters":["TAX"]}]}"#
                .to_owned(),
            r#"{"durationType":"PERSISTENT","resources":[{"resourceType":"CUSTOMER","dataClusters":["BALANCES"]}]}"#
                .to_owned(),
        ] {
            assert!(matches!(ConsentRequest::from_details(&detail(&request)), Err(RequestFault::Form(_))));
        }
        let empty = r#"{"durationType":"PERSISTENT","resources":[]}"#;
        assert!(matches!(ConsentRequest::from_details(&detail(empty)), Err(RequestFault::Resources)));
        assert!(matches!(ConsentRequest::from_details("[]"), Err(RequestFault::Count { count: 0 })));
    }
}
