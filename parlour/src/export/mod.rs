//! "Export my data": all that is kept of a customer, read a page at a time, so that a year of talk takes no more
//! memory than a day. docs/export.md describes the document. Tokens and hashes of secrets are never in it.

pub mod json;
pub mod page;

use crate::{
    app::App,
    asking::Turn,
    consents::{self, Whole},
    reply::{Block, Reply},
    room::{self, Entry},
    watches::{self, Kept, hours::Hours},
};
use domain::{BankId, CustomerId, EntryId};
use gate::Decision;
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    DbError, Tx,
    bank_tasks::Task,
    consent_events,
    conversations::Conversation,
    exports,
    fraud_alerts::{self, Alert},
    holds,
    links::Link,
    messages,
    orders::{self, StoredOrder},
};
use tokio::sync::mpsc;

/// The version of the document's form.
pub const SCHEMA: &str = "parlour.export/1";
/// How many messages or decisions are read at once.
const PAGE: u32 = 500;
/// How many pages are read ahead of a slow reader.
const AHEAD: usize = 2;

/// A part of an export. They come in the order of this list.
pub enum Piece {
    /// Whose it is.
    Head(Head),
    /// The consents.
    Consents(Vec<AgreedTo>),
    /// The attempts to link.
    Links(Vec<Link>),
    /// What the bank was told.
    Tasks(Vec<Task>),
    /// What they asked to be told of, by conversation.
    Watches(Vec<Watched>),
    /// Small things that were kept to serve them.
    Traces(Vec<exports::Trace>),
    /// What they had done at the bank.
    Orders(Vec<StoredOrder>),
    /// The payments that they were asked about.
    FraudAlerts(Vec<Alert>),
    /// What must be kept for some time.
    Holds(Vec<holds::Hold>),
    /// The conversations.
    Conversations(Vec<Conversation>),
    /// Some messages of a conversation, oldest first.
    Messages(Conversation, Vec<Entry>),
    /// Some decisions, oldest first.
    Accesses(Vec<OpenedAccess>),
    /// All was read.
    End(Counts),
}

/// What a customer asked to be told of in one conversation.
pub struct Watched {
    /// The conversation.
    pub conversation: Conversation,
    /// Of what.
    pub watches: Vec<Kept>,
    /// When.
    pub hours: Hours,
    /// How many events of the bank wait to be told.
    pub waiting: u64,
}

/// Whose export it is.
#[derive(Debug, Clone)]
pub struct Head {
    /// The bank.
    pub bank: BankId,
    /// Its name.
    pub name: String,
    /// The customer, by the number that they have here.
    pub customer: CustomerId,
    /// When they first said something. None if they never did.
    pub begun_at: Option<Timestamp>,
    /// When the export was made.
    pub at: Timestamp,
}

/// A consent, and what opens the entries of its changes in the log.
pub struct AgreedTo {
    /// Everything that is kept about it.
    pub whole: Whole,
    /// By the entry of the change.
    pub openings: Vec<(EntryId, Opening)>,
}

/// A decision with what opens its entry in the log.
pub struct OpenedAccess {
    /// The decision.
    pub decision: Decision,
    /// What opens its entry.
    pub opening: Opening,
}

/// What opens an entry in the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Opening {
    /// Its place. None in the moment before it has one.
    pub index: Option<u64>,
    /// The leaf there, in hexadecimal.
    pub leaf: Option<String>,
    /// The record that the leaf commits to, byte for byte.
    pub record: String,
    /// The key of the commitment, in hexadecimal.
    pub key: String,
}

impl Opening {
    fn new(logged: Option<(u64, Vec<u8>)>, record: Vec<u8>, key: &[u8; 32]) -> Result<Opening, DbError> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(Opening {
            index: logged.as_ref().map(|(index, _)| *index),
            leaf: logged.as_ref().map(|(_, leaf)| hex(leaf)),
            record: String::from_utf8(record)
                .map_err(|_| DbError::Unreadable { what: "record of the log" })?,
            key: hex(key),
        })
    }
}

/// How much was exported, so that whoever reads it can see that it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Consents.
    pub consents: u64,
    /// Decisions.
    pub accesses: u64,
}

/// Reads all of it. Ends without [`Piece::End`] when the store fails: what came before is then not whole.
pub fn export(app: Arc<App>, bank: BankId, customer: CustomerId) -> mpsc::Receiver<Result<Piece, DbError>> {
    let (to, pieces) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let reading = Reading { app, bank, customer, to: to.clone(), counts: Counts::default() };
        if let Err(Stopped::Store(fault)) = reading.all().await {
            tracing::warn!(%fault, "an export was broken off");
            // A reader that has gone away wants no word.
            let _ = to.send(Err(fault)).await;
        }
    });
    pieces
}

/// Why the reading stopped.
enum Stopped {
    Store(DbError),
    ReaderLeft,
}

impl From<DbError> for Stopped {
    fn from(fault: DbError) -> Stopped {
        Stopped::Store(fault)
    }
}

struct Reading {
    app: Arc<App>,
    bank: BankId,
    customer: CustomerId,
    to: mpsc::Sender<Result<Piece, DbError>>,
    counts: Counts,
}

impl Reading {
    async fn all(mut self) -> Result<(), Stopped> {
        let head = self.head().await?;
        self.give(Piece::Head(head)).await?;
        let (bank, customer, now) = (self.bank.clone(), self.customer.clone(), self.app.clock.now());
        let small = self.app.store.read(move |tx| -> Result<_, DbError> {
            Ok((
                agreed_to(tx, &bank, &customer)?,
                exports::links(tx, &bank, &customer)?,
                exports::tasks(tx, &bank, &customer)?,
                exports::traces(tx, &bank, &customer)?,
                oldest_first(orders::newest(tx, &bank, &customer, exports::MOST)?.0),
                holds::active(tx, &bank, &customer, now)?,
                exports::conversations(tx, &bank, &customer)?,
                watched(tx, &bank, &customer)?,
                fraud_alerts::of_customer(tx, &bank, &customer)?,
            ))
        });
        let (consents, links, tasks, traces, orders, holds, conversations, watched, asked) = small.await?;
        self.counts.consents = consents.len() as u64;
        self.give(Piece::Consents(consents)).await?;
        self.give(Piece::Links(links)).await?;
        self.give(Piece::Tasks(tasks)).await?;
        self.give(Piece::Watches(watched)).await?;
        self.give(Piece::Traces(traces)).await?;
        self.give(Piece::Orders(orders)).await?;
        self.give(Piece::FraudAlerts(asked)).await?;
        self.give(Piece::Holds(holds)).await?;
        self.give(Piece::Conversations(conversations.clone())).await?;
        for conversation in conversations {
            self.messages(conversation).await?;
        }
        self.accesses().await?;
        let counts = self.counts;
        self.give(Piece::End(counts)).await
    }

    async fn give(&self, piece: Piece) -> Result<(), Stopped> {
        self.to.send(Ok(piece)).await.map_err(|_| Stopped::ReaderLeft)
    }

    async fn head(&self) -> Result<Head, DbError> {
        let (bank, customer) = (self.bank.clone(), self.customer.clone());
        let begun_at = self.app.store.read(move |tx| exports::begun_at(tx, &bank, &customer)).await?;
        let name = self.app.tenants.get(&self.bank).map_or_else(|| self.bank.to_string(), |t| t.name.clone());
        let (bank, customer) = (self.bank.clone(), self.customer.clone());
        Ok(Head { bank, name, customer, begun_at, at: self.app.clock.now() })
    }

    /// The messages up to the last one that there was when the export began.
    async fn messages(&mut self, conversation: Conversation) -> Result<(), Stopped> {
        let mut after = 0;
        while after < conversation.last_seq {
            let of = conversation.clone();
            let page = self.app.store.read(move |tx| messages::after(tx, &of, after, PAGE)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            let entries: Vec<Entry> = room::read_all(page);
            self.counts.messages += entries.len() as u64;
            self.give(Piece::Messages(conversation.clone(), entries)).await?;
        }
        Ok(())
    }

    async fn accesses(&mut self) -> Result<(), Stopped> {
        let mut after: Option<EntryId> = None;
        loop {
            let (bank, customer, from) = (self.bank.clone(), self.customer.clone(), after.clone());
            let read = move |tx: &mut Tx| exports::accesses(tx, &bank, &customer, from.as_ref(), PAGE);
            let page = self.app.store.read(read).await?;
            let whole = page.len() == PAGE as usize;
            after = page.last().map(|opened| opened.entry.clone());
            let opened = page.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
            self.counts.accesses += opened.len() as u64;
            if !opened.is_empty() {
                self.give(Piece::Accesses(opened)).await?;
            }
            if !whole {
                return Ok(());
            }
        }
    }
}

fn oldest_first(mut orders: Vec<StoredOrder>) -> Vec<StoredOrder> {
    orders.reverse();
    orders
}

fn watched(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<Watched>, DbError> {
    let mut found = vec![];
    for conversation in exports::conversations(tx, bank, customer)? {
        let watches = watches::read(tx, &conversation)?;
        let kept = store::watches::hours(tx, &conversation)?;
        if watches.is_empty() && kept.is_none() {
            continue;
        }
        let waiting = store::bank_events::waiting(tx, bank, customer, &conversation.id)?;
        let hours = Hours::read(kept.as_deref());
        found.push(Watched { conversation, watches, hours, waiting });
    }
    Ok(found)
}

fn agreed_to(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<AgreedTo>, DbError> {
    let mut agreed = vec![];
    for id in exports::consent_ids(tx, bank, customer)? {
        let Some(whole) = consents::read_whole(tx, bank, customer, &id)? else { continue };
        let mut openings = vec![];
        for entry in whole.history.iter().filter_map(|told| told.change.entry.clone()) {
            if let Some(o) = consent_events::opening(tx, bank, customer, &entry)? {
                openings.push((entry, Opening::new(Some((o.index, o.leaf)), o.record, &o.key)?));
            }
        }
        agreed.push(AgreedTo { whole, openings });
    }
    Ok(agreed)
}

fn open(opened: exports::Opened) -> Result<OpenedAccess, DbError> {
    let decision =
        serde_json::from_slice(&opened.record).map_err(|_| DbError::Unreadable { what: "decision" })?;
    Ok(OpenedAccess { decision, opening: Opening::new(opened.logged, opened.record, &opened.key)? })
}

/// "Export my data" in the chat: where it is.
pub fn tell(turn: &Turn) -> Reply {
    if turn.channel.is_foreign() {
        let text = "I cannot hand out your data here yet: what opens it is a browser of a chat on the bank’s own page. \
                    Ask me who looked, and you get a page that shows it.";
        return Reply::text(text).with_quick(&["Who looked at my data?"]);
    }
    let bank = &turn.tenant.id;
    let at = |path: String| turn.app.settings.public_url.join(&path).map_or_else(|_| path, String::from);
    let text = format!(
        "Here is all that I keep of you at {}: what was said, what you agreed to, and who looked. Both ways open only \
         in this browser.",
        turn.tenant.name
    );
    let door = |text: &str, path: String, label: &str| Block::Door {
        text: text.to_owned(),
        href: at(path),
        label: label.to_owned(),
    };
    let blocks = vec![
        Block::Text { text },
        door("A page to read and to print:", format!("chat/{bank}/export"), "Read it"),
        door("A file for programs (JSON):", format!("v1/chat/{bank}/export"), "Keep it as a file"),
    ];
    Reply { blocks, ..Reply::default() }.with_quick(&["Who looked at my data?", "Erase my data"])
}
