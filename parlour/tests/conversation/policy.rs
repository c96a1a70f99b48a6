//! What banks say No to, changed while the gateway runs, and explained.

use crate::house::House;
use domain::{BankId, DataClass};
use gate::Offer;
use parlour::{
    demo::{
        files,
        guest::{Guest, block, payments},
    },
    policy::{PolicyState, kept},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;
use testkit::ports;

/// How long a change may take to be in force; it takes two seconds.
const PATIENCE: u32 = 600;

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

fn file_of(house: &House, name: &str) -> PathBuf {
    house.data().join("banks").join(name)
}

/// Puts a text into a bank's file.
fn write(path: &Path, change: impl FnOnce(&str) -> String) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    std::fs::write(path, change(&text)).unwrap();
}

fn state(house: &House) -> PolicyState {
    house.demo().gateway.app.policy_state(&harbour()).unwrap()
}

async fn until(house: &House, so: impl Fn(&PolicyState) -> bool) -> PolicyState {
    for _ in 0..PATIENCE {
        let state = state(house);
        if so(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come: {:?}", state(house));
}

const NO_BALANCES: &str = "balances = { no = \"No balances today.\" }";

fn closed(text: &str) -> String {
    text.replace("balances = \"yes\"", NO_BALANCES)
        .replace("policy_tests = [\"harbour.policy-tests.csv\"]\n", "")
}

fn parlour(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_parlour")).args(arguments).output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_takes_effect_without_a_restart_and_the_page_says_so() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    assert!(block(&guest.ask("What's my balance?").await.unwrap(), "balances").is_some());
    let before = state(&house);
    write(&file_of(&house, "harbour.toml"), closed);
    let after = until(&house, |state| state.digest != before.digest).await;
    assert_eq!((after.trouble, after.after_restart), (None, vec![]));
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "balances").is_none(), "{reply}");
    assert!(block(&reply, "refusal").unwrap()["why"] == "No balances today.", "{reply}");
    let page = guest.visitor.get(&guest.chat.clone()).await.unwrap();
    assert!(page.says("No balances today."), "{}", page.body);
    // And back.
    write(&file_of(&house, "harbour.toml"), |text| text.replace(NO_BALANCES, "balances = \"yes\""));
    until(&house, |state| state.digest == before.digest).await;
    assert!(block(&guest.ask("What's my balance?").await.unwrap(), "balances").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_leaves_the_old_one_in_force_and_raises_an_alert() {
    let _ = parlour::telemetry::metrics();
    let house = House::open().await;
    let before = state(&house);
    let own = file_of(&house, "own.cedar");
    std::fs::write(&own, "forbid (principal, action resource);").unwrap();
    write(&file_of(&house, "harbour.toml"), |text| {
        text.replace("profile = \"us\"", "profile = \"us\"\npolicies = [\"own.cedar\"]")
    });
    let broken = until(&house, |state| state.trouble.is_some()).await;
    assert_eq!((&broken.digest, broken.since), (&before.digest, before.since));
    let (_, fault) = broken.trouble.unwrap();
    assert!(fault.contains("bank harbour: own.cedar:1:27: ") && fault.contains("^^^^^^^^"), "{fault}");
    let figures = house.demo().gateway_url.join("metrics").unwrap();
    let figures = reqwest::get(figures).await.unwrap().text().await.unwrap();
    assert!(figures.contains("parlour_policy_reload_failed{bank=\"harbour\"} 1"), "{figures}");
    // Other mistakes: of the bank's file, and a file that is gone.
    std::fs::write(
        &own,
        "permit (principal, action, resource) when { context.purpose == Parlour::Purpose::\"advertising\" };",
    )
    .unwrap();
    let advertising =
        |state: &PolicyState| state.trouble.as_ref().is_some_and(|(_, t)| t.contains("advertising"));
    until(&house, advertising).await;
    std::fs::remove_file(&own).unwrap();
    until(&house, |state| state.trouble.as_ref().is_some_and(|(_, t)| t.contains("No such file"))).await;
    let mut guest = linked(&house).await;
    assert!(block(&guest.ask("What's my balance?").await.unwrap(), "balances").is_some());
    // Mended, it is in force, and it can only close more.
    std::fs::write(&own, "@says(\"Greedy.\")\npermit (principal, action, resource);").unwrap();
    let mended = until(&house, |state| state.trouble.is_none()).await;
    assert_ne!(mended.digest, before.digest);
    let stranger = Guest::enter(&house.harbour()).await.unwrap().ask("What's my balance?").await.unwrap();
    assert!(block(&stranger, "notice").is_some(), "{stranger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_fail_their_tests_are_not_put_in_force() {
    let mut house = House::open().await;
    let before = state(&house);
    let file = file_of(&house, "harbour.toml");
    write(&file, |text| text.replace("balances = \"yes\"", NO_BALANCES));
    let refused = until(&house, |state| state.trouble.is_some()).await;
    assert_eq!(refused.digest, before.digest);
    let (_, fault) = refused.trouble.unwrap();
    assert!(
        fault.contains(
            "harbour.policy-tests.csv:3:1: expected yes, and the answer is no (bank_does_not_offer"
        ),
        "{fault}"
    );
    // Nor at a start.
    let config = house.data().join("parlour.toml").display().to_string();
    house.stop().await;
    let (right, said) = parlour(&["check", "--config", &config]);
    assert!(!right && said.contains("do not answer as their tests expect"), "{said}");
    let (right, said) = parlour(&["serve", "--config", &config]);
    assert!(!right && said.contains("expected yes, and the answer is no"), "{said}");
    let (right, said) = parlour(&["policy", "test", "--config", &config]);
    assert!(
        !right
            && said.contains("WRONG  the customer sees balances")
            && said.contains("ok     nobody of the bank pays"),
        "{said}"
    );
    write(&file, |text| text.replace(NO_BALANCES, "balances = \"yes\""));
    let (right, said) = parlour(&["policy", "test", "--config", &config]);
    assert!(right && said.contains("Meridian Savings (meridian): 10 policy tests"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_has_begun_ends_under_its_own_rules() {
    let house = House::open().await;
    let app = house.demo().gateway.app.clone();
    let (begun, gate) = (app.tenants.get(&harbour()).unwrap(), app.in_force.gate());
    write(&file_of(&house, "harbour.toml"), closed);
    let before = state(&house).digest;
    until(&house, |state| state.digest != before).await;
    assert!(begun.offers.contains(&DataClass::Balances));
    assert_eq!(begun.gate.offers(&harbour(), DataClass::Balances), &Offer::Yes);
    assert_eq!(gate.offers(&harbour(), DataClass::Balances), &Offer::Yes);
    let next = app.tenants.get(&harbour()).unwrap();
    assert!(!next.offers.contains(&DataClass::Balances));
    assert_ne!(next.gate.offers(&harbour(), DataClass::Balances), &Offer::Yes);
    // What the bank stopped from the console is laid over the files and stays when they change.
    let what = domain::staff::Stop::Class(DataClass::MerchantPlaces);
    let stop = store::stops::Stopped {
        bank: harbour(),
        what,
        words: "Not this week.".to_owned(),
        proposal: domain::ProposalId::new(uuid::Uuid::nil()),
        since: app.clock.now(),
    };
    app.store.transact(move |tx| store::stops::insert(tx, &stop)).await.unwrap();
    parlour::stops::refresh(&app).await.unwrap();
    write(&file_of(&house, "harbour.toml"), |text| text.replace(NO_BALANCES, "balances = \"yes\""));
    let narrowed = state(&house).digest;
    until(&house, |state| state.digest != narrowed).await;
    assert_eq!(
        app.tenants.get(&harbour()).unwrap().says_no,
        [(DataClass::MerchantPlaces, "Not this week.".to_owned())]
    );
    app.store.transact(move |tx| store::stops::lift(tx, &harbour(), what)).await.unwrap();
    parlour::stops::refresh(&app).await.unwrap();
    assert_eq!(state(&house).digest, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_wait_for_the_next_start_are_named() {
    let house = House::open().await;
    write(&file_of(&house, "harbour.toml"), |text| closed(text).replace("days = 90", "days = 30"));
    let state = until(&house, |state| !state.after_restart.is_empty()).await;
    assert_eq!(state.after_restart, ["consent.days"]);
    assert_eq!(house.demo().gateway.app.tenants.get(&harbour()).unwrap().consent_days, 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_without_a_proof_are_refused_where_one_is_required() {
    let folder = TempDir::new().unwrap();
    files::write(folder.path(), ports::free_run(3)).unwrap();
    let config = folder.path().join("parlour.toml").display().to_string();
    let (right, said) = parlour(&["check", "--config", &config]);
    assert!(right && said.contains("harbour: no proof was made"), "{said}");
    write(Path::new(&config), |text| format!("{text}require_proof = true\n"));
    let (right, said) = parlour(&["check", "--config", &config]);
    assert!(!right && said.contains("would not start"), "{said}");
    let (right, said) = parlour(&["serve", "--config", &config]);
    assert!(!right && said.contains("bank harbour: no proof was made"), "{said}");
    let digest = parlour::policy::hex(&gate::law_digest());
    let proof = |holds: bool| {
        json!({
            "digest": digest, "proved_at": "2026-11-21T09:00:00Z",
            "theorems": [{"name": "only services", "holds": true}, {"name": "own data", "holds": holds}],
        })
    };
    let put =
        |proof: Value| std::fs::write(folder.path().join("policies.proof.json"), proof.to_string()).unwrap();
    put(proof(false));
    let (right, said) = parlour(&["check", "--config", &config]);
    assert!(!right && said.contains("the proof failed: own data"), "{said}");
    put(proof(true));
    let (right, said) = parlour(&["check", "--config", &config]);
    assert!(right && said.contains("harbour: the rules were proved on 2026-11-21"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_behind_every_decision_are_kept() {
    let house = House::open().await;
    let mut guest = linked(&house).await;
    guest.ask("What's my balance?").await.unwrap();
    let before = state(&house).digest;
    write(&file_of(&house, "harbour.toml"), closed);
    let after = until(&house, |state| state.digest != before).await.digest;
    for digest in [before, after] {
        let bytes: Vec<u8> =
            (0..32).map(|i| u8::from_str_radix(&digest[2 * i..2 * i + 2], 16).unwrap()).collect();
        let texts = kept::find(house.data(), &bytes.try_into().unwrap()).unwrap().unwrap();
        assert_eq!(parlour::policy::hex(&texts.digest()), digest);
    }
}

/// The newest entry of the guest's own list.
async fn newest_entry(guest: &mut Guest) -> String {
    let list = guest.visitor.json(&guest.api("access?limit=1")).await.unwrap();
    list["accesses"][0]["entry"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_explained_from_the_log_without_naming_anybody() {
    let mut house = House::open().await;
    let mut guest = linked(&house).await;
    // The clock stands still in tests; entries of one moment would have no order.
    house.forward(jiff::SignedDuration::from_secs(1));
    let before = state(&house).digest;
    write(&file_of(&house, "harbour.toml"), closed);
    until(&house, |state| state.digest != before).await;
    guest.ask("What's my balance?").await.unwrap();
    let entry = newest_entry(&mut guest).await;
    let config = house.data().join("parlour.toml").display().to_string();
    house.stop().await;
    let (right, said) = parlour(&["policy", "explain", "--config", &config, "--entry", &entry]);
    assert!(right, "{said}");
    for told in [
        "the bank does not share your balances",
        "No balances today.",
        "bank/harbour/no-balances",
        "floor/grant",
    ] {
        assert!(said.contains(told), "{told} is not in\n{said}");
    }
    for personal in ["cus_", "con_", "cst_", "checking", "acc_", "acc-"] {
        assert!(!said.contains(personal), "{personal} is in\n{said}");
    }
    let missing = "ent_00000000000000000000000000000000";
    let (right, said) = parlour(&["policy", "explain", "--config", &config, "--entry", missing]);
    assert!(!right && said.contains("no bank of this gateway has an entry"), "{said}");
}

#[test]
fn a_made_up_question_is_explained() {
    let folder = TempDir::new().unwrap();
    files::write(folder.path(), 8080).unwrap();
    let config = folder.path().join("parlour.toml").display().to_string();
    let explain = |more: &[&str]| parlour(&[&["policy", "explain", "--config", &config], more].concat());
    let (right, said) = explain(&["--bank", "harbour", "--class", "balances", "--consent", "paused"]);
    assert!(right && said.contains("you have paused this link") && said.contains("floor/consent"), "{said}");
    let (right, said) =
        explain(&["--bank", "meridian", "--class", "order_payment", "--amount", "1000.01 USD"]);
    assert!(
        right
            && said.contains("“Payments over $1,000 are made on our own site")
            && said.contains("bank/meridian/no-1"),
        "{said}"
    );
    let (right, said) = explain(&["--bank", "harbour", "--class", "balances", "--purpose", "advertising"]);
    assert!(
        !right && said.contains("--purpose: `advertising` is not known here; known are: answer_customer"),
        "{said}"
    );
    let (right, said) = explain(&["--class", "balances"]);
    assert!(!right && said.contains("name one with --bank: harbour, meridian"), "{said}");
}

#[test]
fn who_could_read_something_is_told_with_the_reason_of_each_no() {
    let folder = TempDir::new().unwrap();
    files::write(folder.path(), 8080).unwrap();
    let config = folder.path().join("parlour.toml").display().to_string();
    let who_can = |bank: &str, what: &str| {
        let (right, said) =
            parlour(&["policy", "explain", "--config", &config, "--bank", bank, "--who-can", what]);
        assert!(right, "{said}");
        said
    };
    let said = who_can("meridian", "balances");
    assert!(said.contains("agent on web: answer_customer, dispute_support\n"), "{said}");
    assert!(!said.contains("customer on messenger") && !said.contains("staff on"), "{said}");
    assert!(said.contains("customer (21 ways): We talk about your money on our own pages only."), "{said}");
    assert!(said.contains("staff (28 ways): Only customers ask for data"), "{said}");
    let said = who_can("harbour", "order_payment");
    assert!(said.contains("customer on web: customer_payment\n") && !said.contains("agent on"), "{said}");
    let said = who_can("meridian", "merchant_places");
    assert!(said.contains("Yes:\n    nobody\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_by_region_goes_by_what_the_trusted_proxy_says() {
    let data = TempDir::new().unwrap();
    let port = ports::free_run(3);
    files::write(data.path(), port).unwrap();
    write(&data.path().join("parlour.toml"), |text| {
        format!("{text}trust_forwarded_for = true\nregion_header = \"x-country\"\n")
    });
    write(&data.path().join("banks/harbour.toml"), |text| {
        let no = "[[no]]\ndata_class = \"transactions\"\nregion = [\"KP\"]\nunknown_region = true\nreason = \"Not from there.\"\n";
        format!("{}\n{no}", text.replace("policy_tests = [\"harbour.policy-tests.csv\"]\n", ""))
    });
    let house = House::begin(data, port).await;
    let mut guest = linked(&house).await;
    for (n, (country, open)) in
        [("US", true), ("kp", false), ("XX", false), ("", false), ("us", true)].iter().enumerate()
    {
        let reply = ask_from(&mut guest, country, n).await;
        assert_eq!(!payments(&reply).is_empty(), *open, "{country}: {reply}");
        let why = block(&reply, "refusal").map(|refusal| refusal["why"].clone());
        assert_eq!(why, (!open).then(|| json!("Not from there.")), "{reply}");
    }
}

/// Asks for payments through a proxy that names a country.
async fn ask_from(guest: &mut Guest, country: &str, n: usize) -> Value {
    let url = guest.api("messages");
    let cookies: Vec<String> =
        guest.visitor.cookies_of(&url).iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mut ask = reqwest::Client::new()
        .post(url.clone())
        .header("cookie", cookies.join("; "))
        .header("sec-fetch-site", "same-origin")
        .header("origin", url.origin().ascii_serialization())
        .json(&json!({ "text": "Last transactions", "key": format!("from-{n}") }));
    if !country.is_empty() {
        ask = ask.header("x-country", country);
    }
    let said: Value = ask.send().await.unwrap().json().await.unwrap();
    let after = guest.api(&format!("messages?after={}", said["seq"]));
    for _ in 0..PATIENCE {
        let list = guest.visitor.json(&after).await.unwrap();
        let messages = list["messages"].as_array().unwrap();
        if let Some(reply) = messages.iter().find(|message| message["words"]["answers"] == said["seq"]) {
            return reply["words"]["reply"].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no answer")
}
