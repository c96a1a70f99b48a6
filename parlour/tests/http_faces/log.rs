//! The access log over HTTP, its keys, its witnesses, receipts and evidence.

use super::{
    client::{Answer, Ask},
    gateway::{Caller, Gateway},
};
use access_log::{
    Checkpoint, CosignerKey, LogKey, MAX_EVIDENCE_ENTRIES, Opening, Receipt, Trust, Witness, check_evidence,
    verify_folder, verify_log,
};
use domain::{BankId, Clock};
use gate::Decision;
use parlour::{evidence, http::listen, keys::Keys, witness};
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, time};

/// Publishing takes well under a second; a machine that does much else may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

fn folder(gateway: &Gateway) -> PathBuf {
    gateway.data().join("log/harbour")
}

async fn verifier_key(gateway: &Gateway) -> String {
    gateway.send(Ask::get("/log/harbour/vkey")).await.body.trim().to_owned()
}

/// Looks again and again until there is what is wanted.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("waited for {what}"))
}

/// Asks for data without a consent: a refusal, which is logged. Gives the entry and its place.
async fn ask(gateway: &Gateway, caller: &Caller, key: &str) -> (String, u64) {
    let known = accesses(gateway, caller).await;
    assert_eq!(gateway.send(caller.say("What's my balance?", key)).await.status, 202);
    until("the decision", async || {
        let found = accesses(gateway, caller).await;
        let new = found.iter().find(|access| known.iter().all(|known| known["entry"] != access["entry"]))?;
        Some((new["entry"].as_str()?.to_owned(), new["index"].as_u64()?))
    })
    .await
}

async fn accesses(gateway: &Gateway, caller: &Caller) -> Vec<serde_json::Value> {
    let answer = gateway.send(caller.app(Ask::get(caller.path("/access")))).await;
    answer.json()["accesses"].as_array().unwrap().clone()
}

async fn receipt(gateway: &Gateway, caller: &Caller, entry: &str) -> Answer {
    gateway.send(caller.app(Ask::get(caller.path(&format!("/access/{entry}/receipt"))))).await
}

async fn published(gateway: &Gateway, size: u64) -> Checkpoint {
    let vkey = verifier_key(gateway).await;
    until("the checkpoint", async || {
        let text = gateway.send(Ask::get("/log/harbour/checkpoint")).await.body;
        Checkpoint::open(text.as_bytes(), &vkey).ok().filter(|checkpoint| checkpoint.size >= size)
    })
    .await
}

#[tokio::test]
async fn the_log_is_handed_out_as_tiles_and_nothing_else_of_its_folder_is() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k1").await;
    published(&gateway, 1).await;
    let checkpoint = gateway.send(Ask::get("/log/harbour/checkpoint")).await;
    assert_eq!(checkpoint.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(checkpoint.header("cache-control"), "no-cache");
    for (file, bytes) in [("tile/0/000.p/1", 32), ("tile/entries/000.p/1", 76)] {
        let url = format!("http://{}/log/harbour/{file}", gateway.host);
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 200, "{file}");
        assert_eq!(answer.headers()["content-type"], "application/octet-stream");
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert_eq!(answer.bytes().await.unwrap().len(), bytes, "{file}");
    }
    std::fs::write(folder(&gateway).join("notes.txt"), "not for others").unwrap();
    for file in [
        "notes.txt",
        ".lock",
        ".new",
        "tile/0/000",
        "tile/0/000.p/2",
        "tile/0/000.p/01",
        "tile",
        "tile/",
        "../meridian/checkpoint",
        "..%2fmeridian%2fcheckpoint",
        "%2e%2e/%2e%2e/keys/harbour.log.key",
        "tile/entries/..%2f..%2f..%2f..%2fkeys%2fharbour.log.key",
        "checkpoint%00",
        "tile/0/x000/000",
    ] {
        let answer = gateway.send(Ask::get(format!("/log/harbour/{file}"))).await;
        assert!(matches!(answer.status, 400 | 404), "{file}: {answer:?}");
        assert!(!answer.body.contains("PRIVATE") && !answer.body.contains("not for others"), "{file}");
    }
    gateway
        .send(Ask::get("/log/nobody/checkpoint").with("accept", "*/*"))
        .await
        .is_problem(404, "unknown_bank");
    gateway.stop().await;
}

#[tokio::test]
async fn the_page_of_the_log_says_how_to_check_it() {
    let gateway = Gateway::start().await;
    let page = gateway.send(Ask::get("/log/harbour").with("accept", "text/html")).await;
    assert_eq!(page.status, 200);
    let vkey = verifier_key(&gateway).await.replace('+', "&#43;");
    let plain = page.body.replace("&#43;", "+");
    for said in ["The access log of Harbour Bank", "parlour-verify log", &vkey.replace("&#43;", "+")] {
        assert!(plain.contains(said), "{said}\n{}", page.body);
    }
}

#[tokio::test]
async fn a_receipt_proves_a_decision_to_its_customer_and_to_nobody_else() {
    let gateway = Gateway::start().await;
    let (caller, other) = (gateway.caller("harbour").await, gateway.caller("harbour").await);
    let (entry, index) = ask(&gateway, &caller, "k1").await;
    published(&gateway, index + 1).await;
    let answer = receipt(&gateway, &caller, &entry).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.header("content-disposition").contains("harbour-0.tlog-proof"), "{answer:?}");
    let receipt_read = Receipt::parse(&answer.body).unwrap();
    let opening = Opening::from_extra(receipt_read.extra.as_deref().unwrap()).unwrap();
    let leaf = opening.leaf().unwrap();
    let checkpoint = receipt_read.check(&leaf.encode(), &verifier_key(&gateway).await).unwrap();
    assert_eq!(
        (checkpoint.origin.as_str(), receipt_read.index),
        (&*format!("{}/log/harbour", gateway.host), index)
    );
    let decision: Decision = serde_json::from_slice(&opening.record).unwrap();
    assert_eq!((decision.entry.as_str(), decision.allowed, leaf.allowed), (&*entry, false, false));
    for nobody in [receipt(&gateway, &other, &entry).await, receipt(&gateway, &caller, "ent_x").await] {
        nobody.is_problem(404, "not_found");
    }
    let without = gateway.send(Ask::get(caller.path(&format!("/access/{entry}/receipt")))).await;
    without.is_problem(401, "no_session");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_holds_up_no_decision_and_loses_none() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k1").await;
    published(&gateway, 1).await;
    // A folder where the file that is written next has to be: no write succeeds, for whatever user.
    let in_the_way = folder(&gateway).join(".new");
    std::fs::create_dir(&in_the_way).unwrap();
    let (entry, index) = ask(&gateway, &caller, "k2").await;
    assert_eq!(index, 1, "the decision is durable and numbered, and the answer came");
    let early = receipt(&gateway, &caller, &entry).await;
    let told = early.is_problem(503, "not_yet");
    assert!(!early.header("retry-after").is_empty() && told["detail"].as_str().unwrap().contains("Entry 1"));
    until("the alarm", async || {
        let figures = gateway.send(Ask::get("/metrics")).await.body;
        figures.contains("parlour_log_publishing{bank=\"harbour\"} 0").then_some(())
    })
    .await;
    assert_eq!(published(&gateway, 1).await.size, 1, "what was published stays");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(published(&gateway, 2).await.size, 2, "and goes on by itself");
    assert_eq!(receipt(&gateway, &caller, &entry).await.status, 200);
    assert_eq!(verify_folder(&folder(&gateway), &verifier_key(&gateway).await).unwrap().size, 2);
}

#[tokio::test]
async fn a_new_key_signs_from_the_next_checkpoint_on_and_the_old_one_beside_it() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k1").await;
    published(&gateway, 1).await;
    let old = verifier_key(&gateway).await;
    let keys = Keys::open(gateway.data().join("keys")).unwrap();
    let now = gateway.clock.now();
    keys.change_log(&harbour(), |ring| ring.rotate([9; 32], 1, now, false)).unwrap().unwrap();
    let new = verifier_key(&gateway).await;
    assert_ne!(old, new);
    ask(&gateway, &caller, "k2").await;
    published(&gateway, 2).await;
    for vkey in [&old, &new] {
        assert_eq!(verify_folder(&folder(&gateway), vkey).unwrap().size, 2, "{vkey}");
    }
    let listed = gateway.send(Ask::get("/log/harbour/keys")).await.json();
    assert_eq!((listed[0]["verifier_key"].as_str(), listed[0]["from_size"].as_u64()), (Some(&*old), Some(0)));
    assert_eq!((listed[1]["verifier_key"].as_str(), listed[1]["from_size"].as_u64()), (Some(&*new), Some(1)));
    // The handover ends; the gateway goes on after a restart with the new key alone.
    gateway.clock.forward(jiff::SignedDuration::from_hours(24 * 36));
    let gateway = gateway.again().await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k3").await;
    let checkpoint = published(&gateway, 3).await;
    assert!(Checkpoint::open(checkpoint.text.as_bytes(), &old).is_err(), "the old key signs no more");
    let secrets = std::fs::read_to_string(gateway.data().join("keys/harbour.log.key")).unwrap();
    assert_eq!(secrets.matches("PRIVATE+KEY").count(), 1, "and its secret half is gone");
}

/// A gateway with one witness that is not there yet, at the address that the listener holds.
async fn with_witness() -> (Gateway, TcpListener, CosignerKey) {
    let key = CosignerKey::generate("witness.example/w1", [7; 32]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/w1", listener.local_addr().unwrap().port());
    let witnesses =
        format!("[access_log]\nwitnesses = [{{ url = \"{url}\", vkey = \"{}\" }}]", key.verifier_key());
    (Gateway::with_limits(&witnesses).await, listener, key)
}

/// Starts a witness for the gateway's log; it ends with the sender.
async fn begin_witness(
    gateway: &Gateway,
    listener: TcpListener,
    key: CosignerKey,
    state: &TempDir,
) -> watch::Sender<bool> {
    let logs = [verifier_key(gateway).await];
    let cosigner = Witness::open(state.path(), key, &logs).unwrap();
    let (stop, stopped) = watch::channel(false);
    let router = axum::Router::new().nest("/w1", witness::router(cosigner, gateway.clock.clone()));
    tokio::spawn(listen::serve(listener, router, listen::HEAD_WITHIN, stopped));
    stop
}

#[tokio::test]
async fn a_witness_that_is_away_holds_up_nothing_and_cosigns_when_it_comes() {
    let (gateway, listener, key) = with_witness().await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k1").await;
    assert_eq!(published(&gateway, 1).await.size, 1, "the checkpoint is out without the witness");
    gateway
        .send(Ask::get("/log/harbour/checkpoint.witnessed").with("accept", "*/*"))
        .await
        .is_problem(404, "not_found");
    let trust = Trust::new(&[verifier_key(&gateway).await], &[key.verifier_key()], 1).unwrap();
    let state = TempDir::new().unwrap();
    let _witness = begin_witness(&gateway, listener, key, &state).await;
    ask(&gateway, &caller, "k2").await;
    let folder = folder(&gateway);
    let verified = until("the cosignature", async || {
        verify_log(folder.as_path(), &trust).ok().filter(|verified| verified.size == 2)
    })
    .await;
    assert_eq!(verified.cosigned[0].witness, "witness.example/w1");
    let (entry, _) = ask(&gateway, &caller, "k3").await;
    let witnessed = until("a witnessed receipt", async || {
        let answer = receipt(&gateway, &caller, &entry).await;
        let receipt = Receipt::parse(&answer.body).ok()?;
        trust.open(receipt.checkpoint.as_bytes()).ok()
    })
    .await;
    assert_eq!(witnessed.size, 3);
}

#[tokio::test]
async fn a_second_history_is_shown_to_no_witness_twice() {
    let (gateway, listener, key) = with_witness().await;
    let state = TempDir::new().unwrap();
    // The witness has seen another history of this very log, signed with this very key.
    let secret = std::fs::read_to_string(gateway.data().join("keys/harbour.log.key")).unwrap();
    let log_key = LogKey::from_text(secret.split_whitespace().next().unwrap()).unwrap();
    let elsewhere = TempDir::new().unwrap();
    let mut forked = access_log::LogFolder::open(elsewhere.path(), log_key).unwrap();
    forked.append(&[b"another first entry".to_vec()]).unwrap();
    {
        let logs = [verifier_key(&gateway).await];
        let again = CosignerKey::from_text(&key.to_text()).unwrap();
        let mut witness = Witness::open(state.path(), again, &logs).unwrap();
        let request = format!("old 0\n\n{}", forked.checkpoint().text);
        witness.add_checkpoint(request.as_bytes(), 1).unwrap();
    }
    let _witness = begin_witness(&gateway, listener, key, &state).await;
    let caller = gateway.caller("harbour").await;
    ask(&gateway, &caller, "k1").await;
    ask(&gateway, &caller, "k2").await;
    until("the alarm", async || {
        let figures = gateway.send(Ask::get("/metrics")).await.body;
        figures.contains("parlour_log_witness_refusals_total{bank=\"harbour\"}").then_some(())
    })
    .await;
    let refused = until("the proof", async || {
        let mut files = std::fs::read_dir(state.path()).unwrap().map(|file| file.unwrap().path());
        files.find(|file| file.extension().is_some_and(|ending| ending == "refused"))
    })
    .await;
    let vkey = verifier_key(&gateway).await;
    let ours = Checkpoint::open(&std::fs::read(refused).unwrap(), &vkey).unwrap();
    assert_ne!((ours.size, ours.root), (1, forked.checkpoint().root), "both histories are signed by the log");
    gateway
        .send(Ask::get("/log/harbour/checkpoint.witnessed").with("accept", "*/*"))
        .await
        .is_problem(404, "not_found");
}

#[tokio::test]
async fn evidence_is_accepted_and_any_changed_part_of_it_refused() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    for key in ["k1", "k2", "k3"] {
        ask(&gateway, &caller, key).await;
    }
    published(&gateway, 3).await;
    let trust = Trust::key(&verifier_key(&gateway).await).unwrap();
    let bytes = evidence::bundle(gateway.app(), &harbour(), 0..3).await.unwrap();
    let summary = check_evidence(&bytes, &trust).unwrap();
    assert_eq!(summary.entries.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(summary.without_text.is_empty(), "the texts that decided come along");
    let floor = summary.policies[0].texts.iter().find(|text| text.name.ends_with("floor.cedar")).unwrap();
    assert!(floor.text.contains("forbid"));
    assert_eq!(summary.texts[0].name, "law.sha256");
    let text = String::from_utf8(bytes).unwrap();
    for (number, line) in text.lines().enumerate() {
        let without: String = text
            .lines()
            .enumerate()
            .filter(|(n, _)| *n != number)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        assert!(check_evidence(without.as_bytes(), &trust).is_err(), "without {line}");
    }
    assert!(!text.contains("cus_") && !text.contains("ent_"), "nothing in it is about a person");
    let none = evidence::bundle(gateway.app(), &harbour(), 2..2).await.unwrap_err();
    assert!(none.to_string().contains("0 entries were asked for"), "{none}");
    let beyond = evidence::bundle(gateway.app(), &harbour(), 2..4).await.unwrap_err();
    assert!(beyond.to_string().contains("entry 3 was asked for"), "{beyond}");
    let many =
        evidence::bundle(gateway.app(), &harbour(), 0..MAX_EVIDENCE_ENTRIES as u64 + 1).await.unwrap_err();
    assert!(many.to_string().contains("10001 entries"), "{many}");
}

#[tokio::test]
async fn the_page_that_checks_receipts_can_be_kept_as_one_file() {
    let gateway = Gateway::start().await;
    let page = gateway.send(Ask::get("/verify?bank=harbour").with("accept", "text/html")).await;
    assert!(
        page.body.contains("Nothing is sent anywhere") && !page.body.contains("meridian"),
        "{}",
        page.body
    );
    let file = gateway.send(Ask::get("/verify/offline")).await;
    assert!(file.header("content-disposition").contains("verify-a-receipt.html"));
    for never in ["src=", "href=\"http", "href=\"/", "@import", "fetch(", "XMLHttpRequest", "url("] {
        assert!(!file.body.contains(never), "{never}: the file loads and sends nothing");
    }
    assert!(file.body.contains("crypto.subtle"));
}
