//! The page about the fraud engine over real HTTP: what it says when payments change, when a file of a model is replaced or
//! damaged, and of a model on trial.

use super::{
    client::Ask,
    gateway::Gateway,
    office::{Colleague, colleague},
};
use domain::{BankId, staff::Role};
use fraud::{
    artefact::Artefact,
    catalogue::Features,
    drift::Reference,
    event::{Attributes, DAY, Event, Payment},
    model::{Model, SHIPPED},
    monitor::Level,
    papers::hex,
    simulate::{Pattern, Simulator, Size},
    state::{Bounds, Seen, State},
};
use parlour::alerts::{engine::Taken, standing::Standing, wire::Incoming};
use std::{fs, ops::Range, path::Path, sync::Arc, time::Duration};
use store::{DbError, card_events};

const FIRST: u32 = 20_000;
const CROWD: Size = Size { cards: 500, terminals: 1_000 };
/// The days that the model is said to have learned from, then ordinary ones, then those with larger amounts.
const LEARNED: Range<u32> = 30..37;
const SHIFT: u32 = 38;
const END: u32 = 40;

fn bank(name: &str) -> BankId {
    name.parse().unwrap()
}

/// Payments of so many days; from the shift on, amounts are larger.
fn payments() -> Vec<Payment> {
    let made = Simulator::new(7, Pattern::Published, CROWD, FIRST);
    let days = made.take_while(|one| one.payment.at < (FIRST + END) * DAY);
    days.map(|one| {
        let shifted = one.payment.at >= (FIRST + SHIFT) * DAY;
        let amount = if shifted { one.payment.amount * 9 / 5 } else { one.payment.amount };
        Payment { amount, more: Attributes::default(), ..one.payment }
    })
    .collect()
}

/// The model that ships, as if it had learned from these payments.
fn at_home(payments: &[Payment]) -> Artefact {
    let mut artefact = Artefact::read(SHIPPED).unwrap();
    let model = Model::from(artefact.clone());
    let mut state = State::new(Bounds::default());
    let mut days: Vec<Vec<(f32, Features)>> = vec![vec![]; LEARNED.len()];
    for payment in payments {
        let (Seen::Fresh(features) | Seen::Late(features)) = state.pay(payment) else { continue };
        let day = payment.at / DAY - FIRST;
        if LEARNED.contains(&day) {
            days[(day - LEARNED.start) as usize].push((model.raw(&features), features));
        }
    }
    let rows: Vec<Vec<(f32, &[f32])>> = days
        .iter()
        .map(|day| day.iter().map(|(score, features)| (*score, &features.0[..])).collect())
        .collect();
    artefact.reference = Reference::new(&rows, artefact.thresholds.budget, 0.6);
    artefact
}

/// The model that ships with another name.
fn renamed(seed: u64) -> Artefact {
    let mut other = Artefact::read(SHIPPED).unwrap();
    other.origin.seed += seed;
    other
}

fn name(artefact: &Artefact) -> String {
    hex(&artefact.digest())[..16].to_owned()
}

/// As an operator puts a file there: beside it, then in its place.
fn put(banks: &Path, file: &str, bytes: &[u8]) {
    let beside = banks.join(format!("{file}.new"));
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, banks.join(file)).unwrap();
}

async fn take(gateway: &Gateway, of: &str, payments: &[Payment]) -> Vec<Taken> {
    let incoming = |payment: &Payment| Incoming {
        id: format!("evt-{}", payment.id),
        event: Event::Payment(*payment),
        about: None,
        suspected: None,
        named: vec![],
    };
    let mut taken = vec![];
    for part in payments.chunks(5_000) {
        taken.extend(
            gateway.app().engines.take(&bank(of), part.iter().map(incoming).collect()).await.unwrap(),
        );
    }
    taken
}

async fn standing(gateway: &Gateway, of: &str, wanted: impl Fn(&Standing) -> bool) -> Arc<Standing> {
    for _ in 0..800 {
        if let Some(standing) = gateway.app().engines.standing(&bank(of)).filter(|standing| wanted(standing))
        {
            return standing;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{:?}", gateway.app().engines.standing(&bank(of)))
}

async fn page(who: &Colleague<'_>) -> String {
    let answer = who.window.get("/fraud/engine").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.body.contains("<script"), "it works without scripts");
    answer.body
}

async fn figure(gateway: &Gateway, line: &str) -> Option<f64> {
    let figures = gateway.send(Ask::get("/metrics")).await.body;
    figures.lines().find_map(|known| known.strip_prefix(line)?.trim().parse().ok())
}

#[tokio::test]
async fn a_shift_is_told_on_the_page_and_by_the_figures_and_a_restart_remembers_it() {
    let _ = parlour::telemetry::metrics();
    let all = payments();
    let gateway = Gateway::prepared(|banks| {
        put(banks, "model.bin", &at_home(&all).bytes());
        fs::write(banks.join("meridian.fraud"), "model = \"model.bin\"\nleast_alerts_a_day = 5\n").unwrap();
    })
    .await;
    let who = colleague(&gateway, "meridian", Role::FraudAnalyst, 1).await;
    let before = all.partition_point(|payment| payment.at < (FIRST + SHIFT) * DAY);
    take(&gateway, "meridian", &all[..before]).await;
    let drift = gateway.app().engines.standing(&bank("meridian")).unwrap().drift.clone();
    assert!(drift.report.is_some() && drift.level < Level::Alarm, "{drift:#?}");
    assert!(figure(&gateway, "parlour_fraud_drift{bank=\"meridian\"} ").await.unwrap() < 2.0);

    take(&gateway, "meridian", &all[before..]).await;
    assert_eq!(figure(&gateway, "parlour_fraud_drift{bank=\"meridian\"} ").await, Some(2.0));
    let amount = figure(&gateway, "parlour_fraud_psi{bank=\"meridian\",of=\"amount\"} ").await;
    assert!(amount.is_some_and(|psi| psi > 0.3), "{amount:?}");
    assert!(figure(&gateway, "parlour_fraud_psi{bank=\"meridian\",of=\"score\"} ").await.is_some());
    let told = page(&who).await;
    for words in
        ["payments changed", "Amounts look different from what the model learned from", "Payments and alerts"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(who.window.get("/fraud").await.body.contains("/console/meridian/fraud/engine"));
    let remembered = gateway.app().engines.standing(&bank("meridian")).unwrap();

    let gateway = gateway.again().await;
    let again = standing(&gateway, "meridian", |_| true).await;
    assert_eq!((again.drift.level, again.week), (Level::Alarm, remembered.week));
    assert_eq!(again.drift.report, remembered.drift.report);
    let who = colleague(&gateway, "meridian", Role::Officer, 2).await;
    assert!(page(&who).await.contains("Amounts look different"));
    gateway.stop().await;
}

#[tokio::test]
async fn a_damaged_model_leaves_the_old_one_in_use_and_a_whole_one_is_taken_up_without_a_restart() {
    let _ = parlour::telemetry::metrics();
    let gateway = Gateway::prepared(|banks| {
        put(banks, "model.bin", &renamed(1).bytes());
        fs::write(banks.join("harbour.fraud"), "model = \"model.bin\"\n").unwrap();
    })
    .await;
    let who = colleague(&gateway, "harbour", Role::FraudAnalyst, 1).await;
    let some: Vec<Payment> = payments().into_iter().take(30).collect();
    let first = take(&gateway, "harbour", &some[..10]).await;
    assert_eq!(first[9].decision.model, Some(name(&renamed(1))));
    let faults = figure(&gateway, "parlour_fraud_model_faults_total ").await.unwrap_or(0.0);

    put(&gateway.banks(), "model.bin", &renamed(2).bytes()[..20_000]);
    standing(&gateway, "harbour", |standing| !standing.troubles.is_empty()).await;
    let told = page(&who).await;
    assert!(told.contains("The file model.bin (fraud.model) cannot be used"), "{told}");
    assert!(told.contains(&name(&renamed(1))) && told.contains("stays in use"), "{told}");
    assert!(figure(&gateway, "parlour_fraud_model_faults_total ").await.unwrap() > faults);
    let same = take(&gateway, "harbour", &some[10..20]).await;
    assert_eq!(same[9].decision.model, Some(name(&renamed(1))));

    put(&gateway.banks(), "model.bin", &renamed(2).bytes());
    standing(&gateway, "harbour", |standing| standing.troubles.is_empty()).await;
    let other = take(&gateway, "harbour", &some[20..]).await;
    assert_eq!(other[9].decision.model, Some(name(&renamed(2))));
    let told = page(&who).await;
    assert!(told.contains(&name(&renamed(2))) && !told.contains("cannot be used"), "{told}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_model_on_trial_is_kept_in_the_log_and_not_told_to_the_bank() {
    let gateway = Gateway::prepared(|banks| {
        put(banks, "shadow.bin", &renamed(3).bytes());
        fs::write(banks.join("harbour.fraud"), "shadow = \"shadow.bin\"\n").unwrap();
    })
    .await;
    let some: Vec<Payment> = payments().into_iter().take(300).collect();
    let taken = take(&gateway, "harbour", &some).await;
    assert!(!serde_json::to_string(&taken[0].decision).unwrap().contains("trial"));
    let id = format!("evt-{}", some[0].id);
    let found = gateway.app().store.read(move |tx| card_events::of_id(tx, &bank("harbour"), &id)).await;
    let found = found.unwrap_or_else(|fault: DbError| panic!("{fault}")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&found.answer).unwrap();
    assert_eq!(kept["trial"]["model"], name(&renamed(3)));
    assert!(kept["trial"]["score"].is_number() && kept["seq"] == 1, "{kept}");
    let who = colleague(&gateway, "harbour", Role::FraudAnalyst, 1).await;
    let told = page(&who).await;
    for words in [
        "Model on trial",
        &name(&renamed(3)),
        "50 are needed",
        "They have not differed yet.",
        "example model",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let gateway = gateway.again().await;
    let again = standing(&gateway, "harbour", |_| true).await;
    assert_eq!(again.trial.as_ref().map(|trial| trial.payments), Some(300));
    gateway.stop().await;
}

#[tokio::test]
async fn the_page_is_for_fraud_analysts_and_officers() {
    let gateway = Gateway::start().await;
    standing(&gateway, "harbour", |_| true).await;
    for (role, seed, status) in [
        (Role::FraudAnalyst, 1, 200),
        (Role::Officer, 2, 200),
        (Role::Viewer, 3, 403),
        (Role::Auditor, 4, 403),
    ] {
        let who = colleague(&gateway, "harbour", role, seed).await;
        assert_eq!(who.window.get("/fraud/engine").await.status, status, "{role:?}");
        if status == 200 {
            assert!(page(&who).await.contains("the one that comes with Parlour"));
        }
    }
    let elsewhere = colleague(&gateway, "meridian", Role::Officer, 5).await;
    assert!(page(&elsewhere).await.contains("tells of no card payments now"));
    gateway.stop().await;
}

#[tokio::test]
async fn check_reads_the_models_too_and_a_command_shows_one() {
    let gateway = Gateway::prepared(|banks| {
        put(banks, "model.bin", &renamed(4).bytes());
        put(banks, "shadow.bin", &renamed(5).bytes()[..9_000]);
        fs::write(banks.join("harbour.fraud"), "model = \"model.bin\"\nshadow = \"shadow.bin\"\n").unwrap();
    })
    .await;
    let (config, model) = (gateway.file(), gateway.banks().join("model.bin"));
    let command = async |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parlour"));
        command.args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    };
    let check = ["check", "--config", config.to_str().unwrap()];
    let (right, said) = command(&check).await;
    assert!(!right && said.contains("shadow.bin") && said.contains("help: copy the file again"), "{said}");
    let (right, said) =
        command(&["fraud", "model", gateway.banks().join("shadow.bin").to_str().unwrap()]).await;
    assert!(!right && said.contains("help:"), "{said}");
    let (right, said) = command(&["fraud", "model", model.to_str().unwrap()]).await;
    assert!(
        right && said.contains(&hex(&renamed(4).digest())) && said.contains("average precision"),
        "{said}"
    );
    put(&gateway.banks(), "shadow.bin", &renamed(5).bytes());
    let (right, said) = command(&check).await;
    assert!(right && said.contains(&name(&renamed(4))) && said.contains(&name(&renamed(5))), "{said}");
    gateway.stop().await;
}
