//! Links a customer of the demo with a bank and withdraws that consent, so that verifiers which nobody here wrote can be
//! tried on what a customer really gets.
//!
//! `withdrawn FOLDER` leaves there: the log (`demo/log/harbour`), its verifier key (`vkey`) and two receipts, of the
//! withdrawal (`consent.tlog-proof`) and of a decision before it (`decision.tlog-proof`).

use parlour::{
    demo::{self, DemoConfig, guest::Guest},
    rim::SystemClock,
};
use std::{env, error::Error, fs, path::Path, process::ExitCode, sync::Arc, time::Duration};
use tokio::time;

/// The demo takes three ports in a row.
const PORTS: u16 = 3;
/// How often to ask for a receipt that is being published, and how many times: half a minute.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASKS: u32 = 300;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let [folder] = words.as_slice() else {
        eprintln!("usage: withdrawn FOLDER");
        return ExitCode::FAILURE;
    };
    match walk(Path::new(folder)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("withdrawn: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn walk(folder: &Path) -> Result<(), Box<dyn Error>> {
    // Whoever installed one before installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = folder.join("demo");
    fs::create_dir_all(&data)?;
    let config = DemoConfig {
        data,
        port: testkit::ports::free_run(PORTS),
        clock: Arc::new(SystemClock),
        network: false,
    };
    let running = demo::start(config).await?;
    let bank = &running.banks[0];
    let mut guest = Guest::enter(bank).await?;
    guest.link(bank).await?;
    guest.ask("What's my balance?").await?;
    guest.ask("stop").await?;
    let consents = guest.visitor.json(&guest.api("consents")).await?;
    let id = consents["consents"][0]["id"].as_str().ok_or("a consent")?.to_owned();
    let end = guest.visitor.json(&guest.api(&format!("consents/{id}/receipt"))).await?;
    let looks = guest.visitor.json(&guest.api("access")).await?;
    for (name, entry) in [("consent", &end["log"]["entry"]), ("decision", &looks["accesses"][0]["entry"])] {
        let entry = entry.as_str().ok_or("an entry")?;
        let receipt = receipt(&mut guest, entry).await?;
        fs::write(folder.join(format!("{name}.tlog-proof")), receipt)?;
    }
    let key = guest.visitor.get(&running.gateway_url.join("log/harbour/vkey")?).await?;
    fs::write(folder.join("vkey"), key.body.trim())?;
    running.stop().await;
    Ok(())
}

/// The receipt of an entry, once it is published.
async fn receipt(guest: &mut Guest, entry: &str) -> Result<String, Box<dyn Error>> {
    let url = guest.api(&format!("access/{entry}/receipt"));
    for _ in 0..ASKS {
        let page = guest.visitor.get(&url).await?;
        if page.status.is_success() {
            return Ok(page.body);
        }
        time::sleep(ASK_EVERY).await;
    }
    Err("the receipt did not come".into())
}
