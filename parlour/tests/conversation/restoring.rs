//! A backup that is put back: what ended after it stays ended, and nothing is served before somebody has said that
//! they know.

use crate::{
    erasing::session,
    house::{Backend, House},
};
use domain::{Consent, ConsentState};
use parlour::{
    consents,
    demo::guest::{Guest, block},
};
use serde_json::Value;
use std::process::{Command, Output};

const BALANCE: &str = "What's my balance?";

async fn linked(house: &House) -> Guest {
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest
}

/// The newest consent of somebody that was not only asked for.
async fn consent(house: &House, guest: &mut Guest) -> Consent {
    let (_, customer) = session(house, guest);
    let all = consents::list(&house.app(), &house.harbour().id, &customer).await.unwrap();
    all.into_iter().find(|consent| consent.state != ConsentState::Requested).unwrap()
}

fn shows_balances(reply: &Value) -> bool {
    block(reply, "balances").is_some()
}

async fn restore(house: &House, words: &'static [&'static str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
    command.arg("restore").args(words).arg("--config").arg(house.data().join("parlour.toml"));
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.success(), said)
}

async fn what_was_withdrawn_after_a_backup_does_not_live_again(backend: Backend) {
    let mut house = House::open_over(backend).await;
    let (mut stops, mut stays) = (linked(&house).await, linked(&house).await);
    let backup = house.back_up().await;
    stops.ask("stop").await.unwrap();
    stops.hears("ended there too").await.unwrap();
    assert!(shows_balances(&stays.ask(BALANCE).await.unwrap()));
    assert_eq!(consent(&house, &mut stops).await.state, ConsentState::Withdrawn);

    house.stop().await;
    house.replace_database(&backup).await;
    let why = house.start_fails().await;
    for told in
        ["older than the access log", "harbour: ", "1 are changes of consents", "parlour restore --confirm"]
    {
        assert!(why.contains(told), "{told}: {why}");
    }
    let (looked, said) = restore(&house, &[]).await;
    assert!(
        looked && said.contains("1 are changes of consents") && said.contains("With --confirm"),
        "{said}"
    );
    assert!(said.contains("harbour stf_") && said.contains("Dana Reyes"), "whom to look at: {said}");
    assert!(house.start_fails().await.contains("older than the access log"), "looking changes nothing");

    house.confirm_and_start().await;
    for guest in [&mut stops, &mut stays] {
        assert_eq!(consent(&house, guest).await.state, ConsentState::Revoked);
        let reply = guest.ask(BALANCE).await.unwrap();
        assert!(!shows_balances(&reply) && reply["seen"].is_null(), "{reply}");
        guest.hears("had to go back to an earlier state").await.unwrap();
    }
    // What comes by itself must not be taken for an answer.
    stays.hears("has ended there too").await.unwrap();
    // Whoever wants to can link again, and the log goes on where it was published.
    stays.link(&house.harbour()).await.unwrap();
    assert!(shows_balances(&stays.ask(BALANCE).await.unwrap()));
    house.restart().await;
    assert!(shows_balances(&stays.ask(BALANCE).await.unwrap()), "it is asked for once");
    house.stop().await;
    let mut verify = Command::new(env!("CARGO_BIN_EXE_parlour"));
    verify.args(["log", "verify", "--config"]).arg(house.data().join("parlour.toml"));
    let verified = tokio::task::spawn_blocking(move || verify.output().unwrap()).await.unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_after_a_backup_does_not_live_again_on_sqlite() {
    what_was_withdrawn_after_a_backup_does_not_live_again(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_after_a_backup_does_not_live_again_on_postgresql() {
    what_was_withdrawn_after_a_backup_does_not_live_again(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_stay_where_none_has_changed_since_the_backup() {
    let mut house = House::open().await;
    let mut guest = linked(&house).await;
    let backup = house.back_up().await;
    assert!(shows_balances(&guest.ask(BALANCE).await.unwrap()));
    house.stop().await;
    house.replace_database(&backup).await;
    assert!(house.start_fails().await.contains("0 are changes of consents"));
    let (confirmed, said) = restore(&house, &["--confirm"]).await;
    assert!(confirmed && said.contains("No consent had changed since"), "{said}");
    let (again, said) = restore(&house, &["--confirm"]).await;
    assert!(again && said.contains("knew everything"), "it can be repeated: {said}");
    house.start().await;
    assert_eq!(consent(&house, &mut guest).await.state, ConsentState::Given);
    assert!(shows_balances(&guest.ask(BALANCE).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_that_was_cut_off_goes_on_at_the_next_start() {
    let mut house = House::open().await;
    let (mut stops, mut stays) = (linked(&house).await, linked(&house).await);
    let backup = house.back_up().await;
    stops.ask("stop").await.unwrap();
    house.stop().await;
    house.replace_database(&backup).await;
    // Cut off when it was written down and the entries were taken back, before any consent had ended.
    let (bank, now) = ("harbour".parse::<domain::BankId>().unwrap(), "2026-11-20T15:00:00Z".parse().unwrap());
    let config = parlour::config::load(&house.data().join("parlour.toml")).unwrap();
    let keys = parlour::keys::Keys::open(config.data.join("keys")).unwrap().kek().unwrap();
    let store = store::Store::open(&config.database, keys, store::Options::default()).unwrap();
    let scope = consents::pull_out::Scope::default();
    let by = consents::pull_out::RESTORED;
    consents::pull_out::begin(&store, &bank, scope, "We went back.", by, now).await.unwrap();
    let of = bank.clone();
    let known = store
        .read(move |tx| store::access::size(tx, &of))
        .await
        .unwrap_or_else(|e: store::DbError| panic!("{e}"));
    let folder = house.data().join("log/harbour");
    let published = access_log::LogFiles::read(folder.as_path(), "checkpoint", 4096).unwrap().unwrap();
    let published: u64 = String::from_utf8(published).unwrap().lines().nth(1).unwrap().parse().unwrap();
    let entries = access_log::entries_from(folder.as_path(), published, known).unwrap();
    let taken = store.transact(move |tx| store::access::take_back(tx, &bank, known, &entries)).await;
    assert!(taken.unwrap_or_else(|e: store::DbError| panic!("{e}")));
    store.close().await;
    house.start().await;
    parlour::expiry::round(&house.app()).await.unwrap();
    for guest in [&mut stops, &mut stays] {
        assert_eq!(consent(&house, guest).await.state, ConsentState::Revoked);
    }
    stays.hears("has ended there too").await.unwrap();
    stays.link(&house.harbour()).await.unwrap();
    assert!(shows_balances(&stays.ask(BALANCE).await.unwrap()), "it is over by itself");
}
