//! The consent as a bank is asked for it, and as it shows it.

use super::{read, text};
use crate::fault::{BankFault, Unreadable, Weakening};
use domain::{AccountId, DataClass};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The kind of resource that we ask for.
const ACCOUNT: &str = "ACCOUNT";
/// A consent that ends by itself after `durationPeriod` days.
const TIME_BOUND: &str = "TIME_BOUND";
/// A consent for one read: narrower than any that we ask for.
const ONE_TIME: &str = "ONE_TIME";

/// What the customer was told that we ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub data_classes: Vec<DataClass>,
    pub days: u32,
    pub lookback_days: u32,
}

impl Asked {
    /// The `consentRequest` of the authorization details. Places are an extension: no FDX cluster stands for
    /// them alone.
    pub(crate) fn request(&self) -> Value {
        let mut request = json!({
            "durationType": TIME_BOUND,
            "durationPeriod": self.days,
            "lookbackPeriod": self.lookback_days,
            "resources": [{ "resourceType": ACCOUNT, "dataClusters": self.clusters() }],
        });
        if self.has(DataClass::MerchantPlaces) {
            request["includePayeeAddress"] = Value::Bool(true);
        }
        request
    }

    /// The scopes that go with it.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let scope = |cluster: &str| format!("fdx:{}:read", cluster.replace('_', "").to_lowercase());
        self.clusters().into_iter().map(scope).collect()
    }

    fn has(&self, class: DataClass) -> bool {
        self.data_classes.contains(&class)
    }

    /// The FDX data clusters. Every class is about accounts, so their names always come along.
    fn clusters(&self) -> BTreeSet<&'static str> {
        let mut clusters = BTreeSet::from(["ACCOUNT_BASIC"]);
        for class in &self.data_classes {
            clusters.insert(match class {
                DataClass::Accounts => "ACCOUNT_BASIC",
                DataClass::Balances => "BALANCES",
                DataClass::Transactions | DataClass::MerchantPlaces => "TRANSACTIONS",
            });
        }
        clusters
    }

    /// What of it was granted, or the fact that more was granted.
    pub(crate) fn granted(&self, terms: &Terms) -> Result<Vec<DataClass>, Weakening> {
        let clusters: BTreeSet<&str> =
            terms.resources.iter().flat_map(|r| r.data_clusters.iter().map(String::as_str)).collect();
        let within = |given: Option<u32>, asked: u32| given.is_some_and(|given| given <= asked);
        let duration = match terms.duration_type.as_str() {
            ONE_TIME => true,
            TIME_BOUND => within(terms.duration_period, self.days),
            _ => false,
        };
        let narrow = duration
            && terms.lookback_period.is_none_or(|given| given <= self.lookback_days)
            && terms.resources.iter().all(|r| r.resource_type == ACCOUNT)
            && clusters.is_subset(&self.clusters())
            && (!terms.include_payee_address || self.has(DataClass::MerchantPlaces));
        if !narrow {
            return Err(Weakening::Wider);
        }
        let given = |class: &DataClass| match class {
            DataClass::Accounts => clusters.contains("ACCOUNT_BASIC"),
            DataClass::Balances => clusters.contains("BALANCES"),
            DataClass::Transactions => clusters.contains("TRANSACTIONS"),
            DataClass::MerchantPlaces => clusters.contains("TRANSACTIONS") && terms.include_payee_address,
        };
        Ok(self.data_classes.iter().copied().filter(given).collect())
    }
}

/// The terms of a consent, as a bank says that they were granted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    duration_type: String,
    duration_period: Option<u32>,
    lookback_period: Option<u32>,
    resources: Vec<Resource>,
    #[serde(default)]
    include_payee_address: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    #[serde(default)]
    data_clusters: Vec<String>,
    resource_id: Option<String>,
}

/// What the token answer grants: all details together must be within what was asked.
pub(crate) fn granted(details: Option<&[Value]>, asked: &Asked) -> Result<Vec<DataClass>, BankFault> {
    let details = details.filter(|d| !d.is_empty()).ok_or(BankFault::Weakened(Weakening::NoDetails))?;
    let mut classes = BTreeSet::new();
    for detail in details {
        if detail["type"] != super::CONSENT_TYPE {
            return Err(BankFault::Weakened(Weakening::Wider));
        }
        let terms: Terms = serde_json::from_value(detail["consentRequest"].clone())
            .map_err(|_| BankFault::Weakened(Weakening::NoDetails))?;
        classes.extend(asked.granted(&terms).map_err(BankFault::Weakened)?);
    }
    Ok(classes.into_iter().collect())
}

/// Where a consent stands at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Revoked,
    Expired,
}

/// A consent as the bank shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub id: String,
    pub status: Status,
    pub accounts: Vec<AccountId>,
    pub expires_at: Option<Timestamp>,
    /// Its terms, where the bank repeats them.
    pub terms: Option<Terms>,
}

/// Reads a consent.
pub(crate) fn record(body: &str) -> Result<Record, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        id: String,
        status: String,
        #[serde(default)]
        resources: Vec<Resource>,
        expiration_time: Option<String>,
    }
    let wire: Wire = read(body)?;
    let status = match wire.status.as_str() {
        "ACTIVE" => Status::Active,
        "REVOKED" => Status::Revoked,
        "EXPIRED" => Status::Expired,
        _ => return Err(Unreadable::Form),
    };
    let accounts = wire.resources.iter().filter(|r| r.resource_type == ACCOUNT);
    let accounts: BTreeSet<AccountId> =
        accounts.filter_map(|r| r.resource_id.as_deref()).map(text::id).collect::<Result<_, _>>()?;
    Ok(Record {
        id: wire.id,
        status,
        accounts: accounts.into_iter().collect(),
        expires_at: wire.expiration_time.as_deref().map(text::moment).transpose()?,
        terms: serde_json::from_str(body).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(classes: &[DataClass]) -> Asked {
        Asked { data_classes: classes.to_vec(), days: 90, lookback_days: 180 }
    }

    fn detail(change: impl Fn(&mut Value)) -> Vec<Value> {
        let mut request = asked(&[DataClass::Balances, DataClass::Transactions]).request();
        change(&mut request);
        vec![json!({ "type": "fdx_v1.0", "consentId": "c-1", "consentRequest": request })]
    }

    fn check(details: &[Value]) -> Result<Vec<DataClass>, BankFault> {
        granted(Some(details), &asked(&[DataClass::Balances, DataClass::Transactions]))
    }

    #[test]
    fn only_what_the_customer_was_told_is_asked_for() {
        let balances = asked(&[DataClass::Balances]);
        assert_eq!(balances.request()["resources"][0]["dataClusters"], json!(["ACCOUNT_BASIC", "BALANCES"]));
        assert!(balances.request().get("includePayeeAddress").is_none());
        assert_eq!(balances.scopes(), ["fdx:accountbasic:read", "fdx:balances:read"]);
        let places = asked(&[DataClass::MerchantPlaces]).request();
        assert_eq!(places["includePayeeAddress"], true);
        assert_eq!(places["resources"][0]["dataClusters"], json!(["ACCOUNT_BASIC", "TRANSACTIONS"]));
    }

    #[test]
    fn what_was_asked_may_be_granted_in_whole_or_in_part() {
        assert_eq!(check(&detail(|_| ())), Ok(vec![DataClass::Balances, DataClass::Transactions]));
        let less = detail(|r| r["resources"][0]["dataClusters"] = json!(["ACCOUNT_BASIC", "BALANCES"]));
        assert_eq!(check(&less), Ok(vec![DataClass::Balances]));
        assert!(check(&detail(|r| r["durationPeriod"] = json!(30))).is_ok());
    }

    #[test]
    fn more_than_was_asked_is_refused() {
        let wider: [fn(&mut Value); 7] = [
            |r| r["durationPeriod"] = json!(91),
            |r| r["durationPeriod"] = Value::Null,
            |r| r["durationType"] = json!("PERSISTENT"),
            |r| r["lookbackPeriod"] = json!(181),
            |r| r["includePayeeAddress"] = json!(true),
            |r| r["resources"][0]["dataClusters"] = json!(["BALANCES", "CUSTOMER_PERSONAL"]),
            |r| r["resources"][0]["resourceType"] = json!("CUSTOMER"),
        ];
        for change in wider {
            let details = detail(change);
            assert_eq!(check(&details), Err(BankFault::Weakened(Weakening::Wider)), "{details:?}");
        }
        let mut two = detail(|_| ());
        two.push(json!({ "type": "payment_initiation" }));
        assert_eq!(check(&two), Err(BankFault::Weakened(Weakening::Wider)));
    }

    #[test]
    fn a_bank_that_does_not_say_what_it_granted_is_refused() {
        let nothing = Err(BankFault::Weakened(Weakening::NoDetails));
        assert_eq!(check(&[]), nothing);
        assert_eq!(granted(None, &asked(&[])), nothing);
        assert_eq!(check(&[json!({ "type": "fdx_v1.0" })]), nothing);
    }

    #[test]
    fn a_consent_tells_its_accounts_and_its_end() {
        let body = r#"{"id":"c-1","status":"ACTIVE","durationType":"TIME_BOUND","durationPeriod":90,"resources":[
            {"resourceType":"ACCOUNT","resourceId":"a-2","dataClusters":["BALANCES"]},
            {"resourceType":"ACCOUNT","resourceId":"a-1","dataClusters":["BALANCES"]},
            {"resourceType":"ACCOUNT","resourceId":"a-1","dataClusters":["TRANSACTIONS"]}],
            "createdTime":"2026-11-21T09:00:00Z","expirationTime":"2027-02-19T09:00:00Z"}"#;
        let record = record(body).unwrap();
        assert_eq!(record.accounts, ["a-1".parse().unwrap(), "a-2".parse().unwrap()]);
        assert_eq!(record.expires_at, Some("2027-02-19T09:00:00Z".parse().unwrap()));
        assert_eq!((record.status, record.terms.is_some()), (Status::Active, true));
        let odd = body.replace("ACTIVE", "DREAMING");
        assert_eq!(super::record(&odd), Err(Unreadable::Form));
    }
}
