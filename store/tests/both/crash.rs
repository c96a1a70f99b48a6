//! kill -9, of the writing process and of the database. What was acknowledged is there, once, and the log
//! has no gap.

use crate::fixture::{Customer, Fixture, customer, decision, harbour, kek, message_id, noon};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};
use store::{
    DbError, Location, Options, Store, access,
    messages::{self, NewReply},
};
use testkit::postgres::Postgres;

/// Tells a process of this test binary where to write; see [`writes_until_it_is_killed`].
const LOCATION: &str = "STORE_TEST_WRITES_TO";
/// Callers at once in the writing process.
const CALLERS: usize = 8;
/// Acknowledgements before a kill.
const ACKED: usize = 150;
const ROUNDS: usize = 5;

/// Does nothing, unless the environment says where to write: then it decides and speaks without end, and
/// tells each acknowledgement on its standard output.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_it_is_killed() {
    let Ok(place) = std::env::var(LOCATION) else { return };
    let location = match place.split_once(':') {
        Some(("sqlite", path)) => Location::Sqlite(path.into()),
        Some(("postgres", text)) => Location::Postgres(text.to_owned()),
        _ => panic!("{place}"),
    };
    let store = Store::open(&location, kek(), Options::default()).unwrap();
    for _ in 0..CALLERS {
        let store = store.clone();
        let customer = customer(&store).await;
        tokio::spawn(async move {
            loop {
                write_once(&store, &customer).await;
            }
        });
    }
    std::future::pending::<()>().await;
}

/// One decision and one message in one transaction.
async fn write_once(store: &Store, customer: &Customer) {
    let (decision, conversation) = (decision(customer, true), customer.conversation.clone());
    let entry = decision.entry.clone();
    let reply = NewReply { id: message_id(), body: entry.as_str().into() };
    let decided = store.decide(vec![entry.clone()], move |tx| {
        access::stage(tx, &decision)?;
        messages::say(tx, &conversation, &reply, noon())
    });
    let line = match decided.await {
        Ok((_, logged)) => format!("acked {entry} {} {}\n", logged[0].index(), customer.id),
        Err(error) => format!("error {error}\n"),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// The writing process, and what it has acknowledged.
struct Writer {
    process: Child,
    lines: Receiver<String>,
    acked: Vec<(String, u64, String)>,
}

impl Writer {
    fn start(location: &Location) -> Writer {
        let place = match location {
            Location::Sqlite(path) => format!("sqlite:{}", path.display()),
            Location::Postgres(text) => format!("postgres:{text}"),
        };
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::writes_until_it_is_killed", "--nocapture"])
            .env(LOCATION, place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // The last line may be cut by the kill; it is dropped.
            while out.read_line(&mut line).is_ok() && line.ends_with('\n') {
                if tell.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        Writer { process, lines, acked: Vec::new() }
    }

    fn take(&mut self, line: &str) {
        let mut words = line.trim_end().split(' ');
        match words.next() {
            Some("acked") => {
                let (entry, index, customer) =
                    (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
                self.acked.push((entry.to_owned(), index.parse().unwrap(), customer.to_owned()));
            }
            Some("error") => panic!("the writer met: {line}"),
            // What the test harness itself prints.
            _ => {}
        }
    }

    /// Waits for some more acknowledgements.
    fn wait_for_more(&mut self, count: usize) {
        let wanted = self.acked.len() + count;
        while self.acked.len() < wanted {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("the writer goes on");
            self.take(&line);
        }
    }

    fn kill(mut self) -> Vec<(String, u64, String)> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) {
            self.take(&line);
        }
        self.acked
    }
}

/// All that was acknowledged is there, at its place; the log has no gap; nothing is there by half.
async fn is_whole(store: &Store, acked: &[(String, u64, String)]) {
    let size = store.read(|tx| access::size(tx, &harbour())).await.unwrap_or_else(|e: DbError| panic!("{e}"));
    let leaves = store
        .read(move |tx| access::leaves(tx, &harbour(), 0, u32::MAX))
        .await
        .unwrap_or_else(|e: DbError| panic!("{e}"));
    assert_eq!(leaves.iter().map(|(i, _)| *i).collect::<Vec<_>>(), (0..size).collect::<Vec<_>>(), "gaps");
    let mut indexes = BTreeSet::new();
    let customers: BTreeSet<&String> = acked.iter().map(|(.., customer)| customer).collect();
    let mut found = BTreeMap::new();
    for customer in customers {
        let id: domain::CustomerId = customer.parse().unwrap();
        let read = store.read(move |tx| access::of_customer(tx, &harbour(), &id, None, u32::MAX));
        for access in read.await.unwrap_or_else(|e: DbError| panic!("{e}")) {
            let index = access.index.expect("everything that is stored has its place");
            assert!(indexes.insert(index), "index {index} was given twice");
            found.insert(access.decision.entry.to_string(), index);
        }
    }
    for (entry, index, _) in acked {
        assert_eq!(found.get(entry), Some(index), "{entry} was acknowledged at {index}");
    }
    // The customers of writers that acknowledged nothing are not known here, so there may be more leaves.
    assert!(found.len() as u64 <= size);
}

pub async fn nothing_acknowledged_is_lost_when_the_process_is_killed(fixture: Fixture) {
    fixture.open().close().await;
    let mut acked = Vec::new();
    for round in 0..ROUNDS {
        let mut writer = Writer::start(&fixture.location);
        writer.wait_for_more(ACKED + 13 * round);
        acked.extend(writer.kill());
        let store = fixture.open();
        settle(&store).await;
        is_whole(&store, &acked).await;
        store.close().await;
    }
    assert!(acked.len() >= ROUNDS * ACKED);
}

/// Waits until the sequencer has numbered what the killed process left.
async fn settle(store: &Store) {
    for _ in 0..1_000 {
        if store.read(access::oldest_staged).await.unwrap_or_else(|e: DbError| panic!("{e}")).is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the sequencer does not get on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_done_twice_when_the_database_is_killed() {
    let server = Postgres::start().unwrap();
    let location = Location::Postgres(server.database().unwrap().location);
    let open = || Store::open(&location, kek(), Options::default()).unwrap();
    open().close().await;
    let mut writer = Writer::start(&location);
    for round in 0..3 {
        writer.wait_for_more(ACKED + 17 * round);
        server.kill_9().unwrap();
        server.restart().unwrap();
        // The same process goes on, and a commit whose outcome was not known is not repeated: that would be
        // told as an error, since a decision is logged once.
        writer.wait_for_more(ACKED);
        let store = open();
        is_whole_so_far(&store, &writer.acked).await;
        store.close().await;
    }
    let acked = writer.kill();
    let store = open();
    settle(&store).await;
    is_whole(&store, &acked).await;
}

/// Like [`is_whole`] while the writer goes on: what was acknowledged is there.
async fn is_whole_so_far(store: &Store, acked: &[(String, u64, String)]) {
    let last = acked.iter().map(|(_, index, _)| *index).max().unwrap();
    let leaves = store
        .read(move |tx| access::leaves(tx, &harbour(), 0, u32::MAX))
        .await
        .unwrap_or_else(|e: DbError| panic!("{e}"));
    assert!(leaves.iter().map(|(i, _)| *i).eq(0..leaves.len() as u64), "gaps");
    assert!(leaves.len() as u64 > last);
}
