//! `ingest`: messages that come in through HTTP and are durable when they are acknowledged, beside the same
//! statements through the same store without HTTP, turn by turn in the same run.
//!
//! The workers that answer are not started: what is measured is taking messages in.

use crate::{
    backend::{Backend, on_disk},
    files,
    load::{self, Connection, Done},
    report::{print, print_times},
};
use domain::{Clock, MessageId};
use hyper::StatusCode;
use parlour::{
    alerts::engine::Engines,
    app::{App, Settings},
    bells::Bells,
    config::{Limits, Witnesses},
    erasure::{Erasures, list::ErasureList},
    http,
    keys::Keys,
    logs::Logs,
    pace::Pace,
    policy::InForce,
    rim::{self, SystemClock},
    room::{self, Words},
    session::{Session, Sessions},
    sign_in::Subjects,
    tenant::{Tenant, Tenants},
};
use serde_json::json;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use store::{DbError, messages};
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
};

/// Connections, each with a conversation of its own.
const CONNECTIONS: usize = 64;
/// How long each turn of load lasts.
const LENGTH: Duration = Duration::from_secs(8);
/// How many turns each way; the median counts, since a shared machine is uneven.
const TURNS: usize = 3;
/// What is said: as long as people's questions are.
const TEXT: &str = "what did I spend at the supermarket last week?";

/// Measures and prints.
pub async fn measure(backend: Backend) {
    let dir = on_disk();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let listen = listener.local_addr().expect("a bound socket has an address");
    let (stop, stopped) = watch::channel(false);
    let app = Arc::new(app(backend, dir.path(), listen, stopped));
    let face = tokio::spawn(http::serve(app.clone(), listener));
    let people = people(&app).await;

    let (mut through_http, mut without) = (vec![], vec![]);
    for turn in 0..TURNS {
        without.push(store_only(&app, &people, turn).await);
        through_http.push(with_http(listen, &people, turn).await);
    }
    let (http, store) = (median(through_http), median(without));
    let name = format!("ingest.{}", backend.name());
    print(&format!("{name}.per_second"), http.per_second, "messages/s", Some(store.per_second));
    print_times(&name, &http.times);
    print_times(&format!("{name}.store_alone"), &store.times);

    stop.send_replace(true);
    face.await.expect("the face ends by itself");
    app.store.clone().close().await;
}

/// A gateway whose limits do not slow a client down and whose workers are not started.
fn app(backend: Backend, dir: &Path, listen: SocketAddr, stop: watch::Receiver<bool>) -> App {
    let limits = Limits {
        messages_burst: u32::MAX,
        messages_per_minute: u32::MAX,
        requests_per_second_per_address: u32::MAX,
        ..Limits::default()
    };
    let config = files::write(dir, listen.port(), "http://127.0.0.1:9").banks.remove(0);
    let store = backend.open(dir);
    let public_url: url::Url =
        format!("http://localhost:{}", listen.port()).parse().expect("a host and a port");
    let keys = Keys::open(dir.join("keys")).unwrap_or_else(|fault| panic!("keys are made: {fault}"));
    let callback = public_url.join("link/callback").expect("a plain path");
    let key = banks::ClientKey::generate().expect("the system has random bytes");
    let clock = Arc::new(SystemClock);
    let tenants = Tenants::default();
    let in_force =
        InForce::begin(std::slice::from_ref(&config), dir.to_owned(), false, tenants.clone(), clock.now())
            .unwrap_or_else(|trouble| panic!("the rules are right: {trouble}"));
    tenants.insert(Tenant::new(config, in_force.gate(), key, callback, store.clone(), clock.clone()));
    App {
        mind: None,
        in_force,
        passkeys: None,
        logs: Logs::new(dir.to_owned(), keys, public_url.clone()),
        tenants,
        sessions: Sessions::new([5; 32]),
        subjects: Subjects::new([6; 32]),
        erasures: Erasures::new(ErasureList::at(dir.join("erasures.log"))),
        engines: Engines::new([], dir.join("fraud"), [7; 32]),
        bells: Bells::default(),
        pace: Pace::new(&limits),
        stop,
        settings: Settings {
            public_url,
            listen,
            limits,
            trust_forwarded_for: false,
            region_header: None,
            witnesses: Witnesses::default(),
            worker: "measure".to_owned(),
        },
        clock,
        store,
    }
}

/// Begins a conversation for each connection.
async fn people(app: &App) -> Vec<(Session, String)> {
    let tenant = app.tenants.values().next().expect("there is one bank");
    let mut people = vec![];
    for _ in 0..CONNECTIONS {
        let (session, token) = app.sessions.issue(&tenant.id, app.clock.now());
        let said = room::say(app, &tenant, &session, TEXT, "begin", None).await;
        said.unwrap_or_else(|fault| panic!("a conversation begins: {fault}"));
        people.push((session, token));
    }
    people
}

/// Only the store: the transaction that the use case makes, without all around it.
async fn store_only(app: &Arc<App>, people: &[(Session, String)], turn: usize) -> Done {
    let callers = people.iter().map(|(session, _)| {
        let (app, session) = (app.clone(), session.clone());
        move |n| receive(app.clone(), session.clone(), format!("s-{turn}-{n}"))
    });
    load::run(callers.collect(), LENGTH).await
}

async fn receive(app: Arc<App>, session: Session, key: String) {
    let now = app.clock.now();
    let (id, body) = (MessageId::new(rim::uuid(now)), body());
    let stored = app.store.transact(move |tx| -> Result<messages::Received, DbError> {
        let conversation = room::begin_if_new(tx, &session.bank, &session, now)?;
        let inbound =
            messages::Inbound { conversation: &conversation, id: id.clone(), key: &key, body: &body, now };
        messages::receive(tx, &inbound)
    });
    match stored.await {
        Ok(messages::Received::Stored { .. }) => {}
        Ok(messages::Received::Repeated { .. }) => panic!("each message has a key of its own"),
        Err(fault) => panic!("a message is stored: {fault}"),
    }
}

fn body() -> Vec<u8> {
    let words = Words::Customer { text: TEXT.to_owned(), removed: vec![], region: None };
    serde_json::to_vec(&words).expect("words are plain data")
}

/// The whole way: request, session, limits, redaction, store, answer.
async fn with_http(listen: SocketAddr, people: &[(Session, String)], turn: usize) -> Done {
    let mut callers = vec![];
    for (session, token) in people {
        let path = format!("/v1/chat/{}/messages", session.bank);
        let connection = Arc::new(Mutex::new(Connection::open(listen).await));
        let token = token.clone();
        callers.push(move |n| {
            let (connection, path, token) = (connection.clone(), path.clone(), token.clone());
            async move {
                let body = json!({ "text": TEXT, "key": format!("h-{turn}-{n}") }).to_string();
                let (status, told) = connection.lock().await.post(&path, &token, body).await;
                assert_eq!(status, StatusCode::ACCEPTED, "{}", String::from_utf8_lossy(&told));
            }
        });
    }
    load::run(callers, LENGTH).await
}

fn median(mut turns: Vec<Done>) -> Done {
    turns.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    turns.swap_remove(TURNS / 2)
}
