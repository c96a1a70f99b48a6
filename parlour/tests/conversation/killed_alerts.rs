//! Fraud alerts of a gateway that is killed again and again, each time at another moment: nothing is lost, nobody is asked twice,
//! and what the bank shall do it does once.

use crate::{killed::Served, suspecting::signature};
use domain::Clock;
use parlour::{
    demo::{self, DemoBank, DemoConfig, files, guest::Guest},
    rim::SystemClock,
};
use rusqlite::{Connection, types::FromSql};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use testkit::ports;
use tokio::time::sleep;
use url::Url;

/// How long the gateway lives before it is killed, in milliseconds after it serves: from before it has read anything to after it has
/// said something.
const LIVES: [u64; 6] = [1, 20, 50, 100, 180, 350];
/// Payments that the bank tells of, each with another card, so that each is a question.
const EVENTS: usize = 40;
/// How often to look, and how many times: 100 seconds, since what a killed process had in hand is free again after its lease only.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 1_000;

/// A demo whose gateway is a process that can be killed.
struct Ground {
    folder: TempDir,
    config: PathBuf,
    events: Url,
    secret: String,
    banks: demo::Banks,
    guest: Guest,
    consent: String,
}

impl Ground {
    /// Somebody is linked; no gateway runs.
    async fn prepare() -> Ground {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (folder, port) = (TempDir::new().unwrap(), ports::free_run(3));
        let data = folder.path().to_owned();
        let config = DemoConfig { data, port, clock: Arc::new(SystemClock), network: false };
        let demo = demo::start(config).await.unwrap_or_else(|fault| panic!("{fault}"));
        let harbour: DemoBank = demo.banks[0].clone();
        let mut guest = Guest::enter(&harbour).await.unwrap();
        guest.link(&harbour).await.unwrap();
        let events = demo.gateway_url.join("card-events/harbour").unwrap();
        let bank = harbour.id.clone();
        let open = demo.gateway.app.store.read(move |tx| store::consents::open_of_bank(tx, &bank, None, 1));
        let consent = open.await.unwrap().remove(0).at_bank.unwrap();
        let banks = demo.without_gateway().await;
        let config = folder.path().join("parlour.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("log = \"json\"\n{text}")).unwrap();
        let secret = files::card_secret(folder.path()).unwrap().to_string();
        Ground { folder, config, events, secret, banks, guest, consent }
    }

    fn ours<T: FromSql>(&self, sql: &str) -> T {
        one(&self.folder.path().join("parlour.db"), sql)
    }

    fn banks<T: FromSql>(&self, sql: &str) -> T {
        one(&self.folder.path().join("sandbox/harbour/bank.sqlite"), sql)
    }

    /// The account that is shared, and of its card and a payment of it what the bank calls them.
    fn known(&self) -> (String, String, String) {
        let accounts: String =
            self.banks(&format!("SELECT accounts FROM consents WHERE id = '{}'", self.consent));
        let accounts: Vec<String> = serde_json::from_str(&accounts).unwrap();
        let card = |account: &String| {
            let sql = format!(
                "SELECT COALESCE((SELECT id FROM cards WHERE account = '{account}' AND status = 'ACTIVE' \
                 AND kind = 'CREDIT' LIMIT 1), '')"
            );
            Some((account.clone(), self.banks::<String>(&sql))).filter(|(_, card)| !card.is_empty())
        };
        let (account, card) = accounts.iter().find_map(card).unwrap();
        let transaction = self.banks(&format!(
            "SELECT id FROM transactions WHERE account = '{account}' AND signed_minor < 0 AND by_card = 1 ORDER BY at DESC LIMIT 1"
        ));
        (account, card, transaction)
    }

    /// What the bank suspects: a payment with an amount of its own.
    fn alert(&self, n: usize, card: &str, transaction: Option<&str>) -> (String, String) {
        let (at, (account, ..)) = (SystemClock.now().to_string(), self.known());
        let body = json!({ "type": "card.alert", "timestamp": at, "data": {
            "paymentId": format!("p-{n}"), "cardToken": format!("c-{n}"), "terminalToken": "t-1", "at": at,
            "amount": format!("{}.25", 100 + n), "currency": "USD", "reason": "velocity",
            "for": [{ "consentId": self.consent, "accountId": account, "cardId": card, "cardDigits": "4242",
                      "transactionId": transaction, "merchant": "Corner Electronics" }] } });
        (format!("evt-{n}"), body.to_string())
    }
}

fn one<T: FromSql>(file: &Path, sql: &str) -> T {
    let db = Connection::open(file).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|fault| panic!("{sql}: {fault}"))
}

/// Sends each until it is answered, one after the other, as a bank does.
async fn tell(events: Url, secret: String, all: Vec<(String, String)>) {
    let client = reqwest::Client::new();
    for (id, body) in all {
        loop {
            let at = SystemClock.now().as_second();
            let sent = client
                .post(events.clone())
                .header("content-type", "application/json")
                .header("webhook-id", &id)
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature(&secret, &id, at, &body))
                .body(body.clone());
            match sent.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200) => break,
                // It is away, or not ready.
                Ok(429 | 503) | Err(_) => sleep(Duration::from_millis(5)).await,
                Ok(status) => panic!("{id} was answered with {status}"),
            }
        }
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..LOOKS {
        if holds().await {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
    panic!("waited in vain for {what}");
}

/// How often the bank's side said something, in one thread of at most 200 messages.
async fn times(guest: &mut Guest, words: &str) -> usize {
    let Ok(page) = guest.visitor.json(&guest.api("messages?limit=200")).await else { return 0 };
    let all = page["messages"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|m| m["words"]["from"] == "bank" && m.to_string().contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_at_any_step_loses_no_alert_and_asks_and_acts_once() {
    let mut ground = Ground::prepare().await;
    let all = (0..EVENTS).map(|n| ground.alert(n, &format!("crd-{n}"), None)).collect();
    let telling = tokio::spawn(tell(ground.events.clone(), ground.secret.clone(), all));
    for life in LIVES {
        let served = Served::start(&ground.config);
        sleep(Duration::from_millis(life)).await;
        drop(served);
    }
    let served = Served::start(&ground.config);
    telling.await.unwrap();
    until("every question", async || times(&mut ground.guest, "Was this you?").await >= EVENTS).await;
    for n in 0..EVENTS {
        let asked = times(&mut ground.guest, &format!("${}.25 at Corner", 100 + n)).await;
        assert_eq!(asked, 1, "payment {n} is asked about once");
    }
    let stored =
        ("SELECT COUNT(*) FROM card_event", "SELECT COUNT(*) FROM fraud_alert WHERE state = 'asked'");
    let wanted = i64::try_from(EVENTS).unwrap();
    assert_eq!((ground.ours::<i64>(stored.0), ground.ours::<i64>(stored.1)), (wanted, wanted));

    // One more, of a card that the bank has; the gateway is killed while it works on the No.
    let (_, card, transaction) = ground.known();
    let last = ground.alert(EVENTS, &card, Some(&transaction));
    tell(ground.events.clone(), ground.secret.clone(), vec![last]).await;
    until("the question", async || times(&mut ground.guest, "$140.25 at Corner").await == 1).await;
    ground.guest.ask("no, the payment of $140.25 was not me").await.unwrap();
    drop(served);
    for life in LIVES {
        let served = Served::start(&ground.config);
        sleep(Duration::from_millis(life)).await;
        drop(served);
    }
    let served = Served::start(&ground.config);
    until("the confirmation", async || times(&mut ground.guest, "has confirmed: your card").await == 1).await;
    until("the number of the report", async || times(&mut ground.guest, "Its number for this is").await == 1)
        .await;
    assert_eq!(ground.banks::<String>(&format!("SELECT status FROM cards WHERE id = '{card}'")), "FROZEN");
    assert_eq!(ground.banks::<i64>("SELECT COUNT(*) FROM payment_reports"), 1);
    assert_eq!(ground.ours::<i64>("SELECT COUNT(*) FROM fraud_alert WHERE state = 'not_mine'"), 1);
    drop(served);
    ground.banks.stop().await;
}
