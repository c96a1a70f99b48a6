//! A connection that is lost in COMMIT, just before or just after the database has done it. A proxy on the
//! way cuts it there.

use crate::{
    fixture::{customer, decision, harbour, kek, postgres, until},
    log::decide,
};
use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use store::{DbError, Location, Options, Store, access};

/// What is to happen to the next COMMIT of a use case.
const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

struct Proxy {
    dir: tempfile::TempDir,
    next: Arc<AtomicU8>,
}

impl Proxy {
    fn start(server: PathBuf) -> Proxy {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).unwrap();
        let next = Arc::new(AtomicU8::new(PASS));
        let ours = Arc::clone(&next);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let server = UnixStream::connect(server.join(".s.PGSQL.5432")).unwrap();
                carry(client.unwrap(), server, &ours);
            }
        });
        Proxy { dir, next }
    }
}

/// Carries bytes both ways until the connection ends or is cut.
fn carry(mut client: UnixStream, mut server: UnixStream, next: &Arc<AtomicU8>) {
    let swallow = Arc::new(AtomicBool::new(false));
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let swallows = Arc::clone(&swallow);
    std::thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(n @ 1..) = from_server.read(&mut bytes) {
            if swallows.load(SeqCst) || to_client.write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        // Whichever side is gone by now, the other one goes too.
        let _ = (from_server.shutdown(Shutdown::Both), to_client.shutdown(Shutdown::Both));
    });
    let next = Arc::clone(next);
    std::thread::spawn(move || {
        let (mut bytes, mut writes) = ([0; 65_536], false);
        while let Ok(n @ 1..) = client.read(&mut bytes) {
            let has = |text: &[u8]| bytes[..n].windows(text.len()).any(|w| w == text);
            writes |= has(b"INSERT INTO tx_done");
            if writes && has(b"COMMIT\0") {
                match next.swap(PASS, SeqCst) {
                    CUT_BEFORE => break,
                    CUT_AFTER => swallow.store(true, SeqCst),
                    _ => {}
                }
            }
            if server.write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_lost_on_the_way_is_done_exactly_once() {
    let fixture = postgres();
    let server = testkit::postgres::Postgres::shared().unwrap().files().parent().unwrap().to_owned();
    let proxy = Proxy::start(server);
    let database = fixture.database.as_ref().unwrap();
    let location = format!("host={} user=parlour dbname={}", proxy.dir.path().display(), database.name);
    let store = Store::open(&Location::Postgres(location), kek(), Options::default()).unwrap();
    let customer = customer(&store).await;
    for (round, (cut, runs_wanted)) in
        [(CUT_BEFORE, 2), (CUT_AFTER, 1), (PASS, 1)].repeat(5).into_iter().enumerate()
    {
        let (decision, runs) = (decision(&customer, true), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&runs);
        proxy.next.store(cut, SeqCst);
        let decided = store.decide(vec![decision.entry.clone()], move |tx| {
            access::stage(tx, &decision)?;
            Ok::<_, DbError>(counted.fetch_add(1, SeqCst) + 1)
        });
        let (answer, logged) = decided.await.unwrap();
        assert_eq!(logged[0].index(), round as u64);
        assert_eq!((answer, runs.load(SeqCst)), (runs_wanted, runs_wanted), "in round {round}");
        assert_eq!(proxy.next.load(SeqCst), PASS, "the cut took place");
    }
    assert_eq!(store.read(|tx| access::size(tx, &harbour())).await, Ok::<_, DbError>(15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_connections_are_ended_goes_on() {
    let fixture = postgres();
    let store = fixture.open();
    let customer = customer(&store).await;
    let name = fixture.database.as_ref().unwrap().name.clone();
    for round in 0..5 {
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        testkit::postgres::Postgres::shared().unwrap().sql("postgres", &end).unwrap();
        let logged = decide(&store, vec![decision(&customer, true)]).await.unwrap();
        assert_eq!(logged[0].index(), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_without_a_place_in_time_opens_nothing_and_gets_its_place_later() {
    let fixture = postgres();
    let store = fixture.open_with(Options { patience: Duration::from_secs(1), ..Options::default() });
    let customer = customer(&store).await;
    let name = fixture.database.as_ref().unwrap().name.clone();
    let held = tokio::task::spawn_blocking(move || {
        let hold = "BEGIN; SELECT size FROM log_head FOR UPDATE; SELECT pg_sleep(3); COMMIT";
        testkit::postgres::Postgres::shared().unwrap().sql(&name, hold).unwrap()
    });
    let locks = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let server = testkit::postgres::Postgres::shared().unwrap();
    until("the log is held", || server.sql("postgres", locks).unwrap() != "0").await;
    let late = decision(&customer, true);
    let entry = late.entry.clone();
    assert_eq!(decide(&store, vec![late]).await, Err(DbError::LogBehind { entry, seconds: 1 }));
    assert!(store.read(access::oldest_staged).await.unwrap_or_else(|e: DbError| panic!("{e}")).is_some());
    held.await.unwrap();
    for _ in 0..1_000 {
        let customer = customer.clone();
        let found = store.read(move |tx| access::of_customer(tx, &customer.bank, &customer.id, None, 1));
        if found.await.unwrap_or_else(|e: DbError| panic!("{e}"))[0].index == Some(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the decision was not numbered");
}
