//! A bank as a tenant of this gateway: its name, look, policy and connection.

use crate::{
    config::{BankFile, Look, bank::Refresh},
    keeper::Keeper,
    profile::Profile,
};
use banks::{ClientKey, Connector, ConnectorConfig, OnboardingFault};
use domain::{BankId, Clock, Controller, DataClass};
use gate::Offer;
use jiff::tz::TimeZone;
use std::sync::Arc;
use store::Store;
use tokio::sync::OnceCell;
use url::Url;

/// A bank that this gateway speaks for.
pub struct Tenant {
    /// Its id.
    pub id: BankId,
    /// Its name, as customers know it.
    pub name: String,
    /// Its look.
    pub look: Look,
    /// The time zone in which it tells dates.
    pub zone: TimeZone,
    /// What the chat can do here, in words.
    pub can: Vec<String>,
    /// The data that it says No to, with its reason.
    pub says_no: Vec<(DataClass, String)>,
    /// The data that it offers.
    pub offers: Vec<DataClass>,
    /// The origin of the bank's own site, where people sign in.
    pub bank_origin: String,
    /// How long a consent lasts, in days.
    pub consent_days: i64,
    /// How far back transactions may be read, in days.
    pub lookback_days: i64,
    /// How many days before its end a consent's customer is reminded of it, the most first.
    pub remind_days: Vec<i64>,
    /// Which rules of the law it follows.
    pub profile: &'static Profile,
    /// Who answers for the data.
    pub controller: Controller,
    setup: ConnectorConfig,
    clock: Arc<dyn Clock>,
    connector: OnceCell<Arc<Connector>>,
}

impl Tenant {
    /// A tenant of a checked file. The bank itself is asked only when the first customer needs it.
    pub fn new(file: BankFile, key: ClientKey, callback: Url, store: Store, clock: Arc<dyn Clock>) -> Tenant {
        let offered = |class: &DataClass| file.rules.offered.get(class);
        let offers: Vec<_> =
            DataClass::ALL.iter().copied().filter(|c| matches!(offered(c), Some(Offer::Yes))).collect();
        let says_no = DataClass::ALL
            .iter()
            .filter_map(|c| match offered(c) {
                Some(Offer::No { reason }) => Some((*c, reason.clone())),
                _ => None,
            })
            .collect();
        let setup = ConnectorConfig {
            bank: file.id.clone(),
            issuer: file.issuer.clone(),
            api: file.api,
            client_id: file.client_id,
            redirect_uri: callback,
            signing_key: key,
            refresh: match file.refresh {
                Refresh::Keep => banks::Refresh::Keep,
                Refresh::Rotate => banks::Refresh::Rotate(Arc::new(Keeper::new(store, clock.clone()))),
            },
            roots: file.bank_roots,
            limits: banks::Limits::default(),
        };
        Tenant {
            id: file.id,
            name: file.name,
            look: file.look,
            zone: file.zone,
            can: what_it_can(&offers),
            says_no,
            offers,
            bank_origin: file.issuer.origin().ascii_serialization(),
            consent_days: file.consent_days,
            lookback_days: file.lookback_days,
            remind_days: file.remind_days,
            profile: file.profile,
            controller: file.controller,
            setup,
            clock,
            connector: OnceCell::new(),
        }
    }

    /// The connection to the bank. The bank's metadata is read the first time, and again after a failure.
    pub async fn connector(&self) -> Result<Arc<Connector>, OnboardingFault> {
        let made = self.connector.get_or_try_init(|| async {
            Connector::discover(self.setup.clone(), self.clock.clone()).await.map(Arc::new)
        });
        made.await.cloned()
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tenant({})", self.id)
    }
}

/// What the chat can do with the data that the bank offers, in words.
fn what_it_can(offers: &[DataClass]) -> Vec<String> {
    let lines = [
        (DataClass::Balances, "Tell you your balances"),
        (DataClass::Transactions, "Show your payments, and what you spent where and when"),
        (DataClass::MerchantPlaces, "Show in which places you shopped"),
    ];
    let mut can: Vec<String> =
        lines.iter().filter(|(c, _)| offers.contains(c)).map(|(_, line)| (*line).to_owned()).collect();
    can.push("Show who looked at your data, and why".to_owned());
    can.push("Pause, and go on when you say so".to_owned());
    can.push("Give you a copy of all that I keep of you, or erase it".to_owned());
    can.push("Stop at once, when you write “stop”".to_owned());
    can
}
