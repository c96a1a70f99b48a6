//! A fresh database, and a customer to put into it.

use domain::{
    AccountId, BankId, Channel, Consent, ConsentEvent, ConsentId, ConsentState, ConversationId, CustomerId,
    DataClass, EntryId, How, MessageId, Purpose, Tier,
};
use gate::Decision;
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{
    DbError, Kek, Location, Options, Store,
    consents::{self, Change},
    conversations::{self, Conversation, NewConversation},
    customers,
};
use testkit::postgres::{Database, Postgres};
use uuid::Uuid;

pub struct Fixture {
    pub location: Location,
    /// PostgreSQL: the name of the database.
    pub database: Option<Database>,
    /// SQLite: goes with the fixture.
    pub dir: Option<tempfile::TempDir>,
}

pub fn sqlite() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    Fixture { location: Location::Sqlite(dir.path().join("test.db")), database: None, dir: Some(dir) }
}

pub fn postgres() -> Fixture {
    static TEMPLATE: OnceLock<Database> = OnceLock::new();
    let server = Postgres::shared().unwrap();
    let template = TEMPLATE.get_or_init(|| {
        let empty = server.database().unwrap();
        let location = Location::Postgres(empty.location.clone());
        let open = move || {
            let store = Store::open(&location, kek(), Options::default()).unwrap();
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(store.close());
        };
        std::thread::spawn(open).join().unwrap();
        empty
    });
    let database = server.copy_of(template).unwrap();
    Fixture { location: Location::Postgres(database.location.clone()), database: Some(database), dir: None }
}

pub fn kek() -> Kek {
    Kek::new([42; 32])
}

impl Fixture {
    pub fn open(&self) -> Store {
        self.open_with(Options::default())
    }

    pub fn open_with(&self, options: Options) -> Store {
        Store::open(&self.location, kek(), options).unwrap()
    }

    /// Changes the database behind the store's back.
    pub fn tamper(&self, sql: &str) {
        match (&self.location, &self.database) {
            (Location::Sqlite(path), _) => {
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap()
            }
            (_, Some(database)) => drop(Postgres::shared().unwrap().sql(&database.name, sql).unwrap()),
            (Location::Postgres(_), None) => unreachable!("a PostgreSQL fixture has a database"),
        }
    }
}

impl Fixture {
    /// What one query that gives one value answers, asked behind the store's back.
    pub fn number(&self, sql: &str) -> String {
        match (&self.location, &self.database) {
            (Location::Sqlite(path), _) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                let value: rusqlite::types::Value = connection.query_row(sql, [], |row| row.get(0)).unwrap();
                match value {
                    rusqlite::types::Value::Integer(n) => n.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => panic!("{other:?}"),
                }
            }
            (_, Some(database)) => Postgres::shared().unwrap().sql(&database.name, sql).unwrap(),
            (Location::Postgres(_), None) => unreachable!("a PostgreSQL fixture has a database"),
        }
    }
}

/// Noon of some day. Tests add to it.
pub fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub fn later(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

/// Ids of this process, in the order of their making.
pub fn uuid() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(u128::from(std::process::id()) << 64 | u128::from(n))
}

pub fn message_id() -> MessageId {
    MessageId::new(uuid())
}

pub fn entry_id() -> EntryId {
    EntryId::new(uuid())
}

pub fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// A customer with a conversation and a consent that is given.
#[derive(Clone)]
pub struct Customer {
    pub bank: BankId,
    pub id: CustomerId,
    pub conversation: Conversation,
    pub consent: Consent,
}

pub async fn customer(store: &Store) -> Customer {
    customer_of(store, harbour()).await
}

pub async fn customer_of(store: &Store, bank: BankId) -> Customer {
    let id = CustomerId::new(uuid());
    let new = NewConversation {
        bank: bank.clone(),
        customer: id.clone(),
        conversation: ConversationId::new(uuid()),
        channel: Channel::Web,
        session: [0; 32],
        now: noon(),
    };
    let consent = consent(&bank, &id, &new.conversation, ConsentState::Given);
    let begun = store.transact(move |tx| {
        assert!(customers::begin(tx, &new.bank, &new.customer, new.now)?);
        assert!(conversations::begin(tx, &new)?);
        assert!(consents::insert(tx, &consent, noon())?);
        let conversation = conversations::find(tx, &new.bank, &new.customer, &new.conversation)?;
        Ok::<_, DbError>((conversation.unwrap(), consent.clone()))
    });
    let (conversation, consent) = begun.await.unwrap();
    Customer { bank, id, conversation, consent }
}

pub fn consent(
    bank: &BankId,
    customer: &CustomerId,
    conversation: &ConversationId,
    state: ConsentState,
) -> Consent {
    Consent {
        id: ConsentId::new(uuid()),
        bank: bank.clone(),
        customer: customer.clone(),
        conversation: conversation.clone(),
        channel: Channel::Web,
        state,
        purposes: vec![Purpose::AnswerCustomer],
        data_classes: vec![DataClass::Balances],
        accounts: vec!["acc-1".parse::<AccountId>().unwrap()],
        not_before: noon(),
        expires_at: later(86_400),
        notice_sha256: "00".repeat(32),
        notice: "We read your balances to answer you.".to_owned(),
        language: "en".to_owned(),
        at_bank: None,
    }
}

/// A change by a word in the chat.
pub fn change(event: ConsentEvent) -> Change {
    change_at(event, noon())
}

pub fn change_at(event: ConsentEvent, at: Timestamp) -> Change {
    Change { event, how: How::Chat, reason: None, entry: entry_id(), at }
}

pub fn decision(customer: &Customer, allowed: bool) -> Decision {
    Decision {
        entry: entry_id(),
        at: noon(),
        bank: customer.bank.clone(),
        customer: customer.id.clone(),
        asked_by: gate::AskerKind::Customer,
        consent: Some(customer.consent.id.clone()),
        purpose: Purpose::AnswerCustomer,
        data_class: DataClass::Balances,
        accounts: customer.consent.accounts.clone(),
        payment: None,
        operation: None,
        channel: Channel::Web,
        tier: Tier::InChat,
        allowed,
        reason: None,
        clauses: vec!["floor/consent".to_owned()],
        policy_digest: [7; 32],
    }
}

/// Waits until something is so, and fails the test if it does not come.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
