//! A bank as a tenant of this gateway: its name, look, policy and connection.

use crate::{
    config::{
        BankFile, Fraud, Look,
        bank::{NOT_LISTED, Refresh},
    },
    help::{HelpPages, Hours, People},
    keeper::Keeper,
    profile::Profile,
};
use banks::{ClientKey, Connector, ConnectorConfig, OnboardingFault};
use domain::{BankId, Clock, Controller, DataClass};
use gate::{Gate, Offer};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use store::Store;
use tokio::{sync::OnceCell, time};
use url::Url;

/// How long a page waits for a bank to say whether it offers a sign-in. It is asked once; all later pages know.
const ASKED_FOR: Duration = Duration::from_secs(2);

/// A bank that this gateway speaks for, under the rules that were in force when it was looked up. Whoever holds one
/// sees the same rules until they let it go.
#[derive(Clone)]
pub struct Tenant {
    /// Its id.
    pub id: BankId,
    /// Who may see what.
    pub gate: Arc<Gate>,
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
    /// Its own answers to questions that need no data.
    pub help: Arc<HelpPages>,
    /// When its people are there, if it says so.
    pub hours: Option<Hours>,
    /// Where a person is reached.
    pub people: People,
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
    /// Whether it tells by itself when something happens.
    pub tells_events: bool,
    /// How its customers are asked about card payments, if it tells of them.
    pub fraud: Option<Arc<Fraud>>,
    setup: ConnectorConfig,
    clock: Arc<dyn Clock>,
    connector: Arc<OnceCell<Arc<Connector>>>,
}

impl Tenant {
    /// A tenant of a checked file. The bank itself is asked only when the first customer needs it.
    pub fn new(
        file: BankFile,
        gate: Arc<Gate>,
        key: ClientKey,
        callback: Url,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Tenant {
        let setup = ConnectorConfig {
            bank: file.id.clone(),
            issuer: file.issuer.clone(),
            api: file.api,
            native: file.native,
            client_id: file.client_id,
            redirect_uri: callback,
            signing_key: key,
            sign_in: file.sign_in,
            refresh: match file.refresh {
                Refresh::Keep => banks::Refresh::Keep,
                Refresh::Rotate => banks::Refresh::Rotate(Arc::new(Keeper::new(store, clock.clone()))),
            },
            roots: file.bank_roots,
            limits: banks::Limits::default(),
        };
        let tenant = Tenant {
            id: file.id,
            gate: Arc::clone(&gate),
            name: file.name,
            look: file.look,
            zone: file.zone,
            can: vec![],
            says_no: vec![],
            offers: vec![],
            bank_origin: file.issuer.origin().ascii_serialization(),
            help: Arc::new(file.help),
            hours: file.hours,
            people: file.people,
            consent_days: file.consent_days,
            lookback_days: file.lookback_days,
            remind_days: file.remind_days,
            profile: file.profile,
            controller: file.controller,
            tells_events: file.events,
            fraud: file.fraud.map(Arc::new),
            setup,
            clock,
            connector: Arc::default(),
        };
        tenant.under(gate)
    }

    /// The same bank under other rules. Its connection stays.
    pub fn under(&self, gate: Arc<Gate>) -> Tenant {
        let no = |class: &DataClass| match gate.offers(&self.id, *class) {
            Offer::Yes => None,
            Offer::No { reason } => Some((*class, reason.clone())),
        };
        let refused: Vec<_> = DataClass::ALL.iter().filter_map(no).collect();
        let offers: Vec<_> =
            DataClass::ALL.iter().copied().filter(|c| refused.iter().all(|(no, _)| no != c)).collect();
        // What the bank never spoke of is closed, but it is no answer that the bank gave.
        let says_no: Vec<_> = refused.into_iter().filter(|(_, reason)| reason != NOT_LISTED).collect();
        Tenant { can: what_it_can(&offers, self.tells_events), says_no, offers, gate, ..self.clone() }
    }

    /// The issuer of the bank's authorization server.
    pub fn issuer(&self) -> &str {
        self.setup.issuer.as_str()
    }

    /// Whether the bank is asked who signs in, if it offers to tell.
    pub fn asks_who(&self) -> bool {
        self.setup.sign_in
    }

    /// Whether people can sign in at this bank, to be known again. Its file may forbid it, and the bank may not offer
    /// it. A bank that does not say in time is taken to offer it: whoever presses the button is told then.
    pub async fn offers_sign_in(&self) -> bool {
        if !self.setup.sign_in {
            return false;
        }
        match time::timeout(ASKED_FOR, self.connector()).await {
            Ok(Ok(connector)) => connector.offers_sign_in(),
            Ok(Err(_)) | Err(_) => true,
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

/// The banks, each under the rules that are in force now. Clones are of one and the same.
#[derive(Debug, Clone, Default)]
pub struct Tenants(Arc<RwLock<BTreeMap<BankId, Arc<Tenant>>>>);

impl Tenants {
    /// A bank.
    pub fn get(&self, bank: &BankId) -> Option<Arc<Tenant>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(bank).cloned()
    }

    /// All banks, in the order of their ids.
    pub fn values(&self) -> std::vec::IntoIter<Arc<Tenant>> {
        let tenants = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tenants.values().cloned().collect::<Vec<_>>().into_iter()
    }

    /// Adds a bank.
    pub fn insert(&self, tenant: Tenant) {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant.id.clone(), Arc::new(tenant));
    }

    /// Puts a bank under other rules. Whoever holds it keeps the old ones.
    pub fn under(&self, bank: &BankId, gate: &Arc<Gate>) {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = tenants.get_mut(bank) {
            *tenant = Arc::new(tenant.under(Arc::clone(gate)));
        }
    }
}

/// What the chat can do with the data that the bank offers, in words.
fn what_it_can(offers: &[DataClass], tells_events: bool) -> Vec<String> {
    let lines = [
        (DataClass::Balances, "Tell you your balances"),
        (DataClass::Transactions, "Show your payments, and what you spent where and when"),
        (DataClass::MerchantPlaces, "Show in which places you shopped"),
        (DataClass::Cards, "Freeze a card or replace it, change what it may spend, and note that you travel"),
        (DataClass::Statements, "Hand you your statements"),
        (DataClass::ScheduledPayments, "List your standing orders and subscriptions"),
        (DataClass::Contact, "Change how the bank reaches you"),
    ];
    let mut can: Vec<String> =
        lines.iter().filter(|(c, _)| offers.contains(c)).map(|(_, line)| (*line).to_owned()).collect();
    let told_of = [DataClass::Balances, DataClass::Transactions];
    if tells_events && told_of.iter().any(|class| offers.contains(class)) {
        can.push("Keep an eye on your accounts, and tell you what you ask to be told of".to_owned());
    }
    can.push("Show who looked at your data, and why".to_owned());
    can.push("Pause, and go on when you say so".to_owned());
    can.push("Give you a copy of all that I keep of you, or erase it".to_owned());
    can.push("Stop at once, when you write “stop”".to_owned());
    can
}
