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

/// The scope with which a client may be told when something happens.
const EVENTS: &str = "bank:webhooks";

/// What the customer was told that we ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub data_classes: Vec<DataClass>,
    /// Whether the bank has the native contract.
    #[serde(default)]
    pub native: bool,
    /// Whether it is asked to take orders.
    #[serde(default)]
    pub orders: bool,
    /// Whether it is asked to hear whether a payment is the customer's own.
    #[serde(default)]
    pub reports: bool,
    /// Whether it is asked for leave to be told of what happens.
    #[serde(default)]
    pub events: bool,
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
        let services = self.services();
        if !services.is_empty() {
            request["bankServices"] = json!(services.iter().map(|(name, _)| name).collect::<Vec<_>>());
        }
        if self.has(DataClass::MerchantPlaces) {
            request["includePayeeAddress"] = Value::Bool(true);
        }
        request
    }

    /// The scopes that go with it.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let scope = |cluster: &str| format!("fdx:{}:read", cluster.replace('_', "").to_lowercase());
        let native = self.services().into_iter().map(|(_, scope)| scope.to_owned());
        let events = self.events.then(|| EVENTS.to_owned());
        self.clusters().into_iter().map(scope).chain(native).chain(events).collect()
    }

    fn has(&self, class: DataClass) -> bool {
        self.data_classes.contains(&class)
    }

    /// What of the native contract is asked for: its names in the consent, and its scopes.
    fn services(&self) -> BTreeSet<(&'static str, &'static str)> {
        let mut services = BTreeSet::new();
        for class in self.data_classes.iter().filter(|_| self.native) {
            services.extend(read_by(*class));
            services.extend(ordered_on(*class).iter().filter(|_| self.orders));
            let reports = self.reports && *class == DataClass::Transactions;
            services.extend(reports.then_some(("PAYMENT_REPORTS", "bank:payment-reports")));
        }
        services
    }

    /// The FDX data clusters. Every class is about accounts, so their names always come along.
    fn clusters(&self) -> BTreeSet<&'static str> {
        let mut clusters = BTreeSet::from(["ACCOUNT_BASIC"]);
        for class in &self.data_classes {
            clusters.insert(match class {
                // What FDX has no cluster for is about accounts all the same.
                DataClass::Accounts
                | DataClass::Cards
                | DataClass::ScheduledPayments
                | DataClass::Contact => "ACCOUNT_BASIC",
                DataClass::Statements => "STATEMENTS",
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
            && terms.bank_services.iter().all(|given| self.services().iter().any(|(name, _)| name == given))
            && (!terms.include_payee_address || self.has(DataClass::MerchantPlaces));
        if !narrow {
            return Err(Weakening::Wider);
        }
        let given = |class: &DataClass| match class {
            DataClass::Accounts => clusters.contains("ACCOUNT_BASIC"),
            DataClass::Statements if !self.native => clusters.contains("STATEMENTS"),
            DataClass::Cards | DataClass::Statements | DataClass::ScheduledPayments | DataClass::Contact => {
                read_by(*class)
                    .is_some_and(|(name, _)| self.native && terms.bank_services.iter().any(|s| s == name))
            }
            DataClass::Balances => clusters.contains("BALANCES"),
            DataClass::Transactions => clusters.contains("TRANSACTIONS"),
            DataClass::MerchantPlaces => clusters.contains("TRANSACTIONS") && terms.include_payee_address,
        };
        Ok(self.data_classes.iter().copied().filter(given).collect())
    }
}

/// The service by which a class is read, where it is one of the native contract: its name and its scope.
fn read_by(class: DataClass) -> Option<(&'static str, &'static str)> {
    match class {
        DataClass::Cards => Some(("CARDS_READ", "bank:cards:read")),
        DataClass::Statements => Some(("STATEMENTS_READ", "bank:statements:read")),
        DataClass::ScheduledPayments => Some(("SCHEDULES_READ", "bank:schedules:read")),
        DataClass::Contact => Some(("CONTACT_READ", "bank:contact:read")),
        DataClass::Accounts | DataClass::Balances | DataClass::Transactions | DataClass::MerchantPlaces => {
            None
        }
    }
}

/// The services by which orders on a class are carried out: their names and scopes.
fn ordered_on(class: DataClass) -> &'static [(&'static str, &'static str)] {
    match class {
        DataClass::Cards => &[
            ("CARD_FREEZE", "bank:cards:freeze"),
            ("CARD_UNFREEZE", "bank:cards:unfreeze"),
            ("CARD_REPORT", "bank:cards:report"),
            ("CARD_LIMITS", "bank:cards:limits"),
            ("TRAVEL_NOTICES", "bank:travel:write"),
        ],
        DataClass::Accounts => &[("ACCOUNT_NICKNAME", "bank:accounts:nickname")],
        DataClass::Contact => &[("CONTACT_WRITE", "bank:contact:write")],
        _ => &[],
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
    #[serde(default)]
    bank_services: Vec<String>,
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
        Asked {
            data_classes: classes.to_vec(),
            native: false,
            orders: false,
            reports: false,
            events: false,
            days: 90,
            lookback_days: 180,
        }
    }

    fn natively(classes: &[DataClass], orders: bool) -> Asked {
        Asked { native: true, orders, ..asked(classes) }
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
    fn of_the_native_contract_only_what_was_agreed_is_asked_for() {
        let cards = [DataClass::Cards];
        assert_eq!(asked(&cards).request().get("bankServices"), None, "without the contract");
        assert_eq!(natively(&cards, false).request()["bankServices"], json!(["CARDS_READ"]));
        assert_eq!(natively(&cards, false).scopes(), ["fdx:accountbasic:read", "bank:cards:read"]);
        let told = Asked { events: true, ..natively(&cards, false) };
        assert_eq!(told.scopes(), ["fdx:accountbasic:read", "bank:cards:read", "bank:webhooks"]);
        let orders = natively(&cards, true).request()["bankServices"].as_array().unwrap().len();
        assert_eq!(orders, 6);
        assert_eq!(
            natively(&[DataClass::Accounts], true).request()["bankServices"],
            json!(["ACCOUNT_NICKNAME"])
        );
        assert_eq!(
            asked(&[DataClass::Statements]).request()["resources"][0]["dataClusters"],
            json!(["ACCOUNT_BASIC", "STATEMENTS"])
        );
    }

    #[test]
    fn services_beyond_what_was_asked_are_refused_and_fewer_are_fewer() {
        let asked = natively(&[DataClass::Cards, DataClass::Contact], false);
        let with = |services: Value| {
            let mut request = asked.request();
            request["bankServices"] = services;
            granted(Some(&[json!({ "type": "fdx_v1.0", "consentRequest": request })]), &asked)
        };
        assert_eq!(
            with(json!(["CARDS_READ", "CONTACT_READ"])),
            Ok(vec![DataClass::Cards, DataClass::Contact])
        );
        assert_eq!(with(json!(["CARDS_READ"])), Ok(vec![DataClass::Cards]));
        let wider = with(json!(["CARDS_READ", "CARD_UNFREEZE"]));
        assert_eq!(wider, Err(BankFault::Weakened(Weakening::Wider)));
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
