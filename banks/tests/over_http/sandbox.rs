//! The whole way with the sandbox bank, which was not written for this connector: it has its own authorization
//! server with nonces, its own ledger, and its own faults.

use crate::{
    bank::{TestClock, ask},
    permits::{open, permit},
};
use banks::{
    AtBank, BankFault, ClientKey, Connector, ConnectorConfig, Limits, LinkAsk, Linked, Period, Refresh,
};
use domain::{AccountKind, Clock, DataClass, TransactionStatus};
use sandbox_bank::{Bank, BankClock, BrandColor, ClientRegistration, Config, Running, demo_password};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Where the bank sends browsers back to; nothing listens there.
const CALLBACK: &str = "http://127.0.0.1:9/link/callback";
const SLUG: &str = "harbour";

#[derive(Debug)]
pub struct BankTime(pub TestClock);

impl BankClock for BankTime {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

pub struct House {
    pub bank: Running,
    pub clock: TestClock,
    pub connector: Connector,
    _folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (clock, key, folder) =
            (TestClock::new(), ClientKey::generate().unwrap(), tempfile::tempdir().unwrap());
        let client = ClientRegistration {
            client_id: "parlour".into(),
            name: "Parlour".into(),
            jwk: key.public_jwk(),
            redirect_uris: vec![CALLBACK.into()],
        };
        let config = Config {
            name: "Harbour Bank".into(),
            slug: SLUG.into(),
            brand: BrandColor::parse("#0f4a3c").unwrap(),
            public_url: url.parse().unwrap(),
            data_dir: folder.path().join("bank"),
            seed: 11,
            currency: "USD".into(),
            clients: vec![client],
            step_up: sandbox_bank::StepUp::usual(),
            card_stream: None,
            clock: Arc::new(BankTime(clock.clone())),
        };
        rustls::crypto::ring::default_provider().install_default().ok();
        let bank = Bank::start(config, listener).await.unwrap();
        let config = ConnectorConfig {
            bank: SLUG.parse().unwrap(),
            issuer: url.parse().unwrap(),
            api: format!("{url}/fdx/v6").parse().unwrap(),
            native: Some(format!("{url}/parlour-bank/v1").parse().unwrap()),
            client_id: "parlour".into(),
            redirect_uri: CALLBACK.parse().unwrap(),
            signing_key: key,
            sign_in: true,
            refresh: Refresh::Keep,
            roots: None,
            limits: Limits { first_wait: Duration::from_millis(1), page: 20, ..Limits::default() },
        };
        let connector = Connector::discover(config, Arc::new(clock.clone())).await.unwrap();
        House { bank, clock, connector, _folder: folder }
    }

    /// Signs in at the bank, picks all accounts and decides; gives the query of the way back.
    async fn decide(&self, authorization_url: &str, decision: &str) -> String {
        let mut browser = Browser::new();
        let page = browser.get(authorization_url).await;
        let interaction = format!("{}{}", self.bank.url, page.location);
        let form = browser.get(&interaction).await.form();
        let signed = [("login", "maya".to_owned()), ("password", demo_password(SLUG))];
        browser.post(&format!("{interaction}/sign-in"), form.into_iter().chain(signed)).await;
        let form = browser.get(&interaction).await.form();
        let decided = [("decision", decision.to_owned())];
        let back = browser.post(&format!("{interaction}/decision"), form.into_iter().chain(decided)).await;
        back.location.strip_prefix(CALLBACK).unwrap().to_owned()
    }

    pub async fn link(&self, classes: &[DataClass]) -> Linked {
        self.link_for(&ask(classes)).await
    }

    pub async fn link_for(&self, ask: &LinkAsk) -> Linked {
        let begun = self.connector.begin_link(ask).await.unwrap();
        let back = self.decide(begun.authorization_url.as_str(), "approve").await;
        self.connector.finish_link(&begun.pending, &back).await.unwrap()
    }

    pub async fn faults(&self, switches: Value) {
        let set = reqwest::Client::new().put(format!("{}/faults", self.bank.url)).json(&switches).send();
        assert_eq!(set.await.unwrap().status(), 200);
    }

    async fn balances(&self, linked: &Linked) -> Result<usize, BankFault> {
        let permit = permit(DataClass::Balances, &ids(linked));
        let answer = self.connector.balances(&linked.grant, &permit).await;
        answer.map(|guarded| open(guarded, permit).len())
    }

    async fn transactions(&self, linked: &Linked) -> Result<Vec<domain::Transaction>, BankFault> {
        let permit = permit(DataClass::Transactions, &ids(linked));
        let answer = self.connector.transactions(&linked.grant, &permit, last_weeks(), 1_000).await;
        answer.map(|guarded| open(guarded, permit).rows)
    }
}

pub fn ids(linked: &Linked) -> Vec<&str> {
    linked.accounts.iter().map(|account| account.as_str()).collect()
}

fn last_weeks() -> Period {
    Period::new("2026-10-01".parse().unwrap(), "2026-11-21".parse().unwrap()).unwrap()
}

/// A browser that keeps cookies and follows nothing by itself.
pub struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub location: String,
    pub text: String,
}

impl Page {
    /// The hidden token of the form and all accounts that it offers.
    pub fn form(&self) -> Vec<(&'static str, String)> {
        let after = |mark: &str| -> Vec<String> {
            self.text
                .split(mark)
                .skip(1)
                .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
                .collect()
        };
        let token = after("name=\"csrf\" value=\"").into_iter().take(1).map(|token| ("csrf", token));
        token.chain(after("name=\"accounts\" value=\"").into_iter().map(|id| ("accounts", id))).collect()
    }
}

impl Browser {
    pub fn new() -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Browser { client, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, url: &str) -> Page {
        self.send(self.client.get(url)).await
    }

    pub async fn post(&mut self, url: &str, form: impl Iterator<Item = (&'static str, String)>) -> Page {
        let form: Vec<(&str, String)> = form.collect();
        self.send(self.client.post(url).header("sec-fetch-site", "same-origin").form(&form)).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let sent: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer =
            request.header("accept", "text/html").header("cookie", sent.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get("location").map_or("", |l| l.to_str().unwrap()).to_owned();
        Page { location, text: answer.text().await.unwrap() }
    }
}

#[tokio::test]
async fn a_customer_links_asks_and_ends_it() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    assert_eq!(linked.data_classes, DataClass::ALL);
    assert_eq!(house.balances(&linked).await, Ok(linked.accounts.len()));
    let permit = permit(DataClass::Accounts, &ids(&linked));
    let accounts = open(house.connector.accounts(&linked.grant, &permit).await.unwrap(), permit);
    assert!(
        accounts.iter().any(|account| account.kind == AccountKind::Card && account.last_digits.len() == 4)
    );
    let transactions = house.transactions(&linked).await.unwrap();
    assert!(transactions.len() > 40, "{}", transactions.len());
    assert!(transactions.iter().any(|t| t.status == TransactionStatus::Pending));
    assert!(transactions.iter().any(|t| t.merchant.is_some() && t.category.is_some()));
    house.clock.pass(Duration::from_secs(3_600));
    assert_eq!(house.balances(&linked).await, Ok(linked.accounts.len()), "with a fresh access token");
    assert_eq!(house.connector.revoke(&linked.grant).await, Ok(()));
    assert_eq!(house.balances(&linked).await, Err(BankFault::ConsentEnded));
    assert_eq!(house.connector.consent_status(&linked.grant).await, Ok(AtBank::Revoked));
    assert_eq!(house.connector.revoke(&linked.grant).await, Ok(()), "once more does no harm");
}

#[tokio::test]
async fn places_are_there_only_if_the_customer_shared_them() {
    for (classes, shared) in [(DataClass::ALL, true), (&DataClass::ALL[..3], false)] {
        let house = House::open().await;
        let linked = house.link(classes).await;
        let permit = permit(DataClass::MerchantPlaces, &ids(&linked));
        let guarded = house.connector.places(&linked.grant, &permit, last_weeks()).await.unwrap();
        assert_eq!(!open(guarded, permit).is_empty(), shared);
    }
}

#[tokio::test]
async fn what_the_customer_did_not_share_the_bank_does_not_give() {
    let house = House::open().await;
    let linked = house.link(&[DataClass::Accounts]).await;
    assert_eq!(linked.data_classes, [DataClass::Accounts]);
    assert_eq!(house.balances(&linked).await, Ok(0));
    let refused = house.transactions(&linked).await;
    assert!(matches!(refused, Err(BankFault::Refused { status: 403, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_no_at_the_bank_and_a_second_use_of_the_way_back_link_nothing() {
    let house = House::open().await;
    let begun = house.connector.begin_link(&ask(DataClass::ALL)).await.unwrap();
    let back = house.decide(begun.authorization_url.as_str(), "deny").await;
    assert_eq!(
        house.connector.finish_link(&begun.pending, &back).await.err(),
        Some(BankFault::LinkCancelled)
    );
    let begun = house.connector.begin_link(&ask(DataClass::ALL)).await.unwrap();
    let back = house.decide(begun.authorization_url.as_str(), "approve").await;
    assert!(house.connector.finish_link(&begun.pending, &back).await.is_ok());
    assert_eq!(house.connector.finish_link(&begun.pending, &back).await.err(), Some(BankFault::LinkExpired));
}

#[tokio::test]
async fn its_faults_are_survived_or_told_as_they_are() {
    let house = House::open().await;
    let linked = house.link(DataClass::ALL).await;
    let whole = house.transactions(&linked).await.unwrap();
    for passing in [
        json!({ "serverError": { "calls": 2 } }),
        json!({ "tooMany": { "retryAfter": 0, "calls": 1 } }),
        json!({ "slow": { "millis": 50, "calls": 2 } }),
        json!({ "tokenRevoked": { "calls": 1 } }),
        json!({ "pages": { "disorder": "duplicate", "calls": 1 } }),
        json!({ "pages": { "disorder": "missing", "calls": 1 } }),
    ] {
        house.faults(passing.clone()).await;
        assert_eq!(house.transactions(&linked).await.as_ref(), Ok(&whole), "{passing}");
    }
    house.faults(json!({ "pages": { "disorder": "duplicate" } })).await;
    assert_eq!(house.transactions(&linked).await, Err(BankFault::ShiftingPages));
    house.faults(json!({ "tooMany": { "retryAfter": 3_600 } })).await;
    let fault = house.transactions(&linked).await.unwrap_err();
    assert!(matches!(fault, BankFault::TooMany { retry_after: Some(_), .. }), "{fault:?}");
    house.faults(json!({ "tokenRevoked": {} })).await;
    let fault = house.transactions(&linked).await.unwrap_err();
    assert!(matches!(fault, BankFault::Refused { status: 401, .. }), "{fault:?}");
}
