//! `export`: a year of one customer, as the file and as the page, through HTTP; and the memory that it takes.

use crate::{
    backend::{Backend, on_disk},
    files,
    report::print,
};
use domain::{Channel, Clock, DataClass, EntryId, MessageId, Purpose, Tier};
use gate::Decision;
use jiff::Timestamp;
use parlour::{
    app::App,
    reply::Reply,
    rim::{self, SystemClock},
    room, serve,
    session::Session,
};
use std::{sync::Arc, time::Instant};
use store::{DbError, access, conversations::Conversation, messages};
use tokio::net::TcpListener;

/// What somebody says and is told in a year who talks to their bank every day.
const MESSAGES: usize = 20_000;
/// How often their data is read for that.
const ACCESSES: usize = 10_000;
/// How many go into one transaction when the year is made.
const AT_ONCE: usize = 1_000;

/// Measures and prints.
pub async fn measure(backend: Backend) {
    let dir = on_disk();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let mut config = files::write(dir.path(), port, "http://127.0.0.1:9");
    config.database = backend.location(dir.path());
    let url = config.public_url.clone();
    let running = serve::start_on(listener, config, Arc::new(SystemClock)).await;
    let running = running.unwrap_or_else(|fault| panic!("the gateway starts: {fault}"));
    let bank = "harbour".parse().expect("a plain word is a bank id");
    let (session, token) = running.app.sessions.issue(&bank, SystemClock.now());
    live_a_year(&running.app, &session).await;
    let name = format!("export.{}", backend.name());
    for (what, path) in [("file", "v1/chat/harbour/export"), ("page", "chat/harbour/export")] {
        let before = resident_mb();
        let began = Instant::now();
        let request = reqwest::Client::new().get(url.join(path).expect("a plain path")).bearer_auth(&token);
        let mut answer = request.send().await.expect("the gateway answers");
        assert!(answer.status().is_success(), "{}", answer.status());
        let (mut bytes, mut end) = (0, Vec::new());
        while let Some(part) = answer.chunk().await.expect("the export goes on") {
            bytes += part.len();
            end = part.to_vec();
        }
        let whole = String::from_utf8_lossy(&end).contains(if what == "file" {
            "\"complete\":true"
        } else {
            "</html>"
        });
        assert!(whole, "the export is whole");
        print(&format!("{name}.{what}"), began.elapsed().as_secs_f64(), "s", None);
        print(&format!("{name}.{what}.size"), bytes as f64 / 1e6, "MB", None);
        print(&format!("{name}.{what}.memory"), (resident_mb() - before).max(0.0), "MB", None);
    }
    running.stop().await;
}

async fn live_a_year(app: &App, session: &Session) {
    let now = SystemClock.now();
    let of = session.clone();
    let begun = app.store.transact(move |tx| room::begin_if_new(tx, &of.bank, &of, now)).await;
    let thread = begun.unwrap_or_else(|fault: DbError| panic!("a conversation begins: {fault}"));
    for _ in 0..MESSAGES / AT_ONCE {
        let to = thread.clone();
        let ids: Vec<MessageId> = (0..AT_ONCE).map(|_| MessageId::new(rim::uuid(now))).collect();
        let said = app.store.transact(move |tx| -> Result<(), DbError> {
            for id in &ids {
                let words = "You spent $84.10 at Greenleaf Market last week, in 3 payments.";
                messages::say(tx, &to, &room::stored_reply(to.channel, id, &Reply::text(words), None), now)?;
            }
            Ok(())
        });
        said.await.expect("the year is written");
    }
    for _ in 0..ACCESSES / AT_ONCE {
        let entries: Vec<EntryId> = (0..AT_ONCE).map(|_| EntryId::new(rim::uuid(now))).collect();
        let (ids, of) = (entries.clone(), thread.clone());
        let decided = app.store.decide(entries, move |tx| -> Result<(), DbError> {
            ids.iter().try_for_each(|entry| access::stage(tx, &decision(entry, &of, now)))
        });
        decided.await.expect("the year is decided");
    }
}

fn decision(entry: &EntryId, of: &Conversation, at: Timestamp) -> Decision {
    Decision {
        entry: entry.clone(),
        at,
        bank: of.bank.clone(),
        customer: of.customer.clone(),
        asked_by: gate::AskerKind::Customer,
        consent: None,
        purpose: Purpose::AnswerCustomer,
        data_class: DataClass::Balances,
        accounts: vec![],
        payment: None,
        operation: None,
        channel: Channel::Web,
        tier: Tier::InChat,
        allowed: false,
        reason: None,
        clauses: vec![],
        policy_digest: [7; 32],
    }
}

/// What the system holds in memory for this process, client included.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
    kilobytes / 1024.0
}
