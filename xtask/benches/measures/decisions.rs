//! `decisions`: card payments that a bank tells of one by one, each signed, judged, stored and answered: how long an answer takes
//! at a steady pace, and how many a second there can be. Beside it the engine alone, without HTTP and signatures, in the
//! same run. Before that the engine gets to know as many cards as a small bank has.

use crate::{
    backend::on_disk,
    cards::{self, CARDS, Signed},
    files,
    load::{self, Connection, Done},
    report::{Times, print, print_times},
};
use domain::{BankId, Clock};
use jiff::SignedDuration;
use parlour::{
    alerts::wire::{self, Written},
    app::App,
    rim::SystemClock,
    serve,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Mutex};

/// How many payments of each card the engine knows before.
const PAYMENTS_BEFORE: u64 = 3;
/// Over how long those payments lie.
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Payments of one file: as many as are taken at once.
const FILE: u64 = 10_000;
/// Payments a second, the least first. After one that is too many no more are tried.
const RATES: [u32; 3] = [1_000, 2_000, 5_000];
/// How long each pace is held.
const SECONDS: u32 = 5;
/// How often the highest pace is looked for between one that holds and one that does not.
const NARROWED: u32 = 4;
/// For how long each of those is held.
const NARROWED_SECONDS: u32 = 3;
/// A pace holds when its 99th percentile stays below this, in milliseconds.
const HOLDS: f64 = 10.0;
/// Above this a higher pace is not tried, in milliseconds.
const TOO_MANY: f64 = 100.0;
/// Connections that are kept open.
const CONNECTIONS: usize = 128;
/// Callers that ask again as soon as they are answered, with HTTP and without.
const CALLERS: usize = 64;
/// For how long they do.
const CALLED: Duration = Duration::from_secs(4);

/// Measures and prints.
pub async fn measure() {
    let dir = on_disk();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let config = files::write_with_cards(dir.path(), port, "http://127.0.0.1:9");
    let gateway = serve::start_on(listener, config, Arc::new(SystemClock)).await;
    let gateway = gateway.unwrap_or_else(|fault| panic!("the gateway starts: {fault}"));
    let to = gateway.listen;
    know_cards(to).await;

    let engine = engine_alone(&gateway.app).await;
    let http = through_http(to).await;
    print("decisions.per_second", http.per_second, "decisions/s", Some(engine.per_second));
    print_times("decisions.at_once_64", &http.times);
    print_times("decisions.engine_alone", &engine.times);
    let (mut holds, mut fails) = (0, None);
    for rate in RATES {
        let times = pace(to, rate, SECONDS).await;
        print_times(&format!("decisions.at_{rate}"), &times);
        let late = times.quantile_ms(0.99);
        if late < HOLDS {
            holds = rate;
        } else if fails.is_none() {
            fails = Some(rate);
        }
        if late > TOO_MANY {
            break;
        }
    }
    if let Some(mut fails) = fails {
        for _ in 0..NARROWED {
            let between = u32::midpoint(holds, fails);
            if pace(to, between, NARROWED_SECONDS).await.quantile_ms(0.99) < HOLDS {
                holds = between;
            } else {
                fails = between;
            }
        }
    }
    print("decisions.highest_with_p99_below_10_ms", f64::from(holds), "decisions/s", None);
    gateway.stop().await;
}

/// Tells of the payments of a month, in files.
async fn know_cards(to: SocketAddr) {
    let mut connection = Connection::open(to).await;
    let (all, begin) = (CARDS * PAYMENTS_BEFORE, SystemClock.now() - MONTH);
    for first in (0..all).step_by(usize::try_from(FILE).expect("a file fits into memory")) {
        let line = |n: u64| {
            let after =
                MONTH.as_secs() * i64::try_from(n).unwrap_or(i64::MAX) / i64::try_from(all).unwrap_or(1);
            cards::payment(&format!("h-{n}"), n, begin + SignedDuration::from_secs(after)).to_string()
        };
        let lines: Vec<String> = (first..all.min(first + FILE)).map(line).collect();
        let told = Signed::new(format!("f-{first}"), lines.join("\n")).send_file(&mut connection).await;
        let told: serde_json::Value = serde_json::from_slice(&told).expect("the answer is JSON");
        assert_eq!(told["taken"], lines.len(), "{told}");
    }
}

async fn pace(to: SocketAddr, per_second: u32, seconds: u32) -> Times {
    let name = format!("r-{per_second}-{seconds}");
    cards::at_rate(to, CONNECTIONS, cards::payments(&name, u64::from(per_second * seconds)), per_second).await
}

/// Callers with a connection each, who sign and send.
async fn through_http(to: SocketAddr) -> Done {
    let mut callers = vec![];
    for caller in 0..CALLERS {
        let connection = Arc::new(Mutex::new(Connection::open(to).await));
        callers.push(move |n: u64| {
            let connection = connection.clone();
            async move {
                let id = format!("c-{caller}-{n}");
                let body = cards::payment(&id, mixed(caller, n), SystemClock.now()).to_string();
                Signed::new(id, body).send(&mut *connection.lock().await).await;
            }
        });
    }
    load::run(callers, CALLED).await
}

/// The same without HTTP and without signatures.
async fn engine_alone(app: &Arc<App>) -> Done {
    let bank: BankId = "harbour".parse().expect("a plain word is a bank id");
    let callers = (0..CALLERS).map(|caller| {
        let (app, bank) = (app.clone(), bank.clone());
        move |n: u64| {
            let (app, bank) = (app.clone(), bank.clone());
            async move {
                let (id, now) = (format!("e-{caller}-{n}"), SystemClock.now());
                let payment = cards::payment(&id, mixed(caller, n), now);
                let written: Written = serde_json::from_value(payment).expect("it is a card event");
                let event = wire::read(&app.engines.naming(&bank), &id, &written, now);
                let event = event.unwrap_or_else(|fault| panic!("it is read: {fault}"));
                let taken = app.engines.take(&bank, vec![event]).await;
                taken.unwrap_or_else(|fault| panic!("it is taken: {fault}"));
            }
        }
    });
    load::run(callers.collect(), CALLED).await
}

/// Another card for each caller and each call.
fn mixed(caller: usize, n: u64) -> u64 {
    n * CALLERS as u64 + caller as u64
}
